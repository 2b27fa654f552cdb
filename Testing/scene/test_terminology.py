"""The list of teeth that Slicer offers, and the colour table: 52 teeth, each with its own name, code, colour."""

from __future__ import annotations

from pathlib import Path

import pytest

from DentalTopoSegLib import dentition
from DentalTopoSegLib.dentition import GINGIVA_RGB
from DentalTopoSegLib.files.seg_nrrd import TERMINOLOGY_CONTEXT, terminology_entry
from DentalTopoSegLib.networks.models import resources_dir
from DentalTopoSegLib.scene import SceneError, register_color_table, register_terminology, tooth_color_node
from DentalTopoSegLib.scene.terminology import COLOR_FILE, TERMINOLOGY_FILE, write_resources

TEETH = dentition.FDI_PERMANENT + dentition.FDI_DECIDUOUS


@pytest.fixture
def logic(slicer):
    made = slicer.vtkSlicerTerminologiesModuleLogic()
    register_terminology(made)
    return made


def test_slicer_knows_every_tooth_by_its_own_name_code_and_colour(slicer, logic) -> None:
    category = slicer.vtkSlicerTerminologyCategory()
    assert logic.GetNthCategoryInTerminology(TERMINOLOGY_CONTEXT, 0, category)
    assert logic.GetNumberOfTypesInTerminologyCategory(TERMINOLOGY_CONTEXT, category) == 52
    names, codes, colors = set(), set(), set()
    for i in range(52):
        kind = slicer.vtkSlicerTerminologyType()
        assert logic.GetNthTypeInTerminologyCategory(TERMINOLOGY_CONTEXT, category, i, kind)
        assert kind.GetCodingSchemeDesignator() == "SCT"
        names.add(kind.GetCodeMeaning())
        codes.add(kind.GetCodeValue())
        colors.add(tuple(kind.GetRecommendedDisplayRGBValue()))
    assert codes == {dentition.snomed_code(fdi) for fdi in TEETH}
    assert names == {dentition.name(fdi) for fdi in TEETH}
    assert colors == {dentition.color(fdi) for fdi in TEETH}
    assert len(names) == len(codes) == len(colors) == 52


def test_an_entry_of_a_segment_is_found_in_the_list(slicer, logic) -> None:
    for fdi in (11, 32, 85):
        found = slicer.vtkSlicerTerminologyEntry()
        assert logic.FindTypeInTerminologyBy3dSlicerLabel(TERMINOLOGY_CONTEXT, f"tooth_{fdi}", found)
        ours = slicer.vtkSlicerTerminologyEntry()
        assert logic.DeserializeTerminologyEntry(terminology_entry(fdi), ours)
        assert ours.GetTypeObject().GetCodeValue() == found.GetTypeObject().GetCodeValue()
        assert ours.GetCategoryObject().GetCodeValue() == found.GetCategoryObject().GetCodeValue()


def test_registering_twice_is_no_error(logic) -> None:
    assert register_terminology(logic) == TERMINOLOGY_CONTEXT


def test_a_file_that_is_gone_is_named(slicer, monkeypatch, tmp_path) -> None:
    from DentalTopoSegLib.networks import models

    monkeypatch.setattr(models, "resources_dir", lambda: tmp_path)
    with pytest.raises(SceneError, match="install the extension again"):
        register_terminology(slicer.vtkSlicerTerminologiesModuleLogic())


@pytest.mark.parametrize("name", [TERMINOLOGY_FILE, COLOR_FILE])
def test_the_files_shipped_are_those_that_the_tables_give(name, tmp_path) -> None:
    """Write them anew with scene.terminology.write_resources(Path("Resources"))."""
    write_resources(tmp_path)
    shipped: Path = resources_dir() / name
    assert shipped.read_bytes() == (tmp_path / name).read_bytes()


def test_the_colour_table_stays_when_a_scene_is_closed_and_is_not_saved(scene, tmp_path) -> None:
    node = register_color_table(scene)
    assert register_color_table(scene) is node
    scene.Clear(0)
    assert tooth_color_node(scene).GetScene() is scene
    assert not tooth_color_node(scene).GetSaveWithScene()
    rgba = [0.0] * 4
    tooth_color_node(scene).GetColor(16, rgba)
    assert tuple(round(255 * c) for c in rgba[:3]) == tuple(dentition.color(16))


def test_the_colour_table_file_and_node_agree(slicer, scene) -> None:
    reader, loaded = slicer.vtkMRMLColorTableStorageNode(), slicer.vtkMRMLColorTableNode()
    scene.AddNode(loaded)
    scene.AddNode(reader)
    reader.SetFileName(str(resources_dir() / COLOR_FILE))
    assert reader.ReadData(loaded)
    made = tooth_color_node(scene)
    assert tooth_color_node(scene) is made
    for index, rgb in [(0, GINGIVA_RGB), *((fdi, dentition.color(fdi)) for fdi in TEETH)]:
        for node in (loaded, made):
            rgba = [0.0] * 4
            node.GetColor(index, rgba)
            assert tuple(round(255 * c) for c in rgba[:3]) == tuple(rgb)
        assert loaded.GetColorName(index) == made.GetColorName(index)
