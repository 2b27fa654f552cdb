"""The parts of the module's panel; see DentalTopoSeg.py."""
