"""The picture archive by DICOMweb: the only room that talks to another program, and only to the one it is told.

What is said to people here never holds an identifier: no name, no number and no UID of a patient, study or series.
"""

from .archive import Archive, Series
from .connection import Address

__all__ = ["Address", "Archive", "Series"]
