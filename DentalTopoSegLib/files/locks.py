"""Locks on folders, which end with the process that holds them, however it ends."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: Only on Windows, where a folder itself cannot be locked: a file in it, which goes with the process.
LOCK_FILE = ".dentaltoposeg-lock"
#: What a file system answers that has no locks, or none for folders.
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EBADF)
_POLL_S = 0.02
_PATIENCE_S = 60.0


@dataclass
class FolderLock:
    """A lock that is held, until `release`; descriptor: None on a file system that has none."""

    descriptor: int | None

    def release(self) -> None:
        """Let others have it; a second time does nothing."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None


def lock_folder(folder: Path) -> FolderLock | None:
    """Lock a folder against other processes and other callers in this one.

    Parameters
    ----------
    folder : Path
        Must be there.

    Returns
    -------
    FolderLock or None
        None where somebody else holds it.

    Raises
    ------
    OSError
        For a folder that cannot be opened.
    """
    if os.name == "nt":
        return _lock_by_file(folder)
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return None
        if error.errno in _NO_LOCKS:
            return FolderLock(None)
        raise
    return FolderLock(descriptor)


def _lock_by_file(folder: Path) -> FolderLock | None:
    flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_TEMPORARY", 0)
    for last in (False, False, True):
        try:
            return FolderLock(os.open(folder / LOCK_FILE, flags))
        except FileExistsError:
            return None
        except PermissionError:  # the file is just going, or nobody may write here
            if last:
                raise
            time.sleep(_POLL_S)
    return None


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, waiting for it while another run moves its results.

    Raises
    ------
    TimeoutError
        When it is not free within a minute.
    """
    end = time.monotonic() + _PATIENCE_S
    while (lock := lock_folder(folder)) is None:
        if time.monotonic() > end:
            raise TimeoutError(errno.ETIMEDOUT, "another run is writing into it", str(folder))
        time.sleep(_POLL_S)
    try:
        yield
    finally:
        lock.release()
