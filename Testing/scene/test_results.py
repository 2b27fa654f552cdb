"""A finished job to nodes: names, colours, codes, tags, geometry, hierarchy; nothing at all when something is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fake_output import write_output
from geometry import index_to_ras, rigid
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scan_files import toy_dentition
from scene_steps import state_of, transform

from DentalTopoSegLib import dentition
from DentalTopoSegLib.dentition import Confidence
from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.seg_nrrd import terminology_entry
from DentalTopoSegLib.scene import (
    NodeGoneError,
    SceneError,
    add_result,
    add_volume,
    prepare_job,
    review_of,
    tooth_title,
)
from DentalTopoSegLib.scene.segments import ToothSegments, tag

ROOT = Path(__file__).resolve().parents[2]
CONFIDENCE = {16: 0.875, 41: 0.5}


@pytest.fixture
def finished(volume_node, tmp_path):
    """A job whose worker has written the toy dentition."""
    job = prepare_job([volume_node], folder=tmp_path)
    write_output(job, toy_dentition()[1].array, CONFIDENCE)
    return job


def segments_of(node) -> dict[int, object]:
    segmentation = node.GetSegmentation()
    every = [segmentation.GetNthSegment(i) for i in range(segmentation.GetNumberOfSegments())]
    return {int(tag(segment, "DentalTopoSeg.FDI")): segment for segment in every}


def assert_every_tooth_is_itself(node, numbering: str = "FDI") -> None:
    """One segment per tooth of the toy: name, colour, code, tags; all of them unique."""
    teeth = sorted({int(v) for v in np.unique(toy_dentition()[1].array)} - {0})
    found = segments_of(node)
    assert sorted(found) == teeth
    assert node.GetSegmentation().GetNumberOfSegments() == len(teeth)
    names, colors, entries = set(), set(), set()
    for fdi, segment in found.items():
        assert segment.GetName() == tooth_title(fdi, numbering)
        assert tuple(round(255 * c) for c in segment.GetColor()) == dentition.color(fdi)
        assert tag(segment, segment.GetTerminologyEntryTagName()) == terminology_entry(fdi)
        assert segment.GetLabelValue() == fdi
        confidence = CONFIDENCE.get(fdi)
        assert tag(segment, "DentalTopoSeg.Confidence") == ("" if confidence is None else f"{confidence:.4f}")
        names.add(segment.GetName())
        colors.add(tuple(segment.GetColor()))
        entries.add(tag(segment, segment.GetTerminologyEntryTagName()))
    assert len(names) == len(colors) == len(entries) == len(teeth)


@pytest.mark.parametrize("numbering", ["FDI", "Universal", "Palmer"])
def test_one_segment_per_tooth_with_all_that_names_it(finished, numbering) -> None:
    result = add_result(finished, numbering=numbering)
    assert result.node.GetName() == "CBCT teeth"
    assert_every_tooth_is_itself(result.node, numbering)
    assert result.report["count"]["total"] == 30


def test_findings_are_tagged_and_flagged(slicer, scene, volume_node, tmp_path) -> None:
    labels = toy_dentition()[1].array.copy()
    index = np.argwhere(labels == 26).mean(0).astype(int)
    labels[tuple(index)] = 0
    job = prepare_job([volume_node], folder=tmp_path)
    write_output(job, labels, {36: 0.2})
    result = add_result(job)
    review_of(result.node)
    found = segments_of(result.node)
    assert "void" in tag(found[26], "DentalTopoSeg.Findings").split(",")
    assert "low_confidence" in tag(found[36], "DentalTopoSeg.Findings").split(",")
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    assert logic.GetSegmentStatus(found[36]) == logic.Flagged
    assert logic.GetSegmentStatus(found[44]) != logic.Flagged


def test_saved_as_seg_nrrd_and_reloaded_everything_is_kept(slicer, finished, tmp_path) -> None:
    result = add_result(finished)
    path = tmp_path / "Zähne 歯.seg.nrrd"
    storage = slicer.vtkMRMLSegmentationStorageNode()
    result.node.GetScene().AddNode(storage)
    storage.SetFileName(str(path))
    assert storage.WriteData(result.node) == 1
    other = slicer.vtkMRMLScene()
    again, reader = slicer.vtkMRMLSegmentationNode(), slicer.vtkMRMLSegmentationStorageNode()
    other.AddNode(again)
    other.AddNode(reader)
    reader.SetFileName(str(path))
    assert reader.ReadData(again) == 1
    assert_every_tooth_is_itself(again)
    before, after = ToothSegments(result.node), ToothSegments(again)
    assert after.labels.same_grid(before.labels)
    np.testing.assert_array_equal(after.labels.array, before.labels.array)
    other.Clear(1)


def test_our_own_seg_nrrd_reads_as_the_same_dentition(slicer, scene, tmp_path) -> None:
    from DentalTopoSegLib.files.seg_nrrd import write_seg_nrrd

    labels = toy_dentition()[1]
    path = write_seg_nrrd(labels, tmp_path / "toy.seg.nrrd", CONFIDENCE)
    node, reader = slicer.vtkMRMLSegmentationNode(), slicer.vtkMRMLSegmentationStorageNode()
    scene.AddNode(node)
    scene.AddNode(reader)
    reader.SetFileName(str(path))
    assert reader.ReadData(node) == 1
    read = ToothSegments(node)
    assert read.labels.same_grid(labels)
    np.testing.assert_array_equal(read.labels.array, labels.array)
    assert read.confidences() == CONFIDENCE
    assert not read.confidences().calibrated


def test_the_scene_keeps_what_the_confidences_are(slicer, scene, volume_node, tmp_path) -> None:
    for calibrated in (True, False):
        job = prepare_job([volume_node], folder=tmp_path)
        write_output(job, toy_dentition()[1].array, Confidence({36: 0.2}, calibrated=calibrated))
        review = review_of(add_result(job).node)
        assert review.teeth()[36].calibrated == calibrated
        (doubt,) = (finding for finding in review.findings() if finding.code == "low_confidence")
        assert ("2 of 10" in doubt.sentence) == calibrated


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(index_to_ras(), st.one_of(st.none(), rigid()))
def test_segments_lie_on_the_scan_however_it_is_oriented(scene, tmp_path_factory, matrix, parent) -> None:
    check_place(scene, tmp_path_factory.mktemp("job"), matrix, parent)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(index_to_ras(sheared=True), st.one_of(st.none(), rigid()))
def test_segments_of_a_sheared_scan_lie_on_its_straightened_grid(scene, tmp_path_factory, matrix, parent) -> None:
    check_place(scene, tmp_path_factory.mktemp("job"), matrix, parent)


def check_place(scene, folder, matrix, parent) -> None:
    """Centres of three small teeth in the segmentation, as Slicer itself computes them, are where they were put."""
    import vtk

    source = add_volume(scene, toy_small(), "CBCT")
    content = vtk.vtkMatrix4x4()
    content.DeepCopy(matrix.ravel().tolist())
    source.SetIJKToRASMatrix(content)
    if parent is not None:
        source.SetAndObserveTransformNodeID(transform(scene, parent).GetID())
    job = prepare_job([source], folder=folder)
    fdi = np.zeros(job.grid.shape, np.uint8)
    n = np.array(job.grid.shape)
    places = {16: (n * 0.3).astype(int), 26: (n * 0.5).astype(int), 36: (n * 0.7).astype(int)}
    for number, (z, y, x) in places.items():
        fdi[z - 1 : z + 2, y - 1 : y + 2, x - 1 : x + 2] = number
    write_output(job, fdi)
    node = add_result(job).node
    assert node.GetTransformNodeID() == source.GetTransformNodeID()
    held = ToothSegments(node)
    for number, index in places.items():
        wanted = job.grid.matrix[:3, :3] @ index[::-1] + job.grid.matrix[:3, 3]
        centre = node.GetSegmentCenterRAS(f"Tooth_{number}")
        np.testing.assert_allclose(centre, wanted, atol=0.51 * job.grid.spacing.max())
        mask = np.argwhere(held.labels.array == number)
        np.testing.assert_allclose(held.labels.index_to_ras(mask.mean(0)), wanted, atol=1e-2)
    job.discard()


def toy_small():
    from scan_files import block

    return block((24, 22, 20))


def test_placed_beside_its_source_in_the_subject_hierarchy(slicer, scene, volume_node, finished) -> None:
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    study = hierarchy.CreateStudyItem(hierarchy.GetSceneItemID(), "Study")
    hierarchy.CreateItem(study, volume_node)
    result = add_result(finished)
    for node in (result.node, result.points, result.table):
        assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) == study


def test_the_reference_is_the_scan_and_surfaces_are_closed(finished, volume_node) -> None:
    import vtk

    node = add_result(finished).node
    assert node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole()) is volume_node
    for fdi in (16, 31):
        surface, edges = vtk.vtkPolyData(), vtk.vtkFeatureEdges()
        node.GetClosedSurfaceRepresentation(f"Tooth_{fdi}", surface)
        edges.SetInputData(surface)
        edges.FeatureEdgesOff()
        edges.ManifoldEdgesOff()
        edges.Update()
        assert surface.GetNumberOfPolys() > 100
        assert edges.GetOutput().GetNumberOfCells() == 0
    assert node.GetDisplayNode().GetPreferredDisplayRepresentationName3D() == "Closed surface"


def test_names_in_any_script_survive(scene, volume_node, tmp_path) -> None:
    volume_node.SetName("Žižková 山田 CBCT")
    job = prepare_job([volume_node], folder=tmp_path)
    write_output(job, toy_dentition()[1].array)
    assert add_result(job).node.GetName() == "Žižková 山田 CBCT teeth"
    assert add_result(job, name="зубы").node.GetName() == "зубы"


def test_the_same_scan_twice_gives_two_results(scene, finished) -> None:
    first, second = add_result(finished), add_result(finished)
    assert first.node is not second.node
    assert first.table is not second.table


# ---------------------------------------------------------------- all or nothing


def without_the_report(job) -> None:
    (job.output / "scan_report.json").unlink()


def with_half_a_report(job) -> None:
    path = job.output / "scan_report.json"
    path.write_text(path.read_text(encoding="utf-8")[:100], encoding="utf-8")


def with_labels_of_another_scan(job) -> None:
    from DentalTopoSegLib.files.label_maps import write_labelmap
    from DentalTopoSegLib.files.volumes import Volume

    write_labelmap(Volume(np.full((4, 5, 6), 11, np.uint8)), job.output / "scan_teeth.nii.gz")


@pytest.mark.parametrize("harm", [without_the_report, with_half_a_report, with_labels_of_another_scan])
def test_an_incomplete_result_leaves_the_scene_as_it_was(scene, finished, harm) -> None:
    harm(finished)
    before = state_of(scene)
    with pytest.raises(SceneError, match="run it again"):
        add_result(finished)
    assert state_of(scene) == before


def test_when_slicer_fails_midway_no_node_is_left(scene, finished, monkeypatch) -> None:
    from DentalTopoSegLib.scene import results

    monkeypatch.setattr(results, "FindingNodes", None)  # what comes last breaks
    before = [entry[:2] for entry in state_of(scene)]
    with pytest.raises(AttributeError):
        add_result(finished)
    assert [entry[:2] for entry in state_of(scene)] == before


def test_the_scan_deleted_meanwhile(scene, volume_node, finished) -> None:
    scene.RemoveNode(volume_node)
    before = state_of(scene)
    with pytest.raises(NodeGoneError, match="no longer in the scene"):
        add_result(finished)
    assert state_of(scene) == before


def test_the_scene_cleared_meanwhile(scene, finished) -> None:
    scene.Clear(0)
    with pytest.raises(NodeGoneError, match="no longer in the scene"):
        add_result(finished)


def test_unknown_numbering_is_refused(scene, finished) -> None:
    before = state_of(scene)
    with pytest.raises(InputError, match="FDI, Universal, Palmer"):
        add_result(finished, numbering="fdi")
    assert state_of(scene) == before


def test_the_report_says_what_the_worker_said(finished) -> None:
    written = json.loads((finished.output / "scan_report.json").read_text(encoding="utf-8"))
    assert add_result(finished).report == written


def test_without_a_reference_grid_no_tooth_is_cut_by_the_box_around_the_teeth(slicer, teeth_node) -> None:
    converter = slicer.vtkSegmentationConverter
    teeth_node.GetSegmentation().SetConversionParameter(converter.GetReferenceImageGeometryParameterName(), "")
    array = ToothSegments(teeth_node).labels.array
    edge = np.ones(array.shape, bool)
    edge[1:-1, 1:-1, 1:-1] = False
    assert array.any()
    assert not array[edge].any()


@pytest.mark.parametrize("application", [False, True], ids=["wheel", "application"])
def test_conversion_rules_are_registered_once(slicer, application) -> None:
    """The factory belongs to the whole process, so each case has a process of its own."""
    script = f"""
import numpy as np, slicer
scene = slicer.vtkMRMLScene()
logic = slicer.vtkSlicerSegmentationsModuleLogic()
if {application}:
    logic.SetMRMLScene(scene)
from DentalTopoSegLib.scene import add_segmentation
labels = np.zeros((8, 8, 8), np.uint8)
labels[2:6, 2:6, 2:6] = 16
for _ in range(2):
    add_segmentation(scene, labels, np.eye(4), "FDI", "Teeth")
rules = [rule.GetName() for rule in slicer.vtkSegmentationConverterFactory.GetInstance().GetConverterRules()]
assert rules and len(rules) == len(set(rules)), rules
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    assert run.returncode == 0, run.stderr
