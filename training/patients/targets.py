"""What a network learns to say about a phantom: the grids and targets of each task.

`numbering`: image at 1 mm, target = class index at 2 mm. `border`: both at 0.5 mm, target 0 background, 1 core (deeper
than `CORE_DEPTH_MM`), 2 border, +16 where two teeth come close. `topology`: the same with a second target channel, the
class index of the nearest tooth. `tissues`: the same with the place in `TISSUE_CLASSES` as second channel.
`structures`: both at 1 mm, target = place in `STRUCTURE_CLASSES`, +16 in the canals. `canals`: both at 0.6 mm, one side
of the lower jaw, target = place in `CANAL_CLASSES`.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy import ndimage

from DentalTopoSegLib.dentition.structures import BY_KEY, structure
from DentalTopoSegLib.files.volumes.boxes import box_of, grow
from training.patients.material_maps import Rendered

CORE_DEPTH_MM = 0.6
CLOSE_MM = 0.9
CELL_MM = 6.0
WHOLE_ARCH = ("numbering", "structures")
"""Tasks whose samples show both jaws at once."""
SHAPES = {
    "numbering": (96, 128, 128),
    "structures": (96, 128, 128),
    "border": (112, 144, 144),
    "topology": (112, 144, 144),
    "tissues": (112, 144, 144),
    "canals": (80, 128, 64),
}
SPACING = {"numbering": 1.0, "structures": 1.0, "border": 0.5, "topology": 0.5, "tissues": 0.5, "canals": 0.6}
CANAL_FLAG = 16
"""Added to the classes of canals, for samplers and losses to find them."""
STRUCTURE_CLASSES = ("background", "upper_jaw", "mandible", "canal", "sinus", "airway")
"""What the structures network tells apart, by class: keys of `dentition.structures`. A side is no class: it follows
from where a canal lies in its jaw, and a network that sees a part of the head cannot know it."""
CANAL_CLASSES = ("background", "near", "canal")
"""What the canals network tells apart: the mandibular canal's lumen, and what lies around it within `NEAR_CANAL_MM`. A
canal that hardly shows can still be said to run near a place."""
NEAR_CANAL_MM = 1.8
TISSUE_CLASSES = ("background", "pulp", "enamel", "filling", "crown", "implant", "bracket")
"""What the second head of a border network tells apart: keys of `dentition.structures`. A post counts as filling, a
bridge as crown: neither can be told from the other in a few millimetres of it."""
_COUNTS_AS = {"post": "filling", "bridge": "crown"}


def finish(task: str, drawn: Rendered, scan: torch.Tensor, field: torch.Tensor | None) -> tuple[np.ndarray, np.ndarray]:
    """A scan and its phantom, wherever torch holds them, as a task's (image float16, target uint8)."""
    drawn, scan = drawn.to("cpu"), scan.cpu()
    low = float(scan.min())
    scale = 20000.0 / max(float(scan.max()) - low, 1.0)  # float16 keeps 11 bits: stay well inside its range
    image = ((scan - low) * min(scale, 1.0)).to(torch.float16).numpy()
    target = _TARGETS[task](drawn)
    if field is not None:
        inside = field[::2, ::2, ::2] if task == "numbering" else field
        target = torch.where(inside, target, torch.zeros_like(target))
    return image, target.numpy()


def structures_target(drawn: Rendered) -> torch.Tensor:
    """Place in `STRUCTURE_CLASSES` of what lies in each voxel, +16 in the canals; roots count as the jaw round them."""
    table = torch.zeros(256, dtype=torch.uint8)
    for number, key in enumerate(STRUCTURE_CLASSES[1:], start=1):
        for side in ("", "_left", "_right"):
            if key + side in BY_KEY:
                table[structure(key + side).value] = number + (CANAL_FLAG if key == "canal" else 0)
    return table[drawn.bed.long()]


def canals_target(drawn: Rendered) -> torch.Tensor:
    """Place in `CANAL_CLASSES` of every voxel; left and right are the same."""
    bed = drawn.bed.numpy()
    lumen = np.isin(bed, [structure(key).value for key in ("canal_left", "canal_right")])
    target = lumen.astype(np.uint8)
    used = ndimage.find_objects(target)
    if used:
        reach = int(np.ceil(NEAR_CANAL_MM / SPACING["canals"])) + 1
        box = grow(box_of(used[0]), reach)
        near = ndimage.distance_transform_edt(~lumen[box]) * SPACING["canals"] <= NEAR_CANAL_MM
        target[box] = near.astype(np.uint8) + lumen[box]
    return torch.from_numpy(target)


def numbering_target(drawn: Rendered) -> torch.Tensor:
    """`coarse_classes` of a phantom."""
    return coarse_classes(drawn.labels)


def coarse_classes(labels: torch.Tensor) -> torch.Tensor:
    """Class index on the 2x coarser grid: the tooth that fills at least half of the 8 voxels, else background; of
    labels (D, H, W) with even sides."""
    z, y, x = (n // 2 for n in labels.shape)
    blocks = labels.reshape(z, 2, y, 2, x, 2).permute(0, 2, 4, 1, 3, 5).reshape(z, y, x, 8)
    blocks = blocks.sort(-1).values
    return torch.where(blocks[..., 4] > 0, blocks[..., 6], torch.zeros_like(blocks[..., 6]))


def border_target(drawn: Rendered) -> torch.Tensor:
    """0 background, 1 core, 2 border; +16 where a second tooth is close."""
    tooth = drawn.depth < 0
    target = torch.where(tooth, torch.where(drawn.depth < -CORE_DEPTH_MM, 1, 2), 0).to(torch.uint8)
    # voxels of two overlapping teeth belong to neither core: the gap must be seen even where there is none
    overlap = tooth & (drawn.second < 0)
    target[overlap] = 2
    close = (drawn.second < CLOSE_MM) & (drawn.depth < CLOSE_MM)
    return target + 16 * close.to(torch.uint8)


def topology_target(drawn: Rendered) -> torch.Tensor:
    """(2, z, y, x): `border_target`, and which tooth is nearest (class index, 0 beyond `CELL_MM`).

    Outside the teeth the nearest one is looked up on every second voxel: where a cell ends in the open matters little.
    """
    labels = drawn.labels.numpy()
    coarse = labels[::2, ::2, ::2]
    if not coarse.any():
        return torch.stack([border_target(drawn), torch.zeros_like(drawn.labels)])
    nearest = ndimage.distance_transform_edt(coarse == 0, return_distances=False, return_indices=True)
    cells = coarse[tuple(nearest)]
    for axis, size in enumerate(labels.shape):
        cells = cells.repeat(2, axis).take(np.arange(size), axis)
    cells = np.where(labels > 0, labels, np.where(drawn.depth.numpy() < CELL_MM, cells, 0))
    return torch.stack([border_target(drawn), torch.from_numpy(cells.astype(np.uint8))])


def tissues_target(drawn: Rendered) -> torch.Tensor:
    """(2, z, y, x): `border_target`, and the place in `TISSUE_CLASSES`."""
    table = torch.zeros(256, dtype=torch.uint8)
    for number, key in enumerate(TISSUE_CLASSES[1:], start=1):
        table[structure(key).value] = number
    for key, other in _COUNTS_AS.items():
        table[structure(key).value] = TISSUE_CLASSES.index(other)
    return torch.stack([border_target(drawn), table[drawn.structures.long()]])


_TARGETS = {
    "numbering": numbering_target,
    "structures": structures_target,
    "border": border_target,
    "topology": topology_target,
    "tissues": tissues_target,
    "canals": canals_target,
}
