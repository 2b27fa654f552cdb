"""The section Export: files of every kind, by the library's own command, without blocking the panel."""

from __future__ import annotations

import json
import types
from pathlib import Path

import numpy as np
import pytest
import stand_ins
from gui_steps import HOLLOW, addScan, click, leftBehind, waitFor

from DentalTopoSegLib.scene.segments import oriented_image


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "Zähne von heute"


@pytest.fixture(autouse=True)
def no_questions(slicer, monkeypatch):
    """The packages are there; a question would be a mistake."""
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda *a, **k: pytest.fail(f"asked: {a}"))


def _export(panel, folder: Path, *formats: str) -> list[str]:
    """Choose the formats, press Export and wait; names of the files in the folder."""
    for kind, box in panel.exportPanel.boxes.items():
        box.checked = kind in formats
    panel.ui.exportFolderEdit.text = str(folder)
    panel.ui.exportCollapsibleButton.collapsed = False
    click(panel.ui.exportButton)
    assert panel.ui.exportButton.text == "Cancel", panel.ui.exportMessageLabel.text
    waitFor(lambda: not panel.exportPanel.exporter.isRunning)
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_surfaces_of_every_tooth(panel, result, folder) -> None:
    names = _export(panel, folder, "stl")
    assert "scan_36.stl" in names and len(names) == 28
    assert "28 files written" in panel.ui.exportMessageLabel.text
    assert leftBehind() == []


def test_several_formats_at_once(panel, result, folder) -> None:
    pytest.importorskip("trimesh")
    panel.ui.exportNameEdit.text = "Case 7"
    names = _export(panel, folder, "glb", "nifti", "seg.nrrd", "csv", "json", "html")
    assert "error" not in panel.ui.exportMessageLabel.text, panel.ui.exportMessageLabel.text
    for end in ("_teeth.glb", "_teeth.nii.gz", "_teeth.seg.nrrd", "_report.json", "_report.html"):
        assert any(name.endswith(end) for name in names), (end, names)
    assert all(name.startswith("Case") for name in names), "the name that was written into the panel"


def test_edits_are_exported(panel, result, folder) -> None:
    click(panel.reviewPanel.chart.buttons[HOLLOW])
    click(panel.ui.renumberButton)
    click(panel.reviewPanel.chart.buttons[38])
    names = _export(panel, folder, "stl", "json")
    assert "scan_38.stl" in names and f"scan_{HOLLOW}.stl" not in names
    report = json.loads((folder / "scan_report.json").read_text(encoding="utf-8"))
    assert 38 in [tooth["fdi"] for tooth in report["teeth"]]
    assert "earlier" not in panel.ui.exportMessageLabel.text


def test_a_file_of_an_earlier_export_is_told(panel, result, folder) -> None:
    """A tooth that has another number by now left its old file, which is not deleted without a word."""
    folder.mkdir()
    (folder / "scan_51.stl").write_text("of an earlier export", encoding="utf-8")
    (folder / "other_52.stl").write_text("of another scan", encoding="utf-8")
    names = _export(panel, folder, "stl")
    assert "scan_51.stl" in names
    said = panel.ui.exportMessageLabel.text
    assert "Of an earlier export, and no longer in this result: scan_51.stl." in said


def test_what_lies_around_the_teeth_goes_along(panel, result, folder, slicer) -> None:
    """Segments by the names of structures: into files of their own, and what is measured into the tables."""
    review = panel.reviewPanel.review
    grid, shape = review._segments.local, review.labels().shape
    mask = np.zeros(shape, np.uint8)
    z, y, x = (int(n) for n in np.argwhere(review.labels().array == 36).min(axis=0))
    mask[max(z - 4, 1) : z, y : y + 4, x : x + 4] = 1
    segment = slicer.vtkSegment()
    segment.SetName("left mandibular canal")
    segment.AddRepresentation("Binary labelmap", oriented_image(mask, (0, 0, 0), grid))
    assert result.GetSegmentation().AddSegment(segment, "canal")
    names = _export(panel, folder, "seg.nrrd", "json")
    assert {"scan_teeth.seg.nrrd", "scan_structures.seg.nrrd", "scan_report.json"} <= set(names), names
    report = json.loads((folder / "scan_report.json").read_text(encoding="utf-8"))
    assert [one["key"] for one in report["structures_around"]] == ["canal_left"]
    assert leftBehind() == []


def test_the_page_shows_the_scan(panel, result, folder, slicer, phantom) -> None:
    scan = addScan(slicer, phantom)
    result.SetReferenceImageGeometryParameterFromVolumeNode(scan)
    _export(panel, folder, "html")
    page = (folder / "scan_report.html").read_text(encoding="utf-8")
    assert "Axial slice through the upper teeth" in page and 'id="model-data"' in page
    assert leftBehind() == []


def test_dicom_seg_is_only_for_scans_of_the_dicom_database(panel, result) -> None:
    box = panel.exportPanel.boxes["dicom-seg"]
    box.checked = True
    assert not box.enabled and "DICOM database" in box.toolTip
    assert "dicom-seg" not in panel.exportPanel.formats()


def test_dicom_seg_gets_the_scans_own_files(panel, result, slicer, phantom, tmp_path, monkeypatch) -> None:
    """Where the volume came from Slicer's DICOM database, its files go to the command that writes the DICOM SEG."""
    from DentalTopoSegModuleLib import Exporting

    slices = tmp_path / "slice.dcm"
    slices.write_bytes(b"")
    database = types.SimpleNamespace(fileForInstance=lambda uid: str(slices), instanceValue=lambda uid, tag: "1.2.3")
    monkeypatch.setattr(slicer, "dicomDatabase", database, raising=False)
    scan = addScan(slicer, phantom)
    scan.SetAttribute("DICOM.instanceUIDs", "1.2.3.4 1.2.3.5")
    result.SetReferenceImageGeometryParameterFromVolumeNode(scan)
    panel.exportPanel.update()
    assert panel.exportPanel.boxes["dicom-seg"].enabled
    source = Exporting.dicomSourceOf(Exporting.scanOf(panel.reviewPanel.review))
    arguments = Exporting._arguments("dicom-seg", Path("teeth.seg.nrrd"), tmp_path, None, source)
    assert arguments[-4:] == ["--scan", str(tmp_path), "--series", "1.2.3"]


def test_dicom_seg_of_a_scan_that_was_loaded_from_its_file(panel, result, slicer, phantom, tmp_path) -> None:
    """Without the database: the volume's own file is DICOM."""
    import SimpleITK as sitk
    from DentalTopoSegModuleLib import Exporting

    image = sitk.Image(8, 8, 1, sitk.sitkInt16)
    image.SetMetaData("0020|000e", "1.2.826.0.1.7")
    path = tmp_path / "slice.dcm"
    writer = sitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    writer.SetFileName(str(path))
    writer.Execute(image)
    scan = addScan(slicer, phantom)
    storage = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
    storage.SetFileName(str(path))
    scan.SetAndObserveStorageNodeID(storage.GetID())
    result.SetReferenceImageGeometryParameterFromVolumeNode(scan)
    panel.exportPanel.update()
    assert panel.exportPanel.boxes["dicom-seg"].enabled
    assert panel.exportPanel.dicomSource() == Exporting.DicomSource(str(tmp_path), "1.2.826.0.1.7")
    storage.SetFileName(__file__)
    assert panel.exportPanel.dicomSource() is None


def test_the_user_says_where_the_dicom_files_are(panel, result, folder, slicer, phantom, tmp_path, monkeypatch) -> None:
    import qt

    scan = addScan(slicer, phantom)
    result.SetReferenceImageGeometryParameterFromVolumeNode(scan)
    panel.exportPanel.update()
    panel.ui.exportCollapsibleButton.collapsed = False
    assert not panel.exportPanel.boxes["dicom-seg"].enabled
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    click(panel.ui.dicomFolderButton)
    assert panel.exportPanel.boxes["dicom-seg"].enabled
    _export(panel, folder, "dicom-seg")  # no DICOM there: told, nothing written
    assert (
        panel.ui.exportMessageLabel.text.startswith("dicom-seg:") and str(tmp_path) in panel.ui.exportMessageLabel.text
    )


def test_what_cannot_be_written_is_told_and_the_rest_is_there(panel, result, folder, tmp_path) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("no folder")
    assert _export(panel, blocked, "stl") == []
    text = panel.ui.exportMessageLabel.text
    assert text.startswith("stl:") and "Traceback" not in text


def test_cancel(panel, result, folder) -> None:
    for kind, box in panel.exportPanel.boxes.items():
        box.checked = kind in ("stl", "ply", "nifti")
    panel.ui.exportFolderEdit.text = str(folder)
    panel.ui.exportCollapsibleButton.collapsed = False
    click(panel.ui.exportButton)
    click(panel.ui.exportButton)
    assert not panel.exportPanel.exporter.isRunning
    assert "Stopped" in panel.ui.exportMessageLabel.text
    assert leftBehind() == []


def test_nothing_to_export_yet(panel) -> None:
    assert not panel.ui.exportButton.enabled
    assert panel.ui.exportButton.toolTip == "Choose a result above first."


def test_formats_and_folder_are_remembered(module, panel, result, folder) -> None:
    _export(panel, folder, "ply")
    again = stand_ins.openPanel(module)
    try:
        assert again.ui.exportFolderEdit.text == str(folder)
        assert [kind for kind, box in again.exportPanel.boxes.items() if box.checked] == ["ply"]
    finally:
        again.cleanup()
        again.parent.deleteLater()
