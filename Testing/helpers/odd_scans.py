"""Odd scans made of a sound, labelled one: parts of a jaw, prepared teeth, scan bodies, brackets, dies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from DentalTopoSegLib.dentition import position


@dataclass(frozen=True)
class OddScan:
    """vertices (V, 3) mm, faces (F, 3) outward; teeth: those that are there."""

    vertices: np.ndarray
    faces: np.ndarray
    teeth: frozenset[int]


class Maker:
    """Makes odd scans of a jaw: vertices (V, 3) mm, faces (F, 3) outward, face_fdi (F,)."""

    def __init__(self, vertices: np.ndarray, faces: np.ndarray, face_fdi: np.ndarray) -> None:
        self.vertices, self.faces, self.fdi = vertices.astype(float), faces.astype(np.int64), face_fdi
        self.teeth = frozenset(int(fdi) for fdi in np.unique(face_fdi) if fdi)
        corners = self.vertices[self.faces]
        self.normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        self.up = self.normals.sum(0) / np.linalg.norm(self.normals.sum(0))
        self.centre = {fdi: self.vertices[self.faces[face_fdi == fdi]].mean((0, 1)) for fdi in self.teeth}

    def part(self, teeth: set[int]) -> OddScan:
        """These teeth with the gum that is nearer to them than to others."""
        order = sorted(self.teeth)
        near = cKDTree([self.centre[fdi] for fdi in order]).query(self.vertices[self.faces].mean(1))[1]
        return OddScan(*_used(self.vertices, self.faces[np.isin(np.array(order)[near], list(teeth))]), frozenset(teeth))

    def quadrant(self, number: int) -> OddScan:
        return self.part({fdi for fdi in self.teeth if fdi // 10 == number})

    def edentulous(self) -> OddScan:
        return OddScan(*_used(self.vertices, self.faces[self.fdi == 0]), frozenset())

    def inside_out(self) -> OddScan:
        return OddScan(self.vertices, self.faces[:, ::-1], self.teeth)

    def prepared(self, teeth: set[int]) -> OddScan:
        """Crowns ground down to stumps: 0.7 of their width and 0.6 of their height."""
        vertices = self.vertices.copy()
        for fdi in teeth:
            rows = np.unique(self.faces[self.fdi == fdi])
            off = vertices[rows] - self.centre[fdi]
            high = off @ self.up
            across = off - high[:, None] * self.up
            low = high.min()
            vertices[rows] = self.centre[fdi] + (low + 0.6 * (high - low))[:, None] * self.up + 0.7 * across
        return OddScan(vertices, self.faces, self.teeth)

    def with_scan_bodies(self, teeth: set[int]) -> OddScan:
        """Cylinders in place of these crowns."""
        parts = [_used(self.vertices, self.faces[~np.isin(self.fdi, list(teeth))])]
        for fdi in sorted(teeth):
            high = (self.vertices[np.unique(self.faces[self.fdi == fdi])] - self.centre[fdi]) @ self.up
            foot = self.centre[fdi] + self.up * (high.min() - 1)
            parts.append(cylinder(foot, self.up, 2.2, float(np.ptp(high)) + 4))
        return OddScan(*joined(*parts), self.teeth - teeth)

    def with_brackets(self) -> OddScan:
        """A block of 3.6 x 3.2 x 1.8 mm on the outer side of every crown."""
        vertices = self.vertices.copy()
        looks = np.zeros_like(vertices)
        for k in range(3):
            np.add.at(looks, self.faces[:, k], self.normals)
        looks /= np.linalg.norm(looks, axis=1, keepdims=True) + 1e-12
        middle = np.mean(list(self.centre.values()), axis=0)
        for fdi in self.teeth:
            out = self.centre[fdi] - middle
            out -= (out @ self.up) * self.up
            out /= np.linalg.norm(out)
            rows = np.unique(self.faces[self.fdi == fdi])
            front = rows[looks[rows] @ out > 0.6]
            off = self.vertices[front] - self.vertices[front].mean(0)
            under = (np.abs(off @ self.up) < 1.6) & (np.abs(off @ np.cross(self.up, out)) < 1.8)
            vertices[front[under]] += 1.8 * out
        return OddScan(vertices, self.faces, self.teeth)

    def die(self, fdi: int) -> OddScan:
        """One prepared tooth with 3 mm of gum on a stump."""
        stump = self.prepared({fdi})
        tip = stump.vertices[np.unique(self.faces[self.fdi == fdi])]
        near = cKDTree(tip).query(stump.vertices[self.faces].mean(1))[0] < 3
        vertices, faces = _used(stump.vertices, self.faces[near])
        foot = vertices.mean(0) + self.up * (((vertices - vertices.mean(0)) @ self.up).min() - 20)
        return OddScan(*joined((vertices, faces), cylinder(foot, self.up, 9.0, 20.0)), frozenset({fdi}))

    def side_of(self, jaw_quadrants: tuple[int, int], place: int) -> set[int]:
        """The teeth of a place (1 to 8) on both sides."""
        return {fdi for fdi in self.teeth if position(fdi) == place and fdi // 10 in jaw_quadrants}


def cylinder(
    foot: np.ndarray, way: np.ndarray, radius: float, height: float, around: int = 48, rings: int = 24
) -> tuple[np.ndarray, np.ndarray]:
    """A cylinder with a lid and without a bottom: vertices and faces outward."""
    a, b = np.linalg.svd(way[None])[2][1:]
    b = b * np.sign(np.linalg.det([a, b, way]))
    turn = np.arange(around) * 2 * np.pi / around
    ring = radius * (np.cos(turn)[:, None] * a + np.sin(turn)[:, None] * b)
    vertices = np.concatenate([foot + way * height * k / rings + ring for k in range(rings + 1)])
    i = (np.arange(rings)[:, None] * around + np.arange(around)).ravel()
    j = (np.arange(rings)[:, None] * around + np.roll(np.arange(around), -1)).ravel()
    last = rings * around + np.arange(around)
    lid = np.stack([last, np.roll(last, -1), np.full(around, len(vertices))], 1)
    faces = np.concatenate([np.stack([i, j, j + around], 1), np.stack([i, j + around, i + around], 1), lid])
    return np.concatenate([vertices, [foot + way * height]]), faces


def joined(*parts: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Several meshes as one, in their order."""
    before = np.cumsum([0, *(len(vertices) for vertices, _ in parts[:-1])])
    faces = np.concatenate([faces + n for (_, faces), n in zip(parts, before, strict=True)])
    return np.concatenate([vertices for vertices, _ in parts]), faces


def _used(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rows, corners = np.unique(faces, return_inverse=True)
    return vertices[rows], corners.reshape(-1, 3)
