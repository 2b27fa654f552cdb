"""Random rows of labelled crowns for the crown network: real dentitions, and made ones that patients have too rarely.

A sample is a row of crowns (`surfaces.made_crowns`): mirrored, posed, with crowns of others in place of its own, teeth
absent with the gap open or closed, milk teeth, third molars that have come through or not yet, bumps of gingiva,
only a part of the arch in view. Crowns are numbered by their shape (`patients.doubtful_numbers`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from DentalTopoSegLib.dentition.counterparts import tangents
from DentalTopoSegLib.ios.crowns import CROWN_POINTS, PLACE_FEATURES, CrownRow, arch_order_of, describe
from training.surfaces.jaws import read_jaw
from training.surfaces.made_crowns import (
    Bump,
    Crown,
    Row,
    about_z,
    centres_of,
    dome,
    erupting,
    flap,
    merged,
    milk_crown,
    milk_models,
    other_side,
    outwards,
    place_of,
    prepared,
    take_bumps,
    take_crowns,
    width,
)

__all__ = ["STILL", "Plan", "RowMaker", "rows_of", "stack_rows"]

_LONGEST = 18
#: How far lip, cheek and tongue lie from a tooth of the arch beside them, and how far below it, mm.
_OFF_ARCH_MM = (6.0, 20.0)
_STUCK_MM = (4.0, 9.0)
_BELOW_MM = (-2.0, 12.0)
_TIP_MM = 20.0


def rows_of(data: Path, wanted: Callable[[str], bool] = lambda name: True) -> list[Row]:
    """The rows of every wanted scan (by its name) in the data pack's ios/train, with bumps of their gingiva."""
    rows = []
    for path in sorted(data.glob("*.npz")):
        if wanted(path.stem):
            jaw = read_jaw(path)
            rows.append(take_bumps(jaw, take_crowns(jaw)))
    return rows


@dataclass(frozen=True)
class Plan:
    """The `augment` section of configs/crowns.yaml; probabilities per row unless said otherwise."""

    strangers: float = 0.5  # rows in which crowns are exchanged ...
    stranger_share: float = 0.35  # ... each with this probability
    rare_stranger: float = 0.3  # a stranger is then taken among the unusually large or small of its kind
    third_molar: float = 0.2  # per side without one ...
    erupting: float = 0.4  # ... that has only begun to come through, as well as real ones with half that probability
    child: float = 0.22  # rows with milk teeth
    absent: float = 0.65
    symmetric: float = 0.5  # of the absences: the other side's too
    closed: float = 0.6  # of the absences: gap closed
    partial: float = 0.12  # rows that keep a few teeth only
    spread: float = 0.15  # rows with gaps where nothing is absent
    bumps: float = 0.4  # rows with gingiva called teeth
    prepared: float = 0.06  # rows with teeth ground down
    merged: float = 0.03  # rows with two incisors in one piece
    part: float = 0.2
    jaw_unknown: float = 0.35
    turn_deg: tuple[float, float, float] = (10.0, 10.0, 14.0)
    scale: float = 0.12
    stretch: float = 0.06
    crown_turn_deg: float = 9.0
    crown_scale: float = 0.05
    place_mm: float = 0.6
    cut_share: float = 0.25  # of a crown's points, at most, that the segmentation missed
    noise_mm: float = 0.1
    points: int = CROWN_POINTS  # per crown; fewer take less time


STILL = Plan(
    *[0.0] * 16,
    turn_deg=(0.0, 0.0, 0.0),
    scale=0.0,
    stretch=0.0,
    crown_turn_deg=0.0,
    crown_scale=0.0,
    place_mm=0.0,
    cut_share=0.0,
    noise_mm=0.0,
)
"""Rows as they are, but mirrored or not, in a known jaw."""


class RowMaker:
    """Endless random rows from real ones."""

    def __init__(self, rows: list[Row], plan: Plan, seed: int) -> None:
        self.rows, self.plan, self.rng = rows, plan, np.random.default_rng(seed)
        self.donors: dict[tuple[str, int], list[tuple[float, Crown]]] = {}
        self.bumps: dict[tuple[str, int], list[Bump]] = {}
        for row in rows:
            for bump in row.bumps:
                self.bumps.setdefault((row.jaw, bump.place), []).append(bump)
            for crown, angle in zip(row.crowns, tangents(centres_of(row.crowns)), strict=True):
                upright = crown.turn(about_z(-angle))
                for one in (upright, upright.mirror()):
                    self.donors.setdefault((row.jaw, one.tooth), []).append((width(one), one))
        for some in self.donors.values():
            middle = np.median([w for w, _ in some])
            some.sort(key=lambda pair: -abs(np.log(pair[0] / middle)))

    def __call__(self) -> tuple[CrownRow, np.ndarray, str]:
        """A described row, the network's classes (K,) of its crowns in the row's order, and the jaw."""
        return self.posed(1)[0]

    def posed(self, poses: int) -> list[tuple[CrownRow, np.ndarray, str]]:
        """One made row in several poses."""
        row = self.rows[self.rng.integers(len(self.rows))]
        crowns = self.made(row)
        labels = np.array([c.label(row.jaw) for c in crowns])
        out = []
        for _ in range(poses):
            points, normals = self.pose(crowns)
            told = None if self.rng.random() < self.plan.jaw_unknown else row.jaw
            described = describe(points, normals, told)
            out.append((described, labels[described.order], row.jaw))
        return out

    def made(self, row: Row) -> list[Crown]:
        """The row's crowns, changed at random as the plan says."""
        plan, rng = self.plan, self.rng
        crowns = list(row.crowns)
        if rng.random() < 0.5:
            crowns = [c.mirror() for c in crowns[::-1]]
        for tooth in (8, 16):
            if rng.random() < plan.third_molar:
                crowns = self.with_third_molar(crowns, row.jaw, tooth)
        if rng.random() < plan.strangers:
            for k in range(len(crowns)):
                if rng.random() < plan.stranger_share:
                    crowns = self.with_stranger(crowns, row.jaw, k)
        if rng.random() < plan.child:
            crowns = self.of_a_child(crowns, row.jaw)
        whole = crowns
        if rng.random() < plan.absent:
            crowns = self.with_absences(crowns)
        if rng.random() < plan.partial:
            crowns = self.few_left(crowns)
        if rng.random() < plan.spread:
            crowns = self.spread(crowns)
        if rng.random() < plan.prepared:
            crowns = self.with_prepared(crowns)
        if rng.random() < plan.merged:
            crowns = self.with_merged(crowns)
        if rng.random() < plan.bumps:
            crowns = self.with_bumps(crowns, row.jaw, whole)
        if rng.random() < plan.part and len(crowns) > 5:
            size = int(rng.integers(4, len(crowns)))
            start = int(rng.integers(len(crowns) - size + 1))
            crowns = crowns[start : start + size]
        return crowns[:_LONGEST]

    # --- other crowns ---

    def stranger(self, jaw: str, tooth: int) -> Crown | None:
        """Another patient's crown, upright."""
        some = self.donors.get((jaw, tooth))
        if not some:
            return None
        if self.rng.random() < self.plan.rare_stranger:
            some = some[: max(2, len(some) // 10)]
        return some[self.rng.integers(len(some))][1]

    def with_stranger(self, crowns: list[Crown], jaw: str, k: int, other: Crown | None = None) -> list[Crown]:
        """Another patient's crown in the place of the k-th, under its own number; those behind it make room."""
        other = other or self.stranger(jaw, crowns[k].tooth)
        if other is None:
            return crowns
        angle = tangents(centres_of(crowns))[k]
        wider = width(other) - width(crowns[k].turn(about_z(-angle)))
        # milk crowns are lower: their tops stay in line, or their necks, or something between
        lower = np.quantile(crowns[k].points[:, 2], (0.02, 0.98)) - np.quantile(other.points[:, 2], (0.02, 0.98))
        up = np.array([0.0, 0.0, self.rng.uniform(*sorted(lower))])
        crowns = slide(crowns, k, wider, wider / 2)
        crowns[k] = replace(other.turn(about_z(angle)), centre=crowns[k].centre + up)
        return crowns

    def with_third_molar(self, crowns: list[Crown], jaw: str, tooth: int, erupts: bool | None = None) -> list[Crown]:
        """A third molar of another patient (or a second, smaller) behind the second; some have only begun to erupt."""
        rng = self.rng
        at = {c.tooth: k for k, c in enumerate(crowns)}
        source = tooth if rng.random() < 0.7 else tooth - 1
        other = self.stranger(jaw, source) or self.stranger(jaw, tooth - 1)
        if tooth in at:
            if rng.random() < self.plan.erupting / 2:
                crowns = list(crowns)
                crowns[at[tooth]] = erupting(crowns[at[tooth]], rng)
            return crowns
        if tooth - 1 not in at or tooth - 2 not in at or other is None:
            return crowns
        if other.tooth != tooth:
            other = replace(other.stretch(rng.uniform(0.75, 1.0, 3)), tooth=tooth)
        last, before = crowns[at[tooth - 1]], crowns[at[tooth - 2]]
        step = (last.centre - before.centre) * rng.uniform(0.8, 1.15)
        along = step * outwards(tooth)
        turn = about_z(np.arctan2(along[1], along[0])) @ self._small_turn(20.0)
        new = replace(other.turn(turn), centre=last.centre + step + rng.normal(0, 1.2, 3))
        if rng.random() < self.plan.erupting if erupts is None else erupts:
            low = new.points[:, 2].min()
            new = erupting(new, rng)
            new = replace(new, centre=new.centre + np.array([0.0, 0.0, rng.uniform(0.3, 1.0) * low]))
        return [new, *crowns] if tooth > 8 else [*crowns, new]

    def of_a_child(self, crowns: list[Crown], jaw: str) -> list[Crown]:
        """Milk teeth: all of them, or the first incisors and molars are through, or a few are left."""
        rng = self.rng
        stage = rng.choice(4, p=(0.15, 0.4, 0.35, 0.1))
        if stage < 3:
            most = 6 if rng.random() < (0.95, 0.85, 0.6)[stage] else 7
            if stage == 0 and rng.random() < 0.5:
                most = 5
            crowns = [c for c in crowns if place_of(c.tooth) <= most]
        share = ((1, 1, 1, 1, 1), (0.3, 0.5, 0.95, 0.95, 0.95), (0, 0.03, 0.6, 0.5, 0.75), (0, 0.02, 0.1, 0.05, 0.3))[
            stage
        ]
        even = rng.random(6)  # both sides change at about the same time
        for k in range(len(crowns)):
            tooth = crowns[k].tooth
            place = place_of(tooth)
            if place > 5:
                continue
            if (even[place] if rng.random() < 0.7 else rng.random()) >= share[place - 1]:
                if stage < 3 and rng.random() < 0.15:
                    crowns = list(crowns)
                    crowns[k] = erupting(crowns[k], rng)
                continue
            model = int(rng.integers(len(milk_models(jaw, place))))
            donor = self.stranger(jaw, milk_models(jaw, place)[model] + (8 if tooth > 8 else 0))
            if donor is not None:
                crowns = self.with_stranger(crowns, jaw, k, milk_crown(donor, place, jaw, model, rng))
        return crowns

    # --- absent ones ---

    def with_absences(self, crowns: list[Crown]) -> list[Crown]:
        """One to five teeth away, on one side or on both, their gaps closed or open."""
        rng = self.rng
        teeth = {c.tooth for c in crowns}
        if rng.random() < 0.5:
            gone = set(rng.permutation(sorted(teeth))[: int(rng.choice([1, 1, 2, 2, 3, 5]))].tolist())
        else:  # what orthodontists extract, and what most often never forms
            places = rng.choice(7, p=(0.04, 0.15, 0.1, 0.3, 0.22, 0.16, 0.03), size=int(rng.choice([1, 1, 1, 2]))) + 1
            gone = {int(p) + int(rng.choice([0, 8])) for p in places}
        if rng.random() < self.plan.symmetric:
            gone |= {other_side(t) for t in gone}
        return without(crowns, gone & teeth, rng, rng.random() < self.plan.closed)

    def few_left(self, crowns: list[Crown]) -> list[Crown]:
        """One to eight teeth, side by side or anywhere, or all but those behind a place of each side."""
        rng = self.rng
        kind = rng.random()
        if kind < 0.35:
            ends = rng.integers(1, 7, 2)
            kept = [c for c in crowns if place_of(c.tooth) <= ends[int(c.tooth > 8)]]
        elif kind < 0.7:
            kept = [crowns[k] for k in sorted(rng.permutation(len(crowns))[: int(rng.integers(1, 9))])]
        else:
            start = int(rng.integers(len(crowns)))
            kept = crowns[start : start + int(rng.integers(1, 5))]
        return kept or crowns

    def spread(self, crowns: list[Crown]) -> list[Crown]:
        """Gaps where nothing is absent, as beside the incisors or where teeth have drifted."""
        for _ in range(int(self.rng.integers(1, 4))):
            k = int(self.rng.integers(len(crowns)))
            gap = float(self.rng.uniform(1.0, 7.0))
            crowns = slide(crowns, k, gap, gap)
        return crowns

    # --- what segmentations make of crowns ---

    def with_prepared(self, crowns: list[Crown]) -> list[Crown]:
        start = int(self.rng.integers(len(crowns)))
        out = list(crowns)
        for k in range(start, min(start + int(self.rng.integers(1, 5)), len(crowns))):
            out[k] = prepared(out[k], self.rng)
        return out

    def with_merged(self, crowns: list[Crown]) -> list[Crown]:
        """Two incisors side by side in one piece, which bears the name of either."""
        pairs = [k for k in range(len(crowns) - 1) if all(1 <= place_of(c.tooth) <= 2 for c in crowns[k : k + 2])]
        if not pairs:
            return crowns
        k = int(self.rng.choice(pairs))
        one, other = self.rng.permutation([k, k + 1])
        return [*crowns[:k], merged(crowns[one], crowns[other], self.rng), *crowns[k + 2 :]]

    def with_bumps(self, crowns: list[Crown], jaw: str, whole: list[Crown] | None = None) -> list[Crown]:
        """Bumps of gingiva behind the last teeth, beside some, and on saddles where teeth of `whole` are absent."""
        rng = self.rng
        there, out = {c.tooth for c in crowns}, list(crowns)
        behind, angle = self.bumps.get((jaw, 0)), tangents(centres_of(crowns))
        for k, side in ((0, 16), (-1, 8)):
            if behind and rng.random() < 0.6:
                bump = behind[rng.integers(len(behind))]
                out.append(self._varied(bump.at(crowns[k].centre, angle[k], side)))
        if rng.random() < 0.3:
            k = int(rng.integers(len(crowns)))
            beside = self.bumps.get((jaw, -place_of(crowns[k].tooth)))
            if beside:
                bump = beside[rng.integers(len(beside))]
                out.append(self._varied(bump.at(crowns[k].centre, angle[k], crowns[k].tooth)))
        for crown, place_angle in zip(whole or [], tangents(centres_of(whole or crowns)), strict=False):
            some = self.bumps.get((jaw, place_of(crown.tooth)))
            if crown.tooth in there or not some or rng.random() > 0.35:
                continue
            bump = some[rng.integers(len(some))]
            new = self._varied(bump.at(crown.centre, place_angle, crown.tooth))
            if min(np.linalg.norm(c.centre[:2] - new.centre[:2]) for c in out) > 3.5:
                out.append(new)
        return [out[k] for k in arch_order_of(centres_of(out))]

    def with_off_arch(self, crowns: list[Crown], jaw: str) -> list[Crown]:
        """One to six pieces of lip, cheek or tongue beside the arch, most below it, as untrimmed scans have them; some
        in one piece with a tooth."""
        rng = self.rng
        kinds = sorted(key for key in self.bumps if key[0] == jaw)
        if not kinds:
            return crowns
        centres = centres_of(crowns)
        angle = tangents(centres)
        cheek, out = 1.0 if rng.random() < 0.6 else -1.0, list(crowns)
        for _ in range(int(rng.integers(1, 7))):
            k = int(rng.integers(len(crowns)))
            some = self.bumps[kinds[rng.integers(len(kinds))]]
            bump = self._varied(some[rng.integers(len(some))].crown)
            sticks = rng.random() < 0.12 and out[k].tooth > 0
            away = rng.uniform(*(_STUCK_MM if sticks else _OFF_ARCH_MM)) * (cheek if rng.random() < 0.8 else -cheek)
            # the arch leads towards x > 0, so that the cheek is on its left
            aside = np.array([-np.sin(angle[k]) * away, np.cos(angle[k]) * away, -rng.uniform(*_BELOW_MM)])
            new = replace(bump.turn(about_z(rng.uniform(0, 2 * np.pi))), centre=centres[k] + aside)
            if sticks:
                some_of_it = rng.permutation(len(new.points))[: int(len(new.points) * rng.uniform(0.1, 0.8))]
                part = replace(new, points=new.points[some_of_it], normals=new.normals[some_of_it])
                out[k] = merged(out[k], part, rng)
            elif min(np.linalg.norm(c.centre[:2] - new.centre[:2]) for c in out) > 3.5:
                out.append(new)
        return [out[k] for k in arch_order_of(centres_of(out))]

    def _varied(self, bump: Crown) -> Crown:
        """A bump elsewhere and otherwise: as it was, as a flap of cheek or tongue, or a smooth hump."""
        rng = self.rng
        kind = rng.random()
        spread = (3.0, 3.0, 2.5) if kind < 0.4 else (1.5, 1.5, 0.8)
        moved = bump.centre + rng.normal(0, 1.0, 3) * spread
        if kind < 0.4:
            bump = flap(bump, rng)
        elif kind < 0.6:
            bump = dome(bump, rng)
        else:
            bump = bump.stretch(rng.uniform(0.8, 1.2, 3))
        return replace(bump, centre=moved)

    # --- poses ---

    def _small_turn(self, degrees: float) -> np.ndarray:
        return Rotation.from_rotvec(np.radians(self.rng.normal(0, degrees / 2, 3))).as_matrix()

    def pose(self, crowns: list[Crown]) -> tuple[np.ndarray, np.ndarray]:
        """Points and normals (K, P, 3) of the crowns in a jaw posed and scaled at random."""
        plan, rng, count = self.plan, self.rng, len(crowns)
        angles = np.array(plan.turn_deg)[[2, 0, 1]] * rng.uniform(-1, 1, 3)
        matrix = Rotation.from_euler("zxy", angles, degrees=True).as_matrix()
        scale = rng.uniform(1 - plan.scale, 1 + plan.scale) * rng.uniform(1 - plan.stretch, 1 + plan.stretch, 3)
        turns = Rotation.from_rotvec(np.radians(rng.normal(0, plan.crown_turn_deg / 2, (count, 3)))).as_matrix()
        kept = [self._kept(c.points) for c in crowns]
        p = np.stack([c.points[rows] for c, rows in zip(crowns, kept, strict=True)])
        n = np.stack([c.normals[rows] for c, rows in zip(crowns, kept, strict=True)])
        p = p @ turns.transpose(0, 2, 1) * rng.uniform(1 - plan.crown_scale, 1 + plan.crown_scale, (count, 1, 3))
        n = n @ turns.transpose(0, 2, 1)
        middle = centres_of(crowns) + rng.normal(0, plan.place_mm, (count, 3))
        p = p + middle[:, None] + rng.normal(0, plan.noise_mm, p.shape)
        n = n / scale @ matrix.T + rng.normal(0, 0.08, n.shape)
        return p * scale @ matrix.T, n / (np.linalg.norm(n, axis=-1, keepdims=True) + 1e-9)

    def _kept(self, points: np.ndarray) -> np.ndarray:
        """Some of a crown's points, without those beyond a random plane as a segmentation may miss them."""
        rng = self.rng
        kept = np.argsort(points @ rng.normal(0, 1, 3))
        kept = kept[: max(int(len(kept) * (1 - self.plan.cut_share * rng.random())), 1)]
        return np.resize(rng.permutation(kept), self.plan.points)


def slide(crowns: list[Crown], k: int, step: float, own: float) -> list[Crown]:
    """Crowns behind the k-th moved away from the midline along the arch by `step` mm and turned with it (towards the
    midline where it is negative), the k-th itself by `own`."""
    centres = centres_of(crowns)
    if len(crowns) < 2:
        return list(crowns)
    angle = np.unwrap(tangents(centres))
    ends = [centres[0] - centres[1], centres[-1] - centres[-2]]
    tips = [_TIP_MM * e / (np.linalg.norm(e) + 1e-9) for e in ends]
    line = np.vstack([centres[0] + tips[0], centres, centres[-1] + tips[1]])
    along = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))]
    along += 1e-6 * np.arange(len(along))
    angles = np.r_[angle[0], angle, angle[-1]]
    side = outwards(crowns[k].tooth)
    behind = (np.arange(len(crowns)) - k) * side
    there = along[1:-1] + side * np.where(behind > 0, step, np.where(behind == 0, own, 0.0))
    moved = np.stack([np.interp(there, along, line[:, axis]) for axis in range(3)], 1)
    turn = np.interp(there, along, angles) - angle
    return [
        c if at == old else replace(c.turn(about_z(by)), centre=centre)
        for c, at, old, by, centre in zip(crowns, there, along[1:-1], turn, moved, strict=True)
    ]


def without(crowns: list[Crown], gone: set[int], rng: np.random.Generator, closed: bool) -> list[Crown]:
    """The row without some teeth; where `closed`, those behind have moved up, and on some jaws the front teeth back."""
    back = rng.uniform(0.0, 0.5) if rng.random() < 0.5 else 0.0
    whole = rng.random() < 0.75  # closed as far as it goes, or not quite
    for tooth in sorted(gone):
        if len(crowns) <= 3:
            break
        k = next(i for i, c in enumerate(crowns) if c.tooth == tooth)
        if closed:
            angle = tangents(centres_of(crowns))[k]
            gap = width(crowns[k].turn(about_z(-angle))) * (
                rng.uniform(0.85, 1.08) if whole else rng.uniform(0.3, 0.85)
            )
            front = place_of(tooth)
            crowns = slide(crowns, k, -(1 - back) * gap, 0.0)
            if 3 < front < 7:
                moved = np.array([0.0, -back * gap / 2, 0.0])
                crowns = [replace(c, centre=c.centre + moved) if place_of(c.tooth) < front else c for c in crowns]
        crowns = crowns[:k] + crowns[k + 1 :]
    return crowns


def stack_rows(rows: Sequence[CrownRow], most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of different length as one batch: shapes (B, most, P, 6), places (B, most, 13), present (B, most) bool."""
    shapes = np.zeros((len(rows), most, *rows[0].shapes.shape[1:]), np.float32)
    places = np.zeros((len(rows), most, PLACE_FEATURES), np.float32)
    present = np.zeros((len(rows), most), bool)
    for k, row in enumerate(rows):
        shapes[k, : len(row.order)], places[k, : len(row.order)] = row.shapes, row.places
        present[k, : len(row.order)] = True
    return shapes, places, present
