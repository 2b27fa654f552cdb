"""What an export format is."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from ..dentition.words import SOURCE_LANGUAGE, Language
from ..files.packages import Package
from .result import Result

#: Where one part of an export ("16", "findings", "" of a single file) is written.
PathOf = Callable[[str], Path]


class Group(Enum):
    """What is written: a surface per tooth, voxels, or a report for people and programs."""

    SURFACES = "surfaces"
    VOXELS = "voxels"
    REPORT = "report"


class Scan(Enum):
    """What the scan that a result was made from is for."""

    UNUSED = "unused"
    SHOWN = "shown"
    DICOM_NEEDED = "its DICOM files are needed"


@dataclass(frozen=True)
class ExportOptions:
    """How to export: the result's scan and its DICOM series; space: "LPS" or "RAS", of surfaces from label maps;
    orientation: of a scan that does not say where left and right are, see `files.volumes.read_volume`; language: of
    the page, as `reports.languages.catalogue` takes it; numbering: of the values of a label map, one of
    `dentition.LABEL_NUMBERINGS`."""

    scan: str | os.PathLike[str] | None = None
    series: str | None = None
    space: str = "LPS"
    orientation: str | None = None
    language: Language = SOURCE_LANGUAGE
    numbering: str = "fdi"


TEETH, STRUCTURES = "teeth", "structures"
"""Parts of a label map's result."""


@dataclass(frozen=True)
class ExportFormat:
    """One format that results are handed over in.

    Parameters
    ----------
    name : str
        As the command line knows it.
    title : str
        What people call it.
    purpose : str
        What it is for, in the user's words.
    group : Group
        What is written.
    pattern : str
        The files' names, with {name} of the result and {part}.
    write : callable
        `write(result, path_of, options)` writes the files, each to `path_of(part)`, and returns them by kind.
    jaws : bool
        Whether it fits intraoral scans; label maps fit every format.
    packages : tuple of Package
        What it needs beyond the library's own packages.
    scan : Scan
        What the scan is for.
    report_only : bool
        Whether the report is all it needs: labels beside a report are not read then.
    parts : tuple of str
        What is known before the work to stand for {part}; `STRUCTURES` only where the result has some.
    """

    name: str
    title: str
    purpose: str
    group: Group
    pattern: str
    write: Callable[[Result, PathOf, ExportOptions], dict[str, Path]]
    jaws: bool = True
    packages: tuple[Package, ...] = ()
    scan: Scan = Scan.UNUSED
    report_only: bool = False
    parts: tuple[str, ...] = ()

    def fits(self, result: Result) -> bool:
        """Whether this result can be written in the format."""
        return self.jaws or result.labels is not None
