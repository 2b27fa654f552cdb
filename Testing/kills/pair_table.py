"""The two processes of a batch and of the worker killed (SIGKILL) in the midst of a real run, one of them or both.

    python Testing/kills/pair_table.py [--kills N] [--only WORDS]

The watching process puts the files in place that the working one has written (`runs/watching.py`). Each kill comes at a
moment of a run with the real networks, into a folder with the results of an earlier run. Asked is:

- lost: a file of the earlier results that is gone or differs, where the run did not end well;
- half: a file that is neither of the earlier results nor of whole new ones;
- wrongly done: exit code 0, or a row "done", without whole new results;
- untold: the working process was killed and the answer is neither the refusal of a run that was ended nor "done";
- orphans: processes that still run three seconds later;
- left: hidden files after the next command into the folder.

Linux only. Ends with 1 where something is not 0.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import stop_table
from stop_table import ROOT

FAULTS = ("lost", "half", "wrongly done", "untold", "orphans", "left")
TARGETS = ("watching", "working", "both")
_ORPHAN_S = 3.0


def processes(first: int) -> Iterator[int]:
    """A process and all below it."""
    yield first
    children = Path(f"/proc/{first}/task")
    with suppress(OSError):
        for task in list(children.iterdir()):
            for child in (task / "children").read_text().split():
                yield from processes(int(child))


def runs(process: int) -> bool:
    """Whether it is there and no zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def contents(folder: Path) -> dict[str, bytes]:
    """What the visible files hold, but for the summary, which says how long each scan took."""
    hidden = (".", "summary.")
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(hidden)}


def kill_at(command: list[str], moment: float, target: str, place: Path) -> Counter[str]:
    """The faults of one kill. place: has the earlier results in "kept"."""
    out = place / "out"
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(place / "kept", out)
    old = contents(out)
    process = stop_table.start(command, out)
    with suppress(subprocess.TimeoutExpired):
        process.wait(moment)
    pair = list(processes(process.pid))
    chosen = {"watching": pair[:1], "working": pair[1:], "both": pair}[target]
    for one in chosen:
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)
    process.wait(120)
    process.communicate()
    end = time.monotonic() + _ORPHAN_S
    while any(map(runs, pair)) and time.monotonic() < end:
        time.sleep(0.05)
    found = Counter(tried=1, ended=len(chosen) > 0, orphans=sum(map(runs, pair)))
    now = contents(out)
    replaced = {name for name in old if now.get(name) != old[name]}
    # the next command finishes or takes back what has begun
    stop_table.run_to_end(["export", str(place / "next_teeth.nii.gz"), "--format", "nifti", "-o", str(out)], out)
    after = contents(out)
    after.pop("next_teeth.nii.gz")
    whole = all(after.get(name) != old[name] for name in old if name.endswith("_report.json"))
    found["lost"] = len(old.keys() - after.keys()) + (0 if whole else sum(after.get(n) != old[n] for n in old))
    found["half"] = len(after.keys() - old.keys()) + (0 if whole or process.returncode < 0 else len(replaced))
    found["wrongly done"] = int((process.returncode == 0 or _row_is_done(out)) and not whole)
    found["untold"] = int(target == "working" and chosen != [] and process.returncode not in (0, 1, 7, 8))
    found["left"] = sum(path.name.startswith(".") for path in out.iterdir())
    return found


def _row_is_done(out: Path) -> bool:
    summary = out / "summary.csv"
    if not summary.exists():
        return False
    with summary.open(encoding="utf-8-sig", newline="") as stream:
        return any(row["state"] == "done" for row in csv.DictReader(stream))


def main(argv: list[str] | None = None) -> int:
    """Print a row for every command and process; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10, help="of every command and process")
    parser.add_argument("--only", default="", help="commands that begin so")
    given = parser.parse_args(argv)
    faults = 0
    print(f"{'':30}{'tried':>8}{'ended':>8}" + "".join(f"{fault:>14}" for fault in FAULTS))
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        commands = stop_table.prepare(place)
        shutil.copy(place / "scan_teeth.nii.gz", place / "next_teeth.nii.gz")
        for command in ("batch", "worker"):
            if not command.startswith(given.only):
                continue
            words = [*commands[command], *(["--again"] if command == "batch" else [])]
            for folder in ("kept", "out"):
                shutil.rmtree(place / folder, ignore_errors=True)
            seconds = stop_table.run_to_end(words, place / "out")
            (place / "out" / "summary.csv").unlink(missing_ok=True)
            os.rename(place / "out", place / "kept")
            for target in TARGETS:
                chance, row = random.Random(command + target), Counter[str]()
                for i in range(given.kills):
                    row.update(kill_at(words, seconds * (i + chance.random()) / given.kills, target, place))
                numbers = "".join(f"{row[fault]:>14}" for fault in FAULTS)
                print(f"{f'{command}, {target}':30}{row['tried']:>8}{row['ended']:>8}{numbers}", flush=True)
                faults += sum(row[fault] for fault in FAULTS)
    return 1 if faults else 0


if __name__ == "__main__":
    if not sys.platform.startswith("linux"):
        raise SystemExit("only on Linux: the processes are looked up in /proc")
    sys.path[:0] = [str(ROOT)]
    sys.exit(main())
