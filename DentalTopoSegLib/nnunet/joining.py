"""Two networks' answers as one: which tooth by the one, where a tooth ends by the other.

ToothSeg (Van Nistelrooij, Isensee et al.) numbers teeth with a network of one class a tooth and takes them apart with a
second one, which knows the center of a tooth and its border. Both are joined here: a center is one tooth, the border
around it belongs to the nearest center, and the tooth gets the number that most of its voxels have in the first answer,
none if that is background. What ToothSeg does beyond that needs the probabilities of the first network: a tooth of two
numbers is cut, and numbers are weighed against usual distances between neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

_CENTER = ("center", "centre", "core")
_BORDER = ("border", "boundary")
_LEAST_CENTER_MM3 = 16.0  # a center of no more is no tooth: ToothSeg's 2000 voxels of 0.2 mm


def parts_of(names: Mapping[int, str]) -> tuple[int, int] | None:
    """The values of center and border of a network that takes teeth apart; None for any other network.

    Examples
    --------
    >>> parts_of({1: "center", 2: "border"})
    (1, 2)
    >>> parts_of({1: "Upper Teeth", 2: "Lower Teeth"}) is None
    True
    """
    said = {name.strip().lower(): value for value, name in names.items()}
    center = next((said[name] for name in _CENTER if name in said), None)
    border = next((said[name] for name in _BORDER if name in said), None)
    return (center, border) if center is not None and border is not None and len(names) == 2 else None


def separate_teeth(answer: np.ndarray, center: int, border: int, spacing_zyx: tuple[float, float, float]) -> np.ndarray:
    """Single teeth of an answer of centers and borders.

    Parameters
    ----------
    answer : numpy.ndarray
        (z, y, x), values `center` and `border`.
    center, border : int
        Of `parts_of`.
    spacing_zyx : tuple of float
        mm.

    Returns
    -------
    numpy.ndarray
        int32 (z, y, x), 1 to the number of teeth, 0 elsewhere. A border with no center is dropped.
    """
    from scipy import ndimage

    centers, count = ndimage.label(answer == center)
    if not count:
        return np.zeros(answer.shape, np.int32)
    large = np.bincount(centers.ravel(), minlength=count + 1) * float(np.prod(spacing_zyx)) > _LEAST_CENTER_MM3
    large[0] = False
    teeth = np.where(large, np.cumsum(large), 0).astype(np.int32)[centers]
    if not large.any():
        return teeth
    blobs, blob_count = ndimage.label((teeth > 0) | (answer == border))
    holds = np.zeros(blob_count + 1, bool)
    holds[np.unique(blobs[teeth > 0])] = True
    around = (answer == border) & holds[blobs]
    for box in ndimage.find_objects(around.astype(np.uint8)):  # one box around all, if any
        box = tuple(slice(max(s.start - 1, 0), s.stop + 1) for s in box)
        here = teeth[box]
        nearest = ndimage.distance_transform_edt(
            here == 0, sampling=spacing_zyx, return_distances=False, return_indices=True
        )
        teeth[box] = np.where(around[box], here[tuple(nearest)], here)
    return teeth


def number_separated(teeth: np.ndarray, fdi: np.ndarray) -> np.ndarray:
    """uint8 FDI numbers of separated teeth.

    Parameters
    ----------
    teeth : numpy.ndarray
        (z, y, x), 1 to n, of `separate_teeth`.
    fdi : numpy.ndarray
        uint8 (z, y, x), the other network's numbers on the same grid.

    Returns
    -------
    numpy.ndarray
        uint8 (z, y, x); 0 where most of a tooth is nothing to the other network. Teeth of one number share it.
    """
    count = int(teeth.max(initial=0))
    votes = np.bincount(teeth.ravel().astype(np.int64) * 256 + fdi.ravel(), minlength=(count + 1) * 256)
    number = votes.reshape(-1, 256)[: count + 1].argmax(1).astype(np.uint8)
    number[0] = 0
    return number[teeth]
