"""Labelled scans as the samples that the networks train on."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from scipy import ndimage

from DentalTopoSegLib.dentition import CLASS_FDI
from DentalTopoSegLib.files.volumes import Volume, find_outside, resample_ras
from training.evaluation.labelled import Scan, frame_of_labels
from training.own_data.meanings import UNKNOWN
from training.own_data.reading import Labelled
from training.patients.targets import CLOSE_MM, CORE_DEPTH_MM, SPACING, coarse_classes
from training.surfaces.jaws import Jaw, change, class_of, sample
from training.volumes.data import IMAGE_SUFFIX, TARGET_SUFFIX
from training.volumes.losses import CONTACT_FLAG, IGNORE

AROUND_MM = 10.0
"""Of the scan beside the teeth, in a sample of the border network."""
_FAR_MM = 9.0
_REACH_VOXELS = 4

_CLASS = np.full(256, IGNORE, np.uint8)  # milk teeth and what is unknown: no class, nothing to be learned
_CLASS[list(CLASS_FDI)] = np.arange(len(CLASS_FDI))


def volume_sample(labelled: Labelled, task: str) -> tuple[np.ndarray, np.ndarray]:
    """A labelled scan as a sample of a task: image (D, H, W) float16, target as in `volumes.data`.

    Both lie on an upright RAS grid of the task's spacing. "numbering": the whole scan; "border": the box around its
    teeth and `AROUND_MM` more.
    """
    scan, fdi = labelled.scan, labelled.scan.with_array(labelled.fdi)
    outside = find_outside(scan)
    scan = scan if outside is None else outside.filled(scan)
    box = None if task == "numbering" else _around_teeth(fdi)
    image = resample_ras(scan, SPACING[task], box)
    labels = resample_ras(fdi, SPACING[task], box, "nearest").array
    if task == "numbering":
        even = tuple(slice(0, n - n % 2) for n in labels.shape)
        target = coarse_classes(torch.from_numpy(_CLASS[labels[even]])).numpy()
        grey = image.array[even]
    else:
        target, grey = border_target(labels, SPACING[task]), image.array
    return _half(grey), target


def _around_teeth(fdi: Volume) -> tuple[np.ndarray, np.ndarray]:
    (box,) = ndimage.find_objects((fdi.array > 0).astype(np.uint8))
    corners = np.array(np.meshgrid(*[(s.start - 0.5, s.stop - 0.5) for s in box], indexing="ij")).reshape(3, -1).T
    ras = fdi.index_to_ras(corners)
    low, high = fdi.ras_bounds()
    return np.maximum(ras.min(0) - AROUND_MM, low), np.minimum(ras.max(0) + AROUND_MM, high)


def _half(grey: np.ndarray) -> np.ndarray:
    """float16 keeps 11 bits: from 0 on, and well inside its range."""
    values = grey.astype(np.float32) - float(grey.min())
    return (values * min(1.0, 20000.0 / max(float(values.max()), 1.0))).astype(np.float16)


def border_target(labels: np.ndarray, spacing_mm: float) -> np.ndarray:
    """0 background, 1 core, 2 border, +16 where a second tooth is close, 255 unknown, of FDI labels (D, H, W).

    Depths are distances between voxel centres less half a voxel, where the surface runs.
    """
    depth = np.full(labels.shape, _FAR_MM, np.float32)
    second = depth.copy()
    known = np.where(labels == UNKNOWN, 0, labels)
    for value, box in enumerate(ndimage.find_objects(known), 1):
        if box is None:
            continue
        near = tuple(
            slice(max(0, s.start - _REACH_VOXELS), min(n, s.stop + _REACH_VOXELS))
            for s, n in zip(box, labels.shape, strict=True)
        )
        mask = np.pad(known[near] == value, 1)
        inner = ndimage.distance_transform_edt(mask)[1:-1, 1:-1, 1:-1]
        outer = ndimage.distance_transform_edt(~mask)[1:-1, 1:-1, 1:-1]
        signed = (np.where(inner > 0, 0.5 - inner, outer - 0.5) * spacing_mm).astype(np.float32)
        second[near] = np.minimum(second[near], np.maximum(depth[near], signed))
        depth[near] = np.minimum(depth[near], signed)
    target = np.where(known > 0, np.where(depth < -CORE_DEPTH_MM, 1, 2), 0).astype(np.uint8)
    target += (CONTACT_FLAG * ((second < CLOSE_MM) & (depth < CLOSE_MM))).astype(np.uint8)
    target[labels == UNKNOWN] = IGNORE
    return target


def write_volume_sample(folder: Path, name: str, image: np.ndarray, target: np.ndarray) -> None:
    """Write the two files of a sample, the target last and each whole: where it is, the sample is."""
    folder.mkdir(parents=True, exist_ok=True)
    for array, suffix in ((image, IMAGE_SUFFIX), (target, TARGET_SUFFIX)):
        _write(folder / f"{name}{suffix}", lambda path, array=array: np.save(path, array))


def has_volume_sample(folder: Path, name: str) -> bool:
    """Whether a sample was written."""
    return (folder / f"{name}{TARGET_SUFFIX}").is_file()


def jaw_in_frame(scan: Scan) -> Jaw:
    """A labelled jaw in the canonical frame, which its teeth tell."""
    matrix = frame_of_labels(scan).matrix
    vertices = scan.vertices @ matrix[:3, :3].T + matrix[:3, 3]
    return Jaw(scan.name, scan.jaw == "upper", vertices, scan.faces.astype(np.int64), class_of(scan.face_fdi))


def write_jaw_samples(folder: Path, scan: Scan, count: int, seed: int) -> None:
    """Write `count` clouds of a jaw, NAME_00.npz and so on: a third of them as it is, the others changed as other
    mouths might be."""
    folder.mkdir(parents=True, exist_ok=True)
    jaw = jaw_in_frame(scan)
    for k in range(count):
        rng = np.random.default_rng([seed, k, *scan.name.encode()])
        other = jaw if k < (count + 2) // 3 else change(jaw, rng)
        middle = other.vertices[other.faces].mean((0, 1))
        other = Jaw(other.name, other.upper, other.vertices - middle, other.faces, other.classes)
        arrays = sample(other, rng, float(rng.uniform(0.25, 0.6)))
        _write(folder / f"{scan.name}_{k:02d}.npz", lambda path, arrays=arrays: np.savez(path, **arrays))


def has_jaw_samples(folder: Path, name: str, count: int) -> bool:
    """Whether all clouds of a jaw were written."""
    return all((folder / f"{name}_{k:02d}.npz").is_file() for k in range(count))


def _write(path: Path, write: Callable[[Path], object]) -> None:
    temporary = path.with_name(f"unfinished{path.suffix}")
    write(temporary)
    os.replace(temporary, path)


def names_in(folder: Path, names: Sequence[str], count: int) -> list[Path]:
    """The clouds of jaws, in the order of their names."""
    return [folder / f"{name}_{k:02d}.npz" for name in sorted(names) for k in range(count)]
