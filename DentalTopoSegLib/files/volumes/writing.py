"""Writing files whole or not at all: a temporary name in the same folder, checked, then renamed."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

from ...errors import InputError, OutputError
from .grid import Volume


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary name beside ``path`` with the same suffix; on success it becomes ``path``, else it
    goes.

    Cleans up on every exception, KeyboardInterrupt included. Raises OutputError when the folder refuses the
    file.
    """
    path = Path(path)
    temporary = path.with_name(f".{uuid.uuid4().hex[:8]}.part.{path.name}")
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise OutputError(cannot_write(path, error)) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def cannot_write(path: Path, error: OSError) -> str:
    """The sentence for a file that could not be written."""
    reason = error.strerror or str(error)
    return f"'{path}' cannot be written ({reason}): choose another folder or free some space."


def write_volume(volume: Volume, path: str | os.PathLike[str]) -> Path:
    """Write compressed, whole or not at all; the suffix chooses the format. Raises OutputError."""
    return write_image(volume.to_sitk(), Path(path))


def write_image(image, path: Path) -> Path:
    """Write a SimpleITK image atomically and check that all of it reached the disk. Raises OutputError."""
    import SimpleITK as sitk

    from .integrity import require_complete

    with atomic_path(path) as temporary:
        try:
            sitk.WriteImage(image, str(temporary), useCompression=True)
            reader = sitk.ImageFileReader()
            reader.SetFileName(str(temporary))
            reader.ReadImageInformation()
            require_complete(temporary, reader, just_written=True)  # a full disk: some ITK writers do not report it
        except (RuntimeError, InputError) as error:
            raise OutputError(
                f"'{path}' cannot be written: the folder is full, read-only or gone. Choose another folder."
            ) from error
    return path
