"""Findings about the two jaws of one dentition: exchanged files, the same jaw twice, jaws that are not in the bite."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..measures.jaw import JawCase
from .finding import Finding

#: Crowns that run this deep (mm, 99th percentile) into the other jaw's were not scanned in the bite. In 57 pairs
#: of 3D-IOSSeg that are in the bite it is at most 1.3 mm, in the two that are not 5.9 and 6.5 mm.
OVERLAP_MM = 2.5
#: In the bite some teeth touch: 0.2 mm at most between the face centres of those 57 pairs, on coarse meshes.
APART_MM = 2.0
#: Cosine of the largest angle between the two chewing planes, and between the two fronts, of jaws in the bite;
#: among those pairs 0.81 at least, because a front is only estimated where teeth are missing on one side.
FACING = 0.6


def two_jaws(first: JawCase, second: JawCase, found: Sequence[Finding]) -> list[Finding]:
    """The findings of the single jaws with those of the pair; what the pair explains better is replaced."""
    pair = list(_which_is_which(first, second))
    if pair:  # says the same about both files in one sentence
        found = [finding for finding in found if finding.code != "wrong_jaw"]
    elif first.crowns and second.crowns:
        pair = list(_not_in_bite(first, second))
    return [*found, *pair]


def _which_is_which(first: JawCase, second: JawCase) -> Iterator[Finding]:
    looks = [case.segmentation.jaw_inferred for case in (first, second)]
    detail = {case.which: {"inferred": look} for case, look in zip((first, second), looks, strict=True)}
    if first.same_surface(second):
        yield Finding(
            "same_jaw", (), None, "error",
            f"'{first.name}' and '{second.name}' are the same scan: give one upper and one lower jaw.", None, detail,
        )  # fmt: skip
    elif looks[0] == looks[1]:
        yield Finding(
            "same_jaw", (), None, "error",
            f"'{first.name}' and '{second.name}' both look like {'an upper' if looks[0] == 'upper' else 'a lower'} "
            "jaw: one of them is probably the wrong file.",
            None,
            detail,
        )  # fmt: skip
    elif looks[0] != first.which and looks[1] != second.which:
        yield Finding(
            "upper_lower_swapped", (), None, "error",
            f"Upper and lower jaw are probably exchanged: '{first.name}' looks like the {looks[0]} jaw and "
            f"'{second.name}' like the {looks[1]}.",
            "swap_upper_lower",
            detail,
        )  # fmt: skip


def _not_in_bite(first: JawCase, second: JawCase) -> Iterator[Finding]:
    upper, lower = (first, second) if first.which == "upper" else (second, first)
    reason = None
    deepest = None
    gap, overlap, place = _meeting(upper, lower)
    detail = {"gap_mm": round(gap, 2), "overlap_mm": round(overlap, 2)}
    if upper.axes is not None and lower.axes is not None:
        front, top = (float(upper.axes[k] @ lower.axes[k]) for k in (1, 2))
        detail |= {"front_cosine": round(front, 2), "top_cosine": round(top, 2)}
        if min(front, top) < FACING:
            reason = "they do not face each other"
    if reason is None and gap > APART_MM:
        reason = f"they are {gap:.0f} mm apart"
    if reason is None and overlap > OVERLAP_MM:
        reason, deepest = f"their crowns run up to {overlap:.0f} mm into each other", place
    if reason is not None:
        yield Finding(
            "not_in_bite", (), lower.in_file(deepest), "warning",
            f"The two jaws are not in the bite: {reason}. "
            "Teeth and numbers are not affected, but contacts between the jaws cannot be judged.",
            None,
            detail,
        )  # fmt: skip


def _meeting(upper: JawCase, lower: JawCase) -> tuple[float, float, np.ndarray]:
    """Smallest distance between the crowns of both jaws, how deep the lower ones run into the upper (99th
    percentile), both mm, and where in mm of the lower surface that is deepest."""
    from scipy.spatial import cKDTree

    target, normals = upper.cap(20_000)
    points, _ = lower.cap(4_000)
    distance, index = cKDTree(target).query(points)
    height = np.einsum("ij,ij->i", points - target[index], normals[index])
    # only where the nearest point lies straight under the surface: beyond a crown's margin there is no inside
    depth = np.where(-height > 0.7 * distance, -height, 0.0)
    return float(distance.min()), float(np.percentile(depth, 99)), points[int(depth.argmax())]
