"""A folder of small scans with broken ones among them, and what a batch has made of it, ready to be compared."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil

from DentalTopoSegLib.files.volumes import write_volume
from DentalTopoSegLib.phantom import make_phantom

ROOT = Path(__file__).resolve().parents[2]
#: What is wrong with the broken ones, and a part of what is said of each.
BROKEN = {
    "cut_short.nii.gz": "cut_short.nii.gz",
    "text.nii.gz": "text.nii.gz",
    "empty.nrrd": "empty.nrrd",
    "air.nii.gz": "every voxel has the same value",
    "slice.nii.gz": "too few to hold teeth",
}
#: Small, and the networks find their teeth: as wide as an arch, voxels of 0.8 mm.
_FIELD_MM, _SPACING_MM, _KINDS = (72.0, 60.0, 56.0), 0.8, 3


def make_scans(folder: Path, count: int) -> list[str]:
    """Write `count` phantoms and the five broken ones; the names of all. A few phantoms with noise of other seeds, as
    building one takes as long as segmenting it."""
    folder.mkdir(parents=True)
    kinds = [make_phantom(seed, _SPACING_MM, fov_mm=_FIELD_MM).image for seed in range(min(_KINDS, count))]
    for number in range(count):
        scan = kinds[number % len(kinds)]
        noise = np.random.default_rng(number).integers(-8, 9, scan.shape).astype(scan.array.dtype)
        write_volume(scan.with_array(scan.array + noise), folder / f"scan_{number:03}.nii.gz")
    whole = (folder / "scan_000.nii.gz").read_bytes()
    (folder / "cut_short.nii.gz").write_bytes(whole[: len(whole) // 2])
    (folder / "text.nii.gz").write_bytes(gzip.compress(b"no scan"))
    (folder / "empty.nrrd").write_bytes(b"")
    write_volume(kinds[0].with_array(np.full_like(kinds[0].array, -1000)), folder / "air.nii.gz")
    write_volume(replace(kinds[0], array=kinds[0].array[:4]), folder / "slice.nii.gz")
    return sorted(path.name for path in folder.iterdir())


def start_batch(*words: object, **options) -> subprocess.Popen:
    """`dentaltoposeg batch` in a process of its own; its text on pipes."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "DentalTopoSegLib", "batch", *map(str, words)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, **options
    )


def run_batch_process(*words: object) -> int:
    """Its exit code."""
    process = start_batch(*words)
    process.communicate()
    return process.returncode


def rows_of(output: Path) -> dict[str, dict[str, str]]:
    """The rows of the summary by scan."""
    with (output / "summary.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len({row["scan"] for row in rows}) == len(rows), "a scan has two rows"
    return {row["scan"]: row for row in rows}


def results_of(output: Path) -> dict[str, str]:
    """{file: digest of what it holds} of all results, hidden files too; of reports without the seconds they took."""
    found = {}
    for path in sorted(output.rglob("*")):
        if path.is_dir() or path.name.startswith("summary."):
            continue
        content = path.read_bytes()
        if path.name.endswith("_report.json"):
            report = json.loads(content)
            report["provenance"].pop("seconds")
            content = json.dumps(report, sort_keys=True).encode()
        found[path.relative_to(output).as_posix()] = hashlib.sha256(content).hexdigest()
    return found


def kill_batch(process: subprocess.Popen, output: Path, reports: int, patience_s: float = 300.0) -> list[int]:
    """End a batch by SIGKILL once so many reports are there and a scan is in the midst of its run; its processes that
    still run three seconds later. Raises AssertionError where it ended before."""
    end = time.monotonic() + patience_s
    while len(list(output.glob("*_report.json"))) < reports or not psutil.Process(process.pid).children():
        assert process.poll() is None, f"the batch ended before: {process.communicate()}"
        assert time.monotonic() < end, "the batch does not get on"
        time.sleep(0.05)
    children = psutil.Process(process.pid).children(recursive=True)
    assert process.poll() is None, "the batch ended before"
    process.kill()
    process.communicate()
    _, alive = psutil.wait_procs(children, timeout=3)
    return [child.pid for child in alive]
