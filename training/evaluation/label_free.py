"""What can be said of a result without labels: does what was found look as it must in the scan?

    python -m training check-structures SCAN RESULT_teeth.nii.gz RESULT_structures.seg.nrrd

Bone is compared with a threshold of the grey values, canals with what a canal is (one piece, as long on the left as on
the right, darker than its bone), pulps with their teeth, sinuses with air, fluid and the bone around them. None of this
proves a result right; each of it can prove one wrong. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from DentalTopoSegLib.checks.measures.canals import pieces_of
from DentalTopoSegLib.checks.measures.surroundings import CANALS, SMALL_CANALS
from DentalTopoSegLib.dentition.structures import structure
from DentalTopoSegLib.errors import DentalTopoSegError, InputError
from DentalTopoSegLib.files.structures import known_structures, read_structures
from DentalTopoSegLib.files.volumes import Volume, find_outside, read_labels, read_volume
from DentalTopoSegLib.files.volumes.boxes import Box, box_of, grow

JAWS = ("upper_jaw", "mandible")
SIDES = ("left", "right")
NEAR_MM = 2.0
"""How far around jaws bone is looked for, and within which a sinus' wall must be bone."""
PLATE_MM = 1.0
"""How deep a jaw's outermost shell, which should be cortical, is taken."""
LEAST_MM3 = 2.0


def check(scan: Volume, teeth: Volume, structures: Volume) -> dict[str, Any]:
    """Everything that can be said.

    Parameters
    ----------
    scan, teeth, structures : Volume
        Grey values, FDI numbers and values of `dentition.structures` on one grid.

    Returns
    -------
    dict
        JSON-ready: "bone_level" (the grey value from which a voxel counts as bone), and "bone", "canals", "pulp",
        "sinuses" as the functions of these names have them; each only where such a structure was found.

    Raises
    ------
    InputError
        The grids differ, or no jaw was found: then there is nothing to take the bone's grey from.
    """
    if not (scan.same_grid(teeth) and scan.same_grid(structures)):
        raise InputError("Scan, teeth and structures are not on one grid: they must belong together.")
    outside = find_outside(scan)
    seen = np.ones(scan.array.shape, bool) if outside is None else ~outside.mask
    level = bone_level(scan, structures, seen)
    return {
        "bone_level": level,
        "bone": bone(scan, teeth, structures, seen, level),
        "canals": canals(scan, structures),
        "pulp": pulp(scan, teeth, structures),
        "sinuses": sinuses(scan, structures, seen, level),
    }


def _mask(structures: Volume, *keys: str) -> np.ndarray:
    return np.isin(structures.array, [structure(key).value for key in keys])


def _grown(mask: np.ndarray, spacing: tuple[float, ...], mm: float) -> np.ndarray:
    """Voxels within so many mm of a mask (z, y, x), itself included."""
    return ndimage.distance_transform_edt(~mask, sampling=spacing[::-1]) <= mm


def bone_level(scan: Volume, structures: Volume, seen: np.ndarray) -> float:
    """Otsu's threshold (IEEE Trans Syst Man Cybern 1979;9:62) of the grey values in and around the jaws."""
    from skimage.filters import threshold_otsu

    jaws = _mask(structures, *JAWS)
    if not jaws.any():
        raise InputError("No jaw was found, so there is nothing to compare bone with.")
    grey = scan.array[_grown(jaws, scan.spacing, NEAR_MM) & seen]
    low, high = np.percentile(grey, (0.5, 99.0))  # metal is no class of its own
    return float(threshold_otsu(np.clip(grey, low, high)))


def bone(scan: Volume, teeth: Volume, structures: Volume, seen: np.ndarray, level: float) -> dict[str, float]:
    """Of what is bright near the jaws and no tooth, the share that is called jaw ("bright_is_jaw"); of each jaw's
    outermost shell the share that is bright ("plate_is_bright"): cortical plates are, spongy bone need not be."""
    jaws = _mask(structures, *JAWS)
    solid = jaws | (teeth.array > 0) | _mask(structures, *CANALS, *SMALL_CANALS)  # a canal's wall may be spongy bone
    inside = ndimage.distance_transform_edt(solid, sampling=scan.spacing[::-1])
    bright = (scan.array > level) & seen
    near = _grown(jaws, scan.spacing, NEAR_MM) & ~_grown(teeth.array > 0, scan.spacing, PLATE_MM)
    known = _mask(structures, "implant", "crown", "bridge", "filling", "post", "bracket")
    plate = jaws & (inside > 0) & (inside <= PLATE_MM)
    around = near & bright & ~known
    return {
        "bright_is_jaw": float(jaws[around].mean()) if around.any() else 0.0,
        "plate_is_bright": float(bright[plate & seen].mean()) if (plate & seen).any() else 0.0,
    }


def canals(scan: Volume, structures: Volume) -> dict[str, Any]:
    """Of each side: pieces, length (mm) and radius (mm) of the largest, how much darker than the bone around it is
    ("contrast", in standard deviations of that bone); "lengths_ratio", the shorter to the longer; "sides_right":
    whether the left one lies to the left."""
    found: dict[str, Any] = {}
    for side in SIDES:
        mask = _mask(structures, f"canal_{side}")
        if np.count_nonzero(mask) * scan.voxel_volume_mm3 < LEAST_MM3:
            continue
        box = _box(mask, 1)
        pieces = pieces_of(mask[box], box, structures)
        round_it = _box(mask, int(np.ceil(2 * NEAR_MM / min(scan.spacing))))
        inner, around = mask[round_it], scan.array[round_it]
        wall = _grown(inner, scan.spacing, NEAR_MM) & _mask(structures, "mandible")[round_it]
        spread = float(around[wall].std()) if wall.any() else 0.0
        found[side] = {
            "pieces": len(pieces),
            "length_mm": round(pieces[0].length_mm, 1) if pieces else 0.0,
            "radius_mm": round(pieces[0].radius_mm, 2) if pieces else 0.0,
            "contrast": float((around[wall].mean() - around[inner].mean()) / spread) if spread else 0.0,
            "_x": float(np.concatenate([piece.places for piece in pieces])[:, 0].mean()) if pieces else 0.0,
        }
    if len(found) == len(SIDES):
        lengths = sorted(found[side]["length_mm"] for side in SIDES)
        found["lengths_ratio"] = lengths[0] / max(lengths[1], 1e-6)
        found["sides_right"] = bool(found["left"]["_x"] < found["right"]["_x"])  # x grows to the patient's right
    for side in SIDES:
        if side in found:
            del found[side]["_x"]
    return found


def pulp(scan: Volume, teeth: Volume, structures: Volume) -> dict[str, float]:
    """The share that lies inside teeth ("in_teeth"), of the teeth with a pulp those in which it is darker than the rest
    ("darker"), and how many teeth have one ("teeth_with")."""
    mask = _mask(structures, "pulp")
    if not mask.any():
        return {}
    darker = []
    for fdi, box in enumerate(ndimage.find_objects(teeth.array), start=1):
        if box is None:
            continue
        tooth, inside = teeth.array[box] == fdi, mask[box]
        if np.count_nonzero(tooth & inside) * scan.voxel_volume_mm3 >= LEAST_MM3:
            grey = scan.array[box]
            darker.append(float(np.median(grey[tooth & inside]) < np.median(grey[tooth & ~inside])))
    return {
        "in_teeth": float((teeth.array[mask] > 0).mean()),
        "darker": float(np.mean(darker)) if darker else 0.0,
        "teeth_with": len(darker),
    }


def sinuses(scan: Volume, structures: Volume, seen: np.ndarray, level: float) -> dict[str, Any]:
    """Of each side: the share that is no bone, but air, mucosa or fluid ("soft_or_air"), and the share of its surface
    that has bone within `NEAR_MM` or ends with the scan ("walled")."""
    found: dict[str, Any] = {}
    bright = scan.array > level
    for side in SIDES:
        mask = _mask(structures, f"sinus_{side}")
        if np.count_nonzero(mask) * scan.voxel_volume_mm3 < LEAST_MM3:
            continue
        box = _box(mask, int(np.ceil(2 * NEAR_MM / min(scan.spacing))))
        inner = mask[box]
        surface = inner & ~ndimage.binary_erosion(inner, border_value=1)
        bone_near = _grown(bright[box] & ~inner, scan.spacing, NEAR_MM) | _grown(~seen[box], scan.spacing, NEAR_MM)
        found[side] = {
            "volume_ml": float(np.count_nonzero(mask) * scan.voxel_volume_mm3 / 1000),
            "soft_or_air": float((~bright[mask]).mean()),
            "walled": float(bone_near[surface].mean()) if surface.any() else 1.0,
        }
    return found


def _box(mask: np.ndarray, margin: int) -> Box:
    (found,) = ndimage.find_objects(mask.view(np.uint8))
    return grow(box_of(found), margin)


def main(argv: list[str] | None = None) -> int:
    """Command line, see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("scan", type=Path)
    parser.add_argument("teeth", type=Path, help="<name>_teeth.nii.gz")
    parser.add_argument("structures", type=Path, help="<name>_structures.seg.nrrd")
    args = parser.parse_args(argv)
    try:
        structures = known_structures(*read_structures(args.structures))
        if structures is None:
            raise InputError(f"{args.structures} holds no structure that has a known name.")
        scan, _ = read_volume(args.scan)
        print(json.dumps(check(scan, read_labels(args.teeth), structures), indent=1))
    except DentalTopoSegError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0
