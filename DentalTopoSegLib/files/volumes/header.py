"""What a volume's header says, and the bounds within which it is believed.

A header is read before anything else of a file, by a few lines of our own: at most `MAX_HEADER_BYTES` of it, with every
number checked. Only what it promises is ever asked of the rest of the file.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...errors import InputError
from ..names import shown, why_not_bare
from ..regular_files import require_regular_file
from .grid import IDENTITY

#: A .seg.nrrd with 32 teeth, each with its codes, has 20 kB.
MAX_HEADER_BYTES = 1 << 20
MAX_LINES = 20_000
MAX_AXES = 16
#: Files that one header may point to, as in one file a slice.
MAX_DATA_FILES = 65_536
#: Bytes that may lie between a header and its voxels.
MAX_OFFSET = 1 << 26
_NUMBER_CHARACTERS = 64

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Place:
    """Where a volume lies; see `VolumeHeader`."""

    spacing: Vector
    origin: Vector
    direction: tuple[float, ...]


@dataclass(frozen=True)
class VolumeHeader:
    """What is known of a volume before its voxels are read.

    Parameters
    ----------
    path : Path
        The file that was given.
    size : tuple of int
        Voxels along x, y, z and, where the file has more, further axes.
    dtype : dtype
        Of one stored value, with its byte order.
    spacing : tuple of float
        Voxel size in mm, (x, y, z).
    origin : tuple of float
        Centre of voxel (0, 0, 0) in LPS mm.
    direction : tuple of float
        3x3 row-major; its columns are the LPS directions of the x, y, z index axes.
    data_files : tuple of Path
        Where the voxels are, in this order, in equal parts.
    components : int
        Values per voxel.
    encoding : str
        "raw", "gzip", "zlib" or "bzip2".
    offset : int
        Bytes of a data file before its (encoded) voxels; -1: the voxels are its last bytes.
    skip : int
        Bytes of the decoded content before the voxels.
    slope, intercept : float
        A grey value is slope * stored value + intercept.
    metadata : dict of str
        The rest of the header.
    unplaced : str
        Why nothing is said of left and right, in words; then `direction` and `origin` are not the patient's. Else "".
    forms : dict
        Of a file that states its place twice and differently: both, by "sform" and "qform".
    doubt : str
        Why one of `forms` must be chosen, as the rest of a sentence that begins with the file; else "".
    notes : tuple of str
        What to tell of the header.
    orientation_stated : str
        The user's word by which it is placed: three letters, "sform" or "qform"; "" where the file's own holds.
    """

    path: Path
    size: tuple[int, ...]
    dtype: np.dtype
    data_files: tuple[Path, ...]
    spacing: Vector = (1.0, 1.0, 1.0)
    origin: Vector = (0.0, 0.0, 0.0)
    direction: tuple[float, ...] = IDENTITY
    components: int = 1
    encoding: str = "raw"
    offset: int = 0
    skip: int = 0
    slope: float = 1.0
    intercept: float = 0.0
    metadata: dict[str, str] = field(default_factory=dict)
    unplaced: str = ""
    forms: dict[str, Place] = field(default_factory=dict)
    doubt: str = ""
    notes: tuple[str, ...] = ()
    orientation_stated: str = ""

    @property
    def bytes_needed(self) -> int:
        """Bytes of all voxels, decoded."""
        return math.prod(self.size) * self.components * self.dtype.itemsize


def wrong_field(path: str | os.PathLike[str], name: str, value: object, expected: str) -> InputError:
    """The refusal of one field of a header: file, field, what it says and what is taken."""
    return InputError(f"'{path}' cannot be read: its header says {name} = {shown(value)}, where {expected}.")


class Fields:
    """The fields of a text header, by name; each `take` says what it expects and refuses the rest."""

    def __init__(self, path: Path, values: dict[str, str]) -> None:
        self.path = path
        self.values = values

    def get(self, name: str) -> str | None:
        return self.values.get(name)

    def required(self, name: str) -> str:
        value = self.values.get(name)
        if not value:
            problem = f"its header has no {name}" if value is None else f"{name} in its header is empty"
            raise InputError(f"'{self.path}' cannot be read: {problem}. Copy or export it again.")
        return value

    def choice(self, name: str, known: dict[str, str], default: str | None = None) -> str:
        """What the field's word means. known: {word in lower case: meaning}."""
        value = self.required(name) if default is None else self.values.get(name, default)
        meaning = known.get(value.lower())
        if meaning is None:
            words = {known[word]: word for word in reversed(known)}  # the first of several that mean the same
            raise wrong_field(self.path, name, value, f"one of {', '.join(sorted(words.values()))} is expected")
        return meaning

    def integers(self, name: str, count: int, low: int, high: int, default: str | None = None) -> tuple[int, ...]:
        value = self.required(name) if default is None else self.values.get(name, default)
        words = value.split()
        numbers = tuple(int(w) for w in words if re.fullmatch(r"[+-]?[0-9]{1,18}", w))
        if len(words) != count or len(numbers) != count or not all(low <= n <= high for n in numbers):
            raise wrong_field(self.path, name, value, _expected(count, "whole number", f" from {low} to {high}"))
        return numbers

    def floats(self, name: str, count: int, default: str | None = None) -> tuple[float, ...]:
        value = self.required(name) if default is None else self.values.get(name, default)
        return self.parse_floats(name, value.split(), count)

    def parse_floats(self, name: str, words: Sequence[str], count: int) -> tuple[float, ...]:
        numbers = tuple(number for word in words if (number := _finite(word)) is not None)
        if len(words) != count or len(numbers) != count:
            raise wrong_field(self.path, name, " ".join(words), _expected(count, "finite number"))
        return numbers


def _expected(count: int, noun: str, bounds: str = "") -> str:
    return f"one {noun}{bounds} is expected" if count == 1 else f"{count} {noun}s{bounds} are expected"


def _finite(word: str) -> float | None:
    if len(word) > _NUMBER_CHARACTERS or not re.fullmatch(r"[0-9eE.+-]+", word):
        return None
    try:
        number = float(word)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def header_lines(path: Path, head: bytes) -> Iterator[tuple[str, int]]:
    """The lines of a file's first bytes, one after the other, each with the byte after its end.

    They are asked for one by one, as voxels may follow. Raises InputError after `MAX_LINES`.
    """
    at = 0
    for _ in range(MAX_LINES):
        end = head.find(b"\n", at)
        if end < 0:
            if at < len(head) < MAX_HEADER_BYTES:  # the last line of a text file may have no end
                yield head[at:].decode("utf-8", "replace"), len(head)
            return
        yield head[at:end].removesuffix(b"\r").decode("utf-8", "replace"), end + 1
        at = end + 1
    raise InputError(f"'{path}' cannot be read: its header has more than {MAX_LINES} lines.")


def read_head(path: Path) -> bytes:
    """The first bytes of a file, as many as a header may have."""
    with path.open("rb") as stream:
        return stream.read(MAX_HEADER_BYTES)


def numbered_files(path: Path, name: str, pattern: str, numbers: range) -> list[str]:
    """The names that a pattern such as slice%03d.raw stands for. Raises InputError for another kind of pattern."""
    if not re.fullmatch(r"[^%]*%0?[0-9]?d[^%]*", pattern):
        raise wrong_field(path, name, pattern, "a file name with one number such as %03d is expected")
    if len(numbers) > MAX_DATA_FILES:
        raise wrong_field(path, name, f"{pattern}, {len(numbers)} files", f"at most {MAX_DATA_FILES} files are taken")
    return [pattern % n for n in numbers]


def files_beside(path: Path, name: str, names: Sequence[str], count: int | None = None) -> tuple[Path, ...]:
    """The files that a header names, which must lie in its own folder. Raises InputError.

    name: the header's field. count: how many there must be.
    """
    if count is not None and len(names) != count:
        raise wrong_field(path, name, f"{len(names)} files", f"{count} are expected by the size of the volume")
    for file_name in names:
        reason = why_not_bare(file_name)
        if reason is not None:
            expected = f"the name of a file in the same folder is expected ({reason}): put the two side by side"
            raise wrong_field(path, name, file_name, expected)
    return tuple(path.parent / file_name for file_name in names)


def require_data_files(header: VolumeHeader) -> None:
    """InputError when a file with the voxels is not there, or no ordinary file."""
    for file in header.data_files:
        if not file.exists() and not file.is_symlink():
            raise InputError(
                f"'{header.path}' points to its voxels in {shown(file.name)}, which is not there: copy both files."
            )
        require_regular_file(file)
