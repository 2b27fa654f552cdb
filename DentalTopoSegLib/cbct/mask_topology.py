"""Topology of one mask: pieces, tunnels and voids, and the smallest change that takes a tunnel away.

One convention everywhere: the foreground is 26-connected, the background 6-connected (the topology of the
union of closed voxel cubes). For a mask, b0 = 26-connected pieces, b2 = enclosed background cavities
(6-connected), b1 = tunnels, from the Euler characteristic b0 - b1 + b2 = V - E + F - C of the cube complex.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..files.volumes.boxes import grow, tooth_boxes

FULL = np.ones((3, 3, 3), bool)
_WIDEST_MM = 3.5  # a tunnel wider than this between the roots may be there
MOST_SHARE = 0.05  # of a tooth's voxels that closing its tunnels may change
_FILLED, CUT = 191, 64  # of 255: what is changed must outlast the interpolation onto the scan's grid


def euler_characteristic(mask: np.ndarray) -> int:
    """V - E + F - C of the union of closed voxel cubes of a 3D bool mask."""
    cells = np.pad(np.asarray(mask, dtype=bool), 1)
    # A face belongs to the complex when one of its two voxels does, an edge when one of four, a vertex when
    # one of eight: pairwise "or" along one, two and three axes.
    z = cells[1:] | cells[:-1]
    y = cells[:, 1:] | cells[:, :-1]
    x = cells[:, :, 1:] | cells[:, :, :-1]
    zy = z[:, 1:] | z[:, :-1]
    zx = z[:, :, 1:] | z[:, :, :-1]
    yx = y[:, :, 1:] | y[:, :, :-1]
    zyx = zy[:, :, 1:] | zy[:, :, :-1]
    faces, edges = (sum(int(np.count_nonzero(a)) for a in group) for group in ((z, y, x), (zy, zx, yx)))
    return int(np.count_nonzero(zyx)) - edges + faces - int(np.count_nonzero(cells))


def pieces_and_cavities(mask: np.ndarray) -> tuple[np.ndarray, int, np.ndarray, int]:
    """Label image and count of the 26-connected pieces; the same of the enclosed 6-connected cavities."""
    from scipy import ndimage

    pieces, b0 = ndimage.label(mask, FULL)
    # Padding makes all of the outside one region; the corner voxel names it.
    outside, count = ndimage.label(np.pad(~mask, 1, constant_values=True))
    cavities = outside[1:-1, 1:-1, 1:-1]
    cavities[cavities == outside[0, 0, 0]] = 0
    return pieces, int(b0), cavities, int(count) - 1


def betti_numbers(mask: np.ndarray) -> tuple[int, int, int]:
    """Pieces, tunnels and voids of a mask; foreground 26-, background 6-connected.

    Parameters
    ----------
    mask : numpy.ndarray
        (D, H, W), True inside.

    Returns
    -------
    tuple of int
        (b0, b1, b2) = (pieces, tunnels, voids); (0, 0, 0) of an empty mask.

    Raises
    ------
    ValueError
        For a mask that has not three dimensions.

    Examples
    --------
    A ring is one piece with one tunnel:

    >>> ring = np.ones((1, 3, 3), bool)
    >>> ring[0, 1, 1] = False
    >>> betti_numbers(ring)
    (1, 1, 0)
    """
    mask = np.asarray(mask, dtype=bool)
    if mask.ndim != 3:
        raise ValueError(f"Betti numbers are for 3D masks; this one has {mask.ndim} dimensions.")
    if not mask.any():
        return 0, 0, 0
    _, b0, _, b2 = pieces_and_cavities(mask)
    return b0, b0 + b2 - euler_characteristic(mask), b2


def close_thin_tunnels(labels: np.ndarray, reach: int, tooth: np.ndarray | None = None) -> None:
    """Close every tunnel through a tooth that is too narrow to be one between roots: it is filled, or the thin bridge
    that makes it is taken away, whichever is fewer voxels.

    A network wavers where roots part and where enamel is thin; an arch of roots that meet again at their tips is wider.

    Parameters
    ----------
    labels : numpy.ndarray
        uint8 FDI (z, y, x), no tooth with voids; changed in place.
    reach : int
        Tunnels of up to twice this many voxels and bridges as thin are looked at, see `reach_of`.
    tooth : numpy.ndarray, optional
        uint8 (z, y, x), probability of tooth; made to agree with what is changed.
    """
    for fdi, box in tooth_boxes(labels).items():
        if euler_characteristic(labels[box] == fdi) == 1:  # one piece without voids: no tunnel either
            continue
        around = grow(box, 1)
        view = labels[around]
        mask = view == fdi
        closed = _without_tunnels(mask, view == 0, reach)
        filled, cut = closed & ~mask, mask & ~closed
        view[filled], view[cut] = fdi, 0
        if tooth is not None:
            tooth[around][filled] = np.maximum(tooth[around][filled], _FILLED)
            tooth[around][cut] = np.minimum(tooth[around][cut], CUT)


def reach_of(spacing: float) -> int:
    """For `close_thin_tunnels`: voxels of this edge (mm) to each side of a tunnel that may be there."""
    return max(1, int((_WIDEST_MM / spacing - 1) / 2))


def _without_tunnels(mask: np.ndarray, free: np.ndarray, reach: int) -> np.ndarray:
    """The mask without those tunnels that small changes take away."""
    b0, left, b2 = betti_numbers(mask)
    current = mask
    while left:
        best = None
        for radius in range(1, reach + 1):
            found = smallest_change(current, free, radius, (b0, left, b2))
            if found is not None and (best is None or found[0] < best[0]):
                best = found
            elif best is not None:  # a wider look has found nothing smaller
                break
        if best is None or np.count_nonzero(best[1] ^ mask) > MOST_SHARE * np.count_nonzero(mask):
            break
        _, current, left = best
    return current


def smallest_change(
    mask: np.ndarray, free: np.ndarray, radius: int, start: tuple[int, int, int]
) -> tuple[int, np.ndarray, int] | None:
    """(voxels, mask, tunnels left) of the smallest change by closing or opening with a cube that takes tunnels away
    and leaves the numbers of pieces and hollows as they are."""
    candidates = []
    for change in (_cube(mask, radius, closing=True) & ~mask & free, mask & ~_cube(mask, radius, closing=False)):
        candidates += [(size, placed) for size, placed in _parts(change) if _gain(mask, placed) > 0]
    for size, (box, part) in sorted(candidates, key=lambda candidate: candidate[0]):
        changed = mask.copy()
        changed[box] ^= part
        pieces_, tunnels, voids = betti_numbers(changed)
        if pieces_ == start[0] and voids == start[2] and tunnels < start[1]:
            return size, changed, tunnels
    return None


def _cube(mask: np.ndarray, radius: int, closing: bool) -> np.ndarray:
    """The mask closed (or opened) with a cube of side 2 radius + 1."""
    from scipy import ndimage

    size = 2 * radius + 1
    padded = np.pad(mask, radius).view(np.uint8)
    first, second = ndimage.maximum_filter, ndimage.minimum_filter
    if not closing:
        first, second = second, first
    done = second(first(padded, size, mode="constant"), size, mode="constant")
    return done[(slice(radius, -radius),) * 3].astype(bool)


def _parts(change: np.ndarray) -> Iterator[tuple[int, tuple[tuple[slice, ...], np.ndarray]]]:
    from scipy import ndimage

    image, _ = ndimage.label(change, FULL)
    for i, box in enumerate(ndimage.find_objects(image), start=1):
        part = image[box] == i
        yield int(np.count_nonzero(part)), (box, part)


def _gain(mask: np.ndarray, change: tuple[tuple[slice, ...], np.ndarray]) -> int:
    """By how much turning these voxels over raises the Euler characteristic; only their surroundings matter."""
    box, part = change
    low = [max(s.start - 1, 0) for s in box]
    around = tuple(slice(a, s.stop + 1) for a, s in zip(low, box, strict=True))
    before = mask[around]
    after = before.copy()
    after[tuple(slice(s.start - a, s.stop - a) for a, s in zip(low, box, strict=True))] ^= part
    return euler_characteristic(after) - euler_characteristic(before)
