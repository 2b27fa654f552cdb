"""The report of an experiment: every table, and the charts if asked for."""

from __future__ import annotations

from pathlib import Path

from training.experiments.charts import draw_charts
from training.experiments.measured import KINDS, read_scores
from training.experiments.rounding_errors import rounding_table
from training.experiments.rows import Row, row_config
from training.experiments.tables import error_counts, score_table, size_table, test_table, time_table

SPEED = "speed"
"""Name of the table that shows sizes and seconds only."""


def report(
    config: dict,
    rows: list[Row],
    base: Path,
    pictures: Path | None = None,
    threads: int = 0,
    data: Path | None = None,
) -> str:
    """Every table of the rows as Markdown; charts into `pictures` if asked for; timings if `threads` is given, where
    rounding errors sit if samples are given as `data`."""
    scores = read_scores(base)
    steps = config["training"]["steps"]
    anew = [row for row in rows if "net" in (row.changes or {})]
    rest = "The others" if anew else "All rows"
    parts = [
        *(
            f"{row.title}: from random weights, {row_config(config, row, row.seeds[0])['training']['steps']} steps."
            for row in anew
        ),
        f"{rest}: from {config['start']}, {steps} steps more. Percent; in round brackets the standard deviation over "
        "seeds, in square ones the paper's figure (its own data and network).",
    ]
    for kind, title in KINDS.items():
        parts += [f"**{title}**", score_table(scores, rows, kind), error_counts(scores, rows, kind)]
    named = {row.name for row in rows}
    pairs = [tuple(pair) for pair in config.get("pairs", []) if named.issuperset(pair)]
    pairs = pairs or [(row.name, rows[0].name) for row in rows[1:]]
    parts += ["**Paired t-tests over scans**", test_table(scores, rows, pairs)]
    if data is not None:
        parts += ["**Where rounding errors sit**", rounding_table(rows, base, data)]
    parts += speeds(config, rows, base, threads)
    if pictures is not None:
        parts += [f"Charts: {', '.join(str(p) for p in draw_charts(scores, rows, base, pictures))}"]
    return "\n\n".join(parts) + "\n"


def speeds(config: dict, rows: list[Row], base: Path, threads: int = 0) -> list[str]:
    """Sizes of the rows' networks, and seconds if `threads` is given."""
    parts = ["**Sizes**", size_table(rows, base, config["start"])]
    return parts + (["**Speed**", time_table(rows, base, threads)] if threads else [])
