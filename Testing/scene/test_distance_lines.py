"""The line of a finding in the scene: from the root to the nerve canal."""

from __future__ import annotations

import gettext

import numpy as np
import pytest
from fake_output import write_output
from scan_files import toy_dentition
from scene_steps import transform

from DentalTopoSegLib.checks.measures.subvoxel import Line
from DentalTopoSegLib.checks.measures.surroundings import Clearance
from DentalTopoSegLib.dentition.structure_origin import DRAWN_TAG, ERROR_TAG
from DentalTopoSegLib.dentition.structures import structure
from DentalTopoSegLib.files.json_text import write_report_json
from DentalTopoSegLib.files.structures import write_known_structures
from DentalTopoSegLib.reports.report import read_report
from DentalTopoSegLib.scene import add_result, prepare_job, review_of
from DentalTopoSegLib.scene.distance_line import TO_CANAL, distances_of_tooth, nearest_place
from DentalTopoSegLib.scene.nodes import nodes_of
from DentalTopoSegLib.scene.views import PANORAMIC_TAG

TOOTH = 36


def canal_below(labels: np.ndarray) -> np.ndarray:
    """A canal along y, one voxel below the deepest point of a tooth."""
    z, _, x = np.argwhere(labels == TOOTH)[0]
    found = np.zeros_like(labels)
    found[max(z - 4, 0) : z - 1, :, x - 2 : x + 2] = structure("canal_left").value
    found[labels > 0] = 0
    return found


def near(mm: float, root: str = "", unseen: str = "") -> Clearance:
    """A distance downwards from the origin."""
    return Clearance(Line(np.zeros(3), np.array([0, 0, -mm])), "canal_left", 0.42, root, unseen)


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


def tag_canal(result, name: str, text: str) -> None:
    """Write into the canal's segment how it was found."""
    segmentation = result.structures.GetSegmentation()
    for i in range(segmentation.GetNumberOfSegments()):
        segmentation.GetNthSegment(i).SetTag(name, text)


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


def lines_in(scene) -> list:
    return nodes_of(scene, "vtkMRMLMarkupsLineNode")


def test_the_line_is_shown_for_its_finding_and_goes_again(scene, result) -> None:
    review = review_of(result.node)
    assert review.point_out(None) == []
    finding = near_canal(review)
    (line,) = review.point_out(finding.key)
    assert line.IsA("vtkMRMLMarkupsLineNode") and line.GetDisplayVisibility() and line.GetLocked()
    ends = ends_of(line)
    assert len(ends) == 2
    np.testing.assert_allclose(ends.mean(axis=0), finding.position, atol=0.02)
    assert f"within {np.linalg.norm(ends[1] - ends[0]):.1f} mm" in finding.sentence
    review.emphasise((TOOTH,))
    assert lines_in(scene) == [line]
    other = next(f for f in review.findings() if f.code != "near_canal")
    assert review.point_out(other.key) == [] == lines_in(scene)
    assert review.point_out(finding.key) == lines_in(scene) != []
    review.restore()
    assert lines_in(scene) == []


def test_a_tooth_without_a_finding_shows_its_distance_with_the_networks_error(scene, result) -> None:
    """With the error of a network, 3 mm, nothing is near for certain; the distance can be seen all the same."""
    tag_canal(result, ERROR_TAG, "3")
    review = review_of(result.node)
    assert not [f for f in review.findings() if f.code == "near_canal"]
    (line,) = review.point_out(None, TOOTH)
    mm = np.linalg.norm(np.subtract(*ends_of(line)))
    assert line.GetNthControlPointLabel(1) == f"{mm:.1f} mm ± 3.1 mm to the nerve canal"
    assert [review.say(one) for one in review.distances(TOOTH)] == [line.GetNthControlPointLabel(1)]
    np.testing.assert_allclose(
        review.look_at_tooth(TOOTH, at_distance=True).position, ends_of(line).mean(axis=0), atol=1e-6
    )
    assert review.point_out(None, 11) == [] == lines_in(scene)


def test_the_label_speaks_the_users_language(result) -> None:
    class German(gettext.NullTranslations):
        def gettext(self, message: str) -> str:
            return {TO_CANAL.text: "{mm:.1f} mm ± {unsure:.1f} mm zum Nervkanal", ".": ","}.get(message, message)

    review = review_of(result.node)
    review.language = German()
    (line,) = review.point_out(None, TOOTH)
    mm = np.linalg.norm(np.subtract(*ends_of(line)))
    said = line.GetNthControlPointLabel(1)
    assert said.startswith(f"{mm:.1f} mm ± ".replace(".", ",")) and said.endswith(" mm zum Nervkanal")


def test_a_finding_and_its_tooth_share_one_line(scene, result) -> None:
    review = review_of(result.node)
    finding = near_canal(review)
    assert len(review.point_out(finding.key, TOOTH)) == len(review.point_out(None, TOOTH)) == 1


def test_the_point_of_a_finding_gives_way_to_its_line(result) -> None:
    """Both would be drawn, and labelled, at one place."""
    review = review_of(result.node)
    finding = near_canal(review)

    def visible() -> dict[str, bool]:
        points = review.points
        n = points.GetNumberOfControlPoints()
        return {points.GetNthControlPointDescription(i): bool(points.GetNthControlPointVisibility(i)) for i in range(n)}

    assert visible()[finding.sentence]
    review.point_out(None, TOOTH)
    review.emphasise((TOOTH,))
    assert not visible()[finding.sentence]
    review.point_out(None)
    assert visible()[finding.sentence]


def test_no_line_to_what_was_drawn_or_cut(scene, result) -> None:
    nearest = ends_of(review_of(result.node).point_out(None, TOOTH)[0])[1]
    before, behind = nearest - (0, 6, 0), nearest + (0, 6, 0)
    text = ", ".join(" ".join(f"{c:.2f}" for c in place) for place in (before, behind))
    tag_canal(result, DRAWN_TAG, text)
    review = review_of(result.node)
    review.recheck(whole=True)
    assert lines_in(scene) == []
    (told,) = review.distances(TOOTH)
    assert review.say(told) == "no distance, because the nearest part of the canal is drawn, not seen"
    assert review.point_out(None, TOOTH) == [] == lines_in(scene)


def test_lines_follow_edits_and_go_with_their_tooth(scene, result) -> None:
    review = review_of(result.node)
    there = ends_of(review.point_out(None, TOOTH)[0])
    review.remove_tooth(TOOTH)
    assert lines_in(scene) == []
    review.undo()
    (again,) = lines_in(scene)
    np.testing.assert_allclose(ends_of(again), there)
    review.redo()
    assert lines_in(scene) == []
    review.undo()
    review.renumber(TOOTH, 38)
    assert lines_in(scene) == []
    review.undo()
    assert len(lines_in(scene)) == 1


def test_lines_go_with_the_review_and_are_not_saved(scene, result, tmp_path) -> None:
    review = review_of(result.node)
    review.point_out(None, TOOTH)
    scene.SetURL(str(tmp_path / "scene.mrml"))
    scene.SetRootDirectory(str(tmp_path))
    scene.Commit()
    assert "MarkupsLine" not in (tmp_path / "scene.mrml").read_text()
    scene.RemoveNode(result.node)
    review.close()
    assert lines_in(scene) == []


def test_the_panoramic_view_shows_no_line(scene, result) -> None:
    panoramic, red = (scene.AddNewNodeByClass("vtkMRMLSliceNode", name) for name in (PANORAMIC_TAG, "Red"))
    for view in (panoramic, red):
        view.SetLayoutName(view.GetName())
    (line,) = review_of(result.node).point_out(None, TOOTH)
    shown = line.GetDisplayNode()
    assert shown.IsDisplayableInView(red.GetID()) and not shown.IsDisplayableInView(panoramic.GetID())


def test_every_root_that_was_measured_has_its_line() -> None:
    """The crown has none beside the roots', unless nothing is nearer."""
    measured = [near(1.0, "mesial"), near(2.0, "distal", "cut"), near(9.0)]
    told = distances_of_tooth(measured)
    assert [str(one.sentence) for one in told] == [
        "mesial root: 1.0 mm ± 0.5 mm to the nerve canal",
        "distal root: no distance, because the scan ends where it is nearest",
    ]
    assert told[0].ends == ((0, 0, 0), (0, 0, -1)) and told[1].ends is None
    assert [str(one.sentence) for one in distances_of_tooth([near(0.5), near(1.0, "mesial")])] == [
        "0.5 mm ± 0.5 mm to the nerve canal",
        "mesial root: 1.0 mm ± 0.5 mm to the nerve canal",
    ]


def test_views_leave_no_tooth_for_what_is_far_away() -> None:
    assert nearest_place(distances_of_tooth([near(1.0, "mesial", "drawn"), near(4.0, "distal")])) == (0, 0, -2)
    assert nearest_place(distances_of_tooth([near(15.0)])) is None
    assert nearest_place([]) is None


def test_the_line_moves_with_the_head(scene, result) -> None:
    """Under a transform the distance stays, and its ends lie in the world."""
    review = review_of(result.node)
    there = ends_of(review.point_out(near_canal(review).key)[0])
    moved = np.eye(4)
    moved[:3, :3] = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    moved[:3, 3] = (3.0, -7.0, 11.0)
    node = transform(scene, moved)
    for one in (result.node, result.structures):
        one.SetAndObserveTransformNodeID(node.GetID())
    review.recheck(whole=True)
    (line,) = lines_in(scene)
    ends = ends_of(line)
    np.testing.assert_allclose(np.linalg.norm(ends[1] - ends[0]), np.linalg.norm(there[1] - there[0]), atol=0.02)
    np.testing.assert_allclose(ends, there @ moved[:3, :3].T + moved[:3, 3], atol=0.05)


def test_a_removed_tooth_has_no_distance(result) -> None:
    review = review_of(result.node)
    review.remove_tooth(TOOTH)
    assert not [f for f in review.findings() if f.code == "near_canal" and f.state == "open" and TOOTH in f.teeth]
    review.undo()
    assert near_canal(review).state == "open"
