"""The files that belong to a mesh though nothing here reads them: materials and textures, which results must spare."""

from __future__ import annotations

import itertools
import os
import re
from pathlib import Path

#: Materials and textures are named near a file's beginning.
_LOOK_BYTES = 1 << 16
_MATERIAL = re.compile(rb"mtllib\s+(.+)")
_MAP = re.compile(rb"(?:map_\w+|bump|disp|decal|refl)\s+(.+)", re.IGNORECASE)
#: Options before a name have fewer words; a name may have blanks.
_MOST_WORDS = 24
_PLY_TEXTURE = re.compile(rb"comment\s+TextureFile\s+(.+)", re.IGNORECASE)


def companions_of(path: str | os.PathLike[str]) -> list[Path]:
    """The material and texture files that an OBJ or PLY names and that are there.

    Parameters
    ----------
    path : path
        The mesh; of another format, or one that cannot be read, it has none.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == ".obj":
        materials = _named(path, _MATERIAL)
        return [*materials, *(texture for material in materials for texture in _named(material, _MAP))]
    return _named(path, _PLY_TEXTURE) if suffix == ".ply" else []


def _named(path: Path, pattern: re.Pattern[bytes]) -> list[Path]:
    if not path.is_file():
        return []
    with path.open("rb") as stream:
        text = stream.read(_LOOK_BYTES)
    found = [pattern.fullmatch(line.strip()) for line in text.splitlines()]
    files = (_file_in(line[1], path.parent) for line in found if line)
    return [file for file in files if file is not None]


def _file_in(words: bytes, folder: Path) -> Path | None:
    """The file that some words name, or the last of them where the first are options; None where there is none."""
    for word in itertools.islice(re.finditer(rb"\S+", words), _MOST_WORDS):
        file = folder / os.fsdecode(words[word.start() :])
        if os.path.isfile(file):
            return file
    return None
