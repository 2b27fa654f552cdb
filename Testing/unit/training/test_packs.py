"""Dentitions in one file for another machine: what comes out of a pack is what went in."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from training_toys import toy_dentition

from DentalTopoSegLib.errors import InputError
from training.patients import packs
from training.patients.packs import open_dentitions, pack_dentitions, packed_arrays, unpacked_arrays
from training.patients.rooted_teeth import load_dentition, save_dentition, stored_pulp


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / "cache"
    for split, name in (("train", "007"), ("train", "donor_p01"), ("validation", "019")):
        (folder / split).mkdir(parents=True, exist_ok=True)
        save_dentition(folder / split / f"{name}.npz", toy_dentition(3))
    return folder


def test_a_pack_gives_the_cache_again(cache: Path, tmp_path: Path) -> None:
    other = {
        "bone_sdf": np.arange(-60, 60, dtype=np.int8).reshape(4, 5, 6),
        "name": np.array("p01"),
        "one": np.float64(2),
    }
    np.savez(cache / "train" / "whole.npz", **other)
    (cache / "donors.json").write_text('{"p01": ["16"]}')
    (cache / "train" / "unfinished.tmp.npz").write_bytes(b"half")
    assert pack_dentitions(cache, tmp_path / "pack") == 5
    opened = open_dentitions(tmp_path / "pack", tmp_path / "opened")
    assert (opened / "donors.json").read_text() == '{"p01": ["16"]}'
    assert not (opened / "train" / "unfinished.tmp.npz").exists()
    with np.load(opened / "train" / "whole.npz") as whole:
        assert list(whole) == list(other)
        for name, array in other.items():
            np.testing.assert_array_equal(whole[name], array)
            assert whole[name].dtype == np.asarray(array).dtype
    for file in ("train/007.npz", "train/donor_p01.npz", "validation/019.npz"):
        for before, after in zip(load_dentition(cache / file), load_dentition(opened / file), strict=True):
            assert before.fdi == after.fdi
            for name in ("sdf", "pulp", "rotation", "centre", "origin", "cej", "apex"):
                np.testing.assert_array_equal(getattr(before, name), getattr(after, name))


def test_a_pulp_is_left_out_only_where_the_distance_gives_it() -> None:
    sdf = toy_dentition(1)[0].sdf
    same, drawn = stored_pulp(sdf), np.where(sdf < -60, 255, 0).astype(np.uint8)
    arrays = {"11_sdf": sdf, "11_pulp": same, "12_sdf": sdf, "12_pulp": drawn, "lone_pulp": same}
    packed = packed_arrays(arrays)
    assert [name for name in packed if name.startswith(packs.LEFT_OUT)] == ["left_out:11_pulp"]
    back = unpacked_arrays(packed)
    assert set(back) == set(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(back[name], array)


def test_a_pack_is_opened_once_and_again_after_a_change(cache: Path, tmp_path: Path) -> None:
    pack, opened = tmp_path / "pack", tmp_path / "opened"
    pack_dentitions(cache, pack)
    mark = open_dentitions(pack, opened) / "kept"
    mark.touch()
    assert open_dentitions(pack, opened) == opened
    assert mark.exists()
    (cache / "validation" / "019.npz").unlink()
    pack_dentitions(cache, pack)
    open_dentitions(pack, opened)
    assert not mark.exists()
    assert sorted(f.name for f in opened.rglob("*.npz")) == ["007.npz", "donor_p01.npz"]
    assert open_dentitions(cache, opened) == cache


def _zip(path: Path, name: str, content: bytes = b"x") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, content)
    return path


@pytest.mark.parametrize("name", ["../outside.json", "/outside.json", "a/../../outside.json", "c:\\outside.json"])
def test_a_pack_writes_nowhere_else(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="outside of the pack"):
        open_dentitions(_zip(tmp_path / "pack", name), tmp_path / "in" / "opened")
    assert not list(tmp_path.rglob("outside.json"))


@pytest.mark.parametrize("content", [b"", b"no npz", b"PK\x03\x04 no zip"])
def test_a_damaged_pack_is_refused_and_leaves_nothing(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError, match="no sound pack"):
        open_dentitions(_zip(tmp_path / "pack", "train/1.npz", content), tmp_path / "opened")
    assert not (tmp_path / "opened").exists()


def test_a_truncated_pack_is_refused(cache: Path, tmp_path: Path) -> None:
    pack_dentitions(cache, tmp_path / "pack")
    content = (tmp_path / "pack").read_bytes()
    (tmp_path / "pack").write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="no sound pack"):
        open_dentitions(tmp_path / "pack", tmp_path / "opened")


def test_what_is_no_cache_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert packs.main([str(tmp_path), str(tmp_path / "pack")]) == InputError.exit_code
    assert "holds no dentitions" in capsys.readouterr().err
    assert not (tmp_path / "pack").exists()
    with pytest.raises(InputError, match="There are no dentitions"):
        open_dentitions(tmp_path / "absent", tmp_path / "opened")
