"""What comes of the table's steps: Dice, gains, retrieval and costs by row, in Markdown; the points of the curve."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.contrastive.intervals import Interval, interval, share_interval
from training.contrastive.scoring import TeethDice
from training.export.score_tables import markdown_table

MODALITIES = ("cbct", "ios")
PARTS = ("internal", "external")
SETS = {
    "cbct_internal": "CBCT, held-out dentitions",
    "cbct_external": "CBCT, held-out dentitions, reconstructed",
    "ios_internal": "scans, held-out people",
    "ios_external": "scans of other scanners",
}
PAPER = {
    "random": {"cbct_internal": 88.28, "cbct_external": 85.83, "ios_internal": 87.86, "ios_external": 90.01},
    "contrastive_100": {"cbct_internal": 93.38, "cbct_external": 88.92, "ios_internal": 93.16, "ios_external": 93.60},
}
"""Dice of the paper's table A4, in percent: ToothFairy2, Cui, Teeth3DS, 3D-IOSSeg. Other data, 3,867 real pairs."""

Scores = dict[int, dict[str, TeethDice]]
"""By seed and scan, the Dice of the scan's teeth."""


@dataclass(frozen=True)
class Row:
    """A start of the fine-tuning, or a teacher of the small network.

    Attributes
    ----------
    name, title : str
        In files, and in tables.
    seeds : tuple of int
        One run each.
    objective : str
        "" (random weights), "masked" or "contrastive".
    share : float
        Of the people whose pairs the pretraining saw.
    longer : bool
        Fine-tuned for as long as others are pretrained and fine-tuned.
    teacher : str
        "" for the encoders themselves; else the row of the network that teaches the small one, or "labels".
    against : str
        The row that gains are counted from.
    """

    name: str
    title: str
    seeds: tuple[int, ...]
    objective: str = ""
    share: float = 1.0
    longer: bool = False
    teacher: str = ""
    against: str = "random"


def read_scores(base: Path, row: Row, which: str) -> Scores:
    """By seed, what `contrastive score` wrote of a data set."""
    found = {}
    for seed in row.seeds:
        file = base / "scores" / f"{row.name}_{seed}_{which}.json"
        if file.is_file():
            told = json.loads(file.read_text(encoding="utf-8"))
            found[seed] = {name: {int(n): d for n, d in teeth.items()} for name, teeth in told.items()}
    return found


def means(scores: dict[str, TeethDice]) -> np.ndarray:
    """(N,) mean Dice of each scan's teeth."""
    return np.array([np.mean(list(teeth.values())) for teeth in scores.values() if teeth])


def pooled(found: Scores) -> tuple[list[str], np.ndarray]:
    """Names of the scans, and (N,) of each the mean over seeds."""
    first = next(iter(found.values()))
    return [name for name, teeth in first.items() if teeth], np.mean([means(s) for s in found.values()], axis=0)


def gain(found: Scores, start: Scores) -> Interval | None:
    """Mean difference of each scan's Dice and its interval over people, over the seeds that both have; None without."""
    both = sorted(set(found) & set(start))
    if not both:
        return None
    names, mine = pooled({seed: found[seed] for seed in both})
    others, theirs = pooled({seed: start[seed] for seed in both})
    if names != others:
        raise ValueError(f"The scores are not of the same scans: {sorted(set(names) ^ set(others))[:3]}.")
    return interval(names, mine - theirs)


def _shown(values: Interval, sign: str = "") -> str:
    mean, low, high = (100 * value for value in values)
    return f"{mean:{sign}.1f} ({low:{sign}.1f} to {high:{sign}.1f})"


def dice_table(base: Path, rows: list[Row], which: str) -> str:
    """Dice in percent, gain, each kind of tooth, the paper's figure; "" without any score."""
    lines = []
    by_row = {row.name: read_scores(base, row, which) for row in rows}
    for row in rows:
        found = by_row[row.name]
        if not found:
            continue
        by_kind = []
        for place in range(1, 9):
            dice = [d for s in found.values() for teeth in s.values() for n, d in teeth.items() if n % 10 == place]
            by_kind.append(f"{100 * np.mean(dice):.1f}" if dice else "-")
        by_seed = [means(scores).mean() for scores in found.values()]
        spread = f"{100 * np.std(by_seed, ddof=1):.1f}" if len(by_seed) > 1 else "-"
        more = None if row.name == row.against else gain(found, by_row.get(row.against, {}))
        paper = PAPER.get(row.name, {}).get(which, "-")
        share = f"{100 * row.share:.0f} %" if row.objective else "-"
        gained = _shown(more, "+") if more else "-"
        lines.append((row.title, share, len(found), _shown(interval(*pooled(found))), gained, spread, *by_kind, paper))
    if not lines:
        return ""
    kinds = (f"T{k}" for k in range(1, 9))
    return markdown_table(
        ("start", "people", "seeds", "DSC (95 %)", "gain (95 %)", "SD of seeds", *kinds, "paper"), lines
    )


def retrieval_table(base: Path, rows: list[Row]) -> str:
    """How often a held-out CBCT finds its scan; "" where nobody has asked."""
    lines = []
    for row in rows:
        files = [base / "scores" / f"{row.name}_{seed}_retrieval.json" for seed in row.seeds]
        told = [json.loads(file.read_text(encoding="utf-8")) for file in files if file.is_file()]
        if not told:
            continue
        share = float(np.mean([one["all"]["right"] / one["all"]["asked"] for one in told]))
        chance, mrr = (float(np.mean([one["all"][key] for one in told])) for key in ("chance", "mrr"))
        places, by_chance = (
            float(np.mean([one["places"][key] for one in told])) for key in ("token_at_1", "token_chance")
        )
        _, low, high = share_interval(share, round(1 / chance))
        right = f"{share:.2f} ({low:.2f} to {high:.2f})"
        numbers = (f"{value:.2f}" for value in (chance, mrr, places, by_chance))
        lines.append((row.title, f"{100 * row.share:.0f} %", len(told), right, *numbers))
    if not lines:
        return ""
    head = ("start", "people", "seeds", "right scan first (95 %)", "by chance", "mean reciprocal rank")
    return markdown_table((*head, "places found", "by chance"), lines)


def cost_table(base: Path, rows: list[Row]) -> str:
    """Processor minutes of each kind of training, a run; "" before the first has ended."""
    lines = []
    for row in rows:
        starts = (_minutes(base, row, "pretrain", end) for end in ("", "_cbct", "_ios"))
        cells = [" + ".join(filter(None, starts)), *(_minutes(base, row, kind) for kind in (*MODALITIES, "small"))]
        if any(cells):
            share = f"{100 * row.share:.0f} %" if row.objective else "-"
            lines.append((row.title, share, *(cell or "-" for cell in cells)))
    return markdown_table(("start", "people", "pretraining", "CBCT", "scans", "small network"), lines) if lines else ""


def _minutes(base: Path, row: Row, kind: str, end: str = "") -> str:
    """Mean of the seeds' runs; "" where there is none."""
    files = [base / "steps" / f"{kind}_{row.name}_{seed}{end}.json" for seed in row.seeds]
    spent = [json.loads(file.read_text(encoding="utf-8"))["cpu_minutes"] for file in files if file.is_file()]
    return f"{np.mean(spent):.1f}" if spent else ""


def report(base: Path, rows: list[Row], config: dict[str, Any]) -> str:
    """Every table there are results for."""
    steps = ", ".join(f"{kind} {count}" for kind, count in config["training"].items())
    parts = [
        f"Steps a run: {steps}. Labels of {config['labels']} people. DSC in percent, mean over scans of the mean over "
        "their teeth, a missed tooth 0; seeds averaged for each scan. Intervals are bootstraps over people, gains "
        "paired by scan over the seeds that both rows have; neither knows how much a run depends on its seed: SD of "
        "seeds. T1 to T8: by the tooth's place. Paper: table A4, other data, other size."
    ]
    for which, title in SETS.items():
        if text := dice_table(base, rows, which):
            parts += [f"**{title}**", text]
    if text := retrieval_table(base, rows):
        parts += ["**The scan of a held-out CBCT among those of all held-out people**", text]
    if text := cost_table(base, rows):
        parts += ["**Processor minutes a run**", text]
    return "\n\n".join(parts) + "\n"


def curves(base: Path, rows: list[Row]) -> dict[str, list[tuple[float, float, float, float]]]:
    """By data set, (share of the people, 0 without pretraining; mean; lower and upper end) for `curve.draw_curve`."""
    usual = [row for row in rows if row.objective != "masked" and not row.longer and not row.teacher]
    found = {}
    for which, title in SETS.items():
        shares = [(row.share if row.objective else 0.0, read_scores(base, row, which)) for row in usual]
        points = [(share, *interval(*pooled(scores))) for share, scores in shares if scores]
        if points:
            found[title] = points
    return found
