"""Where slices lie: Image Position and Image Orientation (Patient), DICOM PS3.3 C.7.6.2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ....errors import InputError
from ..header import VolumeHeader
from ..orientation import resolve
from .frames import Frame, positions_of
from .header import DicomHeader

# Slice distances may differ this much from their median: a machine's own, not a missing slice.
DISTANCE_TOLERANCE = 0.1
#: Digits behind the point that positions may be rounded to.
_DIGITS = range(1, 5)
#: Slices closer than this many units of rounding could hide a missing one.
_STEP_IN_UNITS = 1.5
_EXACT_MM = 1e-5


@dataclass(frozen=True)
class Stack:
    """A stack of slices: their order along the normal, where the first one lies, and the user's word for it, if any."""

    order: np.ndarray
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]
    direction: tuple[float, ...]
    orientation_stated: str = ""


def stack_slices(frames: Sequence[Frame], path: Path) -> Stack:
    """Order and geometry of slices, from their headers alone. Raises InputError."""
    for stated, words in (
        (all(f.position is not None for f in frames), "Image Position"),
        (all(f.axes is not None for f in frames), "Image Orientation"),
    ):
        if not stated:
            raise InputError(f"'{path}' does not say where its slices lie (no {words}): export the original scan.")
    row_spacing, column_spacing = pixel_size(frames, path)
    x_axis, y_axis = unit_axes(frames[0], path)
    normal = np.cross(x_axis, y_axis)
    positions = positions_of(frames)
    order = np.argsort(positions @ normal, kind="stable")
    positions = positions[order]
    step = check_slice_positions(positions, normal, path)
    x, y, z = positions[0]
    direction = np.stack([x_axis, y_axis, normal], axis=1).ravel()
    return Stack(order, (column_spacing, row_spacing, step), (x, y, z), tuple(direction))


def stack_from_first(
    header: DicomHeader, frames: Sequence[Frame], path: Path, orientation: str | None
) -> tuple[Stack, list[str]]:
    """The geometry of a classic file of many frames, which has the position of the first one only, and notes on it.

    The others are taken to follow it along the normal in the stated distance. Where the orientation is not stated the
    user's word holds (`orientation.resolve`); raises InputError without one: right and left would be a guess.
    """
    first = frames[0]
    distance = header.number("SpacingBetweenSlices") or header.number("SliceThickness")
    if not distance:
        raise InputError(f"'{path}' does not state the distance of its slices: export the scan as a DICOM folder.")
    row_spacing, column_spacing = pixel_size(frames, path)
    spacing = column_spacing, row_spacing, distance
    size = header.count("Columns", 1, 65535), header.count("Rows", 1, 65535), len(frames)
    stated = VolumeHeader(path, size, np.dtype(np.int16), (path,), spacing)
    if first.axes is None:
        stated = replace(stated, unplaced="its header has no Image Orientation")
    else:
        x_axis, y_axis = unit_axes(first, path)
        direction = np.stack([x_axis, y_axis, np.cross(x_axis, y_axis)], axis=1).ravel()
        stated = replace(stated, direction=tuple(direction))
    placed, notes = resolve(stated, orientation)
    x, y, z = first.position or (0.0, 0.0, 0.0)
    notes.append(
        f"Only the first slice of this file says where it lies; the others were taken to follow {distance:g} mm apart."
        if first.position
        else f"No slice of this file says where it lies; they were taken to lie {distance:g} mm apart."
    )
    order = np.arange(len(frames))
    return Stack(order, spacing, (x, y, z), placed.direction, placed.orientation_stated), notes


def pixel_size(frames: Sequence[Frame], path: Path) -> tuple[float, float]:
    """Distance of rows and of columns, the same for all frames. Raises InputError."""
    spacings = {tuple(round(v, 5) for v in f.spacing or ()) for f in frames}
    if len(spacings) != 1 or len(next(iter(spacings))) != 2:
        raise InputError(
            f"'{path}' does not state one pixel size (PixelSpacing) for all slices: export the original scan."
        )
    rows, columns = next(iter(spacings))
    return rows, columns


def unit_axes(frame: Frame, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The LPS directions of a slice's rows and columns, of length 1 and at right angles. Raises InputError."""
    axes = np.array(frame.axes, float)
    lengths = np.linalg.norm(axes.reshape(2, 3), axis=1)
    if not ((lengths > 0.9) & (lengths < 1.1)).all():
        raise frame.header.wrong("ImageOrientationPatient", "two directions of length 1 are expected")
    x_axis, y_axis = axes[:3] / lengths[0], axes[3:] / lengths[1]
    if abs(x_axis @ y_axis) > 1e-3:
        raise InputError(f"'{path}' has slice axes that are not at right angles: export the original scan.")
    return x_axis, y_axis


def check_slice_positions(positions: np.ndarray, normal: np.ndarray, path: Path) -> float:
    """Mean slice distance in mm of (n, 3) LPS positions sorted along `normal`.

    Raises InputError for missing slices (says where), two slices in one place, uneven distances and sheared
    stacks. Positions that an even grid gives when rounded, as to 0.1 mm, are even.
    """
    heights = positions @ normal
    gaps = np.diff(heights)
    step = float(heights[-1] - heights[0]) / (len(heights) - 1)
    halves = _half_units(positions)
    slack = float(np.abs(normal) @ halves)
    if step < 2 * _STEP_IN_UNITS * slack:
        slack = 0.0
    if not (slack and _even_when_rounded(heights, slack)):
        _require_even(heights, gaps, slack, path)
    drift = positions[-1] - positions[0]
    sideways = float(np.linalg.norm(drift - (drift @ normal) * normal))
    if sideways > 0.01 * abs(float(drift @ normal)) + 0.05 + 2 * float(np.linalg.norm(halves)):
        raise InputError(
            f"'{path}' is a leaning stack (gantry tilt, {sideways:.1f} mm sideways): export it on a straight grid."
        )
    return step


def _half_units(positions: np.ndarray) -> np.ndarray:
    """(3,) mm that rounding may have moved each coordinate; 0 where it is written with many digits."""
    halves = np.zeros(3)
    for axis, values in enumerate(positions.T):
        for digits in _DIGITS:
            if np.abs(values - np.round(values, digits)).max() < _EXACT_MM:
                halves[axis] = 0.5 * 10.0**-digits
                break
    return halves


def _even_when_rounded(heights: np.ndarray, slack: float) -> bool:
    """Whether an even grid lies within `slack` of every height."""
    from scipy.optimize import minimize_scalar

    count = np.arange(len(heights))
    step, reach = (heights[-1] - heights[0]) / count[-1], 2 * slack / count[-1]
    spread = lambda slope: float(np.ptp(heights - slope * count))  # noqa: E731 - convex in the slope
    best = minimize_scalar(spread, bounds=(step - reach, step + reach), method="bounded", options={"xatol": 1e-9})
    return min(best.fun, spread(step)) <= 2 * (slack + _EXACT_MM)


def _require_even(heights: np.ndarray, gaps: np.ndarray, slack: float, path: Path) -> None:
    typical = float(np.median(gaps))
    if typical <= 1e-3 or gaps.min() < DISTANCE_TOLERANCE * typical:
        raise InputError(
            f"'{path}' has two different slices at the same place (near {heights[int(gaps.argmin())]:.1f} mm "
            "along the stack), as if two scans were mixed: keep one scan per folder."
        )
    if slack:  # rounded distances have two lengths, one unit apart: their mean is the true one
        typical = float(gaps[gaps <= gaps.min() + 2 * slack + _EXACT_MM].mean())
    widest = int(gaps.argmax())
    if gaps[widest] > 1.5 * typical:
        missing = int(sum(round(g / typical) - 1 for g in gaps if g > 1.5 * typical))
        raise InputError(
            f"'{path}' lacks {missing} of its slices: the first gap is after slice "
            f"{int(np.argmax(gaps > 1.5 * typical)) + 1} of {len(heights)}, and the widest goes from "
            f"{heights[widest]:.1f} to {heights[widest + 1]:.1f} mm along the stack ({typical:.2f} mm is usual). "
            "Copy the whole scan again."
        )
    if np.abs(gaps - typical).max() > DISTANCE_TOLERANCE * typical:
        raise InputError(
            f"'{path}' has uneven slice distances ({gaps.min():.2f} to {gaps.max():.2f} mm): export it with even ones."
        )
