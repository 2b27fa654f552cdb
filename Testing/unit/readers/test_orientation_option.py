"""Where left and right are is asked for once and by one option, wherever a volume or a label map is read."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from toy_teeth import tidy, volume
from volume_variants import turned

from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.errors import InputError, UsageError
from DentalTopoSegLib.files.volumes import Volume, read_labels
from DentalTopoSegLib.runs.job import Job, JobFile
from DentalTopoSegLib.runs.volumes import _read


def save(labels: Volume, path: Path, sform: int = 1, qform: int = 1, other: np.ndarray | None = None) -> Path:
    """As NIfTI; other: the qform in place of the sform's twin."""
    image = nib.Nifti1Image(np.ascontiguousarray(labels.array.T), None)
    image.set_sform(labels.index_to_ras_matrix(), sform)
    image.set_qform(labels.index_to_ras_matrix() if other is None else other, qform)
    nib.save(image, path)
    return path


@pytest.fixture(scope="module")
def labels() -> Volume:
    return volume(tidy())


def grey(labels: Volume) -> Volume:
    """What a scan of these teeth may hold."""
    return labels.with_array(labels.array.astype(np.int16) * 30)


@pytest.fixture(autouse=True)
def pictures_are_not_drawn(monkeypatch) -> None:
    """That takes seconds, and has tests of its own."""
    drawn = lambda image, labels, path, *_, **__: Path(path).write_bytes(b"")  # noqa: E731
    monkeypatch.setattr("DentalTopoSegLib.pictures.volumes.overlay_png", drawn)


@pytest.fixture
def unplaced(labels: Volume, tmp_path: Path) -> Path:
    save(grey(labels), tmp_path / "scan_of_unplaced.nii.gz", 0, 0)
    return save(labels, tmp_path / "unplaced.nii.gz", 0, 0)


def run(*words: object) -> int:
    return cli.main([str(word) for word in words])


def commands(path: Path, folder: Path) -> dict[str, list[object]]:
    return {
        "check": ["check", path],
        "check against": ["check", path, "--reference", path],
        "evaluate": ["evaluate", path, path],
        "repair, a list": ["repair", path],
        "export": ["export", path, "-o", folder, "--format", "csv"],
        "picture": ["picture", path.with_name(f"scan_of_{path.name}"), path, "-o", folder / "x.png"],
    }


@pytest.mark.parametrize("name", commands(Path("x"), Path()))
def test_every_command_asks_for_it_and_takes_it(name: str, unplaced: Path, tmp_path: Path, capsys) -> None:
    words = commands(unplaced, tmp_path / "out")[name]
    assert run(*words) == InputError.exit_code
    assert "does not say where left and right are" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert run(*words, "--orientation", "RAS") == 0
    assert "by your word (RAS)" in capsys.readouterr().err
    assert run(*words, "--orientation", "RAP") == UsageError.exit_code


def test_the_word_decides_about_the_numbers(labels: Volume, unplaced: Path, capsys) -> None:
    """The toy's axes run right, front and up: said otherwise, its teeth stand on the wrong sides, as check finds."""
    found = {}
    for word in ("RAS", "LAS"):
        assert run("check", unplaced, "--json", "--orientation", word) == 0
        found[word] = {finding["code"] for finding in json.loads(capsys.readouterr().out)["findings"]}
    assert found["LAS"] - found["RAS"] == {"left_right_mirrored"}


def test_two_statements_are_told_with_the_result(labels: Volume, tmp_path: Path, capsys) -> None:
    elsewhere = turned(labels.index_to_ras_matrix(), shift=(0, 30, 40))
    path = save(labels, tmp_path / "x.nii.gz", other=elsewhere)
    save(grey(labels), tmp_path / "scan_of_x.nii.gz", other=elsewhere)
    for words in commands(path, tmp_path / "out").values():
        assert run(*words) == 0
        assert "says twice where it lies, up to 50 mm apart" in capsys.readouterr().err


def test_a_repaired_file_has_one_place(labels: Volume, tmp_path: Path, capsys) -> None:
    array = labels.array.copy()
    array[2:4, 2:4, 2:4] = 16  # a loose piece
    other = turned(labels.index_to_ras_matrix(), shift=(5, 0, 0))
    path = save(labels.with_array(array), tmp_path / "x.nii.gz", other=other)
    assert run("repair", path, "--all-safe", "-o", tmp_path / "y.nii.gz") == 0
    assert "says twice where it lies" in capsys.readouterr().err
    written = nib.load(tmp_path / "y.nii.gz")
    np.testing.assert_allclose(written.get_sform(), labels.index_to_ras_matrix(), atol=1e-4)
    np.testing.assert_allclose(written.get_qform(), written.get_sform(), atol=1e-4)


def test_a_label_map_elsewhere_than_its_scan_is_told(labels: Volume, tmp_path: Path, capsys) -> None:
    """Another program has taken the scan's qform and written its label map there."""
    matrix = labels.index_to_ras_matrix()
    scan = save(grey(labels), tmp_path / "scan.nii.gz", other=turned(matrix, shift=(0, 3, 4)))
    by_sform = save(labels, tmp_path / "by_sform.nii.gz", other=turned(matrix, shift=(0, 3, 4)))
    by_qform = save(labels, tmp_path / "labels.nii.gz", 0, 1, other=turned(matrix, shift=(0, 3, 4)))
    assert run("picture", scan, by_qform, "-o", tmp_path / "x.png") == 0
    assert "lies up to 5 mm from it" in capsys.readouterr().err
    assert run("export", by_qform, "-o", tmp_path / "out", "--format", "html", "--scan", scan) == 0
    assert "lies up to 5 mm from it" in capsys.readouterr().err
    assert run("evaluate", by_qform, by_sform) == InputError.exit_code
    assert run("picture", scan, by_qform, "-o", tmp_path / "x.png", "--orientation", "qform") == 0
    assert "lies up to" not in capsys.readouterr().err


def test_a_job_takes_it(labels: Volume, unplaced: Path, tmp_path: Path) -> None:
    content = {
        "inputs": [str(unplaced.with_name("scan_of_unplaced.nii.gz"))],
        "output": str(tmp_path),
        "orientation": "RAS",
    }
    (tmp_path / "job.json").write_text(json.dumps(content))
    job = JobFile.read(tmp_path / "job.json")
    assert JobFile.from_dict(job.to_dict()) == job
    volume, _, notes = _read(job.job)
    np.testing.assert_array_equal(np.sign(volume.direction), [-1, 0, 0, 0, -1, 0, 0, 0, 1])
    assert "by your word" in notes[0]
    (tmp_path / "job.json").write_text(json.dumps({**content, "orientation": "north"}))
    with pytest.raises(UsageError, match="orientation"):
        JobFile.read(tmp_path / "job.json")
    with pytest.raises(UsageError, match="three letters"):
        Job([unplaced], tmp_path, orientation="RRS").require_sense()


def test_meshes_have_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--orientation is only for CBCT"):
        Job([tmp_path / "x.stl"], tmp_path, orientation="LPS").require_sense()


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd", ".seg.nrrd", ".mha"])
def test_what_itk_and_slicer_write_says_where_it_lies(labels: Volume, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"x{suffix}"
    sitk.WriteImage(labels.to_sitk(), str(path))
    assert read_labels(path).same_grid(labels)
