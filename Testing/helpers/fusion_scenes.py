"""A small patient for fusions: a phantom with five teeth a jaw, scans of both jaws, and what networks knew of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from made_scans import MadeScan, make_scan

from DentalTopoSegLib.dentition import Known, ToothEvidence
from DentalTopoSegLib.phantom import Phantom, make_phantom

#: Five teeth a jaw hold a scan, and are quickly made.
ABSENT = tuple(10 * q + p for q in (1, 2, 3, 4) for p in range(1, 9) if p > (3 if q in (1, 4) else 2))
#: What the upper jaw's scan is called wrong, and how sure its network is of that.
WRONG, SURE = {13: 14}, 0.6


@lru_cache(maxsize=1)
def patient() -> tuple[Phantom, dict[str, MadeScan]]:
    """The phantom and the scans of its jaws."""
    phantom = make_phantom(3, 0.4, missing=ABSENT, fillings=0, fov_mm=(54, 36, 54))
    return phantom, {
        jaw: make_scan(phantom, jaw, seed=seed, spacing=0.25) for seed, jaw in enumerate(("upper", "lower"))
    }


def known_of_cbct(phantom: Phantom) -> Known:
    """What a network knew that is sure of the CBCT's numbers."""
    found = {}
    for fdi in phantom.teeth:
        place = np.argwhere(phantom.labels.array == fdi).mean(axis=0, keepdims=True)
        x, y, z = phantom.labels.index_to_ras(place)[0]
        found[fdi] = ToothEvidence({fdi: 0.97, 0: 0.03}, (float(x), float(y), float(z)), 450.0)
    return Known(evidence=found)


def known_of_scan(scan: MadeScan, wrong: Mapping[int, int] = {}) -> Known:
    """What a network knew of a scan; of the teeth that it calls wrong it is not sure."""
    found = {}
    for fdi in (int(n) for n in np.unique(scan.labelled.fdi) if n):
        number = wrong.get(fdi, fdi)
        said = {number: 0.97} if number == fdi else {number: SURE, fdi: 1 - SURE}
        found[number] = ToothEvidence(said, (0.0, 0.0, 0.0), 150.0)
    return Known(evidence=found)


def fdi_of(scan: MadeScan, wrong: Mapping[int, int] = {}) -> np.ndarray:
    """(V,) FDI number of every vertex of a scan's mesh, some called wrong."""
    table = np.arange(256, dtype=np.uint8)
    for fdi, number in wrong.items():
        table[fdi] = number
    return table[scan.labelled.mesh.point_data["FDI"]]


def add_numbered_jaw(scene, scan: MadeScan, name: str, wrong: Mapping[int, int] = {}):
    """A scan as a model node that a run has numbered and coloured."""
    from DentalTopoSegLib.files.meshes.geometry import labels_of_faces
    from DentalTopoSegLib.scene import add_surface
    from DentalTopoSegLib.scene.surfaces import JAW, _colour, set_labels

    mesh, fdi = scan.labelled.mesh, fdi_of(scan, wrong)
    node = add_surface(scene, mesh.vertices, mesh.faces, name)
    set_labels(node, fdi, labels_of_faces(fdi, mesh.faces), fdi.astype(np.int32))
    about = {
        "jaw": scan.labelled.jaw, "jaw_stated": True, "jaw_inferred": scan.labelled.jaw, "jaw_confidence": 0.99,
        "frame_confidence": 0.99, "inside_out": False, "mm_per_unit": 1.0,
        "confidence": {str(n): 0.9 for n in np.unique(fdi) if n}, "known": known_of_scan(scan, wrong).to_dict(),
    }  # fmt: skip
    node.SetAttribute(JAW, json.dumps(about))
    _colour(node, "FDI")
    return node


def add_cbct(scene, phantom: Phantom):
    """The CBCT as a volume node, and its numbered teeth."""
    from DentalTopoSegLib.scene import add_segmentation, add_volume

    volume = add_volume(scene, phantom.image, "CBCT")
    confidence = dict.fromkeys(phantom.teeth, 0.97)
    matrix = phantom.labels.index_to_ras_matrix()
    teeth = add_segmentation(
        scene, phantom.labels.array, matrix, "FDI", "CBCT teeth", confidence, known_of_cbct(phantom)
    )
    teeth.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    return volume, teeth
