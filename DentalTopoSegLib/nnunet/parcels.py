"""What a colleague hands over: a converted network as a folder or as a zip. Files are taken out of it by name, each
within a bound; nothing is unpacked as a whole, and no name out of it becomes a path.

Format: the end of a zip's directory as in PKWARE's APPNOTE.TXT 6.3.10, section 4.3.16.
"""

from __future__ import annotations

import os
import stat
import struct
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ..errors import ModelError
from ..files.names import shown
from ..files.regular_files import require_regular_file

LIST = "models.json"
#: Files in a zip; a converted network has four.
MOST_FILES = 200
#: Of a zip's directory, which is read as a whole: that of 200 long names.
_MOST_DIRECTORY_BYTES = 1 << 20
_END, _END_BYTES, _MOST_COMMENT_BYTES = b"PK\x05\x06", 22, 65535
_LARGE_END = b"PK\x06\x07"  # of the directory of a zip above 4 GB
_CHUNK_BYTES = 1 << 20
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, struct.error, RuntimeError)


class Parcel(ABC):
    """A folder or a zip that holds a converted network, its list beside the files that the list names.

    Parameters
    ----------
    path : Path
        What was handed over, for messages too.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @abstractmethod
    def open(self, name: str) -> BinaryIO:
        """A file beside the list. Raises KeyError where there is none, ModelError for a link or what is no file."""

    def copy(self, name: str, target: Path, most: int) -> None:
        """Copy a file beside the list.

        Parameters
        ----------
        name : str
            Of the file, a bare name.
        target : Path
            The copy.
        most : int
            Bytes that it may have.

        Raises
        ------
        ModelError
            For a file that is missing, damaged, larger, or no ordinary one.
        OSError
            When the disk refuses the copy.
        """
        written = 0
        with self._opened(name) as source, target.open("wb") as stream:
            while part := self._part(source, name):
                written += len(part)
                if written > most:
                    raise ModelError(f"{self._of(name)} has more than {most:,} bytes: it is not read.")
                stream.write(part)

    def _part(self, source: BinaryIO, name: str) -> bytes:
        try:
            return source.read(_CHUNK_BYTES)
        except (*_DAMAGED, OSError) as error:
            raise ModelError(f"{self._of(name)} is damaged: get it again from where it comes.") from error

    @contextmanager
    def _opened(self, name: str) -> Iterator[BinaryIO]:
        try:
            source = self.open(name)
        except KeyError as error:
            raise ModelError(f"{self._of(name)} is missing: get it again from where it comes.") from error
        except (*_DAMAGED, OSError) as error:
            raise ModelError(f"{self._of(name)} cannot be read: get it again from where it comes.") from error
        with source:
            yield source

    def _of(self, name: str) -> str:
        return f"{shown(name)} of '{self.path}'"

    @abstractmethod
    def close(self) -> None:
        """Let go of the file."""


class FolderParcel(Parcel):
    """A folder; its list may lie in the one folder inside it that has one, as zips are unpacked."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            places = (path, *sorted(path.iterdir()))
        except OSError as error:
            raise ModelError(f"'{path}' cannot be read ({error.strerror or error}).") from error
        lists = [place for place in places if os.path.lexists(place / LIST)]
        if not lists:
            raise ModelError(_no_list(path, any(os.path.isfile(place / "plans.json") for place in places)))
        if path not in lists and len(lists) > 1:
            raise ModelError(_two_lists(path))
        self._folder = lists[0]

    def open(self, name: str) -> BinaryIO:
        path = self._folder / name
        try:
            found = path.lstat()
        except FileNotFoundError as error:
            raise KeyError(name) from error
        if not stat.S_ISREG(found.st_mode):
            raise ModelError(f"{self._of(name)} is no ordinary file: a converted network holds nothing else.")
        return path.open("rb")

    def close(self) -> None:
        pass  # every file is closed by itself


class ZipParcel(Parcel):
    """A zip; its list may lie in a folder of it."""

    def __init__(self, path: Path) -> None:
        super().__init__(require_regular_file(path, "the zip, or the folder, of a converted network"))
        self._require_small_directory()
        try:
            self._zip = zipfile.ZipFile(path)
        except (*_DAMAGED, OSError) as error:
            raise ModelError(_no_zip(path)) from error
        try:
            self._entries = self._sound_entries()
            lists = [name for name in self._entries if name == LIST or name.endswith(f"/{LIST}")]
            lists = [name for name in lists if name.count("/") < 2]
            if not lists:
                raise ModelError(_no_list(path, any(name.split("/")[-1] == "plans.json" for name in self._entries)))
            if len(lists) > 1:
                raise ModelError(_two_lists(path))
        except BaseException:
            self._zip.close()
            raise
        self._folder = lists[0][: -len(LIST)]

    def _require_small_directory(self) -> None:
        """Before Python reads it as a whole."""
        try:
            with self.path.open("rb") as stream:
                size = stream.seek(0, os.SEEK_END)
                stream.seek(max(0, size - _END_BYTES - _MOST_COMMENT_BYTES - 20))
                tail = stream.read()
        except OSError as error:
            raise ModelError(f"'{self.path}' cannot be read ({error.strerror or error}).") from error
        at = tail.rfind(_END)
        if at < 0 or len(tail) - at < _END_BYTES:
            raise ModelError(_no_zip(self.path))
        directory = int.from_bytes(tail[at + 12 : at + 16], "little")
        if directory > _MOST_DIRECTORY_BYTES or tail[max(0, at - 20) :].startswith(_LARGE_END):
            raise ModelError(f"'{self.path}' holds far more than a converted network: it is not opened.")

    def _sound_entries(self) -> dict[str, zipfile.ZipInfo]:
        """The files by their names with "/"; ModelError for what no zip of a converted network holds."""
        infos = self._zip.infolist()
        if len(infos) > MOST_FILES:
            raise ModelError(
                f"'{self.path}' holds {len(infos):,} files, more than any converted network: it is not opened."
            )
        found: dict[str, zipfile.ZipInfo] = {}
        for info in infos:
            name = info.orig_filename.replace("\\", "/")
            parts = name.split("/")
            if name.startswith("/") or ".." in parts or ":" in name or "\0" in name:
                raise ModelError(f"'{self.path}' holds {shown(name)}, which would lie outside of it: it is not opened.")
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise ModelError(f"'{self.path}' holds {shown(name)}, which is no ordinary file: it is not opened.")
            if info.flag_bits & 1:
                raise ModelError(f"'{self.path}' is protected by a password: ask for a zip without one.")
            if name in found:
                raise ModelError(f"'{self.path}' holds {shown(name)} twice: it is not opened.")
            found[name] = info
        return found

    def open(self, name: str) -> BinaryIO:
        return self._zip.open(self._entries[self._folder + name])  # type: ignore[return-value]

    def close(self) -> None:
        self._zip.close()


@contextmanager
def open_parcel(path: str | os.PathLike[str]) -> Iterator[Parcel]:
    """A folder or a zip of a converted network.

    Raises
    ------
    InputError
        For a path at which nothing lies that can be read.
    ModelError
        For what is neither, holds no list or several, and for zips with links, names that lead elsewhere, passwords, or
        more than a network has.
    """
    given = Path(path)
    parcel: Parcel = FolderParcel(given) if given.is_dir() else ZipParcel(given)
    try:
        yield parcel
    finally:
        parcel.close()


def _no_zip(path: Path) -> str:
    return f"'{path}' is no zip, or a damaged one: give the zip or the folder of a converted network."


def _two_lists(path: Path) -> str:
    return f"'{path}' holds several networks: give the folder or zip of one."


def _no_list(path: Path, unconverted: bool) -> str:
    if unconverted:
        return (
            f"'{path}' holds an nnU-Net model that is not converted yet: convert it with 'python -m training "
            "quantize-nnunet' (docs/nnunet.md), or ask a colleague who can."
        )
    return f"'{path}' holds no converted network ({LIST} is missing): give the folder or zip of one."
