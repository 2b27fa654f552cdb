"""Every command stopped by Ctrl-C and SIGTERM at moments spread over its whole run.

    python Testing/kills/stop_table.py [--stops N] [--only WORDS]

Asked of each stop: exit code 130 (or what the command answers when it is done before), within a second, no traceback,
nothing unfinished in the folder, files only with the answer that there are some. Moments before Python itself is up are
the system's and are counted apart. The second is the command's own: on Linux the time that its threads were kept
waiting for a processor is measured, shown and not held against it. Ends with 1 where something is not so.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "Testing" / "helpers")]

WITHIN_S = 1.0
#: The interpreter's own start, in which no handler can be there yet.
START_CODES = (-signal.SIGTERM, -signal.SIGINT)
FORMATS = ("stl", "obj", "ply", "glb", "nifti", "seg.nrrd", "csv", "html", "json")


@dataclass
class Row:
    """What became of the stops of one command."""

    name: str
    stopped: int = 0
    done_before: int = 0
    at_start: int = 0
    slowest_s: float = 0.0
    waited_s: float = 0.0
    faults: list[str] = field(default_factory=list)


def prepare(folder: Path) -> dict[str, list[str]]:
    """Inputs in a folder, and the commands on them without `-o`."""
    from scan_files import toy_dentition, write_file

    from DentalTopoSegLib.phantom import make_phantom

    image, labels = toy_dentition()
    scan = str(write_file(image, folder / "scan.nii.gz"))
    teeth = str(write_file(labels, folder / "scan_teeth.nii.gz"))
    array = labels.array.copy()
    array[0, 0, :2] = labels.array.max()
    loose = str(write_file(labels.with_array(array), folder / "loose.nii.gz"))
    (folder / "batch").mkdir()
    small = make_phantom(1, 0.6, fov_mm=(80, 75, 65), fillings=0).image
    phantom = str(write_file(small, folder / "batch" / "phantom.nrrd"))
    commands = {f"export {name}": ["export", teeth, "--format", name, "-o", "OUT"] for name in FORMATS}
    return commands | {
        "check": ["check", teeth],
        "evaluate": ["evaluate", teeth, teeth],
        "repair": ["repair", loose, "--all-safe", "-o", "OUT/repaired.nii.gz"],
        "picture": ["picture", scan, teeth, "-o", "OUT/picture.png"],
        "segment": ["segment", phantom, "--threads", "1", "-o", "OUT"],
        "batch": ["batch", str(folder / "batch"), "--threads", "1", "-o", "OUT"],
        "demo": ["demo", "--threads", "1", "-o", "OUT"],
        "worker": ["worker", _job(folder, phantom)],
    }


def _job(folder: Path, scan: str) -> str:
    job = folder / "job.json"
    job.write_text(json.dumps({"inputs": [scan], "output": "out", "threads": 1}), encoding="utf-8")
    return str(job)


def start(command: list[str], out: Path) -> subprocess.Popen:
    """The command as a process in a session of its own, like one in a terminal."""
    words = [word.replace("OUT", str(out)) for word in command]
    module = ["DentalTopoSegLib.runs.worker", *words[1:]] if words[0] == "worker" else ["DentalTopoSegLib", *words]
    return subprocess.Popen(
        [sys.executable, "-m", *module],
        stdin=subprocess.PIPE if words[0] == "worker" else subprocess.DEVNULL,  # a worker's host stays
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=out.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )


class ProcessorWait:
    """How long a process is kept waiting for a processor: of the thread that waits longest; 0 where nobody counts."""

    def __init__(self, process: int) -> None:
        self._tasks = Path(f"/proc/{process}/task")
        self._first = self._waits()
        self._last = dict(self._first)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> float:
        """Seconds since the beginning."""
        self._ended.set()
        self._thread.join()
        return max((wait - self._first.get(task, 0) for task, wait in self._last.items()), default=0) / 1e9

    def _look(self) -> None:
        while not self._ended.wait(0.01):
            self._last |= self._waits()

    def _waits(self) -> dict[str, int]:
        waits = {}
        with suppress(OSError):
            for task in self._tasks.iterdir():
                with suppress(OSError, IndexError):
                    waits[task.name] = int((task / "schedstat").read_text().split()[1])
        return waits


def stop_at(row: Row, command: list[str], moment: float, number: signal.Signals, folder: Path) -> None:
    """Stop the command at a moment and put what became of it into its row."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        out = Path(place) / "out"
        process = start(command, out)
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            pass
        else:
            process.communicate()
            row.done_before += 1
            return
        wait = ProcessorWait(process.pid)
        told = time.monotonic()
        os.killpg(process.pid, number)  # a terminal tells the whole group
        process.wait(60)
        took = time.monotonic() - told
        waited = wait.end()
        _, errors = process.communicate(timeout=60)
        where = f"{number.name} at {moment:.2f} s"
        in_start = "KeyboardInterrupt" in errors and str(Path("commands") / "cli.py") not in errors
        if process.returncode in START_CODES or in_start:
            row.at_start += 1
            return
        if process.returncode == 0:
            row.done_before += 1
        elif process.returncode == 130:
            row.stopped += 1
        else:
            row.faults.append(f"{where}: exit code {process.returncode}: {errors[-200:]}")
        if took > row.slowest_s:
            row.slowest_s, row.waited_s = took, waited
        if took - waited > WITHIN_S:
            row.faults.append(f"{where}: {took:.2f} s, {waited:.2f} s of it waiting for a processor")
        if "Traceback" in errors:
            row.faults.append(f"{where}: {errors[-300:]}")
        time.sleep(0.1)  # a batch's child ends with its parent
        hidden = [path.name for path in out.rglob(".*")] if out.exists() else []
        shown = [path.name for path in out.rglob("*")] if out.exists() else []
        told_of_files = "nothing was written" not in errors and command[0] != "worker"
        if hidden or (process.returncode == 130 and bool(shown) != told_of_files):
            row.faults.append(f"{where}: left {shown}, said {errors[-200:]!r}")


def run_to_end(command: list[str], out: Path) -> float:
    """How long the command runs when nobody stops it."""
    started = time.monotonic()
    process = start(command, out)
    process.wait()
    _, errors = process.communicate()
    if process.returncode:
        raise SystemExit(f"{command} ends with {process.returncode}: {errors}")
    return time.monotonic() - started


def main(argv: list[str] | None = None) -> int:
    """Print a row for every command; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stops", type=int, default=20, help="of every command")
    parser.add_argument("--only", default="", help="commands that begin so")
    given = parser.parse_args(argv)
    faults = 0
    with tempfile.TemporaryDirectory() as place:
        for name, command in prepare(Path(place)).items():
            if not name.startswith(given.only):
                continue
            row, chance = Row(name), random.Random(name)
            with tempfile.TemporaryDirectory(dir=place) as out:
                seconds = run_to_end(command, Path(out) / "out")
            for i in range(given.stops):
                moment = seconds * (i + chance.random()) / given.stops
                stop_at(row, command, moment, (signal.SIGINT, signal.SIGTERM)[i % 2], Path(place))
            print(
                f"{row.name:<16} {seconds:5.1f} s  stopped {row.stopped:>3}  done before {row.done_before:>3}  "
                f"interpreter's start {row.at_start:>2}  slowest {row.slowest_s:.2f} s "
                f"({row.waited_s:.2f} s waiting for a processor)  faults {len(row.faults)}",
                *row.faults,
                sep="\n    ",
                flush=True,
            )
            faults += len(row.faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
