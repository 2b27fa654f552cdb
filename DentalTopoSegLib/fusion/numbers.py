"""Which scanned crown is which tooth of the CBCT, once they lie upon each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from .pose import NumberedScan, Pose, crown_vertices
from .surfaces import CbctTooth

#: A crown's vertex belongs to a tooth of the CBCT this near, mm.
_NEAR_MM = 0.6
#: At least this share of a crown lies on the tooth that it is.
_MOST = 0.5


@dataclass(frozen=True)
class TeethMatch:
    """pairs: the CBCT's FDI number -> the scan's; scan_only, cbct_only: numbers without a partner, sorted."""

    pairs: dict[int, int]
    scan_only: list[int]
    cbct_only: list[int]


def match_teeth(jaw_scan: NumberedScan, pose: Pose, teeth: Mapping[int, CbctTooth]) -> TeethMatch:
    """Pair the crowns of a scan with the teeth they lie upon; each tooth has at most one crown.

    Parameters
    ----------
    jaw_scan : NumberedScan
        One jaw.
    pose : Pose
        Where it lies.
    teeth : mapping
        `cbct_teeth` of that jaw by FDI number.
    """
    owner = np.concatenate([np.full(len(t.surface.vertices), n) for n, t in teeth.items()])
    tree = cKDTree(np.concatenate([t.surface.vertices for t in teeth.values()]))
    taken = crown_vertices(jaw_scan)
    numbers = [int(n) for n in np.unique(jaw_scan.fdi) if n]
    shares = []
    for number in numbers:
        places = jaw_scan.surface.vertices[taken & (jaw_scan.fdi == number)]
        if not len(places):
            continue
        distance, nearest = tree.query(pose.apply(places))
        upon, counts = np.unique(owner[nearest[distance < _NEAR_MM]], return_counts=True)
        shares += [(count / len(places), int(tooth), number) for tooth, count in zip(upon, counts, strict=True)]
    pairs: dict[int, int] = {}
    for share, tooth, number in sorted(shares, reverse=True):
        if share >= _MOST and tooth not in pairs and number not in pairs.values():
            pairs[tooth] = number
    return TeethMatch(
        dict(sorted(pairs.items())),
        sorted(set(numbers) - set(pairs.values())),
        sorted(set(teeth) - set(pairs)),
    )


def partner_notes(match: TeethMatch) -> list[str]:
    """What is said of teeth that only one of the two has, a sentence each."""
    told = [f"Tooth {number} of the scan lies upon no tooth of the CBCT." for number in match.scan_only]
    told += [f"Tooth {tooth} of the CBCT has no crown in the scan." for tooth in match.cbct_only]
    return told
