"""What an experiment has measured: the scores of its networks, the curves of its runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from training.loop import read_log

KINDS = {"alone": "The networks alone", "rules": "The library's path around them"}
"""The two ways a network is scored, see `scoring`."""


def read_scores(base: Path) -> list[dict[str, Any]]:
    """All scores of an experiment. ValueError if there are none."""
    scores = [json.loads(file.read_text(encoding="utf-8")) for file in sorted((base / "scores").glob("*.json"))]
    if not scores:
        raise ValueError(f"{base / 'scores'} holds no scores: run the score command first.")
    return scores


def by_case(
    scores: list[dict], row: str, kind: str, key: str, seeds: tuple[int, ...] | None = None
) -> dict[str, float]:
    """{case: mean over seeds} of one score; undefined ones are left out."""
    cases: dict[str, list[float]] = {}
    for score in scores:
        if score["row"] == row and (seeds is None or score["seed"] in seeds) and score[kind][key] is not None:
            cases.setdefault(score["case"], []).append(score[kind][key])
    return {case: float(np.mean(values)) for case, values in sorted(cases.items())}


def chart(scores: list[dict], row: str, kind: str) -> dict[int, float]:
    """{FDI: share of scans with that tooth in which it has a topological error (missed, pieces, tunnel, void)}."""
    wrong: dict[int, list[bool]] = {}
    for score in scores:
        if score["row"] == row:
            for fdi, errors in score[kind]["errors"].items():
                wrong.setdefault(int(fdi), []).append(bool(errors))
    return {fdi: float(np.mean(values)) for fdi, values in sorted(wrong.items())}


def training_curves(folder: Path) -> dict[str, np.ndarray]:
    """Measures (entries,) over a run from its log, by name; "step" among them. NaN where an entry lacks one."""
    rows = [{name: value for name, value in row.items() if isinstance(value, int | float)} for row in read_log(folder)]
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: np.array([row.get(name, np.nan) for row in rows]) for name in names}
