"""The one question before any file is opened: is it an ordinary file that can be read to its end?"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ..errors import InputError

_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def require_regular_file(path: str | os.PathLike[str], wanted: str = "a file") -> Path:
    """The path, when a file lies there that can be read: no folder, pipe, socket, device or link into nowhere.

    Parameters
    ----------
    path : path
        Links are followed.
    wanted : str
        What to give in place of a folder, for the sentence.

    Raises
    ------
    InputError
        For everything else, for an empty file and one that may not be read.
    """
    path = Path(path)
    try:
        found = path.stat()
    except FileNotFoundError as error:
        if path.is_symlink():
            target = os.readlink(path)
            raise InputError(f"'{path}' is a link to '{target}', which is not there: give the file itself.") from error
        raise InputError(f"'{path}' does not exist: check the path.") from error
    except PermissionError as error:
        raise InputError(may_not_be_read(path)) from error
    except (OSError, ValueError) as error:  # a name too long, a circle of links, a zero byte
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"'{path}' cannot be opened ({reason}): check the path.") from error
    if stat.S_ISDIR(found.st_mode):
        raise InputError(f"'{path}' is a folder: give {wanted}.")
    if not stat.S_ISREG(found.st_mode):
        kind = next((name for test, name in _KINDS if test(found.st_mode)), "something else")
        raise InputError(f"'{path}' is no ordinary file but {kind}: give {wanted}.")
    if found.st_size == 0:
        raise InputError(f"'{path}' is empty (0 bytes): copy or export it again.")
    if not os.access(path, os.R_OK):
        raise InputError(may_not_be_read(path))
    return path


def may_not_be_read(path: Path) -> str:
    """The sentence for a file without permission."""
    return f"'{path}' may not be read: ask for permission or copy it to a folder of yours."
