"""What teeth are called on the screen: FDI, Universal or Palmer, in lists and inside sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..errors import InputError
from . import teeth as dentition

if TYPE_CHECKING:
    from ..checks.findings import Finding

NUMBERINGS = ("FDI", "Universal", "Palmer")
_NUMBER = {"FDI": str, "Universal": dentition.fdi_to_universal, "Palmer": dentition.fdi_to_palmer}
_ALL = dentition.FDI_PERMANENT + dentition.FDI_DECIDUOUS
_CODE_TO_FDI = {dentition.snomed_code(fdi): fdi for fdi in _ALL}
# Two digits that stand alone and count nothing: no measure, range, percentage or number of things.
_TOOTH_NUMBER = re.compile(
    r"(?<![\w.,])(\d\d)(?![\w%])(?![.,]\d)(?!\s*%)(?!\s(?:mm|pieces|holes|enclosed|patches|specks?|to\s\d+)\b)(?!\smm)"
)
_QUOTED = re.compile(r"('[^']*')")


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


def sentence(message: str, teeth: Iterable[int], numbering: str = "FDI") -> str:
    """A finding's sentence with its tooth numbers in another numbering; teeth: FDI numbers it may speak of.

    Measures and names in quotes stay as they are, whatever digits they have.
    """
    if checked_numbering(numbering) == "FDI":
        return message
    spoken = set(teeth)

    def renamed(match: re.Match) -> str:
        fdi = int(match[1])
        return tooth_text(fdi, numbering) if fdi in spoken and dentition.is_tooth(fdi) else match[0]

    parts = _QUOTED.split(message)
    return "".join(part if i % 2 else _TOOTH_NUMBER.sub(renamed, part) for i, part in enumerate(parts))


def spoken_teeth(finding: Finding) -> set[int]:
    """Every FDI number a finding's sentence may hold: its teeth and those its detail names."""
    named = set(finding.teeth)
    for key in ("suggested", "near", "behind", "between"):
        value = finding.detail.get(key)
        named.update(value if isinstance(value, (list, tuple)) else [value] if value else [])
    return {fdi for fdi in named if dentition.is_tooth(fdi)}


def fdi_from_texts(tag: str, terminology: str, name: str) -> int | None:
    """Which tooth a segment is; None for what is no tooth.

    The tooth code of its terminology entry comes first, for a user may pick another tooth there; then our own tag,
    then the FDI number its name begins with ("16 ...", "Tooth 16", "tooth_16").
    """
    for code in re.findall(r"SCT\^(\d+)\^", terminology):
        if code in _CODE_TO_FDI:
            return _CODE_TO_FDI[code]
    if tag.isdigit() and dentition.is_tooth(int(tag)):
        return int(tag)
    number = re.match(r"(?:tooth[ _]?)?(\d\d)(?!\d)", name, re.IGNORECASE)
    return int(number[1]) if number and dentition.is_tooth(int(number[1])) else None
