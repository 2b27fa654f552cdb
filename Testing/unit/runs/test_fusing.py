"""The command `fuse` on files: what it writes, where the transform leads, what it refuses and then leaves."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk
from fusion_scenes import WRONG, fdi_of, known_of_cbct, known_of_scan, patient
from made_scans import MadeScan
from PIL import Image

from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.commands.fuse import _text
from DentalTopoSegLib.dentition import Known
from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.jaw_labels import read_labelled_jaw
from DentalTopoSegLib.files.label_maps import read_fdi_labels, write_labelmap
from DentalTopoSegLib.files.meshes import read_mesh, write_stl, write_vtp
from DentalTopoSegLib.files.seg_nrrd import write_seg_nrrd
from DentalTopoSegLib.files.transactions import all_or_nothing
from DentalTopoSegLib.files.volumes import write_volume
from DentalTopoSegLib.options import RunOptions
from DentalTopoSegLib.phantom import make_phantom
from DentalTopoSegLib.reports.fusion_report import read_fusion_report
from DentalTopoSegLib.runs import fusion_inputs
from DentalTopoSegLib.runs.fusing import fuse, fuse_job
from DentalTopoSegLib.runs.job import Job, JobFile
from DentalTopoSegLib.runs.results import open_result

pytest.importorskip("small_gicp", reason="python -m pip install small_gicp")
pytest.importorskip("vtkmodules", reason="python -m pip install vtk")
trimesh = pytest.importorskip("trimesh", reason="python -m pip install trimesh")


@pytest.fixture(scope="module")
def case(tmp_path_factory) -> tuple[Path, dict[str, MadeScan]]:
    """A folder with cbct.nii.gz, its labels.nii.gz, upper.vtp and lower.vtp; and the scans."""
    folder = tmp_path_factory.mktemp("case")
    phantom, scans = patient()
    write_volume(phantom.image, folder / "cbct.nii.gz")
    write_labelmap(phantom.labels, folder / "labels.nii.gz")
    for jaw, made in scans.items():
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
    """With a label map that holds only the box around the teeth, as a DICOM segmentation does."""
    folder, _ = case
    whole = sitk.ReadImage(str(folder / "labels.nii.gz"))
    shape = sitk.LabelShapeStatisticsImageFilter()
    shape.Execute(whole > 0)
    x, y, z, *size = shape.GetBoundingBox(1)
    assert size != list(whole.GetSize())
    sitk.WriteImage(sitk.RegionOfInterest(whole, size, (x, y, z)), str(tmp_path / "part.nii.gz"))
    more = ("--labels", str(tmp_path / "part.nii.gz"), "--format", "glb", "--json")
    assert call(folder, "lower.vtp", out=tmp_path / "out", more=more) == 0
    report = json.loads(capsys.readouterr().out)
    assert [part["jaw"] for part in report["jaws"]] == ["lower"]
    scene = trimesh.load(tmp_path / "out" / "cbct_fused.glb")
    assert set(scene.geometry) == {"31", "32", "41", "42", "43"}


def test_the_numbers_correct_each_other_and_both_are_told(case, tmp_path: Path, capsys) -> None:
    """The scan's network takes 13 for 14 and is not sure; the CBCT's and the arch say 13."""
    phantom, scans = patient()
    labels = write_seg_nrrd(phantom.labels, tmp_path / "labels.seg.nrrd", {13: 0.97}, known_of_cbct(phantom))
    mesh = scans["upper"].labelled.mesh
    upper = write_vtp(tmp_path / "upper.vtp", mesh.vertices, mesh.faces, {"FDI": fdi_of(scans["upper"], WRONG)})
    write_volume(phantom.image, tmp_path / "cbct.nii.gz")
    out, known = tmp_path / "out", [known_of_scan(scans["upper"], WRONG)]
    job = Job([tmp_path / "cbct.nii.gz", upper], out, "fusion", labels=labels, known=known)
    job = JobFile.from_dict(json.loads(json.dumps(JobFile(job).to_dict()))).job  # as the worker gets it
    run = fuse_job(job)
    report = read_fusion_report(run.files["report"])
    assert report == run.report
    (part,) = report["jaws"]
    assert part["numbers"] == {
        "agree_before": 4,
        "agree_after": 5,
        "changed_in_cbct": {},
        "changed_in_scan": {"14": 13},
        "two_numbers": [{"cbct": 13, "scan": 14, "cbct_score": 0.97, "scan_score": 0.6, "decided": True}],
    }
    row = next(row for row in part["teeth"] if row["fdi"] == 13)
    assert (row["fdi_in_cbct"], row["fdi_in_scan"], row["number_from"]) == (13, 14, "cbct")
    assert {row["number_from"] for row in part["teeth"]} == {"cbct", "both"}
    (finding,) = report["findings"]
    assert "13 was taken for both, please check" in finding["message"]
    place = phantom.labels.index_to_ras(np.argwhere(phantom.labels.array == 13).mean(0, keepdims=True))[0]
    assert np.linalg.norm(np.array(finding["position_ras"]) - place) < 12
    # the scan where it lies, with the numbers that hold and its distances
    laid, _ = read_mesh(out / part["mesh"])
    assert sorted(np.unique(laid.point_data["FDI"])) == [0, 11, 12, 13, 21, 22]
    assert np.nanmedian(laid.point_data["Residual_mm"]) < 0.1
    # the label map says it too: found, and repaired, like any other finding
    assert cli.main(["check", str(out / report["files"]["labels"])]) == 0
    assert "13 was taken for both" in capsys.readouterr().out
    number = [one.code for one in open_result(out / report["files"]["labels"]).findings].index("two_numbers") + 1
    mended = tmp_path / "mended.seg.nrrd"
    repair = ["repair", str(out / report["files"]["labels"]), "--finding", str(number), "-o", str(mended)]
    assert cli.main(repair) == 0
    assert "Give tooth 13 the number 14" in capsys.readouterr().out
    assert 14 in np.unique(read_fdi_labels(mended)[0].array)


def test_without_what_numbers_were_found_from_a_person_decides(case, tmp_path: Path, capsys) -> None:
    folder, scans = case
    mesh = scans["upper"].labelled.mesh
    write_vtp(folder / "wrong.vtp", mesh.vertices, mesh.faces, {"FDI": fdi_of(scans["upper"], WRONG)})
    assert call(folder, "wrong.vtp", out=tmp_path / "out") == 0
    shown = capsys.readouterr().out
    assert "The same tooth is 13 in the CBCT and 14 in the intraoral scan: please decide which number is right" in shown
    report = read_fusion_report(tmp_path / "out" / "cbct_fusion.json")
    assert [finding["severity"] for finding in report["findings"]] == ["warning"]
    assert report["jaws"][0]["numbers"]["agree_after"] == report["jaws"][0]["numbers"]["agree_before"] == 4
    with Image.open(tmp_path / "out" / "cbct_fusion.png") as picture:
        assert picture.size[0] > 1000


def test_one_jaw_again_takes_the_files_of_the_other_away(case, tmp_path: Path, capsys) -> None:
    folder, _ = case
    out = tmp_path / "out"
    assert call(folder, "upper.vtp", "lower.vtp", out=out) == 0
    (out / "notes.txt").write_text("mine")
    (out / "cbct_fused_12.stl").write_bytes(b"edited")
    capsys.readouterr()
    assert call(folder, "lower.vtp", out=out) == 0
    told = capsys.readouterr().err
    report = read_fusion_report(out / "cbct_fusion.json")
    left = {path.name for path in out.iterdir()} - set(report["files"].values())
    assert left == {"notes.txt", "cbct_fused_12.stl"}
    assert "of an earlier fusion and not of this one: 'cbct_fused_11.stl', " in told
    assert "changed since and therefore left in the folder: 'cbct_fused_12.stl'." in told


def test_jaws_that_are_exchanged_leave_nothing_of_their_own_segmentation(case, tmp_path: Path, monkeypatch) -> None:
    """Meshes without labels are segmented into the folder before anybody knows which jaw they are."""
    folder, scans = case
    paths = []
    for jaw in ("lower", "upper"):
        mesh = scans[jaw].labelled.mesh
        paths.append(write_stl(tmp_path / f"{jaw}.stl", mesh.vertices, mesh.faces))

    def segmented(job: Job, options: RunOptions) -> SimpleNamespace:
        with all_or_nothing(Path(job.output)) as stage:
            (stage / "numbered.vtp").write_text("teeth")
        jaws = [Path(path).stem for path in job.inputs]
        read = [read_labelled_jaw(folder / f"{jaw}.vtp")[0] for jaw in jaws]
        found = [
            SimpleNamespace(**vars(one) | {"jaw": jaw, "known": Known()}) for one, jaw in zip(read, jaws, strict=True)
        ]
        return SimpleNamespace(reports=[{"name": one.jaw, "warnings": []} for one in found], segmentations=found)

    monkeypatch.setattr(fusion_inputs, "segment", segmented)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match="is given as the upper jaw, but it is the lower one"):
        fuse(folder / "cbct.nii.gz", paths, tmp_path / "out", labels=folder / "labels.nii.gz")
    assert sorted(tmp_path.iterdir()) == before
    fuse(folder / "cbct.nii.gz", paths[::-1], tmp_path / "out", labels=folder / "labels.nii.gz", name="right")
    assert (tmp_path / "out" / "numbered.vtp").exists()  # right this time


def test_a_distance_that_is_looked_for_no_further_is_said_so() -> None:
    tooth = {"fdi": 11, "fdi_in_cbct": 11, "fdi_in_scan": 11, "residual_median_mm": 0.07, "residual_p95_mm": 1.0}
    jaw = {"scan": "a", "jaw": "upper", "share_that_fits": 0.9, "residual_median_mm": 0.1, "teeth": [tooth]}
    assert _text({"jaws": [jaw], "findings": []}).splitlines()[-1].split()[3:] == ["0.07", "1.00", "or", "more"]
    tooth |= {"residual_median_mm": None, "residual_p95_mm": 0.996}
    assert _text({"jaws": [jaw], "findings": []}).splitlines()[-1].split()[3:] == ["-", "1.00"]


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
        (3, ["fuse", cbct, mesh, "--name", "../evil"], "The results' name (--name)"),
        (3, ["fuse", cbct, mesh, "--name", str(tmp_path / "x")], "The results' name (--name)"),
    ]
    for code, argv, words in cases:
        assert cli.main([*argv, "-o", str(out)]) == code, argv
        assert words in capsys.readouterr().err
    assert not out.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.nii.gz"]


def test_a_missing_package_is_asked_for_before_anything_is_written(case, tmp_path: Path, capsys, monkeypatch) -> None:
    folder, _ = case
    monkeypatch.setitem(__import__("sys").modules, "small_gicp", None)
    assert call(folder, "upper.vtp", out=tmp_path / "out") == 3
    assert 'python -m pip install "small_gicp>=1.0"' in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
