"""Sets of phantoms for measuring: names, parts and random streams that must not move."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the phantom engine draws with torch (training only)")

from DentalTopoSegLib.files.volumes import read_labels
from training.patients import evaluation_sets as evaluation
from training.patients.parts import Part, parse_part

FILES = [Path(f"{k:03d}.npz") for k in (7, 8, 12)]


def test_the_default_set_keeps_its_names_and_numbers():
    """Published tables name these phantoms; their random numbers must stay those of (seed, place, kind)."""
    jobs = evaluation.jobs(FILES, 1)
    assert [name for _, _, name in jobs] == ["phantom_007", "phantom_008", "phantom_012"]
    for number, mouth, _ in jobs:
        for kind in ("scans", "materials"):
            drawn = evaluation.stream(2026, number, kind, "validation", mouth).integers(2**31, size=4)
            kept = np.random.default_rng([2026, number, kind == "scans"]).integers(2**31, size=4)
            np.testing.assert_array_equal(drawn, kept)


def test_no_two_phantoms_share_their_random_numbers():
    firsts = {
        (split, kind, number, mouth): int(evaluation.stream(2026, number, kind, split, mouth).integers(2**62))
        for split in ("train", "validation")
        for kind in ("scans", "materials")
        for number in range(5)
        for mouth in range(4)
    }
    assert len(set(firsts.values())) == len(firsts)


@pytest.mark.parametrize("parts", [1, 2, 4, 7])
def test_the_parts_make_up_the_whole(parts):
    whole = evaluation.jobs(FILES, 2)
    assert len({name for _, _, name in whole}) == 6 and whole[3][2] == "phantom_007_2"
    split = [evaluation.jobs(FILES, 2, Part(k, parts)) for k in range(1, parts + 1)]
    assert sorted(job for part in split for job in part) == sorted(whole)
    assert max(map(len, split)) - min(map(len, split)) <= 1


def test_parts_are_written_k_of_n():
    assert parse_part("2/4") == (2, 4)
    for text in ("0/4", "5/4", "2", "a/b", "-1/2"):
        with pytest.raises(argparse.ArgumentTypeError, match="k/n"):
            parse_part(text)


def test_what_surrounds_the_teeth_is_written_on_the_scans_grid(tmp_path, monkeypatch):
    monkeypatch.setattr(evaluation, "acquire", lambda image, *_, **__: image)
    array = evaluation.torch.arange(60, dtype=evaluation.torch.uint8).reshape(3, 4, 5) % 3
    drawn = argparse.Namespace(image=array.float(), metal=None, labels=array, structures=array + 200)
    evaluation.write_scan(tmp_path, "p", drawn, np.array([1.0, 2.0, 3.0]), np.random.default_rng(0))
    labels, structures = (read_labels(tmp_path / f"p_{kind}.nii.gz") for kind in ("labels", "structures"))
    assert structures.same_grid(labels)
    np.testing.assert_array_equal(structures.array, array.numpy() + 200)
    drawn.material = array
    evaluation.write_materials(tmp_path, "p", drawn, np.zeros(3), np.random.default_rng(0))
    with np.load(tmp_path / "p.npz") as stored:
        np.testing.assert_array_equal(stored["structures"], array.numpy() + 200)


def test_the_command_draws_the_patients_of_its_split(tmp_path, monkeypatch, capsys):
    for split, stems in (("train", "ab"), ("validation", "c")):
        (tmp_path / split).mkdir()
        for stem in stems:
            (tmp_path / split / f"{stem}.npz").touch()
    labels = evaluation.torch.zeros(2, 2, 2, dtype=evaluation.torch.uint8)
    written = []
    monkeypatch.setattr(evaluation, "load_dentition", lambda file: file.stem)
    monkeypatch.setattr(
        evaluation, "draw", lambda models, donors, rng, *_: (argparse.Namespace(labels=labels, whose=models), None)
    )
    monkeypatch.setattr(evaluation, "write_scan", lambda o, name, drawn, *_, **__: written.append((name, drawn.whose)))
    evaluation.main([str(tmp_path), str(tmp_path / "out"), "--split", "train", "--count", "2", "--part", "2/2"])
    assert written == [("phantom_b", "b"), ("phantom_b_2", "b")]
    evaluation.main([str(tmp_path), str(tmp_path / "out")])
    assert written[2:] == [("phantom_c", "c")]
    with pytest.raises(SystemExit):
        evaluation.main([str(tmp_path), str(tmp_path / "out"), "--count", "0"])
