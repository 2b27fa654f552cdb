"""The tables of an experiment, our figures beside the papers'."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import stats

from DentalTopoSegLib.networks.models import list_models, load_model
from training.compression.tune import start_network
from training.experiments.measured import KINDS, by_case
from training.experiments.rows import Row, row_network
from training.export.score_tables import TITLES, markdown_table
from training.export.timing import providers_here, seconds
from training.nets.unet import macs

PAPER = {
    "full_precision": {"dice": 92.3, "iou": 86.1, "bf1": 89.7, "tca": 94.2, "acs": 91.5, "cer": 3.1},
    "post_training": {"dice": 88.7, "iou": 80.2, "bf1": 83.4, "tca": 82.6, "acs": 78.3, "cer": 12.8},
    "qat": {"dice": 90.1, "iou": 82.3, "bf1": 86.2, "tca": 85.4, "acs": 83.7, "cer": 9.5},
    "topology_float": {"dice": 91.8, "iou": 85.2, "bf1": 88.9, "tca": 93.1, "acs": 90.2, "cer": 4.3},
    "proposed": {"dice": 91.5, "iou": 84.9, "bf1": 88.6, "tca": 93.8, "acs": 91.0, "cer": 3.9},
    "qat_count": {"dice": 90.3, "tca": 89.2, "acs": 85.1, "cer": 8.7},
    "qat_adjacency": {"dice": 90.8, "tca": 91.6, "acs": 89.3, "cer": 6.4},
    "qat_cavity": {"dice": 90.6, "tca": 90.8, "acs": 88.5, "cer": 5.1},
}
"""Tables 1 and 2 of "Topology-Constrained Quantized nnUNet" (Preprints.org 2026, 211281): its own scans and network."""

COLUMNS = ("dice", "iou", "bf1", "tca", "count_error", "acs", "cer", "cer_with_voids")
RAW = ("count_error",)
"""Columns that are no shares: teeth too many or too few per scan."""
TESTED = ("dice", "acs", "cer", "count_error")


def number_text(value: float, key: str) -> str:
    return f"{value:.2f}" if key in RAW else f"{100 * value:.1f}"


def seed_spread(scores: list[dict], row: Row, kind: str, key: str) -> str:
    """ " (0.3)": standard deviation over seeds of the mean over cases, where there are several."""
    means = [list(by_case(scores, row.name, kind, key, (seed,)).values()) for seed in row.seeds]
    means = [float(np.mean(values)) for values in means if values]
    return f" ({number_text(float(np.std(means, ddof=1)), key)})" if len(means) > 1 else ""


def score_table(scores: list[dict], rows: list[Row], kind: str) -> str:
    """One line per row; in brackets the spread over seeds, in square ones the paper's figure."""
    lines = []
    for row in rows:
        cases = by_case(scores, row.name, kind, "dice")
        if cases:
            seeds = len({score["seed"] for score in scores if score["row"] == row.name})
            cells = [_score_cell(scores, row, kind, key) for key in COLUMNS]
            lines.append((row.title, f"{seeds} x {len(cases)}", *cells))
    return markdown_table(("", "seeds x scans", *(TITLES[key] for key in COLUMNS)), lines)


def _score_cell(scores: list[dict], row: Row, kind: str, key: str) -> str:
    values = list(by_case(scores, row.name, kind, key).values())
    if not values:  # no scan has it: neighbours of a single tooth
        return "-"
    paper = PAPER.get(row.paper or "", {}).get(key)
    mean = number_text(float(np.mean(values)), key)
    return mean + seed_spread(scores, row, kind, key) + (f" [{paper}]" if paper else "")


def paired_test(scores: list[dict], first: Row, second: Row, kind: str, key: str) -> tuple[float, float, int] | None:
    """(mean difference first - second, p of paired t-test, scans), over scans, seeds averaged; None below 3 scans."""
    # only what both rows have: seeds that one is still without would be compared with others
    names = (first.name, second.name)
    have = [{(s["case"], s["seed"]) for s in scores if s["row"] == name} for name in names]
    common = [s for s in scores if (s["case"], s["seed"]) in have[0] & have[1]]
    a, b = (by_case(common, name, kind, key) for name in names)
    both = sorted(set(a) & set(b))
    if len(both) < 3:
        return None
    x, y = np.array([a[c] for c in both]), np.array([b[c] for c in both])
    p = 1.0 if np.allclose(x, y) else float(stats.ttest_rel(x, y).pvalue)
    return float((x - y).mean()), p, len(both)


def test_table(scores: list[dict], rows: list[Row], pairs: list[tuple[str, str]]) -> str:
    """Paired t-tests over scans (two-sided, not corrected for the number of tests)."""
    named = {row.name: row for row in rows}
    lines = []
    for a, b in pairs:
        if a in named and b in named:
            columns = [(kind, key) for kind in KINDS for key in TESTED]
            cells = [_test_cell(scores, named[a], named[b], kind, key) for kind, key in columns]
            lines.append((f"{named[a].title} - {named[b].title}", *cells))
    return markdown_table(("difference", *(f"{kind}: {TITLES[key]}" for kind in KINDS for key in TESTED)), lines)


def _test_cell(scores: list[dict], first: Row, second: Row, kind: str, key: str) -> str:
    result = paired_test(scores, first, second, kind, key)
    return "-" if result is None else f"{(1 if key in RAW else 100) * result[0]:+.2f} (p {result[1]:.3f})"


def size_table(rows: list[Row], base: Path, start: str) -> str:
    """Megabytes and multiply-accumulates of every row's border network."""
    whole = macs(start_network(start, base.parent).plan, (96, 96, 96))["total"]
    lines = []
    for row in rows:
        models, net = row.models(row.seeds[0], base), row_network(row, base)
        if net is None or not (models / "models.json").is_file():
            continue
        entry = next(e for e in list_models(models) if e["task"] == "border")
        total, count = macs(net.plan, (96, 96, 96))["total"], sum(p.numel() for p in net.parameters())
        work = (f"{total / 1e9:.1f}", f"{100 * total / whole:.1f} %")
        lines.append((row.title, f"{entry['size_bytes'] / 1e6:.2f}", f"{count / 1e6:.2f} M", *work))
    return markdown_table(("", "MB", "parameters", "GMAC per 96^3 voxels", "of the uncompressed"), lines)


def time_table(rows: list[Row], base: Path, threads: int, shape: tuple[int, int, int] = (96, 96, 128)) -> str:
    """Seconds of every row's border network on one input, best of three, by every provider that is installed."""
    names = providers_here()
    lines = []
    for row in rows:
        models = row.models(row.seeds[0], base)
        if (models / "models.json").is_file():
            networks = [load_model("border", threads, row.precision, folder=models, provider=name) for name in names]
            lines.append((row.title, *(f"{seconds(network, shape):.3f}" for network in networks)))
    return markdown_table((f"s per {np.prod(shape) / 1e6:.2f} M voxels, {threads} threads", *names), lines)


def error_counts(scores: list[dict], rows: list[Row], kind: str) -> str:
    """Topological errors per reference tooth by kind, in percent."""
    names = ("missed", "pieces", "tunnel", "void")
    lines = []
    for row in rows:
        errors = [e for score in scores if score["row"] == row.name for e in score[kind]["errors"].values()]
        if errors:
            shares = [100 * np.mean([name in e for e in errors]) for name in names]
            lines.append((row.title, *(f"{share:.1f}" for share in shares)))
    return markdown_table(("% of teeth", *names), lines)
