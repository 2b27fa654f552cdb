"""Trained networks as the files that the library ships, with their cards."""
