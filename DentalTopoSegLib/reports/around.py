"""What was measured around teeth: cells of tables, for a spreadsheet and for the page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..checks.findings.nearness import shown_uncertainty
from ..dentition.structures import structure
from ..dentition.words import Template

_NEAR = ("canal", "sinus")
_NUMBERS = (
    *("length_mm", "length_uncertainty_mm", "crown_mm", "root_mm", "crown_root_ratio", "crown_root_ratio_uncertainty"),
    *("in_bone_mm", "clinical_crown_root_ratio", "clinical_crown_root_ratio_uncertainty", "part_uncertainty_mm"),
    *("inclination_deg", "tip_deg", "torque_deg", "axis_uncertainty_deg"),
    *("pulp_mm3", "pulp_share", "pulp_hardly_seen", "level_uncertainty_mm"),
)
_SIDES = ("mesial", "distal", "buccal", "lingual", "palatal")
#: For a spreadsheet, in their order.
AROUND_COLUMNS = (
    *(f"{what}_{part}" for what in _NEAR for part in ("mm", "uncertainty_mm", "root", "line_ras", "unseen")),
    *_NUMBERS,
    *(f"bone_level_{side}_mm" for side in _SIDES),
    "roots",
)
SITE_COLUMNS = (
    *("scan", "fdi", "height_mm", "height_uncertainty_mm", "ended_by", "end_unseen"),
    *("width_1mm_mm", "width_3mm_mm", "width_5mm_mm", "uncertainty_mm", "line_ras"),
)


def around_cells(row: Mapping[str, Any]) -> dict[str, Any]:
    """The cells of a tooth of a report, by column; nothing of what was not measured."""
    around, cells = row.get("around") or {}, dict[str, Any]()
    for what in _NEAR:
        if what in around:
            cells |= {f"{what}_{part}": around[what][part] for part in ("mm", "uncertainty_mm", "root")}
            cells[f"{what}_line_ras"] = _ends(around[what])
        if f"{what}_unseen" in around:
            cells[f"{what}_unseen"] = around[f"{what}_unseen"]
    cells |= {name: around[name] for name in _NUMBERS if name in around}
    cells |= {f"bone_level_{side}_mm": level for side, level in around.get("bone_levels_mm", {}).items()}
    if around.get("roots"):
        cells["roots"] = len(around["roots"])
    return cells


def site_cells(site: Mapping[str, Any], scan: str) -> dict[str, Any]:
    """The cells of a place without a tooth, by column."""
    widths = zip(site["width_depths_mm"], site["widths_mm"], strict=True)
    return {
        **{name: site[name] for name in ("fdi", "height_mm", "ended_by", "uncertainty_mm")},
        "height_uncertainty_mm": _height_uncertainty(site),
        "end_unseen": site.get("end_unseen"),
        **{f"width_{depth:g}mm_mm": width for depth, width in widths},
        "scan": scan,
        "line_ras": _ends(site),
    }


def _height_uncertainty(site: Mapping[str, Any]) -> float:
    return site.get("height_uncertainty_mm", site["uncertainty_mm"])


def _ends(measured: Mapping[str, Any]) -> list[float]:
    return [value for end in measured["line_ras"] for value in end]


# ---------------------------------------------------------------- for the page

TO_CANAL, TO_SINUS = Template("To the nerve canal"), Template("To the sinus")
LENGTH, CROWN, ROOT = Template("Length"), Template("Crown"), Template("Root")
RATIO, CLINICAL_RATIO = Template("Crown to root"), Template("Out of the bone to in it")
TIP, TORQUE = Template("Leans to the midline"), Template("Leans to the cheek")
BONE_LEVEL, PULP = Template("Bone below the enamel, at most"), Template("Pulp")
HARDLY_SEEN = Template("hardly seen: filled, calcified or hidden by metal")
SITES = Template("The bone where teeth are missing")
SITE_HEIGHT, SITE_WIDTHS, SITE_END = Template("Height"), Template("Width 1, 3, 5 mm deep"), Template("Height ends at")
END_OF_BONE, END_OF_SCAN = Template("the end of the bone"), Template("the end of the scan (at least)")
SITES_NOTE = Template("Along the axis that an implant would take; widths ± {unsure:.1f} mm by the voxels alone.")
NO_DISTANCE = Template("No distance, because")
#: Why a line that ends on a structure is no measured distance, by `measures.unseen`.
UNSEEN = {
    "drawn": Template("the nearest part of the canal is drawn, not seen"),
    "cut": Template("the scan ends where it is nearest"),
}
DRAWN_END = Template("a part of the canal that is drawn, not seen: look at the scan")


def _measured(name: str, unsure: str, unit: str, decimals: int = 1) -> Any:
    """Text of a measure with its uncertainty; reports of before may tell none."""

    def text(row: Mapping[str, Any]) -> str:
        around = row.get("around") or {}
        if name not in around:
            return ""
        told = f"{around[name]:.{decimals}f}"
        if unsure in around:
            # rounded up, so that nobody reads less than it is
            told += f" ± {math.ceil(10**decimals * around[unsure] - 1e-6) / 10**decimals:.{decimals}f}"
        return told + unit

    return text


def _near(what: str) -> Any:
    def text(row: Mapping[str, Any]) -> str:
        near = (row.get("around") or {}).get(what)
        return "" if near is None else f"{near['mm']:.1f} ± {shown_uncertainty(near['uncertainty_mm']):.1f} mm"

    return text


def _unseen(row: Mapping[str, Any]) -> str:
    around = row.get("around") or {}
    why = next((around[key] for what in _NEAR if (key := f"{what}_unseen") in around), None)
    return UNSEEN[why].text if why in UNSEEN else ""


def _deepest(row: Mapping[str, Any]) -> str:
    levels = (row.get("around") or {}).get("bone_levels_mm")
    return f"{max(levels.values()):.1f} mm" if levels else ""


def _pulp(row: Mapping[str, Any]) -> str:
    around = row.get("around") or {}
    if "pulp_mm3" not in around:
        return ""
    told = f"{around['pulp_mm3']:.0f} mm³ ({100 * around['pulp_share']:.0f} %)"
    return f"{told}, {HARDLY_SEEN.text}" if around.get("pulp_hardly_seen") else told


#: (heading, text of a row, whether that is a number) in the order in which they are shown.
PAGE_COLUMNS = (
    (TO_CANAL, _near("canal"), True),
    (TO_SINUS, _near("sinus"), True),
    (NO_DISTANCE, _unseen, False),
    (LENGTH, _measured("length_mm", "length_uncertainty_mm", " mm"), True),
    (CROWN, _measured("crown_mm", "part_uncertainty_mm", " mm"), True),
    (ROOT, _measured("root_mm", "part_uncertainty_mm", " mm"), True),
    (RATIO, _measured("crown_root_ratio", "crown_root_ratio_uncertainty", "", 2), True),
    (CLINICAL_RATIO, _measured("clinical_crown_root_ratio", "clinical_crown_root_ratio_uncertainty", "", 2), True),
    (TIP, _measured("tip_deg", "axis_uncertainty_deg", "°", 0), True),
    (TORQUE, _measured("torque_deg", "axis_uncertainty_deg", "°", 0), True),
    (BONE_LEVEL, _deepest, True),
    (PULP, _pulp, True),
)


def end_of_site(site: Mapping[str, Any]) -> Template | str:
    """What ends a site's height, in words."""
    if site.get("end_unseen") == "drawn":
        return DRAWN_END
    ends = {"bone": END_OF_BONE, "scan": END_OF_SCAN}
    return ends.get(site["ended_by"]) or structure(site["ended_by"]).name


def height_text(site: Mapping[str, Any]) -> str:
    """The height of a site."""
    return f"{site['height_mm']:.1f} ± {shown_uncertainty(_height_uncertainty(site)):.1f} mm"


def widths_text(site: Mapping[str, Any]) -> str:
    """The widths of a site in one cell."""
    shown: Sequence[float | None] = site["widths_mm"]
    return " / ".join("–" if width is None else f"{width:.1f}" for width in shown) + " mm"
