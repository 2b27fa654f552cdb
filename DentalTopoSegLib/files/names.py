"""File names: those that are read out of files are bare or refused, those of results are made here."""

from __future__ import annotations

import hashlib
import unicodedata

from ..errors import InputError
from .journal import MARK

#: Of a file name in UTF-8, on most file systems.
MAX_FILE_NAME_BYTES = 255
#: Of a name that is made here. The rest is for what results add: "_teeth.seg.nrrd".
MAX_NAME_BYTES = 200
#: Devices of Windows: there they are meant by every name that begins with them and a dot, in every folder.
_DEVICES = frozenset(
    ("con", "prn", "aux", "nul", "conin$", "conout$")
    + tuple(f"{port}{number}" for port in ("com", "lpt") for number in "123456789¹²³")
)
#: Marks that turn the direction of writing around, so that a name shows another ending than it has.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SHOWN = 60


def bare_name(name: object, said: str) -> str:
    """A name out of a file or from the user, which must be that of a file in the folder at hand and nowhere else.

    Parameters
    ----------
    name : object
        The name.
    said : str
        Where it stands, as the subject of the refusal: "'x_report.json' is damaged: files.mesh".

    Returns
    -------
    str
        `name` as it is.

    Raises
    ------
    InputError
        For what is no text, is empty or longer than `MAX_FILE_NAME_BYTES`, holds a separator, a colon or a character
        that does not show, begins like what is unfinished (`journal.MARK`), ends in a dot or a space, or means a device
        of Windows; on every system, as results travel.

    Examples
    --------
    >>> bare_name("../scan.raw", "The data file of 'scan.nhdr'")
    Traceback (most recent call last):
        ...
    DentalTopoSegLib.errors.InputError: The data file of 'scan.nhdr' is '../scan.raw', no bare file name (it holds '/').
    """
    reason = why_not_bare(name)
    if reason is None:
        return str(name)
    raise InputError(f"{said} is {shown(name)}, no bare file name ({reason}).")


def why_not_bare(name: object) -> str | None:
    """What keeps a name from being bare, in words; None for a bare one. See `bare_name`."""
    if not isinstance(name, str):
        return "it is no text"
    if not name.strip(". "):
        return "it is empty" if not name.strip() else "it means a folder"
    held = next((c for c in name if c in "/\\:"), None)
    if held is not None:
        return f"it holds '{held}'"
    if any(not shows(c) or c in _TURNING for c in name):
        return "it holds a character that does not show"
    if name.startswith(MARK):
        return f"it begins with '{MARK}', as what is unfinished does"
    if name[-1] in ". ":
        return "it ends in a dot or a space"
    if len(name.encode()) > MAX_FILE_NAME_BYTES:
        return f"it is longer than {MAX_FILE_NAME_BYTES} bytes"
    return "it means a device of Windows" if _is_device(name) else None


def shows(character: str) -> bool:
    """False for control characters, line separators and half of a surrogate pair, which no text in UTF-8 can hold."""
    return unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")


def shown(value: object) -> str:
    """A value out of a file as a sentence can show it: in quotes if it is a text, on one line, and not long."""
    return f"'{one_line(value)}'" if isinstance(value, str) else one_line(repr(value))


def one_line(text: str) -> str:
    """A text out of a file on one line and not long, where a sentence has quotes of its own or needs none."""
    line = "".join(c if shows(c) and c not in _TURNING else "\N{REPLACEMENT CHARACTER}" for c in text[: _SHOWN + 1])
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"


def safe_name(text: str) -> str:
    """A bare name made of any text: the same for the same text, "scan" where nothing of it can be kept.

    Other characters than letters, digits, "-_.() " become "_". A name that is too long keeps its beginning and ends in
    a mark of the rest, so that two of them differ.
    """
    kept = "".join(c if c.isalnum() or c in "-_.() " else "_" for c in text).strip(" .") or "scan"
    if _is_device(kept):
        kept = "_" + kept
    if len(kept.encode()) <= MAX_NAME_BYTES:
        return kept
    mark = "-" + hashlib.sha256(kept.encode()).hexdigest()[:8]
    return kept.encode()[: MAX_NAME_BYTES - len(mark)].decode(errors="ignore") + mark


def _is_device(name: str) -> bool:
    return name.split(".")[0].rstrip(" ").casefold() in _DEVICES
