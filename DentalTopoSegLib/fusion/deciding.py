"""Which of two numbers holds where a CBCT and an intraoral scan disagree: what both networks say, and the whole arch.

The two networks looked at different pictures of the same tooth, so what they say of its number is multiplied; then the
teeth of the CBCT are numbered anew from that, as a run numbers them: each number once, in the order of the arch, at the
distances that neighbours have. A number is taken only where that comes out surely, and is one of the two. Left and
right are never decided: each scan has its own way to know them, and who is wrong there is for a person to say.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from ..dentition import CLASS_FDI, MIXED_CLASS_FDI, Known, ToothEvidence, TwoNumbers, is_deciduous, is_right
from ..dentition.numbering import number_teeth
from ..dentition.two_numbers import runs_of

#: A number is taken where it has this probability along the arch.
_SURE = 0.9
#: The smallest probability believed: one network alone cannot rule a number out.
_FLOOR = 1e-3


@dataclass(frozen=True)
class Decision:
    """What becomes of the numbers.

    Parameters
    ----------
    cbct, scan : dict
        {FDI number: number that holds}, of the teeth whose number changes.
    two_numbers : dict
        By the CBCT's FDI number before any change: the teeth that the two number differently.
    """

    cbct: dict[int, int] = field(default_factory=dict)
    scan: dict[int, int] = field(default_factory=dict)
    two_numbers: dict[int, TwoNumbers] = field(default_factory=dict)

    def of_cbct(self) -> dict[int, TwoNumbers]:
        """By the numbers that the CBCT's teeth have from now on."""
        return {self.cbct.get(fdi, fdi): two for fdi, two in self.two_numbers.items()}

    def of_scan(self) -> dict[int, TwoNumbers]:
        """By the numbers that the scan's teeth have from now on."""
        return {self.scan.get(two.scan, two.scan): two for two in self.two_numbers.values()}


def decide_numbers(
    pairs: Mapping[int, int],
    cbct_teeth: Collection[int],
    scan_teeth: Collection[int],
    cbct: Known,
    scan: Known,
) -> Decision:
    """Decide which number holds for each tooth that has two.

    Parameters
    ----------
    pairs : mapping
        {the CBCT's FDI number: the scan's} of the teeth seen by both.
    cbct_teeth, scan_teeth : collection of int
        All numbers that each has.
    cbct, scan : Known
        What the numbers were found from. Where one of the two keeps nothing of it, nothing is decided; a tooth without
        it beside others that have it was numbered by a person, whose word holds against a network's.

    Returns
    -------
    Decision
        Teeth that can only change together, because one takes the number that the other gives up, are decided together
        or not at all.
    """
    differing = {
        tooth: TwoNumbers(tooth, number, _score(cbct, tooth), _score(scan, number))
        for tooth, number in pairs.items()
        if tooth != number
    }
    holds = _numbers_together(pairs, cbct_teeth, cbct, scan) if differing else {}
    changes: dict[str, dict[int, int]] = {"cbct": {}, "scan": {}}
    two_numbers = dict(differing)
    for run in runs_of(differing):
        winner = _winner({tooth: differing[tooth] for tooth in run}, holds)
        if winner is None:
            continue
        changed = run if winner == "scan" else {number: tooth for tooth, number in run.items()}
        loser, present = ("cbct", cbct_teeth) if winner == "scan" else ("scan", scan_teeth)
        if set(changed.values()) & (set(present) - set(changed)):
            continue  # a tooth that only one of the two has bears that number
        changes[loser] |= changed
        for tooth in run:
            two = differing[tooth]
            two_numbers[tooth] = TwoNumbers(two.cbct, two.scan, two.cbct_score, two.scan_score, decided=True)
    return Decision(changes["cbct"], changes["scan"], two_numbers)


def _score(known: Known, number: int) -> float | None:
    """What its network gives to a tooth's own number."""
    basis = known.evidence.get(number)
    return None if basis is None else round(float(basis.probabilities.get(number, 0.0)), 4)


def _winner(run: Mapping[int, TwoNumbers], holds: Mapping[int, int]) -> str | None:
    """Whose numbers hold for all teeth of a run: "cbct", "scan", or None where that is not sure."""
    if any(is_right(two.cbct) != is_right(two.scan) for two in run.values()):
        return None
    winners = {
        "cbct" if holds.get(tooth) == two.cbct else "scan" if holds.get(tooth) == two.scan else None
        for tooth, two in run.items()
    }
    return winners.pop() if len(winners) == 1 else None


def _numbers_together(
    pairs: Mapping[int, int], cbct_teeth: Collection[int], cbct: Known, scan: Known
) -> dict[int, int]:
    """{the CBCT's number: the one that holds}, of the teeth for which that is sure."""
    if not cbct.evidence or not scan.evidence:
        return {}
    by_hand = {tooth: tooth for tooth in cbct_teeth if tooth not in cbct.evidence}
    basis = {tooth: cbct.evidence[tooth] for tooth in sorted(cbct_teeth) if tooth in cbct.evidence}
    if not basis:
        return by_hand
    everyone = [*basis.values(), *scan.evidence.values()]
    knows_milk = any(is_deciduous(fdi) for one in everyone for fdi in one.probabilities if fdi)
    names = MIXED_CLASS_FDI if knows_milk else CLASS_FDI
    rows = []
    for tooth, one in basis.items():
        row = _row(one, names)
        number = pairs.get(tooth)
        if number is not None and number in scan.evidence:
            both = row[1:] * np.maximum(_row(scan.evidence[number], names)[1:], _FLOOR)
            row = np.concatenate([row[:1], both / both.sum() * row[1:].sum()])
        elif number is not None:  # a person gave the number in the scan
            row = np.concatenate([row[:1], np.eye(len(names))[names.index(number)][1:]])
        rows.append(row)
    milk = cbct.stated.milk if cbct.stated.milk is not None else scan.stated.milk
    found = number_teeth(
        np.array(rows),
        np.array([one.centre_mm for one in basis.values()]),
        np.array([one.volume_mm3 for one in basis.values()]),
        absent=cbct.stated.absent | scan.stated.absent | frozenset(by_hand),
        milk=milk,
        no_tooth=np.array([one.no_tooth for one in basis.values()]),
    )
    sure = zip(basis, found.fdi, found.posterior, strict=True)
    return by_hand | {tooth: int(number) for tooth, number, share in sure if number and share >= _SURE}


def _row(one: ToothEvidence, names: tuple[int, ...]) -> np.ndarray:
    """Probabilities in the order of `names`, no tooth first; none of a tooth's is 0."""
    row = np.array([one.probabilities.get(fdi, 0.0) for fdi in names], float)
    row[1:] = np.maximum(row[1:], _FLOOR)
    return row
