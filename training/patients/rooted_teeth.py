"""Rooted tooth models under real crowns.

Every labelled crown of the 3D-IOSSeg dentitions gets a rooted template, drawn from the donors of its number
(`root_donors`): similarity registration of the template to the crown, then a smooth
displacement that pulls the template's crown onto the scanned surface and dies out along the root. The result is
stored as a signed distance on a small grid in the tooth's own frame, so that later steps can move, warp and render
a tooth on any grid without a mesh. Donors with both jaws in the bite are stored too, as they are.

Run once: `python -m training root-teeth DATA CACHE` (numpy, scipy and trimesh).
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from DentalTopoSegLib.cbct.mask_topology import betti_numbers, close_thin_tunnels, pieces_and_cavities, reach_of
from DentalTopoSegLib.dentition import is_upper, mirrored, volume_range_mm3
from training.patients.doubtful_numbers import permanent_by_shape
from training.patients.parts import WHOLE, parse_part
from training.patients.root_donors import (
    Donor,
    Standing,
    Template,
    arch_frames,
    levelled,
    load_donors,
    shared_numbers,
    standing_teeth,
    templates,
)

GRID_MM = 0.5
"""Spacing of the stored distance grids."""

SDF_STEP_MM = 0.05
"""Quantisation of the stored distances: int8 * 0.05 mm, clipped at +-6.35 mm."""

MENDED_MM = 0.3
"""Least distance of voxels where a tooth's inside and outside were mistaken for each other."""

MARGIN_MM = 3.0
"""Free space kept around a tooth in its grid."""

NOT_IN_BITE = ("019", "075")
SAME_PERSON = {"095": "071"}
"""Two scans of one person: never on two sides of a split."""

VALIDATION_PATIENTS = 12

UNERUPTED_MM = 5.0
"""A crown that ends this far below the others of its jaw has not come through."""

_CROWN_UPPER = (10.5, 9.0, 10.0, 8.5, 8.5, 7.5, 7.0, 6.5)
_CROWN_LOWER = (9.0, 9.5, 11.0, 8.5, 8.0, 7.5, 7.0, 7.0)
"""Usual heights of the crowns in mm from the midline backwards (Nelson, Wheeler's Dental Anatomy)."""

TRIES = 6
"""Templates tried on a crown before the tooth is left out."""


@dataclass(frozen=True)
class ToothModel:
    """One rooted tooth.

    Attributes
    ----------
    fdi : int
        FDI number.
    rotation : numpy.ndarray
        (3, 3), columns: the tooth's axes (mesial, buccal, occlusal) in RAS.
    centre : numpy.ndarray
        (3,) RAS mm, the crown's centre.
    origin : numpy.ndarray
        (3,) mm, position of grid voxel (0, 0, 0) in the tooth frame (x, y, z).
    sdf : numpy.ndarray
        (z, y, x) int8, signed distance in steps of `SDF_STEP_MM`, negative inside.
    pulp : numpy.ndarray
        (z, y, x) uint8, depth below the surface relative to the deepest point nearby (255: on the axis).
    cej : numpy.ndarray
        (6,) coefficients of the cemento-enamel junction, z = c . (1, x, y, x^2, y^2, xy), tooth frame, mm.
    apex : numpy.ndarray
        (3,) mm, the lowest root point in the tooth frame.
    top : float
        Highest z in the tooth frame, mm.
    erupted : bool
        Whether the crown stands in the mouth.
    """

    fdi: int
    rotation: np.ndarray
    centre: np.ndarray
    origin: np.ndarray
    sdf: np.ndarray
    pulp: np.ndarray
    cej: np.ndarray
    apex: np.ndarray
    top: float
    erupted: bool = True


def patient_split(data_dir: Path) -> tuple[list[str], list[str]]:
    """Training and validation patients (48 and 12), fixed; both scans of one person stay on one side."""
    patients = sorted({f.stem.split("_")[0] for f in (data_dir / "ios" / "train").glob("*.npz")})
    order = np.random.default_rng(42).permutation(len(patients))
    twins = set(SAME_PERSON) | set(SAME_PERSON.values()) | set(NOT_IN_BITE)
    validation = [patients[i] for i in order if patients[i] not in twins][:VALIDATION_PATIENTS]
    return [p for p in patients if p not in validation], sorted(validation)


def similarity(source: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Least-squares scale, rotation, translation with target = s R source + t (Umeyama 1991)."""
    a, b = source.mean(0), target.mean(0)
    u, d, vt = np.linalg.svd((target - b).T @ (source - a) / len(source))
    sign = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = u @ sign @ vt
    scale = np.trace(np.diag(d) @ sign) / ((source - a) ** 2).sum(1).mean()
    return float(scale), rotation, b - scale * rotation @ a


def fit_template(template: Template, crown: np.ndarray, crown_normals: np.ndarray) -> Template:
    """Register a rooted template to a scanned crown (points (N, 3), tooth frame, mm); returns the deformed template."""
    points, normals = template.points.copy(), template.normals.copy()
    depth = crown[:, 2].max() - np.percentile(crown[:, 2], 5)
    top = points[:, 2] > points[:, 2].max() - depth
    low_t, high_t = np.percentile(points[top], [2, 98], axis=0)
    low_c, high_c = np.percentile(crown, [2, 98], axis=0)
    scale = np.clip((high_c - low_c)[:2] / (high_t - low_t)[:2], 0.7, 1.4)
    factor = np.array([scale[0], scale[1], np.sqrt(scale[0] * scale[1])])
    points = points * factor
    normals = normals / factor
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    points += np.append(
        (low_c + high_c)[:2] / 2 - factor[:2] * (low_t + high_t)[:2] / 2, crown[:, 2].max() - points[:, 2].max()
    )
    for _ in range(25):
        tree = cKDTree(points)
        distance, index = tree.query(crown)
        same_side = (normals[index] * crown_normals).sum(1) > 0.3
        keep = same_side & (distance <= np.percentile(distance, 90))
        if keep.sum() < 50:
            break
        s, r, t = similarity(points[index[keep]], crown[keep])
        s = float(np.clip(s, 0.95, 1.05))
        t = crown[keep].mean(0) - s * r @ points[index[keep]].mean(0)
        points, normals = s * points @ r.T + t, normals @ r.T
    for sigma in (2.5, 1.2, 0.7):
        tree = cKDTree(points)
        distance, index = tree.query(crown)
        keep = ((normals[index] * crown_normals).sum(1) > 0.2) & (distance < 3.0)
        anchors, pull = points[index[keep]], crown[keep] - points[index[keep]]
        near = cKDTree(anchors)
        d, j = near.query(points, k=12)
        weight = np.exp(-0.5 * (d / sigma) ** 2)
        points = points + (weight[..., None] * pull[j]).sum(1) / (weight.sum(1)[:, None] + 0.5)
    return Template(points, normals)


def signed_distance(template: Template, origin: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Signed distance (z, y, x) in mm on a `GRID_MM` grid, from the nearest surface points and their normals."""
    z, y, x = np.meshgrid(*[np.arange(n) * GRID_MM for n in shape], indexing="ij")
    query = np.stack([x, y, z], -1).reshape(-1, 3) + origin
    distance, index = cKDTree(template.points).query(query, k=3)
    plane = ((query[:, None] - template.points[index]) * template.normals[index]).sum(-1).mean(1)
    sign = np.where(plane < 0, -1.0, 1.0)
    # close to the surface the tangent plane is the better distance; further away the nearest point is
    value = np.where(distance[:, 0] < 0.5, np.clip(plane, -0.6, 0.6), sign * distance[:, 0])
    return value.reshape(shape).astype(np.float32)


def pulp_depth(distance: np.ndarray) -> np.ndarray:
    """`ToothModel.pulp` of a tooth's signed distance (z, y, x), mm."""
    depth = np.maximum(-distance, 0)
    deepest = ndimage.maximum_filter(depth, size=(1, 7, 7))
    return np.where(depth > 0, 255 * depth / np.maximum(deepest, 0.2), 0).astype(np.uint8)


def stored_pulp(sdf: np.ndarray) -> np.ndarray:
    """`pulp_depth` of a distance as it is stored, (z, y, x) int8 in steps of `SDF_STEP_MM`."""
    return pulp_depth(sdf.astype(np.float32) * SDF_STEP_MM)


def solid(sdf: np.ndarray) -> np.ndarray:
    """A stored distance (z, y, x) without the voids and thin tunnels of the tooth inside.

    Signs come from the normals of the nearest points; where a root's surface is folded or two roots part they err here
    and there, and a network would learn that molars have tunnels.
    """
    mask = sdf < 0
    if betti_numbers(mask) == (1, 0, 0):
        return sdf
    labels = np.where(mask | (pieces_and_cavities(mask)[2] > 0), 11, 0).astype(np.uint8)  # any number of a tooth
    close_thin_tunnels(labels, reach_of(GRID_MM))
    whole = labels > 0
    # only the sign is wrong: how far the surface is away was measured from its points
    size = np.maximum(np.abs(sdf.astype(np.int16)), round(MENDED_MM / SDF_STEP_MM))
    return np.where(whole & ~mask, -size, np.where(mask & ~whole, size, sdf)).astype(np.int8)


def build_tooth(
    fdi: int, frame: np.ndarray, template: Template, crown: np.ndarray, crown_normals: np.ndarray, margin: np.ndarray
) -> ToothModel:
    """Rooted model of one crown. crown, margin: (N, 3) RAS mm; frame: axes as columns."""
    centre = crown.mean(0)
    local, local_normals, rim = (crown - centre) @ frame, crown_normals @ frame, (margin - centre) @ frame
    fitted = fit_template(template, local, local_normals)
    x, y, z = rim.T
    basis = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], 1)
    cej = np.linalg.lstsq(np.vstack([basis, np.diag([0, 0.5, 0.5, 6, 6, 6])]), np.append(z, np.zeros(6)), rcond=None)[0]
    # vertex normals after the deformation: keep the registered ones, the displacement is smooth and small
    return _model(fdi, frame, centre, fitted, cej)


def _model(fdi: int, frame: np.ndarray, centre: np.ndarray, surface: Template, cej: np.ndarray) -> ToothModel:
    """What is stored of a tooth with a surface in its frame and a cemento-enamel junction (6,)."""
    low, high = surface.points.min(0) - MARGIN_MM, surface.points.max(0) + MARGIN_MM
    shape = tuple(int(n) for n in np.ceil((high - low) / GRID_MM).astype(int)[::-1] + 1)
    sdf = signed_distance(surface, low, shape)
    inside, count = ndimage.label(sdf < 0)
    if count > 1:
        sizes = ndimage.sum_labels(np.ones_like(inside), inside, np.arange(1, count + 1))
        sdf = np.where((inside > 0) & (inside != 1 + int(np.argmax(sizes))), 0.3, sdf)
    quantised = solid(np.clip(np.round(sdf / SDF_STEP_MM), -127, 127).astype(np.int8))
    return ToothModel(
        fdi,
        frame.astype(np.float32),
        centre.astype(np.float32),
        low.astype(np.float32),
        quantised,
        stored_pulp(quantised),
        cej.astype(np.float32),
        surface.points[surface.points[:, 2].argmin()].astype(np.float32),
        float(surface.points[:, 2].max()),
    )


def whole_dentition(donor: Donor) -> list[ToothModel]:
    """A donor's teeth as they stand, level and with the midline at x = 0.

    Parameters
    ----------
    donor : Donor
        With both jaws in the bite.

    Returns
    -------
    list of ToothModel
        Crowns far below their neighbours' are not erupted. No scan shows the cemento-enamel junction of these teeth:
        it lies at the usual height of the crown, higher between the teeth.
    """
    standing = standing_teeth(levelled(donor.teeth))
    pairs = [
        (standing[fdi].centre + standing[mirrored(fdi)].centre) / 2 for fdi in standing if mirrored(fdi) in standing
    ]
    every = np.mean([tooth.centre for tooth in standing.values()], axis=0)
    middle = np.append(np.median(pairs, axis=0)[:1], every[1:])
    tops = {fdi: _reach(fdi, tooth) for fdi, tooth in standing.items()}
    teeth = []
    for fdi, tooth in standing.items():
        points = tooth.template.points
        usual = _CROWN_UPPER if is_upper(fdi) else _CROWN_LOWER
        bulge = 0.1 if fdi % 10 < 4 else 0.03
        cej = np.array([points[:, 2].max() - usual[fdi % 10 - 1], 0, 0, bulge, 0, 0])
        model = _model(fdi, tooth.rotation, tooth.centre - middle, tooth.template, cej)
        level = np.median([top for other, top in tops.items() if is_upper(other) == is_upper(fdi)])
        teeth.append(replace(model, erupted=bool(tops[fdi] > level - UNERUPTED_MM)))
    return teeth


def _reach(fdi: int, tooth: Standing) -> float:
    """How far a tooth reaches towards the other jaw, mm."""
    z = (tooth.template.points @ tooth.rotation.T + tooth.centre)[:, 2]
    return float(-z.min() if is_upper(fdi) else z.max())


def crown_surfaces(scan: dict[str, np.ndarray]) -> dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Per FDI: face centres (N, 3), face normals (N, 3), margin vertices (M, 3), all RAS mm, from one labelled scan."""
    vertices = scan["vertices"][:, [2, 0, 1]].astype(np.float64)
    faces, labels = scan["faces"], scan["face_fdi"]
    triangles = vertices[faces]
    normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
    gingiva = np.zeros(len(vertices), bool)
    gingiva[faces[labels == 0].ravel()] = True
    result = {}
    for fdi in np.unique(labels[labels > 0]):
        own = labels == fdi
        if own.sum() < 60:
            continue
        rim = np.unique(faces[own].ravel())
        rim = rim[gingiva[rim]]
        if len(rim) < 10:
            continue
        result[int(fdi)] = (triangles[own].mean(1), normals[own], vertices[rim])
    return result


def build_dentition(
    data_dir: Path, patient: str, rooted: dict[int, list[Template]], rng: np.random.Generator
) -> list[ToothModel]:
    """All teeth of one patient's scans, rooted."""
    teeth = []
    for jaw in ("upper", "lower"):
        path = data_dir / "ios" / "train" / f"{patient}_{jaw}.npz"
        if not path.exists():
            continue
        with np.load(path) as file:
            scan = dict(file)
        scan["face_fdi"] = permanent_by_shape(path.stem, scan["face_fdi"])
        crowns = crown_surfaces(scan)
        frames = arch_frames({f: c[0].mean(0) for f, c in crowns.items()})
        for fdi, (points, normals, rim) in crowns.items():
            for choice in rng.permutation(len(rooted[fdi]))[:TRIES]:
                tooth = build_tooth(fdi, frames[fdi], rooted[fdi][choice], points, normals, rim)
                problem = misfit(tooth, points)
                if not problem:
                    teeth.append(tooth)
                    break
            else:
                print(f"{patient}: tooth {fdi} left out, {problem}", flush=True)
    return teeth


def misfit(tooth: ToothModel, crown: np.ndarray) -> str:
    """Why a rooted model is not believable ('' if it is): volume, crown deviation from the scan (N, 3) RAS mm."""
    volume = (tooth.sdf < 0).sum() * GRID_MM**3
    low, high = volume_range_mm3(tooth.fdi)
    if not low <= volume <= high:
        return f"volume {volume:.0f} mm3 outside {low:.0f}-{high:.0f}"
    index = ((crown - tooth.centre) @ tooth.rotation - tooth.origin) / GRID_MM
    value = ndimage.map_coordinates(tooth.sdf.astype(np.float32), index.T[::-1], order=1) * SDF_STEP_MM
    deviation = np.abs(value).mean()
    return f"crown off by {deviation:.2f} mm" if deviation > 0.35 else ""


def save_dentition(path: Path, teeth: list[ToothModel]) -> None:
    """One compressed .npz per patient."""
    arrays = {"fdi": np.array([t.fdi for t in teeth], np.uint8)}
    for t in teeth:
        arrays[f"{t.fdi}_sdf"], arrays[f"{t.fdi}_pulp"] = t.sdf, t.pulp
        arrays[f"{t.fdi}_pose"] = np.concatenate(
            [t.rotation.ravel(), t.centre, t.origin, t.cej, t.apex, [t.top, t.erupted]]
        )
    np.savez_compressed(path, **arrays)


def load_dentition(path: Path) -> list[ToothModel]:
    """Inverse of `save_dentition`."""
    teeth = []
    with np.load(path) as data:
        for fdi in data["fdi"]:
            p = data[f"{fdi}_pose"].astype(np.float32)
            stored = data[f"{fdi}_sdf"]
            sdf = solid(stored)
            teeth.append(
                ToothModel(
                    int(fdi),
                    p[:9].reshape(3, 3),
                    p[9:12],
                    p[12:15],
                    sdf,
                    data[f"{fdi}_pulp"] if sdf is stored else stored_pulp(sdf),
                    p[15:21],
                    p[21:24],
                    float(p[24]),
                    bool(p[25:].all()),  # caches without this number hold scanned crowns, which all stand in the mouth
                )
            )
    return teeth


def main(argv: list[str] | None = None) -> None:
    """Build the cache of rooted dentitions."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--patients", nargs="*", default=None)
    parser.add_argument("--part", type=parse_part, default=WHOLE, metavar="k/n", help="only part k of n")
    args = parser.parse_args(argv)
    train, validation = patient_split(args.data)
    donors = load_donors(args.data)
    if shared := shared_numbers(donors):
        print(f"no held-out roots for {', '.join(map(str, shared))}: validation shares the training's", flush=True)
    for split, patients in (("train", train), ("validation", validation)):
        (args.cache / split).mkdir(parents=True, exist_ok=True)
        rooted = templates(donors, held_out=split == "validation")
        stands = {d.name.replace("/", "_"): d for d in donors if d.in_bite and d.held_out == (split == "validation")}
        for name in args.part.of([*patients, *sorted(stands)]):
            path = args.cache / split / f"{name}.npz"
            if (args.patients and name not in args.patients) or path.exists():
                continue
            if name in stands:
                teeth = whole_dentition(stands[name])
            else:
                teeth = build_dentition(args.data, name, rooted, np.random.default_rng(int(name)))
            temporary = path.with_suffix(".tmp.npz")
            save_dentition(temporary, teeth)
            temporary.rename(path)
            print(f"{split} {name}: {len(teeth)} teeth", flush=True)
