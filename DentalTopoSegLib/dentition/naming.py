"""What teeth are called: FDI, Universal or Palmer, in lists and titles; `words` says them in sentences."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..errors import InputError
from . import teeth as dentition

NUMBERINGS = ("FDI", "Universal", "Palmer")
_NUMBER: dict[str, Callable[[int], str]] = {
    "FDI": str,
    "Universal": dentition.fdi_to_universal,
    "Palmer": dentition.fdi_to_palmer,
}


def checked_numbering(numbering: str) -> str:
    """The numbering itself; raises InputError for one that does not exist."""
    if numbering not in NUMBERINGS:
        raise InputError(f"Numbering '{numbering}' is unknown: use {', '.join(NUMBERINGS)}.")
    return numbering


def tooth_text(fdi: int, numbering: str = "FDI") -> str:
    """The tooth's number alone: "16", "3" or "UR6"."""
    return _NUMBER[checked_numbering(numbering)](fdi)


def tooth_title(fdi: int, numbering: str = "FDI") -> str:
    """Number and plain name, as segments are called: "16 upper right first molar"."""
    return f"{tooth_text(fdi, numbering)} {dentition.plain_name(fdi)}"


def fdi_from_texts(tag: str, terminology: str, name: str) -> int | None:
    """Which tooth a segment is; None for what is no tooth.

    The tooth code of its terminology entry comes first, for a user may pick another tooth there; then our own tag,
    then the FDI number its name begins with ("16 ...", "Tooth 16", "tooth_16").
    """
    for code in re.findall(r"SCT\^(\d+)\^", terminology):
        fdi = dentition.snomed_to_fdi(code)
        if fdi is not None:
            return fdi
    if tag.isdigit() and dentition.is_tooth(int(tag)):
        return int(tag)
    number = re.match(r"(?:tooth[ _]?)?(\d\d)(?!\d)", name, re.IGNORECASE)
    return int(number[1]) if number and dentition.is_tooth(int(number[1])) else None
