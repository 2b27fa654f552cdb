"""Scans of real bone: persons of AutoJaw whom no training sample was made of, drawn from their label maps.

    python -m training make-bone-set DATA OUT --count 2

The outlines of both jaws and of the teeth are the real ones (labels made automatically from CBCT, `autojaw_numbers`);
what is inside of them and around them is drawn: a cortical plate as thick as in the phantoms (1.4 to 3.7 mm in real
mandibles, docs/sources.md) round spongy bone, enamel over dentine, soft tissue, air outside and over the palate.
Canals, sinuses and pulps are not labelled, so only jaws and teeth can be measured on these scans (`labelled_scans`);
teeth that could not be numbered are in the image, but are no teeth in the labels.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from scipy import ndimage

from DentalTopoSegLib.dentition.structures import structure
from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.volumes import read_labels, resample_ras
from training.patients.anatomy import SHAPE, sample_grey
from training.patients.autojaw_numbers import AUTOJAW_FDI
from training.patients.canvas import Canvas, Grid, noise_field
from training.patients.fast_scanner import acquire
from training.patients.labelled_scans import write_pair
from training.patients.root_donors import HELD_OUT

SPACING_MM = 0.4
BONE = 1
"""Value of both jaws in AutoJaw's maps; teeth are above."""
SKIN_MM, INNER_MM = 14.0, 22.0
"""Soft tissue over the bone, and half the widest gap in it that the tongue fills."""
ENAMEL_MM, FREE_MM = 1.2, 2.5
"""Thickness of enamel, and how far from bone a tooth is crown."""
AIRLESS_MM = 1.5
"""Between the palate's bone and the air above it."""


def signed_distance(mask: np.ndarray, spacing: float) -> np.ndarray:
    """(z, y, x) float32 mm to the mask's surface, negative inside; far where there is no surface."""
    inside = ndimage.distance_transform_edt(mask) if not mask.all() else np.full(mask.shape, 1e3)
    outside = ndimage.distance_transform_edt(~mask) if mask.any() else np.full(mask.shape, 1e3)
    return (np.where(mask, 0.5 - inside, outside - 0.5) * spacing).astype(np.float32)


def jaws_of(bone: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Upper and lower jaw of bone (z, y, x): its two largest pieces, each with the crumbs nearer to it.

    Raises
    ------
    InputError
        There are not two, or they lie at one height.
    """
    pieces, count = ndimage.label(bone)
    sizes = np.bincount(pieces.ravel(), minlength=3)[1:]
    first, second = (int(k) + 1 for k in np.argsort(-sizes)[:2])
    if count < 2 or sizes[second - 1] < 0.1 * sizes[first - 1]:
        raise InputError("The bone is not in two pieces, an upper and a lower jaw.")
    heights = {k: float(np.argwhere(pieces == k)[:, 0].mean()) for k in (first, second)}
    upper, lower = sorted((first, second), key=lambda k: -heights[k])
    to_upper, to_lower = (ndimage.distance_transform_edt(pieces != k) for k in (upper, lower))
    is_upper = to_upper < to_lower
    return bone & is_upper, bone & ~is_upper


def draw_real_bone(
    labels: np.ndarray, numbers: dict[int, int], grid: Grid, rng: np.random.Generator
) -> tuple[torch.Tensor, np.ndarray, np.ndarray]:
    """Draw a label map of AutoJaw.

    Parameters
    ----------
    labels : numpy.ndarray
        (z, y, x) values on the grid, upright.
    numbers : dict
        Label -> FDI of those that have a number.
    grid : Grid
        Where.
    rng : numpy.random.Generator
        The only source of randomness.

    Returns
    -------
    tuple
        (z, y, x) float32 HU-like values, uint8 FDI numbers, uint8 values of `dentition.structures`.
    """
    grey = sample_grey(rng)
    plate, contrast, cell = (rng.uniform(*SHAPE[key]) for key in ("plate", "trabecular_contrast", "trabecular_mm"))
    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    bone, tooth = labels == BONE, labels > BONE
    upper, lower = jaws_of(bone)
    canvas = Canvas(grid, grey["air"])
    texture = noise_field(grid.shape, 9.0 / grid.spacing, generator)
    solid = bone | tooth
    far = signed_distance(solid, grid.spacing)
    skin = -signed_distance(far > INNER_MM, grid.spacing) + INNER_MM - SKIN_MM  # closed over the tongue's place
    canvas.paint(canvas.cover(torch.from_numpy(skin)), grey["soft"] + 25 * texture, "soft")
    over = np.flip(np.maximum.accumulate(np.flip(upper, 0), 0), 0)  # at or below some bone of the upper jaw
    above = np.maximum.accumulate(upper, 0) & ~over & (far > AIRLESS_MM)
    canvas.paint(torch.from_numpy(above.astype(np.float32)), grey["air"], "air")
    trabeculae = noise_field(grid.shape, max(1.0, cell / grid.spacing), generator)
    spongy = (grey["trabecular"] * (1 + contrast * trabeculae)).clamp(min=-200)
    for jaw, most in ((upper, 0.9), (lower, 1.45)):
        surface = torch.from_numpy(signed_distance(jaw, grid.spacing))
        # against a socket's wall a plate is thin, at the base thick
        depth = torch.from_numpy(np.clip(signed_distance(tooth, grid.spacing) / 12.0, 0, 1))
        canvas.paint(canvas.cover(surface), grey["cortical"] * (1 + 0.06 * texture), "cortical")
        shell = (plate * (0.6 + (most - 0.6) * depth)).clamp(min=0.3)
        canvas.paint(canvas.cover(surface + shell), spongy, "trabecular")
    surface = torch.from_numpy(signed_distance(tooth, grid.spacing))
    free = torch.from_numpy(signed_distance(bone, grid.spacing)) - FREE_MM
    canvas.paint(canvas.cover(surface), grey["dentin"], "dentin")
    canvas.paint(
        canvas.cover(surface) * canvas.cover(-surface - ENAMEL_MM) * canvas.cover(-free), grey["enamel"], "enamel"
    )
    table = np.zeros(256, np.uint8)
    table[list(numbers)] = list(numbers.values())
    structures = np.zeros(labels.shape, np.uint8)
    structures[upper], structures[lower] = structure("upper_jaw").value, structure("mandible").value
    return canvas.image, table[labels], structures


def main(argv: list[str] | None = None) -> None:
    """Write scans of the held-out persons."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, help="the data pack's folder, with teeth/autojaw")
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=1, help="scans per person")
    parser.add_argument("--seed", type=int, default=2026)
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    for number, person in enumerate(HELD_OUT):
        name = person.rpartition("/")[2]
        file = args.data / "teeth" / f"{person}.nii.gz"
        if not file.is_file():
            parser.error(f"there is no {file}: name the data pack's folder")
        labels = resample_ras(read_labels(file), SPACING_MM, interpolation="label")
        origin = labels.index_to_ras(np.zeros(3))
        grid = Grid(origin, SPACING_MM, labels.array.shape)
        for scan in range(args.count):
            rng = np.random.default_rng([args.seed, number, scan])
            image, teeth, structures = draw_real_bone(labels.array, AUTOJAW_FDI[name], grid, rng)
            generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
            grey = acquire(image, torch.zeros_like(image), SPACING_MM, generator)
            grey = grey.clamp(-32000, 32000).numpy().astype(np.int16)
            write_pair(args.out, f"bone_{name}_{scan + 1}", grey, teeth, SPACING_MM, origin, structures)
            print(f"{name} {scan + 1}: {len(np.unique(teeth)) - 1} numbered teeth", flush=True)
