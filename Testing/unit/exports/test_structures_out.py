"""What lies around the teeth is handed over in every format that can hold it, and the teeth stay what they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from scan_files import toy_dentition
from test_dicom_objects import errors_of

from DentalTopoSegLib.dentition import FDI_PERMANENT
from DentalTopoSegLib.dentition.structure_origin import drawn_metadata, drawn_stretches
from DentalTopoSegLib.dentition.structures import BY_VALUE, ERRORS_KEY, error_of, structure
from DentalTopoSegLib.files.label_maps import read_label_map, write_labelmap
from DentalTopoSegLib.files.structures import known_structures, read_structures, write_known_structures
from DentalTopoSegLib.files.volumes import Volume
from DentalTopoSegLib.runs.results import export_result

FEW = (11, 36)


def toy() -> tuple[Volume, Volume]:
    """Two teeth with a pulp each; a jaw, a canal, a sinus and an implant as blocks beside them."""
    _, labels = toy_dentition()
    teeth = np.where(np.isin(labels.array, FEW), labels.array, 0).astype(np.uint8)
    beside = np.zeros_like(teeth)
    for fdi in FEW:
        z, y, x = np.rint(np.argwhere(teeth == fdi).mean(axis=0)).astype(int)
        block = np.s_[z - 2 : z + 2, y - 1 : y + 2, x - 1 : x + 2]
        beside[block] = np.where(teeth[block] == fdi, structure("pulp").value, 0)
    for i, key in enumerate(("mandible", "canal_left", "sinus_right", "implant", "enamel")):
        block = np.s_[2:14, 2:14, 6 + 16 * i : 18 + 16 * i]
        beside[block] = np.where(teeth[block] == 0, structure(key).value, 0)
    return labels.with_array(teeth), labels.with_array(beside)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """In our own values, structures and pulps included."""
    labels, beside = toy()
    return write_labelmap(labels, tmp_path / "toy.nii.gz", structures=beside)


def test_our_own_map_holds_both(path: Path) -> None:
    labels, beside = toy()
    read = read_label_map(path)
    np.testing.assert_array_equal(read.teeth.array, labels.array)
    assert read.structures is not None
    np.testing.assert_array_equal(read.structures.array, beside.array)
    assert read.warnings == [] and read.strangers == []


def test_totalsegmentators_map_holds_what_it_has_values_for(path: Path, tmp_path: Path) -> None:
    files, warnings = export_result(path, tmp_path / "out", "nifti", to_numbering="totalsegmentator")
    assert warnings == ["Left aside, having no value of their own in the numbering 'totalsegmentator': enamel."]
    labels, beside = toy()
    stored = sitk.GetArrayFromImage(sitk.ReadImage(str(files["nifti"])))
    wanted = {"mandible": 1, "canal_left": 3, "sinus_right": 6, "implant": 10}
    for key, value in wanted.items():
        np.testing.assert_array_equal(stored == value, beside.array == structure(key).value)
    for fdi in FEW:
        pulp = (beside.array == structure("pulp").value) & (labels.array == fdi)
        assert pulp.any()
        np.testing.assert_array_equal(stored == 46 + FDI_PERMANENT.index(fdi), pulp)
    for numbering in (None, "totalsegmentator"):  # by the names in the file, and by its layout
        read = read_label_map(files["nifti"], numbering)
        np.testing.assert_array_equal(read.teeth.array, labels.array)
        assert read.structures is not None
        kept = np.where(beside.array == structure("enamel").value, 0, beside.array)
        np.testing.assert_array_equal(read.structures.array, kept)


def test_slicers_segmentation_has_names_codes_and_colours(path: Path, tmp_path: Path) -> None:
    files, _ = export_result(path, tmp_path / "out", "seg.nrrd")
    assert {file.name for file in files.values()} == {"toy_teeth.seg.nrrd", "toy_structures.seg.nrrd"}
    labels, beside = toy()
    np.testing.assert_array_equal(read_label_map(files["seg.nrrd"]).teeth.array, labels.array)
    stored, names = read_structures(files["structures"])
    again = known_structures(stored, names)
    assert again is not None
    np.testing.assert_array_equal(again.array, beside.array)
    header = sitk.ImageFileReader()
    header.SetFileName(str(files["structures"]))
    header.ReadImageInformation()
    told = {header.GetMetaData(f"Segment{i}_Name"): i for i in range(len(names))}
    i = told["left mandibular canal"]
    assert "99DENTALTOPOSEG^MANDIBULAR_CANAL^Mandibular canal~SCT^7771000^Left" in header.GetMetaData(
        f"Segment{i}_Tags"
    )
    colour = [float(c) for c in header.GetMetaData(f"Segment{i}_Color").split()]
    np.testing.assert_allclose(colour, np.array(structure("canal_left").color) / 255, atol=1e-5)


def test_how_structures_were_found_is_kept(tmp_path: Path) -> None:
    """Also by who keeps the segments' tags alone, as 3D Slicer does."""
    _, beside = toy()
    line = np.array([[20.0, -10.0, -21.5], [20.5, -4.0, -21.0]])
    found = replace(
        beside,
        metadata={ERRORS_KEY: "canal 3.5, length 2.5, axis 7.3"} | drawn_metadata({"canal_left": [line, line + 9]}),
    )
    stored, names = read_structures(write_known_structures(found, tmp_path / "toy_structures.seg.nrrd"))
    again = known_structures(stored, names)
    assert again is not None
    assert error_of(again.metadata, "canal_left") == 3.5
    assert error_of(again.metadata, "sinus_left") == 0.0
    assert [error_of(again.metadata, what) for what in ("length", "axis")] == [2.5, 7.3]
    np.testing.assert_allclose(drawn_stretches(again.metadata, "canal_left"), [line, line + 9])
    assert drawn_stretches(again.metadata, "sinus_left") == []
    kept = sitk.ReadImage(str(tmp_path / "toy_structures.seg.nrrd"))
    assert not [key for key in kept.GetMetaDataKeys() if key.startswith("DentalTopoSeg")]


def test_a_file_of_an_earlier_export_is_told(path: Path, tmp_path: Path) -> None:
    pytest.importorskip("vtkmodules", reason="surfaces of label maps need VTK")
    (tmp_path / "toy_51.stl").write_text("of a tooth that has another number by now", encoding="utf-8")
    (tmp_path / "toy_canal.stl").write_text("of a canal whose side is known by now", encoding="utf-8")
    _, said = export_result(path, tmp_path, "stl")
    assert "Of an earlier export, and no longer in this result: toy_51.stl, toy_canal.stl." in said
    assert (tmp_path / "toy_51.stl").is_file()
    _, said = export_result(path, tmp_path / "other", "stl")
    assert not any("earlier export" in text for text in said)


def test_surfaces(path: Path, tmp_path: Path) -> None:
    pytest.importorskip("vtkmodules", reason="surfaces of label maps need VTK")
    trimesh = pytest.importorskip("trimesh")
    files, _ = export_result(path, tmp_path / "stl", "stl")
    assert {"tooth_11", "tooth_36", "mandible", "canal_left", "sinus_right", "implant"} <= set(files)
    _, beside = toy()
    places = beside.index_to_ras(np.argwhere(beside.array == structure("implant").value))
    mesh = trimesh.load(files["implant"])
    wanted = len(places) * beside.voxel_volume_mm3
    assert mesh.volume == pytest.approx(wanted, rel=0.05)
    np.testing.assert_allclose(mesh.center_mass * (-1, -1, 1), places.mean(axis=0), atol=0.1)
    files, _ = export_result(path, tmp_path / "glb", "glb")
    assert {"11", "mandible", "canal_left"} <= set(trimesh.load(files["teeth"]).geometry)


def test_dicom_segmentation(path: Path, tmp_path: Path, series: Path) -> None:
    hd = pytest.importorskip("highdicom", reason="highdicom is not installed: it writes DICOM objects")
    files, _ = export_result(path, tmp_path / "out", "dicom-seg", scan=series)
    assert {file.name for file in files.values()} == {"toy_teeth.dcm", "toy_structures.dcm"}
    seg = hd.seg.segread(files["structures"])
    described = {d.segment_label: d for d in map(seg.get_segment_description, seg.segment_numbers)}
    _, beside = toy()
    assert set(described) == {BY_VALUE[v].name for v in np.unique(beside.array) if v}
    kind = described["left mandibular canal"].SegmentedPropertyTypeCodeSequence[0]
    assert kind.CodingSchemeDesignator == "99DENTALTOPOSEG"
    assert kind.SegmentedPropertyTypeModifierCodeSequence[0].CodeValue == "7771000"
    jaw = described["lower jaw"]
    assert (jaw.segmented_property_type.value, jaw.segmented_property_category.value) == ("91609006", "123037004")
    assert described["implant"].segmented_property_category.meaning == "Physical object"
    number = next(n for n in seg.segment_numbers if seg.get_segment_description(n).segment_label == "implant")
    voxels = int(seg.get_volume(segment_numbers=[number], combine_segments=True).array.astype(bool).sum())
    assert voxels == int((beside.array == structure("implant").value).sum())
    assert errors_of(files["structures"]) == []
