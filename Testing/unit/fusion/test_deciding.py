"""Which of two numbers holds: by both networks and the arch; never across the midline, never where it is not sure."""

from __future__ import annotations

from dataclasses import replace

import pytest
from toy_teeth import TEETH, evidence

from DentalTopoSegLib.dentition import Known, Stated, TwoNumbers
from DentalTopoSegLib.fusion import decide_numbers

UPPER = tuple(fdi for fdi in TEETH if fdi < 30)
ALL = evidence(TEETH)


def called(numbers: dict[int, int], sure: float = 0.97, teeth=TEETH) -> Known:
    """What a network knows that calls some teeth otherwise, {tooth: number}, and is so sure of those."""
    found = {}
    for fdi in teeth:
        number = numbers.get(fdi, fdi)
        if number != fdi:
            found[number] = replace(ALL[fdi], probabilities={number: sure, fdi: round(1 - sure, 4)})
        else:
            found[fdi] = replace(ALL[fdi], probabilities={fdi: 0.97})
    return Known(evidence=found)


def upper(known: Known) -> Known:
    return known.of_teeth(UPPER)


def pairs(cbct: dict[int, int], scan: dict[int, int], teeth=UPPER) -> dict[int, int]:
    return {cbct.get(fdi, fdi): scan.get(fdi, fdi) for fdi in teeth}


def test_nothing_is_decided_where_all_agree() -> None:
    both = decide_numbers({fdi: fdi for fdi in UPPER}, TEETH, UPPER, called({}), upper(called({})))
    assert (both.cbct, both.scan, both.two_numbers) == ({}, {}, {})


def test_the_scans_wrong_number_is_corrected_by_the_cbct() -> None:
    wrong = {17: 18}
    scan = called(wrong, 0.6, UPPER)
    found = decide_numbers(pairs({}, wrong), TEETH, scan.evidence, called({}), scan)
    assert (found.cbct, found.scan) == ({}, {18: 17})
    assert found.two_numbers == {17: TwoNumbers(17, 18, 0.97, 0.6, decided=True)}
    assert found.of_cbct() == found.of_scan() == {17: found.two_numbers[17]}


def test_the_cbcts_wrong_number_is_corrected_by_the_scan() -> None:
    wrong = {17: 18}
    cbct = called(wrong, 0.6)
    found = decide_numbers(pairs(wrong, {}), cbct.evidence, UPPER, cbct, upper(called({})))
    assert (found.cbct, found.scan) == ({18: 17}, {})
    assert found.of_cbct() == {17: TwoNumbers(18, 17, 0.6, 0.97, decided=True)}


def test_a_run_of_shifted_numbers_is_decided_together() -> None:
    shifted = {14: 15, 15: 16, 16: 17, 17: 18}
    scan = called(shifted, 0.55, UPPER)
    found = decide_numbers(pairs({}, shifted), TEETH, scan.evidence, called({}), scan)
    assert found.scan == {15: 14, 16: 15, 17: 16, 18: 17}
    assert found.cbct == {}
    assert all(two.decided for two in found.two_numbers.values())


def test_what_is_not_sure_is_left_to_a_person() -> None:
    """Both are as sure of the last molar, which the arch can take for either."""
    cbct = called({})
    far = replace(ALL[17], centre_mm=tuple(a + b for a, b in zip(ALL[17].centre_mm, (0.0, -5.0, 0.0), strict=True)))
    cbct = Known(evidence={**cbct.evidence, 17: replace(far, probabilities={17: 0.9, 18: 0.1})})
    scan = called({}, teeth=UPPER)
    scan = Known(
        evidence={k: v for k, v in scan.evidence.items() if k != 17}
        | {18: replace(far, probabilities={17: 0.1, 18: 0.9})}
    )
    found = decide_numbers(pairs({}, {17: 18}), TEETH, scan.evidence, cbct, scan)
    assert (found.cbct, found.scan) == ({}, {})
    assert found.two_numbers == {17: TwoNumbers(17, 18, 0.9, 0.9)}


def test_left_and_right_are_never_decided() -> None:
    mirrored = {11: 21, 21: 11}
    scan = called(mirrored, 0.5, UPPER)
    found = decide_numbers(pairs({}, mirrored), TEETH, scan.evidence, called({}), scan)
    assert (found.cbct, found.scan) == ({}, {})
    assert [two.decided for two in found.two_numbers.values()] == [False, False]


@pytest.mark.parametrize("unknown", ["cbct", "scan"])
def test_without_what_numbers_were_found_from_nothing_is_decided(unknown: str) -> None:
    known = {"cbct": called({}), "scan": called({17: 18}, 0.6, UPPER)}
    seen = {which: one.evidence for which, one in known.items()}
    known[unknown] = Known()
    found = decide_numbers(pairs({}, {17: 18}), seen["cbct"], seen["scan"], known["cbct"], known["scan"])
    assert (found.cbct, found.scan) == ({}, {})
    assert list(found.two_numbers) == [17]


def test_a_number_that_a_person_gave_holds() -> None:
    by_hand = called({})
    by_hand = Known(evidence={fdi: one for fdi, one in by_hand.evidence.items() if fdi != 17})
    present = tuple(18 if fdi == 17 else fdi for fdi in TEETH)
    found = decide_numbers(pairs({17: 18}, {}), present, UPPER, by_hand, called({}, teeth=UPPER))
    assert (found.cbct, found.scan) == ({}, {17: 18})


def test_a_number_that_another_tooth_bears_is_not_given() -> None:
    """Only the CBCT shows 18, numbered by a person, so its 17, which the scan calls 18, cannot become 18 too."""
    scan = called({17: 18}, 0.999, UPPER)
    weak = {**called({}).evidence, 17: replace(ALL[17], probabilities={17: 0.02, 18: 0.9})}
    free = decide_numbers(pairs({}, {17: 18}), TEETH, scan.evidence, Known(evidence=weak), scan)
    assert free.cbct == {17: 18}
    taken = decide_numbers(pairs({}, {17: 18}), (*TEETH, 18), scan.evidence, Known(evidence=weak), scan)
    assert 17 not in taken.cbct


def test_a_stated_absence_rules_a_number_out() -> None:
    scan = called({17: 18}, 0.999, UPPER)
    cbct = Known(Stated(frozenset({18})), called({}).evidence)
    found = decide_numbers(pairs({}, {17: 18}), TEETH, scan.evidence, cbct, scan)
    assert found.scan == {18: 17}
