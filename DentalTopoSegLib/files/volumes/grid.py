"""A volume on its grid: the one place where voxel indices become millimetres.

Arrays are (z, y, x); `spacing`, `origin` and `direction` are ITK's: (x, y, z) order, millimetres, LPS
axes. Positions handed to people are RAS millimetres: (R, A, S) = (-Lx, -Ly, Lz) of ITK's LPS point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ...errors import InputError

IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
_LPS_TO_RAS = np.array([-1.0, -1.0, 1.0])


@dataclass(frozen=True, eq=False)
class Volume:
    """A scalar image or label map on a regular grid.

    Parameters
    ----------
    array : ndarray
        (z, y, x).
    spacing : tuple of float
        Voxel size in mm, (x, y, z).
    origin : tuple of float
        Centre of voxel (0, 0, 0) in LPS mm.
    direction : tuple of float
        3x3 row-major; its columns are the LPS directions of the x, y, z index axes.
    name : str
        A file stem.
    metadata : dict of str
        The header of the file, where it has one.
    orientation_stated : str
        The user's word by which it is placed (`read_volume`); "" where its file says where it lies.
    """

    array: np.ndarray
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)
    direction: tuple[float, ...] = IDENTITY
    name: str = "volume"
    metadata: dict[str, str] = field(default_factory=dict)
    orientation_stated: str = ""

    def __post_init__(self) -> None:
        if self.array.ndim != 3:
            raise InputError(f"A volume has three axes, this array has {self.array.ndim}: give a 3D array.")
        for key, count in (("spacing", 3), ("origin", 3), ("direction", 9)):
            values = tuple(float(v) for v in getattr(self, key))
            if len(values) != count or not np.all(np.isfinite(values)):
                raise InputError(f"The volume's {key} needs {count} finite numbers, it has {values}.")
            if key == "direction":  # ITK's inverse fails on denormal entries such as 1e-308
                values = tuple(round(v, 12) + 0.0 for v in values)
            object.__setattr__(self, key, values)
        if min(self.spacing) <= 0:
            raise InputError(f"The volume's spacing must be positive, it is {self.spacing} mm.")

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.array.shape  # type: ignore[return-value]

    @property
    def voxel_volume_mm3(self) -> float:
        return float(np.prod(self.spacing))

    def index_to_ras_matrix(self) -> np.ndarray:
        """(4, 4) matrix from a homogeneous (x, y, z, 1) index to RAS mm (note the axis order)."""
        matrix = np.eye(4)
        matrix[:3, :3] = np.reshape(self.direction, (3, 3)) * np.asarray(self.spacing)
        matrix[:3, 3] = self.origin
        matrix[:3] *= _LPS_TO_RAS[:, None]
        return matrix

    def index_to_ras(self, index_zyx: Sequence[float] | np.ndarray) -> np.ndarray:
        """(..., 3) voxel indices in (z, y, x) order, fractions allowed -> (..., 3) RAS mm."""
        matrix = self.index_to_ras_matrix()
        index_xyz = np.asarray(index_zyx, dtype=float)[..., ::-1]
        return index_xyz @ matrix[:3, :3].T + matrix[:3, 3]

    def ras_to_index(self, ras: Sequence[float] | np.ndarray) -> np.ndarray:
        """(..., 3) RAS mm -> (..., 3) fractional voxel indices in (z, y, x) order."""
        matrix = self.index_to_ras_matrix()
        index_xyz = (np.asarray(ras, dtype=float) - matrix[:3, 3]) @ np.linalg.inv(matrix[:3, :3]).T
        return index_xyz[..., ::-1]

    def ras_bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper RAS corner (mm) of the box around all voxels, their outer faces included."""
        last = np.asarray(self.shape) - 0.5
        corners = np.array([[(-0.5, last[a])[i >> a & 1] for a in range(3)] for i in range(8)])
        ras = self.index_to_ras(corners)
        return ras.min(axis=0), ras.max(axis=0)

    def with_array(self, array: np.ndarray) -> Volume:
        """The same grid with other values; InputError when the shape differs."""
        if array.shape != self.array.shape:
            raise InputError(f"The array has shape {array.shape}, the grid has {self.array.shape}.")
        return replace(self, array=array)

    def same_grid(self, other: Volume, tolerance_mm: float = 1e-2) -> bool:
        """True when both grids have the same size and no voxel centre differs by more than the tolerance."""
        if self.shape != other.shape:
            return False
        corners = np.array([[0, 0, 0], np.asarray(self.shape) - 1])
        offsets = np.abs(self.index_to_ras(corners) - other.index_to_ras(corners))
        same_axes = np.allclose(self.direction, other.direction, atol=1e-4)
        return bool(same_axes and offsets.max() <= tolerance_mm)

    def to_sitk(self):
        """A SimpleITK image holding a copy of the voxels."""
        import SimpleITK as sitk

        array = self.array.astype(np.uint8) if self.array.dtype == bool else self.array
        image = sitk.GetImageFromArray(array)
        image.SetSpacing(self.spacing)
        image.SetOrigin(self.origin)
        image.SetDirection(self.direction)
        return image

    @classmethod
    def from_sitk(cls, image, name: str = "volume") -> Volume:
        """A Volume holding a copy of a scalar 3D SimpleITK image's voxels."""
        import SimpleITK as sitk

        return cls(sitk.GetArrayFromImage(image), image.GetSpacing(), image.GetOrigin(), image.GetDirection(), name)
