"""Speed and memory beside nnU-Net's own full-precision predictor, on one volume and with the same threads.

    python Testing/benchmarks/cbct_speed.py --nnunet-python ENV/bin/python [--scan SCAN] [-o result.json]

The volume is 512 x 512 x 256 voxels of 0.3 mm: a parametric phantom with teeth (or --scan). Each side runs in
a child process of its own; wall time is the whole child, interpreter start and imports included, peak memory
is the kernel's VmHWM of the child.

- ours: read the scan, segment it, number the teeth, write the label map on the scan's own grid.
- nnU-Net: read the scan, resample to 0.5 mm (linear), z-score, `nnUNetPredictor`'s sliding window (3d_fullres
  plan: PlainConvUNet 32-320 channels, 33 classes, patch 128^3, step 0.5, Gaussian weights, no mirroring;
  random weights), argmax at 0.5 mm. Its cubic resampling and its resampling of 33 logits back to the scan are
  left out, in its favour.

nnU-Net needs an environment of its own (nnunetv2 2.8.1, torch 2.13.0); without --nnunet-python its side is
skipped. --rival-tiles N times only N of its tiles and extrapolates, which the table then says.

Multiply-accumulates are counted, not measured (`training.compression.macs`; needs onnx): of ours in the graphs at the
sizes that were run, of nnU-Net in its plan times its number of tiles, so this row stands without nnU-Net installed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Testing" / "helpers"))

from peak_memory import peak_bytes  # noqa: E402 - beside the other helpers

SHAPE_ZYX = (256, 512, 512)
SPACING_MM = 0.3
PATCH = 128
RIVAL_SPACING_MM = 0.5
CLASSES = 33

RIVAL_PLAN = {
    "patch_size": [PATCH] * 3,
    "spacing": [RIVAL_SPACING_MM] * 3,
    "architecture": {
        "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
        "arch_kwargs": {
            "n_stages": 6,
            "features_per_stage": [32, 64, 128, 256, 320, 320],
            "conv_op": "torch.nn.modules.conv.Conv3d",
            "kernel_sizes": [[3, 3, 3]] * 6,
            "strides": [[1, 1, 1], *[[2, 2, 2]] * 5],
            "n_conv_per_stage": [2] * 6,
            "n_conv_per_stage_decoder": [2] * 5,
            "conv_bias": True,
            "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
            "norm_op_kwargs": {"eps": 1e-5, "affine": True},
            "nonlin": "torch.nn.LeakyReLU",
            "nonlin_kwargs": {"inplace": True},
        },
        "_kw_requires_import": ["conv_op", "norm_op", "nonlin"],
    },
}
"""What nnU-Net's default planner chooses for isotropic 0.5 mm scans of this size on its default memory
target."""


def make_scan(path: Path) -> None:
    """Write the benchmark's phantom: painted at twice the voxel size, then interpolated (time, not looks)."""
    from scipy import ndimage

    from DentalTopoSegLib.files.volumes import Volume, write_volume
    from DentalTopoSegLib.phantom import make_phantom

    field = tuple(n * SPACING_MM for n in SHAPE_ZYX[::-1])
    coarse = make_phantom(seed=1, spacing_mm=2 * SPACING_MM, fov_mm=field).image
    fine = ndimage.zoom(coarse.array, 2, order=1, grid_mode=True, mode="nearest")
    if fine.shape != SHAPE_ZYX:
        raise RuntimeError(f"The phantom has {fine.shape} voxels instead of {SHAPE_ZYX}.")
    write_volume(Volume(array=fine, spacing=(SPACING_MM,) * 3, origin=coarse.origin, direction=coarse.direction), path)


def run_ours(scan: Path, threads: int, precision: str, models_dir: Path | None, provider: str) -> dict[str, Any]:
    """Child: the library's whole path on `scan`."""
    sys.path.insert(0, str(ROOT))
    from DentalTopoSegLib.runs.ahead import import_ahead

    import_ahead()  # as runs.segment_scan does
    import numpy as np

    from DentalTopoSegLib.files.volumes import read_volume, write_volume

    start = time.perf_counter()
    volume, _ = read_volume(scan)
    read_s = time.perf_counter() - start
    from DentalTopoSegLib.cbct import segment_volume
    from DentalTopoSegLib.networks.models import Model, load_model
    from DentalTopoSegLib.networks.tasks import task_names
    from DentalTopoSegLib.options import RunOptions

    runs: list[tuple[str, tuple[int, ...]]] = []

    class Noting(Model):
        """A network that notes what it was run on."""

        def run(self, array: np.ndarray, cancelled: Callable[[], bool] | None = None) -> np.ndarray:
            runs.append((str(self.path), array.shape))
            return super().run(array, cancelled)

    loaded = {
        task: load_model(task, threads, precision, folder=models_dir, provider=provider)
        for task in task_names("volume")
    }
    models = {task: Noting(**vars(model)) for task, model in loaded.items()}
    result = segment_volume(volume, RunOptions(threads=threads, precision=precision), models=models)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="cbct_speed_ours_") as folder:
        write_volume(result.labels, Path(folder) / "teeth.nii.gz")
    write_s = time.perf_counter() - start
    return {
        "peak_bytes": peak_bytes(),
        "model_bytes": sum(m.size_bytes for m in models.values()),
        "teeth": len(np.unique(result.labels.array)) - 1,
        "stages_s": {"read": read_s, **result.provenance["seconds"], "write": write_s},
        "runs": runs,
        "shape": volume.array.shape,
        "spacing": volume.spacing[::-1],
        "provenance": result.provenance,
    }


def macs_of_ours(runs: list[tuple[str, tuple[int, ...]]]) -> int:
    """Multiply-accumulates of these runs: file of the network, shape (D, H, W) of what it was run on."""
    import onnx

    from training.compression.macs import onnx_macs

    models = {path: onnx.load(path) for path in {path for path, _ in runs}}
    return sum(onnx_macs(models[path], {models[path].graph.input[0].name: (1, 1, *shape)}) for path, shape in runs)


def macs_of_rival(shape: tuple[int, ...], spacing: tuple[float, ...]) -> tuple[int, int]:
    """(tiles, multiply-accumulates) of nnU-Net's plan on a scan of this shape and spacing (z, y, x)."""
    from training.compression.macs import plain_unet_macs, sliding_windows

    grid = [round(n * s / RIVAL_SPACING_MM) for n, s in zip(shape, spacing, strict=True)]
    tiles = sliding_windows(grid, RIVAL_PLAN["patch_size"])
    return tiles, tiles * plain_unet_macs(RIVAL_PLAN, CLASSES)


def run_rival(scan: Path, threads: int, tiles: int | None) -> dict[str, Any]:
    """Child, in nnU-Net's environment: nnU-Net's predictor on `scan`; `tiles` None runs all of them."""
    for name in ("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results"):
        os.environ.setdefault(name, str(scan.parent))  # only silences warnings, nothing is written there
    import numpy as np
    import SimpleITK as sitk
    import torch
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
    from nnunetv2.utilities.get_network_from_plans import get_network_from_plans
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    torch.set_num_threads(threads)
    image = sitk.ReadImage(str(scan), sitk.sitkFloat32)
    size = [round(n * s / RIVAL_SPACING_MM) for n, s in zip(image.GetSize(), image.GetSpacing(), strict=True)]
    image = sitk.Resample(
        image,
        size,
        sitk.Transform(),
        sitk.sitkLinear,
        image.GetOrigin(),
        [RIVAL_SPACING_MM] * 3,
        image.GetDirection(),
    )
    data = torch.from_numpy(sitk.GetArrayFromImage(image))[None]
    data = (data - data.mean()) / data.std()

    torch.manual_seed(0)
    plans = PlansManager({"configurations": {"3d_fullres": RIVAL_PLAN}})
    configuration = plans.get_configuration("3d_fullres")
    network = get_network_from_plans(
        configuration.network_arch_class_name,
        configuration.network_arch_init_kwargs,
        configuration.network_arch_init_kwargs_req_import,
        1,
        CLASSES,
        deep_supervision=False,
    )
    labels = {"background": 0, **{f"tooth {i}": i for i in range(1, CLASSES)}}
    dataset = {"labels": labels, "channel_names": {"0": "CT"}, "file_ending": ".nii.gz"}
    predictor = nnUNetPredictor(
        tile_step_size=0.5,
        use_gaussian=True,
        use_mirroring=False,
        perform_everything_on_device=True,
        device=torch.device("cpu"),
        allow_tqdm=True,
    )
    predictor.manual_initialization(network, plans, configuration, None, dataset, "nnUNetTrainer", None)

    all_slicers = predictor._internal_get_sliding_window_slicers
    total = len(all_slicers(tuple(max(n, PATCH) for n in data.shape[1:])))
    if tiles is not None:
        predictor._internal_get_sliding_window_slicers = lambda image_size: all_slicers(image_size)[:tiles]
    tile_seconds = []
    predict = predictor._internal_maybe_mirror_and_predict

    def timed(tile: Any) -> Any:
        start = time.perf_counter()
        output = predict(tile)
        tile_seconds.append(time.perf_counter() - start)
        return output

    predictor._internal_maybe_mirror_and_predict = timed
    logits = predictor.predict_sliding_window_return_logits(data)
    found = logits.argmax(0).numpy().astype(np.uint8)
    return {
        "peak_bytes": peak_bytes(),
        "model_bytes": sum(p.numel() * p.element_size() for p in network.parameters()),
        "tiles": len(tile_seconds),
        "tiles_total": total,
        "tile_seconds": tile_seconds,
        "grid": list(found.shape),
    }


def timed_child(python: str, arguments: list[str], threads: int) -> dict[str, Any]:
    """Run this file in a child process; its JSON (last line of stdout) plus "wall_s" and "cpu_s" of the whole child.

    Processor time tells a busy machine from slow code: wall time is only fair on an idle one. It is 0 on Windows.
    """
    limits = {k: str(threads) for k in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    limits["ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"] = str(threads)
    start, before = time.perf_counter(), os.times()
    done = subprocess.run(
        [python, str(Path(__file__).resolve()), *arguments, "--threads", str(threads)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **limits},
        check=False,
    )
    wall, after = time.perf_counter() - start, os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments[:2])} ended with code {done.returncode}, see the messages above.")
    return json.loads(done.stdout.strip().splitlines()[-1]) | {"wall_s": wall, "cpu_s": used}


def extrapolated(rival: dict[str, Any]) -> dict[str, Any]:
    """`rival` with the network's mean time per tile added for every tile that was not run."""
    per_tile = sum(rival["tile_seconds"]) / rival["tiles"]
    missing = rival["tiles_total"] - rival["tiles"]
    more = {"wall_s": rival["wall_s"] + per_tile * missing, "measured_wall_s": rival["wall_s"]}
    # The tiles are nearly all there is to compute, so processor time grows as wall time does.
    return rival | more | {"cpu_s": rival["cpu_s"] * more["wall_s"] / rival["wall_s"]}


def table(ours: dict[str, Any], rival: dict[str, Any] | None, threads: int) -> str:
    """Markdown: one row per quantity, ours, the rival, their ratio."""
    lines = [f"Threads: {threads}. {ours['scan']}. Teeth found by ours: {ours['teeth']}.", ""]
    if rival is None:
        lines.append("nnU-Net: skipped, no --nnunet-python was given.")
    elif "measured_wall_s" in rival:
        lines.append(
            f"nnU-Net: EXTRAPOLATED from {rival['tiles']} of {rival['tiles_total']} tiles "
            f"({rival['measured_wall_s']:.1f} s measured)."
        )
    else:
        lines.append(f"nnU-Net: all {rival['tiles_total']} tiles run.")
    lines += ["", "| | DentalTopoSeg | nnU-Net fp32 | ratio |", "|---|---|---|---|"]
    rows = (
        ("wall time, s", "wall_s", 1),
        ("processor time, s", "cpu_s", 1),
        ("peak memory, MB", "peak_bytes", 1e6),
        ("model, MB", "model_bytes", 1e6),
    )
    for title, key, unit in rows:
        mine = ours[key] / unit
        other = rival[key] / unit if rival else None
        beside = f"{other:.1f} | {other / mine:.1f}x" if other is not None and mine > 0 else "- | -"
        lines.append(f"| {title} | {mine:.1f} | {beside} |")
    mine, other = ours["macs"] / 1e12, ours["rival_macs"] / 1e12
    beside = f"{other:.1f} ({ours['rival_tiles']} tiles) | {other / mine:.1f}x"
    lines.append(f"| multiply-accumulates, 10^12 | {mine:.2f} | {beside} |")
    stages = ", ".join(f"{name} {s:.1f}" for name, s in ours["stages_s"].items())
    return "\n".join([*lines, "", f"DentalTopoSeg, seconds per stage: {stages}."])


def main() -> int:
    """Command line, see the file's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nnunet-python", help="interpreter of an environment with nnunetv2 2.8.1")
    parser.add_argument("--rival-tiles", type=int, help="time only this many of nnU-Net's tiles and extrapolate")
    parser.add_argument("--scan", type=Path, help="use this scan instead of the phantom")
    parser.add_argument("--precision", default="int8", choices=["int8", "fp32"])
    parser.add_argument("--provider", default="onnxruntime", help="onnxruntime, openvino or auto")
    parser.add_argument("--models-dir", type=Path, help="folder with models.json (default: the library's)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--skip-ours", action="store_true", help="only time nnU-Net")
    parser.add_argument("-o", "--output", type=Path, help="write the figures as JSON")
    parser.add_argument("--child", choices=["ours", "rival"], help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child == "ours":
        print(json.dumps(run_ours(args.scan, args.threads, args.precision, args.models_dir, args.provider)))
        return 0
    if args.child == "rival":
        print(json.dumps(run_rival(args.scan, args.threads, args.rival_tiles)))
        return 0
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory(prefix="cbct_speed_") as folder:
        scan = args.scan
        if scan is None:
            scan = Path(folder) / "scan.nii.gz"
            make_scan(scan)
        common = ["--scan", str(scan.resolve())]
        what = "512 x 512 x 256 voxels of 0.3 mm, phantom" if args.scan is None else args.scan.name
        ours = None
        if not args.skip_ours:
            own = [] if args.models_dir is None else ["--models-dir", str(args.models_dir.resolve())]
            arguments = ["--child", "ours", *common, "--precision", args.precision, "--provider", args.provider, *own]
            ours = timed_child(sys.executable, arguments, args.threads)
            ours["scan"] = what
            ours["macs"] = macs_of_ours(ours["runs"])
            ours["rival_tiles"], ours["rival_macs"] = macs_of_rival(ours["shape"], ours["spacing"])
        rival = None
        if args.nnunet_python:
            tiles = [] if args.rival_tiles is None else ["--rival-tiles", str(args.rival_tiles)]
            rival = timed_child(args.nnunet_python, ["--child", "rival", *common, *tiles], args.threads)
            if rival["tiles"] < rival["tiles_total"]:
                rival = extrapolated(rival)
    if ours is not None:
        print(table(ours, rival, args.threads))
    else:
        print(json.dumps(rival, indent=1))
    if args.output is not None:
        args.output.write_text(json.dumps({"ours": ours, "nnunet": rival}, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
