"""Training of the networks for jaws: scans, clouds, rows, the runs; may import `nets`, `loop`, `volumes`."""
