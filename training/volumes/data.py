"""Samples from a rolling folder that another process keeps refilling.

A sample is a pair of files: `<id>_image.npy` (float16, (D, H, W), raw grey values) and `<id>_target.npy` (uint8;
numbering: class index on the grid of half the resolution; border: see `training.volumes.losses`, on the image's grid;
topology: (2, D, H, W), the border target and the class index of the nearest tooth; tissues: likewise with the place in
`training.patients.targets.TISSUE_CLASSES`; teeth: class index on the image's
grid; mask: 1 where a tooth is, there too; structures: the place in `training.patients.targets.STRUCTURE_CLASSES`, +16
in the canals, on the image's grid; canals: the place in `training.patients.targets.CANAL_CLASSES`, there too).
Axes: z to superior, y to anterior, x to the patient's right. Files appear by atomic rename, the target first or last,
and may vanish at any moment; both are normal here.
"""

from __future__ import annotations

import errno
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.volumes.losses import CONTACT_FLAG, IGNORE

IMAGE_SUFFIX, TARGET_SUFFIX = "_image.npy", "_target.npy"


@dataclass(frozen=True)
class DataPlan:
    """How samples are cropped and varied. `patch` is (z, y, x) in image voxels."""

    task: str
    patch: tuple[int, int, int]
    flip_axes: tuple[int, ...] = (2,)
    foreground: float = 0.5
    contact: float = 0.0
    scale: tuple[float, float] = (0.75, 1.3)
    shift: float = 0.2
    gamma: tuple[float, float] = (0.7, 1.5)
    noise: float = 0.15
    # the share of bone and air differs between a whole head and a small field of view: so does what the clip saturates
    highest: tuple[float, float] = (98.5, 99.9)
    # only the first so many samples of the folder; 0: all that are there
    samples: int = 0

    @classmethod
    def from_config(cls, config: dict) -> DataPlan:
        """The `task` and `data` of a configuration."""
        values = {key: tuple(value) if isinstance(value, list) else value for key, value in config["data"].items()}
        return cls(task=config["task"], **values)

    @property
    def stride(self) -> int:
        return 2 if self.task == "numbering" else 1


def flipped_classes() -> np.ndarray:
    """Lookup (256,) uint8 from class index to the class of the tooth mirrored left to right (1<->2, 3<->4)."""
    table = np.arange(256, dtype=np.uint8)
    upper_right, upper_left, lower_left, lower_right = (np.arange(8) + start for start in (1, 9, 17, 25))
    table[upper_right], table[upper_left] = upper_left, upper_right
    table[lower_left], table[lower_right] = lower_right, lower_left
    return table


_FLIPPED = {"numbering": flipped_classes(), "teeth": flipped_classes()}
"""What a left-right flip makes of the classes, for the tasks whose classes have a side."""


def normalise(image: np.ndarray, reference: np.ndarray | None = None, highest: float = 99.5) -> np.ndarray:
    """Clip to the 0.5 and `highest` percentiles, then z-score; statistics from `reference` (default: the image).

    At most about 200,000 voxels of the reference are looked at, which moves the percentiles by well under 1 % of the
    range and keeps the loader cheap.
    """
    reference = image if reference is None else reference
    step = max(1, round((reference.size / 200_000) ** (1 / 3)))
    values = np.asarray(reference[::step, ::step, ::step], dtype=np.float32)
    low, high = (float(limit) for limit in np.percentile(values, (0.5, highest)))
    values = np.clip(values, low, high)
    result = np.clip(np.asarray(image, dtype=np.float32), low, high)
    result -= float(values.mean())
    result /= max(float(values.std()), 1e-6)
    return result


def list_samples(folder: Path) -> list[str]:
    """Ids of the samples whose two files are there now."""
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    ids = {name.removesuffix(IMAGE_SUFFIX) for name in names if name.endswith(IMAGE_SUFFIX)}
    return sorted(sample for sample in ids if sample + TARGET_SUFFIX in names)


def load_sample(folder: Path, sample: str, plan: DataPlan) -> tuple[np.ndarray, np.ndarray]:
    """Memory-mapped (image, target).

    Raises
    ------
    FileNotFoundError
        The sample has vanished, or another has just taken its place.
    ValueError
        The two shapes do not belong together.
    """
    path = folder / (sample + IMAGE_SUFFIX)
    before = path.stat()
    image = np.load(path, mmap_mode="r")
    target = np.load(folder / (sample + TARGET_SUFFIX), mmap_mode="r")
    after = path.stat()  # a sample is replaced image, target, image: were it not the same file, the pair might be mixed
    if (before.st_ino, before.st_mtime_ns) != (after.st_ino, after.st_mtime_ns):
        raise FileNotFoundError(errno.ENOENT, "another sample has just taken its place", str(path))
    if tuple(size // plan.stride for size in image.shape) != target.shape[-3:]:
        raise ValueError(
            f"{folder / sample}: image {image.shape} and target {target.shape} do not fit together; "
            f"the target of a {plan.task} sample has 1/{plan.stride} of the image's size."
        )
    return image, target


def _crop_start(shape: tuple[int, ...], plan: DataPlan, target: np.ndarray, rng: np.random.Generator) -> list[int]:
    """First voxel of a patch: uniform, or around a random tooth (or contact, or canal) voxel."""
    room = [max(0, size - side) for size, side in zip(shape, plan.patch, strict=True)]
    start = [int(rng.integers(0, extra + 1)) for extra in room]
    if any(room) and rng.random() < plan.foreground:
        # A handful of random voxels find a tooth nearly always and cost nothing on a memory-mapped file.
        spots = [rng.integers(0, size, 512) for size in target.shape[-3:]]
        values = np.asarray((target if target.ndim == 3 else target[0])[tuple(spots)])
        hits = np.flatnonzero((values != 0) & (values != IGNORE))
        if plan.contact and rng.random() < plan.contact:
            touching = np.flatnonzero(((values & CONTACT_FLAG) > 0) & (values != IGNORE))
            hits = touching if len(touching) else hits
        if len(hits):
            pick = int(rng.choice(hits))
            centre = [int(axis[pick]) * plan.stride for axis in spots]
            start = [
                min(max(0, c - side // 2 + int(rng.integers(-side // 4, side // 4 + 1))), extra)
                for c, side, extra in zip(centre, plan.patch, room, strict=True)
            ]
    return [value - value % plan.stride for value in start]


def crop(
    image: np.ndarray, target: np.ndarray, plan: DataPlan, rng: np.random.Generator, vary: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """A normalised float32 patch and its target; smaller samples are padded (target 255 = unknown)."""
    start = _crop_start(image.shape, plan, target, rng)
    window = tuple(slice(s, s + side) for s, side in zip(start, plan.patch, strict=True))
    coarse = tuple(slice(w.start // plan.stride, w.stop // plan.stride) for w in window)
    highest = rng.uniform(*plan.highest) if vary and rng.random() < 0.5 else 99.5
    patch, labels = normalise(image[window], image, highest), np.asarray(target[(..., *coarse)])
    missing = [side - size for side, size in zip(plan.patch, patch.shape, strict=True)]
    if any(missing):
        patch = np.pad(patch, [(0, m) for m in missing], constant_values=float(patch.min()))
        edges = [(0, 0)] * (labels.ndim - 3) + [(0, m // plan.stride) for m in missing]
        labels = np.pad(labels, edges, constant_values=IGNORE)
    return patch, labels


def augment(
    image: np.ndarray, target: np.ndarray, plan: DataPlan, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Mirrored and re-toned copy; a left-right flip of numbers swaps the quadrants."""
    for axis in plan.flip_axes:
        if rng.random() < 0.5:
            image, target = np.flip(image, axis), np.flip(target, axis - 3)
            if plan.task in _FLIPPED and axis == 2:
                target = _FLIPPED[plan.task][target]
    image = np.ascontiguousarray(image)
    if rng.random() < 0.3:
        low, high = float(image.min()), float(image.max())
        if high > low:
            image = (image - low) / (high - low)
            image = np.power(image, rng.uniform(*plan.gamma), dtype=np.float32) * (high - low) + low
    if plan.noise and rng.random() < 0.3:
        image = image + rng.standard_normal(image.shape, dtype=np.float32) * np.float32(rng.uniform(0, plan.noise))
    image = image * np.float32(rng.uniform(*plan.scale)) + np.float32(rng.normal(0.0, plan.shift))
    return image, np.array(target)  # a copy: torch wants writable memory


class Buffer:
    """Endless random batches from a rolling folder, prepared in background threads."""

    def __init__(self, folder: Path, plan: DataPlan, batch: int, seed: int, workers: int = 1, rescan: int = 20) -> None:
        self.folder, self.plan, self.batch, self.rescan = Path(folder), plan, batch, rescan
        self._queue: queue.Queue = queue.Queue(maxsize=4)
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(np.random.default_rng([seed, index]),), daemon=True)
            for index in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def _sample(self, rng: np.random.Generator, ids: list[str]) -> tuple[np.ndarray, np.ndarray] | None:
        """One augmented sample, or None when the chosen one has just vanished."""
        sample = ids[int(rng.integers(len(ids)))]
        try:
            image, target = load_sample(self.folder, sample, self.plan)
            return augment(*crop(image, target, self.plan, rng), self.plan, rng)
        except FileNotFoundError:
            ids.remove(sample)
            return None

    def _work(self, rng: np.random.Generator) -> None:
        try:
            ids: list[str] = []
            made = 0
            while not self._stop.is_set():
                if not ids or made % self.rescan == 0:
                    ids = list_samples(self.folder)[: self.plan.samples or None]
                if not ids:
                    time.sleep(1.0)
                    continue
                pairs = []
                while ids and len(pairs) < self.batch:
                    pair = self._sample(rng, ids)
                    if pair is not None:
                        pairs.append(pair)
                if len(pairs) < self.batch:
                    continue
                made += 1
                self._put((np.stack([p[0] for p in pairs])[:, None], np.stack([p[1] for p in pairs])))
        except Exception as error:  # handed to the training thread, which raises it  # noqa: BLE001
            self._put(error)

    def _put(self, item: object) -> None:
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=0.5)
                return
            except queue.Full:
                continue

    def next(self) -> tuple[np.ndarray, np.ndarray]:
        """(images (B, 1, D, H, W) float32, targets (B, ...) uint8); waits while the folder is still empty."""
        waited = 0
        while True:
            try:
                item = self._queue.get(timeout=10.0)
            except queue.Empty:
                waited += 10
                print(f"waiting for samples in {self.folder} ({waited} s)", flush=True)
                continue
            if isinstance(item, Exception):
                raise item
            return item

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=5.0)


def validation_samples(folder: Path, plan: DataPlan, limit: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Up to `limit` fixed, unaugmented patches (1, 1, D, H, W) and targets, the same at every call."""
    for index, sample in enumerate(list_samples(Path(folder))[:limit]):
        image, target = load_sample(Path(folder), sample, plan)
        patch, labels = crop(image, target, plan, np.random.default_rng(index), vary=False)
        yield patch[None, None], np.array(labels)[None]
