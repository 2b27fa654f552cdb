"""Exact topology of a numbered dentition: pieces, tunnels and voids per tooth, contacts between teeth.

One convention everywhere: the foreground is 26-connected, the background 6-connected (the topology of the
union of closed voxel cubes). For a mask, b0 = 26-connected pieces, b2 = enclosed background cavities
(6-connected), b1 = tunnels, from the Euler characteristic b0 - b1 + b2 = V - E + F - C of the cube complex.

Everything works on the bounding box of one tooth at a time, so a whole 512^3 label map costs little more than
its teeth. Positions are RAS millimetres (right, anterior, superior).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..cbct.mask_topology import betti_numbers, euler_characteristic, pieces_and_cavities
from ..dentition import jaw
from ..files.volumes.boxes import Box, box_of, tooth_boxes

if TYPE_CHECKING:
    from ..files.volumes import Volume


@dataclass(frozen=True)
class Part:
    """One piece of a tooth, or one cavity enclosed in it."""

    voxels: int
    volume_mm3: float
    position_ras: tuple[float, float, float]

    @property
    def size(self) -> float:
        """mm^3, as rules that ask label maps and surfaces alike call it."""
        return self.volume_mm3

    @property
    def centre(self) -> np.ndarray:
        """(3,) RAS mm."""
        return np.array(self.position_ras)


@dataclass(frozen=True)
class ToothMeasure:
    """What was measured on one tooth of a label map.

    betti: (pieces, tunnels, voids). components: its 26-connected pieces, largest first. voids: its enclosed
    cavities, largest first. touches_border: the tooth reaches the first or last slice of the volume along an
    axis. bbox: half-open index ranges ((z0, z1), (y0, y1), (x0, x1)).
    """

    fdi: int
    voxels: int
    volume_mm3: float
    centroid_ras: tuple[float, float, float]
    betti: tuple[int, int, int]
    components: tuple[Part, ...]
    voids: tuple[Part, ...]
    touches_border: bool
    bbox: tuple[tuple[int, int], tuple[int, int], tuple[int, int]]

    @property
    def box(self) -> Box:
        """The bounding box as slices into the label array."""
        return box_of(slice(*ends) for ends in self.bbox)


# ---------------------------------------------------------------- a dentition


def tooth_measures(labels: Volume) -> dict[int, ToothMeasure]:
    """Volume, centroid, pieces, tunnels, voids and border contact of every tooth of an FDI label map.

    Parameters
    ----------
    labels : Volume
        FDI numbers, 0 where no tooth is.

    Returns
    -------
    dict
        FDI number -> `ToothMeasure`, in ascending order.

    Raises
    ------
    InputError
        When the map holds anything but FDI numbers and 0.
    """
    return {fdi: measure_tooth(labels, fdi, box) for fdi, box in sorted(tooth_boxes(labels.array).items())}


def measure_tooth(labels: Volume, fdi: int, box: Box) -> ToothMeasure:
    """`tooth_measures` of one tooth; box: its bounding box, as `tooth_boxes` gives it."""
    mask = labels.array[box] == fdi
    z, y, x = ((s.start, s.stop) for s in box)
    pieces, b0, cavities, b2 = pieces_and_cavities(mask)
    voxels = int(np.count_nonzero(mask))
    components = _parts(pieces, b0, box, labels)
    weights = np.array([part.voxels for part in components], dtype=float)
    centroid = weights @ np.array([part.position_ras for part in components]) / weights.sum()
    return ToothMeasure(
        fdi=fdi,
        voxels=voxels,
        volume_mm3=voxels * labels.voxel_volume_mm3,
        centroid_ras=tuple(centroid.tolist()),
        betti=(b0, b0 + b2 - euler_characteristic(mask), b2),
        components=components,
        voids=_parts(cavities, b2, box, labels),
        touches_border=any(s.start == 0 or s.stop == n for s, n in zip(box, labels.array.shape, strict=True)),
        bbox=(z, y, x),
    )


def _parts(regions: np.ndarray, count: int, box: Box, labels: Volume) -> tuple[Part, ...]:
    """Size and centre of every region in a label image that covers `box`; largest first."""
    if count == 0:
        return ()
    where = np.nonzero(regions)
    ids = regions[where]
    # cavities keep their ids from before the outside was taken away, so look which ones are in use
    names, ids = np.unique(ids, return_inverse=True)
    sizes = np.bincount(ids, minlength=len(names))
    centres = np.stack(
        [np.bincount(ids, weights=w, minlength=len(names)) / sizes + s.start for w, s in zip(where, box, strict=True)],
        axis=-1,
    )
    ras = np.asarray(labels.index_to_ras(centres), dtype=float)
    unit = labels.voxel_volume_mm3
    parts = [Part(int(n), float(n * unit), tuple(p.tolist())) for n, p in zip(sizes, ras, strict=True)]
    return tuple(sorted(parts, key=lambda part: (-part.voxels, part.position_ras)))


def locate_tunnels(labels: Volume, measure: ToothMeasure) -> tuple[tuple[float, float, float], ...]:
    """RAS positions (mm) of up to b1 tunnels of one tooth; approximate, and never empty when b1 > 0.

    A tunnel is found by closing the mask with growing cubes: a plug of added voxels that lowers b1 lies in
    the tunnel, and its centre is reported. One too wide for the largest cube gets the tooth's centroid.
    """
    from scipy import ndimage

    tunnels = measure.betti[1]
    if tunnels <= 0:
        return ()
    mask = labels.array[measure.box] == measure.fdi
    reach = 6
    padded = np.pad(mask, reach + 1)
    outside = ndimage.distance_transform_cdt(~padded, metric="chessboard")
    places: list[np.ndarray] = []
    current, left = padded, tunnels
    for radius in range(1, reach + 1):
        # closing with a cube: dilate, then erode, both read from chessboard distances
        grown = outside <= radius
        closed = ndimage.distance_transform_cdt(grown, metric="chessboard") > radius
        plugs, count = ndimage.label(closed & ~current, structure=np.ones((3, 3, 3), dtype=bool))
        sizes = np.bincount(plugs.ravel())[1:]
        for plug in np.argsort(-sizes, kind="stable")[:8] + 1:
            filled = current | (plugs == plug)
            b1 = betti_numbers(filled)[1]
            if b1 < left:
                centre = np.array(ndimage.center_of_mass(plugs == plug)) - (reach + 1)
                places.extend([centre] * (left - b1))
                current, left = filled, b1
        if left <= 0 or count == 0:
            break
    start = np.array([s.start for s in measure.box])
    found: list[tuple[float, float, float]] = [
        tuple(labels.index_to_ras(place + start).tolist()) for place in places[:tunnels]
    ]
    return tuple(dict.fromkeys(found)) or (measure.centroid_ras,)


# ---------------------------------------------------------------- between teeth


def contacts(labels: Volume) -> dict[tuple[int, int], float]:
    """Over which area teeth touch.

    Counted over pairs of face-adjacent voxels with different labels, each with the area of its shared face
    (spacing y*x between slices, z*x between rows, z*y between columns).

    Parameters
    ----------
    labels : Volume
        FDI numbers, 0 where no tooth is.

    Returns
    -------
    dict
        (smaller FDI, larger FDI) -> mm^2, of the teeth that touch at all.
    """
    areas: dict[tuple[int, int], float] = {}
    for fdi, box in tooth_boxes(labels.array).items():
        for other, area in contacts_of(labels, fdi, box).items():
            if other > fdi:
                areas[fdi, other] = area
    return areas


def contacts_of(labels: Volume, fdi: int, box: Box) -> dict[int, float]:
    """The area in mm^2 over which one tooth touches each other, {FDI: area}; box: its bounding box."""
    sx, sy, sz = labels.spacing
    crop = labels.array[tuple(slice(max(s.start - 1, 0), s.stop + 1) for s in box)]
    own = crop == fdi
    other = np.where(own, 0, crop)
    areas: dict[int, float] = {}
    for axis, area in enumerate((sx * sy, sx * sz, sy * sz)):
        first = (slice(None),) * axis + (slice(None, -1),)
        second = (slice(None),) * axis + (slice(1, None),)
        for a, b in ((first, second), (second, first)):
            touching = other[b][own[a]]
            for partner, n in zip(*np.unique(touching[touching > 0], return_counts=True), strict=True):
                areas[int(partner)] = areas.get(int(partner), 0.0) + float(n) * area
    return areas


def adjacency(labels: Volume, tolerance_mm: float = 2.0, same_jaw: bool = True) -> set[tuple[int, int]]:
    """Pairs of neighbouring teeth, {(smaller FDI, larger FDI)}: the A(.) of the adjacency consistency score.

    The reading chosen: two teeth of one jaw are neighbours when the centres of their nearest voxels lie
    within `tolerance_mm` (at least one voxel diagonal, or coarse scans would have no neighbours). It is the
    paper's Voronoi neighbourhood restricted to where both teeth are near: 2 mm bridges a normal contact and a
    loose one, but not the space of a missing tooth. Teeth that meet in the bite are left out, as the score
    would then depend on how far the mouth was open; `same_jaw=False` includes them.
    """
    from scipy import ndimage

    sampling = tuple(float(s) for s in labels.spacing[::-1])
    reach = max(tolerance_mm, float(np.linalg.norm(sampling))) + 1e-6
    margin = [int(np.ceil(reach / s)) for s in sampling]
    pairs: set[tuple[int, int]] = set()
    for fdi, box in tooth_boxes(labels.array).items():
        grown = tuple(slice(max(s.start - m, 0), s.stop + m) for s, m in zip(box, margin, strict=True))
        crop = labels.array[grown]
        candidates = [int(v) for v in np.unique(crop) if v > fdi]
        if same_jaw:
            candidates = [v for v in candidates if jaw(v) == jaw(fdi)]
        if not candidates:
            continue
        near = ndimage.distance_transform_edt(crop != fdi, sampling=sampling) <= reach
        close = set(np.unique(crop[near]).tolist())
        pairs.update((fdi, other) for other in candidates if other in close)
    return pairs
