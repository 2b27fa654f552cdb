"""Test-time augmentation: a network looks at a part of the scan in several positions, and its answers are averaged.

Mirroring exchanges left and right, so the numbering network's answer is not only mirrored back: tooth 11 in the mirror
is tooth 21 of the patient. The border network knows no sides. Small turns cost more than they give: they are measured
(`Testing/benchmarks/tta.py`), not used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..dentition import mirrored
from ..errors import Cancelled

_NOD_DEGREES = 5.0


@dataclass(frozen=True)
class View:
    """A position in which a network looks at an array (z, y, x) whose x runs from the patient's right to left, or from
    left to right.

    Parameters
    ----------
    mirror : bool
        Left and right exchanged.
    nod : float
        Turned by so many degrees about the left-right axis, through the array's centre.
    """

    mirror: bool = False
    nod: float = 0.0

    def show(self, image: np.ndarray) -> np.ndarray:
        """The array in this position, float32 of the same shape; what comes in from outside is the nearest voxel."""
        turned = _nodded(image, self.nod) if self.nod else image
        return np.ascontiguousarray(turned[:, :, ::-1]) if self.mirror else turned

    def bring_back(
        self, answer: np.ndarray, twins: np.ndarray | None = None, cancelled: Callable[[], bool] | None = None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """A network's answer to `show` in the position of the original array.

        Parameters
        ----------
        answer : numpy.ndarray
            (channels, z, y, x), uint8 or float.
        twins : numpy.ndarray, optional
            (channels,) the channel of the same tooth on the other side; None where channels have no side.
        cancelled : callable, optional
            Asked before each channel.

        Returns
        -------
        answer : numpy.ndarray
            Of the same shape and type.
        seen : numpy.ndarray or None
            Boolean (z, y, x), which voxels the view has shown; None: all.

        Raises
        ------
        Cancelled
            Once `cancelled` answers True.
        """
        if self.mirror:
            answer = answer[twins, :, :, ::-1] if twins is not None else answer[..., ::-1]
        if not self.nod:
            return answer, None
        out = np.empty(answer.shape, answer.dtype)
        for channel, values in enumerate(answer):
            if cancelled is not None and cancelled():
                raise Cancelled()
            out[channel] = _nodded(values, -self.nod) if values.any() else 0
        return out, _stays_inside(answer.shape[1:3], -self.nod)[:, :, None]


#: The views of a network that looks once, and of one that looks again: test-time augmentation.
ONCE = (View(),)
AGAIN = (View(), View(mirror=True))
#: The same with small turns, for comparison.
TURNED = (*AGAIN, View(nod=_NOD_DEGREES), View(mirror=True, nod=-_NOD_DEGREES))


def twin_channels(labels: Sequence[int]) -> np.ndarray:
    """Of a numbering network with these classes (0, then FDI): each one's channel on the patient's other side.

    Examples
    --------
    >>> twin_channels([0, 11, 12, 21, 22]).tolist()
    [0, 3, 4, 1, 2]
    """
    return np.array([labels.index(mirrored(fdi)) if fdi else labels.index(0) for fdi in labels])


class Average:
    """The mean of answers (channels, z, y, x) in 255ths, each voxel over the views that saw it."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._sum = np.zeros(shape, np.uint16)
        self._count = np.zeros(shape[1:], np.uint8)

    def add(self, answer: np.ndarray, seen: np.ndarray | None = None) -> None:
        """answer: uint8; seen: boolean that broadcasts to (z, y, x), None: all of it."""
        if seen is None:
            self._sum += answer
            self._count += 1
            return
        np.add(self._sum, answer, out=self._sum, where=np.broadcast_to(seen, answer.shape))
        self._count += seen

    def mean(self) -> np.ndarray:
        """uint8, rounded."""
        half = self._count // 2
        return ((self._sum + half) // np.maximum(self._count, 1)).astype(np.uint8)


def _turn(shape: tuple[int, ...], degrees: float) -> tuple[np.ndarray, np.ndarray]:
    """Matrix (2, 2) and offset (2,) from a place (z, y) in the turned plane to that in the plane as it is."""
    a = np.deg2rad(degrees)
    matrix = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    centre = (np.array(shape, float) - 1) / 2
    return matrix, centre - matrix @ centre


def _nodded(array: np.ndarray, degrees: float) -> np.ndarray:
    """(z, y, x) turned in its planes of one x, linearly interpolated; of the same shape and type. What comes in from
    outside is the nearest voxel."""
    d, h, _ = array.shape
    matrix, offset = _turn((d, h), degrees)
    z, y = np.meshgrid(np.arange(d), np.arange(h), indexing="ij")
    place = np.einsum("ij,jkl->ikl", matrix, np.stack([z, y]).astype(float)) + offset[:, None, None]
    place = np.clip(place, 0, np.array([d - 1, h - 1])[:, None, None])
    low = np.minimum(place.astype(np.intp), np.array([max(d - 2, 0), max(h - 2, 0)])[:, None, None])
    (z, y), (fz, fy) = low, (place - low).astype(np.float32)
    z1, y1 = np.minimum(z + 1, d - 1), np.minimum(y + 1, h - 1)
    out = np.empty(array.shape, array.dtype)
    whole = np.issubdtype(array.dtype, np.integer)
    for k in range(d):  # rows of x lie together in memory, so each is weighted as a whole
        weights = ((1 - fz[k]) * (1 - fy[k]), (1 - fz[k]) * fy[k], fz[k] * (1 - fy[k]), fz[k] * fy[k])
        corners = ((z[k], y[k]), (z[k], y1[k]), (z1[k], y[k]), (z1[k], y1[k]))
        row = sum(w[:, None] * array[i, j] for w, (i, j) in zip(weights, corners, strict=True))
        out[k] = row + 0.5 if whole else row
    return out


def _stays_inside(shape: tuple[int, ...], degrees: float) -> np.ndarray:
    """Boolean (z, y): which places of the plane a turn by these degrees takes to one inside of it."""
    matrix, offset = _turn(shape, degrees)
    place = np.einsum("ij,jkl->ikl", matrix, np.indices(shape).astype(float)) + offset[:, None, None]
    last = np.array(shape)[:, None, None] - 1
    return ((place >= 0) & (place <= last)).all(0)
