"""What becomes of one volume in every form of file: read, read with a note, asked about or refused, and what is said.

    python Testing/formats/format_table.py [--library ROOT] [--markdown FILE] [--files FOLDER]

Each file is made anew (`Testing/helpers/volume_variants.py`, `dicom_variants.py`), small, in a folder that is deleted
again, and read. "read" means: every voxel with its value, within 0.01 mm of its place. The exit code is 1 where one
became something else than it must. --library asks another checkout; --markdown writes the page docs/formats.md;
--files reads what lies in a folder instead, and says what became of it.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "formats.md"
_WRONG = "WRONG"
_HEAD = """# Files that are read, and those that are not

This page is written by `python Testing/formats/format_table.py --markdown docs/formats.md`, which makes each of these \
files, reads it and compares every voxel and its place with the undisturbed volume (to 0.01 mm); \
`python -m pytest Testing/unit/readers` demands the same. NIfTI is placed as nibabel does it (the sform first), DICOM \
as highdicom and dcm2niix do.

- **read**: nothing is said, as nothing is in doubt.
- **read, with a note**: the note is told with the result.
- **asks for --orientation**: the file does not say where the patient's left and right are, or says it twice and \
differently. Nothing is guessed: with `--orientation LPS` (three letters: the sides of the patient to which columns, \
rows and slices run) or `--orientation sform` or `qform` it is read.
- **refused**: with this sentence, code 3, and nothing written.

The same holds for label maps (`check`, `repair`, `evaluate`, `export`, `picture`). Meshes are not in these tables.
"""


@dataclass(frozen=True)
class Row:
    """One file: its format, what is unusual about it, what became of it, and what was said."""

    format: str
    name: str
    outcome: str
    said: str
    right: bool


def main(argv: list[str] | None = None) -> int:
    """Print the table; 1 where a file became something else than it must."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", type=Path, default=ROOT, help="the checkout whose library reads")
    parser.add_argument("--markdown", type=Path, help="also write the page of the documentation")
    parser.add_argument("--files", type=Path, help="a folder with files to read instead")
    given = parser.parse_args(argv)
    sys.path[:0] = [str(given.library.resolve()), str(ROOT / "Testing" / "helpers")]
    rows = list(of_files(given.files) if given.files else of_variants())
    print(table(rows))
    wrong = [row for row in rows if not row.right]
    if not given.files:
        print(f"\n{len(rows)} files, {len(wrong)} of them not as they must be.")
    if given.markdown:
        given.markdown.write_text(page(rows), encoding="utf-8")
    return int(bool(wrong))


def of_variants() -> Iterator[Row]:
    """What becomes of each file that the tests know."""
    from dicom_variants import dicom_variants
    from volume_variants import variants

    for variant in [*variants(), *dicom_variants()]:
        with TemporaryDirectory(prefix="format-table-") as folder:
            path = variant.make(Path(folder))
            outcome, said, volume = _read(path)
            right = outcome == variant.outcome and bool(re.search(variant.words, said))
            if volume is not None and not _is_expected(volume, variant):
                outcome, right = f"{_WRONG}: read elsewhere or with other voxels", False
            elif not right:
                outcome = f"{_WRONG}: {outcome}"
            yield Row(variant.format, variant.name, outcome, said.replace(f"{folder}{os.sep}", ""), right)


def of_files(folder: Path) -> Iterator[Row]:
    """What becomes of the files and DICOM folders that lie in a folder."""
    for path in sorted(folder.iterdir()):
        outcome, said, _ = _read(path)
        yield Row(path.suffix or "folder", path.name, outcome, said.replace(f"{folder}{os.sep}", ""), True)


def _read(path: Path) -> tuple[str, str, Any]:
    """(outcome, what is said, the volume where it was read)."""
    from volume_variants import ASKED, NOTED, READ, REFUSED

    from DentalTopoSegLib.errors import InputError
    from DentalTopoSegLib.files.volumes import read_volume

    try:
        volume, warnings = read_volume(path)
    except InputError as error:
        return ASKED if "--orientation" in str(error) else REFUSED, str(error), None
    return NOTED if warnings else READ, " ".join(warnings), volume


def _is_expected(volume: Any, variant: Any) -> bool:
    """Whether it is the undisturbed volume, however the axes of its grid run."""
    from dicom_odd import assert_same_in_space
    from volume_variants import TOY, expected, same_place

    values, affine = expected(variant)
    if volume.shape == values.shape and same_place(volume, affine):
        return bool((volume.array == values).all())
    try:
        assert_same_in_space(volume, TOY)
    except (AssertionError, IndexError):
        return False
    return True


def table(rows: list[Row]) -> str:
    """In Markdown; the outcome is told with the sentence where there is one."""
    lines = ["| Format | File | What becomes of it | What is said |", "|---|---|---|---|"]
    before = ""
    for row in rows:
        shown = "" if row.format == before else row.format
        before = row.format
        lines.append(f"| {shown} | {_cell(row.name)} | {row.outcome} | {_cell(row.said)} |")
    return "\n".join(lines)


def page(rows: list[Row]) -> str:
    """docs/formats.md: a table for each format."""
    parts = [_HEAD]
    for name in (*_LARGE, _OTHERS):
        group = [row for row in rows if (row.format if row.format in _LARGE else _OTHERS) == name]
        lines = ["| File | What becomes of it | What is said |", "|---|---|---|"]
        for row in group:
            shown = row.name if name != _OTHERS else f"{row.format}: {row.name}"
            lines.append(f"| {_cell(shown)} | {row.outcome} | {_cell(row.said)} |")
        parts.append(f"## {name}\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


_LARGE, _OTHERS = ("NIfTI", "NRRD", "MetaImage", "DICOM"), "Others"


def _cell(text: str) -> str:
    """A text out of a file's name or a refusal as a cell of a table can hold it; ids differ from run to run."""
    return re.sub(r"id \.\.\.[0-9.]+", "id ...", text).replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    raise SystemExit(main())
