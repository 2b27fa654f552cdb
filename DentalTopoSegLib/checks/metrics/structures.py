"""How well structures around the teeth agree with a reference: overlap, distance of surfaces, pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...cbct.mask_topology import pieces_and_cavities
from ...dentition.structures import BY_VALUE
from ...files.volumes.boxes import box_of, union
from ..measures.subvoxel import surface_points
from .overlap import count_pairs, dice, iou, sizes

if TYPE_CHECKING:
    from ...files.volumes import Volume


def structure_scores(pred: Volume | None, ref: Volume | None) -> dict[str, dict[str, Any]]:
    """Scores of every structure that the reference has, by key.

    Parameters
    ----------
    pred, ref : Volume or None
        Values of `dentition.structures` on one grid.

    Returns
    -------
    dict
        Of each: "dice", "iou"; "distance_mm", the mean distance between the two surfaces (the mean of both directions;
        None where the prediction has none); "pieces_pred" and "pieces_ref". Nothing where the reference has no
        structures: what was not labelled there is no error.
    """
    from scipy import ndimage

    if ref is None:
        return {}
    empty = np.zeros_like(ref.array)
    predicted = empty if pred is None else pred.array
    overlaps = count_pairs(predicted, ref.array)
    p, r = sizes(overlaps, 0), sizes(overlaps, 1)
    boxes = [dict(enumerate(ndimage.find_objects(array), start=1)) for array in (predicted, ref.array)]
    found = {}
    for value in sorted(r):
        both = overlaps.get((value, value), 0)
        around = union(box_of(side[value]) for side in boxes if side.get(value) is not None)
        masks = [array[around] == value for array in (predicted, ref.array)]
        points = [surface_points(mask, around, ref) for mask in masks]
        found[BY_VALUE[value].key] = {
            "dice": dice(both, p.get(value, 0), r[value]),
            "iou": iou(both, p.get(value, 0), r[value]),
            "distance_mm": _mean_distance(*points) if value in p else None,
            "pieces_pred": pieces_and_cavities(masks[0])[1] if value in p else 0,
            "pieces_ref": pieces_and_cavities(masks[1])[1],
        }
    return found


def _mean_distance(first: np.ndarray, second: np.ndarray) -> float:
    from scipy.spatial import cKDTree

    there, back = cKDTree(second).query(first)[0], cKDTree(first).query(second)[0]
    return float((there.mean() + back.mean()) / 2)
