"""What the processor can do, and what runs the networks best on its kind.

The kinds and the choice for each stand in Resources/Models/processors.json, beside the networks that were measured;
the measurements are in training/results/processors.md. A wrong reading costs time only: every provider runs everywhere.
"""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import ModelError
from ..files.json_schema import require_schema
from ..files.json_text import read_json
from .resources import resources_dir

_MACHINES = {"x86_64": "x86-64", "amd64": "x86-64", "arm64": "arm64", "aarch64": "arm64"}
#: Instructions that matter to networks in int8, as Linux calls them; and as macOS and NumPy (for Windows, which tells
#: of AVX2 at most) do.
_MACOS = {
    "avx2": ("hw.optional.avx2_0",),
    "avx512_vnni": ("hw.optional.avx512vnni",),
    "asimddp": ("hw.optional.arm.FEAT_DotProd",),
    "i8mm": ("hw.optional.arm.FEAT_I8MM",),
}
_NUMPY = {
    "avx2": ("AVX2", "X86_V3"),
    "avx512_vnni": ("AVX512VNNI", "AVX512_CLX", "AVX512_ICL"),
    "amx_int8": ("AVX512_SPR",),  # the processors with this group have AMX; Windows 11 and Server 2022 switch it on
    "asimddp": ("ASIMDDP",),
}
_FILE = "processors.json"


@dataclass(frozen=True)
class Processor:
    """machine: "x86-64", "arm64", or what the system calls another one. features: its instructions, named as in
    Linux's /proc/cpuinfo: avx2, avx512_vnni, avx_vnni, amx_int8, asimddp, i8mm and others."""

    machine: str
    features: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Kind:
    """A kind of processor: its name, and the providers that suit it, best first."""

    name: str
    providers: tuple[str, ...]


@lru_cache(maxsize=1)
def this_processor() -> Processor:
    """The processor of this computer; features stays empty where the system tells nothing."""
    machine = platform.machine().lower()
    return Processor(_MACHINES.get(machine, machine), frozenset(_readers().get(sys.platform, lambda: ())()))


def kind_of(processor: Processor, path: Path | None = None) -> Kind:
    """The first kind of the list that the processor belongs to.

    Parameters
    ----------
    processor : Processor
        As `this_processor` gives it.
    path : pathlib.Path, optional
        Another list than the installed one.

    Raises
    ------
    ModelError
        The list is missing, damaged or has no kind for it.

    Examples
    --------
    >>> kind_of(Processor("x86-64", frozenset({"avx2"}))).name
    'avx2'
    """
    path = path or resources_dir() / "Models" / _FILE
    for row in _kinds(path):
        if row["machine"] in (processor.machine, "any") and processor.features.issuperset(row["features"]):
            return Kind(row["name"], tuple(row["providers"]))
    raise ModelError(f"The list of processors {path} has no kind for {processor.machine}: install DentalTopoSeg again.")


@lru_cache(maxsize=4)
def _kinds(path: Path) -> list[dict[str, Any]]:
    content = read_json(path, "The list of processors", refusal=ModelError)
    require_schema(content, Path(__file__).with_name("processors.schema.json"), f"'{path}'", refusal=ModelError)
    return content["kinds"]


# ---------------------------------------------------------------- what the systems tell


def _readers() -> dict[str, Callable[[], Iterable[str]]]:
    return {"linux": _of_linux, "darwin": _of_macos, "win32": _of_numpy}


def features_of_cpuinfo(text: str) -> set[str]:
    """The instructions in the text of /proc/cpuinfo, which calls them flags (x86) or Features (ARM).

    Examples
    --------
    >>> sorted(features_of_cpuinfo("processor : 0\\nflags : fpu avx2 avx512_vnni\\n"))
    ['avx2', 'avx512_vnni', 'fpu']
    """
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip().lower() in ("flags", "features"):
            return set(value.split())
    return set()


def _of_linux() -> set[str]:
    path = Path("/proc/cpuinfo")
    return features_of_cpuinfo(path.read_text(encoding="utf-8", errors="replace")) if path.is_file() else set()


def _of_macos() -> set[str]:
    ask = ctypes.CDLL(None).sysctlbyname

    def yes(name: str) -> bool:
        value, size = ctypes.c_int64(0), ctypes.c_size_t(8)
        return ask(name.encode(), ctypes.byref(value), ctypes.byref(size), None, 0) == 0 and value.value != 0

    return {feature for feature, names in _MACOS.items() if any(map(yes, names))}


def _of_numpy() -> set[str]:
    """What NumPy found out when it chose its own kernels."""
    import numpy  # noqa: F401  # it must be loaded

    modules = (sys.modules.get(f"numpy.{core}._multiarray_umath") for core in ("_core", "core"))
    module = next((module for module in modules if module is not None), None)
    told = getattr(module, "__cpu_features__", {})
    return {feature for feature, names in _NUMPY.items() if any(told.get(name) for name in names)}
