"""Review of a segmentation: findings as nodes, checks after edits, repairs with exact undo, numbers, emphasis."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
from geometry import rigid
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scan_files import toy_dentition
from scene_steps import add_toy_segmentation, edited, state_of, transform

from DentalTopoSegLib.findings import check_dentition
from DentalTopoSegLib.repair import NumberTakenError
from DentalTopoSegLib.scene import NodeGoneError, SceneError, add_volume, is_reviewable, review_of
from DentalTopoSegLib.scene.finding_nodes import keyed
from DentalTopoSegLib.scene.segments import FINDINGS_TAG, ToothSegments, oriented_image, tag

TOY_KEYS = set(keyed(check_dentition(toy_dentition()[1])))


@pytest.fixture
def review(teeth_node):
    made = review_of(teeth_node)
    yield made
    made.close()


def hollow(node, fdi: int, box=None) -> None:
    """What a brush in Segment Editor does: takes away the tooth's voxels in a small box (by default in its middle)."""
    import slicer

    held = ToothSegments(node)
    middle = np.argwhere(held.labels.array == fdi).mean(0).astype(int)
    box = box or tuple(slice(int(m), int(m) + 1) for m in middle)
    paint(node, held, held.ids()[fdi], np.zeros([s.stop - s.start for s in box], np.uint8), box, slicer)


def paint(node, held, key: str, mask: np.ndarray, box, slicer) -> None:
    """The segment is what the mask says inside the box, as a brush or an eraser leaves it."""
    whole = (ToothSegments(node).labels.array == int(key.removeprefix("Tooth_"))).astype(np.uint8)
    whole[box] = mask
    image = oriented_image(whole, (0, 0, 0), held.local)
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    every = tuple(
        node.GetSegmentation().GetNthSegmentID(i) for i in range(node.GetSegmentation().GetNumberOfSegments())
    )
    assert logic.SetBinaryLabelmapToSegment(image, node, key, logic.MODE_REPLACE, image.GetExtent(), False, every)


def array_of(node) -> np.ndarray:
    return ToothSegments(node).labels.array


def everything_of(node) -> dict[str, tuple]:
    """All that an undo must bring back: per segment its name, colour, value, tags (but findings) and voxels."""
    segmentation, held = node.GetSegmentation(), ToothSegments(node)
    whole = tuple(slice(0, n) for n in held.labels.shape)
    masks = held.masks(whole)
    found = {}
    for i in range(segmentation.GetNumberOfSegments()):
        key, segment = segmentation.GetNthSegmentID(i), segmentation.GetNthSegment(i)
        tags = tuple(
            tag(segment, name) for name in ("DentalTopoSeg.FDI", "DentalTopoSeg.Confidence", "TerminologyEntry")
        )
        voxels = masks[key].tobytes() if key in masks else b""
        found[key] = (segment.GetName(), segment.GetColor(), segment.GetLabelValue(), tags, voxels)
    return found


def saved_and_loaded(slicer, scene, folder):
    """The scene as it comes back from its .mrb file."""
    bundle = folder / "Fälle 歯.mrb"
    assert scene.WriteToMRB(str(bundle), None)
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder / "unpacked")
    other = slicer.vtkMRMLScene()
    other.SetURL(str(next((folder / "unpacked").rglob("*.mrml"))))
    assert other.Connect()
    return other


# ---------------------------------------------------------------- findings as nodes


def test_findings_are_those_of_the_library(review) -> None:
    found = review.findings()
    assert {f.key for f in found} == TOY_KEYS
    assert [f.sentence for f in found] == [f.message for f in check_dentition(toy_dentition()[1])]
    assert {f.state for f in found} == {"open"}


def test_a_point_per_finding_with_a_place(review) -> None:
    placed = [f for f in review.findings() if f.position is not None]
    points = review.points
    assert points.GetNumberOfControlPoints() == len(placed)
    for i, finding in enumerate(placed):
        place = [0.0, 0.0, 0.0]
        points.GetNthControlPointPositionWorld(i, place)
        np.testing.assert_allclose(place, finding.position, atol=1e-4)
        assert points.GetNthControlPointDescription(i) == finding.sentence
        assert len(points.GetNthControlPointLabel(i)) < 30
    assert points.GetLocked()


def test_the_table_lists_them_all(review) -> None:
    table = review.table.GetTable()
    assert table.GetNumberOfRows() == len(TOY_KEYS)
    columns = {table.GetColumnName(i): table.GetColumn(i) for i in range(table.GetNumberOfColumns())}
    assert {columns["Key"].GetValue(i) for i in range(len(TOY_KEYS))} == TOY_KEYS
    assert columns["State"].GetValue(0) == "open"
    assert columns["Severity"].GetValue(0) == "warning"


def test_accepting_is_shown_and_taken_back(review) -> None:
    key = review.findings()[0].key
    review.accept(key)
    assert review.finding(key).state == "accepted"
    assert review.table.GetTable().GetColumnByName("State").GetValue(0) == "accepted"
    assert not review.points.GetNthControlPointSelected(0)
    review.reopen(key)
    assert review.finding(key).state == "open"
    assert review.points.GetNthControlPointSelected(0)


def test_states_survive_saving_and_loading_the_scene(slicer, scene, review, tmp_path) -> None:
    review.set_numbering("Palmer")
    key = review.findings()[0].key
    review.accept(key)
    hollow(review.node, 26)
    review.recheck()
    hollow_key = "void:26"
    review.repair(hollow_key)
    other = saved_and_loaded(slicer, scene, tmp_path)
    node = other.GetFirstNodeByName("CBCT teeth")
    again = review_of(node)
    assert again.numbering == "Palmer"
    states = {f.key: f.state for f in again.findings()}
    assert states[key] == "accepted"
    assert states[hollow_key] == "repaired"
    assert set(states) == TOY_KEYS | {hollow_key}
    assert again.teeth()[16].title == "UR6 upper right first molar"
    np.testing.assert_array_equal(array_of(node), array_of(review.node))
    again.close()
    other.Clear(1)


def test_deleted_points_and_table_come_back_with_their_states(scene, review) -> None:
    key = review.findings()[0].key
    review.accept(key)
    scene.RemoveNode(review.points)
    assert review.points.GetNumberOfControlPoints() > 0
    scene.RemoveNode(review.table)
    assert review.table.GetTable().GetNumberOfRows() == len(TOY_KEYS)
    assert review.finding(key).state == "accepted"
    assert {f.key for f in review.findings()} == TOY_KEYS


# ---------------------------------------------------------------- checks after edits


def test_nothing_edited_nothing_to_do(review, scene) -> None:
    assert not review.needs_recheck()
    before = state_of(scene)
    checked = review.recheck()
    assert (checked.changed, checked.new, checked.gone) == ((), (), ())
    assert state_of(scene) == before


def test_an_edit_is_seen_and_only_its_tooth_is_looked_at(review) -> None:
    hollow(review.node, 26)
    assert review.needs_recheck()
    checked = review.recheck()
    assert checked.changed == (26,)
    assert checked.new == ("void:26",)
    assert not review.needs_recheck()
    assert {f.key for f in review.findings()} == TOY_KEYS | {"void:26"}
    segment = review.node.GetSegmentation().GetSegment("Tooth_26")
    assert "void" in tag(segment, FINDINGS_TAG)


def test_mended_by_hand_is_resolved(review, slicer) -> None:
    node, held = review.node, ToothSegments(review.node)
    middle = np.argwhere(held.labels.array == 26).mean(0).astype(int)
    box = tuple(slice(int(m), int(m) + 1) for m in middle)
    hollow(node, 26, box)
    review.recheck()
    paint(node, held, "Tooth_26", np.ones((1, 1, 1), np.uint8), box, slicer)
    checked = review.recheck()
    assert (checked.changed, checked.gone) == ((26,), ("void:26",))
    assert review.finding("void:26").state == "resolved"
    assert review.points.GetNumberOfControlPoints() == len(
        [f for f in review.findings() if f.state == "open" and f.position]
    )


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from((11, 16, 26, 36, 47)), st.integers(0, 10**6)), min_size=1, max_size=3))
def test_after_any_strokes_the_same_findings_as_from_scratch(slicer, scene, strokes) -> None:
    volume = add_volume(scene, toy_dentition()[0], "CBCT")
    node = add_toy_segmentation(scene, volume)
    review = review_of(node)
    for fdi, seed in strokes:
        rng = np.random.default_rng(seed)
        held = ToothSegments(node)
        inside = np.argwhere(held.labels.array == fdi)
        if not len(inside):
            continue
        corner = inside[rng.integers(len(inside))]
        size = rng.integers(1, 9, 3)
        box = tuple(slice(int(c), int(min(c + s, n))) for c, s, n in zip(corner, size, held.labels.shape, strict=True))
        mask = (rng.random([s.stop - s.start for s in box]) < rng.random()).astype(np.uint8)
        paint(node, held, held.ids()[fdi], mask, box, slicer)
        review.recheck()
        standing = [f.sentence for f in review.findings() if f.state in ("open", "accepted")]
        assert standing == [f.message for f in check_dentition(ToothSegments(node).labels)]
    review.close()


def test_a_segment_removed_by_hand_is_a_missing_tooth(review) -> None:
    review.node.GetSegmentation().RemoveSegment("Tooth_26")
    assert review.needs_recheck()
    checked = review.recheck()
    assert 26 in checked.changed
    assert any(key.startswith("missing_tooth:26") for key in checked.new)
    assert 26 not in review.teeth()


def test_all_segments_removed(review) -> None:
    review.node.GetSegmentation().RemoveAllSegments()
    review.recheck()
    assert review.teeth() == {}
    assert {f.state for f in review.findings()} == {"resolved"}


def test_a_tooth_picked_in_the_terminology_selector_is_that_tooth(review) -> None:
    """Slicer's own way to say what a segment is: another entry of the list of teeth."""
    from DentalTopoSegLib.exports import terminology_entry

    segment = review.node.GetSegmentation().GetSegment("Tooth_37")
    segment.SetTag(segment.GetTerminologyEntryTagName(), terminology_entry(38))
    assert review.needs_recheck()
    review.recheck()
    assert 38 in review.teeth()
    assert 37 not in review.teeth()
    assert segment.GetName() == "38 lower left third molar"
    assert tag(segment, "DentalTopoSeg.FDI") == "38"


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rigid())
def test_points_and_findings_follow_a_moved_scan(scene, matrix) -> None:
    volume = add_volume(scene, toy_dentition()[0], "CBCT")
    node = add_toy_segmentation(scene, volume)
    review = review_of(node)
    before = {f.key: f.position for f in review.findings() if f.position}
    parent = transform(scene, matrix)
    for moved in (volume, node, review.points):
        moved.SetAndObserveTransformNodeID(parent.GetID())
    assert review.needs_recheck() or np.allclose(matrix, np.eye(4))
    review.recheck()
    for finding in review.findings():
        if finding.key in before and finding.position and finding.state == "open":
            place = matrix[:3, :3] @ before[finding.key] + matrix[:3, 3]
            np.testing.assert_allclose(finding.position, place, atol=1e-2)
    review.close()


def test_watching_tells_of_every_edit_until_closed(teeth_node) -> None:
    review, told = review_of(teeth_node), []
    review.watch(lambda: told.append(True))
    hollow(teeth_node, 26)
    assert told
    review.close()
    told.clear()
    hollow(teeth_node, 36)
    assert not told


# ---------------------------------------------------------------- repairs


def prepared(scene, change):
    """(review, node) of the toy after a change of its labels."""
    volume = add_volume(scene, toy_dentition()[0], "CBCT")
    node = add_toy_segmentation(scene, volume, labels=edited(change), confidence={16: 0.9, 26: 0.8, 36: 0.3})
    return review_of(node), node


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


# ---------------------------------------------------------------- appearance


def shown(node) -> dict[str, tuple]:
    display, segmentation = node.GetDisplayNode(), node.GetSegmentation()
    keys = [segmentation.GetNthSegmentID(i) for i in range(segmentation.GetNumberOfSegments())]
    return {
        key: (
            display.GetSegmentVisibility(key), display.GetSegmentOpacity3D(key), display.GetSegmentOpacity2DFill(key),
            display.GetSegmentOpacity2DOutline(key),
        )
        for key in keys
    }  # fmt: skip


def test_other_teeth_fade_and_come_back_as_they_were(review) -> None:
    review.node.GetDisplayNode().SetSegmentVisibility("Tooth_11", False)
    review.node.GetDisplayNode().SetSegmentOpacity3D("Tooth_12", 0.4)
    before = shown(review.node)
    review.emphasise([16, 17])
    now = shown(review.node)
    assert now["Tooth_16"] == (True, 1.0, 1.0, 1.0)
    assert now["Tooth_26"][1] < 0.2
    review.emphasise([11])
    assert shown(review.node)["Tooth_11"][0]
    review.hide_others([16])
    assert [key for key, value in shown(review.node).items() if value[0]] == ["Tooth_16"]
    review.restore()
    assert shown(review.node) == before


def test_points_of_other_teeth_are_hidden_meanwhile(review) -> None:
    def labels() -> list[str]:
        points = review.points
        count = points.GetNumberOfControlPoints()
        return [points.GetNthControlPointLabel(i) for i in range(count) if points.GetNthControlPointVisibility(i)]

    everything = labels()
    review.emphasise([16])
    assert labels() == ["16 size?"]
    hollow(review.node, 16)
    review.recheck()
    assert sorted(labels()) == ["16 hollow", "16 size?"]
    review.restore()
    assert set(labels()) == {*everything, "16 hollow"}


def test_restoring_when_a_faded_tooth_is_gone(review) -> None:
    review.emphasise([16])
    review.node.GetSegmentation().RemoveSegment("Tooth_26")
    review.restore()
    assert shown(review.node)["Tooth_27"][1] == 1.0


def test_looking_at_a_finding_and_at_a_tooth(slicer, scene, review) -> None:
    from DentalTopoSegLib.scene import look_at

    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    slices = [scene.AddNewNodeByClass("vtkMRMLSliceNode", name) for name in ("Red", "Green")]
    slices[0].SetOrientationToAxial()
    slices[1].SetOrientationToCoronal()
    for node in slices:
        node.SetDimensions(300, 200, 1)
        node.SetFieldOfView(300, 200, 1)
    camera = scene.AddNewNodeByClass("vtkMRMLCameraNode", "Camera")
    look = review.look_at_tooth(16)
    centre = toy_dentition()[1].index_to_ras(np.argwhere(toy_dentition()[1].array == 16).mean(0))
    np.testing.assert_allclose(look.position, centre, atol=1e-2)
    assert look.camera[0] > look.position[0] + 20  # from the patient's right, outside the arch
    look_at(look, scene)
    for node in slices:
        matrix = node.GetSliceToRAS()
        assert [round(matrix.GetElement(i, 3), 3) for i in range(3)] == [round(c, 3) for c in look.position]
        assert min(node.GetFieldOfView()[:2]) == pytest.approx(look.extent_mm)
        assert node.GetFieldOfView()[0] / node.GetFieldOfView()[1] == pytest.approx(1.5)
    np.testing.assert_allclose(camera.GetFocalPoint(), look.position)
    np.testing.assert_allclose(camera.GetPosition(), look.camera)
    placed = next(f for f in review.findings() if f.position)
    assert review.look(placed.key).position == tuple(placed.position)
    with pytest.raises(SceneError, match="There is no tooth 38"):
        review.look_at_tooth(38)


# ---------------------------------------------------------------- life of the nodes


def test_the_same_review_while_the_node_lives(teeth_node) -> None:
    review = review_of(teeth_node)
    assert review_of(teeth_node) is review
    review.close()
    assert review_of(teeth_node) is not review
    review_of(teeth_node).close()


@pytest.mark.parametrize("end", ["clear", "remove"])
def test_after_the_end_of_the_node_every_call_says_so(scene, teeth_node, end) -> None:
    review = review_of(teeth_node)
    scene.Clear(0) if end == "clear" else scene.RemoveNode(teeth_node)
    for call in (
        review.teeth, review.findings, review.needs_recheck, review.recheck, review.labels, review.restore,
        lambda: review.accept("x"), lambda: review.renumber(11, 12), lambda: review.emphasise([11]),
        lambda: review.set_numbering("FDI"), lambda: review.look_at_tooth(11), lambda: review.points,
    ):  # fmt: skip
        with pytest.raises(NodeGoneError, match="no longer in the scene"):
            call()
    review.close()


def test_what_is_no_dentition_is_refused(scene) -> None:
    empty = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "empty")
    model = scene.AddNewNodeByClass("vtkMRMLModelNode", "model")
    assert not is_reviewable(empty)
    assert not is_reviewable(model)
    assert not is_reviewable(None)
    with pytest.raises(SceneError, match="'empty' holds no teeth"):
        review_of(empty)


def test_another_programs_segmentation_can_be_reviewed(slicer, teeth_node) -> None:
    """Named by FDI numbers only, no codes, no tags of ours."""
    segmentation = teeth_node.GetSegmentation()
    for i in range(segmentation.GetNumberOfSegments()):
        segment = segmentation.GetNthSegment(i)
        fdi = tag(segment, "DentalTopoSeg.FDI")
        segment.RemoveTag("DentalTopoSeg.FDI")
        segment.RemoveTag(segment.GetTerminologyEntryTagName())
        segment.SetName(f"tooth_{fdi}")
    assert is_reviewable(teeth_node)
    review = review_of(teeth_node)
    assert {f.key for f in review.findings()} == TOY_KEYS
    assert review.teeth()[16].title == "tooth_16"
    review.close()


def test_labels_for_exports_are_a_copy(review) -> None:
    labels = review.labels()
    assert labels.same_grid(toy_dentition()[1])
    labels.array[:] = 0
    np.testing.assert_array_equal(review.labels().array, toy_dentition()[1].array)
