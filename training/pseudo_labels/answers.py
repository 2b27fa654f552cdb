"""What trained stages say of a scan: where the teeth are, class probabilities, and a label map of the scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from DentalTopoSegLib.cbct.views import AGAIN, ONCE, TURNED, View, twin_channels
from DentalTopoSegLib.dentition import CLASS_FDI
from DentalTopoSegLib.errors import NoTeethError
from DentalTopoSegLib.files.volumes import Volume, resample_like
from training.loop import load_checkpoint
from training.nets.subvoxel_unet import SubvoxelPlan, SubvoxelUNet, unfold
from training.pseudo_labels import labels as steps
from training.pseudo_labels.stages import AROUND, Scale, middle_of_teeth, region_around, view_of
from training.volumes.data import normalise

VIEWS: dict[str, Sequence[View]] = {"once": ONCE, "mirrored": AGAIN, "turned": TURNED}
"""Test-time augmentation by its name in a configuration."""
TWINS = twin_channels(list(CLASS_FDI))


@dataclass(frozen=True)
class Answer:
    """Class probabilities (33, z, y, x) on the grid of `grid`, which says where they lie."""

    probabilities: np.ndarray
    grid: Volume

    def volume(self, classes: np.ndarray) -> Volume:
        """Class indices or other values (z, y, x) on this grid."""
        return self.grid.with_array(classes)


def load_net(folder: Path) -> SubvoxelUNet:
    """The averaged network of a run, in evaluation mode."""
    run = load_checkpoint(folder)
    net = SubvoxelUNet(SubvoxelPlan.from_dict(run["config"]["net"]))
    net.load_state_dict(run["average"])
    return net.to(memory_format=torch.channels_last_3d).eval()


@torch.no_grad()
def probabilities(net: SubvoxelUNet, image: np.ndarray) -> np.ndarray:
    """float32 (C, z, y, x) of a normalised image, padded for the network and cut again."""
    divisor, shape = net.plan.divisor, image.shape
    padded = np.pad(image, [(0, -n % divisor) for n in shape], constant_values=float(image.min()))
    x = torch.from_numpy(padded)[None, None].to(torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16):
        logits = net(x)
    answer = unfold(logits[0].float().softmax(1), padded.shape).numpy()
    return answer[(slice(None), *(slice(0, n) for n in shape))]


def averaged(net: SubvoxelUNet, image: np.ndarray, views: Sequence[View]) -> np.ndarray:
    """The mean of the answers in every view, each brought back to the image."""
    total, count = np.zeros((net.plan.classes, *image.shape), np.float32), np.zeros(image.shape, np.float32)
    for view in views:
        answer, seen = view.bring_back(probabilities(net, view.show(image)), TWINS)
        weight = np.ones(image.shape, bool) if seen is None else np.broadcast_to(seen, image.shape)
        total += answer * weight
        count += weight
    return total / np.maximum(count, 1)


def find(net: SubvoxelUNet, scan: Volume, scale: Scale) -> np.ndarray:
    """(3,) RAS mm of the middle of the teeth.

    Raises
    ------
    NoTeethError
        The first stage sees none.
    """
    seen = view_of(scan, "find", scale)
    answer = probabilities(net, normalise(seen.array))
    middle = middle_of_teeth(seen.with_array((answer[1] >= steps.HALF).astype(np.uint8)))
    if middle is None:
        raise NoTeethError(f"The first stage finds no teeth in {scan.name}: check that it shows the jaws.")
    return middle


def answer_in_region(
    net: SubvoxelUNet, scan: Volume, middle: np.ndarray, scale: Scale, views: Sequence[View]
) -> Answer:
    """The second stage's answer in the region around a place (R, A, S mm)."""
    wide = view_of(scan, "number", scale, region_around(middle, scan, scale, AROUND))
    inner = tuple(slice(AROUND, n - AROUND) for n in wide.array.shape)
    # grey values as in training: by all of the sample
    image = normalise(wide.array[inner], wide.array)
    grid = view_of(scan, "number", scale, region_around(middle, scan, scale))
    return Answer(averaged(net, image, views), grid)


def answer_to_all(net: SubvoxelUNet, scan: Volume, scale: Scale, views: Sequence[View]) -> Answer:
    """The answer of the network that sees the whole scan at once."""
    seen = view_of(scan, "whole", scale)
    return Answer(averaged(net, normalise(seen.array), views), seen)


def label_map(answer: Answer, scan: Volume, least: int = 0) -> Volume:
    """FDI numbers on the scan's grid; with `least`, pieces are joined to the teeth they touch, and those under so many
    voxels and stray ones removed."""
    classes = steps.numbers_of(answer.probabilities, steps.mask_of(answer.probabilities))
    if least:
        classes = steps.clean_up(steps.join_pieces(classes, least), least)
    fdi = answer.volume(np.array(CLASS_FDI, np.uint8)[classes])
    finer = max(scan.spacing) < 0.9 * fdi.spacing[0]  # the borders of coarse voxels are not to show
    return scan.with_array(resample_like(fdi, scan, "label" if finer else "nearest", 0).array.astype(np.uint8))
