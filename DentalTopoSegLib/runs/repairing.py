"""Runs that repair a result and write it to another file."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..checks.findings import Finding, check_dentition, check_jaws, repairs_for
from ..checks.repair import (
    Repair,
    RepairRefusedError,
    make_edit,
    make_sides_edit,
    make_structure_edit,
    number_again,
    sides_to_exchange,
)
from ..dentition import Confidence, Known, Stated, is_deciduous
from ..dentition.structure_origin import exchanged_origin
from ..dentition.structures import BY_VALUE
from ..errors import InputError
from ..exports import Result
from ..files.jaw_labels import write_labelled_mesh
from ..files.label_maps import left_aside, structures_without_value, write_labelmap
from ..files.seg_nrrd import write_seg_nrrd
from ..files.transactions import all_or_nothing, keep_inputs, require_file_name
from ..files.volumes.boxes import tooth_boxes
from .results import open_result

if TYPE_CHECKING:
    from ..files.meshes import Mesh
    from ..files.volumes import Volume
    from ..ios.segmenting import JawSegmentation

#: How often all that is safe is looked for again.
_ROUNDS = 5


@dataclass
class RepairRun:
    """What a repair did.

    Parameters
    ----------
    done : list of str
        Titles of the repairs made.
    refused : list of str
        Sentences for those that were not possible.
    before, after : list of Finding
        Those of `check`.
    path : Path
        The file written.
    warnings : list of str
        About the file that was repaired, and what the one written does not keep.
    """

    done: list[str]
    refused: list[str]
    before: list[Finding]
    after: list[Finding]
    path: Path
    warnings: list[str] = field(default_factory=list)


def repairs_of(result: Result) -> list[tuple[Finding, list[Repair]]]:
    """Every finding with what can be done about it, in the order of `check`."""
    return [(finding, repairs_for(finding, result.findings)) for finding in result.findings]


def repair_file(
    path: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    finding: int | None = None,
    choice: int = 1,
    number: int | None = None,
    all_safe: bool = False,
    numbering: str | None = None,
    absent: Collection[int] = (),
    milk: bool | None = None,
    orientation: str | None = None,
) -> RepairRun:
    """Repair a label map or a labelled mesh and write it to another file.

    Parameters
    ----------
    path : path
        Label map, labelled mesh or a run's report; see `results.open_result`.
    output : path
        .nii.gz, .seg.nrrd, ... of a label map, .vtp or .ply of a mesh.
    finding : int, optional
        Its number in the list of `check`, from 1.
    choice : int
        Which of its repairs, from 1.
    number : int, optional
        The FDI number for a repair that needs one.
    all_safe : bool
        Instead of one finding's: every repair that mends a shape and changes no number, checked again after each; what
        is refused is told and left.
    numbering : str, optional
        What the label values mean, as in `checking.check_file`.
    absent : collection of int
        Instead of a finding's: FDI numbers of teeth that are not there, beside those stated before. The others are
        numbered again.
    milk : bool, optional
        The same of a dentition in which milk teeth may stand, or none; None: what was stated before.
    orientation : str, optional
        Of a label map that does not say where left and right are.

    Returns
    -------
    RepairRun
        What was done.

    Raises
    ------
    InputError
        When the finding is not there or its repair is not possible; then nothing is written.
    """
    require_file_name(output)
    result = open_result(path, numbering, orientation=orientation)
    output = Path(output)
    _require_other_file(path, output)
    keep_inputs(result.files, output.absolute().parent, [output.name])
    work = _work_on(result)
    before = result.findings
    done: list[str] = []
    refused: list[str] = []
    left_out: list[str] = []
    if absent or milk is not None:
        stated = Stated(
            result.known.stated.absent | frozenset(absent), result.known.stated.milk if milk is None else milk
        )
        try:
            repair = number_again(result.known, work.teeth, stated)
        except RepairRefusedError as error:
            raise InputError(f"'{path}' cannot be numbered again: {error}") from error
        work.apply(repair)
        done = [repair.title]
        left_out = told_of_left_out(repair)
    elif all_safe:
        done, refused = _repair_safely(work, before)
        if not done:
            raise InputError(
                " ".join(refused) if refused else f"'{path}' has no finding that can be repaired without looking."
            )
    else:
        repair = _choose(result, finding, choice, number)
        if repair.of_structures and output.name.lower().endswith(".seg.nrrd"):
            raise InputError(f"'{output.name}' would hold the teeth alone: write the repaired canal to a .nii.gz.")
        work.apply(repair)
        done = [repair.title]
    with all_or_nothing(output.absolute().parent, result.files) as stage:
        work.write(stage / output.name)
    warnings = [
        *result.warnings,
        *left_out,
        *_no_milk_teeth(work.known, milk),
        *_not_kept(work.known.stated, output),
        *_structures_not_kept(result, output),
    ]
    return RepairRun(done, refused, before, work.findings(), output, warnings)


def told_of_left_out(repair: Repair) -> list[str]:
    """What is said of teeth for which numbering again left no number."""
    teeth = sorted(old for old, new in repair.arguments["numbers"].items() if not new)
    if not teeth:
        return []
    which, they = ("Tooth", "it is") if len(teeth) == 1 else ("Teeth", "they are")
    return [
        f"{which} {', '.join(map(str, teeth))}: what is stated leaves no number, so {they} no longer labelled "
        "in the new result."
    ]


def _no_milk_teeth(known: Known, milk: bool | None) -> list[str]:
    """What is said where milk teeth are stated and the networks of the run knew none."""
    if not milk or any(is_deciduous(fdi) for basis in known.evidence.values() for fdi in basis.probabilities if fdi):
        return []
    return ["The networks that made this result knew permanent teeth only: no number becomes a milk tooth's."]


def _not_kept(stated: Stated, output: Path) -> list[str]:
    """What is said of a format that holds labels alone."""
    if not stated or output.name.lower().endswith(".seg.nrrd"):
        return []
    absent = f" (--absent {','.join(map(str, sorted(stated.absent)))})" if stated.absent else ""
    return [
        f"'{output.name}' cannot hold what is stated of the teeth: state it again{absent} when you check or repair it. "
        "Of a CBCT, a .seg.nrrd keeps it."
    ]


def _structures_not_kept(result: Result, output: Path) -> list[str]:
    """What is said of a file that does not hold all that lies around and in the teeth."""
    if result.structures is None:
        return []
    if output.name.lower().endswith(".seg.nrrd"):
        return [f"'{output.name}' holds the teeth alone: write a .nii.gz to keep what lies around them too."]
    without = structures_without_value(result.label_map, result.structures, "fdi")
    return left_aside(without, "being a part of teeth in a map that can hold teeth alone there")


def _require_other_file(path: str | os.PathLike[str], output: Path) -> None:
    if os.path.exists(output) and os.path.samefile(path, output):
        raise InputError(f"'{output}' is the file to be repaired: write the result to another one.")


def _choose(result: Result, finding: int | None, choice: int, number: int | None) -> Repair:
    count = len(result.findings)
    if finding is None or not 1 <= finding <= count:
        raise InputError(f"'{result.name}' has {count} finding(s): choose one by its number, 1 to {count}.")
    found = result.findings[finding - 1]
    repairs = repairs_for(found, result.findings)
    if not repairs:
        raise InputError(f"Only a person can settle this finding: {found.message}")
    if not 1 <= choice <= len(repairs):
        raise InputError(f"Finding {finding} has {len(repairs)} possible repair(s): choose 1 to {len(repairs)}.")
    repair = repairs[choice - 1]
    if not repair.needs_number:
        if number is not None:
            raise InputError(f"No number is needed to do this: {repair.title.lower()}.")
        return repair
    if number is None:
        raise InputError(f"Give the FDI number (--number) to do this: {repair.title.lower()}.")
    return repair.with_number(number)


def _repair_safely(work: _Work, found: list[Finding]) -> tuple[list[str], list[str]]:
    done: list[str] = []
    refused: dict[str, str] = {}
    for _ in range(_ROUNDS):
        todo = [repair for finding in found for repair in repairs_for(finding, found) if repair.safe]
        todo = [repair for repair in todo if repair.title not in refused]
        if not todo:
            break
        for repair in todo:
            try:
                work.apply(repair)
                done.append(repair.title)
            except InputError as error:
                refused[repair.title] = str(error)
        found = work.findings()
    return done, list(refused.values())


class _Work(Protocol):
    """Labels under repair."""

    @property
    def known(self) -> Known: ...

    @property
    def teeth(self) -> frozenset[int]: ...

    def apply(self, repair: Repair) -> None: ...

    def findings(self) -> list[Finding]: ...

    def write(self, output: Path) -> None: ...


def _work_on(result: Result) -> _Work:
    if result.labels is not None:
        labels = result.labels.with_array(result.labels.array.copy())
        beside = result.structures
        beside = None if beside is None else beside.with_array(beside.array.copy())
        return _LabelMapUnderRepair(labels, result.confidence, result.known, beside)
    assert result.jaw is not None and result.mesh is not None  # what is no label map is a labelled mesh
    return _LabelledJawUnderRepair(result.jaw, result.mesh, result.name)


@dataclass
class _LabelMapUnderRepair:
    labels: Volume
    confidence: Confidence | None
    known: Known
    structures: Volume | None = None

    @property
    def teeth(self) -> frozenset[int]:
        return frozenset(tooth_boxes(self.labels.array))

    def apply(self, repair: Repair) -> None:
        if repair.of_structures and self.structures is not None:
            make_structure_edit(self.structures, self.labels, repair).apply(self.structures.array)
            return
        edit = make_edit(self.labels, repair)
        edit.apply(self.labels.array)
        if repair.exchanges_sides and self.structures is not None:
            beside = make_sides_edit(self.structures, self.labels, repair)
            if beside is not None:
                names = sides_to_exchange(self.structures, self.labels, repair.arguments["jaw"])
                beside.apply(self.structures.array)
                called = {BY_VALUE[one].key: BY_VALUE[other].key for one, other in names.items()}
                self.structures = replace(self.structures, metadata=exchanged_origin(self.structures.metadata, called))
        self.known = edit.known(self.known)
        self.confidence = None if self.confidence is None else edit.confidence(self.confidence)

    def findings(self) -> list[Finding]:
        if not self.labels.array.any():
            return []
        return check_dentition(
            self.labels,
            self.confidence,
            absent=self.known.stated.absent,
            structures=self.structures,
            two_numbers=self.known.two_numbers,
        )

    def write(self, output: Path) -> None:
        if output.name.lower().endswith(".seg.nrrd"):
            write_seg_nrrd(self.labels, output, self.confidence, self.known)
        else:
            write_labelmap(self.labels, output, structures=self.structures)


@dataclass
class _LabelledJawUnderRepair:
    jaw: JawSegmentation
    mesh: Mesh
    name: str

    @property
    def known(self) -> Known:
        return self.jaw.known

    @property
    def teeth(self) -> frozenset[int]:
        return frozenset(int(fdi) for fdi in np.unique(self.jaw.fdi) if fdi)

    def apply(self, repair: Repair) -> None:
        edit = make_edit(self.jaw, repair)
        self.jaw = replace(edit.apply(self.jaw), known=edit.known(self.jaw.known))

    def findings(self) -> list[Finding]:
        return check_jaws([self.jaw], [self.name], [self.jaw.jaw]) if np.any(self.jaw.fdi) else []

    def write(self, output: Path) -> None:
        write_labelled_mesh(output, self.mesh, self.jaw)
