"""Volumes from arrays of other programs, and layers for napari."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import InputError, UsageError
from .grid import Volume
from .orientation import FORMS, directions_of, require_orientation


def from_numpy(
    array: np.ndarray,
    spacing: Sequence[float],
    orientation: str,
    *,
    origin: Sequence[float] = (0.0, 0.0, 0.0),
    name: str = "volume",
) -> Volume:
    """A volume, of grey values or of labels, from an array whose place is known to the caller.

    Parameters
    ----------
    array : numpy.ndarray
        (z, y, x): slices, rows, columns; numbers or bool. Not copied.
    spacing : sequence of float
        Voxel size in mm along the array's own axes, (z, y, x).
    orientation : str
        The sides of the patient to which columns, rows and slices run (x, y, z), such as "LPS": columns to the
        patient's left, rows to the back, slices to the top. Nobody can find that out from an array, so it has no
        default: a wrong word exchanges left and right.
    origin : sequence of float
        Where the middle of voxel (0, 0, 0) lies, LPS mm (x, y, z).
    name : str
        What results are called.

    Returns
    -------
    Volume

    Raises
    ------
    InputError
        For an array that is not 3D or holds no numbers, and a spacing that is none.
    UsageError
        For an orientation that is none.

    Examples
    --------
    >>> volume = from_numpy(np.zeros((40, 50, 60), np.int16), (0.5, 0.3, 0.3), "RAS")
    >>> volume.spacing
    (0.3, 0.3, 0.5)
    """
    require_orientation(orientation)
    if orientation is None or orientation in FORMS:
        raise UsageError("Say how the array lies with three letters, such as LPS or RAS.")
    array = np.asarray(array)
    if array.dtype.kind not in "buif":
        raise InputError(f"The array holds values of type {array.dtype}: give numbers.")
    if len(spacing) != 3:
        raise InputError("The spacing needs three numbers, mm along the array's axes (z, y, x).")
    z, y, x = (float(v) for v in spacing)
    direction = tuple((directions_of(orientation) + 0.0).ravel().tolist())
    first = tuple(float(v) for v in origin)
    return Volume(array, (x, y, z), first, direction, name)  # type: ignore[arg-type]  # three numbers, else refused


def to_napari(volume: Volume, *, labels: bool = False) -> tuple[np.ndarray, dict[str, Any], str]:
    """A layer for napari, as its readers give them: `viewer.add_layer(napari.layers.Layer.create(*to_napari(v)))`.

    Parameters
    ----------
    volume : Volume
        Grey values, or labels.
    labels : bool
        Whether it is a label map: its values are then shown as colours.

    Returns
    -------
    tuple
        The array (z, y, x), what the layer is made with, and "image" or "labels". Its affine leads to millimetres: to
        the patient's top, back and left, so that scan, labels and other layers lie on each other.

    Raises
    ------
    InputError
        For labels that are no whole numbers.
    """
    if labels and volume.array.dtype.kind not in "bui":
        raise InputError("Labels must be whole numbers: this volume holds fractions.")
    lps = volume.index_to_ras_matrix() * np.array([[-1.0], [-1.0], [1.0], [1.0]])
    order = [2, 1, 0, 3]  # napari counts its axes as arrays do
    return volume.array, {"name": volume.name, "affine": lps[np.ix_(order, order)]}, "labels" if labels else "image"
