"""Whose roots the phantoms have: rooted teeth of real and sculpted dentitions, numbered and brought into one frame.

A donor is one person's teeth (Open-Full-Jaw, OpenMandible, OpenJaw, AutoJaw; or the sculpted Dundee set) as surfaces in
their own places. `templates` turns donors into rooted templates per FDI number in a (mesial, buccal, occlusal) frame,
where a tooth serves its own side and the other. Some persons are kept for the validation dentitions, so that networks
are measured on roots that no training sample had.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from DentalTopoSegLib.dentition import arch_order, is_upper, mirrored
from DentalTopoSegLib.errors import InputError
from training.patients.autojaw_numbers import AUTOJAW_FDI

if TYPE_CHECKING:
    import trimesh

HELD_OUT = ("autojaw/p03", "autojaw/p12")
"""Donors that only validation dentitions get."""

IN_BITE = ("autojaw/", "open_full_jaw_p26")
"""Donors with both jaws in the bite: they also stand in as they are."""

TIPPED_DEG = 30.0
"""A molar whose long axis leans more than this against the occlusal plane is set upright as a template."""

SMOOTHING_MM = 0.3
"""Standard deviation of the smoothing of a label's surface."""


AUTOJAW_OVERSIZE_MM = 0.15
"""How far AutoJaw's labels reach beyond the teeth: of three persons they are 9 to 25 % larger than meshes."""

IN_OPENJAW = {"p01": "p1", "p03": "p3"}
"""AutoJaw's patients whose lower teeth OpenJaw has as clean meshes, and their names there."""

Surfaces = dict[int, tuple[np.ndarray, np.ndarray]]
"""FDI -> (points (V, 3) RAS mm, unit outward normals (V, 3))."""


@dataclass(frozen=True)
class Template:
    """A rooted tooth surface: (V, 3) points and unit outward normals, in a (mesial, buccal, occlusal) frame, mm."""

    points: np.ndarray
    normals: np.ndarray


@dataclass(frozen=True)
class Donor:
    """One person's rooted teeth in their own places.

    Attributes
    ----------
    name : str
        Folder of the data pack's `teeth`, and file in it where it holds several persons.
    teeth : dict
        FDI -> (points (V, 3) RAS mm in the source's own origin, unit outward normals (V, 3)).
    """

    name: str
    teeth: Surfaces

    @property
    def in_bite(self) -> bool:
        """Whether both jaws are there, in the bite."""
        return self.name.startswith(IN_BITE)

    @property
    def held_out(self) -> bool:
        """Whether only validation dentitions get these roots."""
        return self.name in HELD_OUT


def load_donors(data_dir: Path) -> list[Donor]:
    """All donors of the data pack; of a person in two sources each tooth once, the mesh rather than the label.

    Parameters
    ----------
    data_dir : pathlib.Path
        The data pack, with `teeth/`.

    Returns
    -------
    list of Donor
        Each with at least one tooth.
    """
    import trimesh

    folder = data_dir / "teeth"
    donors = [
        Donor("open_full_jaw_p26", _meshes(folder / "open_full_jaw_p26")),
        Donor("openmandible", _openmandible(folder / "openmandible")),
    ]
    donors.append(Donor("openjaw/p2", _meshes(folder / "openjaw" / "p2")))
    sculpted = {}
    for path in sorted((folder / "dundee").glob("FDI_*.ply")):
        fdi = int(path.stem[-2:])
        if fdi // 10 in (1, 4):  # the left is the right mirrored
            points, normals = _vertices(trimesh.load(path).subdivide())  # coarse: distances are to the nearest vertex
            sculpted[fdi] = (points * [-1, -1, 1], normals * [-1, -1, 1])
    donors.append(Donor("dundee", sculpted))
    for patient, numbers in AUTOJAW_FDI.items():
        teeth = label_surfaces(folder / "autojaw" / f"{patient}.nii.gz", numbers, AUTOJAW_OVERSIZE_MM)
        if patient in IN_OPENJAW:
            teeth |= _moved_onto(_meshes(folder / "openjaw" / IN_OPENJAW[patient]), teeth)
        donors.append(Donor(f"autojaw/{patient}", teeth))
    return [donor for donor in donors if donor.teeth]


def _meshes(folder: Path) -> Surfaces:
    """Surfaces of `<FDI>.stl`."""
    import trimesh

    return {int(path.stem): _vertices(trimesh.load(path)) for path in sorted(folder.glob("[1-4][1-8].stl"))}


def _moved_onto(meshes: Surfaces, labels: Surfaces) -> Surfaces:
    """A person's meshes moved to where her labels lie (sources of the same axes, but of different origins)."""
    both = [fdi for fdi in meshes if fdi in labels]
    shift = np.mean([_middle(labels[fdi][0]) - _middle(meshes[fdi][0]) for fdi in both], axis=0)
    return {fdi: (points + shift, normals) for fdi, (points, normals) in meshes.items()}


def _middle(points: np.ndarray) -> np.ndarray:
    """Middle (3,) of a surface's bounds."""
    return (points.min(0) + points.max(0)) / 2


def _openmandible(folder: Path) -> Surfaces:
    """Outer surfaces of teeth in nested shells."""
    import trimesh

    teeth = {}
    for path in sorted(folder.glob("*_dentin.stl")):
        fdi = int(path.stem.split("_")[0])
        if fdi in (31, 32, 41):  # copies of 42, see the data's README
            continue
        # the canal is open at the apex: without the pulp the dentin shell would not enclose anything
        parts = [trimesh.load(path.with_name(f"{fdi}_{tissue}.stl")) for tissue in ("dentin", "enamel", "pulp")]
        teeth[fdi] = _outer_surface(trimesh.util.concatenate(parts))
    return teeth


def _vertices(mesh: trimesh.Trimesh) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and their normals; a vertex without a direction (of no face, or of empty ones) is left out."""
    return _with_direction(np.asarray(mesh.vertices), np.asarray(mesh.vertex_normals))


def _with_direction(points: np.ndarray, normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points that have a normal, and the normals at unit length."""
    length = np.linalg.norm(normals, axis=1)
    keep = length > 1e-6
    return points[keep], normals[keep] / length[keep, None]


def _outer_surface(mesh: trimesh.Trimesh) -> tuple[np.ndarray, np.ndarray]:
    """Outer surface of nested shells (dentin + enamel) on a grid of 0.25 mm -> points, normals."""
    spacing = 0.25
    low = mesh.bounds[0] - 1.0
    shape = np.ceil((mesh.bounds[1] - mesh.bounds[0] + 2.0) / spacing).astype(int)
    solid = np.zeros(shape, bool)
    for part in mesh.split(only_watertight=False):
        samples = part.sample(60000) if len(part.faces) > 50 else part.vertices
        index = np.round((samples - low) / spacing).astype(int)
        solid[tuple(index.T)] = True
    solid = ndimage.binary_fill_holes(ndimage.binary_closing(solid, iterations=2))
    solid = ndimage.binary_opening(solid, iterations=1)
    points, normals = mask_surface(solid, 0.25 / spacing)
    return points * spacing + low, normals


def mask_surface(solid: np.ndarray, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """Smooth surface of a mask.

    Parameters
    ----------
    solid : numpy.ndarray
        bool, three axes, not touching the array's edge.
    sigma : float
        Standard deviation of the smoothing, voxels.

    Returns
    -------
    points : numpy.ndarray
        (V, 3) positions along the array's axes, voxels.
    normals : numpy.ndarray
        (V, 3) unit outward normals along the same axes.
    """
    smooth = ndimage.gaussian_filter(solid.astype(np.float32), sigma)
    shell = solid & ~ndimage.binary_erosion(solid)
    index = np.argwhere(shell)
    gradient = np.stack([ndimage.sobel(smooth, a)[shell] for a in range(3)], 1)
    length = np.linalg.norm(gradient, axis=1, keepdims=True)
    # a sub-voxel step onto the 0.5 level keeps the points from being a staircase
    step = np.clip((smooth[shell][:, None] - 0.5) * 2.0, -1.2, 1.2)
    normals = -gradient / np.maximum(length, 1e-9)
    return _with_direction(index + step * normals, normals)


def label_surfaces(path: Path, numbers: dict[int, int], oversize_mm: float = 0.0) -> Surfaces:
    """Surfaces of some labels of a label map.

    Parameters
    ----------
    path : pathlib.Path
        NIfTI file.
    numbers : dict
        Label -> FDI.
    oversize_mm : float
        How far the labels reach beyond the teeth.

    Returns
    -------
    dict
        FDI -> (points (V, 3) RAS mm, unit outward normals (V, 3)); of a label in pieces the largest.

    Raises
    ------
    InputError
        A label is not in the map.
    """
    import SimpleITK as sitk  # a machine that only trains may lack it

    image = sitk.ReadImage(str(path))
    array = sitk.GetArrayFromImage(image)
    spacing = np.array(image.GetSpacing())
    # index (z, y, x) -> RAS: the file's LPS directions, x and y turned
    turn = np.array(image.GetDirection()).reshape(3, 3) * [[-1.0], [-1.0], [1.0]]
    origin = np.array(image.GetOrigin()) * [-1.0, -1.0, 1.0]
    boxes = dict(enumerate(ndimage.find_objects(array), start=1))
    surfaces = {}
    for label, fdi in numbers.items():
        box = boxes.get(label)
        if box is None:
            raise InputError(f"{path}: there is no label {label}, which should be tooth {fdi}.")
        solid = ndimage.binary_fill_holes(np.pad(array[box] == label, 4))
        pieces, count = ndimage.label(solid)
        if count > 1:
            solid = pieces == 1 + int(np.argmax(np.bincount(pieces.ravel())[1:]))
        points, normals = mask_surface(solid, SMOOTHING_MM / float(spacing.min()))
        index = points[:, ::-1] + [s.start - 4 for s in box[::-1]]
        outward = normals[:, ::-1] @ turn.T
        surfaces[fdi] = ((index * spacing) @ turn.T + origin - oversize_mm * outward, outward)
    return surfaces


def arch_frames(centres: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    """(3, 3) axes (mesial, buccal, occlusal as columns) per FDI from the crown centres of one jaw, RAS mm."""
    frames: dict[int, np.ndarray] = {}
    upper = is_upper(next(iter(centres)))
    occlusal = np.array([0.0, 0.0, -1.0 if upper else 1.0])
    order = [f for f in arch_order("upper" if upper else "lower") if f in centres]
    path = np.array([centres[f] for f in order])
    middle = path.mean(0)
    for i, fdi in enumerate(order):
        tangent = path[min(i + 1, len(path) - 1)] - path[max(i - 1, 0)]
        tangent[2] = 0.0
        tangent /= np.linalg.norm(tangent) + 1e-9
        # the list runs from the patient's right end to the left end: mesial is forwards on the right, back on the left
        mesial = tangent if fdi // 10 in (1, 4, 5, 8) else -tangent
        buccal = np.cross(occlusal, mesial)
        # the patient's front lies at +y: buccal must point away from the middle of the arch, drawn backwards
        if np.dot(buccal, path[i] - (middle - [0, 15.0, 0])) < 0:
            buccal = -buccal
        frames[fdi] = np.stack([mesial, buccal, occlusal], 1)
    return frames


def templates(donors: list[Donor], held_out: bool) -> dict[int, list[Template]]:
    """Rooted templates per FDI for the dentitions of one split.

    Parameters
    ----------
    donors : list of Donor
        Of both splits.
    held_out : bool
        Templates of the held-out donors, and where none of them has a tooth, of the others; else only of the others.

    Returns
    -------
    dict
        FDI -> templates; a tooth is also a template of the tooth on the other side.
    """
    split: dict[bool, dict[int, list[Template]]] = {False: {}, True: {}}
    for donor in donors:
        for fdi, template in donor_templates(donor).items():
            # (mesial, buccal, occlusal) is a mirror image on the other side: the same numbers serve both
            split[donor.held_out].setdefault(fdi, []).append(template)
            split[donor.held_out].setdefault(mirrored(fdi), []).append(template)
    return {**split[False], **split[True]} if held_out else split[False]


def shared_numbers(donors: list[Donor]) -> list[int]:
    """FDI numbers that no held-out donor has, on either side: validation teeth get the training's roots there."""
    own = {number for donor in donors if donor.held_out for fdi in donor.teeth for number in (fdi, mirrored(fdi))}
    every = {number for donor in donors for fdi in donor.teeth for number in (fdi, mirrored(fdi))}
    return sorted(every - own)


@dataclass(frozen=True)
class Standing:
    """A donor's tooth in its own frame, and where it stands: RAS = points @ rotation.T + centre."""

    template: Template
    rotation: np.ndarray
    centre: np.ndarray


def donor_templates(donor: Donor) -> dict[int, Template]:
    """Template of every tooth of a donor: its jaws levelled to the occlusal plane, tipped molars set upright."""
    found = {}
    for upper in (True, False):
        jaw = {fdi: tooth for fdi, tooth in donor.teeth.items() if is_upper(fdi) == upper}
        if len(jaw) > 2:
            found.update({fdi: standing.template for fdi, standing in standing_teeth(levelled(jaw)).items()})
    return found


def levelled(teeth: Surfaces) -> Surfaces:
    """The same teeth, of one jaw or both in the bite, turned so that the occlusal plane lies level."""
    level = [fdi for fdi in teeth if fdi % 10 < 8] or list(teeth)  # third molars often stand high or low
    sides = [-1.0 if is_upper(fdi) else 1.0 for fdi in level]
    crowns = np.array([_crown(teeth[fdi][0], side) for side, fdi in zip(sides, level, strict=True)])
    upper = np.array(sides) < 0
    basis = np.column_stack([crowns[:, :2], upper, ~upper])
    slope = np.linalg.lstsq(basis, crowns[:, 2], rcond=None)[0]
    turn = _turn(np.array([-slope[0], -slope[1], 1.0]), np.array([0.0, 0.0, 1.0]))
    return {fdi: (points @ turn.T, normals @ turn.T) for fdi, (points, normals) in teeth.items()}


def standing_teeth(teeth: Surfaces) -> dict[int, Standing]:
    """Teeth of level jaws in frames of their own; the frame of a tipped molar is tipped with it."""
    found = {}
    for upper in (True, False):
        sign = -1.0 if upper else 1.0
        turns, uprights = {}, {}
        for fdi, (points, _) in teeth.items():
            if is_upper(fdi) == upper:
                turns[fdi] = _upright(points, sign) if fdi % 10 > 6 else np.eye(3)
                uprights[fdi] = (points - points.mean(0)) @ turns[fdi].T + points.mean(0)
        if not uprights:
            continue
        centres = {fdi: _crown(points, sign) for fdi, points in uprights.items()}
        for fdi, frame in arch_frames(centres).items():
            points, normals = teeth[fdi]
            middle = points.mean(0)
            rotation = turns[fdi].T @ frame
            centre = middle - (middle - centres[fdi]) @ turns[fdi]
            found[fdi] = Standing(Template((points - centre) @ rotation, normals @ rotation), rotation, centre)
    return found


def _crown(points: np.ndarray, sign: float) -> np.ndarray:
    """Middle of a tooth's occlusal quarter (3,); sign of z towards the other jaw."""
    height = sign * points[:, 2]
    return points[height > np.percentile(height, 75)].mean(0)


def _upright(points: np.ndarray, sign: float) -> np.ndarray:
    """Rotation (3, 3) that sets a tipped tooth upright; none for one that leans less than `TIPPED_DEG`."""
    axis = np.linalg.svd(points - points.mean(0), full_matrices=False)[2][0]
    axis = axis * np.sign(axis[2] * sign)
    leans = np.rad2deg(np.arccos(np.clip(axis[2] * sign, -1, 1)))
    return _turn(axis, np.array([0.0, 0.0, sign])) if leans > TIPPED_DEG else np.eye(3)


def _turn(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Shortest rotation (3, 3) from one direction to another, less than half a turn apart."""
    a, b = start / np.linalg.norm(start), end / np.linalg.norm(end)
    v = np.cross(a, b)
    cross = np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
    return np.eye(3) + cross + cross @ cross / (1 + a @ b)
