"""Running the two networks over a scan: grey-value normalisation, tiles, probability maps as uint8 (255 =
certain)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import Cancelled, InputError, ModelError
from ..files.volumes import Volume, resample_like
from ..files.volumes.boxes import Box, box_of
from ..networks.models import Model
from ..options import Progress
from ..stages import DRAW_BORDERS, FIND_TEETH
from .views import ONCE, Average, View, twin_channels

WHOLE_SCAN_VOXELS = 8_000_000  # up to here the numbering network sees the scan in one piece
_TOOTH_LIKE = 0.5  # z-score; bone and teeth are brighter than a scan's mean, air and the edge of its field are not
_TOOTH_LIKE_BLOCK = 4  # voxels; so large is the least that counts
# Of the border network: a whole usual dentition at once, about 300 MB; two tiles see what lies between them twice.
_TILE_VOXELS = 4_200_000
_BLOCK = 8  # voxels; where the border network is needed is decided in blocks of this side


@dataclass(frozen=True)
class CoarseMap:
    """The numbering network's answer: uint8 (33, D, H, W), 255 = certain, on an upright RAS grid; origin: RAS
    mm of voxel 0's centre."""

    probabilities: np.ndarray
    origin: np.ndarray
    spacing: float

    @property
    def tooth(self) -> np.ndarray:
        """uint8 (D, H, W): probability of any tooth."""
        return 255 - self.probabilities[0]

    def to_ras(self, index_zyx: np.ndarray) -> np.ndarray:
        """(..., 3) indices z, y, x -> (..., 3) RAS mm."""
        return self.origin + np.asarray(index_zyx)[..., ::-1] * self.spacing

    def nearest(self, grid: Volume) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """For an upright grid: per axis (z, y, x) the index of the coarse voxel nearest to each of its
        planes, clipped."""
        first = grid.index_to_ras(np.zeros(3))
        step = grid.spacing[0]
        return tuple(
            np.clip(
                np.rint((first[a] + step * np.arange(grid.array.shape[2 - a]) - self.origin[a]) / self.spacing),
                0,
                self.probabilities.shape[3 - a] - 1,
            ).astype(np.intp)
            for a in (2, 1, 0)
        )


def _counted(progress: Progress, stage: str, total: int) -> Callable[[], None]:
    """Tells, each time it is called, that one more of `total` begins."""
    count = itertools.count()
    return lambda: progress(stage, next(count), total)


def check(cancelled: Callable[[], bool] | None) -> None:
    """Raise Cancelled if the caller wants to stop."""
    if cancelled is not None and cancelled():
        raise Cancelled()


def inside_scan(grid: Volume, scan: Volume) -> np.ndarray | None:
    """Boolean mask of grid voxels whose centre lies within the scan, or None if all do (any direction
    matrix)."""
    size = np.array(scan.array.shape, float)
    ends = [np.array((0, n - 1)) for n in grid.array.shape]
    corners = np.array(list(itertools.product(*ends)), float)
    index = scan.ras_to_index(grid.index_to_ras(corners))
    if (index >= -0.501).all() and (index <= size - 0.499).all():
        return None
    zero = scan.ras_to_index(grid.index_to_ras(np.zeros(3)))
    steps = [scan.ras_to_index(grid.index_to_ras(np.eye(3)[k])) - zero for k in range(3)]
    mask = np.ones(grid.array.shape, bool)
    z, y, x = (np.arange(n, dtype=np.float32) for n in grid.array.shape)
    for k in range(3):
        plane = y[:, None] * np.float32(steps[1][k]) + x[None, :] * np.float32(steps[2][k]) + np.float32(zero[k])
        for i, height in enumerate(z * np.float32(steps[0][k])):
            where = plane + height
            mask[i] &= (where >= -0.501) & (where <= size[k] - 0.499)
    return mask


def normalise(
    grid: Volume, scan: Volume, percentiles: tuple[float, float], outside: Volume | None = None
) -> np.ndarray:
    """Clip the grid's grey values to the percentiles of its voxels inside the scan, then z-score; float32.

    The same statistics as in training: at most about 200,000 evenly spaced voxels. outside: where not 0, the scan's
    voxels lie outside of its field of view; their grey values do not count. InputError if the scan has no contrast.
    """
    array = grid.array
    step = max(1, round((array.size / 200_000) ** (1 / 3)))
    values = array[::step, ::step, ::step]
    mask = inside_scan(grid, scan)
    if outside is not None:
        field = resample_like(outside, grid, "nearest").array == 0
        mask = field if mask is None else field & mask
    if mask is not None and mask[::step, ::step, ::step].any():
        values = values[mask[::step, ::step, ::step]]
    values = values.astype(np.float32)
    low, high = np.percentile(values, percentiles)
    if not high > low:
        raise InputError(f"The scan {scan.name} has the same grey value ({low:g}) nearly everywhere: it shows nothing.")
    values = np.clip(values, low, high)
    out = np.clip(array.astype(np.float32), np.float32(low), np.float32(high))
    out -= np.float32(values.mean())
    out /= np.float32(max(float(values.std()), 1e-6))
    return out


def pad_to(part: np.ndarray, shape: tuple[int, ...], fill: float) -> np.ndarray:
    """A part of a scan made larger at its far ends."""
    if part.shape == tuple(shape):
        return part
    out = np.full(shape, fill, np.float32)
    out[tuple(slice(0, n) for n in part.shape)] = part
    return out


def _as_bytes(probabilities: np.ndarray, scale: float) -> np.ndarray:
    """Network output -> uint8 with 255 = certain."""
    if probabilities.dtype == np.uint8 and scale == 255:
        return probabilities
    return np.clip(probabilities.astype(np.float32) * np.float32(255.0 / scale) + 0.5, 0, 255).astype(np.uint8)


See = Callable[[np.ndarray], np.ndarray]
"""What a network, or two, say of a part of the scan (z, y, x): uint8 (channels, z, y, x), 255 = certain."""


def _seen_by(model: Model, cancelled: Callable[[], bool] | None) -> See:
    return lambda part: _as_bytes(model.run(part, cancelled), model.output_scale)


def _look(
    see: See,
    part: np.ndarray,
    views: Sequence[View],
    twins: np.ndarray | None,
    told: Callable[[], None],
    cancelled: Callable[[], bool] | None,
) -> np.ndarray:
    """The network's answer to one part of the scan, the mean over the views: uint8 (channels, z, y, x). twins: as
    `View.bring_back` has them; told: called before each view."""
    average = None
    for view in views:
        told()
        check(cancelled)
        answer = see(view.show(part))
        if len(views) == 1:
            return answer
        average = average or Average(answer.shape)
        average.add(*view.bring_back(answer, twins, cancelled))
    assert average is not None  # there is at least one view
    return average.mean()


def run_numbering(
    model: Model,
    grid: Volume,
    scan: Volume,
    progress: Progress,
    cancelled: Callable[[], bool] | None,
    outside: Volume | None = None,
    views: Sequence[View] = ONCE,
) -> CoarseMap:
    """Numbering network over the whole scan (grid: the scan at the model's spacing, upright), in each of the views;
    outside: as `normalise` has it."""
    image = normalise(grid, scan, tuple(model.metadata["clip_percentiles"]), outside)
    stride, divisor = int(model.metadata["output_stride"]), int(model.metadata["divisor"])
    even = tuple(-(-n // stride) * stride for n in image.shape)
    fill = float(image.min())
    image = pad_to(image, even, fill)
    blocks = tooth_like(image)
    box = box_to_see(blocks, image.shape, divisor)
    tiles = _numbering_tiles(blocks, box, margin_of(model, 32), divisor)
    twins = twin_channels(model.metadata["labels"]) if len(views) > 1 else None
    out, see = None, _seen_by(model, cancelled)
    told = _counted(progress, FIND_TEETH, len(tiles) * len(views))
    for tile in tiles:
        side = tuple(s.stop - s.start for s in tile.seen)
        answer = _look(see, pad_to(image[box][tile.seen], side, fill), views, twins, told, cancelled)
        if out is None:
            out = np.zeros((answer.shape[0], *(n // stride for n in even)), np.uint8)
            out[0] = 255
        local = box_of(
            slice((k.start - s.start) // stride, (k.stop - s.start) // stride)
            for k, s in zip(tile.kept, tile.seen, strict=True)
        )
        kept = box_of(
            slice((k.start + b.start) // stride, (k.stop + b.start) // stride)
            for k, b in zip(tile.kept, box, strict=True)
        )
        of_all, of_tile = (slice(None), *kept), (slice(None), *local)
        out[of_all] = answer[of_tile]
    assert out is not None  # an array has at least one tile
    progress(FIND_TEETH, 1, 1)
    first = grid.index_to_ras(np.zeros(3)) + (stride - 1) / 2 * grid.spacing[0]
    return CoarseMap(out, first, stride * grid.spacing[0])


def margin_of(model: Model, usual: int) -> int:
    """How many voxels around what is kept a network must see, a multiple of its divisor; usual: if it does not say."""
    divisor = int(model.metadata["divisor"])
    return -(-int(model.metadata.get("receptive_margin_vox", usual)) // divisor) * divisor


def tooth_like(image: np.ndarray) -> np.ndarray:
    """Which blocks of the z-scored scan can hold bone or tooth: bool (D, H, W) / _TOOTH_LIKE_BLOCK rounded up."""
    side = _TOOTH_LIKE_BLOCK
    starts = [np.arange(0, n, side) for n in image.shape]
    total = image
    for axis, first in enumerate(starts):
        total = np.add.reduceat(total, first, axis=axis)
    lengths = [np.diff([*first, n]) for first, n in zip(starts, image.shape, strict=True)]
    return total > _TOOTH_LIKE * np.einsum("i,j,k->ijk", *lengths)


def box_to_see(blocks: np.ndarray, shape: tuple[int, ...], divisor: int) -> Box:
    """The part of a scan of this shape outside of which is no block with bone or tooth; what its sides need to become
    multiples of the divisor is given to both ends, so far as there is scan. All of it where no block is True."""
    if not blocks.any():
        return box_of(slice(0, n) for n in shape)
    sides = []
    first, last = (_TOOTH_LIKE_BLOCK * ends for ends in _bounds(blocks))
    for low, high, n in zip(first, last, shape, strict=True):
        length = min(high, n) - low
        side = -(-length // divisor) * divisor
        start = max(0, min(low - (side - length) // 4 * 2, n - side))  # even, as the coarse grid has stride 2
        sides.append(slice(int(start), int(min(start + side, n))))
    return box_of(sides)


def _numbering_tiles(blocks: np.ndarray, box: Box, margin: int, divisor: int) -> list[Tile]:
    """The box in one piece, or if it is too large in tiles without those that show no bone and no tooth."""
    shape = tuple(b.stop - b.start for b in box)
    seen = box_of(slice(0, -(-n // divisor) * divisor) for n in shape)
    if np.prod(shape) <= WHOLE_SCAN_VOXELS:
        return [Tile(box_of(slice(0, n) for n in shape), seen)]
    places = [
        np.minimum((b.start + np.arange(0, n, _BLOCK)[:, None] + [0, _BLOCK - 1]) // _TOOTH_LIKE_BLOCK, limit - 1)
        for b, n, limit in zip(box, shape, blocks.shape, strict=True)
    ]
    needed = np.zeros([len(p) for p in places], bool)
    for corner in itertools.product((0, 1), repeat=3):
        needed |= blocks[np.ix_(*(p[:, c] for p, c in zip(places, corner, strict=True)))]
    return plan_tiles(needed, shape, margin, divisor, WHOLE_SCAN_VOXELS)


def needed_blocks(coarse: CoarseMap, grid: Volume, least: int = 26, reach_mm: float = 4.0) -> np.ndarray:
    """Which blocks of the fine grid can hold tooth: bool (D, H, W) / _BLOCK rounded up, from the coarse map
    grown by reach_mm."""
    from scipy import ndimage

    size = 2 * int(np.ceil(reach_mm / coarse.spacing)) + 1
    near = ndimage.maximum_filter(coarse.tooth, size) >= least
    fine = near[np.ix_(*coarse.nearest(grid))]
    full = tuple(-(-n // _BLOCK) * _BLOCK for n in fine.shape)
    padded = np.zeros(full, bool)
    padded[tuple(slice(0, n) for n in fine.shape)] = fine
    d, h, w = (n // _BLOCK for n in full)
    return np.logical_or.reduce(padded.reshape(d, _BLOCK, h, _BLOCK, w, _BLOCK), axis=(1, 3, 5))


@dataclass(frozen=True)
class Tile:
    """A part of the fine grid: what is kept of the network's answer, and what the network is shown for it."""

    kept: Box
    seen: Box


def plan_tiles(
    needed: np.ndarray, shape: tuple[int, ...], margin: int, divisor: int, most: int | None = None
) -> list[Tile]:
    """Tiles that show the network as few voxels as possible, none more than `most`, _TILE_VOXELS without it (unless one
    unit is).

    needed: blocks that must be kept; shape: of the grid, voxels. Every kept voxel is seen with `margin` voxels around
    it, but not beyond the grid (rounded up to the divisor): there is nothing to see. Tiles start on one raster of
    `divisor` voxels, or the network's strided layers would answer differently; those without a needed block are left
    out, the others shrunk to their needed blocks.
    """
    unit, most = max(divisor, _BLOCK), most or _TILE_VOXELS
    cells = _any_of(needed, [np.arange(0, n, unit // _BLOCK) for n in needed.shape])
    if not cells.any():
        return []
    limit = [-(-n // unit) * unit for n in shape]

    def spans(axis: int, starts: np.ndarray, stops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.maximum(starts * unit - margin, 0), np.minimum(stops * unit + margin, limit[axis])

    low, high = _bounds(cells)
    choices = [sorted({-(-n // parts) for parts in range(1, n + 1)}) for n in high - low]
    best = None
    for sides in itertools.product(*choices):
        starts = [np.arange(a, b, side) for a, b, side in zip(low, high, sides, strict=True)]
        lengths = []
        for axis, first in enumerate(starts):
            begin, end = spans(axis, first, np.minimum(first + sides[axis], high[axis]))
            lengths.append((end - begin).astype(np.int64))
        tiled = _any_of(cells[: high[0], : high[1], : high[2]], starts)
        voxels = np.einsum("i,j,k->ijk", *lengths) * tiled
        rank = (voxels.max() > max(most, (unit + 2 * margin) ** 3), voxels.sum(), np.count_nonzero(tiled))
        if best is None or rank < best[0]:
            best = rank, sides, starts, tiled
    assert best is not None  # cells that are needed can be cut in at least one way
    _, sides, starts, tiled = best
    tiles = []
    for where in np.argwhere(tiled):
        first = np.array([s[i] for s, i in zip(starts, where, strict=True)])
        inside = _bounds(cells[tuple(slice(f, f + n) for f, n in zip(first, sides, strict=True))])
        ends = [(first[a] + inside[0][a], first[a] + inside[1][a]) for a in range(3)]
        kept = box_of(slice(int(a) * unit, min(int(b) * unit, n)) for (a, b), n in zip(ends, shape, strict=True))
        seen = box_of(slice(*map(int, spans(axis, a, b))) for axis, (a, b) in enumerate(ends))
        tiles.append(Tile(kept, seen))
    return tiles


def _any_of(mask: np.ndarray, starts: list[np.ndarray]) -> np.ndarray:
    """Whether any element of each part is True; starts: first index of every part, per axis."""
    for axis, first in enumerate(starts):
        mask = np.logical_or.reduceat(mask, first, axis=axis)
    return mask


def _bounds(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First index and last index + 1 of the True elements, per axis."""
    where = np.argwhere(mask)
    return where.min(0), where.max(0) + 1


def run_border(
    model: Model,
    grid: Volume,
    scan: Volume,
    coarse: CoarseMap,
    progress: Progress,
    cancelled: Callable[[], bool] | None,
    outside: Volume | None = None,
    views: Sequence[View] = ONCE,
) -> tuple[np.ndarray, np.ndarray]:
    """Border network over the dental box, in each of the views: (p_tooth, p_core), each uint8 on the grid; 0 where no
    tooth is near. outside: as `normalise` has it."""
    see = _seen_by(model, cancelled)
    tooth, core = _over_dentition(see, 2, model, grid, scan, coarse, progress, cancelled, outside, views)
    return tooth, core


def run_border_and_tissues(
    model: Model,
    head: Model,
    grid: Volume,
    scan: Volume,
    coarse: CoarseMap,
    progress: Progress,
    cancelled: Callable[[], bool] | None,
    outside: Volume | None = None,
    views: Sequence[View] = ONCE,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """As `run_border`, and the probabilities of the tissues of teeth, uint8 (classes, z, y, x) on the grid: what the
    head, a network of the task "tissues", says of the border network's output "features"."""
    made_for = head.metadata.get("reads", model.id)
    if made_for != model.id:
        raise ModelError(
            f"The network {head.id} reads what {made_for} gives, and here the teeth are found by {model.id}: leave out "
            "the tissues, or use networks that belong together."
        )
    classes = len(head.metadata["labels"])

    def see(part: np.ndarray) -> np.ndarray:
        said, features = model.run_outputs(part, ["probabilities", "features"], cancelled)
        check(cancelled)
        tissues = head.run_named({"features": features}, cancelled)["probabilities"]
        both = (_as_bytes(said[0], model.output_scale), _as_bytes(tissues[0], head.output_scale))
        return np.concatenate(both)

    out = _over_dentition(see, 2 + classes, model, grid, scan, coarse, progress, cancelled, outside, views)
    return out[0], out[1], out[2:]


def _over_dentition(
    see: See,
    channels: int,
    model: Model,
    grid: Volume,
    scan: Volume,
    coarse: CoarseMap,
    progress: Progress,
    cancelled: Callable[[], bool] | None,
    outside: Volume | None,
    views: Sequence[View],
) -> np.ndarray:
    """uint8 (channels, z, y, x): what is seen in tiles around the teeth, 0 elsewhere."""
    image = normalise(grid, scan, tuple(model.metadata["clip_percentiles"]), outside)
    divisor = int(model.metadata["divisor"])
    margin = margin_of(model, 16)
    fill = float(image.min())
    tiles = plan_tiles(needed_blocks(coarse, grid), image.shape, margin, divisor)
    out = np.zeros((channels, *image.shape), np.uint8)
    told = _counted(progress, DRAW_BORDERS, len(tiles) * len(views))
    for tile in tiles:
        part = pad_to(image[tile.seen], tuple(s.stop - s.start for s in tile.seen), fill)
        answer = _look(see, part, views, None, told, cancelled)
        local = box_of(slice(k.start - s.start, k.stop - s.start) for k, s in zip(tile.kept, tile.seen, strict=True))
        of_all, of_tile = (slice(None), *tile.kept), (slice(None), *local)
        out[of_all] = answer[of_tile]
    progress(DRAW_BORDERS, 1, 1)
    return out


def smooth(probability: np.ndarray, sigma: float = 0.6) -> np.ndarray:
    """Gaussian of sigma voxels on a uint8 map: the network wavers by a voxel at thin places, and every waver could
    become a tunnel through a tooth, which costs more than the sharpness that is lost."""
    from scipy import ndimage

    return ndimage.gaussian_filter(probability, sigma, output=np.float32).round().astype(np.uint8)
