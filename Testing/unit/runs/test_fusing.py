"""The command `fuse` on files: what it writes, where the transform leads, what it refuses and then leaves."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from made_scans import MadeScan, make_scan

from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.files.label_maps import write_labelmap
from DentalTopoSegLib.files.meshes import read_mesh, write_vtp
from DentalTopoSegLib.files.volumes import write_volume
from DentalTopoSegLib.phantom import make_phantom

pytest.importorskip("small_gicp", reason="python -m pip install small_gicp")
pytest.importorskip("vtkmodules", reason="python -m pip install vtk")
trimesh = pytest.importorskip("trimesh", reason="python -m pip install trimesh")

#: Five teeth a jaw hold a scan, and are quickly made.
ABSENT = tuple(10 * q + p for q in (1, 2, 3, 4) for p in range(1, 9) if p > (3 if q in (1, 4) else 2))


@pytest.fixture(scope="module")
def case(tmp_path_factory) -> tuple[Path, dict[str, MadeScan]]:
    """A folder with cbct.nii.gz, its labels.nii.gz, upper.vtp and lower.vtp; and the scans."""
    folder = tmp_path_factory.mktemp("case")
    phantom = make_phantom(3, 0.4, missing=ABSENT, fillings=0, fov_mm=(54, 36, 54))
    write_volume(phantom.image, folder / "cbct.nii.gz")
    write_labelmap(phantom.labels, folder / "labels.nii.gz")
    scans = {}
    for seed, jaw in enumerate(("upper", "lower")):
        made = scans[jaw] = make_scan(phantom, jaw, seed=seed, spacing=0.25)
        mesh = made.labelled.mesh
        write_vtp(folder / f"{jaw}.vtp", mesh.vertices, mesh.faces, {"FDI": mesh.point_data["FDI"]})
    return folder, scans


def call(folder: Path, *scans: str, out: Path, more: tuple[str, ...] = ()) -> int:
    meshes = [str(folder / scan) for scan in scans]
    return cli.main(
        ["fuse", str(folder / "cbct.nii.gz"), *meshes, "--labels", str(folder / "labels.nii.gz"), "-o", str(out), *more]
    )


def test_both_jaws_are_laid_and_their_teeth_written(case, tmp_path: Path, capsys) -> None:
    folder, scans = case
    out = tmp_path / "out"
    assert call(folder, "upper.vtp", "lower.vtp", out=out) == 0
    shown = capsys.readouterr().out
    assert "upper (upper jaw)" in shown
    assert str(out / "cbct_fused_11.stl") in shown
    report = json.loads((out / "cbct_fusion.json").read_text(encoding="utf-8"))
    assert {path.name for path in out.iterdir()} == set(report["files"].values())
    assert [part["jaw"] for part in report["jaws"]] == ["upper", "lower"]
    for part in report["jaws"]:
        made = scans[part["jaw"]]
        crowns = made.labelled.surface.vertices[made.labelled.fdi > 0]
        true = crowns @ made.matrix[:3, :3].T + made.matrix[:3, 3]
        matrix = np.array(part["scan_to_cbct"])
        assert np.abs(crowns @ matrix[:3, :3].T + matrix[:3, 3] - true).max() < 0.2
        # the file leads from the CBCT to the scan
        transform = sitk.ReadTransform(str(out / part["transform"]))
        assert np.allclose(transform.TransformPoint(true[0].tolist()), crowns[0], atol=0.2)
        assert all(tooth["residual_median_mm"] < 0.2 for tooth in part["teeth"])
    fused = [path for path in out.iterdir() if path.suffix == ".stl"]
    assert len(fused) == 10
    for path in fused:
        mesh, _ = read_mesh(path)
        assert trimesh.Trimesh(mesh.vertices, mesh.faces, process=False).is_watertight


def test_one_jaw_as_glb(case, tmp_path: Path, capsys) -> None:
    folder, _ = case
    assert call(folder, "lower.vtp", out=tmp_path / "out", more=("--format", "glb", "--json")) == 0
    report = json.loads(capsys.readouterr().out)
    assert [part["jaw"] for part in report["jaws"]] == ["lower"]
    scene = trimesh.load(tmp_path / "out" / "cbct_fused.glb")
    assert set(scene.geometry) == {"31", "32", "41", "42", "43"}


def test_jaws_in_the_wrong_order_are_refused_and_nothing_is_left(case, tmp_path: Path, capsys) -> None:
    folder, _ = case
    assert call(folder, "lower.vtp", "upper.vtp", out=tmp_path / "out") == 3
    assert "'lower' is given as the upper jaw, but it is the lower one" in capsys.readouterr().err
    assert call(folder, "lower.vtp", out=tmp_path / "out", more=("--jaw", "upper")) == 3
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_fused_is_refused(case, tmp_path: Path, capsys) -> None:
    folder, _ = case
    out = tmp_path / "out"
    mesh, cbct = str(folder / "upper.vtp"), str(folder / "cbct.nii.gz")
    small = make_phantom(3, 2.0, fov_mm=(30, 30, 30))
    write_labelmap(small.labels, tmp_path / "small.nii.gz")
    cases = [
        (3, ["fuse", mesh, mesh], "is a mesh: give the CBCT first"),
        (3, ["fuse", cbct, cbct], "is no mesh: give an intraoral scan"),
        (2, ["fuse", cbct, mesh, mesh, mesh], "first the upper, then the lower jaw"),
        (2, ["fuse", cbct, mesh, mesh, "--jaw", "upper"], "leave --jaw out"),
        (3, ["fuse", cbct, mesh, "--labels", str(tmp_path / "small.nii.gz")], "different voxels"),
    ]
    for code, argv, words in cases:
        assert cli.main([*argv, "-o", str(out)]) == code, argv
        assert words in capsys.readouterr().err
    assert not out.exists()


def test_a_missing_package_is_asked_for_before_anything_is_written(case, tmp_path: Path, capsys, monkeypatch) -> None:
    folder, _ = case
    monkeypatch.setitem(__import__("sys").modules, "small_gicp", None)
    assert call(folder, "upper.vtp", out=tmp_path / "out") == 3
    assert 'python -m pip install "small_gicp>=1.0"' in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
