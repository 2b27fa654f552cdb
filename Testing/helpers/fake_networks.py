"""Stand-ins for the two networks: probabilities made from a phantom's true labels, blurred and disturbed."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from scipy import ndimage

from DentalTopoSegLib.cbct.inference import CoarseMap
from DentalTopoSegLib.dentition import CLASS_FDI
from DentalTopoSegLib.files.volumes import resample_like

CLASS_OF = np.zeros(256, np.uint8)
CLASS_OF[list(CLASS_FDI)] = np.arange(len(CLASS_FDI))
_CACHE: dict = {}


def fake_models() -> dict:
    common = {"sha256": "0" * 64, "precision": "fp32", "size_bytes": 1}
    return {
        "numbering": SimpleNamespace(id="n", task="numbering", metadata={"spacing_mm": 1.0}, **common),
        "border": SimpleNamespace(id="b", task="border", metadata={"spacing_mm": 0.5}, **common),
    }


def core_mask(labels: np.ndarray, spacing: float, depth_mm: float = 0.6) -> np.ndarray:
    """Voxels deeper than depth_mm inside their own tooth."""
    core = np.zeros(labels.shape, bool)
    for value, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is not None:
            mask = np.pad(labels[box] == value, 1)
            core[box] |= (ndimage.distance_transform_edt(mask) * spacing > depth_mm)[1:-1, 1:-1, 1:-1]
    return core


def _once(key: tuple, make):
    """Keep what the tests ask for again and again: the same truth on the same grid."""
    if key not in _CACHE:
        _CACHE[key] = make()
    return _CACHE[key]


def _coarse(labels: np.ndarray, blur: float) -> np.ndarray:
    even = [n + n % 2 for n in labels.shape]
    padded = np.zeros(even, np.uint8)
    padded[tuple(slice(0, n) for n in labels.shape)] = labels
    blocks = [padded[z::2, y::2, x::2] for z in (0, 1) for y in (0, 1) for x in (0, 1)]
    maps = [sum((b == c).astype(np.float32) for b in blocks) / 8 for c in range(33)]
    return np.stack([ndimage.gaussian_filter(m, blur, truncate=2) for m in maps])


class FakeNetworks:
    """run_numbering and run_border of the CBCT path, answering from truth. wrong: FDI -> FDI the numbering
    network says; merge: teeth between which the border network sees no border."""

    def __init__(self, truth, seed: int = 0, noise: float = 0.05, wrong: dict[int, int] | None = None,
                 merge: tuple[int, ...] = ()) -> None:  # fmt: skip
        self.truth, self.noise, self.merge = truth, noise, merge
        self.rng = np.random.default_rng(seed)
        self.says = np.arange(256)
        for a, b in (wrong or {}).items():
            self.says[a] = b

    def _labels(self, grid) -> tuple[np.ndarray, tuple]:
        key = (id(self.truth), grid.array.shape, grid.origin, grid.spacing)
        _CACHE.setdefault(("keep", id(self.truth)), self.truth)  # ids stay unique while the object lives
        return _once(key, lambda: resample_like(self.truth, grid, "nearest").array), key

    def numbering(self, model, grid, scan, progress, cancelled) -> CoarseMap:
        labels, key = self._labels(grid)
        maps = _once((*key, tuple(self.says)), lambda: _coarse(CLASS_OF[self.says[labels]], 0.8)).copy()
        maps += self.noise * 0.1 * self.rng.random(maps.shape, dtype=np.float32)
        maps[0] += self.noise * self.rng.random(maps[0].shape, dtype=np.float32)
        maps /= maps.sum(0)
        progress("find the teeth", 1, 1)
        first = grid.index_to_ras(np.zeros(3)) + 0.5 * grid.spacing[0]
        return CoarseMap((maps * 255).round().astype(np.uint8), first, 2.0)

    def border(self, model, grid, scan, coarse, progress, cancelled, **_):
        labels, key = self._labels(grid)
        if self.merge:
            labels = labels.copy()
            labels[np.isin(labels, self.merge)] = self.merge[0]
            joined = ndimage.binary_closing(labels == self.merge[0], np.ones((3, 3, 3)), iterations=3)
            labels[joined & (labels == 0)] = self.merge[0]
        core = _once((*key, self.merge, "core"), lambda: core_mask(labels, grid.spacing[0]))
        noise = ndimage.uniform_filter(self.rng.standard_normal(core.shape, dtype=np.float32), 3)
        out = []
        for mask in (labels > 0, core):
            p = ndimage.gaussian_filter(mask.astype(np.float32), 0.5, truncate=2) + self.noise / noise.std() * noise
            out.append((np.clip(p, 0, 1) * 255).round().astype(np.uint8))
        progress("draw the borders", 1, 1)
        return out[0], out[1]

    def install(self, monkeypatch) -> None:
        monkeypatch.setattr("DentalTopoSegLib.cbct.segmenting.run_numbering", self.numbering)
        monkeypatch.setattr("DentalTopoSegLib.cbct.segmenting.run_border", self.border)
