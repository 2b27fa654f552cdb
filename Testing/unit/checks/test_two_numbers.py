"""A tooth that a CBCT and an intraoral scan number differently: found, told with both numbers, repaired, kept."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_repair_surfaces import numbered
from toy_jaws import toy_jaw
from toy_teeth import evidence, tidy, volume

from DentalTopoSegLib.checks.findings import check_dentition, check_jaws, repairs_for
from DentalTopoSegLib.checks.findings.live import LiveCheck
from DentalTopoSegLib.checks.repair import make_edit, renumber, swap_sides, take_numbers
from DentalTopoSegLib.dentition import Known, TwoNumbers
from DentalTopoSegLib.dentition.two_numbers import runs_of
from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.seg_nrrd import stored_known, write_seg_nrrd
from DentalTopoSegLib.files.volumes import read_labels

SHIFTED = {36: TwoNumbers(36, 37, 0.9, 0.6), 37: TwoNumbers(37, 38, 0.8, 0.7)}


def test_both_numbers_and_scores_are_told() -> None:
    found = check_dentition(volume(tidy()), two_numbers=SHIFTED)
    assert [(one.code, one.severity, one.teeth) for one in found] == [
        ("two_numbers", "warning", (36,)),
        ("two_numbers", "warning", (37,)),
    ]
    assert found[0].message == (
        "The same tooth is 36 (score 90 %) in the CBCT and 37 (score 60 %) in the intraoral scan: "
        "please decide which number is right."
    )
    assert found[0].say("Universal").startswith("The same tooth is 19 (score 90 %) in the CBCT and 18 (")


def test_the_repair_takes_the_other_numbers_of_all_teeth_that_go_together() -> None:
    found = check_dentition(volume(tidy()), two_numbers=SHIFTED)
    repair = repairs_for(found[0])[0]
    assert repair.title == "Renumber as they stand: 36 becomes 37, 37 becomes 38"
    array, known = tidy().copy(), Known(two_numbers=SHIFTED)
    before = array.copy()
    edit = make_edit(volume(array), repair)
    edit.apply(array)
    assert ((array == 38) == (before == 37)).all()
    assert edit.known(known).two_numbers == {}  # a person has decided
    edit.undo(array)
    assert (array == before).all()


def test_a_number_that_was_taken_is_a_note_and_can_be_given_back() -> None:
    two = {36: TwoNumbers(37, 36, None, 0.7, decided=True)}
    (found,) = check_jaws([numbered(toy_jaw("lower"), known=Known(two_numbers=two))], ["jaw"])
    assert (found.severity, found.message) == (
        "info",
        "The same tooth was 37 in the CBCT and 36 (score 70 %) in the intraoral scan: 36 was taken for both, "
        "please check.",
    )
    assert repairs_for(found)[0].title == "Give tooth 36 the number 37"


def test_what_a_person_numbered_since_or_what_is_gone_is_not_told() -> None:
    assert check_dentition(volume(tidy()), two_numbers={36: TwoNumbers(34, 35)}) == []
    assert check_dentition(volume(tidy()), two_numbers={38: TwoNumbers(38, 37)}) == []
    live = LiveCheck(volume(tidy()))
    assert live.findings == []
    live.two_numbers = SHIFTED
    assert len(live.judge()) == 2


def test_taking_numbers_keeps_what_they_were_found_from() -> None:
    known = Known(evidence=evidence((47, 46)))
    two = {48: TwoNumbers(47, 48, 0.4, 0.9, decided=True)}
    array = tidy().copy()
    edit = make_edit(volume(array), take_numbers({47: 48}, two))
    after = edit.known(known)
    assert after.two_numbers == two
    assert after.evidence[48] == known.evidence[47] and 47 not in after.evidence
    by_hand = make_edit(volume(array), renumber(46, 38)).known(after)
    assert by_hand.two_numbers == two
    nothing = make_edit(volume(array), take_numbers({}, two))
    assert nothing.size == 0 and nothing.known(known).two_numbers == two
    with pytest.raises(InputError, match="number of its own"):
        take_numbers({46: 48, 47: 48}, {})


def test_exchanging_sides_ends_what_was_told() -> None:
    edit = make_edit(volume(tidy().copy()), swap_sides())
    assert edit.known(Known(two_numbers=SHIFTED)).two_numbers == {}


def test_it_is_kept_in_files_and_json(tmp_path) -> None:
    known = Known(evidence=evidence((36, 37)), two_numbers=SHIFTED)
    path = write_seg_nrrd(volume(tidy()), tmp_path / "t.seg.nrrd", None, known)
    assert stored_known(read_labels(path)).two_numbers == SHIFTED
    assert Known.from_dict(known.to_dict()) == known
    assert known.of_teeth((36,)).two_numbers == {36: SHIFTED[36]}


@pytest.mark.parametrize("text", ["", "36 37", "36 99 - - 0", "36 37 0.9 0.6 2", "36 37 9 0.6 0", "36 37 0.9 0.6 0 "])
def test_a_damaged_tag_says_nothing(text: str) -> None:
    assert TwoNumbers.of_text(text) is None


def test_a_tag_is_read_as_it_was_written() -> None:
    for two in (*SHIFTED.values(), TwoNumbers(11, 21, None, None, decided=True), TwoNumbers(54, 14, 1.0, 0.0)):
        assert TwoNumbers.of_text(two.to_text()) == two


def test_runs_that_meet_are_one() -> None:
    two = {14: TwoNumbers(14, 15), 16: TwoNumbers(16, 17), 15: TwoNumbers(15, 16), 24: TwoNumbers(24, 25)}
    assert runs_of(two) == [{14: 15, 15: 16, 16: 17}, {24: 25}]
    assert runs_of({15: replace(two[14], decided=True)}) == [{15: 14}]
