"""The structures network over a scan: probabilities of jaws, canals, sinuses and airway at 1 mm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..errors import ModelError
from ..files.volumes import Volume
from ..files.volumes.boxes import Box, box_of
from ..networks.models import Model
from ..options import Progress
from ..stages import FIND_STRUCTURES
from .inference import Tile, check, margin_of, normalise, pad_to, plan_tiles
from .region import DentalRegion

_TILE_VOXELS = 4_200_000  # seen at once, about 300 MB
_BLOCK = 8  # voxels; the unit of `plan_tiles`
# Around the origin of the mean dentition, the bite of its front teeth (R, A, S mm, low and high): to the mandible's
# angles and condyles, its lower border, the sinuses' roofs and the throat's back wall; and around the teeth that there
# are, wherever a tilted head has them.
_REACH_MM = ((-65.0, -100.0, -55.0), (65.0, 20.0, 60.0))
_AROUND_TEETH_MM = 10.0


@dataclass(frozen=True)
class StructureMap:
    """The network's answer. probabilities: uint8 (classes, z, y, x), 255 = certain, on an upright grid; grid: that
    grid, without grey values; keys: of `dentition.structures`, one a class, the first the background; canal and sinus
    have no side."""

    probabilities: np.ndarray
    grid: Volume
    keys: tuple[str, ...]

    def of(self, key: str) -> np.ndarray:
        """uint8 (z, y, x) of one structure."""
        return self.probabilities[self.keys.index(key)]

    def owners(self) -> np.ndarray:
        """uint8 (z, y, x): place in `keys` of the likeliest."""
        best, owner = self.probabilities[0].copy(), np.zeros(self.grid.array.shape, np.uint8)
        for number, one in enumerate(self.probabilities[1:], start=1):
            np.copyto(owner, number, where=one > best)
            np.maximum(best, one, out=best)
        return owner


STRUCTURE_KEYS = ("background", "upper_jaw", "mandible", "canal", "sinus", "airway")
TISSUE_KEYS = ("background", "pulp", "enamel", "filling", "crown", "implant", "bracket")


def keys_of(model: Model, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """What a network's classes are, in its order. ModelError where it lacks one, or has another."""
    keys = tuple(str(key) for key in model.metadata["labels"])
    if keys[:1] != wanted[:1] or set(keys) != set(wanted):
        raise ModelError(f"The network {model.id} tells {', '.join(keys)} apart, not {', '.join(wanted)}.")
    return keys


def run_structures(
    model: Model,
    grid: Volume,
    scan: Volume,
    region: DentalRegion,
    progress: Progress,
    cancelled: Callable[[], bool] | None,
    outside: Volume | None = None,
) -> StructureMap:
    """The structures network around the dentition.

    Parameters
    ----------
    model : Model
        A network of the task "structures".
    grid : Volume
        The scan at the network's spacing, upright.
    scan : Volume
        The scan itself.
    region : DentalRegion
        Where the teeth are.
    progress, cancelled
        As in `options.RunOptions`.
    outside : Volume, optional
        As `inference.normalise` has it.
    """
    image = normalise(grid, scan, tuple(model.metadata["clip_percentiles"]), outside)
    box = _box_around(region, grid)
    image = image[box]
    divisor, fill = int(model.metadata["divisor"]), float(image.min())
    needed = np.ones([-(-n // _BLOCK) for n in image.shape], bool)
    tiles = plan_tiles(needed, image.shape, margin_of(model, 16), divisor, _TILE_VOXELS)
    keys = keys_of(model, STRUCTURE_KEYS)
    out = np.zeros((len(keys), *image.shape), np.uint8)
    for number, tile in enumerate(tiles):
        progress(FIND_STRUCTURES, number, len(tiles))
        check(cancelled)
        part = pad_to(image[tile.seen], tuple(s.stop - s.start for s in tile.seen), fill)
        of_all, of_tile = (slice(None), *tile.kept), (slice(None), *_kept_in(tile))
        out[of_all] = model.run(part, cancelled)[of_tile]
    progress(FIND_STRUCTURES, 1, 1)
    corner = grid.index_to_ras(np.array([b.start for b in box]))
    nothing = np.broadcast_to(np.zeros((), np.uint8), image.shape)
    return StructureMap(out, replace(grid, array=nothing, origin=(-corner[0], -corner[1], corner[2])), keys)


def _kept_in(tile: Tile) -> Box:
    """The part of a tile's answer that is kept."""
    return box_of(slice(k.start - s.start, k.stop - s.start) for k, s in zip(tile.kept, tile.seen, strict=True))


def _box_around(region: DentalRegion, grid: Volume) -> Box:
    """The grid's voxels around the dentition."""
    first, step = grid.index_to_ras(np.zeros(3)), grid.spacing[0]
    reach = np.array(_REACH_MM) + region.origin
    own = np.array(region.box) + [[-_AROUND_TEETH_MM], [_AROUND_TEETH_MM]]
    low, high = (np.minimum(reach[0], own[0]) - first) / step, (np.maximum(reach[1], own[1]) - first) / step
    return box_of(
        slice(max(0, int(np.floor(a))), min(n, int(np.ceil(b)) + 1))
        for a, b, n in zip(low[::-1], high[::-1], grid.array.shape, strict=True)
    )
