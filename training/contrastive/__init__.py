"""CBCT and intraoral scan teach each other: pairs of both, contrastive pretraining, what it is worth (ToothMCL)."""
