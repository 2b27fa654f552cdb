"""A dentition with everything measured on it that findings and repairs ask for: `label_map.Case`, `jaw.JawCase`."""
