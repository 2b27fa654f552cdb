"""What a shell does to a command: Ctrl-C at any moment, streams that are closed, full, or no longer read."""

from __future__ import annotations

import io
import json
import os
import random
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest
from scan_files import toy_dentition, write_file

from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.commands.streams import GuardedStream
from DentalTopoSegLib.files import transactions
from DentalTopoSegLib.files.final_move import FINAL_MOVE

ROOT = Path(__file__).resolve().parents[3]
WITHIN_S = 1.0
posix = pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals, uses POSIX shells")


@pytest.fixture(scope="module")
def teeth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_file(toy_dentition()[1], tmp_path_factory.mktemp("toy") / "toy_teeth.nii.gz")


def start(*words: object, code: str = "", **options) -> subprocess.Popen:
    """The command as a process; code: runs before it."""
    program = f"import sys\n{code}\nfrom DentalTopoSegLib.commands.cli import run_process\nsys.exit(run_process())"
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, words)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        **options,
    )


def hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob(".*")] if folder.exists() else []


# ---------------------------------------------------------------- signals

SWALLOWED = """
import time
from DentalTopoSegLib.runs import results
def work(*_, **__):
    from DentalTopoSegLib.files.transactions import all_or_nothing
    from pathlib import Path
    with all_or_nothing(Path(sys.argv[sys.argv.index("-o") + 1])) as stage:
        (stage / "half").write_text("half")
        print("working", flush=True)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                {statement}
            except BaseException:
                pass
results.export_result = work
"""


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "statement",
    ["time.sleep(30)", "import hashlib; hashlib.pbkdf2_hmac('sha256', b'', b'', 30_000_000)", "sum(range(10**5))"],
    ids=["swallowed", "compiled", "computing"],
)
def test_a_stop_that_the_work_swallows_or_does_not_notice(tmp_path: Path, teeth: Path, statement, number) -> None:
    out = tmp_path / "out"
    words = ("export", teeth, "-o", out, "--format", "csv")
    run = start(*words, code=SWALLOWED.format(statement=statement), stdout=subprocess.PIPE)
    assert run.stdout.readline() == "working\n"
    assert hidden(out)
    time.sleep(0.2)
    told = time.monotonic()
    run.send_signal(number)
    _, errors = run.communicate(timeout=60)
    assert time.monotonic() - told < WITHIN_S
    assert run.returncode == 130
    assert errors == "dentaltoposeg: Stopped before the end; nothing was written.\n"
    assert not out.exists()


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_in_an_import(tmp_path: Path, teeth: Path, number) -> None:
    """Compiled modules import others and make an ImportError of what goes wrong there: no package is to blame."""
    code = f"""
import builtins, os
original = builtins.__import__
def told(name, *arguments):
    if name == "numpy":
        builtins.__import__ = original
        try:
            os.kill(os.getpid(), {int(number)})
            import time; time.sleep(0.3)
        except KeyboardInterrupt:
            raise ImportError("numpy failed to import") from None
    return original(name, *arguments)
builtins.__import__ = told
"""
    run = start("check", teeth, "--json", code=code, stdout=subprocess.PIPE)
    out, errors = run.communicate(timeout=60)
    assert run.returncode == 130
    assert errors == "dentaltoposeg: Stopped before the end; nothing was written.\n"
    assert json.loads(out)["error"]["kind"] == "Cancelled"


UP = """
import os
from DentalTopoSegLib.commands import cli
first = cli._leave_when_told
def told():
    handlers = first()
    os.write(1, b"up")
    return handlers
cli._leave_when_told = told
"""


@posix
@pytest.mark.parametrize("words", [("export", "--format", "csv"), ("export", "--format", "nifti"), ("check",)])
def test_a_stop_at_any_moment(tmp_path: Path, teeth: Path, words) -> None:
    """A sample of what `Testing/kills/stop_table.py` does with every command."""
    command, *options = words
    more = [] if command == "check" else ["-o", tmp_path / "out"]
    started = time.monotonic()
    assert start(command, teeth, *options, *more, stdout=subprocess.DEVNULL).wait(60) == 0
    whole = time.monotonic() - started
    before = sorted(path.name for path in tmp_path.rglob("*"))
    chance = random.Random(command)
    for i in range(6):
        run = start(command, teeth, *options, *more, code=UP, stdout=subprocess.PIPE)
        assert run.stdout.read(2) == "up"  # what comes before is the interpreter's
        time.sleep(whole * (i + chance.random()) / 8)
        told = time.monotonic()
        run.send_signal((signal.SIGINT, signal.SIGTERM)[i % 2])
        _, errors = run.communicate(timeout=60)
        assert time.monotonic() - told < 2 * WITHIN_S  # of a machine that runs other tests
        assert run.returncode in (0, 130), errors
        assert "Traceback" not in errors
        assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_little_is_imported_before_signals_are_looked_after() -> None:
    """Until then Ctrl-C is a traceback."""
    code = (
        "import sys; before = set(sys.modules); import DentalTopoSegLib.commands.cli; print(*set(sys.modules) - before)"
    )
    told = subprocess.run(
        [sys.executable, "-S", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    slow = {"re", "typing", "logging", "pathlib", "argparse", "json", "unicodedata", "traceback"}
    assert slow & set(told.stdout.split()) == set()


def test_results_do_not_get_their_names_after_a_stop(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(FINAL_MOVE, "stop_asked", lambda: True)
    with pytest.raises(KeyboardInterrupt), transactions.all_or_nothing(tmp_path / "out") as stage:
        (stage / "result").write_text("whole")
    assert not (tmp_path / "out").exists()
    with pytest.raises(KeyboardInterrupt), transactions.atomic_path(tmp_path / "single.txt") as temporary:
        temporary.write_text("whole")
    assert list(tmp_path.iterdir()) == []
    assert not FINAL_MOVE.under_way


# ---------------------------------------------------------------- streams


def test_a_reader_that_has_enough_is_no_fault(teeth: Path) -> None:
    run = start("check", teeth, "--json", stdout=subprocess.PIPE)
    run.stdout.close()
    errors = run.stderr.read()
    assert run.wait(60) == 0
    assert errors == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("words", [("check", "TEETH"), ("check", "TEETH", "--json"), ("--help",), ("check", "--help")])
def test_a_full_standard_output_is_told(teeth: Path, words) -> None:
    with open("/dev/full", "w") as full:
        run = start(*(teeth if word == "TEETH" else word for word in words), stdout=full)
        _, errors = run.communicate(timeout=60)
    assert run.returncode == 6
    assert errors == (
        "dentaltoposeg: The standard output cannot be written (No space left on device): send it elsewhere.\n"
    )


@posix
@pytest.mark.parametrize("ends", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-", "2>/dev/full", "2>&1 | :"])
def test_closed_and_full_streams_change_nothing(tmp_path: Path, teeth: Path, ends: str) -> None:
    """And what is closed is not the next file that is opened: nothing is printed into a result."""
    line = (
        f'set -o pipefail; "{sys.executable}" -m DentalTopoSegLib export "{teeth}" -o "{tmp_path}/out" '
        f"--format csv {ends}"
    )
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["toy_findings.csv", "toy_teeth.csv"]
    for path in (tmp_path / "out").iterdir():
        assert "Wrote" not in path.read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_text_that_a_terminal_lacks(tmp_path: Path, encoding: str) -> None:
    scan = tmp_path / "fehlt 病例 \u0119.nii"
    run = start("check", scan, "--json", code=f"sys.stdout.reconfigure(encoding={encoding!r})", stdout=subprocess.PIPE)
    out, errors = run.communicate(timeout=60)
    assert run.returncode == 3
    assert "Traceback" not in errors
    assert str(scan) in json.loads(out)["error"]["message"]


@posix
def test_a_file_name_does_not_steer_the_terminal(tmp_path: Path) -> None:
    name = "\x1b[2J\x1b]0;owned\x07\u202e\x9b31m\r\ndentaltoposeg: all is well.nii"
    run = start("check", tmp_path / name, "--json", stdout=subprocess.PIPE)
    out, errors = run.communicate(timeout=60)
    assert run.returncode == 3
    assert "dentaltoposeg: all is well.nii" in json.loads(out)["error"]["message"]
    assert errors.count("\n") == 1 and errors.endswith("\n")
    for text in (out, errors):
        assert not set(text) & set("\x1b\x07\u202e\x9b\r")


def test_what_is_printed_does_not_steer_the_terminal_and_json_keeps_it() -> None:
    printed = io.StringIO()
    text = json.dumps({"scan": "\x1b[2J\u202e\x9b31m.nii"}, ensure_ascii=False)
    print(text, file=GuardedStream(printed))
    assert not set(printed.getvalue()) & set("\x1b\u202e\x9b")
    assert json.loads(printed.getvalue()) == json.loads(text)


def test_warnings_of_libraries_are_notes(teeth: Path, monkeypatch, capsys) -> None:
    from DentalTopoSegLib.runs import checking

    check_file = checking.check_file

    def warn(*arguments, **options):
        for _ in range(2):
            warnings.warn("Something\nodd in the file.", UserWarning, stacklevel=1)
        return check_file(*arguments, **options)

    monkeypatch.setattr(checking, "check_file", warn)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert cli.main(["check", str(teeth)]) == 0
        assert capsys.readouterr().err == "Note: Something odd in the file.\n"
        assert cli.main(["check", str(teeth), "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
