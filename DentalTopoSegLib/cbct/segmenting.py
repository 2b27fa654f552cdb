"""The CBCT path: scan in, numbered teeth on the scan's own grid out.

1. the scan at 1 mm -> numbering network -> coarse class probabilities (2 mm); 2. they give the dental box, or
a refusal; 3. the box at 0.5 mm -> border network, in tiles -> tooth and core probabilities; 4. cores become
instances; 5. numbers along each arch; 6. labels back on the scan's grid. Memory is bounded: only the 1 mm and
2 mm maps span the whole scan.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..dentition import CLASS_FDI
from ..dentition.numbering import mean_dentition, number_teeth
from ..errors import InputError, NoTeethError
from ..files.volumes import Volume, resample_ras
from ..networks.models import Model, describe_model, load_model
from ..networks.providers import DEFAULT_PROVIDER
from .confidence import DOUBTFUL, FEATURES, Evidence, calibrator_for, features_of, provenance_of
from .inference import CoarseMap, Progress, check, run_border, run_numbering, smooth
from .instances import HALF, ISLAND_MM3, Instances, find_instances
from .placing import clean, place, reach_on_scan
from .splitting import usual_volume

__all__ = ["Segmentation", "segment_volume"]

_LEAST_TOOTH_MM3 = 120.0  # of coarse tooth voxels in the whole scan, and in one connected piece; less is no dentition
_BOX_MARGIN_MM = 9.0
_MOST_TOOTH_CM3 = 100.0  # 32 large teeth have half of it
_VOTE_MM = 4.0  # raster of the votes for the dentition's place
_AGREE_MM = 28.0  # votes this near agree: a head tilted by 25 degrees, an open mouth, a large or small jaw
_FAR_MM = 24.0  # further than this from every tooth of the mean dentition stands no tooth
_LOW_CONFIDENCE = 0.5
_NO_TOOTH = 0.1  # calibrated; of the teeth below it on held-out phantoms none was right


@dataclass(frozen=True)
class Segmentation:
    """labels: uint8 FDI on the scan's grid. confidence: FDI -> 0..1, the estimated probability that the tooth is
    right (a tooth with this number is there, IoU >= 0.5), see `confidence`. provenance: models (id, sha256, ...),
    the confidence's calibration ("uncalibrated" with networks it was not fitted for: then confidence is the score),
    seconds per stage. warnings: sentences about the scan's quality and about what was left out. scores: FDI -> 0..1,
    the numbering's own score. features: FDI -> what the confidence is computed from, by name."""

    labels: Volume
    confidence: dict[int, float]
    provenance: dict[str, Any]
    warnings: list[str] = field(default_factory=list)
    scores: dict[int, float] = field(default_factory=dict)
    features: dict[int, dict[str, float]] = field(default_factory=dict)

    @property
    def calibrated(self) -> bool:
        """Whether confidence is a measured probability."""
        return self.provenance["confidence"]["calibration"] != "uncalibrated"


def segment_volume(
    volume: Volume,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    precision: str = "int8",
    provider: str = DEFAULT_PROVIDER,
    models: Mapping[str, Model] | None = None,
) -> Segmentation:
    """Find and number the teeth of a CBCT (or CT) scan.

    volume: any orientation and spacing, grey values need not be calibrated. threads: CPU threads, None for
    all. progress(stage, done, total) is called at every step. cancelled() is asked several times a second;
    Cancelled is raised when it answers True. precision: "int8" or "fp32". provider: what runs the networks
    (providers.PROVIDERS). models: other networks than the installed ones, by task, each with its own provider; if no
    calibration belongs to them, the confidence is uncalibrated. The same scan gives the same labels from one provider,
    whatever the number of threads.
    NoTeethError: nothing tooth-like was found; InputError: no contrast; ModelError: a network or its calibration is
    unusable.
    """
    report = progress or (lambda stage, done, total: None)
    seconds: dict[str, float] = {}
    with _stage("load the networks", seconds, report, cancelled):
        nets = (
            dict(models)
            if models is not None
            else {task: load_model(task, threads, precision, provider=provider) for task in ("numbering", "border")}
        )
        calibrator = calibrator_for(nets)
    warnings: list[str] = []

    with _stage("prepare the scan", seconds, report, cancelled):
        _require_contrast(volume)
        whole = resample_ras(volume, float(nets["numbering"].metadata["spacing_mm"]))
    with _stage("find the teeth", seconds, report, cancelled):
        coarse = run_numbering(nets["numbering"], whole, volume, report, cancelled)
        del whole
        region = dental_region(coarse, volume)
    with _stage("draw the borders", seconds, report, cancelled):
        grid = resample_ras(volume, float(nets["border"].metadata["spacing_mm"]), region.box)
        tooth, core = run_border(nets["border"], grid, volume, coarse, report, cancelled)
        tooth = smooth(tooth)
        grid = grid.with_array(
            np.broadcast_to(np.zeros((), np.uint8), grid.array.shape)
        )  # the grey values are done with
    with _stage("separate the teeth", seconds, report, cancelled):
        found = find_instances(tooth, core, coarse, grid)
        del core
    with _stage("number the teeth", seconds, report, cancelled):
        labels, scores, features, notes = _number(found, tooth, grid, region)
        warnings += notes
        del found
        confidence = scores
        if calibrator is not None and scores:
            sure = calibrator.confidence(np.array([list(row.values()) for row in features.values()]))
            confidence = {f: round(float(p), 4) for f, p in zip(features, sure, strict=True)}
    if not confidence:
        raise NoTeethError(_no_teeth(volume, float((coarse.tooth >= HALF).sum()) * coarse.spacing**3 / 1000))
    with _stage("place on the scan", seconds, report, cancelled):
        clean(labels, int(ISLAND_MM3 / grid.voxel_volume_mm3))
        placed = place(labels, tooth, grid, volume)
        used = placed[reach_on_scan(labels, grid, volume) or ()]  # a view: the rest of a large scan is empty
        clean(used, int(np.ceil(ISLAND_MM3 / volume.voxel_volume_mm3)))
        present = np.bincount(used[used > 0], minlength=256)
        confidence = {f: c for f, c in confidence.items() if present[f]}
    if not confidence:
        raise NoTeethError(_no_teeth(volume))
    if calibrator is not None and max(confidence.values()) < _NO_TOOTH:
        raise NoTeethError(_no_teeth(volume))
    doubtful = sorted(f for f, c in confidence.items() if c < _LOW_CONFIDENCE)
    if len(doubtful) > len(confidence) / 3:
        warnings.append(
            f"{len(doubtful)} of {len(confidence)} teeth have a low confidence: check the numbers before using them."
        )
    provenance = {
        "models": [describe_model(nets[task], task) for task in ("numbering", "border")],
        "seconds": {k: round(v, 3) for k, v in seconds.items()},
        "threads": threads,
        "precision": precision,
        "confidence": provenance_of(calibrator),
        "dental_box_ras_mm": [[round(float(v), 2) for v in corner] for corner in region.box],
    }
    confidence, scores, features = ({f: by[f] for f in sorted(confidence)} for by in (confidence, scores, features))
    return Segmentation(volume.with_array(placed), confidence, provenance, warnings, scores, features)


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
        raise InputError(
            f"The scan {volume.name} contains values that are no numbers (NaN or infinite): export it again."
        )
    if sample.min() == sample.max() and volume.array.min() == volume.array.max():
        raise InputError(
            f"Every voxel of the scan {volume.name} has the same value ({sample.flat[0]:g}): it shows nothing."
        )


def _no_teeth(volume: Volume, found_cm3: float = 0.0) -> str:
    size = " x ".join(f"{n * s:.0f}" for n, s in zip(volume.array.shape[::-1], volume.spacing, strict=True))
    if found_cm3 > _MOST_TOOTH_CM3:
        return (
            f"No dentition was found in {volume.name} ({size} mm): the network took {found_cm3:.0f} cm^3 for tooth, "
            "more than any mouth holds, so it cannot read this kind of scan."
        )
    return (
        f"No teeth were found in {volume.name} ({size} mm): check that it is a CBCT or CT of the jaws, that its "
        "spacing is right and that the teeth are in the field of view."
    )


@dataclass(frozen=True)
class DentalRegion:
    """Where the dentition is. box: lower and upper corner (R, A, S mm). origin: RAS mm of the mean
    dentition's origin."""

    box: tuple[tuple[float, float, float], tuple[float, float, float]]
    origin: np.ndarray


def dental_region(coarse: CoarseMap, volume: Volume) -> DentalRegion:
    """Find the dentition in the coarse map; NoTeethError if there is none.

    Every tooth voxel votes for the place of the whole dentition: its own place minus that of its number in
    the mean dentition (a generalised Hough transform, Ballard 1981). Teeth agree; vertebrae or ear bones
    taken for teeth vote all over the scan.
    """
    from scipy import ndimage
    from scipy.spatial import cKDTree

    tooth = coarse.tooth >= HALF
    cell = coarse.spacing**3
    where = np.argwhere(tooth)
    if len(where) * cell < _LEAST_TOOTH_MM3:
        raise NoTeethError(_no_teeth(volume))
    points = coarse.to_ras(where)
    number = coarse.probabilities[1:, tooth].argmax(0)
    mean = np.array([mean_dentition()[f] for f in CLASS_FDI[1:]])
    votes = points - mean[number]
    weight = coarse.probabilities[1:, tooth].max(0) / 255.0
    low = votes.min(0) - 3 * _VOTE_MM
    index = np.rint((votes - low) / _VOTE_MM).astype(int)
    table = np.zeros(index.max(0) + 4)
    np.add.at(table, tuple(index.T), weight)
    table = ndimage.gaussian_filter(table, 10.0 / _VOTE_MM, mode="constant")
    origin = low + np.array(np.unravel_index(table.argmax(), table.shape)) * _VOTE_MM
    for _ in range(5):
        near = np.linalg.norm(votes - origin, axis=1) < _AGREE_MM
        origin = np.average(votes[near], axis=0, weights=weight[near] + 1e-6) if near.any() else origin
    agree = np.linalg.norm(votes - origin, axis=1) < _AGREE_MM
    labels, count = ndimage.label(tooth, np.ones((3, 3, 3)))
    owner = labels[tooth]
    support = np.bincount(owner, weights=agree, minlength=count + 1) * cell
    biggest = support.max()
    if support.sum() < _LEAST_TOOTH_MM3 or biggest < _LEAST_TOOTH_MM3:
        raise NoTeethError(_no_teeth(volume, len(where) * cell / 1000))
    # a component may run on into something else, so only its voxels not too far from a mean tooth count
    close = cKDTree(origin + mean).query(points)[0] < _FAR_MM
    mine = points[(support[owner] >= ISLAND_MM3) & close]
    low, high = mine.min(0) - _BOX_MARGIN_MM, mine.max(0) + _BOX_MARGIN_MM
    bounds = volume.ras_bounds()
    low, high = np.maximum(low, bounds[0]), np.minimum(high, bounds[1])
    return DentalRegion((tuple(map(float, low)), tuple(map(float, high))), origin)


def _number(
    found: Instances, tooth: np.ndarray, grid: Volume, region: DentalRegion
) -> tuple[np.ndarray, dict[int, float], dict[int, dict[str, float]], list[str]]:
    """Instances -> FDI label map on grid, score and `FEATURES` per tooth, warnings about objects left out."""
    from scipy import ndimage

    labels = np.zeros(grid.array.shape, np.uint8)
    if len(found) == 0:
        return labels, {}, {}, []
    flat = np.flatnonzero(found.labels)
    ids = found.labels.reshape(-1)[flat].astype(np.int64)
    count = len(found)
    number = np.bincount(ids, minlength=count + 1)[1:].astype(float)
    index = np.stack(
        [np.bincount(ids, weights=c, minlength=count + 1)[1:] for c in np.unravel_index(flat, labels.shape)], 1
    )
    centroids = grid.index_to_ras(index / np.maximum(number, 1)[:, None])
    volumes = number * grid.voxel_volume_mm3
    surely = np.bincount(ids, weights=tooth.reshape(-1)[flat] / 255.0, minlength=count + 1)[1:] / np.maximum(number, 1)
    plausible = (volumes >= ISLAND_MM3) & ((surely >= 0.55) | (found.votes[:, 0] < 0.5)) & (found.votes[:, 0] < 0.97)
    plausible = np.nonzero(plausible)[0]
    plausible = plausible[_near_arch(found.votes[plausible], centroids[plausible], region.origin)]
    result = number_teeth(found.votes[plausible], centroids[plausible], volumes[plausible])

    fdi = np.zeros(count + 1, np.uint8)
    fdi[plausible + 1] = result.fdi
    joined = _join_rejected(found, fdi, volumes, ndimage.find_objects(found.labels))
    labels = fdi[found.labels]
    scores = {int(f): round(float(c), 4) for f, c in zip(result.fdi, result.confidence, strict=True) if f}
    kept = np.nonzero(result.fdi)[0]
    mine = plausible[kept]
    given = result.fdi[kept]
    doubts = np.bincount(ids, weights=tooth.reshape(-1)[flat] < DOUBTFUL, minlength=count + 1)[1:]
    rotation, shift = result.frame
    values = features_of(
        Evidence(
            fdi=given,
            posterior=result.posterior[kept],
            votes=found.votes[mine],
            volume_mm3=np.bincount(fdi[1:], weights=volumes, minlength=256)[given],  # with what was joined
            doubtful=(doubts / np.maximum(number, 1))[mine],
            local_mm=centroids[mine] @ rotation.T + shift,
            at_edge=_at_edge(labels)[given],
        )
    )
    features = {int(f): dict(zip(FEATURES, map(float, row), strict=True)) for f, row in zip(given, values, strict=True)}
    lost = [
        int(k)
        for k in plausible
        if fdi[k + 1] == 0 and volumes[k] >= 60.0 and found.votes[k, 0] < 0.5 and not joined[k]
    ]
    places = "; ".join(
        f"{volumes[k]:.0f} mm^3 at R {centroids[k][0]:.0f}, A {centroids[k][1]:.0f}, S {centroids[k][2]:.0f} mm"
        for k in sorted(lost, key=lambda k: -volumes[k])[:4]
    )
    notes = []
    if lost:
        notes.append(
            f"{len(lost)} tooth-like object(s) got no number ({places}): extra teeth, pieces of a neighbour, "
            "or no teeth."
        )
    return labels, scores, features, notes


def _at_edge(labels: np.ndarray) -> np.ndarray:
    """(256,) bool: which numbers of a label map reach one of its outermost two planes. The dental box ends that near to
    a tooth only where the scan ends."""
    found = np.zeros(256, bool)
    for axis in range(3):
        planes = np.moveaxis(labels, axis, 0)
        for outer in (planes[:2], planes[-2:]):
            found[outer] = True
    found[0] = False
    return found


def _near_arch(votes: np.ndarray, centroids: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """Boolean (N,): which instances lie near some tooth of the mean dentition and not too far from the one
    they look like."""
    mean = np.array([mean_dentition()[f] for f in CLASS_FDI[1:]])
    distance = np.linalg.norm((centroids - origin)[:, None] - mean[None], axis=2)
    teeth = votes[:, 1:] / np.maximum(votes[:, 1:].sum(1, keepdims=True), 1e-9)
    return (distance.min(1) < _FAR_MM) & ((teeth * np.minimum(distance, 80.0)).sum(1) < _AGREE_MM + 5.0)


def _join_rejected(found: Instances, fdi: np.ndarray, volumes: np.ndarray, boxes: list) -> np.ndarray:
    """Give a rejected piece (fdi 0) the number of the numbered instance it touches most, if its own votes
    agree and the two together are not too large for one tooth. fdi (N + 1,) is changed in place; returns
    which pieces were joined, (N,) bool."""
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
