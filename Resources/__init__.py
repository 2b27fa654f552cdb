"""Data of the library; a package, so that a wheel carries it as DentalTopoSegLib._resources."""
