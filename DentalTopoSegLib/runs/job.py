"""What a job for the worker is, and how its file is read."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..errors import InputError, UsageError
from ..options import DEFAULT_PROVIDER, PROVIDERS


@dataclass(frozen=True)
class Job:
    """What to do. All but the first two may be left out.

    inputs: one CBCT (file or DICOM folder), or one or two meshes. output: the results' folder. kind: "volume" or
    "mesh" instead of what the files look like. jaws: per mesh "upper", "lower" or None; of two meshes without jaws the
    first is the upper. unit, per_tooth: of meshes; series, picture: of CBCT (a mesh always gets its picture). name: of
    the results. threads: CPU threads. precision: "int8" or "fp32". provider: what runs the networks
    (providers.PROVIDERS). cancel_file: stops the job once it exists.
    """

    inputs: list[str]
    output: str
    kind: str | None = None
    jaws: list[str | None] | None = None
    unit: str | None = None
    name: str | None = None
    series: str | None = None
    threads: int | None = None
    precision: str = "int8"
    provider: str = DEFAULT_PROVIDER
    picture: bool = False
    per_tooth: bool = False
    cancel_file: str | None = None

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Job:
        """Raises UsageError for a file that is absent, damaged or holds what no job has."""
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise UsageError(f"The job file '{path}' cannot be read ({error.strerror or error}).") from error
        except ValueError as error:
            raise UsageError(f"The job file '{path}' is damaged: it is no JSON text.") from error
        if not isinstance(content, dict):
            raise UsageError(f"The job file '{path}' is damaged: it holds no JSON object.")
        known = {field.name for field in fields(cls)}
        for key in content:
            if key not in known:
                raise UsageError(f"The job file '{path}' asks for '{key}', which no job has.")
        for key in ("inputs", "output"):
            if not content.get(key):
                raise UsageError(f"The job file '{path}' does not say '{key}'.")
        for key, value in content.items():
            if not _ALLOWED[key](value):
                raise UsageError(f"The job file '{path}' has a wrong value for '{key}': {json.dumps(value)[:80]}.")
        return cls(**content)

    @property
    def is_mesh(self) -> bool:
        """Raises InputError for a CBCT and a mesh together."""
        if self.kind:
            return self.kind == "mesh"
        from ..files.meshes import is_mesh_file

        meshes = {is_mesh_file(path) for path in self.inputs}
        if len(meshes) == 2:
            raise InputError("A CBCT and a mesh cannot be segmented in one job: give them one after the other.")
        return meshes.pop()


def _text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


_ALLOWED: dict[str, Callable[[Any], bool]] = {
    "inputs": lambda v: isinstance(v, list) and all(isinstance(path, str) and path for path in v),
    "output": lambda v: isinstance(v, str),
    "kind": lambda v: v in (None, "volume", "mesh"),
    "jaws": lambda v: v is None or (isinstance(v, list) and all(jaw in (None, "upper", "lower") for jaw in v)),
    "unit": lambda v: v in (None, "mm", "cm", "m", "inch"),
    "name": _text,
    "series": _text,
    "threads": lambda v: v is None or (isinstance(v, int) and not isinstance(v, bool) and v > 0),
    "precision": lambda v: v in ("int8", "fp32"),
    "provider": lambda v: v in PROVIDERS,
    "picture": _flag,
    "per_tooth": _flag,
    "cancel_file": _text,
}
