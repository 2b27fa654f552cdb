"""A quick but faithful scan: polychromatic projections of a drawn phantom, filtered and back-projected slice by slice.

Beam hardening, photon starvation, scatter and view aliasing arise from the physics of `cone_beam` here, in parallel
beams instead of cones, so that every slice is a problem of its own and one sparse matrix serves all. What the cone
adds at the ends of a field paints `fields`.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from scipy import ndimage, sparse

from training.patients.dice import Dice
from training.patients.xrays import BASIS_NAMES, attenuation, spectrum

HEAD_MM = (150.0, 190.0)
"""Diameters of a round head of water around the grid: it hardens the beam and takes its photons."""

IRON_G_CM3 = 7.87
BRIGHTEST_HU = 4000.0
MINERAL_HU = 1650.0
"""HU that 1 g/cm^3 of hydroxyapatite in place of 0.32 g/cm^3 of water adds at 60 keV."""


@lru_cache(maxsize=2)
def projector(side: int, views: int) -> sparse.csr_matrix:
    """(views * bins, side * side): line integrals of a square slice in voxels, views over half a turn.

    Every voxel falls on two bins by linear interpolation; bins are as wide as voxels, and `bin_count` of them see the
    slice's corners too.
    """
    axis = np.arange(side, dtype=np.float32) - (side - 1) / 2
    y, x = (plane.ravel() for plane in np.meshgrid(axis, axis, indexing="ij"))
    bins = bin_count(side)
    theta = np.pi * np.arange(views) / views
    place = np.cos(theta)[:, None] * x + np.sin(theta)[:, None] * y + (bins - 1) / 2
    low = np.floor(place).astype(np.int32)
    share = (place - low).astype(np.float32)
    rows = low + (np.arange(views, dtype=np.int32) * bins)[:, None]
    columns = np.broadcast_to(np.arange(side * side, dtype=np.int32), rows.shape)
    entries = np.concatenate([(1 - share).ravel(), share.ravel()])
    where = np.concatenate([rows.ravel(), rows.ravel() + 1]), np.concatenate([columns.ravel()] * 2)
    return sparse.csr_matrix((entries, where), shape=(views * bins, side * side), dtype=np.float32)


def bin_count(side: int) -> int:
    """Bins across a square slice's diagonal."""
    return int(np.ceil(side * 2**0.5)) + 3


def decompose(image: np.ndarray, metal: np.ndarray) -> np.ndarray:
    """(3, z, y, x) float32 g/cm^3 of water, hydroxyapatite and iron behind HU-like values and coverage by metal."""
    solid = metal > 0.95
    brightest = float(np.median(image[solid])) if solid.any() else 8000.0
    tissue = (image - metal * brightest) / np.maximum(1 - metal, 0.05)
    tissue = np.clip(np.where(solid, 0.0, tissue), -1000.0, BRIGHTEST_HU)
    mineral = np.maximum(tissue, 0) / MINERAL_HU
    water = np.clip(1 + np.minimum(tissue, 0) / 1000 - 0.32 * mineral, 0, None)
    return np.stack([water * (1 - metal), mineral * (1 - metal), IRON_G_CM3 * metal]).astype(np.float32)


def line_integrals(basis: np.ndarray, spacing: float, views: int) -> np.ndarray:
    """(3, z, views, bins) g/cm^3 * mm through (3, z, y, x) g/cm^3 with y and x alike; empty slices cost nothing."""
    _, depth, side, _ = basis.shape
    total = np.zeros((3, depth, views, bin_count(side)), np.float32)
    columns = basis.reshape(3 * depth, side * side)
    used = np.flatnonzero(columns.any(1))
    seen = projector(side, views) @ np.ascontiguousarray(columns[used].T)
    total.reshape(3 * depth, -1)[used] = seen.T * spacing
    return total


def head_path(side: int, spacing: float, views: int, diameter: float) -> np.ndarray:
    """(views, bins) mm of a round head that lie outside of the square grid in its middle, per ray."""
    theta = np.pi * np.arange(views)[:, None] / views
    offset = (np.arange(bin_count(side)) - (bin_count(side) - 1) / 2)[None] * spacing
    chord = 2 * np.sqrt(np.maximum((diameter / 2) ** 2 - offset**2, 0))
    c, s = (np.maximum(np.abs(f(theta)), 1e-6) for f in (np.cos, np.sin))
    half = side * spacing / 2
    inside = np.minimum(2 * half / np.maximum(c, s), np.maximum((half * (c + s) - np.abs(offset)) / (c * s), 0))
    return np.maximum(chord - inside, 0).astype(np.float32)


def transmission(paths: np.ndarray, kvp: float, filter_al_mm: float, bins: int = 4) -> np.ndarray:
    """Share of the beam's energy behind (3, ...) g/cm^3 * mm of water, hydroxyapatite and iron: Beer-Lambert summed
    over the spectrum's bins."""
    energy, weight = spectrum(kvp, filter_al_mm, bins)
    mu = np.stack([attenuation(name, energy) for name in BASIS_NAMES]).astype(np.float32) / 10
    primary = np.zeros(paths.shape[1:], np.float32)
    for b, w in enumerate(weight.astype(np.float32)):
        exponent = paths[0] * -mu[0, b]
        for k in (1, 2):
            rows = np.flatnonzero(paths[k].any(axis=tuple(range(1, paths[k].ndim))))
            exponent[rows] -= paths[k][rows] * mu[k, b]
        primary += w * np.exp(exponent, out=exponent)
    return primary


def back_project(projections: np.ndarray, side: int, spacing: float, hann_cut: float) -> np.ndarray:
    """(z, y, x) 1/mm from log projections (z, views, bins): ramp filter under a Hann window, then the mean of views."""
    depth, views, bins = projections.shape
    size = 1 << (2 * bins - 1).bit_length()
    # The ramp as the transform of its samples, so that the mean of a slice is right.
    index = np.fft.fftfreq(size) * size
    kernel = np.zeros(size)
    kernel[0] = 0.25
    odd = np.abs(index) % 2 == 1
    kernel[odd] = -1 / (np.pi * index[odd]) ** 2
    frequency = np.fft.rfftfreq(size)
    window = np.where(frequency < hann_cut / 2, 0.5 + 0.5 * np.cos(2 * np.pi * frequency / hann_cut), 0)
    response = torch.from_numpy((np.fft.rfft(kernel).real * window).astype(np.float32))
    spectra = torch.fft.rfft(torch.from_numpy(projections), n=size)
    filtered = torch.fft.irfft(spectra * response, n=size)[..., :bins].reshape(depth, -1).numpy()
    seen = projector(side, views).T @ np.ascontiguousarray(filtered.T)
    return seen.T.reshape(depth, side, side) * (np.pi / views / spacing)


def scan_slices(image: torch.Tensor, metal: torch.Tensor, spacing: float, dice: Dice) -> torch.Tensor:
    """The reconstruction (z, y, x) in HU of a drawn phantom by a random scanner.

    Parameters
    ----------
    image, metal : torch.Tensor
        (z, y, x) HU-like values and coverage by metal in [0, 1]; y and x alike.
    spacing : float
        Edge of a voxel, mm.
    dice : Dice
        The only source of randomness.
    """
    kvp, filter_al_mm = dice.uniform(85, 120), dice.uniform(3, 10)
    views = 120 if dice.chance(0.5) else 160
    photons, scatter = 10 ** dice.uniform(4.3, 5.8), dice.uniform(0.0, 0.06)
    side = image.shape[1]
    basis = decompose(image.cpu().numpy(), metal.cpu().numpy())
    basis[2] *= 10 ** dice.uniform(-0.8, 0.0)  # brackets are hollow, crowns thin, titanium is light
    paths = line_integrals(basis, spacing, views)
    around = head_path(side, spacing, views, dice.uniform(*HEAD_MM))
    paths[0] += around
    primary = transmission(paths, kvp, filter_al_mm)
    depth_mm = 100.0
    water = -np.log(transmission(np.array([[depth_mm], [0.0], [0.0]], np.float32), kvp, filter_al_mm)[0]) / depth_mm
    spread = (1.0, 0.0, 15.0 / spacing)
    signal = primary + scatter * ndimage.gaussian_filter(-primary * np.log(np.maximum(primary, 1e-9)), spread)
    # Many photons are nearly normally distributed; a starved bin reads at least one.
    noise = torch.randn(signal.shape, generator=dice.generator).numpy()
    counts = np.maximum(photons * signal + np.sqrt(photons * signal + 60.0) * noise, 1.0)
    projections = -np.log(counts / photons) - water * around
    mu = back_project(projections.astype(np.float32), side, spacing, dice.uniform(0.45, 0.95))
    return torch.from_numpy((1000 * (mu / water - 1)).astype(np.float32)).clamp(-1500, 12000).to(image.device)
