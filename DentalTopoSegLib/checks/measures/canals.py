"""A mandibular canal as a tube: its pieces, its ends, and the gaps between its pieces."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ...cbct.mask_topology import pieces_and_cavities
from ...files.volumes.boxes import Box
from .subvoxel import Line, shortest_line, surface_points

if TYPE_CHECKING:
    from ...files.volumes import Volume

#: Smaller pieces are specks, not parts of a canal, mm³.
SPECK_MM3 = 2.0
#: How finely the way along a canal is cut, and how long a branch is at least, mm.
_CUT_MM, BRANCH_MM = 2.0, 6.0
#: The part of a piece by which its end is found, mm along it from the end.
_END_MM = (2.5, 12.0)


@dataclass(frozen=True)
class End:
    """One end of a piece: the middle (3,) RAS mm of where it ends, and the direction (3,) in which it does."""

    place: np.ndarray
    outwards: np.ndarray


class Piece:
    """A connected piece of a canal.

    Parameters
    ----------
    mask : (z, y, x) bool array
        Its voxels in the box.
    box : Box
        Where in the label map.
    labels : Volume
        The grid.
    """

    def __init__(self, mask: np.ndarray, box: Box, labels: Volume) -> None:
        self.mask, self.box, self.labels = mask, box, labels
        self.places = labels.index_to_ras(np.argwhere(mask) + [part.start for part in box])

    @property
    def volume_mm3(self) -> float:
        return len(self.places) * self.labels.voxel_volume_mm3

    @cached_property
    def surface(self) -> np.ndarray:
        """(n, 3) RAS mm."""
        return surface_points(self.mask, self.box, self.labels)

    @cached_property
    def _graph(self) -> Any:
        """Ways (mm) between neighbouring voxels."""
        from scipy.sparse import coo_array
        from scipy.spatial import cKDTree

        reach = 1.01 * float(np.linalg.norm(self.labels.spacing))
        pairs = cKDTree(self.places).query_pairs(reach, output_type="ndarray")
        ways = np.linalg.norm(self.places[pairs[:, 0]] - self.places[pairs[:, 1]], axis=1)
        count = len(self.places)
        return coo_array((ways, (pairs[:, 0], pairs[:, 1])), shape=(count, count)).tocsr()

    def _ways_from(self, start: int) -> np.ndarray:
        from scipy.sparse.csgraph import dijkstra

        return np.asarray(dijkstra(self._graph, directed=False, indices=start))

    @cached_property
    def _ways(self) -> np.ndarray:
        """(n,) mm along the piece from the first of its two farthest ends."""
        return self._ways_from(int(np.argmax(self._ways_from(0))))

    @property
    def length_mm(self) -> float:
        """Along the piece, from end to end."""
        return float(self._ways.max())

    @property
    def radius_mm(self) -> float:
        """Of a tube of its volume and length."""
        return float(np.sqrt(self.volume_mm3 / (np.pi * max(self.length_mm, 1e-6))))

    @cached_property
    def ends(self) -> tuple[End, End]:
        """The two that lie farthest apart along the piece."""
        back = self.length_mm - self._ways
        return self._end(self._ways), self._end(back)

    def _end(self, ways: np.ndarray) -> End:
        """By the parabola of least squares through the piece's last part, but for the very last: the way begins at the
        end's edge, so that cuts are slanting there."""
        low, high = _END_MM
        part = (ways >= low) & (ways <= high)
        if not part.any() or np.ptp(ways[part]) < low:
            part = np.ones(len(ways), bool)  # a short piece: all of it
        curve = np.polynomial.polynomial.polyfit(ways[part], self.places[part], 2)
        at = float(ways[part].min())
        outwards = -(curve[1] + 2 * at * curve[2])
        outwards = outwards / max(float(np.linalg.norm(outwards)), 1e-9)
        inner = curve[0] + at * curve[1] + at**2 * curve[2]
        reach = float(np.percentile((self.places[ways <= at + low] - inner) @ outwards, 95))
        return End(inner + max(reach, 0.0) * outwards, outwards)

    @cached_property
    def number_of_ends(self) -> int:
        """Two of a tube; more where branches of at least `BRANCH_MM` leave it."""
        from scipy.sparse.csgraph import connected_components

        cut = np.floor(self._ways / _CUT_MM).astype(int)
        graph = self._graph.tocoo()
        same = cut[graph.row] == cut[graph.col]
        inside = type(graph)((graph.data[same], (graph.row[same], graph.col[same])), shape=graph.shape)
        _, part = connected_components(inside, directed=False)  # the cuts' connected parts
        of_part = np.zeros(part.max() + 1, int)
        of_part[part] = cut
        across = np.unique(np.sort(np.stack([part[graph.row[~same]], part[graph.col[~same]]]), axis=0), axis=1)
        before: dict[int, set[int]] = {}
        after: dict[int, set[int]] = {}
        for a, b in across.T.tolist():
            near, far = sorted((a, b), key=lambda one: of_part[one])
            before.setdefault(far, set()).add(near)
            after.setdefault(near, set()).add(far)
        tips = [one for one in range(len(of_part)) if one not in after]
        return 1 + max(1, sum(_branch_cuts(tip, before, after) * _CUT_MM >= BRANCH_MM for tip in tips))


def _branch_cuts(tip: int, before: dict[int, set[int]], after: dict[int, set[int]]) -> int:
    """How many cuts a branch is long, from its tip to where it leaves another."""
    count, here = 1, tip
    while (back := before.get(here)) and len(back) == 1:
        (here,) = back
        if len(after.get(here, ())) > 1:
            return count
        count += 1
    return count


def pieces_of(mask: np.ndarray, box: Box, labels: Volume) -> list[Piece]:
    """The connected pieces of a canal's mask without specks, the largest first."""
    parts, count, _, _ = pieces_and_cavities(mask)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:] * labels.voxel_volume_mm3
    kept = [k + 1 for k in np.argsort(-sizes) if sizes[k] >= SPECK_MM3]
    return [Piece(parts == k, box, labels) for k in kept]


@dataclass(frozen=True)
class Gap:
    """Where a canal is interrupted: the two ends that face each other, the shortest line between the two pieces, and
    the radius (mm) of both."""

    first: End
    second: End
    line: Line
    radius_mm: float

    def way(self, count: int = 200) -> np.ndarray:
        """(count, 3) RAS mm: a smooth curve (cubic Hermite) from one end into the other, in the directions that the
        canal has at both."""
        span = self.second.place - self.first.place
        size = float(np.linalg.norm(span))
        t = np.linspace(0.0, 1.0, count)[:, None]
        return (
            (2 * t**3 - 3 * t**2 + 1) * self.first.place
            + (t**3 - 2 * t**2 + t) * size * self.first.outwards
            + (3 * t**2 - 2 * t**3) * self.second.place
            + (t**2 - t**3) * size * self.second.outwards
        )


def gaps_between(pieces: list[Piece]) -> list[Gap]:
    """The gaps that must be bridged to make one of the pieces: of all ways to do that, the shortest."""
    joined, rest, gaps = pieces[:1], list(pieces[1:]), []
    while rest:
        lines = [
            (line, one, other)
            for one in joined
            for other in rest
            if (line := shortest_line(one.surface, other.surface)) is not None
        ]
        line, one, other = min(lines, key=lambda found: found[0].length_mm)
        ends = [(a, b) for a in one.ends for b in other.ends]
        first, second = min(ends, key=lambda pair: float(np.linalg.norm(pair[0].place - pair[1].place)))
        gaps.append(Gap(first, second, line, (one.radius_mm + other.radius_mm) / 2))
        joined.append(other)
        rest.remove(other)
    return gaps
