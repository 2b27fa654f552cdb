"""An experiment by one command, and where its rounding errors sit. Skipped where torch is not installed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

torch = pytest.importorskip("torch", reason="torch is not installed; only training needs it")
onnx = pytest.importorskip("onnx", reason="onnx is not installed; only training and its tests need it")
pytest.importorskip("cripser", reason="cripser is not installed; only the topology loss needs it")
from onnx import numpy_helper  # noqa: E402

from DentalTopoSegLib.phantom import make_phantom  # noqa: E402
from training.experiments import command, report, rounding_errors, tables  # noqa: E402
from training.experiments.rows import read_rows  # noqa: E402
from training.loop import run_to_end  # noqa: E402
from training.nets.unet import macs  # noqa: E402
from training.patients.labelled_scans import RAS_TO_LPS, write_pair  # noqa: E402
from training.volumes.finished import load_tuned  # noqa: E402
from training.volumes.train import VolumeTask  # noqa: E402


def _toy_start(runs: Path, data: Path) -> None:
    """Samples of two balls, and a small network that has seen them for a few steps, as a run of `train-volumes`."""
    data.mkdir()
    places = np.indices((32, 32, 32)).astype(float)
    balls = [np.sqrt(((places - np.reshape(at, (3, 1, 1, 1))) ** 2).sum(0)) - 6 for at in ((15, 15, 8), (15, 15, 22))]
    depth = np.min(balls, axis=0)
    target = np.where(depth < 0, np.where(depth < -1.5, 1, 2), 0).astype(np.uint8)
    cells = np.where(depth < 8, 1 + np.argmin(balls, axis=0), 0).astype(np.uint8)
    for number in range(2):
        noise = np.random.default_rng(number).normal(0, 60, depth.shape)
        np.save(data / f"{number}_target.npy", np.stack([target, cells]))
        np.save(data / f"{number}_image.npy", (1000 * (depth < 0) + noise).astype(np.float16))
    border = data.parent / "border"
    border.mkdir()
    for file in data.iterdir():
        array = np.load(file)
        np.save(border / file.name, array[0] if array.ndim == 4 else array)
    net = {"classes": 3, "widths": [32, 32], "encoder_convs": [1, 1], "decoder_convs": [1], "full_width": 16}
    steps = {"minutes": 9, "steps": 12, "lr": 1e-2, "warmup_steps": 1, "ema": 0.5, "log_every": 6}
    config = {"task": "border", "seed": 1, "net": net, "data": {"patch": [32] * 3}, "training": steps}
    run_to_end(VolumeTask(config, border), runs / "toy")


def test_one_command_from_a_trained_network_to_a_table(tmp_path: Path, monkeypatch, capsys) -> None:
    runs, data, scans = tmp_path / "runs", tmp_path / "data", tmp_path / "scans"
    _toy_start(runs, data)
    phantom = make_phantom(8, 0.8, fov_mm=(70, 60, 50), jaws="lower", fillings=0)
    assert phantom.image.direction == RAS_TO_LPS
    write_pair(scans, "a", phantom.image.array, phantom.labels.array, 0.8, np.zeros(3))
    four = {"scheme": "paper", "weight_bits": 4, "activation_bits": 4}
    rows = {
        "full": {"title": "FP", "precision": "fp32", "seeds": 1},
        "ptq": {"title": "PTQ 4", "of": "full", "seeds": 1, "quantizer": four},
        "topo": {"title": "QAT 4", "seeds": 1, "quantization": four, "topology": {"weight": 0.1}},
        "not": {"title": "Not asked for"},
    }
    steps = {"minutes": 9, "steps": 2, "lr": 1e-3, "freeze_norm_at": 0.0, "log_every": 1}
    asked = {"accuracy": ["ptq", "topo"], "speed": ["full", "topo"]}
    config = {"task": "topology", "start": "toy", "data": {"patch": [32] * 3, "samples": 2}, "training": steps}
    config |= {"seeds": [7], "rows": rows, "tables": asked, "pairs": [["topo", "ptq"]]}
    config |= {"costs": {"step_s": 30, "scan_s": 6}}
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    monkeypatch.setattr("training.experiments.rows.RUNS", runs)
    monkeypatch.setattr(command, "keep_memory", lambda: None)
    output = tmp_path / "table.md"
    asked_for = [str(word) for word in ("all", path, scans, "--data", data, "--table", "accuracy", "-o", output)]
    make = command._make

    def stopped(arguments, config, row, seed, base) -> None:
        if row.name == "topo":
            raise KeyboardInterrupt
        make(arguments, config, row, seed, base)

    monkeypatch.setattr(command, "_make", stopped)
    with pytest.raises(KeyboardInterrupt):
        command.main(asked_for)
    early = output.read_text(encoding="utf-8")  # the rows that are done
    assert "| PTQ 4 | 1 x 1 |" in early and "| QAT 4 | 1 x 1 |" not in early
    monkeypatch.setattr(command, "_make", make)
    score = runs / "small" / "scores" / "ptq_7__scans__a.json"
    before = score.stat().st_mtime_ns
    command.main(asked_for)
    assert score.stat().st_mtime_ns == before
    text = output.read_text(encoding="utf-8")
    made = sorted(folder.name for folder in (runs / "small" / "models").iterdir())
    assert made == ["full_7", "ptq_7", "topo_7"]  # the row it is made of too, and no row that was not asked for
    assert sorted(file.name for file in (runs / "small" / "scores").iterdir()) == [
        "ptq_7__scans__a.json",
        "topo_7__scans__a.json",
    ]
    assert text.count("| PTQ 4 | 1 x 1 |") == text.count("| QAT 4 | 1 x 1 |") == 2
    assert "Not asked for" not in text
    scores = [json.loads(file.read_text(encoding="utf-8")) for file in (runs / "small" / "scores").iterdir()]
    assert all(score["rules"]["dice"] > 0.2 for score in scores)  # teeth were found
    where = text[text.index("**Where rounding errors sit**") : text.index("**Sizes**")].splitlines()
    lines = {line.split("|")[1].strip(): line.split("|") for line in where if line.startswith("| ")}
    assert all(0 < float(lines[name][cell]) < 30 for name in ("PTQ 4", "QAT 4") for cell in (3, 6))  # dB of 4 bits
    for name in ("ptq", "topo"):
        file = next((runs / "small" / "models" / f"{name}_7").glob("*.onnx"))
        constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(file).graph.initializer}
        weights = [value for key, value in constants.items() if key.endswith("weight.whole")]
        assert max(int(np.abs(w.astype(int)).max()) for w in weights) == 7
    capsys.readouterr()
    command.main(["tables", str(path), "--table", "speed"])
    out = capsys.readouterr().out
    assert "| FP |" in out and "| QAT 4 |" in out and "seeds x scans" not in out
    command.main(["costs", str(path), "--count", "1"])
    lines = {
        line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:]]
        for line in capsys.readouterr().out.splitlines()
        if line
    }
    assert lines["QAT 4"][:2] == ["1.0", "0.1"] and lines["QAT 4"][3:5] == ["1 of 1", "1 of 1"]
    assert lines["PTQ 4"][0] == "0.0" and lines["Not asked for"][3:5] == ["0 of 1", "0 of 1"]


def test_rows_that_start_from_rows(tmp_path: Path, monkeypatch) -> None:
    runs, data = tmp_path / "runs", tmp_path / "data"
    _toy_start(runs, data)
    net = {"classes": 3, "widths": [32, 32], "encoder_convs": [1, 1], "decoder_convs": [1], "full_width": 16}
    rows = {
        "half": {"title": "Half", "magnitude": {"macs": 0.5}, "distillation": {"teacher": "cuts/large_7"}},
        "large": {"title": "Large", "net": {**net, "deep_supervision": 0}, "distillation": {"teacher": "toy"}},
        "other": {"title": "Other", "start": "toy"},
    }
    steps = {"minutes": 9, "steps": 2, "lr": 1e-3, "freeze_norm_at": 0.0, "log_every": 1}
    config = {"task": "topology", "start": "cuts/large_7", "data": {"patch": [32] * 3, "samples": 2}}
    config |= {"training": steps, "seeds": [7], "rows": rows}
    path = tmp_path / "cuts.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    monkeypatch.setattr("training.experiments.rows.RUNS", runs)
    monkeypatch.setattr(command, "keep_memory", lambda: None)
    command.main(["run", str(path), "--data", str(data), "--only", "half"])
    scores = runs / "cuts" / "scores"
    scores.mkdir()
    empty = dict.fromkeys((*tables.COLUMNS, *tables.TESTED), 0.0) | {"errors": {}}
    for name in ("half", "large"):
        told = {"row": name, "seed": 7, "case": "a", "alone": empty, "rules": empty}
        (scores / f"{name}_7__a.json").write_text(json.dumps(told), encoding="utf-8")
    config_read, rows_read, base = read_rows(path)
    text = report.report(config_read, rows_read, base)
    assert "Large: from random weights, 2 steps.\n\nThe others: from cuts/large_7, 2 steps more." in text
    assert sorted(folder.name for folder in (runs / "cuts").glob("*_7")) == ["half_7", "large_7"]
    large, half = (load_tuned(runs / "cuts" / f"{name}_7")[0] for name in ("large", "half"))
    share = macs(half.plan, (32,) * 3)["total"] / macs(large.plan, (32,) * 3)["total"]
    assert large.plan.layers == {} and 0.3 < share <= 0.5
    for start, said in (("cuts/lost_7", "a row that does not exist"), ("cuts/half_7", "starts from its own network")):
        path.write_text(yaml.safe_dump({**config, "start": start}), encoding="utf-8")
        with pytest.raises(ValueError, match=said):
            read_rows(path)


def test_what_rounding_loses() -> None:
    values = np.array([0.0, 0.4, -0.4, 1.0, 3.0, 20.0])
    got = rounding_errors.lost(values, 1.0, 7)
    assert got.zero == pytest.approx(0.4) and got.cut == pytest.approx(0.2)  # of the five that are not 0
    noise, signal = 0.4**2 * 2 + 13.0**2, 0.4**2 * 2 + 1 + 9 + 400
    assert got.decibels == pytest.approx(10 * np.log10(signal / noise))
    assert rounding_errors.lost(np.zeros(3), 1.0, 7) == (np.inf, 0.0, 0.0)
    # a step for each value: the small one is kept
    steps = np.array([0.1, 0.1, 0.1, 0.1, 1.0, 4.0])
    assert rounding_errors.lost(values, steps, 7).zero == 0.0
