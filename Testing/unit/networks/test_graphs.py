"""Networks of others are looked at before they are opened: operators, inputs, outputs, weights elsewhere."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed; it makes the networks of these tests")

from onnx import TensorProto, helper  # noqa: E402
from toy_nnunet import DESCRIPTION, grey_value_graph, write_network  # noqa: E402

from DentalTopoSegLib.errors import ModelError  # noqa: E402
from DentalTopoSegLib.networks.graphs import OPERATORS, read_graph, require_known_graph  # noqa: E402
from DentalTopoSegLib.networks.models import load_model  # noqa: E402

HERE = Path("x.onnx")


def look_at(model: onnx.ModelProto) -> None:
    require_known_graph(model.SerializeToString(), HERE, ("image",), ("logits",))


def test_a_sound_network_passes_with_its_shapes() -> None:
    model = grey_value_graph(DESCRIPTION)
    look_at(model)
    found = read_graph(model.SerializeToString(), HERE)
    assert found.operators == {"Conv"}
    assert found.inputs == {"image": (1, 1, 8, 8, 8)}
    assert found.outputs == {"logits": (1, 3, 8, 8, 8)}


@pytest.mark.parametrize(
    ("node", "words"),
    [
        (helper.make_node("Loop", ["a", "b"], ["c"], "n"), '"Loop"'),
        (helper.make_node("PythonOp", ["image"], ["c"], "n", domain="ai.onnx.contrib"), '"ai.onnx.contrib::PythonOp"'),
        (helper.make_node("Conv", ["image"], ["c"], "n", domain="com.microsoft"), '"com.microsoft::Conv"'),
        (
            helper.make_node("Add", ["image"], ["c"], "n", body=helper.make_graph([], "inner", [], [])),
            "graphs inside operators",
        ),
    ],
)
def test_what_is_not_on_the_list_is_refused(node: onnx.NodeProto, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        look_at(grey_value_graph(DESCRIPTION, [node]))


def test_weights_in_other_files_are_refused() -> None:
    model = grey_value_graph(DESCRIPTION)
    tensor = model.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "/etc/passwd"
    with pytest.raises(ModelError, match="weights in other files"):
        look_at(model)


def test_functions_and_other_inputs_are_refused() -> None:
    model = grey_value_graph(DESCRIPTION)
    model.functions.append(helper.make_function("own", "f", [], [], [], []))
    with pytest.raises(ModelError, match="functions of its own"):
        look_at(model)
    model = grey_value_graph(DESCRIPTION)
    model.graph.input.append(helper.make_tensor_value_info("second", TensorProto.FLOAT, [1]))
    with pytest.raises(ModelError, match="takes image, second instead of image"):
        look_at(model)


def test_damaged_bytes_are_refused_in_one_sentence() -> None:
    content = grey_value_graph(DESCRIPTION).SerializeToString()
    for broken in (content[:-5], content[: len(content) // 2], b"\x07" + content, b"", b"\xff" * 40):
        with pytest.raises(ModelError, match="no ONNX file, or damaged") as refused:
            require_known_graph(broken, HERE, ("image",), ("logits",))
        assert "\n" not in str(refused.value)


def test_a_foreign_network_is_looked_at_before_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    monkeypatch.setattr("DentalTopoSegLib.networks.models.open_session", lambda *given: opened.append(given))
    folder = write_network(
        tmp_path, copy.deepcopy(DESCRIPTION), grey_value_graph(DESCRIPTION, [helper.make_node("If", ["a"], ["b"], "n")])
    )
    with pytest.raises(ModelError, match='"If"'):
        load_model("nnunet", 1, "fp32", folder=folder)
    assert not opened
    assert "If" not in OPERATORS
