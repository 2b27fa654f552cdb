"""Weights in parts: joined again to the byte, or refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed; only training needs it")

from DentalTopoSegLib.errors import InputError  # noqa: E402
from training.loop import CHECKPOINT, load_checkpoint, save_whole  # noqa: E402
from training.volumes import weights  # noqa: E402
from training.volumes.weights import (  # noqa: E402
    PART_BYTES,
    RESULT,
    averaged_weights,
    join_file,
    join_weights,
    split_file,
    write_result,
)


@pytest.mark.parametrize("size", [0, 1, 999, 1000, 1001, 3500])
def test_parts_make_the_file_again(tmp_path: Path, size: int) -> None:
    content = np.random.default_rng(size).bytes(size)
    (tmp_path / "border.pt").write_bytes(content)
    entry = split_file(tmp_path / "border.pt", tmp_path / "parts", 1000)
    files = sorted((tmp_path / "parts").iterdir())
    assert [file.name for file in files] == sorted(part["file"] for part in entry["parts"])
    assert all(file.stat().st_size <= 1000 for file in files)
    join_file(tmp_path / "parts", json.loads(json.dumps(entry)), tmp_path / "to" / "joined.pt")
    assert (tmp_path / "to" / "joined.pt").read_bytes() == content


def test_a_part_is_smaller_than_16_mib() -> None:
    assert PART_BYTES < 16 << 20


def _handed_on(folder: Path) -> dict:
    state = {"config": {"task": "border"}, "progress": {"step": 3}, "average": {"w": torch.arange(500.0)}}
    save_whole(state | {"net": {"w": torch.zeros(500)}, "optimiser": {}}, folder / CHECKPOINT)
    averaged_weights(folder, folder / "border.pt")
    entry = split_file(folder / "border.pt", folder / "parts", 700)
    assert len(entry["parts"]) > 2
    result = {"plan": "toy", "round": 1, "networks": {"border": {"weights": entry}}}
    write_result(folder / "parts", result)
    return result


def test_joined_weights_are_a_run_with_averaged_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _handed_on(tmp_path)
    assert weights.main([str(tmp_path / "parts"), str(tmp_path / "runs")]) == 0
    assert str(tmp_path / "runs" / "border") in capsys.readouterr().out
    checkpoint = load_checkpoint(tmp_path / "runs" / "border")
    assert set(checkpoint) == {"config", "progress", "average"}
    assert torch.equal(checkpoint["average"]["w"], torch.arange(500.0))


def _lose(parts: Path, result: dict) -> None:
    (parts / result["networks"]["border"]["weights"]["parts"][1]["file"]).unlink()


def _alter(parts: Path, result: dict) -> None:
    file = parts / result["networks"]["border"]["weights"]["parts"][0]["file"]
    content = bytearray(file.read_bytes())
    content[100] ^= 1
    file.write_bytes(bytes(content))


def _cut(parts: Path, result: dict) -> None:
    file = parts / result["networks"]["border"]["weights"]["parts"][-1]["file"]
    file.write_bytes(file.read_bytes()[:-1])


def _swap(parts: Path, result: dict) -> None:
    result["networks"]["border"]["weights"]["parts"].reverse()
    write_result(parts, result)


def _escape(parts: Path, result: dict) -> None:
    result["networks"]["border"]["weights"]["parts"][0]["file"] = "../border.pt"
    write_result(parts, result)


def _forget(parts: Path, result: dict) -> None:
    del result["networks"]["border"]["weights"]
    write_result(parts, result)


def _empty(parts: Path, result: dict) -> None:
    (parts / RESULT).write_text("[]")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_lose, "is absent"),
        (_alter, "was altered"),
        (_cut, "was altered"),
        (_swap, "do not make the weights"),
        (_escape, "file's name"),
        (_forget, "does not tell the parts"),
        (_empty, "tells of no weights"),
    ],
)
def test_damaged_parts_are_refused_and_nothing_is_written(tmp_path: Path, damage, words: str) -> None:
    damage(tmp_path / "parts", _handed_on(tmp_path))
    with pytest.raises(InputError, match=words):
        join_weights(tmp_path / "parts", tmp_path / "runs")
    assert not list((tmp_path / "runs").rglob("*.pt"))
