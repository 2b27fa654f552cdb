"""What a folder of labelled scans holds: one entry per scan, and rows that say what was found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

REFUSED, NOTE = "refused", "note"
"""What a row means: the scan cannot be used as it is, or something to know."""


@dataclass(frozen=True)
class Case:
    """One labelled scan.

    Parameters
    ----------
    name : str
        What its files are called; unique in the folder.
    patient : str
        Whose it is: no patient is on both sides of the split.
    scan, labels : Path
        A volume and its label map, or a mesh and its JSON.
    held_out : bool
        Whether the folder itself keeps it for testing.
    jaw : str
        Of a mesh, "upper" or "lower"; of a volume "".
    """

    name: str
    patient: str
    scan: Path
    labels: Path
    held_out: bool = False
    jaw: str = ""


@dataclass(frozen=True)
class Row:
    """What was found about a file: whether it refuses the scan, why, and what to do."""

    kind: str
    file: str
    reason: str
    advice: str = ""
    case: str = ""


@dataclass
class Data:
    """A folder as it was read.

    Parameters
    ----------
    layout : str
        "nnunet", "slicer" or "teeth3ds".
    folder : Path
        The folder itself.
    cases : list of Case
        In the order of their names.
    rows : list of Row
        What was found, in the order in which it was.
    names : mapping of int to str
        What the labels' values are called, where one table holds for all files.
    """

    layout: str
    folder: Path
    cases: list[Case]
    rows: list[Row] = field(default_factory=list)
    names: Mapping[int, str] = field(default_factory=dict)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The networks that these scans train, by the names of `networks.tasks`."""
        return ("surface",) if self.layout == "teeth3ds" else ("numbering", "border")

    def refused(self) -> list[Row]:
        """The rows for which scans cannot be used."""
        return [row for row in self.rows if row.kind == REFUSED]

    def without_refused(self) -> Data:
        """The scans that nothing is to be said against."""
        names = {row.case for row in self.refused()}
        return Data(self.layout, self.folder, [c for c in self.cases if c.name not in names], self.rows, self.names)

    def shown(self, path: Path) -> str:
        """A file as the table names it: from the folder on."""
        return path.relative_to(self.folder).as_posix() if path.is_relative_to(self.folder) else str(path)


def table_of(rows: Sequence[Row]) -> str:
    """Rows as lines of text: what, which file, why, what to do."""
    head = ("", "file", "found", "what to do")
    cells = [head, *((row.kind, row.file, row.reason, row.advice or "-") for row in rows)]
    widths = [max(len(cell[k]) for cell in cells) for k in range(2)]
    return "\n".join(_line(cell, widths) for cell in cells)


def _line(cells: Iterable[str], widths: Sequence[int]) -> str:
    kind, file, reason, advice = cells
    return f"{kind:<{widths[0]}}  {file:<{widths[1]}}  {reason} | {advice}".rstrip()
