"""A report for people: one HTML page with pictures and a 3D view, and CSV tables of teeth and findings for a
spreadsheet.

Both are made from the JSON report (report.build_report, build_jaw_report), so they can be written at any time later.
The page needs nothing but itself: pictures, surfaces and viewer are inside it, nothing is loaded from anywhere.
"""

from __future__ import annotations

import base64
import csv
import datetime
import io
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import dentition
from ..checks.findings import Finding
from ..dentition.words import SOURCE_LANGUAGE, Language
from ..files.transactions import atomic_path
from . import page_words as words_of
from .around import AROUND_COLUMNS, SITE_COLUMNS, around_cells, site_cells
from .page_assets import asset, content_policy, json_in_page
from .page_chart import chart_html, states_of
from .page_content import PageContent
from .page_parts import (
    findings_html,
    notes_html,
    pictures_html,
    provenance_html,
    sites_html,
    summary,
    teeth_html,
    teeth_told,
    viewer_html,
)
from .page_words import Words
from .repairs import repairs_told
from .report import DISCLAIMED, INTRAORAL, confidence_of


def write_report_html(
    reports: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    path: str | os.PathLike[str],
    content: PageContent | None = None,
    language: Language = SOURCE_LANGUAGE,
) -> Path:
    """Write the page of one report, or of the two jaws of one dentition, whole or not at all.

    Parameters
    ----------
    reports : dict or list of dict
        Of `report.build_report` or `build_jaw_report`.
    path : path
        The file.
    content : PageContent, optional
        Pictures and surfaces.
    language : str or Catalogue
        One of `languages.languages()`, or the caller's own words. The notes of the run stay English.

    Raises
    ------
    InputError
        For a language that is not there.
    OutputError
        For everything the disk refuses.
    """
    several = [reports] if isinstance(reports, Mapping) else list(reports)
    page = _page(several, content or PageContent(), Words(language))
    path = Path(path)
    with atomic_path(path) as temporary:
        # names may hold what no encoding has
        temporary.write_text(page, encoding="utf-8", errors="backslashreplace")
    return path


def _page(reports: Sequence[Mapping[str, Any]], content: PageContent, words: Words) -> str:
    model, first = content.model, reports[0]
    title = words(words_of.TITLE, name=" + ".join(report["name"] for report in reports))
    views = f'<div class="panel">{viewer_html(model, words)}</div>' if model else ""
    overview = (
        f'<div class="overview{" two" if model else ""}"><div class="panel">{chart_html(reports, words)}'
        f'<p id="chosen" class="chosen-words" role="status">{words(words_of.NOTHING_CHOSEN)}</p></div>{views}</div>'
    )
    body = [
        f'<a class="skip" href="#findings">{words(words_of.TO_FINDINGS)}</a>',
        f'<header><h1>{title}</h1><p class="kind">{_kinds(reports, words)}</p>',
        f'<p class="disclaimer"><strong>{words(DISCLAIMED)}</strong></p>',
        f'<p class="sum">{summary(reports, words)}</p>',
        f'<p id="no-script">{words(words_of.NO_SCRIPT)}</p></header>',
        f"<main>{overview}",
        findings_html(first, content, words),
        pictures_html(content, words),
        *(teeth_html(report, words) for report in reports),
        *(sites_html(report, words) for report in reports),
        *(notes_html(report, words) for report in reports),
        "</main>",
        provenance_html(reports, datetime.date.today().isoformat(), model, words),
    ]
    scripts = [*([asset("three.min.js")] if model else []), asset("page.js")]
    style = asset("page.css") + _colors_css(reports)
    stored = base64.b64encode(model.data).decode("ascii") if model else ""
    data = f'<script type="application/json" id="page-data">{json_in_page(_data(reports, content, words))}</script>'
    if model:
        data += f'\n<script type="text/plain" id="model-data">{stored}</script>'
    return (
        f'<!DOCTYPE html>\n<html lang="{words.code}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{content_policy(style, scripts)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title>\n<style>{style}</style></head>\n<body>\n"
        + "\n".join(filter(None, body))
        + f"\n{data}\n"
        + "\n".join(f"<script>{script}</script>" for script in scripts)
        + "\n</body></html>\n"
    )


def _kinds(reports: Sequence[Mapping[str, Any]], words: Words) -> str:
    scans = {"upper": words_of.UPPER_SCAN, "lower": words_of.LOWER_SCAN}
    kinds = [scans[report["jaw"]] if report.get("kind") == INTRAORAL else words_of.CBCT for report in reports]
    return " + ".join(words(kind) for kind in kinds)


def _colors_css(reports: Sequence[Mapping[str, Any]]) -> str:
    """A class for each tooth's own colour: the policy forbids styles of single elements."""
    teeth = sorted({row["fdi"] for report in reports for row in report["teeth"]})
    return "".join(f".t{fdi}{{background:{_hex(fdi)}}}" for fdi in teeth)


def _hex(fdi: int) -> str:
    return "#{:02x}{:02x}{:02x}".format(*dentition.color(fdi))


def _data(reports: Sequence[Mapping[str, Any]], content: PageContent, words: Words) -> dict[str, Any]:
    """What the page's script knows."""
    model = content.model
    states = states_of(reports)
    return {
        "nothing": words.plain(words_of.NOTHING_CHOSEN),
        "teeth": {fdi: text for report in reports for fdi, text in teeth_told(report, words).items()},
        "states": states,
        "colors": {fdi: _hex(fdi) for fdi in states},
        "findings": [
            {
                "teeth": finding["teeth"],
                "severity": finding["severity"],
                "said": words.plain(Finding.from_dict(finding).sentence),
                "mark": list(model.marks[i]) if model and i in model.marks else None,
            }
            for i, finding in enumerate(reports[0]["findings"])
        ],
        "model": None
        if model is None
        else {
            "parts": [[part.fdi, part.vertices, part.faces, part.wide] for part in model.parts],
            "lower": list(model.lower),
            "upper": list(model.upper),
        },
    }


# ---------------------------------------------------------------- tables


_TEETH = (
    *("scan", "fdi", "name", "universal", "snomed_code", "volume_mm3", "area_mm2", "width_mm", "confidence"),
    *("centroid_mm", "centroid", "pieces", "tunnels", "voids", "holes", "cut_by_border", "confidence_is"),
    *AROUND_COLUMNS,
)
_FINDINGS = ("number", "severity", "code", "teeth", "message", "repair", "x", "y", "z")
#: What a spreadsheet takes for the beginning of a formula, also wide, also behind what it may take for a cell's end.
_FORMULA = re.compile(r"(?:\A|(?<=[;|\t\r\n]))(?=[=+\-@\t\r\n＝＋－＠])")


def write_csv(
    reports: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    teeth_path: str | os.PathLike[str],
    findings_path: str | os.PathLike[str],
    sites_path: str | os.PathLike[str] | None = None,
) -> dict[str, Path]:
    """Write the teeth and the findings of a report, or of the two jaws of one dentition, for a spreadsheet.

    UTF-8, commas, one row per tooth or finding; lengths in mm, surfaces in mm², volumes in mm³.

    Parameters
    ----------
    reports : dict or list of dict
        Of `report.build_report` or `build_jaw_report`.
    teeth_path, findings_path : path
        The files.
    sites_path : path, optional
        Where the bone at places without a tooth goes, where it was measured.

    Returns
    -------
    dict
        {"teeth": path, "findings": path}, and "sites" where there are any.

    Raises
    ------
    OutputError
        For everything the disk refuses.
    """
    several = [reports] if isinstance(reports, Mapping) else list(reports)
    teeth = [
        {**row, **around_cells(row), "scan": report["name"], "confidence_is": confidence_of(report).meaning}
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
    of_teeth = [column for column in _TEETH if any(column in row for row in teeth)] if teeth else ["scan", "fdi"]
    sites = [site_cells(site, report["name"]) for report in several for site in report.get("sites", ())]
    return {
        "teeth": write_table(Path(teeth_path), teeth, of_teeth),
        "findings": write_table(Path(findings_path), findings, _FINDINGS),
        **({"sites": write_table(Path(sites_path), sites, SITE_COLUMNS)} if sites and sites_path else {}),
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
