"""Write random clouds of labelled jaws, the 3D-IOSSeg scans in the canonical frame, for the Point Transformer.

    python -m training sample-jaws DATA/ios/train CACHE

A variant is a random sampling of the surface at a random spacing, with its neighbour lists, written once and
read by every fold. It may lack teeth (their surface replaced by the smooth membrane that closes the hole, or the
teeth behind moved up into the gap), be cropped, trimmed along the gingiva, or stand on a base; what does not change
neighbours (pose, scale, bending, noise, mirroring) is drawn anew at every training step.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve
from scipy.spatial import cKDTree

from DentalTopoSegLib.ios.sampling import AREA_PER_POINT, build_cloud, farthest_points, level_counts
from training.patients.doubtful_numbers import by_shape
from training.patients.rooted_teeth import SAME_PERSON

FOLDS = 5


@dataclass
class Jaw:
    """vertices (V, 3) mm and faces (F, 3) in the canonical frame; classes (F,) uint8 0..16, see class_of."""

    name: str
    upper: bool
    vertices: np.ndarray
    faces: np.ndarray
    classes: np.ndarray


def class_of(fdi: np.ndarray) -> np.ndarray:
    """FDI -> class: 0 gingiva, positions 1 to 8 as 1..8 at x > 0 (quadrants 2, 4), 9..16 at x < 0 (1, 3).

    A milk tooth has the class of the permanent tooth in its place.
    """
    fdi = np.asarray(fdi, int)
    quadrant, place = np.divmod(fdi, 10)
    return np.where(fdi == 0, 0, np.where(np.isin(quadrant, (2, 4, 6, 8)), place, place + 8)).astype(np.uint8)


def fdi_of(classes: np.ndarray, upper: bool) -> np.ndarray:
    """Class -> FDI, the way back from class_of."""
    classes = np.asarray(classes, int)
    plus, minus = (20, 10) if upper else (40, 30)
    return np.where(classes == 0, 0, np.where(classes <= 8, plus + classes, minus + classes - 8)).astype(np.uint8)


def to_canonical(vertices: np.ndarray, upper: bool) -> np.ndarray:
    """Data pack axes (+x anterior, +y superior, +z right) -> +z occlusal, +y anterior, right-handed, origin
    at the mean."""
    x, y, z = np.asarray(vertices, float).T
    out = np.stack([-z, x, -y] if upper else [z, x, y], -1)
    return out - out.mean(0)


def read_jaw(path: Path) -> Jaw:
    """One npz of the data pack's ios/train, numbered by_shape."""
    upper = path.stem.endswith("upper")
    with np.load(path) as data:
        return Jaw(
            path.stem,
            upper,
            to_canonical(data["vertices"], upper),
            data["faces"].astype(np.int64),
            class_of(by_shape(path.stem, data["face_fdi"])),
        )


def patients(folder: Path) -> list[str]:
    """Patient names of the data pack's ios/train, one per person, sorted."""
    return sorted({SAME_PERSON.get(p.stem[:3], p.stem[:3]) for p in folder.glob("*.npz")})


def fold_of(scan: str, everyone: Sequence[str], seed: int = 0) -> int:
    """Which fifth of the persons this scan belongs to."""
    person = SAME_PERSON.get(scan[:3], scan[:3])
    order = np.random.default_rng(seed).permutation(len(everyone))
    return int(order[list(everyone).index(person)] % FOLDS)


def _edges(faces: np.ndarray) -> np.ndarray:
    return np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)


def rim_of(faces: np.ndarray) -> np.ndarray:
    """Edges (E, 2) of one of the faces (F, 3) only, in its direction."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    # one number an edge: sorting pairs takes ten times as long
    low, high = edges.min(1).astype(np.int64), edges.max(1).astype(np.int64)
    _, first, count = np.unique(low * (high.max() + 1) + high, return_index=True, return_counts=True)
    return edges[first[count == 1]]


def without_tooth(jaw: Jaw, tooth: int) -> Jaw:
    """The jaw with one class's surface pulled down to the membrane spanned by its border: a healed ridge."""
    mine = jaw.classes == tooth
    inside = np.zeros(len(jaw.vertices), bool)
    inside[jaw.faces[mine]] = True
    inside[jaw.faces[~mine]] = False
    if not inside.any():
        return jaw
    edges = _edges(jaw.faces)
    edges = np.unique(edges[inside[edges].any(1)], axis=0)
    n = len(jaw.vertices)
    both = np.concatenate([edges, edges[:, ::-1]])
    graph = sparse.csr_matrix((np.ones(len(both)), (both[:, 0], both[:, 1])), shape=(n, n))
    laplacian = sparse.diags(np.asarray(graph.sum(1)).ravel()) - graph
    rows = laplacian[inside]
    vertices = jaw.vertices.copy()
    fixed = -rows[:, ~inside] @ jaw.vertices[~inside]
    vertices[inside] = spsolve(rows[:, inside].tocsc(), fixed).reshape(-1, 3)
    return Jaw(jaw.name, jaw.upper, vertices, jaw.faces, np.where(mine, 0, jaw.classes).astype(np.uint8))


def crop(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """What is left on one side of a random upright plane, between a third and nine tenths of the faces."""
    angle = rng.uniform(0, 2 * np.pi)
    along = jaw.vertices[jaw.faces].mean(1) @ np.array([np.cos(angle), np.sin(angle), 0.0])
    keep = along < np.quantile(along, rng.uniform(0.35, 0.9))
    return Jaw(jaw.name, jaw.upper, jaw.vertices, jaw.faces[keep], jaw.classes[keep])


def on_base(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """The jaw with its rim drawn straight down to a plane, as models for printing have it."""
    rim = rim_of(jaw.faces)
    points = np.unique(rim)
    low = jaw.vertices[:, 2].min() - rng.uniform(1.0, 12.0)
    below = np.full(len(jaw.vertices), -1)
    below[points] = len(jaw.vertices) + np.arange(len(points))
    foot = jaw.vertices[points].copy()
    foot[:, 2] = low
    a, b = rim[:, 1], rim[:, 0]
    skirt = np.concatenate([np.stack([a, b, below[b]], 1), np.stack([a, below[b], below[a]], 1)])
    faces = np.concatenate([jaw.faces, skirt])
    classes = np.concatenate([jaw.classes, np.zeros(len(skirt), np.uint8)])
    return Jaw(jaw.name, jaw.upper, np.concatenate([jaw.vertices, foot]), faces, classes)


def trim_gingiva(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """The jaw without the gingiva and palate farther from its teeth than a random 1.5 to 9 mm."""
    teeth = jaw.vertices[np.unique(jaw.faces[jaw.classes > 0])]
    away = cKDTree(teeth).query(jaw.vertices[jaw.faces].mean(1))[0]
    keep = (away < rng.uniform(1.5, 9.0)) | (jaw.classes > 0)
    return Jaw(jaw.name, jaw.upper, jaw.vertices, jaw.faces[keep], jaw.classes[keep])


def tooth_centres(jaw: Jaw) -> np.ndarray:
    """(17, 3) mean place of each class's surface, mm; NaN where it is absent and for gingiva."""
    corners = jaw.vertices[jaw.faces]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) + 1e-9
    total = np.bincount(jaw.classes, area, 17)
    middle = corners.mean(1)
    centres = np.stack([np.bincount(jaw.classes, area * middle[:, k], 17) for k in range(3)], 1)
    with np.errstate(invalid="ignore"):
        centres /= total[:, None]
    centres[0] = np.nan
    return centres


#: Classes in their order along the arch, from the end at x < 0 to the end at x > 0.
ALONG = (*range(16, 8, -1), *range(1, 9))
_ARCH_STEP_MM = 0.25
_ON_RIDGE_MM = (8.0, 16.0)


def with_closed_gap(jaw: Jaw, tooth: int, rng: np.random.Generator) -> Jaw:
    """The jaw without one class's tooth and the ridge under it; the teeth behind it moved forward to close the gap.

    As after an extraction for orthodontics. A jaw with no tooth behind or before it comes back unchanged.
    """
    centres = tooth_centres(jaw)
    order = [c for c in ALONG if np.isfinite(centres[c, 0])]
    at = order.index(tooth)
    if not 0 < at < len(order) - 1:
        return jaw
    line = centres[order, :2]
    ends = 20.0 * np.array([line[0] - line[1], line[-1] - line[-2]])
    ends /= np.linalg.norm(ends, axis=1, keepdims=True) / 20.0
    line = np.vstack([line[0] + ends[0], line, line[-1] + ends[1]])
    length = np.r_[0, np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))]
    along = np.arange(0, length[-1], _ARCH_STEP_MM)
    dense = np.stack([np.interp(along, length, line[:, k]) for k in range(2)], 1)
    away, nearest = cKDTree(dense).query(jaw.vertices[:, :2])
    place = along[nearest]
    start, stop = np.percentile(place[np.unique(jaw.faces[jaw.classes == tooth])], (4, 96))
    step = (dense[np.searchsorted(along, stop) - 1] - dense[np.searchsorted(along, start)]) * rng.uniform(1.0, 1.2)
    behind = place > stop if tooth <= 8 else place < start
    near = np.interp(away, _ON_RIDGE_MM, (1.0, 0.0))
    vertices = jaw.vertices.copy()
    vertices[behind, :2] += (near[:, None] * (-step if tooth <= 8 else step))[behind]
    gone = (place > start) & (place < stop) & (away < _ON_RIDGE_MM[0] + 2)
    keep = ~gone[jaw.faces].any(1) & (jaw.classes != tooth)
    return Jaw(jaw.name, jaw.upper, vertices, jaw.faces[keep], jaw.classes[keep])


def change(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """The jaw as another mouth might be scanned: fewer teeth, gaps closed, trimmed, cropped, on a base."""
    teeth = np.setdiff1d(np.unique(jaw.classes), [0])
    if rng.random() < 0.5:
        closes = rng.random() < 0.5
        for tooth in rng.permutation(teeth)[: int(rng.choice([1, 1, 2, 3, 5]))]:
            jaw = with_closed_gap(jaw, int(tooth), rng) if closes else without_tooth(jaw, int(tooth))
    if rng.random() < 0.25:
        jaw = trim_gingiva(jaw, rng)
    if rng.random() < 0.2:
        jaw = crop(jaw, rng)
    if rng.random() < 0.2:
        jaw = on_base(jaw, rng)
    return jaw


def sample(jaw: Jaw, rng: np.random.Generator, area_per_point: float) -> dict[str, np.ndarray]:
    """A random cloud of the jaw: arrays of sampling.Cloud and labels (N0,) uint8, centres (17, 3) mm (NaN
    where the class is absent)."""
    corners = jaw.vertices[jaw.faces]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    double = np.linalg.norm(cross, axis=1)
    area = double.sum() / 2
    # vertex normals, blended inside the faces as a renderer does
    smooth = np.zeros_like(jaw.vertices)
    for k in range(3):
        np.add.at(smooth, jaw.faces[:, k], cross)
    n = level_counts(area, 10**9, (area_per_point, *AREA_PER_POINT[1:]))[0]
    pick = rng.choice(len(double), size=n, p=double / double.sum())
    w = rng.dirichlet((1.0, 1.0, 1.0), size=n)
    points = (corners[pick] * w[..., None]).sum(1)
    normals = (smooth[jaw.faces[pick]] * w[..., None]).sum(1)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
    areas = (area_per_point, *(np.array(AREA_PER_POINT[1:]) * rng.uniform(0.8, 1.3)))
    counts = level_counts(area, n, areas)
    first = farthest_points(points, counts[1], points[rng.integers(n)])
    rest = np.ones(n, bool)
    rest[first] = False
    order = np.concatenate([first, np.nonzero(rest)[0]])
    cloud = build_cloud(points[order], normals[order], counts)
    arrays = {
        k: (v.astype(np.uint16) if v.dtype == np.int32 else v.astype(np.float16)) for k, v in cloud.feed().items()
    }
    arrays["points"] = cloud.points
    return {
        **arrays,
        "labels": jaw.classes[pick][order],
        "centres": tooth_centres(jaw).astype(np.float32),
        "upper": np.array(jaw.upper),
    }


def make_variants(path: Path, cache: Path, count: int, seed: int) -> None:
    """Write `count` variants of one scan; the first quarter unchanged jaws."""
    jaw = read_jaw(path)
    for k in range(count):
        target = cache / f"{jaw.name}_{k:02d}.npz"
        if target.exists():
            continue
        rng = np.random.default_rng([seed, k, *path.stem.encode()])
        other = jaw if k < (count + 2) // 3 else change(jaw, rng)
        other = Jaw(
            other.name,
            other.upper,
            other.vertices - other.vertices[other.faces].mean((0, 1)),
            other.faces,
            other.classes,
        )
        arrays = sample(other, rng, float(rng.uniform(0.25, 0.6)))
        partial = target.with_suffix(".tmp.npz")
        np.savez(partial, **arrays)
        os.replace(partial, target)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--count", type=int, default=9, help="variants per scan")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args(argv)
    arguments.cache.mkdir(parents=True, exist_ok=True)
    paths = sorted(arguments.data.glob("*.npz"))
    with ProcessPoolExecutor(arguments.processes) as pool:
        jobs = [pool.submit(make_variants, p, arguments.cache, arguments.count, arguments.seed) for p in paths]
        for k, job in enumerate(jobs):
            job.result()
            print(f"{k + 1}/{len(jobs)}", flush=True)
