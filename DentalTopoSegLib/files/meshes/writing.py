"""Labelled meshes out: VTP, coloured PLY, STL; each whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..transactions import atomic_path
from . import ply, stl, vtp


def write_vtp(
    path: str | os.PathLike[str],
    vertices: np.ndarray,
    faces: np.ndarray,
    point_arrays: Mapping[str, np.ndarray] | None = None,
    cell_arrays: Mapping[str, np.ndarray] | None = None,
) -> Path:
    """Write VTK XML PolyData with arrays by name.

    Parameters
    ----------
    path : path
        The file.
    vertices, faces : ndarray
        (V, 3) coordinates, which become float32 where that loses nothing, else float64; (F, 3) vertex numbers.
    point_arrays, cell_arrays : dict of ndarray, optional
        (V,) or (V, k) per point, (F,) or (F, k) per triangle.

    Raises
    ------
    OutputError
        For everything the disk refuses.
    """
    return _write(path, vtp.to_bytes(vertices, faces, point_arrays or {}, cell_arrays or {}))


def write_ply(
    path: str | os.PathLike[str],
    vertices: np.ndarray,
    faces: np.ndarray,
    vertex_rgb: np.ndarray | None = None,
    scalars: Mapping[str, np.ndarray] | None = None,
    comment: str = "",
) -> Path:
    """Write binary PLY.

    Parameters
    ----------
    path : path
        The file.
    vertices, faces : ndarray
        (V, 3) coordinates, which become float32 where that loses nothing, else float64; (F, 3) vertex numbers.
    vertex_rgb : ndarray, optional
        (V, 3) uint8.
    scalars : dict of ndarray, optional
        (V,) properties of the vertices, by name.
    comment : str
        One line of ASCII for the header.

    Raises
    ------
    OutputError
        For everything the disk refuses.
    """
    return _write(path, ply.to_bytes(vertices, faces, vertex_rgb, scalars or {}, comment))


def write_stl(path: str | os.PathLike[str], vertices: np.ndarray, faces: np.ndarray, comment: str = "") -> Path:
    """Write binary STL (float32, as the format has it). comment: short ASCII for the header. Raises OutputError."""
    return _write(path, stl.to_bytes(vertices, faces, comment))


def _write(path: str | os.PathLike[str], content: bytes) -> Path:
    path = Path(path)
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)
    return path
