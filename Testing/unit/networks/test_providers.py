"""What runs the networks: OpenVINO answers as ONNX Runtime does, can be stopped, is optional and tells nobody."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from scan_files import toy_dentition, write_file

from DentalTopoSegLib.cbct import segment_volume
from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.errors import Cancelled, ModelError, UsageError
from DentalTopoSegLib.networks import providers
from DentalTopoSegLib.networks.models import load_model
from DentalTopoSegLib.networks.onnx_runtime import import_onnxruntime
from DentalTopoSegLib.networks.processors import Processor
from DentalTopoSegLib.networks.tasks import task_names
from DentalTopoSegLib.options import RunOptions
from DentalTopoSegLib.phantom import make_phantom
from DentalTopoSegLib.runs.job import JobFile

pytest.importorskip("onnx", reason="building the small test networks needs the package onnx")
from test_models import register, register_points

ROOT = Path(__file__).resolve().parents[3]
needs_openvino = pytest.mark.skipif(
    importlib.util.find_spec("openvino") is None, reason="the optional package openvino is not installed"
)
#: Least share of tooth voxels that both providers give the same number. Measured: 0.9997 and more.
SAME_LABELS = 0.995


@pytest.fixture
def without_openvino(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "openvino" else find(name, *more)
    )


# ---------------------------------------------------------------- the choice


def test_an_unknown_provider_is_refused_with_those_there_are(tmp_path):
    register(tmp_path)
    with pytest.raises(ModelError, match=r'no provider "cuda".*onnxruntime, openvino, auto'):
        load_model("tiny", folder=tmp_path, provider="cuda")


def test_onnxruntime_is_told_to_report_nothing_before_it_opens_a_network(tmp_path, monkeypatch):
    onnxruntime = import_onnxruntime()
    order = []
    monkeypatch.setattr(onnxruntime, "disable_telemetry_events", lambda: order.append("silent"))
    open_network = onnxruntime.InferenceSession
    monkeypatch.setattr(
        onnxruntime, "InferenceSession", lambda *args, **more: order.append("open") or open_network(*args, **more)
    )
    register(tmp_path)
    load_model("tiny", folder=tmp_path)
    assert order == ["silent", "open"]


def test_a_missing_openvino_says_what_to_install(tmp_path, without_openvino):
    register(tmp_path)
    with pytest.raises(ModelError, match=r'not installed: run python -m pip install "openvino>=[0-9.]+"'):
        load_model("tiny", folder=tmp_path, provider="openvino")
    assert load_model("tiny", folder=tmp_path, provider="auto").provider == "onnxruntime"


def test_an_openvino_that_cannot_be_loaded_says_so(tmp_path, monkeypatch):
    register(tmp_path)
    monkeypatch.setattr(providers, "_has_openvino", lambda: True)
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ModelError, match="OpenVINO is installed but cannot be loaded"):
        load_model("tiny", folder=tmp_path, provider="openvino")


def test_the_command_refuses_a_missing_openvino_as_a_missing_model(tmp_path, without_openvino, capsys):
    scan = write_file(toy_dentition()[0], tmp_path / "scan.nii.gz")
    code = cli.main(["segment", str(scan), "-o", str(tmp_path / "out"), "--quiet", "--provider", "openvino"])
    assert code == ModelError.exit_code
    assert "OpenVINO was asked for but is not installed" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_job_may_name_a_provider_that_there_is(tmp_path):
    job = tmp_path / "job.json"
    job.write_text(json.dumps({"inputs": ["a"], "output": "b", "provider": "auto"}), encoding="utf-8")
    assert JobFile.read(job).options.provider == "auto"
    job.write_text(json.dumps({"inputs": ["a"], "output": "b", "provider": "cuda"}), encoding="utf-8")
    with pytest.raises(UsageError, match="provider is 'cuda', not"):
        JobFile.read(job)


@needs_openvino
def test_auto_takes_openvino_for_volumes_and_onnx_runtime_for_surfaces(monkeypatch):
    monkeypatch.setattr(providers, "this_processor", lambda: Processor("x86-64", frozenset({"avx2"})))
    assert [load_model(task, 1, provider="auto").provider for task in task_names("volume")] == ["openvino"] * len(
        task_names("volume")
    )
    assert {load_model(task, 1, provider="auto").provider for task in task_names("surface")} == {"onnxruntime"}


# ---------------------------------------------------------------- small networks


@needs_openvino
def test_a_small_network_runs_the_same(tmp_path):
    register(tmp_path)
    x = np.arange(4 * 8 * 4, dtype=np.float32).reshape(4, 8, 4)
    models = [load_model("tiny", threads=1, folder=tmp_path, provider=p) for p in ("onnxruntime", "openvino")]
    assert [m.provider for m in models] == ["onnxruntime", "openvino"]
    assert models[0].metadata == models[1].metadata and models[0].sha256 == models[1].sha256
    for model in models:
        out = model.run(x)
        assert out.shape == (2, 4, 8, 4) and np.array_equal(out[0], x) and np.array_equal(out[1], 2 * x)
        smaller = model.run(x[:, :4])  # another shape, and the first answer is not overwritten
        assert np.array_equal(smaller[1], 2 * x[:, :4]) and np.array_equal(out[0], x)


@needs_openvino
def test_named_arrays_are_converted_and_named(tmp_path):
    register_points(tmp_path)
    model = load_model("points-9", threads=1, folder=tmp_path, provider="openvino")
    points = np.arange(12.0).reshape(4, 3)
    out = model.run_named({"points": points, "index": np.array([3, 1])})
    assert set(out) == {"far", "picked"} and out["far"].dtype == np.float32
    assert np.array_equal(out["far"], 2 * points) and np.array_equal(out["picked"], points[[3, 1]])
    with pytest.raises(ValueError, match="takes index, points, not points"):
        model.run_named({"points": points})
    with pytest.raises(ModelError, match="failed on an array of 4 x 2 numbers"):
        model.run_named({"points": points[:, :2], "index": np.array([3, 1])})


@needs_openvino
def test_a_file_that_is_no_network_is_refused():
    with pytest.raises(ModelError, match=r"OpenVINO [0-9.]+ cannot open the network junk\.onnx"):
        providers.open_session("openvino", Path("junk.onnx"), b"not a network", 1, "key")


@needs_openvino
def test_a_network_without_a_description_is_refused(tmp_path):
    register(tmp_path, None)
    with pytest.raises(ModelError, match="no description of itself"):
        load_model("tiny", folder=tmp_path, provider="openvino")


@needs_openvino
def test_a_running_network_can_be_cancelled_and_run_again(tmp_path):
    register(tmp_path, loops=400)  # some ten seconds
    model = load_model("tiny", threads=1, folder=tmp_path, provider="openvino")
    asked = []

    def cancelled() -> bool:
        asked.append(time.monotonic())
        return len(asked) >= 3

    with pytest.raises(Cancelled):
        model.run(np.zeros((4, 4, 4), np.float32), cancelled)
    assert time.monotonic() - asked[-1] < 2.0  # 0.05 s on an idle machine; the promise is one second
    with pytest.raises(Cancelled):
        model.run(np.zeros((4, 4, 4), np.float32), lambda: True)


@needs_openvino
def test_an_interruption_stops_the_network_and_is_passed_on(tmp_path):
    register(tmp_path, loops=400)
    model = load_model("tiny", threads=1, folder=tmp_path, provider="openvino")

    def interrupt() -> bool:
        raise KeyboardInterrupt

    started = time.process_time()
    with pytest.raises(KeyboardInterrupt):
        model.run(np.zeros((4, 4, 4), np.float32), interrupt)
    assert time.process_time() - started < 3.0


# ---------------------------------------------------------------- the shipped networks


@pytest.fixture(scope="module")
def phantom():
    return make_phantom(seed=4, spacing_mm=0.8, jaws="lower", fov_mm=(90.0, 76.0, 48.0))


@needs_openvino
def test_both_providers_give_the_same_labels_and_say_which_it_was(phantom):
    import openvino

    onnxruntime = import_onnxruntime()
    one, other = (segment_volume(phantom.image, RunOptions(threads=2, provider=p)) for p in ("onnxruntime", "openvino"))
    teeth = (one.labels.array > 0) | (other.labels.array > 0)
    assert teeth.sum() > 5000
    assert (one.labels.array == other.labels.array)[teeth].mean() >= SAME_LABELS
    assert set(one.confidence) == set(other.confidence)
    for result, name, version in (
        (one, "onnxruntime", onnxruntime.__version__),
        (other, "openvino", openvino.__version__.split("-")[0]),
    ):
        ran = {(m["provider"], m["provider_version"]) for m in result.provenance["models"]}
        assert ran == {(name, version)}


@needs_openvino
@pytest.mark.parametrize("task", task_names("volume"))
def test_answers_do_not_depend_on_threads_or_on_the_run(task, phantom):
    image = np.ascontiguousarray(phantom.image.array[:32, 16:80, 32:96], np.float32)
    image = (image - image.mean()) / image.std()
    one, three = (load_model(task, threads=n, provider="openvino") for n in (1, 3))
    first = one.run(image)
    assert first.max() > 0.5 * one.output_scale  # teeth are in it
    assert np.array_equal(first, three.run(image)) and np.array_equal(first, one.run(image))


@needs_openvino
@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="int8 kernels of x86-64")
@pytest.mark.parametrize("task", task_names("volume"))
def test_int8_networks_are_computed_in_int8_and_nothing_in_bfloat16(task):
    operations = load_model(task, 1, provider="openvino").session.compiled.get_runtime_model().get_ops()
    about = [op.get_rt_info() for op in operations]
    kernels = [i["primitiveType"].astype(str) for i in about if i["layerType"].astype(str) == "Convolution"]
    assert len(kernels) >= 10
    assert sum(not kernel.endswith("I8") for kernel in kernels) <= 1  # the first takes the image, in float32
    assert not [i for i in about if i["runtimePrecision"].astype(str) in ("bf16", "f16")]


@needs_openvino
def test_loading_openvino_tells_nobody(tmp_path):
    code = f"""
import socket, sys
class Caught(Exception): pass
def refuse(*_, **__): raise Caught("a connection was tried")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
sys.path.insert(0, {str(ROOT)!r})
from DentalTopoSegLib.networks.models import load_model
from DentalTopoSegLib.networks.onnx_runtime import import_onnxruntime
assert load_model("numbering", 1, provider="openvino").provider == "openvino"
assert not [name for name in sys.modules if name.startswith("openvino_telemetry")], sorted(sys.modules)
"""
    # CI variables would switch the reports off by themselves
    environment = {k: v for k, v in os.environ.items() if "CI" not in k and k != "TF_BUILD"} | {"HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.iterdir())  # no client id


@needs_openvino
@pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
def test_a_signal_after_networks_were_let_go_is_only_a_signal():
    code = """
import gc, signal
from DentalTopoSegLib.networks.models import load_model
first = load_model("orientation", 1, provider="openvino")
second = load_model("border", 1, provider="openvino")
del first; gc.collect()
del second; gc.collect()
signal.signal(signal.SIGTERM, lambda *_: print("told"))
signal.raise_signal(signal.SIGTERM)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout) == (0, "told\n"), done.stderr
