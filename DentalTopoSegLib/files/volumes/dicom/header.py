"""What one DICOM file says of itself, from its first bytes, through accessors that take only what they expect.

Values are read by pydicom, from a stream that never gives more than the file has and a header may have. Nothing that
names the patient is asked for.
"""

from __future__ import annotations

import functools
import io
import math
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ....errors import InputError
from ...regular_files import may_not_be_read
from ..header import wrong_field

#: The header of an enhanced object with 2000 frames has 4 MB; one slice has 5 kB.
MAX_HEADER_BYTES = 1 << 24
DEFLATED = "1.2.840.10008.1.2.1.99"
_EXPLICIT = "1.2.840.10008.1.2.1"
#: Value representations whose length has four bytes, behind two that are not used.
LONG_VRS = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
_NUMBER_CHARACTERS = 64
#: Bytes before and with the word "DICM".
PREAMBLE = 132
#: So much of a file tells whether it is DICOM; the first element of a data set is a short one.
FIRST_BYTES = 512
#: A data set begins at (0008,0000), (0008,0001), (0008,0005) or, without these, one of the next.
_LAST_FIRST_ELEMENT = 0x0020

_TAGS = [
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "SeriesNumber",
    "InstanceNumber",
    "Modality",
    "ImageType",
    "Rows",
    "Columns",
    "PixelSpacing",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "NumberOfFrames",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "RescaleSlope",
    "RescaleIntercept",
    "SpacingBetweenSlices",
    "SliceThickness",
]
_FRAME_TAGS = [
    "ConcatenationUID",
    "DimensionIndexSequence",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
]


@functools.cache
def parser_errors() -> tuple[type[Exception], ...]:
    """What pydicom raises for files that are damaged; an AttributeError is a missing tag or an odd value."""
    from pydicom.errors import BytesLengthException

    return (
        ArithmeticError,
        AssertionError,
        AttributeError,
        BytesLengthException,
        EOFError,
        LookupError,
        OSError,
        RuntimeError,
        TypeError,
        ValueError,
        struct.error,
        zlib.error,
    )


@dataclass(frozen=True)
class DicomHeader:
    """The tags of one file, or of one item of a sequence in it.

    Parameters
    ----------
    path : Path
        The file, for the sentences.
    dataset : pydicom.Dataset
        Its tags.
    place : str
        The sequences around this item, as "PlanePositionSequence.".
    """

    path: Path
    dataset: Any
    place: str = ""

    def has(self, keyword: str) -> bool:
        """True when the tag is there and has a value."""
        return bool(self._values(keyword))

    def numbers(self, keyword: str, count: int, low: float = -1e6, high: float = 1e6) -> tuple[float, ...] | None:
        """`count` finite numbers from `low` to `high`; None where the tag is absent or empty. Raises InputError."""
        values = self._values(keyword)
        if not values:
            return None
        found = [number for value in values if (number := _finite(value)) is not None and low <= number <= high]
        if len(values) != count or len(found) != count:
            many = "one number is" if count == 1 else f"{count} numbers are"
            raise self.wrong(keyword, f"{many} expected, from {low:g} to {high:g}")
        return tuple(found)

    def number(self, keyword: str, low: float = -1e6, high: float = 1e6) -> float | None:
        """One finite number; None where the tag is absent or empty. Raises InputError."""
        numbers = self.numbers(keyword, 1, low, high)
        return None if numbers is None else numbers[0]

    def count(self, keyword: str, low: int, high: int, default: int | None = None) -> int:
        """One whole number; `default` where the tag is absent or empty. Raises InputError."""
        values = self._values(keyword)
        if not values and default is not None:
            return default
        if not values:
            raise InputError(f"'{self.path}' cannot be read: its DICOM header has no {self.place}{keyword}.")
        number = _finite(values[0])
        if len(values) != 1 or number is None or not (number.is_integer() and low <= number <= high):
            raise self.wrong(keyword, f"a whole number from {low} to {high} is expected")
        return int(number)

    def text(self, keyword: str) -> str:
        """The words, several of them joined as DICOM does; "" where the tag is absent. Raises InputError."""
        return "\\".join(str(value) for value in self._values(keyword))

    def meta(self, keyword: str) -> str:
        """The words of an element of the file's meta information; "" where it is absent. Raises InputError."""
        meta = getattr(self.dataset, "file_meta", None)
        return "" if meta is None else DicomHeader(self.path, meta).text(keyword)

    def items(self, keyword: str) -> list[DicomHeader]:
        """The items of a sequence; empty where the tag is absent. Raises InputError for what is no sequence."""
        values = self._values(keyword)
        if not all(hasattr(value, "elements") for value in values):
            raise self.wrong(keyword, "a sequence is expected")
        return [DicomHeader(self.path, value, f"{self.place}{keyword}.") for value in values]

    def wrong(self, keyword: str, expected: str) -> InputError:
        """The refusal of a tag: file, tag, what it says and what is taken."""
        values = self._values(keyword)
        return wrong_field(
            self.path, self.place + keyword, "\\".join(str(v)[:_NUMBER_CHARACTERS] for v in values), expected
        )

    def _values(self, keyword: str) -> list[Any]:
        try:
            value = self.dataset[keyword].value if keyword in self.dataset else None
            if value is None or isinstance(value, (str, bytes)):
                return [value] if value else []
            return list(value) if hasattr(value, "__iter__") else [value]
        except parser_errors() as error:
            raise InputError(
                f"'{self.path}' cannot be read: its DICOM tag {self.place}{keyword} is damaged. Copy or export the "
                "scan again."
            ) from error


def _finite(value: object) -> float | None:
    if not isinstance(value, (int, float, str)) or len(str(value)) > _NUMBER_CHARACTERS:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


class HeaderStream(io.BufferedReader):
    """A file that gives what it has, whatever is asked for, and at most `MAX_HEADER_BYTES` in all."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))  # type: ignore[arg-type]
        self.path = path
        self.size = self.seek(0, io.SEEK_END)
        self.left = MAX_HEADER_BYTES
        self.seek(0)

    def read(self, size: int | None = -1, /) -> bytes:
        there = max(0, self.size - self.tell())
        size = there if size is None or size < 0 else min(size, there)
        self.left -= size
        if self.left < 0:
            raise InputError(
                f"'{self.path}' cannot be read: its DICOM header has more than {MAX_HEADER_BYTES >> 20} MB."
            )
        return super().read(size)


@contextmanager
def without_pydicom_warnings() -> Iterator[None]:
    """Drops what pydicom warns of: it quotes the values, the patient's too; what matters is refused in a sentence."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def read_image_header(path: Path, *, frames: bool = False) -> DicomHeader | None:
    """The tags that say what a file is and where it lies; None for what is no DICOM.

    frames: with the functional groups of an enhanced object. Raises InputError for a damaged header.
    """
    from pydicom.errors import InvalidDicomError

    try:
        return DicomHeader(path, _read(path, _TAGS + _FRAME_TAGS if frames else _TAGS))
    except InvalidDicomError:
        return None  # a text, a picture, a viewer: not DICOM


def read_source_header(path: Path) -> Any:
    """All tags of a file before its pixels, the patient's too, as a pydicom dataset. Raises InputError."""
    from pydicom.errors import InvalidDicomError

    try:
        return _read(path, None)
    except InvalidDicomError as error:
        raise InputError(f"'{path}' is no DICOM file.") from error


def _read(path: Path, tags: list[str] | None) -> Any:
    import pydicom
    from pydicom.errors import InvalidDicomError

    try:
        with HeaderStream(path) as stream, without_pydicom_warnings():
            bare = starts_like_dicom(stream.read(FIRST_BYTES))
            return pydicom.dcmread(_inflated(stream), stop_before_pixels=True, specific_tags=tags, force=bare)  # type: ignore[arg-type]
    except InvalidDicomError:
        raise
    except PermissionError as error:
        raise InputError(may_not_be_read(path)) from error
    except RecursionError as error:
        raise InputError(f"'{path}' cannot be read: its DICOM sequences are nested too deep.") from error
    except parser_errors() as error:
        raise InputError(
            f"'{path}' is DICOM but its header is cut short or damaged: copy or export the scan again."
        ) from error


def _inflated(stream: HeaderStream) -> io.BufferedIOBase:
    """The same bytes where a file is stored as it is; the first `MAX_HEADER_BYTES` of a deflated one, inflated."""
    meta = read_meta(stream)
    stream.seek(0)
    if meta.syntax != DEFLATED:
        return stream
    head = stream.read(meta.end).replace(DEFLATED.encode(), _EXPLICIT.encode().ljust(len(DEFLATED), b"\0"))
    packed = stream.read(MAX_HEADER_BYTES - meta.end)
    return io.BytesIO(head + zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, MAX_HEADER_BYTES))


@dataclass(frozen=True)
class Meta:
    """The meta information of a file: its transfer syntax, "" where none is stated, and the bytes it lies between."""

    syntax: str = ""
    begin: int = 0
    end: int = 0


def read_meta(stream: io.BufferedReader) -> Meta:
    """Where a file's meta information lies, with or without a preamble before it; nowhere in a bare data set."""
    stream.seek(0)
    head = stream.read(PREAMBLE)
    begin = PREAMBLE if head[128:] == b"DICM" else 0
    if not begin and head[:2] != b"\x02\0":
        return Meta()
    syntax, at = "", begin
    stream.seek(at)
    while len(head := stream.read(8)) == 8:
        group, element, kind, length = struct.unpack("<HH2sH", head)
        if group != 2:
            break
        value_at = at + 8
        if kind in LONG_VRS:
            length = int.from_bytes(stream.read(4), "little")
            value_at += 4
        if element == 0x10:
            syntax = stream.read(min(length, _NUMBER_CHARACTERS)).rstrip(b"\0 ").decode("latin-1")
        at = value_at + length
        stream.seek(at)
    return Meta(syntax, begin, at)


def starts_like_dicom(head: bytes) -> bool:
    """Whether a file without preamble, which begins so, is a DICOM data set in little endian, as old exports are.

    Its first element is of group 2 or 8, and another one of these groups with a larger number follows it.
    """
    if head[128:132] == b"DICM":
        return False
    explicit = head[4:6].isalpha() and head[4:6].isupper()
    first, end = _bare_element(head, 0, explicit)
    if first is None or first[0] not in (2, 8) or first[1] > _LAST_FIRST_ELEMENT:
        return False
    second, _ = _bare_element(head, end, explicit)
    return second is not None and second[0] in (2, 8) and second > first


def _bare_element(head: bytes, at: int, explicit: bool) -> tuple[tuple[int, int] | None, int]:
    """((group, element), where the next one begins) of the element at an offset; None where there is none."""
    if at + 8 > len(head):
        return None, at
    group, element, kind, length = struct.unpack_from("<HH2sH", head, at)
    if not explicit:
        return (group, element), at + 8 + int.from_bytes(head[at + 4 : at + 8], "little")
    if not (kind.isalpha() and kind.isupper()):
        return None, at
    return (group, element), at + (12 if kind in LONG_VRS else 8 + length)
