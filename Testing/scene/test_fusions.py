"""A CBCT and scans in the scene are fused by the real worker: places, fused teeth, numbers, and one undo of it all."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from fusion_scenes import WRONG, add_cbct, add_numbered_jaw, patient
from made_scans import RAS_TO_LPS
from scene_steps import run_worker, state_of, transform

from DentalTopoSegLib.dentition import color, plain_name
from DentalTopoSegLib.scene import SceneError, add_fusion, add_surface, fused_rows, prepare_fusion, review_of
from DentalTopoSegLib.scene.fusions import FUSION

pytest.importorskip("small_gicp", reason="python -m pip install small_gicp")
pytest.importorskip("trimesh", reason="python -m pip install trimesh")
UPPER = [11, 12, 13, 21, 22]


@pytest.fixture
def cbct(scene):
    """A CBCT and its numbered teeth."""
    return add_cbct(scene, patient()[0])


@pytest.fixture
def upper(scene):
    """The numbered upper jaw, in which one tooth is called wrong."""
    return add_numbered_jaw(scene, patient()[1]["upper"], "upper", WRONG)


@pytest.fixture(scope="module")
def output(slicer, tmp_path_factory):
    """What the worker made of that CBCT and that jaw: a function that puts it in another job's place."""
    scene = slicer.vtkMRMLScene()
    volume, teeth = add_cbct(scene, patient()[0])
    jaw = add_numbered_jaw(scene, patient()[1]["upper"], "upper", WRONG)
    job = prepare_fusion(volume, jaw, teeth=teeth, folder=tmp_path_factory.mktemp("jobs"))
    assert run_worker(job) == 0
    scene.Clear(1)

    def finished(other):
        other.job["output"] = str(job.output)
        return other

    return finished


@pytest.fixture
def fusion(output, cbct, upper, tmp_path):
    volume, teeth = cbct
    return add_fusion(output(prepare_fusion(volume, upper, teeth=teeth, folder=tmp_path)))


def points_in_world(node) -> np.ndarray:
    from vtk.util.numpy_support import vtk_to_numpy

    from DentalTopoSegLib.scene.nodes import to_world

    matrix = to_world(node, "it")
    return vtk_to_numpy(node.GetPolyData().GetPoints().GetData()) @ matrix[:3, :3].T + matrix[:3, 3]


def true_places() -> np.ndarray:
    """Where the upper scan's vertices lie in the CBCT, RAS mm."""
    scan = patient()[1]["upper"]
    vertices = scan.labelled.mesh.vertices @ scan.matrix[:3, :3].T + scan.matrix[:3, 3]
    return vertices * RAS_TO_LPS


def test_preparing_leaves_the_scene_as_it_is(scene, cbct, upper, tmp_path) -> None:
    before = state_of(scene)
    job = prepare_fusion(cbct[0], upper, teeth=cbct[1], folder=tmp_path)
    assert state_of(scene) == before
    assert job.job["kind"] == "fusion" and job.jaws == ("upper",) and job.numbered == (True,)
    job.discard()
    assert list(tmp_path.iterdir()) == []


def test_the_scan_lies_where_it_belongs(fusion, upper) -> None:
    assert np.linalg.norm(points_in_world(upper) - true_places(), axis=1).max() < 0.2
    assert fusion.transforms[0].GetName() == "upper on CBCT"


def test_a_scan_under_a_transform_is_moved_too(output, cbct, upper, scene, tmp_path) -> None:
    """The worker saw it in the world, wherever its transform puts it."""
    turn = np.eye(4)
    turn[:3, 3] = 10, -20, 5
    parent = transform(scene, turn)
    upper.SetAndObserveTransformNodeID(parent.GetID())
    job = prepare_fusion(cbct[0], upper, teeth=cbct[1], folder=tmp_path)
    job = output(job)
    moved = points_in_world(upper)
    fusion = add_fusion(job)
    matrix = np.diag([-1.0, -1.0, 1.0, 1.0]) @ np.array(fusion.report["jaws"][0]["scan_to_cbct"])
    assert np.allclose(points_in_world(upper), moved @ matrix[:3, :3].T + matrix[:3, 3], atol=1e-4)
    fusion.undo()
    assert upper.GetTransformNodeID() == parent.GetID()


def test_fused_teeth_have_names_colours_and_closed_surfaces(fusion) -> None:
    import vtk

    segmentation = fusion.fused.GetSegmentation()
    found = {}
    for i in range(segmentation.GetNumberOfSegments()):
        segment = segmentation.GetNthSegment(i)
        found[segment.GetName()] = segment
        surface = segment.GetRepresentation("Closed surface")
        edges = vtk.vtkFeatureEdges()
        edges.SetInputData(surface)
        edges.FeatureEdgesOff()
        edges.ManifoldEdgesOff()
        edges.Update()
        assert surface.GetNumberOfPolys() > 1000
        assert edges.GetOutput().GetNumberOfCells() == 0  # neither borders nor edges of three faces
    assert list(found) == [f"{fdi} {plain_name(fdi)}" for fdi in UPPER]
    for fdi, segment in zip(UPPER, found.values(), strict=True):
        assert [round(255 * c) for c in segment.GetColor()] == list(color(fdi))


def test_fused_teeth_lie_on_the_cbcts(fusion, scene) -> None:
    bounds = [0.0] * 6
    fusion.fused.GetRASBounds(bounds)
    teeth = [0.0] * 6
    fusion.teeth.GetRASBounds(teeth)
    assert teeth[0] - 1 < bounds[0] < bounds[1] < teeth[1] + 1
    assert teeth[2] - 1 < bounds[2] < bounds[3] < teeth[3] + 1


def test_residuals_are_told_per_tooth_also_after_saving(fusion) -> None:
    rows = fused_rows(fusion.fused)
    assert [row.fdi for row in rows] == UPPER
    assert all(0 < row.median_mm < row.p95_mm < 0.3 for row in rows)
    assert [(row.in_cbct, row.in_scan) for row in rows][2] == (13, 14)
    fusion.fused.SetAttribute(FUSION, json.dumps([{"fdi": 11}]))
    with pytest.raises(SceneError, match="is damaged: fuse again"):
        fused_rows(fusion.fused)


def test_the_number_that_holds_is_given_and_told_in_both_reviews(fusion, upper) -> None:
    of_cbct, of_scan = review_of(fusion.teeth), review_of(upper)
    assert sorted(of_scan.teeth()) == UPPER  # 14 became 13
    for review in (of_cbct, of_scan):
        (found,) = [one for one in review.findings() if one.code == "two_numbers"]
        assert found.sentence == (
            "The same tooth was 13 (score 97 %) in the CBCT and 14 (score 60 %) in the intraoral scan: "
            "13 was taken for both, please check."
        )
        assert found.teeth == (13,) and found.repairs[0] == "Give tooth 13 the number 14"
    of_scan.undo()
    assert sorted(of_scan.teeth()) == [11, 12, 14, 21, 22]
    assert not any(one.code == "two_numbers" and one.state == "open" for one in of_scan.findings())
    of_scan.redo()
    key = next(one.key for one in of_scan.findings() if one.code == "two_numbers")
    of_scan.repair(key)  # the scan's number after all
    assert sorted(of_scan.teeth()) == [11, 12, 14, 21, 22]
    assert of_scan.finding(key).state == "repaired"
    assert of_scan.known().two_numbers == {}
    of_scan.undo()
    assert of_scan.finding(key).state == "open"


def test_one_undo_takes_all_back(output, cbct, upper, scene, tmp_path) -> None:
    volume, teeth = cbct
    reviews = [review_of(teeth), review_of(upper)]
    before = ([sorted(r.teeth()) for r in reviews], upper.GetTransformNodeID(), nodes(scene))
    fusion = add_fusion(output(prepare_fusion(volume, upper, teeth=teeth, folder=tmp_path)))
    assert nodes(scene) != before[2]
    fusion.undo()
    assert ([sorted(r.teeth()) for r in reviews], upper.GetTransformNodeID(), nodes(scene)) == before
    assert not any(one.code == "two_numbers" and one.state == "open" for r in reviews for one in r.findings())


def nodes(scene) -> set[str]:
    return {scene.GetNthNode(i).GetID() for i in range(scene.GetNumberOfNodes())}


def test_undo_is_refused_where_teeth_were_edited_since(fusion, scene) -> None:
    review = review_of(fusion.teeth)
    review.renumber(22, 23)
    held = nodes(scene)
    with pytest.raises(SceneError, match="edited since"):
        fusion.undo()
    assert nodes(scene) == held
    review.undo()
    fusion.undo()
    assert fusion.fused.GetScene() is None


def test_a_result_that_is_incomplete_changes_nothing(output, cbct, upper, scene, tmp_path) -> None:
    volume, teeth = cbct
    job = output(prepare_fusion(volume, upper, teeth=teeth, folder=tmp_path))
    held = nodes(scene)
    with pytest.raises(SceneError, match=r"incomplete \('scan_fusion.json'\)"):
        add_fusion(replace(job, jaws=("lower",)))
    job.job["output"] = str(tmp_path)
    with pytest.raises(SceneError, match="incomplete"):
        add_fusion(job)
    assert nodes(scene) == held and upper.GetTransformNodeID() is None


def test_what_cannot_be_fused_is_refused(cbct, upper, scene, tmp_path) -> None:
    volume, _ = cbct
    empty = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Nothing")
    for given, words in (
        ({"volume": volume}, "Choose the scan of one jaw, or of both."),
        ({"volume": volume, "upper": upper, "lower": upper}, "chosen for both jaws"),
        ({"volume": volume, "upper": upper, "teeth": empty}, "'Nothing' holds no teeth"),
        ({"volume": None, "upper": upper}, "The CBCT is no longer in the scene"),
        ({"volume": volume, "upper": scene.AddNewNodeByClass("vtkMRMLModelNode", "Bare")}, "holds no surface yet"),
    ):
        with pytest.raises(SceneError, match=words):
            prepare_fusion(**given, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_worker_refuses_another_jaw(cbct, upper, scene, tmp_path) -> None:
    """The numbered upper jaw is given as the lower one."""
    job = prepare_fusion(cbct[0], lower=upper, teeth=cbct[1], folder=tmp_path)
    assert run_worker(job) == 3
    assert not job.output.exists()
    job.discard()


def test_a_bare_scan_under_another_name_is_a_job_for_segmenting(cbct, scene, tmp_path) -> None:
    mesh = patient()[1]["lower"].labelled.mesh
    bare = add_surface(scene, mesh.vertices, mesh.faces, "lower")
    job = prepare_fusion(cbct[0], lower=bare, folder=tmp_path)
    assert (job.numbered, job.job["labels"], job.job["known"]) == ((False,), None, [None])
    assert job.job["jaws"] == ["lower"]
