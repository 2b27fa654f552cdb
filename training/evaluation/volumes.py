"""Measure the networks on scans with known labels: the table of the model card.

    python -m training.evaluation.volumes FOLDER --precision int8 fp32 --models-dir training/runs/fp32 -o table.json

Every ``<name>_image.nii.gz`` of FOLDER that has a ``<name>_labels.nii.gz`` (FDI, same grid) goes through the
library's own path, `DentalTopoSegLib.cbct.segment_volume`, once per precision, and is scored by
`DentalTopoSegLib.checks.metrics.label_maps`. Scores are means over the reference teeth; a missed or misnumbered tooth counts 0.
Writes ``table.json`` (every score of every tooth) and ``table.md`` (what is printed).
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

from DentalTopoSegLib.checks.metrics.label_maps import aggregate, evaluate_pair
from DentalTopoSegLib.errors import DentalTopoSegError, InputError, NoTeethError
from DentalTopoSegLib.files.volumes import Volume, read_labels, read_volume, write_volume

COLUMNS = (
    ("dice", "DSC"),
    ("nsd", "NSD 0.5 mm"),
    ("tooth_dice", "DSC without numbers"),
    ("identification_accuracy", "identification"),
    ("detection_f1", "detection F1"),
    ("tca", "TCA"),
    ("acs", "ACS"),
    ("cer", "CER"),
    ("seconds", "seconds"),
)
"""Score and heading of each column of the table."""

Segment = Callable[[Volume, str], tuple[Volume, dict[str, Any]]]
"""(scan, precision) -> (FDI labels on the scan's grid, provenance)."""


def find_pairs(folder: Path) -> list[tuple[str, Path, Path]]:
    """(name, image, labels) of every labelled scan in `folder`, by name.

    Raises:
        InputError: the folder holds none.
    """
    images = sorted(folder.glob("*_image.nii.gz"))
    pairs = [(p.name.removesuffix("_image.nii.gz"), p) for p in images]
    found = [(name, p, p.with_name(f"{name}_labels.nii.gz")) for name, p in pairs]
    found = [row for row in found if row[2].is_file()]
    if not found:
        raise InputError(f"{folder} holds no <name>_image.nii.gz with <name>_labels.nii.gz: name another.")
    return found


def load_networks(precision: str, threads: int | None, folders: list[Path]) -> dict[str, Any]:
    """Task -> network of `precision`, from the first of `folders` that lists one, else the library's own.

    Raises:
        ModelError: nobody has it, or a file is damaged.
    """
    from DentalTopoSegLib.networks.models import list_models, load_model
    from DentalTopoSegLib.networks.tasks import task_names

    found = {}
    for task in task_names("volume"):
        wanted = {(task, precision)}
        having = [f for f in folders if wanted & {(e["task"], e["precision"]) for e in list_models(f)}]
        found[task] = load_model(task, threads, precision, folder=having[0] if having else None)
    return found


def library_segment(threads: int | None, folders: list[Path]) -> Segment:
    """The library's own path; networks as `load_networks` finds them, each loaded once."""
    from DentalTopoSegLib.cbct import segment_volume

    loaded: dict[str, dict[str, Any]] = {}

    def segment(scan: Volume, precision: str) -> tuple[Volume, dict[str, Any]]:
        if precision not in loaded:
            loaded[precision] = load_networks(precision, threads, folders)
        result = segment_volume(scan, threads=threads, precision=precision, models=loaded[precision])
        return result.labels, result.provenance

    return segment


def evaluate_scan(name: str, scan: Volume, truth: Volume, precision: str, segment: Segment) -> dict[str, Any]:
    """Scores of one scan: `metrics.evaluate_pair`'s, plus "scan", "precision", "seconds", "provenance",
    "labels".

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

    Args:
        folder: see `find_pairs`.
        precisions: "int8", "fp32", ...; the first is the one the table sorts by.
        segment: what is measured.
        save: folder for the predicted label maps, or None.
        report: called with one line of text after each scan.

    Returns:
        "scans": list of `evaluate_scan` results without the labels; "means": by precision, `aggregate` and
        mean seconds; "worst_teeth": see `worst_teeth`; "difference": mean DSC of the first precision minus
        that of each other one, in points of 100.
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
            shown = ", ".join(f"{title} {_number(result[key], key)}" for key, title in COLUMNS)
            report(f"{number}/{len(pairs)} {name} {precision}: {shown}")
    means = {}
    for precision in precisions:
        own = [s for s in scans if s["precision"] == precision]
        means[precision] = aggregate(own) | {"seconds": float(np.mean([s["seconds"] for s in own]))}
    first = precisions[0]
    return {
        "folder": folder.name,
        "precisions": precisions,
        "scans": scans,
        "means": means,
        "difference": {p: 100 * (means[first]["dice"] - means[p]["dice"]) for p in precisions[1:]},
        "worst_teeth": worst_teeth([s for s in scans if s["precision"] == first]),
    }


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
    """The table with the precisions side by side in every cell, the differences and the worst teeth."""
    precisions = table["precisions"]
    beside = " / ".join(precisions)
    lines = [
        f"Cells: {beside}. DSC and NSD: mean over the reference teeth, a missed or misnumbered one is 0.",
        "DSC without numbers: all tooth voxels at once. TCA: share of scans with the right tooth count. "
        "CER: lower is better.",
        "",
        "| scan | teeth | " + " | ".join(title for _, title in COLUMNS) + " |",
        "|---" * (len(COLUMNS) + 2) + "|",
    ]
    for name in dict.fromkeys(s["scan"] for s in table["scans"]):
        rows = [s for p in precisions for s in table["scans"] if s["scan"] == name and s["precision"] == p]
        counts = " / ".join(str(r["count_pred"]) for r in rows) + f" of {rows[0]['count_ref']}"
        lines.append(_row(name, counts, rows))
    lines += [_row("**mean**", "", [table["means"][p] for p in precisions]), ""]
    for precision, points in table["difference"].items():
        lines.append(f"Mean DSC of {precisions[0]} minus {precision}: {points:+.2f} points.")
    refused = [f"{s['scan']} ({s['precision']}): {s['refused']}" for s in table["scans"] if s["refused"]]
    lines += [f"Refused: {text}" for text in refused]
    lines += ["", f"Worst teeth ({precisions[0]}):", ""]
    lines += ["| scan | tooth | DSC | NSD | result |", "|---|---|---|---|---|"]
    for tooth in table["worst_teeth"]:
        scores = f"{tooth['dice']:.3f} | {_number(tooth['nsd'], 'nsd')}"
        lines.append(f"| {tooth['scan']} | {tooth['fdi']} | {scores} | {tooth['fate']} |")
    return "\n".join(lines) + "\n"


def _row(name: str, teeth: str, rows: list[dict[str, Any]]) -> str:
    cells = [" / ".join(_number(r[key], key) for r in rows) for key, _ in COLUMNS]
    return f"| {name} | {teeth} | " + " | ".join(cells) + " |"


def main(argv: list[str] | None = None) -> int:
    """Command line, see the module's text."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluation.volumes", description=__doc__.split("\n")[0])
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
    parser.add_argument("--save", type=Path, help="folder for the predicted label maps")
    parser.add_argument("-o", "--output", type=Path, help="table.json; the Markdown table goes beside it")
    args = parser.parse_args(argv)
    try:
        segment = library_segment(args.threads, args.models_dir)

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


if __name__ == "__main__":
    sys.exit(main())
