"""The whole command on a toy: from a pack to weights in parts, on a machine that has few packages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

torch = pytest.importorskip("torch", reason="torch is not installed; only training needs it")

from few_packages import SITE  # noqa: E402
from training_toys import toy_dentition  # noqa: E402

from training.loop import load_checkpoint  # noqa: E402
from training.nets.unet import UNet, UNetPlan  # noqa: E402
from training.patients.packs import pack_dentitions  # noqa: E402
from training.patients.rooted_teeth import save_dentition  # noqa: E402
from training.volumes.weights import join_weights, read_result  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
NET = {"classes": 33, "widths": [32, 32], "encoder_convs": [1, 1], "decoder_convs": [1], "deep_supervision": 0}


@pytest.mark.skipif(os.name != "posix", reason="processes are interrupted by signals of POSIX here")
def test_a_round_needs_torch_numpy_scipy_and_yaml_only(tmp_path: Path) -> None:
    for split in ("train", "validation"):
        (tmp_path / "cache" / split).mkdir(parents=True)
        save_dentition(tmp_path / "cache" / split / "001.npz", toy_dentition(8))
    pack_dentitions(tmp_path / "cache", tmp_path / "pack")
    training = {"steps": 2, "batch": 1, "log_every": 1, "validate_samples": 1, "validate_every": 2}
    net = {"task": "numbering", "net": NET, "data": {"patch": [32, 32, 32]}, "training": training}
    (tmp_path / "numbering.yaml").write_text(yaml.safe_dump(net))
    plan = {"seed": 5, "networks": {"numbering": {"config": "numbering.yaml"}}, "threads": 1, "rounds": [{}, {}]}
    plan["samples"] = {"keep": 3, "ready": 1, "validation": 1, "processes": 1, "nice": 0}
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(plan))
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(SITE)
    blocked = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), str(ROOT)])}
    names = ("plan.yaml", "pack", "--run", "run", "--out", "out", "--rounds", "1")
    command = [word if word.startswith("-") or word == "1" else str(tmp_path / word) for word in names]
    done = subprocess.run(
        [sys.executable, "-m", "training", "train-cbct", *command],
        cwd=tmp_path,
        env=blocked,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = read_result(tmp_path / "out" / "round1")
    assert (result["round"], result["networks"]["numbering"]["steps"]) == (1, 2)
    assert result["networks"]["numbering"]["validation"]["step"] == 2
    assert result["networks"]["numbering"]["samples_drawn"] >= 1
    run = join_weights(tmp_path / "out" / "round1", tmp_path / "joined")["numbering"].parent
    UNet(UNetPlan.from_dict(NET)).load_state_dict(load_checkpoint(run)["average"])


def test_the_machine_of_few_packages_lacks_the_others(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(SITE)
    code = "import numpy, yaml\ntry:\n    import SimpleITK\nexcept ModuleNotFoundError: print('absent')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "absent\n"
