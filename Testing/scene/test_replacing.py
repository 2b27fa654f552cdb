"""A run whose teeth go into a segmentation that is there: foreign segments stay, one undo, or nothing is changed."""

from __future__ import annotations

import numpy as np
import pytest
from fake_output import write_output
from scan_files import toy_dentition
from scene_steps import add_toy_segmentation, edited, everything_of, transform

from DentalTopoSegLib.options import RunOptions
from DentalTopoSegLib.scene import NodeGoneError, SceneError, add_result, prepare_job, results, review_of
from DentalTopoSegLib.scene.nodes import nodes_of
from DentalTopoSegLib.scene.segments import ToothSegments, oriented_image


@pytest.fixture
def job(volume_node, tmp_path):
    made = prepare_job([volume_node], RunOptions(), folder=tmp_path)
    write_output(made, toy_dentition()[1].array, {16: 0.9})
    yield made
    made.discard()


@pytest.fixture
def old(scene, volume_node, slicer):
    """An older result, without 16 and with 36 hollow, and a nerve drawn by hand that overlaps 46."""

    def change(array, of) -> None:
        array[of(16)] = 0

    node = add_toy_segmentation(scene, volume_node, labels=edited(change))
    nerve = slicer.vtkSegment()
    nerve.SetName("Nerve")
    mask = (toy_dentition()[1].array == 46).astype(np.uint8)
    nerve.AddRepresentation("Binary labelmap", oriented_image(mask, (0, 0, 0), ToothSegments(node).local))
    node.GetSegmentation().AddSegment(nerve, "Nerve")
    return node


def _voxels(node, key: str) -> int:
    from vtk.util.numpy_support import vtk_to_numpy

    segment = node.GetSegmentation().GetSegment(key)
    image = segment.GetRepresentation("Binary labelmap")
    return int((vtk_to_numpy(image.GetPointData().GetScalars()) == segment.GetLabelValue()).sum())


def test_teeth_are_replaced_and_other_segments_stay(scene, job, old) -> None:
    segmentations = len(nodes_of(scene, "vtkMRMLSegmentationNode"))
    nerve = _voxels(old, "Nerve")
    result = add_result(job, into=old, name="ignored")
    assert result.node is old and old.GetName() == "CBCT teeth"
    assert len(nodes_of(scene, "vtkMRMLSegmentationNode")) == segmentations
    assert _voxels(old, "Nerve") == nerve > 0
    held = ToothSegments(old)
    np.testing.assert_array_equal(held.labels.array, toy_dentition()[1].array)
    assert held.confidences()[16] == pytest.approx(0.9)
    assert old.GetSegmentation().GetSegment("Tooth_16").GetRepresentation("Closed surface") is not None


def test_one_undo_takes_it_back_and_redo_does_it_again(job, old) -> None:
    before = everything_of(old)
    review = review_of(old)
    assert 16 not in review.teeth()
    add_result(job, into=old)
    review.recheck()
    after = everything_of(old)
    assert 16 in review.teeth() and "teeth" in review.undo_title.lower()
    review.undo()
    assert everything_of(old) == before and 16 not in review.teeth()
    assert review.undo_title is None
    review.redo()
    assert everything_of(old) == after and 16 in review.teeth()


def test_undo_is_there_when_the_review_begins_after_the_run(job, old) -> None:
    before = everything_of(old)
    add_result(job, into=old)
    review = review_of(old)
    review.undo()
    assert everything_of(old) == before


def test_into_a_segmentation_without_teeth(scene, job, slicer) -> None:
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Plan")
    add_result(job, into=node)
    review = review_of(node)
    assert set(review.teeth()) == set(np.unique(toy_dentition()[1].array)) - {0}
    review.undo()
    assert node.GetSegmentation().GetNumberOfSegments() == 0 and not review.teeth()


def test_into_a_segmentation_that_was_moved(scene, job, old) -> None:
    shift = np.eye(4)
    shift[:3, 3] = 4.0, -3.0, 2.0
    old.SetAndObserveTransformNodeID(transform(scene, shift).GetID())
    add_result(job, into=old)
    expected = toy_dentition()[1]
    place = expected.index_to_ras(np.argwhere(expected.array == 16).mean(0))
    np.testing.assert_allclose(review_of(old).look_at_tooth(16).position, place, atol=0.02)


def test_a_failure_midway_leaves_the_segmentation_as_it_was(scene, job, old, monkeypatch) -> None:
    before, nodes = everything_of(old), len(nodes_of(scene))

    def fail(*_a, **_k):
        raise SceneError("Slicer refused.")

    monkeypatch.setattr(results, "_show_surfaces", fail)
    with pytest.raises(SceneError, match="refused"):
        add_result(job, into=old)
    assert everything_of(old) == before and len(nodes_of(scene)) == nodes
    assert review_of(old).undo_title is None


def test_what_cannot_take_teeth_is_refused(scene, job, volume_node, old) -> None:
    with pytest.raises(SceneError, match="is no segmentation"):
        add_result(job, into=volume_node)
    scene.RemoveNode(old)
    with pytest.raises(NodeGoneError):
        add_result(job, into=old)
