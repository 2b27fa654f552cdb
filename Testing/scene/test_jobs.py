"""Nodes to a job: the files hold the scan where the world has it, the scene is as before, refusals are sentences."""

from __future__ import annotations

import json

import numpy as np
import pytest
from geometry import index_to_ras, rigid
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scan_files import block
from scene_steps import state_of, transform

from DentalTopoSegLib.files.meshes import read_mesh
from DentalTopoSegLib.files.volumes import Volume, read_volume
from DentalTopoSegLib.options import RunOptions
from DentalTopoSegLib.runs.job import JobFile
from DentalTopoSegLib.scene import NodeGoneError, SceneError, add_volume, prepare_job

drawn = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def node_with(scene, matrix: np.ndarray, shape=(14, 12, 10)):
    """A volume node whose every voxel differs, with an index-to-RAS matrix."""
    import vtk

    node = add_volume(scene, block(shape), "CBCT")
    content = vtk.vtkMatrix4x4()
    content.DeepCopy(matrix.ravel().tolist())
    node.SetIJKToRASMatrix(content)
    return node


def ras(matrix: np.ndarray, index_zyx) -> np.ndarray:
    return matrix[:3, :3] @ np.asarray(index_zyx, float)[::-1] + matrix[:3, 3]


@drawn
@given(index_to_ras(), st.one_of(st.none(), rigid(scaled=True)), st.one_of(st.none(), rigid()))
def test_every_voxel_lies_where_the_world_has_it(scene, tmp_path, matrix, inner, outer) -> None:
    node = node_with(scene, matrix)
    world = matrix
    for part in (inner, outer):
        if part is None:
            continue
        parent = transform(scene, part)
        below = node if node.GetParentTransformNode() is None else node.GetParentTransformNode()
        below.SetAndObserveTransformNodeID(parent.GetID())
        world = part @ world
    job = prepare_job([node], folder=tmp_path)
    written, _ = read_volume(job.job["inputs"][0])
    assert not job.straightened
    np.testing.assert_array_equal(written.array, block().array)
    for index in ((0, 0, 0), (13, 11, 9), (3, 8, 5)):
        np.testing.assert_allclose(written.index_to_ras(index), ras(world, index), atol=1e-3)
    job.discard()


@drawn
@given(index_to_ras(sheared=True))
def test_a_sheared_scan_is_straightened_in_place(scene, tmp_path, matrix) -> None:
    """A scanner's tilted gantry: no scan file can say that, so the voxels are resampled where they are."""
    values = np.fromfunction(lambda z, y, x: 3.0 * z + 5.0 * y + 7.0 * x, (14, 12, 10)).astype(np.float32)
    node = add_volume(scene, Volume(values), "CBCT")
    node_matrix(node, matrix)
    job = prepare_job([node], folder=tmp_path)
    written, _ = read_volume(job.job["inputs"][0])
    assert job.straightened
    # a linear ramp survives linear interpolation, so every inner voxel shows whether it is at its place
    for index in ((6, 5, 4), (7, 6, 5), (5, 4, 6)):
        place = written.ras_to_index(ras(matrix, index))
        base = np.floor(place).astype(int)
        near = written.array[tuple(slice(b, b + 2) for b in base)]
        weights = [np.array([1 - f, f]) for f in place - base]
        value = np.einsum("zyx,z,y,x", near.astype(float), *weights)
        assert value == pytest.approx(values[index], abs=0.2)
    job.discard()


def node_matrix(node, matrix: np.ndarray) -> None:
    import vtk

    content = vtk.vtkMatrix4x4()
    content.DeepCopy(matrix.ravel().tolist())
    node.SetIJKToRASMatrix(content)


def test_the_scene_is_untouched(scene, volume_node, tmp_path) -> None:
    before = state_of(scene)
    job = prepare_job([volume_node], folder=tmp_path)
    job.discard()
    assert state_of(scene) == before
    assert list(tmp_path.iterdir()) == []


def test_the_job_is_one_the_worker_takes(volume_node, tmp_path) -> None:
    job = prepare_job([volume_node], RunOptions(threads=2), folder=tmp_path)
    given = JobFile.read(job.path)
    read = given.job
    assert (read.kind, given.options.threads, read.name) == ("volume", 2, "scan")
    assert read.inputs == [str(job.folder / "scan.nrrd")]
    assert given.cancel_file == str(job.cancel_file)
    assert read.output == str(job.output)


def test_no_name_of_the_patient_gets_into_the_folder(scene, volume_node, tmp_path) -> None:
    volume_node.SetName("Müller^Änne 1970 CBCT")
    job = prepare_job([volume_node], folder=tmp_path)
    texts = [json.dumps(job.job)] + [str(p) for p in job.folder.rglob("*")]
    assert not any("ller" in text for text in texts)


def test_a_folder_with_letters_of_any_script(volume_node, tmp_path) -> None:
    folder = tmp_path / "Zähne 歯 зубы"
    folder.mkdir()
    job = prepare_job([volume_node], folder=folder)
    written, _ = read_volume(job.job["inputs"][0])
    assert written.shape == volume_node.GetImageData().GetDimensions()[::-1]


def test_discarding_twice_is_no_error(volume_node, tmp_path) -> None:
    job = prepare_job([volume_node], folder=tmp_path)
    job.discard()
    job.discard()
    assert not job.folder.exists()


# ---------------------------------------------------------------- refusals


def refused(nodes, tmp_path, **options) -> str:
    with pytest.raises(SceneError) as caught:
        prepare_job(nodes, folder=tmp_path, **options)
    assert list(tmp_path.iterdir()) == []
    return str(caught.value)


def test_refuses_a_transform_that_bends(slicer, scene, volume_node, tmp_path) -> None:
    import vtk

    bend = vtk.vtkThinPlateSplineTransform()
    points = vtk.vtkPoints()
    for place in ((0, 0, 0), (50, 0, 0), (0, 50, 0), (0, 0, 50), (30, 30, 30)):
        points.InsertNextPoint(place)
    bent = vtk.vtkPoints()
    bent.DeepCopy(points)
    bent.SetPoint(4, 38, 30, 30)
    bend.SetSourceLandmarks(points)
    bend.SetTargetLandmarks(bent)
    node = slicer.vtkMRMLTransformNode()
    node.SetName("Warp")
    node.SetAndObserveTransformToParent(bend)
    scene.AddNode(node)
    volume_node.SetAndObserveTransformNodeID(node.GetID())
    text = refused([volume_node], tmp_path)
    assert "bends" in text
    assert "'Warp'" in text


def test_refuses_what_is_no_cbct(slicer, scene, tmp_path) -> None:
    empty = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "nothing yet")
    assert "'nothing yet' holds no image" in refused([empty], tmp_path)
    flat = add_volume(scene, Volume(np.zeros((1, 30, 30), np.int16)), "one slice")
    assert "single slice" in refused([flat], tmp_path)
    map_node = slicer.vtkMRMLLabelMapVolumeNode()
    map_node.SetName("labels")
    scene.AddNode(map_node)
    map_node.SetAndObserveImageData(add_volume(scene, block(), "other").GetImageData())
    assert "label map" in refused([map_node], tmp_path)


def test_refuses_a_colour_image(slicer, scene, tmp_path) -> None:
    import vtk

    image = vtk.vtkImageData()
    image.SetDimensions(4, 4, 4)
    image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 3)
    photo = slicer.vtkMRMLVectorVolumeNode()
    photo.SetName("photo")
    photo.SetAndObserveImageData(image)
    scene.AddNode(photo)
    assert "colour image" in refused([photo], tmp_path)


def test_refuses_nodes_that_do_not_go_together(scene, volume_node, tmp_path) -> None:
    other = add_volume(scene, block(), "other")
    model = scene.AddNewNodeByClass("vtkMRMLModelNode", "jaw")
    assert "Choose a scan first" in refused([], tmp_path)
    assert "one volume at a time" in refused([volume_node, other], tmp_path)
    assert "cannot be segmented together" in refused([volume_node, model], tmp_path)
    assert "both jaws" in refused([model, model], tmp_path)
    assert "holds no surface" in refused([model], tmp_path)
    table = scene.AddNewNodeByClass("vtkMRMLTableNode", "a table")
    assert "neither a volume nor a model" in refused([table], tmp_path)


def test_a_deleted_node_is_named_gone(scene, volume_node, tmp_path) -> None:
    scene.RemoveNode(volume_node)
    with pytest.raises(NodeGoneError, match="no longer in the scene"):
        prepare_job([volume_node], folder=tmp_path)


# ---------------------------------------------------------------- models


def sphere_model(scene, name: str, strips: bool = False):
    import vtk

    source = vtk.vtkSphereSource()
    source.SetRadius(20)
    source.Update()
    surface = source.GetOutput()
    if strips:
        stripper = vtk.vtkStripper()
        stripper.SetInputData(surface)
        stripper.Update()
        surface = stripper.GetOutput()
    node = scene.AddNewNodeByClass("vtkMRMLModelNode", name)
    node.SetAndObservePolyData(surface)
    return node


@drawn
@given(rigid(), st.booleans())
def test_model_points_lie_where_the_world_has_them_in_their_order(scene, tmp_path, matrix, strips) -> None:
    from vtk.util.numpy_support import vtk_to_numpy

    node = sphere_model(scene, "jaw", strips)
    node.SetAndObserveTransformNodeID(transform(scene, matrix).GetID())
    job = prepare_job([node], folder=tmp_path)
    written, _ = read_mesh(job.job["inputs"][0])
    points = vtk_to_numpy(node.GetPolyData().GetPoints().GetData())
    np.testing.assert_allclose(written.vertices, points @ matrix[:3, :3].T + matrix[:3, 3], atol=1e-3)
    assert len(written.faces) == 96
    job.discard()


def test_of_two_jaws_the_upper_comes_first(scene, tmp_path) -> None:
    first, second = sphere_model(scene, "first"), sphere_model(scene, "second")
    job = prepare_job([first, second], folder=tmp_path, jaws=["lower", "upper"])
    assert job.sources == (second, first)
    assert JobFile.read(job.path).job.jaws == ["upper", "lower"]
    job = prepare_job([first, second], folder=tmp_path, jaws=["lower", None])
    assert job.sources == (second, first)
    job = prepare_job([first, second], folder=tmp_path)
    assert job.sources == (first, second)
    assert prepare_job([first], folder=tmp_path).job["jaws"] is None


def test_refuses_two_upper_jaws(scene, tmp_path) -> None:
    nodes = [sphere_model(scene, "first"), sphere_model(scene, "second")]
    assert "said to be the upper jaw" in refused(nodes, tmp_path, jaws=["upper", "upper"])


def test_refuses_points_without_triangles(scene, tmp_path) -> None:
    import vtk

    points = vtk.vtkPoints()
    points.InsertNextPoint(0, 0, 0)
    cloud = vtk.vtkPolyData()
    cloud.SetPoints(points)
    node = scene.AddNewNodeByClass("vtkMRMLModelNode", "cloud")
    node.SetAndObservePolyData(cloud)
    assert "no triangles" in refused([node], tmp_path)
