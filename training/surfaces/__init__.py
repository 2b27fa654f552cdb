"""Training of the networks for jaws: labelled scans, random clouds, rows of crowns, the runs."""
