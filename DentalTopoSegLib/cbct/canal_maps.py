"""The canals network over the lower jaw: where the mandibular canals run, at a finer grid than the jaws."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from ..errors import ModelError
from ..files.volumes import Volume, resample_ras
from ..files.volumes.boxes import Box, box_of, grow
from ..networks.models import Model
from ..options import Progress
from ..stages import FIND_STRUCTURES
from .inference import check, margin_of, normalise, pad_to, plan_tiles
from .instances import HALF
from .region import DentalRegion
from .structure_maps import StructureMap, keys_of

CANAL_KEYS = ("background", "near", "canal")
_OUTPUTS = ["tube", "near"]
"""What the network gives of them: the probability of either of the last two, and of the first of those."""
_BLOCK = 8  # voxels; the unit of `plan_tiles`
_MARGIN_MM = 3.0
"""Around the lower jaw: its bone may be drawn too small."""
_OVER_BITE_MM = 20.0
"""Over the bite of the front teeth the mandibular foramen lies at most so high; what is above holds no canal."""
_LEAST_SIDE_MM3 = 5000.0
"""Of lower jaw on one side, with that margin, for it to be looked at by itself."""


def run_canals(
    model: Model,
    scan: Volume,
    around: StructureMap,
    region: DentalRegion,
    progress: Progress,
    cancelled: Callable[[], bool] | None,
    outside: Volume | None = None,
) -> StructureMap | None:
    """The canals network along the lower jaw, one side after the other.

    Parameters
    ----------
    model : Model
        A network of the task "canals".
    scan : Volume
        Any orientation.
    around : StructureMap
        What the structures network said: where the lower jaw is.
    region : DentalRegion
        Where the teeth are.
    progress, cancelled
        As in `options.RunOptions`.
    outside : Volume, optional
        As `inference.normalise` has it.

    Returns
    -------
    StructureMap or None
        Of `CANAL_KEYS`, background where it has not looked; None where there is no lower jaw.

    Raises
    ------
    ModelError
        The network tells other things apart, or gives other maps.
    Cancelled
        Once `cancelled` answers True.
    """
    from scipy import ndimage

    keys = keys_of(model, CANAL_KEYS)
    if model.metadata.get("outputs") != _OUTPUTS:
        raise ModelError(f"The network {model.id} does not give {' and '.join(_OUTPUTS)}: use another one.")
    spacing = float(model.metadata["spacing_mm"])
    jaw = around.of("mandible") >= HALF
    jaw |= around.of("canal") >= HALF
    heights = around.grid.index_to_ras(np.arange(len(jaw))[:, None] * np.array([1.0, 0.0, 0.0]))[:, 2]
    jaw[heights > region.origin[2] + _OVER_BITE_MM] = False
    jaw = _large(jaw)
    used = ndimage.find_objects(jaw.view(np.uint8))
    if not used:
        return None
    margin = int(np.ceil(_MARGIN_MM / around.grid.spacing[0]))
    box = grow(box_of(used[0]), margin)
    low, high = around.grid.index_to_ras(np.array([[s.start for s in box], [s.stop for s in box]]) - 0.5)
    grid = resample_ras(scan, spacing, (np.minimum(low, high), np.maximum(low, high)))
    bone = ndimage.binary_dilation(on_grid(jaw, around.grid, grid), iterations=round(_MARGIN_MM / spacing))
    out = np.zeros((len(keys), *grid.array.shape), np.uint8)
    out[0] = 255
    divisor = int(model.metadata["divisor"])
    for half in _halves(bone, grid, region):
        part = _cut(grid, half)
        image = normalise(part, scan, tuple(model.metadata["clip_percentiles"]), outside)
        tiles = plan_tiles(_blocks(bone[half]), image.shape, margin_of(model, 16), divisor)
        for tile in tiles:
            progress(FIND_STRUCTURES, 1, 2)
            check(cancelled)
            shown = pad_to(image[tile.seen], tuple(s.stop - s.start for s in tile.seen), float(image.min()))
            of_tile = box_of(
                slice(k.start - s.start, k.stop - s.start) for k, s in zip(tile.kept, tile.seen, strict=True)
            )
            tube, near = (one[of_tile] for one in model.run(shown, cancelled))
            near = np.minimum(near, tube)
            kept = box_of(slice(h.start + k.start, h.start + k.stop) for h, k in zip(half, tile.kept, strict=True))
            for channel, one in zip(out, (255 - tube, near, tube - near), strict=True):
                channel[kept] = one
    nothing = np.broadcast_to(np.zeros((), np.uint8), grid.array.shape)
    return StructureMap(out, grid.with_array(nothing), keys)


def _large(jaw: np.ndarray) -> np.ndarray:
    """The pieces of a mask that are at least a tenth of the largest: two halves of a jaw, not what is taken for one."""
    from scipy import ndimage

    pieces, count = ndimage.label(jaw)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)
    sizes[0] = 0
    return (sizes >= max(1.0, 0.1 * sizes.max()))[pieces]


def course_of(closer: StructureMap) -> np.ndarray:
    """uint8 (z, y, x): how sure it is that a canal is here, or at the least near: what hardly shows still has a course.
    Where a canal is sure, what is only near it stays below one half."""
    return closer.of("canal") + closer.of("near") // 2


def on_grid(mask: np.ndarray, coarse: Volume, grid: Volume) -> np.ndarray:
    """bool on the finer grid: the mask's nearest voxel; both grids are upright."""
    first = coarse.ras_to_index(grid.index_to_ras(np.zeros(3)))
    step = grid.spacing[0] / coarse.spacing[0]
    rows, inside = [], []
    for start, n, size in zip(first, grid.array.shape, mask.shape, strict=True):
        at = np.rint(start + step * np.arange(n)).astype(np.intp)
        inside.append((at >= 0) & (at < size))
        rows.append(np.clip(at, 0, size - 1))
    return mask[np.ix_(*rows)] & inside[0][:, None, None] & inside[1][:, None] & inside[2]


def _halves(bone: np.ndarray, grid: Volume, region: DentalRegion) -> Iterator[Box]:
    """The parts of the grid round the lower jaw on either side of the arch's middle, or round all of it where the scan
    shows one side; grey values are normalised in each by themselves, as the network has learned it."""
    from scipy import ndimage

    middle = int(np.clip(np.rint(grid.ras_to_index(region.origin)[2]), 0, bone.shape[2]))
    least = _LEAST_SIDE_MM3 / grid.spacing[0] ** 3
    sides = [(0, middle), (middle, bone.shape[2])]
    if min(np.count_nonzero(bone[:, :, a:b]) for a, b in sides) < least:
        sides = [(0, bone.shape[2])]
    for a, b in sides:
        used = ndimage.find_objects(bone[:, :, a:b].view(np.uint8))
        if used:
            z, y, x = used[0]
            yield box_of((z, y, slice(a + x.start, a + x.stop)))


def _cut(grid: Volume, box: Box) -> Volume:
    corner = grid.index_to_ras(np.array([s.start for s in box]))
    return replace(grid, array=grid.array[box], origin=(-corner[0], -corner[1], corner[2]))


def _blocks(bone: np.ndarray) -> np.ndarray:
    """Which blocks hold bone: bool of the shape / `_BLOCK` rounded up."""
    for axis, n in enumerate(bone.shape):
        bone = np.logical_or.reduceat(bone, np.arange(0, n, _BLOCK), axis=axis)
    return bone
