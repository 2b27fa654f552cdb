"""How much memory a scan takes, from its header alone, and how much there is: how many may be done at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from ..errors import DentalTopoSegError
from ..files.regular_files import require_regular_file
from ..files.volumes import read_header
from ..files.volumes.limits import MAX_VOXELS
from ..options import RunOptions
from .cases import Item

_MB = 1 << 20
#: Peak of a process, measured (docs/batch.md): what every run takes, what is added by the picture, ...
_BASE_BYTES = 600 * _MB
_PICTURE_BYTES = 100 * _MB
#: ... per voxel of a CBCT, and per byte of a mesh's file.
_BYTES_PER_VOXEL = 2.2
_BYTES_PER_MESH_BYTE = 16
#: ... by what is found besides the teeth, and per voxel of its label map.
_STRUCTURES_BYTES = {"jaws": 100 * _MB, "canals": 100 * _MB, "tissues": 600 * _MB}
_STRUCTURES_BYTES_PER_VOXEL = 1.2
#: Of a packed volume whose header says nothing: voxels per byte of its file.
_VOXELS_PER_BYTE = 2.0
#: Share of the free memory that is given away; other programs grow too.
_SHARE = 0.8
#: So many scans, evenly among all, tell how large they are.
_SAMPLE = 50


def memory_of(item: Item, options: RunOptions, picture: bool = False) -> int:
    """Bytes that the process of an item takes at its peak, rather too many than too few.

    Parameters
    ----------
    item : Item
        Only headers and sizes of its files are read.
    options : RunOptions
        How it is computed.
    picture : bool
        Whether a CBCT's picture is drawn.

    Returns
    -------
    int
        That of an item whose files cannot be read is the least there is: it will be refused.
    """
    if item.parts:  # the fusion's own process holds what its parts' processes held
        whole = sum(memory_of(part, options, picture) - _BASE_BYTES for part in item.parts)
        return _BASE_BYTES + whole
    try:
        if item.mesh:
            return _BASE_BYTES + int(_BYTES_PER_MESH_BYTE * sum(os.path.getsize(path) for path in item.inputs))
        voxels = min(_voxels(item.inputs[0]), MAX_VOXELS)
    except (DentalTopoSegError, OSError):
        return _BASE_BYTES
    beside = sum(_STRUCTURES_BYTES[group] for group in options.structures)
    per_voxel = _BYTES_PER_VOXEL + (_STRUCTURES_BYTES_PER_VOXEL if options.structures else 0)
    return _BASE_BYTES + int(per_voxel * voxels) + beside + (_PICTURE_BYTES if picture else 0)


def _voxels(scan: Path) -> float:
    """Of a volume file by its header, of a folder with DICOM files by what they weigh."""
    if os.path.isdir(scan):
        with os.scandir(scan) as entries:
            return _VOXELS_PER_BYTE * sum(entry.stat().st_size for entry in entries if entry.is_file())
    with suppress(DentalTopoSegError):
        count = 1.0
        for size in read_header(scan).size[:3]:
            count *= size
        return count
    return _VOXELS_PER_BYTE * os.path.getsize(require_regular_file(scan))


def free_memory() -> int:
    """Bytes that this process and its children may still take: of the computer, and of the control group (of a
    container, of a job of a cluster) where that has a limit."""
    import psutil

    return min([psutil.virtual_memory().available, *_left_in_groups()])


def _left_in_groups(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> list[int]:
    """What is left to the control groups of this process, versions 2 and 1; none where nothing limits them."""
    try:
        lines = own.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:  # no Linux
        return []
    left = []
    for _, controllers, path in (line.split(":", 2) for line in lines if line.count(":") >= 2):
        if not controllers:
            top, names = root, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            top, names = root / "memory", ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        inner = top / path.lstrip("/")
        for group in (inner, *inner.parents):
            if top not in (group, *group.parents):
                break
            with suppress(OSError, ValueError):  # no limit: "max"
                limit, used = (int((group / name).read_text(encoding="ascii")) for name in names[:2])
                left.append(max(limit - used + _cached(group, names[2]), 0))
    return left


def _cached(group: Path, key: str) -> int:
    """Bytes of files that the system keeps for the group and gives back when asked."""
    with suppress(OSError, ValueError):
        for line in (group / "memory.stat").read_text(encoding="ascii").splitlines():
            name, _, value = line.partition(" ")
            if name == key:
                return int(value)
    return 0


def cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux: fewer than there are, where somebody has said so
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def jobs_for(
    items: Sequence[Item],
    options: RunOptions,
    picture: bool = False,
    budget: int | None = None,
    count_cores: Callable[[], int] = cores,
) -> int:
    """How many items to do at once: one a core (or per `options.threads` cores), as far as the memory goes for such as
    half of them are at most, and not more than there are.

    budget: bytes to give away; None: `memory_budget()`.
    """
    by_cores = max(1, count_cores() // (options.threads or 1))
    if min(by_cores, len(items)) <= 1:
        return 1
    sample = sorted(memory_of(item, options, picture) for item in items[:: max(1, len(items) // _SAMPLE)])
    budget = memory_budget() if budget is None else budget
    return max(1, min(by_cores, len(items), budget // sample[len(sample) // 2]))


def memory_budget() -> int:
    """Bytes that a batch may take."""
    return int(_SHARE * free_memory())
