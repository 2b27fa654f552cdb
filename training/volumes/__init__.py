"""Training of the networks for volumes: samples, losses, the topology terms, the run."""
