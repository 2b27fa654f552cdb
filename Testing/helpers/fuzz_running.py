"""Damaged files of every format, each tried in a forked child; what made it fail is kept, to be replayed."""

from __future__ import annotations

import json
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fuzz_formats import FORMATS, OUT, Format, export_as, read_job, read_labels, read_volume
from fuzz_mutations import mutate
from fuzz_trials import FAULTS, OUTCOMES, READ, Outcome, try_one

from DentalTopoSegLib.errors import DentalTopoSegError

#: So many files of one fault are kept.
_KEPT_EACH = 3
_CASE = "case.json"


@dataclass
class Row:
    """What became of the files of one format; faults: one line for each kind of fault, with the folder kept."""

    name: str
    count: Counter[str] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


def table(rows: Sequence[Row]) -> str:
    """In Markdown, and below it the faults."""
    lines = ["| format | tried | " + " | ".join(OUTCOMES) + " |", "|---|" + "---:|" * (len(OUTCOMES) + 1)]
    for row in [*rows, Row("all", sum((row.count for row in rows), Counter()))]:
        counts = " | ".join(f"{row.count[kind]:,}" for kind in OUTCOMES)
        lines.append(f"| {row.name} | {row.count.total():,} | {counts} |")
    faults = [f"{row.name}: {fault} [{kept}]" for row in rows for fault, kept in row.faults.items()]
    return "\n".join([*lines, "", *faults])


class Fuzzer:
    """Tries damaged files.

    Parameters
    ----------
    kept : Path
        Gets a folder for every fault.
    seed : int
        The same one gives the same damage.
    """

    def __init__(self, kept: Path, seed: int = 0) -> None:
        self._kept, self._seed = kept, seed
        _warm_up()

    def run(
        self,
        formats: Iterable[Format],
        mutants: int,
        seconds: float | None = None,
        progress: Callable[[str], None] = lambda text: None,
    ) -> list[Row]:
        """A row per format, of `mutants` damaged files or as many as there is time for."""
        rows = []
        for form in formats:
            rows.append(self._row(form, mutants, seconds))
            counts = ", ".join(f"{number} {kind}" for kind, number in rows[-1].count.items())
            progress(f"{form.name}: {counts} in {rows[-1].seconds:.0f} s")
        return rows

    def _row(self, form: Format, mutants: int, seconds: float | None) -> Row:
        row, started = Row(form.name), time.monotonic()
        with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
            sound = Path(place) / "sound"
            sound.mkdir()
            made = try_one(lambda: (Path(place) / "entry").write_text(str(form.make(sound))), ())
            if made.kind != "read":
                raise RuntimeError(f"no sound file of {form.name}: {made.text}")
            entry = Path((Path(place) / "entry").read_text()).relative_to(sound)
            files = {str(p.relative_to(sound)): p.read_bytes() for p in sorted(sound.rglob("*")) if _plain(p)}
            kinds = {
                name: kind for name in files for pattern, kind in form.damaged.items() if Path(name).match(pattern)
            }
            for number in range(-1, mutants):  # -1: the sound file itself
                if seconds and time.monotonic() - started > seconds:
                    break
                rng = random.Random(f"{self._seed} {form.name} {number}")
                changed = _damage(rng, files, kinds) if number >= 0 else {}
                for name, content in changed.items():
                    (sound / name).write_bytes(content)
                outcome = self._try(form.use, sound / entry, Path(place) / OUT)
                if number < 0:
                    if outcome.kind != READ:
                        row.count[outcome.kind] += 1
                        row.faults[f"{outcome.kind}: the sound file: {outcome.text}"] = "-"
                    continue
                row.count[outcome.kind] += 1
                if outcome.kind in FAULTS:
                    self._note(row, form, number, sound, entry, outcome)
                for name in changed:
                    (sound / name).write_bytes(files[name])
        row.seconds = time.monotonic() - started
        return row

    @staticmethod
    def _try(use: Callable[[Path, Path], object], path: Path, out: Path) -> Outcome:
        outcome = try_one(lambda: use(path, out), DentalTopoSegError)
        shutil.rmtree(out, ignore_errors=True)
        return outcome

    def _note(self, row: Row, form: Format, number: int, folder: Path, entry: Path, outcome: Outcome) -> None:
        """Keep the files, the first few of each fault."""
        fault = f"{outcome.kind}: {outcome.text}"[:300]
        short = "".join(c if c.isalnum() else "-" for c in form.name)
        kept = self._kept / f"{short}-{self._seed}-{number}"
        if sum(key.split(": ", 2)[:2] == fault.split(": ", 2)[:2] for key in row.faults) >= _KEPT_EACH:
            return
        row.faults[fault] = kept.name
        if kept.exists():
            shutil.rmtree(kept)
        shutil.copytree(folder, kept / "files", symlinks=True, ignore=_pipes)
        case = {"format": form.name, "entry": str(entry), "seed": self._seed, "number": number, "fault": fault}
        (kept / _CASE).write_text(json.dumps(case, indent=2), encoding="utf-8")

    def replay(self, folder: Path) -> Outcome:
        """Do again what was done with the files of a folder that was kept."""
        case = json.loads((folder / _CASE).read_text(encoding="utf-8"))
        form = next(form for form in FORMATS if form.name == case["format"])
        with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
            copy = Path(place) / "sound"
            shutil.copytree(folder / "files", copy, symlinks=True)
            return self._try(form.use, copy / case["entry"], Path(place) / OUT)

    def open_files(self, folder: Path) -> Row:
        """Open the files of a folder, and each of its folders that holds one file or a series, as they are."""
        row = Row(folder.name)
        for path in sorted(folder.iterdir()):
            inside = sorted(path.iterdir()) if path.is_dir() else []
            path = inside[0] if len(inside) == 1 else path
            for use in _uses(path):
                with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
                    outcome = self._try(use, path, Path(place) / OUT)
                row.count[outcome.kind] += 1
                if outcome.kind in FAULTS:
                    row.faults[f"{outcome.kind}: {outcome.text}"[:300]] = str(path.relative_to(folder))
        return row


def _uses(path: Path) -> list[Callable[[Path, Path], object]]:
    if path.suffix != ".json":
        return [read_volume, read_labels]
    return [read_job] if path.name == "j.json" else [export_as("csv"), export_as("html"), export_as("nifti")]


def _damage(rng: random.Random, files: dict[str, bytes], kinds: dict[str, str]) -> dict[str, bytes]:
    """One file damaged; now and then several, in the same way."""
    names = sorted(kinds)
    chosen = rng.sample(names, rng.choice((1, len(names))) if len(names) > 1 and rng.random() < 0.4 else 1)
    seed = rng.random()
    others = [files[name] for name in names]
    return {name: mutate(random.Random(seed), files[name], kinds[name], others) for name in chosen}


def _plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _pipes(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if (Path(folder) / name).is_fifo()]


def _warm_up() -> None:
    """Import what children would import; nothing is computed, as threads do not survive a fork."""
    import SimpleITK as sitk

    import DentalTopoSegLib.exports.registry
    import DentalTopoSegLib.files.jaw_labels
    import DentalTopoSegLib.runs.batch
    import DentalTopoSegLib.runs.checking
    import DentalTopoSegLib.runs.public
    import DentalTopoSegLib.runs.repairing  # noqa: F401

    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
