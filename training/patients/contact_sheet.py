"""A picture of training samples, beside real scans where they are given.

python -m training show-samples CACHE OUT.png --task numbering --count 6 --real SCAN ...
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from DentalTopoSegLib.dentition import CLASS_FDI, color
from DentalTopoSegLib.dentition.structures import structure
from DentalTopoSegLib.files.volumes import read_volume, resample_ras
from training.patients.rooted_teeth import load_dentition
from training.patients.sampler import make_sample
from training.patients.targets import CANAL_FLAG, SHAPES, SPACING, STRUCTURE_CLASSES
from training.patients.variety import FULL, add_variety_argument

TILE = 150


def grey(image: np.ndarray) -> np.ndarray:
    """(z, y, x) -> uint8 with the network's window (0.5 and 99.5 percentiles)."""
    low, high = np.percentile(image[::2, ::2, ::2], [0.5, 99.5])
    return (np.clip((image - low) / max(high - low, 1e-6), 0, 1) * 255).astype(np.uint8)


def colours(task: str) -> np.ndarray:
    """(256, 3) uint8 by target value."""
    table = np.zeros((256, 3), np.uint8)
    if task == "numbering":
        for index, fdi in enumerate(CLASS_FDI[1:], start=1):
            table[index] = color(fdi)
    elif task == "structures":
        for index, key in enumerate(STRUCTURE_CLASSES[1:], start=1):
            table[[index, index + CANAL_FLAG]] = structure(key).color
    else:
        for value, rgb in ((1, (80, 200, 120)), (2, (240, 200, 60)), (17, (80, 160, 240)), (18, (230, 60, 60))):
            table[value] = rgb
    return table


def row(image: np.ndarray, target: np.ndarray | None, task: str) -> np.ndarray:
    """Axial slices at several heights, two sagittal and one coronal; below them the same with the target."""
    image = grey(image.astype(np.float32))
    if target is not None and task == "numbering":
        target = target.repeat(2, 0).repeat(2, 1).repeat(2, 2)
    depth, height, width = image.shape
    cuts = [np.s_[depth * k // 6, ::-1, :] for k in (1, 2, 3, 4, 5)]
    cuts += [np.s_[::-1, :, width // 3], np.s_[::-1, :, width // 2], np.s_[::-1, height * 2 // 3, :]]
    lines = []
    for show in (False, True) if target is not None else (False,):
        tiles = []
        for cut in cuts:
            tile = np.repeat(image[cut][..., None], 3, -1)
            if show:
                value = colours(task)[target[cut]]
                tile = np.where(value.any(-1, keepdims=True), tile // 3 + (value * 0.66).astype(np.uint8), tile)
            picture = Image.fromarray(np.ascontiguousarray(tile))
            picture.thumbnail((TILE, TILE))
            canvas = Image.new("RGB", (TILE, TILE))
            canvas.paste(picture)
            tiles.append(np.asarray(canvas))
        lines.append(np.concatenate(tiles, 1))
    return np.concatenate(lines)


def main(argv: list[str] | None = None) -> None:
    """Write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cache", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--task", choices=sorted(SHAPES), default="numbering")
    parser.add_argument("--count", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--real", type=Path, nargs="*", default=[])
    parser.add_argument("--reconstructed", type=float, default=0.0, help="share that is projected and reconstructed")
    add_variety_argument(parser)
    args = parser.parse_args(argv)
    dentitions = [load_dentition(f) for f in sorted((args.cache / "train").glob("*.npz"))]
    rows = []
    for path in args.real:
        volume, _ = read_volume(path)
        rows.append(row(resample_ras(volume, SPACING[args.task]).array, None, args.task))
    for number in range(args.count):
        rng = np.random.default_rng([args.seed, number])
        image, target = make_sample(args.task, dentitions, rng, FULL.without(*args.without), args.reconstructed)
        rows.append(row(image, target, args.task))
    Image.fromarray(np.concatenate(rows)).save(args.out)
