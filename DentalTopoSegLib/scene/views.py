"""Where to look: slice views and 3D cameras go to a place and to the teeth concerned."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    """A place to look at, all in world RAS mm. teeth: FDI numbers concerned. camera: a good place for the eye (outside
    the arch, on the place's side); view_up: which way is up; extent_mm: what a slice view should show across."""

    position: tuple[float, float, float]
    teeth: tuple[int, ...]
    camera: tuple[float, float, float]
    view_up: tuple[float, float, float]
    extent_mm: float


def look_at(look: Look, scene: object, *, zoom: bool = True) -> None:
    """Centre every slice view and turn every 3D camera of the scene to the place; zoom: slices show extent_mm."""
    raise NotImplementedError
