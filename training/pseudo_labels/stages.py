"""The networks of the two stages, and of one stage alone: what they see of a scan, their samples and their training.

`find` sees the whole scan coarsely and tells teeth from the rest. `number` sees the region around them finely, and
where in it each voxel lies, and segments and numbers. `whole`, for comparison, does the same on the whole scan without
having found the teeth first. The paper's spacings are 0.47 and 0.25 mm; a configuration's `Scale` has its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor, nn

from DentalTopoSegLib.files.volumes import Volume, resample_ras
from training.loop import Loop, Measures
from training.nets.subvoxel_unet import SubvoxelPlan, SubvoxelUNet, fold
from training.own_data.samples import has_volume_sample, write_volume_sample
from training.own_data.tasks import Ahead
from training.patients.labelled_scans import LABELS
from training.patients.parametric import CLASS_INDEX
from training.volumes.data import augment, crop, load_sample
from training.volumes.losses import IGNORE, numbering_loss
from training.volumes.train import Batch, VolumeTask

AROUND = 4
"""Voxels of a sample beside the region, so that the region can be cut here and there."""
STAGES = ("find", "number", "whole")
_STRAY = 0.1
"""A piece of teeth smaller than this share of the largest does not say where the teeth are."""

FULL = np.ones((3, 3, 3), bool)


@dataclass(frozen=True)
class Scale:
    """Voxels of the two stages, mm, and of the region around the teeth, (z, y, x)."""

    find_mm: float
    number_mm: float
    region: tuple[int, int, int]


@dataclass(frozen=True)
class Box:
    """A part of a scan: lower and upper corner, R, A, S mm."""

    low: np.ndarray
    high: np.ndarray


def middle_of_teeth(teeth: Volume) -> np.ndarray | None:
    """(3,) RAS mm of the middle between the outermost teeth of a mask on an upright grid, stray pieces and one voxel in
    a hundred at each end not counted; None without teeth."""
    pieces, count = ndimage.label(teeth.array, FULL)
    if not count:
        return None
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    where = np.argwhere(sizes[pieces] >= _STRAY * sizes.max())
    ends = np.percentile(where, (1, 99), axis=0)
    return teeth.index_to_ras(ends.mean(0)[None])[0]


def region_around(middle: np.ndarray, scan: Volume, scale: Scale, around: int = 0) -> Box:
    """The region around a place (R, A, S mm), and `around` voxels more on every side; on the raster of the scan's own
    corner, so that a scan of this spacing is cut and not interpolated."""
    size = (np.array(scale.region[::-1]) + 2 * around) * scale.number_mm
    first = scan.ras_bounds()[0]
    low = first + np.rint((middle - size / 2 - first) / scale.number_mm) * scale.number_mm
    return Box(low, low + size)


def view_of(volume: Volume, stage: str, scale: Scale, box: Box | None = None, labels: bool = False) -> Volume:
    """What a stage sees of a scan or of its labels: upright, the sides of whole scans even numbers."""
    spacing = scale.find_mm if stage == "find" else scale.number_mm
    corners = None if box is None else (box.low, box.high)
    seen = resample_ras(volume, spacing, corners, "nearest" if labels else "linear", 0 if labels else None)
    even = tuple(slice(0, n - n % 2) for n in seen.array.shape)
    return replace(seen, array=np.ascontiguousarray(seen.array[even]))


def sample_of(scan: Volume, classes: Volume, stage: str, scale: Scale) -> tuple[np.ndarray, np.ndarray]:
    """A scan with class indices on its grid as a sample of a stage: image float16, target uint8, 255 = unknown.

    Raises
    ------
    ValueError
        "number" of a scan without teeth.
    """
    box = None
    if stage == "number":
        teeth = classes.with_array(((classes.array > 0) & (classes.array != IGNORE)).astype(np.uint8))
        middle = middle_of_teeth(resample_ras(teeth, scale.find_mm, None, "nearest"))
        if middle is None:
            raise ValueError(f"{scan.name} holds no teeth, so there is no region around them.")
        box = region_around(middle, scan, scale, AROUND)
    image, target = view_of(scan, stage, scale, box).array, view_of(classes, stage, scale, box, labels=True).array
    if stage == "find":
        target = np.where(target == IGNORE, IGNORE, target > 0)
    return image.astype(np.float16), target.astype(np.uint8)


def write_samples(pairs: Sequence[tuple[str, Volume, Volume]], stage: str, scale: Scale, folder: Path) -> None:
    """Write the samples of scans (name, scan, class indices) that are not there yet."""
    for name, scan, classes in pairs:
        if not has_volume_sample(folder, name):
            write_volume_sample(folder, name, *sample_of(scan, classes, stage, scale))


def classes_of(labels: Volume) -> Volume:
    """FDI numbers as class indices."""
    return labels.with_array(CLASS_INDEX[labels.array])


class MixedTask(VolumeTask):
    """A network on samples with labels and, beside them, on samples with pseudo labels.

    Every batch is drawn from its number alone, so that a run that was stopped goes on as if it had not been.

    Parameters
    ----------
    config : dict
        "pseudo_share": how often a sample is one with pseudo labels.
    real, names : Path, sequence of str
        Folder of the samples, and those that may be drawn.
    pseudo, pseudo_names : Path, sequence of str
        The same of pseudo labels.
    validation, device
        As `VolumeTask` takes them.
    """

    def __init__(
        self,
        config: dict[str, Any],
        real: Path,
        names: Sequence[str],
        pseudo: Path | None = None,
        pseudo_names: Sequence[str] = (),
        validation: Path | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        self.names, self.pseudo, self.pseudo_names = sorted(names), pseudo, sorted(pseudo_names)
        super().__init__(config, real, validation, device)

    def open(self, step: int) -> None:
        self.batches = Ahead(self.batch_at, step)

    def close(self) -> None:
        self.batches.close()

    def next_batch(self) -> Batch:
        return self.batches.next()

    def batch_at(self, step: int) -> Batch:
        """Batch number `step`."""
        pairs = [self.sample_at(step, row) for row in range(self.settings.batch)]
        return np.stack([p[0] for p in pairs])[:, None], np.stack([p[1] for p in pairs])

    def sample_at(self, step: int, row: int) -> tuple[np.ndarray, np.ndarray]:
        """One varied patch and its target."""
        rng = np.random.default_rng([self.config["seed"], step, row])
        folder, names = self.data, self.names
        if self.pseudo is not None and self.pseudo_names and rng.random() < self.config["pseudo_share"]:
            folder, names = self.pseudo, self.pseudo_names
        image, target = load_sample(folder, names[rng.integers(len(names))], self.plan)
        return augment(*crop(image, target, self.plan, rng), self.plan, rng)


class StageTask(MixedTask):
    """A stage's network; "net" of the configuration is a `SubvoxelPlan`."""

    def build(self) -> nn.Module:
        net = SubvoxelUNet(SubvoxelPlan.from_dict(self.config["net"]))
        return net.to(self.device, memory_format=torch.channels_last_3d)

    def losses(self, x: Tensor, y: Tensor, loop: Loop) -> tuple[Tensor, Measures]:
        with self.autocast():
            logits = self.net(x)
        return numbering_loss(logits.transpose(1, 2), fold(y).flatten(1), **self.config.get("loss", {}))


def names_of(folder: Path) -> list[str]:
    """Names of the labelled scans of a folder."""
    return sorted(path.name.removesuffix(LABELS) for path in folder.glob(f"*{LABELS}"))
