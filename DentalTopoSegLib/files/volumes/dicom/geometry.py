"""Where slices lie: Image Position and Image Orientation (Patient), DICOM PS3.3 C.7.6.2."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ....errors import InputError
from .header import DicomHeader

# Slice distances may differ this much from their median: rounding in the header, not a missing slice.
DISTANCE_TOLERANCE = 0.1


@dataclass(frozen=True)
class Stack:
    """A stack of slices: their order along the normal, and where the first one lies."""

    order: np.ndarray
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]
    direction: tuple[float, ...]


def stack_slices(headers: list[DicomHeader], path: Path) -> Stack:
    """Order and geometry of a series of single slices, from their headers alone. Raises InputError."""
    for keyword, words in (
        ("ImagePositionPatient", "Image Position"),
        ("ImageOrientationPatient", "Image Orientation"),
    ):
        if any(not header.has(keyword) for header in headers):
            raise InputError(f"'{path}' does not say where its slices lie (no {words}): export the original scan.")
    spacings = {tuple(round(v, 5) for v in h.numbers("PixelSpacing", 2) or ()) for h in headers}
    if len(spacings) != 1 or len(next(iter(spacings))) != 2:
        raise InputError(
            f"'{path}' does not state one pixel size (PixelSpacing) for all slices: export the original scan."
        )
    row_spacing, column_spacing = next(iter(spacings))
    x_axis, y_axis = unit_axes(headers[0])
    if abs(x_axis @ y_axis) > 1e-3:
        raise InputError(f"'{path}' has slice axes that are not at right angles: export the original scan.")
    normal = np.cross(x_axis, y_axis)
    positions = np.array([h.numbers("ImagePositionPatient", 3) for h in headers])
    order = np.argsort(positions @ normal, kind="stable")
    positions = positions[order]
    step = check_slice_positions(positions, normal, path)
    x, y, z = positions[0]
    direction = np.stack([x_axis, y_axis, normal], axis=1).ravel()
    return Stack(order, (column_spacing, row_spacing, step), (x, y, z), tuple(direction))


def unit_axes(header: DicomHeader) -> tuple[np.ndarray, np.ndarray]:
    """The LPS directions of a slice's rows and columns, of length 1. Raises InputError."""
    axes = np.array(header.numbers("ImageOrientationPatient", 6))
    lengths = np.linalg.norm(axes.reshape(2, 3), axis=1)
    if not ((lengths > 0.9) & (lengths < 1.1)).all():
        raise header.wrong("ImageOrientationPatient", "two directions of length 1 are expected")
    return _unit(axes[:3]), _unit(axes[3:])


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / float(np.linalg.norm(vector))


def check_slice_positions(positions: np.ndarray, normal: np.ndarray, path: Path) -> float:
    """Mean slice distance in mm of (n, 3) LPS positions sorted along `normal`.

    Raises InputError for missing slices (says where), two slices in one place, uneven distances and sheared
    stacks.
    """
    heights = positions @ normal
    gaps = np.diff(heights)
    typical = float(np.median(gaps))
    if typical <= 1e-3 or gaps.min() < DISTANCE_TOLERANCE * typical:
        raise InputError(
            f"'{path}' has two different slices at the same place (near {heights[int(gaps.argmin())]:.1f} mm "
            "along the stack), as if two scans were mixed: keep one scan per folder."
        )
    widest = int(gaps.argmax())
    if gaps[widest] > 1.5 * typical:
        missing = int(sum(round(g / typical) - 1 for g in gaps if g > 1.5 * typical))
        raise InputError(
            f"'{path}' lacks {missing} of its slices: the first gap is after slice "
            f"{int(np.argmax(gaps > 1.5 * typical)) + 1} of {len(positions)}, and the widest goes from "
            f"{heights[widest]:.1f} to {heights[widest + 1]:.1f} mm along the stack ({typical:.2f} mm is usual). "
            "Copy the whole scan again."
        )
    if np.abs(gaps - typical).max() > DISTANCE_TOLERANCE * typical:
        raise InputError(
            f"'{path}' has uneven slice distances ({gaps.min():.2f} to {gaps.max():.2f} mm): export it with even ones."
        )
    drift = positions[-1] - positions[0]
    sideways = float(np.linalg.norm(drift - (drift @ normal) * normal))
    if sideways > 0.01 * abs(float(drift @ normal)) + 0.05:
        raise InputError(
            f"'{path}' is a leaning stack (gantry tilt, {sideways:.1f} mm sideways): export it on a straight grid."
        )
    return float(heights[-1] - heights[0]) / (len(heights) - 1)


def frame_positions(header: DicomHeader) -> tuple[np.ndarray, np.ndarray] | None:
    """((n, 3) LPS positions, (3,) normal) of an enhanced object's frames, None where not stated. Raises InputError."""
    frames = header.items("PerFrameFunctionalGroupsSequence")
    shared = header.items("SharedFunctionalGroupsSequence")
    positions = []
    for frame in frames:
        places = frame.items("PlanePositionSequence")
        place = places[0].numbers("ImagePositionPatient", 3) if places else None
        if place is None:
            return None
        positions.append(place)
    if not positions:
        return None
    orientations = shared[0].items("PlaneOrientationSequence") if shared else []
    orientations = orientations or frames[0].items("PlaneOrientationSequence")
    if not orientations or not orientations[0].has("ImageOrientationPatient"):
        return None
    return np.array(positions), np.cross(*unit_axes(orientations[0]))
