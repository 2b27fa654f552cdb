"""Resampling onto upright RAS grids and back, in the scan's own small type and with bounded memory.

Down-sampling is anti-aliased in two steps: whole voxels are averaged first (`BinShrink`, in the native
type and slab by slab, so a large scan never exists as float nor twice), then three taps take care of what is
left of the factor (< 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...errors import InputError
from .grid import Volume

RAS_DIRECTION = (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0)
_INTERPOLATIONS = ("linear", "nearest", "label")
# Half-width kept around a requested box, in voxels of the source: the reach of interpolation and smoothing.
_CROP_MARGIN = 4
# A large scan is averaged in slabs of about this many voxels: SimpleITK copies what it is given.
_SLAB_VOXELS = 1 << 24


def resample_ras(
    volume: Volume,
    spacing_mm: float,
    box_ras: tuple[Sequence[float] | np.ndarray, Sequence[float] | np.ndarray] | None = None,
    interpolation: str = "linear",
    default: float | None = None,
) -> Volume:
    """Resample onto an isotropic upright grid: array axes z -> Superior, y -> Anterior, x -> patient's Right.

    Parameters
    ----------
    volume : Volume
        In any orientation.
    spacing_mm : float
        Voxel size of the new grid.
    box_ras : tuple, optional
        Lower and upper corner (R, A, S) in mm of the outer voxel faces; None takes the whole scan.
    interpolation : str
        "linear" for images (anti-aliased), "nearest" or "label" (smooth borders) for label maps.
    default : float, optional
        Fills what lies outside the scan: None is the scan's minimum, or 0 for label maps.

    Returns
    -------
    Volume
        With the type of the array kept.

    Raises
    ------
    InputError
        For an empty box or an unknown interpolation.
    """
    if not spacing_mm > 0:
        raise InputError(f"The grid's spacing must be positive, it is {spacing_mm} mm.")
    lower, upper = volume.ras_bounds() if box_ras is None else np.asarray(box_ras, dtype=float)
    if not np.all(upper > lower):
        raise InputError(f"The box from {tuple(lower)} to {tuple(upper)} mm (RAS) is empty.")
    # An extent of 10.0000001 voxels is 10 voxels: rounding noise must not add a slice.
    count = np.maximum(1, np.ceil((upper - lower) / spacing_mm - 1e-4).astype(int))
    first = lower + spacing_mm / 2
    grid = Volume(
        np.broadcast_to(np.zeros((), volume.array.dtype), tuple(count[::-1])),
        (spacing_mm,) * 3,
        (-first[0], -first[1], first[2]),
        RAS_DIRECTION,
        volume.name,
    )
    return resample_like(volume, grid, interpolation, default)


def resample_like(
    volume: Volume, reference: Volume, interpolation: str = "linear", default: float | None = None
) -> Volume:
    """Resample onto `reference`'s grid (any direction); arguments and errors as in resample_ras."""
    import SimpleITK as sitk

    if interpolation not in _INTERPOLATIONS:
        raise InputError(f"Interpolation '{interpolation}' is unknown: choose one of {', '.join(_INTERPOLATIONS)}.")
    if default is None:
        default = float(volume.array.min()) if interpolation == "linear" else 0.0
    cropped = _crop_to(volume, reference)
    if cropped is None:  # no overlap at all: an honest grid of the fill value
        array = np.full(reference.shape, default, dtype=volume.array.dtype)
        return replace(reference, array=array, name=volume.name, metadata={})
    image = _low_pass(cropped, reference) if interpolation == "linear" else cropped.to_sitk()
    resampler = sitk.ResampleImageFilter()
    resampler.SetSize([int(n) for n in reference.shape[::-1]])
    resampler.SetOutputSpacing(reference.spacing)
    resampler.SetOutputOrigin(reference.origin)
    resampler.SetOutputDirection(reference.direction)
    resampler.SetDefaultPixelValue(default)
    interpolators = {
        "linear": sitk.sitkLinear,
        "nearest": sitk.sitkNearestNeighbor,
        "label": sitk.sitkLabelLinear,
    }
    resampler.SetInterpolator(interpolators[interpolation])
    array = sitk.GetArrayFromImage(resampler.Execute(image))
    return replace(reference, array=array.astype(volume.array.dtype, copy=False), name=volume.name, metadata={})


def _crop_to(volume: Volume, reference: Volume) -> Volume | None:
    """The part of `volume` under the reference grid, None when they do not meet: the rest is not copied."""
    last = np.asarray(reference.shape) - 0.5
    corners = np.array([[(-0.5, last[a])[i >> a & 1] for a in range(3)] for i in range(8)])
    index = volume.ras_to_index(reference.index_to_ras(corners))
    ratio = np.max(reference.spacing) / np.asarray(volume.spacing)[::-1]
    margin = _CROP_MARGIN + np.ceil(2 * np.maximum(ratio, 1))
    start = np.floor(index.min(axis=0) - margin).astype(int)
    stop = np.ceil(index.max(axis=0) + margin).astype(int) + 1
    if np.any(index.max(axis=0) < -0.5) or np.any(index.min(axis=0) > np.asarray(volume.shape) - 0.5):
        return None
    start, stop = np.clip(start, 0, None), np.minimum(stop, volume.shape)
    part = volume.array[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))]
    first = volume.index_to_ras(start)
    return replace(volume, array=part, origin=(-first[0], -first[1], first[2]))


def _low_pass(volume: Volume, reference: Volume):
    """A SimpleITK image of `volume`, averaged along its own axes for sampling at the reference's spacing."""
    import SimpleITK as sitk
    from scipy import ndimage

    # Step of the reference grid along each axis of the volume: the coarsest of the axes that run along it.
    axes = np.reshape(volume.direction, (3, 3))
    steps = np.abs(axes.T @ np.reshape(reference.direction, (3, 3))) * np.asarray(reference.spacing)
    factor = steps.max(axis=1) / np.asarray(volume.spacing)
    shrink = [max(1, min(int(np.floor(f + 1e-6)), n)) for f, n in zip(factor, volume.shape[::-1], strict=True)]
    rest = factor / np.asarray(shrink)
    image = None  # SimpleITK copies every array: only where it has something to do
    if max(shrink) > 1:
        image = _bin_shrink(volume, shrink)
    elif rest.max() < 1.1:
        image = volume.to_sitk()
    if rest.max() < 1.1:
        return image
    array = volume.array if image is None else sitk.GetArrayViewFromImage(image)
    for axis, f in zip((2, 1, 0), rest, strict=True):
        if f >= 1.1:
            # Three taps of variance (f^2 - 1) / 12 turn a box of one voxel into one of f voxels (second moments add).
            side = (f**2 - 1) / 24
            array = ndimage.correlate1d(array, [side, 1 - 2 * side, side], axis, np.float32, mode="nearest")
    if image is None:
        return volume.with_array(array).to_sitk()
    smooth = sitk.GetImageFromArray(array)
    smooth.CopyInformation(image)
    return smooth


def _bin_shrink(volume: Volume, shrink: Sequence[int]):
    """`sitk.BinShrink` of `volume` by whole factors (x, y, z): means of blocks of voxels, an incomplete last one left
    out."""
    import SimpleITK as sitk

    x, y, z = shrink
    planes, rows, columns = (n // f for n, f in zip(volume.shape, (z, y, x), strict=True))
    array = np.empty((planes, rows, columns), volume.array.dtype)
    step = max(1, _SLAB_VOXELS // (z * volume.shape[1] * volume.shape[2]))
    grid: tuple = ()
    for start in range(0, planes, step):
        stop = min(start + step, planes)
        slab = sitk.BinShrink(replace(volume, array=volume.array[start * z : stop * z]).to_sitk(), [x, y, z])
        array[start:stop] = sitk.GetArrayViewFromImage(slab)
        grid = grid or (slab.GetOrigin(), slab.GetSpacing(), slab.GetDirection())
    image = sitk.GetImageFromArray(array)
    origin, spacing, direction = grid  # of the first slab, which starts where the scan does
    image.SetOrigin(origin)
    image.SetSpacing(spacing)
    image.SetDirection(direction)
    return image
