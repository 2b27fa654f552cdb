"""Network architectures, as torch modules; may import the library, nothing else of `training`."""
