"""The commands that follow a segmentation or repeat it: repair, export, batch."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..exports import FORMATS
from . import cli


def add_result_commands(add: Callable[[str, Callable, str], argparse.ArgumentParser]) -> None:
    """Add the commands; ``add`` makes one, as in `cli.build_parser`."""
    repair = add("repair", run_repair, "Repair what `check` found in a label map or labelled mesh, into a new file.")
    repair.add_argument("labels", metavar="LABELS", help="label map, labelled mesh (VTP, PLY) or <name>_report.json")
    repair.add_argument(
        "-o", "--output", metavar="OUT", type=Path,
        help="the repaired file (.nii.gz, .seg.nrrd, ...; .vtp or .ply of a mesh); left out: list what can be done",
    )  # fmt: skip
    which = repair.add_mutually_exclusive_group()
    which.add_argument("--finding", type=cli._positive, metavar="N", help="the finding's number in the list of check")
    which.add_argument(
        "--all-safe", action="store_true", help="all repairs that mend a shape and change no tooth's number"
    )
    repair.add_argument("--choice", type=cli._positive, default=1, metavar="K", help="which of its repairs (default 1)")
    repair.add_argument("--number", type=int, metavar="FDI", help="the number to give, where the repair needs one")
    cli._add_numbering(repair, reference=False)

    export = add("export", run_export, "Write a result in another format: surfaces, DICOM SEG, tables, a page.")
    export.add_argument("result", metavar="RESULT", help="label map, labelled mesh or <name>_report.json")
    cli._add_output(export)
    export.add_argument("--format", required=True, choices=[kind.name for kind in FORMATS], help="what to write")
    export.add_argument("--scan", help="the scan it was made from: for dicom-seg its DICOM files; for html its slices")
    export.add_argument("--series", help="DICOM series of the scan: its number or the end of its id")
    export.add_argument(
        "--space", choices=("LPS", "RAS"), default="LPS", help="axes of surfaces from label maps (default LPS)"
    )
    cli._add_numbering(export, reference=False)

    batch = add("batch", run_batch, "Segment every scan in a folder; goes on where it was stopped.")
    batch.add_argument("folder", metavar="FOLDER", help="volumes, meshes and DICOM folders, in any depth")
    cli._add_output(batch)
    batch.add_argument("--picture", action="store_true", help="also write <name>_teeth.png of every CBCT")
    batch.add_argument("--again", action="store_true", help="also do scans again whose results are there")
    cli._add_network(batch)


def run_repair(arguments: argparse.Namespace, bar: cli.ProgressBar) -> dict[str, Any]:
    """``dentaltoposeg repair``; returns what was done, or without an output what can be done."""
    from ..runs.results import open_result, repair_file, repairs_of

    if arguments.output is None:
        if arguments.finding or arguments.all_safe:
            raise InputError("Say where to write the repaired file (-o OUT).")
        listed = repairs_of(open_result(arguments.labels, arguments.numbering))
        cli._say(arguments, lambda: _list_text(listed))
        return {
            "findings": [
                {**finding.to_dict(), "number": i, "repairs": [repair.title for repair in repairs]}
                for i, (finding, repairs) in enumerate(listed, start=1)
            ]
        }
    if not (arguments.finding or arguments.all_safe):
        raise InputError("Say what to repair: --finding N (its number in the list of check) or --all-safe.")
    repaired = repair_file(
        arguments.labels, arguments.output, finding=arguments.finding, choice=arguments.choice,
        number=arguments.number, all_safe=arguments.all_safe, numbering=arguments.numbering,
    )  # fmt: skip
    lines = [f"Done: {title}." for title in repaired.done]
    lines += [f"Not done: {sentence}" for sentence in repaired.refused]
    lines += [f"Findings: {len(repaired.before)} before, {len(repaired.after)} now.", f"Wrote {repaired.path}"]
    cli._say(arguments, lambda: "\n".join(lines))
    return {
        "done": repaired.done, "refused": repaired.refused, "output": str(repaired.path),
        "findings": [finding.to_dict() for finding in repaired.after],
    }  # fmt: skip


def _list_text(listed: list[tuple]) -> str:
    if not listed:
        return "Findings: none."
    lines = []
    for i, (finding, repairs) in enumerate(listed, start=1):
        lines.append(f"{i:>3} {finding.severity:<8}{finding.message}")
        for k, repair in enumerate(repairs, start=1):
            more = " (--number FDI)" if repair.needs_number else " (safe)" if repair.safe else ""
            lines.append(f"      --choice {k}: {repair.title}{more}")
        if not repairs:
            lines.append("      only a person can settle this")
    return "\n".join(lines)


def run_export(arguments: argparse.Namespace, bar: cli.ProgressBar) -> dict[str, Any]:
    """``dentaltoposeg export``; returns the files written."""
    from ..runs.results import export_result

    files, warnings = export_result(
        arguments.result, arguments.output, arguments.format, numbering=arguments.numbering, scan=arguments.scan,
        series=arguments.series, space=arguments.space,
    )  # fmt: skip
    cli._say(arguments, lambda: cli._files_text(files))
    return {"files": {kind: str(path) for kind, path in files.items()}, "warnings": warnings}


def run_batch(arguments: argparse.Namespace, bar: cli.ProgressBar) -> dict[str, Any]:
    """``dentaltoposeg batch``; returns the rows of the summary. Exit code 8 when a scan has no result."""
    from ..runs.batch import SOME_FAILED
    from ..runs.batch import run_batch as run

    def progress(done: int, total: int, name: str, event: dict[str, Any]) -> None:
        bar(f"{name} ({done + 1} of {total})", event["fraction"], 1.0)

    batch = run(
        arguments.folder, arguments.output, threads=arguments.threads, precision=arguments.precision,
        provider=arguments.provider, picture=arguments.picture, again=arguments.again, progress=progress,
        stopped=arguments.stop.asked,
    )  # fmt: skip
    bar.close()
    failed = [row for row in batch.rows if row["state"] == "failed"]
    for row in failed:
        print(f"dentaltoposeg: {row['scan']}: {row['message']}", file=sys.stderr)
    done, before = batch.count("done"), batch.count("done before")
    text = f"{done} scans done, {before} done before, {len(failed)} without a result.\nWrote {batch.summary}"
    cli._say(arguments, lambda: text)
    return {"scans": batch.rows, "summary": str(batch.summary), "exit_code": SOME_FAILED if failed else 0}
