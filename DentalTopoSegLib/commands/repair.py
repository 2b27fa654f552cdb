"""Repair what the checks found."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..errors import UsageError
from .arguments import absent_of, add_known, add_numbering, add_orientation, milk_of, positive
from .command import Call, Command


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("labels", metavar="LABELS", help="label map, labelled mesh (VTP, PLY) or <name>_report.json")
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        type=Path,
        help="the repaired file (.nii.gz, .seg.nrrd, ...; .vtp or .ply of a mesh); left out: list what can be done",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--finding", type=positive, metavar="N", help="the finding's number in the list of check")
    which.add_argument(
        "--all-safe", action="store_true", help="all repairs that mend a shape and change no tooth's number"
    )
    add_known(parser)
    parser.add_argument("--choice", type=positive, metavar="K", help="which of its repairs (default 1)")
    parser.add_argument("--number", type=int, metavar="FDI", help="the number to give, where the repair needs one")
    add_orientation(parser)
    add_numbering(parser, reference=False)


def _run(call: Call) -> dict[str, Any]:
    from ..runs.repairing import repair_file, repairs_of
    from ..runs.results import open_result

    given = call.arguments
    if given.finding is None and (given.number is not None or given.choice is not None):
        raise UsageError("--choice and --number are for one finding: say which (--finding N).")
    absent, milk = absent_of(given), milk_of(given)
    stated = bool(absent) or milk is not None
    if stated and (given.finding or given.all_safe):
        raise UsageError(
            "--absent and --dentition number the teeth again: leave --finding and --all-safe for a next call."
        )
    if given.output is None:
        if given.finding or given.all_safe or stated:
            raise UsageError("Say where to write the repaired file (-o OUT).")
        result = open_result(given.labels, given.numbering, orientation=given.orientation)
        listed = repairs_of(result)
        call.say(lambda: _list_text(listed))
        return {
            "findings": [
                {**finding.to_dict(), "number": i, "repairs": [repair.title for repair in repairs]}
                for i, (finding, repairs) in enumerate(listed, start=1)
            ],
            "warnings": result.warnings,
        }
    if not (given.finding or given.all_safe or stated):
        raise UsageError(
            "Say what to repair: --finding N (its number in the list of check), --all-safe, or --absent FDI,FDI."
        )
    repaired = repair_file(
        given.labels,
        given.output,
        finding=given.finding,
        choice=given.choice or 1,
        number=given.number,
        all_safe=given.all_safe,
        numbering=given.numbering,
        absent=absent,
        milk=milk,
        orientation=given.orientation,
    )
    lines = [f"Done: {title}." for title in repaired.done]
    lines += [f"Not done: {sentence}" for sentence in repaired.refused]
    lines += [f"Findings: {len(repaired.before)} before, {len(repaired.after)} now.", f"Wrote {repaired.path}"]
    call.say(lambda: "\n".join(lines))
    return {
        "done": repaired.done,
        "refused": repaired.refused,
        "output": str(repaired.path),
        "warnings": repaired.warnings,
        "findings": [finding.to_dict() for finding in repaired.after],
    }


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


REPAIR = Command(
    "repair",
    "Repair what `check` found in a label map or labelled mesh, into a new file.",
    _add_arguments,
    _run,
)
