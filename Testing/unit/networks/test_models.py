"""The registry of networks: found, checked, described, run, interrupted; every defect a clear ModelError."""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path

import numpy as np
import pytest

from DentalTopoSegLib.errors import Cancelled, ModelError
from DentalTopoSegLib.networks.models import (
    METADATA_KEY,
    list_models,
    load_model,
    resources_dir,
)
from DentalTopoSegLib.networks.tasks import TASKS, task_names

onnx = pytest.importorskip("onnx", reason="building the small test networks needs the package onnx")

DESCRIPTION = {
    "id": "tiny",
    "task": "border",
    "spacing_mm": 0.5,
    "divisor": 4,
    "output_stride": 1,
    "clip_percentiles": [0.5, 99.5],
    "labels": [0, 1],
    "output_scale": 2.0,
}


def tiny_network(path: Path, description: dict | str | None, output: str = "probabilities", loops: int = 0) -> None:
    """x -> [x, 2x]; with loops > 0 it also multiplies large matrices for a while."""
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    nodes = [
        helper.make_node("Mul", ["image", "two"], ["double"]),
        helper.make_node("Concat", ["image", "double"], [output if not loops else "pair"], axis=1),
    ]
    weights = [helper.make_tensor("two", kind, [1], [2.0])]
    if loops:
        n = 1024
        weights.append(onnx.numpy_helper.from_array(np.full((n, n), 1e-4, np.float32), "c"))
        # the image takes part, or ONNX Runtime would compute it all once while loading
        nodes += [
            helper.make_node("ReduceMax", ["image"], ["some"], keepdims=0),
            helper.make_node("Add", ["c", "some"], ["m0"]),
        ]
        nodes += [helper.make_node("MatMul", [f"m{k}" if k else "m0", "m0"], [f"m{k + 1}"]) for k in range(loops)]
        nodes += [
            helper.make_node("ReduceMax", [f"m{loops}"], ["top"], keepdims=0),
            helper.make_node("Add", ["pair", "top"], [output]),
        ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", kind, [1, 1, "d", "h", "w"])],
        [helper.make_tensor_value_info(output, kind, [1, 2, "d", "h", "w"])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if description is not None:
        text = description if isinstance(description, str) else json.dumps(description)
        helper.set_model_props(model, {METADATA_KEY: text})
    onnx.save(model, path)


def register(folder: Path, description: dict | str | None = DESCRIPTION, task: str = "border", **kwargs) -> Path:
    path = folder / "tiny.onnx"
    tiny_network(path, description, **kwargs)
    entry = {
        "id": "tiny",
        "task": task,
        "precision": "int8",
        "file": "tiny.onnx",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    (folder / "models.json").write_text(json.dumps({"models": [entry]}), encoding="utf-8")
    return path


@pytest.mark.parametrize("wanted", ["tiny", "border"])
def test_a_network_is_found_by_id_or_task_and_runs(tmp_path, wanted):
    path = register(tmp_path)
    model = load_model(wanted, threads=1, folder=tmp_path)
    assert (model.id, model.task, model.path, model.precision) == ("tiny", "border", path, "int8")
    assert model.sha256 == hashlib.sha256(path.read_bytes()).hexdigest() and model.size_bytes == path.stat().st_size
    assert model.metadata == DESCRIPTION and model.output_scale == 2.0
    x = np.arange(4 * 8 * 4, dtype=np.float32).reshape(4, 8, 4)
    out = model.run(x)
    assert out.shape == (2, 4, 8, 4) and np.array_equal(out[0], x) and np.array_equal(out[1], 2 * x)


def test_sizes_the_network_cannot_take_are_refused(tmp_path):
    register(tmp_path)
    with pytest.raises(ValueError, match="multiples of 4"):
        load_model("tiny", folder=tmp_path).run(np.zeros((4, 4, 5), np.float32))


def test_a_running_network_can_be_cancelled(tmp_path):
    register(tmp_path, loops=150)
    model = load_model("tiny", threads=1, folder=tmp_path)
    before = threading.active_count()
    with pytest.raises(Cancelled):
        model.run(np.zeros((4, 4, 4), np.float32), cancelled=lambda: True)
    assert threading.active_count() == before


SURFACE = {"id": "points-9", "task": "surface", "outputs": ["far", "picked"], "labels": [0], "area_per_point": [1.0]}


def register_points(folder: Path, description: dict = SURFACE, precision: str = "fp32") -> None:
    """points (n, 3) float, index (m,) int32 -> far (n, 3) = 2 points, picked (m, 3) = points[index]."""
    helper, kind = onnx.helper, onnx.TensorProto
    graph = helper.make_graph(
        [
            helper.make_node("Add", ["points", "points"], ["far"]),
            helper.make_node("Gather", ["points", "index"], ["picked"], axis=0),
        ],
        "points",
        [
            helper.make_tensor_value_info("points", kind.FLOAT, ["n", 3]),
            helper.make_tensor_value_info("index", kind.INT32, ["m"]),
        ],
        [helper.make_tensor_value_info(name, kind.FLOAT, [None, 3]) for name in ("far", "picked")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    helper.set_model_props(model, {METADATA_KEY: json.dumps(description)})
    content = model.SerializeToString()
    (folder / "points.onnx").write_bytes(content)
    entry = {
        "id": "points-9",
        "task": "surface",
        "precision": precision,
        "file": "points.onnx",
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    (folder / "models.json").write_text(json.dumps({"models": [entry]}), encoding="utf-8")


def test_a_network_of_points_takes_and_gives_named_arrays(tmp_path):
    register_points(tmp_path)
    model = load_model("surface", threads=1, precision="fp32", folder=tmp_path)
    points = np.arange(12.0).reshape(4, 3)  # float64 and int64: converted to what the network wants
    out = model.run_named({"points": points, "index": np.array([3, 1])})
    assert set(out) == {"far", "picked"} and out["far"].dtype == np.float32
    assert np.array_equal(out["far"], 2 * points) and np.array_equal(out["picked"], points[[3, 1]])


def test_inputs_that_a_network_of_points_does_not_have_are_refused(tmp_path):
    register_points(tmp_path)
    model = load_model("points-9", threads=1, folder=tmp_path)
    with pytest.raises(ValueError, match="takes index, points, not points"):
        model.run_named({"points": np.zeros((4, 3))})


def test_a_network_of_points_that_fails_says_on_what(tmp_path):
    register_points(tmp_path)
    model = load_model("points-9", threads=1, folder=tmp_path)
    with pytest.raises(ModelError, match="failed on an array of 4 x 3 numbers"):
        model.run_named({"points": np.zeros((4, 3)), "index": np.array([7])})


def test_a_network_shipped_in_fp32_only_also_answers_to_int8(tmp_path):
    register_points(tmp_path)
    assert load_model("surface", threads=1, precision="int8", folder=tmp_path).precision == "fp32"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outputs": ["far", "near"]}, 'no output "near", only far, picked'),
        ({"labels": None}, "lacks labels"),
    ],
)
def test_a_network_of_points_must_describe_what_its_task_needs(tmp_path, change, message):
    register_points(tmp_path, {k: v for k, v in (SURFACE | change).items() if v is not None})
    with pytest.raises(ModelError, match=message):
        load_model("surface", threads=1, folder=tmp_path)


@pytest.mark.parametrize("entry", list_models(), ids=lambda entry: entry["id"])
def test_every_shipped_network_is_what_its_task_asks_for(entry):
    task = TASKS[entry["task"]]
    model = load_model(entry["id"], threads=1, provider="auto")
    assert model.task == task.name and not task.missing(model.metadata)
    assert set(task.promised_outputs(model.metadata)) <= set(model.session.outputs)
    assert task.auto_provider in ("auto", model.provider)
    # the task is how the library asks for it, in whatever precision is quicker
    assert load_model(task.name, threads=1).id == entry["id"]


@pytest.mark.parametrize(("name", "key"), [(task.name, key) for task in TASKS.values() for key in task.required])
def test_a_network_without_a_key_that_its_task_requires_is_refused_naming_it(tmp_path, name, key):
    output = "logits" if TASKS[name].graph else "probabilities"
    whole = {"id": "tiny", "task": name, **dict.fromkeys(TASKS[name].required, 1), "outputs": [output]}
    for description in (whole, {k: v for k, v in whole.items() if k != key}):
        register(tmp_path, description, task=name, output=output)
        if key in description:
            assert load_model(name, threads=1, folder=tmp_path).metadata == description
        else:
            with pytest.raises(ModelError, match=f"lacks {key}\\."):
                load_model(name, threads=1, folder=tmp_path)


def test_a_task_nobody_knows_is_refused(tmp_path):
    register(tmp_path, DESCRIPTION | {"task": "caries"}, task="caries")
    with pytest.raises(ModelError, match=r'"caries", which this version does not know'):
        load_model("tiny", folder=tmp_path)


def test_an_altered_file_is_refused(tmp_path):
    path = register(tmp_path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(ModelError, match=r"tiny\.onnx is damaged or was altered"):
        load_model("tiny", folder=tmp_path)


def test_a_missing_file_is_named(tmp_path):
    register(tmp_path).unlink()
    with pytest.raises(ModelError, match=r"tiny\.onnx is missing"):
        load_model("tiny", folder=tmp_path)


def test_a_file_that_is_no_network_is_refused_even_with_the_right_checksum(tmp_path):
    path = register(tmp_path)
    path.write_bytes(b"not a network")
    entries = json.loads((tmp_path / "models.json").read_text())
    entries["models"][0]["sha256"] = hashlib.sha256(b"not a network").hexdigest()
    (tmp_path / "models.json").write_text(json.dumps(entries))
    with pytest.raises(ModelError, match="cannot open the network"):
        load_model("tiny", folder=tmp_path)


@pytest.mark.parametrize(
    ("description", "message"),
    [
        (None, "no description"),
        ("{", "is no JSON text"),
        ({"id": "tiny", "task": "border"}, "lacks spacing_mm"),
        ({**DESCRIPTION, "task": "numbering"}, "models.json says"),
    ],
)
def test_a_network_that_does_not_describe_itself_is_refused(tmp_path, description, message):
    register(tmp_path, description)
    with pytest.raises(ModelError, match=message):
        load_model("tiny", folder=tmp_path)


def test_a_network_without_the_expected_output_is_refused(tmp_path):
    register(tmp_path, output="logits")
    with pytest.raises(ModelError, match="only logits"):
        load_model("tiny", folder=tmp_path)


def test_unknown_names_list_what_there_is(tmp_path):
    register(tmp_path)
    with pytest.raises(ModelError, match=r"tiny \(border, int8\)"):
        load_model("numbering", folder=tmp_path)
    with pytest.raises(ModelError, match="precision fp32"):
        load_model("border", precision="fp32", folder=tmp_path)


ELSEWHERE = {"id": "x", "task": "border", "precision": "int8", "file": "../x.onnx", "sha256": 64 * "0"}


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"models": [{"id": "x"}]}', '{"models": [1]}', json.dumps({"models": [ELSEWHERE]})]
)
def test_an_unreadable_list_is_refused(tmp_path, text):
    (tmp_path / "models.json").write_text(text)
    with pytest.raises(ModelError, match=r"models\.json cannot be read .*: get the folder again"):
        list_models(tmp_path)


def test_a_missing_list_is_refused(tmp_path):
    with pytest.raises(ModelError, match="is missing"):
        list_models(tmp_path)


def test_the_installed_networks_load_and_describe_themselves():
    if not (resources_dir() / "Models" / "models.json").exists():
        pytest.skip("no networks in Resources/Models yet")
    entries = list_models()
    ours = {task.name: task.kind for task in TASKS.values() if task.graph is None}
    needed = {name for name, kind in ours.items() if kind != "surroundings"}  # those are found only on request
    assert needed <= {e["task"] for e in entries} <= set(ours)
    for entry in (e for e in entries if e["task"] in task_names("volume")):
        model = load_model(entry["id"], threads=1)
        side = int(model.metadata["divisor"]) * (2 if entry["task"] == "border" else 1)
        out = model.run(np.zeros((side, side, side), np.float32))
        stride = int(model.metadata["output_stride"])
        assert out.shape == (33 if entry["task"] == "numbering" else 2, *(3 * [side // stride]))
        assert out.min() >= 0 and out.max() <= model.output_scale * 1.001


def test_the_installed_networks_answer_alike_with_any_number_of_threads():
    if not (resources_dir() / "Models" / "models.json").exists():
        pytest.skip("no networks in Resources/Models yet")
    image = np.random.default_rng(0).standard_normal((64, 64, 32)).astype(np.float32)
    for task in ("numbering", "border"):
        one, three = (load_model(task, threads=n).run(image) for n in (1, 3))
        assert np.array_equal(one, three), task
