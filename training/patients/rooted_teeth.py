"""Rooted tooth models under real crowns.

Every labelled crown of the 3D-IOSSeg dentitions gets a rooted template (Open-Full-Jaw P26, or OpenMandible for
lower teeth; mirrored where a side is missing): similarity registration of the template to the crown, then a smooth
displacement that pulls the template's crown onto the scanned surface and dies out along the root. The result is
stored as a signed distance on a small grid in the tooth's own frame, so that later steps can move, warp and render
a tooth on any grid without a mesh.

Run once: `python -m training root-teeth DATA CACHE` (numpy, scipy and trimesh).
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from DentalTopoSegLib.dentition import arch_order, is_upper, mirrored, volume_range_mm3
from training.patients.parts import WHOLE, parse_part

GRID_MM = 0.5
"""Spacing of the stored distance grids."""

SDF_STEP_MM = 0.05
"""Quantisation of the stored distances: int8 * 0.05 mm, clipped at +-6.35 mm."""

MARGIN_MM = 3.0
"""Free space kept around a tooth in its grid."""

NOT_IN_BITE = ("019", "075")
SAME_PERSON = {"095": "071"}
"""Two scans of one person: never on two sides of a split."""

VALIDATION_PATIENTS = 12


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


@dataclass(frozen=True)
class Template:
    """A rooted tooth surface: (V, 3) points and unit outward normals, in a (mesial, buccal, occlusal) frame, mm."""

    points: np.ndarray
    normals: np.ndarray


def patient_split(data_dir: Path) -> tuple[list[str], list[str]]:
    """Training and validation patients (48 and 12), fixed; both scans of one person stay on one side."""
    patients = sorted({f.stem.split("_")[0] for f in (data_dir / "ios" / "train").glob("*.npz")})
    order = np.random.default_rng(42).permutation(len(patients))
    twins = set(SAME_PERSON) | set(SAME_PERSON.values()) | set(NOT_IN_BITE)
    validation = [patients[i] for i in order if patients[i] not in twins][:VALIDATION_PATIENTS]
    return [p for p in patients if p not in validation], sorted(validation)


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


def load_templates(data_dir: Path) -> dict[int, list[Template]]:
    """Rooted templates per FDI, each also mirrored to the other side."""
    import trimesh

    sources: list[dict[int, trimesh.Trimesh]] = [{}, {}]
    for path in sorted((data_dir / "teeth" / "open_full_jaw_p26").glob("*.stl")):
        sources[0][int(path.stem)] = trimesh.load(path)
    for path in sorted((data_dir / "teeth" / "openmandible").glob("*_dentin.stl")):
        fdi = int(path.stem.split("_")[0])
        if fdi in (31, 32, 41):  # copies of 42, see the data's README
            continue
        # the canal is open at the apex: without the pulp the dentin shell would not enclose anything
        parts = [trimesh.load(path.with_name(f"{fdi}_{tissue}.stl")) for tissue in ("dentin", "enamel", "pulp")]
        sources[1][fdi] = trimesh.util.concatenate(parts)
    templates: dict[int, list[Template]] = {}
    for number, source in enumerate(sources):
        for upper in (True, False):
            centres = {}
            for fdi, mesh in source.items():
                if is_upper(fdi) == upper:
                    z = mesh.vertices[:, 2]
                    crown = z < np.percentile(z, 25) if upper else z > np.percentile(z, 75)
                    centres[fdi] = np.asarray(mesh.vertices[crown].mean(0))
            if not centres:
                continue
            for fdi, frame in arch_frames(centres).items():
                mesh = source[fdi]
                points, normals = np.asarray(mesh.vertices), np.asarray(mesh.vertex_normals)
                if number == 1:
                    points, normals = _outer_surface(mesh)
                template = Template((points - centres[fdi]) @ frame, normals @ frame)
                # (mesial, buccal, occlusal) is a mirror image on the other side: the same numbers serve both
                templates.setdefault(fdi, []).append(template)
                templates.setdefault(mirrored(fdi), []).append(template)
    return templates


def _outer_surface(mesh) -> tuple[np.ndarray, np.ndarray]:
    """Outer surface of nested shells (dentin + enamel): voxel hull at 0.25 mm -> points, normals."""
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
    smooth = ndimage.gaussian_filter(solid.astype(np.float32), 1.0)
    shell = solid & ~ndimage.binary_erosion(solid)
    index = np.argwhere(shell)
    gradient = np.stack([ndimage.sobel(smooth, a)[shell] for a in range(3)], 1)
    size = np.linalg.norm(gradient, axis=1, keepdims=True) + 1e-9
    normals = -gradient / size
    # a sub-voxel step onto the 0.5 level keeps the points from being a staircase
    step = (smooth[shell][:, None] - 0.5) * spacing * 2.0
    return index * spacing + low + np.clip(step, -0.3, 0.3) * normals, normals


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


def build_tooth(
    fdi: int, frame: np.ndarray, template: Template, crown: np.ndarray, crown_normals: np.ndarray, margin: np.ndarray
) -> ToothModel:
    """Rooted model of one crown. crown, margin: (N, 3) RAS mm; frame: axes as columns."""
    centre = crown.mean(0)
    local, local_normals, rim = (crown - centre) @ frame, crown_normals @ frame, (margin - centre) @ frame
    fitted = fit_template(template, local, local_normals)
    # vertex normals after the deformation: keep the registered ones, the displacement is smooth and small
    low, high = fitted.points.min(0) - MARGIN_MM, fitted.points.max(0) + MARGIN_MM
    shape = tuple(int(n) for n in np.ceil((high - low) / GRID_MM).astype(int)[::-1] + 1)
    sdf = signed_distance(fitted, low, shape)
    inside, count = ndimage.label(sdf < 0)
    if count > 1:
        sizes = ndimage.sum_labels(np.ones_like(inside), inside, np.arange(1, count + 1))
        sdf = np.where((inside > 0) & (inside != 1 + int(np.argmax(sizes))), 0.3, sdf)
    depth = np.maximum(-sdf, 0)
    deepest = ndimage.maximum_filter(depth, size=(1, 7, 7))
    pulp = np.where(depth > 0, 255 * depth / np.maximum(deepest, 0.2), 0).astype(np.uint8)
    x, y, z = rim.T
    basis = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], 1)
    cej = np.linalg.lstsq(np.vstack([basis, np.diag([0, 0.5, 0.5, 6, 6, 6])]), np.append(z, np.zeros(6)), rcond=None)[0]
    quantised = np.clip(np.round(sdf / SDF_STEP_MM), -127, 127).astype(np.int8)
    return ToothModel(
        fdi,
        frame.astype(np.float32),
        centre.astype(np.float32),
        low.astype(np.float32),
        quantised,
        pulp,
        cej.astype(np.float32),
        fitted.points[fitted.points[:, 2].argmin()].astype(np.float32),
        float(fitted.points[:, 2].max()),
    )


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
    data_dir: Path, patient: str, templates: dict[int, list[Template]], rng: np.random.Generator
) -> list[ToothModel]:
    """All teeth of one patient's scans, rooted."""
    teeth = []
    for jaw in ("upper", "lower"):
        path = data_dir / "ios" / "train" / f"{patient}_{jaw}.npz"
        if not path.exists():
            continue
        with np.load(path) as scan:
            crowns = crown_surfaces(dict(scan))
        frames = arch_frames({f: c[0].mean(0) for f, c in crowns.items()})
        for fdi, (points, normals, rim) in crowns.items():
            for choice in rng.permutation(len(templates[fdi])):
                tooth = build_tooth(fdi, frames[fdi], templates[fdi][choice], points, normals, rim)
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
        arrays[f"{t.fdi}_pose"] = np.concatenate([t.rotation.ravel(), t.centre, t.origin, t.cej, t.apex, [t.top]])
    np.savez_compressed(path, **arrays)


def load_dentition(path: Path) -> list[ToothModel]:
    """Inverse of `save_dentition`."""
    teeth = []
    with np.load(path) as data:
        for fdi in data["fdi"]:
            p = data[f"{fdi}_pose"].astype(np.float32)
            teeth.append(
                ToothModel(
                    int(fdi),
                    p[:9].reshape(3, 3),
                    p[9:12],
                    p[12:15],
                    data[f"{fdi}_sdf"],
                    data[f"{fdi}_pulp"],
                    p[15:21],
                    p[21:24],
                    float(p[24]),
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
    templates = load_templates(args.data)
    for split, patients in (("train", train), ("validation", validation)):
        (args.cache / split).mkdir(parents=True, exist_ok=True)
        for patient in args.part.of(patients):
            path = args.cache / split / f"{patient}.npz"
            if (args.patients and patient not in args.patients) or path.exists():
                continue
            teeth = build_dentition(args.data, patient, templates, np.random.default_rng(int(patient)))
            temporary = path.with_suffix(".tmp.npz")
            save_dentition(temporary, teeth)
            temporary.rename(path)
            print(f"{split} {patient}: {len(teeth)} teeth", flush=True)
