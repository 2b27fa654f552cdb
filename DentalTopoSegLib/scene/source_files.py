"""What the files say from which Slicer has loaded scans: it places a volume also where the file does not say how."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from ..errors import InputError
from ..files.volumes import SCAN_SUFFIXES, read_header


def notes_on_files(nodes: Iterable[Any]) -> list[str]:
    """What to tell of the files of volume nodes that leave open where the patient's left and right are; no file is
    opened but those of `SCAN_SUFFIXES`, and of them only the header."""
    return [note for node in nodes for note in _notes(node)]


def _notes(node: Any) -> list[str]:
    storage = node.GetStorageNode() if node.IsA("vtkMRMLVolumeNode") else None
    path = storage.GetFullNameFromFileName() if storage is not None else None
    if not path or not path.lower().endswith(SCAN_SUFFIXES) or not os.path.isfile(path):
        return []
    try:
        header = read_header(path)
    except InputError:  # what Slicer has loaded from it is there, and is what was segmented
        return []
    if header.unplaced:
        return [
            f"The file of '{node.GetName()}' does not say where left and right are ({header.unplaced}); 3D Slicer has "
            "assumed it. Compare the letters in the views with the patient before you use the numbers."
        ]
    if header.doubt:
        return [
            f"The file of '{node.GetName()}' says twice and differently where left and right are; 3D Slicer has taken "
            "one of the two. Compare the letters in the views with the patient before you use the numbers."
        ]
    return []
