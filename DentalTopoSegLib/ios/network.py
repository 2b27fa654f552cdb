"""The Point Transformer on one jaw: a cloud in the canonical frame in, class probabilities and votes out."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from .sampling import Cloud

#: What the network calls a tooth, mirrored: positions 1..8 at x > 0 and 9..16 at x < 0 change places.
MIRRORED = np.r_[0, 9:17, 1:9]
#: Offsets leave the network in units of this, mm.
OFFSET_MM = 5.0
_FLIP = np.array([-1.0, 1.0, 1.0], np.float32)


class PointNetwork(Protocol):
    """What is needed of models.Model."""

    def run_named(
        self, feed: dict[str, np.ndarray], cancelled: Callable[[], bool] | None = None
    ) -> dict[str, np.ndarray]: ...


@dataclass(frozen=True)
class Prediction:
    """probabilities (N, 17), votes (N, 3) mm for the centre of the tooth, both in the cloud's order and frame."""

    probabilities: np.ndarray
    votes: np.ndarray


def predict(
    cloud: Cloud,
    model: PointNetwork,
    *,
    mirror: bool,
    workers: int = 1,
    cancelled: Callable[[], bool] | None = None,
) -> Prediction:
    """Run the network, and with `mirror` a second time on the mirror image, averaged with the first.

    workers: 1 runs them one after the other, any other number both at once, with the same result.
    """
    if not mirror:
        return _run(cloud, model, cancelled)
    flipped = replace(cloud, points=cloud.points * _FLIP, normals=cloud.normals * _FLIP)
    with ThreadPoolExecutor(1 if workers == 1 else 2) as pool:
        plain, other = pool.map(lambda seen: _run(seen, model, cancelled), (cloud, flipped))
    return Prediction(
        (plain.probabilities + other.probabilities[:, MIRRORED]) / 2,
        (plain.votes + other.votes * _FLIP) / 2,
    )


def _run(cloud: Cloud, model: PointNetwork, cancelled: Callable[[], bool] | None) -> Prediction:
    out = model.run_named(cloud.feed(), cancelled)
    return Prediction(out["probabilities"], cloud.points + OFFSET_MM * out["offsets"])
