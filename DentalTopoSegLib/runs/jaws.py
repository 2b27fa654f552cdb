"""Whole runs on intraoral scans, as the command line or a host program starts them: read, segment, check, write."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import Cancelled, InputError, MemoryLimitError, NoTeethError
from ..files.json_text import write_report_json
from ..files.transactions import all_or_nothing, require_writable
from ..files.volumes import safe_stem
from ..options import DEFAULT_PROVIDER, RunOptions, never
from ..reports.report import build_jaw_report

if TYPE_CHECKING:
    from ..checks.findings import Finding
    from ..checks.measures.jaw import JawCase
    from ..files.jaw_labels import LabelledJaw
    from ..files.meshes import Mesh, Surface
    from ..ios.segmenting import JawSegmentation
    from ..networks.models import Model

Progress = Callable[[str, float, float], None]
Writer = Callable[[Path], Any]

#: Vertices of one mesh, written by two programs, lie at most this far apart.
SAME_PLACE_MM = 0.05
_PAIR = ("upper", "lower")
_WRITERS = 2  # files written at a time: the picture, which takes longest, beside the others


def _silent(stage: str, done: float, total: float) -> None:
    """Progress for callers who do not want any."""


@dataclass
class JawRun:
    """What a run on one or two jaws leaves behind, in the order the scans were given.

    reports: one per jaw; each holds the findings of the whole dentition. segmentations: the labelled surfaces.
    files: written files by kind, per jaw.
    """

    reports: list[dict]
    segmentations: list[JawSegmentation]
    files: list[dict[str, Path]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def report(self) -> dict:
        """The one report; of two jaws {"jaws": their reports, "findings": ..., "warnings": ...}."""
        if len(self.reports) == 1:
            return self.reports[0]
        warnings = [f"{report['name']}: {text}" for report in self.reports for text in report["warnings"]]
        return {"jaws": self.reports, "findings": self.reports[0]["findings"], "warnings": warnings}


# ---------------------------------------------------------------- segment


def segment_scans(
    paths: Sequence[str | os.PathLike[str]],
    folder: str | os.PathLike[str],
    *,
    jaw: str | None = None,
    unit: str | None = None,
    per_tooth: bool = False,
    name: str | None = None,
    threads: int | None = None,
    precision: str = "int8",
    provider: str = DEFAULT_PROVIDER,
    progress: Progress = _silent,
    cancelled: Callable[[], bool] = never,
) -> JawRun:
    """Number the teeth of one jaw's scan, or of an upper and a lower one, and write the results into `folder`.

    paths: one mesh file, or [upper, lower]. jaw: which jaw a single mesh is, None decides by its shape. unit: of
    the file, None guesses. name: of the results instead of the file's; of two jaws the beginning. per_tooth: an
    STL of every tooth and of the gum too. `progress(stage, done, total)` is called from this thread, `cancelled`
    is polled. Files appear together at the end or not at all. provider: what runs the networks
    (providers.PROVIDERS). Raises any DentalTopoSegError.
    """
    if not 1 <= len(paths) <= 2:
        raise InputError("Give the mesh of one jaw, or two: first the upper, then the lower jaw.")
    if len(paths) == 2 and jaw is not None:
        raise InputError("With two jaws their order says which is which (upper first): leave --jaw out.")
    folder = Path(folder)
    require_writable(folder)
    stated = [jaw] if len(paths) == 1 else list(_PAIR)
    with ThreadPoolExecutor(1) as helper:
        networks = helper.submit(_networks, precision, provider)
        meshes, surfaces, warnings, seconds = _read_all(paths, unit, progress)
        models = networks.result()
    from ..checks.findings import check_cases
    from ..checks.measures.jaw import JawCase
    from ..ios.segmenting import segment_jaws

    names = _names(meshes, name)
    try:
        jaws = segment_jaws(
            surfaces, RunOptions(threads, precision, provider, progress, cancelled), jaws=stated, names=names,
            models=models,
        )  # fmt: skip
    except MemoryError as error:
        raise MemoryLimitError(
            "This computer's memory does not suffice: close other programs, or export the scan with fewer triangles."
        ) from error
    del models, networks  # 300 MB that the pictures can use
    progress("Checking the teeth", 0, 1)
    started = time.perf_counter()
    cases = [JawCase(*given) for given in zip(jaws, names, stated, strict=True)]
    for case in cases:
        if not case.crowns:
            raise NoTeethError(f"No teeth were found in '{case.name}': is it an intraoral scan of a jaw with teeth?")
    findings = check_cases(cases)
    seconds["check"] = time.perf_counter() - started
    progress("Checking the teeth", 1, 1)

    reports, writers = [], []
    for i, case in enumerate(cases):
        outputs = _outputs(meshes[i], case, findings, per_tooth)
        report = build_jaw_report(
            case, findings, warnings=[*warnings[i], *jaws[i].warnings], stated=stated[i],
            files={kind: file for kind, (file, _) in outputs.items()} | {"report": f"{case.name}_report.json"},
        )  # fmt: skip
        report["provenance"]["seconds"] = _seconds(seconds, report["provenance"].get("seconds", {}))
        if len(cases) == 2:
            report["other_jaw"] = cases[1 - i].name
        outputs["report"] = (report["files"]["report"], lambda path, report=report: write_report_json(report, path))
        reports.append(report)
        writers.append(outputs)
    _keep_the_input(paths, folder, writers)
    _write(folder, writers, progress, cancelled)
    files = [{kind: folder / file for kind, (file, _) in outputs.items()} for outputs in writers]
    return JawRun(reports, jaws, files, findings)


def _networks(precision: str, provider: str) -> dict[str, Model]:
    """The networks by task. Importing all that the run needs takes as long as reading a scan, so both are done at
    once."""
    from ..checks.measures import jaw  # noqa: F401
    from ..ios.segmenting import load_networks
    from ..pictures import jaws as mesh_rendering  # noqa: F401

    return load_networks(precision, provider)


def _read_all(
    paths: Sequence[str | os.PathLike[str]], unit: str | None, progress: Progress
) -> tuple[list[Mesh], list[Surface], list[list[str]], dict[str, float]]:
    """The meshes, their surfaces and warnings, in the order of paths, and the seconds it took."""
    from ..files.meshes import clean, read_mesh

    meshes, surfaces, warnings = [], [], []
    seconds = {"read": 0.0, "clean": 0.0}
    for i, path in enumerate(paths):
        progress("Reading the scan", i, len(paths))
        started = time.perf_counter()
        mesh, told = read_mesh(path)
        between = time.perf_counter()
        surface, more = clean(mesh, unit)
        seconds["read"] += between - started
        seconds["clean"] += time.perf_counter() - between
        meshes.append(mesh)
        surfaces.append(surface)
        warnings.append(told + more)
    progress("Reading the scan", len(paths), len(paths))
    return meshes, surfaces, warnings, seconds


def _seconds(ours: dict[str, float], networks: dict[str, float]) -> dict[str, float]:
    """Seconds per stage in the order they happened; reading, cleaning and checking are those of all jaws together."""
    ordered = {"read": ours["read"], "clean": ours["clean"], **networks, "check": ours["check"]}
    return {stage: round(float(value), 3) for stage, value in ordered.items()}


def _names(meshes: Sequence[Mesh], name: str | None) -> list[str]:
    """What each jaw's results are called; two that would be called the same are told apart by their jaw."""
    if len(meshes) == 1:
        return [safe_stem(name) if name else meshes[0].name]
    names = [safe_stem(name)] * 2 if name else [mesh.name for mesh in meshes]
    # a name may also be the beginning of the other's file names (x and x_upper never collide, X and x do)
    if names[0].casefold() == names[1].casefold():
        names = [f"{stem}_{which}" for stem, which in zip(names, _PAIR, strict=True)]
    return names


def _keep_the_input(
    paths: Iterable[str | os.PathLike[str]], folder: Path, writers: Sequence[dict[str, tuple[str, Writer]]]
) -> None:
    targets = {(folder / file).resolve() for outputs in writers for file, _ in outputs.values()}
    for path in paths:
        if Path(path).resolve() in targets:
            raise InputError(
                f"The results would replace '{path}' itself: choose another folder or another name (--name)."
            )


def _write(
    folder: Path,
    writers: Sequence[dict[str, tuple[str, Writer]]],
    progress: Progress,
    cancelled: Callable[[], bool],
) -> None:
    files = [output for outputs in writers for kind, output in outputs.items() if kind != "report"]
    reports = [outputs["report"] for outputs in writers]
    total = len(files) + len(reports)

    def look(done: int) -> None:
        if cancelled is not None and cancelled():
            raise Cancelled()
        progress("Writing the results", done, total)

    with all_or_nothing(folder) as stage:
        with ThreadPoolExecutor(_WRITERS) as pool:
            jobs = [pool.submit(write, stage / file) for file, write in files]
            try:
                for i, job in enumerate(jobs):
                    look(i)
                    job.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        for i, (file, write) in enumerate(reports, start=len(files)):
            look(i)
            write(stage / file)
        progress("Writing the results", total, total)


# ---------------------------------------------------------------- what is written


def _outputs(mesh: Mesh, case: JawCase, findings: Sequence[Finding], per_tooth: bool) -> dict[str, tuple[str, Writer]]:
    """{kind: (file name, its writer)} of one jaw, without the report."""
    from ..files.jaw_labels import labels_on_file
    from ..files.meshes import write_stl, write_teeth3ds_json
    from ..files.meshes.labelled import write_labelled_ply, write_labelled_vtp

    jaw, name = case.segmentation, case.name
    on_file = labels_on_file(mesh, jaw)

    def json(path: Path) -> None:
        write_teeth3ds_json(path, case.which, on_file.file_fdi, on_file.file_instance)

    def picture(path: Path) -> None:
        from ..pictures.jaws import jaw_png

        drawn = {
            "vertices": jaw.surface.vertices, "normals": jaw.surface.normals, "faces": jaw.surface.faces,
            "face_fdi": jaw.face_fdi, "frame": jaw.frame, "jaw": case.which, "confidence": jaw.confidence,
        }  # fmt: skip
        mine = [finding for finding in findings if finding.detail.get("jaw", case.which) == case.which]
        jaw_png(path, [drawn], name, mine)

    outputs: dict[str, tuple[str, Writer]] = {
        "picture": (f"{name}_teeth.png", picture),
        "mesh": (f"{name}_teeth.vtp", lambda path: on_file.write(path, write_labelled_vtp)),
        "coloured": (f"{name}_teeth.ply", lambda path: on_file.write(path, write_labelled_ply)),
        "labels": (f"{name}_teeth.json", json),
    }
    if per_tooth:
        for fdi in (*sorted(case.crowns), 0):
            rows = on_file.face_fdi == fdi

            def stl(path: Path, rows: np.ndarray = rows) -> None:
                write_stl(path, on_file.vertices, on_file.faces[rows])

            kind = f"tooth_{fdi}" if fdi else "gingiva"
            if rows.any():
                outputs[kind] = (f"{name}_{fdi or 'gingiva'}.stl", stl)
    return outputs


# ---------------------------------------------------------------- check and evaluate


def check_mesh(
    path: str | os.PathLike[str],
    *,
    labels: str | os.PathLike[str] | None = None,
    reference: str | os.PathLike[str] | None = None,
    numbering: str | None = None,
    jaw: str | None = None,
    unit: str | None = None,
) -> JawRun:
    """Findings of any tool's labelled mesh, and its scores when a reference (labelled mesh or JSON) is given.

    labels: a Teeth3DS JSON for a mesh without labels. jaw: which jaw it is; None takes what the labels say.
    Raises InputError for what is no labelled mesh, NoTeethError when no tooth is labelled.
    """
    from ..files.jaw_labels import read_labelled_jaw

    labelled, warnings = read_labelled_jaw(path, labels, numbering=numbering, unit=unit)
    require_teeth(labelled, path)
    run = check_labelled(labelled, warnings, jaw)
    if reference is not None:
        run.report["metrics"] = _scores(labelled, path, reference, numbering, unit)
    return run


def require_teeth(labelled: LabelledJaw, path: str | os.PathLike[str]) -> None:
    """Raise NoTeethError when nothing but gingiva is labelled."""
    if not labelled.fdi.any():
        raise NoTeethError(f"'{path}' has no teeth: every label of {labelled.source} is gum.")


def check_labelled(labelled: LabelledJaw, warnings: Sequence[str] = (), jaw: str | None = None) -> JawRun:
    """Findings of a labelled mesh that has been read; jaw: which it is, None takes what the labels say."""
    from ..checks.findings import check_cases
    from ..checks.measures.jaw import JawCase
    from ..dentition.crown_sizes import jaw_of_sizes
    from ..ios.segmenting import JawSegmentation

    teeth = labelled.fdi[labelled.fdi > 0]
    upper = float(np.isin(teeth // 10, (1, 2, 5, 6)).mean())
    which = jaw or labelled.jaw or ("upper" if upper >= 0.5 else "lower")
    segmentation = JawSegmentation(
        surface=labelled.surface, fdi=labelled.fdi, face_fdi=labelled.face_fdi,
        instance=labelled.fdi.astype(np.int32), confidence={}, jaw=which, jaw_inferred=which, jaw_confidence=1.0,
        frame=np.eye(4), frame_confidence=1.0, inside_out=False,
    )  # fmt: skip
    case = JawCase(segmentation, labelled.mesh.name, which)
    sizes = [(fdi, c.pieces[0].area_mm2, c.width_mm) for fdi, c in case.crowns.items() if not c.is_cut]
    looks, sure = jaw_of_sizes(sizes)
    case.segmentation = replace(
        segmentation, jaw_inferred=looks, jaw_confidence=sure, inside_out=case.inside_out, frame=case.frame_matrix()
    )
    # the labels themselves state the jaw, so a doubt about it is only worth a word when the shape contradicts it
    findings = check_cases([case])
    report = build_jaw_report(case, findings, warnings=warnings, stated=which)
    return JawRun([report], [case.segmentation], findings=findings)


def evaluate_meshes(
    prediction: str | os.PathLike[str],
    reference: str | os.PathLike[str],
    *,
    mesh: str | os.PathLike[str] | None = None,
    numbering: str | None = None,
    unit: str | None = None,
) -> dict:
    """Scores (mesh_metrics.evaluate_mesh) of one labelling of a mesh against another.

    prediction, reference: labelled VTP or PLY files, or Teeth3DS JSON files; these need the mesh. Raises InputError
    where they are not labels of the same mesh.
    """
    from ..files.jaw_labels import read_labelled_jaw

    if is_json(prediction):
        geometry = mesh if mesh is not None else (None if is_json(reference) else reference)
        if geometry is None:
            raise InputError("Labels in JSON have no surface of their own: give the mesh they belong to (--mesh).")
        predicted, _ = read_labelled_jaw(geometry, prediction, numbering=numbering, unit=unit)
    else:
        predicted, _ = read_labelled_jaw(prediction, numbering=numbering, unit=unit)
    return _scores(predicted, prediction, reference, None, unit, mesh)


def is_json(path: str | os.PathLike[str]) -> bool:
    """True for a label file in JSON, by its name."""
    return Path(path).suffix.lower() == ".json"


def _scores(
    predicted: Any,
    path: str | os.PathLike[str],
    reference: str | os.PathLike[str],
    numbering: str | None,
    unit: str | None,
    mesh: str | os.PathLike[str] | None = None,
) -> dict:
    from ..checks.metrics.surfaces import evaluate_mesh
    from ..files.jaw_labels import labels_on, read_labelled_jaw

    if is_json(reference) and mesh is None:
        truth = labels_on(predicted, reference, numbering)
    elif is_json(reference):
        truth, _ = read_labelled_jaw(mesh, reference, numbering=numbering, unit=unit)
    else:
        truth, _ = read_labelled_jaw(reference, numbering=numbering, unit=unit)
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
        surface.vertices, surface.faces, predicted.fdi, truth.fdi, face_predicted=predicted.face_fdi,
        face_reference=truth.face_fdi,
    )  # fmt: skip
