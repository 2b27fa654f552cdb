"""What a finding is."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

SEVERITIES = ("error", "warning", "info")
#: Every code there is, of label maps and of jaw surfaces; findings of one severity are listed in this order.
CODES = (
    "wrong_jaw", "same_jaw", "jaw_uncertain", "frame_uncertain", "inside_out",
    "left_right_mirrored", "upper_lower_swapped", "not_in_bite", "doubled_number", "merged_neighbours",
    "order_broken", "extra_tooth", "missing_tooth", "fragment", "speckles", "tunnel", "void", "hole",
    "implausible_volume", "implausible_size", "low_confidence", "cut_by_field_of_view", "cut_by_scan_border",
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One thing to look at.

    code: one of `CODES`. teeth: the FDI numbers concerned. position_ras: where to look, RAS mm (of an
    intraoral scan: in the coordinates and unit of its own file), or None when there is no one place.
    severity: "error" (the map contradicts itself), "warning" (probably wrong) or "info". message: one
    sentence. repair: the name of the repair that would settle it, or None. detail: the numbers behind the
    sentence, JSON-ready.
    """

    code: str
    teeth: tuple[int, ...]
    position_ras: tuple[float, float, float] | None
    severity: str
    message: str
    repair: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON-ready types; positions rounded to 0.01 mm."""
        values = asdict(self)
        values["teeth"] = list(self.teeth)
        if self.position_ras is not None:
            values["position_ras"] = [round(float(c), 2) for c in self.position_ras]
        return values


def teeth_text(teeth: tuple[int, ...]) -> str:
    """ "Tooth 16" or "Teeth 14, 15 and 16"."""
    if len(teeth) == 1:
        return f"Tooth {teeth[0]}"
    return f"Teeth {', '.join(map(str, teeth[:-1]))} and {teeth[-1]}"
