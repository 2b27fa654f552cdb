"""Review of a segmentation: repairs with exact undo, numbers given and taken back."""

from __future__ import annotations

import numpy as np
import pytest
from scene_steps import array_of, everything_of, hollow, prepared

from DentalTopoSegLib.checks.findings import check_dentition
from DentalTopoSegLib.checks.repair import NumberTakenError
from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.scene import SceneError
from DentalTopoSegLib.scene.segments import ToothSegments, oriented_image

# ---------------------------------------------------------------- repairs


def make_void(array, mask) -> None:
    array[tuple(np.argwhere(mask(26)).mean(0).astype(int))] = 0


def make_crumb(array, mask) -> None:
    top = np.argwhere(mask(26)).max(0)
    array[min(top[0] + 3, array.shape[0] - 2), top[1] - 4, top[2] - 4] = 26


def make_tunnel(array, mask) -> None:
    z, y, _ = np.argwhere(mask(26)).mean(0).astype(int)
    row = array[z, y, :]
    row[row == 26] = 0


def make_mirrored(array, mask) -> None:
    table = np.arange(256, dtype=np.uint8)
    for a, b in ((1, 2), (4, 3)):
        for n in range(1, 9):
            table[10 * a + n], table[10 * b + n] = 10 * b + n, 10 * a + n
    array[:] = table[array]


@pytest.mark.parametrize(
    ("change", "code"),
    [(make_void, "void"), (make_crumb, "fragment"), (make_tunnel, "tunnel"), (make_mirrored, "left_right_mirrored")],
)
def test_repair_and_undo_and_redo_are_exact(scene, change, code) -> None:
    review, node = prepared(scene, change)
    finding = next(f for f in review.findings() if f.code == code)
    before = everything_of(node)
    assert finding.repairs
    checked = review.repair(finding.key)
    after = everything_of(node)
    assert after != before
    assert checked.changed
    assert review.finding(finding.key).state == "repaired"
    assert review.edit_of(finding.key)
    assert [f.message for f in check_dentition(ToothSegments(node).labels, ToothSegments(node).confidences())] == [
        f.sentence for f in review.findings() if f.state == "open"
    ]
    title = review.undo_title
    assert title == finding.repairs[0]
    assert review.undo() == title
    assert everything_of(node) == before
    assert review.finding(finding.key).state == "open"
    assert review.redo() == title
    assert everything_of(node) == after
    assert review.finding(finding.key).state == "repaired"
    review.undo()
    assert everything_of(node) == before
    review.close()


def test_surfaces_follow_a_repair(scene) -> None:
    import vtk

    review, node = prepared(scene, make_void)

    def cells() -> int:
        surface = vtk.vtkPolyData()
        node.GetClosedSurfaceRepresentation("Tooth_26", surface)
        return surface.GetNumberOfPolys()

    with_hollow = cells()
    review.repair("void:26")
    assert 0 < cells() < with_hollow
    review.undo()
    assert cells() == with_hollow
    review.close()


def test_undo_of_several_steps_in_turn(scene) -> None:
    review, node = prepared(scene, make_tunnel)
    states = [everything_of(node)]
    review.repair(next(f.key for f in review.findings() if f.code == "tunnel"))
    states.append(everything_of(node))
    review.renumber(37, 38)
    states.append(everything_of(node))
    review.remove_tooth(11)
    for wanted in reversed(states):
        review.undo()
        assert everything_of(node) == wanted
    with pytest.raises(SceneError, match="nothing to undo"):
        review.undo()
    review.close()


def test_overlapping_segments_come_back_exactly(scene, slicer) -> None:
    """A voxel that two teeth claim, in two labelmaps: the edit of one and its undo leave the other alone."""
    review, node = prepared(scene, make_void)
    held = ToothSegments(node)
    segmentation = node.GetSegmentation()
    segmentation.SeparateSegmentLabelmap("Tooth_27")
    where = np.argwhere(held.labels.array == 26)[:1][0]
    box = tuple(slice(int(w), int(w) + 2) for w in where)
    image = oriented_image(np.ones([2, 2, 2], np.uint8), tuple(int(w) for w in where), held.local)
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    assert logic.SetBinaryLabelmapToSegment(image, node, "Tooth_27", logic.MODE_MERGE_MAX, image.GetExtent(), False, ())
    masks = ToothSegments(node).masks(box)
    assert (masks["Tooth_26"] & masks["Tooth_27"]).any()
    review.recheck()
    before = everything_of(node)
    review.remove_tooth(26)
    review.undo()
    assert everything_of(node) == before
    review.close()


def test_undo_refuses_where_somebody_painted_since(scene) -> None:
    review, node = prepared(scene, make_void)
    held = ToothSegments(node)
    middle = np.argwhere(held.labels.array == 26).mean(0).astype(int)
    review.repair("void:26")
    hollow(node, 26, tuple(slice(int(m) - 1, int(m) + 2) for m in middle))
    state = everything_of(node)
    with pytest.raises(SceneError, match="edited by hand"):
        review.undo()
    assert everything_of(node) == state
    review.close()


def test_undo_works_where_somebody_painted_elsewhere(scene) -> None:
    review, node = prepared(scene, make_void)
    review.repair("void:26")
    hollow(node, 36)
    painted = everything_of(node)["Tooth_36"]
    review.undo()
    assert "void:26" in {f.key for f in review.findings() if f.state == "open"}
    assert everything_of(node)["Tooth_36"] == painted
    review.close()


def test_what_cannot_be_repaired_says_so(review) -> None:
    key = next(f.key for f in review.findings() if not f.repairs)
    with pytest.raises(SceneError, match="Segment Editor"):
        review.repair(key)
    with pytest.raises(SceneError, match="no longer in the list"):
        review.repair("void:99")


# ---------------------------------------------------------------- numbers


def test_a_free_number_is_given_and_taken_back(scene, review) -> None:
    before = everything_of(review.node)
    checked = review.renumber(37, 38)
    assert checked.changed == (37, 38)
    assert 37 not in review.teeth()
    tooth = review.node.GetSegmentation().GetSegment("Tooth_38")
    assert tooth.GetName() == "38 lower left third molar"
    assert tooth.GetLabelValue() == 38
    review.undo()
    assert everything_of(review.node) == before


def test_a_taken_number_offers_the_exchange(review) -> None:
    before = array_of(review.node).copy()
    with pytest.raises(NumberTakenError, match="exchange"):
        review.renumber(14, 15)
    np.testing.assert_array_equal(array_of(review.node), before)
    review.renumber(14, 15, swap_numbers=True)
    after = array_of(review.node)
    np.testing.assert_array_equal(after == 15, before == 14)
    np.testing.assert_array_equal(after == 14, before == 15)


@pytest.mark.parametrize(
    ("numbering", "taken", "title"),
    [
        ("FDI", "The number 15 is another tooth's", "Give tooth 37 the number 38"),
        ("Universal", "The number 4 is another tooth's", "Give tooth 18 the number 17"),
        ("Palmer", "The number UR5 is another tooth's", "Give tooth LL7 the number LL8"),
    ],
)
def test_refusals_and_steps_are_said_in_the_results_numbering(review, numbering, taken, title) -> None:
    review.set_numbering(numbering)
    with pytest.raises(NumberTakenError, match=taken) as refused:
        review.renumber(14, 15)
    assert refused.value.swap.teeth == (14, 15)
    review.renumber(37, 38)
    assert review.undo_title == title
    assert review.undo() == review.redo_title == title


def test_numbers_that_are_no_teeth_stay_as_they_are(review) -> None:
    review.set_numbering("Universal")
    with pytest.raises(InputError, match=r"^99 is not an FDI tooth number: use 11-48, or 51-85"):
        review.renumber(14, 99)


def test_who_chose_a_number_is_sure_of_it(scene) -> None:
    review, node = prepared(scene, make_void)
    assert any(f.code == "low_confidence" and f.teeth == (36,) for f in review.findings())
    review.renumber(36, 38)
    assert ToothSegments(node).confidences() == {16: 0.9, 26: 0.8}
    assert not any(f.code == "low_confidence" for f in review.findings() if f.state == "open")
    review.undo()
    assert ToothSegments(node).confidences() == {16: 0.9, 26: 0.8, 36: 0.3}
    review.close()


def test_every_name_and_sentence_changes_with_the_numbering(review) -> None:
    review.set_numbering("Universal")
    names = {fdi: tooth.title for fdi, tooth in review.teeth().items()}
    assert names[16] == "3 upper right first molar"
    assert "Tooth 3 is implausibly small: 341 mm³, where 400 to 2300 mm³ is usual." in [
        f.sentence for f in review.findings()
    ]
    assert review.points.GetNthControlPointLabel(0) == "8 7 two in one?"
    review.set_numbering("FDI")
    assert review.teeth()[16].title == "16 upper right first molar"


def test_a_name_the_user_gave_stays(review) -> None:
    segment = review.node.GetSegmentation().GetSegment("Tooth_16")
    segment.SetName("crown to be replaced")
    review.set_numbering("Palmer")
    assert segment.GetName() == "crown to be replaced"
