"""Findings about where teeth stand: sides and jaws exchanged, order along the arch.

The rules compare the measured centres with the expected dentition laid over them (`DentalTopoSegLib.dentition.arch`);
with too few teeth to lay it over they say nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...dentition import arch_order, flipped_jaw, is_deciduous, is_right, is_upper, jaw, mirrored, position
from ...dentition.arch import place_along_arch
from ..measures.label_map import Case
from .finding import Finding, teeth_text

#: A tooth this far (mm) beyond the midline stands on the wrong side; less is a shifted midline or crowding.
WRONG_SIDE_MM = 5.0
#: Neighbours must overtake each other by this much (mm along the arch) before their order is called broken.
ORDER_MM = 1.5
#: Share of teeth whose roots must point the wrong way before a single jaw is called swapped.
ROOT_VOTE = 0.75


# ---------------------------------------------------------------- sides and jaws


def swapped_as_a_whole(case: Case) -> Iterator[Finding]:
    """left_right_mirrored and upper_lower_swapped for the whole dentition."""
    if case.relabelling is None:
        return
    swap = case.relabelling[0]
    teeth = tuple(sorted(case.measures))
    if swap in ("upper mirrored", "lower mirrored"):
        which = swap.split()[0]
        teeth = tuple(fdi for fdi in teeth if jaw(fdi) == which)
        yield Finding(
            "left_right_mirrored", teeth, case.mean_place(teeth), "error",
            f"Left and right are exchanged in the {which} jaw: "
            "its teeth fit their places only when every number changes sides.",
            "swap_left_right",
            {"jaw": which, "residual_mm": round(case.relabelling[1].residual_mm, 2)},
        )  # fmt: skip
    if swap in ("mirrored", "both"):
        yield Finding(
            "left_right_mirrored", teeth, case.mean_place(teeth), "error",
            "Left and right are exchanged: the teeth fit their places only when every number changes sides.",
            "swap_left_right",
            {"residual_mm": round(case.relabelling[1].residual_mm, 2)},
        )  # fmt: skip
    if swap in ("flipped", "both"):
        yield Finding(
            "upper_lower_swapped", teeth, case.mean_place(teeth), "error",
            "Upper and lower jaw are exchanged: "
            "the teeth fit their places only when every number changes jaws.",
            "swap_upper_lower",
            {"residual_mm": round(case.relabelling[1].residual_mm, 2)},
        )  # fmt: skip
    elif swap == "none" and len({jaw(fdi) for fdi in teeth}) == 1:
        yield from _jaw_against_roots(case, teeth)


def _jaw_against_roots(case: Case, teeth: tuple[int, ...]) -> Iterator[Finding]:
    """One jaw alone fits either way round; there the roots decide, which taper upwards in the upper jaw.

    A tooth holds most of its volume in the crown, so the distribution of its voxels along the head's
    vertical has its long tail (the sign of its third moment) towards the root tip.
    """
    against = counted = 0
    for fdi in teeth:
        if case.measures[fdi].touches_border or is_deciduous(fdi) or position(fdi) == 8:
            continue
        height = case.points(fdi) @ case.frame.rotation[:, 2]
        height = (height - height.mean()) / max(height.std(), 1e-6)
        tail = float((height**3).mean())
        if abs(tail) > 0.1:
            counted += 1
            against += (tail > 0) != is_upper(fdi)
    if counted >= 5 and against >= ROOT_VOTE * counted:
        which = jaw(teeth[0])
        yield Finding(
            "upper_lower_swapped", teeth, case.mean_place(teeth), "error",
            f"The teeth are numbered as {which} teeth, but their roots point "
            f"{'down' if which == 'upper' else 'up'}: upper and lower jaw are probably exchanged.",
            "swap_upper_lower",
            {"teeth_against": against, "teeth_counted": counted},
        )  # fmt: skip


def _on_wrong_side(case: Case) -> set[int]:
    if not case.numbers_trusted:
        return set()
    across = {fdi: case.frame.to_template(c)[0] * case.frame.scale for fdi, c in case.centres.items()}
    return {fdi for fdi, x in across.items() if abs(x) >= WRONG_SIDE_MM and (x > 0) != is_right(fdi)}


def on_the_wrong_side(case: Case) -> Iterator[Finding]:
    """left_right_mirrored for single teeth that stand beyond the midline."""
    for fdi in sorted(_on_wrong_side(case)):
        side = "right" if is_right(fdi) else "left"
        other = "left" if is_right(fdi) else "right"
        free = mirrored(fdi) not in case.measures
        hint = f"; it may be {mirrored(fdi)}" if free else ""
        yield Finding(
            "left_right_mirrored", (fdi,), case.mean_place((fdi,)), "error",
            f"Tooth {fdi} belongs to the {side} side but stands on the {other}{hint}.",
            "renumber",
            {"suggested": mirrored(fdi) if free else None},
        )  # fmt: skip


def _in_wrong_jaw(case: Case) -> set[int]:
    if not case.numbers_trusted or len({jaw(fdi) for fdi in case.measures}) < 2:
        return set()
    wrong = set()
    for fdi, centre in case.centres.items():
        own = np.linalg.norm(case.frame.place(fdi) - centre)
        other = np.linalg.norm(case.frame.place(flipped_jaw(fdi)) - centre)
        height = case.frame.to_template(centre)[2]
        if (height > 0) != is_upper(fdi) and other + 5.0 < own:
            wrong.add(fdi)
    return wrong


def in_the_wrong_jaw(case: Case) -> Iterator[Finding]:
    """upper_lower_swapped for single teeth that stand among those of the other jaw."""
    for fdi in sorted(_in_wrong_jaw(case)):
        which, other = jaw(fdi), jaw(flipped_jaw(fdi))
        free = flipped_jaw(fdi) not in case.measures
        hint = f"; it may be {flipped_jaw(fdi)}" if free else ""
        yield Finding(
            "upper_lower_swapped", (fdi,), case.mean_place((fdi,)), "error",
            f"Tooth {fdi} belongs to the {which} jaw but stands in the {other}{hint}.",
            "renumber",
            {"suggested": flipped_jaw(fdi) if free else None},
        )  # fmt: skip


# ---------------------------------------------------------------- order along the arch


def out_of_order(case: Case) -> Iterator[Finding]:
    """order_broken: teeth that overtake each other along their arch; milk teeth are a row of their own."""
    if not case.numbers_trusted:
        return
    misplaced = _on_wrong_side(case) | _in_wrong_jaw(case)
    for which in ("upper", "lower"):
        for deciduous in (False, True):
            teeth = [f for f in arch_order(which, deciduous) if f in case.centres and f not in misplaced]
            along = {fdi: place_along_arch(case.frame, which, case.centres[fdi]) for fdi in teeth}
            for group in _overtaking(teeth, along):
                yield Finding(
                    "order_broken", group, case.mean_place(group), "warning",
                    f"{teeth_text(group)} do not stand in the order of their numbers.",
                    "renumber",
                    {"along_arch_mm": {str(fdi): round(along[fdi], 1) for fdi in group}},
                )  # fmt: skip


def _overtaking(teeth: list[int], along: dict[int, float]) -> list[tuple[int, ...]]:
    """Groups of teeth connected by being in the wrong order relative to each other."""
    groups: list[set[int]] = []
    for i, first in enumerate(teeth):
        for second in teeth[i + 1 :]:
            if along[first] > along[second] + ORDER_MM:
                touched = [g for g in groups if first in g or second in g]
                groups = [g for g in groups if g not in touched]
                groups.append({first, second}.union(*touched))
    return [tuple(sorted(group)) for group in groups]
