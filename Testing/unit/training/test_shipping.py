"""A network becomes a file of the library: int8 storage, description, entry in models.json; tables of scores."""

from __future__ import annotations

import doctest
import functools
import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed; only training needs it")
onnx = pytest.importorskip("onnx", reason="onnx is not installed; only training and its tests need it")
pytest.importorskip("onnxscript", reason="onnxscript is not installed; only torch's exporter needs it")

from DentalTopoSegLib.networks.models import list_models  # noqa: E402
from DentalTopoSegLib.networks.onnx_runtime import import_onnxruntime  # noqa: E402
from training.export import score_tables  # noqa: E402
from training.export.int8_storage import SMALLEST, stored_bytes, with_int8_weights  # noqa: E402
from training.export.shipping import export_graph, read_metadata, register, ship  # noqa: E402
from training.patients import parts  # noqa: E402

METADATA = {"id": "crowns-1", "task": "crowns", "precision": "int8"}


@functools.cache
def _exported() -> bytes:
    """x (2, 64) -> y (2, 8) by two layers, the first large enough to be stored as int8."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(64, 96), torch.nn.ReLU(), torch.nn.Linear(96, 8)).eval()
    return export_graph(net, (torch.zeros(2, 64),), ("x",), ("y",)).SerializeToString()


def _graph() -> onnx.ModelProto:
    """A copy of its own of the one exported network: exporting takes seconds."""
    return onnx.load_from_string(_exported())


def _answer(model: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    session = import_onnxruntime().InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


def test_stored_weights_are_a_quarter_and_answer_nearly_the_same() -> None:
    whole = _graph()
    small = with_int8_weights(whole)
    assert 64 * 96 >= SMALLEST > 96 * 8
    assert stored_bytes(small)["int8"] == 64 * 96 + 96
    assert stored_bytes(whole)["float"] - stored_bytes(small)["float"] == 4 * (64 * 96 - 96)
    x = np.random.default_rng(0).normal(size=(2, 64)).astype(np.float32)
    expected = _answer(whole, x)
    difference = np.abs(_answer(small, x) - expected).max()
    assert 0 < difference < 0.02 * np.abs(expected).max()


def test_a_shipped_network_replaces_the_one_of_its_task_and_precision(tmp_path: Path) -> None:
    first = ship(tmp_path, _graph(), METADATA)
    other = ship(tmp_path, _graph(), METADATA | {"precision": "fp32"})
    second = ship(tmp_path, _graph(), METADATA | {"id": "crowns-2"}, "crowns-2.md")
    assert [(e["id"], e["precision"], e["card"]) for e in list_models(tmp_path)] == [
        ("crowns-1", "fp32", None),
        ("crowns-2", "int8", "crowns-2.md"),
    ]
    files = sorted(path.name for path in tmp_path.glob("*.onnx"))
    assert files == ["crowns-1.fp32.onnx", "crowns-2.int8.onnx"]
    assert not Path(first["file"]).exists() and Path(other["file"]).exists()
    model = onnx.load(second["file"])
    assert read_metadata(model)["id"] == "crowns-2"
    assert second["size_bytes"] == Path(second["file"]).stat().st_size


def test_what_is_registered_again_keeps_its_file(tmp_path: Path) -> None:
    for _ in range(2):
        path = register(tmp_path, _graph(), METADATA, None)
    assert path.is_file()
    assert len(json.loads((tmp_path / "models.json").read_text(encoding="utf-8"))["models"]) == 1


def test_the_exported_graph_keeps_no_traces() -> None:
    graph = _graph().graph
    assert not graph.value_info
    assert not any(node.metadata_props or node.doc_string for node in graph.node)


@pytest.mark.parametrize("module", [score_tables, parts])
def test_examples_in_docstrings_run(module) -> None:
    failed, tried = doctest.testmod(module)
    assert tried > 0 and failed == 0
