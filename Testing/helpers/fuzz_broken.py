"""A folder of files that once made a reader fail, as further seeds: they are damaged once more."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from fuzz_formats import Format, export_as, read_job, read_labels, read_volume

Use = Callable[[Path, Path], object]
_WAYS = {".json": "json", ".mha": "text", ".nrrd": "text", ".nii": "binary", ".gz": "gzip"}


def broken_files(folder: Path) -> Iterator[tuple[Path, list[Use]]]:
    """The files of a folder, and each of its folders that holds one file or a series; what is done with each."""
    for path in sorted(folder.iterdir()):
        inside = sorted(path.iterdir()) if path.is_dir() else []
        path = inside[0] if len(inside) == 1 else path
        if path.suffix != ".json":
            yield path, [read_volume, read_labels]
        elif path.name == "j.json":
            yield path, [read_job]
        else:
            yield path, [export_as("csv"), export_as("html"), export_as("nifti")]


def broken_formats(folder: Path) -> Iterator[Format]:
    """One for each file and use, all in one row of the table."""
    for path, uses in broken_files(folder):
        damaged = {"*": _WAYS.get(path.suffix, "dicom") if path.is_file() else "dicom"}
        for number, use in enumerate(uses):
            name = f"broken, {path.relative_to(folder)}, use {number}"
            yield Format(name, _copy_of(path, folder), damaged, use, row="damaged before", sound=False)


def _copy_of(path: Path, folder: Path) -> Callable[[Path], Path]:
    def make(place: Path) -> Path:
        if path.is_file():
            shutil.copyfile(path, place / path.name)
            return place / path.name
        copy = place / path.name
        copy.mkdir()
        for file in path.iterdir():
            shutil.copyfile(file, copy / file.name)
        return copy

    return make
