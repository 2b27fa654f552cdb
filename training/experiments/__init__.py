"""Experiments: rows of one table, trained, scored and reported; may import every other room of the training."""
