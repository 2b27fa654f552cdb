"""A scan that Slicer has loaded from a file without left and right is told with the result."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from volume_variants import AFFINE, metaimage, nifti, nrrd, turned

from DentalTopoSegLib.scene.source_files import notes_on_files

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed: pip install slicer-core==5.11.0.6")


def loaded(path: Path | str):
    """A volume node with a storage node, as Slicer has after loading."""
    scene = slicer.vtkMRMLScene()
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Scan")
    storage = scene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
    storage.SetFileName(str(path))
    node.SetAndObserveStorageNodeID(storage.GetID())
    return SimpleNamespace(scene=scene, node=node)


MIRRORED = turned(AFFINE, mirror=(-1.0, 1.0, 1.0))
BARE = {"space": None, "space_directions": None, "space_origin": None}
FILES = {
    "codes 0": (nifti(codes=(0, 0)), "does not say where left and right are"),
    "no space": (nrrd("spacings: 0.3 0.4 0.5", **BARE), "does not say where left and right are"),
    "no axes": (metaimage(TransformMatrix=None), "does not say where left and right are"),
    "mirrored": (nifti(AFFINE, MIRRORED), "says twice and differently"),
    "sound": (nifti(), None),
    "shifted": (nifti(AFFINE, turned(AFFINE, shift=(9.0, 0.0, 0.0))), None),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_leaves_the_sides_open_is_told(name: str, tmp_path: Path) -> None:
    make, said = FILES[name]
    held = loaded(make(tmp_path))
    notes = notes_on_files([held.node])
    assert notes == [] if said is None else (len(notes) == 1 and said in notes[0] and "'Scan'" in notes[0])


def test_what_has_no_file_or_one_of_another_kind_is_not_opened(tmp_path: Path) -> None:
    scene = slicer.vtkMRMLScene()
    bare = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Scan")
    model = scene.AddNewNodeByClass("vtkMRMLModelNode", "Jaw")
    (tmp_path / "x.nrrd").write_bytes(np.zeros(99, np.uint8).tobytes())
    files = [tmp_path / "x.nrrd", tmp_path / "gone.nii.gz", tmp_path / "slice0001.dcm", tmp_path]
    assert notes_on_files([bare, model, *(loaded(path).node for path in files)]) == []
