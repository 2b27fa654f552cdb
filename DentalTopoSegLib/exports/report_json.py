"""The report as JSON."""

from __future__ import annotations

from pathlib import Path

from .export_format import ExportFormat, ExportOptions, Group, PathOf
from .result import Result


def _write(result: Result, path_of: PathOf, options: ExportOptions) -> dict[str, Path]:
    from ..files.json_text import write_report_json

    return {"json": write_report_json(result.report, path_of(""))}


JSON = ExportFormat(
    name="json",
    title="JSON",
    purpose="for programs",
    group=Group.REPORT,
    pattern="{name}_report.json",
    write=_write,
    report_only=True,
)
