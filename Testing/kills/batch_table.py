"""A batch with broken scans among the others, killed (SIGKILL) and resumed, against one that nobody disturbed.

    python Testing/kills/batch_table.py [--scans 45] [--kills 2] [--jobs N|auto]

Small phantoms and five broken inputs, with the real networks. Told are the seconds of both, the reports that were there
at each kill, and the faults: rows of the summary that are wrong or missing, results that differ from those of the
undisturbed batch (of reports all but the seconds counts), processes that outlive their batch by three seconds, hidden
files that are left at the end, and scans that were done again though their results were there. Linux and macOS. Ends
with 1 where there is one.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main(argv: list[str] | None = None) -> int:
    """Print what came of it; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scans", type=int, default=45, help="sound ones; five broken ones come beside them")
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--jobs", default="auto")
    given = parser.parse_args(argv)
    sys.path[:0] = [str(ROOT), str(ROOT / "Testing" / "helpers")]
    from small_batch import BROKEN, kill_batch, make_scans, results_of, rows_of, run_batch_process, start_batch

    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        names = make_scans(place / "in", given.scans)
        words = [place / "in", "--jobs", given.jobs, "--threads", "1", "-o"]
        started = time.monotonic()
        codes = [run_batch_process(*words, place / "whole")]
        print(f"undisturbed: {len(names)} inputs, {time.monotonic() - started:.0f} s, exit code {codes[0]}", flush=True)
        chance = random.Random(0)
        orphans: list[int] = []
        kept: dict[str, float] = {}
        again = 0
        started = time.monotonic()
        for number in range(given.kills):
            reports = chance.randint(
                number * given.scans // (given.kills + 1), (number + 1) * given.scans // (given.kills + 1)
            )
            process = start_batch(*words, place / "killed")
            orphans += kill_batch(process, place / "killed", max(reports, 1))
            times = {path.name: path.stat().st_mtime for path in (place / "killed").glob("*_report.json")}
            again += sum(times[name] != kept[name] for name in kept)
            kept = times
            print(f"killed with {len(times)} reports", flush=True)
        codes.append(run_batch_process(*words, place / "killed"))
        print(f"killed and resumed: {time.monotonic() - started:.0f} s, exit code {codes[1]}")
        again += sum((place / "killed" / name).stat().st_mtime != moment for name, moment in kept.items())
        whole, resumed = results_of(place / "whole"), results_of(place / "killed")
        faults = {
            "wrong rows": sum(_wrong_rows(rows_of(place / folder), names, BROKEN) for folder in ("whole", "killed")),
            "other results": len(whole.items() ^ resumed.items()),
            "orphans": len(orphans),
            "left": sum(any(part.startswith(".") for part in Path(name).parts) for name in (*whole, *resumed)),
            "done again": again,
            "other exit codes": sum(code != 8 for code in codes),
        }
    print("  ".join(f"{fault}: {count}" for fault, count in faults.items()))
    return int(any(faults.values()))


def _wrong_rows(rows: dict[str, dict[str, str]], names: list[str], broken: dict[str, str]) -> int:
    wrong = len(rows.keys() ^ set(names))
    for name, row in rows.items():
        if name in broken:
            wrong += row["state"] != "failed" or broken[name] not in row["message"]
        else:
            wrong += row["state"] not in ("done", "done before") or int(row["teeth"]) < 20
    return wrong


if __name__ == "__main__":
    sys.exit(main())
