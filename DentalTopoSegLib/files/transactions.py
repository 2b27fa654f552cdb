"""Files that appear whole or not at all: one file, or all results of a run together."""

from __future__ import annotations

import os
import platform
import re
import shutil
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from ..errors import OutputError

#: Folders that results are written into before they appear: this, the computer's mark, the process, a random end.
_STAGE = ".dentaltoposeg-"
_PROBE = ".dentaltoposeg-probe"
_PROBE_BYTES = 1 << 20


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary name beside `path` with the same suffix; on success it becomes `path`, else it goes.

    Cleans up on every exception, KeyboardInterrupt included.

    Raises
    ------
    OutputError
        When the folder refuses the file.
    """
    path = Path(path)
    temporary = path.with_name(f".{uuid.uuid4().hex[:8]}.part.{path.name}")
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise OutputError(cannot_write(path, error)) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def cannot_write(path: Path, error: OSError) -> str:
    """The sentence for a file that could not be written."""
    reason = error.strerror or str(error)
    return f"'{path}' cannot be written ({reason}): choose another folder or free some space."


def require_writable(folder: Path) -> None:
    """Write a megabyte into the folder and take it away again: a full or read-only disk shows before the long
    work.

    Raises OutputError. A folder that was not there is made for the trial only.
    """
    try:
        made = _absent(folder)
        with all_or_nothing(folder) as stage, (stage / _PROBE).open("wb") as stream:
            stream.write(os.urandom(_PROBE_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
        (folder / _PROBE).unlink()
        _remove_empty(made)
    except OSError as error:
        raise OutputError(cannot_write(folder, error)) from error


@contextmanager
def all_or_nothing(folder: Path) -> Iterator[Path]:
    """Yield a hidden folder to write results into; on success its files move to `folder`, else nothing is left.

    Files of the same name are replaced. When a move fails midway the files already moved are taken back.

    Raises
    ------
    OutputError
        For everything the disk refuses.
    """
    made: list[Path] = []
    try:
        made = _absent(folder)
        folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers(folder)
        with TemporaryDirectory(prefix=f"{_STAGE}{_host()}{os.getpid():x}-", dir=folder) as temporary:
            stage = Path(temporary)
            yield stage
            _move_all(stage, folder)
    except BaseException as error:
        _remove_empty(made)
        if isinstance(error, OSError):
            raise OutputError(cannot_write(folder, error)) from error
        raise


def remove_leftovers(folder: Path) -> None:
    """Take away what runs that were killed left in the folder; a run that is still going on keeps its own.

    Only runs of this computer are judged, as only their processes can be looked up.
    """
    for stage in folder.iterdir():
        process = re.match(rf"{re.escape(_STAGE)}{_host()}([0-9a-f]{{1,7}})-", stage.name)
        if process and not _is_running(int(process[1], 16)):
            shutil.rmtree(stage, ignore_errors=True)


def _host() -> str:
    return f"{zlib.crc32(platform.node().encode()) & 0xFFFF:04x}"


def _is_running(process: int) -> bool:
    if os.name == "nt":  # os.kill would end it there
        import ctypes

        kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]  # only there on Windows
        handle = kernel.OpenProcess(0x1000, False, process)  # PROCESS_QUERY_LIMITED_INFORMATION
        code = ctypes.c_ulong()
        known = bool(handle) and kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        kernel.CloseHandle(handle)
        return bool(known) and code.value == 259  # STILL_ACTIVE
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True


def _absent(folder: Path) -> list[Path]:
    """The folder and its parents that do not exist yet, innermost first."""
    return [p for p in (folder, *folder.parents) if not p.exists()]


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _move_all(stage: Path, folder: Path) -> None:
    moved: list[tuple[Path, Path | None]] = []
    try:
        for file in sorted(stage.iterdir()):
            target = folder / file.name
            kept = stage / f"{file.name}.previous" if target.exists() else None
            if kept:
                os.replace(target, kept)
            moved.append((target, kept))
            os.replace(file, target)
    except BaseException:
        for target, kept in reversed(moved):
            target.unlink(missing_ok=True)
            if kept:
                os.replace(kept, target)
        raise
