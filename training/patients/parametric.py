"""Training samples from the library's own parametric phantom: a second, independent style of drawing in the mix."""

from __future__ import annotations

import numpy as np
import torch
from scipy import ndimage

from DentalTopoSegLib.dentition import CLASS_FDI
from DentalTopoSegLib.phantom import make_phantom
from training.patients.canvas import FAR_MM
from training.patients.fast_scanner import acquire
from training.patients.material_maps import Rendered
from training.patients.targets import CLOSE_MM, SHAPES, SPACING, finish
from training.patients.variety import FULL, Variety

CLASS_INDEX = np.zeros(256, np.uint8)
CLASS_INDEX[list(CLASS_FDI)] = np.arange(len(CLASS_FDI))


def label_depths(fdi: np.ndarray, spacing: float) -> tuple[np.ndarray, np.ndarray]:
    """Signed distances (z, y, x) in mm to the nearest and second nearest tooth of a label map, clipped at `FAR_MM`."""
    nearest = np.full(fdi.shape, FAR_MM, np.float32)
    second = nearest.copy()
    pad = int(np.ceil(2 * CLOSE_MM / spacing)) + 1
    for label, box in enumerate(ndimage.find_objects(fdi), start=1):
        if box is None:
            continue
        window = tuple(slice(max(0, s.start - pad), s.stop + pad) for s in box)
        mask = fdi[window] == label
        signed = ndimage.distance_transform_edt(~mask) - ndimage.distance_transform_edt(mask)
        signed = ((signed + np.where(mask, 0.5, -0.5)) * spacing).astype(np.float32)
        second[window] = np.minimum(second[window], np.maximum(nearest[window], signed))
        nearest[window] = np.minimum(nearest[window], signed)
    return nearest, second


def make_parametric_sample(
    task: str, rng: np.random.Generator, variety: Variety = FULL
) -> tuple[np.ndarray, np.ndarray]:
    """One (image float16, target uint8) pair, as `sampler.make_sample`."""
    shape, spacing = SHAPES[task], SPACING[task]
    field = tuple(n * spacing + 2 * spacing for n in shape[::-1])
    jaws = str(rng.choice(["both", "both", "both", "both", "upper", "lower"]))
    phantom = make_phantom(
        int(rng.integers(2**31)), spacing, missing=None, fillings=None, noise=0.0, blur_mm=0.0, fov_mm=field, jaws=jaws
    )
    start = [int(rng.integers(n - want + 1)) for n, want in zip(phantom.image.array.shape, shape, strict=True)]
    window = tuple(slice(s, s + n) for s, n in zip(start, shape, strict=True))
    image, fdi = phantom.image.array[window], phantom.labels.array[window]
    depth, second = label_depths(fdi, spacing)
    torch_image = torch.from_numpy(image.astype(np.float32))
    drawn = Rendered(
        torch_image,
        torch.from_numpy(CLASS_INDEX[fdi]),
        torch.from_numpy(depth),
        torch.from_numpy(second),
        torch.zeros(shape, dtype=torch.uint8),
        torch.zeros(shape),
        *(torch.zeros(shape, dtype=torch.uint8) for _ in range(2)),
    )
    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    return finish(task, drawn, acquire(drawn.image, drawn.metal, spacing, generator, variety=variety), None)
