"""nnU-Net's sliding window, with labels as it goes: never more logits than a row of tiles needs are in memory.

Sums of weighted logits are kept in half precision, as nnU-Net keeps them: where two labels are nearly as likely, its
rounding decides, and in single precision some voxels of a blurred border would get the other one. What is resampled is
rounded once more, except where torch resamples (`Rule.keep_single`).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np

from .description import Description
from .preprocessing import Prepared
from .resampling import axis_across, axis_taps

#: One tile (channels, a, b, c) in, its logits (heads, a, b, c) out.
Network = Callable[[np.ndarray], np.ndarray]
_STEP = 0.5  # of a tile
_SIGMA = 0.125  # of a tile
_PEAK = 10.0  # of the weights; nnU-Net's, whose weights are float16
_KEEP_BYTES = 256 << 20  # of the answer to a tile of one value
_HALF = np.float16


@lru_cache(maxsize=2)
def importance(patch: tuple[int, int, int]) -> np.ndarray:
    """(a, b, c) float32: how much each voxel of a tile counts, a Gaussian rounded to half precision."""
    from scipy import ndimage

    weights = np.zeros(patch)
    weights[tuple(side // 2 for side in patch)] = 1
    weights = ndimage.gaussian_filter(weights, [side * _SIGMA for side in patch], mode="constant")
    weights = (weights / weights.max() * _PEAK).astype(np.float16)
    weights[weights == 0] = weights[weights > 0].min()
    return weights.astype(np.float32)


def tile_starts(size: int, tile: int) -> list[int]:
    """Where tiles start along an axis of at least a tile's length.

    Examples
    --------
    >>> tile_starts(110, 64)
    [0, 23, 46]
    """
    count = int(np.ceil((size - tile) / (tile * _STEP))) + 1
    step = (size - tile) / (count - 1) if count > 1 else 0.0
    return [int(np.round(step * i)) for i in range(count)]


def count_tiles(shape: tuple[int, ...], patch: tuple[int, ...]) -> int:
    """Tiles of a volume of this shape."""
    return int(np.prod([len(tile_starts(max(n, side), side)) for n, side in zip(shape, patch, strict=True)]))


def label_slices(
    prepared: Prepared,
    description: Description,
    network: Network,
    *,
    mirror: bool = False,
    done: Callable[[int], None] = lambda tiles: None,
) -> np.ndarray:
    """The labels of a prepared scan on its own grid.

    Parameters
    ----------
    prepared : Prepared
        See `preprocessing.prepare`.
    description : Description
        The network's.
    network : callable
        Answers one tile.
    mirror : bool
        Mean over all mirrorings that the training knew, 8 times the time with three axes.
    done : callable
        Told how many tiles are done, after each.

    Returns
    -------
    ndarray
        uint8, or uint16 where values need it, in the shape of the whole scan, its axes in the network's order.
    """
    highest = max(*description.names, description.heads - 1, *(description.region_order or (0,)))
    labels = np.zeros(prepared.shape, np.uint8 if highest < 256 else np.uint16)
    inside = labels[prepared.box]
    small = prepared.image.shape[1:]
    across = axis_across(description.logits_rule, description.spacing, prepared.spacing)
    rule = description.logits_rule
    (first, second, weight), rows, columns = (
        axis_taps(n, m, rule.order_across if axis == across else rule.order, axis == across)
        for axis, (n, m) in enumerate(zip(small, prepared.box_shape, strict=True))
    )
    planes: dict[int, np.ndarray] = {}  # finished slices of logits, stretched within the slice
    made = 0
    for index, plane in _slices(prepared.image, description, network, mirror, done):
        planes[index] = _stretched(_stretched(plane.astype(np.float32), *rows, axis=1), *columns, axis=2)
        while made < len(inside) and second[made] <= index:
            low = planes[int(first[made])]
            share = weight[made]
            mixed = low if share == 0 else low * (1 - share) + planes[int(second[made])] * share
            inside[made] = _decide(mixed if rule.keep_single else mixed.astype(_HALF), description)
            made += 1
        for old in [i for i in planes if made < len(inside) and i < first[made]]:
            del planes[old]
    return labels


def _decide(logits: np.ndarray, description: Description) -> np.ndarray:
    """Label values (b, c) of logits (heads, b, c)."""
    if description.region_order is None:
        return logits.argmax(0)
    values = np.zeros(logits.shape[1:], np.uint16)
    for head, value in zip(logits, description.region_order, strict=True):
        values[head > 0] = value
    return values


def _stretched(array: np.ndarray, first: np.ndarray, second: np.ndarray, weight: np.ndarray, axis: int) -> np.ndarray:
    if array.shape[axis] == len(first) and not weight.any() and (first == np.arange(len(first))).all():
        return array
    shape = (-1, 1) if axis == 1 else (1, -1)
    share = weight.reshape(shape)
    out = np.take(array, first, axis)
    if weight.any():
        out *= 1 - share
        out += np.take(array, second, axis) * share
    return out


def _slices(
    image: np.ndarray, description: Description, network: Network, mirror: bool, done: Callable[[int], None]
) -> Iterator[tuple[int, np.ndarray]]:
    """(index, logits (heads, b, c) in half precision) of every slice of the image, in their order."""
    patch = description.patch
    shape = image.shape[1:]
    before = [max(side - n, 0) // 2 for side, n in zip(patch, shape, strict=True)]
    padding = [(low, max(side - n, 0) - low) for low, side, n in zip(before, patch, shape, strict=True)]
    if any(high for _, high in padding):
        image = np.pad(image, [(0, 0), *padding])
    starts = [tile_starts(n, side) for n, side in zip(image.shape[1:], patch, strict=True)]
    part = tuple(slice(low, low + n) for low, n in zip(before[1:], shape[1:], strict=True))
    importance_ = importance(patch)
    sums = np.zeros((description.heads, patch[0], *image.shape[2:]), _HALF)
    weights = np.zeros(sums.shape[1:], _HALF)
    answer = _answer_of(description, network, mirror)
    tiles = 0
    for row, top in enumerate(starts[0]):
        for left, front in itertools.product(*starts[1:]):
            place = (slice(left, left + patch[1]), slice(front, front + patch[2]))
            tile = (slice(None), slice(top, top + patch[0]), *place)
            layer = (slice(None), *place)
            for total, logits in zip(sums, answer(image[tile]), strict=True):  # by heads: no second copy of them all
                total[layer] = total[layer] + logits * importance_
            weights[layer] = weights[layer] + importance_
            tiles += 1
            done(tiles)
        inside = (slice(None), *part)
        end = starts[0][row + 1] - top if row + 1 < len(starts[0]) else patch[0]
        for i in range(end):
            index = top + i - before[0]
            if 0 <= index < shape[0]:
                yield index, (sums[:, i] / weights[i])[inside]
        for array, axis in ((sums, 1), (weights, 0)):
            moved = np.moveaxis(array, axis, 0)
            for i in range(patch[0] - end):  # forwards: what is read lies behind what is written
                moved[i] = moved[i + end]
            moved[patch[0] - end :] = 0


def _answer_of(description: Description, network: Network, mirror: bool) -> Network:
    """The network on a tile, with its mirrorings where they are wanted; a tile of one value, as outside the body, is
    computed once: the same tile has the same answer."""
    axes = [axis + 1 for axis in description.mirror_axes] if mirror else []
    flips = [c for n in range(1, len(axes) + 1) for c in itertools.combinations(axes, n)]
    known: dict[bytes, np.ndarray] = {}

    def answer(tile: np.ndarray) -> np.ndarray:
        tile = np.ascontiguousarray(tile)
        flat = all(channel.flat[0] == channel.min() == channel.max() for channel in tile)
        key = tile[:, 0, 0, 0].tobytes() if flat else b""
        if flat and key in known:
            return known[key]
        logits = network(tile)
        if flips:
            logits = logits.copy()
            for flip in flips:
                logits += np.flip(network(np.ascontiguousarray(np.flip(tile, flip))), flip)
            logits /= len(flips) + 1
        if flat and logits.nbytes <= _KEEP_BYTES:
            known.clear()
            known[key] = logits
        return logits

    return answer
