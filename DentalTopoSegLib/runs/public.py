"""What `DentalTopoSegLib` promises where volumes and jaws are taken alike: check, repair, numbering again, evaluate,
segment, export."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ..cbct.segmenting import Segmentation
from ..checks.findings import Finding, check_dentition, check_jaws, repairs_for
from ..checks.repair import Repair, make_edit
from ..checks.repair import number_again as numbering_again
from ..dentition import Stated
from ..errors import InputError
from ..files.meshes import Mesh, Surface, clean
from ..files.volumes import Volume
from ..ios import segmenting as ios_segmenting
from ..ios.jaw_pairs import jaw_of_faces
from ..ios.segmenting import JawSegmentation
from ..options import DEFAULTS, RunOptions
from .checking import check_file, evaluate_files
from .job import Job
from .repairing import told_of_left_out
from .results import export_result
from .run import Run
from .segmenting import segment

if TYPE_CHECKING:
    FilePath = str | os.PathLike[str]

Result = TypeVar("Result", Segmentation, JawSegmentation)
Labels = TypeVar("Labels", Volume, Segmentation, JawSegmentation)


def segment_jaws(
    meshes: Sequence[Mesh | Surface],
    options: RunOptions = DEFAULTS,
    *,
    jaws: Sequence[str | None] | None = None,
    unit: str | None = None,
) -> list[JawSegmentation]:
    """Number the teeth of one scanned jaw, or of two jaws of one patient.

    Parameters
    ----------
    meshes : sequence of Mesh or Surface
        One or two, in any position; what `read_mesh` gives is cleaned first.
    options : RunOptions
        How to compute.
    jaws : sequence of str or None, optional
        "upper" or "lower" for each; None decides by the shape.
    unit : str, optional
        Of the meshes' coordinates: "mm", "cm", "m" or "inch"; None guesses it from the size.

    Returns
    -------
    list of JawSegmentation
        FDI numbers per vertex and face of each surface, in the order given.

    Raises
    ------
    InputError
        For what is no surface, too small to be a jaw, of no believable size, or holds both jaws.
    NoTeethError
        Where no tooth is found.
    """
    surfaces, warnings = [], []
    for mesh in meshes:
        surface, told = (mesh, []) if isinstance(mesh, Surface) else clean(mesh, unit)
        surfaces.append(surface)
        warnings.append(told)
    names = [getattr(mesh, "name", "") or f"Scan {k}" for k, mesh in enumerate(meshes, start=1)]
    for surface, name in zip(surfaces, names, strict=True):
        if jaw_of_faces(surface, name) is not None:
            raise InputError(f"'{name}' holds both jaws: give each as a mesh of its own, or its file to segment_scan.")
    found = ios_segmenting.segment_jaws(surfaces, options, jaws=jaws, names=names)
    return [replace(jaw, warnings=[*told, *jaw.warnings]) for jaw, told in zip(found, warnings, strict=True)]


def segment_scan(
    paths: FilePath | Sequence[FilePath], folder: FilePath, options: RunOptions = DEFAULTS, **what: Any
) -> Run:
    """Read a CBCT or the meshes of one or two jaws, number and check the teeth, and write the results.

    Parameters
    ----------
    paths : path or sequence of path
        One CBCT (file or DICOM folder), or one or two meshes, the upper jaw first.
    folder : path
        Gets all files or none.
    options : RunOptions
        How to compute.
    **what
        Further fields of `runs.job.Job`: name, anonymous_names, series, orientation, picture, jaws, unit,
        per_tooth.

    Returns
    -------
    Run
        Reports, findings, labels, and the written files.

    Raises
    ------
    DentalTopoSegError
        Each kind there is.
    """
    inputs = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    return segment(Job(inputs, folder, **what), options)


def check(result: Volume | Segmentation | JawSegmentation | Sequence[JawSegmentation] | FilePath) -> list[Finding]:
    """What is wrong or worth a look in a numbered dentition, the gravest first.

    Parameters
    ----------
    result : Volume, Segmentation, JawSegmentation, sequence of JawSegmentation, or path
        A label map of FDI numbers, the result of a segmentation, the two jaws of one dentition, or the file of any
        program's label map or labelled mesh.

    Returns
    -------
    list of Finding
        `finding.message` is a sentence with FDI numbers, `finding.say("Universal")` one with others.

    Raises
    ------
    NoTeethError
        Where nothing is labelled as a tooth.
    InputError
        For values that are no FDI numbers, or a file that holds no labels.

    Examples
    --------
    >>> import numpy as np
    >>> from DentalTopoSegLib import Volume, check
    >>> array = np.zeros((60, 60, 60), np.uint8)
    >>> array[10:40, 20:30, 20:30], array[20:25, 24:27, 24:27] = 16, 0
    >>> [finding.say("Universal") for finding in check(Volume(array, (0.5, 0.5, 0.5))) if finding.code == "void"]
    ['Tooth 3 has an enclosed hollow of 5.6 mm³ in all.']
    """
    if isinstance(result, (str, os.PathLike)):
        return check_file(result).findings
    if isinstance(result, Segmentation):
        known = result.known
        return check_dentition(
            result.labels,
            result.confidence,
            absent=known.stated.absent,
            structures=result.structures,
            two_numbers=known.two_numbers,
        )
    if isinstance(result, Volume):
        return check_dentition(result)
    jaws = [result] if isinstance(result, JawSegmentation) else list(result)
    return check_jaws(jaws, [f"the {jaw.jaw} jaw" for jaw in jaws])


def repair(labels: Labels, what: Repair | Finding) -> Labels:
    """Make a repair; the labels that are given stay as they are.

    Parameters
    ----------
    labels : Volume, Segmentation or JawSegmentation
        Numbered teeth.
    what : Repair or Finding
        What to do, or the finding whose most likely repair is to be made.

    Returns
    -------
    Volume, Segmentation or JawSegmentation
        The same with the change made, confidences included.

    Raises
    ------
    InputError
        Where the finding has no repair that can be made by itself.
    RepairRefusedError
        An InputError: the repair is not possible, or would give two teeth one number.

    Examples
    --------
    >>> import numpy as np
    >>> from DentalTopoSegLib import Volume, check, repair
    >>> array = np.zeros((60, 60, 60), np.uint8)
    >>> array[10:40, 20:30, 20:30], array[20:25, 24:27, 24:27] = 16, 0
    >>> labels = Volume(array, (0.5, 0.5, 0.5))
    >>> hollow = next(finding for finding in check(labels) if finding.code == "void")
    >>> int((repair(labels, hollow).array == 16).sum() - (array == 16).sum())
    45
    """
    if isinstance(what, Finding):
        repairs = [made for made in repairs_for(what) if not made.needs_number]
        if not repairs:
            raise InputError(f"Only a person can settle this finding: {what.message}")
        what = repairs[0]
    if not isinstance(labels, (Volume, Segmentation, JawSegmentation)):
        raise InputError(f"A {type(labels).__name__} cannot be repaired: give a volume, a segmentation or a jaw.")
    if isinstance(labels, JawSegmentation):
        edit = make_edit(labels, what)
        known, confidence = edit.known(labels.known), dict(edit.confidence(labels.confidence))
        return replace(edit.apply(labels), known=known, confidence=confidence)
    volume = labels.labels if isinstance(labels, Segmentation) else labels
    edit = make_edit(volume, what)
    repaired = volume.with_array(volume.array.copy())
    edit.apply(repaired.array)
    if isinstance(labels, Segmentation):
        known, confidence = edit.known(labels.known), edit.confidence(labels.confidence)
        return replace(labels, labels=repaired, confidence=confidence, known=known)
    return repaired


def number_again(result: Result, *, absent: Collection[int] = (), milk: bool | None = None) -> Result:
    """Number the teeth of a result again with what is stated of them; what is given stays as it is.

    Parameters
    ----------
    result : Segmentation or JawSegmentation
        Of a run: it knows what its numbers were found from.
    absent : collection of int
        FDI numbers of all teeth that are not there; they take the place of those that were stated before.
    milk : bool, optional
        Whether milk teeth may stand; None: not stated.

    Returns
    -------
    Segmentation or JawSegmentation
        The same teeth; none has an absent tooth's number, and the others follow. `result.known` says what was stated,
        `result.warnings` which tooth is no longer labelled because no number was left for it.

    Raises
    ------
    UsageError
        For an absent tooth that is none.
    RepairRefusedError
        An InputError: this is stated already, or nothing is kept of what a number was found from that would have to
        change.
    """
    labels = result.labels.array if isinstance(result, Segmentation) else result.fdi
    teeth = [int(fdi) for fdi in np.unique(labels) if fdi]
    again: Repair = numbering_again(result.known, teeth, Stated(frozenset(absent), milk))
    numbered: Result = repair(result, again)
    return replace(numbered, warnings=[*numbered.warnings, *told_of_left_out(again)])


def evaluate(
    prediction: Volume | Segmentation | JawSegmentation | FilePath,
    reference: Volume | JawSegmentation | np.ndarray | FilePath,
) -> dict[str, Any]:
    """Scores of numbered teeth against a reference.

    Parameters
    ----------
    prediction : Volume, Segmentation, JawSegmentation or path
        What was found.
    reference : Volume, JawSegmentation, (V,) array or path
        The truth on the same grid; of a jaw on the same surface, or the FDI number of each of its vertices; or the file
        of one where `prediction` is a file.

    Returns
    -------
    dict
        Dice, NSD, numbers found and right, topology, per tooth and as means: see
        `checks.metrics.label_maps.evaluate_pair` and `checks.metrics.surfaces.evaluate_mesh`.

    Raises
    ------
    InputError
        Where the two do not belong together.
    """
    from ..checks.metrics.label_maps import evaluate_pair
    from ..checks.metrics.surfaces import evaluate_mesh

    if isinstance(prediction, Segmentation):
        prediction = prediction.labels
    if isinstance(prediction, Volume) and isinstance(reference, Volume):
        return evaluate_pair(prediction, reference)
    if isinstance(prediction, JawSegmentation) and isinstance(reference, (JawSegmentation, np.ndarray)):
        surface = prediction.surface
        truth, face_truth = (
            (reference.fdi, reference.face_fdi) if isinstance(reference, JawSegmentation) else (reference, None)
        )
        if np.shape(truth) != prediction.fdi.shape:
            raise InputError(
                f"The reference has {len(truth):,} vertices, the jaw {len(prediction.fdi):,}: "
                "give labels of the same mesh."
            )
        return evaluate_mesh(
            surface.vertices,
            surface.faces,
            prediction.fdi,
            truth,
            face_predicted=prediction.face_fdi,
            face_reference=face_truth,
        )
    if isinstance(prediction, (str, os.PathLike)) and isinstance(reference, (str, os.PathLike)):
        return evaluate_files(prediction, reference)
    raise InputError(
        f"A {type(prediction).__name__} cannot be compared with a {type(reference).__name__}: give two of one kind."
    )


def export(path: FilePath, folder: FilePath, format: str, **options: Any) -> dict[str, Path]:
    """Write a result that is on the disk in another program's format, all files or none.

    Parameters
    ----------
    path : path
        A label map, a labelled mesh, or a run's <name>_report.json, which keeps the confidences.
    folder : path
        Gets the files.
    format : str
        The name of one of `exports.FORMATS`: "stl", "obj", "ply", "glb", "nifti", "seg.nrrd", "dicom-seg", ...
    **options
        scan, series: the scan it was made from; space: "LPS" or "RAS"; numbering: of a label map's values;
        orientation: of files that do not say where left and right are; language: of "html", "en", "de" or "fr".

    Returns
    -------
    dict
        The written files by kind.

    Raises
    ------
    InputError
        For a format that does not fit the result, and where an optional package or the scan is absent.
    OutputError
        For everything the disk refuses.
    """
    return export_result(path, folder, format, **options)[0]
