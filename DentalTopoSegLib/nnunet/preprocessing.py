"""What nnU-Net does to a scan before the network: axes, the box that is not zero, normalisation, resampling."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from .description import Channel, Description
from .resampling import resample, shape_at

_EPS = np.float32(1e-8)


@dataclass(frozen=True)
class Prepared:
    """A scan as the network takes it.

    Parameters
    ----------
    image : ndarray
        (channels, a, b, c) float32 at the network's spacing, its axes in the network's order.
    box : tuple of slice
        The part of the scan that it shows, in that order of axes.
    shape : tuple of int
        The whole scan's, in that order.
    spacing : tuple of float
        The scan's, mm, in that order.
    """

    image: np.ndarray
    box: tuple[slice, slice, slice]
    shape: tuple[int, int, int]
    spacing: tuple[float, float, float]

    @property
    def box_shape(self) -> tuple[int, int, int]:
        """Voxels of the box."""
        return tuple(part.stop - part.start for part in self.box)  # type: ignore[return-value]


def prepare(scan: np.ndarray, spacing_zyx: tuple[float, float, float], description: Description) -> Prepared:
    """Prepare a scan.

    Parameters
    ----------
    scan : ndarray
        (z, y, x) of one channel; a network of several is refused where it is loaded.
    spacing_zyx : tuple of float
        mm.
    description : Description
        The network's.

    Raises
    ------
    InputError
        For a scan that is zero throughout, or that has less than a voxel at the network's spacing.
    """
    turned = scan.transpose(description.axes)
    spacing = tuple(float(spacing_zyx[axis]) for axis in description.axes)
    box = _box_of_something(turned)
    part = np.array(turned[box], np.float32)  # a copy: the scan stays as it is
    wanted = shape_at(part.shape, spacing, description.spacing)
    if min(wanted) < 1:
        raise InputError(
            f"The scan is too thin for this network: at its spacing of {description.spacing} mm it has no voxel left."
        )
    inside = _inside(part) if description.channels[0].inside_only else None
    part = normalise(part, description.channels[0], inside)
    image = resample(part, wanted, spacing, description.spacing, description.image_rule)
    return Prepared(np.ascontiguousarray(image, np.float32)[None], box, turned.shape, spacing)  # type: ignore[arg-type]


def normalise(image: np.ndarray, channel: Channel, inside: np.ndarray | None) -> np.ndarray:
    """Normalise float32 grey values in place.

    Parameters
    ----------
    image : ndarray
        (a, b, c) float32.
    channel : Channel
        How.
    inside : ndarray, optional
        Boolean mask of what is not zero: only that is normalised by a z-score.
    """
    if channel.normalisation == "CTNormalization":
        np.clip(image, np.float32(channel.low), np.float32(channel.high), out=image)
        image -= np.float32(channel.mean)
        image /= max(np.float32(channel.std), _EPS)
    elif channel.normalisation == "ZScoreNormalization" and inside is not None:
        values = image[inside]
        image[inside] = (values - values.mean()) / max(values.std(), _EPS)
    elif channel.normalisation == "ZScoreNormalization":
        mean, std = image.mean(), image.std()
        image -= mean
        image /= max(std, _EPS)
    elif channel.normalisation == "RescaleTo01Normalization":
        image -= image.min()
        image /= max(image.max(), _EPS)
    elif channel.normalisation == "RGBTo01Normalization":
        if image.min() < 0 or image.max() > 255:
            raise InputError("This network takes colour pictures with values of 0 to 255; the scan has others.")
        image /= np.float32(255)
    return image


def _box_of_something(scan: np.ndarray) -> tuple[slice, slice, slice]:
    """The smallest box around what is not zero."""
    box = []
    for axis in range(3):
        there = np.array([part.any() for part in np.moveaxis(scan, axis, 0)])
        where = np.flatnonzero(there)
        if not len(where):
            raise InputError("Every voxel of the scan is 0: it shows nothing.")
        box.append(slice(int(where[0]), int(where[-1]) + 1))
    return tuple(box)  # type: ignore[return-value]


def _inside(part: np.ndarray) -> np.ndarray:
    from scipy import ndimage

    return ndimage.binary_fill_holes(part != 0)
