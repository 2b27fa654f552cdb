"""The commands that `Testing/kills` ends at every moment, each with results of an earlier run in its folder.

What computes for seconds (networks, phantoms, pictures) is replaced by what it once gave: only reading, checking and
writing are tried here, the same code as ever.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import numpy as np
import pytest
from scan_files import write_clinical_dicom
from toy_jaws import toy_jaw
from toy_network import ToyNetwork

import DentalTopoSegLib
from DentalTopoSegLib.cbct.segmenting import Segmentation
from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.files.label_maps import write_labelmap
from DentalTopoSegLib.files.meshes import write_ply, write_stl
from DentalTopoSegLib.files.volumes import Volume, write_volume
from DentalTopoSegLib.runs import watching, worker, working
from DentalTopoSegLib.runs.job import Job, JobFile

EXPORTS = ("stl", "obj", "ply", "glb", "nifti", "seg.nrrd", "dicom-seg", "html", "csv", "json")
#: Which packages a format needs beyond the library's own.
_NEEDS = {"obj": "trimesh", "glb": "trimesh", "dicom-seg": "highdicom", "stl": "vtkmodules", "ply": "vtkmodules"}


_WHICH: ContextVar[str] = ContextVar("which", default="old")
_NUMBER = {"old": 1, "new": 2}


@dataclass(frozen=True)
class Case:
    """One command: "old" and "new" write results of the same names and different content into a folder."""

    name: str
    run: Callable[[Path, str], int]

    def __call__(self, out: Path, which: str) -> int:
        _WHICH.set(which)
        return self.run(out, which)


class _WorkedHere(watching._Watched):
    """The working process as a call in the watching one."""

    def __init__(self, job: Job, options: Any, stage: Path, tail: list[str]) -> None:
        self.job, self.given = job, options
        self.stage = stage

    def end(self) -> None:
        pass

    def follow(self, tell: Any, options: Any) -> dict[str, Any]:
        return working._segment(JobFile(replace(self.job, output=self.stage), options), self.stage, lambda event: None)


def toy_labels(which: str) -> Volume:
    """Two small teeth; "old" and "new" differ in one."""
    array = np.zeros((30, 30, 40), np.uint8)
    array[5:22, 8:20, 4:14] = 11
    array[5:22, 8:20, 22 : 33 if which == "new" else 31] = 21
    return Volume(array, (0.5, 0.5, 0.5), (0.0, 0.0, 0.0), name="case")


def prepare(folder: Path) -> list[Case]:
    """Write the inputs of all cases into a folder that stays; the cases, each run as `run(output folder, which)`."""
    _import_all()
    for which in ("old", "new"):
        labels = toy_labels(which)
        place = folder / which
        place.mkdir()
        grey = labels.with_array((labels.array > 0) * np.int16(1500) + np.int16(_NUMBER[which]))
        write_labelmap(labels, place / "case_teeth.nii.gz")
        write_volume(grey, place / "case.nii.gz")
        write_clinical_dicom(place / "dicom", grey)
        scans = place / "scans"
        scans.mkdir()
        write_volume(grey, scans / "case.nii.gz")
        for jaw in ("upper", "lower"):
            toy = toy_jaw(jaw)
            write_stl(place / f"{jaw}.stl", toy.vertices + 0.002 * _NUMBER[which], toy.faces)
        toy = toy_jaw("upper")
        toy = toy.where(toy.near(16, (0, 0, 0), 1.6 if which == "old" else 1.2), 0)
        write_ply(place / "jaw_teeth.ply", toy.vertices, toy.faces, None, {"fdi": toy.fdi})
        write_ply(place / "upper_teeth.ply", toy.vertices, toy.faces, None, {"fdi": toy.fdi})
    return [*_export_cases(folder), *_other_cases(folder)]


def _import_all() -> None:
    for module in walk_packages(DentalTopoSegLib.__path__, "DentalTopoSegLib."):
        if not module.name.startswith("DentalTopoSegLib.scene") and not module.name.endswith("__main__"):
            import_module(module.name)


def _command(*words: str) -> int:
    return cli.main([*words, "--quiet"])


def _export_cases(folder: Path) -> Iterator[Case]:
    for kind in EXPORTS:
        if find_spec(_NEEDS.get(kind, "numpy")) is None:
            continue

        def run(out: Path, which: str, kind: str = kind) -> int:
            words = ["export", str(folder / which / "case_teeth.nii.gz"), "-o", str(out), "--format", kind]
            return _command(*words, *(["--scan", str(folder / which / "dicom")] if kind == "dicom-seg" else []))

        yield Case(f"export {kind}", run)
    for kind in ("ply", "json"):

        def run(out: Path, which: str, kind: str = kind) -> int:
            return _command("export", str(folder / which / "jaw_teeth.ply"), "-o", str(out), "--format", kind)

        yield Case(f"export {kind} of a jaw", run)


def _other_cases(folder: Path) -> Iterator[Case]:
    def given(which: str, name: str) -> str:
        return str(folder / which / name)

    def segment(out: Path, which: str) -> int:
        return _command("segment", given(which, "case.nii.gz"), "-o", str(out), "--picture")

    def segment_jaws(out: Path, which: str) -> int:
        scans = given(which, "upper.stl"), given(which, "lower.stl")
        return _command("segment", *scans, "-o", str(out))

    def demo(out: Path, which: str) -> int:
        return _command("demo", "-o", str(out))

    def batch(out: Path, which: str) -> int:
        return _command("batch", given(which, "scans"), "-o", str(out), "--again")

    def work(out: Path, which: str) -> int:
        job = out.parent / "job.json"
        content = {"inputs": [given(which, "case.nii.gz")], "output": str(out), "name": "case", "picture": True}
        job.write_text(json.dumps(content))
        read, _ = os.pipe()
        os.dup2(read, 0)  # a host program that stays
        return worker.main([str(job)])

    def picture(out: Path, which: str) -> int:
        return _command(
            "picture", given(which, "case.nii.gz"), given(which, "case_teeth.nii.gz"), "-o", str(out / "p.png")
        )

    def repair(out: Path, which: str) -> int:
        return _command("repair", given(which, "jaw_teeth.ply"), "--all-safe", "-o", str(out / "mended.vtp"))

    def check(out: Path, which: str) -> int:
        return _command("check", given(which, "case_teeth.nii.gz"))

    def evaluate(out: Path, which: str) -> int:
        return _command("evaluate", given(which, "case_teeth.nii.gz"), given("old", "case_teeth.nii.gz"))

    def fuse(out: Path, which: str) -> int:
        scans = given(which, "case.nii.gz"), given(which, "upper_teeth.ply")
        return _command("fuse", *scans, "--labels", given(which, "case_teeth.nii.gz"), "-o", str(out))

    if all(find_spec(package) is not None for package in ("small_gicp", "trimesh", "vtkmodules")):
        yield Case("fuse", fuse)
    yield Case("segment a CBCT", segment)
    yield Case("segment two jaws", segment_jaws)
    yield Case("demo", demo)
    yield Case("batch", batch)
    yield Case("the worker", work)
    yield Case("picture", picture)
    yield Case("repair", repair)
    yield Case("check", check)
    yield Case("evaluate", evaluate)


def next_command(folder: Path, out: Path) -> int:
    """A command that has nothing to do with the one before but the folder."""
    source = folder / "next_teeth.nii.gz"
    if not source.exists():
        write_labelmap(toy_labels("new"), source)
    return _command("export", str(source), "-o", str(out), "--format", "nifti")


@contextmanager
def without_computing() -> Iterator[None]:
    """What takes seconds gives at once what it would: labels of toys, pictures of one pixel."""
    from DentalTopoSegLib.phantom.making import Phantom
    from DentalTopoSegLib.pictures.drawing import write_png

    def found(volume: Volume, options: Any, **_: Any) -> Segmentation:
        provenance = {"models": [{"id": "toy"}], "confidence": {"calibration": "toy"}, "seconds": {}}
        labels = toy_labels(_WHICH.get())
        return Segmentation(labels.with_array(labels.array), {11: 0.9, 21: 0.8}, provenance)

    def drawn(*arguments: Any, **_: Any) -> Path:
        path = next(value for value in arguments if isinstance(value, Path))
        return write_png(path, np.full((8, 8, 3), _NUMBER[_WHICH.get()] * 9, np.uint8))

    def phantom(seed: int = 0) -> Phantom:
        labels = toy_labels(_WHICH.get())
        image = labels.with_array((labels.array > 0) * np.int16(1500))
        return Phantom(image, labels, {})

    def laid(jaws: Any, scan: Any, options: Any) -> list[Any]:
        from DentalTopoSegLib.exports.tooth_surfaces import ToothSurface
        from DentalTopoSegLib.fusion import Decision, FusedTooth, Pose, TeethMatch
        from DentalTopoSegLib.runs.fusing import _Laid

        corners = np.array([[0.0, 0, 0], [5, 0, 0], [0, 5, 0], [0, 0, 5 + _NUMBER[_WHICH.get()]]])
        faces = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]], np.int32)
        tooth = FusedTooth(ToothSurface(11, corners, faces), np.ones(4, bool))
        pose = Pose(np.eye(4), {}, 0.05 * _NUMBER[_WHICH.get()], 1.0, False)
        residuals = np.full(len(jaws[0].scan.fdi), 0.05, np.float32)
        match = TeethMatch({11: 11}, [], [])
        return [_Laid(jaws[0], pose, match, Decision(), {}, [tooth], residuals, jaws[0].scan.fdi)]

    with pytest.MonkeyPatch.context() as patch:
        ToyNetwork(patch)
        patch.setattr("DentalTopoSegLib.runs.fusing._laid_jaws", laid)
        patch.setattr("DentalTopoSegLib.runs.fusing.fused_jaws_png", drawn)
        patch.setattr("DentalTopoSegLib.ios.segmenting.load_networks", lambda *_: {})
        patch.setattr("DentalTopoSegLib.cbct.segment_volume", found)
        patch.setattr("DentalTopoSegLib.phantom.make_phantom", phantom)
        patch.setattr("DentalTopoSegLib.pictures.volumes.overlay_png", drawn)
        patch.setattr("DentalTopoSegLib.pictures.volumes.views_png", drawn)
        patch.setattr("DentalTopoSegLib.pictures.jaws.jaw_png", drawn)
        patch.setattr(watching, "_Watched", _WorkedHere)
        yield
