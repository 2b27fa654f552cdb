"""Runs on intraoral scans: which files appear, what is in them, and that a refusal or a stop leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scan_files import toy_dentition, write_file
from toy_jaws import TEETH, ToyJaw, toy_jaw
from toy_network import ToyNetwork, names

from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.dentition import FDI_PERMANENT, color, fdi_to_universal, mirrored
from DentalTopoSegLib.errors import InputError, NoTeethError
from DentalTopoSegLib.files.jaw_labels import read_labelled_jaw
from DentalTopoSegLib.files.meshes import is_mesh_file, read_mesh, read_teeth3ds_json, write_ply, write_stl, write_vtp
from DentalTopoSegLib.options import RunOptions
from DentalTopoSegLib.runs.checking import check_file, evaluate_files
from DentalTopoSegLib.runs.job import Job
from DentalTopoSegLib.runs.segmenting import segment

ROOT = Path(__file__).resolve().parents[3]
PER_JAW = ("report.json", "teeth.json", "teeth.ply", "teeth.png", "teeth.vtp")


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> ToyNetwork:
    return ToyNetwork(monkeypatch)


def stl(path: Path, toy: ToyJaw) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_stl(path, toy.vertices, toy.faces)
    return path


@pytest.fixture
def upper(tmp_path: Path) -> Path:
    return stl(tmp_path / "in" / "Case 7 U.STL", toy_jaw("upper"))


@pytest.fixture
def lower(tmp_path: Path) -> Path:
    return stl(tmp_path / "in" / "Case 7 L.stl", toy_jaw("lower"))


# ---------------------------------------------------------------- segment: files


def test_one_jaw_writes_all_its_files(tmp_path: Path, upper: Path, network: ToyNetwork, capsys) -> None:
    out = tmp_path / "out"
    assert cli.main(["segment", str(upper), "-o", str(out), "--threads", "1"]) == 0
    assert names(out) == [f"Case 7 U_{kind}" for kind in PER_JAW]
    assert network.asked == [{"jaws": [None], "names": ["Case 7 U"], "threads": 1, "precision": "int8"}]
    report = json.loads((out / "Case 7 U_report.json").read_text(encoding="utf-8"))
    assert report["kind"] == "intraoral scan"
    assert (report["jaw"], report["jaw_stated"], report["jaw_confidence"]) == ("upper", False, 0.97)
    assert report["count"] == {"upper": 14, "lower": 0, "total": 14}
    assert report["findings"] == []
    assert report["warnings"] == ["A warning of the network."]
    assert report["mm_per_unit"] == 1.0
    assert list(report["provenance"]["seconds"]) == ["read", "clean", "network", "check"]
    assert sorted(report["files"].values()) == names(out)
    assert str(tmp_path) not in json.dumps(report)
    row = next(row for row in report["teeth"] if row["fdi"] == 16)
    np.testing.assert_allclose(row["centroid"], toy_jaw("upper").centre(16), atol=0.01)
    assert (row["universal"], row["confidence"], row["pieces"], row["holes"]) == ("3", 0.9, 1, 0)
    shown = capsys.readouterr()
    assert "Case 7 U: upper jaw (confidence 97 %), 14 teeth" in shown.out
    assert "upper right first molar" in shown.out
    assert "Findings: none." in shown.out
    assert "Note: A warning of the network." in shown.err


def test_labels_lie_on_the_input_in_its_order(tmp_path: Path, upper: Path, network: ToyNetwork) -> None:
    out = tmp_path / "out"
    segment(Job([upper], out))
    mesh, _ = read_mesh(upper)
    truth = toy_jaw("upper")
    expected = truth.fdi[truth.faces]  # the STL's corners are the toy's, face by face

    content = read_teeth3ds_json(out / "Case 7 U_teeth.json")
    np.testing.assert_array_equal(content["labels"].reshape(-1, 3), expected)
    assert content["jaw"] == "upper"
    assert content["id_patient"] == ""
    np.testing.assert_array_equal(content["instances"], content["labels"] * 2)

    labelled, _ = read_mesh(out / "Case 7 U_teeth.vtp")
    np.testing.assert_array_equal(labelled.vertices, mesh.vertices)
    np.testing.assert_array_equal(labelled.faces, mesh.faces)
    np.testing.assert_array_equal(labelled.cell_data["Label"], truth.face_fdi)
    fdi = labelled.point_data["FDI"]
    np.testing.assert_array_equal(fdi[labelled.faces], expected)
    universal = [33 if f == 0 else int(fdi_to_universal(int(f))) for f in fdi]
    np.testing.assert_array_equal(labelled.point_data["UniversalID"], universal)
    np.testing.assert_array_equal(labelled.point_data["PredictedID"], universal)

    coloured, _ = read_mesh(out / "Case 7 U_teeth.ply")
    np.testing.assert_array_equal(coloured.point_data["fdi"], fdi)
    assert {
        tuple(int(coloured.point_data[c][i]) for c in ("red", "green", "blue")) for i in np.flatnonzero(fdi == 16)
    } == {color(16)}


def test_broken_vertices_keep_their_index_and_get_no_label(tmp_path: Path, network: ToyNetwork) -> None:
    toy = toy_jaw("lower")
    vertices = np.vstack([[[np.nan, 0, 0]], toy.vertices, [[500.0, 0, 0]]])  # one no number, one used by nothing
    faces = np.vstack([toy.faces + 1, [[0, 1, 2]], toy.faces[:1] + 1])  # one broken, one twice
    write_ply(tmp_path / "scan.ply", vertices, faces)
    segment(Job([tmp_path / "scan.ply"], tmp_path / "out", per_tooth=True))
    labels = read_teeth3ds_json(tmp_path / "out" / "scan_teeth.json")["labels"]
    np.testing.assert_array_equal(labels, [0, *toy.fdi, 0])
    labelled, _ = read_mesh(tmp_path / "out" / "scan_teeth.vtp")
    assert len(labelled.vertices) == len(vertices)
    assert np.isfinite(labelled.vertices).all()
    np.testing.assert_array_equal(labelled.vertices[1:-1], toy.vertices)
    np.testing.assert_array_equal(labelled.point_data["FDI"], labels)
    assert len(labelled.faces) == len(toy.faces) + 1
    np.testing.assert_array_equal(labelled.cell_data["Label"], [*toy.face_fdi, toy.face_fdi[0]])


def test_one_stl_per_tooth_makes_up_the_scan(tmp_path: Path, lower: Path, network: ToyNetwork) -> None:
    run = segment(Job([lower], tmp_path / "out", per_tooth=True, name="jaw"))
    parts = sorted(p.name for p in (tmp_path / "out").glob("*.stl"))
    assert parts == sorted(["jaw_gingiva.stl", *(f"jaw_{fdi}.stl" for fdi in TEETH["lower"])])
    counts = {p: len(read_mesh(tmp_path / "out" / p)[0].faces) for p in parts}
    truth = toy_jaw("lower")
    assert sum(counts.values()) == len(truth.faces)
    assert counts["jaw_36.stl"] == (truth.face_fdi == 36).sum()
    assert run.files[0]["tooth_36"] == tmp_path / "out" / "jaw_36.stl"
    assert "tooth_36" in run.report["files"]


def test_metres_stay_metres(tmp_path: Path, network: ToyNetwork) -> None:
    toy = toy_jaw("lower", absent=(36,))
    network.truth.append(toy)
    write_ply(tmp_path / "m.ply", toy.vertices / 1000, toy.faces)
    run = segment(Job([tmp_path / "m.ply"], tmp_path / "out", unit="m", jaws=["lower"]))
    assert run.report["mm_per_unit"] == 1000
    (finding,) = run.report["findings"]
    assert finding["code"] == "missing_tooth"
    row = next(row for row in run.report["teeth"] if row["fdi"] == 46)
    np.testing.assert_allclose(row["centroid"], toy.centre(46) / 1000, rtol=1e-4)
    labelled, _ = read_mesh(tmp_path / "out" / "m_teeth.vtp")
    np.testing.assert_allclose(labelled.vertices, toy.vertices / 1000)


# ---------------------------------------------------------------- segment: two jaws


def test_two_jaws_are_one_dentition(tmp_path: Path, lower: Path, network: ToyNetwork, capsys) -> None:
    gap = toy_jaw("upper", absent=(16,))
    network.truth.append(gap)
    upper = stl(tmp_path / "in" / "gap.stl", gap)
    out = tmp_path / "out"
    assert cli.main(["segment", str(upper), str(lower), "-o", str(out), "--json"]) == 0
    assert names(out) == sorted(f"{stem}_{kind}" for stem in ("Case 7 L", "gap") for kind in PER_JAW)
    assert network.asked[0]["jaws"] == ["upper", "lower"]
    body = json.loads(capsys.readouterr().out)
    assert [report["jaw"] for report in body["jaws"]] == ["upper", "lower"]
    assert [report["other_jaw"] for report in body["jaws"]] == ["Case 7 L", "gap"]
    (finding,) = body["findings"]
    assert (finding["teeth"], finding["detail"]["jaw"]) == ([16], "upper")
    for stem in ("gap", "Case 7 L"):
        report = json.loads((out / f"{stem}_report.json").read_text(encoding="utf-8"))
        assert report["findings"] == body["findings"]
    assert body["warnings"] == ["gap: A warning of the network.", "Case 7 L: A warning of the network."]


def test_equal_names_are_told_apart_by_the_jaw(tmp_path: Path, network: ToyNetwork) -> None:
    upper = stl(tmp_path / "u" / "scan.stl", toy_jaw("upper"))
    lower = stl(tmp_path / "l" / "Scan.stl", toy_jaw("lower"))
    run = segment(Job([upper, lower], tmp_path / "out"))
    assert [report["name"] for report in run.reports] == ["scan_upper", "Scan_lower"]
    run = segment(Job([upper, lower], tmp_path / "named", name="Muster"))
    assert names(tmp_path / "named") == sorted(f"Muster_{w}_{kind}" for w in ("upper", "lower") for kind in PER_JAW)
    assert len(run.files) == 2


def test_exchanged_jaws_are_a_finding(tmp_path: Path, upper: Path, lower: Path, network: ToyNetwork) -> None:
    network.changes = {}
    run = segment(Job([lower, upper], tmp_path / "out"))
    assert "upper_lower_swapped" in [finding["code"] for finding in run.report["findings"]]


# ---------------------------------------------------------------- segment: refusals


def test_wrong_combinations_are_refused_in_one_sentence(
    tmp_path: Path, upper: Path, lower: Path, network, capsys
) -> None:
    cbct = write_file(toy_dentition()[0], tmp_path / "in" / "ct.nii.gz")
    cases = [
        ([upper, cbct], [], "A CBCT and a mesh"),
        ([cbct, cbct], [], "one CBCT at a time"),
        ([upper, lower, lower], [], "first the upper, then the lower"),
        ([upper, lower], ["--jaw", "upper"], "leave --jaw out"),
        ([upper], ["--series", "2"], "--series is only for CBCT"),
        ([upper], ["--picture"], "--picture is only for CBCT"),
        ([cbct], ["--jaw", "upper"], "--jaw is only for intraoral scans"),
        ([cbct], ["--per-tooth"], "--per-tooth is only for intraoral scans"),
        ([tmp_path / "in" / "absent.stl"], [], "does not exist"),
        ([upper], ["--unit", "m"], "give the right unit"),
    ]
    for paths, options, text in cases:
        code = 3 if "exist" in text or "unit" in text else 2
        assert cli.main(["segment", *map(str, paths), "-o", str(tmp_path / "out"), *options, "--json"]) == code
        shown = capsys.readouterr()
        assert text in shown.err.splitlines()[-1]
        assert text in json.loads(shown.out)["error"]["message"]
    assert not (tmp_path / "out").exists()
    assert network.asked == []


def test_results_never_replace_the_scan(tmp_path: Path, network: ToyNetwork) -> None:
    scan = tmp_path / "x_teeth.ply"
    toy = toy_jaw("upper")
    write_ply(scan, toy.vertices, toy.faces)
    before = scan.read_bytes()
    with pytest.raises(InputError, match="would replace"):
        segment(Job([scan], tmp_path, name="x"))
    assert names(tmp_path) == ["x_teeth.ply"]
    assert scan.read_bytes() == before


def test_no_teeth_is_code_4(tmp_path: Path, upper: Path, network: ToyNetwork, capsys) -> None:
    network.truth = [toy_jaw("upper").where(toy_jaw("upper").fdi > 0, 0)]
    assert cli.main(["segment", str(upper), "-o", str(tmp_path / "out")]) == 4
    assert "No teeth were found in 'Case 7 U'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_failing_picture_leaves_nothing(tmp_path: Path, upper: Path, network: ToyNetwork, monkeypatch) -> None:
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("DentalTopoSegLib.pictures.jaws.jaw_png", fail, raising=False)
    assert cli.main(["segment", str(upper), "-o", str(tmp_path / "out"), "--quiet"]) == 6
    assert not (tmp_path / "out").exists()


def test_cancelling_between_two_files_leaves_nothing(tmp_path: Path, upper: Path, network: ToyNetwork) -> None:
    stages: list[tuple[str, float]] = []

    def cancelled() -> bool:
        return ("Writing the results", 2) in stages

    with pytest.raises(Exception, match="nothing was written"):
        segment(
            Job([upper], tmp_path / "out"),
            RunOptions(progress=lambda s, d, t: stages.append((s, d)), cancelled=cancelled),
        )
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
def test_a_killed_run_leaves_nothing(tmp_path: Path, upper: Path) -> None:
    """A real process is stopped while it writes its last file."""
    code = """
import sys, time
sys.path.insert(0, "Testing/helpers")
from pathlib import Path
import pytest
from toy_network import ToyNetwork
from DentalTopoSegLib.commands import cli; from DentalTopoSegLib.runs import jaws as mesh_runs
ToyNetwork(pytest.MonkeyPatch())
def slow(*arguments):
    print("writing", flush=True)
    time.sleep(60)
mesh_runs.write_report_json = slow
sys.exit(cli.main(sys.argv[1:]))
"""
    out = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "segment", str(upper), "-o", str(out), "--quiet"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout.readline() == "writing\n"
    assert any(p.name == "Case 7 U_teeth.vtp" for p in out.rglob("*"))
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.strip() == "dentaltoposeg: Stopped before the end; nothing was written."
    assert not out.exists()


# ---------------------------------------------------------------- which path a file takes


def test_meshes_are_known_by_name_or_content(tmp_path: Path) -> None:
    toy = toy_jaw("upper")
    for name in ("a.stl", "b.STL"):
        assert is_mesh_file(stl(tmp_path / name, toy))
    write_ply(tmp_path / "ply.dat", toy.vertices, toy.faces)
    write_vtp(tmp_path / "vtp.xml", toy.vertices, toy.faces)
    (tmp_path / "ascii").write_text("solid x\n facet normal 0 0 1\n")
    for name in ("ply.dat", "vtp.xml", "ascii"):
        assert is_mesh_file(tmp_path / name), name
    (tmp_path / "stl.nii").write_bytes((tmp_path / "a.stl").read_bytes())
    assert is_mesh_file(tmp_path / "stl.nii")
    cbct = write_file(toy_dentition()[0], tmp_path / "ct.nii.gz")
    (tmp_path / "note.txt").write_text("solid ground")
    (tmp_path / "empty").write_bytes(b"")
    for path in (cbct, tmp_path / "note.txt", tmp_path / "empty", tmp_path, tmp_path / "absent.nii"):
        assert not is_mesh_file(path), path
    assert is_mesh_file(tmp_path / "absent.stl")  # so that the refusal speaks of a mesh


# ---------------------------------------------------------------- check


def labelled(path: Path, toy: ToyJaw, points: dict | None = None, cells: dict | None = None) -> Path:
    write_vtp(path, toy.vertices, toy.faces, points or {}, cells or {})
    return path


def universal(fdi: np.ndarray) -> np.ndarray:
    return np.array([33 if f == 0 else int(fdi_to_universal(int(f))) for f in fdi], np.int32)


@pytest.mark.parametrize("which", ["upper", "lower"])
def test_labels_of_other_tools_are_understood(tmp_path: Path, which: str) -> None:
    toy = toy_jaw(which)
    arrays = [
        ({"FDI": toy.fdi.astype(np.int32)}, {}),
        ({}, {"Label": toy.face_fdi.astype(np.int32)}),
        ({"UniversalID": universal(toy.fdi)}, {}),
        ({"Universal_ID": universal(toy.fdi).astype(np.float64)}, {}),
        ({"PredictedID": universal(toy.fdi)}, {}),
        ({"PredictedID": toy.fdi.astype(np.int32)}, {}),
        ({}, {"Label": universal(toy.face_fdi)}),
    ]
    for points, cells in arrays:
        jaw, _ = read_labelled_jaw(labelled(tmp_path / "a.vtp", toy, points, cells))
        wrong = (jaw.fdi != toy.fdi).mean()
        assert wrong < (0.05 if cells else 1e-9)  # cells say nothing exact about vertices on a border
        assert (jaw.face_fdi != toy.face_fdi).mean() < 1e-9
    (tmp_path / "a.json").write_text(json.dumps({"id_patient": "x", "jaw": which, "labels": toy.fdi.tolist()}))
    write_ply(tmp_path / "plain.ply", toy.vertices, toy.faces)
    jaw, _ = read_labelled_jaw(tmp_path / "plain.ply", tmp_path / "a.json")
    np.testing.assert_array_equal(jaw.fdi, toy.fdi)
    assert jaw.jaw == which


def test_labels_that_are_no_teeth_are_refused(tmp_path: Path) -> None:
    toy = toy_jaw("upper")
    counted = np.where(toy.face_fdi > 0, toy.face_fdi % 10 + 1, 0)  # MeshSegNet's own numbers
    with pytest.raises(InputError, match="neither FDI numbers nor Universal"):
        read_labelled_jaw(labelled(tmp_path / "a.vtp", toy, {}, {"Label": counted}))
    with pytest.raises(InputError, match="has no tooth labels"):
        read_labelled_jaw(labelled(tmp_path / "b.vtp", toy))
    with pytest.raises(InputError, match="no tooth numbers"):
        read_labelled_jaw(labelled(tmp_path / "c.vtp", toy, {"FDI": toy.fdi - 0.5}))
    with pytest.raises(InputError, match="not for meshes"):
        read_labelled_jaw(labelled(tmp_path / "d.vtp", toy, {"FDI": toy.fdi}), numbering="sequential")
    write_ply(tmp_path / "e.ply", toy.vertices, toy.faces)
    (tmp_path / "e.json").write_text(json.dumps({"jaw": "upper", "labels": [0, 11]}))
    with pytest.raises(InputError, match="labels for 2 vertices"):
        read_labelled_jaw(tmp_path / "e.ply", tmp_path / "e.json")


def test_check_finds_what_is_wrong_in_a_labelled_mesh(tmp_path: Path, capsys) -> None:
    toy = toy_jaw("upper")
    clean = labelled(tmp_path / "clean.vtp", toy, {"FDI": toy.fdi})
    run = check_file(clean)
    assert [f for f in run.report["findings"] if f["severity"] != "info"] == []
    assert run.report["jaw"] == "upper"
    swapped = toy.numbered({fdi: mirrored(fdi) for fdi in FDI_PERMANENT})
    path = labelled(tmp_path / "swapped.vtp", swapped, {"FDI": swapped.fdi})
    assert cli.main(["check", str(path)]) == 0
    assert "Left and right are exchanged in the upper jaw" in capsys.readouterr().out
    empty = labelled(tmp_path / "empty.vtp", toy, {"FDI": toy.fdi * 0})
    with pytest.raises(NoTeethError, match="has no teeth"):
        check_file(empty)
    assert cli.main(["check", str(clean), "--jaw", "lower", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert "upper_lower_swapped" in {finding["code"] for finding in body["findings"]}


def test_check_reads_back_what_segment_writes(tmp_path: Path, lower: Path, network: ToyNetwork) -> None:
    segment(Job([lower], tmp_path / "out"))
    for suffix in ("vtp", "ply"):
        run = check_file(tmp_path / "out" / f"Case 7 L_teeth.{suffix}")
        assert run.report["count"]["lower"] == 14
    run = check_file(lower, labels=tmp_path / "out" / "Case 7 L_teeth.json")
    assert run.report["count"]["lower"] == 14


# ---------------------------------------------------------------- evaluate


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """Stands in for the measures, which have their own tests: remembers what it was given."""
    seen: list[tuple] = []

    def evaluate_mesh(vertices, faces, predicted, reference, *, face_predicted=None, face_reference=None) -> dict:
        seen.append((vertices, faces, predicted, reference, face_predicted, face_reference))
        return {"dice": float((predicted == reference).mean())}

    monkeypatch.setattr("DentalTopoSegLib.checks.metrics.surfaces.evaluate_mesh", evaluate_mesh)
    return seen


def test_evaluate_takes_meshes_and_json(tmp_path: Path, scored: list) -> None:
    toy = toy_jaw("upper")
    other = toy.numbered({16: 17})
    prediction = labelled(tmp_path / "p.vtp", other, {"FDI": other.fdi})
    reference = labelled(tmp_path / "r.vtp", toy, {"UniversalID": universal(toy.fdi)})
    evaluate_files(prediction, reference)
    truth = tmp_path / "r.json"
    truth.write_text(json.dumps({"jaw": "upper", "labels": toy.fdi.tolist()}))
    predicted = tmp_path / "p.json"
    predicted.write_text(json.dumps({"jaw": "upper", "labels": other.fdi.tolist()}))
    evaluate_files(prediction, truth)
    evaluate_files(predicted, truth, mesh=reference)
    evaluate_files(predicted, reference)
    assert len(scored) == 4
    for vertices, faces, mine, true, face_mine, face_true in scored:
        np.testing.assert_allclose(vertices, toy.vertices, atol=1e-5)
        np.testing.assert_array_equal(faces, toy.faces)
        np.testing.assert_array_equal(mine, other.fdi)
        np.testing.assert_array_equal(true, toy.fdi)
        np.testing.assert_array_equal(face_mine, other.face_fdi)
        np.testing.assert_array_equal(face_true, toy.face_fdi)


def test_evaluate_refuses_what_does_not_belong_together(tmp_path: Path, scored: list, capsys) -> None:
    upper, lower = toy_jaw("upper"), toy_jaw("lower")
    a = labelled(tmp_path / "a.vtp", upper, {"FDI": upper.fdi})
    b = labelled(tmp_path / "b.vtp", lower, {"FDI": lower.fdi})
    shifted = upper.moved(np.eye(3), (1, 0, 0))
    c = labelled(tmp_path / "c.vtp", shifted, {"FDI": shifted.fdi})
    labels = tmp_path / "a.json"
    labels.write_text(json.dumps({"jaw": "upper", "labels": upper.fdi.tolist()}))
    volume = write_file(toy_dentition()[1], tmp_path / "map.nii.gz")
    cases = [
        (3, [a, b], "are not labels of the same mesh"),
        (3, [a, c], "vertices lie elsewhere"),
        (2, [labels, labels], "give the mesh they belong to"),
        (3, [a, volume], "cannot be compared with a label map"),
        (2, [volume, volume, "--mesh", a], "--mesh is only for meshes"),
    ]
    for code, argv, text in cases:
        assert cli.main(["evaluate", *map(str, argv)]) == code
        assert text in capsys.readouterr().err
    assert scored == []


def test_the_run_module_is_light() -> None:
    code = (
        "import sys, DentalTopoSegLib.runs.jaws;"
        "print([m for m in ('SimpleITK','onnxruntime','scipy','PIL','torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"
