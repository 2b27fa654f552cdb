"""The sections of the page: 3D view, findings, tables of teeth, provenance. All texts are escaped here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from .. import dentition
from ..checks.findings import Finding
from ..dentition.words import Sentence
from . import around
from . import page_words as words_of
from .columns import FDI_LABEL as _FDI_LABEL
from .columns import Column, columns_of, rows_by_jaw
from .page_assets import THREE_VERSION, asset
from .page_content import Model, PageContent, Picture
from .page_words import Words
from .repairs import repairs_told
from .report import DISCLAIMED, INTRAORAL, confidence_of
from .stated import stated_sentences


def viewer_html(model: Model, words: Words) -> str:
    """The 3D view with its buttons; the page's script fills it."""
    uppers = {dentition.is_upper(part.fdi) for part in model.parts if part.fdi}
    switches = ["upper", "lower"] if len(uppers) == 2 else []
    switches += ["gum"] if any(not part.fdi for part in model.parts) else []
    views = "".join(
        f'<button type="button" class="plain" data-view="{view}">{words(text)}</button>'
        for view, text in words_of.VIEWS.items()
    )
    shown = "".join(
        f'<button type="button" class="plain" data-switch="{what}" aria-pressed="{str(what != "colors").lower()}">'
        f"{words(words_of.SWITCHES[what])}</button>"
        for what in (*switches, "numbers", "colors")
    )
    return (
        f'<div id="viewer"><div id="stage" role="application" tabindex="0" aria-label="{words(words_of.VIEWER)}" '
        f'aria-roledescription="{words(words_of.VIEWER_ROLE)}" aria-describedby="viewer-help">'
        '<div class="numbers" aria-hidden="true"></div></div>'
        f'<img id="paper" alt="{words(words_of.VIEWER)}" hidden>'
        f'<div class="tools" role="group" aria-label="{words(words_of.VIEWER_ROLE)}">{views}{shown}</div>'
        f'<p id="viewer-help" class="small help">{words(words_of.VIEWER_HELP)}</p></div>'
        f'<p id="no-viewer" role="status" hidden>{words(words_of.NO_VIEWER)}</p>'
    )


def findings_html(report: Mapping[str, Any], content: PageContent, words: Words) -> str:
    """A card for each finding, with its pictures."""
    head = f'<h2 id="findings" tabindex="-1">{words(words_of.FINDINGS)}</h2>'
    if not report["findings"]:
        return f"{head}<p>{words(words_of.NO_FINDINGS)}</p>"
    cards = [_finding_html(i, report, content, words) for i in range(len(report["findings"]))]
    return f'{head}\n<ol class="findings">\n' + "\n".join(cards) + "\n</ol>"


def _finding_html(i: int, report: Mapping[str, Any], content: PageContent, words: Words) -> str:
    told = report["findings"][i]
    finding = Finding.from_dict(told)
    message = words(finding.sentence)
    how = [words.plain(repair.sentence) for repair in repairs_told(told)]
    lines = [
        f'<h3><span class="badge">{i + 1}</span>{message}</h3>',
        f'<p class="grave">{words(words_of.SEVERITIES[finding.severity])}</p>',
    ]
    if len(how) == 1:
        lines.append(f'<p class="how">{words(words_of.REPAIR, repair=how[0])}</p>')
    elif how:
        listed = "".join(f"<li>{escape(repair)}</li>" for repair in how)
        lines.append(f'<p class="how">{words(words_of.REPAIRS)}</p><ul class="how">{listed}</ul>')
    if finding.position_ras is not None:
        in_file = report.get("kind") == INTRAORAL
        place = ", ".join(f"{value:.4g}" if in_file else f"{value:.0f}" for value in finding.position_ras)
        where = words_of.PLACE_IN_FILE if in_file else words_of.PLACE
        lines.append(f'<p class="place">{words(where, place=place)}</p>')
    if finding.teeth or finding.position_ras is not None:
        show = words(words_of.SHOW, teeth=finding.teeth) if finding.teeth else words(words_of.SHOW_PLACE)
        lines.append(f'<p><button type="button" class="plain show" aria-pressed="false">{show}</button></p>')
    seen = "".join(_figure(picture, words) for picture in content.of_findings.get(i, ()))
    return (
        f'<li class="finding {escape(finding.severity)}" data-finding="{i}"><div class="told">{"".join(lines)}</div>'
        + (f'<div class="seen">{seen}</div>' if seen else "")
        + "</li>"
    )


def _figure(picture: Picture, words: Words) -> str:
    said = words(picture.what)
    return f"<figure>{picture.html(words.plain(picture.what))}<figcaption>{said}</figcaption></figure>"


def pictures_html(content: PageContent, words: Words) -> str:
    """The panoramic view across the page, the others below it."""
    wide, rest = content.panorama, content.pictures
    if wide is None and not rest:
        return ""
    html = f"<h2>{words(words_of.PICTURES)}</h2>"
    if wide is not None:
        said = words(wide.what)
        html += f'<figure class="wide"><div class="scroll" role="region" tabindex="0" aria-label="{said}">'
        html += f"{wide.html(words.plain(wide.what))}</div><figcaption>{said}</figcaption></figure>"
    figures = "".join(_figure(picture, words) for picture in rest)
    return html + (f'<div class="pictures">{figures}</div>' if figures else "")


# ---------------------------------------------------------------- teeth


def teeth_html(report: Mapping[str, Any], words: Words) -> str:
    """The table of teeth."""
    listed = [row for jaw in rows_by_jaw(report).values() for row in jaw]
    columns = [column for column in columns_of(report).page if any(map(column.text, listed))]
    rows = [_row_html(row, columns, words) for row in listed]
    titles = {"upper": words_of.TEETH_UPPER, "lower": words_of.TEETH_LOWER}
    title = words(titles[report["jaw"]] if report.get("kind") == INTRAORAL else words_of.TEETH)
    head = "".join(f'<th scope="col" class="{_css(column)}">{words(column.label)}</th>' for column in columns)
    stated = " ".join(map(words, stated_sentences(report)))
    return (
        f'<h2>{title}</h2><div class="scroll" role="region" tabindex="0" aria-label="{title}"><table><thead>'
        f"<tr>{head}</tr></thead><tbody>\n"
        + "\n".join(rows)
        + "\n</tbody></table></div>"
        + (f"<p>{stated}</p>" if stated else "")
    )


def sites_html(report: Mapping[str, Any], words: Words) -> str:
    """The table of the bone at places without a tooth; nothing where it was not measured."""
    sites = report.get("sites") or ()
    if not sites:
        return ""
    labels = (_FDI_LABEL, around.SITE_HEIGHT, around.SITE_END, around.SITE_WIDTHS)
    head = "".join(f'<th scope="col">{words(label)}</th>' for label in labels)
    rows = "".join(
        f'<tr><th scope="row">{site["fdi"]}</th><td class="n">{words.number(around.height_text(site))}</td>'
        f'<td class="words">{words(around.end_of_site(site))}</td>'
        f'<td class="n">{words.number(around.widths_text(site))}</td></tr>\n'
        for site in sites
    )
    title, note = (
        words(around.SITES),
        words(around.SITES_NOTE, unsure=around.shown_uncertainty(float(sites[0]["uncertainty_mm"]))),
    )
    return (
        f'<h2>{title}</h2><div class="scroll" role="region" tabindex="0" aria-label="{title}"><table><thead>'
        f"<tr>{head}</tr></thead><tbody>\n{rows}</tbody></table></div><p>{note}</p>"
    )


def _row_html(row: Mapping[str, Any], columns: Sequence[Column], words: Words) -> str:
    fdi = row["fdi"]
    named = words(words_of.TOOTH_NAMED, fdi=fdi, name=dentition.plain_name(fdi))
    first = (
        f'<th scope="row"><button type="button" class="row" data-tooth="{fdi}" aria-pressed="false" '
        f'aria-label="{named}"><span class="chip t{fdi}"></span>{fdi}</button></th>'
    )
    cells = [f'<td class="{_css(column)}">{_cell(column, row, words)}</td>' for column in columns[1:]]
    return f'<tr data-tooth="{fdi}">{first}{"".join(cells)}</tr>'


def _cell(column: Column, row: Mapping[str, Any], words: Words) -> str:
    return words.number(column.text(row)) if column.number else words(column.text(row))


def _css(column: Column) -> str:
    return "n" if column.number else "words"


def teeth_told(report: Mapping[str, Any], words: Words) -> dict[int, str]:
    """{FDI: a sentence with its measures}, for whoever chooses a tooth."""
    columns = columns_of(report).measures
    told = {}
    for row in report["teeth"]:
        named = words.plain(words_of.TOOTH_NAMED, fdi=row["fdi"], name=dentition.plain_name(row["fdi"]))
        measured = [
            f"{words.plain(column.label)} {words.unit(column.text(row))}" for column in columns if column.text(row)
        ]
        told[row["fdi"]] = f"{named}: {', '.join(measured)}."
    return told


# ---------------------------------------------------------------- provenance


def notes_html(report: Mapping[str, Any], words: Words) -> str:
    """The notes of the run, in the words of the report (English)."""
    notes = "".join(f"<li>{escape(text)}</li>" for text in report["warnings"])
    return f'<h2>{words(words_of.NOTES, name=report["name"])}</h2><ul lang="en">{notes}</ul>' if notes else ""


def provenance_html(reports: Sequence[Mapping[str, Any]], date: str, model: Model | None, words: Words) -> str:
    """Versions, networks, times, files with their checksums, and what the numbers mean."""
    lines = [(words_of.PAGE_DATE, escape(date))]
    for report in reports:
        lines += _report_lines(report, words)
    if any(row["confidence"] is not None for report in reports for row in report["teeth"]):
        calibrated = confidence_of(reports[0]).calibrated
        means = words_of.PROBABILITY_MEANS if calibrated else words_of.SCORE_MEANS
        lines.append((words_of.CONFIDENCE, words(means)))
    told: dict[str, None] = dict.fromkeys(f"<dt>{words(what)}</dt><dd>{text}</dd>" for what, text in lines)
    html = f'<footer><h2>{words(words_of.MADE)}</h2><dl class="small">{"".join(told)}</dl>'
    if model is not None:
        made = words(words_of.VIEWER_MADE, version=THREE_VERSION)
        licence = escape(asset("three_LICENSE.txt"))
        html += f'<p class="small">{made}</p><details class="small"><summary>{words(words_of.LICENCE)}</summary>'
        html += f'<pre lang="en">{licence}</pre></details>'
    return f"{html}<p><strong>{words(DISCLAIMED)}</strong></p></footer>"


def _report_lines(report: Mapping[str, Any], words: Words) -> list[tuple[Any, str]]:
    versions = ", ".join(f"{package} {version}" for package, version in report["versions"].items())
    lines = [(words_of.PROGRAMS, escape(versions))]
    provenance = report["provenance"]
    networks = [
        escape(str(model.get("id"))) + (f" <code>{escape(str(model['sha256']))}</code>" if model.get("sha256") else "")
        for model in provenance.get("models", ())
    ]
    if networks:
        twice = f"<br>{words(words_of.LOOKED_TWICE)}" if provenance.get("tta") else ""
        lines.append((words_of.NETWORKS, "<br>".join(networks) + twice))
    seconds = float(sum(provenance.get("seconds", {}).values()))
    if seconds:
        lines.append((words_of.DURATION, words(words_of.SECONDS, seconds=seconds)))
    checksums = report.get("checksums") or {}
    files = [
        escape(name) + (f" <code>{escape(checksums[kind])}</code>" if kind in checksums else "")
        for kind, name in (report.get("files") or {}).items()
    ]
    if files:
        lines.append((words_of.FILES, "<br>".join(files)))
    return lines


def summary(reports: Sequence[Mapping[str, Any]], words: Words) -> str:
    """How many teeth there are and what the checks found, in two sentences."""
    upper, lower = (sum(report["count"][which] for report in reports) for which in ("upper", "lower"))
    counts: list[Sentence] = []
    for severity, template in words_of.SEVERITY_COUNTS.items():
        count = sum(finding["severity"] == severity for finding in reports[0]["findings"])
        if count:
            counts.append(template(count=count))
    found = ", ".join(words.plain(count) for count in counts) or words.plain(words_of.NOTHING_WRONG)
    teeth = words(words_of.TEETH_COUNT, count=upper + lower, upper=upper, lower=lower)
    return f"{teeth} {words(words_of.CHECKS, counts=found)}"
