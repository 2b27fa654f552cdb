"""A result that is there: its labels, and what the checks say about it, worked out when first asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..dentition import Known
from ..errors import InputError

if TYPE_CHECKING:
    from ..checks.findings import Finding
    from ..dentition import Confidence
    from ..files.jaw_labels import LabelledJaw
    from ..files.meshes import Mesh
    from ..files.volumes import Volume
    from ..ios.segmenting import JawSegmentation


@dataclass(frozen=True)
class Examination:
    """What the checks say of a result, with its report; jaw: of an intraoral scan, measured on its own axes."""

    report: dict[str, Any]
    findings: list[Finding]
    jaw: JawSegmentation | None = None


@dataclass(eq=False)
class Result:
    """A label map, or a labelled jaw, from a file.

    Parameters
    ----------
    path : Path
        The file it was read from.
    name : str
        What its files are called.
    warnings : list of str
        About the file.
    examine : callable
        Makes the examination; called once, and only if needed.
    labels, confidence : Volume, Confidence, optional
        Of a label map; confidence 0 to 1 by FDI number, where the file has it.
    structures : Volume, optional
        Of a label map that has them: values of `dentition.structures` on its grid.
    labelled : LabelledJaw, optional
        Of an intraoral scan.
    known : Known
        What is known of the teeth beside.
    stored_report : dict, optional
        The report that came with it, taken as it is.
    companions : list of Path
        The report that names its file, and the other files that report names.
    """

    path: Path
    name: str
    warnings: list[str]
    examine: Callable[[], Examination]
    labels: Volume | None = None
    confidence: Confidence | None = None
    structures: Volume | None = None
    labelled: LabelledJaw | None = None
    known: Known = field(default_factory=Known)
    stored_report: dict[str, Any] | None = None
    companions: list[Path] = field(default_factory=list)

    @property
    def files(self) -> list[Path]:
        """All that belongs to it: what is written from it must not replace any of them."""
        return [self.path, *self.companions]

    @property
    def label_map(self) -> Volume:
        """The labels of a result that has voxels. Raises InputError for one that has none."""
        if self.labels is None:
            raise InputError(f"'{self.path}' is an intraoral scan: it has no voxels.")
        return self.labels

    @cached_property
    def examination(self) -> Examination:
        """What the checks say."""
        return self.examine()

    @property
    def report(self) -> dict[str, Any]:
        """The report it came with, else one of now."""
        return self.examination.report if self.stored_report is None else self.stored_report

    @property
    def findings(self) -> list[Finding]:
        """Those of `check`, the gravest first."""
        return self.examination.findings

    @property
    def jaw(self) -> JawSegmentation | None:
        """The labelled jaw with its frame; None of a label map."""
        return self.examination.jaw

    @property
    def mesh(self) -> Mesh | None:
        """The jaw's mesh as its file has it; None of a label map."""
        return None if self.labelled is None else self.labelled.mesh
