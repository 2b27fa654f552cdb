"""The teeth in Slicer's terminologies and colour tables; the files under Resources are written by `write_resources`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .. import dentition
from ..dentition import GINGIVA_RGB
from ..dentition.naming import tooth_title
from ..files.seg_nrrd import TERMINOLOGY_CONTEXT
from .nodes import SceneError, nodes_of

TERMINOLOGY_FILE = "Terminologies/SegmentationCategoryTypeModifier-DentalTopoSeg.term.json"
COLOR_FILE = "Colors/DentalTopoSeg.ctbl"
COLOR_NODE = "DentalTopoSeg teeth"
_TEETH = dentition.FDI_PERMANENT + dentition.FDI_DECIDUOUS


def terminology_document() -> dict[str, Any]:
    """The content of the terminology file: one type per tooth, codes of DICOM CID 4018 and 4019."""
    types = [
        {
            "CodingSchemeDesignator": "SCT",
            "CodeValue": dentition.snomed_code(fdi),
            "CodeMeaning": dentition.name(fdi),
            "3dSlicerLabel": f"tooth_{fdi}",
            "recommendedDisplayRGBValue": list(dentition.color(fdi)),
        }
        for fdi in _TEETH
    ]
    return {
        "SegmentationCategoryTypeContextName": TERMINOLOGY_CONTEXT,
        "@schema": "https://raw.githubusercontent.com/qiicr/dcmqi/master/doc/segment-context-schema.json#",
        "SegmentationCodes": {
            "Category": [
                {
                    "CodingSchemeDesignator": "SCT",
                    "CodeValue": "123037004",
                    "CodeMeaning": "Anatomical Structure",
                    "showAnatomy": False,
                    "Type": types,
                }
            ]
        },
    }


def color_table_text() -> str:
    """The content of the colour table file: index = FDI number, 0 = gum."""
    rows = [("0", "gum", GINGIVA_RGB)] + [
        (str(f), f"{f} {dentition.plain_name(f)}", dentition.color(f)) for f in _TEETH
    ]
    lines = ["# Color table file", "# DentalTopoSeg: index = FDI tooth number"]
    lines += [f"{index} {title.replace(' ', '_')} {' '.join(map(str, rgb))} 255" for index, title, rgb in rows]
    return "\n".join(lines) + "\n"


def write_resources(folder: Path) -> None:
    """Write both files below the folder (the repository's Resources)."""
    (folder / TERMINOLOGY_FILE).parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(terminology_document(), indent=1, ensure_ascii=True)
    (folder / TERMINOLOGY_FILE).write_text(text + "\n", encoding="ascii", newline="\n")
    (folder / COLOR_FILE).parent.mkdir(parents=True, exist_ok=True)
    (folder / COLOR_FILE).write_text(color_table_text(), encoding="ascii", newline="\n")


def register_terminology(logic: Any) -> str:
    """Load the tooth terminology (52 types) into a vtkSlicerTerminologiesModuleLogic; returns its context name.

    In Slicer: `register_terminology(slicer.modules.terminologies.logic())` once the application is up. Safe to call
    twice. Raises SceneError when the file is absent or refused.
    """
    if logic.IsTerminologyContextLoaded(TERMINOLOGY_CONTEXT):
        return TERMINOLOGY_CONTEXT
    from ..networks.models import resources_dir

    path = resources_dir() / TERMINOLOGY_FILE
    if not path.is_file() or not logic.LoadTerminologyFromFile(str(path)):
        raise SceneError("The list of teeth '{path}' cannot be read: install the extension again.", path=path)
    return TERMINOLOGY_CONTEXT


def tooth_color_node(scene: Any) -> Any:
    """The scene's own colour table "DentalTopoSeg teeth" (index = FDI number, 0 = gum), made when absent."""
    for node in nodes_of(scene, "vtkMRMLColorTableNode"):
        if node.GetName() == COLOR_NODE:
            return node
    return new_color_node(scene, COLOR_NODE)


def register_color_table(scene: Any) -> Any:
    """Have Slicer offer the teeth's colour table (index = FDI number) wherever colours are chosen, also after the scene
    was closed; it is part of the application, so it is not saved with scenes. Safe to call twice."""
    node = tooth_color_node(scene)
    if not node.GetSingletonTag():
        node.SetSingletonTag("DentalTopoSegTeeth")
        node.SetSaveWithScene(False)
    return node


def new_color_node(scene: Any, name: str, numbering: str = "FDI") -> Any:
    """A colour table with the teeth's colours and their titles in a numbering."""
    import slicer

    node = slicer.vtkMRMLColorTableNode()
    node.SetTypeToUser()
    node.SetName(name)
    node.SetNumberOfColors(max(_TEETH) + 1)
    node.GetLookupTable().SetTableRange(0, max(_TEETH))
    for index in range(max(_TEETH) + 1):
        node.SetColor(index, "", 0.0, 0.0, 0.0, 1.0)  # one transparent entry would make all surfaces translucent
    node.SetColor(0, "gum", *(c / 255 for c in GINGIVA_RGB), 1.0)
    for fdi in _TEETH:
        node.SetColor(fdi, tooth_title(fdi, numbering), *(c / 255 for c in dentition.color(fdi)), 1.0)
    node.SetAttribute("Category", "Segmentation")
    return scene.AddNode(node)
