"""Tunnels that are wider than what `mask_topology.close_thin_tunnels` looks at: roots of one tooth that meet again.

Roots of upper molars bend towards each other, and between their tips a network sees no ligament: drawn, they are an
arch. Teeth have no such arch, so the roots are parted where they meet.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..files.volumes.boxes import grow as enlarge
from ..files.volumes.boxes import tooth_boxes
from .mask_topology import CUT, FULL, MOST_SHARE, betti_numbers
from .splitting import grow


def part_meeting_roots(labels: np.ndarray, tooth: np.ndarray | None = None) -> None:
    """Open every tunnel that is left through a tooth where the roots around it meet, at least two voxels wide.

    Parameters
    ----------
    labels : numpy.ndarray
        uint8 FDI (z, y, x); changed in place.
    tooth : numpy.ndarray, optional
        uint8 (z, y, x), probability of tooth; made to agree with what is changed.
    """
    for fdi, box in tooth_boxes(labels).items():
        view = labels[box]
        mask = view == fdi
        pieces, tunnels, voids = betti_numbers(mask)
        if not tunnels or pieces > 1:
            continue
        most = MOST_SHARE * np.count_nonzero(mask)
        current = mask
        while tunnels:
            opened = _opened(current, (tunnels, voids), most - np.count_nonzero(mask & ~current))
            if opened is None:
                break
            current, tunnels = opened
        cut = mask & ~current
        view[cut] = 0
        if tooth is not None:
            tooth[box][cut] = np.minimum(tooth[box][cut], CUT)


def _opened(mask: np.ndarray, start: tuple[int, int], most: float) -> tuple[np.ndarray, int] | None:
    """(mask, tunnels left) after the first cut that takes tunnels away, leaves one piece and no more voids than there
    were, and costs at most so many voxels. start: tunnels and voids before."""
    for cut in _meetings(mask):
        opened = _largest_piece(mask & ~cut)
        if np.count_nonzero(mask & ~opened) > most:
            continue
        _, tunnels, voids = betti_numbers(opened)
        if tunnels < start[0] and voids <= start[1]:
            return opened, tunnels
    return None


def _meetings(mask: np.ndarray) -> Iterator[np.ndarray]:
    """Where two arms of a mask meet that part nearer to its deepest place, the thick of the crown: what lies between
    the arms, bool of the mask's shape.

    A wave that runs through the mask from there splits into a front in each arm; where two fronts become one, the arms
    have closed a ring (the Reeb graph of the distance along the tooth).
    """
    from scipy import ndimage

    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1, 1:-1]
    reached = np.zeros(mask.shape, bool)
    reached.flat[int(depth.argmax())] = True
    fronts, count = ndimage.label(reached, FULL)
    while count:
        front = ndimage.binary_dilation(fronts > 0, FULL) & mask & ~reached
        reached |= front
        following, found = ndimage.label(front, FULL)
        if count > 1:
            for one, box in enumerate(ndimage.find_objects(following), start=1):
                near = enlarge(box, 1)
                joined = following[near] == one
                arms = np.unique(fronts[near][ndimage.binary_dilation(joined, FULL)])
                if np.count_nonzero(arms) > 1:
                    yield _between(fronts, following == one, mask & ~(reached & (following != one)))
        fronts, count = following, found


def _between(fronts: np.ndarray, meeting: np.ndarray, beyond: np.ndarray) -> np.ndarray:
    """The layer between the arms in what lies beyond their fronts: voxels of one arm that touch another."""
    from scipy import ndimage

    touched = np.where(ndimage.binary_dilation(meeting, FULL), fronts, 0)
    owner = grow(touched.astype(np.int16), beyond, np.ones(beyond.shape, np.uint8), max(beyond.shape) * 3)
    low = ndimage.minimum_filter(np.where(owner > 0, owner, np.iinfo(np.int16).max), 3, mode="nearest")
    high = ndimage.maximum_filter(owner, 3, mode="nearest")
    return beyond & (owner > 0) & (low < high)


def _largest_piece(mask: np.ndarray) -> np.ndarray:
    from scipy import ndimage

    pieces, count = ndimage.label(mask, FULL)
    return mask if count < 2 else pieces == 1 + int(np.argmax(np.bincount(pieces.ravel())[1:]))
