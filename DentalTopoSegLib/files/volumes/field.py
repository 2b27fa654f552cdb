"""What lies outside of a scan's field of view: voxels of one constant value, which tell nothing of the patient.

Scanners and converters fill the corners around a round field with a value of their own, -32768 and 32767 among them.
The networks have seen fields surrounded by a value of air; any other value would shift the grey values they are shown.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from .grid import Volume

_CORNERS = (
    4  # of the eight: of a round field, or one that was moved or turned within its box, at least so many are empty
)
_LEAST_SHARE = 0.002  # of all voxels; less moves no percentile that is used
_AIR = 0.05  # of the range of grey values: so near to the darkest ones a constant is the air that the networks know
_CUT_OFF = 0.002  # of the field: where more comes near the brightest value, that is where a scanner has cut off
_RIM = 2  # voxels at the edge of the field that interpolation may have mixed with the constant
_SAMPLE = 200_000


@dataclass(frozen=True)
class OutsideField:
    """The voxels outside of a scan's field of view.

    Parameters
    ----------
    values : tuple of float
        Theirs; mostly one.
    mask : ndarray
        (z, y, x) bool, True outside.
    air : float
        The darkest grey of the field.
    """

    values: tuple[float, ...]
    mask: np.ndarray
    air: float

    def filled(self, scan: Volume) -> Volume:
        """The scan with air outside of its field."""
        array = scan.array.copy()
        array[self.mask] = self.air
        return scan.with_array(array)

    @property
    def note(self) -> str:
        """What to tell of it."""
        percent = 100 * float(self.mask.mean())
        shown = " or ".join(f"{value:g}" for value in self.values)
        return (
            f"{percent:.0f} % of the voxels, at the edge of the scan, have the same value ({shown}): they were taken "
            "for lying outside of the field of view."
        )


def find_outside(scan: Volume) -> OutsideField | None:
    """The voxels of a constant value around the field of view, of a value that is not that of air; None for none."""
    array = scan.array
    if min(array.shape) < 2:
        return None
    corners = array[:: array.shape[0] - 1, :: array.shape[1] - 1, :: array.shape[2] - 1]
    constants = [value for value, count in Counter(corners.ravel().tolist()).items() if count >= _CORNERS]
    if not constants:
        return None
    step = max(1, round((array.size / _SAMPLE) ** (1 / 3)))
    sample = array[::step, ::step, ::step]
    field = sample[~np.isin(sample, constants)]
    if not _LEAST_SHARE * sample.size < len(field) < (1 - _LEAST_SHARE) * sample.size:
        return None
    values = tuple(value for value in constants if _is_strange(value, field))
    mask = np.zeros(array.shape, bool)
    for value in values:
        mask |= _around(array, value)
    if np.count_nonzero(mask) < _LEAST_SHARE * array.size:
        return None
    near = _grown(mask)
    inner = sample[~near[::step, ::step, ::step]]
    low, high = (float(v) for v in np.percentile(inner if len(inner) else field, (0.5, 99.5)))
    # metal is far brighter than the rest; what is further off is no grey value of the field but mixed with the constant
    mask |= near & ((array < low - (high - low)) | (array > high + 4 * (high - low)))
    return OutsideField(tuple(map(float, values)), mask, float(array.dtype.type(low)))


def _is_strange(value: float, field: np.ndarray) -> bool:
    """Whether a constant among the grey values of a field is neither air nor what they are cut off at."""
    low, high = (float(v) for v in np.percentile(field, (0.5, 99.5)))
    near = _AIR * (high - low)
    if float(field.min()) - near <= value <= low + near:
        return False
    reached = np.count_nonzero((field >= value - near) & (field < value)) > _CUT_OFF * len(field)
    return not (value >= field.max() and reached)


def _around(array: np.ndarray, value: float) -> np.ndarray:
    """The voxels of a value that are connected with the border of their (y, x) plane by others of it; bool."""
    from scipy import ndimage

    mask = np.zeros(array.shape, bool)
    for plane, kept in zip(array, mask, strict=True):
        equal = plane == value
        labels, count = ndimage.label(equal)
        if not count:
            continue
        border = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
        table = np.zeros(count + 1, bool)
        table[border[border > 0]] = True
        kept[:] = table[labels]
    return mask


def _grown(mask: np.ndarray) -> np.ndarray:
    """The mask and what lies within `_RIM` voxels of it; bool."""
    grown = mask.copy()
    for _ in range(_RIM):
        before = grown.copy()
        for axis in range(3):
            ahead = tuple(slice(1, None) if a == axis else slice(None) for a in range(3))
            behind = tuple(slice(None, -1) if a == axis else slice(None) for a in range(3))
            grown[ahead] |= before[behind]
            grown[behind] |= before[ahead]
    return grown
