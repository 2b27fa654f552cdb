"""What a batch is made of: its scans one by one, or the two jaws and the CBCT of each case, by folder or by a table."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from ..dentition import DENTITIONS, Stated, teeth_of_text
from ..errors import DentalTopoSegError, InputError
from ..files.meshes import is_mesh_file
from ..files.names import one_line, safe_name
from ..files.regular_files import require_regular_file
from ..files.volumes import require_orientation, safe_stem
from .case_folders import jaw_of_name, name_without_jaw
from .job import PAIR
from .scans import Found, folded

#: The columns of a table of cases; `case` and one scan are enough.
SCANS = ("cbct", *PAIR)
COLUMNS = ("case", *SCANS, "absent", "dentition", "orientation")
_MOST_BYTES = 64 << 20
_SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True)
class Item:
    """What one process does: a CBCT, the mesh of a jaw, or those of both jaws of a case; or a case to be fused.

    Parameters
    ----------
    inputs : tuple of Path
        One scan; of two jaws first the upper; of a case to be fused all of them, the CBCT first.
    name : str
        Of the results; of two jaws the beginning.
    scan : str
        How the summary calls it.
    kind : str, optional
        "volume" or "mesh", where it is stated; else what the file looks like. "fusion" of a case to be fused.
    case : str
        The case it belongs to; "" where nobody said so.
    jaw : str, optional
        Of one mesh, where it is stated.
    stated : Stated, optional
        Of its teeth, in place of what is stated for all.
    orientation : str, optional
        Of its file, in place of what is stated for all.
    reason : str, optional
        Why it cannot be read, so that nobody can say whether it is a scan.
    parts : tuple of Item
        Of a case to be fused: its CBCT and its jaws, each to be segmented by itself before.
    """

    inputs: tuple[Path, ...]
    name: str
    scan: str
    kind: str | None = None
    case: str = ""
    jaw: str | None = None
    stated: Stated | None = None
    orientation: str | None = None
    reason: str | None = None
    parts: tuple[Item, ...] = ()

    @property
    def pair(self) -> bool:
        """Whether it is both jaws."""
        return not self.parts and len(self.inputs) == len(PAIR)

    @cached_property
    def mesh(self) -> bool:
        """Whether it is a mesh, or two."""
        if self.kind is not None or self.reason is not None:
            return self.kind == "mesh"
        return is_mesh_file(self.inputs[0])


@dataclass(frozen=True)
class Case:
    """The scans of one patient at one time, whichever of them there are.

    Parameters
    ----------
    name : str
        Of the case.
    scans : dict of Path
        By `SCANS`: "cbct", "upper", "lower".
    stated : Stated, optional
        Of the patient's teeth.
    orientation : str, optional
        Of the CBCT.
    """

    name: str
    scans: Mapping[str, Path] = field(default_factory=dict)
    stated: Stated | None = None
    orientation: str | None = None

    def jaws(self) -> list[str]:
        """Those that there are, the upper first."""
        return [jaw for jaw in PAIR if jaw in self.scans]


def items_of_folder(root: Path, found: Iterable[Found], pairing: bool) -> list[Item]:
    """What is to be done of the scans that were found under a folder.

    Parameters
    ----------
    root : Path
        The folder.
    found : iterable of Found
        What lies there.
    pairing : bool
        Bring the scans of a case together: two meshes of one folder whose names say upper and lower and are the same
        otherwise, or are the only ones that say so; and with them the CBCT of the same name in that folder or, where
        the folder has no other case, the only one in it and below. The two jaws become one item; the CBCT keeps its
        name.

    Returns
    -------
    list of Item
        In the order of their paths.
    """
    found = list(found)
    single = {one.path: Item((one.path,), one.name, _below(root, one.path), reason=one.reason) for one in found}
    if not pairing:
        return list(single.values())
    taken = {folded(one.name) for one in found}
    items = dict(single)
    for case in _cases_in(root, [one for one in found if one.reason is None]):
        cbct = case.scans.get("cbct")
        if cbct is not None:
            items[cbct] = replace(single[cbct], case=case.name)
        upper, lower = (case.scans[jaw] for jaw in PAIR)
        shown = " + ".join(_below(root, path) for path in (upper, lower))
        items[upper] = Item((upper, lower), _free_name(case.name, taken), shown, "mesh", case.name)
        del items[lower]
    return list(items.values())


def with_fusions(items: Iterable[Item]) -> list[Item]:
    """The same where each case that has a CBCT and a jaw is one item, kind "fusion", with the others as its parts."""
    items = list(items)
    cases: dict[str, list[Item]] = {}
    for item in items:
        if item.case and item.reason is None:
            cases.setdefault(item.case, []).append(item)
    fused: dict[str, Item] = {}
    for case, parts in cases.items():
        cbct, jaws = ([item for item in parts if item.mesh is mesh] for mesh in (False, True))
        if len(cbct) == 1 and len(jaws) == 1:
            both = (*cbct, *jaws)
            inputs = tuple(path for item in both for path in item.inputs)
            shown = " + ".join(item.scan for item in both)
            fused[case] = Item(inputs, safe_name(case), shown, "fusion", case, parts=both)
    found: dict[int, Item] = {}
    for item in items:
        whole = fused.get(item.case)
        taken = whole if whole is not None and any(item is part for part in whole.parts) else item
        found.setdefault(id(taken), taken)
    return list(found.values())


def _below(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix() or "."


def _free_name(wanted: str, taken: set[str]) -> str:
    """A name for two jaws that no other result has, with or without the jaw behind it."""
    name, number = wanted, 2
    while any(folded(one) in taken for one in (name, *(f"{name}_{jaw}" for jaw in PAIR))):
        name, number = f"{wanted}_{number}", number + 1
    taken |= {folded(one) for one in (name, *(f"{name}_{jaw}" for jaw in PAIR))}
    return name


def _cases_in(root: Path, found: Sequence[Found]) -> list[Case]:
    """The cases that have both jaws, by their folders and names."""
    volumes: dict[Path, list[Path]] = {}  # by the folders around them
    folders: dict[Path, list[Path]] = {}
    for one in found:
        if is_mesh_file(one.path):
            folders.setdefault(one.path.parent, []).append(one.path)
            continue
        for folder in (one.path, *one.path.parents):
            volumes.setdefault(folder, []).append(one.path)
    with_cases_below = {above for folder in folders for above in folder.parents}
    cases = []
    for folder, meshes in folders.items():
        jaws = {jaw: [mesh for mesh in meshes if jaw_of_name(mesh) == jaw] for jaw in PAIR}
        base = [*folder.relative_to(root).parts]
        if all(len(of_jaw) == 1 for of_jaw in jaws.values()):
            scans = {jaw: of_jaw[0] for jaw, of_jaw in jaws.items()}
            around = volumes.get(folder, ())
            cbct = {"cbct": around[0]} if len(around) == 1 and folder not in with_cases_below else {}
            cases.append(Case(safe_name("_".join(base) or safe_stem(root)), {**cbct, **scans}))
            continue
        for name, scans in _by_name(jaws).items():
            same = [
                path
                for path in volumes.get(folder, ())
                if path.parent == folder and _plain(safe_stem(path)) == _plain(name)
            ]
            cbct = {"cbct": same[0]} if len(same) == 1 else {}
            cases.append(Case(safe_name("_".join((*base, name))), {**cbct, **scans}))
    return cases


def _by_name(jaws: Mapping[str, Sequence[Path]]) -> dict[str, dict[str, Path]]:
    """{what their names have in common: both jaws}, where there is one of each."""
    named: dict[str, dict[str, list[Path]]] = {}
    for jaw, meshes in jaws.items():
        for mesh in meshes:
            named.setdefault(name_without_jaw(mesh), {}).setdefault(jaw, []).append(mesh)
    return {
        name: {jaw: found[jaw][0] for jaw in PAIR}
        for name, found in named.items()
        if name and all(len(found.get(jaw, ())) == 1 for jaw in PAIR)
    }


def _plain(name: str) -> str:
    return folded(name).strip(" ._-")


# ---------------------------------------------------------------- the table


def read_cases(path: str | os.PathLike[str], folder: str | os.PathLike[str] | None = None) -> list[Case]:
    """The cases of a table: a CSV file (commas, semicolons or tabs; UTF-8) with the columns `COLUMNS`.

    Parameters
    ----------
    path : path
        The table: `case`, the scans `cbct`, `upper` and `lower` where there are any, and what is known: `absent`
        (14 24), `dentition` (permanent or mixed) and `orientation`, as the command line takes them.
    folder : path, optional
        Where the scans lie that are not named by a whole path; else the table's own folder.

    Returns
    -------
    list of Case
        In the table's order. Whether the scans are there is not asked.

    Raises
    ------
    InputError
        With the line, for what is no such table: a column that there is not, a case without a name or a scan, a case
        or a scan that is there twice, an unknown dentition.
    """
    path = Path(path)
    base = Path(folder) if folder is not None else path.parent
    cases: list[Case] = []
    names: dict[str, int] = {}
    lines: dict[Path, int] = {}
    for line, row in _rows(path):
        here = f"'{path}', line {line}"
        name = row.get("case", "")
        if not name:
            raise InputError(f"{here} has no case: give each a name of its own.")
        scans = {kind: base / row[kind] for kind in SCANS if row.get(kind)}
        if not scans:
            raise InputError(f"{here} names no scan: fill in cbct, upper or lower.")
        _require_once(names, folded(safe_name(name)), line, f"{here}: the case '{one_line(name)}'")
        for kind, scan in scans.items():
            _require_once(lines, scan, line, f"{here}: the scan '{one_line(row[kind])}'")
        cases.append(Case(name, scans, *_known(row, here)))
    if not cases:
        raise InputError(f"'{path}' names no case: give one a line, below the names of the columns.")
    return cases


def items_of_table(cases: Iterable[Case], base: Path) -> list[Item]:
    """What is to be done of the cases of a table: of each its CBCT, and its two jaws together or its one jaw.

    base: where the scans are told from; results are called after the case, `<case>_cbct`, `<case>_upper` and
    `<case>_lower`.
    """
    items: list[Item] = []
    for case in cases:
        name = safe_name(case.name)
        known: dict[str, Any] = {"case": case.name, "stated": case.stated}
        shown = {kind: _shown(path, base) for kind, path in case.scans.items()}
        if "cbct" in case.scans:
            of_cbct: dict[str, Any] = {"kind": "volume", "orientation": case.orientation}
            items.append(Item((case.scans["cbct"],), f"{name}_cbct", shown["cbct"], **of_cbct, **known))
        jaws = case.jaws()
        if len(jaws) == len(PAIR):
            both = tuple(case.scans[jaw] for jaw in PAIR)
            items.append(Item(both, name, " + ".join(shown[jaw] for jaw in PAIR), "mesh", **known))
        elif jaws:
            (jaw,) = jaws
            items.append(Item((case.scans[jaw],), f"{name}_{jaw}", shown[jaw], "mesh", jaw=jaw, **known))
    return items


def _shown(path: Path, base: Path) -> str:
    return path.relative_to(base).as_posix() if base in path.parents else str(path)


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """[(line, {column: text})] of the rows that hold something."""
    try:
        if require_regular_file(path, "the table of the cases (CSV)").stat().st_size > _MOST_BYTES:
            raise InputError(f"'{path}' is larger than {_MOST_BYTES >> 20} MB: it is no table of cases.")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"'{path}' is not UTF-8 text: save the table as CSV in UTF-8.") from error
    except OSError as error:
        raise InputError(f"'{path}' cannot be read ({error.strerror or error}).") from error
    head = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=head.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        columns = [column.strip().casefold() for column in next(rows, [])]
        _require_columns(columns, path)
        found = []
        for row in rows:
            cells = [one.strip() for one in row]
            if any(cells[len(columns) :]):
                raise InputError(f"'{path}', line {rows.line_num} has more cells than columns.")
            if any(cells):
                found.append((rows.line_num, dict(zip(columns, cells, strict=False))))
    except csv.Error as error:
        raise InputError(f"'{path}', line {rows.line_num} is no CSV ({error}).") from error
    if any("\0" in cell for _, row in found for cell in row.values()):
        raise InputError(f"'{path}' holds characters that no name has: save the table as CSV in UTF-8.")
    return found


def _require_columns(columns: Sequence[str], path: Path) -> None:
    wanted = f"the columns are {', '.join(COLUMNS)}, of which case and one scan are needed"
    odd = [column for column in columns if column not in COLUMNS]
    if odd:
        raise InputError(f"'{path}' has the column '{one_line(odd[0])[:60]}', which there is not: {wanted}.")
    if len(set(columns)) < len(columns) or "case" not in columns or not set(columns) & set(SCANS):
        raise InputError(f"'{path}' lacks columns or has one twice: {wanted}.")


def _require_once(seen: dict, key: object, line: int, said: str) -> None:
    if key in seen:
        raise InputError(f"{said} is in line {seen[key]} too: give it once.")
    seen[key] = line


def _known(row: Mapping[str, str], here: str) -> tuple[Stated | None, str | None]:
    absent, dentition, orientation = (row.get(column, "") for column in COLUMNS[-3:])
    milk = {name: milk for milk, name in DENTITIONS.items()}
    if dentition and dentition not in milk:
        raise InputError(f"{here}: the dentition is '{one_line(dentition)[:60]}'; use {' or '.join(milk)}.")
    try:
        teeth = teeth_of_text(absent) if absent else frozenset()
        stated = Stated(teeth, milk.get(dentition))
        stated.require_teeth()
        require_orientation(orientation or None)
    except DentalTopoSegError as error:
        raise InputError(f"{here}: {error}") from error
    return stated if stated else None, orientation or None
