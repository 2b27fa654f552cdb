"""Print what the terms of the topology loss cost per step.

python -m training time-topology-loss --size 96
"""

from __future__ import annotations

import argparse
import time

import torch

from training.volumes.topology_loss.example import make_example
from training.volumes.topology_loss.loss import TopologyConfig, TopologyLoss

ONLY = {
    "count": {"adjacency_weight": 0.0, "hole_weight": 0.0},
    "adjacency": {"count_weight": 0.0, "hole_weight": 0.0},
    "holes": {"count_weight": 0.0, "adjacency_weight": 0.0},
    "all": {},
}


def seconds(config: TopologyConfig, size: int, wrong: float, repeats: int) -> tuple[float, dict[str, float]]:
    """CPU seconds of forward and backward per patch beyond the softmax, mean of made patches; the last one's terms."""
    loss, spent = TopologyLoss(config), 0.0
    for seed in range(repeats):
        example = make_example(size, wrong, seed)
        p = torch.softmax(example.logits, 0)
        p_tooth, p_core = (1.0 - p[0]).requires_grad_(), p[1].clone().requires_grad_()
        start = time.process_time()
        total, terms = loss(p_tooth, p_core, example.target, example.cells)
        total.backward()
        spent += time.process_time() - start
    return spent / repeats, terms


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=96, help="edge of the patch in voxels of 0.5 mm")
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    print(f"CPU seconds per step, {args.size}^3, 8 teeth, mean of {args.repeats}")
    for wrong in (0.0, 1 / 3, 1.0):
        for variant in ("paper", "adaptive"):
            for name, off in ONLY.items():
                spent, terms = seconds(TopologyConfig(variant=variant, **off), args.size, wrong, args.repeats)
                values = ", ".join(f"{term} {value:.3f}" for term, value in terms.items())
                print(f"{wrong:4.0%} of teeth wrong  {variant:8}  {name:9}  {spent:.3f} s  {values}", flush=True)
