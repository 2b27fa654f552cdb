"""The .seg.nrrd in Slicer's real MRML (the slicer-core wheel, no application): names, colours, codes, geometry."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed: pip install slicer-core")
vtk = pytest.importorskip("vtk")

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "helpers"))
from scan_files import toy_dentition  # noqa: E402

from DentalTopoSegLib import dentition  # noqa: E402
from DentalTopoSegLib.files.seg_nrrd import segment_name, terminology_entry, write_seg_nrrd  # noqa: E402


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """(the toy's labels, the segmentation node Slicer made of its file)."""
    _, labels = toy_dentition()
    path = write_seg_nrrd(labels, tmp_path_factory.mktemp("scene") / "toy.seg.nrrd", {16: 0.875})
    scene = slicer.vtkMRMLScene()
    node = slicer.vtkMRMLSegmentationNode()
    storage = slicer.vtkMRMLSegmentationStorageNode()
    scene.AddNode(node)
    scene.AddNode(storage)
    storage.SetFileName(str(path))
    assert storage.ReadData(node) == 1
    yield labels, node
    scene.Clear(1)


def test_every_tooth_is_a_named_coloured_coded_segment(opened) -> None:
    labels, node = opened
    segmentation = node.GetSegmentation()
    teeth = [int(v) for v in np.unique(labels.array) if v]
    assert segmentation.GetNumberOfSegments() == len(teeth)
    for i, fdi in enumerate(teeth):
        segment = segmentation.GetNthSegment(i)
        assert segment.GetName() == segment_name(fdi)
        assert segment.GetLabelValue() == fdi
        assert tuple(round(255 * c) for c in segment.GetColor()) == dentition.color(fdi)
        entry = vtk.reference("")
        assert segment.GetTag(segment.GetTerminologyEntryTagName(), entry)
        assert str(entry) == terminology_entry(fdi)
    confidence = vtk.reference("")
    assert segmentation.GetSegment("Tooth_16").GetTag("DentalTopoSeg.Confidence", confidence)
    assert str(confidence) == "0.8750"


def test_slicer_reads_the_codes_out_of_the_entry(opened) -> None:
    entry = slicer.vtkSlicerTerminologyEntry()
    slicer.vtkSlicerTerminologiesModuleLogic().DeserializeTerminologyEntry(terminology_entry(36), entry)
    kind = entry.GetTypeObject()
    assert kind.GetCodeValue() == dentition.snomed_code(36)
    assert kind.GetCodeMeaning() == dentition.name(36)
    assert kind.GetCodingSchemeDesignator() == "SCT"


def test_segments_lie_where_the_teeth_are(opened) -> None:
    """Slicer's scene is RAS like the library's positions."""
    labels, node = opened
    for fdi in (16, 41):
        image = slicer.vtkOrientedImageData()
        node.GetBinaryLabelmapRepresentation(f"Tooth_{fdi}", image)
        to_ras = vtk.vtkMatrix4x4()
        image.GetImageToWorldMatrix(to_ras)
        extent = image.GetExtent()
        indices = np.argwhere(labels.array == fdi)
        centre_zyx = indices.mean(axis=0)
        ras = np.array(to_ras.MultiplyPoint((*centre_zyx[::-1], 1.0)))[:3]
        np.testing.assert_allclose(ras, labels.index_to_ras(centre_zyx), atol=1e-4)
        assert extent[0] <= indices[:, 2].min()
        assert extent[1] >= indices[:, 2].max()
