"""Where the time of a converted nnU-Net goes: one tile, by kind of operator.

    python Testing/benchmarks/nnunet_layers.py NETWORK.onnx [...] [--threads 2] [--repeats 2]

NETWORK is what `python -m training quantize-nnunet` writes. The tile is noise of its patch. Seconds are what each
runtime's own profiler says of the operators that it runs, after its fusions, of the fastest of the passes behind the
first; OpenVINO where it is installed. An operator that a runtime computes as part of another one is in that one's time.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]


def by_onnxruntime(path: Path, tile: np.ndarray, threads: int, repeats: int) -> list[Counter[str]]:
    """Seconds by operator of each pass, the first one left out."""
    from DentalTopoSegLib.networks.onnx_runtime import import_onnxruntime

    onnxruntime = import_onnxruntime()
    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.enable_profiling = threads, True
        options.profile_file_prefix = str(Path(folder, "profile"))
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        for _ in range(repeats + 1):
            session.run(None, {session.get_inputs()[0].name: tile})
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    passes: list[Counter[str]] = []
    for event in sorted((e for e in events if e.get("cat") in ("Session", "Node")), key=lambda e: e["ts"]):
        if event["name"] == "model_run":
            passes.append(Counter())
        elif event["name"].endswith("_kernel_time"):
            passes[-1][event["args"]["op_name"]] += event["dur"] / 1e6
    return passes[1:]


def by_openvino(path: Path, tile: np.ndarray, threads: int, repeats: int) -> list[Counter[str]]:
    """The same of OpenVINO."""
    import openvino

    settings = {"PERF_COUNT": True, "INFERENCE_NUM_THREADS": threads}
    request = openvino.Core().compile_model(str(path), "CPU", settings).create_infer_request()
    passes = []
    for _ in range(repeats + 1):
        request.infer({0: tile})
        passes.append(Counter())
        for node in request.get_profiling_info():
            passes[-1][node.node_type] += node.real_time.total_seconds()
    return passes[1:]


def rows_of(passes: list[Counter[str]]) -> list[tuple[str, float, float]]:
    """(operator, seconds, share) of the fastest pass, the slowest operator first; "all" at the end."""
    fastest = min(passes, key=lambda seconds: seconds.total())
    total = fastest.total()
    rows = [(name, seconds, seconds / total) for name, seconds in fastest.most_common() if seconds >= 0.01 * total]
    return [*rows, ("all", total, 1.0)]


def main() -> int:
    """Command line, see the file's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", type=Path, nargs="+", metavar="NETWORK.onnx")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=2)
    args = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    from DentalTopoSegLib.networks.graphs import read_graph

    runtimes: dict[str, Any] = {"ONNX Runtime": by_onnxruntime}
    try:
        import openvino  # noqa: F401
    except ImportError:
        print("OpenVINO is not installed: ONNX Runtime only.")
    else:
        runtimes["OpenVINO"] = by_openvino
    for path in args.networks:
        shape = read_graph(path.read_bytes(), path).inputs["image"]
        tile = np.random.default_rng(0).normal(size=shape).astype(np.float32)
        for name, runtime in runtimes.items():
            print(f"\n{path.name}, {name}, tile of {' x '.join(map(str, shape[2:]))}, {args.threads} threads\n")
            print("| operator | s | share |\n|---|---|---|")
            for operator, seconds, share in rows_of(runtime(path, tile, args.threads, args.repeats)):
                print(f"| {operator} | {seconds:.3f} | {share:.0%} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
