"""How far lengths and axes of teeth were off on held-out scans, by the network that draws the teeth."""

from __future__ import annotations

from ..dentition.structures import TOOTH_MEASURES
from ..networks.models import Model

#: 95 % of the errors of each network's teeth (length mm, axis degrees): `python -m training evaluate-structures` on
#: phantoms that nothing was chosen by, training/results/structures.md.
MEASURED = {"border-5": {"length": 2.5, "axis": 7.3}}


def tooth_errors(border: Model) -> dict[str, float]:
    """Errors by `TOOTH_MEASURES` of what a network of the task "border" draws: as its metadata tell them
    (`tooth_errors`), or as they were measured after its export; none where nobody measured them."""
    told = border.metadata.get("tooth_errors") or MEASURED.get(border.id, {})
    return {what: float(told[what]) for what in TOOTH_MEASURES if what in told}
