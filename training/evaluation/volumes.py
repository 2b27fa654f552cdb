"""Measure the networks on scans with known labels: the table of the model card.

    python -m training evaluate-volumes FOLDER --precision int8 fp32 --models-dir training/runs/fp32 -o table.json

Every `<name>_image.nii.gz` of FOLDER that has a `<name>_labels.nii.gz` (FDI, same grid) goes through the library's own
path, `cbct.segment_volume`, once per precision, and is scored by `checks.metrics.label_maps`. Scores are means over the
reference teeth; a missed or misnumbered tooth counts 0. Every mean has a bootstrap interval over the scans, and every
error is counted by its kind, see `error_kinds`. Writes `table.json` (every score of every tooth) and `table.md` (what
is printed). With `--cache FOLDER` the networks' answers are kept there: a second run with other rules and the same
networks runs none of them (its seconds are then no measure).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from DentalTopoSegLib.cbct import segment_volume
from DentalTopoSegLib.checks.metrics.label_maps import aggregate, evaluate_pair
from DentalTopoSegLib.errors import DentalTopoSegError, NoTeethError
from DentalTopoSegLib.files.volumes import Volume, read_labels, read_volume, write_volume
from DentalTopoSegLib.networks.models import list_models, load_model
from DentalTopoSegLib.networks.tasks import task_names
from DentalTopoSegLib.options import RunOptions
from training.evaluation.error_kinds import causes_near, count_errors, errors_to_markdown, find_errors
from training.evaluation.network_cache import cached
from training.export.score_tables import TITLES, markdown_table
from training.patients.labelled_scans import find_pairs

COLUMNS = (
    "dice",
    "nsd",
    "tooth_dice",
    "identification_accuracy",
    "detection_f1",
    "tca",
    "acs",
    "cer",
    "seconds",
)
"""Score of each column of the table."""

RESAMPLES = 2000
COVERED = 0.95
"""Of the bootstrap: how often the scans are drawn again, and the share of the means that the interval holds."""

Segment = Callable[[Volume, str], tuple[Volume, dict[str, Any]]]
"""(scan, precision) -> (FDI labels on the scan's grid, provenance)."""


def load_networks(
    precision: str, threads: int | None, folders: list[Path], kind: str = "volume", only_listed: bool = False
) -> dict[str, Any]:
    """Task of a kind -> network of `precision`, from the first of `folders` that lists one, else the library's own;
    `only_listed`: else none.

    Raises
    ------
    ModelError
        Nobody has it, or a file is damaged.
    """
    found = {}
    for task in task_names(kind):
        wanted = {(task, precision)}
        having = [f for f in folders if wanted & {(e["task"], e["precision"]) for e in list_models(f)}]
        if only_listed and not having:
            continue
        found[task] = load_model(task, threads, precision, folder=having[0] if having else None)
    return found


def library_segment(threads: int | None, folders: list[Path], cache: Path | None = None) -> Segment:
    """The library's own path; networks as `load_networks` finds them, each loaded once. cache: see `network_cache`."""
    loaded: dict[str, dict[str, Any]] = {}

    def segment(scan: Volume, precision: str) -> tuple[Volume, dict[str, Any]]:
        if precision not in loaded:
            loaded[precision] = cached(load_networks(precision, threads, folders), cache)
        result = segment_volume(scan, RunOptions(threads=threads, precision=precision), models=loaded[precision])
        return result.labels, result.provenance

    return segment


def evaluate_scan(name: str, scan: Volume, truth: Volume, precision: str, segment: Segment) -> dict[str, Any]:
    """Scores of one scan: `metrics.evaluate_pair`'s, plus "scan", "precision", "seconds", "provenance", "errors" and
    "causes" of `error_kinds`, "labels".

    A scan in which no teeth were found is scored as an empty label map; "refused" then holds the message.
    """
    start = time.perf_counter()
    refused = None
    try:
        labels, provenance = segment(scan, precision)
    except NoTeethError as error:
        labels, provenance, refused = truth.with_array(np.zeros_like(truth.array)), {}, str(error)
    seconds = time.perf_counter() - start
    return {
        "scan": name,
        "precision": precision,
        "seconds": seconds,
        "refused": refused,
        "provenance": provenance,
        "labels": labels,
        "errors": find_errors(labels, truth),
        "causes": {str(fdi): causes for fdi, causes in causes_near(scan, truth).items()},
        **evaluate_pair(labels, truth),
    }


def evaluate_folder(
    folder: Path,
    precisions: list[str],
    segment: Segment,
    save: Path | None = None,
    report: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Evaluate every labelled scan of `folder` with every precision.

    Parameters
    ----------
    folder : Path
        See `find_pairs`.
    precisions : list of str
        "int8", "fp32", ...; the first is the one the table sorts by.
    segment : callable
        What is measured.
    save : Path, optional
        Folder for the predicted label maps.
    report : callable
        Called with one line of text after each scan.

    Returns
    -------
    dict
        "scans": list of `evaluate_scan` results without the labels; "means": by precision, `aggregate` and mean
        seconds; "intervals": by precision, see `intervals`; "errors": by precision, `error_kinds.count_errors`;
        "worst_teeth": see `worst_teeth`; "difference": mean DSC of the first precision minus that of each other one, in
        points of 100.
    """
    pairs = find_pairs(folder)
    scans = []
    for number, (name, image_path, labels_path) in enumerate(pairs, 1):
        scan, _ = read_volume(image_path)
        truth = read_labels(labels_path)
        for precision in precisions:
            result = evaluate_scan(name, scan, truth, precision, segment)
            labels = result.pop("labels")
            if save is not None:
                save.mkdir(parents=True, exist_ok=True)
                write_volume(labels, save / f"{name}_{precision}_teeth.nii.gz")
            scans.append(result)
            shown = ", ".join(f"{TITLES[key]} {_number(result[key], key)}" for key in COLUMNS)
            report(f"{number}/{len(pairs)} {name} {precision}: {shown}")
    means, spans, errors = {}, {}, {}
    for precision in precisions:
        own = [s for s in scans if s["precision"] == precision]
        means[precision] = aggregate(own) | {"seconds": float(np.mean([s["seconds"] for s in own]))}
        spans[precision], errors[precision] = intervals(own), count_errors(own)
    first = precisions[0]
    return {
        "folder": folder.name,
        "precisions": precisions,
        "scans": scans,
        "means": means,
        "intervals": spans,
        "errors": errors,
        "difference": {p: 100 * (means[first]["dice"] - means[p]["dice"]) for p in precisions[1:]},
        "worst_teeth": worst_teeth([s for s in scans if s["precision"] == first]),
    }


def intervals(scans: list[dict[str, Any]], seed: int = 0) -> dict[str, list[float] | None]:
    """Score -> lower and upper end of the percentile bootstrap interval of its mean, the scans being what is drawn
    again; None where fewer than two scans have it."""
    rng = np.random.default_rng(seed)
    ends: dict[str, list[float] | None] = {}
    for key in COLUMNS:
        values = [scan[key] for scan in scans if scan[key] is not None]
        if len(values) < 2:
            ends[key] = None
            continue
        means = rng.choice(values, (RESAMPLES, len(values))).mean(1)
        ends[key] = [float(e) for e in np.quantile(means, [(1 - COVERED) / 2, (1 + COVERED) / 2])]
    return ends


def worst_teeth(scans: list[dict[str, Any]], count: int = 15) -> list[dict[str, Any]]:
    """The `count` reference teeth of lowest DSC: scan, fdi, dice, nsd and what became of each."""
    rows = []
    for scan in scans:
        for fdi, score in scan["teeth"].items():
            if not score["in_ref"]:
                continue
            seen_as = score["predicted_as"]
            if seen_as is None:
                fate = "drawn badly" if score["dice"] >= 0.1 else "not found"
            else:
                fate = "right number" if seen_as == int(fdi) else f"numbered {seen_as}"
            scores = {key: score[key] for key in ("dice", "nsd")}
            rows.append({"scan": scan["scan"], "fdi": int(fdi), **scores, "fate": fate})
    return sorted(rows, key=lambda r: (r["dice"], r["scan"], r["fdi"]))[:count]


def _number(value: float | None, key: str) -> str:
    if value is None:
        return "-"
    return f"{value:.1f}" if key == "seconds" else f"{value:.3f}"


def to_markdown(table: dict[str, Any]) -> str:
    """The table with the precisions side by side in every cell, the differences, the errors by kind and the worst
    teeth."""
    precisions = table["precisions"]
    rows = []
    for name in dict.fromkeys(s["scan"] for s in table["scans"]):
        scans = [s for p in precisions for s in table["scans"] if s["scan"] == name and s["precision"] == p]
        counts = " / ".join(str(s["count_pred"]) for s in scans) + f" of {scans[0]['count_ref']}"
        rows.append((name, counts, *_cells(scans)))
    rows.append(("**mean**", "", *_cells([table["means"][p] for p in precisions])))
    rows.append((f"{COVERED:.0%} of the means", "", *_interval_cells([table["intervals"][p] for p in precisions])))
    worst = [
        (t["scan"], t["fdi"], f"{t['dice']:.3f}", _number(t["nsd"], "nsd"), t["fate"]) for t in table["worst_teeth"]
    ]
    lines = [
        f"Cells: {' / '.join(precisions)}. DSC and NSD: mean over the reference teeth, a missed or misnumbered one is "
        "0.",
        "DSC without numbers: all tooth voxels at once. TCA: share of scans with the right tooth count. "
        "CER: lower is better.",
        "",
        markdown_table(("scan", "teeth", *(TITLES[key] for key in COLUMNS)), rows),
        "",
        *(f"Mean DSC of {precisions[0]} minus {p}: {points:+.2f} points." for p, points in table["difference"].items()),
        *(f"Refused: {s['scan']} ({s['precision']}): {s['refused']}" for s in table["scans"] if s["refused"]),
        "",
        f"Errors by kind ({precisions[0]}), by the tooth's type and by what stands near it:",
        "",
        errors_to_markdown(table["errors"][precisions[0]]),
        "",
        f"Worst teeth ({precisions[0]}):",
        "",
        markdown_table(("scan", "tooth", "DSC", "NSD", "result"), worst),
    ]
    return "\n".join(lines) + "\n"


def _cells(rows: list[dict[str, Any]]) -> list[str]:
    return [" / ".join(_number(row[key], key) for row in rows) for key in COLUMNS]


def _interval_cells(rows: list[dict[str, list[float] | None]]) -> list[str]:
    def text(ends: list[float] | None, key: str) -> str:
        return " to ".join(_number(end, key) for end in ends or (None,))

    return [" / ".join(text(row[key], key) for row in rows) for key in COLUMNS]


def main(argv: list[str] | None = None) -> int:
    """Command line, see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="folder of <name>_image.nii.gz and <name>_labels.nii.gz")
    parser.add_argument("--precision", nargs="+", default=["int8"], choices=["int8", "fp32"])
    parser.add_argument(
        "--models-dir",
        type=Path,
        nargs="+",
        default=[],
        help="folders with a models.json, searched before the library's",
    )
    parser.add_argument("--threads", type=int)
    parser.add_argument("--cache", type=Path, help="folder for the networks' answers, which are not asked twice")
    parser.add_argument("--save", type=Path, help="folder for the predicted label maps")
    parser.add_argument("-o", "--output", type=Path, help="table.json; the Markdown table goes beside it")
    args = parser.parse_args(argv)
    try:
        segment = library_segment(args.threads, args.models_dir, args.cache)

        def show(line: str) -> None:
            print(line, file=sys.stderr, flush=True)

        table = evaluate_folder(args.folder, list(dict.fromkeys(args.precision)), segment, args.save, show)
    except DentalTopoSegError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    text = to_markdown(table)
    print(text)
    if args.output is not None:
        args.output.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
        args.output.with_suffix(".md").write_text(text, encoding="utf-8")
    return 0
