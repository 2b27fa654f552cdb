"""Teeth that are stated absent: nobody misses them, their neighbours stand side by side, numbers are found again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_repair_surfaces import numbered
from toy_jaws import segmented, toy_jaw
from toy_teeth import TEETH, evidence, paint, place, relabel, tidy, volume

import DentalTopoSegLib as library
from DentalTopoSegLib import check, repair
from DentalTopoSegLib.cbct import Segmentation
from DentalTopoSegLib.checks.findings import check_dentition, check_jaws
from DentalTopoSegLib.checks.findings.live import LiveCheck
from DentalTopoSegLib.checks.repair import RepairRefusedError, make_edit, number_again, renumber, swap_sides
from DentalTopoSegLib.dentition import FDI_PERMANENT, Known, Stated


def without(*teeth: int) -> np.ndarray:
    return relabel(tidy(), dict.fromkeys(teeth, 0))


def missed(findings) -> list[tuple[int, ...]]:
    return [finding.teeth for finding in findings if finding.code == "missing_tooth"]


def test_a_stated_tooth_is_not_missed() -> None:
    labels = volume(without(14, 24, 36))
    assert missed(check_dentition(labels)) == [(14,), (24,), (36,)]
    assert missed(check_dentition(labels, absent={14, 36})) == [(24,)]
    assert check_dentition(labels, absent={14, 24, 36}) == []


def test_the_space_beside_is_told_between_the_teeth_that_are_there() -> None:
    (finding,) = check_dentition(volume(without(14, 15)), absent={14})
    assert finding.teeth == (15,)
    assert finding.detail["between"] == [13, 16]


def test_a_jaw_whose_teeth_are_all_stated_absent_is_not_missed() -> None:
    labels = volume(without(*(fdi for fdi in TEETH if fdi > 30)))
    assert missed(check_dentition(labels)) == [()]
    lower = [*range(31, 39), *range(41, 49)]
    assert missed(check_dentition(labels, absent=lower)) == []


def test_two_in_one_is_not_said_of_a_neighbour_that_is_absent() -> None:
    array = relabel(tidy(), {35: 36, 36: 36})
    paint(array, 36, scale=1.0)
    said = {finding.code for finding in check_dentition(volume(array))}
    assert "merged_neighbours" in said or "doubled_number" in said
    for finding in check_dentition(volume(array), absent={35}):
        assert finding.detail.get("suggested") != 35
        assert 35 not in finding.teeth


def test_a_surface_remembers_what_was_stated() -> None:
    toy = toy_jaw("lower", absent=(34,))
    assert missed(check_jaws([segmented(toy)], ["jaw"])) == [(34,)]
    stated = Known(Stated(frozenset({34})))
    assert check_jaws([segmented(toy, known=stated)], ["jaw"]) == []


def test_a_live_check_can_be_told() -> None:
    live = LiveCheck(volume(without(14)))
    assert missed(live.findings) == [(14,)]
    live.absent = frozenset({14})
    assert live.judge() == []


# ---------------------------------------------------------------- numbering again


def called_one_too_near() -> np.ndarray:
    """Tooth 14 was extracted and the gap has closed: 15, 16 and 17 are called 14, 15 and 16."""
    return relabel(tidy(), {14: 0, 15: 14, 16: 15, 17: 16})


def closed_row() -> Known:
    basis = evidence()
    return Known(evidence={fdi: basis[fdi] for fdi in TEETH if fdi != 17})


def test_the_numbers_follow_in_a_label_map_and_come_back() -> None:
    labels = volume(called_one_too_near())
    result = Segmentation(labels, dict.fromkeys(range(11, 15), 0.9), {}, known=closed_row())
    teeth = [int(fdi) for fdi in np.unique(labels.array) if fdi]
    stated = number_again(result.known, teeth, Stated(frozenset({14})))
    assert stated.title == "Tooth 14 is absent, 14 becomes 15, 15 becomes 16, 16 becomes 17"
    assert stated.say("Universal") == "Tooth 5 is absent, 5 becomes 4, 4 becomes 3, 3 becomes 2"
    after = repair(result, stated)
    np.testing.assert_array_equal(after.labels.array, without(14))
    assert after.known.stated.absent == {14}
    assert set(after.known.evidence) == set(TEETH) - {14}
    assert set(after.confidence) == {11, 12, 13}  # what is known of the others was known of other numbers
    assert missed(check(after)) == []
    back = repair(after, number_again(after.known, [f for f in TEETH if f != 14], Stated()))
    np.testing.assert_array_equal(back.labels.array, labels.array)
    assert back.known == result.known


def test_the_numbers_follow_on_a_surface_and_come_back() -> None:
    toy = toy_jaw("upper", absent=(17,))
    basis = evidence()
    jaw = replace(numbered(toy), known=Known(evidence={fdi: basis[fdi] for fdi in np.unique(toy.fdi) if fdi}))
    teeth = [int(fdi) for fdi in np.unique(jaw.fdi) if fdi]
    edit = make_edit(jaw, number_again(jaw.known, teeth, Stated(frozenset({14}))))
    after = replace(edit.apply(jaw), known=edit.known(jaw.known))
    assert edit.numbers == {14: 15, 15: 16, 16: 17}
    assert set(np.unique(after.fdi)) == {0, *teeth, 17} - {14}
    assert set(np.unique(after.face_fdi)) == set(np.unique(after.fdi))
    undone = edit.undo(after)
    np.testing.assert_array_equal(undone.fdi, jaw.fdi)
    np.testing.assert_array_equal(undone.face_fdi, jaw.face_fdi)


def test_a_statement_that_moves_nothing_is_kept_all_the_same() -> None:
    known = Known(evidence=evidence([fdi for fdi in TEETH if fdi != 14]))
    result = Segmentation(volume(without(14)), {}, {}, known=known)
    after = repair(result, number_again(known, [fdi for fdi in TEETH if fdi != 14], Stated(frozenset({14}))))
    np.testing.assert_array_equal(after.labels.array, result.labels.array)
    assert missed(check(result)) == [(14,)]
    assert missed(check(after)) == []


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (Known(), "it was not kept what its numbers were found from"),
        (Known(evidence=evidence([15, 16])), "The number 14 was given by hand"),
        (Known(Stated(frozenset({14})), evidence()), "This is stated already"),
    ],
)
def test_what_cannot_be_numbered_again_is_told(known: Known, said: str) -> None:
    with pytest.raises(RepairRefusedError, match=said):
        number_again(known, TEETH, Stated(frozenset({14})))


def test_no_tooth_left_is_refused() -> None:
    with pytest.raises(RepairRefusedError, match="No tooth would keep a number"):
        number_again(Known(evidence=evidence((11,))), (11,), Stated(frozenset(FDI_PERMANENT)))


def test_edits_by_hand_and_exchanges_keep_what_they_may() -> None:
    known = Known(Stated(frozenset({18})), evidence())
    labels = volume(tidy())
    assert set(make_edit(labels, renumber(17, 18)).known(known).evidence) == set(TEETH) - {17}
    turned = make_edit(labels, swap_sides()).known(known)
    assert turned.stated == known.stated
    assert turned.evidence[27].probabilities[27] == known.evidence[17].probabilities[17]


def test_places_of_the_toy_are_where_the_evidence_says() -> None:
    """The toy's evidence and its painted teeth stand in one order."""
    assert place(14)[0] > place(13)[0]
    assert evidence()[14].centre_mm[0] > evidence()[13].centre_mm[0]


def test_the_package_promises_it_in_one_call() -> None:
    result = Segmentation(volume(called_one_too_near()), {}, {}, known=closed_row())
    after = library.number_again(result, absent={14})
    np.testing.assert_array_equal(after.labels.array, without(14))
    assert after.known.stated == Stated(frozenset({14}))
    with pytest.raises(library.UsageError, match="19 is no FDI tooth number"):
        library.number_again(result, absent={19})
    fewer = library.number_again(result, absent={24, 28})  # no place is left on that side
    assert fewer.warnings[-1].endswith("so it is no longer labelled in the new result.")
    assert result.warnings == [] == after.warnings


def test_who_gives_a_tooth_a_number_takes_back_that_it_is_absent() -> None:
    known = Known(Stated(frozenset({18, 28})), evidence())
    assert make_edit(volume(tidy()), renumber(17, 18)).known(known).stated.absent == {28}
    assert make_edit(volume(tidy()), renumber(17, 38)).known(known).stated.absent == {18, 28}
