"""ONNX Runtime, our default, beside OpenVINO: one tile through each shipped CBCT network.

    python Testing/benchmarks/providers.py [--threads 1] [--repeats 5] [-o result.json]

The tiles are cut from a phantom (96 x 96 x 128 voxels, and 112^3 or the next sides that the network takes). Both
providers get the same array in turn, in one process each, so that memory is theirs alone; seconds are the process's
CPU seconds (user and system, all threads), of one pass the median. The ratio is ONNX Runtime's by OpenVINO's.

- load: import, reading and compiling the network. first: the first pass of this shape, which prepares the kernels.
- pass: any later pass. memory: what the peak of the process grows by from before the import (VmHWM).
- agreement: share of voxels that either takes for tooth, where both say the same (border: p >= 0.5 of both channels;
  numbering: the likeliest number), and beside it each provider's agreement with the graph computed as written, in
  float32 without any fusion. Where both are equally far from that, they differ only in rounding.

Networks are shipped in int8 only; --models-dir takes a folder with fp32 ones too.
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
sys.path.insert(0, str(ROOT / "Testing" / "helpers"))

from peak_memory import peak_bytes  # noqa: E402 - beside the other helpers

PROVIDERS = ("onnxruntime", "openvino")
TILES = ((96, 96, 128), (112, 112, 112))


def measure(provider: str, folder: Path, threads: int, repeats: int, entry: str, models_dir: str | None) -> dict:
    """Child: load, first pass and later passes over the tiles <folder>/tile*.npy; answers are left beside them."""
    import numpy as np

    from DentalTopoSegLib.networks.models import load_model

    before, start = peak_bytes(), time.process_time()
    model = load_model(entry, threads, folder=Path(models_dir) if models_dir else None, provider=provider)
    result: dict[str, Any] = {"load_s": time.process_time() - start, "version": model.provider_version, "tiles": []}
    for path in sorted(folder.glob("tile*.npy")):
        tile, seconds = np.load(path), []
        for _ in range(repeats + 1):
            start = time.process_time()
            answer = model.run(tile)
            seconds.append(time.process_time() - start)
        np.save(folder / f"{provider}_{path.name}", answer)
        result["tiles"].append({"first_s": seconds[0], "pass_s": statistics.median(seconds[1:])})
    return result | {"grown_mb": (peak_bytes() - before) / 1e6}


def as_written(content: bytes, tile: Any) -> Any:
    """The graph computed node by node in float32: what both providers approximate."""
    from DentalTopoSegLib.networks.onnx_runtime import import_onnxruntime

    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return session.run(["probabilities"], {session.get_inputs()[0].name: tile[None, None]})[0][0]


def agreement(a: Any, b: Any, task: str, scale: float) -> float:
    """Share of equal voxels among those that either answer (channels, D, H, W) takes for tooth; nan without any."""
    import numpy as np

    if task == "numbering":
        a, b = a.argmax(0), b.argmax(0)
    else:
        a, b = a >= scale / 2, b >= scale / 2
    tooth = (a > 0) | (b > 0)
    return float((a == b)[tooth].mean()) if tooth.any() else float(np.nan)


def cut(grey: Any, shape: tuple[int, ...], divisor: int) -> Any:
    """The middle of the phantom, z-scored, every side the next multiple of divisor; float32."""
    import numpy as np

    shape = tuple(-(-n // divisor) * divisor for n in shape)
    low, high = np.percentile(grey, (0.5, 99.5))
    grey = np.clip(grey, low, high)
    grey = ((grey - grey.mean()) / grey.std()).astype(np.float32)
    starts = [max(0, (n - s) // 2) for n, s in zip(grey.shape, shape, strict=True)]
    part = grey[tuple(slice(a, a + s) for a, s in zip(starts, shape, strict=True))]
    return np.pad(part, [(0, s - n) for n, s in zip(part.shape, shape, strict=True)], mode="edge")


def compare(entry: dict[str, Any], grey: Any, args: argparse.Namespace) -> list[dict[str, Any]]:
    """One row per tile of one network."""
    import numpy as np

    from DentalTopoSegLib.networks.models import load_model

    model = load_model(entry["id"], 1, folder=args.models_dir)
    rows, results = [], {}
    with tempfile.TemporaryDirectory(prefix="providers_") as name:
        folder = Path(name)
        tiles = [cut(grey, shape, int(model.metadata["divisor"])) for shape in TILES]
        for k, tile in enumerate(tiles):
            np.save(folder / f"tile{k}.npy", tile)
        for provider in PROVIDERS:
            command = [sys.executable, __file__, "--child", provider, name, entry["id"], "--threads", str(args.threads)]
            command += ["--repeats", str(args.repeats)]
            command += ["--models-dir", str(args.models_dir)] if args.models_dir else []
            environment = os.environ | {"PYTHONPATH": str(ROOT)}
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
            results[provider] = json.loads(done.stdout)
        for k, tile in enumerate(tiles):
            answers = {p: np.load(folder / f"{p}_tile{k}.npy") for p in PROVIDERS}
            exact = as_written(model.path.read_bytes(), tile)
            row = {"network": entry["id"], "precision": entry["precision"], "tile": list(tile.shape)}
            for p in PROVIDERS:
                once = {key: results[p][key] for key in ("load_s", "grown_mb", "version")}
                row[p] = once | results[p]["tiles"][k]
                row[p]["as_written"] = agreement(answers[p], exact, entry["task"], model.output_scale)
            row["ratio"] = row["onnxruntime"]["pass_s"] / row["openvino"]["pass_s"]
            row["agreement"] = agreement(*answers.values(), entry["task"], model.output_scale)
            rows.append(row)
    return rows


def table(rows: list[dict[str, Any]], threads: int) -> str:
    """The rows as text, times in CPU seconds."""
    one, other = rows[0]["onnxruntime"]["version"], rows[0]["openvino"]["version"]
    lines = [
        f"CPU seconds, {threads} thread(s); ONNX Runtime {one} | OpenVINO {other}",
        f"{'network':<14}{'':<6}{'tile':<14}{'pass':<15}{'ratio':>6}  {'first':<15}{'load':<15}{'memory, MB':<14}"
        f"{'agreement':>10}{'  as written':<20}",
    ]
    for row in rows:
        a, b = row["onnxruntime"], row["openvino"]
        pair = {key: f"{a[key]:.2f} | {b[key]:.2f}" for key in ("pass_s", "first_s", "load_s")}
        memory = f"{a['grown_mb']:.0f} | {b['grown_mb']:.0f}"
        lines.append(
            f"{row['network']:<14}{row['precision']:<6}{'x'.join(map(str, row['tile'])):<14}{pair['pass_s']:<15}"
            f"{row['ratio']:>6.2f}  {pair['first_s']:<15}{pair['load_s']:<15}"
            f"{memory:<14}"
            f"{row['agreement']:>10.4f}  {a['as_written']:.4f} | {b['as_written']:.4f}"
        )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--models-dir", type=Path, help="another folder with a models.json")
    parser.add_argument("-o", "--output", type=Path, metavar="JSON")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    if args.child:
        provider, folder, entry = args.child
        models_dir = str(args.models_dir) if args.models_dir else None
        print(json.dumps(measure(provider, Path(folder), args.threads, args.repeats, entry, models_dir)))
        return 0
    from DentalTopoSegLib.networks.models import list_models
    from DentalTopoSegLib.networks.tasks import task_names
    from DentalTopoSegLib.phantom import make_phantom

    spacing = {"numbering": 1.0, "border": 0.5}
    rows = []
    for entry in list_models(args.models_dir):
        if entry["task"] in task_names("volume"):
            grey = make_phantom(seed=1, spacing_mm=spacing[entry["task"]], fov_mm=(100.0, 100.0, 80.0)).image.array
            rows += compare(entry, grey, args)
    print(table(rows, args.threads))
    if args.output:
        args.output.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
