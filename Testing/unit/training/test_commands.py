"""The commands of `python -m training`: every one runs and explains itself, listing them takes no torch."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from training.__main__ import COMMANDS, main, overview

ROOT = Path(__file__).resolve().parents[3]
TRAINING = ROOT / "training"


def test_every_command_has_one_line_in_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    assert shown == overview() + "\n"
    listed = re.findall(r"^  (\S+)  +(\S.*)$", shown, re.MULTILINE)
    assert listed == [(name, command.summary) for name, command in COMMANDS.items()]
    assert max(map(len, shown.splitlines())) <= 100


def test_every_module_with_a_command_line_is_in_the_list() -> None:
    runnable = {
        ".".join(path.relative_to(TRAINING).with_suffix("").parts)
        for path in TRAINING.rglob("*.py")
        if re.search(r"^def main\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert runnable - {"__main__"} == {command.module for command in COMMANDS.values()}


def test_the_list_takes_neither_torch_nor_the_rest_of_the_training_dependencies() -> None:
    code = (
        "import sys, runpy\n"
        "for name in ('torch', 'onnx', 'trimesh', 'cripser', 'matplotlib', 'yaml'): sys.modules[name] = None\n"
        "sys.argv = ['training']\n"
        "runpy.run_module('training', run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, overview() + "\n", "")


def test_an_unknown_command_is_refused_with_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train-everything"]) == 2
    error = capsys.readouterr().err
    assert "no command 'train-everything'" in error
    assert overview() in error


def test_a_loss_that_is_not_finite_ends_a_training_with_a_sentence(tmp_path: Path) -> None:
    samples = tmp_path / "samples"
    samples.mkdir()
    np.save(samples / "0_image.npy", np.full((16, 16, 16), np.nan, np.float16))
    np.save(samples / "0_target.npy", np.ones((16, 16, 16), np.uint8))
    config = {
        "task": "border",
        "net": {"classes": 3, "widths": [32, 32], "encoder_convs": [1, 1], "decoder_convs": [1], "full_width": 16},
        "data": {"patch": [16, 16, 16]},
        "training": {"steps": 2, "batch": 1, "lr": 0.001},
    }
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [sys.executable, "-m", "training", "train-volumes", str(tmp_path / "tiny.yaml"), "--data", str(samples)]
    ended = subprocess.run(
        [*command, "--runs", str(tmp_path / "runs"), "--threads", "1"], cwd=ROOT, capture_output=True, text=True
    )
    assert ended.returncode == 1
    assert ended.stderr.endswith("train-volumes: The loss became nan at step 0; lower the rate.\n")
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for needed in ("torch", "onnx", "cripser"):
        pytest.importorskip(needed, reason=f"{needed} is not installed; only training needs it")
    monkeypatch.setattr(sys, "argv", ["training"])
    with pytest.raises(SystemExit) as stopped:
        main([name, "--help"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: python -m training {name} ")


def test_pages_and_docstrings_name_only_commands_there_are() -> None:
    pages = [*TRAINING.rglob("*.py"), *TRAINING.rglob("*.md"), *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    pages += [*(ROOT / "DentalTopoSegLib").rglob("*.py"), *(ROOT / "Resources" / "Models").glob("*.md")]
    found = {
        name for page in pages for name in re.findall(r"python -m training[ .]([a-z_.-]+)", page.read_text("utf-8"))
    }
    assert "train-volumes" in found
    assert found <= set(COMMANDS)
