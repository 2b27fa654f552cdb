"""Whole runs, as the command line or a host program starts them: read, segment, check, write."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import Cancelled, InputError, MemoryLimitError, NoTeethError
from ..files.json_text import write_report_json
from ..files.label_maps import read_fdi_labels, write_labelmap
from ..files.seg_nrrd import stored_confidence, write_seg_nrrd
from ..files.transactions import all_or_nothing, require_writable
from ..files.volumes import Volume, read_volume, write_volume
from ..options import DEFAULT_PROVIDER, RunOptions, never
from ..reports.report import build_report
from .ahead import import_ahead

Progress = Callable[[str, float, float], None]


def _silent(stage: str, done: float, total: float) -> None:
    """Progress for callers who do not want any."""


@dataclass
class Run:
    """What a run leaves behind: the report, the labels on the scan's grid, the written files by kind."""

    report: dict
    labels: Volume
    files: dict[str, Path] = field(default_factory=dict)


def segment_scan(
    scan: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    series: str | None = None,
    name: str | None = None,
    threads: int | None = None,
    precision: str = "int8",
    provider: str = DEFAULT_PROVIDER,
    picture: bool = False,
    progress: Progress = _silent,
    cancelled: Callable[[], bool] = never,
) -> Run:
    """Segment a scan file or DICOM folder and write <name>_teeth.nii.gz, .seg.nrrd and <name>_report.json.

    ``picture`` adds <name>_teeth.png. ``provider``: what runs the networks (providers.PROVIDERS).
    ``progress(stage, done, total)`` is called from this thread.
    ``cancelled`` is polled at least once a second. Files appear together at the end or not at all.
    Raises any DentalTopoSegError; OutputError for an unusable folder comes before the long work.
    """
    folder = Path(folder)
    require_writable(folder)
    import_ahead()
    progress("Reading the scan", 0, 1)
    started = time.perf_counter()
    volume, warnings = read_volume(scan, series=series)
    seconds = {"read": time.perf_counter() - started}
    progress("Reading the scan", 1, 1)
    name = _checked_name(name or volume.name)
    return _segment_and_write(
        volume, folder, name, warnings, seconds, threads, precision, provider, picture, progress, cancelled
    )


def run_demo(
    folder: str | os.PathLike[str],
    *,
    seed: int = 0,
    threads: int | None = None,
    precision: str = "int8",
    provider: str = DEFAULT_PROVIDER,
    progress: Progress = _silent,
    cancelled: Callable[[], bool] = never,
) -> Run:
    """Build a phantom CBCT, segment it and write everything segment_scan writes, the scan and its true
    labels.

    The report's ``metrics`` compare the result with the phantom's exact labels. Errors as segment_scan.
    """
    from ..checks.metrics.label_maps import evaluate_pair
    from ..phantom import make_phantom

    folder = Path(folder)
    require_writable(folder)
    progress("Building a phantom scan", 0, 1)
    started = time.perf_counter()
    phantom = make_phantom(seed=seed)
    seconds = {"phantom": time.perf_counter() - started}
    progress("Building a phantom scan", 1, 1)
    name = f"phantom_{seed}"
    extra = {
        "scan": (f"{name}.nii.gz", lambda path: write_volume(phantom.image, path)),
        "truth": (f"{name}_truth.nii.gz", lambda path: write_labelmap(phantom.labels, path)),
    }
    return _segment_and_write(
        phantom.image, folder, name, [], seconds, threads, precision, provider, True, progress, cancelled,
        extra=extra, metrics=lambda labels: evaluate_pair(labels, phantom.labels),
    )  # fmt: skip


def _segment_and_write(
    volume: Volume,
    folder: Path,
    name: str,
    warnings: list[str],
    seconds: dict[str, float],
    threads: int | None,
    precision: str,
    provider: str,
    picture: bool,
    progress: Progress,
    cancelled: Callable[[], bool],
    extra: dict[str, tuple[str, Callable[[Path], Any]]] | None = None,
    metrics: Callable[[Volume], dict] | None = None,
) -> Run:
    from ..cbct import segment_volume

    try:
        segmentation = segment_volume(volume, RunOptions(threads, precision, provider, progress, cancelled))
    except MemoryError as error:
        shown = " x ".join(str(n) for n in volume.shape[::-1])
        raise MemoryLimitError(
            f"This computer's memory does not suffice for '{name}' ({shown} voxels): close other programs, "
            f"or crop "
            "the scan to the jaws."
        ) from error
    labels = segmentation.labels
    if not labels.array.any():
        raise NoTeethError(f"No teeth were found in '{name}': is it a dental scan that shows the jaws?")
    progress("Checking the teeth", 0, 1)
    started = time.perf_counter()
    report = describe(labels, name, segmentation.confidence, image=volume, calibrated=segmentation.calibrated)
    scores = metrics(labels) if metrics else None
    seconds["check"] = time.perf_counter() - started
    progress("Checking the teeth", 1, 1)

    provenance = dict(segmentation.provenance)
    provenance["seconds"] = {
        stage: round(float(s), 3)
        for stage, s in {
            "read": 0.0,
            **seconds,
            **provenance.get("seconds", {}),
            "check": seconds["check"],
        }.items()
    }
    report["provenance"] = provenance
    report["warnings"] = [*warnings, *segmentation.warnings]
    if scores is not None:
        report["metrics"] = scores
    writers: dict[str, tuple[str, Callable[[Path], Any]]] = {
        **(extra or {}),
        "labels": (f"{name}_teeth.nii.gz", lambda path: write_labelmap(labels, path)),
        "segmentation": (
            f"{name}_teeth.seg.nrrd",
            lambda path: write_seg_nrrd(labels, path, segmentation.confidence),
        ),
    }
    if picture:
        from ..pictures.volumes import overlay_png

        writers["picture"] = (f"{name}_teeth.png", lambda path: overlay_png(volume, labels, path, title=name))
    writers["report"] = (f"{name}_report.json", lambda path: write_report_json(report, path))
    report["files"] = {kind: file for kind, (file, _) in writers.items()}
    with all_or_nothing(folder) as stage:
        for i, (file, write) in enumerate(writers.values()):
            if cancelled is not None and cancelled():
                raise Cancelled()
            progress("Writing the results", i, len(writers))
            write(stage / file)
        progress("Writing the results", len(writers), len(writers))
    return Run(report, labels, {kind: folder / file for kind, (file, _) in writers.items()})


def describe(
    labels: Volume,
    name: str,
    confidence: dict[int, float] | None = None,
    image: Volume | None = None,
    calibrated: bool = True,
) -> dict:
    """The report on an FDI label map: teeth, contacts and findings; calibrated: see `findings.check_dentition`.
    Raises InputError for non-FDI values."""
    from ..checks.findings import check_dentition
    from ..checks.topology import contacts, tooth_measures

    measures = tooth_measures(labels)
    findings = check_dentition(labels, confidence, calibrated=calibrated)
    return build_report(measures, findings, name=name, confidence=confidence, contacts=contacts(labels))


def check_labels(
    path: str | os.PathLike[str],
    *,
    reference: str | os.PathLike[str] | None = None,
    numbering: str | None = None,
    reference_numbering: str | None = None,
) -> Run:
    """Findings of any tool's label map, and its scores when a reference is given.

    ``numbering``: see labelmaps.NUMBERINGS; None means FDI, or the tooth codes of a .seg.nrrd.
    Raises InputError for what is no label map, NoTeethError for an empty one.
    """
    from ..checks.metrics.label_maps import evaluate_pair

    labels, warnings = read_fdi_labels(path, numbering)
    if not labels.array.any():
        raise NoTeethError(f"'{path}' is empty: no voxel is labelled as a tooth.")
    report = describe(labels, labels.name, stored_confidence(labels) or None)
    report["warnings"] = warnings
    if reference is not None:
        truth, more = read_fdi_labels(reference, reference_numbering)
        report["warnings"] += [f"Reference: {text}" for text in more]
        report["metrics"] = evaluate_pair(labels, truth)
    return Run(report, labels)


def evaluate_files(
    prediction: str | os.PathLike[str],
    reference: str | os.PathLike[str],
    *,
    numbering: str | None = None,
    reference_numbering: str | None = None,
) -> dict:
    """Scores of one label map against another on the same grid; names, errors: metrics.evaluate_pair."""
    from ..checks.metrics.label_maps import evaluate_pair

    predicted, _ = read_fdi_labels(prediction, numbering)
    truth, _ = read_fdi_labels(reference, reference_numbering)
    return evaluate_pair(predicted, truth)


def draw_picture(
    image: str | os.PathLike[str],
    labels: str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    numbering: str | None = None,
    series: str | None = None,
) -> list[str]:
    """Write the overlay PNG of a label map on its scan; returns warnings. InputError when they lie apart."""
    from ..pictures.volumes import overlay_png

    path = Path(path).absolute()
    require_writable(path.parent)
    volume, warnings = read_volume(image, series=series)
    fdi, more = read_fdi_labels(labels, numbering)
    lower, upper = volume.ras_bounds()
    other_lower, other_upper = fdi.ras_bounds()
    if np.any(other_upper < lower) or np.any(other_lower > upper):
        raise InputError(f"'{labels}' and '{image}' do not overlap in space: they belong to different scans.")
    with all_or_nothing(path.parent) as stage:
        overlay_png(volume, fdi, stage / path.name, title=volume.name)
    return warnings + more


def _checked_name(name: str) -> str:
    from ..files.volumes import safe_stem

    return safe_stem(name)
