"""What the clinician states, and what is kept so that numbers can be found again."""

from __future__ import annotations

import numpy as np
import pytest
from toy_teeth import TEETH, evidence

from DentalTopoSegLib.dentition import (
    CLASS_FDI,
    FDI_PERMANENT,
    MIXED_CLASS_FDI,
    Known,
    Stated,
    ToothEvidence,
    flipped_jaw,
    mirrored,
    neighbours,
    teeth_of_text,
)
from DentalTopoSegLib.dentition.numbering import number_teeth
from DentalTopoSegLib.dentition.numbering_again import numbers_again
from DentalTopoSegLib.errors import UsageError


@pytest.mark.parametrize("text", ["14,24", "14, 24", " 24;14 ", "14 24", "14,24,"])
def test_teeth_are_named_with_commas(text: str) -> None:
    assert teeth_of_text(text) == {14, 24}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("14,19", "'19' is no FDI tooth number"),
        ("5", "'5' is no FDI tooth number"),
        ("14,UL4", "'UL4' is no FDI tooth number"),
        ("1٤", "'1٤' is no FDI tooth number"),
        ("99999999999999999999", "'99999999999999999999' is no FDI tooth number"),
        ("-14", "'-14' is no FDI tooth number"),
        ("", "No tooth is named"),
        (" , ", "No tooth is named"),
    ],
)
def test_what_is_no_tooth_is_refused_in_one_sentence(text: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        teeth_of_text(text)
    assert str(refused.value).startswith(said)
    assert "such as 14,24." in str(refused.value)


@pytest.mark.parametrize("absent", [{19}, {14, 0}, {140}, {"14"}])
def test_only_teeth_can_be_absent(absent: set) -> None:
    with pytest.raises(UsageError, match="is no FDI tooth number"):
        Stated(frozenset(absent))


def test_some_tooth_must_be_left() -> None:
    with pytest.raises(UsageError, match="nothing to number"):
        Stated(frozenset(FDI_PERMANENT)).require_teeth()
    Stated(frozenset(FDI_PERMANENT), milk=True).require_teeth()
    Stated(frozenset(FDI_PERMANENT) - {11}).require_teeth()


def test_what_is_known_survives_json() -> None:
    known = Known(Stated(frozenset({24, 14}), False), evidence())
    content = known.to_dict()
    assert content["stated"] == {"absent": [14, 24], "dentition": "permanent"}
    assert Known.from_dict(content) == known
    assert Known.from_dict({}) == Known()


def test_teeth_beside_an_absent_one_are_neighbours() -> None:
    assert neighbours(13, {14, 24}) == (15, 12)
    assert neighbours(15, {14}) == (16, 13)
    assert neighbours(14, {14}) == (15, 13)
    assert neighbours(21, {11, 12}) == (13, 22)
    assert neighbours(18, {17}) == (16,)


# ---------------------------------------------------------------- numbering again


def test_that_a_network_knows_milk_teeth_is_kept_of_adults_too() -> None:
    for count, knows in ((len(CLASS_FDI), False), (len(MIXED_CLASS_FDI), True)):
        sure = np.full(count, 1e-5)
        sure[CLASS_FDI.index(25)] = 1.0
        kept = ToothEvidence.of(sure, (0, 0, 0), 500.0).probabilities
        assert (max(kept) > 50) is knows and len(kept) == 1 + knows


def test_numbers_found_again_are_those_of_a_run_with_the_same_statement() -> None:
    # the network of intraoral scans is sure of 25 and knows milk teeth; it makes none of an adult's tooth
    own = {fdi: np.full(len(MIXED_CLASS_FDI), 1e-5) for fdi in TEETH}
    for fdi, row in own.items():
        row[CLASS_FDI.index(fdi)] = 1.0
    places = {fdi: basis.centre_mm for fdi, basis in evidence().items()}
    sizes = np.full(len(own), 500.0)
    stated = Stated(frozenset({25}))
    found = number_teeth(np.array(list(own.values())), np.array(list(places.values())), sizes, absent=stated.absent)
    known = Known(evidence={fdi: ToothEvidence.of(row, places[fdi], 500.0) for fdi, row in own.items()})
    again = numbers_again(known, TEETH, stated)
    assert [again.get(fdi, fdi) for fdi in own] == found.fdi.tolist()
    assert again == {25: 0}


def test_nothing_stated_changes_nothing() -> None:
    assert numbers_again(Known(evidence=evidence()), TEETH, Stated()) == {}


def test_the_others_follow_an_extracted_premolar() -> None:
    """Thirteen upper teeth in a closed row, numbered as if the last molar were missing."""
    row = [fdi for fdi in TEETH if fdi < 30 and fdi not in (17,)]
    known = Known(evidence={fdi: basis for fdi, basis in evidence().items() if fdi in row})
    assert numbers_again(known, row, Stated(frozenset({14}))) == {14: 15, 15: 16, 16: 17}


def test_no_tooth_gets_a_stated_number_whatever_is_there() -> None:
    known = Known(evidence=evidence(FDI_PERMANENT))
    numbers = numbers_again(known, FDI_PERMANENT, Stated(frozenset({14, 36})))
    after = [numbers.get(fdi, fdi) for fdi in FDI_PERMANENT]
    assert not {14, 36} & set(after)
    assert sorted(after).count(0) == 2  # sixteen teeth on fifteen places, in both jaws
    assert len({fdi for fdi in after if fdi}) == 30


def test_numbers_that_a_person_gave_stay_and_are_given_to_nobody() -> None:
    known = Known(evidence={fdi: basis for fdi, basis in evidence().items() if fdi != 15})
    numbers = numbers_again(known, TEETH, Stated(frozenset({14})))
    assert 15 not in numbers
    assert numbers[14] in (16, 13, 0)
    assert 15 not in numbers.values()


# ---------------------------------------------------------------- after repairs


def test_evidence_goes_where_whole_dentitions_go() -> None:
    known = Known(Stated(frozenset({14})), evidence())
    sides = known.renumbered({fdi: mirrored(fdi) for fdi in TEETH}, exchanged=True)
    assert sides.stated == known.stated
    assert numbers_again(sides, TEETH, Stated()) == {}
    turned = known.renumbered({fdi: flipped_jaw(mirrored(fdi)) for fdi in TEETH}, exchanged=True)
    assert numbers_again(turned, TEETH, Stated()) == {}
    assert turned.evidence[36].probabilities[36] == known.evidence[26].probabilities[26]


def test_a_persons_decision_leaves_no_evidence() -> None:
    known = Known(evidence=evidence((15, 16, 17))).renumbered({16: 14, 17: 0}, exchanged=False)
    assert set(known.evidence) == {15}


def test_small_probabilities_are_not_kept() -> None:
    basis = ToothEvidence.of([0.0001, 0.9998, *[0.0] * 31], (1.23456, 2, 3), 450.04)
    assert basis == ToothEvidence({11: 0.9998}, (1.23, 2.0, 3.0), 450.0)
