"""Everything that makes the networks: phantoms, training, export. May import torch; the library never imports it."""
