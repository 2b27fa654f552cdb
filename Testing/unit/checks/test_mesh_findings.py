"""Every finding of jaw surfaces: a made-up jaw that calls for it, and the clean one that does not."""

from __future__ import annotations

import json

import numpy as np
import pytest
from toy_jaws import TEETH, ToyJaw, segmented, toy_jaw

from DentalTopoSegLib.checks.findings import CODES, SEVERITIES, Finding, check_jaws
from DentalTopoSegLib.checks.measures.jaw import JawCase
from DentalTopoSegLib.dentition import FDI_DECIDUOUS, FDI_PERMANENT, flipped_jaw, is_upper, mirrored
from DentalTopoSegLib.dentition.crown_sizes import area_range_mm2, usual_area_mm2, usual_width_mm, width_range_mm
from DentalTopoSegLib.errors import InputError, NoTeethError
from DentalTopoSegLib.files.meshes import face_areas


def findings(jaw: ToyJaw, stated: str | None = None, **changes) -> list[Finding]:
    """The findings of one jaw; changes: attributes of the segmentation."""
    found = check_jaws([segmented(jaw, **changes)], ["scan"], [stated])
    for finding in found:
        assert finding.code in CODES
        assert finding.severity in SEVERITIES
        assert finding.message[0].isupper() or finding.message[0] in "'0123456789"
        assert finding.message.endswith(".")
        json.dumps(finding.to_dict(), allow_nan=False)
    return found


def only(found: list[Finding]) -> Finding:
    assert len(found) == 1, [finding.message for finding in found]
    return found[0]


def coded(found: list[Finding], code: str) -> Finding:
    return only([finding for finding in found if finding.code == code])


@pytest.fixture(params=["upper", "lower"])
def jaw(request: pytest.FixtureRequest) -> ToyJaw:
    return toy_jaw(request.param)


def teeth(jaw: ToyJaw, *upper: int) -> tuple[int, ...]:
    """The namesakes of upper teeth in this jaw."""
    return tuple(upper if jaw.which == "upper" else (flipped_jaw(fdi) for fdi in upper))


# ---------------------------------------------------------------- nothing to say


def test_a_clean_jaw_has_no_findings(jaw: ToyJaw) -> None:
    assert findings(jaw) == []
    assert findings(jaw, stated=jaw.which) == []


def test_a_mixed_dentition_is_one_row(jaw: ToyJaw) -> None:
    """Milk canines and molars between permanent incisors and molars: none is missing, and widths are along the arch."""
    changed = {fdi: fdi + 40 for fdi in teeth(jaw, 13, 14, 15, 23, 24, 25)}
    jaw = toy_jaw(jaw.which, wide=tuple((fdi, 1.35) for fdi in teeth(jaw, 15, 25)))  # milk molars are wider
    mixed = jaw.numbered(changed)
    permanent, both = (JawCase(segmented(one), "scan").crowns for one in (jaw, mixed))
    for fdi, crown in permanent.items():
        assert both[changed.get(fdi, fdi)].width_mm == pytest.approx(crown.width_mm), fdi
    assert findings(mixed) == []


def test_two_clean_jaws_have_no_findings() -> None:
    pair = [segmented(toy_jaw("upper")), segmented(toy_jaw("lower"))]
    assert check_jaws(pair, ["a", "b"], ["upper", "lower"]) == []


def test_findings_do_not_depend_on_the_pose_or_the_unit(jaw: ToyJaw) -> None:
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    hole = jaw.where(jaw.near(teeth(jaw, 16)[0], (0, 0, 0), 1.5), 0)
    turned = hole.moved(turn, (300, -20, 7))
    assert findings(jaw.moved(turn, (300, -20, 7))) == []
    first, second = only(findings(hole)), only(findings(turned))
    assert first.message == second.message
    np.testing.assert_allclose(second.position_ras, turn @ first.position_ras + (300, -20, 7), atol=1e-6)
    inches = segmented(hole)
    inches.surface.scale = 25.4
    place = only(check_jaws([inches], ["scan"])).position_ras
    np.testing.assert_allclose(np.multiply(place, 25.4), first.position_ras)


# ---------------------------------------------------------------- the jaw as a whole


def test_numbers_that_run_the_wrong_way_round(jaw: ToyJaw) -> None:
    swapped = jaw.numbered({fdi: mirrored(fdi) for fdi in FDI_PERMANENT})
    finding = only(findings(swapped))
    assert (finding.code, finding.severity) == ("left_right_mirrored", "error")
    assert finding.teeth == tuple(sorted(TEETH[jaw.which]))
    assert jaw.which in finding.message


def test_a_mirrored_file_shows_by_its_faces(jaw: ToyJaw) -> None:
    """Mirrored points with faces left as they were: from outside, the numbers run the wrong way round."""
    mirror = ToyJaw(jaw.which, jaw.vertices * (-1, 1, 1), jaw.faces, jaw.fdi)
    assert JawCase(segmented(mirror), "scan").inside_out
    assert coded(findings(mirror), "left_right_mirrored").severity == "error"
    same_hand = ToyJaw(jaw.which, mirror.vertices, jaw.faces[:, ::-1], jaw.fdi)
    assert not JawCase(segmented(same_hand), "scan").inside_out


def test_inside_out(jaw: ToyJaw) -> None:
    turned = ToyJaw(jaw.which, jaw.vertices, jaw.faces[:, ::-1], jaw.fdi)
    finding = only(findings(turned, inside_out=True))
    assert (finding.code, finding.severity) == ("inside_out", "warning")
    assert "inside out: the exporter may have mirrored it; check left and right" in finding.message


def test_the_wrong_jaw(jaw: ToyJaw) -> None:
    other = "lower" if jaw.which == "upper" else "upper"
    finding = only(findings(jaw, stated=jaw.which, jaw_inferred=other))
    assert (finding.code, finding.severity) == ("wrong_jaw", "error")
    article = {"upper": "an upper", "lower": "a lower"}
    assert finding.message.startswith(f"This looks like {article[other]} jaw, but {jaw.which} was stated")
    assert only(findings(jaw, stated=jaw.which, jaw_inferred=other, jaw_confidence=0.6)).severity == "warning"


def test_an_uncertain_jaw_is_said_unless_it_was_stated(jaw: ToyJaw) -> None:
    assert only(findings(jaw, jaw_confidence=0.6)).code == "jaw_uncertain"
    assert findings(jaw, stated=jaw.which, jaw_confidence=0.6) == []


def test_an_uncertain_frame(jaw: ToyJaw) -> None:
    assert only(findings(jaw, frame_confidence=0.3)).code == "frame_uncertain"


def test_a_number_of_the_other_jaw(jaw: ToyJaw) -> None:
    (tooth,) = teeth(jaw, 15)
    found = findings(jaw.numbered({tooth: flipped_jaw(tooth)}))
    finding = coded(found, "upper_lower_swapped")
    assert (finding.teeth, finding.severity) == ((flipped_jaw(tooth),), "error")


# ---------------------------------------------------------------- places


def test_a_tooth_on_the_wrong_side(jaw: ToyJaw) -> None:
    tooth, twin = teeth(jaw, 16, 26)
    gone = toy_jaw(jaw.which, absent=(twin,))
    found = findings(gone.numbered({tooth: twin}))
    finding = coded(found, "left_right_mirrored")
    assert finding.detail["suggested"] == tooth
    assert [f.code for f in found if f.severity == "error"] == ["left_right_mirrored"]


def test_two_numbers_exchanged(jaw: ToyJaw) -> None:
    first, second = teeth(jaw, 14, 15)
    finding = coded(findings(jaw.numbered({first: second, second: first})), "order_broken")
    assert finding.teeth == tuple(sorted((first, second)))


# ---------------------------------------------------------------- pieces


def test_a_number_given_twice_with_the_free_number(jaw: ToyJaw) -> None:
    first, second = teeth(jaw, 24, 25)
    found = findings(jaw.numbered({second: first}))
    if jaw.which == "upper":
        assert [f.code for f in found] == ["doubled_number"]
    finding = coded(found, "doubled_number")
    assert (finding.teeth, finding.severity, finding.detail["suggested"]) == ((first,), "error", second)
    np.testing.assert_allclose(finding.position_ras, jaw.centre(second), atol=1.5)


def test_a_fragment(jaw: ToyJaw) -> None:
    (tooth,) = teeth(jaw, 16)
    around = jaw.vertices[jaw.near(tooth, (0, 0, 0), 12) & (jaw.fdi == 0)]
    crowns = jaw.vertices[jaw.fdi > 0]
    spot = max(around, key=lambda place: np.linalg.norm(crowns - place, axis=1).min())  # farthest from any crown
    patch = np.linalg.norm(jaw.vertices - spot, axis=1) < 1.4
    assert not jaw.fdi[patch].any()
    finding = only(findings(jaw.where(patch, tooth)))
    assert (finding.code, finding.severity, finding.repair) == ("fragment", "warning", "remove_fragment")
    assert finding.message.startswith(f"Tooth {tooth} is in two pieces")
    np.testing.assert_allclose(finding.position_ras, jaw.vertices[patch].mean(0), atol=1e-6)


def test_a_tooth_cut_in_halves(jaw: ToyJaw) -> None:
    (tooth,) = teeth(jaw, 26)
    gone = (jaw.fdi == tooth) & (np.abs((jaw.vertices - jaw.centre(tooth))[:, 1]) < 0.7)
    finding = coded(findings(jaw.where(gone, 0)), "fragment")
    assert finding.repair == "join_pieces"


def test_speckles_are_one_note(jaw: ToyJaw) -> None:
    marks = np.zeros(len(jaw.fdi), bool)
    area = face_areas(jaw.vertices, jaw.faces)
    small = np.flatnonzero((area < 0.25) & (jaw.fdi[jaw.faces] == 0).all(1))
    marks[jaw.faces[small[[100, 900, 1700]]]] = True
    finding = only(findings(jaw.where(marks & (jaw.fdi == 0), teeth(jaw, 11)[0])))
    assert (finding.code, finding.severity, finding.detail["count"]) == ("speckles", "info", 3)


def test_gum_inside_a_tooth(jaw: ToyJaw) -> None:
    (tooth,) = teeth(jaw, 16)
    mask = jaw.near(tooth, (0, 0, 0), 1.6)
    finding = only(findings(jaw.where(mask, 0)))
    assert (finding.code, finding.teeth, finding.severity) == ("hole", (tooth,), "warning")
    np.testing.assert_allclose(finding.position_ras, jaw.vertices[mask].mean(0), atol=0.5)
    assert finding.detail["area_mm2"] == pytest.approx(8, abs=5)
    one = np.zeros(len(jaw.fdi), bool)
    one[np.flatnonzero(mask)[len(np.flatnonzero(mask)) // 2]] = True
    assert [f.severity for f in findings(jaw.where(one, 0)) if f.code == "hole"] in ([], ["info"])


def test_gum_between_two_teeth_is_no_hole(jaw: ToyJaw) -> None:
    a, b = teeth(jaw, 15, 16)
    between = (jaw.centre(a) + jaw.centre(b)) / 2
    ring = np.hypot(*(jaw.vertices - between)[:, :2].T)
    filled = jaw.where((ring < 4) & (jaw.fdi == 0), a)
    filled = filled.where((ring < 4) & (np.abs((jaw.vertices - between) @ (jaw.centre(b) - between)) < 0), b)
    assert not [f for f in findings(filled) if f.code == "hole"]


def test_a_tooth_without_a_number(jaw: ToyJaw) -> None:
    (tooth,) = teeth(jaw, 27)
    plain = segmented(jaw)
    fdi = np.where(jaw.fdi == tooth, 0, jaw.fdi).astype(np.uint8)
    bare = ToyJaw(jaw.which, jaw.vertices, jaw.faces, fdi)
    found = check_jaws([segmented(bare, instance=plain.instance)], ["scan"])
    finding = coded(found, "extra_tooth")
    assert finding.severity == "warning"
    np.testing.assert_allclose(finding.position_ras, jaw.centre(tooth), atol=1e-6)


# ---------------------------------------------------------------- sizes


def test_two_teeth_taken_for_one(jaw: ToyJaw) -> None:
    a, b = teeth(jaw, 14, 15)
    joined = np.hypot(*(jaw.vertices - (jaw.centre(a) + jaw.centre(b)) / 2)[:, :2].T) < 2.5
    merged = jaw.numbered({b: a}).where(joined, a)
    finding = only(findings(merged))
    assert (finding.code, finding.teeth, finding.severity) == ("merged_neighbours", (a, b), "error")
    assert finding.detail["suggested"] == b


def test_an_implausible_size() -> None:
    jaw = toy_jaw("lower")
    finding = coded(findings(jaw.where(jaw.near(44, (0, 0, 0), 9) & (jaw.fdi == 0), 44)), "implausible_size")
    assert finding.teeth == (44,)
    assert "implausibly large" in finding.message
    jaw = toy_jaw("upper")
    small = jaw.where((jaw.fdi == 16) & ~jaw.near(16, (0, 0, 0), 2.8), 0)
    finding = coded(findings(small), "implausible_size")
    assert "implausibly small" in finding.message


def test_size_tables_are_in_order() -> None:
    for fdi in FDI_PERMANENT + FDI_DECIDUOUS:
        for (low, high), usual in (
            (area_range_mm2(fdi), usual_area_mm2(fdi)),
            (width_range_mm(fdi), usual_width_mm(fdi)),
        ):
            assert 0 < low < usual < high
        assert area_range_mm2(fdi) == area_range_mm2(mirrored(fdi))


def test_low_confidence(jaw: ToyJaw) -> None:
    (tooth,) = teeth(jaw, 12)
    sure = dict.fromkeys(TEETH[jaw.which], 0.9)
    finding = only(findings(jaw, confidence=sure | {tooth: 0.41}))
    assert (finding.code, finding.teeth) == ("low_confidence", (tooth,))
    assert finding.message.endswith("its score is low (41 %).")


def test_a_scan_that_ends_on_a_tooth(jaw: ToyJaw) -> None:
    (tooth,) = teeth(jaw, 17)
    back = jaw.vertices[:, 1] > jaw.centre(tooth)[1]
    found = findings(jaw.cropped(back | (jaw.vertices[:, 0] < 0)))
    finding = coded(found, "cut_by_scan_border")
    assert (finding.teeth, finding.severity) == ((tooth,), "info")
    assert not [f for f in found if f.severity == "error"]


# ---------------------------------------------------------------- missing teeth


def test_a_gap_between_teeth(jaw: ToyJaw) -> None:
    before, gone, after = teeth(jaw, 25, 26, 27)
    finding = only(findings(toy_jaw(jaw.which, absent=(gone,))))
    assert (finding.code, finding.severity, finding.teeth) == ("missing_tooth", "warning", (gone,))
    assert finding.detail["between"] == [before, after]
    assert 10 < finding.detail["space_mm"] < 17  # the toy's teeth stand wide apart
    assert f"there is a gap of {finding.detail['space_mm']:.0f} mm between" in finding.message
    np.testing.assert_allclose(finding.position_ras[:2], jaw.centre(gone)[:2], atol=3)


def test_a_closed_gap_is_a_note(jaw: ToyJaw) -> None:
    """First premolar gone, the space closed: every number behind it is one too high for its place."""
    last, *_ = teeth(jaw, 17)
    row = teeth(jaw, 16, 15, 14)
    shifted = jaw.numbered(dict(zip(row, (last, *row[:-1]), strict=True)) | {last: 0})
    # what is left of 17 became gum, so 17 (once 16) is the last tooth
    found = [f for f in findings(shifted) if f.code == "missing_tooth"]
    finding = only(found)
    assert (finding.severity, finding.teeth) == ("info", teeth(jaw, 14))
    assert "is closed" in finding.message


def test_behind_the_last_tooth_is_a_note(jaw: ToyJaw) -> None:
    seven, six = teeth(jaw, 17, 16)
    finding = only(findings(toy_jaw(jaw.which, absent=(seven,))))
    assert (finding.severity, finding.teeth) == ("info", (seven,))
    assert f"{six} is the last tooth on that side" in finding.message


def test_a_milk_tooth_stands_for_its_successor(jaw: ToyJaw) -> None:
    (tooth,) = teeth(jaw, 15)
    found = findings(jaw.numbered({tooth: tooth + 40}))
    assert not [f for f in found if f.code in ("missing_tooth", "order_broken")]


# ---------------------------------------------------------------- two jaws


def pair_findings(*jaws, names=("a", "b")) -> list[Finding]:
    return check_jaws(list(jaws), list(names), ["upper", "lower"])


def test_exchanged_files_are_one_finding() -> None:
    found = pair_findings(
        segmented(toy_jaw("upper"), jaw_inferred="lower"), segmented(toy_jaw("lower"), jaw_inferred="upper")
    )
    finding = only(found)
    assert (finding.code, finding.severity) == ("upper_lower_swapped", "error")
    assert "'a' looks like the lower jaw and 'b' like the upper" in finding.message


def test_the_same_jaw_twice() -> None:
    upper = toy_jaw("upper")
    finding = only(pair_findings(segmented(upper), segmented(toy_jaw("lower"), jaw_inferred="upper")))
    assert (finding.code, finding.severity) == ("same_jaw", "error")
    assert "both look like an upper jaw" in finding.message
    twin = segmented(upper.numbered({fdi: flipped_jaw(fdi) for fdi in TEETH["upper"]}), jaw="lower")
    assert "are the same scan" in coded(pair_findings(segmented(upper), twin), "same_jaw").message


@pytest.mark.parametrize(
    ("shift", "text"), [((0, 0, 25), "26 mm apart"), ((0, 0, -7), "into each other"), (None, "do not face each other")]
)
def test_jaws_that_are_not_in_the_bite(shift, text) -> None:
    upper = toy_jaw("upper")
    upper = upper.moved(np.eye(3), shift) if shift else upper.moved(np.diag([1, -1, -1]))
    finding = coded(pair_findings(segmented(upper), segmented(toy_jaw("lower"))), "not_in_bite")
    assert finding.severity == "warning"
    assert text in finding.message


def test_findings_of_two_jaws_name_their_jaw() -> None:
    upper, lower = toy_jaw("upper", absent=(16,)), toy_jaw("lower", absent=(36,))
    found = pair_findings(segmented(upper), segmented(lower))
    assert {(f.teeth, f.detail["jaw"]) for f in found} == {((16,), "upper"), ((36,), "lower")}
    assert all(is_upper(f.teeth[0]) == (f.detail["jaw"] == "upper") for f in found)


def test_a_jaw_without_teeth() -> None:
    jaw = toy_jaw("upper")
    bare = jaw.where(jaw.fdi > 0, 0)
    with pytest.raises(NoTeethError):
        findings(bare)
    finding = coded(pair_findings(segmented(bare), segmented(toy_jaw("lower"))), "missing_tooth")
    assert finding.message == "No tooth was found on 'a'."


def test_three_jaws_are_refused() -> None:
    three = [segmented(toy_jaw("upper"))] * 3
    with pytest.raises(InputError):
        check_jaws(three, ["a", "b", "c"])
