"""How exact distances, lengths and axes are on label maps of drawn bodies, by voxel size, against the exact values.

    PYTHONPATH=. python Testing/benchmarks/measures_table.py [--bodies 40]

Bodies: roots (cones with round tips of 0.5 to 1.2 mm) over canals (tubes of 1 to 2 mm radius), 0.2 to 3 mm apart; teeth
with one root, 17 to 22 mm long. Every body lies in another direction to the voxels. The errors are the voxels' part
alone.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / part) for part in ("helpers", "unit/checks")]

from bodies import SPACINGS  # noqa: E402
from test_distances import measured_and_true  # noqa: E402
from test_tooth_shape import cone  # noqa: E402


def errors(spacing: tuple[float, ...], count: int) -> dict[str, np.ndarray]:
    """Absolute errors: of distances and lengths in mm, of axes in degrees."""
    found: dict[str, list[float]] = {"root to canal, mm": [], "tooth length, mm": [], "axis, degrees": []}
    for seed in range(1000, 1000 + count):
        line, true, _, _ = measured_and_true(spacing, seed)
        found["root to canal, mm"].append(abs(line.length_mm - true))
    for seed in range(2000, 2000 + count // 4):
        axis, length, shape = cone(spacing, seed)
        assert shape is not None
        found["tooth length, mm"].append(abs(shape.length_mm - length))
        angle = np.degrees(np.arctan2(np.linalg.norm(np.cross(axis, shape.axis)), axis @ shape.axis))
        found["axis, degrees"].append(float(angle))
    return {what: np.array(values) for what, values in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--bodies", type=int, default=40, help="roots over canals per voxel size; a quarter as many teeth"
    )
    count = parser.parse_args().bodies
    print("| voxels, mm | measure | mean | 95 % | largest |\n|---|---|---|---|---|")
    for spacing in SPACINGS:
        size = " x ".join(f"{value:g}" for value in spacing)
        for what, values in errors(spacing, count).items():
            cells = " | ".join(f"{value:.2f}" for value in (values.mean(), np.percentile(values, 95), values.max()))
            print(f"| {size} | {what} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
