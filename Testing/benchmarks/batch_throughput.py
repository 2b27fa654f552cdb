"""Throughput of a batch against workers, on this computer and on a Dask cluster of real processes on its loopback.

    python Testing/benchmarks/batch_throughput.py [--scans 24] [--workers 1 2] [--again 1000] [--names 0 40000 400000]

Small phantoms (90 x 75 x 70 voxels) with the real networks, one thread each. For every number of workers: scans per
minute of `--jobs N` and of `--scheduler` with N workers, and the seconds of a core that a scan took with all around it,
the start of a cluster too. Then what a scan costs the batch itself, without its computation: `--again` scans whose
results are all there are gone through once more, on both ways, with all results in one folder and with a folder for
each. Before that what moving a result costs in a folder with so many `--names`. Told with every figure: its ratio to
the first of its kind. Linux and macOS; distributed must be installed. `--scans 0`: the moves alone.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main(argv: list[str] | None = None) -> int:
    """Print the figures; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scans", type=int, default=24)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--again", type=int, default=1000)
    parser.add_argument("--names", type=int, nargs="*", default=[0, 40_000, 400_000])
    given = parser.parse_args(argv)
    sys.path[:0] = [str(ROOT), str(ROOT / "Testing" / "helpers")]
    from small_batch import BROKEN, make_scans

    with tempfile.TemporaryDirectory() as scratch:
        _move(Path(scratch) / "names", sorted(given.names))
        if not given.scans:
            return 0
        place = Path(scratch)
        make_scans(place / "in", given.scans)
        for name in BROKEN:
            (place / "in" / name).unlink()
        first = None
        for workers in given.workers:
            for scheduler in (False, True):
                before = _core_seconds()
                seconds = _run(place, place / "in", place / f"out_{workers}_{scheduler}", workers, scheduler)
                spent = (_core_seconds() - before) / given.scans
                rate = 60 * given.scans / seconds
                first = first or rate
                said = "--scheduler, workers:" if scheduler else "--jobs"
                print(
                    f"{said:<22}{workers:>3}{rate:>8.1f} scans/min{rate / first:>7.2f} times the first"
                    f"{spent:>7.1f} core s each",
                    flush=True,
                )
        if given.again:
            _go_through(place, given.again)
    return 0


def _move(folder: Path, counts: list[int]) -> None:
    from DentalTopoSegLib.files.transactions import all_or_nothing

    first = None
    folder.mkdir()
    for count in counts:
        for number in range(len(list(folder.iterdir())), count):
            (folder / f"x{number}").touch()
        started = time.perf_counter()
        for number in range(10):
            with all_or_nothing(folder) as stage:
                (stage / "result").write_text(str(number))
        each = (time.perf_counter() - started) / 10
        first = first or each
        print(f"a move among {count} names: {1000 * each:.0f} ms {each / first:.1f} times the first", flush=True)
        (folder / "result").unlink()


def _core_seconds() -> float:
    """Of all processes that have ended, those that they started too."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _go_through(place: Path, scans: int) -> None:
    done = next(place.glob("out_*"))
    shutil.rmtree(place / "in")
    first = None
    for subfolders in (False, True):
        (place / "in").mkdir()
        out = place / f"again_{subfolders}"
        out.mkdir()
        for number in range(scans):
            name = f"copy_{number:06}"
            (place / "in" / f"{name}.nii").write_bytes(b"not read again")
            _copy(done, "scan_000", out / name if subfolders else out, name)
        for scheduler in (False, True):
            words = ["--subfolders"] if subfolders else []
            seconds = _run(place, place / "in", out, 1, scheduler, words)
            first = first or seconds
            print(
                f"gone through {scans} done scans, {'a folder each' if subfolders else 'one folder':<14}"
                f"{'--scheduler' if scheduler else '--jobs 1':<12}{1000 * seconds / scans:>7.1f} ms each"
                f"{seconds / first:>7.2f} times the first",
                flush=True,
            )
        shutil.rmtree(place / "in")


def _copy(source: Path, name: str, folder: Path, new: str) -> None:
    """The results of a scan under another name."""
    folder.mkdir(exist_ok=True)
    report = json.loads((source / f"{name}_report.json").read_text(encoding="utf-8"))
    report["name"] = new
    for kind, file in list(report["files"].items()):
        report["files"][kind] = file.replace(name, new)
        if kind != "report":
            shutil.copy(source / file, folder / report["files"][kind])
    report["checksums"] = {key.replace(name, new): value for key, value in report["checksums"].items()}
    (folder / f"{new}_report.json").write_text(json.dumps(report))


def _run(place: Path, scans: Path, out: Path, workers: int, scheduler: bool, words: list[str] | None = None) -> float:
    """Seconds of a batch, from its start to its end; its cluster is up before. RuntimeError where one has no result."""
    from contextlib import nullcontext

    from dask_processes import cluster
    from small_batch import start_batch

    shutil.rmtree(place / "dask", ignore_errors=True)
    with cluster(place / "dask", workers) if scheduler else nullcontext() as dask:
        if dask:
            _wait_for_workers(dask.address, workers)
        way = ["--scheduler", dask.address] if dask else ["--jobs", str(workers)]
        started = time.monotonic()
        process = start_batch(scans, "-o", out, "--threads", "1", "--quiet", *way, *(words or []))
        text = process.communicate()[1]
        seconds = time.monotonic() - started
    if process.returncode:
        raise RuntimeError(text)
    return seconds


def _wait_for_workers(address: str, count: int) -> None:
    from distributed import Client

    with Client(address) as client:
        client.wait_for_workers(count, timeout=120)


if __name__ == "__main__":
    sys.exit(main())
