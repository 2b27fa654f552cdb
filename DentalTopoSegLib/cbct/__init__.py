"""The CBCT path: scan in, numbered teeth on the scan's own grid out.

1. the scan at 1 mm -> numbering network -> coarse class probabilities (2 mm); 2. they give the dental box, or a refusal;
3. the box at 0.5 mm -> border network, in tiles -> tooth and core probabilities; 4. cores become instances; 5. numbers along each
arch; 6. labels back on the scan's grid. Memory is bounded: only the 1 mm and 2 mm maps span the whole scan.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..dentition import CLASS_FDI
from ..errors import InputError, NoTeethError
from ..models import Model, load_model
from ..numbering import Numbering, mean_dentition, number_teeth
from ..volumes import Volume, resample_ras
from .inference import CoarseMap, Progress, check, run_border, run_numbering
from .instances import _ISLAND_MM3, HALF, Instances, find_instances, usual_volume
from .placing import clean, place

__all__ = ["Segmentation", "segment_volume"]

_LEAST_TOOTH_MM3 = 120.0  # of coarse tooth voxels in the whole scan, and in one connected piece; less is no dentition
_BOX_MARGIN_MM = 9.0
_BOX_LIMIT_MM = (130.0, 120.0, 110.0)  # R, A, S: no dentition is larger
_FAR_MM = 18.0  # an instance this far from every tooth of the fitted mean dentition is something else
_COARSE_SPACING_MM = 0.8
_LOW_CONFIDENCE = 0.5


@dataclass(frozen=True)
class Segmentation:
    """labels: uint8 FDI on the scan's grid. confidence: FDI -> 0..1. provenance: models (id, sha256, ...), seconds per stage.
    warnings: sentences about the scan's quality and about what was left out."""

    labels: Volume
    confidence: dict[int, float]
    provenance: dict[str, Any]
    warnings: list[str] = field(default_factory=list)


def segment_volume(volume: Volume, *, threads: int | None = None, progress: Progress | None = None,
                   cancelled: Callable[[], bool] | None = None, precision: str = "int8",
                   models: Mapping[str, Model] | None = None) -> Segmentation:
    """Find and number the teeth of a CBCT (or CT) scan.

    volume: any orientation and spacing, grey values need not be calibrated. threads: CPU threads, None for all. progress(stage, done,
    total) is called at every step. cancelled() is asked several times a second; Cancelled is raised when it answers True. precision:
    "int8" or "fp32". models: other networks than the installed ones, by task. The same scan gives the same labels, whatever
    the number of threads. NoTeethError: nothing tooth-like was found; InputError: no contrast; ModelError: a network is unusable.
    """
    report = progress or (lambda stage, done, total: None)
    seconds: dict[str, float] = {}
    with _stage("load the networks", seconds, report, cancelled):
        nets = dict(models) if models is not None else {
            task: load_model(task, threads, precision) for task in ("numbering", "border")}
    warnings = _scan_warnings(volume)

    with _stage("prepare the scan", seconds, report, cancelled):
        _require_contrast(volume)
        whole = resample_ras(volume, float(nets["numbering"].metadata["spacing_mm"]))
    with _stage("find the teeth", seconds, report, cancelled):
        coarse = run_numbering(nets["numbering"], whole, volume, report, cancelled)
        del whole
        box = dental_box(coarse, volume)
    with _stage("draw the borders", seconds, report, cancelled):
        grid = resample_ras(volume, float(nets["border"].metadata["spacing_mm"]), box)
        tooth, core = run_border(nets["border"], grid, volume, coarse, report, cancelled)
        grid = grid.with_array(np.broadcast_to(np.zeros((), np.uint8), grid.array.shape))  # the grey values are done with
    with _stage("separate the teeth", seconds, report, cancelled):
        found = find_instances(tooth, core, coarse, grid)
        del core
    with _stage("number the teeth", seconds, report, cancelled):
        labels, confidence, notes = _number(found, tooth, grid)
        warnings += notes
        del found
    if not confidence:
        raise NoTeethError(_no_teeth(volume))
    with _stage("place on the scan", seconds, report, cancelled):
        clean(labels, int(_ISLAND_MM3 / grid.voxel_volume_mm3))
        placed = place(labels, tooth, grid, volume)
        clean(placed, int(np.ceil(_ISLAND_MM3 / volume.voxel_volume_mm3)))
        present = np.bincount(placed.reshape(-1)[np.flatnonzero(placed)], minlength=256)
        confidence = {f: c for f, c in confidence.items() if present[f]}
    if not confidence:
        raise NoTeethError(_no_teeth(volume))
    doubtful = sorted(f for f, c in confidence.items() if c < _LOW_CONFIDENCE)
    if len(doubtful) > len(confidence) / 3:
        warnings.append(f"{len(doubtful)} of {len(confidence)} teeth have a low confidence: check the numbers before using them.")
    provenance = {
        "models": [{"id": m.id, "task": m.task, "precision": m.precision, "sha256": m.sha256, "size_bytes": m.size_bytes}
                   for m in (nets["numbering"], nets["border"])],
        "seconds": {k: round(v, 3) for k, v in seconds.items()},
        "threads": threads, "precision": precision,
        "dental_box_ras_mm": [[round(float(v), 2) for v in corner] for corner in box],
    }
    return Segmentation(volume.with_array(placed), dict(sorted(confidence.items())), provenance, warnings)


@contextmanager
def _stage(name: str, seconds: dict[str, float], report: Progress, cancelled: Callable[[], bool] | None):
    check(cancelled)
    report(name, 0, 1)
    start = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - start
    report(name, 1, 1)
    check(cancelled)


def _require_contrast(volume: Volume) -> None:
    step = max(1, round((volume.array.size / 500_000) ** (1 / 3)))
    sample = volume.array[::step, ::step, ::step]
    if not np.isfinite(sample).all():
        raise InputError(f"The scan {volume.name} contains values that are no numbers (NaN or infinite): export it again.")
    if sample.min() == sample.max() and volume.array.min() == volume.array.max():
        raise InputError(f"Every voxel of the scan {volume.name} has the same value ({sample.flat[0]:g}): it shows nothing.")


def _scan_warnings(volume: Volume) -> list[str]:
    coarse = max(volume.spacing)
    if coarse > _COARSE_SPACING_MM + 1e-6:
        return [f"The voxels are {coarse:.2g} mm long; above {_COARSE_SPACING_MM} mm neighbouring teeth merge and thin roots get lost."]
    return []


def _no_teeth(volume: Volume) -> str:
    size = " x ".join(f"{n * s:.0f}" for n, s in zip(volume.array.shape[::-1], volume.spacing, strict=True))
    return (f"No teeth were found in {volume.name} ({size} mm): check that it is a CBCT or CT of the jaws, that its spacing is "
            "right and that the teeth are in the field of view.")


def dental_box(coarse: CoarseMap, volume: Volume) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Box (R, A, S mm) around the teeth of the coarse map, with a margin, inside the scan. NoTeethError if there are none."""
    from scipy import ndimage

    tooth = coarse.tooth >= HALF
    cell = coarse.spacing ** 3
    labels, count = ndimage.label(tooth, np.ones((3, 3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:] * cell
    if count == 0 or sizes.sum() < _LEAST_TOOTH_MM3 or sizes.max() < _LEAST_TOOTH_MM3:
        raise NoTeethError(_no_teeth(volume))
    points = coarse.to_ras(np.argwhere(labels))
    owner = labels[labels > 0] - 1
    middle = np.median(points[np.isin(owner, np.nonzero(sizes >= 60.0)[0])], axis=0)
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for k in np.nonzero(sizes >= 40.0)[0]:
        mine = points[owner == k]
        if np.linalg.norm(mine.mean(0) - middle) < 65.0:
            low, high = np.minimum(low, mine.min(0)), np.maximum(high, mine.max(0))
    low, high = low - _BOX_MARGIN_MM, high + _BOX_MARGIN_MM
    half = np.array(_BOX_LIMIT_MM) / 2
    low, high = np.maximum(low, middle - 1.3 * half), np.minimum(high, middle + 1.3 * half)
    bounds = volume.ras_bounds()
    low, high = np.maximum(low, bounds[0]), np.minimum(high, bounds[1])
    return tuple(map(float, low)), tuple(map(float, high))


def _number(found: Instances, tooth: np.ndarray, grid: Volume) -> tuple[np.ndarray, dict[int, float], list[str]]:
    """Instances -> FDI label map on grid, confidence per tooth, warnings about objects left out."""
    from scipy import ndimage

    labels = np.zeros(grid.array.shape, np.uint8)
    if len(found) == 0:
        return labels, {}, []
    flat = np.flatnonzero(found.labels)
    ids = found.labels.reshape(-1)[flat].astype(np.int64)
    count = len(found)
    number = np.bincount(ids, minlength=count + 1)[1:].astype(float)
    index = np.stack([np.bincount(ids, weights=c, minlength=count + 1)[1:] for c in np.unravel_index(flat, labels.shape)], 1)
    centroids = grid.index_to_ras(index / np.maximum(number, 1)[:, None])
    volumes = number * grid.voxel_volume_mm3
    surely = np.bincount(ids, weights=tooth.reshape(-1)[flat] / 255.0, minlength=count + 1)[1:] / np.maximum(number, 1)
    plausible = (volumes >= _ISLAND_MM3) & ((surely >= 0.55) | (found.votes[:, 0] < 0.5)) & (found.votes[:, 0] < 0.97)
    plausible = np.nonzero(plausible)[0]
    plausible = plausible[_near_arch(found.votes[plausible], centroids[plausible], volumes[plausible])]
    result = number_teeth(found.votes[plausible], centroids[plausible], volumes[plausible])

    fdi = np.zeros(count + 1, np.uint8)
    fdi[plausible + 1] = result.fdi
    joined = _join_rejected(found, fdi, volumes, ndimage.find_objects(found.labels))
    labels = fdi[found.labels]
    confidence = {int(f): round(float(c), 4) for f, c in zip(result.fdi, result.confidence, strict=True) if f}
    lost = [k for k in np.nonzero(fdi[1:] == 0)[0] if volumes[k] >= 60.0 and found.votes[k, 0] < 0.5 and not joined[k]]
    notes = []
    for k in lost:
        r, a, s = centroids[k]
        notes.append(f"A tooth-like object of {volumes[k]:.0f} mm^3 at R {r:.0f}, A {a:.0f}, S {s:.0f} mm got no number: it may be "
                     "an extra tooth, a piece of a neighbour, or no tooth.")
    return labels, confidence, notes


def _near_arch(votes: np.ndarray, centroids: np.ndarray, volumes: np.ndarray) -> np.ndarray:
    """Boolean (N,): which instances lie near a tooth of the mean dentition fitted to all."""
    if len(votes) < 4:
        return np.ones(len(votes), bool)
    rotation, shift = number_teeth(votes, centroids, volumes).frame
    local = centroids @ rotation.T + shift
    mean = np.array([*mean_dentition().values()])
    return np.linalg.norm(local[:, None] - mean[None], axis=2).min(1) < _FAR_MM


def _join_rejected(found: Instances, fdi: np.ndarray, volumes: np.ndarray, boxes: list) -> np.ndarray:
    """Give a rejected piece (fdi 0) the number of the numbered instance it touches most, if its own votes agree and the two together
    are not too large for one tooth. fdi (N + 1,) is changed in place; returns which pieces were joined, (N,) bool."""
    from scipy import ndimage

    joined = np.zeros(len(found), bool)
    for k in np.nonzero(fdi[1:] == 0)[0]:
        box = tuple(slice(max(s.start - 1, 0), s.stop + 1) for s in boxes[k])
        view = found.labels[box]
        mask = view == k + 1
        near = view[ndimage.binary_dilation(mask, np.ones((3, 3, 3))) & ~mask]
        touch = np.bincount(near, minlength=len(found) + 1).astype(float)
        touch[fdi == 0] = 0
        if touch.max() == 0:
            continue
        host = int(touch.argmax())
        wanted = CLASS_FDI.index(int(fdi[host]))
        teeth = found.votes[k, 1:] / max(found.votes[k, 1:].sum(), 1e-9)
        if teeth[wanted - 1] >= 0.2 and volumes[k] + volumes[host - 1] < 1.8 * usual_volume(wanted):
            fdi[k + 1] = fdi[host]
            joined[k] = True
    return joined
