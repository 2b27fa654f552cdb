"""What a fusion starts from: a CBCT and one or two jaws with numbered teeth, segmented where they are not yet."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..dentition import Confidence, Known
from ..errors import InputError, UsageError
from ..files.label_maps import read_fdi_labels
from ..files.meshes import is_mesh_file, read_mesh
from ..files.seg_nrrd import stored_confidence, stored_known
from ..files.volumes import placed_on, read_volume
from ..fusion.pose import jaw_of
from ..options import RunOptions
from ..reports.report import confidence_of, known_of
from .checking import kept_beside, require_teeth
from .job import PAIR, Job
from .segmenting import segment

if TYPE_CHECKING:
    from ..files.volumes import Volume
    from ..fusion.pose import NumberedScan

#: From this probability on, what a scan's shape says of its jaw is taken for true.
_SURE_OF_JAW = 0.85


@dataclass(frozen=True)
class NumberedCbct:
    """image: grey values; labels: FDI numbers on the same grid; confidence, known: of these; warnings: sentences."""

    image: Volume
    labels: Volume
    confidence: Confidence
    known: Known
    warnings: list[str]


@dataclass(frozen=True)
class NumberedJaw:
    """name: what the scan is called; jaw: "upper" or "lower"; scan: its surface with numbers; known: of these;
    warnings: sentences."""

    name: str
    jaw: str
    scan: NumberedScan
    known: Known
    warnings: list[str]


def require_fusion(inputs: Sequence[str | os.PathLike[str]], jaws: Sequence[str | None] | None = None) -> None:
    """Refuse what is not a CBCT and the meshes of one or two jaws.

    Raises
    ------
    UsageError
        For a number of files, or named jaws, that make no sense.
    InputError
        For a mesh as CBCT, and for a scan that is none.
    """
    cbct, *scans = inputs
    if not 1 <= len(scans) <= 2:
        raise UsageError("Give the CBCT and the mesh of one jaw, or of both: first the upper, then the lower jaw.")
    if len(scans) == 2 and any(jaws or ()):
        raise UsageError("With two jaws their order says which is which (upper first): leave --jaw out.")
    if is_mesh_file(cbct):
        raise InputError(f"'{cbct}' is a mesh: give the CBCT first, and the jaws' meshes then.")
    if Path(cbct).exists():
        for path in scans:
            if not is_mesh_file(path):
                raise InputError(f"'{path}' is no mesh: give an intraoral scan (STL, PLY, OBJ, VTP).")


def is_labelled(path: str | os.PathLike[str]) -> bool:
    """Whether a mesh has tooth labels."""
    from ..files.jaw_labels import holds_labels

    return holds_labels(read_mesh(path)[0])


def read_image(job: Job) -> tuple[Volume, list[str]]:
    """The CBCT's grey values, and warnings. Raises InputError."""
    return read_volume(job.inputs[0], series=job.series, orientation=job.orientation)


def numbered_cbct(job: Job, image: Volume, warnings: list[str], options: RunOptions) -> NumberedCbct:
    """The CBCT of a job with its teeth, which are read or found.

    Raises
    ------
    InputError
        For labels on another grid, and a network that numbers no teeth.
    """
    cbct = job.inputs[0]
    if job.labels is None:
        name = f"{job.name}_cbct" if job.name else None
        run = segment(
            Job([cbct], job.output, "volume", name=name, series=job.series, orientation=job.orientation), options
        )
        if run.labels is None or not run.labels.array.any():
            raise InputError(f"'{cbct}' was segmented without numbered teeth: give a label map (--labels).")
        report = run.report
        return NumberedCbct(image, run.labels, confidence_of(report), known_of(report), list(report["warnings"]))
    labels, more = read_fdi_labels(job.labels, orientation=job.orientation)
    placed = placed_on(labels, image)
    if placed is None:
        raise InputError(f"'{job.labels}' is no label map of '{cbct}': the two have different voxels.")
    labels = placed
    known = stored_known(labels) or kept_beside(job.labels, labels.name)
    return NumberedCbct(image, labels, stored_confidence(labels), known, [*warnings, *more])


def numbered_jaws(job: Job, labelled: Sequence[bool], options: RunOptions) -> list[NumberedJaw]:
    """The jaws of a job with their teeth, the upper jaw first where both are given.

    labelled: whether each mesh has labels; those that have none are segmented, two together.

    Raises
    ------
    InputError
        For a mesh without a tooth, and one that is another jaw than it is given as.
    """
    scans = job.inputs[1:]
    stated: list[str | None] = list(PAIR) if len(scans) == 2 else list(job.jaws or [None])
    if not any(labelled):
        jaws = _segmented(job, scans, stated if len(scans) == 1 else [None], options)
    else:
        jaws = []
        for i, (path, known) in enumerate(zip(scans, labelled, strict=True)):
            given = job.known[i] if job.known else None
            jaws += [_read(path, given, job.unit)] if known else _segmented(job, [path], [stated[i]], options)
    for one, which in zip(jaws, stated, strict=True):
        _require_right_jaw(one, which)
    return jaws


def _segmented(
    job: Job, scans: Sequence[str | os.PathLike[str]], stated: Sequence[str | None], options: RunOptions
) -> list[NumberedJaw]:
    said = [stated[0]] if stated[0] else None
    name = job.name if job.name is None or len(scans) == 2 else f"{job.name}_{stated[0] or 'jaw'}"
    run = segment(
        Job(scans, job.output, "mesh", said, job.unit, name=name),
        replace(options, tta=False, models=None, structures=()),
    )
    return [
        NumberedJaw(report["name"], found.jaw, found, found.known, list(report["warnings"]))
        for report, found in zip(run.reports, run.segmentations, strict=True)
    ]


def _read(path: str | os.PathLike[str], given: Known | None, unit: str | None) -> NumberedJaw:
    from ..files.jaw_labels import read_labelled_jaw

    one, warnings = read_labelled_jaw(path, unit=unit)
    require_teeth(one, path)
    name = one.mesh.name
    known = given if given is not None else kept_beside(path, name)
    return NumberedJaw(name, jaw_of(one), one, known, warnings)


def _require_right_jaw(one: NumberedJaw, given: str | None) -> None:
    """Refuse a scan that is another jaw than it is given as, by its teeth's numbers or by its shape."""
    looks = getattr(one.scan, "jaw_inferred", one.jaw)
    sure = getattr(one.scan, "jaw_confidence", 1.0)
    seen = looks if sure >= _SURE_OF_JAW else one.jaw
    if given is not None and seen != given:
        raise InputError(
            f"'{one.name}' is given as the {given} jaw, but it is the {seen} one: give the upper jaw first and "
            "the lower jaw second, or the scan of the other jaw."
        )
