"""Rejected pieces of teeth join the numbered tooth that they touch."""

from __future__ import annotations

import numpy as np

from ..dentition import CLASS_FDI
from .instances import SILENT, Instances
from .splitting import usual_volume

_JOINING_VOTE = 0.2  # share of a rejected piece's votes for the number it joins
_MOST_JOINED = 1.8  # times the usual volume of one tooth


def join_rejected(found: Instances, fdi: np.ndarray, volumes: np.ndarray, boxes: list) -> np.ndarray:
    """Give a rejected piece (fdi 0) the number of the numbered instance it touches most, if its own votes
    agree, or it has none, and the two together are not too large for one tooth. fdi (N + 1,) is changed in
    place; returns which pieces were joined, (N,) bool."""
    from scipy import ndimage

    joined = np.zeros(len(found), bool)
    for k in np.nonzero(fdi[1:] == 0)[0]:
        box = tuple(slice(max(s.start - 1, 0), s.stop + 1) for s in boxes[k])
        view = found.labels[box]
        mask = view == k + 1
        near = view[ndimage.binary_dilation(mask, np.ones((3, 3, 3))) & ~mask]
        touch = np.bincount(near, minlength=len(found) + 1).astype(float)
        touch[fdi == 0] = 0
        if touch.max() == 0:
            continue
        host = int(touch.argmax())
        wanted = CLASS_FDI.index(int(fdi[host]))
        teeth = found.votes[k, 1:] / max(found.votes[k, 1:].sum(), 1e-9)
        agree = teeth[wanted - 1] >= _JOINING_VOTE or found.votes[k, 0] >= SILENT
        if agree and volumes[k] + volumes[host - 1] < _MOST_JOINED * usual_volume(wanted):
            fdi[k + 1] = fdi[host]
            joined[k] = True
    return joined
