"""Two jaws in one file: told by their surfaces alone, and taken apart where that can be done for certain.

A scanned jaw is an open surface, most of which looks to the other jaw. So two shells that look at each other are two
jaws in the bite; and two groups of shells that lie beside each other, each as wide as an arch, are two jaws too. The
shells of one jaw look the same way, and are narrow where it is in a left and a right half. A model's base, or the inner
wall of a hollow one, looks away from the jaw.
"""

from __future__ import annotations

from functools import cached_property
from itertools import combinations

import numpy as np
from scipy.spatial import cKDTree

from ..errors import InputError
from ..files.meshes import Surface
from ..files.meshes.geometry import face_components

#: Smaller shells decide nothing: of the whole surface, and mm^2.
_SHARE, _LEAST_MM2 = 0.02, 100.0
#: Of a jaw's half or more; the other shells of a pair may be as small as this share of all.
_LEAST_JAW = 0.15
#: How much of a surface looks one way: length of its mean normal. Scans of jaws have 0.32 to 0.51, closed models 0.
_OPEN = 0.15
#: Cosine between the ways that two jaws in the bite look, and between the ways of shells of one jaw.
_OPPOSITE, _SAME = -0.5, 0.3
#: An arch is at least so long, wide and high, mm; half of one is 25 wide at most, and the bottom of a base flat.
_ARCH_MM = (40.0, 30.0, 5.0)
#: More shells than this are not tried in all groupings.
_MOST_SHELLS = 8
#: How far the surface looks outward along an axis, as a share of its extent: facing jaws, which together look nowhere
#: (mean normals up to 0.13), have less than this along theirs.
_FACING, _NOWHERE = -0.02, 0.2
_SAMPLE = 20_000


def jaw_of_faces(surface: Surface, name: str) -> np.ndarray | None:
    """Which of two jaws each face belongs to, where a surface holds two.

    Parameters
    ----------
    surface : Surface
        Of one file, mm.
    name : str
        For the message.

    Returns
    -------
    ndarray or None
        (G,) 0 or 1; None for one jaw.

    Raises
    ------
    InputError
        For two jaws that face each other in one connected surface.
    """
    number, piece = face_components(surface.faces, len(surface.vertices), across="vertex")
    shells = _Shells(surface, piece, number)
    group = None
    if len(shells.large) >= 2:
        group = shells.facing()
        if group is None:
            group = shells.beside()
    if group is not None:
        return shells.spread(group)
    if shells.faces_itself():
        raise InputError(
            f"'{name}' holds both jaws in one connected surface, which cannot be taken apart for certain: export the "
            "upper and the lower jaw as two files."
        )
    return None


class _Shells:
    """The connected pieces of a surface. large: those that count, the largest first."""

    def __init__(self, surface: Surface, piece: np.ndarray, number: int) -> None:
        self.surface, self.piece, self.number = surface, piece, number
        self.areas = surface.areas
        area = np.bincount(piece, self.areas, number)
        order = np.argsort(-area, kind="stable")
        self.large = order[area[order] >= max(_SHARE * area.sum(), _LEAST_MM2)]
        self.area = area[self.large]
        self.total = float(area.sum())

    @cached_property
    def centres(self) -> np.ndarray:
        """(G, 3) mm."""
        return self.surface.vertices[self.surface.faces].mean(1)

    @cached_property
    def looks(self) -> np.ndarray:
        """(large, 3) sum of each one's normals, as long as the faces are large."""
        return self._sums(self.surface.crosses) / 2

    @cached_property
    def middle(self) -> np.ndarray:
        """(large, 3) sum of each one's centres, weighted by area."""
        return self._sums(self.centres * self.areas[:, None])

    def _sums(self, of_faces: np.ndarray) -> np.ndarray:
        return np.stack([np.bincount(self.piece, of_faces[:, k], self.number) for k in range(3)], 1)[self.large]

    def facing(self) -> np.ndarray | None:
        """(large,) 0 or 1 where two groups of shells look at each other."""
        openness = np.linalg.norm(self.looks, axis=1) / self.area
        if openness[0] < _OPEN:
            return None
        way = self.looks[0] / np.linalg.norm(self.looks[0])
        cosine = self.looks @ way / (np.linalg.norm(self.looks, axis=1) + 1e-9)
        sure = (np.abs(cosine) >= _SAME) & (openness >= _OPEN)
        group = np.where(cosine < 0, 1, 0)
        looks, middle, areas = ([part[sure & (group == g)].sum(0) for g in (0, 1)]
                                for part in (self.looks, self.middle, self.area))  # fmt: skip
        if min(areas) < _LEAST_JAW * self.total:
            return None
        a, b = (look / np.linalg.norm(look) for look in looks)
        between = middle[1] / areas[1] - middle[0] / areas[0]
        if a @ b > _OPPOSITE or between @ a <= 0 or between @ b >= 0:
            return None
        group[~sure] = -1
        return group

    def beside(self) -> np.ndarray | None:
        """(large,) 0 or 1 where two groups of shells lie beside each other, each as wide as an arch."""
        count = len(self.large)
        if count > _MOST_SHELLS:
            return None
        points = [self._points(k) for k in self.large]
        best, widest = None, 0.0
        for size in range(1, count):
            for others in combinations(range(1, count), size):  # the first stays in the first group
                group = np.zeros(count, int)
                group[list(others)] = 1
                both = [np.concatenate([p for p, g in zip(points, group, strict=True) if g == side]) for side in (0, 1)]
                gap = _gap(*both)
                if gap > widest and all(_is_arch(part) for part in both):
                    best, widest = group, gap
        return best

    def _points(self, shell: int) -> np.ndarray:
        own = self.centres[self.piece == shell]
        return own[:: len(own) // (_SAMPLE // 10) + 1]

    def spread(self, group: np.ndarray) -> np.ndarray:
        """(G,) 0 or 1: that of each face's shell, for small and doubtful shells that of the nearest one."""
        of_piece = np.full(int(self.piece.max()) + 1, -1)
        of_piece[self.large] = group
        known = of_piece[self.piece] >= 0
        if not known.all():
            step = int(known.sum()) // _SAMPLE + 1
            near = np.flatnonzero(known)[::step]
            rest = np.flatnonzero(~known)
            nearest = cKDTree(self.centres[near]).query(self.centres[rest])[1]
            votes = of_piece[self.piece[near]][nearest]
            ones = np.bincount(self.piece[rest], votes, len(of_piece))
            of_piece = np.where(
                of_piece < 0, (2 * ones > np.bincount(self.piece[rest], minlength=len(of_piece))), of_piece
            )
        return of_piece[self.piece].astype(np.int8)

    def faces_itself(self) -> bool:
        """Whether the surface looks inward along one of its axes and outward along the others (or the reverse, where
        it is inside out): so do two jaws in the bite, and nothing else."""
        crosses = self.surface.crosses
        if np.linalg.norm(crosses.sum(0)) / 2 > _NOWHERE * self.total:
            return False
        few = self.centres[:: len(self.centres) // _SAMPLE + 1]
        middle = (self.centres * self.areas[:, None]).sum(0) / self.total
        axes = np.linalg.eigh(np.cov((few - middle).T))[1].T
        extent = np.ptp(few @ axes.T, axis=0) + 1e-9
        outward = ((self.centres - middle) @ axes.T * (crosses @ axes.T)).sum(0) / (2 * self.total) / extent
        for k in range(3):
            others = outward.sum() - outward[k]
            if outward[k] * np.sign(others) < _FACING:
                return True
        return False


def _gap(a: np.ndarray, b: np.ndarray) -> float:
    """mm of free space between two sets of points along the line through their middles; below 0 where they overlap."""
    way = b.mean(0) - a.mean(0)
    way /= np.linalg.norm(way) + 1e-9
    return float(np.percentile(b @ way, 1) - np.percentile(a @ way, 99))


def _is_arch(points: np.ndarray) -> bool:
    axes = np.linalg.eigh(np.cov(points.T))[1].T
    return bool((np.ptp(points @ axes.T, axis=0)[::-1] >= _ARCH_MM).all())
