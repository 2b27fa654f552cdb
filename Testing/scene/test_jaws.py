"""Intraoral scans in the scene: models coloured by tooth, their review, repairs with exact undo, two jaws."""

from __future__ import annotations

import json

import numpy as np
import pytest
from fake_output import write_jaws
from geometry import rigid
from hypothesis import HealthCheck, given, settings
from scene_steps import state_of, transform
from toy_jaws import toy_jaw

from DentalTopoSegLib import dentition
from DentalTopoSegLib.checks.repair import NumberTakenError
from DentalTopoSegLib.scene import (
    NodeGoneError,
    SceneError,
    add_result,
    add_surface,
    is_reviewable,
    prepare_job,
    review_of,
)
from DentalTopoSegLib.scene.surfaces import segmentation_of


def add_model(scene, toy, name: str):
    """A toy jaw as a model node, bare as a loaded STL."""
    return add_surface(scene, toy.vertices, toy.faces, name)


@pytest.fixture
def shown(scene, tmp_path, monkeypatch):
    """shown(toy, ...) -> (source nodes, SceneResult) of toy jaws that the worker has labelled as they are."""

    def make(*toys, jaws=None, matrix=None, **options):
        sources = [add_model(scene, toy, f"{toy.which} scan") for toy in toys]
        if matrix is not None:
            parent = transform(scene, matrix)
            for source in sources:
                source.SetAndObserveTransformNodeID(parent.GetID())
        job = prepare_job(sources, folder=tmp_path, jaws=jaws)
        moved = toys if matrix is None else [toy.moved(matrix[:3, :3], matrix[:3, 3]) for toy in toys]
        write_jaws(job, moved, monkeypatch)
        return sources, add_result(job, **options)

    return make


def arrays_of(node) -> tuple[bytes, ...]:
    """All that an undo must bring back."""
    from vtk.util.numpy_support import vtk_to_numpy

    surface = node.GetPolyData()
    data = (surface.GetPointData(), "FDI"), (surface.GetPointData(), "Instance"), (surface.GetCellData(), "FDI")
    return (*(vtk_to_numpy(d.GetArray(name)).tobytes() for d, name in data), node.GetAttribute("DentalTopoSeg.Jaw"))


def test_every_triangle_has_its_tooth_and_colour(shown) -> None:
    from vtk.util.numpy_support import vtk_to_numpy

    toy = toy_jaw("lower")
    (source,), result = shown(toy)
    surface = result.node.GetPolyData()
    np.testing.assert_array_equal(vtk_to_numpy(surface.GetPointData().GetArray("FDI")), toy.fdi)
    np.testing.assert_array_equal(vtk_to_numpy(surface.GetCellData().GetArray("FDI")), toy.face_fdi)
    np.testing.assert_array_equal(vtk_to_numpy(surface.GetPoints().GetData()), toy.vertices)
    display = result.node.GetDisplayNode()
    assert display.GetScalarVisibility()
    colors = display.GetColorNode()
    rgba = [0.0] * 4
    for fdi in np.unique(toy.fdi)[1:].tolist():
        assert colors.GetColorName(fdi) == f"{fdi} {dentition.plain_name(fdi)}"
        colors.GetColor(fdi, rgba)
        assert tuple(round(255 * c) for c in rgba[:3]) == dentition.color(fdi)
    assert colors.GetColorName(0) == "gum"
    assert colors.GetLookupTable().IsOpaque()  # otherwise VTK draws the jaw as if it were glass
    assert result.node.GetName() == "lower scan teeth"
    assert not source.GetDisplayVisibility()  # both would be drawn at the same place
    assert source.GetPolyData().GetCellData().GetNumberOfArrays() == 0


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rigid())
def test_a_moved_scan_and_its_teeth_stay_together(shown, matrix) -> None:
    from vtk.util.numpy_support import vtk_to_numpy

    toy = toy_jaw("upper")
    (source,), result = shown(toy, matrix=matrix)
    assert result.node.GetTransformNodeID() == source.GetTransformNodeID()
    points = vtk_to_numpy(result.node.GetPolyData().GetPoints().GetData())
    np.testing.assert_allclose(points, toy.vertices, atol=1e-4)
    review = review_of(result.node)
    np.testing.assert_allclose(
        review.look_at_tooth(16).position, matrix[:3, :3] @ toy.centre(16) + matrix[:3, 3], atol=1.0
    )
    review.close()


def test_review_finds_what_the_worker_found(shown) -> None:
    toy = toy_jaw("lower").numbered({36: 37, 37: 36})
    _, result = shown(toy)
    review = review_of(result.node)
    assert review_of(result.node) is review
    assert [f.sentence for f in review.findings()] == [f["message"] for f in result.report["findings"]]
    assert any(f.code == "order_broken" for f in review.findings())
    assert sorted(review.teeth()) == sorted(np.unique(toy.fdi)[1:].tolist())
    assert result.table.GetTable().GetNumberOfRows() == len(review.findings())
    review.close()


def test_repair_and_undo_and_redo_are_exact(shown) -> None:
    toy = toy_jaw("lower")
    toy = toy.where(toy.near(36, (0, 0, 0), 1.0), 0)
    _, result = shown(toy)
    review = review_of(result.node)
    finding = next(f for f in review.findings() if f.code == "hole")
    before = arrays_of(result.node)
    review.repair(finding.key)
    after = arrays_of(result.node)
    assert after != before
    assert review.finding(finding.key).state == "repaired"
    assert review.undo() == finding.repairs[0]
    assert arrays_of(result.node) == before
    assert review.finding(finding.key).state == "open"
    review.redo()
    assert arrays_of(result.node) == after
    review.close()


def test_renumbering_a_crown(shown) -> None:
    toy = toy_jaw("lower")
    _, result = shown(toy)
    review = review_of(result.node)
    before = arrays_of(result.node)
    with pytest.raises(NumberTakenError, match="exchange"):
        review.renumber(36, 37)
    review.renumber(36, 37, swap_numbers=True)
    now = segmentation_of(result.node)
    np.testing.assert_array_equal(now.fdi == 37, toy.fdi == 36)
    assert 36 not in now.confidence
    review.undo()
    assert arrays_of(result.node) == before
    review.renumber(37, 38)
    assert 38 in review.teeth()
    assert 37 not in review.teeth()
    review.close()


def test_two_jaws_are_one_review(shown) -> None:
    upper, lower = toy_jaw("upper"), toy_jaw("lower")
    _, result = shown(upper, lower)
    assert [node.GetName() for node in result.nodes] == ["upper scan teeth", "lower scan teeth"]
    assert len({node.GetDisplayNode().GetColorNodeID() for node in result.nodes}) == 2
    review = review_of(result.nodes[1])
    assert review_of(result.nodes[0]) is review
    assert sorted(review.teeth()) == sorted({*np.unique(upper.fdi)[1:].tolist(), *np.unique(lower.fdi)[1:].tolist()})
    review.renumber(37, 38)
    assert 38 in segmentation_of(result.nodes[1]).fdi
    assert 38 not in segmentation_of(result.nodes[0]).fdi
    with pytest.raises(NumberTakenError, match="different jaws"):
        review.renumber(17, 36)
    review.close()


def test_a_model_of_both_jaws_becomes_two(scene, tmp_path, monkeypatch) -> None:
    upper, lower = toy_jaw("upper"), toy_jaw("lower")

    def first_is_upper(jaws, model) -> float:
        return 0.99 if jaws[0].vertices[:, 2].mean() > jaws[1].vertices[:, 2].mean() else 0.01

    monkeypatch.setattr("DentalTopoSegLib.runs.both_jaws._first_is_upper", first_is_upper)
    vertices = np.concatenate([lower.vertices, upper.vertices])
    faces = np.concatenate([lower.faces, upper.faces + len(lower.vertices)])
    source = add_surface(scene, vertices, faces, "bite")
    job = prepare_job([source], folder=tmp_path)
    write_jaws(job, [upper, lower], monkeypatch)
    result = add_result(job)
    assert [node.GetName() for node in result.nodes] == ["bite upper", "bite lower"]
    assert [node.GetPolyData().GetNumberOfPoints() for node in result.nodes] == [len(upper.fdi), len(lower.fdi)]
    review = review_of(result.nodes[0])
    assert review_of(result.nodes[1]) is review and len(review.teeth()) == 28
    assert not source.GetDisplayVisibility()
    review.close()


def test_fading_hiding_and_naming(shown) -> None:
    _, result = shown(toy_jaw("lower"))
    review = review_of(result.node)
    colors = result.node.GetDisplayNode().GetColorNode()

    def rgb(fdi: int) -> tuple[int, ...]:
        rgba = [0.0] * 4
        colors.GetColor(fdi, rgba)
        return tuple(round(255 * c) for c in rgba[:3])

    review.emphasise([36])
    assert rgb(36) == dentition.color(36)
    assert rgb(46) != dentition.color(46)
    review.hide_others([36])
    gum = rgb(0)
    assert rgb(46) == gum
    review.restore()
    assert rgb(46) == dentition.color(46)
    review.set_numbering("Palmer")
    assert colors.GetColorName(36) == "LL6 lower left first molar"
    assert review.teeth()[36].title == "LL6 lower left first molar"
    review.close()


def test_looking_from_outside_whichever_way_the_jaw_lies(shown) -> None:
    toy = toy_jaw("upper")
    _, result = shown(toy)
    review = review_of(result.node)
    look = review.look_at_tooth(16)
    middle = toy.vertices.mean(0)
    assert np.linalg.norm(np.subtract(look.camera, middle)) > np.linalg.norm(np.subtract(look.position, middle)) + 20
    review.close()


def test_survives_saving_and_loading(slicer, scene, shown, tmp_path) -> None:
    from test_review import saved_and_loaded

    upper, lower = toy_jaw("upper"), toy_jaw("lower").numbered({36: 37, 37: 36})
    _, result = shown(upper, lower)
    review = review_of(result.node)
    review.accept(review.findings()[0].key)
    kept = {f.key: f.state for f in review.findings()}
    other = saved_and_loaded(slicer, scene, tmp_path)
    node = other.GetFirstNodeByName("lower scan teeth")
    assert is_reviewable(node)
    again = review_of(node)
    assert len(again.nodes) == 2
    assert {f.key: f.state for f in again.findings()} == kept
    np.testing.assert_array_equal(segmentation_of(node).fdi, segmentation_of(result.nodes[1]).fdi)
    again.close()
    review.close()
    other.Clear(1)


# ---------------------------------------------------------------- refusals


def test_incomplete_output_leaves_the_scene_as_it_was(scene, tmp_path, monkeypatch) -> None:
    toy = toy_jaw("lower")
    source = add_model(scene, toy, "lower scan")
    job = prepare_job([source], folder=tmp_path)
    write_jaws(job, [toy], monkeypatch)
    path = job.output / "scan_report.json"
    report = json.loads(path.read_text(encoding="utf-8"))
    del report["jaw_confidence"]
    path.write_text(json.dumps(report), encoding="utf-8")
    before = state_of(scene)
    with pytest.raises(SceneError, match=r"incomplete \('scan_report.json'\): run it again"):
        add_result(job)
    assert [entry[:2] for entry in state_of(scene)] == [entry[:2] for entry in before]
    assert source.GetDisplayVisibility()


def test_a_deleted_jaw_is_named_gone(scene, shown) -> None:
    _, result = shown(toy_jaw("upper"), toy_jaw("lower"))
    review = review_of(result.node)
    scene.RemoveNode(result.nodes[1])
    for call in (review.teeth, review.findings, review.needs_recheck, review.recheck, review.restore):
        with pytest.raises(NodeGoneError, match="no longer in the scene"):
            call()
    review.close()
    alone = review_of(result.nodes[0])  # the other jaw goes on by itself
    assert all(dentition.is_upper(fdi) for fdi in alone.teeth())
    alone.close()


def test_a_jaw_has_no_voxels_to_hand_over(shown) -> None:
    _, result = shown(toy_jaw("lower"))
    review = review_of(result.node)
    with pytest.raises(SceneError, match="no voxels"):
        review.labels()
    review.close()


def test_a_cut_model_is_checked_anew(slicer, shown) -> None:
    """Somebody crops the coloured model in another module: its steps are forgotten, its teeth counted again."""
    import vtk

    _, result = shown(toy_jaw("lower"))
    review = review_of(result.node)
    review.renumber(37, 38)
    clip = vtk.vtkClipPolyData()
    plane = vtk.vtkPlane()
    plane.SetNormal(1, 0, 0)
    clip.SetClipFunction(plane)
    clip.SetInputData(result.node.GetPolyData())
    clip.Update()
    triangles = vtk.vtkTriangleFilter()
    triangles.SetInputConnection(clip.GetOutputPort())
    triangles.Update()
    result.node.SetAndObservePolyData(triangles.GetOutput())
    assert review.needs_recheck()
    review.recheck()
    assert all(dentition.is_right(fdi) for fdi in review.teeth() if fdi not in (31, 41))
    assert review.undo_title is None
    review.close()
