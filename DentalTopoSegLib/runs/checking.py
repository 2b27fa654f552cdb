"""Runs on labels that are there, any tool's: what is wrong with them, and how they compare with a reference."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..dentition import Known
from ..dentition.structures import error_of
from ..errors import InputError, NoTeethError, UsageError
from ..exports import Examination
from ..files.label_content import LabelMap
from ..files.label_maps import GroupedLabelsError, left_aside, read_grouped_labels, read_label_map
from ..files.meshes import is_mesh_file
from ..files.seg_nrrd import stored_confidence, stored_known
from ..files.structures import known_structures, read_structures
from ..files.volumes import placed_on
from ..reports.checksums import compare_files
from ..reports.report import build_jaw_report, build_report, known_of, read_report
from .refusals import refuse_options

if TYPE_CHECKING:
    from ..checks.measures.surroundings import Surroundings
    from ..files.jaw_labels import LabelledJaw
    from ..files.volumes import Volume

#: Vertices of one mesh, written by two programs, lie at most this far apart.
SAME_PLACE_MM = 0.05
_VOXELS_ALONE = (
    "The uncertainty {what} is that of the voxels alone: nothing tells how far off the network or person was who drew "
    "them."
)


def check_file(
    path: str | os.PathLike[str],
    *,
    reference: str | os.PathLike[str] | None = None,
    numbering: str | None = None,
    reference_numbering: str | None = None,
    labels: str | os.PathLike[str] | None = None,
    jaw: str | None = None,
    unit: str | None = None,
    absent: Collection[int] = (),
    orientation: str | None = None,
) -> Examination:
    """What is wrong with a label map or a labelled mesh, and its scores where a reference is given.

    Parameters
    ----------
    path : path
        The label map (NIfTI, NRRD, MetaImage, .seg.nrrd) or labelled mesh (VTP, PLY).
    reference : path, optional
        True labels on the same grid or mesh, of a mesh also as Teeth3DS JSON: adds "metrics" to the report.
    numbering : str, optional
        What the label values mean, one of `dentition.LABEL_NUMBERINGS`; None: the tooth codes of a .seg.nrrd, else FDI.
    reference_numbering : str, optional
        The same of a label map's reference.
    labels : path, optional
        Teeth3DS JSON with the labels of a mesh that has none.
    jaw : str, optional
        Which jaw a mesh is, "upper" or "lower"; None takes what the labels say.
    unit : str, optional
        Of a mesh: "mm", "cm", "m" or "inch"; None guesses.
    absent : collection of int
        FDI numbers of teeth that are not there, beside those that were stated when it was made: nobody misses them.
    orientation : str, optional
        Of files that do not say where left and right are; as in `files.volumes.read_volume`.

    Returns
    -------
    Examination
        Report and findings.

    Raises
    ------
    InputError
        For what is neither, and for options of the other kind.
    NoTeethError
        Where nothing is labelled as a tooth.
    """
    _refuse_reports(path, reference)
    if is_mesh_file(path):
        from ..files.jaw_labels import read_labelled_jaw

        refuse_options("label maps", reference_numbering=reference_numbering, orientation=orientation)
        labelled, warnings = read_labelled_jaw(path, labels, numbering=numbering, unit=unit)
        require_teeth(labelled, path)
        examined = examine_jaw(labelled, warnings, jaw, with_absent(kept_beside(path, labelled.mesh.name), absent))
        if reference is not None:
            examined.report["metrics"] = _scores(labelled, path, reference, numbering, unit)
        return examined
    from ..checks.metrics.label_maps import evaluate_pair

    refuse_options("meshes", labels=labels, jaw=jaw, unit=unit)
    if reference is None:
        refuse_options("a reference (--reference)", reference_numbering=reference_numbering)
    try:
        read = read_teeth(path, numbering, orientation)
    except GroupedLabelsError:
        refuse_options("numbered teeth", reference=reference, absent=sorted(absent))
        return _examine_groups(path, numbering, orientation)
    label_map = read.teeth
    structures, notes = read.structures, warnings_of(read)
    if structures is None:
        structures, _, more = structures_beside(Path(path), label_map)
        notes += more
    known = with_absent(stored_known(label_map) or kept_beside(path, label_map.name), absent)
    examined = examine_label_map(
        label_map,
        stored_confidence(label_map) or None,
        warnings=notes,
        known=known,
        structures=structures,
    )
    if reference is not None:
        truth = read_label_map(reference, reference_numbering, orientation)
        examined.report["warnings"] += [f"Reference: {text}" for text in warnings_of(truth)]
        examined.report["metrics"] = evaluate_pair(label_map, truth.teeth, structures=(structures, truth.structures))
    return examined


def structures_beside(path: Path, teeth: Volume) -> tuple[Volume | None, Path | None, list[str]]:
    """What a run or an export has put into a file of its own, NAME_structures beside NAME_teeth, on the teeth's grid;
    that file, where there is one, and what is said of it."""
    stem, mark, suffix = path.name.rpartition("_teeth")
    beside = path.with_name(f"{stem}_structures{suffix}")
    if not mark or not beside.is_file():
        return None, None, []
    if not suffix.lower().endswith(".nrrd"):
        said = (
            f"'{beside.name}' beside it was not read, so nothing is said of what lies around the teeth: export both as "
            "seg.nrrd to have it checked."
        )
        return None, beside, [said]
    found = known_structures(*read_structures(beside))
    placed = None if found is None else placed_on(found, teeth)
    if placed is None:
        said = f"'{beside.name}' beside it was not used: it holds no structure on the grid of '{path.name}'."
        return None, beside, [said]
    return placed, beside, [f"What lies around the teeth was taken from '{beside.name}' beside it."]


def _examine_groups(path: str | os.PathLike[str], numbering: str | None, orientation: str | None) -> Examination:
    """What can be said of a label map whose teeth have no numbers: its report has "structures" and no findings."""
    from ..checks.grouped import check_groups

    labels, layout, warnings = read_grouped_labels(path, numbering, orientation)
    structures, remarks = check_groups(labels, layout)
    if not any(one.value in layout.groups for one in structures):
        raise NoTeethError(f"'{path}' has no teeth: none of its labels is one.")
    said = "The teeth have no numbers here: missing, doubled, merged and wrongly numbered ones cannot be told."
    report = build_report({}, [], name=labels.name, warnings=[*warnings, *remarks, said])
    report["structures"] = [{**asdict(one), "remarks": list(one.remarks)} for one in structures]
    return Examination(report, [])


def with_absent(known: Known, absent: Collection[int]) -> Known:
    """The same with these teeth stated absent too."""
    return replace(known, stated=known.stated.with_absent(absent))


def _contradictions(known: Known, teeth: Collection[int]) -> list[str]:
    """What is said where labels hold teeth that are stated absent."""
    held = sorted(known.stated.absent.intersection(teeth))
    if not held:
        return []
    named = f"Tooth {held[0]} is" if len(held) == 1 else f"Teeth {', '.join(map(str, held))} are"
    return [f"{named} stated absent, but labelled here: `repair --absent` numbers the teeth of a run again."]


def _unknown_errors(around: Surroundings) -> list[str]:
    """What is said of measures whose uncertainty is that of the voxels alone, since nothing tells how far off the one
    was who drew the map: NIfTI and DICOM SEG do not hold it, nor do maps of other programs."""
    from ..checks.measures.surroundings import CANALS, SINUSES

    metadata, parts = around.structures.metadata, []
    if not error_of(metadata, "length"):
        parts.append("of the teeth's lengths and axes")
    for keys, what in ((CANALS, "of distances to nerve canals"), (SINUSES, "of distances to sinuses")):
        if any(key in around.boxes and not error_of(metadata, key) for key in keys):
            parts.append(what)
    return [_VOXELS_ALONE.format(what=" and ".join(parts))] if parts else []


def kept_beside(path: str | os.PathLike[str], name: str) -> Known:
    """What the report beside a run's label map or mesh keeps of what was stated and of what numbers were found from;
    nothing where there is none, or none that can be read. Of a file that was changed since only what was stated holds.
    """
    labels = Path(path)
    try:
        report = read_report(labels.with_name(f"{name.removesuffix('_teeth')}_report.json"))
    except InputError:
        return Known()
    if labels.name not in (report.get("files") or {}).values():
        return Known()
    known = known_of(report)
    return replace(known, evidence={}) if labels.name in compare_files(report, labels.parent).changed else known


def evaluate_files(
    prediction: str | os.PathLike[str],
    reference: str | os.PathLike[str],
    *,
    numbering: str | None = None,
    reference_numbering: str | None = None,
    mesh: str | os.PathLike[str] | None = None,
    unit: str | None = None,
    orientation: str | None = None,
) -> dict[str, Any]:
    """Scores of labels against a reference on the same grid or mesh.

    Parameters
    ----------
    prediction, reference : path
        Two label maps; or two of labelled VTP, labelled PLY and Teeth3DS JSON.
    numbering, reference_numbering : str, optional
        What the label values mean, as in `check_file`.
    mesh : path, optional
        The mesh that labels in JSON belong to.
    unit : str, optional
        Of meshes.
    orientation : str, optional
        Of files that do not say where left and right are; as in `files.volumes.read_volume`.

    Returns
    -------
    dict
        Those of `metrics.label_maps.evaluate_pair`, with "warnings" about the files where there are any, or of
        `metrics.surfaces.evaluate_mesh`.

    Raises
    ------
    InputError
        Where the two do not belong together, and for options of the other kind.
    """
    _refuse_reports(prediction, reference)
    kinds = {is_mesh_labels(path) for path in (prediction, reference)}
    if len(kinds) == 2:
        raise InputError("A labelled mesh cannot be compared with a label map: give two of one kind.")
    if kinds == {True}:
        refuse_options("label maps", reference_numbering=reference_numbering, orientation=orientation)
        return _scores(
            _read_prediction(prediction, reference, mesh, numbering, unit), prediction, reference, None, unit, mesh
        )
    from ..checks.metrics.label_maps import evaluate_pair

    refuse_options("meshes", mesh=mesh, unit=unit)
    predicted = read_label_map(prediction, numbering, orientation)
    truth = read_label_map(reference, reference_numbering, orientation)
    scores = evaluate_pair(predicted.teeth, truth.teeth, structures=(predicted.structures, truth.structures))
    warnings = [*warnings_of(predicted), *(f"Reference: {text}" for text in warnings_of(truth))]
    return {**scores, "warnings": warnings} if warnings else scores


def _refuse_reports(*paths: str | os.PathLike[str] | None) -> None:
    """Raise InputError for a run's report in place of its labels, by its name."""
    for path in paths:
        if path is not None and os.fspath(path).endswith("_report.json"):
            raise InputError(f"'{path}' is a run's report and holds no labels: give the label map or mesh beside it.")


def is_mesh_labels(path: str | os.PathLike[str]) -> bool:
    """Whether a file should be read as labels of a mesh: a mesh, or JSON by its name."""
    return is_mesh_file(path) or _is_json(path)


def _is_json(path: str | os.PathLike[str]) -> bool:
    return Path(path).suffix.lower() == ".json"


# ---------------------------------------------------------------- label maps


def read_teeth(path: str | os.PathLike[str], numbering: str | None = None, orientation: str | None = None) -> LabelMap:
    """A label map with teeth. Raises InputError for what is none, NoTeethError for an empty one."""
    read = read_label_map(path, numbering, orientation)
    if not read.teeth.array.any():
        raise NoTeethError(f"'{path}' is empty: no voxel is labelled as a tooth.")
    return read


def warnings_of(read: LabelMap) -> list[str]:
    """What is said of a label map whose structures are kept."""
    return [*read.warnings, *left_aside(read.strangers)]


def examine_label_map(
    labels: Volume,
    confidence: Mapping[int, float] | None = None,
    *,
    name: str | None = None,
    warnings: Sequence[str] = (),
    known: Known | None = None,
    may_be_empty: bool = False,
    structures: Volume | None = None,
) -> Examination:
    """Check a label map.

    Parameters
    ----------
    labels : Volume
        FDI numbers.
    confidence : mapping, optional
        By FDI number, 0 to 1, see `findings.check_dentition`.
    name : str, optional
        In the report instead of the volume's.
    warnings : sequence of str
        For the report.
    known : Known, optional
        What is known of the teeth beside: nobody misses those that are stated absent.
    may_be_empty : bool
        Whether a map without teeth is one without findings rather than a refusal: of networks that number none.
    structures : Volume, optional
        What lies around and in the teeth, values of `dentition.structures` on the same grid: the report then has the
        measures between them.

    Returns
    -------
    Examination
        Report and findings.

    Raises
    ------
    InputError
        For values that are no FDI numbers.
    NoTeethError
        For a map without teeth.
    """
    from ..checks.findings import findings_of, measured_case
    from ..checks.topology import contacts

    known = known or Known()
    nothing = may_be_empty and not labels.array.any()
    case = (
        None
        if nothing
        else measured_case(
            labels, confidence, absent=known.stated.absent, structures=structures, two_numbers=known.two_numbers
        )
    )
    measures = {} if case is None else case.measures
    findings = [] if case is None else findings_of(case)
    around = None if case is None else case.around
    report = build_report(
        measures,
        findings,
        name=labels.name if name is None else name,
        confidence=confidence,
        warnings=[*warnings, *_contradictions(known, measures), *([] if around is None else _unknown_errors(around))],
        contacts=contacts(labels) if case is None else case.contacts,
        known=known,
        around=around,
    )
    return Examination(report, findings)


# ---------------------------------------------------------------- meshes


def require_teeth(labelled: LabelledJaw, path: str | os.PathLike[str]) -> None:
    """Raise NoTeethError when nothing but gingiva is labelled."""
    if not labelled.fdi.any():
        raise NoTeethError(f"'{path}' has no teeth: every label of {labelled.source} is gum.")


def examine_jaw(
    labelled: LabelledJaw, warnings: Sequence[str] = (), jaw: str | None = None, known: Known | None = None
) -> Examination:
    """Check a labelled mesh.

    Parameters
    ----------
    labelled : LabelledJaw
        The mesh with its labels, at least one of them a tooth.
    warnings : sequence of str
        For the report.
    jaw : str, optional
        Which jaw it is; None takes what the labels say.
    known : Known, optional
        What is known of the teeth beside.

    Returns
    -------
    Examination
        Report, findings, and the jaw measured on its own axes.
    """
    from ..checks.findings import check_cases
    from ..checks.measures.jaw import JawCase
    from ..dentition.crown_sizes import jaw_of_sizes
    from ..ios.segmenting import JawSegmentation

    teeth = labelled.fdi[labelled.fdi > 0]
    upper = float(np.isin(teeth // 10, (1, 2, 5, 6)).mean())
    which = jaw or labelled.jaw or ("upper" if upper >= 0.5 else "lower")
    segmentation = JawSegmentation(
        surface=labelled.surface,
        fdi=labelled.fdi,
        face_fdi=labelled.face_fdi,
        instance=labelled.fdi.astype(np.int32),
        confidence={},
        jaw=which,
        jaw_inferred=which,
        jaw_confidence=1.0,
        frame=np.eye(4),
        frame_confidence=1.0,
        inside_out=False,
        known=known or Known(),
    )
    case = JawCase(segmentation, labelled.mesh.name, which)
    sizes = [(fdi, c.pieces[0].area_mm2, c.width_mm) for fdi, c in case.crowns.items() if not c.is_cut]
    looks, sure = jaw_of_sizes(sizes)
    case.segmentation = replace(
        segmentation, jaw_inferred=looks, jaw_confidence=sure, inside_out=case.inside_out, frame=case.frame_matrix()
    )
    # the labels themselves state the jaw, so a doubt about it is only worth a word when the shape contradicts it
    findings = check_cases([case])
    warnings = [*warnings, *_contradictions(segmentation.known, case.crowns)]
    report = build_jaw_report(case, findings, warnings=warnings, stated=which)
    return Examination(report, findings, case.segmentation)


def _read_prediction(
    prediction: str | os.PathLike[str],
    reference: str | os.PathLike[str],
    mesh: str | os.PathLike[str] | None,
    numbering: str | None,
    unit: str | None,
) -> LabelledJaw:
    from ..files.jaw_labels import read_labelled_jaw

    if not _is_json(prediction):
        return read_labelled_jaw(prediction, numbering=numbering, unit=unit)[0]
    geometry = mesh if mesh is not None else (None if _is_json(reference) else reference)
    if geometry is None:
        raise UsageError("Labels in JSON have no surface of their own: give the mesh they belong to (--mesh).")
    return read_labelled_jaw(geometry, prediction, numbering=numbering, unit=unit)[0]


def _scores(
    predicted: LabelledJaw,
    path: str | os.PathLike[str],
    reference: str | os.PathLike[str],
    numbering: str | None,
    unit: str | None,
    mesh: str | os.PathLike[str] | None = None,
) -> dict[str, Any]:
    from ..checks.metrics.surfaces import evaluate_mesh
    from ..files.jaw_labels import labels_on, read_labelled_jaw

    if not _is_json(reference):
        truth, _ = read_labelled_jaw(reference, numbering=numbering, unit=unit)
    elif mesh is not None:
        truth, _ = read_labelled_jaw(mesh, reference, numbering=numbering, unit=unit)
    else:
        truth = labels_on(predicted, reference, numbering)
    if len(truth.fdi) != len(predicted.fdi) or len(truth.face_fdi) != len(predicted.face_fdi):
        raise InputError(
            f"'{path}' and '{reference}' are not labels of the same mesh: they have {len(predicted.fdi):,} and "
            f"{len(truth.fdi):,} vertices, {len(predicted.face_fdi):,} and {len(truth.face_fdi):,} triangles."
        )
    surface = truth.surface
    if np.abs(surface.vertices - predicted.surface.vertices).max() > SAME_PLACE_MM:
        raise InputError(
            f"'{path}' and '{reference}' are not labels of the same mesh: their vertices lie elsewhere, or in another "
            "order."
        )
    return evaluate_mesh(
        surface.vertices,
        surface.faces,
        predicted.fdi,
        truth.fdi,
        face_predicted=predicted.face_fdi,
        face_reference=truth.face_fdi,
    )
