"""Teeth that were taken out or never came, and whose gaps have closed: numbers that a count along the arch gets wrong.

Orthodontists take out first premolars before all other teeth, then second premolars and now and then a lower incisor;
upper lateral incisors and second premolars are the teeth that most often fail to form (third molars aside); a second
molar drifts to where the first was lost.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from DentalTopoSegLib.dentition import arch_order, is_upper
from training.patients.placed_tooth import PlacedTooth, extent

EXTRACTIONS = 0.25
"""Share of patients with closed gaps."""
PLANS = (
    (0.34, ((14, 24, 34, 44),)),
    (0.16, ((14, 24),)),
    (0.06, ((34, 44),)),
    (0.14, ((15, 25, 35, 45), (15, 25), (35, 45), (14, 24, 35, 45))),
    (0.12, tuple((place,) for place in (14, 24, 34, 44, 15, 25, 35, 45))),
    (0.08, ((12, 22), (12,), (22,))),
    (0.04, ((31,), (41,), (32,), (42,))),
    (0.06, ((16,), (26,), (36,), (46,), (36, 46))),
)
"""Share of the patients with closed gaps, and which teeth those lack: one of the sets, evenly."""


def extract(teeth: list[PlacedTooth], rng: np.random.Generator) -> list[PlacedTooth]:
    """In some patients teeth taken away and the others moved together; teeth that stand beside a gap as it is stay."""
    if rng.random() > EXTRACTIONS:
        return teeth
    sets = PLANS[int(rng.choice(len(PLANS), p=[share for share, _ in PLANS]))][1]
    gone = sets[int(rng.integers(len(sets)))]
    closed = rng.uniform(0.9, 1.05) if rng.random() < 0.8 else rng.uniform(0.3, 0.9)
    retraction = rng.uniform(0.0, 0.6)
    for fdi in gone:
        teeth = without(teeth, fdi, closed, retraction)
    return teeth


def without(teeth: list[PlacedTooth], fdi: int, closed: float, retraction: float) -> list[PlacedTooth]:
    """The teeth without one, its gap closed.

    Parameters
    ----------
    teeth : list of PlacedTooth
        Both jaws.
    fdi : int
        The tooth to take; without it or one of its neighbours in the quadrant nothing changes.
    closed : float
        Share of the tooth's width by which the gap is closed, 1: the neighbours touch.
    retraction : float
        Of a premolar's or first molar's gap, the share closed by moving the teeth before it back; half of it for each
        side, all front teeth as one. Those behind the gap come forward by the rest.

    Returns
    -------
    list of PlacedTooth
        The other teeth; those that came forward moved along the line through the centres of the jaw's teeth and turned
        with it.
    """
    row = _row(teeth, is_upper(fdi))
    numbers = [tooth.fdi for tooth in row]
    if fdi not in numbers or not {fdi - 1 if fdi % 10 > 1 else fdi, fdi + 1} <= set(numbers):
        return teeth
    at = numbers.index(fdi)
    outwards = 1 if fdi // 10 in (2, 3) else -1
    line = np.array([tooth.centre for tooth in row], float)
    along = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(line[:, :2], axis=0), axis=1))]
    gap = closed * extent(row[at].model)[0] * row[at].scale
    back = retraction if 3 < fdi % 10 < 7 else 0.0
    behind = (np.arange(len(row)) - at) * outwards > 0
    moved = {
        tooth.fdi: _moved(tooth, line, along, here, here - outwards * (1 - back) * gap)
        for tooth, here, moves in zip(row, along, behind, strict=True)
        if moves
    }
    front = {tooth.fdi for tooth in row if tooth.fdi % 10 < fdi % 10}
    for tooth in row:
        if back and tooth.fdi in front:
            moved[tooth.fdi] = replace(tooth, centre=tooth.centre - [0.0, back * gap / 2, 0.0])
    return [moved.get(tooth.fdi, tooth) for tooth in teeth if tooth.fdi != fdi]


def _row(teeth: list[PlacedTooth], upper: bool) -> list[PlacedTooth]:
    """The erupted teeth of a jaw from the patient's right to the left."""
    standing = {tooth.fdi: tooth for tooth in teeth if tooth.erupted}
    return [standing[fdi] for fdi in arch_order("upper" if upper else "lower") if fdi in standing]


def _moved(tooth: PlacedTooth, line: np.ndarray, along: np.ndarray, here: float, there: float) -> PlacedTooth:
    """A tooth moved along a line (N, 3) RAS mm with lengths along it (N,), turned about z as the line turns."""
    turn = _direction(line, along, there) - _direction(line, along, here)
    turn = (turn + np.pi) % (2 * np.pi) - np.pi
    rotation = Rotation.from_euler("z", turn).as_matrix() @ tooth.rotation
    return replace(tooth, rotation=rotation, centre=_at(line, along, there))


def _at(line: np.ndarray, along: np.ndarray, place: float) -> np.ndarray:
    """The point (3,) of a line at a length along it, straight on beyond its ends."""
    k = int(np.clip(np.searchsorted(along, place) - 1, 0, len(along) - 2))
    share = (place - along[k]) / (along[k + 1] - along[k])
    return line[k] + share * (line[k + 1] - line[k])


def _direction(line: np.ndarray, along: np.ndarray, place: float, reach: float = 5.0) -> float:
    """Angle of a line in the horizontal plane, rad, over `reach` mm to both sides."""
    step = _at(line, along, place + reach) - _at(line, along, place - reach)
    return float(np.arctan2(step[1], step[0]))
