"""What became of many scans, as one page to read: what needs a look comes first, with links to each scan's report.

The page needs nothing but itself and the reports beside it: no script, no picture, nothing is loaded from anywhere.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .. import __version__
from ..files.transactions import atomic_path
from .report import DISCLAIMER

#: A row of the summary.
Row = Mapping[str, Any]
#: The links of a row: [(words, address relative to the page)].
Links = Callable[[Row], Iterable[tuple[str, str]]]

#: A longer table is a burden for browsers; the CSV has all rows.
MOST_ROWS = 5000
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light }
body { font: 16px/1.5 system-ui, sans-serif; color: #1d2733; background: #fff; margin: 0 auto; max-width: 75rem;
  padding: 1.5rem }
h1 { font-size: 1.6rem; margin: 0 0 .2rem } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem }
.disclaimer { border-left: 4px solid #b3261e; padding: .4rem .8rem; background: #fdf1f0 }
ul.sum { list-style: none; margin: 1rem 0; padding: 0; display: flex; flex-wrap: wrap; gap: .8rem }
ul.sum li { border: 1px solid #c5ced8; border-radius: 8px; padding: .5rem .9rem; min-width: 6.5rem }
ul.sum strong { display: block; font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-size: .92rem }
th { text-align: left; border-bottom: 2px solid #c5ced8; padding: .3rem .5rem; vertical-align: bottom }
td { border-bottom: 1px solid #e3e8ee; padding: .3rem .5rem; vertical-align: top; overflow-wrap: anywhere }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
tr.bad td:first-child { border-left: 5px solid #b3261e } tr.look td:first-child { border-left: 5px solid #c77700 }
tr.good td:first-child { border-left: 5px solid #3c7d4b }
td.why { min-width: 16rem }
.small { color: #52606d; font-size: .85rem }
@media print { body { max-width: none; padding: 0 } tr { break-inside: avoid } }
"""
#: Heading of the column, key of the row.
_COLUMNS = (
    ("Teeth", "teeth"),
    ("Contradictions", "errors"),
    ("To look at", "warnings"),
    ("Notes", "notes"),
    ("Seconds", "seconds"),
)


def write_batch_page(path: str | os.PathLike[str], rows: Sequence[Row], scans: int, links: Links) -> Path:
    """Write the page of a batch, whole or not at all.

    Parameters
    ----------
    path : path
        The file.
    rows : sequence of dict
        Of the summary: `scan`, `name`, `case`, `state` ("done", "done before", "changed" or "failed"), `teeth`,
        `errors`, `warnings`, `notes`, `seconds`, `message`.
    scans : int
        How many there are in all; more than rows while the batch goes on.
    links : callable
        What there is to read on a row's scan.

    Raises
    ------
    OutputError
        For everything the disk refuses.
    """
    failed = [row for row in rows if row["state"] == "failed"]
    changed = [row for row in rows if row["state"] == "changed"]
    whole = [row for row in rows if row["state"] in ("done", "done before")]
    wrong = [row for row in whole if row.get("errors")]
    doubtful = [row for row in whole if row.get("warnings") and not row.get("errors")]
    sound = [row for row in whole if not row.get("errors") and not row.get("warnings")]
    counts = (
        (len(whole), "with results"),
        (len(failed), "without a result"),
        (len(changed), "changed since, left as they are"),
        (len(wrong), "with contradictions"),
        (len(doubtful), "to look at"),
        (scans - len(rows), "still to do"),
    )
    tables = (
        ("Without a result", "bad", failed),
        ("Changed by somebody since they were made", "look", changed),
        ("With contradictions: correct them before you use the results", "bad", wrong),
        ("Probably wrong in places: look at them", "look", doubtful),
        ("Nothing was found wrong with these", "good", sound),
    )
    title = f"{scans} {'scan' if scans == 1 else 'scans'}"
    body = [
        f"<h1>{title}</h1>",
        f'<p class="disclaimer"><strong>{escape(DISCLAIMER)}</strong></p>',
        '<ul class="sum">'
        + "".join(f"<li><strong>{count}</strong> {words}</li>" for count, words in counts if count)
        + "</ul>",
    ]
    room = MOST_ROWS
    for heading, css, part in tables:
        shown = part[:room]
        room -= len(shown)
        body.append(_table(heading, css, shown, len(part), links) if part else "")
    body.append(f'<p class="small">All rows are in summary.csv too. Made with DentalTopoSeg {escape(__version__)}.</p>')
    page = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}: what became of them</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(filter(None, body))
        + "\n</body></html>\n"
    )
    path = Path(path)
    with atomic_path(path) as temporary:
        # file names may hold what no encoding has
        temporary.write_text(page, encoding="utf-8", errors="backslashreplace")
    return path


def _table(heading: str, css: str, rows: Sequence[Row], count: int, links: Links) -> str:
    with_case = any(row.get("case") for row in rows)
    with_words = any(row.get("message") for row in rows)
    with_numbers = any(row.get("teeth") is not None for row in rows)
    heads = ["<th>Scan</th>", "<th>Case</th>" * with_case]
    if with_numbers:
        heads += [f'<th class="n">{label}</th>' for label, _ in _COLUMNS] + ["<th>Report</th>"]
    heads += ["<th>What to know</th>" * with_words]
    lines = []
    for row in rows:
        cells = [f"<td>{_text(row['scan'])}</td>", f"<td>{_text(row.get('case', ''))}</td>" * with_case]
        if with_numbers:
            cells += [f'<td class="n">{_text(row.get(key))}</td>' for _, key in _COLUMNS]
            to_read = (f'<a href="{_address(address)}">{_text(words)}</a>' for words, address in links(row))
            cells.append(f"<td>{'<br>'.join(to_read)}</td>")
        cells.append(f'<td class="why">{_text(row.get("message"))}</td>' * with_words)
        lines.append(f'<tr class="{css}">{"".join(cells)}</tr>')
    more = count - len(rows)
    return (
        f'<h2>{heading} ({count})</h2><div class="wide"><table><thead><tr>{"".join(heads)}</tr></thead><tbody>\n'
        + "\n".join(lines)
        + "\n</tbody></table></div>"
        + (f"<p>{more} more are in summary.csv.</p>" if more else "")
    )


def _text(value: Any) -> str:
    return "" if value is None else escape(str(value))


def _address(path: str) -> str:
    """A relative address; "./" before it, because a file's name may look like a scheme."""
    return escape("./" + quote(path, errors="surrogateescape"))
