"""How what lies around the teeth was found: how far off that can be, and what is measured on the teeth beside it, and
where a canal was drawn without being seen.

It is kept in the metadata of label maps, and on disk and in 3D Slicer as tags of each structure's segment, which stay
with it whoever saves it. Places are RAS mm.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from .structures import BY_KEY, ERRORS_KEY, TOOTH_MEASURES, error_of, errors_text

#: Of segments: mm, 95 %; the stretches, "r a s, r a s; r a s, r a s"; and the same of all structures, "length mm, axis
#: degrees".
ERROR_TAG, DRAWN_TAG = "DentalTopoSeg.DistanceErrorMm", "DentalTopoSeg.DrawnRas"
TEETH_TAG = "DentalTopoSeg.ToothErrors"
ORIGIN_TAGS = (ERROR_TAG, DRAWN_TAG, TEETH_TAG)
_DRAWN_KEY = "DentalTopoSegDrawnRas"
_NUMBER = r"-?[0-9]{1,6}(?:\.[0-9]{1,3})?"
_PLACE = rf"{_NUMBER} {_NUMBER} {_NUMBER}"
_ERROR = r"[0-9]{1,3}(?:\.[0-9]{1,3})?"
_TOOTH_ERROR = rf"\b({'|'.join(TOOTH_MEASURES)}) ({_ERROR})(?=,|$)"
_LINE = rf"{_PLACE}(?:, {_PLACE}){{1,200}}"
_LINES = re.compile(rf"{_LINE}(?:; {_LINE}){{0,50}}", re.ASCII)


def drawn_metadata(stretches: Mapping[str, Sequence[np.ndarray]]) -> dict[str, str]:
    """What a label map's metadata keep of the stretches (n, 3) of canals, by key, that were drawn, not seen."""
    return {f"{_DRAWN_KEY}.{key}": _text(lines) for key, lines in stretches.items() if len(lines)}


def drawn_stretches(metadata: Mapping[str, str], key: str) -> list[np.ndarray]:
    """The stretches (n, 3) of a structure that were drawn without being seen; none where the metadata name none.

    Examples
    --------
    >>> lines = drawn_stretches(drawn_metadata({"canal_left": [np.array([[0, 0, 0], [0, 2.5, 0]])]}), "canal_left")
    >>> lines[0].tolist()
    [[0.0, 0.0, 0.0], [0.0, 2.5, 0.0]]
    """
    return _lines(metadata.get(f"{_DRAWN_KEY}.{key}", ""))


def origin_tags(metadata: Mapping[str, str], key: str, matrix: np.ndarray | None = None) -> dict[str, str]:
    """The tags of a structure's segment, by name; matrix: (4, 4), brings the places where the segment's are."""
    tags = {}
    error = error_of(metadata, key)
    if error:
        tags[ERROR_TAG] = f"{round(error, 3):g}"
    of_teeth = {what: error for what in TOOTH_MEASURES if (error := error_of(metadata, what))}
    if of_teeth:
        tags[TEETH_TAG] = errors_text(of_teeth)
    lines = drawn_stretches(metadata, key)
    if lines:
        tags[DRAWN_TAG] = _text([_moved(line, matrix) for line in lines])
    return tags


def origin_metadata(tags: Iterable[tuple[str, Mapping[str, str]]], matrix: np.ndarray | None = None) -> dict[str, str]:
    """A label map's metadata out of the tags of its segments, (key of the structure, {name: text}); what is damaged
    says nothing. matrix: as in `origin_tags`, the other way."""
    errors, stretches, of_teeth = {}, {}, dict[str, str]()
    for key, texts in tags:
        if re.fullmatch(_ERROR, texts.get(ERROR_TAG, ""), re.ASCII):
            errors[key] = texts[ERROR_TAG]
        of_teeth |= dict(re.findall(_TOOTH_ERROR, texts.get(TEETH_TAG, ""), re.ASCII))
        lines = _lines(texts.get(DRAWN_TAG, ""))
        if lines:
            stretches[key] = [_moved(line, matrix) for line in lines]
    errors |= of_teeth
    told = {ERRORS_KEY: ", ".join(f"{key} {error}" for key, error in errors.items())} if errors else {}
    return told | drawn_metadata(stretches)


def exchanged_origin(metadata: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """The metadata of a label map some of whose structures are now called otherwise, {key before: key now}."""
    keys = [key for key in BY_KEY if origin_tags(metadata, key)]
    kept = {name: text for name, text in metadata.items() if name != ERRORS_KEY and not name.startswith(_DRAWN_KEY)}
    return kept | origin_metadata([(names.get(key, key), origin_tags(metadata, key)) for key in keys])


def both_origins(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    """The metadata of two label maps that become one."""
    joined = {key: (", " if key == ERRORS_KEY else "; ").join((one[key], other[key])) for key in one.keys() & other}
    return {**one, **other, **joined}


def _moved(line: np.ndarray, matrix: np.ndarray | None) -> np.ndarray:
    return line if matrix is None else line @ matrix[:3, :3].T + matrix[:3, 3]


def _text(lines: Iterable[np.ndarray]) -> str:
    return "; ".join(", ".join(" ".join(f"{c + 0.0:.1f}" for c in place) for place in line) for line in lines)


def _lines(text: str) -> list[np.ndarray]:
    if not _LINES.fullmatch(text):
        return []
    return [np.array([place.split() for place in line.split(", ")], float) for line in text.split("; ")]
