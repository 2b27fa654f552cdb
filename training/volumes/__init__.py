"""Training of the networks for volumes: samples, losses, the run; may import `nets`, `loop`, `patients`."""
