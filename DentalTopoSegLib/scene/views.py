"""Where to look: slice views and 3D cameras go to a place and to the teeth concerned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .nodes import nodes_of

#: The panoramic view's slice node: what it shows lies flat and elsewhere, so no jump goes there.
PANORAMIC_TAG = "DentalPanoramic"
#: Slice views show at least this much around a place, mm.
_LEAST_MM = 35.0
#: The eye is lifted out of the plane of the arch by this share of the distance.
_LIFT = 0.35


@dataclass(frozen=True)
class Look:
    """A place to look at.

    Parameters
    ----------
    position : (x, y, z)
        World RAS mm.
    teeth : tuple of int
        FDI numbers concerned.
    camera : (x, y, z)
        A good place for the eye, RAS mm: outside the arch, on the place's side.
    view_up : (x, y, z)
        Which way is up.
    extent_mm : float
        What a slice view should show across.
    """

    position: tuple[float, float, float]
    teeth: tuple[int, ...]
    camera: tuple[float, float, float]
    view_up: tuple[float, float, float]
    extent_mm: float


def look_from_outside(
    position: Iterable[float],
    teeth: Sequence[int],
    middle: np.ndarray,
    extent_mm: float,
    up: np.ndarray | None = None,
) -> Look:
    """The look at a place from outside the arch, whose middle (3,) is given. up: the head's upward axis in the world.

    Of a place in the middle itself, from the front.
    """
    up = np.array([0.0, 0.0, 1.0]) if up is None else up / np.linalg.norm(up)
    place = np.array(tuple(position), float)
    outward = place - middle
    outward -= (outward @ up) * up
    if np.linalg.norm(outward) < 5.0:
        front = np.array([0.0, 1.0, 0.0]) if abs(up[1]) < 0.9 else np.array([0.0, 0.0, -1.0])
        outward = front - (front @ up) * up
    outward /= np.linalg.norm(outward)
    extent = max(float(extent_mm), _LEAST_MM)
    raised = outward + _LIFT * up * (-1.0 if (place - middle) @ up < -4.0 else 1.0)
    eye = place + 2.2 * extent * raised / np.linalg.norm(raised)
    return Look(tuple(place.tolist()), tuple(teeth), tuple(eye.tolist()), tuple(up.tolist()), extent)


def look_at(look: Look, scene: Any, *, zoom: bool = True) -> None:
    """Centre every slice view but the panoramic one and turn every 3D camera of the scene to the place; zoom: slices
    show extent_mm."""
    for node in nodes_of(scene, "vtkMRMLSliceNode"):
        if node.GetLayoutName() == PANORAMIC_TAG:
            continue
        node.JumpSliceByCentering(*look.position)
        if zoom:
            width, height, depth = node.GetFieldOfView()
            scale = look.extent_mm / min(width, height) if min(width, height) > 0 else 1.0
            node.SetFieldOfView(width * scale, height * scale, depth)
    for node in nodes_of(scene, "vtkMRMLCameraNode"):
        modifying = node.StartModify()
        node.SetFocalPoint(*look.position)
        node.SetPosition(*look.camera)
        node.SetViewUp(*look.view_up)
        node.ResetClippingRange()
        node.EndModify(modifying)
