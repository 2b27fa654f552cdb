"""A file with both jaws: results as of two files, or one sentence."""

import json
from pathlib import Path

import numpy as np
import pytest
from mesh_files import obj_text, ply_binary
from toy_jaws import toy_jaw
from toy_network import ToyNetwork, names

from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.errors import InputError, UsageError
from DentalTopoSegLib.files.meshes import read_mesh, read_teeth3ds_json, write_ply, write_stl
from DentalTopoSegLib.ios.orienting import Frame
from DentalTopoSegLib.runs.job import Job
from DentalTopoSegLib.runs.rows import row_after, row_before
from DentalTopoSegLib.runs.segmenting import segment

UPPER, LOWER = toy_jaw("upper"), toy_jaw("lower")
#: The lower jaw first, so that the order of the file is not the order of the results.
VERTICES = np.concatenate([LOWER.vertices, UPPER.vertices])
FACES = np.concatenate([LOWER.faces, UPPER.faces + len(LOWER.vertices)])


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> ToyNetwork:
    return ToyNetwork(monkeypatch)


@pytest.fixture
def sure(monkeypatch: pytest.MonkeyPatch) -> dict:
    """Stands for the network that says which jaw it is: upper teeth look down. `sure["of_upper"]` is what it says."""
    said = {"of_upper": 0.9, "of_lower": 0.2}

    def find_frame(points, normals, model, *, seed=0):
        key = "of_upper" if np.asarray(normals)[:, 2].mean() < 0 else "of_lower"
        return Frame(np.eye(4), 0.9, said[key], False)

    monkeypatch.setattr("DentalTopoSegLib.ios.orienting.find_frame", find_frame)
    return said


@pytest.fixture
def bite(tmp_path: Path) -> Path:
    write_stl(tmp_path / "bite.stl", VERTICES, FACES)
    return tmp_path / "bite.stl"


def test_both_jaws_get_results_as_of_two_files(tmp_path, bite, network, sure, capsys):
    out = tmp_path / "out"
    assert cli.main(["segment", str(bite), "-o", str(out), "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert [report["name"] for report in body["jaws"]] == ["bite_upper", "bite_lower"]
    assert [report["jaw"] for report in body["jaws"]] == ["upper", "lower"]
    assert [report["jaw_stated"] for report in body["jaws"]] == [False, False]
    assert [report["count"]["total"] for report in body["jaws"]] == [14, 14]
    assert [report["other_jaw"] for report in body["jaws"]] == ["bite_lower", "bite_upper"]
    assert len(names(out)) == 10 and body["findings"] == []
    assert any("The file holds both jaws: they were taken apart" in text for text in body["warnings"])


def test_nothing_written_of_both_jaws_says_how_the_file_is_called(tmp_path, bite, network, sure):
    patient = bite.rename(tmp_path / "doe_jane.stl")
    segment(Job([patient], tmp_path / "out", anonymous_names=True))
    written = sorted((tmp_path / "out").iterdir())
    assert len(written) == 10
    assert [file.name for file in written if b"doe_jane" in file.read_bytes()] == []


@pytest.mark.parametrize("which", ["upper", "lower"])
def test_the_labels_of_each_are_those_of_its_part_of_the_file(tmp_path, bite, network, sure, which):
    segment(Job([bite], tmp_path / "out", name="case"))
    toy = {"upper": UPPER, "lower": LOWER}[which]
    labelled, _ = read_mesh(tmp_path / "out" / f"case_{which}_teeth.vtp")
    np.testing.assert_allclose(labelled.vertices[labelled.faces], toy.vertices[toy.faces], atol=1e-4)
    np.testing.assert_array_equal(labelled.cell_data["Label"], toy.face_fdi)
    labels = read_teeth3ds_json(tmp_path / "out" / f"case_{which}_teeth.json")
    np.testing.assert_array_equal(labels["labels"], labelled.point_data["FDI"])


def test_which_is_the_upper_jaw_is_not_guessed(tmp_path, bite, network, sure):
    sure["of_upper"], sure["of_lower"] = 0.8, 0.7
    with pytest.raises(InputError, match="'bite' holds both jaws, but which of them is the upper one is not certain"):
        segment(Job([bite], tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_one_jaw_cannot_be_stated_of_both(tmp_path, bite, network, sure):
    with pytest.raises(UsageError, match="The file holds both jaws, so it cannot be the lower jaw alone: leave --jaw"):
        segment(Job([bite], tmp_path / "out", jaws=["lower"]))
    write_stl(tmp_path / "lower.stl", LOWER.vertices, LOWER.faces)
    with pytest.raises(UsageError, match="'bite' holds both jaws: give this file alone"):
        segment(Job([bite, tmp_path / "lower.stl"], tmp_path / "out"))


def test_jaws_in_one_surface_are_refused(tmp_path, network, sure):
    bridge = [[len(LOWER.vertices) - 1, len(LOWER.vertices), len(LOWER.vertices) + 1]]
    write_ply(tmp_path / "one.ply", VERTICES, np.concatenate([FACES, bridge]))
    with pytest.raises(InputError, match="'one' holds both jaws in one connected surface"):
        segment(Job([tmp_path / "one.ply"], tmp_path / "out"))


def test_a_batch_finds_the_results_of_both_again(tmp_path, bite, network, sure):
    segment(Job([bite], tmp_path / "out", name="bite"))
    assert row_after(tmp_path / "out", "bite") | {"state": ""} == {
        "state": "", "teeth": 28, "errors": 0, "warnings": 0, "notes": 0, "results": ["bite_upper", "bite_lower"]
    }  # fmt: skip
    assert row_before(tmp_path / "out", "bite")["state"] == "done before"
    (tmp_path / "out" / "bite_lower_teeth.json").write_text("{}")
    assert row_before(tmp_path / "out", "bite")["state"] == "changed"
    (tmp_path / "out" / "bite_lower_report.json").unlink()
    assert row_before(tmp_path / "out", "bite") is None


def test_scanned_colours_are_kept_in_the_result(tmp_path, network, sure):
    colours = np.random.default_rng(0).integers(0, 256, (len(LOWER.vertices), 3))
    rows = np.concatenate([LOWER.vertices, colours / 255], axis=1)
    text = obj_text(rows, LOWER.faces.tolist())
    (tmp_path / "coloured.obj").write_bytes(text)
    np.testing.assert_array_equal(read_mesh(tmp_path / "coloured.obj")[0].colours, colours)
    segment(Job([tmp_path / "coloured.obj"], tmp_path / "out", jaws=["lower"]))
    labelled, _ = read_mesh(tmp_path / "out" / "coloured_teeth.vtp")
    np.testing.assert_array_equal(labelled.colours, colours)
    assert set(np.unique(labelled.point_data["FDI"])) == set(np.unique(LOWER.fdi))


def test_faces_of_many_corners_are_labelled_in_triangles(tmp_path, network, sure):
    half = len(LOWER.faces) // 2  # the toy's squares are a b c and, far behind, a c d
    quads = np.concatenate([LOWER.faces[:half], LOWER.faces[half:, 1:2]], axis=1)
    quads = quads if (LOWER.faces[:half, 2] != LOWER.faces[half:, 1]).all() else np.concatenate(
        [LOWER.faces[:half], LOWER.faces[half:, 2:]], axis=1)  # fmt: skip
    (tmp_path / "quads.ply").write_bytes(ply_binary(LOWER.vertices, quads.tolist()))
    mesh, _ = read_mesh(tmp_path / "quads.ply")
    assert len(mesh.faces) == 2 * len(quads) == len(LOWER.faces)
    segment(Job([tmp_path / "quads.ply"], tmp_path / "out", jaws=["lower"]))
    labels = read_teeth3ds_json(tmp_path / "out" / "quads_teeth.json")["labels"]
    np.testing.assert_array_equal(labels, LOWER.fdi)
