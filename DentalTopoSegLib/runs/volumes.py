"""Runs on CBCT: read or make a scan, segment, check, write."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import MemoryLimitError, NoTeethError
from ..files.json_text import write_report_json
from ..files.label_maps import write_labelmap
from ..files.seg_nrrd import write_seg_nrrd
from ..files.structures import known_structures, write_structures
from ..files.transactions import keep_inputs, require_writable
from ..files.volumes import Volume, read_volume, require_utf8, safe_stem, write_volume
from ..options import DEFAULTS, RunOptions
from ..reports.checksums import add_checksums
from ..stages import CHECK, MAKE_PHANTOM, READ
from .ahead import import_ahead
from .job import Job
from .refusals import refuse_structures
from .run import Run, Writers, round_seconds, write_files

if TYPE_CHECKING:
    from ..cbct import Segmentation
    from ..checks.findings import Finding
    from ..nnunet import NetworkSegmentation

# Writing copies the labels, a byte a voxel; above this the scan's grey values, two or four bytes each, go before.
_LARGE_VOXELS = 256_000_000
#: How the files are called after the scan's name, by kind.
_ENDINGS = {
    "scan": ".nii.gz",
    "truth": "_truth.nii.gz",
    "labels": "_teeth.nii.gz",
    "segmentation": "_teeth.seg.nrrd",
    "structures": "_structures.seg.nrrd",
    "picture": "_teeth.png",
    "report": "_report.json",
}


@dataclass
class Scan:
    """A CBCT in memory.

    Parameters
    ----------
    volume : Volume
        The grey values.
    name : str
        What its results are called.
    warnings : list of str
        About its file.
    seconds : dict of float
        What making or reading it took, by stage.
    truth : Volume, optional
        Of a phantom: its exact labels, FDI on the same grid.
    inputs : sequence of path
        Where it was read from.
    """

    volume: Volume
    name: str
    warnings: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    truth: Volume | None = None
    inputs: Sequence[str | os.PathLike[str]] = ()

    def drop_grey_values(self) -> None:
        """Keep the grid only."""
        self.volume = self.volume.with_array(np.broadcast_to(np.zeros((), np.uint8), self.volume.shape))


def segment_scan(job: Job, options: RunOptions = DEFAULTS) -> Run:
    """Segment the CBCT that a job names; see `segmenting.segment`, which also refuses jobs that make no sense."""
    refuse_structures(options)
    folder = Path(job.output)
    require_utf8(folder)
    require_writable(folder)
    import_ahead()
    options.progress(READ, 0, 1)
    started = time.perf_counter()
    scan = Scan(*_read(job), inputs=job.inputs)
    scan.seconds["read"] = time.perf_counter() - started
    options.progress(READ, 1, 1)
    own = [f"{scan.name}{ending}" for kind, ending in _ENDINGS.items() if kind not in ("scan", "truth")]
    keep_inputs(job.inputs, folder, own)
    return _segment_and_write(scan, folder, options, picture=job.picture)


def _read(job: Job) -> tuple[Volume, str, list[str]]:
    volume, warnings = read_volume(job.inputs[0], series=job.series, orientation=job.orientation)
    return volume, safe_stem(job.name or volume.name), warnings


def segment_phantom(folder: str | os.PathLike[str], options: RunOptions = DEFAULTS, *, seed: int = 0) -> Run:
    """Build a phantom CBCT, segment it and write all that is written of a scan, the phantom and its true labels.

    Parameters
    ----------
    folder : path
        For the results.
    options : RunOptions
        How to compute.
    seed : int
        Which phantom.

    Returns
    -------
    Run
        Its report has "metrics": the result against the phantom's exact labels.

    Raises
    ------
    DentalTopoSegError
        As `segmenting.segment`.
    """
    from ..phantom import make_phantom

    folder = Path(folder)
    require_utf8(folder)
    require_writable(folder)
    options.progress(MAKE_PHANTOM, 0, 1)
    started = time.perf_counter()
    phantom = make_phantom(seed=seed)
    seconds = {"phantom": time.perf_counter() - started}
    options.progress(MAKE_PHANTOM, 1, 1)
    scan = Scan(phantom.image, f"phantom_{seed}", seconds=seconds, truth=phantom.labels)
    return _segment_and_write(scan, folder, options, picture=True)


def _segment_and_write(scan: Scan, folder: Path, options: RunOptions, picture: bool) -> Run:
    from .checking import examine_label_map

    try:
        segmentation = _segment(scan.volume, options)
    except MemoryError as error:
        shown = " x ".join(str(n) for n in scan.volume.shape[::-1])
        raise MemoryLimitError(
            f"This computer's memory does not suffice for '{scan.name}' ({shown} voxels): close other programs, or "
            "crop the scan to the jaws."
        ) from error
    labels, found = segmentation.labels, _structures(segmentation)
    if not labels.array.any() and found is None:
        raise NoTeethError(f"No teeth were found in '{scan.name}': is it a dental scan that shows the jaws?")
    around = None if found is None else known_structures(*found)
    options.progress(CHECK, 0, 1)
    started = time.perf_counter()
    examined = examine_label_map(
        labels,
        segmentation.confidence,
        name=scan.name,
        warnings=[*scan.warnings, *segmentation.warnings],
        known=segmentation.known,
        may_be_empty=found is not None,
        structures=around,
    )
    report = examined.report
    if scan.volume.orientation_stated:
        report["orientation_stated"] = scan.volume.orientation_stated
    if scan.truth is not None:
        from ..checks.metrics.label_maps import evaluate_pair

        report["metrics"] = evaluate_pair(labels, scan.truth)
    checked = {"check": time.perf_counter() - started}
    options.progress(CHECK, 1, 1)
    seconds = round_seconds({"read": 0.0}, scan.seconds, segmentation.provenance.get("seconds", {}), checked)
    report["provenance"] = {**segmentation.provenance, "seconds": seconds}
    drawn = _picture_writer(scan, labels, examined.findings, around) if picture and labels.array.any() else None
    if scan.truth is None and scan.volume.array.size > _LARGE_VOXELS:
        scan.drop_grey_values()
    writers = _writers(scan, segmentation, report, drawn)
    report["files"] = {kind: file for kind, (file, _) in writers.items()}
    return Run([report], write_files(folder, [writers], options, scan.inputs), examined.findings, labels)


def _segment(volume: Volume, options: RunOptions) -> Segmentation | NetworkSegmentation:
    """By the installed networks, or by those of the folder that was asked for."""
    if options.models is None:
        from ..cbct import segment_volume

        return segment_volume(volume, options)
    from ..networks.folders import load_kind, tasks_in
    from ..nnunet import PARTS_TASK, TASK, segment_by_folder

    if tasks_in(options.models).isdisjoint((TASK, PARTS_TASK)):
        from ..cbct import segment_volume

        return segment_volume(volume, options, models=load_kind("volume", options.models, options))
    return segment_by_folder(volume, options.models, options)


def _structures(segmentation: Segmentation | NetworkSegmentation) -> tuple[Volume, dict[int, str]] | None:
    """What somebody's network found beside numbered teeth, with the names of its values."""
    found = getattr(segmentation, "structures", None)
    if found is None or not found.array.any():
        return None
    return found, {structure.value: structure.name for structure in segmentation.names}  # type: ignore[union-attr]


def _writers(
    scan: Scan,
    segmentation: Segmentation | NetworkSegmentation,
    report: dict[str, Any],
    picture: Callable[[Path], Any] | None,
) -> Writers:
    name, truth, labels = scan.name, scan.truth, segmentation.labels
    named = {kind: f"{name}{ending}" for kind, ending in _ENDINGS.items()}
    writers: dict[str, tuple[str, Callable[[Path], Any]]] = {}
    if truth is not None:
        writers["scan"] = (named["scan"], lambda path: write_volume(scan.volume, path))
        writers["truth"] = (named["truth"], lambda path: write_labelmap(truth, path))
    writers["labels"] = (named["labels"], lambda path: write_labelmap(labels, path))
    writers["segmentation"] = (
        named["segmentation"],
        lambda path: write_seg_nrrd(labels, path, segmentation.confidence, segmentation.known),
    )
    found = _structures(segmentation)
    if found is not None:
        writers["structures"] = (named["structures"], lambda path: write_structures(*found, path))
    if picture is not None:
        writers["picture"] = (named["picture"], picture)
    writers["report"] = (
        named["report"],
        lambda path: write_report_json(add_checksums(report, path.parent), path),
    )
    return writers


def _picture_writer(
    scan: Scan, labels: Volume, findings: list[Finding], around: Volume | None
) -> Callable[[Path], Any]:
    from ..pictures.volumes import compose, overlay_png, write_png

    if scan.volume.array.size <= _LARGE_VOXELS:
        return lambda path: overlay_png(scan.volume, labels, path, scan.name, findings, around)
    drawn = compose(scan.volume, labels, scan.name, findings, around)
    return lambda path: write_png(path, drawn)
