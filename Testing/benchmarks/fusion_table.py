"""How well scans are laid over CBCTs, and which are refused, on phantoms whose truth is known.

    python Testing/benchmarks/fusion_table.py --seeds 3 4 5

Every phantom's jaws are scanned in a random pose (noise 0.01 mm, gum round the necks) and laid over its own CBCT
(voxels of 0.4 mm, exact labels) and over those of the others, as they are and as like as can be: with every crown put
where its namesake stands, so that only the teeth are others. `--metal N`: so many teeth have metal, with streaks.
"""

from __future__ import annotations

import argparse
import sys
from itertools import permutations
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "Testing" / "helpers")]

from made_scans import RAS_TO_LPS, MadeScan, distance_to_tooth, make_scan, similar_scan  # noqa: E402

from DentalTopoSegLib.errors import InputError  # noqa: E402
from DentalTopoSegLib.fusion import (  # noqa: E402
    CbctTooth,
    cbct_teeth,
    find_pose,
    fused_tooth,
    match_teeth,
    refuse_pose,
)
from DentalTopoSegLib.phantom import Phantom, make_phantom  # noqa: E402

QUADRANTS = {"upper": (1, 2), "lower": (3, 4)}
THIRD_MOLARS = (18, 28, 38, 48)


def own_row(phantom: Phantom, teeth: dict[int, CbctTooth], scan: MadeScan) -> str:
    """Pose and surface against the truth."""
    pose = find_pose(scan.labelled, teeth)
    refuse_pose(pose, "scan", "same")
    middle = scan.labelled.surface.vertices[scan.labelled.fdi > 0].mean(0)
    true = scan.matrix[:3, :3] @ middle + scan.matrix[:3, 3]
    degrees = np.degrees(Rotation.from_matrix(pose.matrix[:3, :3] @ scan.matrix[:3, :3].T).magnitude())
    errors, before = [], []
    for fdi, number in match_teeth(scan.labelled, pose, teeth).pairs.items():
        tooth = phantom.teeth[fdi]
        for kept, vertices in (
            (errors, fused_tooth(teeth[fdi], scan.labelled, number, pose).surface.vertices),
            (before, teeth[fdi].surface.vertices),
        ):
            height = tooth.frame((vertices * RAS_TO_LPS).astype(np.float32))[2]
            kept.append(distance_to_tooth(tooth, vertices[height > 1.5]).mean())
    millimetres = np.linalg.norm(pose.apply(middle[None])[0] - true)
    return (
        f"{millimetres:.3f} | {degrees:.3f} | {pose.inliers:.0%} | {pose.median_mm:.3f} | {len(errors)} | "
        f"{np.mean(before):.3f} | {np.mean(errors):.3f} | {np.max(errors):.3f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[3, 4, 5])
    parser.add_argument("--metal", type=int, default=2, help="teeth with metal")
    given = parser.parse_args()
    seeds = given.seeds
    phantoms = {s: make_phantom(s, 0.4, missing=THIRD_MOLARS, fillings=given.metal, fov_mm=(80, 66, 58)) for s in seeds}
    teeth, scans = {}, {}
    print("| Phantom | Jaw | Pose, mm | Pose, degrees | Fits | Median, mm | Teeth | CBCT, mm | Fused, mm | Worst |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for seed, phantom in phantoms.items():
        for jaw, quadrants in QUADRANTS.items():
            numbers = [n for n in phantom.teeth if n // 10 in quadrants]
            teeth[seed, jaw] = cbct_teeth(phantom.image, phantom.labels, numbers)
            scans[seed, jaw] = make_scan(phantom, jaw, seed=seed, spacing=0.25)
            print(f"| {seed} | {jaw} | {own_row(phantom, teeth[seed, jaw], scans[seed, jaw])}", flush=True)
    pairs = [(one, other, jaw) for one, other in permutations(seeds, 2) for jaw in QUADRANTS]
    for what in ("Others' scans", "Others' teeth in the same arch"):
        refused, fits = 0, []
        for one, other, jaw in pairs:
            scan = scans[other, jaw].labelled
            if what != "Others' scans":
                scan = similar_scan(scans[other, jaw], scans[one, jaw])
            pose = find_pose(scan, teeth[one, jaw])
            fits.append((pose.inliers, pose.median_mm))
            try:
                refuse_pose(pose, "scan", jaw)
            except InputError:
                refused += 1
        if pairs:
            share, median = max(fits)
            print(f"{what} refused: {refused} of {len(pairs)}; at best {share:.0%} fitted, median {median:.2f} mm.")


if __name__ == "__main__":
    main()
