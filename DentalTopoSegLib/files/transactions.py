"""Files that appear whole or not at all: one file, or all results of a run together; inputs are never replaced."""

from __future__ import annotations

import errno
import os
import platform
import re
import shutil
import threading
import uuid
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import InputError, OutputError
from .final_move import FINAL_MOVE
from .journal import MARK, finish_moves, is_open, move_all, names_taken_away, staged_files, sync_file, sync_folder
from .locks import lock_folder, locked

#: Stages: the computer's mark, the process, a random end.
_OURS = re.compile(rf"{re.escape(MARK)}([0-9a-f]{{4}})([0-9a-f]{{1,7}})-.+")
_PROBE_BYTES = 1 << 20
#: The folders in which this process has begun something, each with those that it made for that.
_BEGUN: dict[Path, list[Path]] = {}
_REMOVALS = 20
#: For a folder that is just being made, where the process is to end.
_MAKING_S = 1.0
#: What DICOM segmentations and surfaces say they are, near their beginning.
_DICOM_RESULTS = (b"1.2.840.10008.5.1.4.1.1.66.4", b"1.2.840.10008.5.1.4.1.1.104.3")
_DICOM_HEAD_BYTES = 1024
_ADVICE = {
    errno.ENOSPC: "free some space or choose another folder",
    getattr(errno, "EDQUOT", errno.ENOSPC): "free some space or choose another folder",
    errno.ENAMETOOLONG: "give a shorter name",
    errno.EISDIR: "choose another name",
    errno.ENOTDIR: "choose another folder",
    errno.EEXIST: "choose another folder",
    errno.ETIMEDOUT: "wait until it is done",
    errno.EACCES: "choose a folder that you may write to",
    errno.EPERM: "choose a folder that you may write to",
    errno.EROFS: "choose a folder that you may write to",
}


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield the path of a file that is called like `path`, in a stage; on success it becomes `path`, else it goes.

    Cleans up on every exception, KeyboardInterrupt included; what a kill leaves, the next run into the folder takes
    away. The file is on the disk (fsync) before it gets its place.

    Raises
    ------
    OutputError
        When the folder refuses the file, or is not there.
    """
    path = Path(path)
    try:
        with _place_for(path) as temporary:
            yield temporary
            if is_stage(path.parent):  # it syncs and moves all its files
                os.replace(temporary, path)
            else:
                sync_file(temporary)
                with FINAL_MOVE.uncut():
                    os.replace(temporary, path)
                    sync_folder(path.parent)
    except OSError as error:
        raise OutputError(cannot_write(path, error)) from error


@contextmanager
def _place_for(path: Path) -> Iterator[Path]:
    """Where a single file may come into being, and is not once this ends."""
    if is_stage(path.parent):
        temporary = path.with_name(f"{_own_prefix()}{uuid.uuid4().hex[:8]}.part{''.join(path.suffixes[-2:])}")
        try:
            yield temporary
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
    else:
        os.stat(os.path.join(path.parent, ""))  # a folder that is not there is not made for a file
        with _stage_in(path.parent) as stage:
            yield stage / path.name


def cannot_write(path: Path, error: OSError) -> str:
    """The sentence for a file that could not be written."""
    said = _system_error(error)
    reason = "it is a file" if said.errno == errno.EEXIST else said.strerror or said
    advice = _ADVICE.get(said.errno or 0, "choose another folder or free some space")
    if said.errno in (errno.EISDIR, errno.ENAMETOOLONG) and said.filename:
        named = Path(said.filename)
        path = path if _OURS.fullmatch(named.name) else named
    return f"'{destination(path)}' cannot be written ({reason}): {advice}."


def _system_error(error: OSError) -> OSError:
    """The error that the system gave; packages may wrap it in one with a text of their own."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause
        cause = cause.__cause__ or cause.__context__
    return error


def require_file_name(path: str | os.PathLike[str]) -> None:
    """Raise OutputError for the name of a file to be written that a folder has."""
    if os.path.isdir(path):
        shown = destination(Path(path))
        raise OutputError(f"'{shown}' cannot be written: it is a folder. Give the name of a file.")


def require_writable(folder: Path) -> None:
    """Write a megabyte into the folder and take it away again: a full or read-only disk shows before the long
    work.

    Raises OutputError. A folder that was not there is made for the trial only.
    """
    made: list[Path] = []
    try:
        made = _absent(folder)
        with _stage_in(folder) as stage:
            probe = stage / f"{MARK}probe"
            with probe.open("wb") as stream:
                stream.write(os.urandom(_PROBE_BYTES))
                stream.flush()
                os.fsync(stream.fileno())
            probe.unlink()
    except OSError as error:
        raise OutputError(cannot_write(folder, error)) from error
    finally:
        _remove_empty(made)


@contextmanager
def all_or_nothing(folder: Path, inputs: Iterable[str | os.PathLike[str]] = ()) -> Iterator[Path]:
    """Yield a hidden folder to write results into; on success its files move to `folder`, else nothing is left.

    Files of the same name are replaced, and those of `journal.take_away` go, all or none, whenever the run is killed
    or the disk refuses (see `journal`).
    What an earlier run that was killed has left is put in order first. A stage as `folder` is yielded itself: it is
    moved as a whole later.

    Parameters
    ----------
    folder : Path
        For the results; made where it is not there.
    inputs : iterable of path
        What the results are made from, files and folders: never replaced.

    Raises
    ------
    InputError
        Where a result would replace an input; nothing is left then.
    OutputError
        For everything the disk refuses.
    """
    made: list[Path] = []
    given = list(inputs)
    try:
        made = _absent(folder)
        with _stage_in(folder) as stage:
            yield stage
            if stage != folder:
                keep_inputs(given, folder, [*(file.name for file in staged_files(stage)), *names_taken_away(stage)])
                with locked(folder):
                    _settle_locked(folder)
                    with FINAL_MOVE.uncut():
                        move_all(stage, folder)
    except BaseException as error:
        _remove_empty(made)
        if isinstance(error, OSError):
            raise OutputError(cannot_write(folder, error)) from error
        raise


@contextmanager
def reserved(folder: Path, purpose: str) -> Iterator[Path]:
    """Hold a folder for a long work of which one at a time makes sense there; single results are written as ever.

    The hold is a hidden folder, which is yielded. It ends with the process, however that ends, and what is left of it
    then is taken away with the rest.

    Parameters
    ----------
    folder : Path
        Made where it is not there.
    purpose : str
        The kind of work, a word.

    Raises
    ------
    OutputError
        Where another process holds it for the same, and for what the disk refuses.
    """
    made: list[Path] = []
    mark = f"{MARK}{purpose}"
    try:
        made = _absent(folder)
        with _stage_in(folder) as stage:
            with locked(folder):
                if any(_holds(path / mark) for path in folder.iterdir() if _OURS.fullmatch(path.name)):
                    raise OutputError(
                        f"Another {purpose} is writing into '{folder}': wait until it has ended, or choose another "
                        "folder."
                    )
                (stage / mark).touch()
            yield stage
    except OSError as error:
        raise OutputError(cannot_write(folder, error)) from error
    finally:
        _remove_empty(made)


def _holds(mark: Path) -> bool:
    """Whether there is such a mark, and a process that lives behind it."""
    stage = mark.parent
    try:
        if not mark.exists():
            return False
        lock = lock_folder(stage)
    except (PermissionError, FileNotFoundError):  # another user's; or just taken away
        return False
    if lock is None:
        return True
    lock.release()
    ours = _OURS.fullmatch(stage.name)
    without_locks = lock.descriptor is None and ours is not None
    return bool(without_locks and ours and ours[1] == _host() and _is_running(int(ours[2], 16)))


def keep_inputs(inputs: Iterable[str | os.PathLike[str]], folder: Path, names: Iterable[str]) -> None:
    """Refuse results that would replace what they are made from, under whatever name (links, letters of other case).

    Parameters
    ----------
    inputs : iterable of path
        Files; and DICOM folders, of which every DICOM file counts that is no segmentation.
    folder : Path
        The results'; of a stage the one around it.
    names : iterable of str
        The results' file names.

    Raises
    ------
    InputError
        For the first such input, and for a result whose name begins like what is unfinished: it would not be moved.
    """
    targets = [destination(folder) / name for name in names]
    for target in targets:
        if target.name.startswith(MARK):
            raise InputError(
                f"A result cannot be called '{target.name}': names that begin with '{MARK}' are kept for what is "
                "unfinished. Choose another name."
            )
    for path in map(Path, inputs):
        for target in targets:
            if os.path.exists(target) and os.path.exists(path) and _is_part_of(target, path):
                raise InputError(
                    f"The results would replace '{target}', which they are made from: choose another folder or "
                    "another name."
                )


def _is_part_of(target: Path, given: Path) -> bool:
    if not given.is_dir():
        return os.path.samefile(target, given)
    inside = given.resolve() in target.resolve().parents
    return inside and target.is_file() and _is_dicom_image(target)


def _is_dicom_image(path: Path) -> bool:
    """Whether this may be a slice of a scan: DICOM, and no result."""
    with path.open("rb") as stream:
        head = stream.read(_DICOM_HEAD_BYTES)
    is_dicom = head[128:132] == b"DICM" or path.suffix.lower() in (".dcm", ".dicom")
    return is_dicom and not any(kind in head for kind in _DICOM_RESULTS)


def destination(path: Path) -> Path:
    """Where a file in a stage, or one on its way, will be: the path without what only we know of."""
    parts = [part for part in path.parts if not _OURS.fullmatch(part)]
    return Path(*parts) if len(parts) < len(path.parts) else path


def without_stages(text: str) -> str:
    """A sentence without the parts of its paths that only we know of."""
    return re.sub(rf"[/\\\\]{_OURS.pattern[:-2]}[^/\\\\']*", "", text)


def is_stage(folder: Path) -> bool:
    """Whether a folder is one that `all_or_nothing` has yielded."""
    return _OURS.fullmatch(folder.name) is not None


def settle(folder: Path) -> None:
    """Finish or take back what runs that were killed have begun in the folder, and delete what they left.

    A run that is still going on keeps its own, and only runs of this computer and this user are judged: only their
    processes can be looked up, and only their files changed.

    Raises
    ------
    OutputError
        When the disk refuses, or what was left is damaged.
    """
    try:
        with locked(folder):
            _settle_locked(folder)
    except OSError as error:
        raise OutputError(cannot_write(folder, error)) from error


class _Making:
    """Around the making of folders: none comes after what was unfinished has been taken away for good."""

    def __init__(self) -> None:
        self._one_makes = threading.Lock()
        self._at_end = False

    def __enter__(self) -> None:
        self._one_makes.acquire()
        if self._at_end:
            self._one_makes.release()
            raise KeyboardInterrupt

    def __exit__(self, *_: object) -> None:
        self._one_makes.release()

    def end(self) -> None:
        """From now on a thread that wants to make one is told to stop; one that is at it may end."""
        self._at_end = True
        if self._one_makes.acquire(timeout=_MAKING_S):  # a disk that is out of reach keeps nobody from leaving
            self._one_makes.release()


_MAKING = _Making()


def remove_unfinished(*, for_good: bool = False) -> None:
    """Take away what this process has begun and not finished, before an end that cannot wait.

    What is already being moved stays: the next run into the folder finishes it or takes it back.

    Parameters
    ----------
    for_good : bool
        The process ends right after this, whatever its other threads do: they can begin nothing more.
    """
    if for_good:
        _MAKING.end()
    for folder, made in list(_BEGUN.items()):  # other threads may begin something
        with suppress(OSError):
            for stage in [path for path in folder.iterdir() if path.name.startswith(_own_prefix())]:
                if not is_open(stage):
                    remove_surely(stage)
            _remove_empty(made)


def remove_surely(stage: Path) -> None:
    """Remove a stage into which another thread may still be writing; a stop meanwhile is heard afterwards."""
    stopped: KeyboardInterrupt | None = None
    for _ in range(_REMOVALS):
        try:
            shutil.rmtree(stage, ignore_errors=True)
            if not os.path.lexists(stage):
                break
        except KeyboardInterrupt as error:
            stopped = error
    if stopped is not None:
        raise stopped


@contextmanager
def _stage_in(folder: Path) -> Iterator[Path]:
    if is_stage(folder):
        yield folder
        return
    _BEGUN.setdefault(folder.absolute(), _absent(folder.absolute()))
    stage, lock = folder / f"{_own_prefix()}{uuid.uuid4().hex[:8]}", None  # known before it is there
    with _MAKING:
        folder.mkdir(parents=True, exist_ok=True)
    try:
        with locked(folder):
            _settle_locked(folder)
            with _MAKING:
                stage.mkdir(0o700)
            lock = lock_folder(stage)
        yield stage
    finally:
        if lock is not None:
            lock.release()
        if os.path.lexists(stage) and not is_open(stage):
            remove_surely(stage)


def _settle_locked(folder: Path) -> None:
    with os.scandir(folder) as entries:
        left = [Path(entry.path) for entry in entries if entry.name.startswith(MARK)]
    for path in left:
        ours = _OURS.fullmatch(path.name)
        if not ours or ours[1] != _host() or path.is_symlink():
            continue
        if path.is_dir():
            _settle_stage(path, folder, int(ours[2], 16))


def _settle_stage(stage: Path, folder: Path, process: int) -> None:
    try:
        if hasattr(os, "geteuid") and stage.lstat().st_uid != os.geteuid():
            return  # another user's, who may write into it what she likes
        lock = lock_folder(stage)
    except (
        PermissionError,
        FileNotFoundError,
    ):  # another user's: theirs to put in order; or just taken away by its run
        return
    if lock is None:
        return
    try:
        ended = lock.descriptor is not None or not _is_running(process)
        if ended:
            finish_moves(stage, folder)
    finally:
        lock.release()
    if ended:
        shutil.rmtree(stage, ignore_errors=True)


def _own_prefix() -> str:
    return f"{MARK}{_host()}{os.getpid():x}-"


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
