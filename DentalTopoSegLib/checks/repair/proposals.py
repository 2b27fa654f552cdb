"""Which repairs a finding calls for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ...dentition import arch_order, flipped_jaw, is_deciduous, is_upper, jaw, mirrored
from ..findings import Finding
from .kinds import (
    close_tunnels,
    delete,
    delete_piece,
    fill,
    join_pieces,
    merge,
    remove_pieces,
    remove_specks,
    renumber,
    renumber_piece,
    renumber_run,
    separate,
    split,
    swap,
    swap_jaws,
    swap_sides,
)
from .repair import Repair

# ---------------------------------------------------------------- what a finding calls for


def proposed(finding: Finding, others: Iterable[Finding] = ()) -> list[Repair]:
    """The repairs that would settle a finding, the most likely first; none where only a person can.

    others: the findings of the same check, which sometimes tell one repair from another. Repairs that need a number
    (`Repair.needs_number`) come last.
    """
    make = _PROPOSALS.get(finding.repair or "")
    return make(finding, list(others)) if make else []


def _safe(repair: Repair) -> Repair:
    return replace(repair, safe=True)


def _pieces(finding: Finding, others: list[Finding]) -> list[Repair]:
    if finding.code == "speckles":
        return [_safe(remove_specks(finding.teeth))]
    if finding.code == "extra_tooth":
        fdi = finding.teeth[0] if finding.teeth else None
        return [delete_piece(fdi, finding.position_ras), renumber_piece(fdi, finding.position_ras)]
    (fdi,) = finding.teeth
    places = finding.detail.get("positions_ras")
    if finding.repair == "join_pieces":
        return [join_pieces(fdi), remove_pieces(fdi, places)]
    return [_safe(remove_pieces(fdi, places))]


def _fill(finding: Finding, others: list[Finding]) -> list[Repair]:
    return [_safe(fill(finding.teeth[0]))]


def _tunnel(finding: Finding, others: list[Finding]) -> list[Repair]:
    return [_safe(close_tunnels(finding.teeth[0]))]


def _split(finding: Finding, others: list[Finding]) -> list[Repair]:
    a, b = finding.teeth
    if finding.detail.get("suggested"):
        return [split(a, b)]
    return _too_close(a, b)


def _too_close(a: int, b: int) -> list[Repair]:
    return [separate(a, b), merge(a, b), merge(b, a)]


def _swap_sides(finding: Finding, others: list[Finding]) -> list[Repair]:
    jaws = {jaw(fdi) for fdi in finding.teeth}
    whole = "jaw" not in finding.detail or len(jaws) > 1
    return [swap_sides(None if whole else finding.detail["jaw"])]


def _swap_jaws(finding: Finding, others: list[Finding]) -> list[Repair]:
    return [swap_jaws()]


def _renumber(finding: Finding, others: list[Finding]) -> list[Repair]:
    suggested = finding.detail.get("suggested")
    if finding.code == "doubled_number":
        (fdi,) = finding.teeth
        chosen = [renumber_piece(fdi, finding.position_ras, suggested)] if suggested else []
        return [*chosen, delete_piece(fdi, finding.position_ras), renumber_piece(fdi, finding.position_ras)]
    if finding.code == "extra_tooth":
        return [delete_piece(None, finding.position_ras), renumber_piece(None, finding.position_ras)]
    if finding.code == "merged_neighbours":
        return _too_close(*finding.teeth)
    if finding.code == "order_broken":
        return [renumber_run(_in_order(finding))]
    (fdi,) = finding.teeth
    if finding.code == "low_confidence":
        return [renumber(fdi)]
    if suggested:
        return [renumber(fdi, suggested), renumber(fdi)]
    if "suggested" not in finding.detail:  # a number of the other jaw on a surface
        return [renumber(fdi, flipped_jaw(fdi)), renumber(fdi)]
    # its place's own number is taken: by a tooth that stands wrong in the same way, or by one that is right
    twin = mirrored(fdi) if finding.code == "left_right_mirrored" else flipped_jaw(fdi)
    both = any(other.code == finding.code and other.teeth == (twin,) for other in others)
    return [*([swap(fdi, twin)] if both else []), delete(fdi), renumber(fdi)]


def _in_order(finding: Finding) -> dict[int, int]:
    """The numbers of a group in the order in which its teeth stand, from the patient's right to left."""
    along = {int(fdi): place for fdi, place in finding.detail["along_arch_mm"].items()}
    first = finding.teeth[0]
    order = arch_order("upper" if is_upper(first) else "lower", is_deciduous(first))
    standing = sorted(finding.teeth, key=lambda fdi: (along[fdi], order.index(fdi)))
    return {old: new for old, new in zip(standing, sorted(finding.teeth, key=order.index), strict=True) if old != new}


_PROPOSALS = {
    "remove_fragment": _pieces, "join_pieces": _pieces, "fill_void": _fill, "fill_hole": _fill,
    "close_tunnel": _tunnel, "split_teeth": _split, "swap_left_right": _swap_sides, "swap_upper_lower": _swap_jaws,
    "renumber": _renumber,
}  # fmt: skip
