"""Networks for CBCT that need no training: each voxel of a toy scan is what its grey value says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from scan_files import toy_dentition
from scipy import ndimage

from DentalTopoSegLib.cbct.inference import normalise
from DentalTopoSegLib.dentition import CLASS_FDI
from DentalTopoSegLib.files.volumes import Volume, resample_ras
from DentalTopoSegLib.networks.models import METADATA_KEY

#: Grey values: of the lower jaw, of the canal in it, and of the first class of tooth and from one to the next.
JAW, CANAL, FIRST_TOOTH, STEP = 300, 500, 1000, 60
STRUCTURES = ("background", "upper_jaw", "mandible", "canal", "sinus", "airway")
TISSUES = ("background", "pulp", "enamel", "filling", "crown", "implant", "bracket")
_MARGIN = {"divisor": 8, "clip_percentiles": [0, 100], "receptive_margin_vox": 8}
_BRIGHT = 1.2  # z-score; canals are darker, teeth are brighter
Nodes = list[onnx.NodeProto]


def toy_scan() -> Volume:
    """The toy dentition, each tooth with its own grey value, over a bar of bone with a canal on either side."""
    labels = toy_dentition()[1]
    class_of = np.zeros(256, np.int16)
    class_of[list(CLASS_FDI)] = np.arange(len(CLASS_FDI))
    image = np.where(labels.array > 0, FIRST_TOOTH + STEP * class_of[labels.array], 0).astype(np.int16)
    nearest = np.where(labels.array > 0, labels.array, 255)
    image[ndimage.maximum_filter(labels.array, 3) != ndimage.minimum_filter(nearest, 3)] = 0  # gaps between teeth
    lowest, right = int(np.argwhere(labels.array)[:, 0].min()), labels.shape[2] - 1
    image[: lowest - 1, 8:-8, 4:-4] = JAW
    for x in (12, right - 12 - 3):
        image[1:4, 12:-12, x : x + 3] = CANAL
    image += np.random.default_rng(0).integers(-4, 5, image.shape).astype(np.int16)  # even air has no single value
    return replace(labels, array=image, name="toy")


def write_networks(folder: Path, scan: Volume) -> Path:
    """numbering, border, structures and tissues for `toy_scan`, and their models.json."""
    folder.mkdir()
    whole = resample_ras(scan, 1.0)
    scored = normalise(whole, scan, (0, 100))
    slope, start = np.polyfit(scored.ravel()[::97], whole.array.ravel()[::97].astype(float), 1)
    dark = -start / slope
    numbering = _spread(dark) + _levels(
        "spread", [0, *(FIRST_TOOTH + STEP * k for k in range(1, 33))], slope, start, "full"
    )
    numbering += [helper.make_node("AveragePool", ["full"], ["float"], kernel_shape=[2] * 3, strides=[2] * 3)]
    around = _without_teeth(dark) + _levels("bare", [0, -1e4, JAW, CANAL, -2e4, -3e4], slope, start, "float")
    entries = [
        _write(folder, "numbering", numbering, 33, _MARGIN | {"spacing_mm": 1.0, "output_stride": 2,
                                                              "labels": [int(v) for v in CLASS_FDI]}),
        _write(folder, "border", _border(), 2, _MARGIN | {"spacing_mm": 0.5, "output_stride": 1, "labels": [0, 1]},
               more=("features",)),
        _write(folder, "structures", around, 6, _MARGIN | {"spacing_mm": 1.0, "output_stride": 1,
                                                           "labels": list(STRUCTURES)}),
        _write(folder, "tissues", _tissues(), 7, {"labels": list(TISSUES), "reads": "toy-border"}, given="features"),
    ]  # fmt: skip
    (folder / "models.json").write_text(json.dumps({"models": entries}), encoding="utf-8")
    return folder


def _constant(name: str, values: object) -> onnx.NodeProto:
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.asarray(values, np.float32)))


def _levels(given: str, levels: Sequence[float], slope: float, start: float, out: str) -> Nodes:
    """0 to 255 for the level that is nearest to a voxel's grey value, which is slope * z-score + start."""
    level = np.array(levels, float)
    weight, bias = 2 * level * slope, 2 * level * start - level**2
    return [
        _constant("w", weight.reshape(-1, 1, 1, 1, 1) / 1e2),
        _constant("b", bias / 1e2),
        helper.make_node("Conv", [given, "w", "b"], ["near"]),
        helper.make_node("Softmax", ["near"], ["share"], axis=1),
        _constant("certain", 255.0),
        helper.make_node("Mul", ["share", "certain"], [out]),
    ]


def _spread(dark: float) -> Nodes:
    """The brightest next to each bright voxel, as between a tooth and the dark every class is passed; else dark."""
    return [
        _constant("bright", _BRIGHT),
        _constant("dark", dark),
        helper.make_node("MaxPool", ["image"], ["next"], kernel_shape=[3] * 3, pads=[1] * 6),
        helper.make_node("Greater", ["image", "bright"], ["of_tooth"]),
        helper.make_node("Where", ["of_tooth", "next", "dark"], ["spread"]),
    ]


def _without_teeth(dark: float) -> Nodes:
    """Dark where there is a bright voxel or one next to it, as between a tooth and the dark canals' grey is passed."""
    return [
        _constant("bright", _BRIGHT),
        _constant("dark", dark),
        helper.make_node("MaxPool", ["image"], ["next"], kernel_shape=[3] * 3, pads=[1] * 6),
        helper.make_node("Greater", ["next", "bright"], ["near_tooth"]),
        helper.make_node("Where", ["near_tooth", "dark", "image"], ["bare"]),
    ]


def _border() -> Nodes:
    """Tooth: what is bright; core: what is a millimetre inside; features: both, at half the size."""
    return [
        _constant("bright", _BRIGHT),
        _constant("steep", 12.0),
        _constant("certain", 255.0),
        _constant("one", 1.0),
        helper.make_node("Sub", ["image", "bright"], ["above"]),
        helper.make_node("Mul", ["above", "steep"], ["clear"]),
        helper.make_node("Sigmoid", ["clear"], ["tooth"]),
        helper.make_node("Sub", ["one", "tooth"], ["around"]),
        helper.make_node("MaxPool", ["around"], ["grown"], kernel_shape=[5] * 3, pads=[2] * 6),
        helper.make_node("Sub", ["one", "grown"], ["core"]),
        helper.make_node("Concat", ["tooth", "core"], ["both"], axis=1),
        helper.make_node("Mul", ["both", "certain"], ["float"]),
        helper.make_node("AveragePool", ["both"], ["features"], kernel_shape=[2] * 3, strides=[2] * 3),
    ]


def _tissues() -> Nodes:
    """Pulp in the core, enamel around it, nothing else."""
    return [
        _constant("scales", [1, 1, 2, 2, 2]),
        helper.make_node("Resize", ["features", "", "scales"], ["fine"], mode="nearest",
                         coordinate_transformation_mode="asymmetric", nearest_mode="floor"),
        # background = 1 - tooth, pulp = core, enamel = tooth - core
        _constant("w", np.array([[-255, 0], [0, 255], [255, -255], *[[0, 0]] * 4]).reshape(7, 2, 1, 1, 1)),
        _constant("b", [255, 0, 0, 0, 0, 0, 0]),
        helper.make_node("Conv", ["fine", "w", "b"], ["float"]),
    ]  # fmt: skip


def _write(
    folder: Path, task: str, nodes: Nodes, classes: int, described: dict, given: str = "image", more: Sequence[str] = ()
) -> dict[str, str]:
    """Save a network whose nodes make "float", and return its entry."""
    kind, sides = TensorProto.FLOAT, ["d", "h", "w"]
    to_uint8 = [
        helper.make_node("Round", ["float"], ["round"]),
        helper.make_node("Clip", ["round", "low", "high"], ["clipped"]),
        helper.make_node("Cast", ["clipped"], ["probabilities"], to=TensorProto.UINT8),
    ]
    graph = helper.make_graph(
        [*nodes, *to_uint8],
        task,
        [helper.make_tensor_value_info(given, kind, [1, 1 if given == "image" else 2, *sides])],
        [
            helper.make_tensor_value_info("probabilities", TensorProto.UINT8, [1, classes, "p", "q", "r"]),
            *(helper.make_tensor_value_info(name, kind, [1, 2, "s", "t", "u"]) for name in more),
        ],
        [helper.make_tensor("low", kind, [], [0.0]), helper.make_tensor("high", kind, [], [255.0])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    name = f"toy-{task}"
    helper.set_model_props(model, {METADATA_KEY: json.dumps({"id": name, "task": task, **described})})
    path = folder / f"{name}.onnx"
    onnx.save(model, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"id": name, "task": task, "precision": "int8", "file": path.name, "sha256": digest}
