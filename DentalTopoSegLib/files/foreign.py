"""Files that other dental programs keep for themselves: told by name and content, with how to get DICOM out of them."""

from __future__ import annotations

import os
import re
from pathlib import Path

#: So much of a file is looked at.
_LOOK_BYTES = 256
_INVIVO = b"<INVFile"
#: A Galileos volume: a header (…_vol_0) and a file for each slice (…_vol_0_001), beside an index (.gwg).
_GALILEOS = re.compile(r".+(_vol_0(_\d+)?|\.gwg)", re.IGNORECASE)

#: What to do with a project of any program.
EXPORT_DICOM = (
    "What a dental program keeps for itself (InVivo, Sidexis, Galileos, Romexis, i-CATVision) cannot be read: open it "
    "there and export the volume as DICOM."
)


def foreign_file(path: str | os.PathLike[str]) -> str | None:
    """What a file of another program is and how to export it, as a sentence goes on after its name; None for the rest.

    Parameters
    ----------
    path : path
        A file; at most `_LOOK_BYTES` of it are read.
    """
    path = Path(path)
    if not os.path.isfile(path):
        return None
    if _GALILEOS.fullmatch(path.name):
        return (
            "is a part of a Galileos volume (Sirona), which only its own programs read: open it in Galileos Viewer or "
            "Sidexis and export it as DICOM."
        )
    if path.suffix.lower() == ".inv" or _begins_with(path, _INVIVO):
        return (
            "is a file of InVivo (Anatomage), which only its own programs read: open it there and export it as DICOM, "
            "or turn it into DICOM with inv2dcm (a program from PyPI)."
        )
    return None


def _begins_with(path: Path, word: bytes) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(_LOOK_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(word)
    except OSError:
        return False
