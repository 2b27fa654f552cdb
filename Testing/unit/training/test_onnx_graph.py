"""The shipped networks, as ONNX Runtime runs them: every wide convolution in int8, weights within seven bits."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed: pip install '.[test]'")
from onnx import numpy_helper  # noqa: E402

from DentalTopoSegLib.networks.onnx_runtime import import_onnxruntime  # noqa: E402

onnxruntime = import_onnxruntime()
MODELS = Path(__file__).resolve().parents[3] / "Resources" / "Models"
SHIPPED = json.loads((MODELS / "models.json").read_text(encoding="utf-8"))["models"]
#: The networks for volumes; those for surfaces keep float arithmetic.
ENTRIES = [entry for entry in SHIPPED if entry["task"] in ("numbering", "border")]
WIDE = 32
each_model = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["id"])


def _optimised(entry: dict, folder: Path) -> onnx.ModelProto:
    """The graph that ONNX Runtime makes of a model on this machine's CPU."""
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(folder / "optimised.onnx")
    options.log_severity_level = 3
    onnxruntime.InferenceSession(str(MODELS / entry["file"]), options, providers=["CPUExecutionProvider"])
    return onnx.load(folder / "optimised.onnx")


def _convolutions(model: onnx.ModelProto) -> list[tuple[str, str, int, int]]:
    """(kind, name, input channels, output channels) of every convolution."""
    shapes = {t.name: t.dims for t in model.graph.initializer}
    rows = []
    for node in model.graph.node:
        if node.op_type in ("Conv", "FusedConv", "QLinearConv", "ConvInteger"):
            dims = shapes[node.input[3 if node.op_type == "QLinearConv" else 1]]
            group = next((a.i for a in node.attribute if a.name == "group"), 1)
            rows.append((node.op_type, node.name, dims[1] * group, dims[0]))
    return rows


def test_both_tasks_are_shipped_in_int8() -> None:
    assert {entry["task"] for entry in ENTRIES if entry["precision"] == "int8"} == {"numbering", "border"}
    assert sum((MODELS / entry["file"]).stat().st_size for entry in SHIPPED) <= 20_000_000


@each_model
def test_every_wide_convolution_runs_in_int8(entry: dict, tmp_path: Path) -> None:
    convolutions = _convolutions(_optimised(entry, tmp_path))
    wide = [row for row in convolutions if row[2] >= WIDE and row[3] >= WIDE]
    assert len(wide) >= 6, f"only {len(wide)} wide convolutions found in {entry['file']}"
    assert [row for row in wide if row[0] != "QLinearConv"] == []
    shipped = [node for node in onnx.load(MODELS / entry["file"]).graph.node if node.op_type == "Conv"]
    assert len(convolutions) == len(shipped), "a convolution went missing in ONNX Runtime's graph"


@each_model
def test_integer_weights_stay_within_seven_bits(entry: dict) -> None:
    model = onnx.load(MODELS / entry["file"])
    weights = [numpy_helper.to_array(t) for t in model.graph.initializer]
    weights = [w for w in weights if w.dtype == np.int8 and w.ndim == 5]
    assert len(weights) >= 10
    assert max(int(np.abs(w.astype(int)).max()) for w in weights) <= 63


@each_model
def test_file_matches_its_entry_and_describes_itself(entry: dict) -> None:
    content = (MODELS / entry["file"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    assert len(content) == entry["size_bytes"]
    assert (MODELS / entry["card"]).is_file()
    model = onnx.load_model_from_string(content)
    metadata = json.loads({p.key: p.value for p in model.metadata_props}["dentaltoposeg"])
    assert (metadata["id"], metadata["task"]) == (entry["id"], entry["task"])
    assert model.ir_version <= 10
    assert model.opset_import[0].version <= 20


@each_model
def test_same_result_with_one_and_two_threads(entry: dict) -> None:
    image = np.random.default_rng(0).standard_normal((1, 1, 32, 32, 64), dtype=np.float32)
    outputs = []
    for threads in (1, 2):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        runner = onnxruntime.InferenceSession(str(MODELS / entry["file"]), options, providers=["CPUExecutionProvider"])
        outputs.append(runner.run(["probabilities"], {"image": image})[0])
    np.testing.assert_array_equal(*outputs)
