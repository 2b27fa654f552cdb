"""Metal in the bone and things between the teeth: mini-implants, plates with screws, bite blocks, cotton rolls.

All of it is background.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DentalTopoSegLib.dentition import arch_order, is_upper
from training.patients.placed_tooth import PlacedTooth, extent

MINI_IMPLANTS, PLATES, ROLLS = 0.06, 0.04, 0.12
"""Share of patients with mini-implants, a plate, a bite block or cotton rolls."""
BITE_BLOCK, COTTON = (50.0, 500.0), (-800.0, -250.0)
"""HU-like values of acrylic, silicone and wax, and of cotton soaked more or less."""


@dataclass(frozen=True)
class Rod:
    """A round rod along a line.

    Attributes
    ----------
    line : numpy.ndarray
        (N, 3) RAS mm, in the patient's upright pose.
    radius : float
        mm.
    value : float or None
        HU-like grey value; None for metal.
    """

    line: np.ndarray
    radius: float
    value: float | None = None


def sample_hardware(teeth: list[PlacedTooth], rng: np.random.Generator) -> list[Rod]:
    """What a patient has of it, mostly nothing."""
    rods: list[Rod] = []
    standing = {t.fdi: t for t in teeth if t.present and t.erupted}
    if rng.random() < MINI_IMPLANTS:
        rods += mini_implants(standing, rng)
    if rng.random() < PLATES:
        rods += plate(standing, rng)
    if rng.random() < ROLLS:
        rods += rolls(standing, rng)
    return rods


def mini_implants(standing: dict[int, PlacedTooth], rng: np.random.Generator) -> list[Rod]:
    """Thin screws between the roots of second premolars and first molars, heads to the cheek."""
    rods = []
    for quadrant in (10, 20, 30, 40):
        pair = [standing.get(quadrant + place) for place in (5, 6)]
        front, back = pair
        if front is None or back is None or rng.random() < 0.4:
            continue
        height = float(front.model.cej[0]) - float(rng.uniform(3, 8))
        middle = (front.to_ras(np.array([0.0, 0.0, height]))[0] + back.to_ras(np.array([0.0, 0.0, height]))[0]) / 2
        outward = front.rotation[:, 1] + back.rotation[:, 1]
        outward = outward / np.linalg.norm(outward)
        out, length = float(rng.uniform(5, 8)), float(rng.uniform(7, 11))
        radius = float(rng.uniform(0.6, 1.0))
        head = middle + outward * out
        rods.append(Rod(np.array([head, head - outward * length]), radius))
        rods.append(Rod(np.array([head, head + outward * 1.2]), radius * 1.6))
    return rods


def plate(standing: dict[int, PlacedTooth], rng: np.random.Generator) -> list[Rod]:
    """A mini-plate on the bone beside the apices of three to five neighbours, a screw at every hole."""
    jaw = ("upper", "lower")[int(rng.integers(2))]
    row = [standing[f] for f in arch_order(jaw) if f in standing]
    count = int(rng.integers(3, 6))
    if len(row) < count:
        return []
    first = int(rng.integers(len(row) - count + 1))
    out = float(rng.uniform(4.5, 7.0))
    teeth = row[first : first + count]
    low = min(float(t.model.apex[2]) for t in teeth) - float(rng.uniform(-1, 3))
    holes = [t.to_ras(np.array([0.0, out, low]))[0] for t in teeth]
    screws = [
        Rod(np.array([hole, hole - t.rotation[:, 1] * float(rng.uniform(4, 7))]), 0.8)
        for t, hole in zip(teeth, holes, strict=True)
    ]
    return [Rod(np.array(holes), float(rng.uniform(0.5, 0.9))), *screws]


def rolls(standing: dict[int, PlacedTooth], rng: np.random.Generator) -> list[Rod]:
    """Between the rows a bite block; or cotton rolls beside the teeth, or between them."""
    cotton = bool(rng.random() < 0.5)
    span = COTTON if cotton else BITE_BLOCK
    value, radius = float(rng.uniform(*span)), float(rng.uniform(3.0, 5.5))
    beside = cotton and bool(rng.random() < 0.5)
    places = (4, 5, 6, 7) if beside or rng.random() < 0.7 else (1, 2)
    rods = []
    for right in (True, False):
        quadrants = (10, 40) if right else (20, 30)
        points = []
        for place in places:
            tops = [
                t.to_ras(np.array([0.0, extent(t.model)[1] / 2 + radius if beside else 0.0, t.model.top]))[0]
                for t in (standing.get(q + place) for q in quadrants)
                if t is not None and (not beside or is_upper(t.fdi))
            ]
            if tops:
                points.append(np.mean(tops, 0))
        if len(points) >= 2 and rng.random() < 0.8:
            rods.append(Rod(np.array(points), radius, value))
    return rods
