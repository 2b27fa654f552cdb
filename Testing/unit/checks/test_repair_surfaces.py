"""Repairs of jaw surfaces: each settles the finding that proposed it, makes no error, and can be taken back exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from test_mesh_findings import teeth
from toy_jaws import ToyJaw, toy_jaw, toy_surface

from DentalTopoSegLib.checks import repair as repairs
from DentalTopoSegLib.checks.findings import Finding, check_jaws, repairs_for
from DentalTopoSegLib.checks.repair import NumberTakenError, Repair, make_edit
from DentalTopoSegLib.dentition import FDI_PERMANENT, flipped_jaw, mirrored
from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.meshes import Surface, face_areas
from DentalTopoSegLib.ios.segmenting import JawSegmentation


def numbered(toy: ToyJaw, **changes) -> JawSegmentation:
    """What the segmentation would hand over for this jaw."""
    values = {
        "surface": Surface(**vars(toy_surface(toy))),
        "fdi": toy.fdi,
        "face_fdi": toy.face_fdi.astype(np.uint8),
        "instance": toy.fdi.astype(np.int32),
        "confidence": {int(f): 0.95 for f in np.unique(toy.fdi) if f},
        "jaw": toy.which,
        "jaw_inferred": toy.which,
        "jaw_confidence": 0.98,
        "frame": np.eye(4),
        "frame_confidence": 0.97,
        "inside_out": False,
    }
    return JawSegmentation(**(values | changes))


def found_on(*jaws: JawSegmentation) -> list[Finding]:
    return check_jaws(list(jaws), ["a", "b"][: len(jaws)])


def same_labels(a: JawSegmentation, b: JawSegmentation) -> bool:
    return a.jaw == b.jaw and all(
        np.array_equal(getattr(a, name), getattr(b, name)) for name in ("fdi", "face_fdi", "instance")
    )


def settle(jaw: JawSegmentation, repair: Repair) -> JawSegmentation:
    """The jaw after the repair; asserts that it can be taken back and done again exactly."""
    edit = make_edit(jaw, repair)
    after = edit.apply(jaw)
    assert not same_labels(jaw, after)
    assert same_labels(edit.undo(after), jaw)
    with pytest.raises(InputError, match="changed since"):
        edit.apply(after)
    a, b, c = after.fdi[after.surface.faces[edit.faces]].T
    np.testing.assert_array_equal(after.face_fdi[edit.faces], np.where(b == c, b, a))
    return after


@pytest.fixture(params=["upper", "lower"])
def jaw(request: pytest.FixtureRequest) -> ToyJaw:
    return toy_jaw(request.param)


def _fragment(jaw: ToyJaw) -> JawSegmentation:
    (tooth,) = teeth(jaw, 16)
    around = jaw.vertices[jaw.near(tooth, (0, 0, 0), 12) & (jaw.fdi == 0)]
    crowns = jaw.vertices[jaw.fdi > 0]
    spot = max(around, key=lambda place: np.linalg.norm(crowns - place, axis=1).min())
    return numbered(jaw.where(np.linalg.norm(jaw.vertices - spot, axis=1) < 1.4, tooth))


def _fragment_on_a_tooth(jaw: ToyJaw) -> JawSegmentation:
    a, b = teeth(jaw, 16, 26)
    return numbered(jaw.where(jaw.near(b, (0, 0, 0), 1.5), a))


def _broken(jaw: ToyJaw) -> JawSegmentation:
    (tooth,) = teeth(jaw, 26)
    gone = (jaw.fdi == tooth) & (np.abs((jaw.vertices - jaw.centre(tooth))[:, 1]) < 0.7)
    return numbered(jaw.where(gone, 0))


def _specks(jaw: ToyJaw) -> JawSegmentation:
    marks = np.zeros(len(jaw.fdi), bool)
    small = np.flatnonzero((face_areas(jaw.vertices, jaw.faces) < 0.25) & (jaw.fdi[jaw.faces] == 0).all(1))
    marks[jaw.faces[small[[100, 900, 1700]]]] = True
    return numbered(jaw.where(marks & (jaw.fdi == 0), teeth(jaw, 11)[0]))


def _hole(jaw: ToyJaw) -> JawSegmentation:
    (tooth,) = teeth(jaw, 16)
    return numbered(jaw.where(jaw.near(tooth, (0, 0, 0), 1.6), 0))


def _merged(jaw: ToyJaw) -> JawSegmentation:
    a, b = teeth(jaw, 14, 15)
    joined = np.hypot(*(jaw.vertices - (jaw.centre(a) + jaw.centre(b)) / 2)[:, :2].T) < 2.5
    return numbered(jaw.numbered({b: a}).where(joined, a))


def _doubled(jaw: ToyJaw) -> JawSegmentation:
    a, b = teeth(jaw, 24, 25)
    return numbered(jaw.numbered({b: a}))


def _without_number(jaw: ToyJaw) -> JawSegmentation:
    (tooth,) = teeth(jaw, 27)
    return numbered(jaw.numbered({tooth: 0}), instance=jaw.fdi.astype(np.int32))


def _wrong_side(jaw: ToyJaw) -> JawSegmentation:
    tooth, twin = teeth(jaw, 16, 26)
    return numbered(toy_jaw(jaw.which, absent=(twin,)).numbered({tooth: twin}))


def _other_jaws_number(jaw: ToyJaw) -> JawSegmentation:
    (tooth,) = teeth(jaw, 15)
    return numbered(jaw.numbered({tooth: flipped_jaw(tooth)}))


def _overtaking(jaw: ToyJaw) -> JawSegmentation:
    a, b = teeth(jaw, 14, 15)
    return numbered(jaw.numbered({a: b, b: a}))


def _mirrored(jaw: ToyJaw) -> JawSegmentation:
    return numbered(jaw.numbered({fdi: mirrored(fdi) for fdi in FDI_PERMANENT}))


def _wrong_jaw(jaw: ToyJaw) -> JawSegmentation:
    """Segmented as the other jaw, turned over with it: every number is that of the other jaw and the other side."""
    other = "lower" if jaw.which == "upper" else "upper"
    turned = jaw.numbered({fdi: flipped_jaw(mirrored(fdi)) for fdi in FDI_PERMANENT})
    return numbered(turned, jaw=other)


CASES = {
    "fragment": _fragment,
    "fragment on a tooth": _fragment_on_a_tooth,
    "broken": _broken,
    "specks": _specks,
    "hole": _hole,
    "merged": _merged,
    "doubled": _doubled,
    "without a number": _without_number,
    "wrong side": _wrong_side,
    "a number of the other jaw": _other_jaws_number,
    "overtaking": _overtaking,
    "mirrored": _mirrored,
    "wrong jaw": _wrong_jaw,
}


@pytest.mark.parametrize("case", CASES)
def test_each_repair_settles_its_finding(case: str, jaw: ToyJaw) -> None:
    scan = CASES[case](jaw)
    found = found_on(scan)
    tried = 0
    for finding in found:
        for i, repair in enumerate(repairs_for(finding, found)):
            if repair.needs_number:
                repair = repair.with_number(teeth(jaw, 18)[0])
            after = settle(scan, repair)
            left = found_on(after)
            assert not [f for f in left if (f.code, f.teeth) == (finding.code, finding.teeth)], repair.title
            if i == 0:
                known = {(f.code, f.teeth) for f in found}
                new = [f for f in left if f.severity == "error" and (f.code, f.teeth) not in known]
                assert not new, (repair.title, [f.message for f in new])
            tried += 1
    assert tried, [finding.message for finding in found]


@pytest.mark.parametrize(
    "case",
    ["fragment", "fragment on a tooth", "specks", "overtaking", "mirrored", "wrong jaw", "a number of the other jaw"],
)
def test_what_can_be_restored_is_restored(case: str, jaw: ToyJaw) -> None:
    scan = CASES[case](jaw)
    found = found_on(scan)
    after = settle(scan, repairs_for(found[0], found)[0])
    np.testing.assert_array_equal(after.fdi, jaw.fdi)
    assert after.jaw == jaw.which
    assert found_on(after) == []


def test_exchanged_files_are_repaired_on_both_jaws() -> None:
    scans = [_wrong_jaw(toy_jaw("lower")), _wrong_jaw(toy_jaw("upper"))]
    found = found_on(*scans)
    (finding,) = [f for f in found if f.code == "upper_lower_swapped"]
    (repair,) = repairs_for(finding, found)
    after = [settle(scan, repair) for scan in scans]
    assert [scan.jaw for scan in after] == ["lower", "upper"]
    assert found_on(*after) == []


def test_a_split_follows_the_crease_between_the_crowns(jaw: ToyJaw) -> None:
    a, b = teeth(jaw, 14, 15)
    after = settle(_merged(jaw), repairs.split(a, b))
    for fdi in (a, b):
        own = jaw.fdi == fdi
        assert (after.fdi[own] == fdi).mean() > 0.95
    assert len(np.unique(after.instance[after.fdi == b])) == 1
    assert set(after.instance[after.fdi == a]) & set(after.instance[after.fdi == b]) == set()


def test_a_number_taken_offers_the_exchange(jaw: ToyJaw) -> None:
    a, b = teeth(jaw, 16, 26)
    scan = numbered(jaw)
    with pytest.raises(NumberTakenError, match=f"The number {b} is another tooth's") as taken:
        make_edit(scan, repairs.renumber(a, b))
    after = settle(scan, taken.value.swap)
    np.testing.assert_array_equal(after.fdi == b, jaw.fdi == a)
    edit = make_edit(scan, repairs.renumber(a, teeth(jaw, 18)[0]))
    assert edit.numbers == {a: teeth(jaw, 18)[0]}
    assert a not in edit.confidence(scan.confidence)


@pytest.mark.parametrize(
    ("repair", "text"),
    [
        (repairs.remove_pieces(18), "There is no tooth 18 here"),
        (repairs.remove_pieces(16), "There is nothing to change: remove the small pieces of tooth 16"),
        (repairs.join_pieces(16), "Tooth 16 is in one piece"),
        (repairs.fill(16), "Tooth 16 has no patch of gum"),
        (repairs.split(16, 17), "Tooth 17 is there already"),
        (repairs.merge(16, 26), "Nothing with the number 16 touches tooth 26"),
        (repairs.delete_piece(16, (0, 0, 0)), "Tooth 16 is in one piece"),
        (repairs.delete_piece(None, (0, 0, 0)), "What has no number has changed"),
        (repairs.close_tunnels(16), "This repair is for label maps of CBCT"),
        (repairs.renumber(16), "Choose a number first"),
        (repairs.renumber_run({16: 26}), "The number 26 is another tooth's"),
        (repairs.swap(16, 18), "There is no tooth 18 here"),
    ],
)
def test_a_repair_that_can_do_nothing_says_why(repair: Repair, text: str) -> None:
    with pytest.raises(InputError, match=text):
        make_edit(numbered(toy_jaw("upper")), repair)


def test_deleting_and_merging(jaw: ToyJaw) -> None:
    a, b = teeth(jaw, 16, 26)
    scan = numbered(jaw)
    after = settle(scan, repairs.delete(a))
    assert not (after.fdi == a).any()
    assert (after.instance[jaw.fdi == a] == 0).all()
    halves = jaw.where((jaw.fdi == a) & (jaw.vertices[:, 1] > jaw.centre(a)[1]), b)
    after = settle(numbered(halves), repairs.merge(b, a))
    np.testing.assert_array_equal(after.fdi, jaw.fdi)


def test_a_gap_is_a_narrow_border_of_gingiva(jaw: ToyJaw) -> None:
    """Between a large and a small half; what is taken is the large one's and lies along the other."""
    a, b = teeth(jaw, 16, 26)
    toy = toy_jaw(jaw.which, absent=(b,))
    small = (toy.fdi == a) & (toy.vertices[:, 1] > toy.centre(a)[1] + 1.5)
    scan = numbered(toy.where(small, b))
    edit = make_edit(scan, repairs.separate(a, b))
    after = settle(scan, repairs.separate(a, b))
    assert set(edit.before.fdi) == {a} and set(edit.after.fdi) == {0}
    assert 0 < len(edit.vertices) < 0.3 * np.count_nonzero(scan.fdi == a)
    apart = toy.vertices[small][:, None] - toy.vertices[edit.vertices]
    assert np.linalg.norm(apart, axis=2).min(axis=0).max() < 2.0
    corners = after.fdi[after.surface.faces]
    assert not ((corners == a).any(1) & (corners == b).any(1)).any()
    with pytest.raises(InputError, match="do not touch"):
        make_edit(after, repairs.separate(a, b))


def test_a_gap_that_would_break_both_teeth_is_refused(jaw: ToyJaw) -> None:
    """Two teeth of two halves each, which only a narrow bridge along the other tooth joins."""
    a, b = teeth(jaw, 16, 26)
    toy = toy_jaw(jaw.which, absent=(b,))
    x, y, _ = (toy.vertices - toy.centre(a)).T
    own = toy.fdi == a
    split = toy.where(own & (y < 0), b).where(own & (np.abs(x) < 1.3) & (np.abs(y) > 0.9), 0)
    with pytest.raises(InputError, match=f"Tooth {a} would fall into pieces if a gap were left between {a} and {b}"):
        make_edit(numbered(split), repairs.separate(a, b))


@pytest.mark.parametrize("name", ["007_upper"])
def test_real_crowns_keep_their_shape_when_specks_are_removed(real_data: Path, name: str) -> None:
    """A labelled scan of a patient: what is safe to repair leaves every crown where it was."""
    from mesh_files import mesh_of

    from DentalTopoSegLib.files.meshes import clean

    content = np.load(real_data / "ios" / "train" / f"{name}.npz")
    surface, _ = clean(mesh_of(content["vertices"], content["faces"]), "mm")
    face_fdi = np.append(content["face_fdi"], 0)[np.argsort(surface.of_face)][-len(surface.faces) :]
    from DentalTopoSegLib.files.jaw_labels import most_of_vertex

    fdi = most_of_vertex(surface.faces, face_fdi, len(surface.vertices))
    scan = JawSegmentation(
        surface, fdi, face_fdi, fdi.astype(np.int32), {}, "upper", "upper", 1.0, np.eye(4), 1.0, False
    )
    found = found_on(scan)
    present = set(np.unique(scan.fdi))
    for finding in found:
        for repair in repairs_for(finding, found):
            if repair.safe:
                scan = make_edit(scan, repair).apply(scan)
    assert set(np.unique(scan.fdi)) == present
    assert not [f for f in found_on(scan) if f.code in ("speckles", "hole", "fragment")]
    assert (scan.fdi == fdi).mean() > 0.99
