"""What commands print about results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any


def result_text(reports: Sequence[dict[str, Any]]) -> str:
    """The teeth of one or two reports, and the findings, which both share."""
    from ..reports.text import findings_table, teeth_table

    return "\n".join((*map(teeth_table, reports), findings_table(reports[0])))


def structures_text(report: dict[str, Any]) -> str:
    """The labels of a map whose teeth have no numbers, and what looks wrong with each."""
    rows = [f"{'volume':>14} {'pieces':>7}  label"]
    for one in report["structures"]:
        rows.append(f"{one['volume_mm3']:>10.1f} mm³ {one['pieces']:>7}  {one['name']}")
        rows += [f"{'':>24}{remark}" for remark in one["remarks"]]
    return "\n".join(rows)


def scores_text(scores: dict[str, Any], is_mesh: bool) -> str:
    """Scores against a reference, with one line per tooth."""
    if is_mesh:
        from ..reports.text import mesh_metrics_text

        return mesh_metrics_text(scores, per_tooth=True)
    from ..reports.text import metrics_text

    return metrics_text(scores, per_tooth=True)


def challenge_text(scores: dict[str, Any]) -> str:
    """The scores of `runs.challenges.evaluate_folders`, a line per case and their total."""
    keys = list(scores["total"])
    rows = [f"{scores['challenge']}:  " + "  ".join(f"{key:>7}" for key in keys)]
    shown = {name: {**case, "TLA": case.get("exp(-TLA)")} for name, case in scores["cases"].items()}
    for name, case in [*shown.items(), ("total", scores["total"])]:
        cells = (f"{case[key]:7.4f}" if case.get(key) is not None else f"{'':>7}" for key in keys)
        rows.append("  ".join((*cells, name)))
    if scores["missing"]:
        rows.append(f"Without a prediction: {', '.join(scores['missing'])}")
    return "\n".join(rows)


def files_text(files: Iterable[Path]) -> str:
    """Where the results are."""
    return "Written:\n" + "\n".join(f"  {path}" for path in files)
