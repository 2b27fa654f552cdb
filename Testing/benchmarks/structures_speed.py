"""Time and memory of a CBCT with and without what lies around and in the teeth, as one table.

    python Testing/benchmarks/structures_speed.py [--scan SCAN ...] [--size 512 512 512] [--models FOLDER]
        [--structures jaws,canals ...] [--threads 2] [--repeat 3]

The scans are those that are named, and a phantom of --size voxels of 0.2 mm (0 0 0: none). `dentaltoposeg segment` runs
on each in a child process of its own, teeth alone and with each choice in turn, so that both meet the same other work
on the computer. Processor seconds and the peak are the kernel's (`wait4`), of the quickest of --repeat runs; the ratios
are of processor seconds. "voxels changed": of the teeth, against the run that was asked for teeth alone. The exit code
is 1 where one takes more than 2 GiB, or more than 1.4 times the teeth alone, or changes a tooth where there is no
implant. Linux and macOS.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from memory import LIMIT_BYTES, make_scan

LONGEST = 1.4


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scan", type=Path, action="append", default=[], help="a scan; may be given several times")
    parser.add_argument("--size", type=int, nargs=3, default=(512, 512, 512), metavar="N", help="voxels x, y, z")
    parser.add_argument("--models", type=Path, help="networks in place of the installed ones")
    parser.add_argument("--structures", nargs="+", default=["jaws,canals", "tissues", "all"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args(arguments)
    failed = False
    with tempfile.TemporaryDirectory() as scratch:
        scans = list(given.scan)
        if all(given.size):
            scans.append(Path(scratch) / "phantom.nii.gz")
            make_scan(scans[-1], "", given.size)
        head = ("scan", "structures", "seconds", "processor s", "times", "peak GiB", "voxels changed")
        print(f"| {' | '.join(head)} |\n{'|---' * len(head)}|")
        for scan in scans:
            choices = ["teeth", *given.structures]
            runs: dict[str, list[tuple[float, float, int]]] = {choice: [] for choice in choices}
            found: dict[str, np.ndarray] = {}
            changed: dict[str, int] = {}
            for _ in range(given.repeat):
                for choice in choices:
                    models = [] if given.models is None or choice == "teeth" else ["--models", str(given.models)]
                    threads = ["--threads", str(given.threads)]
                    asked = ["--structures", choice, "--name", "result", "-o", scratch]
                    runs[choice].append(measured(["segment", str(scan), *asked, *threads, *models]))
                    found[choice], has_implants = result_in(Path(scratch))
                    changed[choice] = int(np.count_nonzero(found[choice] != found["teeth"]))
                    failed |= changed[choice] > 0 and not has_implants
            alone = min(run[1] for run in runs["teeth"])
            for choice in choices:
                wall, processor = (min(run[k] for run in runs[choice]) for k in (0, 1))
                peak = max(run[2] for run in runs[choice])
                failed |= peak > LIMIT_BYTES or processor > LONGEST * alone
                ratio = f"{processor / alone:.2f}"
                seconds = (f"{wall:.1f}", f"{processor:.1f}", ratio)
                row = (scan.name, choice, *seconds, f"{peak / (1 << 30):.2f}", f"{changed[choice]}")
                print(f"| {' | '.join(row)} |", flush=True)
    return int(failed)


def result_in(folder: Path) -> tuple[np.ndarray, bool]:
    """The teeth (z, y, x) of the run whose result lies there, and whether it found an implant."""
    report = json.loads((folder / "result_report.json").read_text(encoding="utf-8"))
    there = {row["key"] for row in report.get("structures_around", [])}
    return sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "result_teeth.nii.gz"))), "implant" in there


def measured(command: Sequence[str]) -> tuple[float, float, int]:
    """Wall seconds, processor seconds and peak bytes. RuntimeError where the command fails."""
    started = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", "DentalTopoSegLib", *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    stderr = child.stderr.read() if child.stderr else b""
    _, status, used = os.wait4(child.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise RuntimeError(f"{' '.join(command)} failed: {stderr.decode(errors='replace')[-500:]}")
    peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return time.perf_counter() - started, used.ru_utime + used.ru_stime, peak


if __name__ == "__main__":
    sys.exit(main())
