"""Fields of view of cone-beam scanners, and what happens near their edges.

A detector that does not see the whole head truncates its projections: the rim of the field shines, matter outside of
it (the exomass) adds a gradient and streaks, and the slices that the cone meets at its steepest, the uppermost and
lowermost, are smeared and noisy. Outside there is one constant value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from training.patients.blurring import blur
from training.patients.dice import Dice

SMALL_FIELDS_MM = ((40, 40), (40, 40), (50, 37), (50, 50), (60, 60), (80, 40), (80, 50), (80, 80), (100, 50), (100, 90))
"""Diameter and height of usual fields smaller than the face: one tooth, a quadrant, one jaw, both."""


@dataclass(frozen=True)
class FieldOfView:
    """An upright cylinder in a grid; lengths in mm from the outer corner of voxel (0, 0, 0).

    Attributes
    ----------
    centre : tuple of float
        (y, x) of the axis.
    radius : float
        Of the cylinder; infinite: only the height is limited.
    low, high : float
        Between which heights (z) it lies; infinite: not limited.
    """

    centre: tuple[float, float]
    radius: float = math.inf
    low: float = -math.inf
    high: float = math.inf

    def distance(self, shape: tuple[int, int, int], spacing: float) -> torch.Tensor:
        """(y, x) mm from the axis to the middle of every column."""
        y, x = ((torch.arange(n) + 0.5) * spacing for n in shape[1:])
        return ((y - self.centre[0])[:, None] ** 2 + (x - self.centre[1])[None] ** 2).sqrt()

    def mask(self, shape: tuple[int, int, int], spacing: float) -> torch.Tensor:
        """(z, y, x) bool: the voxels that the scanner reconstructs."""
        z = (torch.arange(shape[0]) + 0.5) * spacing
        return ((z > self.low) & (z < self.high))[:, None, None] & (self.distance(shape, spacing) < self.radius)[None]

    def box(self, shape: tuple[int, int, int], spacing: float) -> tuple[slice, slice, slice]:
        """The voxels (z, y, x) around the field that lie in the grid; every edge is even."""
        edges = [(self.low, self.high), *((c - self.radius, c + self.radius) for c in self.centre)]
        return tuple(
            slice(
                int(max(0.0, low / spacing) // 2 * 2),
                int(min(float(n), math.ceil(high / spacing / 2) * 2 if math.isfinite(high) else math.inf)),
            )
            for (low, high), n in zip(edges, shape, strict=True)
        )


def small_field(middle: np.ndarray, room: float, rng: np.random.Generator) -> FieldOfView:
    """A usual small field around a place.

    Parameters
    ----------
    middle : numpy.ndarray
        (3,) mm z, y, x in the grid: a tooth.
    room : float
        Fields wider than this (mm) are not drawn.
    rng : numpy.random.Generator
        The only source of randomness.
    """
    sizes = [size for size in SMALL_FIELDS_MM if size[0] <= room]
    diameter, height = sizes[int(rng.integers(len(sizes)))]
    off = rng.normal(0, 0.18, 3) * [height, diameter, diameter]
    z, y, x = (float(m + o) for m, o in zip(middle, off, strict=True))
    return FieldOfView((y, x), diameter / 2, z - height / 2, z + height / 2)


def disturb_field(scan: torch.Tensor, field: FieldOfView, spacing: float, dice: Dice) -> torch.Tensor:
    """A scan (z, y, x) with what truncation and the cone do inside of a field of view.

    Parameters
    ----------
    scan : torch.Tensor
        (z, y, x) HU-like values.
    field : FieldOfView
        Where the scanner looks.
    spacing : float
        Edge of a voxel, mm.
    dice : Dice
        The only source of randomness.
    """
    shape, device = tuple(scan.shape), scan.device
    if math.isfinite(field.radius):
        distance = field.distance(shape, spacing).to(device)
        if dice.chance(0.65):  # the truncated projections' rim
            rim = torch.exp(((distance - field.radius) / dice.uniform(1.0, 6.0)).clamp(max=0))
            scan = scan + 10 ** dice.uniform(2.0, 3.1) * rim
        if dice.chance(0.6):  # exomass: more matter on one side
            scan = scan + gradient(shape, field, spacing, dice).to(device)
        if dice.chance(0.35):  # metal and bone outside draw streaks across the field
            scan = scan + outer_streaks(shape, field, spacing, dice).to(device)
        if dice.chance(0.25):
            scan = scan + rings(distance, shape[0], dice)
    if math.isfinite(field.low) or math.isfinite(field.high):
        scan = smear_ends(scan, field, spacing, dice)
    return scan


def gradient(shape: tuple[int, int, int], field: FieldOfView, spacing: float, dice: Dice) -> torch.Tensor:
    """(1, y, x) a slow trend across the field and from its middle outwards."""
    turn = dice.uniform(0, 2 * math.pi)
    y, x = ((torch.arange(n) + 0.5) * spacing for n in shape[1:])
    along = math.sin(turn) * (y - field.centre[0])[:, None] + math.cos(turn) * (x - field.centre[1])[None]
    relative = along / field.radius
    cup = (field.distance(shape, spacing) / field.radius).clamp(max=1) ** 2
    return (dice.uniform(0, 300) * relative.clamp(-1, 1) + dice.uniform(-200, 300) * cup)[None]


def outer_streaks(shape: tuple[int, int, int], field: FieldOfView, spacing: float, dice: Dice) -> torch.Tensor:
    """(z, y, x) dark and bright lines from sources outside of the field, each in a band of slices."""
    depth = shape[0]
    total = torch.zeros(shape)
    y, x = ((torch.arange(n) + 0.5) * spacing for n in shape[1:])
    z = (torch.arange(depth) + 0.5) * spacing
    for _ in range(1 + int(dice.uniform(0, 3))):
        turn = dice.uniform(0, 2 * math.pi)
        away = field.radius * dice.uniform(1.05, 1.8)
        dy = (y - field.centre[0] - away * math.sin(turn))[:, None]
        dx = (x - field.centre[1] - away * math.cos(turn))[None]
        seen = torch.atan2(dy, dx)
        fan = torch.zeros(shape[1:])
        for _ in range(2 + int(dice.uniform(0, 5))):
            toward = turn + math.pi + dice.uniform(-0.6, 0.6)
            off = torch.remainder(seen - toward + math.pi, 2 * math.pi) - math.pi
            fan += dice.uniform(-1, 0.7) * torch.exp(-0.5 * (off / dice.uniform(0.01, 0.06)) ** 2)
        height = dice.uniform(float(z[0]), float(z[-1]))
        band = torch.exp(-0.5 * ((z - height) / dice.uniform(1.0, 6.0)) ** 2)
        total += 10 ** dice.uniform(1.8, 2.8) * band[:, None, None] * fan
    return total


def rings(distance: torch.Tensor, depth: int, dice: Dice) -> torch.Tensor:
    """(z, y, x) circles about the field's axis, whose strength changes slowly with the height; distance: (y, x) mm."""
    count = int(float(distance.max()) / 0.5) + 2
    strength = torch.randn(count, generator=dice.generator)
    strength = strength * (torch.rand(count, generator=dice.generator) < 0.3) / (1 + 0.05 * torch.arange(count))
    slow = torch.linspace(0, 1, depth) * dice.uniform(0, 6) + dice.uniform(0, 6)
    plane = strength.to(distance.device)[(distance / 0.5).long()]
    return dice.uniform(20, 250) * torch.cos(slow).to(distance.device)[:, None, None] * plane[None]


def smear_ends(scan: torch.Tensor, field: FieldOfView, spacing: float, dice: Dice) -> torch.Tensor:
    """A scan (z, y, x) smeared, darkened and noisy towards the upper and lower end of the field."""
    z = (torch.arange(scan.shape[0]) + 0.5) * spacing
    reach = dice.uniform(1.0, 5.0)
    near = torch.exp(-(z - field.low).clamp(min=0) / reach) + torch.exp(-(field.high - z).clamp(min=0) / reach)
    weight = near.clamp(max=1).to(scan.device)[:, None, None]
    touched = weight[:, 0, 0] > 0.03
    if not bool(touched.any()):
        return scan
    if dice.chance(0.6):
        scan = scan + weight * (blur(scan, (dice.uniform(0.8, 2.5) / spacing, 0.0, 0.0)) - scan)
    if dice.chance(0.5):
        scan = scan + weight * dice.uniform(-500, 200)
    if dice.chance(0.5):
        noise = torch.randn(scan.shape, generator=dice.generator).to(scan.device)
        scan = scan + weight * noise * dice.uniform(50, 300)
    return scan
