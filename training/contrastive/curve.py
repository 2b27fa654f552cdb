"""The data-size curve as a picture."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.transactions import atomic_path

DPI = 110
FILE = "contrastive_curve.png"


def draw_curve(curves: Mapping[str, Sequence[tuple[float, float, float, float]]], folder: Path) -> Path:
    """Draw Dice against the share of the people whose pairs the pretraining saw.

    Parameters
    ----------
    curves
        By data set: (share from 0, which is no pretraining, to 1; mean; lower and upper end of its interval).
    folder
        Where `FILE` is written.

    Raises
    ------
    InputError
        There is nothing to draw.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    if not curves:
        raise InputError("no row has a score yet: there is no curve to draw")
    figure = Figure(figsize=(4.0 * len(curves), 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    for place, (title, points) in enumerate(curves.items(), 1):
        axes = figure.add_subplot(1, len(curves), place)
        share, mean, low, high = 100.0 * np.array(sorted(points)).T
        axes.errorbar(share, mean, yerr=[mean - low, high - mean], marker="o", capsize=3)
        axes.set(title=title, xlabel="people of the pretraining, % (0: none)", ylabel="DSC, %")
        axes.grid(alpha=0.3)
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=DPI, format="png")
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_path(folder / FILE) as temporary:
        temporary.write_bytes(buffer.getvalue())
    return folder / FILE
