"""Small scan meshes for tests, and how other programs write them."""

from __future__ import annotations

import struct

import numpy as np

from DentalTopoSegLib.files.meshes import Mesh


def dome(n: int = 12, size: float = 60.0) -> tuple[np.ndarray, np.ndarray]:
    """A bulging square sheet of n x n points, `size` mm wide, every coordinate exact in float32; n*n distinct
    points, 2 (n-1)^2 triangles, all facing +z."""
    x, y = np.meshgrid(np.linspace(0, 1, n), np.linspace(0, 1, n), indexing="ij")
    z = 0.3 * np.sin(np.pi * x) * np.sin(np.pi * y) + 0.01 * x
    vertices = np.stack([x, y, z], axis=-1).reshape(-1, 3) * size
    i = np.arange(n * n, dtype=np.int32).reshape(n, n)
    a, b, c, d = i[:-1, :-1].ravel(), i[1:, :-1].ravel(), i[1:, 1:].ravel(), i[:-1, 1:].ravel()
    faces = np.stack([np.stack([a, b, c], 1), np.stack([a, c, d], 1)], axis=1).reshape(-1, 3)
    return vertices.astype(np.float32).astype(np.float64), faces


def mesh_of(vertices: np.ndarray, faces: np.ndarray, name: str = "jaw") -> Mesh:
    vertices = np.asarray(vertices, np.float64)
    return Mesh(vertices, np.asarray(faces, np.int32), name, np.arange(len(vertices), dtype=np.int32))


def shuffled(vertices: np.ndarray, faces: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The same surface with its points and faces in random order."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(vertices))
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order))
    return vertices[order], place[faces][rng.permutation(len(faces))]


def stl_binary(vertices: np.ndarray, faces: np.ndarray, header: bytes = b"a scanner") -> bytes:
    """One struct per triangle, as the format is described."""
    parts = [header.ljust(80, b"\0"), struct.pack("<I", len(faces))]
    for face in faces:
        parts.append(struct.pack("<12fH", 0, 0, 1, *vertices[face].ravel(), 0))
    return b"".join(parts)


def stl_ascii(vertices: np.ndarray, faces: np.ndarray, name: str = "jaw", newline: str = "\n") -> bytes:
    lines = [f"solid {name}"]
    for face in faces:
        lines += ["  facet normal 0 0 1", "    outer loop"]
        lines += [f"      vertex {x!r} {y!r} {z!r}" for x, y, z in vertices[face].tolist()]
        lines += ["    endloop", "  endfacet"]
    return (newline.join([*lines, f"endsolid {name}", ""])).encode()


def ply_ascii(vertices: np.ndarray, faces: list, kind: str = "double", extra: str = "") -> bytes:
    header = ["ply", "format ascii 1.0", "comment made for a test", f"element vertex {len(vertices)}"]
    header += [f"property {kind} {axis}" for axis in "xyz"]
    header += [f"element face {len(faces)}", "property list uchar int vertex_indices", "end_header"]
    lines = [" ".join(map(repr, row)) for row in np.asarray(vertices, float).tolist()]
    lines += [" ".join(map(str, [len(face), *map(int, face)])) for face in faces]
    return "\n".join([*header, *lines, extra]).encode()


def ply_binary(vertices: np.ndarray, faces: list, order: str = "<") -> bytes:
    """With colours and a quality per point, a label per face, and faces of any number of corners."""
    kind = {"<": "little", ">": "big"}[order]
    header = ["ply", f"format binary_{kind}_endian 1.0", f"element vertex {len(vertices)}"]
    header += [f"property float {axis}" for axis in "xyz"]
    header += [f"property uchar {color}" for color in ("red", "green", "blue")]
    header += ["property double quality", f"element face {len(faces)}", "property short label"]
    header += ["property list uchar uint vertex_index", "end_header", ""]
    parts = ["\n".join(header).encode()]
    for i, (x, y, z) in enumerate(vertices.tolist()):
        parts.append(struct.pack(order + "3f3Bd", x, y, z, i % 256, 7, 255, i / 3))
    for i, face in enumerate(faces):
        parts.append(struct.pack(f"{order}hB{len(face)}I", i % 100 - 50, len(face), *map(int, face)))
    return b"".join(parts)


def obj_text(vertices: np.ndarray, faces: list, corner=str) -> bytes:
    """`corner`: from a point's number (from 1) to its text in a face."""
    lines = ["# made for a test", "o jaw"]
    lines += ["v " + " ".join(map(repr, row)) for row in np.asarray(vertices, float).tolist()]
    lines += ["f " + " ".join(corner(int(i) + 1) for i in face) for face in faces]
    return "\n".join([*lines, ""]).encode()


def split(vertices: np.ndarray, faces: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Every edge in n parts: n^2 triangles for each, with corners of their own that are equal where triangles meet."""
    steps = [(i, j) for i in range(n + 1) for j in range(n + 1 - i)]
    row = {step: k for k, step in enumerate(steps)}
    small = [(row[i, j], row[i + 1, j], row[i, j + 1]) for i, j in steps if i + j < n]
    small += [(row[i + 1, j], row[i + 1, j + 1], row[i, j + 1]) for i, j in steps if i + j < n - 1]
    weights = np.array([(n - i - j, i, j) for i, j in steps])
    corners = np.rint(vertices * 1024).astype(np.int64)[faces]  # whole numbers: sums are equal in any order
    points = np.einsum("kc,fcx->fkx", weights, corners).reshape(-1, 3) / (1024 * n)
    start = len(steps) * np.arange(len(faces))[:, None, None]
    return points, (start + np.array(small)).reshape(-1, 3).astype(np.int32)
