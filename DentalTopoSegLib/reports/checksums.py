"""Whether the files that a report names are still those it was written with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..files.journal import sha256_of

REPORT = "report"


@dataclass(frozen=True)
class FilesOfReport:
    """The files a report names, compared with what lies beside it.

    Parameters
    ----------
    missing : list of str
        Names of files that are not there.
    changed : list of str
        Names of files whose content is another than when the report was written.
    """

    missing: list[str]
    changed: list[str]


def add_checksums(report: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Give a report "checksums", the SHA-256 of each of its "files" but itself, by the same kinds; returns it.

    Parameters
    ----------
    report : dict
        With "files": the names of what was written, by kind.
    folder : Path
        Where they lie.
    """
    report["checksums"] = {kind: sha256_of(folder / name) for kind, name in report["files"].items() if kind != REPORT}
    return report


def compare_files(report: Mapping[str, Any], folder: Path) -> FilesOfReport:
    """Compare a report with the files beside it; one of an earlier version, without checksums, knows only their names.

    Parameters
    ----------
    report : dict
        As `report.read_report` gives it.
    folder : Path
        Where it was read from.
    """
    files, checksums = report.get("files") or {}, report.get("checksums") or {}
    missing = [name for name in files.values() if not (folder / name).is_file()]
    changed = [
        name
        for kind, name in files.items()
        if kind in checksums and name not in missing and sha256_of(folder / name) != checksums[kind]
    ]
    return FilesOfReport(missing, changed)
