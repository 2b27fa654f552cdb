"""What computes a network on the CPU: ONNX Runtime, which is always there, or OpenVINO, which is optional.

Both read the same .onnx file and hide behind `Session`: names and types of inputs and outputs, the description inside
the file, and `start`, which computes in the background and can be stopped. Nothing here knows about teeth or about
what a network is for.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import ModelError
from ..options import PROVIDERS
from .onnx_runtime import import_onnxruntime
from .processors import kind_of, this_processor

if TYPE_CHECKING:
    import numpy as np

_INSTALL_OPENVINO = 'python -m pip install "openvino>=2026.4"'


class Running(Protocol):
    """One pass through a network that goes on in the background."""

    def wait(self, seconds: float) -> bool:
        """Wait so long at most; True once it has ended, in whatever way."""

    def stop(self) -> None:
        """Ask it to end early, which it does between two layers."""

    def result(self) -> list[np.ndarray]:
        """The outputs that were asked for, once it has ended; raises what made it fail."""


class Session(Protocol):
    """A network opened by a provider. inputs: name -> element type, None where it is none of ours. outputs: names.
    description: the text under the metadata key, None without one. May be started from several threads at once."""

    provider: str
    version: str
    inputs: dict[str, str | None]
    outputs: list[str]
    description: str | None

    def start(self, outputs: list[str], feed: dict[str, np.ndarray], give_back: bool = False) -> Running:
        """give_back: keep no memory for the next run."""


def choose_provider(provider: str) -> str:
    """What runs the networks here: "onnxruntime" or "openvino".

    Parameters
    ----------
    provider : str
        What was asked for, one of `options.PROVIDERS`; "auto" leaves it to the list of `processors`.

    Raises
    ------
    ModelError
        Unknown, or asked for and not installed.
    """
    if provider not in PROVIDERS:
        raise ModelError(f'There is no provider "{provider}" to run the networks: choose {", ".join(PROVIDERS)}.')
    there = provider != "onnxruntime" and _has_openvino()
    if provider == "openvino" and not there:
        raise ModelError(f"OpenVINO was asked for but is not installed: run {_INSTALL_OPENVINO}, or use onnxruntime.")
    if provider == "auto":
        usable = [name for name in kind_of(this_processor()).providers if name != "openvino" or there]
        return usable[0] if usable else "onnxruntime"
    return provider


def open_session(provider: str, path: Path, content: bytes, threads: int | None, metadata_key: str) -> Session:
    """Open a network. content: of the .onnx file; path: for messages; threads: None for one per core.

    ModelError: unknown provider, not installed, or it refuses the network.
    """
    kinds: dict[str, Callable[[Path, bytes, int, str], Session]] = {
        "onnxruntime": OnnxRuntimeSession,
        "openvino": OpenVinoSession,
    }
    return kinds[choose_provider(provider)](path, content, int(threads or _cores()), metadata_key)


def _has_openvino() -> bool:
    try:
        return importlib.util.find_spec("openvino") is not None
    except ValueError:  # loaded already, without a specification
        return True


@lru_cache(maxsize=1)
def _cores() -> int:
    """Cores this process may use (containers and taskset can give fewer than the machine has)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


# ---------------------------------------------------------------- ONNX Runtime

_ONNX_KINDS = {"tensor(float)": "float32", "tensor(uint8)": "uint8", "tensor(int32)": "int32", "tensor(int64)": "int64"}


class OnnxRuntimeSession:
    """A network opened by ONNX Runtime; see `Session`."""

    provider = "onnxruntime"

    def __init__(self, path: Path, content: bytes, threads: int, metadata_key: str) -> None:
        onnxruntime = import_onnxruntime()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.use_deterministic_compute = True
        # Threads that wait for the next layer must not burn the core that another program, or the other thread, needs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        self.version = str(onnxruntime.__version__)
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has no common public base class of its own errors
            raise ModelError(f"ONNX Runtime {self.version} cannot open the network {path}: {error}") from error
        self._new_options = onnxruntime.RunOptions
        self.inputs = {i.name: _ONNX_KINDS.get(i.type) for i in self._session.get_inputs()}
        self.outputs = [o.name for o in self._session.get_outputs()]
        self.description = self._session.get_modelmeta().custom_metadata_map.get(metadata_key)

    def start(self, outputs: list[str], feed: dict[str, np.ndarray], give_back: bool = False) -> Running:
        return _OnnxRuntimeRunning(self._session, self._new_options(), outputs, feed, give_back)


class _OnnxRuntimeRunning:
    """session.run in a thread, so that Ctrl-C and cancelling do not wait for the network to finish."""

    def __init__(
        self, session: Any, options: Any, outputs: list[str], feed: dict[str, np.ndarray], give_back: bool
    ) -> None:
        self._options = options
        if give_back:
            self._options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        self._outputs: list[np.ndarray] = []
        self._failure: Exception | None = None

        def work() -> None:
            try:
                self._outputs = session.run(outputs, feed, self._options)
            except Exception as error:  # result() raises it in the calling thread  # noqa: BLE001
                self._failure = error

        self._thread = threading.Thread(target=work, name="run a network", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def stop(self) -> None:
        self._options.terminate = True

    def result(self) -> list[np.ndarray]:
        if self._failure is not None:
            raise self._failure
        return self._outputs


# ---------------------------------------------------------------- OpenVINO

_OPENVINO_KINDS = {"f32": "float32", "u8": "uint8", "i32": "int32", "i64": "int64"}
_import_lock = threading.Lock()


class OpenVinoSession:
    """A network compiled by OpenVINO for the CPU; see `Session`. compiled: openvino.CompiledModel.

    The shapes stay dynamic, because every scan has its own: a new shape costs its first pass one preparation of the
    kernels, which the CPU plugin keeps, and a network compiled for one shape is hardly quicker.
    """

    provider = "openvino"

    def __init__(self, path: Path, content: bytes, threads: int, metadata_key: str) -> None:
        openvino = _import_openvino()
        self.version = str(openvino.__version__).split("-")[0]
        settings = {
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
            # Not bfloat16, which the plugin would choose by itself on processors that have it; int8 layers stay int8.
            "INFERENCE_PRECISION_HINT": "f32",
            "ENABLE_CPU_PINNING": False,  # other programs need the cores, too
        }
        try:
            core = _openvino_core()
            model = core.read_model(content)
            self.compiled = core.compile_model(model, "CPU", settings)
        except RuntimeError as error:
            raise ModelError(f"OpenVINO {self.version} cannot open the network {path}: {_short(error)}") from error
        self.inputs = {i.any_name: _OPENVINO_KINDS.get(i.element_type.get_type_name()) for i in model.inputs}
        self.outputs = [o.any_name for o in model.outputs]
        place = ["framework", metadata_key]  # where OpenVINO keeps an ONNX file's metadata_props
        self.description = model.get_rt_info(place).astype(str) if model.has_rt_info(place) else None

    def start(self, outputs: list[str], feed: dict[str, np.ndarray], give_back: bool = False) -> Running:
        # A request takes its memory with it when it goes, whatever was asked for.
        return _OpenVinoRunning(self.compiled.create_infer_request(), outputs, feed)


class _OpenVinoRunning:
    """An asynchronous inference request."""

    def __init__(self, request: Any, outputs: list[str], feed: dict[str, np.ndarray]) -> None:
        self._request, self._outputs, self._feed = request, outputs, feed  # the arrays are read where they lie
        self._failure: RuntimeError | None = None
        try:
            request.start_async(feed, share_inputs=True)
        except RuntimeError as error:  # an array that does not fit
            self._failure = error

    def wait(self, seconds: float) -> bool:
        if self._failure is None:
            try:
                return bool(self._request.wait_for(round(1000 * seconds)))
            except RuntimeError as error:  # failed or was stopped
                self._failure = error
        return True

    def stop(self) -> None:
        if self._failure is None:
            self._request.cancel()

    def result(self) -> list[np.ndarray]:
        if self._failure is None:
            try:
                self._request.wait()
            except RuntimeError as error:
                self._failure = error
        if self._failure is not None:
            raise RuntimeError(_short(self._failure)) from self._failure
        # copied, because the memory goes back to the request
        return [self._request.get_tensor(name).data.copy() for name in self._outputs]


def _import_openvino() -> Any:
    try:
        with _import_lock, _without_telemetry():
            import openvino
    except ImportError as error:
        raise ModelError(
            f"OpenVINO is installed but cannot be loaded ({error}): install it again ({_INSTALL_OPENVINO}), or use "
            "onnxruntime."
        ) from error
    return openvino


@lru_cache(1)
def _openvino_core() -> Any:
    """One for the whole process, and never let go: its CPU plugin lends the thread a stack for signals, and of several
    plugins each gives back that of the one before, which may be gone; the next signal then ends the process."""
    return _import_openvino().Core()


@contextmanager
def _without_telemetry() -> Iterator[None]:
    """Importing openvino reports the import to Intel by way of Google Analytics and writes a client id into the
    user's home, unless the package openvino_telemetry is not there; nothing may leave the user's computer, so while
    openvino is imported it is not. Afterwards it is for other programs in this process what it was before."""
    name = "openvino_telemetry"
    if name in sys.modules or "openvino" in sys.modules:  # a host program has already decided
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # the import system's way to say: not found
    try:
        yield
    finally:
        del sys.modules[name]


def _short(error: Exception) -> str:
    """The last line of OpenVINO's message; the lines before say where in its source it was thrown."""
    lines = [line.strip() for line in str(error).splitlines()]
    said = [line for line in lines if line and not line.startswith(("Exception from", "Caught exception: Exception"))]
    return said[-1] if said else (lines[0] if lines else type(error).__name__)
