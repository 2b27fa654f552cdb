"""Rooted dentitions in one small file, for a machine that has neither the data nor a network.

    python -m training pack-dentitions CACHE PACK

A pack is a zip archive of everything in a cache, whatever it holds. Arrays of a .npz keep their values: those of one
byte that fill a volume are stored as differences along x, which LZMA shrinks to less than half. Pulp maps are left out
where the stored signed distance gives them again, and computed when the pack is opened.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import shutil
import sys
import zipfile
from pathlib import Path, PurePosixPath

import numpy as np

from DentalTopoSegLib.errors import DentalTopoSegError, InputError
from DentalTopoSegLib.files.transactions import atomic_path
from training.patients.rooted_teeth import stored_pulp

DISTANCE, PULP = "_sdf", "_pulp"
SAME_PULP = 6.0
"""Mean difference (of 255, inside the tooth) up to which a pulp map is the one that the distance gives."""
DIFFERENCES, LEFT_OUT = "differences:", "left_out:"
"""What stands in a pack before the names of arrays stored as differences, and of those to be computed."""
MARK = ".pack"
"""File in an opened pack with the checksum of what it was made from."""


def is_pulp_of(pulp: np.ndarray, sdf: np.ndarray) -> bool:
    """Whether a pulp map (z, y, x) is what the stored distance gives, but for its rounding."""
    if pulp.shape != sdf.shape or pulp.dtype != np.uint8:
        return False
    inside = sdf < 0
    difference = np.abs(stored_pulp(sdf).astype(np.int16) - pulp)
    return not bool(pulp[~inside].any()) and (not bool(inside.any()) or float(difference[inside].mean()) <= SAME_PULP)


def packed_arrays(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays as a pack holds them; `unpacked_arrays` is the inverse."""
    packed = {}
    for name, array in arrays.items():
        distance = arrays.get(name.removesuffix(PULP) + DISTANCE) if name.endswith(PULP) else None
        if distance is not None and distance.dtype == np.int8 and is_pulp_of(array, distance):
            packed[LEFT_OUT + name] = np.zeros(0, np.uint8)
        elif array.ndim == 3 and array.dtype in (np.int8, np.uint8) and array.size:
            first = np.zeros_like(array[..., :1])
            packed[DIFFERENCES + name] = np.diff(array, axis=-1, prepend=first)  # bytes wrap, so nothing is lost
        else:
            packed[name] = array
    return packed


def unpacked_arrays(packed: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays of a cache, in their order, from those of a pack."""
    arrays = {}
    for name, array in packed.items():
        if name.startswith(DIFFERENCES):
            arrays[name.removeprefix(DIFFERENCES)] = np.cumsum(array, axis=-1, dtype=array.dtype)
        elif not name.startswith(LEFT_OUT):
            arrays[name] = array
    for name in packed:
        if name.startswith(LEFT_OUT):
            pulp = name.removeprefix(LEFT_OUT)
            arrays[pulp] = stored_pulp(arrays[pulp.removesuffix(PULP) + DISTANCE])
    return arrays


def pack_dentitions(cache: Path, pack: Path) -> int:
    """Write a pack of all files of a cache, whole or not at all.

    Parameters
    ----------
    cache : Path
        Folder of dentitions, as `root-teeth` and what goes on from it write it.
    pack : Path
        The file.

    Returns
    -------
    int
        How many files it holds.

    Raises
    ------
    InputError
        The folder holds no dentition.
    """
    files = sorted(file for file in cache.rglob("*") if file.is_file() and not file.name.endswith(".tmp.npz"))
    files = [file for file in files if not file.name.startswith(".")]
    if not any(file.suffix == ".npz" for file in files):
        raise InputError(f"{cache} holds no dentitions (*.npz): name the folder that root-teeth wrote.")
    with atomic_path(pack) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_LZMA) as archive:
        for file in files:
            content = file.read_bytes()
            if file.suffix == ".npz":
                with np.load(file) as data:
                    content = _npz(packed_arrays(dict(data)))
            archive.writestr(file.relative_to(cache).as_posix(), content)
    return len(files)


def open_dentitions(source: Path, folder: Path) -> Path:
    """The cache folder of a cache or a pack.

    Parameters
    ----------
    source : Path
        A folder is taken as it is; a pack is opened into `folder`, unless that was done before.
    folder : Path
        Where; it becomes the cache as a whole or not at all.

    Raises
    ------
    InputError
        There is nothing at `source`, or it is no sound pack.
    """
    if source.is_dir():
        return source
    if not source.is_file():
        raise InputError(f"There are no dentitions at {source}: name a cache folder or its pack.")
    checksum = hashlib.sha256(source.read_bytes()).hexdigest()
    mark = folder / MARK
    if mark.is_file() and mark.read_text(encoding="ascii") == checksum:
        return folder
    new = folder.with_name(folder.name + ".new")
    for old in (new, folder):
        shutil.rmtree(old, ignore_errors=True)
    try:
        with zipfile.ZipFile(source) as archive:
            for name in archive.namelist():
                _unpack_file(new, name, archive.read(name))
    except (zipfile.BadZipFile, ValueError, KeyError, EOFError, NotImplementedError) as error:
        raise InputError(f"{source} is no sound pack of dentitions ({error}): pack the cache again.") from error
    (new / MARK).write_text(checksum, encoding="ascii")
    os.replace(new, folder)
    return folder


def _unpack_file(folder: Path, name: str, content: bytes) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
        raise ValueError(f"'{name}' lies outside of the pack")
    target = folder.joinpath(*path.parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.suffix == ".npz":
        with np.load(io.BytesIO(content)) as data:
            content = _npz(unpacked_arrays(dict(data)))
    target.write_bytes(content)


def _npz(arrays: dict[str, np.ndarray]) -> bytes:
    """A .npz without compression: the archive compresses, and every sampler reads an opened pack."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def main(argv: list[str] | None = None) -> int:
    """Pack a cache."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cache", type=Path, help="folder of dentitions")
    parser.add_argument("pack", type=Path, help="file to write")
    args = parser.parse_args(argv)
    try:
        count = pack_dentitions(args.cache, args.pack)
    except DentalTopoSegError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(f"{args.pack}: {count} files, {args.pack.stat().st_size / 1e6:.1f} MB")
    return 0
