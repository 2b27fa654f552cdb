"""The rows of a batch's summary, from the reports that lie in the results' folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..dentition import Stated
from ..errors import EXIT_MEANINGS, InputError
from ..files.json_text import plain
from ..networks.tasks import task_names
from ..reports.checksums import compare_files
from ..reports.report import known_of, read_report
from ..reports.stated import stated_text
from .job import PAIR


def failed_row(message: str, exit_code: int) -> dict[str, Any]:
    """The row of a scan without a result."""
    return {"state": "failed", "message": message, "exit_code": exit_code}


def row_before(
    output: Path,
    name: str,
    stated: Stated | None = None,
    orientation: str | None = None,
    own: frozenset[str] | None = None,
    pair: bool = False,
    structures: Sequence[str] = (),
) -> dict[str, Any] | None:
    """The row of a scan that needs no run: its results are there, or somebody has changed them and they stay.

    stated: what is stated of the teeth now; where it is something, results of which something else was stated are none;
    where it is nothing they stay, and the row says what was stated. orientation: the same of how scans lie whose files
    do not say it. own: the checksums of the networks that are to be run in place of installed ones: results of others
    are none; empty for the installed ones; None where it does not matter. pair: the results are those of two jaws.
    structures: what is to be found besides the teeth (`options.STRUCTURE_GROUPS`): results without it are none.
    """
    reports = reports_of(output, name, pair)
    if not reports:
        return None
    compared = [compare_files(report, output) for report in reports]
    if changed := [file for one in compared for file in one.changed]:
        shown = ", ".join(f"'{file}'" for file in changed)
        message = (
            f"{shown} changed after '{reports[0]['name']}_report.json' was written: left as it is; `check` says what "
            "it holds now, --again segments the scan anew."
        )
        return {"state": "changed", "message": message}
    if any(one.missing for one in compared) or (stated and any(known_of(r).stated != stated for r in reports)):
        return None
    if orientation and any(r.get("orientation_stated", orientation) != orientation for r in reports):
        return None
    if not all(set(structures) <= set((r.get("provenance") or {}).get("structures") or ()) for r in reports):
        return None
    if own is not None and any(_is_of_others(report, own) for report in reports):
        return None
    row = {"state": "done before", **_numbers(reports)}
    said = "" if stated else stated_text(reports[0])
    return row | ({"message": f"{said} So it was done before; --again segments the scan anew."} if said else {})


def own_checksums(networks: Sequence[Mapping[str, Any]] | None, mesh: bool) -> frozenset[str]:
    """SHA-256 of a folder's networks (its entries; None without a folder) for meshes, or for CBCT."""
    kinds = ("surface",) if mesh else ("volume", "foreign")
    tasks = {task for kind in kinds for task in task_names(kind)}
    return frozenset(str(entry["sha256"]) for entry in networks or () if entry["task"] in tasks)


def _is_of_others(report: dict[str, Any], own: frozenset[str]) -> bool:
    """Whether a report is not of the networks with these checksums; of none given, whether not of installed ones."""
    models = (report.get("provenance") or {}).get("models") or ()
    told = [model for model in models if isinstance(model, dict)]
    if own:
        return not own & {str(model.get("sha256")) for model in told}
    return any(model.get("task") == "nnunet" or model.get("installed") is False for model in told)


def row_after(output: Path, name: str, pair: bool = False) -> dict[str, Any]:
    """The row of a scan whose run has just ended well."""
    return {"state": "done", **_numbers(reports_of(output, name, pair))}


def unnamed(row: dict[str, Any]) -> dict[str, Any]:
    """A row as an anonymous summary may hold it: paths, cases and messages have names of folders and files in them."""
    shown = {**row, "scan": row["name"], "case": ""}
    return {**shown, "message": EXIT_MEANINGS[row["exit_code"]]} if "exit_code" in row else shown


def reports_of(output: Path, name: str, pair: bool = False) -> list[dict[str, Any]]:
    """The report of a scan, or those of the two jaws that one file held, or (pair) that are two files; none where they
    are absent."""
    whole = None if pair else _report_of(output, name)
    if whole is not None:
        return [whole]
    jaws = [report for which in PAIR if (report := _report_of(output, f"{name}_{which}")) is not None]
    return jaws if [report.get("other_jaw") for report in jaws] == [f"{name}_{which}" for which in PAIR[::-1]] else []


def _report_of(output: Path, name: str) -> dict[str, Any] | None:
    """The report of a scan, None where it is absent or from something else."""
    try:
        report = read_report(output / f"{name}_report.json")
    except InputError:
        return None
    return report if report.get("files") else None


def _numbers(reports: list[dict[str, Any]]) -> dict[str, Any]:
    severities = [finding["severity"] for finding in (reports[0].get("findings", ()) if reports else ())]
    counts = {
        column: severities.count(s) for column, s in (("errors", "error"), ("warnings", "warning"), ("notes", "info"))
    }
    teeth = sum(report.get("count", {}).get("total") or 0 for report in reports) if reports else None
    return plain({"teeth": teeth, **counts, "results": [report["name"] for report in reports]})
