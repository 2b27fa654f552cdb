"""Labelled triangle meshes drawn with numpy alone: an orthographic view, hidden surfaces removed by depth.

Every triangle is tested at exactly the pixel centres in its bounding box, all triangles at once, so small
and large ones need no cases of their own and a closed surface shows no holes. Only what is in sight is shaded.
Both sides of a surface are drawn, since scans arrive with their normals turned in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..files.meshes.geometry import vertex_normals
from .drawing import BACKGROUND
from .shading import HALFWAY, LIGHT, borders, brightness

#: Pixel centres tested at a time; bounds the memory.
CHUNK = 200_000
#: Seams between triangles stay closed with float32 coordinates of some thousand pixels.
_SLACK = 1e-4
#: The farthest surface is darker by this share: without perspective nothing else tells far from near.
_FAR_DIM = 0.30
#: Hollows (fissures, gaps between teeth) that lie deeper than their surroundings this far, mm, are darkened.
_HOLLOW_MM = 1.3
_HOLLOW_GAIN = 0.55
_EDGE_DIM = 0.45


@dataclass(frozen=True)
class Rendering:
    """A picture of a mesh and what is in it.

    image: (h, w, 3) uint8. face: (h, w) int32, the face seen at each pixel, -1 for none. depth: (h, w) float32,
    mm towards the viewer, -inf for none. spacing: mm per pixel. rotation: (3, 3), its rows are the directions
    that run to the picture's right, up, and to the viewer. centre: (2,) mm right and up of the picture's middle.
    """

    image: np.ndarray
    face: np.ndarray
    depth: np.ndarray
    spacing: float
    rotation: np.ndarray
    centre: np.ndarray

    def project(self, points: np.ndarray) -> np.ndarray:
        """(n, 3) mm -> (n, 3): column and row in pixels, depth in mm."""
        turned = np.asarray(points, float).reshape(-1, 3) @ self.rotation.T
        height, width = self.face.shape
        columns = (turned[:, 0] - self.centre[0]) / self.spacing + (width - 1) / 2
        rows = (self.centre[1] - turned[:, 1]) / self.spacing + (height - 1) / 2
        return np.stack([columns, rows, turned[:, 2]], axis=1)


def render_mesh(
    vertices: np.ndarray,
    faces: np.ndarray,
    face_rgb: np.ndarray,
    rotation: np.ndarray,
    size_px: int | tuple[int, int],
    *,
    normals: np.ndarray | None = None,
    face_group: np.ndarray | None = None,
    spacing: float | None = None,
    margin_px: int = 12,
    supersampling: int = 2,
) -> Rendering:
    """Draw a mesh as seen along `rotation`, fitted into the picture.

    vertices (V, 3) mm; faces (F, 3); face_rgb (F, 3) 0-255; rotation (3, 3): rows are the unit directions that
    run to the picture's right, up, and to the viewer. size_px: width and height, or both in one. normals (V, 3):
    unit, computed where None. face_group (F,): a fine dark line is drawn between faces of different groups.
    spacing: mm per pixel; None fits the mesh with a margin of margin_px. supersampling: samples per pixel
    and direction, 1 is four times as fast as 2. ValueError for arrays that do not fit together.
    """
    vertices, faces, face_rgb = np.asarray(vertices), np.asarray(faces), np.asarray(face_rgb)
    if len(face_rgb) != len(faces):
        raise ValueError(f"{len(face_rgb)} colours were given for {len(faces)} faces.")
    rotation = np.asarray(rotation, float)
    width, height = np.broadcast_to(size_px, 2).tolist()
    turned = vertices.astype(np.float64, copy=False) @ rotation.T
    low, high = _extent(turned, faces)
    centre = (low + high)[:2] / 2
    if spacing is None:
        room = np.maximum(np.array([width, height]) - 2 * margin_px, 1)
        spacing = float(max(((high - low)[:2] / room).max(), 1e-6))
    s = int(supersampling)
    fine = spacing / s
    points = np.empty((3, len(turned)), np.float32)
    points[0] = (turned[:, 0] - centre[0]) / fine + (s * width - 1) / 2
    points[1] = (centre[1] - turned[:, 1]) / fine + (s * height - 1) / 2
    points[2] = turned[:, 2] - low[2]
    deepest = max(float(high[2] - low[2]), 1e-6)
    if normals is None:
        normals = vertex_normals(vertices, faces)
    samples = _visible(points, faces, s * height, s * width, deepest)
    dims = np.zeros(samples.shape, bool)
    if face_group is not None:
        dims = borders(labels_seen(samples, np.asarray(face_group)), samples >= 0)
    # Colour is averaged over a pixel's samples, light is reckoned once, at the first sample that shows a face.
    count = height * width
    face = np.full(count, -1, np.int32)
    at = np.zeros(count, np.int8)
    color = np.zeros((count, 3), np.float32)
    cover = np.zeros(count, np.float32)
    palette = np.concatenate([face_rgb, [[0, 0, 0]]]).astype(np.float32)  # the last row is that of face -1
    for k in range(s * s):
        sample, dim = (layer[k // s :: s, k % s :: s].ravel() for layer in (samples, dims))
        shown = palette[sample]
        shown[dim] *= 1 - _EDGE_DIM
        color += shown
        hit = sample >= 0
        cover += hit
        first = np.flatnonzero(hit & (face < 0))
        face[first] = sample[first]
        at[first] = k
    seen = np.flatnonzero(face >= 0)
    row, column = np.divmod(seen, width)
    place = np.stack([s * column + at[seen] % s, s * row + at[seen] // s]).astype(np.float32)
    turned_normals = (np.asarray(normals) @ rotation.T).astype(np.float32)
    near, shade, shine = _light(turned_normals, points, faces[face[seen]], place)
    shade *= 1 - _FAR_DIM * (1 - near / deepest)
    cover /= s * s
    picture = np.array(BACKGROUND, np.float32) * (1 - cover)[:, None]
    picture[seen] += color[seen] * (shade / (s * s))[:, None] + (shine * cover[seen])[:, None]
    depth = np.zeros(count, np.float32)
    depth[seen] = near
    picture = picture.reshape(height, width, 3) * _hollows(depth.reshape(height, width), spacing)[..., None]
    depth[seen] += np.float32(low[2])
    depth[face < 0] = -np.inf
    shape = (height, width)
    return Rendering(
        np.clip(picture, 0, 255).astype(np.uint8), face.reshape(shape), depth.reshape(shape), spacing, rotation, centre
    )


def labels_seen(face: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(h, w) int32: the label (F,) of the face seen at each pixel, -1 where `face` is -1."""
    if not len(labels):
        return np.full(face.shape, -1, np.int32)
    return np.where(face >= 0, labels[face].astype(np.int32), -1)


def _extent(points: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper corner of all faces; the unit cube where there are none."""
    used = np.zeros(len(points), bool)
    used[faces.ravel()] = True
    if not used.any():
        return np.zeros(3), np.ones(3)
    if not used.all():
        points = points[used]
    return np.array([axis.min() for axis in points.T]), np.array([axis.max() for axis in points.T])


def _visible(points: np.ndarray, faces: np.ndarray, height: int, width: int, deepest: float) -> np.ndarray:
    """(height, width) int32: the face seen at each pixel centre, -1 for none.

    points (3, V) float32: column, row, depth (0 to `deepest`, larger is nearer).
    """
    x, y, z = points
    corners = [np.ascontiguousarray(faces[:, k]) for k in range(3)]
    (xa, xb, xc), (ya, yb, yc) = ([axis[c] for c in corners] for axis in (x, y))
    left = np.clip(np.ceil(np.minimum(np.minimum(xa, xb), xc)), 0, width).astype(np.int32)
    top = np.clip(np.ceil(np.minimum(np.minimum(ya, yb), yc)), 0, height).astype(np.int32)
    columns = np.clip(np.floor(np.maximum(np.maximum(xa, xb), xc)), -1, width - 1).astype(np.int32) - left + 1
    rows = np.clip(np.floor(np.maximum(np.maximum(ya, yb), yc)), -1, height - 1).astype(np.int32) - top + 1
    area = (xb - xa) * (yc - ya) - (xc - xa) * (yb - ya)
    hit = np.flatnonzero((columns > 0) & (rows > 0) & (np.abs(area) > 1e-9))
    left, top, columns, rows, xa, ya = (v[hit] for v in (left, top, columns, rows, xa, ya))
    inverse = 1 / area[hit]
    ux, uy = (yc[hit] - ya) * inverse, (xa - xc[hit]) * inverse
    vx, vy = (ya - yb[hit]) * inverse, (xb[hit] - xa) * inverse
    za, zb, zc = (z[c[hit]] for c in corners)
    zb -= za
    zc -= za
    # Nearest wins, then the later face: one number holds both, so that one pass over the candidates decides.
    best = np.zeros(height * width, np.uint64)
    ends = np.cumsum(columns.astype(np.int64) * rows)
    scale = (2.0**31) / max(deepest * 1.001, 1e-6)
    begin = 0
    while begin < len(hit):
        done = ends[begin - 1] if begin else 0
        stop = max(int(np.searchsorted(ends, done + CHUNK, side="right")), begin + 1)
        part = slice(begin, stop)
        count = columns[part].astype(np.int64) * rows[part]
        owner = np.repeat(np.arange(begin, stop, dtype=np.int32), count)
        place = np.arange(len(owner), dtype=np.int32) - np.repeat((ends[part] - count - done).astype(np.int32), count)
        row = place // columns[owner]
        column = place - row * columns[owner] + left[owner]
        row += top[owner]
        dx, dy = column.astype(np.float32) - xa[owner], row.astype(np.float32) - ya[owner]
        u = ux[owner] * dx + uy[owner] * dy
        v = vx[owner] * dx + vy[owner] * dy
        inside = np.flatnonzero((u >= -_SLACK) & (v >= -_SLACK) & (u + v <= 1 + _SLACK))
        owner = owner[inside]
        near = za[owner] + u[inside] * zb[owner] + v[inside] * zc[owner]
        key = (np.clip(near, 0, None).astype(np.float64) * scale).astype(np.uint64) << np.uint64(32)
        key |= (owner + 1).astype(np.uint64)
        np.maximum.at(best, row[inside].astype(np.int64) * width + column[inside], key)
        begin = stop
    seen = np.flatnonzero(best)
    face = np.full(height * width, -1, np.int32)
    face[seen] = hit[(best[seen] & np.uint64(0xFFFFFFFF)).astype(np.int64) - 1]
    return face.reshape(height, width)


def _light(
    normals: np.ndarray, points: np.ndarray, corners: np.ndarray, place: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(n,) depth, brightness and white shine (0-255) of n triangles, corners (n, 3), at `place` (2, n)."""
    (xa, xb, xc), (ya, yb, yc), (za, zb, zc) = ([axis[corners[:, k]] for k in range(3)] for axis in points)
    area = (xb - xa) * (yc - ya) - (xc - xa) * (yb - ya)
    dx, dy = place[0] - xa, place[1] - ya
    u = ((yc - ya) * dx - (xc - xa) * dy) / area
    v = ((xb - xa) * dy - (yb - ya) * dx) / area
    normal = normals[corners[:, 0]] * (1 - u - v)[:, None]
    normal += normals[corners[:, 1]] * u[:, None]
    normal += normals[corners[:, 2]] * v[:, None]
    # A face seen from its back lends its normal's other side. Rows run down, so the front turns clockwise.
    front = np.where(area < 0, np.float32(1), np.float32(-1))
    normal *= (front / np.maximum(np.sqrt(np.einsum("ij,ij->i", normal, normal)), np.float32(1e-6)))[:, None]
    shine = np.clip(normal @ HALFWAY.astype(np.float32), 0, 1)
    for _ in range(5):  # to the 32nd power, without the slow general one
        shine *= shine
    return za + u * (zb - za) + v * (zc - za), brightness(normal @ LIGHT.astype(np.float32)), 50 * shine


def _hollows(depth: np.ndarray, spacing: float) -> np.ndarray:
    """(h, w) factors below 1 where the surface lies deeper than its surroundings: fissures and gaps read as such."""
    from scipy import ndimage

    size = max(round(2 * _HOLLOW_MM / spacing) | 1, 3)
    seen = (depth > 0).astype(np.float32)
    around = ndimage.uniform_filter(depth, size) / np.maximum(ndimage.uniform_filter(seen, size), 1e-3)
    return 1 - np.clip(_HOLLOW_GAIN * (around - depth) / _HOLLOW_MM, 0, 0.6) * seen
