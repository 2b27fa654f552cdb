"""Speed and memory on a full-resolution intraoral scan, beside the same network in torch.

    python Testing/benchmarks/ios_speed.py [--scan JAW.stl] [--repeat 3] [-o result.json]

The scan is a real one (--scan, else 007_upper.stl of the data pack in $DENTALTOPOSEG_DATA or ../shared/data), its
triangles split until it has 200,000 vertices. Each side runs in a child process of its own; wall time is the whole
child, interpreter start and imports included, peak memory is the kernel's VmHWM of the child, and of --repeat runs
the quickest counts.

- ours: `dentaltoposeg segment JAW.stl -o DIR`, all files written.
- torch: reading, frame and sampling as ours, then the same architecture (training/nets, random weights, float32,
  inference mode, eager) on the same points and their mirror image. Everything after the network is left out, in its
  favour. It needs torch; without it this side is skipped.

Wall time is only fair on an idle machine; processor time tells a busy one from slow code.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Testing" / "helpers"))

from peak_memory import peak_bytes  # noqa: E402 - beside the other helpers

VERTICES = 200_000
#: What must hold on two cores: seconds of the whole run and of the network, bytes.
LIMITS = {"wall_s": 2.0, "network_s": 0.5, "peak_bytes": 1e9}
#: Coordinates of the scan are rounded to this part of a mm, so that points on an edge are the same from both sides.
GRID = 4096


def make_scan(source: Path, path: Path) -> str:
    """Write `source` as STL, every edge split into the fewest parts that give VERTICES; says what it is."""
    import numpy as np

    from DentalTopoSegLib.files.meshes import equal_rows, read_mesh, write_stl

    mesh, _ = read_mesh(source)
    n = 1
    while True:
        steps = [(i, j) for i in range(n + 1) for j in range(n + 1 - i)]
        row = {step: k for k, step in enumerate(steps)}
        upright = [(row[i, j], row[i + 1, j], row[i, j + 1]) for i, j in steps if i + j < n]
        turned = [(row[i + 1, j], row[i + 1, j + 1], row[i, j + 1]) for i, j in steps if i + j < n - 1]
        weights = np.array([(n - i - j, i, j) for i, j in steps])
        corners = np.rint(mesh.vertices * GRID).astype(np.int64)[mesh.faces]
        points = np.einsum("kc,fcx->fkx", weights, corners).reshape(-1, 3)
        first, group = equal_rows(points)
        if len(first) >= VERTICES:
            break
        n += 1
    small = np.array(upright + turned)
    faces = group[(len(steps) * np.arange(len(mesh.faces))[:, None, None] + small).reshape(-1, 3)]
    write_stl(path, points[first] / (n * GRID), faces)
    return f"{source.name}, every edge split into {n}: {len(first):,} vertices, {len(faces):,} triangles"


def run_ours(scan: Path, threads: int) -> dict[str, Any]:
    """Child: the command on `scan`."""
    sys.path.insert(0, str(ROOT))
    from DentalTopoSegLib.commands import cli

    with tempfile.TemporaryDirectory(prefix="ios_speed_ours_") as folder:
        said = io.StringIO()
        start = time.perf_counter()
        with contextlib.redirect_stdout(said):
            code = cli.main(["segment", str(scan), "-o", folder, "--threads", str(threads), "--quiet", "--json"])
        command_s = time.perf_counter() - start
    if code != 0:
        raise RuntimeError(f"the command ended with code {code}")
    report = json.loads(said.getvalue())
    stages = report["provenance"]["seconds"]
    return {
        "peak_bytes": peak_bytes(),
        "network_s": stages["network"],
        "model_bytes": sum(m["size_bytes"] for m in report["provenance"]["models"]),
        "teeth": report["count"]["total"],
        "stages_s": stages | {"import, load, write": command_s - sum(stages.values())},
    }


def run_torch(scan: Path, threads: int) -> dict[str, Any]:
    """Child: the library up to the network, then the network in torch."""
    sys.path.insert(0, str(ROOT))
    import torch

    from DentalTopoSegLib.files.meshes import clean, read_mesh
    from DentalTopoSegLib.ios.segmenting import segment_jaws
    from DentalTopoSegLib.networks.models import load_model
    from DentalTopoSegLib.options import RunOptions
    from training.nets.point_transformer import Graph, PointTransformer

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    net = PointTransformer().eval()

    class DoneError(Exception):
        """The network has seen the scan and its mirror image."""

    class TorchNetwork:
        passes, seconds, lock = 0, 0.0, threading.Lock()

        def run_named(self, feed: dict[str, Any], cancelled: Any = None) -> dict[str, Any]:
            tensors = {name: torch.from_numpy(array) for name, array in feed.items()}
            with self.lock, torch.inference_mode():  # both passes are asked for at once, torch has threads of its own
                start = time.perf_counter()
                tensors = {name: t if t.is_floating_point() else t.long() for name, t in tensors.items()}
                knn = [tensors[f"knn{k}"] for k in range(5)]
                others = [[tensors[f"{kind}{k}"] for k in range(4)] for kind in ("group", "up", "weight")]
                net(Graph(tensors["points"], tensors["normals"], knn, *others))
                self.seconds += time.perf_counter() - start
                self.passes += 1
                if self.passes == 2:
                    raise DoneError
            return {"probabilities": feed["points"], "offsets": feed["points"]}

    surface, _ = clean(read_mesh(scan)[0])
    network = TorchNetwork()
    models = {"orientation": load_model("orientation", threads), "surface": network}
    with contextlib.suppress(DoneError):
        segment_jaws([surface], RunOptions(threads=threads), models=models)
    return {
        "peak_bytes": peak_bytes(),
        "network_s": network.seconds,
        "model_bytes": sum(p.numel() * p.element_size() for p in net.parameters()),
    }


def timed_child(side: str, scan: Path, threads: int) -> dict[str, Any]:
    """Run this file in a child process; its JSON (last line of stdout) plus "wall_s" and "cpu_s" of the whole child.

    numpy's own threads are off on both sides, as the command has it.
    """
    limits = {k: str(threads) for k in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")} | {"OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, str(Path(__file__).resolve()), "--child", side, "--scan", str(scan)]
    start, before = time.perf_counter(), os.times()
    done = subprocess.run(
        [*command, "--threads", str(threads)],
        stdout=subprocess.PIPE, text=True, env={**os.environ, **limits}, check=False,
    )  # fmt: skip
    wall, after = time.perf_counter() - start, os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    if done.returncode != 0:
        raise RuntimeError(f"{side} ended with code {done.returncode}, see the messages above.")
    return json.loads(done.stdout.strip().splitlines()[-1]) | {"wall_s": wall, "cpu_s": used}


def quickest(side: str, scan: Path, threads: int, repeat: int) -> dict[str, Any]:
    """The run of least processor time, and the least wall and processor time and highest memory of all."""
    runs = [timed_child(side, scan, threads) for _ in range(repeat)]
    best = min(runs, key=lambda run: run["cpu_s"])
    least = {key: min(run[key] for run in runs) for key in ("wall_s", "network_s")}
    return best | least | {"peak_bytes": max(run["peak_bytes"] for run in runs), "runs": runs}


def table(ours: dict[str, Any], rival: dict[str, Any] | None, threads: int) -> str:
    """Markdown: one row per quantity, ours, the rival, their ratio, and what is required."""
    lines = [f"Threads: {threads}. {ours['scan']}. Teeth found by ours: {ours['teeth']}."]
    if rival is None:
        lines.append("torch: skipped, it is not installed here.")
    lines += ["", "| | DentalTopoSeg | torch, up to the network | ratio | at most |", "|---|---|---|---|---|"]
    rows = (
        ("wall time, s", "wall_s", 1, 2),
        ("processor time, s", "cpu_s", 1, 2),
        ("network (scan and mirror image), s", "network_s", 1, 2),
        ("peak memory, MB", "peak_bytes", 1e6, 0),
        ("model, MB", "model_bytes", 1e6, 1),
    )
    for title, key, unit, digits in rows:
        mine, limit = ours[key] / unit, LIMITS.get(key)
        beside = f"{rival[key] / unit:.{digits}f} | {rival[key] / unit / mine:.1f}x" if rival else "- | -"
        needed = f"{limit / unit:.{digits}f}: {'kept' if mine <= limit / unit else 'missed'}" if limit else ""
        lines.append(f"| {title} | {mine:.{digits}f} | {beside} | {needed} |")
    stages = ", ".join(f"{name} {s:.2f}" for name, s in ours["stages_s"].items())
    return "\n".join([*lines, "", f"DentalTopoSeg, seconds per stage: {stages}."])


def main() -> int:
    """Command line, see the file's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scan", type=Path, help="a real scan of one jaw (default: the data pack's 007_upper.stl)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3, help="runs of each side (default 3)")
    parser.add_argument("-o", "--output", type=Path, help="write the figures as JSON")
    parser.add_argument("--child", choices=["ours", "torch"], help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(json.dumps({"ours": run_ours, "torch": run_torch}[args.child](args.scan, args.threads)))
        return 0
    sys.path.insert(0, str(ROOT))
    data = Path(os.environ.get("DENTALTOPOSEG_DATA", ROOT.parent / "shared" / "data"))
    source = args.scan or data / "ios" / "samples" / "007_upper.stl"
    with tempfile.TemporaryDirectory(prefix="ios_speed_") as folder:
        scan = Path(folder) / "jaw.stl"
        what = make_scan(source, scan)
        ours = quickest("ours", scan, args.threads, args.repeat) | {"scan": what}
        rival = quickest("torch", scan, args.threads, args.repeat) if find_spec("torch") else None
    print(table(ours, rival, args.threads))
    if args.output is not None:
        args.output.write_text(json.dumps({"ours": ours, "torch": rival}, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
