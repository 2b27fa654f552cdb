"""The change that a repair makes, kept so that it can be made, taken back and made again bit for bit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...dentition import Confidence, Known
from ...files.volumes.boxes import Box
from .repair import Repair, RepairRefusedError

if TYPE_CHECKING:
    from ...ios.segmenting import JawSegmentation


@dataclass(frozen=True)
class Edit(ABC):
    """What a repair changes.

    Parameters
    ----------
    repair : Repair
        What it was made of.
    before, after
        The labels that change, see the subclasses.
    numbers : mapping
        {old FDI number: new number} of whole teeth that were renumbered, 0 for those taken out: for what is kept by
        number elsewhere (confidences, segments).
    """

    repair: Repair
    before: Any
    after: Any
    numbers: Mapping[int, int] = field(default_factory=dict)

    def apply(self, labels: Any) -> Any:
        """Make the change. Raises RepairRefusedError, and changes nothing, where the labels are not those it was made
        for."""
        return self._write(labels, self.before, self.after)

    def undo(self, labels: Any) -> Any:
        """Take it back, bit for bit. Raises RepairRefusedError, and changes nothing, where they were edited since."""
        return self._write(labels, self.after, self.before)

    @property
    @abstractmethod
    def size(self) -> int:
        """How many labels change; 0: the repair has nothing to do."""

    @property
    def teeth(self) -> tuple[int, ...]:
        """The numbers that change, old and new, in order."""
        return tuple(int(fdi) for fdi in np.union1d(*self._numbers()) if fdi)

    def confidence(self, known: Mapping[int, float]) -> Confidence:
        """Confidences after the change, by FDI number; they mean what they meant.

        Numbers that the user has decided on are certain and left out, unless teeth changed places as a whole; so are
        those of teeth that are gone.
        """
        numbers = self.numbers
        kept = {
            numbers.get(fdi, fdi): sure
            for fdi, sure in known.items()
            if self.repair.keeps_confidence or fdi not in numbers
        }
        return Confidence(sorted(kept.items()), calibrated=Confidence.of(known).calibrated)

    def known(self, known: Known) -> Known:
        """What is known of the teeth after the change: what is stated now, and what numbers were found from, without
        those that the user has given; who gives a tooth a number takes back that this one is absent."""
        repair = self.repair
        if repair.keeps_evidence:
            moved = {self.numbers.get(fdi, fdi): basis for fdi, basis in known.evidence.items()}
            known = replace(known, evidence={fdi: basis for fdi, basis in sorted(moved.items()) if fdi})
        else:
            known = known.renumbered(self.numbers, exchanged=repair.keeps_confidence)
        if repair.two_numbers is not None:
            known = replace(known, two_numbers=repair.two_numbers)
        if repair.stated is not None:
            return replace(known, stated=repair.stated)
        given = frozenset(int(fdi) for fdi in np.unique(self._numbers()[1]))
        return replace(known, stated=replace(known.stated, absent=known.stated.absent - given))

    @abstractmethod
    def _write(self, labels: Any, old: Any, new: Any) -> Any:
        """The labels with `new` where they were `old`."""

    @abstractmethod
    def _numbers(self) -> tuple[np.ndarray, np.ndarray]:
        """The FDI numbers of what changes, before and after."""


@dataclass(frozen=True)
class LabelMapEdit(Edit):
    """A change of a label array (z, y, x), made in place. before, after: what the box holds.

    Parameters
    ----------
    box : tuple of slice
        Where the change lies.
    """

    box: Box = field(kw_only=True)

    @property
    def changed(self) -> np.ndarray:
        """bool, of the box's shape: the voxels that change."""
        return self.before != self.after

    @property
    def size(self) -> int:
        return int(np.count_nonzero(self.changed))

    def _numbers(self) -> tuple[np.ndarray, np.ndarray]:
        changed = self.changed
        return self.before[changed], self.after[changed]

    def _write(self, array: np.ndarray, old: np.ndarray, new: np.ndarray) -> np.ndarray:
        changed, view = self.changed, array[self.box]
        _require_untouched(view.shape == changed.shape and bool((view[changed] == old[changed]).all()))
        view[changed] = new[changed]
        return array


class JawLabels(NamedTuple):
    """Labels of some vertices and faces of a jaw: FDI number and instance of the vertices, FDI number of the faces,
    and which jaw it is."""

    fdi: np.ndarray
    instance: np.ndarray
    face_fdi: np.ndarray
    jaw: str


@dataclass(frozen=True)
class JawEdit(Edit):
    """A change of a surface's labels; the jaw given stays, another one is returned. before, after: `JawLabels`.

    Parameters
    ----------
    vertices, faces : (N,) int arrays
        Which ones change.
    """

    vertices: np.ndarray = field(kw_only=True)
    faces: np.ndarray = field(kw_only=True)

    @property
    def size(self) -> int:
        return len(self.vertices) + len(self.faces)

    def _numbers(self) -> tuple[np.ndarray, np.ndarray]:
        return self.before.fdi, self.after.fdi

    def _write(self, jaw: JawSegmentation, old: JawLabels, new: JawLabels) -> JawSegmentation:
        arrays = [np.array(values) for values in (jaw.fdi, jaw.instance, jaw.face_fdi)]
        where = (self.vertices, self.vertices, self.faces)
        _require_untouched(
            jaw.jaw == old.jaw and all((a[i] == o).all() for a, i, o in zip(arrays, where, old[:3], strict=True))
        )
        for array, index, values in zip(arrays, where, new[:3], strict=True):
            array[index] = values
        fdi, instance, face_fdi = arrays
        return replace(jaw, fdi=fdi, instance=instance, face_fdi=face_fdi, jaw=new.jaw)


def _require_untouched(untouched: bool) -> None:
    if not untouched:
        raise RepairRefusedError(
            "The teeth were changed since: undo the later changes first, or check again for a new proposal."
        )
