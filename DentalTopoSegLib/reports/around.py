"""What was measured around teeth, as the columns of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NEAR = ("canal", "sinus")
#: For a spreadsheet, in their order.
AROUND_COLUMNS = (*(f"{what}_{part}" for what in _NEAR for part in ("mm", "uncertainty_mm", "root", "line_ras")),)


def around_cells(row: Mapping[str, Any]) -> dict[str, Any]:
    """The cells of a tooth of a report, by column; nothing of what was not measured."""
    around, cells = row.get("around") or {}, {}
    for what in _NEAR:
        if what in around:
            for part in ("mm", "uncertainty_mm", "root"):
                cells[f"{what}_{part}"] = around[what][part]
            cells[f"{what}_line_ras"] = [value for end in around[what]["line_ras"] for value in end]
    return cells
