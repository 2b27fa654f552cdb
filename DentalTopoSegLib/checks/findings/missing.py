"""Findings about teeth that are not there: gaps, closed spaces, absent jaws."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from ...dentition import arch_order, crown_width_mm, is_deciduous, jaw, position
from ..measures.label_map import Case
from .finding import Finding, teeth_text

#: A missing tooth's space is closed when less than this share of its crown width is left.
CLOSED_SHARE = 0.4


def missing_teeth(case: Case, claimed: Collection[int] = ()) -> Iterator[Finding]:
    """missing_tooth: one finding per gap in the numbers of a jaw, or one for a jaw without teeth.

    claimed: absent numbers that another finding already suggests for a tooth; they are not missed. Third
    molars are not expected. Where a milk tooth stands its successor is not missed.
    """
    for which in ("upper", "lower"):
        order = arch_order(which)
        in_jaw = [fdi for fdi in case.measures if jaw(fdi) == which]
        if not in_jaw:
            yield Finding(
                "missing_tooth", (), None, "info",
                f"No {which} tooth was found: the {which} jaw lies outside the scan or has no teeth.",
                None,
                {"jaw": which},
            )  # fmt: skip
            continue
        if all(is_deciduous(fdi) for fdi in in_jaw):
            continue
        present = {fdi for fdi in order if fdi in case.measures or fdi + 40 in case.measures}
        run: list[int] = []
        before: int | None = None
        for fdi in (*order, None):
            if fdi is not None and fdi not in present:
                run.append(fdi)
                continue
            gap = tuple(f for f in run if position(f) != 8 and f not in claimed)
            if gap:
                # a claimed tooth fills part of the gap, so its width would mislead
                measurable = not any(f in claimed for f in run)
                yield _missing(case, gap, before, fdi, measurable)
            run, before = [], fdi


def _standing(case: Case, fdi: int | None) -> int | None:
    """The number under which this place is taken: the tooth itself or its milk tooth."""
    if fdi is None or fdi in case.measures:
        return fdi
    return fdi + 40


def _missing(case: Case, gap: tuple[int, ...], before: int | None, after: int | None, measurable: bool) -> Finding:
    before, after = _standing(case, before), _standing(case, after)
    verb = "was" if len(gap) == 1 else "were"
    start = f"{teeth_text(gap)} {verb} not found"
    if not measurable:
        return Finding("missing_tooth", gap, None, "warning", f"{start}.", "add_tooth")
    if before is not None and after is not None:
        space = _distance_mm(case, before, after)
        place = tuple(float(c) for c in (case.centres[before] + case.centres[after]) / 2)
        sides = sorted((before, after))
        detail = {"space_mm": round(space, 1), "between": sides}
        if space < CLOSED_SHARE * min(crown_width_mm(fdi) for fdi in gap):
            text = f"{start}; the space between {sides[0]} and {sides[1]} is closed."
            return Finding("missing_tooth", gap, place, "info", text, None, detail)
        text = f"{start}; there is a gap of {space:.0f} mm between {sides[0]} and {sides[1]}."
        return Finding("missing_tooth", gap, place, "warning", text, "add_tooth", detail)
    last = before if after is None else after
    place = _expected(case, gap, last, last_is_before=after is None)
    if place is not None and not _inside_scan(case, place):
        text = f"{start}; the place lies outside the scan."
        return Finding("missing_tooth", gap, None, "info", text, None, {"outside_scan": True})
    text = f"{start}; {last} is the last tooth on that side."
    return Finding("missing_tooth", gap, place, "warning", text, "add_tooth", {"behind": last})


def _expected(case: Case, gap: tuple[int, ...], last: int, last_is_before: bool) -> tuple[float, float, float] | None:
    """Where the missing tooth next to the last present one should stand."""
    if case.frame is None:
        return None
    fdi = gap[0] if last_is_before else gap[-1]
    step = case.frame.place(fdi) - case.frame.place(last)
    return tuple(float(c) for c in case.centres[last] + step)


def _inside_scan(case: Case, place: tuple[float, float, float]) -> bool:
    index = np.round(case.labels.ras_to_index(place)).astype(int)
    if not all(0 <= i < n for i, n in zip(index, case.labels.array.shape, strict=True)):
        return False
    return case.valid is None or bool(case.valid[tuple(index)])


def _distance_mm(case: Case, a: int, b: int) -> float:
    """Smallest distance between the voxel centres of two teeth, mm, less one voxel: the free space."""
    from scipy.spatial import cKDTree

    distance = cKDTree(case.points(a)).query(case.points(b))[0].min()
    return max(float(distance) - float(np.mean(case.labels.spacing)), 0.0)
