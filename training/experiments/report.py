"""The report of an experiment: every table, and the charts if asked for."""

from __future__ import annotations

from pathlib import Path

from training.experiments.charts import draw_charts
from training.experiments.measured import KINDS, read_scores
from training.experiments.rows import Row
from training.experiments.tables import error_counts, score_table, size_table, test_table, time_table

PAIRS = [
    ("post_training", "full_precision"),
    ("qat", "post_training"),
    ("proposed", "qat"),
    ("proposed", "full_precision"),
    ("topology_float", "full_precision"),
    ("strong", "qat"),
    ("adaptive", "qat"),
    ("adaptive", "proposed"),
    ("adaptive", "post_training"),
    ("post_training_4", "full_precision"),
    ("qat_4", "post_training_4"),
    ("adaptive_4", "qat_4"),
]
"""Names of rows whose difference is tested, first minus second."""


def report(config: dict, rows: list[Row], base: Path, pictures: Path | None, threads: int = 0) -> str:
    """Every table as Markdown; charts into `pictures` if asked for; timings if `threads` is given."""
    scores = read_scores(base)
    steps = config["training"]["steps"]
    parts = [
        f"All rows: from {config['start']}, {steps} steps more. Percent; in round brackets the standard deviation over "
        "seeds, in square ones the paper's figure (its own data and network)."
    ]
    for kind, title in KINDS.items():
        parts += [f"**{title}**", score_table(scores, rows, kind), error_counts(scores, rows, kind)]
    named = {row.name for row in rows}
    pairs = [pair for pair in PAIRS if named.issuperset(pair)] or [(row.name, rows[0].name) for row in rows[1:]]
    parts += [
        "**Paired t-tests over scans**",
        test_table(scores, rows, pairs),
        "**Sizes**",
        size_table(rows, base, config["start"]),
    ]
    if threads:
        parts += ["**Speed**", time_table(rows, base, threads)]
    if pictures is not None:
        parts += [f"Charts: {', '.join(str(p) for p in draw_charts(scores, rows, base, pictures))}"]
    return "\n\n".join(parts) + "\n"
