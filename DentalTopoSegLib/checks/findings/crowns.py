"""Findings of intraoral scans: what is wrong or worth a look on a numbered jaw surface, in plain words.

`check_jaws` is to labelled surfaces what `check_dentition` is to label maps. The rules about single teeth are
here, those about a jaw as a whole in `jaw_wholes`, those about two jaws in `bite`; order and sides come from
`places`, which asks only where teeth stand. A finding's `position_ras` is a point on the user's own file, in
the file's coordinates and unit; its `detail` names the jaw.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ...dentition import arch_order, crown_width_mm, is_deciduous, neighbours, position
from ...dentition.crown_sizes import area_range_mm2, usual_area_mm2, usual_width_mm, width_range_mm
from ...errors import InputError, NoTeethError
from ..measures.jaw import Crown, JawCase, Patch
from .bite import two_jaws
from .finding import CODES, SEVERITIES, Finding, teeth_text
from .jaw_wholes import inside_out, jaw_doubts, mirrored_as_a_whole, numbers_of_the_other_jaw, uncertain_frame
from .missing import CLOSED_SHARE
from .standing import on_the_wrong_side, out_of_order

if TYPE_CHECKING:
    from ...ios import JawSegmentation

#: Below this a tooth's number is reported as uncertain. The score of a surface's numbering, no measured probability.
LOW_CONFIDENCE = 0.6
#: Loose pieces and holes smaller than this (mm^2) are mentioned together and need no action.
NEGLIGIBLE_MM2 = 1.0
#: Without a number, only a piece of at least this size (mm^2) may be a tooth.
TOOTH_LIKE_MM2 = 20.0


def check_jaws(
    jaws: Sequence[JawSegmentation], names: Sequence[str], stated: Sequence[str | None] | None = None
) -> list[Finding]:
    """Every finding of one jaw or of the two jaws of one dentition, the gravest first.

    jaws: numbered surfaces (ios.JawSegmentation). names: what each scan is called in messages. stated: the jaw
    the user gave for each ("upper", "lower", None: it was inferred).
    Raises NoTeethError when no surface has a tooth, InputError for more than two jaws.
    """
    if not 1 <= len(jaws) <= 2 or len(jaws) != len(names):
        raise InputError("Give one jaw, or the upper and the lower jaw, each with its name.")
    return check_cases([JawCase(segmentation, name) for segmentation, name in zip(jaws, names, strict=True)], stated)


def check_cases(cases: Sequence[JawCase], stated: Sequence[str | None] | None = None) -> list[Finding]:
    """`check_jaws` of jaws that are measured already."""
    if not any(case.crowns for case in cases):
        raise NoTeethError(f"No teeth are labelled on '{cases[0].name}'.")
    said = list(stated) if stated is not None else [None] * len(cases)
    found = []
    for case, word in zip(cases, said, strict=True):
        found += [_of(case, finding) for finding in _jaw_findings(case, word)]
    if len(cases) == 2:
        found = two_jaws(cases[0], cases[1], found)
    return sorted(found, key=_gravity)


def _gravity(finding: Finding) -> tuple:
    return (
        SEVERITIES.index(finding.severity), CODES.index(finding.code), finding.teeth, finding.position_ras or (),
        finding.detail.get("jaw", ""),
    )  # fmt: skip


def _of(case: JawCase, finding: Finding) -> Finding:
    return replace(finding, detail={**finding.detail, "jaw": case.which})


def _jaw_findings(case: JawCase, stated: str | None) -> Iterator[Finding]:
    if not case.crowns:
        yield Finding("missing_tooth", (), None, "warning", f"No tooth was found on '{case.name}'.", None)
        return
    found = [finding for rule in RULES for finding in rule(case)]
    claimed = {finding.detail.get("suggested") for finding in found} - {None}
    yield from jaw_doubts(case, stated)
    yield from found
    yield from missing_crowns(case, claimed)


# ---------------------------------------------------------------- pieces


def second_crowns(case: JawCase, crown: Crown) -> list[Patch]:
    """Further pieces that are large enough and far enough from the first to be a tooth of their own."""
    enough = max(0.5 * area_range_mm2(crown.fdi)[0], 0.25 * crown.pieces[0].area_mm2)
    apart = 0.7 * crown_width_mm(crown.fdi)
    return [
        part
        for part in crown.pieces[1:]
        if part.area_mm2 >= enough and np.linalg.norm(part.centre - crown.centre) >= apart
    ]


def doubled_numbers(case: JawCase) -> Iterator[Finding]:
    """doubled_number: two crowns with one number."""
    for fdi, crown in case.crowns.items():
        for part in second_crowns(case, crown):
            free, which = _free_number(case, (part, crown.pieces[0]))
            where = f"; one of them may be tooth {free}" if free else ""
            yield Finding(
                "doubled_number", (fdi,), case.in_file(which.centre), "error",
                f"The number {fdi} is given to two teeth{where}.",
                "renumber",
                {"area_mm2": round(which.area_mm2, 1), "suggested": free},
            )  # fmt: skip


def _free_number(case: JawCase, parts: Sequence[Patch]) -> tuple[int | None, Patch]:
    """The unused number of this jaw that is expected within a tooth's width of one of the pieces, and that piece."""
    if case.frame is None:
        return None, parts[0]
    far = {
        (fdi, i): float(np.linalg.norm(case.frame.place(fdi) - case.axes @ part.centre)) / crown_width_mm(fdi)
        for fdi in arch_order(case.which)
        if fdi not in case.crowns
        for i, part in enumerate(parts)
    }
    fdi, i = min(far, key=far.__getitem__, default=(None, 0))
    return (fdi, parts[i]) if fdi is not None and far[fdi, i] <= 1 else (None, parts[0])


def fragments(case: JawCase) -> Iterator[Finding]:
    """fragment: a crown in several pieces; speckles: crumbs of tooth labels, one finding for the jaw."""
    crumbs: list[tuple[int, Patch]] = []
    for fdi, crown in case.crowns.items():
        doubles = second_crowns(case, crown)
        loose = [part for part in crown.pieces[1:] if not any(part is other for other in doubles)]
        crumbs += [(fdi, part) for part in loose if part.area_mm2 < NEGLIGIBLE_MM2]
        loose = [part for part in loose if part.area_mm2 >= NEGLIGIBLE_MM2]
        if not loose:
            continue
        largest, total = loose[0], sum(part.area_mm2 for part in loose)
        count = {1: "two pieces", 2: "three pieces"}.get(len(loose), f"{len(loose) + 1} pieces")
        away = float(np.linalg.norm(largest.centre - crown.centre))
        yield Finding(
            "fragment", (fdi,), case.in_file(largest.centre), "warning",
            f"Tooth {fdi} is in {count}; the largest loose one has {largest.area_mm2:.0f} mm² "
            f"and lies {away:.0f} mm from the middle of the tooth.",
            "remove_fragment" if total < 0.2 * crown.area_mm2 else "join_pieces",
            {"pieces_mm2": [round(part.area_mm2, 2) for part in loose]},
        )  # fmt: skip
    if crumbs:
        teeth = tuple(sorted({fdi for fdi, _ in crumbs}))
        largest = max((part for _, part in crumbs), key=lambda part: part.area_mm2)
        verb = "speck of a tooth's number lies" if len(crumbs) == 1 else "specks of tooth numbers lie"
        yield Finding(
            "speckles", teeth, case.in_file(largest.centre), "info",
            f"{len(crumbs)} {verb} away from the tooth, each smaller than {NEGLIGIBLE_MM2:.0f} mm² "
            f"({teeth_text(teeth).lower()}).",
            "remove_fragment",
            {"count": len(crumbs), "area_mm2": round(sum(part.area_mm2 for _, part in crumbs), 2)},
        )  # fmt: skip


def holes(case: JawCase) -> Iterator[Finding]:
    """hole: gum in the middle of a crown."""
    for fdi, crown in case.crowns.items():
        if crown.holes:
            total, count = sum(patch.area_mm2 for patch in crown.holes), len(crown.holes)
            shown = "a patch" if count == 1 else f"{count} patches"
            yield Finding(
                "hole", (fdi,), case.in_file(crown.holes[0].centre),
                "info" if total < NEGLIGIBLE_MM2 else "warning",
                f"Tooth {fdi} has {shown} of gum in its surface, {total:.1f} mm² in all.",
                "fill_hole",
                {"count": count, "area_mm2": round(total, 2)},
            )  # fmt: skip


def unnumbered_teeth(case: JawCase) -> Iterator[Finding]:
    """extra_tooth: a piece that was taken for a tooth but got no number."""
    for part in case.unnumbered():
        if part.area_mm2 < TOOTH_LIKE_MM2:
            continue
        nearest = min(case.crowns, key=lambda fdi: float(np.linalg.norm(case.crowns[fdi].centre - part.centre)))
        yield Finding(
            "extra_tooth", (), case.in_file(part.centre), "warning",
            f"Something like a tooth near {nearest} has no number: a supernumerary tooth, a part of a neighbour, "
            "or something that is no tooth.",
            "renumber",
            {"area_mm2": round(part.area_mm2, 1), "near": nearest},
        )  # fmt: skip


# ---------------------------------------------------------------- sizes


def _merged_with(case: JawCase, crown: Crown) -> int | None:
    """The absent neighbour whose crown this one probably contains."""
    if crown.width_mm is None:
        return None
    for other in neighbours(crown.fdi):
        if other in case.crowns or other + 40 in case.crowns:
            continue
        as_large = crown.pieces[0].area_mm2 >= case.usual_area(crown.fdi) + 0.6 * case.usual_area(other)
        if as_large and crown.width_mm >= usual_width_mm(crown.fdi) + 0.5 * usual_width_mm(other):
            return other
    return None


def merged_crowns(case: JawCase) -> Iterator[Finding]:
    """merged_neighbours: one number on a surface as large and wide as two teeth, its neighbour absent."""
    for fdi, crown in case.crowns.items():
        other = _merged_with(case, crown)
        if other is not None:
            yield Finding(
                "merged_neighbours", (fdi, other), case.in_file(crown.centre), "error",
                f"Tooth {fdi} is as large as two teeth and {other} was not found: "
                "they were probably taken for one.",
                "split_teeth",
                {
                    "area_mm2": round(crown.area_mm2, 1), "usual_mm2": round(case.usual_area(fdi), 1),
                    "width_mm": round(crown.width_mm, 1), "suggested": other,
                },
            )  # fmt: skip


def implausible_sizes(case: JawCase) -> Iterator[Finding]:
    """implausible_size: crown surface or width outside what its kind has; a cut crown may be small."""
    for fdi, crown in case.crowns.items():
        if _merged_with(case, crown) is not None:
            continue
        area = crown.pieces[0].area_mm2
        for what, value, limits, usual, unit in (
            ("surface", area, area_range_mm2(fdi), usual_area_mm2(fdi), "mm²"),
            ("width", crown.width_mm, width_range_mm(fdi), usual_width_mm(fdi), "mm"),
        ):
            if value is None or limits[0] <= value <= limits[1] or (value < limits[0] and crown.is_cut):
                continue
            size = "large" if value > limits[1] else "small"
            yield Finding(
                "implausible_size", (fdi,), case.in_file(crown.centre), "warning",
                f"The crown of tooth {fdi} is implausibly {size}: its {what} is {value:.0f} {unit}, "
                f"where {usual:.0f} {unit} is usual and {limits[0]:.0f} to {limits[1]:.0f} {unit} are believable.",
                None,
                {"measure": what, "value": round(value, 1), "range": [round(limit, 1) for limit in limits]},
            )  # fmt: skip
            break


def low_confidences(case: JawCase) -> Iterator[Finding]:
    """low_confidence: the segmenter itself doubts the number."""
    for fdi, value in sorted(case.confidence.items()):
        if fdi in case.crowns and not value >= LOW_CONFIDENCE:
            yield Finding(
                "low_confidence", (fdi,), case.in_file(case.crowns[fdi].centre), "warning",
                f"The number of tooth {fdi} is uncertain (confidence {100 * value:.0f} %).",
                "renumber",
                {"confidence": round(float(value), 4), "threshold": LOW_CONFIDENCE},
            )  # fmt: skip


def cut_crowns(case: JawCase) -> Iterator[Finding]:
    """cut_by_scan_border: the scan ends on the crown."""
    for fdi, crown in case.crowns.items():
        if crown.is_cut:
            yield Finding(
                "cut_by_scan_border", (fdi,), case.in_file(crown.centre), "info",
                f"Tooth {fdi} is cut by the border of the scan ({crown.border_mm:.0f} mm of its outline); "
                "its crown is not complete.",
                None,
                {"border_mm": round(crown.border_mm, 1)},
            )  # fmt: skip


# ---------------------------------------------------------------- teeth that are not there


def missing_crowns(case: JawCase, claimed: Collection[int] = ()) -> Iterator[Finding]:
    """missing_tooth: one finding per gap in the numbers. A gap between teeth is a warning, unless it has closed;
    behind the last tooth a scan simply may end, which is worth no more than a note.

    claimed: absent numbers that another finding suggests for a tooth. Third molars are not expected, nor is
    the successor of a milk tooth that stands.
    """
    if all(is_deciduous(fdi) for fdi in case.crowns):
        return
    order = arch_order(case.which)
    standing = {place: fdi for place in order for fdi in (place + 40, place) if fdi in case.crowns}
    run: list[int] = []
    before: int | None = None
    for place in (*order, None):
        if place is not None and place not in standing:
            run.append(place)
            continue
        gap = tuple(f for f in run if position(f) != 8 and f not in claimed)
        after = standing.get(place)
        if gap and (before is not None or after is not None):
            yield _missing(case, gap, before, after, any(f in claimed for f in run))
        run, before = [], after


def _missing(case: JawCase, gap: tuple[int, ...], before: int | None, after: int | None, filled: bool) -> Finding:
    """filled: another tooth probably stands in a part of the gap, so its width would mislead."""
    start = f"{teeth_text(gap)} {'was' if len(gap) == 1 else 'were'} not found"
    if filled:
        return Finding("missing_tooth", gap, None, "warning", f"{start}.", "add_tooth")
    if before is None or after is None:
        last = after if before is None else before
        text = f"{start}; {last} is the last tooth on that side."
        return Finding("missing_tooth", gap, None, "info", text, None, {"behind": last})
    space = case.distance_mm(before, after)
    place = case.in_file((case.crowns[before].centre + case.crowns[after].centre) / 2)
    sides = sorted((before, after))
    detail = {"space_mm": round(space, 1), "between": sides}
    if space < CLOSED_SHARE * min(crown_width_mm(fdi) for fdi in gap):
        text = f"{start}; the space between {sides[0]} and {sides[1]} is closed."
        return Finding("missing_tooth", gap, place, "info", text, None, detail)
    text = f"{start}; there is a gap of {space:.0f} mm between {sides[0]} and {sides[1]}."
    return Finding("missing_tooth", gap, place, "warning", text, "add_tooth", detail)


#: A rule is a function of a JawCase that yields findings; `jaw_doubts` and `missing_crowns` need more to go on.
RULES = (
    uncertain_frame, inside_out, mirrored_as_a_whole, numbers_of_the_other_jaw, on_the_wrong_side, out_of_order,
    doubled_numbers, unnumbered_teeth, fragments, merged_crowns, holes, implausible_sizes, low_confidences, cut_crowns,
)  # fmt: skip
