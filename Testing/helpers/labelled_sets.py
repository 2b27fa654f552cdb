"""Tiny sets of labelled phantoms and toy jaws, in the layouts in which labelled scans are handed around."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import numpy as np
from toy_jaws import toy_jaw

from DentalTopoSegLib.dentition import FDI_PERMANENT, plain_name
from DentalTopoSegLib.files.meshes import write_teeth3ds_json
from DentalTopoSegLib.files.seg_nrrd import write_seg_nrrd
from DentalTopoSegLib.files.volumes import Volume, write_volume
from DentalTopoSegLib.phantom import Phantom, make_phantom

#: Names and values of ToothFairy2 and 3, as far as the tests need them.
TOOTHFAIRY = {
    "background": 0, "Lower Jawbone": 1, "Upper Jawbone": 2, "Bridge": 8, "Crown": 9, "Implant": 10,
    **{plain_name(fdi).title().replace("Third Molar", "Third Molar (Wisdom Tooth)"): fdi for fdi in FDI_PERMANENT},
    **{f"{plain_name(fdi).title()} Pulp": 100 + fdi for fdi in FDI_PERMANENT},
}  # fmt: skip


@lru_cache
def tiny_phantom(seed: int) -> Phantom:
    """A small field with both jaws, 1 mm voxels."""
    return make_phantom(seed, spacing_mm=1.0, fov_mm=(72.0, 64.0, 48.0), fillings=0)


def nnunet_set(folder: Path, seeds: tuple[int, ...] = (1, 2, 3)) -> Path:
    """nnU-Net's raw layout with ToothFairy's names: a jawbone, and every tooth's middle labelled as its pulp."""
    for name in ("imagesTr", "labelsTr"):
        (folder / name).mkdir(parents=True)
    content = {"channel_names": {"0": "CBCT"}, "labels": TOOTHFAIRY, "numTraining": len(seeds), "file_ending": ".mha"}
    (folder / "dataset.json").write_text(json.dumps(content), encoding="utf-8")
    for seed in seeds:
        phantom = tiny_phantom(seed)
        write_volume(phantom.image, folder / f"imagesTr/P{seed}_0000.mha")
        write_volume(phantom.labels.with_array(with_pulps(phantom.labels.array)), folder / f"labelsTr/P{seed}.mha")
    return folder


def with_pulps(fdi: np.ndarray) -> np.ndarray:
    """Every second plane of the teeth as their pulps, and a piece of bone."""
    values = fdi.copy()
    values[::2] = np.where(values[::2] > 0, values[::2] + 100, 0)
    values[0, :2, :2] = 1
    return values


def slicer_set(folder: Path, seeds: tuple[int, ...] = (1, 2)) -> Path:
    """A folder a patient, with a volume and the box around its segments only, as 3D Slicer saves it."""
    for seed in seeds:
        phantom, place = tiny_phantom(seed), folder / f"patient{seed}"
        place.mkdir(parents=True)
        write_volume(phantom.image, place / "scan.nrrd")
        write_seg_nrrd(cropped(phantom.labels), place / "scan.seg.nrrd")
    return folder


def cropped(labels: Volume) -> Volume:
    """The part of a label map that is not empty."""
    used = np.argwhere(labels.array)
    low, high = used.min(0), used.max(0) + 1
    part = labels.array[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    ras = labels.index_to_ras(low)
    origin = (-float(ras[0]), -float(ras[1]), float(ras[2]))
    return Volume(part, labels.spacing, origin, labels.direction, labels.name)


def teeth3ds_set(folder: Path) -> Path:
    """Teeth3DS's layout: two patients, the second larger and with two teeth fewer."""
    changed = {"A": (1.0, {}), "B": (1.05, {"upper": (14,), "lower": (36,)})}
    for patient, (size, absent) in changed.items():
        for which in ("upper", "lower"):
            jaw = toy_jaw(which, absent.get(which, ()))
            place = folder / which / patient
            place.mkdir(parents=True)
            lines = [f"v {x:.4f} {y:.4f} {z:.4f}" for x, y, z in size * jaw.vertices]
            lines += [f"f {a} {b} {c}" for a, b, c in jaw.faces + 1]
            (place / f"{patient}_{which}.obj").write_text("\n".join(lines) + "\n", encoding="utf-8")
            write_teeth3ds_json(place / f"{patient}_{which}.json", which, jaw.fdi, jaw.fdi, patient)
    return folder
