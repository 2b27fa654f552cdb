"""Findings about single teeth: pieces, tunnels, voids, size, merging, doubling, confidence, cuts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...dentition import FDI_PERMANENT, crown_width_mm, jaw, neighbours, volume_range_mm3
from ..measures.label_map import Case
from ..topology import Part
from .finding import Finding

#: Below this confidence (cbct.confidence) a tooth of a volume is reported: more than 3 chances in 10 of being wrong are
#: worth a look. What it flags, rightly and in vain, stands in the calibration's card (Resources/Models).
LOW_CONFIDENCE = 0.7
#: Crumbs and bubbles smaller than this (mm^3) are mentioned, but need no action.
NEGLIGIBLE_MM3 = 1.0


def second_teeth(case: Case) -> Iterator[Finding]:
    """doubled_number: two teeth with one number; extra_tooth as well when no number near is free."""
    for fdi in case.measures:
        for part in case.second_teeth(fdi):
            free = _free_number_near(case, fdi, part)
            where = f"; the second one may be tooth {free}" if free else ""
            yield Finding(
                "doubled_number", (fdi,), part.position_ras, "error",
                f"The number {fdi} is given to two teeth{where}.",
                "renumber",
                {"volume_mm3": round(part.volume_mm3, 2), "suggested": free},
            )  # fmt: skip
            if free is None:
                yield Finding(
                    "extra_tooth", (fdi,), part.position_ras, "warning",
                    f"There is one tooth more than there are numbers near tooth {fdi}: "
                    "a supernumerary tooth, or something that is no tooth.",
                    "remove_fragment",
                    {"volume_mm3": round(part.volume_mm3, 2)},
                )  # fmt: skip


def _free_number_near(case: Case, fdi: int, part: Part) -> int | None:
    """The unused permanent number whose expected place is nearest to the piece, if within a tooth's width."""
    candidates = [n for n in FDI_PERMANENT if n not in case.measures]
    if case.frame is None:
        beside = [n for n in neighbours(fdi) if n in candidates]
        return beside[0] if len(beside) == 1 else None
    distance = {n: np.linalg.norm(case.frame.place(n) - part.position_ras) for n in candidates}
    near = [n for n in candidates if distance[n] <= crown_width_mm(n)]
    return min(near, key=distance.__getitem__) if near else None


def fragments(case: Case) -> Iterator[Finding]:
    """fragment: a tooth in several pieces."""
    for fdi, measure in case.measures.items():
        doubles = case.second_teeth(fdi)
        pieces = [part for part in measure.components[1:] if part not in doubles]
        if not pieces:
            continue
        largest, total = pieces[0], sum(part.volume_mm3 for part in pieces)
        count = {1: "two pieces", 2: "three pieces"}.get(len(pieces), f"{len(pieces) + 1} pieces")
        away = float(np.linalg.norm(np.subtract(largest.position_ras, measure.components[0].position_ras)))
        small = total < 0.2 * measure.volume_mm3
        yield Finding(
            "fragment", (fdi,), largest.position_ras, "info" if total < NEGLIGIBLE_MM3 else "warning",
            f"Tooth {fdi} is in {count}; the largest loose one has {largest.volume_mm3:.1f} mm³ "
            f"and lies {away:.0f} mm from the middle of the tooth.",
            "remove_fragment" if small else "join_pieces",
            {
                "pieces_mm3": [round(part.volume_mm3, 3) for part in pieces],
                "positions_ras": [[round(c, 2) for c in part.position_ras] for part in pieces[:20]],
            },
        )  # fmt: skip


def merged_teeth(case: Case) -> Iterator[Finding]:
    """merged_neighbours: a tooth as large as two, reaching where its missing neighbour should stand."""
    if not case.sizes_comparable:
        return
    for fdi, measure in case.measures.items():
        volume = measure.components[0].volume_mm3
        for other in neighbours(fdi):
            if other in case.measures or volume < case.usual_volume(fdi) + 0.6 * case.usual_volume(other):
                continue
            width = crown_width_mm(fdi) + 0.5 * crown_width_mm(other)
            if case.frame is not None:
                along = case.points(fdi) @ case.frame.tangent(fdi)
                extent = float(np.subtract(*np.percentile(along, (99, 1))))
                if extent < width:
                    continue
            yield Finding(
                "merged_neighbours", (fdi, other), measure.components[0].position_ras, "error",
                f"Tooth {fdi} is as large as two teeth and {other} was not found: "
                "they were probably taken for one.",
                "split_teeth",
                {
                    "volume_mm3": round(volume, 1),
                    "usual_mm3": round(case.usual_volume(fdi), 1),
                    "suggested": other,
                },
            )  # fmt: skip
            break


def contact_limit_mm2(smaller_mm3: float, same_jaw: bool) -> float:
    """From this border area on two teeth, the smaller of this volume, are suspected to be one.

    A normal contact is a spot of 5-20 mm^2. The cut face of a tooth split in two grows with its volume. In a closed
    bite whole chewing surfaces may touch, so teeth of different jaws are allowed twice that.
    """
    return (15.0 + 0.5 * smaller_mm3 ** (2 / 3)) * (1 if same_jaw else 2)


def wide_contacts(case: Case) -> Iterator[Finding]:
    """merged_neighbours: two numbers that share so large a border that it probably runs through one tooth."""
    for (a, b), area in sorted(case.contacts.items()):
        smaller = min(case.measures[a].volume_mm3, case.measures[b].volume_mm3)
        limit = contact_limit_mm2(smaller, jaw(a) == jaw(b))
        if area > limit:
            place = tuple(float(c) for c in (case.centres[a] + case.centres[b]) / 2)
            yield Finding(
                "merged_neighbours", (a, b), place, "warning",
                f"Teeth {a} and {b} share an unusually large border ({area:.0f} mm²): "
                "they may be one tooth, or not be separated where they should be.",
                "split_teeth" if jaw(a) == jaw(b) else "renumber",
                {"contact_mm2": round(area, 1), "limit_mm2": round(limit, 1)},
            )  # fmt: skip


def tunnels(case: Case) -> Iterator[Finding]:
    """tunnel: b1 > 0. Fused roots can do that by nature, so it is a warning."""
    for fdi, measure in case.measures.items():
        count = measure.betti[1]
        if count > 0:
            places = case.tunnel_places(fdi)
            how_many = "a hole" if count == 1 else f"{count} holes"
            yield Finding(
                "tunnel", (fdi,), places[0], "warning",
                f"Tooth {fdi} has {how_many} running through it.",
                "close_tunnel",
                {"count": count, "positions_ras": [[round(c, 2) for c in place] for place in places]},
            )  # fmt: skip


def voids(case: Case) -> Iterator[Finding]:
    """void: b2 > 0, a hollow enclosed on all sides."""
    for fdi, measure in case.measures.items():
        if measure.voids:
            total = sum(part.volume_mm3 for part in measure.voids)
            count = len(measure.voids)
            how_many = "an enclosed hollow" if count == 1 else f"{count} enclosed hollows"
            yield Finding(
                "void", (fdi,), measure.voids[0].position_ras,
                "info" if total < NEGLIGIBLE_MM3 else "warning",
                f"Tooth {fdi} has {how_many} of {total:.1f} mm³ in all.",
                "fill_void",
                {"count": count, "volume_mm3": round(total, 3)},
            )  # fmt: skip


def implausible_volumes(case: Case) -> Iterator[Finding]:
    """implausible_volume: outside the generous range of its kind; cut teeth may be too small."""
    if not case.sizes_comparable:
        return
    for fdi, measure in case.measures.items():
        low, high = volume_range_mm3(fdi)
        volume = measure.components[0].volume_mm3
        if volume > high or (volume < low and not case.is_cut(fdi)):
            size = "large" if volume > high else "small"
            yield Finding(
                "implausible_volume", (fdi,), measure.components[0].position_ras, "warning",
                f"Tooth {fdi} is implausibly {size}: {volume:.0f} mm³, "
                f"where {low:.0f} to {high:.0f} mm³ is usual.",
                None,
                {"volume_mm3": round(volume, 1), "range_mm3": [low, high]},
            )  # fmt: skip


def low_confidences(case: Case) -> Iterator[Finding]:
    """low_confidence: the segmenter itself doubts that the tooth is there and has this number."""
    for fdi, value in sorted(case.confidence.items()):
        if fdi in case.measures and not value >= LOW_CONFIDENCE:
            known = round(float(value), 4) if np.isfinite(value) else None
            yield Finding(
                "low_confidence", (fdi,), case.measures[fdi].components[0].position_ras, "warning",
                f"Please check tooth {fdi} and its number: {_doubt(value, case.calibrated)}.",
                "renumber",
                {"confidence": known, "threshold": LOW_CONFIDENCE, "calibrated": case.calibrated},
            )  # fmt: skip


def _doubt(value: float, calibrated: bool) -> str:
    """What a confidence says, in words: a share of teeth only if it was calibrated."""
    if not np.isfinite(value):
        return "its confidence is unknown"
    if not calibrated:
        return f"its score is low ({100 * value:.0f} %)"
    shown = max(0, min(10, round(10 * value)))
    few = f"about {shown} of 10" if shown else "fewer than 1 of 10"
    return f"{few} such teeth are expected to be right (confidence {100 * value:.0f} %, estimated on synthetic scans)"


def cut_teeth(case: Case) -> Iterator[Finding]:
    """cut_by_field_of_view: the tooth goes on outside the scan."""
    for fdi, measure in case.measures.items():
        if case.is_cut(fdi):
            yield Finding(
                "cut_by_field_of_view", (fdi,), measure.components[0].position_ras, "info",
                f"Tooth {fdi} is cut by the edge of the scan; its volume is not that of the whole tooth.",
                None,
                {"volume_mm3": round(measure.volume_mm3, 1)},
            )  # fmt: skip
