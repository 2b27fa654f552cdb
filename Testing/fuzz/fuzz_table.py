"""Damaged files of every kind that is read: what becomes of each, counted.

    python Testing/fuzz/fuzz_table.py [--mutants 1000] [--seed 0] [--format WORDS] [--library ROOT] [--kept FOLDER]
    python Testing/fuzz/fuzz_table.py --replay FOLDER/NAME [--library ROOT]
    python Testing/fuzz/fuzz_table.py --files FOLDER [--library ROOT]

A sound file of a kind is damaged (`Testing/helpers/fuzz_mutations.py`): bytes flipped, cut, put in, doubled, two files
spliced; numbers and words of its header made odd; what is compressed made to expand to 3 GB. It is then read, and what
a command does next is done, in a forked child with 20 s of processor time. Counted is:

- refused: one sentence, as `DentalTopoSegError`; read: nothing was wrong with it that matters;
- raised: another exception, or a file written where none may be; crashed: ended by a signal;
- hung: more than 20 s of processor time, or 90 s of waiting; over 2 GB: of memory in use, or refused only by it.

Of raised, crashed, hung and over 2 GB there must be none; nor of odd words: refusals of several lines, without the
name of the file, or with the name of a class, a library or a hidden folder.

Files that made it fail stay in --kept, each in a folder with what was done (`case.json`), to be replayed. The same seed
gives the same damage. --library fuzzes another checkout. The files of --broken are damaged once more; --files opens
files, or folders with one file or DICOM series each, as they are. Linux and macOS only: it forks.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Files that once made a reader fail; beside the checkout, where there are any.
BROKEN = ROOT.parent / "shared" / "cases" / "broken"


def main(argv: list[str] | None = None) -> int:
    """Print the table; 1 where a fault was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutants", type=int, default=1000, help="of each format")
    parser.add_argument("--seconds", type=float, help="at most, of each format")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--format", default="", help="only those with these words in their name, separated by |")
    parser.add_argument("--library", type=Path, default=ROOT, help="the checkout whose library reads")
    parser.add_argument("--kept", type=Path, default=Path("fuzz-kept"), help="for the files that made it fail")
    parser.add_argument("--replay", type=Path, help="a folder of --kept")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="so many formats at a time")
    parser.add_argument("--broken", type=Path, default=BROKEN, help="a folder with files to damage once more")
    parser.add_argument("--files", type=Path, help="a folder with files to open as they are")
    arguments = parser.parse_args(argv)
    if not hasattr(os, "fork"):
        parser.exit(2, "This system cannot fork: fuzz on Linux or macOS.\n")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.path[:0] = [str(arguments.library.resolve()), str(ROOT / "Testing" / "helpers")]
    from fuzz_broken import broken_formats
    from fuzz_formats import FORMATS
    from fuzz_running import Fuzzer, table

    broken = arguments.broken if arguments.broken.is_dir() else None
    fuzzer = Fuzzer(arguments.kept.resolve(), arguments.seed, broken)
    if arguments.replay:
        outcome = fuzzer.replay(arguments.replay)
        print(f"{outcome.kind} ({outcome.seconds:.1f} s, {outcome.bytes / 1e9:.2f} GB): {outcome.text}")
        return int(outcome.kind not in ("read", "refused"))
    if arguments.files:
        rows = [fuzzer.open_files(arguments.files)]
    else:
        wanted = arguments.format.lower().split("|")
        forms = [*FORMATS, *(broken_formats(broken) if broken else ())]
        formats = [form for form in forms if any(words in form.name.lower() for words in wanted)]
        rows = fuzzer.run(formats, arguments.mutants, arguments.seconds, _tell, arguments.processes)
    print(table(rows))
    return int(any(row.faults or row.odd for row in rows))


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
