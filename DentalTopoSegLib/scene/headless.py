"""A folder of scans without a window: results on disk, and a scene per scan that opens in Slicer for review.

In Slicer, where the extension is installed::

    Slicer --no-splash --no-main-window --python-script Resources/Scripts/segment_folder.py FOLDER -o OUT

and the same with slicer-core and no Slicer at all: `python Resources/Scripts/segment_folder.py FOLDER -o OUT`, or
`python -m DentalTopoSegLib.scene.headless FOLDER -o OUT`. Every scan is segmented in a process of its own
(`batch.run_batch`), so one that cannot be used, or crashes, does not stop the others; run again, it goes on where it
was. OUT gets, per scan, what `dentaltoposeg segment` writes and <name>.mrb: scan, teeth, findings; and summary.csv.

Exit codes are those of `dentaltoposeg batch` (`errors.EXIT_MEANINGS`); a scan without its scene counts as failed.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..commands.arguments import add_orientation
from ..commands.streams import Streams
from ..dentition.naming import NUMBERINGS
from ..errors import DONE, SOME_FAILED, DentalTopoSegError, OutputError, as_refusal
from ..files.meshes import read_mesh
from ..files.volumes import read_volume
from ..options import PRECISIONS, RunOptions
from ..reports.report import INTRAORAL, read_report
from ..runs.batch import run_batch
from ..runs.course import Progress
from .jobs import SceneJob, volume_grid
from .loading import add_surface, add_volume
from .results import add_result
from .reviews import review_of


def main(argv: Sequence[str] | None = None) -> int:
    """Segment the folder that the arguments name; returns the exit code."""
    options = _parser().parse_args(argv)
    _find_python()
    try:
        with Streams():
            return _run(options)
    except BaseException as error:
        refusal = as_refusal(error)
        if refusal is None:
            raise
        print(f"Error: {refusal}", file=sys.stderr)
        return refusal.exit_code


def run_and_leave() -> None:
    """`main` with the process's arguments, then the end of the process, of Slicer too, with its exit code."""
    try:
        code = main()
    except SystemExit as wrong_usage:  # argparse has said what is wrong
        code = wrong_usage.code if isinstance(wrong_usage.code, int) else 2
    import slicer

    if getattr(slicer, "app", None) is not None:
        slicer.util.exit(code)
    else:
        sys.exit(code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="segment_folder.py", description="Segment every scan in a folder.")
    parser.add_argument("folder", type=Path, help="holds CBCT (files or DICOM folders) and intraoral scans")
    parser.add_argument("-o", "--output", type=Path, required=True, help="where the results go")
    parser.add_argument("--numbering", choices=NUMBERINGS, default="FDI", help="how teeth are called in the scenes")
    add_orientation(parser)
    parser.add_argument("--threads", type=int, help="CPU threads (default: all)")
    parser.add_argument("--precision", choices=PRECISIONS, default="int8")
    parser.add_argument("--again", action="store_true", help="also scans that have their results already")
    parser.add_argument("--no-scenes", action="store_true", help="no .mrb scenes, only the results")
    return parser


def _find_python() -> None:
    # inside Slicer this process is no Python interpreter; PythonSlicer is, and child processes need one
    python = shutil.which("PythonSlicer")
    if python:
        sys.executable = python


def _run(options: argparse.Namespace) -> int:
    options.output = options.output.absolute()  # MRML takes no other path for a bundle
    last = ""

    def progress(told: Progress) -> None:
        nonlocal last
        stage = f"[{told.done + 1}/{told.total}] {told.name}: {told.stage}"
        if told.stage and stage != last:
            print(stage, flush=True)
            last = stage

    batch = run_batch(
        options.folder,
        options.output,
        RunOptions(options.threads, options.precision),
        again=options.again,
        picture=True,
        orientation=options.orientation,
        progress=progress,
    )
    failed = batch.count("failed")
    for row in batch.rows:
        if row["state"] in ("failed", "changed"):
            print(f"{row['name']}: {row['state']}. {row['message']}")
            continue
        scene = options.output / f"{row['name']}.mrb"
        if not options.no_scenes and (row["state"] == "done" or not scene.exists()):
            try:
                scan = options.folder / row["scan"]
                write_scene(scan, options.output, row["name"], scene, options.numbering, options.orientation)
            except DentalTopoSegError as error:
                failed += 1
                print(f"{row['name']}: the results are there, but no scene. {error}")
                continue
        print(f"{row['name']}: {row['teeth']} teeth, {row['errors']} errors, {row['warnings']} warnings")
    count = len(batch.rows)
    print(f"{count - failed} of {count} scans done; summary: {batch.summary}")
    return SOME_FAILED if failed else DONE


def write_scene(
    scan: Path, output: Path, name: str, path: Path, numbering: str = "FDI", orientation: str | None = None
) -> None:
    """A .mrb with a scan, its teeth and findings from the results that lie in output under a name.

    Raises InputError for a scan that is gone, SceneError for incomplete results, OutputError.
    """
    report = read_report(output / f"{name}_report.json")
    scene = _empty_scene()
    if report.get("kind") == INTRAORAL:
        mesh, _ = read_mesh(scan)
        source = add_surface(scene, mesh.vertices, mesh.faces, name)
        job = SceneJob({"kind": "mesh", "name": name, "output": str(output)}, output, (source,), (np.eye(4),))
    else:
        volume, _ = read_volume(scan, orientation=orientation)
        source = add_volume(scene, volume, name)
        job = SceneJob(
            {"kind": "volume", "name": name, "output": str(output)},
            output,
            (source,),
            (np.eye(4),),
            volume_grid(source),
        )
    result = add_result(job, numbering=numbering)
    if result.node is not None:
        review_of(result.node).close()  # its tags and flags are saved too
    _save(scene, path)
    scene.Clear(0)


def _empty_scene() -> Any:
    """The application's scene, emptied; without the application a new one."""
    import slicer

    scene = getattr(slicer, "mrmlScene", None)
    if scene is None:
        return slicer.vtkMRMLScene()
    scene.Clear(0)
    return scene


def _save(scene: Any, path: Path) -> None:
    from ..files.transactions import atomic_path

    with atomic_path(path) as temporary:
        if not scene.WriteToMRB(str(temporary), None):
            raise OutputError(f"'{path}' cannot be written: choose another folder or free some space.")


if __name__ == "__main__":
    run_and_leave()
