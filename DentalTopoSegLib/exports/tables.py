"""The report as tables of teeth and findings."""

from __future__ import annotations

from pathlib import Path

from .export_format import ExportFormat, ExportOptions, Group, PathOf
from .result import Result


def _write(result: Result, path_of: PathOf, options: ExportOptions) -> dict[str, Path]:
    from ..reports.page import write_csv

    return write_csv(result.report, path_of("teeth"), path_of("findings"), path_of("sites"))


CSV = ExportFormat(
    name="csv",
    title="CSV",
    purpose="tables for a spreadsheet",
    group=Group.REPORT,
    pattern="{name}_{part}.csv",
    write=_write,
    report_only=True,
)
