"""What runs the CBCT networks best on this kind of processor: both providers and both precisions, in turn.

    python Testing/benchmarks/processors.py [--models-dir FOLDER] [--threads 1,2] [--rounds 7] [--isa AVX2] [-o JSON]

Every variant computes the same array, one after the other, round by round in one process, so that whatever else the
machine does falls on all of them alike. Told are medians over the rounds of CPU seconds (user and system, all threads)
and of wall seconds, and the ratio of the CPU seconds to those of ONNX Runtime in int8. The first pass of each variant
is not counted. On a loaded machine the wall seconds mean nothing; the ratios of CPU seconds do.

--isa limits OpenVINO, not ONNX Runtime, to an instruction set (ONEDNN_MAX_CPU_ISA: AVX2, AVX512_CORE,
AVX512_CORE_VNNI, ...): what it would do on a processor without more. It is an emulation: cores, caches and clock stay.
--models-dir: a folder with a models.json; fp32 is measured where it has fp32 networks, the shipped ones are int8.

What came out is in training/results/processors.md, the choice made from it in Resources/Models/processors.json.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROVIDERS = ("onnxruntime", "openvino")
SHAPE = (96, 128, 128)
FIRST = ("onnxruntime", "int8")


def measure(task: str, folder: Path | None, threads: int, rounds: int) -> list[dict[str, Any]]:
    """One row per provider and precision."""
    import numpy as np

    from DentalTopoSegLib.networks.models import list_models, load_model

    precisions = sorted({e["precision"] for e in list_models(folder) if e["task"] == task}, reverse=True)
    models = {
        (provider, precision): load_model(task, threads, precision, folder=folder, provider=provider)
        for precision in precisions
        for provider in PROVIDERS
    }
    image = np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)
    seconds: dict[tuple[str, str], list[tuple[float, float]]] = {key: [] for key in models}
    for turn in range(rounds + 1):
        for key, model in models.items():
            cpu, wall = time.process_time(), time.perf_counter()
            model.run(image)
            if turn:
                seconds[key].append((time.process_time() - cpu, time.perf_counter() - wall))
    cpu_of = {key: statistics.median(cpu for cpu, _ in times) for key, times in seconds.items()}
    return [
        {
            "network": models[key].id,
            "provider": key[0],
            "version": models[key].provider_version,
            "precision": key[1],
            "threads": threads,
            "cpu_s": cpu_of[key],
            "wall_s": statistics.median(wall for _, wall in times),
            "ratio": cpu_of[key] / cpu_of[FIRST],
        }
        for key, times in seconds.items()
    ]


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown."""
    lines = ["| network | threads | provider | precision | CPU s | wall s | CPU by ONNX Runtime int8 |"]
    lines.append("|" + "---|" * 7)
    for row in rows:
        lines.append(
            f"| {row['network']} | {row['threads']} | {row['provider']} {row['version']} | {row['precision']} | "
            f"{row['cpu_s']:.2f} | {row['wall_s']:.2f} | {row['ratio']:.2f} |"
        )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models-dir", type=Path, help="another folder with a models.json")
    parser.add_argument("--threads", default="1,2", help="numbers of threads (default 1,2)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--isa", help="what OpenVINO may use: AVX2, AVX512_CORE_VNNI, ...")
    parser.add_argument("-o", "--output", type=Path, metavar="JSON")
    args = parser.parse_args()
    if args.isa:
        os.environ["ONEDNN_MAX_CPU_ISA"] = args.isa  # before OpenVINO is loaded
    sys.path.insert(0, str(ROOT))
    from DentalTopoSegLib.networks.processors import kind_of, this_processor
    from DentalTopoSegLib.networks.tasks import task_names

    kind = kind_of(this_processor()).name
    print(f"processor: {kind}{', OpenVINO as with ' + args.isa if args.isa else ''}; tile {'x'.join(map(str, SHAPE))}")
    rows = []
    for task in task_names("volume"):
        for threads in args.threads.split(","):
            rows += measure(task, args.models_dir, int(threads), args.rounds)
    print(table(rows))
    if args.output:
        content = {"processor": kind, "isa": args.isa, "tile": SHAPE, "rows": rows}
        args.output.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
