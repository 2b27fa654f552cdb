"""Whether an adapted network may be kept: both are measured on held-out labelled scans, and no figure may fall."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from DentalTopoSegLib.dentition import CLASS_FDI
from DentalTopoSegLib.files.json_text import read_json
from DentalTopoSegLib.files.volumes import read_labels, read_volume
from training.evaluation.volumes import Segment, evaluate_scan
from training.export.score_tables import TITLES, markdown_table
from training.export.shipping import write_whole
from training.pseudo_labels.labels import DROPPED

FIGURES = ("dice", "nsd", "tooth_dice", "identification_accuracy", "detection_f1", "tca", "acs", "cer")
"""What is compared, by the names of `checks.metrics.label_maps`."""
LOWER_IS_BETTER = frozenset({"cer"})
_ROUNDING = 1e-9

Scores = Mapping[str, Mapping[str, float | None]]
"""Name of a held-out scan -> figure -> value, None where the scan has none."""


class NotKeptError(Exception):
    """An adapted network is not kept; the message is the sentence that says why."""


@dataclass(frozen=True)
class Guard:
    """What may be lost.

    Parameters
    ----------
    spread
        Standard errors of a figure's mean change over the scans, by which its mean may fall.
    scan
        DSC that a single scan may lose; the mean hides one among many.
    least_scans
        With fewer scans nothing can be said, and none is measured.
    """

    spread: float = 1.0
    scan: float = 0.1
    least_scans: int = 8


@dataclass(frozen=True)
class Change:
    """A figure before and after, means over the scans that have it in both; `gain`: mean change for the better;
    `spread`: standard error of that mean."""

    figure: str
    before: float
    after: float
    gain: float
    spread: float
    scans: int


def changes(before: Scores, after: Scores) -> list[Change]:
    """The paired change of every figure. ValueError where the two are not of the same scans."""
    if set(before) != set(after):
        raise ValueError("Paired figures are of the same scans.")
    rows = []
    for figure in FIGURES:
        pairs = [(before[name][figure], after[name][figure]) for name in sorted(before)]
        known = np.array([pair for pair in pairs if None not in pair], float)
        if not len(known):
            continue
        sign = -1.0 if figure in LOWER_IS_BETTER else 1.0
        gains = sign * (known[:, 1] - known[:, 0])
        spread = float(gains.std(ddof=1) / math.sqrt(len(gains))) if len(gains) > 1 else 0.0
        rows.append(Change(figure, *map(float, known.mean(0)), float(gains.mean()), spread, len(known)))
    return rows


def verdict(before: Scores, after: Scores, guard: Guard) -> str | None:
    """Why the adapted network is not kept, one sentence; None where nothing speaks against it."""
    for name, figure in ((name, figure) for name in sorted(before) for figure in FIGURES):
        if before[name][figure] is not None and after[name][figure] is None:
            return f"The adapted network is not kept: the held-out scan {name} has no {TITLES[figure]} after it."
    rows = changes(before, after)
    fallen = [row for row in rows if -row.gain > guard.spread * row.spread + _ROUNDING]
    if fallen:
        worst = max(fallen, key=lambda row: -row.gain / max(row.spread, _ROUNDING))
        others = [TITLES[row.figure] for row in fallen if row is not worst]
        also = f"; so did {', '.join(others)}" if others else ""
        went = "rose" if worst.figure in LOWER_IS_BETTER else "fell"
        allowed = "" if guard.spread == 1 else f"{guard.spread:g} times "
        return (
            f"The adapted network is not kept: {TITLES[worst.figure]} {went} from {worst.before:.4f} to "
            f"{worst.after:.4f} on {worst.scans} held-out scans, by {-worst.gain:.4f} where {allowed}its spread is "
            f"{guard.spread * worst.spread:.4f}{also}."
        )
    losses = {name: (before[name]["dice"] or 0.0) - (after[name]["dice"] or 0.0) for name in before}
    name = max(losses, key=lambda n: losses[n])
    if losses[name] > guard.scan + _ROUNDING:
        return (
            f"The adapted network is not kept: DSC of the held-out scan {name} fell from {before[name]['dice']:.3f} to "
            f"{after[name]['dice']:.3f}, by {losses[name]:.3f} where {guard.scan:g} is the most that a scan may lose."
        )
    return None


def renumbered_text(drawn: Mapping[str, Mapping[str, Any]], told: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Why a network that calls a tooth of the unlabelled scans otherwise, whose number was believed, is not kept.

    It was taught that very number, so something went wrong, whatever the held-out scans say.

    Parameters
    ----------
    drawn
        Name of a scan -> what `adapted.compare` tells.
    told
        Name of a scan -> "teeth": what became of each, as `labels.Tooth`.

    Returns
    -------
    str or None
        One sentence; None where all believed numbers stayed.
    """
    for name, row in drawn.items():
        believed = {CLASS_FDI[tooth["number"]] for tooth in told[name]["teeth"] if tooth["fate"] != DROPPED}
        other = [f"{fdi} is called {now}" for fdi, now in row["renumbered"] if fdi in believed]
        if other:
            return (
                f"The adapted network is not kept: in {name} {', '.join(other)} after it, and these numbers were sure "
                "before."
            )
    return None


def gains_text(rows: Sequence[Change], guard: Guard) -> str:
    """Which figures of a network that may be kept rose by more than their spread, one sentence."""
    risen = [TITLES[row.figure] for row in rows if row.gain > guard.spread * row.spread + _ROUNDING]
    if not risen:
        return "No held-out figure became better by more than its spread either: nothing measured speaks for it."
    return f"Better by more than their spread: {', '.join(risen)}."


def changes_table(rows: Sequence[Change]) -> str:
    """Markdown: every figure before and after, its mean change and the standard error of that."""
    cells = [
        (
            TITLES[row.figure],
            f"{row.before:.4f}",
            f"{row.after:.4f}",
            f"{row.after - row.before:+.4f}",
            f"{row.spread:.4f}",
            row.scans,
        )
        for row in rows
    ]
    return markdown_table(("", "before", "adapted", "change", "spread", "scans"), cells)


def score_scans(
    pairs: Sequence[tuple[str, Path, Path]],
    segment: Segment,
    network: str,
    kept: Path,
    report: Callable[[int, int], None],
) -> Scores:
    """The figures of every held-out scan by the library's whole path, int8.

    Parameters
    ----------
    pairs
        Name, image and labels.
    segment
        What is measured.
    network
        Checksum of the numbering network: what was measured of the same is taken from `kept`.
    kept
        Folder of a file per scan.
    report
        Called with the number of scans done, and of all.
    """
    scores: dict[str, dict[str, float | None]] = {}
    for done, (name, image, labels) in enumerate(pairs):
        report(done, len(pairs))
        file = kept / f"{name}.json"
        told: dict[str, Any] = read_json(file) if file.is_file() else {}
        if told.get("network") != network:
            result = evaluate_scan(name, read_volume(image)[0], read_labels(labels), "int8", segment)
            told = {"network": network, "scores": {key: _plain(result[key]) for key in FIGURES}}
            write_whole(file, json.dumps(told, indent=1) + "\n")
        scores[name] = told["scores"]
    report(len(pairs), len(pairs))
    return scores


def _plain(value: Any) -> float | None:
    """None where there is no number."""
    return float(value) if value is not None and math.isfinite(value) else None


def measured_text(before: Scores, after: Scores) -> str:
    """Both networks' scores and their changes as JSON."""
    content = {"before": before, "adapted": after, "changes": [asdict(row) for row in changes(before, after)]}
    return json.dumps(content, indent=1) + "\n"
