"""Reports and scores as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..dentition.structures import structure
from .columns import Column, columns_of, rows_by_jaw
from .repairs import repairs_told
from .report import INTRAORAL
from .stated import stated_text


def teeth_table(report: Mapping[str, Any]) -> str:
    """The teeth of a report: jaw by jaw, from the patient's right to left."""
    columns = columns_of(report)
    lines = [_line(columns.terminal, [column.heading for column in columns.terminal])]
    in_file = report.get("kind") == INTRAORAL
    if in_file:
        how = "as stated" if report["jaw_stated"] else f"confidence {100 * report['jaw_confidence']:.0f} %"
        lines.insert(0, f"{report['name']}: {report['jaw']} jaw ({how}), {_right_to_left(report['teeth'])}")
    for jaw, rows in rows_by_jaw(report).items():
        if not in_file:
            lines.append(f"{jaw} jaw, {_right_to_left(rows)}")
        for row in rows:
            cut = f"  {columns.cut}" if row["cut_by_border"] else ""
            lines.append(_line(columns.terminal, [column.text(row) for column in columns.terminal]) + cut)
    lines += [text for text in (stated_text(report),) if text]
    return "\n".join(lines)


def _right_to_left(rows: Sequence[Mapping[str, Any]]) -> str:
    return f"{len(rows)} {'tooth' if len(rows) == 1 else 'teeth'}, right to left"


def _line(columns: Sequence[Column], texts: Sequence[str]) -> str:
    return " ".join(column.layout.format(text) for column, text in zip(columns, texts, strict=True))


def findings_table(report: Mapping[str, Any]) -> str:
    """The findings of a report as text for a terminal, with their place and the proposed repair.

    The place is in RAS mm, for intraoral scans in the file's own coordinates."""
    in_file = report.get("kind") == INTRAORAL
    place_text = " at x {:.4g} y {:.4g} z {:.4g}" if in_file else " at R {:.0f} A {:.0f} S {:.0f} mm"
    if not report["findings"]:
        return "Findings: none."
    lines = [f"Findings: {len(report['findings'])}"]
    for i, finding in enumerate(report["findings"], start=1):
        place = finding.get("position_ras")
        where = "" if place is None else place_text.format(*place)
        lines.append(f"{i:>3} {finding['severity']:<8}{finding['message']} [{finding['code']}{where}]")
        lines += [f"            Proposed repair: {repair.title}" for repair in repairs_told(finding)[:1]]
    return "\n".join(lines)


_VOLUME_SCORES = (
    ("dice", "Dice, mean of the reference's teeth"),
    ("nsd", "surface Dice within {tolerance} mm"),
    ("iou", "overlap (IoU)"),
    ("bf1", "boundary F1"),
    ("tooth_dice", "Dice of tooth against background"),
    ("detection_f1", "teeth found (F1)"),
    ("identification_accuracy", "right number among the found"),
    ("tca", "right tooth count (TCA)"),
    ("acs", "adjacency consistency (ACS)"),
    ("cer", "teeth with wrong tunnels (CER, lower is better)"),
)
_MESH_SCORES = (
    ("dice", "Dice, mean of the reference's teeth"),
    ("iou", "overlap (IoU)"),
    ("tooth_dice", "Dice of tooth against gingiva"),
    ("instance_dice", "Dice of the teeth whatever their number"),
    ("accuracy", "faces with the right label"),
    ("border_accuracy", "the same at the borders"),
    ("border_f1", "border F1 within 0.3 mm"),
    ("identification_accuracy", "right number among the found"),
    ("centroid_error_mm", "error of the tooth's centre, mm"),
    ("tsa", "Teeth3DS TSA"),
    ("tir", "Teeth3DS TIR"),
    ("tla", "Teeth3DS TLA"),
)


def metrics_text(scores: Mapping[str, Any], per_tooth: bool) -> str:
    """`metrics.label_maps.evaluate_pair`'s scores as text for a terminal, with one line per tooth when asked."""
    lines = _score_lines(scores, _VOLUME_SCORES, ("missed", "invented"))
    if scores.get("misnumbered"):
        shown = ", ".join(f"{true} as {found}" for true, found in scores["misnumbered"].items())
        lines.append(f"  wrong number: {shown}")
    if per_tooth:
        lines.append(f"{'FDI':>6} {'Dice':>7} {'NSD':>7} {'IoU':>7} {'BF1':>7}")
        for fdi, row in scores["teeth"].items():
            cells = " ".join(f"{_score(row[k], '-'):>7}" for k in ("dice", "nsd", "iou", "bf1"))
            lines.append(f"{fdi:>6} {cells}")
    if scores.get("structures"):
        lines.append(f"{'':>6} {'Dice':>7} {'IoU':>7} {'mm':>7}  pieces (reference)")
        for key, row in scores["structures"].items():
            cells = " ".join(f"{_score(row[k], '-'):>7}" for k in ("dice", "iou", "distance_mm"))
            name = structure(key).name
            lines.append(f"{'':>6} {cells}  {row['pieces_pred']} ({row['pieces_ref']})  {name}")
    return "\n".join(lines)


def mesh_metrics_text(scores: Mapping[str, Any], per_tooth: bool) -> str:
    """`metrics.surfaces.evaluate_mesh`'s scores as text for a terminal, with one line per tooth when asked."""
    lines = _score_lines(scores, _MESH_SCORES, ("missed", "extra"))
    lines += [f"  {truth} was called {given}" for truth, given in scores.get("wrong_fdi", ())]
    if per_tooth:
        for fdi, values in scores["per_tooth"].items():
            lines.append(f"  {fdi:>4}  Dice {values['dice']:.3f}  IoU {values['iou']:.3f}")
    return "\n".join(lines)


def _score_lines(scores: Mapping[str, Any], labels: Sequence[tuple[str, str]], teeth: Sequence[str]) -> list[str]:
    """The named scores, how many teeth there are, and the teeth listed under these keys."""
    tolerance = scores.get("tolerance_mm", 0.5)
    lines = [f"  {label.format(tolerance=tolerance):<48} {_score(scores.get(key)):>9}" for key, label in labels]
    lines.append(f"  {'teeth predicted / in the reference':<48} {scores['count_pred']:>4} /{scores['count_ref']:>3}")
    lines += [f"  {key}: {', '.join(str(fdi) for fdi in scores[key])}" for key in teeth if scores.get(key)]
    return lines


def _score(value: float | None, undefined: str = "undefined") -> str:
    return undefined if value is None else f"{value:.3f}"
