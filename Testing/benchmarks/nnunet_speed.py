"""Speed, memory, disk and agreement of a converted nnU-Net beside nnunetv2's own predictor, in one run.

    python Testing/benchmarks/nnunet_speed.py --nnunet-python ENV/bin/python [--plan plain|residual] [-o result.json]

Full-size networks with random weights: nnU-Net's default 3d_fullres (PlainConvUNet, 31 M parameters) or its ResEnc M
plan, patch 128^3, 0.5 mm, five structures. Both sides do the whole job in a child process of their own: read the scan,
prepare it, all tiles, labels on the scan's grid, write them. Wall time is the whole child, imports included; processor
time and peak memory are the kernel's of the child (wait4). nnunetv2 runs in fp32 without mirroring, as here. Sides
take turns, `--rounds` times; the table has medians.

Agreement on random weights says little about a trained network's int8, whose answers are not near ties; that is what
Testing/unit/training/test_nnunet_reference.py measures. It shows that both computed the same in fp32.

Needs an environment with nnunetv2 (2.8.1 was used) and torch for --nnunet-python.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
STRUCTURES = ("Upper Skull", "Mandible", "Upper Teeth", "Lower Teeth", "Mandibular canal")
SPACING_MM = 0.5
PATCH = 128
STAGES = 6
FEATURES = [32, 64, 128, 256, 320, 320]
LAYERS: dict[str, dict[str, Any]] = {
    "plain": {"n_conv_per_stage": [2] * STAGES, "n_conv_per_stage_decoder": [2] * (STAGES - 1)},
    "residual": {"n_blocks_per_stage": [1, 3, 4, 6, 6, 6], "n_conv_per_stage_decoder": [1] * (STAGES - 1)},
}
CLASSES = {"plain": "PlainConvUNet", "residual": "ResidualEncoderUNet"}
SIDES = {
    "fp32, ONNX Runtime": ("fp32", "onnxruntime"),
    "int8, ONNX Runtime": ("int8", "onnxruntime"),
    "fp32, OpenVINO": ("fp32", "openvino"),
    "int8, OpenVINO": ("int8", "openvino"),
}
THEIRS = "nnunetv2, fp32"


def plans_of(kind: str) -> dict[str, Any]:
    """What nnunetv2's planner writes for such a network."""
    plans = json.loads((ROOT / "Testing/data/nnunet/plain/model/plans.json").read_text(encoding="utf-8"))
    full = plans["configurations"]["3d_fullres"]
    full |= {"patch_size": [PATCH] * 3, "spacing": [SPACING_MM] * 3}
    full["architecture"] |= {
        "network_class_name": f"dynamic_network_architectures.architectures.unet.{CLASSES[kind]}",
        "arch_kwargs": {
            "n_stages": STAGES,
            "features_per_stage": FEATURES,
            "conv_op": "torch.nn.modules.conv.Conv3d",
            "kernel_sizes": [[3, 3, 3]] * STAGES,
            "strides": [[1, 1, 1]] + [[2, 2, 2]] * (STAGES - 1),
            "conv_bias": True,
            "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
            "norm_op_kwargs": {"eps": 1e-5, "affine": True},
            "dropout_op": None,
            "dropout_op_kwargs": None,
            "nonlin": "torch.nn.LeakyReLU",
            "nonlin_kwargs": {"inplace": True},
            **LAYERS[kind],
        },
    }
    plans["configurations"] = {"3d_fullres": full}
    return plans


def make_model(kind: str, folder: Path) -> None:
    """A model folder with random weights; runs in nnunetv2's environment."""
    import torch
    from nnunetv2.utilities.get_network_from_plans import get_network_from_plans

    plans = plans_of(kind)
    (folder / "fold_all").mkdir(parents=True)
    (folder / "plans.json").write_text(json.dumps(plans), encoding="utf-8")
    labels = {"background": 0, **{name: k for k, name in enumerate(STRUCTURES, 1)}}
    dataset = {"labels": labels, "channel_names": {"0": "CT"}, "file_ending": ".nii.gz", "numTraining": 1}
    (folder / "dataset.json").write_text(json.dumps(dataset), encoding="utf-8")
    made = plans["configurations"]["3d_fullres"]["architecture"]
    torch.manual_seed(0)
    network = get_network_from_plans(
        made["network_class_name"], made["arch_kwargs"], made["_kw_requires_import"], 1, len(labels)
    )
    checkpoint = {
        "network_weights": network.state_dict(),
        "init_args": {"configuration": "3d_fullres", "plans": {}},
        "trainer_name": "nnUNetTrainer",
        "inference_allowed_mirroring_axes": (0, 1, 2),
    }
    torch.save(checkpoint, folder / "fold_all" / "checkpoint_final.pth")


def predict(model: Path, scan: Path, answer: Path, threads: int) -> None:
    """nnunetv2's own way from file to file; runs in its environment."""
    import torch
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    torch.set_num_threads(threads)
    predictor = nnUNetPredictor(use_mirroring=False, device=torch.device("cpu"), allow_tqdm=False)
    predictor.initialize_from_trained_model_folder(str(model), ("all",), "checkpoint_final.pth")
    predictor.predict_from_files_sequential([[str(scan)]], [str(answer).removesuffix(".nii.gz")])


def make_scan(path: Path, shape: tuple[int, int, int]) -> None:
    """A phantom in the middle of a volume of this shape (z, y, x) at SPACING_MM."""
    import numpy as np

    from DentalTopoSegLib.files.volumes import Volume, write_volume
    from DentalTopoSegLib.phantom import make_phantom

    fov = tuple(n * SPACING_MM for n in reversed(shape))
    image = make_phantom(seed=5, spacing_mm=SPACING_MM, fov_mm=fov).image
    array = np.full(shape, -1000, np.int16)
    part = tuple(slice(0, min(n, m)) for n, m in zip(shape, image.array.shape, strict=True))
    array[part] = image.array[part]
    write_volume(Volume(array, image.spacing, image.origin, image.direction), path)


def timed(command: list[str], threads: int) -> dict[str, float]:
    """Wall and processor seconds and peak bytes of a child process; SystemExit with its last words if it fails."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONPATH": str(ROOT), "nnUNet_compile": "f"}
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=said, stderr=said, env=environment)
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        if status:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{said.read().decode(errors='replace')[-2000:]}")
    return {"wall_s": wall, "cpu_s": used.ru_utime + used.ru_stime, "peak_bytes": used.ru_maxrss * 1024.0}


def equal_share(ours: Path, theirs: Path) -> float:
    """Of the voxels that are something in either label map."""
    from DentalTopoSegLib.files.volumes import read_labels

    a, b = read_labels(ours).array, read_labels(theirs).array
    return float((a == b)[(a > 0) | (b > 0)].mean())


def measure(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """All sides in turn; medians by side."""
    scan, model, network = folder / "scan.nii.gz", folder / "model", folder / "network"
    # in a process of its own: whoever is large when it starts a child hands its size down as the child's peak
    subprocess.run([sys.executable, __file__, "--make-scan", scan, "--shape", *map(str, args.shape)], check=True)
    me = [str(args.nnunet_python), str(Path(__file__).resolve()), "--plan", args.plan]
    timed([*me, "--make", str(model)], args.threads)
    converter = [sys.executable, "-m", "training", "quantize-nnunet", str(model), "-o", str(network)]
    converted = timed([*converter, "--calibrate", str(scan), "--tiles", "2"], args.threads)
    disk = {path.name.split(".")[-2]: path.stat().st_size for path in network.glob("*.onnx")}
    disk[THEIRS] = (model / "fold_all" / "checkpoint_final.pth").stat().st_size
    runs: dict[str, list[dict[str, float]]] = {}
    answers = {THEIRS: folder / "theirs.nii.gz"}
    for _ in range(args.rounds):
        theirs = [*me, "--predict", *map(str, (model, scan, answers[THEIRS])), "--threads", str(args.threads)]
        runs.setdefault(THEIRS, []).append(timed(theirs, args.threads))
        for side, (precision, provider) in SIDES.items():
            out = folder / side.replace(", ", "_").replace(" ", "_")
            ours = [sys.executable, "-m", "DentalTopoSegLib", "segment", str(scan), "-o", str(out), "--quiet"]
            ours += ["--models", str(network), "--precision", precision, "--provider", provider]
            runs.setdefault(side, []).append(timed([*ours, "--threads", str(args.threads)], args.threads))
            answers[side] = next(out.glob("*structures*"))
    rows = {}
    for side, found in runs.items():
        rows[side] = {key: statistics.median(run[key] for run in found) for key in found[0]}
        rows[side]["disk_bytes"] = disk[THEIRS if side == THEIRS else SIDES[side][0]]
        rows[side]["equal"] = equal_share(answers[side], answers[THEIRS])
    return {
        "plan": args.plan,
        "shape": args.shape,
        "threads": args.threads,
        "rounds": args.rounds,
        "converted": converted,
        "sides": rows,
    }


def table(result: dict[str, Any]) -> str:
    """Markdown: one row a side, ratios to nnunetv2 in brackets."""
    rival = result["sides"][THEIRS]
    size = " x ".join(map(str, result["shape"]))
    lines = [
        f"{CLASSES[result['plan']]}, {size} voxels of {SPACING_MM} mm, {result['threads']} threads, medians of "
        f"{result['rounds']}, load {os.getloadavg()[0]:.1f}.",
        "",
        "| | wall time, s | processor time, s | peak memory, MB | file, MB | equal labels |",
        "|---|---|---|---|---|---|",
    ]
    for side, row in result["sides"].items():
        cells = []
        for key, unit in (("wall_s", 1.0), ("cpu_s", 1.0), ("peak_bytes", 1e6), ("disk_bytes", 1e6)):
            ratio = "" if side == THEIRS else f" ({rival[key] / row[key]:.1f}x less)"
            cells.append(f"{row[key] / unit:.1f}{ratio}")
        lines.append(f"| {side} | {' | '.join(cells)} | {row['equal']:.4f} |")
    made = result["converted"]
    lines += ["", f"Converting it: {made['cpu_s']:.0f} s of processor time, {made['peak_bytes'] / 1e6:.0f} MB."]
    return "\n".join(lines)


def main() -> int:
    """Command line, see the file's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nnunet-python", type=Path, help="interpreter of an environment with nnunetv2 and torch")
    parser.add_argument("--plan", choices=list(LAYERS), default="plain")
    parser.add_argument("--shape", type=int, nargs=3, default=[128, 128, 192], metavar=("Z", "Y", "X"))
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("-o", "--output", type=Path, help="write the figures as JSON")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--make-scan", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--predict", type=Path, nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    if args.make:
        make_model(args.plan, args.make)
        return 0
    if args.make_scan:
        make_scan(args.make_scan, tuple(args.shape))
        return 0
    if args.predict:
        predict(*args.predict, args.threads)
        return 0
    if args.nnunet_python is None:
        parser.error("--nnunet-python is needed")
    with tempfile.TemporaryDirectory(prefix="nnunet_speed_") as folder:
        result = measure(args, Path(folder))
    if args.output:
        args.output.write_text(json.dumps(result, indent=2), encoding="utf-8")
    print(table(result))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
