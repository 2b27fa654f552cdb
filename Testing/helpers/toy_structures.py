"""Tiny networks with the interfaces of those for jaws, canals and tissues, and a models.json for them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

STRUCTURES = ("background", "upper_jaw", "mandible", "canal", "sinus", "airway")
TISSUES = ("background", "pulp", "enamel", "filling", "crown", "implant", "bracket")
_OF_VOLUMES = {"divisor": 16, "output_stride": 1, "clip_percentiles": [0.5, 99.5], "output_scale": 255}
_SPACING = {"structures": 1.0}


def write_toys(folder: Path, *tasks: str, features: bool = True) -> Path:
    """A folder with toy networks of these tasks: "structures" calls all that is brighter than the mean the lower jaw;
    "canals" calls it near a canal; "border" calls it tooth, and gives what "tissues" reads; that calls the brightest
    enamel, the rest pulp."""
    folder.mkdir(parents=True, exist_ok=True)
    plain = lambda: _border(features=False)  # noqa: E731
    makers = {"structures": _structures, "border": lambda: _border(features), "tissues": _tissues, "canals": plain}
    labels = {
        "structures": STRUCTURES,
        "border": ("background", "core", "border"),
        "tissues": TISSUES,
        "canals": ("background", "near", "canal"),
    }
    entries = []
    for task in tasks:
        about = {
            "id": f"toy-{task}",
            "task": task,
            "labels": labels[task],
            "spacing_mm": 1.0 if task == "structures" else 0.5,
        }
        if task == "structures":
            about["distance_errors_mm"] = {"canal": 3.9, "sinus": 1.4}
        path = folder / f"toy-{task}.onnx"
        _save(makers[task](), about | _OF_VOLUMES, path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        entries.append({"id": about["id"], "task": task, "precision": "int8", "file": path.name, "sha256": digest})
    (folder / "models.json").write_text(json.dumps({"models": entries}), encoding="utf-8")
    return folder


def _save(graph, about: dict, path: Path) -> None:
    import onnx

    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=10)
    onnx.helper.set_model_props(model, {"dentaltoposeg": json.dumps(about)})
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def _conv(kind: str, source: str, weight: np.ndarray, bias: np.ndarray, output: str, name: str, **more) -> tuple:
    from onnx import helper, numpy_helper

    constants = [
        numpy_helper.from_array(weight.astype(np.float32), f"{name}.w"),
        numpy_helper.from_array(bias.astype(np.float32), f"{name}.b"),
    ]
    return helper.make_node(kind, [source, f"{name}.w", f"{name}.b"], [output], **more), constants


def _bytes(source: str, output: str) -> tuple:
    from onnx import helper, numpy_helper

    constants = [numpy_helper.from_array(np.float32(1 / 255), "step"), numpy_helper.from_array(np.uint8(0), "none")]
    return helper.make_node("QuantizeLinear", [source, "step", "none"], [output]), constants


def _graph(parts: list[tuple], source: tuple, outputs: list[tuple]):
    from onnx import TensorProto, helper

    nodes = [node for node, _ in parts]
    constants = {one.name: one for _, several in parts for one in several}
    name, kind, channels = source
    return helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info(name, kind, [1, channels, "d", "h", "w"])],
        [helper.make_tensor_value_info(out, TensorProto.UINT8, [1, n, None, None, None]) for out, n in outputs],
        list(constants.values()),
    )


def _softmax(source: str, output: str) -> tuple:
    from onnx import helper

    return helper.make_node("Softmax", [source], [output], axis=1), []


def _structures():
    from onnx import TensorProto

    weight, bias = np.zeros((6, 1, 1, 1, 1)), np.zeros(6)
    weight[2], bias[[1, 3, 4, 5]] = 20.0, -30.0
    parts = [_conv("Conv", "image", weight, bias, "logits", "c"), _softmax("logits", "p"), _bytes("p", "probabilities")]
    return _graph(parts, ("image", TensorProto.FLOAT, 1), [("probabilities", 6)])


def _border(features: bool):
    from onnx import TensorProto, helper

    parts = [
        _conv("Conv", "image", np.array([4.0, 4.0]).reshape(2, 1, 1, 1, 1), np.array([0.0, -4.0]), "logits", "c"),
        (helper.make_node("Sigmoid", ["logits"], ["p"]), []),
        _bytes("p", "probabilities"),
    ]
    outputs = [("probabilities", 2)]
    if features:
        pick = np.eye(8).reshape(8, 1, 2, 2, 2) * 0.2
        parts += [
            _conv("Conv", "image", pick, np.zeros(8), "parts", "f", kernel_shape=[2, 2, 2], strides=[2, 2, 2]),
            _bytes("parts", "features"),
        ]
        outputs.append(("features", 8))
    return _graph(parts, ("image", TensorProto.FLOAT, 1), outputs)


def _tissues():
    from onnx import TensorProto, helper

    weight, bias = np.zeros((8, 7, 2, 2, 2)), np.array([0.0, -3.0, -12.0, -30.0, -30.0, -30.0, -30.0])
    for tissue, gain in ((1, 40.0), (2, 80.0)):
        weight[:, tissue] = np.eye(8).reshape(8, 2, 2, 2) * gain
    _, constants = _bytes("", "")
    parts = [
        (helper.make_node("DequantizeLinear", ["features", "step", "none"], ["real"]), constants),
        _conv("ConvTranspose", "real", weight, bias, "logits", "t", kernel_shape=[2, 2, 2], strides=[2, 2, 2]),
        _softmax("logits", "p"),
        _bytes("p", "probabilities"),
    ]
    return _graph(parts, ("features", TensorProto.UINT8, 8), [("probabilities", 7)])
