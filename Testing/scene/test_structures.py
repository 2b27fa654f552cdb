"""What somebody's network found beside numbered teeth, as a segmentation of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fake_output import write_output
from scan_files import toy_dentition
from scene_steps import transform

from DentalTopoSegLib.dentition import Confidence
from DentalTopoSegLib.dentition.structure_origin import ORIGIN_TAGS, drawn_metadata
from DentalTopoSegLib.dentition.structures import BY_VALUE, ERRORS_KEY, structure
from DentalTopoSegLib.files.json_text import write_report_json
from DentalTopoSegLib.files.label_maps import write_labelmap
from DentalTopoSegLib.files.structures import structure_colour, write_structures
from DentalTopoSegLib.options import RunOptions
from DentalTopoSegLib.reports.report import read_report
from DentalTopoSegLib.runs.checking import examine_label_map
from DentalTopoSegLib.runs.job import JobFile
from DentalTopoSegLib.runs.segmenting import segment
from DentalTopoSegLib.scene import SceneError, add_result, prepare_job, review_of
from DentalTopoSegLib.scene.segments import tag

NAMES = {3: "Mandible", 300: "Upper Right Canine Pulp"}


def structure_array(shape, low: int = 3, high: int = 300) -> np.ndarray:
    array = np.zeros(shape, np.uint16)
    array[2:9, 4:14, 3:20] = low
    array[10:16, 4:14, 3:20] = high
    return array


def finish(job, fdi: np.ndarray, structures: np.ndarray) -> None:
    """What the worker leaves with somebody's network: teeth, structures, and a report that names both."""
    write_output(job, fdi)
    write_structures(job.grid.volume(structures, "scan"), NAMES, job.output / "scan_structures.seg.nrrd")
    report = read_report(job.output / "scan_report.json")
    report["files"]["structures"] = "scan_structures.seg.nrrd"
    write_report_json(report, job.output / "scan_report.json")


def by_the_run(job, labels: np.ndarray, around: np.ndarray, monkeypatch, origin: dict[str, str] | None = None) -> None:
    """What the worker leaves when these teeth and structures are found. origin: metadata of how they were found."""
    from DentalTopoSegLib import cbct

    def found(volume, options):
        values = sorted({int(value) for value in np.unique(around)} - {0})
        confidence = Confidence({int(f): 0.9 for f in np.unique(labels) if f}, calibrated=True)
        beside = replace(volume.with_array(around), metadata=origin or {})
        structures = {"structures": beside, "names": tuple(BY_VALUE[value] for value in values)}
        return cbct.Segmentation(volume.with_array(labels), confidence, {"models": []}, **structures)

    monkeypatch.setattr(cbct, "segment_volume", found)
    given = JobFile.from_dict(job.job)
    assert given.options.structures == ("canals", "tissues")
    segment(given.job, given.options)


def test_what_a_run_finds_comes_with_names_colours_and_findings(volume_node, tmp_path, monkeypatch) -> None:
    labels = toy_dentition()[1].array
    around = np.zeros_like(labels)
    z, _, x = np.argwhere(labels == 36)[0]
    around[z - 4 : z - 1, :, x - 2 : x + 2] = structure("canal_left").value
    around[labels > 0] = 0
    for fdi in (11, 36):
        z, y, x = np.argwhere(labels == fdi).mean(0).round().astype(int)
        around[z - 2 : z + 3, y - 1 : y + 2, x - 1 : x + 2] = structure("pulp").value
    job = prepare_job([volume_node], RunOptions(structures=("tissues", "canals")), folder=tmp_path)
    by_the_run(job, labels, around, monkeypatch)
    result = add_result(job)
    segmentation = result.structures.GetSegmentation()
    shown = [segmentation.GetNthSegment(i) for i in range(segmentation.GetNumberOfSegments())]
    wanted = [structure(key) for key in ("canal_left", "pulp")]
    assert {segment.GetName() for segment in shown} == {one.name for one in wanted}
    for one in wanted:
        segment_ = segmentation.GetSegment(f"Structure_{one.value}")
        np.testing.assert_allclose(np.multiply(segment_.GetColor(), 255), one.color, atol=1e-3)
        np.testing.assert_array_equal(
            voxels_of(result.structures, f"Structure_{one.value}", labels.shape), around == one.value
        )
    review = review_of(result.node)
    near = [finding for finding in review.findings() if finding.code == "near_canal"]
    assert (36,) in [finding.teeth for finding in near]
    assert {tuple(row["teeth"]) for row in result.report["findings"] if row["code"] == "near_canal"} == {
        finding.teeth for finding in near
    }
    assert all("nerve canal" in finding.sentence for finding in near)


def near_a_canal() -> tuple[np.ndarray, np.ndarray, tuple[int, int, int]]:
    """Teeth, a left canal at tooth 36, and a voxel of it."""
    labels = toy_dentition()[1].array
    around = np.zeros_like(labels)
    z, y, x = (int(n) for n in np.argwhere(labels == 36)[0])
    around[z - 4 : z - 1, :, x - 2 : x + 2] = structure("canal_left").value
    around[labels > 0] = 0
    return labels, around, (z - 2, y, x)


@pytest.mark.parametrize("what", ["as unsure as the network", "drawn, not seen"])
def test_a_distance_stays_as_unsure_in_the_scene(scene, volume_node, tmp_path, monkeypatch, what: str) -> None:
    """A review measures again: by what the segments say of how they were found, wherever the scan lies."""
    moved = np.eye(4)
    moved[:3, 3] = (5.0, -3.0, 2.0)
    volume_node.SetAndObserveTransformNodeID(transform(scene, moved).GetID())
    labels, around, seen = near_a_canal()
    job = prepare_job([volume_node], RunOptions(structures=("tissues", "canals")), folder=tmp_path)
    line = job.grid.volume(labels).index_to_ras(np.array([[seen[0], y, seen[2]] for y in (0, labels.shape[1] - 1)]))
    unsure = {ERRORS_KEY: "canal 3.9, sinus 1.4"}
    by_the_run(job, labels, around, monkeypatch, unsure if what[0] == "a" else drawn_metadata({"canal_left": [line]}))
    result = add_result(job)
    review = review_of(result.node)
    review.recheck(whole=True)
    assert not [finding for finding in review.findings() if finding.code == "near_canal"]
    segment_ = result.structures.GetSegmentation().GetSegment(f"Structure_{structure('canal_left').value}")
    for name in ORIGIN_TAGS:
        segment_.RemoveTag(name)
    review.recheck(whole=True)
    assert [finding.teeth for finding in review.findings() if finding.code == "near_canal"]


def test_canals_change_sides_with_mirrored_teeth(volume_node, tmp_path, monkeypatch) -> None:
    """The names, colours and codes move; the voxels, and how they were found, stay where they are."""
    labels, around, _ = near_a_canal()
    mirror = np.arange(256, dtype=np.uint8)
    for a, b in ((1, 2), (4, 3)):
        for n in range(1, 9):
            mirror[10 * a + n], mirror[10 * b + n] = 10 * b + n, 10 * a + n
    other = structure("canal_right").value
    mirrored = np.where(around == structure("canal_left").value, other, around).astype(np.uint8)
    job = prepare_job([volume_node], RunOptions(structures=("tissues", "canals")), folder=tmp_path)
    by_the_run(job, mirror[labels], mirrored, monkeypatch, {ERRORS_KEY: "canal 0.4"})
    result = add_result(job)
    review = review_of(result.node)
    (finding,) = [f for f in review.findings() if f.code == "left_right_mirrored"]
    segment_ = result.structures.GetSegmentation().GetSegment(f"Structure_{other}")

    def shown() -> tuple:
        entry = tag(segment_, segment_.GetTerminologyEntryTagName())
        return segment_.GetName(), tuple(round(255 * c) for c in segment_.GetColor()), "24028007" in entry

    def near() -> set[tuple[int, ...]]:
        return {f.teeth for f in review.findings() if f.code == "near_canal" and f.state == "open"}

    right, left = structure("canal_right"), structure("canal_left")
    before = near()
    assert shown() == (right.name, right.color, True)
    review.repair(finding.key)
    assert shown() == (left.name, left.color, False)
    assert tag(segment_, ORIGIN_TAGS[0]) == "0.4"
    assert not [f for f in review.findings() if f.code == "structure_wrong_side" and f.state == "open"]
    assert near() == {(mirror[fdi],) for (fdi,) in before}
    review.undo()
    assert shown() == (right.name, right.color, True)
    review.redo()
    assert shown() == (left.name, left.color, False)


def voxels_of(node, key: str, shape) -> np.ndarray:
    """The voxels of a segment on the scan's grid."""
    from vtk.util.numpy_support import vtk_to_numpy

    segment = node.GetSegmentation().GetSegment(key)
    image = segment.GetRepresentation("Binary labelmap")
    x0, x1, y0, y1, z0, z1 = image.GetExtent()
    values = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(z1 - z0 + 1, y1 - y0 + 1, x1 - x0 + 1)
    whole = np.zeros(shape, bool)
    whole[z0 : z1 + 1, y0 : y1 + 1, x0 : x1 + 1] = values == segment.GetLabelValue()
    return whole


def test_structures_lie_beside_the_teeth_by_their_names_and_colours(volume_node, tmp_path) -> None:
    labels = toy_dentition()[1].array
    structures = structure_array(labels.shape)
    job = prepare_job([volume_node], folder=tmp_path)
    finish(job, labels, structures)
    result = add_result(job)
    assert len(review_of(result.node).teeth()) == 30
    node = result.structures
    assert node is not result.node and node.GetName() == "CBCT structures"
    segmentation = node.GetSegmentation()
    assert segmentation.GetNumberOfSegments() == 2
    for value, name in NAMES.items():
        segment = segmentation.GetSegment(f"Structure_{value}")
        assert segment.GetName() == name
        np.testing.assert_allclose(segment.GetColor(), structure_colour(value, name), atol=1e-6)
        np.testing.assert_array_equal(
            voxels_of(node, f"Structure_{value}", labels.shape), structures == value, err_msg=name
        )
        assert segment.GetRepresentation("Closed surface").GetNumberOfPoints() > 0


def test_they_follow_the_transform_of_the_scan(slicer, scene, volume_node, tmp_path) -> None:
    labels = toy_dentition()[1].array
    moved = np.eye(4)
    moved[:3, 3] = (5.0, -3.0, 2.0)
    volume_node.SetAndObserveTransformNodeID(transform(scene, moved).GetID())
    job = prepare_job([volume_node], folder=tmp_path)
    finish(job, labels, structure_array(labels.shape))
    node = add_result(job).structures
    assert node.GetTransformNodeID() == volume_node.GetTransformNodeID()
    found = voxels_of(node, "Structure_3", labels.shape)
    np.testing.assert_array_equal(found, structure_array(labels.shape) == 3)


def test_a_network_that_numbers_no_teeth_gives_structures_only(scene, volume_node, tmp_path) -> None:
    job = prepare_job([volume_node], folder=tmp_path)
    write_no_teeth(job)
    into = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Mine")
    result = add_result(job, into=into)
    assert result.node is None and result.points is None and result.nodes == ()
    assert result.structures.GetSegmentation().GetNumberOfSegments() == 2
    assert into.GetSegmentation().GetNumberOfSegments() == 0


def write_no_teeth(job) -> None:
    """As a run with such a network: no tooth in the label map, structures beside it."""
    shape = job.grid.shape
    labels = job.grid.volume(np.zeros(shape, np.uint8), "scan")
    job.output.mkdir()
    write_labelmap(labels, job.output / "scan_teeth.nii.gz")
    structures = job.grid.volume(structure_array(shape), "scan")
    write_structures(structures, NAMES, job.output / "scan_structures.seg.nrrd")
    report = examine_label_map(labels, None, name="scan", may_be_empty=True).report
    files = {"labels": "scan_teeth.nii.gz", "structures": "scan_structures.seg.nrrd", "report": "scan_report.json"}
    write_report_json(report | {"files": files}, job.output / "scan_report.json")


def test_with_teeth_into_a_segmentation_structures_stay_apart_and_undo_takes_teeth_back(
    scene, volume_node, tmp_path
) -> None:
    labels = toy_dentition()[1].array
    job = prepare_job([volume_node], folder=tmp_path)
    finish(job, labels, structure_array(labels.shape))
    into = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Mine")
    into.SetReferenceImageGeometryParameterFromVolumeNode(volume_node)
    result = add_result(job, into=into)
    assert result.node is into and result.structures is not into
    review = review_of(into)
    review.undo()
    assert into.GetSegmentation().GetNumberOfSegments() == 0
    assert result.structures.GetSegmentation().GetNumberOfSegments() == 2
    review.redo()
    assert len(review.teeth()) == 30


def test_structures_that_do_not_fit_leave_nothing(scene, volume_node, tmp_path) -> None:
    labels = toy_dentition()[1].array
    job = prepare_job([volume_node], folder=tmp_path)
    finish(job, labels, structure_array(labels.shape))
    small = job.grid.volume(structure_array(labels.shape)[:-2], "scan")
    write_structures(small, NAMES, job.output / "scan_structures.seg.nrrd")
    with pytest.raises(SceneError, match="does not fit"):
        add_result(job)
    assert scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0


def test_a_saved_scene_keeps_them(slicer, volume_node, tmp_path) -> None:
    labels = toy_dentition()[1].array
    job = prepare_job([volume_node], folder=tmp_path)
    finish(job, labels, structure_array(labels.shape))
    node = add_result(job).structures
    path = tmp_path / "structures.seg.nrrd"
    storage = slicer.vtkMRMLSegmentationStorageNode()
    node.GetScene().AddNode(storage)
    storage.SetFileName(str(path))
    assert storage.WriteData(node) == 1
    other = slicer.vtkMRMLScene()
    again, reader = slicer.vtkMRMLSegmentationNode(), slicer.vtkMRMLSegmentationStorageNode()
    other.AddNode(again)
    other.AddNode(reader)
    reader.SetFileName(str(path))
    assert reader.ReadData(again) == 1
    kept = again.GetSegmentation()
    assert {kept.GetNthSegment(i).GetName() for i in range(kept.GetNumberOfSegments())} == set(NAMES.values())
    other.Clear(1)
