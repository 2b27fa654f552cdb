"""Smallest changes that mend the shape of a tooth in a label map: bool masks (z, y, x) in, bool masks out.

Every function works on a crop around the tooth and may only take voxels of `free` (where nothing else is). They raise
`Refusal` with the reason when the change would be too large or is not possible. Topology is that of `topology`: the
foreground 26-connected, the background 6-connected.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...cbct.mask_topology import FULL, smallest_change
from ...dentition.words import Sentence
from ..topology import betti_numbers

#: Closing a tunnel may change this share of the tooth at most: it is a defect of the drawing, not a new shape.
TUNNEL_SHARE = 0.1
#: Joining pieces may add this share of their volume at most, over a gap (mm) no wider than this.
JOIN_SHARE = 0.3
JOIN_MM = 5.0
#: A tunnel wider than twice this many voxels is not looked for.
_REACH = 6
#: Two halves of a split: the smaller has at least this share of the whole.
_LEAST_HALF = 0.15
#: A crumb that a cut leaves behind, as a share of the tooth.
CRUMB_SHARE = 0.02


class Refusal(Exception):  # noqa: N818 - internal; the caller puts the tooth's name before it
    """Why a shape cannot be mended. sentence: the rest of one that begins with the tooth, without its full stop."""

    def __init__(self, text: str, **fields: Any) -> None:
        super().__init__(text)
        self.sentence = Sentence(text, **fields)


def pieces(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Label image of the 26-connected pieces, and their numbers, largest first."""
    from scipy import ndimage

    image, count = ndimage.label(mask, FULL)
    sizes = np.bincount(image.ravel(), minlength=count + 1)[1:]
    return image, 1 + np.argsort(-sizes, kind="stable")


def enclosed_hollows(mask: np.ndarray) -> np.ndarray:
    """The voxels of all hollows that the mask encloses."""
    from scipy import ndimage

    return ndimage.binary_fill_holes(mask) & ~mask


# ---------------------------------------------------------------- tunnels


def close_tunnels(mask: np.ndarray, free: np.ndarray) -> np.ndarray:
    """The mask without tunnels, changed as little as possible: each is filled, or the thin bridge that makes it is
    taken away, whichever is fewer voxels."""
    start = betti_numbers(mask)
    current, left = mask, start[1]
    while left:
        best = None
        for radius in range(1, _REACH + 1):
            found = smallest_change(current, free, radius, (start[0], left, start[2]))
            if found is not None and (best is None or found[0] < best[0]):
                best = found
            elif best is not None:  # a wider look has found nothing smaller
                break
        if best is None:
            raise Refusal("has a hole that is too wide, or too close to another tooth, to be closed by itself")
        _, current, left = best
        changed = np.count_nonzero(current ^ mask) / np.count_nonzero(mask)
        if changed > TUNNEL_SHARE:
            raise Refusal(
                "would lose its shape: closing the hole changes {changed:.0f} % of it, where {most:.0f} % are allowed",
                changed=100 * changed,
                most=100 * TUNNEL_SHARE,
            )
    return current


# ---------------------------------------------------------------- pieces


def join(mask: np.ndarray, free: np.ndarray, spacing: Sequence[float]) -> np.ndarray:
    """All pieces as one, by the free voxels that lie between them. spacing: mm along z, y, x."""
    from scipy import ndimage

    whole, tunnels, voids = mask, *betti_numbers(mask)[1:]
    while True:
        image, order = pieces(whole)
        if len(order) < 2:
            break
        main = image == order[0]
        far = ndimage.distance_transform_edt(~main, sampling=spacing)
        others = (image > 0) & ~main
        gap = float(far[others].min())
        if gap > JOIN_MM + max(spacing):
            raise Refusal(
                "is in pieces that lie {gap:.0f} mm apart, too far to be joined: draw the part between them", gap=gap
            )
        other = image == image[others & (far == gap)][0]
        near = ndimage.distance_transform_edt(~other, sampling=spacing)
        for slack in (1.0, 2.0, 3.0):
            between = free & (far + near <= gap + slack * max(spacing))
            grown = whole | between
            grown |= enclosed_hollows(grown) & free
            same = ndimage.label(grown, FULL)[0]
            if same[main][0] == same[other][0] and betti_numbers(grown)[1] <= tunnels:
                break
        else:
            raise Refusal("is in pieces with another tooth, or a hole, between them: draw the part between them")
        whole = grown
    added = np.count_nonzero(whole & ~mask) / np.count_nonzero(mask)
    if added > JOIN_SHARE:
        raise Refusal(
            "would grow by {added:.0f} % to become one piece: draw the part between its pieces", added=100 * added
        )
    if betti_numbers(whole)[2] > voids:
        raise Refusal("would enclose a hollow with another tooth in it if its pieces were joined")
    return whole


def trim(mask: np.ndarray, before: np.ndarray) -> np.ndarray:
    """A mask that lost voxels, without the crumbs this left behind. Refused when it fell into real pieces."""
    image, order = pieces(mask)
    known, _ = pieces(before)
    kept = np.zeros(mask.shape, bool)
    seen: set[int] = set()
    least = CRUMB_SHARE * np.count_nonzero(before)
    for number in order:
        part = image == number
        origin = int(known[part][0])
        if origin not in seen:
            seen.add(origin)
            kept |= part
        elif np.count_nonzero(part) > least:
            raise Refusal("would fall into pieces")
    return kept


# ---------------------------------------------------------------- two teeth that touch


def touching(view: np.ndarray, own: int, other: int) -> np.ndarray:
    """The voxels of `own` in a label array that share a face with `other`."""
    from scipy import ndimage

    return (view == own) & ndimage.binary_dilation(view == other)


def contact_mm2(view: np.ndarray, a: int, b: int, spacing: tuple[float, float, float]) -> float:
    """Area of the voxel faces that two labels share. spacing: mm along x, y, z."""
    sx, sy, sz = spacing
    total = 0.0
    for axis, area in enumerate((sx * sy, sx * sz, sy * sz)):
        first, second = (np.moveaxis(view, axis, 0)[part] for part in (slice(None, -1), slice(1, None)))
        total += area * np.count_nonzero(((first == a) & (second == b)) | ((first == b) & (second == a)))
    return total


def leave_gap(view: np.ndarray, a: int, b: int) -> np.ndarray:
    """The label array with the border voxels of the larger tooth taken away, or of the other where that would break
    it."""
    larger = sorted((a, b), key=lambda fdi: -np.count_nonzero(view == fdi))
    for own, other in (larger, larger[::-1]):
        before = view == own
        try:
            kept = trim(before & ~touching(view, own, other), before)
        except Refusal:
            continue
        if betti_numbers(kept)[1:] <= betti_numbers(before)[1:]:
            after = view.copy()
            after[before & ~kept] = 0
            return after
    raise Refusal(
        "would fall into pieces if a gap were left between {a:tooth} and {b:tooth}: draw the border by hand", a=a, b=b
    )


# ---------------------------------------------------------------- two teeth in one mask


def second_tooth(mask: np.ndarray, along: np.ndarray, step: float, share: float, apart: float) -> np.ndarray:
    """The voxels of the second of two teeth in one mask.

    along: place of each voxel (mm) from the first tooth to the second. step: width of a voxel, mm. share: part of the
    voxels that the first tooth should have. apart: the middles of the two lie at least this far apart, mm.
    Two loose pieces that large are taken as they are; else the two deep middles are looked for, or, where the shape
    has only one, the narrowest cross-section; the border is flooded from there.
    """
    from ...cbct.splitting import watershed

    image, order = pieces(mask)
    cores = _cores(image, order, along, mask, apart)
    if cores is not None:
        second = cores[1]
    else:
        main = image == order[0]
        cores = _deep_cores(main, along, apart)
        if cores is None:
            places = along[main]
            section = np.bincount(((places - places.min()) / step).astype(int)).astype(float)
            cut = neck(section, places, step, share)
            cores = [main & (along < cut), main & (along >= cut)]
        second = watershed(main, cores) == 2
        if min(np.count_nonzero(second), np.count_nonzero(main & ~second)) < _LEAST_HALF * np.count_nonzero(main):
            second = cores[1]
        for part in (second, main & ~second):
            parts, names = pieces(part)
            for crumb in names[1:]:  # what the cut left on the wrong side
                second = second ^ (parts == crumb)
    middle = (along[second].mean() + along[mask & ~second].mean()) / 2
    for number in order[1:]:  # loose pieces go with the half on their side
        part = image == number
        if not second[part].any() and along[part].mean() > middle and not cores[0][part].any():
            second = second | part
    return second


def _cores(
    image: np.ndarray, order: np.ndarray, along: np.ndarray, inside: np.ndarray, apart: float
) -> list[np.ndarray] | None:
    """The two largest regions of a label image as first and second tooth, if they can be these."""
    if len(order) < 2:
        return None
    one, two = image == order[0], image == order[1]
    if np.count_nonzero(two) < _LEAST_HALF * np.count_nonzero(inside):
        return None
    if abs(along[one].mean() - along[two].mean()) < apart:  # above each other: parts of one tooth
        return None
    return [one, two] if along[one].mean() < along[two].mean() else [two, one]


def _deep_cores(mask: np.ndarray, along: np.ndarray, apart: float) -> list[np.ndarray] | None:
    """The deep middles of the two teeth: what falls apart, side by side, when the mask is peeled."""
    from scipy import ndimage

    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1, 1:-1]
    for level in np.linspace(0.1, 0.8, 15) * depth.max():
        inner = depth > level
        found = _cores(*pieces(inner), along, inner, apart)
        if found is not None:
            return found
    return None


def neck(section: np.ndarray, along: np.ndarray, step: float, share: float) -> float:
    """Where (mm, as `along`) the narrowest cross-section of a shape with two teeth in it lies.

    along: (N,) place of each point from the one tooth to the other, mm. section: cross-section of each slice of `step`
    mm from the first point on. share: part of the points that the first tooth should have; the neck is looked for
    around it.
    """
    low = float(along.min())
    smooth = np.convolve(section, np.ones(3) / 3, mode="same")
    quantiles = (max(share - 0.25, 0.1), share, min(share + 0.25, 0.9))
    first, expected, last = ((float(np.quantile(along, q)) - low) / step for q in quantiles)
    inside = np.arange(int(first), max(int(last), int(first) + 1) + 1)
    inside = inside[inside < len(smooth)]
    # of equally narrow places the one nearest to the expected share
    best = np.lexsort((np.abs(inside - expected), np.round(smooth[inside], 6)))[0]
    return low + (float(inside[best]) + 0.5) * step
