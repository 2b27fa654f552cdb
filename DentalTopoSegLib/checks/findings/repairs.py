"""Repairs that several kinds of findings call for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..repair import Repair, delete, renumber, swap
from .finding import Finding


def without_looking(repair: Repair) -> Repair:
    """The repair, marked as one that may be made without looking: it mends a shape and changes no number."""
    return replace(repair, safe=True)


def renumber_to_twin(finding: Finding, others: Sequence[Finding], twin: int) -> list[Repair]:
    """For a tooth that stands where its twin of the other side or jaw belongs."""
    (fdi,) = finding.teeth
    suggested = finding.detail.get("suggested")
    if suggested:
        return [renumber(fdi, suggested), renumber(fdi)]
    # its place's own number is taken: by a tooth that stands wrong in the same way, or by one that is right
    both = any(other.code == finding.code and other.teeth == (twin,) for other in others)
    return [*([swap(fdi, twin)] if both else []), delete(fdi), renumber(fdi)]
