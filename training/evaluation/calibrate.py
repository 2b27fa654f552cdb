"""Fit the confidence of CBCT teeth: what it says shall be the share of such teeth that are right.

    python -m training calibrate FIT_FOLDER --held-out HELD_OUT_FOLDER -o Resources/Models/confidence-3.json \
        --table Resources/Models/confidence-4.md

Folders as for `evaluate-volumes`; FIT_FOLDER holds phantoms of training patients (`make-evaluation-set --split train`),
HELD_OUT_FOLDER those of others. Every scan goes through `cbct.segment_volume`; a predicted tooth is right if the
reference has a tooth of this number and their IoU is at least 0.5. A logistic regression with coefficients of known
sign is fitted on FIT_FOLDER alone (its strength of regularisation by cross-validation over whole scans);
HELD_OUT_FOLDER is only measured. Deterministic.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from DentalTopoSegLib.cbct import Segmentation, segment_volume
from DentalTopoSegLib.cbct.confidence import FEATURES, MEANING, Calibrator, load_calibrator
from DentalTopoSegLib.checks.measures.label_map import Case
from DentalTopoSegLib.checks.metrics.label_maps import per_tooth_iou
from DentalTopoSegLib.checks.metrics.overlap import DETECTION_IOU
from DentalTopoSegLib.errors import DentalTopoSegError, InputError, NoTeethError
from DentalTopoSegLib.files.volumes import Volume, read_labels, read_volume
from DentalTopoSegLib.files.volumes.writing import atomic_path
from DentalTopoSegLib.options import RunOptions
from training.evaluation.logistic import IN_VAIN, best_fit, matrix, scores
from training.evaluation.network_cache import cached
from training.evaluation.volumes import load_networks
from training.export.score_tables import markdown_table
from training.patients.labelled_scans import find_pairs

Segment = Callable[[Volume], Segmentation]


def teeth_of(name: str, found: Segmentation, truth: Volume) -> list[dict[str, Any]]:
    """One row per predicted tooth: scan, fdi, iou with the true tooth of this number, right, score, features."""
    iou = per_tooth_iou(found.labels, truth)
    return [
        {
            "scan": name,
            "fdi": fdi,
            "iou": iou[fdi],
            "right": iou[fdi] >= DETECTION_IOU,
            "score": found.scores[fdi],
            "features": found.features[fdi],
        }
        for fdi in found.confidence
    ]


def collect(
    folder: Path,
    segment: Segment,
    known: dict[str, list[dict[str, Any]]] | None = None,
    report: Callable[[str], None] = lambda line: None,
    keep: Callable[[], None] = lambda: None,
) -> list[dict[str, Any]]:
    """`teeth_of` every labelled scan of folder, by name. known: rows by "folder's name/scan", taken where there, added
    where not; keep() is called after each that was added.

    A scan in which no teeth are found has no predicted teeth, so no rows. Raises InputError for a folder without
    labelled scans."""
    known = {} if known is None else known
    rows = []
    pairs = find_pairs(folder)
    for number, (name, image, labels) in enumerate(pairs, 1):
        key = f"{folder.name}/{name}"
        if key not in known:
            scan, _ = read_volume(image)
            try:
                known[key] = teeth_of(name, segment(scan), read_labels(labels))
            except NoTeethError as error:
                report(f"{name}: {error}")
                known[key] = []
            keep()
        rows += known[key]
        wrong = [row["fdi"] for row in known[key] if not row["right"]]
        report(f"{number}/{len(pairs)} {name}: {len(known[key])} teeth, wrong {wrong}")
    return rows


def to_markdown(calibrator: Calibrator) -> str:
    """The card: what it is, the coefficients, before and after on the held-out scans."""
    about = calibrator.about
    held, fitted = about["held_out"], about["fit"]
    nets = ", ".join(calibrator.networks.values())
    compared = [
        ("held out, before: the numbering's score", held["before"]),
        ("held out, after: calibrated", held["after"]),
        ("fitted patients, left out in turn", fitted),
    ]
    flagged_of = [("before", held["before"]), ("calibrated", held["after"]), ("fitted, left out in turn", fitted)]
    reliable = [
        (f"{r['low']:.1f} to {r['high']:.1f}", r["count"], f"{r['confidence']:.2f}", f"{r['correct']:.2f}")
        for r in held["after"]["reliability"]
    ]
    weights = zip(calibrator.features, calibrator.mean, calibrator.scale, calibrator.coefficients, strict=True)
    parts = [
        f"# {calibrator.id}",
        f"Confidence of a CBCT tooth: {MEANING}. For the networks {nets} ({about['precision']}) only.\n"
        f"Logistic regression, fitted on {fitted['teeth']} predicted teeth ({fitted['wrong']} wrong) of "
        f"{about['fit_scans']} phantoms of training patients; measured on {held['after']['teeth']} "
        f"({held['after']['wrong']} wrong) of {about['held_out_scans']} phantoms of other patients. The networks have "
        "seen the training patients' teeth; how they err there may differ. No real scan was used: on real scans the "
        "confidence is an extrapolation. Teeth that the program did not find have no confidence.",
        markdown_table(
            ("", "teeth", "wrong", "ECE", "Brier", "AUROC for wrong teeth"),
            [_score_row(*one) for one in compared],
            right=True,
        ),
        "Held out, calibrated:",
        markdown_table(("confidence", "teeth", "mean confidence", "right"), reliable, right=True),
    ]
    for title, one in flagged_of:
        rows = [_threshold_row(row, one) for row in (*one["thresholds"], one["caught"])]
        parts += [
            f"Teeth below a threshold ({title}; last line: at most {IN_VAIN:.0%} of the right ones in vain):",
            markdown_table(("below", "flagged", "of the wrong", "right, in vain"), rows, right=True),
        ]
    rows = [(name, f"{mean:.3f}", f"{scale:.3f}", f"{weight:+.3f}") for name, mean, scale, weight in weights]
    parts.append(markdown_table(("feature", "mean", "sd", "coefficient per sd"), rows, right=True))
    return "\n\n".join(parts) + "\n"


def _score_row(title: str, s: dict[str, Any]) -> tuple[object, ...]:
    area = "-" if s["auroc"] is None else f"{s['auroc']:.3f}"
    return title, s["teeth"], s["wrong"], f"{s['ece']:.4f}", f"{s['brier']:.4f}", area


def _threshold_row(row: dict[str, Any], s: dict[str, Any]) -> tuple[str, ...]:
    used = " (used)" if row["threshold"] == Case.low_confidence else ""
    wrong, right = f"{row['wrong_flagged']} of {s['wrong']}", f"{row['right_flagged']} of {s['teeth'] - s['wrong']}"
    return f"{row['threshold']:.3g}{used}", str(row["flagged"]), wrong, right


def calibrate(
    fit_rows: list[dict[str, Any]],
    held_rows: list[dict[str, Any]],
    name: str,
    networks: dict[str, Any],
    precision: str = "int8",
) -> Calibrator:
    """Fit on fit_rows, measure on held_rows; `about` of the answer holds both. Raises InputError as `best_fit`, or
    when there are no held-out teeth."""
    if not held_rows:
        raise InputError("No tooth was found in the held-out scans, so there is nothing to measure with.")
    calibrator, strength, left_out = best_fit(fit_rows)
    _, fit_right = matrix(fit_rows)
    held, right = matrix(held_rows)
    about = {
        "precision": precision,
        "strength": strength,
        "fit_scans": len({row["scan"] for row in fit_rows}),
        "held_out_scans": len({row["scan"] for row in held_rows}),
        "fit": scores(left_out, fit_right),
        "held_out": {
            "before": scores(np.array([row["score"] for row in held_rows]), right),
            "after": scores(calibrator.confidence(held), right),
        },
    }
    return replace(
        calibrator,
        id=name,
        networks={task: net.id for task, net in networks.items()},
        checksums={task: net.sha256 for task, net in networks.items()},
        about=about,
    )


def _read_rows(path: Path | None, networks: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Rows by scan of an earlier run with the same networks and features; else none."""
    if path is None or not path.is_file():
        return {}
    stored = json.loads(path.read_text(encoding="utf-8"))
    same = stored["networks"] == [net.sha256 for net in networks.values()] and stored["features"] == list(FEATURES)
    return stored["rows"] if same else {}


def main(argv: list[str] | None = None) -> int:
    """Command line, see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("fit_folder", type=Path, help="labelled phantoms of training patients")
    parser.add_argument("--held-out", type=Path, required=True, help="labelled phantoms of other patients")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the calibration, confidence-<n>.json")
    parser.add_argument("--table", type=Path, help="the card in Markdown")
    parser.add_argument("--precision", default="int8", choices=["int8", "fp32"])
    parser.add_argument("--models-dir", type=Path, nargs="+", default=[], help="as for evaluate-volumes")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--cache", type=Path, help="as for evaluate-volumes")
    parser.add_argument("--rows", type=Path, help="keep every tooth's features here, to go on after a stop")
    args = parser.parse_args(argv)
    if args.fit_folder.resolve() == args.held_out.resolve():
        parser.error("the folder that is fitted on cannot be the held-out one, too")
    if args.fit_folder.resolve().name == args.held_out.resolve().name:
        parser.error("both folders have one name, by which their scans are told apart: rename one")

    def show(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    try:
        networks = cached(load_networks(args.precision, args.threads, args.models_dir), args.cache)
        known = _read_rows(args.rows, networks)

        def keep() -> None:
            if args.rows is not None:
                content = {"networks": [n.sha256 for n in networks.values()], "features": list(FEATURES), "rows": known}
                _write(args.rows, json.dumps(content))

        segment = library_segment(networks, args.threads, args.precision)
        groups = [collect(folder.resolve(), segment, known, show, keep) for folder in (args.fit_folder, args.held_out)]
        calibrator = calibrate(*groups, args.output.stem, networks, args.precision)
        # what the library would refuse must not be shipped
        _write(args.output, calibrator.to_json(), check=load_calibrator)
    except DentalTopoSegError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    text = to_markdown(calibrator)
    print(text)
    if args.table is not None:
        _write(args.table, text)
    return 0


def _write(path: Path, text: str, check: Callable[[Path], Any] = lambda path: None) -> None:
    """Write whole or not at all; what `check` raises about the new file leaves the old one as it was."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
        check(temporary)


def library_segment(networks: dict[str, Any], threads: int | None, precision: str) -> Segment:
    """The library's own path with these networks."""
    options = RunOptions(threads=threads, precision=precision)
    return lambda scan: segment_volume(scan, options, models=networks)
