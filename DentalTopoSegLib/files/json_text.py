"""JSON: values of any origin written as JSON, and JSON of any origin read within bounds."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from stat import S_ISREG
from typing import Any

import numpy as np

from ..errors import DentalTopoSegError, InputError
from .names import shown, shows
from .transactions import atomic_path

#: Arrays and objects inside each other; what is written here has five.
MAX_DEPTH = 32
#: Of a file, where its reader knows no better bound: a report has 20,000.
MAX_BYTES = 8 << 20
#: The largest whole number that every program reads as it is.
MAX_NUMBER = 1 << 53


# ---------------------------------------------------------------- reading


def read_json(
    path: str | os.PathLike[str],
    what: str = "",
    *,
    max_bytes: int = MAX_BYTES,
    refusal: type[DentalTopoSegError] = InputError,
) -> Any:
    """Read a JSON file, within bounds.

    Parameters
    ----------
    path : path
        The file.
    what : str
        Before its name in refusals: "The job file".
    max_bytes : int
        A larger file is not read.
    refusal : type
        What is raised.

    Returns
    -------
    dict, list, str, int, float, bool or None
        See `parse_json` for what it may hold.

    Raises
    ------
    InputError
        Or `refusal`: for a file that is absent, is none (a folder, a pipe), is too large, is damaged or passes a bound;
        it names the file and the bound.
    """
    path = Path(path)
    said = f"{what} '{path}'".strip()
    try:
        status = path.stat()
        if not S_ISREG(status.st_mode):
            raise refusal(f"{said} is no file: give a JSON file.")
        if status.st_size <= max_bytes:
            with path.open("rb") as stream:
                content = stream.read(max_bytes + 1)
        if status.st_size > max_bytes or len(content) > max_bytes:
            size = max(status.st_size, max_bytes + 1)
            raise refusal(f"{said} is damaged: it has {size:,} bytes, more than the {max_bytes:,} that are read.")
    except OSError as error:
        raise refusal(f"{said} cannot be read ({error.strerror or error}).") from error
    except ValueError as error:  # a path with NUL
        raise refusal(f"{said} cannot be read ({error}).") from error
    return parse_json(content, said, refusal=refusal)


def parse_json(content: bytes | str, said: str, *, refusal: type[DentalTopoSegError] = InputError) -> Any:
    """The values of a JSON text that are the same in every program.

    Parameters
    ----------
    content : bytes or str
        UTF-8, also with a byte order mark.
    said : str
        Where it stands, as the subject of the refusal: "'x_report.json'".
    refusal : type
        What is raised.

    Raises
    ------
    InputError
        Or `refusal`: for what is no JSON, for a key that comes twice, for numbers that are none or beyond
        `MAX_NUMBER`, for characters that are no text, for more than `MAX_DEPTH` levels. It names the place.
    """
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
        values = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
        _require_plain(values)
    except RecursionError:
        problem = f"it is nested more than {MAX_DEPTH} levels deep"
    except UnicodeDecodeError as error:
        problem = f"it is no JSON text (byte {error.start} is no UTF-8)"
    except json.JSONDecodeError as error:
        problem = f"it is no JSON text (line {error.lineno}, column {error.colno})"
    except _ProblemError as error:
        problem = str(error)
    except ValueError:  # json's own only one beside these: more digits than Python turns into a number
        problem = f"it holds a number beyond {MAX_NUMBER:,}"
    else:
        return values
    raise refusal(f"{said} is damaged: {problem}.")


class _ProblemError(ValueError):
    """What is wrong, as the end of a sentence."""


def _refuse_constant(text: str) -> None:
    raise _ProblemError(f"it holds {text}, which is no number of JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _ProblemError(f"it says {shown(key)} twice")
            seen.add(key)
    return values


def _require_plain(values: Any) -> None:
    """Without recursion, as the values may be nested deeper than Python calls."""
    level: list[tuple[str, Any]] = [("", values)]
    depth = 0
    while level:
        if depth == MAX_DEPTH and any(isinstance(value, (dict, list)) for _, value in level):
            raise RecursionError
        level = [one for place, value in level for one in _require_one(place, value)]
        depth += 1


def _require_one(place: str, value: Any) -> list[tuple[str, Any]]:
    """What is in it, each with its place."""
    if isinstance(value, dict):
        for key in value:
            _require_text(f"{place}.{key}", key)
        return [(f"{place}.{key}", one) for key, one in value.items()]
    if isinstance(value, list):
        if set(map(type, value)) == {int}:  # labels of a million vertices
            return [(f"{place}[{value.index(one)}]", one) for one in (min(value), max(value))]
        return [(f"{place}[{i}]", one) for i, one in enumerate(value)]
    if isinstance(value, str):
        _require_text(place, value)
    elif isinstance(value, (int, float)) and abs(value) > MAX_NUMBER:
        raise _ProblemError(f"{place_text(place)} is a number beyond {MAX_NUMBER:,}")
    return []


def _require_text(place: str, text: str) -> None:
    if text.isprintable():
        return
    for character in text:
        if character not in "\t\n\r" and not shows(character):
            raise _ProblemError(f"{place_text(place)} holds the character U+{ord(character):04X}, which is no text")


def place_text(place: str) -> str:
    """ "teeth[3].fdi" of ".teeth[3].fdi", as a sentence can show it."""
    return shown(place.lstrip(".") or "the whole").strip("'")


# ---------------------------------------------------------------- writing


def write_report_json(report: dict, path: str | os.PathLike[str]) -> Path:
    """Write a report as UTF-8 JSON, whole or not at all; NaN and infinity become null.

    Parameters
    ----------
    report : dict
        Of `reports.report.build_report` or `build_jaw_report`.
    path : path
        The file.

    Raises
    ------
    OutputError
        For everything the disk refuses.
    """
    path = Path(path)
    text = json.dumps(plain(report), indent=2, ensure_ascii=False, allow_nan=False)
    with atomic_path(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")
    return path


def plain(value):
    """`value` in JSON's own types: tuples to lists, numpy values unpacked, NaN and infinity to None."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return str(value)
