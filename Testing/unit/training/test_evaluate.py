"""The evaluation table: pairs found, missed teeth counted as zero, precisions side by side."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from DentalTopoSegLib.errors import InputError, NoTeethError
from DentalTopoSegLib.files.volumes import Volume, write_volume
from training.evaluation import volumes as evaluate


def truth() -> Volume:
    """Three box-shaped teeth in a row."""
    array = np.zeros((12, 14, 30), np.uint8)
    for i, fdi in enumerate((11, 21, 22)):
        array[2:10, 3:11, 2 + 9 * i : 9 + 9 * i] = fdi
    return Volume(array=array, name="truth")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        noise = np.random.default_rng(0).integers(0, 40, truth().array.shape)  # a few whole numbers were a label map
        write_volume(
            Volume(array=(truth().array.astype(int) * 40 + noise).astype(np.int16)), tmp_path / f"{name}_image.nii.gz"
        )
        write_volume(truth(), tmp_path / f"{name}_labels.nii.gz")
    write_volume(Volume(array=np.ones((4, 4, 4), np.int16)), tmp_path / "unlabelled_image.nii.gz")
    return tmp_path


def oracle(scan: Volume, precision: str) -> tuple[Volume, dict]:
    """Right in fp32; in int8 it misses tooth 22 and calls tooth 21 tooth 12."""
    labels = (scan.array // 40).astype(np.uint8)
    if precision == "int8":
        labels[labels == 22] = 0
        labels[labels == 21] = 12
    return scan.with_array(labels), {"models": [precision]}


def test_missed_and_misnumbered_teeth_count_zero(folder: Path) -> None:
    table = evaluate.evaluate_folder(folder, ["int8", "fp32"], oracle)
    assert [s["scan"] for s in table["scans"]] == ["a", "a", "b", "b"]
    assert table["means"]["fp32"]["dice"] == pytest.approx(1)
    assert table["means"]["int8"]["dice"] == pytest.approx(1 / 3)
    assert table["means"]["int8"]["identification_accuracy"] == pytest.approx(0.5)
    assert table["means"]["int8"]["tca"] == 0
    assert table["difference"]["fp32"] == pytest.approx(-200 / 3)
    fates = {t["fdi"]: t["fate"] for t in table["worst_teeth"] if t["scan"] == "a"}
    assert fates == {21: "numbered 12", 22: "not found", 11: "right number"}


def test_a_scan_without_a_result_is_scored_not_skipped(folder: Path) -> None:
    def refuse(scan: Volume, precision: str) -> tuple[Volume, dict]:
        raise NoTeethError("No teeth were found.")

    table = evaluate.evaluate_folder(folder, ["int8"], refuse)
    assert [s["refused"] for s in table["scans"]] == ["No teeth were found."] * 2
    assert table["means"]["int8"]["dice"] == 0
    assert "Refused: a (int8): No teeth were found." in evaluate.to_markdown(table)


def test_the_table_shows_the_precisions_side_by_side(folder: Path) -> None:
    text = evaluate.to_markdown(evaluate.evaluate_folder(folder, ["int8", "fp32"], oracle))
    row = next(line for line in text.splitlines() if line.startswith("| a |"))
    assert row.startswith("| a | 2 / 3 of 3 | 0.333 / 1.000 |")
    assert "Mean DSC of int8 minus fp32: -66.67 points." in text


def test_a_folder_without_pairs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no"):
        evaluate.find_pairs(tmp_path)


def test_the_command_writes_both_files_and_the_label_maps(folder: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(evaluate, "library_segment", lambda threads, folders, cache: oracle)
    out = folder / "table.json"
    command = [str(folder), "--precision", "fp32", "-o", str(out), "--save", str(folder / "maps")]
    assert evaluate.main(command) == 0
    table = json.loads(out.read_text(encoding="utf-8"))
    assert table["scans"][0]["teeth"]["11"]["dice"] == 1
    assert out.with_suffix(".md").read_text(encoding="utf-8") in capsys.readouterr().out
    maps = sorted(p.name for p in (folder / "maps").iterdir())
    assert maps == ["a_fp32_teeth.nii.gz", "b_fp32_teeth.nii.gz"]


def test_a_network_is_taken_from_the_first_folder_that_has_it(tmp_path: Path, monkeypatch) -> None:
    from DentalTopoSegLib.networks.tasks import task_names

    for folder, precision in (("a", "int8"), ("b", "fp32"), ("c", "fp32")):
        (tmp_path / folder).mkdir()
        entry = {"id": "n", "precision": precision, "file": "n.onnx", "sha256": "0" * 64}
        entries = [entry | {"task": task} for task in task_names("volume")]
        (tmp_path / folder / "models.json").write_text(json.dumps({"models": entries}), encoding="utf-8")
    monkeypatch.setattr(evaluate, "load_model", lambda task, threads, precision, folder: folder)
    folders = [tmp_path / name for name in "abc"]
    assert evaluate.load_networks("fp32", 1, folders) == dict.fromkeys(task_names("volume"), tmp_path / "b")
    assert evaluate.load_networks("int8", 1, folders[1:]) == dict.fromkeys(task_names("volume"))
    assert evaluate.load_networks("fp32", 1, folders, "surroundings", only_listed=True) == {}
