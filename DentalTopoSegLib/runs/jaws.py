"""Runs on intraoral scans: read, segment, check, write."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import MemoryLimitError, NoTeethError
from ..files.json_text import write_report_json
from ..files.meshes.companions import companions_of
from ..files.transactions import keep_inputs, require_writable
from ..files.volumes import safe_stem
from ..options import DEFAULTS, RunOptions
from ..reports.checksums import add_checksums
from ..reports.report import build_jaw_report
from ..stages import CHECK, READ
from .both_jaws import ReadScan, require_one_jaw, stated_of_pair, take_apart
from .job import PAIR, Job
from .run import Run, round_seconds, write_files

if TYPE_CHECKING:
    from ..checks.findings import Finding
    from ..checks.measures.jaw import JawCase
    from ..files.meshes import Mesh
    from ..networks.models import Model

Writer = tuple[str, Callable[[Path], Any]]
#: How the files are called after the jaw's name, by kind; besides them one per tooth.
_ENDINGS = {
    "picture": "_teeth.png",
    "mesh": "_teeth.vtp",
    "coloured": "_teeth.ply",
    "labels": "_teeth.json",
    "report": "_report.json",
}


def segment_jaw_scans(job: Job, options: RunOptions = DEFAULTS) -> Run:
    """Segment the one or two meshes that a job names; see `segmenting.segment`, which also refuses jobs that make no
    sense."""
    if not job.lower_first():
        return _segment_upper_first(job, options)
    run = _segment_upper_first(replace(job, inputs=job.inputs[::-1]), options)
    return Run(run.reports[::-1], run.files[::-1], run.findings, segmentations=run.segmentations[::-1])


def _segment_upper_first(job: Job, options: RunOptions) -> Run:
    paths, folder = job.inputs, Path(job.output)
    stated: list[str | None] = list(PAIR) if len(paths) == 2 else list(job.jaws or [None])
    require_writable(folder)
    with ThreadPoolExecutor(1) as helper:
        networks = helper.submit(_networks, options)
        scans, seconds = _read_all(paths, job.unit, options)
        models = networks.result()
    scans, stated = _one_a_jaw(scans, stated, models)
    meshes, surfaces, warnings = ([getattr(s, key) for s in scans] for key in ("mesh", "surface", "warnings"))
    from ..checks.findings import check_cases
    from ..checks.measures.jaw import JawCase
    from ..ios.segmenting import segment_jaws

    names = _names(meshes, job.name)
    inputs = [*paths, *(file for path in paths for file in companions_of(path))]
    keep_inputs(inputs, folder, [f"{name}{ending}" for name in names for ending in _ENDINGS.values()])
    try:
        jaws = segment_jaws(surfaces, options, jaws=_as_pair(stated), names=names, models=models)
    except MemoryError as error:
        raise MemoryLimitError(
            "This computer's memory does not suffice: close other programs, or export the scan with fewer triangles."
        ) from error
    del models, networks  # 300 MB that the pictures can use
    options.progress(CHECK, 0, 1)
    started = time.perf_counter()
    cases = [JawCase(*given) for given in zip(jaws, names, stated, strict=True)]
    for case in cases:
        if not case.crowns:
            raise NoTeethError(f"No teeth were found in '{case.name}': is it an intraoral scan of a jaw with teeth?")
    findings = check_cases(cases)
    checked = {"check": time.perf_counter() - started}
    options.progress(CHECK, 1, 1)

    reports, written = [], []
    for i, case in enumerate(cases):
        writers = _writers(meshes[i], case, findings, job.per_tooth)
        report_file = f"{case.name}{_ENDINGS['report']}"
        report = build_jaw_report(
            case,
            findings,
            warnings=[*warnings[i], *jaws[i].warnings],
            stated=stated[i],
            files={kind: file for kind, (file, _) in writers.items()} | {"report": report_file},
        )
        # reading, cleaning and checking are those of all jaws together
        report["provenance"]["seconds"] = round_seconds(seconds, report["provenance"].get("seconds", {}), checked)
        if len(cases) == 2:
            report["other_jaw"] = cases[1 - i].name
        writers["report"] = (report_file, partial(_write_report, report))
        reports.append(report)
        written.append(writers)
    return Run(reports, write_files(folder, written, options, inputs), findings, segmentations=jaws)


def _write_report(report: dict[str, Any], path: Path) -> None:
    write_report_json(add_checksums(report, path.parent), path)


def _networks(options: RunOptions) -> dict[str, Model]:
    """The networks by task. Importing all that the run needs takes as long as reading a scan, so both are done at
    once."""
    from ..checks.measures import jaw  # noqa: F401
    from ..ios.segmenting import load_networks
    from ..pictures import jaws as mesh_rendering  # noqa: F401

    if options.models is not None:
        from ..networks.folders import load_kind

        # one thread each, as in `ios.segmenting.load_networks`
        return load_kind("surface", options.models, replace(options, threads=1))
    return load_networks(options.precision, options.provider)


def _read_all(
    paths: Sequence[str | os.PathLike[str]], unit: str | None, options: RunOptions
) -> tuple[list[ReadScan], dict[str, float]]:
    """The scans in the order of paths, and the seconds it took."""
    from ..files.meshes import clean, read_mesh

    scans = []
    seconds = {"read": 0.0, "clean": 0.0}
    for i, path in enumerate(paths):
        options.progress(READ, i, len(paths))
        started = time.perf_counter()
        mesh, told = read_mesh(path)
        between = time.perf_counter()
        surface, more = clean(mesh, unit)
        seconds["read"] += between - started
        seconds["clean"] += time.perf_counter() - between
        scans.append(ReadScan(mesh, surface, told + more))
    options.progress(READ, len(paths), len(paths))
    return scans, seconds


def _one_a_jaw(
    scans: list[ReadScan], stated: list[str | None], models: Mapping[str, Model]
) -> tuple[list[ReadScan], list[str | None]]:
    """The scans with one jaw each, the upper one first, and what was stated of each."""
    if len(scans) == 2:
        for scan in scans:
            require_one_jaw(scan)
        return scans, stated
    jaws = take_apart(scans[0], models)
    return jaws, stated if len(jaws) == 1 else stated_of_pair(stated)


def _as_pair(stated: list[str | None]) -> list[str | None]:
    """What the segmentation is told of the jaws: of two the first is the upper one, also where nobody stated it."""
    return list(PAIR) if len(stated) == 2 else stated


def _names(meshes: Sequence[Mesh], name: str | None) -> list[str]:
    """What each jaw's results are called; two that would be called the same are told apart by their jaw."""
    if len(meshes) == 1:
        return [safe_stem(name) if name else meshes[0].name]
    names = [safe_stem(name)] * 2 if name else [mesh.name for mesh in meshes]
    # a name may also be the beginning of the other's file names (x and x_upper never collide, X and x do)
    if names[0].casefold() == names[1].casefold():
        names = [f"{stem}_{which}" for stem, which in zip(names, PAIR, strict=True)]
    return names


def _writers(mesh: Mesh, case: JawCase, findings: Sequence[Finding], per_tooth: bool) -> dict[str, Writer]:
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
            "vertices": jaw.surface.vertices,
            "normals": jaw.surface.normals,
            "faces": jaw.surface.faces,
            "face_fdi": jaw.face_fdi,
            "frame": jaw.frame,
            "jaw": case.which,
            "confidence": jaw.confidence,
        }
        mine = [finding for finding in findings if finding.detail.get("jaw", case.which) == case.which]
        jaw_png(path, [drawn], name, mine)

    writes: dict[str, Callable[[Path], Any]] = {
        "picture": picture,
        "mesh": lambda path: on_file.write(path, write_labelled_vtp),
        "coloured": lambda path: on_file.write(path, write_labelled_ply),
        "labels": json,
    }
    writers: dict[str, Writer] = {kind: (f"{name}{_ENDINGS[kind]}", write) for kind, write in writes.items()}
    if per_tooth:
        for fdi in (*sorted(case.crowns), 0):
            rows = on_file.face_fdi == fdi

            def stl(path: Path, rows: np.ndarray = rows) -> None:
                write_stl(path, on_file.vertices, on_file.faces[rows])

            kind = f"tooth_{fdi}" if fdi else "gingiva"
            if rows.any():
                writers[kind] = (f"{name}_{fdi or 'gingiva'}.stl", stl)
    return writers
