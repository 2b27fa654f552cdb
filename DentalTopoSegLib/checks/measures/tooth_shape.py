"""The long axis, the length and the roots of a tooth of a label map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...dentition import is_upper, jaw

#: A tooth whose longest principal axis is not longer than this times the second shows no long axis: a germ, a stump.
_LEAST_ELONGATION = 1.15
#: From this cosine to the jaw's upward axis on, the jaw tells which end is the root; else the tooth's own shape does.
_STANDING = 0.5
#: A skewness of its mass along the axis below this tells no end from the other.
_LEAST_SKEWNESS = 0.08
#: A root is told apart from a bump by standing free for so long, mm.
ROOT_MM = 2.5
#: Between the levels at which a tooth is cut in search of its roots, mm.
_STEP_MM = 0.5
#: Expanded uncertainties (95 %) of the voxels' part, `Testing/unit/checks/test_tooth_shape.py`: of a length, in voxels,
#: and of an axis, degrees.
LENGTH_VOXELS, AXIS_DEG = 1.0, 2.0


@dataclass(frozen=True)
class ToothShape:
    """A tooth's axis and length.

    Parameters
    ----------
    axis : (3,) array
        Unit vector along the longest principal axis of inertia, from the crown to the root.
    centre : (3,) array
        Centre of mass, RAS mm; the axis runs through it.
    crown_end, root_end : float
        Where the tooth's surface ends along the axis, mm from the centre; the first is negative.
    """

    axis: np.ndarray
    centre: np.ndarray
    crown_end: float
    root_end: float

    @property
    def length_mm(self) -> float:
        """From the farthest point of the crown to the farthest of the roots, both projected on the long axis: the
        tooth length of CBCT studies (e.g. Sherrard et al., Am J Orthod Dentofacial Orthop 2010;137:S100), except that
        the axis is that of inertia instead of one drawn by hand."""
        return self.root_end - self.crown_end

    @property
    def crown_point(self) -> np.ndarray:
        """(3,) RAS mm: where the axis leaves the crown."""
        return self.centre + self.crown_end * self.axis

    @property
    def root_point(self) -> np.ndarray:
        """(3,) RAS mm: where the axis leaves the root."""
        return self.centre + self.root_end * self.axis

    def along(self, points: np.ndarray) -> np.ndarray:
        """(...,) mm along the axis from the centre, growing towards the root, of (..., 3) RAS mm."""
        return (np.asarray(points) - self.centre) @ self.axis


def tooth_shape(
    fdi: int, points: np.ndarray, surface: np.ndarray, up: np.ndarray | None, crown: np.ndarray | None = None
) -> ToothShape | None:
    """The shape of a tooth.

    Parameters
    ----------
    fdi : int
        Which tooth.
    points : (n, 3) array
        RAS mm of its voxels' centres.
    surface : (m, 3) array
        RAS mm of its surface, `subvoxel.surface_points`.
    up : (3,) array, optional
        The head's upward direction, where the teeth show it.
    crown : (3,) array, optional
        A place in the crown, such as the middle of its enamel.

    Returns
    -------
    ToothShape or None
        None where the tooth has no long axis, or nothing tells its crown from its root.
    """
    centre = points.mean(axis=0)
    about = np.atleast_2d(np.cov((points - centre).T)) if len(points) > 1 else np.full((3, 3), np.nan)
    if not np.isfinite(about).all():  # a single voxel, or lengths beyond what numbers hold
        return None
    spread, axes = np.linalg.eigh(about)
    if spread[1] <= 0 or np.sqrt(spread[2] / spread[1]) < _LEAST_ELONGATION:
        return None
    axis = axes[:, 2]
    towards = _root_direction(fdi, axis, points - centre, up, None if crown is None else crown - centre)
    if not towards:
        return None
    axis = axis * towards
    heights = (surface - centre) @ axis
    return ToothShape(axis, centre, float(heights.min()), float(heights.max()))


def _root_direction(
    fdi: int, axis: np.ndarray, points: np.ndarray, up: np.ndarray | None, crown: np.ndarray | None
) -> int:
    """1 where the axis points to the root, -1 to the crown, 0 where nothing tells it."""
    if crown is not None:
        return -1 if crown @ axis > 0 else 1
    if up is not None and abs(up @ axis) >= _STANDING:
        return 1 if (up @ axis > 0) == is_upper(fdi) else -1
    along = points @ axis  # a crown is bulky, a root thins out: the mass has its long tail there
    skewness = float((along**3).mean() / (along**2).mean() ** 1.5)
    return int(np.sign(skewness)) if abs(skewness) >= _LEAST_SKEWNESS else 0


@dataclass(frozen=True)
class Root:
    """One root of a tooth.

    Parameters
    ----------
    tip : (3,) array
        RAS mm of its end.
    points : (n, 3) array
        RAS mm of the centres of the voxels where it stands free of the others; all below the middle of a single root.
    name : str
        "mesial", "distal", "buccal", "lingual", "mesiobuccal" and so on of several; "" of a single one, or where
        nothing tells.
    """

    tip: np.ndarray
    points: np.ndarray
    name: str = ""


def find_roots(mask: np.ndarray, places: np.ndarray, shape: ToothShape) -> list[Root]:
    """The roots of a tooth: what stands free for at least `ROOT_MM` when the tooth is cut across its axis, nearer and
    nearer to the crown.

    Parameters
    ----------
    mask : (z, y, x) bool array
        The tooth.
    places : (n, 3) array
        RAS mm of its voxels, in the order of `np.argwhere(mask)`.
    shape : ToothShape
        Its axis.
    """
    from scipy import ndimage

    heights = shape.along(places)
    field = np.full(mask.shape, -np.inf)
    field[mask] = heights
    middle = (shape.crown_end + shape.root_end) / 2
    lower = heights > middle  # nothing nearer to the crown is cut
    if not lower.any():
        return []
    field = field[ndimage.find_objects((field > middle).view(np.uint8))[0]]
    mask, places, heights = field > middle, places[lower], heights[lower]
    block = np.ones((3, 3, 3), bool)
    found: list[tuple[float, np.ndarray]] = []  # (height of the tip, which voxels) of free pieces at the level before
    done: list[np.ndarray] = []
    level = float(heights.max()) - _STEP_MM
    while level > middle:
        pieces, count = ndimage.label(field >= level, block)
        of_voxels = pieces[mask]
        here = [(float(heights[of_voxels == k].max()), of_voxels == k) for k in range(1, count + 1)]
        for tip, own in found:
            joined = next(piece for piece in here if (piece[1] & own).any())
            several = [other for other in found if (joined[1] & other[1]).any()]
            if len(several) > 1 and tip - (level + _STEP_MM) >= ROOT_MM:
                done.append(own)
        found = here
        level -= _STEP_MM
    done += [own for tip, own in found if tip - middle >= ROOT_MM and not any((own & other).any() for other in done)]
    roots = [Root(places[own][np.argmax(heights[own])], places[own]) for own in done]
    return sorted(roots, key=lambda root: tuple(root.tip))


def named_roots(fdi: int, roots: list[Root], outwards: np.ndarray, mesial: np.ndarray) -> list[Root]:
    """The same with the names of their sides.

    outwards, mesial: (3,) directions at the tooth, to the cheek or lip and along the arch to the midline.
    """
    if len(roots) not in (2, 3):
        return roots
    tips = np.array([root.tip for root in roots])
    out, front = (tips - tips.mean(axis=0)) @ outwards, (tips - tips.mean(axis=0)) @ mesial
    inner = "palatal" if jaw(fdi) == "upper" else "lingual"
    names = [""] * len(roots)
    if len(roots) == 2:
        side, words = (front, ("mesial", "distal")) if np.ptp(front) > np.ptp(out) else (out, ("buccal", inner))
        names[int(np.argmax(side))], names[int(np.argmin(side))] = words
    elif jaw(fdi) == "upper":
        alone = int(np.argmin(out))
        names[alone] = inner
        outer = sorted((i for i in range(3) if i != alone), key=lambda i: -front[i])
        names[outer[0]], names[outer[1]] = "mesiobuccal", "distobuccal"
    else:
        alone = int(np.argmin(front))  # two mesial canals may have roots of their own
        names[alone] = "distal"
        outer = sorted((i for i in range(3) if i != alone), key=lambda i: -out[i])
        names[outer[0]], names[outer[1]] = "mesiobuccal", "mesiolingual"
    return [Root(root.tip, root.points, name) for root, name in zip(roots, names, strict=True)]
