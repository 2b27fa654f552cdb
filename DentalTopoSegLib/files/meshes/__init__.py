"""Scan meshes: STL, PLY, OBJ and VTP in their file's order; a clean surface in millimetres; labelled meshes out."""

from .cleaning import UNITS, clean
from .formats import KINDS, MESH_SUFFIXES, is_mesh_file
from .geometry import (
    adjacent_faces,
    equal_rows,
    face_areas,
    face_components,
    face_normals,
    unique_edges,
    vertex_components,
    vertex_normals,
)
from .mesh import Mesh, Surface
from .reading import mesh_stem, read_mesh
from .teeth3ds import read_teeth3ds_json, write_teeth3ds_json
from .writing import write_ply, write_stl, write_vtp

__all__ = [
    "KINDS",
    "MESH_SUFFIXES",
    "UNITS",
    "Mesh",
    "Surface",
    "adjacent_faces",
    "clean",
    "equal_rows",
    "face_areas",
    "face_components",
    "face_normals",
    "is_mesh_file",
    "mesh_stem",
    "read_mesh",
    "read_teeth3ds_json",
    "unique_edges",
    "vertex_components",
    "vertex_normals",
    "write_ply",
    "write_stl",
    "write_teeth3ds_json",
    "write_vtp",
]
