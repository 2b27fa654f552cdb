"""Training on from a finished network: every batch is drawn from its number alone.

So a run that was killed goes on as if it had not been, and several processes (torchrun), each with its share of every
batch, follow the curve of one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from training.loop import Loop, Measures
from training.nets.point_transformer import PointTransformer
from training.nets.unet import UNet
from training.surfaces.clouds import Sample, load
from training.surfaces.train_labels import LabelsTask, loss_terms
from training.volumes.data import augment, crop, load_sample
from training.volumes.train import Batch, VolumeTask

_AHEAD = 3
Drawn = TypeVar("Drawn")


def places() -> tuple[int, int]:
    """Which of how many processes this is."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def share_of(batch: int) -> range:
    """The rows of a batch that this process computes. ValueError where they cannot be shared evenly."""
    rank, count = places()
    if batch % count:
        raise ValueError(f"A batch of {batch} cannot be shared by {count} processes: choose a multiple (--batch).")
    return range(rank * batch // count, (rank + 1) * batch // count)


def parallel(net: nn.Module) -> nn.Module:
    """The network itself, or its share of several processes, whose gradients are the mean of all."""
    return net if places()[1] == 1 else DistributedDataParallel(net, broadcast_buffers=False)


def mean_over_all(rows: Sequence[Measures]) -> Measures:
    """Mean of every measure over the samples of all processes; NaN counts for none."""
    names = list(rows[0])
    known = [[row[name] for row in rows if not math.isnan(row[name])] for name in names]
    table = torch.tensor([[math.fsum(values), len(values)] for values in known], dtype=torch.float64)
    if places()[1] > 1:
        table = table.cuda() if distributed.get_backend() == "nccl" else table
        distributed.all_reduce(table)
    return {n: float(total / count) if count else math.nan for n, (total, count) in zip(names, table, strict=True)}


class Ahead(Generic[Drawn]):
    """Batches by their numbers, prepared in the background some steps ahead."""

    def __init__(self, make: Callable[[int], Drawn], first: int) -> None:
        self.make, self.step = make, first
        self.pool = ThreadPoolExecutor(2)
        self.waiting: list[Future[Drawn]] = [self.pool.submit(make, first + k) for k in range(_AHEAD)]

    def next(self) -> Drawn:
        """The next batch."""
        self.waiting.append(self.pool.submit(self.make, self.step + _AHEAD))
        self.step += 1
        return self.waiting.pop(0).result()

    def close(self) -> None:
        """Draw no more."""
        self.pool.shutdown(cancel_futures=True)


class OwnVolumeTask(VolumeTask):
    """A numbering or border network that goes on from `start`, on the samples of a folder that is complete.

    The loss is the mean of its samples' losses, so that it does not matter which process has which sample.
    """

    def __init__(
        self, config: dict[str, Any], start: UNet, data: Path, names: Sequence[str], validation: Path, device: str
    ) -> None:
        self.start, self.names, self.seed = start, sorted(names), config["seed"]
        super().__init__(config, data, validation, device)
        self.shared = parallel(self.net)

    def build(self) -> nn.Module:
        return self.start.to(self.device, memory_format=torch.channels_last_3d)

    def open(self, step: int) -> None:
        self.batches = Ahead(self.batch_at, step)

    def close(self) -> None:
        self.batches.close()

    def batch_at(self, step: int) -> Batch:
        """This process's share of batch number `step`."""
        pairs = [self.sample_at(step, row) for row in share_of(self.settings.batch)]
        return np.stack([p[0] for p in pairs])[:, None], np.stack([p[1] for p in pairs])

    def sample_at(self, step: int, row: int) -> tuple[np.ndarray, np.ndarray]:
        """One varied patch and its target."""
        rng = np.random.default_rng([self.seed, step, row])
        image, target = load_sample(self.data, self.names[rng.integers(len(self.names))], self.plan)
        return augment(*crop(image, target, self.plan, rng), self.plan, rng)

    def next_batch(self) -> Batch:
        return self.batches.next()

    def autocast(self) -> torch.autocast:
        """bfloat16 on a GPU; the CPU computes in float32, alike on every processor."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda")

    def to_device(self, batch: Batch) -> tuple[Tensor, Tensor]:
        image, target = (torch.from_numpy(array) for array in batch)
        return image.to(self.device).contiguous(memory_format=torch.channels_last_3d), target.to(self.device)

    def losses(self, x: Tensor, y: Tensor, loop: Loop) -> tuple[Tensor, Measures]:
        with self.autocast():
            logits = self.shared(x)[0]
        rows = [self.measure_loss(logits[k : k + 1], y[k : k + 1]) for k in range(len(x))]
        told = [{"loss": float(loss.detach()), **measures} for loss, measures in rows]
        return torch.stack([loss for loss, _ in rows]).mean(), mean_over_all(told)


class OwnSurfaceTask(LabelsTask):
    """The surface network that goes on from `start`, on clouds that are all there."""

    def __init__(
        self, config: dict[str, Any], start: PointTransformer, variants: Sequence[Path], held: Sequence[Path]
    ) -> None:
        self.start = start
        super().__init__(config, variants, held)
        self.shared = parallel(self.net)

    def build(self) -> nn.Module:
        return self.start

    def generators(self) -> list[np.random.Generator]:
        return []

    def open(self, step: int) -> None:
        self.batches = Ahead(self.batch_at, step)

    def close(self) -> None:
        self.batches.close()

    def batch_at(self, step: int) -> list[tuple[int, Sample]]:
        """This process's share of batch number `step`, each sample with the seed of its queries."""
        drawn = []
        for row in share_of(self.settings.batch):
            rng = np.random.default_rng([self.config["seed"], step, row])
            files = self.draw.scans[rng.choice(len(self.draw.scans), p=self.draw.weight)]
            sample = load(files[rng.integers(len(files))], self.draw.plan, rng)
            drawn.append((int(rng.integers(2**31)), sample))
        return drawn

    def next_batch(self) -> list[tuple[int, Sample]]:
        return self.batches.next()

    def loss(self, batch: list[tuple[int, Sample]], loop: Loop) -> tuple[Tensor, Measures]:
        losses, told = [], []
        for seed, sample in batch:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                terms = loss_terms(self.shared, sample, self.config["loss"])
            losses.append(torch.stack(list(terms.values())).sum())
            told.append({"loss": float(losses[-1].detach()), "ce": float(terms["ce"].detach())})
        return torch.stack(losses).mean(), mean_over_all(told)
