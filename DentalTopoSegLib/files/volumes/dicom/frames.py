"""The frames of a scan: where each lies and what its grey values mean, one file each or many in one file.

A classic slice says so in its own tags, an enhanced object in its functional groups (DICOM PS3.3, C.7.6.16): those of
the frame, or else the ones that all frames share.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ....errors import InputError
from .header import DicomHeader, read_image_header
from .kinds import SCAN_CLASSES, sop_class

#: Grey values beyond this are no measurement, and overflow the decoder's whole numbers.
MAX_RESCALE = 1e6
MAX_FRAMES = 65_536
# Dimensions that only count the places of one stack: ImagePositionPatient, InStackPositionNumber, and the like.
_PLACES = frozenset((0x00200032, 0x00209057, 0x00200013, 0x00201041, 0x00209113, 0x00209301))
_STACK, _TIME = 0x00209056, 0x00209128
_DIMENSION_RANGE = 1e9
_SAME_AXES = 0.01


@dataclass(frozen=True)
class Frame:
    """One frame.

    Parameters
    ----------
    header : DicomHeader
        Of its file.
    number : int
        Its place in the file, from 0.
    position : tuple of float, optional
        Centre of its first pixel in LPS mm.
    axes : tuple of float, optional
        The LPS directions of its rows and columns, as ImageOrientationPatient.
    spacing : tuple of float, optional
        Distance of its rows and of its columns in mm, as PixelSpacing.
    slope, intercept : float
        A grey value is slope * stored value + intercept.
    stack : tuple of str
        What tells stacks apart that may lie in one place: StackID, TemporalPositionIndex.
    dimensions : tuple of float
        Its indices in further dimensions.
    """

    header: DicomHeader
    number: int = 0
    position: tuple[float, ...] | None = None
    axes: tuple[float, ...] | None = None
    spacing: tuple[float, ...] | None = None
    slope: float = 1.0
    intercept: float = 0.0
    stack: tuple[str, ...] = ()
    dimensions: tuple[float, ...] = ()


def frame_count(header: DicomHeader) -> int:
    """Frames that a file states; 1 where it states none. Raises InputError."""
    return header.count("NumberOfFrames", 0, MAX_FRAMES, 1) or 1


def frames_of(header: DicomHeader) -> list[Frame]:
    """The frames of one file, in the order they are stored. Raises InputError for what is damaged.

    A classic file of many frames has the position of the first one only: the others have None.
    """
    count = frame_count(header)
    detailed = read_image_header(header.path, frames=True) if _may_have_groups(header, count) else None
    groups = detailed.items("PerFrameFunctionalGroupsSequence") if detailed else []
    if detailed is None or not groups:
        first = _classic(header)
        rest = Frame(header, 0, None, first.axes, first.spacing, first.slope, first.intercept)
        return [first, *(_numbered(rest, n) for n in range(1, count))]
    if len(groups) != count:
        raise InputError(
            f"'{header.path}' is damaged: it has {count} frames (NumberOfFrames) and {len(groups)} positions "
            "(PerFrameFunctionalGroupsSequence). Export the scan again."
        )
    if detailed.has("ConcatenationUID"):
        raise InputError(
            f"'{header.path}' is one of several parts of a scan (ConcatenationUID): export the scan in one file, or "
            "with a file for each slice."
        )
    shared = detailed.items("SharedFunctionalGroupsSequence")
    pointers = [int(_pointer(item) or 0) for item in detailed.items("DimensionIndexSequence")]
    return [_enhanced(detailed, n, group, shared, pointers) for n, group in enumerate(groups)]


def stacks_in(frames: Sequence[Frame]) -> list[list[Frame]]:
    """The frames of one file, apart by orientation, stack, point in time and, where two lie in one place, by dimension.

    In the order of their first frames.
    """
    orientations, found = Orientations(), []
    turned = {frame.number: orientations.index(frame.axes) for frame in frames}
    groups = _apart(frames, lambda f: (turned[f.number], f.stack))
    if len(groups) == len(frames):  # a number of its own for each frame tells no stacks apart
        groups = _apart(frames, lambda f: turned[f.number])
    for group in groups:
        places = [f.position for f in group]
        if None not in places and len(set(places)) < len(places):
            found += _apart(group, lambda f: f.dimensions)
        else:
            found.append(group)
    return found


class Orientations:
    """Which of the orientations met so far one is: rounding in the header makes no other."""

    def __init__(self) -> None:
        self._met: list[np.ndarray] = []

    def index(self, axes: Sequence[float] | None) -> int:
        """The number of the orientation, -1 where none is stated."""
        if not axes:
            return -1
        new = np.asarray(axes, float)
        for number, met in enumerate(self._met):
            if np.abs(met - new).max() <= _SAME_AXES:
                return number
        self._met.append(new)
        return len(self._met) - 1


def _apart(frames: Sequence[Frame], key: Callable[[Frame], object]) -> list[list[Frame]]:
    groups: dict[object, list[Frame]] = defaultdict(list)
    for frame in frames:
        groups[key(frame)].append(frame)
    return list(groups.values())


def rescale(header: DicomHeader) -> tuple[float, float] | None:
    """(slope, intercept) of a data set, None where it states neither. Raises InputError for a slope of one value."""
    slope = header.number("RescaleSlope", -MAX_RESCALE, MAX_RESCALE)
    intercept = header.number("RescaleIntercept", -MAX_RESCALE, MAX_RESCALE)
    if slope == 0:
        raise header.wrong("RescaleSlope", "a number other than 0 is expected")
    if slope is None and intercept is None:
        return None
    return 1.0 if slope is None else slope, intercept or 0.0


def _may_have_groups(header: DicomHeader, count: int) -> bool:
    enhanced = sop_class(header) in SCAN_CLASSES and not header.has("ImagePositionPatient")
    return count > 1 or enhanced


def _classic(header: DicomHeader) -> Frame:
    slope, intercept = rescale(header) or (1.0, 0.0)
    return Frame(header, 0, _position(header), _axes(header), _spacing(header), slope, intercept)


def _numbered(frame: Frame, number: int) -> Frame:
    return Frame(frame.header, number, None, frame.axes, frame.spacing, frame.slope, frame.intercept)


def _enhanced(
    file: DicomHeader, number: int, group: DicomHeader, shared: list[DicomHeader], pointers: list[int]
) -> Frame:
    def macro(keyword: str) -> DicomHeader:
        for place in (group, *shared[:1]):
            if items := place.items(keyword):
                return items[0]
        return file  # some writers state it once, as a classic file does

    place = group.items("PlanePositionSequence")
    content = macro("FrameContentSequence")
    slope, intercept = 1.0, 0.0
    for keyword in ("PixelValueTransformationSequence", "UnassignedPerFrameConvertedAttributesSequence"):
        if (found := rescale(macro(keyword))) is not None:
            slope, intercept = found
            break
    position = _position(place[0]) if place else None
    if position is None:
        raise InputError(
            f"'{file.path}' does not say where its frame {number + 1} lies (no Image Position): export the original "
            "scan."
        )
    values = content.numbers("DimensionIndexValues", len(pointers), 0, _DIMENSION_RANGE) if pointers else None
    indices = dict(zip(pointers, values or (), strict=False))
    stack = content.text("StackID") or str(indices.get(_STACK, ""))
    time = content.text("TemporalPositionIndex") or str(indices.get(_TIME, ""))
    return Frame(
        file,
        number,
        position,
        _axes(macro("PlaneOrientationSequence")),
        _spacing(macro("PixelMeasuresSequence")),
        slope,
        intercept,
        (stack, time),
        tuple(v for pointer, v in indices.items() if pointer not in _PLACES),
    )


def _pointer(item: DicomHeader) -> float | None:
    return item.number("DimensionIndexPointer", 0, 0xFFFFFFFF)


def _position(header: DicomHeader) -> tuple[float, ...] | None:
    return header.numbers("ImagePositionPatient", 3)


def _axes(header: DicomHeader) -> tuple[float, ...] | None:
    return header.numbers("ImageOrientationPatient", 6)


def _spacing(header: DicomHeader) -> tuple[float, ...] | None:
    return header.numbers("PixelSpacing", 2)


def positions_of(frames: Sequence[Frame]) -> np.ndarray:
    """(n, 3) LPS mm of frames that all state theirs."""
    return np.array([frame.position for frame in frames], float)
