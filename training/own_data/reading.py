"""A labelled scan as it is trained on: grey values with FDI numbers on the same grid, or a jaw with FDI numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from DentalTopoSegLib.dentition import LABEL_NUMBERINGS, is_tooth, label_values
from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.label_maps import present_values
from DentalTopoSegLib.files.meshes import Surface, clean, read_mesh, read_teeth3ds_json
from DentalTopoSegLib.files.meshes.geometry import labels_of_faces
from DentalTopoSegLib.files.seg_nrrd import segment_numbers
from DentalTopoSegLib.files.volumes import Volume, read_label_file, read_volume
from training.evaluation.labelled import Scan
from training.own_data.cases import Case, Data
from training.own_data.meanings import UNKNOWN, fdi_map, meanings_of

SAME_PLACE_MM = 0.05
"""Rounding of a place in a file's single precision stays below."""
NUMBERINGS = tuple(LABEL_NUMBERINGS)
"""What values may be by themselves, where no names say it."""


@dataclass(frozen=True)
class Labelled:
    """A volume with its labels.

    Parameters
    ----------
    scan : Volume
        Grey values (z, y, x).
    fdi : ndarray
        (z, y, x) uint8 on the same grid: FDI numbers, 0, and `meanings.UNKNOWN`.
    notes : tuple of str
        What is worth knowing, in plain words.
    """

    scan: Volume
    fdi: np.ndarray
    notes: tuple[str, ...] = field(default=())


def read_labelled(case: Case, data: Data, numbering: str | None = None, orientation: str | None = None) -> Labelled:
    """Read a volume and its labels.

    Parameters
    ----------
    case : Case
        Of `data`.
    data : Data
        Its folder, whose names of values count.
    numbering : str, optional
        One of `NUMBERINGS`, in place of the names.
    orientation : str, optional
        Of files that do not say where left and right are; see `files.volumes.read_volume`.

    Raises
    ------
    InputError
        A file cannot be read, the two do not lie on one grid, or a value has no meaning.
    """
    scan, _ = read_volume(case.scan, orientation=orientation)
    labels, _ = read_label_file(case.labels, orientation=orientation)
    names = segment_names(labels.metadata) if data.layout == "slicer" else data.names
    values = [int(v) for v in present_values(labels.array) if v]
    if numbering is not None:
        meanings = dict(label_values(numbering))
    else:
        meanings = meanings_of(names)
        if data.layout == "slicer":
            meanings |= segment_numbers(labels.metadata, case.labels)
    known = set(names) | set(meanings)
    strange = [value for value in values if value not in known]
    if strange:
        shown = ", ".join(map(str, strange[:6])) + (" ..." if len(strange) > 6 else "")
        raise InputError(f"holds the values {shown}, which nothing names")
    left = sorted({names.get(value, str(value)) for value in values if value not in meanings})
    notes = [f"no teeth, taken as background: {', '.join(left)}"] if left and data.layout == "slicer" else []
    return Labelled(scan, _on_grid_of(scan, labels.with_array(fdi_map(labels.array, meanings))), tuple(notes))


def segment_names(metadata: Mapping[str, str]) -> dict[int, str]:
    """{value: name} of the segments in the header of a .seg.nrrd."""
    found = {}
    for key, name in metadata.items():
        if key.startswith("Segment") and key.endswith("_Name"):
            value = metadata.get(key.removesuffix("Name") + "LabelValue", "").strip()
            if value.isdecimal():
                found[int(value)] = name
    return found


def _on_grid_of(scan: Volume, labels: Volume) -> np.ndarray:
    """The labels on the scan's grid, every voxel its own: 3D Slicer keeps only the box around its segments."""
    if labels.same_grid(scan, SAME_PLACE_MM):
        return labels.array
    ends = np.array([[0, 0, 0], np.asarray(labels.shape) - 1])
    at = scan.ras_to_index(labels.index_to_ras(ends))
    start = np.rint(at[0]).astype(int)
    off = np.abs(at - (start + ends)) * np.array(scan.spacing[::-1])
    if not np.allclose(scan.direction, labels.direction, atol=1e-4) or off.max() > SAME_PLACE_MM:
        raise InputError(
            f"does not lie on the grid of its scan ({_grid_text(labels)}, but {_grid_text(scan)}; up to "
            f"{off.max():.3g} mm apart)"
        )
    stop = start + np.asarray(labels.shape)
    low, high = np.maximum(start, 0), np.minimum(stop, scan.shape)
    inner = tuple(slice(a - s, b - s) for a, b, s in zip(low, high, start, strict=True))
    if (low >= high).any() or np.count_nonzero(labels.array[inner]) < np.count_nonzero(labels.array):
        raise InputError("has labels outside of its scan")
    whole = np.zeros(scan.shape, np.uint8)
    whole[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = labels.array[inner]
    return whole


def _grid_text(volume: Volume) -> str:
    return f"{' x '.join(map(str, volume.shape[::-1]))} voxels of {' x '.join(f'{s:.4g}' for s in volume.spacing)} mm"


def teeth_of(fdi: np.ndarray) -> list[int]:
    """The FDI numbers in an FDI map."""
    return [int(v) for v in present_values(fdi) if v and v != UNKNOWN]


def read_jaw_case(case: Case) -> Scan:
    """Read a mesh and its labels; vertices in mm, whatever the file's unit. InputError."""
    mesh, _ = read_mesh(case.scan)
    surface: Surface = clean(mesh)[0]
    told = read_teeth3ds_json(case.labels)
    labels = np.asarray(told["labels"])
    if told["jaw"] != case.jaw:
        raise InputError(f"says that the jaw is the {told['jaw']} one, but the file is called {case.scan.name}")
    if len(labels) != len(mesh.file_vertex):
        raise InputError(f"has {len(labels):,} labels for the {len(mesh.file_vertex):,} points of the mesh")
    strange = [int(v) for v in np.unique(labels) if v and not is_tooth(int(v))]
    if strange:
        raise InputError(f"holds the labels {', '.join(map(str, strange[:6]))}, which are no FDI numbers")
    by_vertex = np.zeros(len(mesh.vertices), np.uint8)
    by_vertex[mesh.file_vertex] = labels
    face_fdi = labels_of_faces(by_vertex, mesh.faces).astype(np.uint8)
    return Scan(case.name, case.jaw, mesh.vertices * surface.scale, mesh.faces, face_fdi)
