"""Meshes with tooth numbers out: the arrays and colours by which other programs know them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ... import dentition
from . import vtp
from .writing import write_ply, write_vtp

#: `(path, vertices (V, 3), faces (F, 3), fdi (V,), face_fdi (F,), colours (V, 3) or None)`: writes the mesh, FDI
#: numbers with 0 for gingiva, and the colours as scanned where the format has room for them beside the teeth's.
LabelWriter = Callable[[Path, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray | None], Path]
#: What stands for the gingiva among Universal numbers, as in DCBIA's tools.
UNIVERSAL_GINGIVA = 33


def write_labelled_vtp(
    path: Path,
    vertices: np.ndarray,
    faces: np.ndarray,
    fdi: np.ndarray,
    face_fdi: np.ndarray,
    colours: np.ndarray | None = None,
) -> Path:
    """Write a VTP with the points' arrays FDI, UniversalID, PredictedID and RGB (as scanned), and the triangles' array
    Label (FDI)."""
    universal = _universal_numbers()[fdi]
    points = {"PredictedID": universal, "UniversalID": universal, "FDI": fdi.astype(np.int32)}
    if colours is not None:
        points[vtp.COLOURS] = colours
    return write_vtp(path, vertices, faces, points, {"Label": face_fdi.astype(np.int32)})


def write_labelled_ply(
    path: Path,
    vertices: np.ndarray,
    faces: np.ndarray,
    fdi: np.ndarray,
    face_fdi: np.ndarray,
    colours: np.ndarray | None = None,
) -> Path:
    """Write a PLY in the teeth's colours, with the points' property fdi; triangles have no number of their own."""
    return write_ply(path, vertices, faces, _colors()[fdi], {"fdi": fdi})


def _universal_numbers() -> np.ndarray:
    """(256,) by FDI number: 1 to 32, 33 for gingiva and all else. Milk teeth are letters there, so they have none."""
    table = np.full(256, UNIVERSAL_GINGIVA, np.int32)
    for fdi in dentition.FDI_PERMANENT:
        table[fdi] = int(dentition.fdi_to_universal(fdi))
    return table


def _colors() -> np.ndarray:
    """(256, 3) uint8 by FDI number, the gingiva's for all else."""
    table = np.tile(np.array(dentition.GINGIVA_RGB, np.uint8), (256, 1))
    for fdi in dentition.FDI_PERMANENT + dentition.FDI_DECIDUOUS:
        table[fdi] = dentition.color(fdi)
    return table
