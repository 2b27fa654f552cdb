"""What the clinician states of teeth under review: numbers follow, undo brings all back, scenes keep it."""

from __future__ import annotations

import numpy as np
import pytest
from scan_files import toy_dentition
from scene_steps import add_toy_segmentation, array_of, everything_of, saved_and_loaded
from toy_jaws import toy_jaw
from toy_teeth import evidence

from DentalTopoSegLib.checks.repair import RepairRefusedError
from DentalTopoSegLib.dentition import Known, Stated
from DentalTopoSegLib.scene import add_result, add_surface, add_volume, prepare_job, review_of
from DentalTopoSegLib.scene.segments import KNOWN_TAGS, tag
from DentalTopoSegLib.scene.surfaces import change_about, known_about

PRESENT = sorted(int(fdi) for fdi in np.unique(toy_dentition()[1].array) if fdi)
#: The toy has 18 and 28: without 14 (18 of the toy stays where it is) one of the right side is left without a number.
LEFT_OUT = 18


@pytest.fixture
def node(scene):
    """Sixteen upper teeth, of which 18 is taken away: 11 to 17 on the patient's right."""
    labels = toy_dentition()[1]
    array = np.where(labels.array == LEFT_OUT, 0, labels.array).astype(np.uint8)
    volume = add_volume(scene, toy_dentition()[0], "CBCT")
    node = add_toy_segmentation(scene, volume, labels=labels.with_array(array), confidence={13: 0.9, 15: 0.8, 38: 0.7})
    segmentation = node.GetSegmentation()
    known = Known(evidence=evidence([fdi for fdi in PRESENT if fdi != LEFT_OUT]))
    from DentalTopoSegLib.scene.segments import fdi_of_segment, set_known

    for i in range(segmentation.GetNumberOfSegments()):
        segment = segmentation.GetNthSegment(i)
        set_known(segment, fdi_of_segment(segment), known)
    return node


def tags_of(node) -> dict[str, tuple[str, ...]]:
    segmentation = node.GetSegmentation()
    keys = [segmentation.GetNthSegmentID(i) for i in range(segmentation.GetNumberOfSegments())]
    return {key: tuple(tag(segmentation.GetSegment(key), name) for name in KNOWN_TAGS) for key in keys}


def missed(review) -> set[int]:
    return {fdi for f in review.findings() if f.code == "missing_tooth" and f.state == "open" for fdi in f.teeth}


def test_the_numbers_of_a_segmentation_follow_and_undo_brings_all_back(node) -> None:
    review = review_of(node)
    before, voxels, tags = everything_of(node), array_of(node), tags_of(node)
    checked = review.state_absent(14)
    assert review.undo_title == ("Tooth 14 is absent, 14 becomes 15, 15 becomes 16, 16 becomes 17, 17 becomes 18")
    assert set(checked.changed) == {14, 15, 16, 17, 18}
    assert 14 not in review.teeth() and 18 in review.teeth()
    assert review.stated == Stated(frozenset({14}))
    assert 14 not in missed(review)
    for old, new in ((14, 15), (15, 16), (16, 17), (17, 18)):
        np.testing.assert_array_equal(array_of(node) == new, voxels == old)
    assert review.teeth()[13].confidence == 0.9
    assert review.teeth()[15].confidence is None  # another tooth's by now
    after, tags_after = everything_of(node), tags_of(node)
    review.undo()
    assert everything_of(node) == before
    assert tags_of(node) == tags
    assert review.stated == Stated()
    review.redo()
    assert everything_of(node) == after
    assert tags_of(node) == tags_after


def test_taking_it_back_brings_the_numbers_back(node) -> None:
    review = review_of(node)
    voxels = array_of(node)
    review.state_absent(14)
    review.state_absent(14, absent=False)
    np.testing.assert_array_equal(array_of(node), voxels)
    assert review.stated == Stated()


def test_a_tooth_that_is_not_there_is_only_stated(node) -> None:
    review = review_of(node)
    voxels = array_of(node)
    review.remove_tooth(36)
    assert 36 in missed(review)
    review.state_absent(36)
    assert 36 not in missed(review)
    assert review.stated.absent == {36}
    review.undo()
    assert 36 in missed(review)
    review.undo()
    np.testing.assert_array_equal(array_of(node), voxels)


def test_a_saved_scene_keeps_what_was_stated(slicer, scene, node, tmp_path) -> None:
    review = review_of(node)
    review.state_absent(14)
    loaded = saved_and_loaded(slicer, scene, tmp_path)
    again = review_of(loaded.GetFirstNodeByClass("vtkMRMLSegmentationNode"))
    assert again.stated.absent == {14}
    assert 14 not in missed(again)
    again.state_absent(14, absent=False)
    assert 14 in again.teeth()


def test_a_tooth_renumbered_by_hand_keeps_its_number(node) -> None:
    review = review_of(node)
    review.renumber(17, 18)
    review.state_absent(14)
    assert 18 in review.teeth()
    assert "18 becomes" not in review.undo_title
    with pytest.raises(RepairRefusedError, match="was given by hand"):
        review.state_absent(18)


def test_a_result_of_before_says_that_its_numbers_cannot_follow(scene) -> None:
    volume = add_volume(scene, toy_dentition()[0], "CBCT")
    review = review_of(add_toy_segmentation(scene, volume))
    review.set_numbering("Universal")
    with pytest.raises(RepairRefusedError, match="give tooth 5 another number, remove it, or segment the scan again"):
        review.state_absent(14)
    assert review.stated == Stated()
    assert review.undo_title is None


# ---------------------------------------------------------------- scans


@pytest.fixture
def jaws(slicer, scene, monkeypatch):
    """The two jaws of a patient as a run's result: 17 and 47 are missing."""
    from fake_output import write_jaws

    toys = [toy_jaw("upper", absent=(17,)), toy_jaw("lower", absent=(47,))]
    models = [add_surface(scene, toy.vertices, toy.faces, f"{toy.which} scan") for toy in toys]
    job = prepare_job(models)
    write_jaws(job, toys, monkeypatch)
    result = add_result(job)
    basis = evidence()
    for node, toy in zip(result.nodes, toys, strict=True):
        known = Known(evidence={int(fdi): basis[fdi] for fdi in np.unique(toy.fdi) if fdi})
        change_about(node, known=known.to_dict())
    job.discard()
    return result.nodes


def test_the_numbers_of_scans_follow_in_the_jaw_concerned(jaws) -> None:
    review = review_of(jaws[0])
    before = [jaw.fdi.copy() for jaw in review.jaws]
    review.state_absent(14)
    assert review.undo_title == "Tooth 14 is absent, 14 becomes 15, 15 becomes 16, 16 becomes 17"
    assert 17 in review.teeth() and 14 not in review.teeth()
    np.testing.assert_array_equal(review.jaws[1].fdi, before[1])
    assert [known_about(node).stated.absent for node in jaws] == [{14}, {14}]
    assert 14 not in missed(review)
    review.undo()
    for jaw, fdi in zip(review.jaws, before, strict=True):
        np.testing.assert_array_equal(jaw.fdi, fdi)
    assert [known_about(node).stated for node in jaws] == [Stated(), Stated()]
    assert set(known_about(jaws[0]).evidence) == set(np.unique(before[0])) - {0}


def test_scans_of_before_know_nothing(jaws) -> None:
    import json

    from DentalTopoSegLib.scene.surfaces import JAW, about

    known = about(jaws[0])
    del known["known"]
    jaws[0].SetAttribute(JAW, json.dumps(known))
    assert known_about(jaws[0]) == Known()
