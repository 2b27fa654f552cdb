"""What scanners and mouths vary, each as a function of a labelled jaw in the canonical frame and a generator.

    python -m training disturb-jaws DATA/ios/train FOLDER --fold 0

writes the scans of held-out patients with each disturbance alone, a folder for each: `evaluate-jaws FOLDER` measures
them. `evaluate-orientation` measures each alone too; `disturb` draws several for training.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from training.surfaces.bases import add_surface, closed_base, modelled_base, plaster_model
from training.surfaces.jaws import (
    ALONG,
    FOLDS,
    Jaw,
    crop,
    fdi_of,
    fold_of,
    on_base,
    patients,
    read_jaw,
    rim_of,
    tooth_centres,
    trim_gingiva,
    with_closed_gap,
    without_tooth,
)

Disturbance = Callable[[Jaw, np.random.Generator], Jaw]


def part(jaw: Jaw, keep: np.ndarray) -> Jaw:
    """The faces that a mask (F,) keeps."""
    return replace(jaw, faces=jaw.faces[keep], classes=jaw.classes[keep])


def _middles(jaw: Jaw) -> np.ndarray:
    return jaw.vertices[jaw.faces].mean(1)


def _from_teeth(jaw: Jaw) -> tuple[np.ndarray, np.ndarray]:
    """Distance (F,) of each face from the nearest tooth, mm, and whether it lies inwards (palate, tongue) of it."""
    middles = _middles(jaw)
    teeth = middles[jaw.classes > 0]
    away, nearest = cKDTree(teeth).query(middles)
    centre = np.array([0.0, np.quantile(teeth[:, 1], 0.2)]) + (np.median(teeth[:, 0]), 0.0)
    step, inwards = middles[:, :2] - teeth[nearest, :2], centre - teeth[nearest, :2]
    return away, (jaw.classes == 0) & ((step * inwards).sum(1) > 0)


# Teeth -----------------------------------------------------------------------------------------------------------


def closed_gaps(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """One to three teeth taken out and the row closed."""
    teeth = rng.permutation(np.setdiff1d(jaw.classes, [0]))
    for tooth in teeth[: rng.integers(1, 4)]:
        jaw = with_closed_gap(jaw, int(tooth), rng)
    return jaw


def open_gaps(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """One to five single teeth taken out."""
    return _without(jaw, rng.permutation(np.setdiff1d(jaw.classes, [0]))[: rng.integers(1, 6)])


def saddles(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """No teeth behind a premolar or a canine on one side or on both, or a gap of several teeth in front."""
    order = [c for c in ALONG if c in jaw.classes]
    if rng.random() < 0.3:
        start = rng.integers(3, max(4, len(order) - 6))
        return _without(jaw, order[start : start + rng.integers(2, 6)])
    gone = []
    sides = [[c for c in order if c > 8], [c for c in order if c <= 8]]
    for side in sides if rng.random() < 0.5 else [sides[rng.integers(2)]]:
        last = rng.integers(3, 6)
        gone += [c for c in side if (c - 1) % 8 + 1 > last]
    return _without(jaw, gone)


def few_left(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """About one tooth to a quadrant: two to four teeth on a bare ridge."""
    teeth = rng.permutation(np.setdiff1d(jaw.classes, [0]))
    return _without(jaw, teeth[rng.integers(2, 5) :])


def _without(jaw: Jaw, teeth: np.ndarray | list[int]) -> Jaw:
    for tooth in teeth:
        jaw = without_tooth(jaw, int(tooth))
    return jaw


# Gum and palate ----------------------------------------------------------------------------------------------------


def narrow_gum(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """Gum trimmed to a band of 1 to 5 mm around the teeth and the ridge between them."""
    away, _ = _from_teeth(jaw)
    return part(jaw, (away < rng.uniform(1.0, 5.0)) | (jaw.classes > 0) | _on_ridge(jaw))


def _on_ridge(jaw: Jaw) -> np.ndarray:
    """Faces (F,) within 6 mm of the arch's line where teeth are absent and the scan goes on."""
    centres = tooth_centres(jaw)[list(ALONG)]
    centres = centres[np.isfinite(centres[:, 0])]
    if len(centres) < 2:
        return np.zeros(len(jaw.faces), bool)
    steps = np.linspace(0, 1, 24)[:, None, None]
    line = (centres[:-1] + steps * np.diff(centres, axis=0)).reshape(-1, 3)
    return cKDTree(line[:, :2]).query(_middles(jaw)[:, :2])[0] < 6.0


def to_fornix(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """The gum goes on from the rim, down and outwards, by an uneven 2 to 12 mm."""
    rim = rim_of(jaw.faces)
    points, at = np.unique(rim, return_inverse=True)
    at, start = at.reshape(-1, 2), jaw.vertices[points]
    teeth = _middles(jaw)[jaw.classes > 0]
    out = start[:, :2] - teeth[cKDTree(teeth).query(start)[1], :2]
    out /= np.linalg.norm(out, axis=1, keepdims=True) + 1e-9
    angle = np.arctan2(*(start[:, :2] - start[:, :2].mean(0)).T)
    waves = sum(rng.normal(0, 0.35) * np.sin(k * angle + rng.uniform(0, 6.3)) for k in (1, 2, 3, 5, 9))
    length = rng.uniform(2.0, 12.0) * np.clip(1 + waves, 0.1, 2.0)
    flare, rings = rng.uniform(0.1, 1.4), 6
    vertices = [start]
    for ring in range(1, rings):
        share = ring / (rings - 1)
        step = np.column_stack([out * flare * share, np.full(len(start), share * (1.3 * share - 2))])
        vertices.append(start + length[:, None] * step + rng.normal(0, 0.15, start.shape))
    n, faces = len(points), []
    for ring in range(rings - 1):
        a, b = ring * n + at[:, 1], ring * n + at[:, 0]
        faces += [np.stack([a, b, b + n], 1), np.stack([a, b + n, a + n], 1)]
    return add_surface(jaw, np.concatenate(vertices), np.concatenate(faces))


def no_palate(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """Nothing inwards of the teeth but a band of 1 to 7 mm: no palate, no floor of the mouth."""
    away, inwards = _from_teeth(jaw)
    return part(jaw, ~inwards | (away < rng.uniform(1.0, 7.0)))


def half_palate(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """The palate cut off behind or on one side."""
    away, inwards = _from_teeth(jaw)
    middles = _middles(jaw)
    axis = rng.choice([0, 1])
    along = middles[:, axis] * (rng.choice([-1.0, 1.0]) if axis == 0 else 1.0)
    limit = np.quantile(along[jaw.classes > 0], rng.uniform(0.3, 0.7))
    return part(jaw, ~inwards | (away < rng.uniform(1.0, 5.0)) | (along > limit))


# The scan ----------------------------------------------------------------------------------------------------------


def holes(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """Three to twenty holes of up to 8 mm."""
    middles = _middles(jaw)
    away = np.full(len(middles), np.inf)
    for at in rng.choice(len(middles), rng.integers(3, 21)):
        away = np.minimum(away, np.linalg.norm(middles - middles[at], axis=1) - rng.uniform(0.6, 4.0))
    return part(jaw, away > 0)


def debris(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """Loose flaps of cheek, lip and tongue, and crumbs, beside the jaw."""
    import trimesh

    low, high = jaw.vertices.min(0), jaw.vertices.max(0)
    for _ in range(rng.integers(1, 7)):
        ball = trimesh.creation.icosphere(subdivisions=3, radius=1.0)
        vertices, faces = np.asarray(ball.vertices), np.asarray(ball.faces, np.int64)
        if rng.random() < 0.6:  # a flap: a piece of a large, flat ball
            faces = faces[vertices[faces].mean(1)[:, 2] > rng.uniform(-0.2, 0.6)]
            vertices = vertices * rng.uniform(4.0, 16.0, 3)
        else:
            vertices = vertices * rng.uniform(0.5, 3.0)
        turn = np.linalg.qr(rng.standard_normal((3, 3)))[0]
        turn[:, 0] *= np.linalg.det(turn)
        angle = rng.uniform(0, 2 * np.pi)
        place = (low + high) / 2 + (high - low) / 2 * (1.1 * np.cos(angle), 1.1 * np.sin(angle), rng.uniform(-1, 1))
        jaw = add_surface(jaw, vertices @ turn.T + place, faces)
    return jaw


def bite_blocks(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """A block of composite on the biting surface of a tooth on one side or on both."""
    import trimesh

    centres = tooth_centres(jaw)
    for side in ((5, 6, 7), (13, 14, 15)):
        there = [t for t in side if np.isfinite(centres[t, 0])]
        if not there or rng.random() < 0.3:
            continue
        tooth = there[rng.integers(len(there))]
        top = jaw.vertices[jaw.faces[jaw.classes == tooth]][..., 2].max()
        size = rng.uniform((6.0, 6.0, 2.0), (11.0, 14.0, 8.0))
        block = trimesh.creation.icosphere(subdivisions=4)
        vertices = np.asarray(block.vertices)
        vertices = vertices / (np.abs(vertices) ** 5).sum(1, keepdims=True) ** 0.2 * size / 2  # a rounded box
        place = np.r_[centres[tooth, :2], top + size[2] * rng.uniform(-0.2, 0.35)]
        jaw = add_surface(jaw, vertices + place + rng.normal(0, 0.1, vertices.shape), np.asarray(block.faces, np.int64))
    return jaw


def noise(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """Rough by 0.02 to 0.15 mm, and bent by some tenths of a mm as stitching leaves it."""
    knots = jaw.vertices[rng.integers(len(jaw.vertices), size=5)]
    square = ((jaw.vertices[:, None] - knots) ** 2).sum(-1)
    bent = np.exp(-square / (2 * 12.0**2)) @ rng.normal(0, 0.3, (5, 3))
    rough = rng.normal(0, rng.uniform(0.02, 0.15), jaw.vertices.shape)
    return replace(jaw, vertices=jaw.vertices + bent + rough)


def coarse(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """Decimated to 3,000 faces."""
    return resolved(jaw, 3_000)


def fine(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """500,000 faces."""
    return resolved(jaw, 500_000)


def resolved(jaw: Jaw, faces: int) -> Jaw:
    """The jaw with about so many faces, each labelled as the nearest one was."""
    import trimesh
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy

    mesh = trimesh.Trimesh(jaw.vertices, jaw.faces, process=False)
    while len(mesh.faces) < faces:
        mesh = mesh.subdivide()
    data, points, cells = vtk.vtkPolyData(), vtk.vtkPoints(), vtk.vtkCellArray()
    points.SetData(numpy_to_vtk(np.ascontiguousarray(mesh.vertices), deep=True))
    corners = np.ascontiguousarray(mesh.faces, np.int64)
    cells.SetData(3, numpy_to_vtkIdTypeArray(corners.ravel(), deep=True))
    data.SetPoints(points)
    data.SetPolys(cells)
    decimate = vtk.vtkQuadricDecimation()
    decimate.SetInputData(data)
    decimate.SetTargetReduction(max(0.0, 1 - faces / len(mesh.faces)))
    decimate.Update()
    out = decimate.GetOutput()
    vertices = vtk_to_numpy(out.GetPoints().GetData()).astype(np.float64)
    new = vtk_to_numpy(out.GetPolys().GetConnectivityArray()).reshape(-1, 3).astype(np.int64)
    nearest = cKDTree(_middles(jaw)).query(vertices[new].mean(1))[1]
    return Jaw(jaw.name, jaw.upper, vertices, new, jaw.classes[nearest])


# Parts, bases that follow the rim, and surfaces turned over -----------------------------------------------------------


def quadrant(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """One side of the jaw, with a little beyond the midline or not quite up to it."""
    side = rng.choice([-1.0, 1.0])
    return part(jaw, side * _middles(jaw)[:, 0] > rng.uniform(-6.0, 4.0))


def few_teeth(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """What lies within 12 to 18 mm of a point on a tooth: three or four teeth."""
    centres = _middles(jaw)
    middle = centres[rng.choice(np.nonzero(jaw.classes > 0)[0])]
    return part(jaw, np.linalg.norm(centres - middle, axis=1) < rng.uniform(12.0, 18.0))


def solid(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """On a base along the rim that is closed below: rings from the base's edge to its middle."""
    based = on_base(jaw, rng)
    low = based.vertices[:, 2].min()
    edges = rim_of(based.faces)
    edges = edges[(based.vertices[edges][..., 2] < low + 1e-6).all(1)]
    rim, at = np.unique(edges, return_inverse=True)
    at, n, rings = at.reshape(-1, 2), len(rim), 16
    middle = based.vertices[rim].mean(0)
    inwards = np.linspace(1.0, 0.02, rings)[:, None, None]
    floor = (middle + inwards * (based.vertices[rim] - middle)).reshape(-1, 3)
    faces = []
    for ring in range(rings - 1):
        a, b = ring * n + at[:, 1], ring * n + at[:, 0]
        faces += [np.stack([a, b, b + n], 1), np.stack([a, b + n, a + n], 1)]
    return add_surface(based, floor, np.concatenate(faces))


def mirror(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """As a bad exporter leaves it: x negated, faces as they were, so that they show their back. Its teeth look like
    those of the other side, and are called so."""
    classes = np.where(jaw.classes == 0, 0, np.where(jaw.classes <= 8, jaw.classes + 8, jaw.classes - 8))
    return replace(jaw, vertices=jaw.vertices * (-1.0, 1.0, 1.0), classes=classes.astype(np.uint8))


def inside_out(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """With every face turned over."""
    return replace(jaw, faces=jaw.faces[:, ::-1])


DISTURBANCES: dict[str, Disturbance] = {
    "unchanged": lambda jaw, rng: jaw,
    "modelled base, open": modelled_base,
    "modelled base, closed": closed_base,
    "plaster model on a plate": plaster_model,
    "base along the rim": on_base,
    "base along the rim, closed": solid,
    "narrow gum": narrow_gum,
    "gum to the fornix": to_fornix,
    "no palate": no_palate,
    "half a palate": half_palate,
    "holes": holes,
    "debris": debris,
    "bite blocks": bite_blocks,
    "noise": noise,
    "3,000 faces": coarse,
    "500,000 faces": fine,
    "closed gaps": closed_gaps,
    "open gaps": open_gaps,
    "saddles": saddles,
    "two to four teeth left": few_left,
    "cropped": crop,
    "quadrant": quadrant,
    "piece of 3-4 teeth": few_teeth,
    "mirrored": mirror,
    "inside out": inside_out,
}
"""Every disturbance by its name."""

TURNED_OUT = ("mirrored", "inside out")
"""Disturbances in which the surface shows its back."""

_MIXTURE: tuple[tuple[float, tuple[tuple[float, Disturbance], ...]], ...] = (
    (0.5, ((2, closed_gaps), (3, open_gaps), (2, saddles), (1, few_left))),
    (0.6, ((3, no_palate), (2, half_palate), (2, narrow_gum), (1, trim_gingiva))),
    (0.25, ((1, crop), (1, quadrant))),
    (0.25, ((1, holes),)),
    (0.6, ((2, modelled_base), (3, closed_base), (1, plaster_model), (1, solid), (1, on_base), (3, to_fornix))),
    (0.2, ((2, debris), (1, bite_blocks))),
    (0.2, ((1, noise),)),
)
"""Steps of `disturb`: how often one is made, and what it may be with which weight."""


def disturb(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """The jaw as another mouth might be scanned by another scanner: several disturbances one after the other."""
    for share, choices in _MIXTURE:
        if rng.random() < share:
            weights = np.array([w for w, _ in choices], float)
            jaw = choices[rng.choice(len(choices), p=weights / weights.sum())][1](jaw, rng)
    return jaw


def write_jaw(jaw: Jaw, path: Path) -> None:
    """The jaw as `evaluation.labelled` reads it."""
    used, faces = np.unique(jaw.faces, return_inverse=True)
    faces = faces.reshape(-1, 3).astype(np.int32)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, vertices=jaw.vertices[used], faces=faces, face_fdi=fdi_of(jaw.classes, jaw.upper))


def main(argv: list[str] | None = None) -> None:
    """Write every scan of a fold with each disturbance alone."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the data pack's ios/train")
    parser.add_argument("folder", type=Path, help="to write to")
    parser.add_argument("--fold", type=int, default=0, choices=range(FOLDS))
    parser.add_argument("--every", type=int, default=1, help="only every so many-th scan")
    parser.add_argument("--only", nargs="+", default=list(DISTURBANCES), choices=list(DISTURBANCES))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args(argv)
    everyone = patients(arguments.data)
    paths = [p for p in sorted(arguments.data.glob("*.npz")) if fold_of(p.stem, everyone) == arguments.fold]
    for path in paths[:: arguments.every]:
        jaw = read_jaw(path)
        for name in arguments.only:
            rng = np.random.default_rng([arguments.seed, *name.encode(), *path.stem.encode()])
            write_jaw(DISTURBANCES[name](jaw, rng), arguments.folder / name / path.name)
