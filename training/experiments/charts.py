"""Charts of an experiment as PNG files: errors over the dental chart, rounding against topology, size against DSC."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training.experiments.measured import KINDS, by_case, chart, training_curves
from training.experiments.rows import Row, row_network
from training.loop import LOG
from training.nets.unet import macs

if TYPE_CHECKING:
    from matplotlib.figure import Figure

UPPER = (*range(18, 10, -1), *range(21, 29))
LOWER = (*range(48, 40, -1), *range(31, 39))
"""FDI numbers as a dental chart has them, the patient's right on the left."""
KEY_ROWS = ("full_precision", "post_training", "qat", "proposed", "post_training_4", "qat_4", "proposed_4")
PANELS = 6
"""Panels of a heat map where none of `KEY_ROWS` is in the experiment."""
TERMS = ("count", "adjacency", "separation", "tunnels", "voids")
"""The topology loss's terms as a run's log names them."""
DPI = 110


def draw_charts(scores: list[dict[str, Any]], rows: list[Row], base: Path, pictures: Path) -> list[Path]:
    """Draw what the experiment has data for into the folder `pictures`; returns the files.

    `errors_alone.png`, `errors_rules.png`: `measured.chart` of the key rows. `quantization_topology.png`: rounding
    error and sum of the topology terms over training, for runs whose log has both. `pruning.png`: multiply-
    accumulates of all border networks against DSC, if rows have gates. ImportError if matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ImportError(
            'The charts need matplotlib, which is not installed: python -m pip install "matplotlib>=3.7", '
            "or leave out --pictures."
        ) from error
    pictures.mkdir(parents=True, exist_ok=True)
    files = []
    for kind in KINDS:
        figure = _errors(scores, rows, kind)
        if figure is not None:
            files.append(_save(figure, pictures / f"errors_{kind}.png"))
    figure = _curves(rows, base)
    if figure is not None:
        files.append(_save(figure, pictures / "quantization_topology.png"))
    if any((row.changes or {}).get("gates") for row in rows):
        figure = _pruning(scores, rows, base)
        if figure is not None:
            files.append(_save(figure, pictures / "pruning.png"))
    return files


def _figure(width: float, height: float) -> Figure:
    """A figure of the Agg renderer that no window system and no global state knows of. Inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _save(figure: Figure, path: Path) -> Path:
    """256 colours: a third of the size, and charts have no more."""
    import io

    from PIL import Image

    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=DPI, format="png")
    buffer.seek(0)
    Image.open(buffer).convert("RGB").quantize(256).save(path, optimize=True)
    return path


def chart_grid(shares: dict[int, float]) -> np.ndarray:
    """(2, 16) shares in the places of the dental chart, NaN where a tooth never occurs."""
    return np.array([[shares.get(fdi, np.nan) for fdi in jaw] for jaw in (UPPER, LOWER)])


def _errors(scores: list[dict[str, Any]], rows: list[Row], kind: str) -> Figure | None:
    shares = {row.name: chart(scores, row.name, kind) for row in rows}
    have = [row for row in rows if shares[row.name]]
    shown = [row for row in have if row.name in KEY_ROWS] or have[:PANELS]
    if not shown:
        return None
    figure = _figure(9.0, 0.9 + 1.45 * len(shown))
    axes = figure.subplots(len(shown), 1, squeeze=False)[:, 0]
    highest = max(0.01, max(max(shares[row.name].values()) for row in shown))
    image = None
    for axis, row in zip(axes, shown, strict=True):
        grid = chart_grid(shares[row.name])
        image = axis.imshow(100 * grid, cmap="YlOrRd", vmin=0.0, vmax=100 * highest, aspect="auto")
        for (line, place), value in np.ndenumerate(grid):
            fdi = (UPPER, LOWER)[line][place]
            text = f"{fdi}\n" + ("-" if np.isnan(value) else f"{100 * value:.0f}")
            colour = "white" if value > 0.7 * highest else "black"
            axis.text(place, line, text, ha="center", va="center", fontsize=7, color=colour)
        axis.axvline(7.5, color="black", linewidth=1)
        axis.axhline(0.5, color="black", linewidth=1)
        mean = 100 * float(np.nanmean(grid))
        axis.set_title(f"{row.title} (mean over teeth {mean:.1f} %)", fontsize=9, loc="left")
        axis.set_xticks([])
        axis.set_yticks([0, 1], ["upper", "lower"], fontsize=8)
    figure.colorbar(image, ax=list(axes), label="% of scans", fraction=0.03, pad=0.01)
    figure.suptitle(f"Teeth with a topological error (missed, pieces, tunnel, void). {KINDS[kind]}", fontsize=10)
    return figure


def rounding_and_topology(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """(steps, rounding error, sum of the unweighted topology terms) of a run's log, where a line has all of them; None
    if the run has no log or logs no such lines. Terms that the run never logs are left out of the sum."""
    if not (folder / LOG).is_file():
        return None
    curves = training_curves(folder)
    terms = [curves[name] for name in TERMS if name in curves]
    if "quant" not in curves or not terms:
        return None
    total = np.sum(terms, axis=0)
    known = np.isfinite(total) & np.isfinite(curves["quant"])
    return (curves["step"][known], curves["quant"][known], total[known]) if known.any() else None


def correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Pearson's r; NaN below three points or where one of them does not vary."""
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    return float(np.corrcoef(x, y)[0, 1])


def _curves(rows: list[Row], base: Path) -> Figure | None:
    found = []
    for row in rows:
        if row.of is None and not row.shipped:
            runs = ((seed, rounding_and_topology(row.folder(seed, base))) for seed in row.seeds)
            found += [(row, seed, run) for seed, run in runs if run is not None]
    if not found:
        return None
    found = found[: 2 * PANELS]
    lines = -(-len(found) // 2)
    figure = _figure(10.0, 0.6 + 2.5 * lines)
    axes = figure.subplots(lines, 2, squeeze=False).ravel()
    for axis, (row, seed, (step, quant, topology)) in zip(axes, found, strict=False):
        r = correlation(quant, topology)
        axis.plot(step, quant, color="tab:blue", marker="o", markersize=3, linewidth=1)
        axis.ticklabel_format(axis="y", style="sci", scilimits=(-2, 2))
        axis.tick_params(labelsize=7)
        axis.tick_params(axis="y", colors="tab:blue")
        axis.set_ylabel("rounding error", color="tab:blue", fontsize=8)
        other = axis.twinx()
        other.plot(step, topology, color="tab:red", marker="s", markersize=3, linewidth=1)
        other.tick_params(labelsize=7, axis="y", colors="tab:red")
        other.set_ylabel("topology terms", color="tab:red", fontsize=8)
        value = "too few values" if np.isnan(r) else f"{r:+.2f} ({len(step)} values)"
        axis.set_title(f"{row.title}, seed {seed}: r = {value}", fontsize=8)
        axis.set_xlabel("step", fontsize=8)
    for axis in axes[len(found) :]:
        axis.set_axis_off()
    figure.suptitle("Rounding error (L_quant) and sum of the unweighted topology terms over training", fontsize=10)
    return figure


def _pruning(scores: list[dict[str, Any]], rows: list[Row], base: Path) -> Figure | None:
    points = []
    for row in rows:
        network = row_network(row, base)
        if network is not None:
            means = {kind: list(by_case(scores, row.name, kind, "dice").values()) for kind in KINDS}
            size = macs(network.plan, (96, 96, 96))["total"] / 1e9
            points.append((size, row, {kind: float(np.mean(m)) for kind, m in means.items() if m}))
    points = sorted((point for point in points if point[2]), key=lambda point: point[0])
    if not points:
        return None
    figure = _figure(7.5, 4.5)
    axis = figure.subplots()
    for kind, marker in zip(KINDS, ("o", "s"), strict=True):
        found = [(size, 100 * means[kind]) for size, _, means in points if kind in means]
        axis.plot(*zip(*found, strict=True), marker=marker, label=KINDS[kind], linewidth=1)
    for size, row, means in points:
        axis.annotate(
            row.title,
            (size, 100 * min(means.values())),
            xytext=(0, -12),
            textcoords="offset points",
            fontsize=7,
            ha="center",
        )
    axis.set_xscale("log")
    axis.margins(x=0.3, y=0.15)
    axis.xaxis.set_major_formatter("{x:g}")
    axis.xaxis.set_minor_formatter("{x:g}")
    axis.tick_params(axis="x", which="both", labelsize=8)
    axis.set_xlabel("GMAC per 96^3 voxels of the border network")
    axis.set_ylabel("DSC, % (mean over scans)")
    axis.grid(alpha=0.3, which="both")
    axis.legend(fontsize=8, loc="lower right")
    figure.suptitle("What a smaller border network costs", fontsize=10)
    return figure
