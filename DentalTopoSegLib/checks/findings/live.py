"""Findings of a label map that is being edited: only the teeth that changed are measured again.

Measuring a tooth (pieces, tunnels, voids, contacts) takes nearly all of a check's time; the rules, which weigh all
teeth against each other, take a few milliseconds. So the rules always see the whole dentition, as `check_dentition`
does, and what they find is the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from ...dentition import Confidence, TwoNumbers
from ...files.volumes.boxes import Box, shift, tooth_boxes, union
from ..measures.label_map import Case
from ..measures.surroundings import Clearance, Memory
from ..topology import ToothMeasure, contacts_of, locate_tunnels, measure_tooth
from .checking import findings_of
from .finding import Finding

if TYPE_CHECKING:
    from ...files.volumes import Volume


class LiveCheck:
    """Keeps what was measured on each tooth of an FDI label map.

    Parameters
    ----------
    labels : Volume
        Its array may be edited in place; tell `update` where.
    confidence : mapping, optional
        {FDI number: 0..1} where known, see `check_dentition`; may be changed between calls.
    absent : collection of int
        Teeth that are stated absent; may be changed between calls.
    structures : Volume, optional
        What lies around and in the teeth; those do not change.
    two_numbers : mapping, optional
        By FDI number, of teeth that an intraoral scan numbers differently; may be changed between calls.

    Attributes
    ----------
    findings : list of Finding
        Of the last check, the gravest first; none for a map without teeth.

    Raises
    ------
    InputError
        For values that are no FDI numbers.
    """

    def __init__(
        self,
        labels: Volume,
        confidence: Mapping[int, float] | None = None,
        absent: Collection[int] = (),
        structures: Volume | None = None,
        two_numbers: Mapping[int, TwoNumbers] | None = None,
    ) -> None:
        self.labels = labels
        self.confidence: Mapping[int, float] = Confidence.of(confidence)
        self.absent = frozenset(absent)
        self.structures = structures
        self._memory = Memory()
        self.two_numbers: Mapping[int, TwoNumbers] = two_numbers or {}
        self.measures: dict[int, ToothMeasure] = {}
        self._contacts: dict[tuple[int, int], float] = {}
        self._tunnels: dict[int, tuple[tuple[float, float, float], ...]] = {}
        self.findings: list[Finding] = []
        self.update_all()

    def update_all(self) -> list[Finding]:
        """Measure every tooth."""
        self.measures, self._contacts, self._tunnels, self._memory = {}, {}, {}, Memory()
        for fdi, box in sorted(tooth_boxes(self.labels.array).items()):
            self._measure(fdi, box)
        return self.judge()

    def update(self, changed: Iterable[int], region: Box) -> list[Finding]:
        """Measure the teeth that changed again.

        Parameters
        ----------
        changed : iterable of int
            Every number that lost or gained voxels.
        region : Box
            Where all of these voxels lie.

        Raises
        ------
        InputError
            When a changed number is no tooth's.
        """
        changed = sorted(set(changed) - {0})
        for fdi in changed:
            old = self.measures.pop(fdi, None)
            self._tunnels.pop(fdi, None)
            self._memory.forget(fdi)
            self._contacts = {pair: area for pair, area in self._contacts.items() if fdi not in pair}
            around = region if old is None else union((region, old.box))
            boxes = tooth_boxes(np.where(self.labels.array[around] == fdi, fdi, 0).astype(np.uint8))
            for box in boxes.values():
                self._measure(fdi, shift(box, around))
        self.measures = dict(sorted(self.measures.items()))
        return self.judge()

    def judge(self) -> list[Finding]:
        """What the rules find in the measures; to call after a change of `confidence`, `absent` or `two_numbers`."""
        case = Case(
            self.labels,
            self.confidence,
            measures=self.measures,
            absent=self.absent,
            two_numbers=self.two_numbers,
            find_contacts=lambda: dict(sorted(self._contacts.items())),
            find_tunnels=self.places_of_tunnels,
            structures=self.structures,
            memory=self._memory,
        )
        self._case = case
        self.findings = findings_of(case) if self.measures else []
        return self.findings

    def clearances(self, fdi: int) -> list[Clearance]:
        """How near a tooth comes to nerve canal or sinus, as `Surroundings.clearances`; none where no structures are
        known or there is no such tooth."""
        around = self._case.around
        return [] if around is None or fdi not in self.measures else around.clearances(fdi)

    def _measure(self, fdi: int, box: Box) -> None:
        self.measures[fdi] = measure_tooth(self.labels, fdi, box)
        for other, area in contacts_of(self.labels, fdi, box).items():
            self._contacts[min(fdi, other), max(fdi, other)] = area

    def places_of_tunnels(self, fdi: int) -> tuple[tuple[float, float, float], ...]:
        """RAS mm, found once per state of the tooth, for they take longest."""
        if fdi not in self._tunnels:
            self._tunnels[fdi] = locate_tunnels(self.labels, self.measures[fdi])
        return self._tunnels[fdi]
