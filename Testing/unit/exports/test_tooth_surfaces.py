"""Surfaces of teeth in files: closed, true to the voxels, where other programs expect them; DICOM SEG beside them."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from dicom_odd import edit
from scan_files import oblique_direction, toy_dentition, write_dicom, write_multi_frame
from toy_jaws import TEETH, toy_jaw
from toy_teeth import tidy, volume

from DentalTopoSegLib import dentition
from DentalTopoSegLib.errors import InputError, OutputError
from DentalTopoSegLib.exports import ExportOptions, Result, export, export_format
from DentalTopoSegLib.exports.tooth_surfaces import surfaces_of_jaw, surfaces_of_labels
from DentalTopoSegLib.files.meshes import face_components, read_mesh
from DentalTopoSegLib.files.seg_nrrd import write_seg_nrrd
from DentalTopoSegLib.files.volumes import Volume

trimesh = pytest.importorskip("trimesh")


@pytest.fixture(scope="module")
def labels() -> Volume:
    """Six teeth on oblique axes, so that a forgotten direction or flip shows."""
    few = np.where(np.isin(tidy(), (11, 16, 26, 36, 41, 47)), tidy(), 0).astype(np.uint8)
    return replace(volume(few), direction=oblique_direction(25))


@pytest.fixture(scope="module")
def surfaces(labels: Volume) -> list:
    pytest.importorskip("vtkmodules", reason="surfaces of label maps need the extra [export]")
    return surfaces_of_labels(labels)


def write(labels: Volume, folder: Path, name: str, kind: str, space: str = "LPS") -> dict[str, Path]:
    """The files of one format."""
    result = Result(Path(name), name, [], lambda: pytest.fail("nothing is to be checked"), labels)
    return export(result, folder, export_format(kind), ExportOptions(space=space))


def write_jaw(jaw, folder: Path, kind: str, scale: float = 1.0) -> dict[str, Path]:
    surface = SimpleNamespace(vertices=jaw.vertices * scale, faces=jaw.faces, scale=scale)
    labelled = SimpleNamespace(surface=surface, face_fdi=jaw.face_fdi)
    result = Result(Path("jaw"), "jaw", [], lambda: pytest.fail("nothing is to be checked"), labelled=labelled)
    return export(result, folder, export_format(kind))


def solid(surface) -> trimesh.Trimesh:
    return trimesh.Trimesh(surface.vertices, surface.faces, process=False)


def test_each_tooth_is_one_closed_surface_with_its_volume_and_place(labels: Volume, surfaces: list) -> None:
    assert [surface.fdi for surface in surfaces] == [11, 16, 26, 36, 41, 47]
    for surface in surfaces:
        mesh = solid(surface)
        assert mesh.is_watertight
        assert mesh.is_winding_consistent
        where = np.argwhere(labels.array == surface.fdi)
        assert mesh.volume == pytest.approx(len(where) * labels.voxel_volume_mm3, rel=0.02)  # positive: outwards
        centre = labels.index_to_ras(where.mean(0)) * (-1, -1, 1)  # LPS
        assert np.linalg.norm(mesh.center_mass - centre) < 0.2
        assert face_components(surface.faces, len(surface.vertices))[0] == 1


def test_ras_is_the_same_surface_with_two_axes_turned(labels: Volume, surfaces: list) -> None:
    (ras, *_) = surfaces_of_labels(labels, "RAS")
    np.testing.assert_allclose(ras.vertices * (-1, -1, 1), surfaces[0].vertices)
    with pytest.raises(InputError, match="use LPS or RAS"):
        surfaces_of_labels(labels, "LAS")


@pytest.mark.parametrize("kind", ["stl", "obj", "ply"])
def test_one_file_per_tooth_that_another_program_reads(
    tmp_path: Path, labels: Volume, surfaces: list, kind: str
) -> None:
    files = write(labels, tmp_path / "Fälle", "a b", kind)
    assert sorted(p.name for p in (tmp_path / "Fälle").iterdir()) == sorted(f"a b_{s.fdi}.{kind}" for s in surfaces)
    for surface in surfaces:
        path = files[f"tooth_{surface.fdi}"]
        read = trimesh.load(path, process=True, force="mesh")
        assert read.is_watertight
        assert read.volume == pytest.approx(solid(surface).volume, rel=1e-3)
        assert b"SPACE=LPS" in path.read_bytes()[:400]
        own, _ = read_mesh(path)
        np.testing.assert_allclose(own.vertices.mean(0), surface.vertices.mean(0), atol=0.2)
    if kind == "ply":
        assert tuple(trimesh.load(path, process=False).visual.vertex_colors[0][:3]) == dentition.color(surface.fdi)


def test_a_glb_has_a_coloured_node_per_tooth_upright_in_metres(tmp_path: Path, surfaces: list, labels: Volume) -> None:
    path = write(labels, tmp_path, "case", "glb")["teeth"]
    scene = trimesh.load(path)
    assert set(scene.geometry) == {str(surface.fdi) for surface in surfaces}
    for surface in surfaces:
        mesh = scene.geometry[surface.name]
        assert tuple(mesh.visual.material.baseColorFactor[:3]) == dentition.color(surface.fdi)
        assert mesh.volume == pytest.approx(solid(surface).volume * 1e-9, rel=1e-3)
        left, posterior, superior = surface.vertices.mean(0)
        np.testing.assert_allclose(mesh.vertices.mean(0) * 1000, (left, superior, -posterior), atol=0.01)
    ras = write(labels, tmp_path, "ras", "glb", space="RAS")["teeth"]
    np.testing.assert_allclose(
        trimesh.load(ras).geometry["16"].vertices.mean(0), scene.geometry["16"].vertices.mean(0), atol=1e-6
    )


def test_crowns_of_a_scan_keep_its_coordinates(tmp_path: Path) -> None:
    jaw = toy_jaw("lower")
    parts = surfaces_of_jaw(jaw.vertices, jaw.faces, jaw.face_fdi)
    assert [part.fdi for part in parts] == [*sorted(TEETH["lower"]), 0]
    assert sum(len(part.faces) for part in parts) == len(jaw.faces)
    files = write_jaw(jaw, tmp_path, "stl")
    read, _ = read_mesh(files["tooth_36"])
    np.testing.assert_allclose(read.vertices.mean(0)[:2], jaw.vertices[jaw.fdi == 36].mean(0)[:2], atol=0.1)
    assert b"SPACE" not in files["gingiva"].read_bytes()[:80]
    scene = trimesh.load(write_jaw(jaw, tmp_path, "glb", scale=25.4)["teeth"])
    assert set(scene.geometry) == {*map(str, TEETH["lower"]), "gingiva"}
    np.testing.assert_allclose(scene.extents, np.ptp(jaw.vertices, axis=0) * 0.0254, rtol=1e-5)


def test_refusals(tmp_path: Path, labels: Volume, surfaces: list, monkeypatch) -> None:
    with pytest.raises(InputError, match="no tooth to write"):
        write(labels.with_array(np.zeros_like(labels.array)), tmp_path, "a", "stl")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        write(labels, tmp_path / "file" / "out", "a", "stl")
    monkeypatch.setitem(sys.modules, "trimesh", None)
    for kind in ("obj", "glb"):
        with pytest.raises(InputError, match=r'need trimesh, which is not installed: .*"trimesh>='):
            write(labels, tmp_path / "out", "a", kind)
    assert not (tmp_path / "out").exists()
    write(labels, tmp_path / "out", "a", "stl")
    monkeypatch.setitem(sys.modules, "vtkmodules.util.numpy_support", None)
    with pytest.raises(InputError, match="need VTK, which is not installed"):
        surfaces_of_labels(labels)


# ---------------------------------------------------------------- DICOM SEG


def test_a_dicom_seg_has_one_coded_segment_per_tooth_in_place(tmp_path: Path, series: Path) -> None:
    hd = pytest.importorskip("highdicom")
    from DentalTopoSegLib.exports.dicom_seg import write_dicom_seg

    _, labels = toy_dentition()
    path = write_dicom_seg(labels, series, tmp_path / "teeth.dcm")
    seg = hd.seg.segread(path)
    present = [int(v) for v in np.unique(labels.array) if v]
    assert seg.number_of_segments == len(present)
    for number, fdi in enumerate(present, start=1):
        description = seg.get_segment_description(number)
        assert description.segmented_property_type.value == dentition.snomed_code(fdi)
        assert description.segmented_property_type.meaning == dentition.name(fdi)
        assert description.segment_label.startswith(f"{fdi} ")
    back = seg.get_volume(combine_segments=True)
    where = np.argwhere(back.array > 0)
    values = back.array[tuple(where.T)]
    lps = back.map_indices_to_reference(where)
    index = np.rint(labels.ras_to_index(lps * (-1, -1, 1))).astype(int)
    np.testing.assert_array_equal(labels.array[tuple(index.T)], np.array([0, *present])[values])
    assert len(where) == np.count_nonzero(labels.array)
    import pydicom

    first = pydicom.dcmread(next(series.iterdir()))
    assert (seg.PatientID, seg.StudyInstanceUID) == (first.PatientID, first.StudyInstanceUID)


def test_a_dicom_seg_is_refused_in_a_sentence_without_patient_data(
    tmp_path: Path, series: Path, monkeypatch, recwarn
) -> None:
    pytest.importorskip("highdicom")
    from DentalTopoSegLib.exports.dicom_seg import write_dicom_seg

    _, labels = toy_dentition()
    far = Volume(labels.array, labels.spacing, (900.0, 0.0, 0.0), labels.direction)
    with pytest.raises(InputError, match="do not lie in the scan"):
        write_dicom_seg(far, series, tmp_path / "teeth.dcm")
    with pytest.raises(InputError, match="no tooth to write"):
        write_dicom_seg(labels.with_array(np.zeros_like(labels.array)), series, tmp_path / "teeth.dcm")
    bare = tmp_path / "bare"
    write_dicom(bare, toy_dentition()[0], number=5)
    edit(bare, lambda file, _: file.pop("FrameOfReferenceUID"))
    with pytest.raises(InputError, match="lack what a DICOM SEG must take") as caught:
        write_dicom_seg(labels, bare, tmp_path / "teeth.dcm")
    seg = write_seg_nrrd(labels, tmp_path / "teeth.seg.nrrd")
    with pytest.raises(InputError):
        write_dicom_seg(labels, seg, tmp_path / "teeth.dcm")
    assert not (tmp_path / "teeth.dcm").exists()
    said = str(caught.value) + " ".join(str(warning.message) for warning in recwarn)
    assert "Secret" not in said
    assert "4711" not in said
    monkeypatch.setitem(sys.modules, "highdicom", None)
    with pytest.raises(InputError, match=r'needs highdicom, which is not installed: .*"highdicom>='):
        write_dicom_seg(labels, series, tmp_path / "teeth.dcm")


def test_a_scan_that_does_not_say_where_it_lies_gets_no_dicom_seg(tmp_path: Path) -> None:
    pytest.importorskip("highdicom")
    import pydicom

    from DentalTopoSegLib.exports.dicom_seg import write_dicom_seg

    image, labels = toy_dentition()
    path = write_multi_frame(tmp_path / "scan.dcm", image, enhanced=False)
    dataset = pydicom.dcmread(path)
    dataset.SliceThickness = image.spacing[2]
    dataset.save_as(path)
    with pytest.raises(InputError, match="ImageOrientationPatient and ImagePositionPatient are missing"):
        write_dicom_seg(labels, path, tmp_path / "seg.dcm")
    assert not (tmp_path / "seg.dcm").exists()
