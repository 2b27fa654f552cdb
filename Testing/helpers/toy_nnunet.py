"""Converted nnU-Nets that need no training: each voxel's label by its grey value."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

#: Everything that a description holds, of a network of two structures at 1 mm.
DESCRIPTION: dict[str, Any] = {
    "id": "toy",
    "task": "nnunet",
    "precision": "fp32",
    "axes": [0, 1, 2],
    "orientation": None,
    "spacing_mm": [1.0, 1.0, 1.0],
    "patch": [8, 8, 8],
    "channels": [{"name": "CT", "normalisation": "NoNormalization", "inside_only": False}],
    "image_resampling": {"order": 3, "order_across": 0, "separate": None},
    "logits_resampling": {"order": 1, "order_across": 0, "separate": None},
    "mirror_axes": [0, 1, 2],
    "heads": 3,
    "labels": {"1": "Upper Right First Molar", "2": "Mandible"},
    "region_order": None,
    "source": {"name": "toy", "folds": ["0"]},
}


def grey_value_graph(description: dict[str, Any], extra: list[onnx.NodeProto] | None = None) -> onnx.ModelProto:
    """A network whose head k is largest where the grey value is nearest to 100 k; `extra` nodes lead nowhere."""
    heads, patch = description["heads"], description["patch"]
    level = 100.0 * np.arange(heads, dtype=np.float32)
    weights = [
        numpy_helper.from_array((2 * level / 1e4).reshape(heads, 1, 1, 1, 1), "w"),
        numpy_helper.from_array(-(level**2) / 1e4, "b"),
    ]
    graph = helper.make_graph(
        [helper.make_node("Conv", ["image", "w", "b"], ["logits"], "head"), *(extra or [])],
        "toy",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, *patch])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, heads, *patch])],
        weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def write_network(
    folder: Path, description: dict[str, Any] | None = None, model: onnx.ModelProto | None = None
) -> Path:
    """A folder with the network and its models.json."""
    description = DESCRIPTION if description is None else description
    model = grey_value_graph(description) if model is None else model
    del model.metadata_props[:]
    entry = model.metadata_props.add()
    entry.key, entry.value = "dentaltoposeg", json.dumps(description)
    folder.mkdir(parents=True, exist_ok=True)
    content = model.SerializeToString()
    (folder / f"{description['id']}.fp32.onnx").write_bytes(content)
    listed = {
        "id": description["id"],
        "task": description["task"],
        "precision": "fp32",
        "file": f"{description['id']}.fp32.onnx",
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_bytes": len(content),
        "license": description["source"].get("licence", "CC0-1.0"),
    }
    (folder / "models.json").write_text(json.dumps({"models": [listed]}), encoding="utf-8")
    return folder
