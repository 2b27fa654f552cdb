"""The run's report: what was found, by which model, how long it took. No patient data, no file paths."""

from __future__ import annotations

import os
import platform
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from .. import __version__, dentition
from ..dentition import NO_CALIBRATION, PROBABILITY, SCORE, Confidence, Known
from ..dentition.words import Template
from ..errors import InputError
from ..files.json_schema import require_schema
from ..files.json_text import place_text, plain, read_json
from ..files.names import bare_name

#: What marks a JSON file as a report; it stays as it was first, so that programs which look for it find all reports.
SCHEMA = "dentaltoposeg-report-1"
#: What a report may hold, for every program that reads one.
SCHEMA_FILE = Path(__file__).with_name("report.schema.json")
#: Goes up when a reader must know of a change. Reports without a version are the first.
SCHEMA_VERSION = 2
_UNVERSIONED = 1
_READABLE_VERSIONS = (_UNVERSIONED, SCHEMA_VERSION)
INTRAORAL = "intraoral scan"
DISCLAIMED = Template("Research software, not a medical device. A clinician must check every result.")
DISCLAIMER = DISCLAIMED.text


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


def read_report(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a report, also one of an earlier version.

    Parameters
    ----------
    path : path
        A <name>_report.json.

    Returns
    -------
    dict
        The report as it was written: as `SCHEMA_FILE` says, no tooth twice, its names bare file names.

    Raises
    ------
    InputError
        For what is no report, for one of a version that is not known here, and for the first place that is not as
        `SCHEMA_FILE` says.
    """
    path = Path(path)
    content, said = read_json(path), f"'{path}'"
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise InputError(f"'{path}' is no report of DentalTopoSeg: give a <name>_report.json.")
    version = content.get("schema_version", _UNVERSIONED)
    if isinstance(version, bool) or version not in _READABLE_VERSIONS:
        raise InputError(f"'{path}' is a report of another version of DentalTopoSeg: take the version that wrote it.")
    require_schema(content, SCHEMA_FILE, said)
    _require_teeth_counted(content, said)
    _require_bare_names(content, said)
    return content


def _require_teeth_counted(report: Mapping[str, Any], said: str) -> None:
    teeth = [row["fdi"] for row in report["teeth"]]
    twice = next((fdi for fdi in teeth if teeth.count(fdi) > 1), None)
    if twice is not None:
        raise InputError(f"{said} is damaged: teeth holds tooth {twice} twice.")
    for which, number in count_teeth(teeth).items():
        stated = report["count"][which]
        if stated != number:
            raise InputError(f"{said} is damaged: count.{which} is {stated}, but teeth holds {number}.")


def _require_bare_names(report: Mapping[str, Any], said: str) -> None:
    names = {key: report[key] for key in ("name", "other_jaw") if key in report}
    names |= {f"files.{kind}": name for kind, name in report.get("files", {}).items()}
    for place, name in names.items():
        bare_name(name, f"{said} is damaged: {place_text(place)}")


def count_teeth(teeth: Collection[int]) -> dict[str, int]:
    """{"upper": ..., "lower": ..., "total": ...} of FDI numbers."""
    upper = sum(dentition.is_upper(fdi) for fdi in teeth)
    return {"upper": upper, "lower": len(teeth) - upper, "total": len(teeth)}


def confidence_of(report: Mapping[str, Any]) -> Confidence:
    """The confidences of a report's teeth; reports of earlier versions told what they are in the provenance only."""
    told = report.get("confidence_is")
    if told is None and report.get("kind") != INTRAORAL:
        fitted = report["provenance"].get("confidence", {}).get("calibration", NO_CALIBRATION)
        told = SCORE if fitted == NO_CALIBRATION else PROBABILITY
    values = {row["fdi"]: row["confidence"] for row in report["teeth"] if row["confidence"] is not None}
    return Confidence(values, calibrated=told == PROBABILITY)


def known_of(report: Mapping[str, Any]) -> Known:
    """What a report keeps of what was stated and of what numbers were found from; nothing in those of earlier
    versions."""
    return Known.from_dict(report)


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
    known: Known | None = None,
    around: Any = None,
) -> dict[str, Any]:
    """The report on a label map, in JSON's own types.

    "confidence_is" says what the "confidence" of a tooth is: "probability", estimated on phantoms, that it is right,
    i.e. a tooth with this number is there and the label covers it with IoU >= 0.5; or the numbering's own "score". null
    where nothing is known. "stated" is what the clinician said of the teeth; "evidence", what each number was found
    from, lets them be numbered again.

    Parameters
    ----------
    measures : dict
        `topology.tooth_measures` by FDI number.
    findings : iterable of Finding
        The gravest first.
    name : str
        The scan's stem.
    confidence : mapping, optional
        0 to 1, by FDI number; `dentition.Confidence` says what it means.
    provenance : dict, optional
        Model ids, checksums and seconds per stage.
    warnings : iterable of str
        Notes in plain words.
    contacts : dict, optional
        mm² by pair of FDI numbers.
    metrics : dict, optional
        Scores against a reference.
    files : dict, optional
        What was written, by kind (names, not paths).
    known : Known, optional
        What is known of the teeth beside.
    around : measures.surroundings.Surroundings, optional
        What lies around the teeth: adds "structures_around", "sites" (places without a tooth) and,
        to each tooth, "around".
    """
    teeth = []
    for fdi, measure in sorted(measures.items()):
        pieces, tunnels, voids = measure.betti
        sizes = {
            "volume_mm3": round(measure.volume_mm3, 1),
            "confidence": _confidence(confidence or {}, fdi),
            "centroid_mm": [round(c, 2) for c in measure.centroid_ras],
        }
        shape = {"pieces": pieces, "tunnels": tunnels, "voids": voids, "cut_by_border": measure.touches_border}
        beside = {} if around is None else {"around": around.tooth_row(fdi)}
        teeth.append({**_names(fdi), **sizes, **shape, **beside})
    more: dict[str, Any] = {}
    if contacts is not None:
        more["contacts"] = [
            {"teeth": list(pair), "area_mm2": round(area, 2)} for pair, area in sorted(contacts.items())
        ]
    if around is not None:
        more["structures_around"] = around.structure_rows()
        more["sites"] = [site.to_dict() for site in around.sites()]
    if metrics is not None:
        more["metrics"] = dict(metrics)
    if files is not None:
        more["files"] = dict(files)
    which = {"name": name, "confidence_is": Confidence.of(confidence).meaning if confidence else None}
    return _report(which, teeth, findings, warnings, provenance or {}, {**_known(known or Known()), **more})


def build_jaw_report(
    case: Any,
    findings: Iterable[Any],
    *,
    warnings: Iterable[str] = (),
    stated: str | None = None,
    files: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The report on one jaw of an intraoral scan, in JSON's own types; the same layout as `build_report`.

    Positions are in the file's coordinates and unit. "confidence" of a tooth is the numbering's own score, no measured
    probability as in a report on a volume, and "confidence_is" says so.

    Parameters
    ----------
    case : measures.jaw.JawCase
        The measured jaw.
    findings : iterable of Finding
        Of the whole dentition, so with two jaws both reports have them all; each names its jaw.
    warnings : iterable of str
        Notes in plain words.
    stated : str, optional
        The jaw the user gave.
    files : dict, optional
        What was written, by kind (names, not paths).
    """
    jaw = case.segmentation
    teeth = []
    for fdi, crown in sorted(case.crowns.items()):
        sizes = {
            "area_mm2": round(crown.area_mm2, 1),
            "width_mm": None if crown.width_mm is None else round(crown.width_mm, 2),
            "confidence": _confidence(jaw.confidence, fdi),
            "centroid": [float(f"{c:.6g}") for c in case.in_file(crown.centre)],
        }
        shape = {"pieces": len(crown.pieces), "holes": len(crown.holes), "cut_by_border": crown.is_cut}
        teeth.append({**_names(fdi), **sizes, **shape})
    which = {
        "kind": INTRAORAL,
        "name": case.name,
        "jaw": case.which,
        "jaw_stated": stated is not None,
        "jaw_inferred": jaw.jaw_inferred,
        "confidence_is": SCORE,
        "jaw_confidence": round(float(jaw.jaw_confidence), 3),
        "frame_confidence": round(float(jaw.frame_confidence), 3),
        "inside_out": bool(jaw.inside_out),
        "mm_per_unit": float(jaw.surface.scale),
    }
    more = {**_known(jaw.known), **({} if files is None else {"files": dict(files)})}
    return _report(which, teeth, findings, warnings, jaw.provenance, more)


def _known(known: Known) -> dict[str, Any]:
    """What reports keep of it; nothing where nothing is known."""
    content = known.to_dict()
    return {key: value for key, value in content.items() if key == "stated" or value}


def _report(
    which: dict[str, Any],
    teeth: list[dict[str, Any]],
    findings: Iterable[Any],
    warnings: Iterable[str],
    provenance: Mapping[str, Any],
    more: dict[str, Any],
) -> dict[str, Any]:
    """What every report has; which: on what it is; more: what comes last."""
    report = {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "disclaimer": DISCLAIMER,
        **which,
        "count": count_teeth([row["fdi"] for row in teeth]),
        "teeth": teeth,
        "findings": [finding.to_dict() for finding in findings],
        "warnings": list(warnings),
        "provenance": dict(provenance),
        "versions": versions(),
        **more,
    }
    return plain(report)


def _names(fdi: int) -> dict[str, Any]:
    return {
        "fdi": fdi,
        "name": dentition.plain_name(fdi),
        "universal": dentition.fdi_to_universal(fdi),
        "snomed_code": dentition.snomed_code(fdi),
    }


def _confidence(confidence: Mapping[int, float], fdi: int) -> float | None:
    return round(float(confidence[fdi]), 3) if fdi in confidence else None
