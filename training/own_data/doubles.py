"""Which scans are nearly the same, whatever their files are called: they must not be on both sides of a split."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from DentalTopoSegLib.files.volumes import Volume

SAME_SHARE = 0.97
"""Correlation of the signatures of two volumes from which on they are one scan. Eight phantoms of different persons
(72 x 64 x 48 mm, 1 mm) reach 0.893 at most; the same phantom with further noise of 80 grey values keeps 0.982."""
SAME_MM = 0.02
"""Difference (root mean square) of the signatures of two surfaces up to which they are one."""
_SIDE = 20
_QUANTILES = 256


def volume_signature(volume: Volume) -> np.ndarray:
    """(8000,) a volume's contents on a 20 x 20 x 20 grid along its own axes, ranks of its grey values, z-scored: the
    same for another grey scale, other voxels or little noise."""
    edges = [np.linspace(0, n, _SIDE + 1).astype(int) for n in volume.shape]
    step = max(1, round((volume.array.size / 4_000_000) ** (1 / 3)))
    array = volume.array
    out = np.empty((_SIDE,) * 3)
    for i in range(_SIDE):
        slab = array[edges[0][i] : max(edges[0][i + 1], edges[0][i] + 1) : step].astype(np.float32).mean(0)
        rows = np.stack([slab[a : max(b, a + 1)].mean(0) for a, b in zip(edges[1], edges[1][1:], strict=False)])
        parts = [rows[:, a : max(b, a + 1)].mean(1) for a, b in zip(edges[2], edges[2][1:], strict=False)]
        out[i] = np.stack(parts, 1)
    ranks = out.ravel().argsort(kind="stable").argsort(kind="stable").astype(float)
    return (ranks - ranks.mean()) / ranks.std()


def surface_signature(vertices: np.ndarray) -> np.ndarray:
    """(256,) quantiles in mm of the vertices' (V, 3) distances from their middle: the same in every position."""
    away = np.linalg.norm(vertices - vertices.mean(0), axis=1)
    return np.quantile(away, np.linspace(0, 1, _QUANTILES))


def same_volumes(signatures: Sequence[np.ndarray]) -> list[tuple[int, int]]:
    """Pairs (i < j) of volumes that are nearly the same."""
    if len(signatures) < 2:
        return []
    table = np.stack(signatures)
    return _pairs(table @ table.T / table.shape[1] >= SAME_SHARE)


def same_surfaces(signatures: Sequence[np.ndarray]) -> list[tuple[int, int]]:
    """Pairs (i < j) of surfaces that are nearly the same."""
    if len(signatures) < 2:
        return []
    table = np.stack(signatures)
    apart = np.stack([np.sqrt(((table - one) ** 2).mean(1)) for one in table])
    return _pairs(apart <= SAME_MM)


def _pairs(same: np.ndarray) -> list[tuple[int, int]]:
    return [(int(i), int(j)) for i, j in np.argwhere(np.triu(same, 1))]


def groups_of(patients: Mapping[str, str], pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """{name: patient} where scans of one patient, and scans that are nearly the same, have one: the first by name.

    Parameters
    ----------
    patients : mapping
        {name of a scan: its patient as told}.
    pairs : iterable
        Names of scans that are nearly the same.
    """
    root = {patient: patient for patient in patients.values()}

    def find(patient: str) -> str:
        while root[patient] != patient:
            patient = root[patient]
        return patient

    for one, other in pairs:
        first, second = sorted((find(patients[one]), find(patients[other])))
        root[second] = first
    return {name: find(patient) for name, patient in patients.items()}
