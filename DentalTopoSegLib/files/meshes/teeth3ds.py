"""Labels in the JSON layout of Teeth3DS: one number per vertex, in the order of the mesh's file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from ...errors import InputError
from ..regular_files import require_regular_file
from ..transactions import atomic_path

JAWS = ("upper", "lower")
#: Of a file: both lists of ten million vertices.
MAX_BYTES = 80_000_000
_MAX_LABEL = 85  # FDI, deciduous teeth included


def write_teeth3ds_json(
    path: str | os.PathLike[str], jaw: str, labels: np.ndarray, instances: np.ndarray, id_patient: str = ""
) -> Path:
    """Write FDI `labels` and `instances` (Vf,), 0 = gingiva, teeth counted from 1, per file vertex. Raises
    OutputError."""
    if jaw not in JAWS or len(labels) != len(instances) or min(np.min(v, initial=0) for v in (labels, instances)) < 0:
        raise ValueError("jaw is 'upper' or 'lower'; labels and instances have one entry per vertex, none below 0")
    head = json.dumps({"id_patient": id_patient, "jaw": jaw}).encode()
    lists = (_json_list(np.asarray(labels)), _json_list(np.asarray(instances)))
    path = Path(path)
    with atomic_path(path) as temporary:
        temporary.write_bytes(head[:-1] + b', "labels": %b, "instances": %b}' % lists)
    return path


def _json_list(values: np.ndarray) -> bytes:
    """What json.dumps makes of small numbers >= 0, many times faster: their texts are looked up in a table."""
    texts = np.array([b"%d, " % value for value in range(int(values.max(initial=0)) + 1)])
    return b"[" + texts[values].tobytes().translate(None, b"\0").removesuffix(b", ") + b"]"


def read_teeth3ds_json(path: str | os.PathLike[str]) -> dict:
    """Read `{"id_patient": str, "jaw": "upper" | "lower", "labels": (Vf,) int32, "instances": (Vf,) int32}`.

    Where the file has no instances, teeth of one label are one instance. Raises InputError.
    """
    path = require_regular_file(path, "a JSON file with labels")
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise InputError(f"'{path}' has {size:,} bytes, more than the {MAX_BYTES:,} of labels that are read.")
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"'{path}' cannot be read ({error.strerror or error}): check the path.") from error
    except (ValueError, RecursionError) as error:  # not JSON, not UTF-8, nested without end
        raise InputError(f"'{path}' is no JSON file, or a damaged one: give labels in the Teeth3DS layout.") from error
    if not isinstance(content, dict) or "labels" not in content:
        raise InputError(
            f"'{path}' has no list of labels: give a file in the Teeth3DS layout (jaw, labels, instances)."
        )
    jaw = content.get("jaw")
    if jaw not in JAWS:
        raise InputError(f"'{path}' does not say which jaw it is ('{str(jaw)[:40]}'): \"jaw\" must be upper or lower.")
    labels = _whole_numbers(path, "labels", content["labels"], _MAX_LABEL)
    instances = labels
    if content.get("instances") is not None:
        instances = _whole_numbers(path, "instances", content["instances"], np.iinfo(np.int32).max)
    if len(labels) != len(instances):
        raise InputError(
            f"'{path}' has {len(labels):,} labels but {len(instances):,} instances: each vertex needs one of both."
        )
    return {"id_patient": str(content.get("id_patient") or ""), "jaw": jaw, "labels": labels, "instances": instances}


def _whole_numbers(path: Path, key: str, values: object, largest: int) -> np.ndarray:
    problem = InputError(f"'{path}' is damaged: \"{key}\" must be a list of whole numbers from 0 to {largest:,}.")
    if not isinstance(values, list) or set(map(type, values)) - {int, float}:
        raise problem
    try:
        array = np.array(values, np.float64)
    except OverflowError:
        raise problem from None
    if not (np.isfinite(array) & (array == np.rint(array)) & (array >= 0) & (array <= largest)).all():
        raise problem
    return array.astype(np.int32)
