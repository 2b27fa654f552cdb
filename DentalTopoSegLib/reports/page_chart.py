"""The page's tooth chart (odontogram): FDI, as a dentist looks at the patient, the patient's right on the left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import dentition
from . import page_words as words_of
from .page_words import Words
from .report import INTRAORAL, known_of

#: The box that a tooth is drawn in; crown up, as lower teeth stand.
_WIDTH, _HEIGHT = 26.0, 44.0
_NECK = 0.40 * _HEIGHT
_GRAVITY = ("error", "warning", "info")


def states_of(reports: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """{FDI: "fine", or the gravest severity of the findings that concern it} of all teeth that are there."""
    states = {row["fdi"]: "fine" for report in reports for row in report["teeth"]}
    for severity in reversed(_GRAVITY):
        for finding in reports[0]["findings"]:
            if finding["severity"] == severity:
                states.update(dict.fromkeys(set(finding["teeth"]) & states.keys(), severity))
    return states


def chart_html(reports: Sequence[Mapping[str, Any]], words: Words) -> str:
    """The chart of a report, or of the two jaws of one dentition: a button per tooth, and what its colours mean."""
    states = states_of(reports)
    absent = {fdi for report in reports for fdi in known_of(report).stated.absent} - states.keys()
    jaws = {report["jaw"] for report in reports if report.get("kind") == INTRAORAL} or {"upper", "lower"}
    rows: list[str] = []
    for jaw in sorted(jaws, reverse=True):
        arches = [_arch(jaw, False, states, absent, reports, words)]
        if any(dentition.is_deciduous(fdi) and dentition.jaw(fdi) == jaw for fdi in states):
            arches.append(_arch(jaw, True, states, absent, reports, words))
        rows += arches if jaw == "upper" else arches[::-1]
    split = next((i for i, row in enumerate(rows) if "arch lower" in row), 0)
    if split:
        rows[split - 1] = rows[split - 1].replace('class="arch upper', 'class="arch upper last', 1)
    shown = {
        "fine",
        *states.values(),
        *(state for state in ("missing", "absent") if f'"tooth {state}"' in "".join(rows)),
    }
    legend = "".join(
        f'<li><i class="{state}"></i>{words(text)}</li>' for state, text in words_of.STATES.items() if state in shown
    )
    sides = f"<span>{words(words_of.RIGHT)}</span><span>{words(words_of.LEFT)}</span>"
    return (
        f'<div class="chart" role="group" aria-label="{words(words_of.CHART)}">\n'
        f'<div class="sides">{sides}</div>\n' + "\n".join(rows) + f'\n</div>\n<ul class="legend">{legend}</ul>'
    )


def _arch(
    jaw: str,
    milk: bool,
    states: Mapping[int, str],
    absent: set[int],
    reports: Sequence[Mapping[str, Any]],
    words: Words,
) -> str:
    teeth = "".join(
        _tooth(fdi, states.get(fdi, "absent" if fdi in absent else "missing"), reports, words)
        for fdi in dentition.arch_order(jaw, milk)
    )
    return f'<div class="arch {jaw}{" milk" if milk else ""}">{teeth}</div>'


def _tooth(fdi: int, state: str, reports: Sequence[Mapping[str, Any]], words: Words) -> str:
    drawn = f'{_drawing(fdi, state == "absent")}<span class="number" aria-hidden="true">{fdi}</span>'
    name = dentition.plain_name(fdi)
    if state in ("missing", "absent"):
        said = words(words_of.STATED_ABSENT if state == "absent" else words_of.NOT_FOUND, fdi=fdi, name=name)
        return f'<span class="tooth {state}" role="img" aria-label="{said}">{drawn}</span>'
    said = words(words_of.TOOTH_NAMED, fdi=fdi, name=name)
    count = sum(fdi in finding["teeth"] for finding in reports[0]["findings"])
    if count:
        said += f", {words(words_of.TOOTH_FINDINGS, count=count)}"
    return (
        f'<button type="button" class="tooth {state}" data-tooth="{fdi}" aria-pressed="false" aria-label="{said}">'
        f"{drawn}</button>"
    )


# ---------------------------------------------------------------- shapes


def _drawing(fdi: int, crossed: bool) -> str:
    """A tooth by its kind, as on paper charts: roots first, the crown over them; crossed out where it is absent."""
    upper, place = dentition.is_upper(fdi), dentition.position(fdi)
    molar = place >= (4 if dentition.is_deciduous(fdi) else 6)
    half = {1: 7.0, 2: 6.0, 3: 7.0}.get(place, 11.0 if molar else 7.5)
    half -= 1.2 * (place <= 2 and not upper) + 1.0 * dentition.is_deciduous(fdi)
    paths = f'<path d="{_roots(half, (3 if upper else 2) if molar else 1)}"/><path d="{_crown(half, place, molar)}"/>'
    turned = f' transform="matrix(1 0 0 -1 0 {_HEIGHT:g})"' if upper else ""
    cross = '<line x1="4" y1="4" x2="22" y2="40"/><line x1="22" y1="4" x2="4" y2="40"/>' if crossed else ""
    box = f'viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" aria-hidden="true" focusable="false"'
    return f"<svg {box}><g{turned}>{paths}</g>{cross}</svg>"


def _roots(half: float, count: int) -> str:
    wide, path = half * 0.84, []
    step = 2 * wide / count
    for i in range(count):
        left = _WIDTH / 2 - wide + i * step
        lean = (i - (count - 1) / 2) * 1.6
        length = _HEIGHT - (6.0 if count == 3 and i == 1 else 2.0)
        between = (_NECK + length) / 2
        path.append(
            f"M{left:.1f} {_NECK:.1f}Q{left + lean:.1f} {between:.1f} {left + step / 2 + lean:.1f} {length:.1f}"
            f"Q{left + step + lean:.1f} {between:.1f} {left + step:.1f} {_NECK:.1f}Z"
        )
    return "".join(path)


def _crown(half: float, place: int, molar: bool) -> str:
    middle, top = _WIDTH / 2, 2.0
    left, right, neck = middle - half, middle + half, half * 0.84
    path = f"M{middle - neck:.1f} {_NECK:.1f}Q{left - 0.6:.1f} {_NECK * 0.6:.1f} {left:.1f} {top + 5:.1f}"
    if place <= 2:
        path += f"Q{left + 0.3:.1f} {top + 1:.1f} {left + 2:.1f} {top + 1:.1f}L{right - 2:.1f} {top + 1:.1f}"
        path += f"Q{right - 0.3:.1f} {top + 1:.1f} {right:.1f} {top + 5:.1f}"
    elif place == 3 and not molar:
        path += f"Q{middle - 2:.1f} {top:.1f} {middle:.1f} {top:.1f}"
        path += f"Q{middle + 2:.1f} {top:.1f} {right:.1f} {top + 5:.1f}"
    else:
        cusps = 3 if molar else 2
        step = 2 * half / cusps
        for i in range(cusps):
            start, low = left + i * step, top + (4 if i < cusps - 1 else 5)
            path += f"Q{start + step * 0.25:.1f} {top:.1f} {start + step * 0.5:.1f} {top:.1f}"
            path += f"Q{start + step * 0.75:.1f} {top:.1f} {start + step:.1f} {low:.1f}"
    path += f"Q{right + 0.6:.1f} {_NECK * 0.6:.1f} {middle + neck:.1f} {_NECK:.1f}"
    return f"{path}Q{middle:.1f} {_NECK + 3:.1f} {middle - neck:.1f} {_NECK:.1f}Z"
