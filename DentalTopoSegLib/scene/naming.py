"""What teeth are called on the screen: FDI, Universal or Palmer, in lists and inside sentences."""

from __future__ import annotations

from collections.abc import Iterable

NUMBERINGS = ("FDI", "Universal", "Palmer")


def tooth_text(fdi: int, numbering: str = "FDI") -> str:
    """The tooth's number alone: "16", "3" or "UR6"."""
    raise NotImplementedError


def tooth_title(fdi: int, numbering: str = "FDI") -> str:
    """Number and plain name, as segments are called: "16 upper right first molar"."""
    raise NotImplementedError


def sentence(message: str, teeth: Iterable[int], numbering: str = "FDI") -> str:
    """A finding's sentence with its tooth numbers in another numbering; teeth: FDI numbers it may speak of."""
    raise NotImplementedError
