"""A parametric dentition and the cone-beam CT that would show it, with exact labels: no data file, numpy and
scipy only.

Used by `dentaltoposeg demo`, by the tests and, as one ingredient, for training.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import InputError
from ..files.volumes import Volume
from ..files.volumes.boxes import Box
from .acquisition import acquire, streaks
from .teeth import Arch, Tooth, build_teeth, tooth_boxes, tooth_distances
from .tissues import HU, Anatomy, Face, paint, paint_slab

__all__ = ["Phantom", "Tooth", "make_phantom"]

_ALL = tuple(10 * q + p for q in (1, 2, 3, 4) for p in range(1, 9))
_SLAB = 12  # slices painted at once: bounds the memory of the tissue maps
_FAR_MM = 9.0  # stands for every greater distance


@dataclass(frozen=True)
class Phantom:
    """image: int16 grey values near HU; labels: uint8 FDI on the same grid; teeth: what was built, by FDI
    number; metal: FDI numbers of the teeth with a metal filling or crown."""

    image: Volume
    labels: Volume
    teeth: dict[int, Tooth]
    metal: tuple[int, ...] = ()


def make_phantom(
    seed: int = 0,
    spacing_mm: float = 0.5,
    missing: Collection[int] | None = (),
    fillings: int | None = 2,
    noise: float | None = None,
    fov_mm: Sequence[float] = (110.0, 100.0, 90.0),
    *,
    jaws: str = "both",
    gap_mm: float | None = None,
    blur_mm: float | None = None,
    rescale: tuple[float, float] = (1.0, 0.0),
) -> Phantom:
    """Build one head with teeth and scan it. The same arguments give the same phantom, bit for bit.

    Array x runs to the patient's right, y to the front, z up; the origin of RAS is where the lower front teeth bite.

    Parameters
    ----------
    seed : int
        Draws arch shape, tooth sizes and tilts, tissues, acquisition.
    spacing_mm : float
        Side of the voxels, 0.1 to 3 mm.
    missing : collection of int or None
        FDI numbers left out; None draws some, third molars above all.
    fillings : int or None
        Teeth with metal; None draws 0 to 4.
    noise : float or None
        Standard deviation in grey values; None draws 25 to 80.
    fov_mm : sequence of float
        Size of the field in x, y, z, up to 400 mm.
    jaws : str
        Which have teeth: "both", "upper" or "lower".
    gap_mm : float or None
        Opening of the mouth; None draws it, closed more often than not.
    blur_mm : float or None
        Standard deviation of the scanner's blur; None draws 0.2 to 0.4.
    rescale : tuple of float
        Slope and intercept of the grey scale.

    Returns
    -------
    Phantom

    Raises
    ------
    InputError
        For a field, spacing or FDI number that makes no sense.

    Examples
    --------
    >>> phantom = make_phantom(seed=1, spacing_mm=2.0, jaws="lower", missing=(38, 48), fillings=0)
    >>> phantom.labels.array.shape, 38 in phantom.teeth
    ((45, 50, 55), False)
    """
    _require_sense(spacing_mm, missing, fov_mm, jaws)
    # One generator serves all: what is drawn, and in which order, makes the phantom.
    rng = np.random.default_rng([seed, 7])
    drawn_gap = rng.uniform(0.5, 7.0) if rng.random() < 0.4 else 0.0
    gap = drawn_gap if gap_mm is None else float(gap_mm)
    face = Face.draw(rng, gap)
    absent = _draw_missing(rng)
    teeth, arches = build_teeth(rng, set(absent if missing is None else missing), jaws, gap)
    axes = _grid(fov_mm, spacing_mm, gap)
    field = _place_teeth(teeth, axes)
    image = _paint_head(face, teeth, arches, axes, field, rng, spacing_mm)
    count = int(rng.integers(0, 5)) if fillings is None else int(fillings)
    metal = _fill(image, teeth, field.details, count, rng, spacing_mm)
    blur = rng.uniform(0.2, 0.4) if blur_mm is None else blur_mm
    sd = rng.uniform(25, 80) if noise is None else noise
    if metal:
        streaks(image, axes, [teeth[f].at(0, 0, teeth[f].crown * 0.8) for f in metal], rng)
    grey = acquire(image, spacing_mm, rng, blur, sd, rescale)
    # array x grows to the patient's right and y to the front: both against ITK's LPS axes
    x, y, z = axes
    scan = Volume(
        grey,
        spacing=(spacing_mm,) * 3,
        origin=(float(-x[0]), float(-y[0]), float(z[0])),
        direction=(-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0),
        name=f"phantom_{seed}",
    )
    seen = set(np.unique(field.labels).tolist())
    return Phantom(
        scan,
        replace(scan, array=field.labels, metadata={}),
        {f: t for f, t in teeth.items() if f in seen},
        tuple(sorted(metal)),
    )


def _require_sense(spacing_mm: float, missing: Collection[int] | None, fov_mm: Sequence[float], jaws: str) -> None:
    if not 0.1 <= spacing_mm <= 3.0:
        raise InputError(f"A phantom needs a voxel size between 0.1 and 3 mm, not {spacing_mm}.")
    if len(fov_mm) != 3 or min(fov_mm) < 4 * spacing_mm or max(fov_mm) > 400:
        raise InputError(f"A phantom's field of view is three lengths up to 400 mm (x, y, z), not {tuple(fov_mm)}.")
    if jaws not in ("both", "upper", "lower"):
        raise InputError(f'The jaws of a phantom are "both", "upper" or "lower", not {jaws!r}.')
    unknown = sorted(set(missing or ()) - set(_ALL))
    if unknown:
        raise InputError(f"These are no permanent teeth in FDI numbers: {unknown}.")


@dataclass(frozen=True)
class _ToothField:
    """The teeth on the grid (z, y, x).

    labels: uint8 FDI. nearest, root: float32 mm, signed distances to the nearest tooth and root, at most `_FAR_MM`.
    details: per FDI number its box and `tooth_distances` there.
    """

    labels: np.ndarray
    nearest: np.ndarray
    root: np.ndarray
    details: dict[int, tuple[Box, dict[str, np.ndarray]]]


def _place_teeth(teeth: dict[int, Tooth], axes: tuple[np.ndarray, np.ndarray, np.ndarray]) -> _ToothField:
    x, y, z = axes
    shape = len(z), len(y), len(x)
    labels = np.zeros(shape, np.uint8)
    nearest, root = np.full(shape, _FAR_MM, np.float32), np.full(shape, _FAR_MM, np.float32)
    details = {}
    for fdi, box in tooth_boxes(teeth, axes, margin=4.0).items():
        points = np.stack(np.meshgrid(z[box[0]], y[box[1]], x[box[2]], indexing="ij")[::-1], -1)
        parts = tooth_distances(teeth[fdi], points)
        details[fdi] = box, parts
        labels[box] = np.where((parts["tooth"] < 0) & (parts["tooth"] < nearest[box]), fdi, labels[box])
        nearest[box] = np.minimum(nearest[box], parts["tooth"])
        root[box] = np.minimum(root[box], parts["root"])
    return _ToothField(labels, nearest, root, details)


def _paint_head(
    face: Face,
    teeth: dict[int, Tooth],
    arches: dict[str, Arch],
    axes: tuple[np.ndarray, np.ndarray, np.ndarray],
    field: _ToothField,
    rng: np.random.Generator,
    spacing_mm: float,
) -> np.ndarray:
    """float32 (z, y, x) grey values before the scanner: first all that is around the teeth, then the teeth."""
    x, y, z = axes
    shape = field.labels.shape
    anatomy = Anatomy(face, teeth, arches, x, y)
    image = np.empty(shape, np.float32)
    grain = _grain(rng, shape, spacing_mm)
    for k in range(0, shape[0], _SLAB):
        part = slice(k, k + _SLAB)
        paint_slab(image[part], z[part], anatomy, field.root[part], grain[part], spacing_mm)
    for fdi, (box, parts) in field.details.items():
        # a voxel that two teeth claim is painted as the deeper one only, as in the labels
        owned = np.where(parts["tooth"] <= field.nearest[box] + 1e-3, parts["tooth"], np.float32(_FAR_MM))
        view = image[box]
        paint(view, owned, HU["enamel"] * (0.98 + 0.001 * (fdi % 10)), spacing_mm)
        paint(view, np.maximum(owned, parts["dentin"]), HU["dentin"], spacing_mm)
        paint(view, np.maximum(parts["pulp"], owned + 0.5), HU["pulp"], spacing_mm)
    return image


def _draw_missing(rng: np.random.Generator) -> list[int]:
    """Third molars are often gone, other teeth now and then."""
    third = rng.random() < 0.5
    chance = {fdi: (0.75 if third else 0.15) if fdi % 10 == 8 else (0.06 if fdi % 10 > 3 else 0.015) for fdi in _ALL}
    return [fdi for fdi in _ALL if rng.random() < chance[fdi]]


def _grid(fov_mm: Sequence[float], spacing: float, gap: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x (right), y (anterior), z (superior) positions of the voxel centres, mm."""
    nx, ny, nz = (max(round(f / spacing), 1) for f in fov_mm)
    x = (np.arange(nx) - (nx - 1) / 2) * spacing
    y = 24.0 - fov_mm[1] + (np.arange(ny) + 0.5) * spacing
    z = -0.5 * fov_mm[2] - gap / 2 + (np.arange(nz) + 0.5) * spacing
    return x.astype(np.float32), y.astype(np.float32), z.astype(np.float32)


def _grain(rng: np.random.Generator, shape: tuple[int, ...], spacing: float) -> np.ndarray:
    """A random field (zero mean, unit sd) with structures of 0.7 to 2 mm: spongy bone."""
    from scipy import ndimage

    field = np.zeros(shape, np.float32)
    for size, weight in ((0.7, 0.7), (1.6, 0.7)):
        wave = ndimage.gaussian_filter(rng.standard_normal(shape, dtype=np.float32), size / 2 / spacing, truncate=2.5)
        field += np.float32(weight) * wave / wave.std()
    return field


def _fill(
    image: np.ndarray,
    teeth: dict[int, Tooth],
    details: dict[int, tuple[Box, dict]],
    count: int,
    rng: np.random.Generator,
    spacing: float,
) -> list[int]:
    """Put metal into `count` side teeth: a filling, now and then a crown. Returns their FDI numbers."""
    able = [f for f in sorted(details) if f % 10 >= 4]
    chosen = [int(f) for f in rng.permutation(able)[:count]] if able else []
    for fdi in chosen:
        t, (box, parts) = teeth[fdi], details[fdi]
        if rng.random() < 0.2:
            metal = np.maximum(np.maximum(parts["tooth"], -parts["tooth"] - 0.9), 1.0 - parts["height"])
        else:
            side = t.width * rng.uniform(0.18, 0.3)
            metal = np.maximum(parts["tooth"] + 0.3, t.crown * rng.uniform(0.45, 0.65) - parts["height"])
            metal = np.maximum(metal, parts["radial"] - side)
        paint(image[box], metal, HU["metal"], spacing)
    return chosen
