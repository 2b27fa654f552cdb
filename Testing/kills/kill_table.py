"""Every command ended, and refused by the disk, at each of its system calls that make, fill, name or remove a file.

    python Testing/kills/kill_table.py [--sample N] [--seconds S] [--seed K] [--case WORDS] [--json FILE]

A command runs into a folder with results of an earlier run. strace ends it (SIGKILL) at one call, then another command
runs into the same folder. Asked is:

- half: files that are neither the older nor the newer ones, whole;
- lost: older results that are gone, without the newer in their place;
- mixed: some files of the older results beside some of the newer, after the next command;
- wrongly done: a report that says all its files are there and its own, where they are not, at any time;
- left: hidden files or folders after the next command.

With "disk" the call fails instead (in turn no space, an input/output error, no space from then on): the command ends
with code 6 and one sentence and the older results are all there, or with code 0 and the newer ones.

Networks, phantoms and pictures are replaced by what they gave once (`Testing/helpers/kill_cases.py`). Linux only.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "Testing" / "helpers")]

import kill_cases  # noqa: E402
import traced  # noqa: E402
from kill_cases import Case  # noqa: E402
from traced import Moment  # noqa: E402

from DentalTopoSegLib.errors import SOME_FAILED, OutputError  # noqa: E402
from DentalTopoSegLib.reports.checksums import compare_files  # noqa: E402

CANNOT_TRACE = 77
FAULTS = ("half", "lost", "mixed", "wrongly done", "left", "wrong end")
NEXT = "next_teeth.nii.gz"
#: How a call ends: by the process's end, or refused once ("") or from then on ("+").
KILL = "signal=KILL"
REFUSALS = (("error=ENOSPC", ""), ("error=EIO", ""), ("error=ENOSPC", "+"))

Contents = dict[str, str]


def contents_of(folder: Path) -> Contents:
    """What the files of a folder say, without what differs between two equal runs; hidden ones are left out."""
    return {path.name: _content(path) for path in sorted(folder.iterdir()) if not path.name.startswith(".")}


def _content(path: Path) -> str:
    data = path.read_bytes()
    try:
        if path.suffix == ".json":
            report = json.loads(data)
            if isinstance(report, dict):
                report.pop("checksums", None)
                report.get("provenance", {}).pop("seconds", None)
            data = json.dumps(report, sort_keys=True).encode()
        elif path.name == "summary.csv":
            rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
            data = repr({len(row) for row in rows}).encode()  # it is written whole after each scan, whatever it says
        elif path.name == "summary.html":  # the same; it tells how long each scan took
            data = repr((data.startswith(b"<!DOCTYPE html>"), data.endswith(b"</html>\n"))).encode()
        elif path.suffix == ".dcm":
            import pydicom

            data = pydicom.dcmread(path).PixelData
    except Exception as error:  # noqa: BLE001 - a half written file may raise anything
        return f"broken ({type(error).__name__}) {hashlib.sha256(data).hexdigest()}"
    return hashlib.sha256(data).hexdigest()


def wrongly_done(folder: Path, now: Contents, old: Contents, new: Contents) -> int:
    """Reports that call their files their own where these are not all old or all new."""
    count = 0
    for name in now:
        if not name.endswith("_report.json"):
            continue
        report = json.loads((folder / name).read_bytes())
        compared = compare_files(report, folder)
        files = [name, *(report.get("files") or {}).values()]
        whole = any(all(now.get(file) == state.get(file) for file in files) for state in (old, new))
        count += not (compared.missing or compared.changed or whole)
    return count


class Trial:
    """One case: its older and newer results, and the calls that its command makes."""

    def __init__(self, case: Case, inputs: Path, scratch: Path) -> None:
        self.case, self.inputs, self.scratch = case, inputs, scratch
        self.out, self.kept = scratch / "out", scratch / "kept"
        for which in ("old", "new"):
            self._fresh()
            done = traced.run(lambda which=which: case(self.out, which), scratch)  # type: ignore[misc]
            if done.code != 0:
                raise RuntimeError(f"{case.name} does not run: {done.out}")
            if which == "old":
                self.old = contents_of(self.out)
                shutil.copytree(self.out, self.kept)
            else:
                self.new = contents_of(self.out)
        self._fresh()
        trace = traced.run(self._run, scratch, trace=True).trace
        self.moments = traced.moments_of(trace, self.out)

    def _run(self) -> int:
        return self.case(self.out, "new")

    def _fresh(self) -> None:
        shutil.rmtree(self.out, ignore_errors=True)
        if self.kept.exists():
            shutil.copytree(self.kept, self.out)
        else:
            self.out.mkdir()

    def kill(self, moment: Moment) -> Counter[str]:
        """The faults of one kill."""
        self._fresh()
        ended = traced.run(self._run, self.scratch, f"{moment.call}:{KILL}:when={moment.number}")
        faults = self._judge_now()
        faults["tried"] = 1
        faults["ended"] = ended.code is None
        return faults + self._judge_after()

    def refuse(self, moment: Moment, error: str, on: str) -> Counter[str]:
        """The faults of one call that the disk refuses."""
        self._fresh()
        ended = traced.run(self._run, self.scratch, f"{moment.call}:{error}:when={moment.number}{on}")
        now = contents_of(self.out)
        faults = self._judge_now()
        faults["tried"] = 1
        faults["refused"] = ended.code == OutputError.exit_code
        expected = self._expected(ended.code)
        sentence = [line for line in ended.out.splitlines() if line.strip()]
        refused = [line for line in ended.trace.splitlines() if "INJECTED" in line]
        if not all(traced.touches(line, self.out) for line in refused):  # a package's file, or the sentence on stderr
            return faults + self._judge_after()
        right = bool(expected) and (bool(on) or now in expected) and "Traceback" not in ended.out
        right = right and (ended.code == 0 or any("cannot be written" in line for line in sentence))
        if not right:
            faults["wrong end"] = 1
            print(
                f"    {self.case.name}: {moment.call} {moment.number} {error}{on}: {ended.code} {sentence[-1:]}",
                flush=True,
            )
        return faults + self._judge_after()

    def _expected(self, code: int | None) -> list[Contents]:
        if self.case.name == "batch" and code in (0, OutputError.exit_code, SOME_FAILED):
            return [self.old, self.new]  # its table is written by itself, after the scan's results
        return {0: [self.new], OutputError.exit_code: [self.old]}.get(-1 if code is None else code, [])

    def _judge_now(self) -> Counter[str]:
        now = contents_of(self.out)
        half = sum(now[name] not in (self.old.get(name), self.new.get(name)) for name in now)
        return Counter({"half": half, "wrongly done": wrongly_done(self.out, now, self.old, self.new)})

    def _judge_after(self) -> Counter[str]:
        done = traced.run(lambda: kill_cases.next_command(self.inputs, self.out), self.scratch)
        if done.code != 0:
            raise RuntimeError(f"The next command ended with {done.code}: {done.out}")
        now = contents_of(self.out)
        now.pop(NEXT)
        return Counter(
            {
                "lost": sum(now.get(name) not in (self.old[name], self.new.get(name)) for name in self.old),
                "mixed": int(now not in (self.old, self.new)),
                "left": sum(path.name.startswith(".") for path in self.out.iterdir()),
                "wrongly done": wrongly_done(self.out, now, self.old, self.new),
            }
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; 0 where every fault is 0, 1 where one is not, 77 where strace is absent or may not trace."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, help="moments per case, drawn by the seed (default: all)")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="start nothing new after this time")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--case", default="", help="only cases whose name has these words")
    parser.add_argument("--json", type=Path, help="also write the table here")
    given = parser.parse_args(argv)
    if not traced.can_trace():
        print("strace is not installed, or may not trace here: nothing was tried")
        return CANNOT_TRACE
    started = time.monotonic()
    chance = random.Random(given.seed)
    rows: dict[str, dict[str, int]] = {}
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory(prefix="kills_") as name, kill_cases.without_computing():
        inputs = Path(name) / "inputs"
        inputs.mkdir()
        cases = [case for case in kill_cases.prepare(inputs) if given.case in case.name]
        print(f"{'':34}{'moments':>8}" + "".join(f"{fault:>14}" for fault in ("tried", "ended", *FAULTS)))
        for case in chance.sample(cases, len(cases)):
            if time.monotonic() - started > given.seconds:
                break
            scratch = Path(name) / "case"
            scratch.mkdir()
            for kind, row in _rows(Trial(case, inputs, scratch), chance, given.sample, started + given.seconds):
                rows[f"{case.name}, {kind}"] = row
                numbers = [row["moments"], row["tried"], row["ended"], *(row[fault] for fault in FAULTS)]
                print(
                    f"{f'{case.name}, {kind}':34}{numbers[0]:>8}" + "".join(f"{n:>14}" for n in numbers[1:]), flush=True
                )
            shutil.rmtree(scratch)
    faults = sum(row[fault] for row in rows.values() for fault in FAULTS)
    print(f"{sum(row['tried'] for row in rows.values())} tried in {time.monotonic() - started:.0f} s, {faults} faults")
    if given.json:
        given.json.write_text(json.dumps({"rows": rows, "faults": faults}, indent=1), encoding="utf-8")
    return int(faults > 0)


def _rows(trial: Trial, chance: random.Random, sample: int | None, end: float):
    """("kill", its row) and ("disk", its row)."""
    shift = chance.randrange(len(REFUSALS))
    some = trial.moments if sample is None else chance.sample(trial.moments, min(sample, len(trial.moments)))
    for kind in ("kill", "disk"):
        row: Counter[str] = Counter()
        for moment in some:
            if time.monotonic() > end:
                break
            if kind == "kill":
                row.update(trial.kill(moment))
                continue
            found = trial.refuse(moment, *REFUSALS[(row["tried"] + shift) % len(REFUSALS)])
            found["ended"] = found.pop("refused", 0)
            row.update(found)
        row["moments"] = len(trial.moments)
        yield kind, {key: int(row[key]) for key in ("moments", "tried", "ended", *FAULTS)}


if __name__ == "__main__":
    sys.exit(main())
