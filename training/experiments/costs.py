"""What the rows of an experiment cost, as predicted, and how far they are."""

from __future__ import annotations

from pathlib import Path

from training.experiments.rows import Row, row_config
from training.export.score_tables import markdown_table
from training.volumes.finished import TUNED, load_tuned


def score_file(base: Path, row: Row, seed: int, case: str) -> Path:
    """Where the score of a network on a scan lives."""
    return base / "scores" / f"{row.name}_{seed}__{case.replace('/', '__')}.json"


def predicted_minutes(config: dict, row: Row, scans: int) -> tuple[float, float]:
    """CPU minutes of (training, scoring) all seeds of a row, by the configuration's `costs` (`step_s`, `scan_s`: CPU
    seconds of a step and of a scan and network) and the row's own `step_s`."""
    costs = config.get("costs", {})
    if not {"step_s", "scan_s"} <= set(costs):
        raise ValueError("The configuration predicts no costs: it has no costs of step_s and scan_s.")
    trained = row.of is None and not row.shipped
    steps = row_config(config, row, row.seeds[0])["training"]["steps"] if trained else 0
    one = steps * (row.step_s or costs["step_s"]) / 60
    return len(row.seeds) * one, len(row.seeds) * scans * costs["scan_s"] / 60


def cost_table(config: dict, rows: list[Row], base: Path, scans: int) -> str:
    """One line a row and one of all: predicted CPU minutes, minutes that the finished runs took, networks and scores
    that are there."""
    lines, total, done = [], [0.0, 0.0], 0.0
    for row in rows:
        minutes = predicted_minutes(config, row, scans)
        finished = [row.folder(seed, base) for seed in row.seeds if (row.folder(seed, base) / TUNED).is_file()]
        took = 0.0 if row.of else sum(load_tuned(folder)[1]["about"]["seconds"] for folder in finished) / 60
        scored = sum(len(list((base / "scores").glob(f"{row.name}_{seed}__*.json"))) for seed in row.seeds)
        total, done = [a + b for a, b in zip(total, minutes, strict=True)], done + took
        have = (f"{len(finished)} of {len(row.seeds)}", f"{scored} of {scans * len(row.seeds)}")
        lines.append((row.title, *(f"{value:.1f}" for value in minutes), f"{took:.1f}", *have))
    lines.append(("all", *(f"{value:.1f}" for value in total), f"{done:.1f}", "", ""))
    heads = ("", "training, predicted CPU min", "scoring, predicted", "training took, min", "networks", "scores")
    return markdown_table(heads, lines)
