"""Damaged files of every format, each tried in a forked child; what made it fail is kept, to be replayed."""

from __future__ import annotations

import functools
import json
import multiprocessing
import random
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from fuzz_broken import broken_files, broken_formats
from fuzz_formats import FORMATS, OUT, Format
from fuzz_mutations import mutate
from fuzz_trials import FAULTS, OUTCOMES, READ, REFUSED, Outcome, try_one

from DentalTopoSegLib.errors import DentalTopoSegError

#: So many files of one fault are kept, and so many sentences with odd words.
_KEPT_EACH = 3
_CASE = "case.json"
_ODD_WORDS = "odd words"
#: What no sentence for clinicians holds: names of classes and of libraries, places in programs, staging folders.
_NOT_THEIRS = re.compile(
    r"Traceback|\b\w*(?:Error|Exception|Warning)\b|NoneType|<class|object at 0x|\.py\b|\.cxx\b|Type_|DentalTopoSegLib"
    r"|\bITK\b|\bitk::|\bsitk|\bSimpleITK|\bGDCM|\bgdcm|\bpydicom|\bnumpy\b|\bnp\.|\bvtk[A-Z]\w+|\.dentaltoposeg-"
)


@dataclass
class Row:
    """What became of the files of one format.

    faults: one line for each kind of fault, with the folder kept. odd: refusals that are no sentence for clinicians.
    """

    name: str
    count: Counter[str] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)
    odd: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, other: Row) -> None:
        """Count another row's files in this one."""
        self.count += other.count
        self.faults |= other.faults
        self.odd += other.odd[:_KEPT_EACH]
        self.seconds += other.seconds


def table(rows: Sequence[Row]) -> str:
    """In Markdown, and below it the faults and odd words."""
    kinds = (*OUTCOMES, _ODD_WORDS)
    lines = ["| format | tried | " + " | ".join(kinds) + " |", "|---|" + "---:|" * (len(kinds) + 1)]
    for row in [*rows, Row("all", sum((row.count for row in rows), Counter()))]:
        counts = " | ".join(f"{row.count[kind]:,}" for kind in kinds)
        lines.append(f"| {row.name} | {sum(row.count[kind] for kind in OUTCOMES):,} | {counts} |")
    faults = [f"{row.name}: {fault} [{kept}]" for row in rows for fault, kept in row.faults.items()]
    odd = [f"{row.name}: {_ODD_WORDS}: {text!r}" for row in rows for text in row.odd]
    return "\n".join([*lines, "", *faults, *odd])


def odd_words(text: str, names: Sequence[str]) -> bool:
    """Whether a refusal is not one line, names none of `names`, or has words that are not the reader's.

    Of a job's options that do not go together the option is named.
    """
    words = text
    for name in names:
        words = words.replace(name, "")
    named = words != text or text.startswith("--")  # an option of a job that does not fit the others
    words = re.sub(r"\bversions\.\w+", "", words)  # a field of reports
    return len(text.splitlines()) != 1 or not named or _NOT_THEIRS.search(words) is not None


class Fuzzer:
    """Tries damaged files.

    Parameters
    ----------
    kept : Path
        Gets a folder for every fault.
    seed : int
        The same one gives the same damage.
    broken : Path, optional
        A folder whose files are seeds as well.
    """

    def __init__(self, kept: Path, seed: int = 0, broken: Path | None = None) -> None:
        self._kept, self._seed, self._broken = kept, seed, broken
        _warm_up()

    def run(
        self,
        formats: Sequence[Format],
        mutants: int,
        seconds: float | None = None,
        progress: Callable[[str], None] = lambda text: None,
        processes: int = 1,
    ) -> list[Row]:
        """A row per format, of `mutants` damaged files or as many as there is time for.

        Formats of one row share them. processes: so many formats are tried at a time.
        """
        shares = Counter(form.row for form in formats if form.row)
        rows: dict[str, Row] = {form.row or form.name: Row(form.row or form.name) for form in formats}
        tasks = []
        for form in formats:
            share = shares.get(form.row, 1)
            tasks.append((form, -(-mutants // share), seconds and seconds / share))
        for form, row in self._rows(tasks, processes):
            rows[form.row or form.name].add(row)
            counts = ", ".join(f"{number} {kind}" for kind, number in row.count.items())
            progress(f"{form.name}: {counts} in {row.seconds:.0f} s")
        return list(rows.values())

    def _rows(self, tasks: list[tuple[Format, int, float | None]], processes: int) -> Iterator[tuple[Format, Row]]:
        if processes == 1:
            yield from ((form, self._row(form, mutants, seconds)) for form, mutants, seconds in tasks)
            return
        global _work  # inherited by the fork: what makes a format cannot be sent
        _work = [functools.partial(self._row, *task) for task in tasks]
        with ProcessPoolExecutor(processes, multiprocessing.get_context("fork")) as pool:
            jobs = {pool.submit(_do, place): form for place, (form, _, _) in enumerate(tasks)}
            yield from ((jobs[job], job.result()) for job in as_completed(jobs))

    def _row(self, form: Format, mutants: int, seconds: float | None) -> Row:
        row, started = Row(form.name), time.monotonic()
        with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
            sound = Path(place) / "sound"
            sound.mkdir()
            made = try_one(lambda: (Path(place) / "entry").write_text(str(form.make(sound))), DentalTopoSegError)
            if made.kind != "read":
                raise RuntimeError(f"no sound file of {form.name}: {made.text}")
            entry = Path((Path(place) / "entry").read_text()).relative_to(sound)
            files = {str(p.relative_to(sound)): p.read_bytes() for p in sorted(sound.rglob("*")) if _plain(p)}
            kinds = {
                name: kind for name in files for pattern, kind in form.damaged.items() if Path(name).match(pattern)
            }
            parts = {part for name in (*files, entry) for part in Path(name).parts}
            names = sorted({*parts, f"'{entry.stem}'"}, key=len, reverse=True)
            for number in range(-1, mutants):  # -1: the sound file itself
                if number > 0 and seconds and time.monotonic() - started > seconds:  # one at least, on a busy computer
                    break
                rng = random.Random(f"{self._seed} {form.name} {number}")
                changed = _damage(rng, files, kinds) if number >= 0 else {}
                for name, content in changed.items():
                    (sound / name).write_bytes(content)
                outcome = self._try(form.use, sound / entry, Path(place) / OUT)
                if number < 0:
                    if outcome.kind in FAULTS or (form.sound and outcome.kind != READ):
                        row.count[outcome.kind] += 1
                        row.faults[f"{outcome.kind}: the sound file: {outcome.text}"] = "-"
                    continue
                row.count[outcome.kind] += 1
                if outcome.kind == REFUSED and odd_words(outcome.text, names):
                    row.count[_ODD_WORDS] += 1
                    if len(row.odd) < _KEPT_EACH:
                        row.odd.append(outcome.text[:500])
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
        forms = [*FORMATS, *(broken_formats(self._broken) if self._broken else ())]
        form = next(form for form in forms if form.name == case["format"])
        with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
            copy = Path(place) / "sound"
            shutil.copytree(folder / "files", copy, symlinks=True)
            return self._try(form.use, copy / case["entry"], Path(place) / OUT)

    def open_files(self, folder: Path) -> Row:
        """Open the files of a folder, and each of its folders that holds one file or a series, as they are."""
        row = Row(folder.name)
        for path, uses in broken_files(folder):
            for use in uses:
                with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
                    outcome = self._try(use, path, Path(place) / OUT)
                row.count[outcome.kind] += 1
                if outcome.kind in FAULTS:
                    row.faults[f"{outcome.kind}: {outcome.text}"[:300]] = str(path.relative_to(folder))
        return row


_work: list[Callable[[], Row]] = []


def _do(place: int) -> Row:
    return _work[place]()


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
    import pydicom  # noqa: F401
    import SimpleITK as sitk

    import DentalTopoSegLib.exports.registry
    import DentalTopoSegLib.files.jaw_labels
    import DentalTopoSegLib.runs.batch
    import DentalTopoSegLib.runs.checking
    import DentalTopoSegLib.runs.public
    import DentalTopoSegLib.runs.repairing  # noqa: F401

    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
