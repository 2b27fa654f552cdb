"""A report for people: one HTML page with pictures, and CSV tables of teeth and findings for a spreadsheet.

Both are made from the JSON report (report.build_report, build_jaw_report), so they can be written at any time later.
The page needs nothing but itself: pictures are inside it, no script, nothing is loaded from anywhere.
"""

from __future__ import annotations

import base64
import csv
import io
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from .. import dentition
from ..files.transactions import atomic_path
from .columns import Column, columns_of, rows_by_jaw
from .repairs import repairs_told
from .report import DISCLAIMER, INTRAORAL, confidence_of
from .stated import stated_text

#: What a severity means to the reader, the gravest first.
SEVERITY_WORDS = {
    "error": "Contradiction: correct it before you use the result",
    "warning": "Probably wrong: look at it",
    "info": "For your information",
}
_SEVERITY_COUNT = {
    "error": ("contradiction", "contradictions"),
    "warning": ("thing to look at", "things to look at"),
    "info": ("note", "notes"),
}

#: The page's own style and pictures are shown, nothing else is loaded or run.
_NOTHING_FROM_OUTSIDE = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

_STYLE = """
:root { color-scheme: light }
body { font: 16px/1.5 system-ui, sans-serif; color: #1d2733; background: #fff; margin: 0 auto; max-width: 62rem;
  padding: 1.5rem }
h1 { font-size: 1.6rem; margin: 0 0 .2rem } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem }
.disclaimer { border-left: 4px solid #b3261e; padding: .4rem .8rem; background: #fdf1f0 }
.sum { font-size: 1.1rem }
img { max-width: 100%; border-radius: 6px; display: block; margin: .8rem 0 }
table { border-collapse: collapse; width: 100%; font-size: .92rem }
th { text-align: left; border-bottom: 2px solid #c5ced8; padding: .3rem .5rem; vertical-align: bottom }
td { border-bottom: 1px solid #e3e8ee; padding: .3rem .5rem; vertical-align: top }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.chip { display: inline-block; width: .8em; height: .8em; border-radius: 50%; margin-right: .4em }
.error td:first-child { border-left: 5px solid #b3261e } .warning td:first-child { border-left: 5px solid #c77700 }
.info td:first-child { border-left: 5px solid #4a7fb5 }
.how { color: #52606d; font-size: .9em } .small { color: #52606d; font-size: .85rem }
@media print { body { max-width: none; padding: 0 } tr, img { break-inside: avoid } }
"""


def write_report_html(
    reports: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    path: str | os.PathLike[str],
    pictures: Sequence[str | os.PathLike[str]] = (),
) -> Path:
    """Write the page of one report, or of the two jaws of one dentition, whole or not at all.

    Parameters
    ----------
    reports : dict or list of dict
        Of `report.build_report` or `build_jaw_report`.
    path : path
        The file.
    pictures : list of path
        PNG files to show (`pictures.volumes.overlay_png`, `pictures.jaws.jaw_png`).

    Raises
    ------
    OutputError
        For everything the disk refuses.
    """
    several = [reports] if isinstance(reports, Mapping) else list(reports)
    title = " and ".join(report["name"] for report in several)
    body = [
        f"<h1>Teeth of {escape(title)}</h1>",
        f'<p class="disclaimer"><strong>{escape(DISCLAIMER)}</strong></p>',
        f'<p class="sum">{escape(_summary(several))}</p>',
    ]
    for picture in pictures:
        content = base64.b64encode(Path(picture).read_bytes()).decode("ascii")
        body.append(f'<img alt="The numbered teeth of {escape(title)}" src="data:image/png;base64,{content}">')
    body.append(_findings_html(several[0]))
    body += [_teeth_html(report) for report in several]
    body += [_notes_html(report) for report in several]
    page = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_NOTHING_FROM_OUTSIDE}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Teeth of {escape(title)}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(filter(None, body))
        + "\n</body></html>\n"
    )
    path = Path(path)
    with atomic_path(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return path


def _summary(reports: Sequence[Mapping[str, Any]]) -> str:
    upper, lower = (sum(report["count"][which] for report in reports) for which in ("upper", "lower"))
    parts = []
    for severity, words in _SEVERITY_COUNT.items():
        count = sum(finding["severity"] == severity for finding in reports[0]["findings"])
        if count:
            parts.append(f"{count} {words[count != 1]}")
    found = ", ".join(parts) or "nothing was found wrong with it"
    return (
        f"{upper + lower} {'tooth' if upper + lower == 1 else 'teeth'}: {upper} upper, {lower} lower. Checks: {found}."
    )


def _findings_html(report: Mapping[str, Any]) -> str:
    if not report["findings"]:
        return "<h2>Findings</h2><p>The checks found nothing to say.</p>"
    in_file = report.get("kind") == INTRAORAL
    rows = []
    for i, finding in enumerate(report["findings"], start=1):
        how = " or ".join(repair.title for repair in repairs_told(finding))
        place = _place_words(finding.get("position_ras"), in_file)
        rows.append(
            f'<tr class="{escape(finding["severity"])}"><td class="n">{i}</td><td>{escape(finding["message"])}'
            + (f'<br><span class="how">Possible repair: {escape(how)}.</span>' if how else "")
            + f"</td><td>{escape(SEVERITY_WORDS[finding['severity']])}</td><td>{escape(place)}</td></tr>"
        )
    where = "Place in the file (x, y, z)" if in_file else "Place (right, front, up; mm)"
    return (
        '<h2>Findings</h2><table><thead><tr><th class="n">No.</th><th>What</th><th>What it means</th>'
        f"<th>{where}</th></tr></thead><tbody>\n" + "\n".join(rows) + "\n</tbody></table>"
    )


def _place_words(position: Sequence[float] | None, in_file: bool) -> str:
    if position is None:
        return ""
    return ", ".join(f"{value:.4g}" if in_file else f"{value:.0f}" for value in position)


def _teeth_html(report: Mapping[str, Any]) -> str:
    columns = columns_of(report).page
    rows = []
    for row in (row for jaw in rows_by_jaw(report).values() for row in jaw):
        color = "#{:02x}{:02x}{:02x}".format(*dentition.color(row["fdi"]))
        cells = [f'<td class="n"><span class="chip" style="background:{color}"></span>{row["fdi"]}</td>']
        cells += [f'<td class="{_css(column)}">{escape(column.text(row))}</td>' for column in columns[1:]]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    stated = stated_text(report)
    which = f", {escape(report['jaw'])} jaw" if report.get("kind") == INTRAORAL else ""
    head = "".join(f'<th class="{_css(column)}">{escape(column.label)}</th>' for column in columns)
    return (
        f"<h2>Teeth{which}, from the patient's right to left</h2>"
        f"<table><thead><tr>{head}</tr></thead><tbody>\n"
        + "\n".join(rows)
        + "\n</tbody></table>"
        + (f"<p>{escape(stated)}</p>" if stated else "")
    )


def _css(column: Column) -> str:
    return "n" if column.number else ""


def _notes_html(report: Mapping[str, Any]) -> str:
    notes = "".join(f"<li>{escape(text)}</li>" for text in report["warnings"])
    listed = f"<h2>Notes on {escape(report['name'])}</h2><ul>{notes}</ul>" if notes else ""
    models = ", ".join(str(model.get("id")) for model in report["provenance"].get("models", ()))
    seconds = sum(report["provenance"].get("seconds", {}).values())
    versions = ", ".join(f"{package} {version}" for package, version in report["versions"].items())
    looked = "; they looked twice (test-time augmentation)" if report["provenance"].get("tta") else ""
    made = f"Networks: {models}{looked}; {seconds:.1f} s. " if models else ""
    return f'{listed}<p class="small">{escape(made)}Made with {escape(versions)}.</p>'


# ---------------------------------------------------------------- tables


_TEETH = (
    *("scan", "fdi", "name", "universal", "snomed_code", "volume_mm3", "area_mm2", "width_mm", "confidence"),
    *("centroid_mm", "centroid", "pieces", "tunnels", "voids", "holes", "cut_by_border", "confidence_is"),
)
_FINDINGS = ("number", "severity", "code", "teeth", "message", "repair", "x", "y", "z")
#: What a spreadsheet takes for the beginning of a formula, also wide, also behind what it may take for a cell's end.
_FORMULA = re.compile(r"(?:\A|(?<=[;|\t\r\n]))(?=[=+\-@\t\r\n＝＋－＠])")


def write_csv(
    reports: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    teeth_path: str | os.PathLike[str],
    findings_path: str | os.PathLike[str],
) -> dict[str, Path]:
    """Write the teeth and the findings of a report, or of the two jaws of one dentition, for a spreadsheet.

    UTF-8, commas, one row per tooth or finding; lengths in mm, surfaces in mm², volumes in mm³.

    Parameters
    ----------
    reports : dict or list of dict
        Of `report.build_report` or `build_jaw_report`.
    teeth_path, findings_path : path
        The files.

    Returns
    -------
    dict
        {"teeth": path, "findings": path}

    Raises
    ------
    OutputError
        For everything the disk refuses.
    """
    several = [reports] if isinstance(reports, Mapping) else list(reports)
    teeth = [
        {**row, "scan": report["name"], "confidence_is": confidence_of(report).meaning}
        for report in several
        for row in report["teeth"]
    ]
    findings = [
        {
            "number": i,
            "severity": finding["severity"],
            "code": finding["code"],
            "teeth": " ".join(map(str, finding["teeth"])),
            "message": finding["message"],
            "repair": "; ".join(repair.title for repair in repairs_told(finding)),
            **dict(zip(("x", "y", "z"), finding.get("position_ras") or ("", "", ""), strict=True)),
        }
        for i, finding in enumerate(several[0]["findings"], start=1)
    ]
    of_teeth = [column for column in _TEETH if column in teeth[0]] if teeth else ["scan", "fdi"]
    return {
        "teeth": write_table(Path(teeth_path), teeth, of_teeth),
        "findings": write_table(Path(findings_path), findings, _FINDINGS),
    }


def write_table(path: Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Path:
    """One CSV file, whole or not at all; a byte order mark lets spreadsheets see that it is UTF-8."""
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(columns)
    for row in rows:
        table.writerow([_cell(row.get(column)) for column in columns])
    with atomic_path(path) as temporary:
        # file names may hold what no encoding has
        temporary.write_text(text.getvalue(), encoding="utf-8-sig", errors="backslashreplace", newline="")
    return path


def _cell(value: Any) -> Any:
    """Lists of numbers as words with spaces; text that a spreadsheet would take for a formula is marked as text."""
    if isinstance(value, (list, tuple)):
        return " ".join(map(str, value))
    return _FORMULA.sub("'", value) if isinstance(value, str) else value
