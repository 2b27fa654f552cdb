"""The networks: which exist (Resources/Models/models.json), loaded only if their checksum agrees, run on CPU by
one of the `providers`.

An .onnx file describes itself: metadata_props["dentaltoposeg"] holds JSON with id, task, how it was trained, and what
`tasks.TASKS` asks of its task. Nothing here knows about teeth.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import Cancelled, InputError, ModelError
from ..files.json_schema import require_schema
from ..files.json_text import parse_json, read_json
from ..files.names import bare_name
from ..options import DEFAULT_PROVIDER
from .graphs import require_known_graph
from .providers import Session, open_session
from .resources import resources_dir
from .tasks import TASKS, Task

METADATA_KEY = "dentaltoposeg"
#: What a list of networks holds.
SCHEMA_FILE = Path(__file__).with_name("models.schema.json")
#: Of such a list; that of the shipped networks has 2,000.
MOST_LIST_BYTES = 1 << 20
_POLL_S = 0.1


@dataclass(frozen=True)
class Model:
    """A network ready to run. run() turns one (D, H, W) float32 array into (channels, D', H', W')
    probabilities; run_named() turns named arrays into named arrays, for the networks of surfaces."""

    id: str
    sha256: str
    metadata: dict[str, Any]
    path: Path
    precision: str
    size_bytes: int
    session: Session = field(repr=False)

    @property
    def task(self) -> str:
        return str(self.metadata["task"])

    @property
    def provider(self) -> str:
        """What runs it: "onnxruntime" or "openvino"."""
        return self.session.provider

    @property
    def provider_version(self) -> str:
        return self.session.version

    @property
    def output_scale(self) -> float:
        """Divide the output by this to get probabilities: 1 for float outputs, 255 for uint8 ones."""
        return float(self.metadata.get("output_scale", 1.0))

    def run(self, array: np.ndarray, cancelled: Callable[[], bool] | None = None) -> np.ndarray:
        """Run on one array (D, H, W), every side a multiple of metadata["divisor"]; returns the output as
        stored in the graph, (channels, D', H', W'), to be divided by output_scale.

        `cancelled` is asked ten times a second while the network runs; Cancelled is raised as soon as it
        answers yes. ModelError if the network fails (memory above all).
        """
        return self.run_outputs(array, ["probabilities"], cancelled)[0][0]

    def run_outputs(
        self, array: np.ndarray, names: list[str], cancelled: Callable[[], bool] | None = None
    ) -> list[np.ndarray]:
        """As run(), with all the outputs of these names, each (1, channels, D', H', W'). ModelError where the network
        has none of that name."""
        divisor = int(self.metadata["divisor"])
        if array.ndim != 3 or any(n % divisor for n in array.shape):
            raise ValueError(
                f"Model {self.id} takes (D, H, W) with sides that are multiples of {divisor}, not {array.shape}."
            )
        absent = [name for name in names if name not in self.session.outputs]
        if absent:
            raise ModelError(f'The network {self.id} has no output "{absent[0]}".')
        feed = {next(iter(self.session.inputs)): np.ascontiguousarray(array, dtype=np.float32)[None, None]}
        return _run_interruptible(self, names, feed, cancelled, give_back=True)

    def run_named(
        self, feed: dict[str, np.ndarray], cancelled: Callable[[], bool] | None = None
    ) -> dict[str, np.ndarray]:
        """Run on the arrays that the network's inputs of these names take; returns all its outputs by name.

        Arrays are handed over as they are, except that float64 becomes float32 and integers become what the
        input is declared as. ValueError for a missing or unknown input; Cancelled and ModelError as run().
        """
        inputs = self.session.inputs
        if set(inputs) != set(feed):
            raise ValueError(f"Model {self.id} takes {', '.join(sorted(inputs))}, not {', '.join(sorted(feed))}.")
        arrays = {name: np.ascontiguousarray(array, inputs[name]) for name, array in feed.items()}
        names = self.session.outputs
        return dict(zip(names, _run_interruptible(self, names, arrays, cancelled), strict=True))


def _run_interruptible(
    model: Model,
    outputs: list[str],
    feed: dict[str, np.ndarray],
    cancelled: Callable[[], bool] | None,
    give_back: bool = False,
) -> list[np.ndarray]:
    """Run in the background, so that Ctrl-C and cancelling do not wait for the network to finish. give_back: the
    session keeps no memory for its next run; for few large runs, where it would stand in the next network's way."""
    running = model.session.start(outputs, feed, give_back)
    ended = stopped = False
    try:
        while not ended:
            ended = running.wait(_POLL_S)
            if cancelled is not None and not stopped and cancelled():
                stopped = True
                running.stop()
    except BaseException:  # Ctrl-C: stop the network before passing it on
        running.stop()
        while not running.wait(_POLL_S):
            pass
        raise
    if stopped:
        raise Cancelled()
    try:
        return running.result()
    except Exception as error:  # the providers have no common base class of their errors
        raise ModelError(f"Model {model.id} failed on an array of {array_text(feed)}: {error}") from error


def describe_model(model: Any, task: str) -> dict[str, Any]:
    """What a report says of a network and of what ran it; one that is not a Model (training's own) is named by its
    task. "installed" stands there, as False, for a network of another folder only."""
    keys = ("id", "task", "precision", "sha256", "size_bytes", "provider", "provider_version")
    told = {key: getattr(model, key, task if key == "task" else None) for key in keys}
    path = getattr(model, "path", None)
    return told if path is None or path.parent == resources_dir() / "Models" else {**told, "installed": False}


def array_text(feed: dict[str, np.ndarray]) -> str:
    """How large the first input is: "96 x 128 x 128 voxels" of a volume, "24000 x 3 numbers" of anything else."""
    shape = next(iter(feed.values())).shape
    sides, unit = (shape[2:], "voxels") if len(shape) == 5 else (shape, "numbers")
    return f"{' x '.join(str(n) for n in sides)} {unit}"


def list_models(folder: Path | None = None) -> list[dict[str, Any]]:
    """The entries of a folder's models.json (by default that of the shipped networks): id, task, precision, file,
    sha256, size_bytes, license, card, as `SCHEMA_FILE` says. ModelError if absent or damaged."""
    path = (folder or resources_dir() / "Models") / "models.json"
    if not path.exists():
        raise ModelError(f"The list of networks {path} is missing: {_advice(folder)}.")
    try:
        content = read_json(path, max_bytes=MOST_LIST_BYTES)
        require_schema(content, SCHEMA_FILE, f"'{path}'")
        for entry in content["models"]:
            for key in ("id", "file", "card"):
                if entry.get(key) is not None:
                    bare_name(entry[key], f"'{path}' is damaged: {key}")
    except InputError as error:
        raise ModelError(f"The list of networks {path} cannot be read ({error}): {_advice(folder)}.") from error
    entries: list[dict[str, Any]] = content["models"]
    return entries


def _advice(folder: Path | None) -> str:
    return "install DentalTopoSeg again" if folder is None else "get the folder again from where it comes"


def load_model(
    model_id_or_task: str,
    threads: int | None = None,
    precision: str = "int8",
    *,
    folder: Path | None = None,
    provider: str = DEFAULT_PROVIDER,
) -> Model:
    """Load a network and check that it is what models.json promises.

    Parameters
    ----------
    model_id_or_task : str
        Its id, or its task (a name in `tasks.TASKS`): then the newest in this precision.
    threads : int, optional
        CPU threads; None for one per core.
    precision : str
        "int8" or "fp32". Where only the fp32 file is shipped, its task may let it answer to int8 as well.
    folder : pathlib.Path, optional
        Another folder with a models.json, for training and tests.
    provider : str
        What runs it, one of `options.PROVIDERS`; what "auto" means is the task's to say.

    Returns
    -------
    Model

    Raises
    ------
    ModelError
        Unknown id or task, file missing, checksum wrong, the description inside not readable or without a key its
        task requires, an output missing, or a provider that is unknown, not installed or refuses the network.

    Examples
    --------
    >>> load_model("border", threads=1).task
    'border'
    """
    advice = _advice(folder)
    folder = folder or resources_dir() / "Models"
    entry = _find(list_models(folder), model_id_or_task, precision, folder)
    path = folder / entry["file"]
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ModelError(f"The network file {path} is missing: {advice}.") from error
    except OSError as error:
        raise ModelError(f"The network file {path} cannot be read: {error.strerror or error}.") from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != str(entry["sha256"]).lower():
        raise ModelError(
            f"The network file {path} is damaged or was altered (its SHA-256 is {digest[:12]}..., expected "
            f"{str(entry['sha256'])[:12]}...): {advice}."
        )
    task = _task_of(entry, path)
    if task.graph is not None:
        require_known_graph(content, path, *task.graph)
    provider = task.auto_provider if provider == "auto" else provider
    session = open_session(provider, path, content, threads, METADATA_KEY)
    metadata = _metadata(session, path, task)
    return Model(str(entry["id"]), digest, metadata, path, str(entry["precision"]), len(content), session)


def _find(entries: list[dict[str, Any]], wanted: str, precision: str, folder: Path) -> dict[str, Any]:
    by_id = [e for e in entries if e["id"] == wanted]
    if by_id:
        return by_id[0]
    of_task = [e for e in entries if e["task"] == wanted]
    found = [e for e in of_task if e["precision"] == precision]
    if not found and precision == "int8" and wanted in TASKS and TASKS[wanted].fp32_answers_int8:
        found = [e for e in of_task if e["precision"] == "fp32"]
    if not found:
        have = ", ".join(f"{e['id']} ({e['task']}, {e['precision']})" for e in entries) or "none"
        raise ModelError(f'No network "{wanted}" in precision {precision} in {folder}; there are: {have}.')
    return found[-1]  # the newest stands last


def _task_of(entry: dict[str, Any], path: Path) -> Task:
    if entry["task"] not in TASKS:
        raise ModelError(
            f'The network {path} is for "{entry["task"]}", which this version does not know: it knows '
            f"{', '.join(TASKS)}. Install DentalTopoSeg again."
        )
    return TASKS[entry["task"]]


def _metadata(session: Session, path: Path, task: Task) -> dict[str, Any]:
    """What the network says of itself, checked against what its task requires."""
    text = session.description
    if text is None:
        raise ModelError(f"The network {path} has no description of itself ({METADATA_KEY} in its metadata).")
    metadata = parse_json(text, f"The description inside the network {path}", refusal=ModelError)
    if not isinstance(metadata, dict):
        raise ModelError(f"The description inside the network {path} is no list of named values.")
    stated = str(metadata.get("task"))
    missing = TASKS.get(stated, task).missing(metadata)
    if missing:
        raise ModelError(f"The description inside the network {path} lacks {', '.join(missing)}.")
    if stated != task.name:
        raise ModelError(f'The network {path} is for "{stated}", but models.json says "{task.name}".')
    names = session.outputs
    absent = [name for name in task.promised_outputs(metadata) if name not in names]
    if absent:
        raise ModelError(f'The network {path} has no output "{absent[0]}", only {", ".join(names)}.')
    return metadata
