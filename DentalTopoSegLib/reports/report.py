"""The run's report: what was found, by which model, how long it took. No patient data, no file paths."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from typing import Any

from .. import __version__, dentition
from ..files.json_text import plain

SCHEMA = "dentaltoposeg-report-1"
INTRAORAL = "intraoral scan"
DISCLAIMER = "Research software, not a medical device. A clinician must check every result."


def versions() -> dict[str, str]:
    """Versions that a result depends on; a package that is absent is left out."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"dentaltoposeg": __version__, "python": platform.python_version()}
    for package in ("numpy", "scipy", "SimpleITK", "onnxruntime"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def tooth_rows(measures: Mapping[int, Any], confidence: Mapping[int, float] | None) -> list[dict]:
    """One row per tooth, in FDI order; measures: topology.ToothMeasure by FDI number; mm and mm^3.

    "confidence": estimated probability that the tooth is right, i.e. a tooth with this number is there and the label
    covers it with IoU >= 0.5, measured on phantoms. provenance["confidence"] of the report names the calibration; where
    that is "uncalibrated" the value is only the numbering's score. null where nothing is known."""
    rows = []
    for fdi, measure in sorted(measures.items()):
        pieces, tunnels, voids = measure.betti
        rows.append(
            {
                "fdi": fdi,
                "name": dentition.plain_name(fdi),
                "universal": dentition.fdi_to_universal(fdi),
                "snomed_code": dentition.snomed_code(fdi),
                "volume_mm3": round(measure.volume_mm3, 1),
                "confidence": None if confidence is None or fdi not in confidence else round(float(confidence[fdi]), 3),
                "centroid_mm": [round(c, 2) for c in measure.centroid_ras],
                "pieces": pieces,
                "tunnels": tunnels,
                "voids": voids,
                "cut_by_border": measure.touches_border,
            }
        )
    return rows


def build_report(
    measures: Mapping[int, Any],
    findings: Iterable[Any],
    *,
    name: str,
    confidence: Mapping[int, float] | None = None,
    provenance: Mapping[str, Any] | None = None,
    warnings: Iterable[str] = (),
    contacts: Mapping[tuple[int, int], float] | None = None,
    metrics: Mapping[str, Any] | None = None,
    files: Mapping[str, str] | None = None,
) -> dict:
    """The report as a dict in JSON's own types.

    measures: topology.tooth_measures. findings: findings.Finding, most severe first. name: the scan's stem.
    provenance: model ids, checksums and seconds per stage. files: what was written, by kind (names, not
    paths).
    """
    teeth = tooth_rows(measures, confidence)
    upper = sum(dentition.is_upper(row["fdi"]) for row in teeth)
    report = {
        "schema": SCHEMA,
        "disclaimer": DISCLAIMER,
        "name": name,
        "count": {"upper": upper, "lower": len(teeth) - upper, "total": len(teeth)},
        "teeth": teeth,
        "findings": [finding.to_dict() for finding in findings],
        "warnings": list(warnings),
        "provenance": dict(provenance or {}),
        "versions": versions(),
    }
    if contacts is not None:
        report["contacts"] = [
            {"teeth": list(pair), "area_mm2": round(area, 2)} for pair, area in sorted(contacts.items())
        ]
    if metrics is not None:
        report["metrics"] = dict(metrics)
    if files is not None:
        report["files"] = dict(files)
    return plain(report)


def build_jaw_report(
    case: Any,
    findings: Iterable[Any],
    *,
    warnings: Iterable[str] = (),
    stated: str | None = None,
    files: Mapping[str, str] | None = None,
) -> dict:
    """The report on one jaw of an intraoral scan, in JSON's own types; the same layout as `build_report`.

    case: measures.jaw.JawCase. findings: of the whole dentition, so with two jaws both reports have them
    all; each names its jaw. stated: the jaw the user gave. Positions are in the file's coordinates and unit.
    "confidence" of a tooth is the numbering's own score, no measured probability as in a report on a volume.
    """
    jaw = case.segmentation
    teeth = []
    for fdi, crown in sorted(case.crowns.items()):
        sure = jaw.confidence.get(fdi)
        teeth.append(
            {
                "fdi": fdi,
                "name": dentition.plain_name(fdi),
                "universal": dentition.fdi_to_universal(fdi),
                "snomed_code": dentition.snomed_code(fdi),
                "area_mm2": round(crown.area_mm2, 1),
                "width_mm": None if crown.width_mm is None else round(crown.width_mm, 2),
                "confidence": None if sure is None else round(float(sure), 3),
                "centroid": [float(f"{c:.6g}") for c in case.in_file(crown.centre)],
                "pieces": len(crown.pieces),
                "holes": len(crown.holes),
                "cut_by_border": crown.is_cut,
            }
        )
    upper = sum(dentition.is_upper(row["fdi"]) for row in teeth)
    report = {
        "schema": SCHEMA,
        "disclaimer": DISCLAIMER,
        "kind": INTRAORAL,
        "name": case.name,
        "jaw": case.which,
        "jaw_stated": stated is not None,
        "jaw_inferred": jaw.jaw_inferred,
        "jaw_confidence": round(float(jaw.jaw_confidence), 3),
        "frame_confidence": round(float(jaw.frame_confidence), 3),
        "inside_out": bool(jaw.inside_out),
        "mm_per_unit": float(jaw.surface.scale),
        "count": {"upper": upper, "lower": len(teeth) - upper, "total": len(teeth)},
        "teeth": teeth,
        "findings": [finding.to_dict() for finding in findings],
        "warnings": list(warnings),
        "provenance": dict(jaw.provenance),
        "versions": versions(),
    }
    if files is not None:
        report["files"] = dict(files)
    return plain(report)


def _crowns_table(report: Mapping[str, Any]) -> str:
    found = {row["fdi"]: row for row in report["teeth"]}
    how = "as stated" if report["jaw_stated"] else f"confidence {100 * report['jaw_confidence']:.0f} %"
    lines = [
        f"{report['name']}: {report['jaw']} jaw ({how}), {len(found)} {'tooth' if len(found) == 1 else 'teeth'}, "
        "right to left",
        f"{'FDI':>4}  {'tooth':<32} {'surface':>9} {'width':>9} {'confidence':>11}",
    ]
    order = [fdi for jaw in ("upper", "lower") for late in (False, True) for fdi in dentition.arch_order(jaw, late)]
    for row in (found[fdi] for fdi in order if fdi in found):
        sure = "" if row["confidence"] is None else f"{100 * row['confidence']:.0f} %"
        width = "" if row["width_mm"] is None else f"{row['width_mm']:.1f} mm"
        cut = "  cut by the scan's border" if row["cut_by_border"] else ""
        lines.append(f"{row['fdi']:>4}  {row['name']:<32} {row['area_mm2']:>5.0f} mm² {width:>9} {sure:>11}{cut}")
    return "\n".join(lines)


def teeth_table(report: Mapping[str, Any]) -> str:
    """The teeth of a report as text for a terminal: jaw by jaw, from the patient's right to left."""
    if report.get("kind") == INTRAORAL:
        return _crowns_table(report)
    rows = {row["fdi"]: row for row in report["teeth"]}
    lines = [f"{'FDI':>4}  {'tooth':<32} {'volume':>10} {'confidence':>11}  pieces/tunnels/voids"]
    for jaw in ("upper", "lower"):
        order = dentition.arch_order(jaw) + dentition.arch_order(jaw, True)
        found = [rows[fdi] for fdi in order if fdi in rows]
        lines.append(f"{jaw} jaw, {len(found)} {'tooth' if len(found) == 1 else 'teeth'}, right to left")
        for row in found:
            sure = "" if row["confidence"] is None else f"{100 * row['confidence']:.0f} %"
            cut = "  cut by the scan's edge" if row["cut_by_border"] else ""
            lines.append(
                f"{row['fdi']:>4}  {row['name']:<32} {row['volume_mm3']:>6.0f} mm³ {sure:>11}  "
                f"{row['pieces']}/{row['tunnels']}/{row['voids']}{cut}"
            )
    return "\n".join(lines)


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
        if finding.get("repair"):
            lines.append(f"            Proposed repair: {finding['repair'].replace('_', ' ')}")
    return "\n".join(lines)


_SCORES = (
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


def metrics_text(scores: Mapping[str, Any], per_tooth: bool) -> str:
    """metrics.evaluate_pair's scores as text for a terminal, with one line per tooth when asked."""
    lines = []
    for key, label in _SCORES:
        value = scores.get(key)
        shown = "undefined" if value is None else f"{value:.3f}"
        lines.append(f"  {label.format(tolerance=scores.get('tolerance_mm', 0.5)):<48} {shown:>9}")
    lines.append(f"  {'teeth predicted / in the reference':<48} {scores['count_pred']:>4} /{scores['count_ref']:>3}")
    for key, label in (("missed", "missed"), ("invented", "invented")):
        if scores.get(key):
            lines.append(f"  {label}: {', '.join(str(fdi) for fdi in scores[key])}")
    if scores.get("misnumbered"):
        shown = ", ".join(f"{true} as {found}" for true, found in scores["misnumbered"].items())
        lines.append(f"  wrong number: {shown}")
    if per_tooth:
        lines.append(f"{'FDI':>6} {'Dice':>7} {'NSD':>7} {'IoU':>7} {'BF1':>7}")
        for fdi, row in scores["teeth"].items():
            cells = " ".join(
                f"{row[k]:>7.3f}" if row[k] is not None else f"{'-':>7}" for k in ("dice", "nsd", "iou", "bf1")
            )
            lines.append(f"{fdi:>6} {cells}")
    return "\n".join(lines)
