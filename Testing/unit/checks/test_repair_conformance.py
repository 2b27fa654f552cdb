"""What every kind of repair owes: both worlds or a reason, a way back, words in every numbering, no number twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from odd_teeth import CASES as MAPS
from odd_teeth import broken, crumbs
from test_repair_surfaces import CASES as SURFACES
from test_repair_surfaces import numbered, same_labels
from toy_jaws import toy_jaw
from toy_teeth import TEETH, evidence, relabel, tidy, volume

from DentalTopoSegLib.checks import repair as repairs
from DentalTopoSegLib.checks.findings import check_dentition, check_jaws
from DentalTopoSegLib.checks.repair import KINDS, NumberTakenError, Repair, RepairRefusedError, kinds, make_edit
from DentalTopoSegLib.dentition import Known, Stated, TwoNumbers
from DentalTopoSegLib.dentition.naming import NUMBERINGS
from DentalTopoSegLib.ios.segmenting import JawSegmentation

#: Teeth of the lower jaw behind 32: their FDI numbers are no Universal numbers, and Palmer has letters.
FDI_ONLY = re.compile(r"\b(3[3-8]|4[1-8])\b")


def middle(array: np.ndarray, fdi: int) -> tuple[float, float, float]:
    """RAS mm of a tooth's middle."""
    return tuple(volume(array).index_to_ras(np.argwhere(array == fdi).mean(0)))


def jaw_middle(fdi: int) -> tuple[float, float, float]:
    return tuple(toy_jaw("lower").centre(fdi))


def doubled_map() -> np.ndarray:
    return relabel(tidy(), {35: 36})


def halved_jaw() -> JawSegmentation:
    """Tooth 46, one half of it under the number 45."""
    jaw = toy_jaw("lower", absent=(45,))
    return numbered(jaw.where((jaw.fdi == 46) & (jaw.vertices[:, 1] > jaw.centre(46)[1]), 45))


def surface(case: str) -> Callable[[], JawSegmentation]:
    return lambda: SURFACES[case](toy_jaw("lower"))


def tidy_jaw() -> JawSegmentation:
    return numbered(toy_jaw("lower"))


def bare_jaw() -> JawSegmentation:
    """Tooth 37 was found, but has no number."""
    return SURFACES["without a number"](toy_jaw("lower"))


#: Tooth 36 was extracted, so what is called so is 37.
STATED = repairs.number_again(Known(Stated(), evidence()), TEETH, Stated({36}))

#: A scan laid over the CBCT calls 47 tooth 48.
TAKEN = repairs.take_numbers({47: 48}, {48: TwoNumbers(47, 48, 0.4, 0.9, decided=True)})

Example = tuple[Callable[[], np.ndarray], Repair, Callable[[], JawSegmentation], Repair]
#: By kind: a label map and its repair, a surface and its repair.
EXAMPLES: dict[str, Example] = {
    "remove_pieces": (MAPS["stray piece"], repairs.remove_pieces(46), surface("fragment"), repairs.remove_pieces(46)),
    "remove_specks": (
        lambda: crumbs(tidy().copy(), 34),
        repairs.remove_specks((34,)),
        surface("specks"),
        repairs.remove_specks((41,)),
    ),
    "join_pieces": (
        lambda: broken(tidy().copy(), 36),
        repairs.join_pieces(36),
        surface("broken"),
        repairs.join_pieces(36),
    ),
    "join_canal": (
        tidy,
        repairs.join_canal("canal_left", 3.0),
        tidy_jaw,
        repairs.join_canal("canal_left", 3.0),
    ),
    "fill": (MAPS["hollow"], repairs.fill(36), surface("hole"), repairs.fill(46)),
    "close_tunnels": (MAPS["two tunnels"], repairs.close_tunnels(36), tidy_jaw, repairs.close_tunnels(36)),
    "split": (MAPS["merged molars"], repairs.split(37, 36), surface("merged"), repairs.split(44, 45)),
    "separate": (
        MAPS["one tooth under two numbers"],
        repairs.separate(36, 35),
        halved_jaw,
        repairs.separate(45, 46),
    ),
    "merge": (MAPS["one tooth under two numbers"], repairs.merge(35, 36), halved_jaw, repairs.merge(45, 46)),
    "delete": (tidy, repairs.delete(36), tidy_jaw, repairs.delete(36)),
    "delete_piece": (
        doubled_map,
        repairs.delete_piece(36, middle(tidy(), 35)),
        surface("doubled"),
        repairs.delete_piece(34, jaw_middle(35)),
    ),
    "renumber": (tidy, repairs.renumber(37, 38), tidy_jaw, repairs.renumber(37).with_number(38)),
    "renumber_piece": (
        doubled_map,
        repairs.renumber_piece(36, middle(tidy(), 35), 35),
        bare_jaw,
        repairs.renumber_piece(None, jaw_middle(37)).with_number(37),
    ),
    "swap": (tidy, repairs.swap(36, 37), tidy_jaw, repairs.swap(36, 37)),
    "renumber_run": (
        tidy,
        repairs.renumber_run({36: 37, 37: 38}),
        tidy_jaw,
        repairs.renumber_run({45: 46, 46: 47, 47: 45}),
    ),
    "number_again": (tidy, STATED, tidy_jaw, STATED),
    "take_numbers": (tidy, TAKEN, tidy_jaw, TAKEN),
    "swap_sides": (tidy, repairs.swap_sides(), tidy_jaw, repairs.swap_sides("lower")),
    "swap_jaws": (tidy, repairs.swap_jaws(), tidy_jaw, repairs.swap_jaws()),
}


@pytest.fixture(params=KINDS, ids=lambda kind: kind.kind)
def kind(request: pytest.FixtureRequest) -> type[Repair]:
    return request.param


def test_every_kind_has_a_name_of_its_own_a_function_and_an_example() -> None:
    names = [kind.kind for kind in KINDS]
    assert set(names) == set(EXAMPLES) and len(set(names)) == len(names)
    assert all(callable(getattr(kinds, name)) for name in names)
    for name, (_, of_map, _, of_surface) in EXAMPLES.items():
        assert of_map.kind == of_surface.kind == name


def test_a_label_map_is_repaired_and_brought_back(kind: type[Repair]) -> None:
    make, repair, _, _ = EXAMPLES[kind.kind]
    array = make().astype(np.uint8)
    before = array.copy()
    if kind.not_of_label_maps is not None:
        assert_refused(volume(array), repair, kind.not_of_label_maps)
        return
    edit = make_edit(volume(array), repair)
    np.testing.assert_array_equal(array, before)
    edit.apply(array)
    after = array.copy()
    assert edit.size == np.count_nonzero(after != before) > 0
    assert set(edit.teeth) == set(np.unique([before[after != before], after[after != before]])) - {0}
    with pytest.raises(RepairRefusedError, match="changed since"):
        edit.apply(array)
    edit.undo(array)
    np.testing.assert_array_equal(array, before)
    edit.apply(array)
    np.testing.assert_array_equal(array, after)
    assert doubled(check_dentition(volume(after))) <= doubled(check_dentition(volume(before)))


def test_a_surface_is_repaired_and_brought_back(kind: type[Repair]) -> None:
    _, _, make, repair = EXAMPLES[kind.kind]
    jaw = make()
    if kind.not_of_surfaces is not None:
        assert_refused(jaw, repair, kind.not_of_surfaces)
        return
    before = replace(jaw, fdi=jaw.fdi.copy(), face_fdi=jaw.face_fdi.copy(), instance=jaw.instance.copy())
    edit = make_edit(jaw, repair)
    after = edit.apply(jaw)
    assert same_labels(jaw, before) and not same_labels(after, before)
    assert edit.size > 0
    with pytest.raises(RepairRefusedError, match="changed since"):
        edit.apply(after)
    assert same_labels(edit.undo(after), before)
    assert same_labels(edit.apply(edit.undo(after)), after)
    assert doubled(check_jaws([after], ["jaw"])) <= doubled(check_jaws([before], ["jaw"]))


def doubled(findings) -> set[tuple[int, ...]]:
    return {finding.teeth for finding in findings if finding.code == "doubled_number"}


def assert_refused(labels, repair: Repair, reason) -> None:
    with pytest.raises(RepairRefusedError) as refused:
        make_edit(labels, repair)
    assert refused.value.sentence == reason
    assert str(reason).endswith(".")


def test_confidences_follow_the_numbers(kind: type[Repair]) -> None:
    """Whoever decides on a number is sure of it; teeth that changed places as a whole are as sure as before; what is
    gone has no confidence."""
    make, repair, _, _ = EXAMPLES[kind.kind]
    if kind.not_of_label_maps is not None:
        return
    array = make().astype(np.uint8)
    known = {int(fdi): fdi / 100 for fdi in np.unique(array) if fdi}
    edit = make_edit(volume(array), repair)
    edit.apply(array)
    left = edit.confidence(known)
    assert set(left) <= set(np.unique(array))
    for fdi in set(edit.numbers) - set(edit.numbers.values()):
        assert fdi not in left
    if kind.keeps_confidence:
        assert sorted(left.values()) == sorted(known.values())


# ---------------------------------------------------------------- words


@pytest.mark.parametrize("numbering", NUMBERINGS)
def test_its_words_are_said_in_every_numbering(kind: type[Repair], numbering: str) -> None:
    _, of_map, _, of_surface = EXAMPLES[kind.kind]
    for repair in (of_map, of_surface):
        text = repair.say(numbering)
        assert text[0].isupper() and not text.endswith(".")
        assert "{" not in text and "}" not in text
        assert_in_numbering(text, numbering, repair.teeth)
    assert of_map.title == of_map.say("FDI") == str(of_map.sentence)


@pytest.mark.parametrize("numbering", NUMBERINGS)
@pytest.mark.parametrize("world", ["label map", "surface"])
def test_its_refusals_are_said_in_every_numbering(kind: type[Repair], world: str, numbering: str) -> None:
    """On a dentition without any fault and without the teeth that it would need."""
    _, repair, _, _ = EXAMPLES[kind.kind]
    if world == "label map":
        labels = volume(np.where(np.isin(tidy(), repair.teeth or tuple(range(11, 86))), 0, tidy()).astype(np.uint8))
    else:
        jaw = toy_jaw("lower")
        labels = numbered(jaw.where(np.isin(jaw.fdi, repair.teeth or jaw.fdi), 0))
    with pytest.raises(RepairRefusedError) as refused:
        make_edit(labels, repair)
    in_fdi = str(refused.value)
    refused.value.numbering = numbering
    text = str(refused.value)
    assert text == refused.value.sentence.say(numbering)
    assert text.endswith(".") and "{" not in text
    assert_in_numbering(text, numbering, [fdi for fdi in repair.teeth if str(fdi) in in_fdi])


def assert_in_numbering(text: str, numbering: str, teeth) -> None:
    if numbering == "FDI":
        assert all(str(fdi) in text for fdi in teeth)
    else:
        assert not FDI_ONLY.search(text), text
    if numbering == "Palmer":
        assert len(re.findall(r"\bL[LR]\d\b", text)) >= len(set(teeth))


# ---------------------------------------------------------------- no number twice


@pytest.mark.parametrize("world", ["label map", "surface"])
@pytest.mark.parametrize(
    "repair",
    [
        repairs.renumber(46, 47),
        repairs.renumber(46).with_number(47),
        repairs.renumber_piece(46, (0, 0, 0), 47),
        repairs.renumber_piece(None, (0, 0, 0), 47),
        repairs.renumber_run({46: 47}),
        repairs.renumber_run({45: 46, 46: 47}),
        repairs.split(46, 47),
    ],
    ids=lambda repair: repair.kind,
)
def test_a_number_that_is_taken_is_not_given(world: str, repair: Repair) -> None:
    with pytest.raises(NumberTakenError) as taken:
        make_edit(volume(tidy().copy()) if world == "label map" else tidy_jaw(), repair)
    if repair.kind == "renumber":
        assert taken.value.swap == repairs.swap(46, 47)
