"""What the package promises: the names, their types, and that volumes and jaws are taken alike."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scan_files import toy_dentition, write_file
from toy_jaws import ToyJaw, segmented, toy_jaw
from toy_network import ToyNetwork

import DentalTopoSegLib as library
from DentalTopoSegLib.files.meshes import write_stl

ROOT = Path(__file__).resolve().parents[3]


def test_the_stub_has_the_same_names_from_the_same_places() -> None:
    stub = ast.parse((ROOT / "DentalTopoSegLib" / "__init__.pyi").read_text(encoding="utf-8"))
    told = {
        alias.asname: node.module
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname == alias.name
    }
    assert told == library._HOME


@pytest.mark.parametrize("name", library.__all__)
def test_what_is_promised_is_documented_and_typed(name: str) -> None:
    thing = getattr(library, name)
    assert inspect.getdoc(thing)
    if inspect.isfunction(thing):
        hints = inspect.signature(thing)
        assert hints.return_annotation is not inspect.Signature.empty
        assert all(p.annotation is not inspect.Parameter.empty for p in hints.parameters.values())
        for section in ("Parameters", "Returns", "Raises"):
            assert re.search(rf"^{section}\n-+$", inspect.getdoc(thing) or "", re.MULTILINE), f"{name} lacks {section}"


def test_importing_it_loads_nothing() -> None:
    code = (
        "import sys, DentalTopoSegLib; "
        "heavy = {'numpy', 'scipy', 'SimpleITK', 'onnxruntime', 'torch', 'vtk'}; "
        "print(sorted({name.split('.')[0] for name in sys.modules} & heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture
def hollow() -> library.Volume:
    """The toy dentition with a hollow in 16."""
    labels = toy_dentition()[1]
    array = labels.array.copy()
    z, y, x = np.argwhere(array == 16).mean(0).round().astype(int)
    array[z, y, x] = 0
    return labels.with_array(array)


def test_a_label_map_is_checked_repaired_and_scored(hollow: library.Volume, tmp_path: Path) -> None:
    found = next(finding for finding in library.check(hollow) if finding.code == "void")
    whole = library.repair(hollow, found)
    assert "void" not in {finding.code for finding in library.check(whole)}
    assert (hollow.array != whole.array).sum() == 1
    truth = toy_dentition()[1]
    assert library.evaluate(whole, truth)["dice"] == 1.0
    assert library.evaluate(hollow, truth)["dice"] < 1.0
    path = write_file(hollow, tmp_path / "labels.nii.gz")
    assert [f.message for f in library.check(path)] == [f.message for f in library.check(hollow)]
    assert set(library.export(path, tmp_path / "out", "seg.nrrd")) == {"seg.nrrd"}


def labelled(toy: ToyJaw) -> library.JawSegmentation:
    return library.JawSegmentation(**vars(segmented(toy)))


def test_a_jaw_is_checked_repaired_and_scored() -> None:
    jaw = labelled(toy_jaw("lower").numbered({36: 37, 37: 36}))
    found = next(finding for finding in library.check(jaw) if finding.code == "order_broken")
    right = library.repair(jaw, found)
    assert "order_broken" not in {finding.code for finding in library.check([right])}
    truth = labelled(toy_jaw("lower"))
    assert library.evaluate(right, truth)["dice"] == 1.0
    assert library.evaluate(jaw, truth.fdi)["dice"] < 1.0


def test_scans_are_segmented_from_memory_and_from_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ToyNetwork(monkeypatch)
    toy = toy_jaw("upper")
    write_stl(tmp_path / "upper.stl", toy.vertices, toy.faces)
    mesh, _ = library.read_mesh(tmp_path / "upper.stl")
    (jaw,) = library.segment_jaws([mesh], library.RunOptions(threads=1), jaws=["upper"])
    run = library.segment_scan(tmp_path / "upper.stl", tmp_path / "out", jaws=["upper"])
    assert set(np.unique(jaw.fdi)) == set(np.unique(toy.fdi))
    assert run.report["jaw"] == "upper"
    assert all(path.is_file() for path in run.files[0].values())


def test_a_volume_and_a_jaw_are_not_compared(hollow: library.Volume) -> None:
    with pytest.raises(library.InputError, match="two of one kind"):
        library.evaluate(hollow, labelled(toy_jaw("lower")))


def test_a_finding_that_only_a_person_can_settle_is_not_repaired(hollow: library.Volume) -> None:
    gap = hollow.with_array(np.where(hollow.array == 46, 0, hollow.array))
    missing = next(finding for finding in library.check(gap) if finding.code == "missing_tooth")
    with pytest.raises(library.InputError, match="Only a person"):
        library.repair(gap, missing)
