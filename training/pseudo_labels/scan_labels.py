"""Pseudo labels of a real scan for the numbering network: the whole path's numbers where they are sure, else unknown.

The library's path (`cbct.segment_volume`, scan and mirror image) draws and numbers the teeth, and `labels.refine`
judges every number again on the numbering network's own grid. A tooth is taught only where both agree and the path is
confident. Background is taught only where the numbering network is sure of it, away from doubtful teeth, and where it
is darker than teeth are: in a style that a network has not seen it misses teeth, and these are as bright as those that
it finds. Everything else is unknown (255), which the loss leaves out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import ndimage

from DentalTopoSegLib.cbct import segment_volume
from DentalTopoSegLib.cbct.inference import CoarseMap, run_numbering
from DentalTopoSegLib.cbct.views import AGAIN
from DentalTopoSegLib.dentition import CLASS_FDI
from DentalTopoSegLib.errors import ModelError
from DentalTopoSegLib.files.volumes import Volume, find_outside, resample_ras
from DentalTopoSegLib.networks.models import Model
from DentalTopoSegLib.options import RunOptions, silent
from training.own_data.reading import Labelled
from training.own_data.samples import volume_sample
from training.patients.targets import SPACING
from training.pseudo_labels import labels as steps
from training.pseudo_labels.labels import DROPPED, FULL, KEPT, REFINED, Limits, Tooth
from training.volumes.losses import IGNORE

STRIDE = 2
"""Image voxels along an edge of a cell of the numbering network's answer."""
CELL_MM3 = (STRIDE * SPACING["numbering"]) ** 3
_MOST = 0.5
"""Of a tooth's cells that must be agreed on; else the whole tooth is unknown."""


@dataclass(frozen=True)
class Judging:
    """What is believed.

    Parameters
    ----------
    sure
        Confidence of a tooth (`cbct.Segmentation.confidence`) from which its number is.
    background
        Probability of no tooth from which a cell is taught as background.
    dark
        Percentile of the believed teeth's grey values that background must stay below.
    limits
        Of `labels.refine`, on cells of 2 mm.
    """

    sure: float = 0.9
    background: float = 0.9
    dark: float = 10.0
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Judging:
        """Of the section `labels` of a configuration. TypeError for a key that is not known."""
        return cls(**{**values, "limits": Limits(**values.get("limits", {}))})


def judge(
    classes: np.ndarray,
    probabilities: np.ndarray,
    confidence: Mapping[int, float],
    grey: np.ndarray,
    how: Judging,
    to_ras: Callable[[np.ndarray], np.ndarray],
) -> tuple[np.ndarray, list[Tooth]]:
    """The target of a scan, and what became of its teeth.

    Parameters
    ----------
    classes : numpy.ndarray
        uint8 (z, y, x) class indices that the path gave, 0 where it drew no tooth, 255 for teeth without a class.
    probabilities : numpy.ndarray
        float32 (33, z, y, x) of the numbering network.
    confidence : mapping
        Class index -> the path's confidence in it.
    grey : numpy.ndarray
        (z, y, x) mean grey value of each cell.
    how : Judging
        What is believed.
    to_ras : callable
        (N, 3) indices z, y, x -> (N, 3) RAS mm.

    Returns
    -------
    target : numpy.ndarray
        uint8 (z, y, x): class indices, 0 background, 255 unknown.
    teeth : list of Tooth
        One of each class of the path.
    """
    refined, seconds = steps.refine(classes, probabilities, how.limits, to_ras, CELL_MM3)
    agreed = (classes > 0) & (classes != IGNORE) & (refined == classes)
    again = {tooth.number for tooth in seconds if tooth.fate == REFINED}
    own = steps.number_probability(probabilities, classes)
    teeth, dropped = [], classes == IGNORE
    for number in sorted(set(np.unique(classes)) - {0, IGNORE}):
        of_tooth = classes == number
        believed = confidence.get(int(number), 0.0) >= how.sure and agreed[of_tooth].mean() >= _MOST
        fate = DROPPED if not believed else REFINED if number in again else KEPT
        teeth.append(Tooth(int(number), int(of_tooth.sum()), float(own[of_tooth].mean()), fate))
        if not believed:
            agreed &= ~of_tooth
            dropped = dropped | of_tooth
    target = np.full(classes.shape, IGNORE, np.uint8)
    target[agreed] = classes[agreed]
    if agreed.any():  # without a tooth that is believed nobody knows how bright teeth are here
        empty = (classes == 0) & (probabilities[0] >= how.background) & (grey < np.percentile(grey[agreed], how.dark))
        target[empty & ~ndimage.binary_dilation(dropped, FULL)] = 0
    return target, teeth


@dataclass(frozen=True)
class PseudoSample:
    """An unlabelled scan as a sample of the numbering network: image (z, y, x) float16 at 1 mm, target uint8 at 2 mm,
    and what became of its teeth."""

    image: np.ndarray
    target: np.ndarray
    teeth: list[Tooth]


def pseudo_sample(scan: Volume, networks: Mapping[str, Model], how: Judging, threads: int | None) -> PseudoSample:
    """Label a scan with the networks of a folder ("numbering" and "border").

    Raises
    ------
    NoTeethError
        The path finds none.
    ModelError
        The numbering network works on another grid than ours.
    """
    network = networks["numbering"]
    grid_of = float(network.metadata["spacing_mm"]), int(network.metadata["output_stride"])
    if grid_of != (SPACING["numbering"], STRIDE):
        raise ModelError(
            f"The numbering network {network.id} sees voxels of {grid_of[0]:g} mm and answers at every "
            f"{grid_of[1]}: only those of {SPACING['numbering']:g} mm that answer at every {STRIDE} can be adapted."
        )
    found = segment_volume(scan, RunOptions(threads=threads, tta=True), models=networks)
    image, classes = volume_sample(Labelled(scan, found.labels.array), "numbering")
    coarse = _answer(network, scan)
    inside = tuple(slice(0, n) for n in classes.shape)
    probabilities = coarse.probabilities[(slice(None), *inside)].astype(np.float32) / 255
    confidence = {CLASS_FDI.index(fdi): value for fdi, value in found.confidence.items() if fdi in CLASS_FDI}
    target, teeth = judge(classes, probabilities, confidence, cells_of(image), how, coarse.to_ras)
    return PseudoSample(image, target, teeth)


def _answer(network: Model, scan: Volume) -> CoarseMap:
    """The numbering network's own answer, scan and mirror image, as the path asks it."""
    outside = find_outside(scan)
    filled = scan if outside is None else outside.filled(scan)
    mask = None if outside is None else scan.with_array(outside.mask.view(np.uint8))
    grid = resample_ras(filled, SPACING["numbering"])
    return run_numbering(network, grid, filled, silent, None, mask, AGAIN)


def cells_of(image: np.ndarray) -> np.ndarray:
    """float32 mean of the voxels of each cell, of an image whose sides are even."""
    z, y, x = (n // STRIDE for n in image.shape)
    return image.astype(np.float32).reshape(z, STRIDE, y, STRIDE, x, STRIDE).mean((1, 3, 5))


def moved_by_one(target: np.ndarray, quadrant: int) -> np.ndarray:
    """A target whose teeth of a quadrant have the number of their distal neighbour, the last two both the last: an
    injected fault, to see whether it is caught."""
    table = np.arange(256, dtype=np.uint8)
    first = CLASS_FDI.index(10 * quadrant + 1)
    table[first : first + 7] = np.arange(first + 1, first + 8)
    return table[target]
