"""Review of a segmentation: findings as nodes, checks after edits, the life of its nodes."""

from __future__ import annotations

import numpy as np
import pytest
from geometry import rigid
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scan_files import toy_dentition
from scene_steps import add_toy_segmentation, array_of, hollow, paint, saved_and_loaded, state_of, transform

from DentalTopoSegLib.checks.findings import check_dentition
from DentalTopoSegLib.scene import NodeGoneError, SceneError, add_volume, is_reviewable, review_of
from DentalTopoSegLib.scene.finding_nodes import keyed
from DentalTopoSegLib.scene.segments import FINDINGS_TAG, ToothSegments, tag

TOY_KEYS = set(keyed(check_dentition(toy_dentition()[1])))


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
    from DentalTopoSegLib.files.seg_nrrd import terminology_entry

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
        review.teeth,
        review.findings,
        review.needs_recheck,
        review.recheck,
        review.labels,
        review.restore,
        lambda: review.accept("x"),
        lambda: review.renumber(11, 12),
        lambda: review.emphasise([11]),
        lambda: review.set_numbering("FDI"),
        lambda: review.look_at_tooth(11),
        lambda: review.points,
    ):
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
