"""The line of a finding in the scene: from the root to the nerve canal."""

from __future__ import annotations

import numpy as np
import pytest
from fake_output import write_output
from scan_files import toy_dentition
from scene_steps import transform

from DentalTopoSegLib.dentition.structures import structure
from DentalTopoSegLib.files.json_text import write_report_json
from DentalTopoSegLib.files.structures import write_known_structures
from DentalTopoSegLib.reports.report import read_report
from DentalTopoSegLib.scene import add_result, prepare_job, review_of

TOOTH = 36


def canal_below(labels: np.ndarray) -> np.ndarray:
    """A canal along y, one voxel below the deepest point of a tooth."""
    z, _, x = np.argwhere(labels == TOOTH)[0]
    found = np.zeros_like(labels)
    found[max(z - 4, 0) : z - 1, :, x - 2 : x + 2] = structure("canal_left").value
    found[labels > 0] = 0
    return found


@pytest.fixture
def result(volume_node, tmp_path):
    """A run's teeth, with a canal beside them."""
    labels = toy_dentition()[1].array
    job = prepare_job([volume_node], folder=tmp_path)
    write_output(job, labels)
    beside = job.grid.volume(canal_below(labels), "scan")
    write_known_structures(beside, job.output / "scan_structures.seg.nrrd")
    report = read_report(job.output / "scan_report.json")
    report["files"]["structures"] = "scan_structures.seg.nrrd"
    write_report_json(report, job.output / "scan_report.json")
    return add_result(job)


def near_canal(review):
    return next(f for f in review.findings() if f.code == "near_canal" and f.teeth == (TOOTH,))


def ends_of(line) -> np.ndarray:
    found = []
    for i in range(line.GetNumberOfControlPoints()):
        place = [0.0, 0.0, 0.0]
        line.GetNthControlPointPositionWorld(i, place)
        found.append(place)
    return np.array(found)


def test_a_review_measures_to_the_structures_beside_the_teeth(result) -> None:
    review = review_of(result.node)
    finding = near_canal(review)
    assert "nerve canal" in finding.sentence and finding.repairs == ()


def test_the_line_is_shown_for_its_finding_and_hidden_again(scene, result) -> None:
    review = review_of(result.node)
    assert review.point_out(None) is None
    finding = near_canal(review)
    line = review.point_out(finding.key)
    assert line.IsA("vtkMRMLMarkupsLineNode") and line.GetDisplayVisibility() and line.GetLocked()
    ends = ends_of(line)
    assert len(ends) == 2 and line.GetNthControlPointDescription(0) == finding.sentence
    np.testing.assert_allclose(ends.mean(axis=0), finding.position, atol=0.02)
    assert f"within {np.linalg.norm(ends[1] - ends[0]):.1f} mm" in finding.sentence
    review.emphasise((TOOTH,))
    assert line.GetDisplayVisibility()
    other = next(f for f in review.findings() if f.code != "near_canal")
    assert review.point_out(other.key) is line and not line.GetDisplayVisibility()
    assert review.point_out(finding.key) is line and line.GetDisplayVisibility()
    review.restore()
    assert not line.GetDisplayVisibility()
    assert scene.GetNumberOfNodesByClass("vtkMRMLMarkupsLineNode") == 1


def test_the_line_moves_with_the_head(scene, result) -> None:
    """Under a transform the distance stays, and its ends lie in the world."""
    before = review_of(result.node)
    there = ends_of(before.point_out(near_canal(before).key))
    moved = np.eye(4)
    moved[:3, :3] = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    moved[:3, 3] = (3.0, -7.0, 11.0)
    node = transform(scene, moved)
    for one in (result.node, result.structures):
        one.SetAndObserveTransformNodeID(node.GetID())
    before.recheck(whole=True)
    ends = ends_of(before.point_out(near_canal(before).key))
    np.testing.assert_allclose(np.linalg.norm(ends[1] - ends[0]), np.linalg.norm(there[1] - there[0]), atol=0.02)
    np.testing.assert_allclose(ends, there @ moved[:3, :3].T + moved[:3, 3], atol=0.05)


def test_a_removed_tooth_has_no_distance(result) -> None:
    review = review_of(result.node)
    review.remove_tooth(TOOTH)
    assert not [f for f in review.findings() if f.code == "near_canal" and f.state == "open" and TOOTH in f.teeth]
    review.undo()
    assert near_canal(review).state == "open"
