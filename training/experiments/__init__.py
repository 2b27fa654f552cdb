"""Rows of one table: the same start, data, steps and seeds, one idea more or less per row.

    python -m training.experiments run training/configs/topology.yaml --data BUFFER --val VALIDATION
    python -m training.experiments score training/configs/topology.yaml SCANS [SCANS ...]
    python -m training.experiments tables training/configs/topology.yaml

``run`` trains and exports what is not there yet, ``score`` measures on labelled scans of held-out patients, ``tables``
prints the tables, the paired tests and the chart of errors beside the papers' figures.
"""
