"""Seconds of a network on the CPU, by each provider that is installed here."""

from __future__ import annotations

import importlib.util
import time

import numpy as np

from DentalTopoSegLib.networks.models import Model

RUNS = 3


def providers_here() -> list[str]:
    """ "onnxruntime", and "openvino" where it is installed."""
    return ["onnxruntime"] + ["openvino"] * (importlib.util.find_spec("openvino") is not None)


def seconds(model: Model, shape: tuple[int, int, int]) -> float:
    """Wall-clock seconds of `Model.run` on random normal input (D, H, W), the best of three runs after one to warm up.

    Sides that are no multiple of the network's divisor are rounded up to one. ValueError for a side below 1.
    """
    if len(shape) != 3 or min(shape) < 1:
        raise ValueError(f"A network is timed on (D, H, W) with sides of at least 1, not on {tuple(shape)}.")
    divisor = int(model.metadata["divisor"])
    sides = tuple(-(-side // divisor) * divisor for side in shape)
    image = np.random.default_rng(0).standard_normal(sides, dtype=np.float32)
    model.run(image)  # OpenVINO prepares its kernels for a new shape in the first pass
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        model.run(image)
        times.append(time.perf_counter() - start)
    return min(times)
