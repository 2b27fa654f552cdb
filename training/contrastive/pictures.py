"""What both encoders find alike, drawn on a CBCT slice and on a scan."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.transactions import atomic_path
from training.contrastive.pairs import Pair
from training.contrastive.pretrain import encode, reach_of, view_plan
from training.contrastive.relations import POSITIVE, cross_relation
from training.contrastive.towers import Towers
from training.contrastive.views import see

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DPI = 110
PLACES = 2
"""Rows of the picture: places of the scan that ask, far from each other."""


def draw_likeness(towers: Towers, config: dict[str, Any], pair: Pair, path: Path, seed: int = 0) -> None:
    """Draw cosines between tokens of a pair as PNG.

    A row for each of some places of the scan: the scan from above with the place marked and coloured by how like its
    tokens are to the CBCT box that shows the place; and the axial slice through that box, coloured by how like its
    boxes are to the place. Where training has worked, both are warmest at the mark.

    Parameters
    ----------
    towers, config
        Of `pretrain.load_towers`.
    pair
        The pair.
    path
        PNG to write.
    seed
        Of the crop and of the places.

    Raises
    ------
    InputError
        No place of the scan lies in the crop.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rng = np.random.default_rng(seed)
    plan = replace(view_plan(config).still(), crop=pair.image.shape)
    seen = see(pair, plan, towers.voxels, towers.level, 1, rng)
    image, scan = encode(towers, [seen])
    crop = seen.images[0]
    relation = cross_relation(image, scan, reach_of(config, towers.voxels, pair.spacing))
    match = relation == POSITIVE
    asked = match.any(0).nonzero()[:, 0]
    if not len(asked):
        raise InputError("no place of the scan lies in the crop of the CBCT: choose another pair or seed")
    cosines = (image.features @ scan.features.T).masked_fill(~image.known[:, None], float("nan")).numpy()
    figure = Figure(figsize=(9.0, 3.7 * PLACES), layout="constrained")
    FigureCanvasAgg(figure)
    for row, place in enumerate(_far_apart(scan.places[asked], rng)):
        point = int(asked[place])
        box = int((match[:, point] * (2 + torch.nan_to_num(torch.from_numpy(cosines[:, point])))).argmax())
        left, right = figure.add_subplot(PLACES, 2, 2 * row + 1), figure.add_subplot(PLACES, 2, 2 * row + 2)
        which = np.concatenate([np.full(len(view.places), view.which) for view in seen.scans])
        _draw_scan(left, scan.places.numpy(), which, cosines[box], scan.places[point].numpy())
        _draw_slice(right, pair, crop, cosines[:, point], box, scan.places[point].numpy(), towers.voxels)
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=DPI, format="png")
    buffer.seek(0)
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        Image.open(buffer).convert("RGB").quantize(256).save(file, format="PNG", optimize=True)


def _far_apart(places: torch.Tensor, rng: np.random.Generator) -> list[int]:
    """Rows of places (N, 3): a random one, then always the one farthest from those chosen."""
    chosen = [int(rng.integers(len(places)))]
    while len(chosen) < PLACES:
        chosen.append(int(torch.cdist(places, places[chosen]).amin(1).argmax()))
    return chosen


def _draw_scan(axes: Axes, places: np.ndarray, which: np.ndarray, cosines: np.ndarray, mark: np.ndarray) -> None:
    for jaw, marker in (("upper", "^"), ("lower", "v")):
        mine, span = which == jaw, {"vmin": cosines.min(), "vmax": cosines.max()}
        dots = axes.scatter(
            *_seen(places[mine]), c=cosines[mine], cmap="inferno", s=40, marker=marker, label=jaw, **span
        )
    axes.legend(loc="lower center", fontsize="small", ncols=2)
    axes.plot(-mark[0], mark[1], marker="o", ms=15, mfc="none", mec="deepskyblue", mew=2)
    axes.set(aspect="equal", title="scan: like the marked box", xlabel="right - left, mm", ylabel="mm")
    axes.figure.colorbar(dots, ax=axes, shrink=0.75, label="cosine")


def _seen(places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Right to left and back to front of places (N, 3) RAS mm, as an axial slice is looked at."""
    return -places[:, 0], places[:, 1]


def _draw_slice(
    axes: Axes, pair: Pair, view: Any, cosines: np.ndarray, box: int, mark: np.ndarray, voxels: int
) -> None:
    """The slice through a box's middle with the boxes of its layer; x from the patient's right to the left."""
    shape = view.image.shape[1:]
    boxes = [-(-size // voxels) for size in shape]
    layer = box // (boxes[1] * boxes[2])
    heights = np.arange(shape[0]) * pair.spacing + pair.origin[2] + view.start[0] * pair.spacing
    slab = int(np.clip(np.abs(heights - mark[2]).argmin(), layer * voxels, min((layer + 1) * voxels, shape[0]) - 1))
    first = (pair.origin + view.start[::-1] * pair.spacing) - pair.spacing / 2
    edges = [first[axis] + np.array([0, shape[2 - axis]]) * pair.spacing for axis in (0, 1)]
    grey = view.image[0, slab].numpy()
    axes.imshow(grey, cmap="gray", origin="lower", extent=(-edges[0][0], -edges[0][1], *edges[1]), vmin=-2, vmax=3)
    heat = cosines.reshape(boxes)[layer]
    ends = [first[axis] + np.array([0, boxes[2 - axis]]) * voxels * pair.spacing for axis in (0, 1)]
    shown = axes.imshow(heat, cmap="inferno", alpha=0.45, origin="lower", extent=(-ends[0][0], -ends[0][1], *ends[1]))
    axes.plot(-mark[0], mark[1], marker="o", ms=15, mfc="none", mec="deepskyblue", mew=2)
    axes.set(xlim=(-edges[0][1], -edges[0][0]), ylim=tuple(edges[1]), aspect="equal")
    axes.set(title="CBCT: like the marked place", xlabel="right - left, mm")
    axes.figure.colorbar(shown, ax=axes, shrink=0.75, label="cosine")
