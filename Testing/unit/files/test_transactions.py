"""Results reach their folder whole or not at all, whatever ends the run; the next run puts in order what was left."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from DentalTopoSegLib.errors import InputError, OutputError
from DentalTopoSegLib.files import journal, transactions
from DentalTopoSegLib.files.locks import lock_folder
from DentalTopoSegLib.files.transactions import all_or_nothing, atomic_path

ROOT = Path(__file__).resolve().parents[3]
NAMES = ("a.txt", "b.txt", "new.txt", "z_report.json")
OLD = {"a.txt": "old a", "b.txt": "old b", "other.txt": "mine", "z_report.json": "old report"}
NEW = OLD | {name: f"new {name}" for name in NAMES}
#: What a run does to the disk; it is ended at each of them in turn.
STEPS = ("replace", "rename", "link", "unlink", "rmdir", "mkdir", "fsync")
posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")


def shown(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir() if not path.name.startswith(".")}


def hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def write_old(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in OLD.items():
        (folder / name).write_text(text)


def write_new(folder: Path) -> None:
    with all_or_nothing(folder) as stage:
        for name in NAMES:
            (stage / name).write_text(NEW[name])


def run_next(folder: Path) -> None:
    """Any other run into the folder."""
    with all_or_nothing(folder) as stage:
        (stage / "next.txt").write_text("next")
    (folder / "next.txt").unlink()


def ended_at(number: int, work: Callable[[], None]) -> bool:
    """Run it in a fork that ends before its `number`-th step; whether there were so many."""
    process = os.fork()
    if process == 0:
        left = number

        def counted(step: Callable) -> Callable:
            def call(*arguments, **options):
                nonlocal left
                left -= 1
                if left == 0:
                    os._exit(9)
                return step(*arguments, **options)

            return call

        try:
            for name in STEPS:
                setattr(os, name, counted(getattr(os, name)))
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 9


# ---------------------------------------------------------------- ended at any step


@posix
@pytest.mark.parametrize("links", [True, False], ids=["with second names", "without"])
def test_a_run_ended_at_any_step_loses_nothing(tmp_path: Path, links: bool, monkeypatch) -> None:
    if not links:
        monkeypatch.setattr(os, "link", lambda *_, **__: (_ for _ in ()).throw(OSError(errno.EPERM, "no links")))
    seen, number = set(), 1
    folder = tmp_path / "out"
    while True:
        write_old(folder)
        (folder / "new.txt").unlink(missing_ok=True)
        if not ended_at(number, lambda: write_new(folder)):
            break
        if shown(folder).get("z_report.json") == NEW["z_report.json"]:  # where the new report is, all is
            assert shown(folder) == NEW
        run_next(folder)
        assert shown(folder) in (OLD, NEW), number
        assert hidden(folder) == [], number
        seen.add(shown(folder) == NEW)
        number += 1
    assert number > 20
    assert seen == {True, False}


@posix
def test_a_file_for_which_nothing_comes_goes_with_the_others_or_not_at_all(tmp_path: Path) -> None:
    def work() -> None:
        with all_or_nothing(folder) as stage:
            (stage / "z_report.json").write_text(NEW["z_report.json"])
            for name in ("a.txt", "never.txt", "folder"):
                journal.take_away(stage, name)

    folder, number, seen = tmp_path / "out", 1, set()
    after = OLD | {"z_report.json": NEW["z_report.json"]}
    del after["a.txt"]
    while True:
        write_old(folder)
        if not ended_at(number, work):
            break
        if "a.txt" not in shown(folder) and number % 2:  # somebody else brings one of this name
            (folder / "a.txt").write_text("edited by hand")
            run_next(folder)
            assert shown(folder)["a.txt"] == "edited by hand"
        else:
            run_next(folder)
            assert shown(folder) in (OLD, after), number
            seen.add(shown(folder) == after)
        assert hidden(folder) == [], number
        number += 1
    assert shown(folder) == after
    assert seen == {True, False}
    with pytest.raises(InputError, match="would replace"), all_or_nothing(folder, [folder / "b.txt"]) as stage:
        journal.take_away(stage, "b.txt")
    assert shown(folder) == after


@posix
def test_putting_in_order_may_itself_be_ended_at_any_step(tmp_path: Path) -> None:
    folder, number, first = tmp_path / "out", 1, _first_step_that_leaves_some_moved(tmp_path)
    while True:
        write_old(folder)
        (folder / "new.txt").unlink(missing_ok=True)
        assert ended_at(first, lambda: write_new(folder))
        if not ended_at(number, lambda: run_next(folder)):
            break
        run_next(folder)
        assert shown(folder) == NEW, number
        assert hidden(folder) == []
        number += 1
    assert number > 5


def _first_step_that_leaves_some_moved(tmp_path: Path) -> int:
    folder = tmp_path / "trial"
    for number in range(1, 100):
        write_old(folder)
        (folder / "new.txt").unlink(missing_ok=True)
        assert ended_at(number, lambda: write_new(folder))
        texts = shown(folder)
        run_next(folder)
        if texts["a.txt"] == NEW["a.txt"] and texts["z_report.json"] == OLD["z_report.json"]:
            return number
    raise AssertionError("no step leaves some moved")


@posix
@pytest.mark.parametrize("name", ["b.txt", "a.txt"])
def test_a_file_that_somebody_edits_after_the_end_is_kept(tmp_path: Path, name: str) -> None:
    """One of the older files, or of the newer, is opened and saved before the next run."""
    first = _first_step_that_leaves_some_moved(tmp_path)
    folder = tmp_path / "out"
    for number in range(first, first + 8):
        write_old(folder)
        (folder / "new.txt").unlink(missing_ok=True)
        assert ended_at(number, lambda: write_new(folder))
        (folder / name).write_text("edited by hand")
        run_next(folder)
        assert shown(folder) in (OLD | {name: "edited by hand"}, NEW | {name: "edited by hand"})
        assert hidden(folder) == []


@posix
def test_what_cannot_be_finished_is_taken_back(tmp_path: Path, monkeypatch) -> None:
    first, folder = _first_step_that_leaves_some_moved(tmp_path), tmp_path / "out"
    write_old(folder)
    assert ended_at(first, lambda: write_new(folder))
    replace = os.replace

    def refuse(source, target):
        if Path(target) == folder / "z_report.json":
            raise OSError(errno.EACCES, "Permission denied")
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse)
    run_next(folder)
    assert shown(folder) == OLD
    assert hidden(folder) == []


# ---------------------------------------------------------------- a disk that refuses


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_a_move_that_is_refused_is_taken_back(tmp_path: Path, name: str, links: bool, monkeypatch) -> None:
    write_old(tmp_path)
    replace = os.replace

    def refuse(source, target):
        if Path(target) == tmp_path / name and Path(source).read_text() == NEW[name]:
            raise OSError(errno.EIO, "Input/output error")
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse)
    if not links:
        monkeypatch.setattr(os, "link", lambda *_, **__: (_ for _ in ()).throw(OSError(errno.EPERM, "no links")))
    with pytest.raises(OutputError, match="Input/output error"):
        write_new(tmp_path)
    assert shown(tmp_path) == OLD
    assert hidden(tmp_path) == []


def test_what_cannot_be_taken_back_now_is_by_the_next_run(tmp_path: Path, monkeypatch) -> None:
    write_old(tmp_path)
    replace = os.replace

    def broken(source, target):
        if (Path(target).parent == tmp_path and Path(target).name != "a.txt") or "undo" in str(target):
            raise OSError(errno.EIO, "Input/output error")
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", broken)
        with pytest.raises(OutputError, match="Input/output error"):
            write_new(tmp_path)
    run_next(tmp_path)
    assert shown(tmp_path) in (OLD, NEW)
    assert hidden(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x" * 300 + ".txt", "File name too long.: give a shorter name"),
        ("folder.txt", "(a folder has this name|Is a directory).: choose another name"),
    ],
)
def test_the_sentence_names_the_users_file_and_what_helps(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "folder.txt").mkdir()
    with pytest.raises(OutputError, match=text) as refused, atomic_path(tmp_path / name) as temporary:
        temporary.write_text("x")
    assert ".dentaltoposeg" not in str(refused.value)
    if len(name) < 255:
        with pytest.raises(OutputError, match=text), all_or_nothing(tmp_path) as stage:
            (stage / name).write_text("x")
    assert hidden(tmp_path) == []


# ---------------------------------------------------------------- who is running


def test_a_stage_is_judged_by_its_lock_and_not_by_a_process_number_that_is_somebody_elses_now(tmp_path: Path) -> None:
    stale = tmp_path / f"{transactions.MARK}{transactions._host()}{os.getpid():x}-abc"
    stale.mkdir()
    (stale / "half.txt").write_text("half")
    with all_or_nothing(tmp_path):
        pass
    assert not stale.exists()


def test_another_computers_stage_is_left_alone(tmp_path: Path) -> None:
    other = "0000" if transactions._host() != "0000" else "0001"
    theirs = tmp_path / f"{transactions.MARK}{other}{1:x}-abc"
    theirs.mkdir()
    (theirs / journal.JOURNAL).write_text("[]")
    run_next(tmp_path)
    assert hidden(tmp_path) == [theirs.name]


def test_another_users_stage_is_left_alone(tmp_path: Path, monkeypatch) -> None:
    theirs = tmp_path / f"{transactions.MARK}{transactions._host()}{1:x}-abc"
    theirs.mkdir()

    def ours_only(folder: Path):
        if folder == theirs:
            raise PermissionError(errno.EACCES, "Permission denied")
        return lock_folder(folder)

    monkeypatch.setattr(transactions, "lock_folder", ours_only)
    run_next(tmp_path)
    assert hidden(tmp_path) == [theirs.name]


def test_a_stage_that_its_run_takes_away_at_this_moment_is_no_fault(tmp_path: Path, monkeypatch) -> None:
    theirs = crafted_stage(tmp_path)

    def just_gone(folder: Path):
        if folder == theirs and folder.exists():
            folder.rmdir()
        return lock_folder(folder)

    monkeypatch.setattr(transactions, "lock_folder", just_gone)
    run_next(tmp_path)
    assert hidden(tmp_path) == []


def test_a_single_file_that_was_cut_short_goes_with_the_next_run(tmp_path: Path) -> None:
    code = f"""
import os
from DentalTopoSegLib.files.transactions import atomic_path
with atomic_path({str(tmp_path / "x.nii.gz")!r}) as temporary:
    temporary.write_text("half")
    os._exit(9)
"""
    env = dict(os.environ, PYTHONPATH=str(ROOT))
    assert subprocess.run([sys.executable, "-c", code], env=env, check=False).returncode == 9
    assert len(hidden(tmp_path)) == 1
    run_next(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda number: (done.append("fsync"), fsync(number))[1])
    monkeypatch.setattr(os, "replace", lambda *names: (done.append("replace"), replace(*names))[1])
    with atomic_path(tmp_path / "x.txt") as temporary:
        temporary.write_text("x")
    assert done[:2] == ["fsync", "replace"]


@posix
def test_runs_at_the_same_time_never_mix(tmp_path: Path) -> None:
    """Four processes write the same names fifty times each."""
    code = """
import sys
from pathlib import Path
from DentalTopoSegLib.files.transactions import all_or_nothing
for i in range(50):
    with all_or_nothing(Path(sys.argv[1])) as stage:
        for name in ("a", "b", "c", "x_report.json"):
            (stage / name).write_text(f"{sys.argv[2]} {i}")
"""
    env = dict(os.environ, PYTHONPATH=str(ROOT))
    runs = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(i)], env=env) for i in range(4)]
    assert [run.wait(120) for run in runs] == [0, 0, 0, 0]
    assert len(set(shown(tmp_path).values())) == 1
    assert hidden(tmp_path) == []


def test_a_folder_that_stays_locked_is_refused(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("DentalTopoSegLib.files.locks._PATIENCE_S", 0.1)
    lock = lock_folder(tmp_path)
    assert lock is not None
    with pytest.raises(OutputError, match=r"another run is writing into it.: wait until it is done"):
        write_new(tmp_path)
    lock.release()
    write_new(tmp_path)


# ---------------------------------------------------------------- a journal that somebody else has written


@pytest.mark.parametrize(
    "text",
    [
        '[{"name": "../victim.txt", "sha256": "0"}]',
        '[{"name": "/etc/passwd", "sha256": "0"}]',
        '[{"name": "link.txt", "sha256": "0"}]',
        '[{"name": "..", "sha256": "0"}]',
        '[{"name": 3, "sha256": "0"}]',
        '[{"name": "a.txt"}]',
        '[{"name": "a.txt", "sha256": "0", "replaced": [1, "x"]}]',
        "[3]",
        "{",
        "[" * 100000,
    ],
)
@pytest.mark.parametrize("kind", [journal.JOURNAL, journal.UNDO])
def test_a_crafted_journal_moves_nothing(tmp_path: Path, text: str, kind: str) -> None:
    victim, folder = tmp_path / "victim.txt", tmp_path / "out"
    victim.write_text("keep")
    stage = folder / f"{transactions.MARK}{transactions._host()}{1:x}-abc"
    stage.mkdir(parents=True)
    (stage / "link.txt").symlink_to(victim)
    (stage / kind).write_text(text)
    with pytest.raises(OutputError, match="look into it for files that you miss, then delete it"):
        run_next(folder)
    assert victim.read_text() == "keep"
    assert stage.exists()


def crafted_stage(folder: Path) -> Path:
    stage = folder / f"{transactions.MARK}{transactions._host()}{1:x}-abc"
    stage.mkdir(parents=True)
    return stage


def test_a_crafted_stage_takes_nothing_out_of_another_folder(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/thesis.txt").write_text("keep")
    stage = crafted_stage(tmp_path / "out")
    (stage / journal._KEPT).symlink_to(tmp_path / "home")
    (stage / journal.UNDO).write_text('[{"name": "thesis.txt", "sha256": "0"}]')
    with pytest.raises(OutputError, match="look into it for files that you miss, then delete it"):
        run_next(tmp_path / "out")
    assert (tmp_path / "home/thesis.txt").read_text() == "keep"


def test_a_crafted_stage_puts_nothing_into_another_folder(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    stage = crafted_stage(tmp_path / "out")
    old = tmp_path / "out/profile"
    old.write_text("crafted")
    (stage / "profile").write_text("new")
    (stage / journal._KEPT).symlink_to(tmp_path / "home")
    move = journal.Move("profile", journal.sha256_of(stage / "profile"), journal._state(old))
    (stage / journal.JOURNAL).write_text(json.dumps([asdict(move)]))
    with pytest.raises(OutputError, match="look into it for files that you miss, then delete it"):
        run_next(tmp_path / "out")
    assert not list((tmp_path / "home").iterdir())


@posix
@pytest.mark.parametrize("kind", ["pipe", "device", "large"])
def test_a_journal_that_never_ends_is_not_read(tmp_path: Path, kind: str) -> None:
    path = crafted_stage(tmp_path) / journal.JOURNAL
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        with path.open("wb") as stream:
            stream.truncate(1 << 40)
    with pytest.raises(OutputError, match="look into it for files that you miss, then delete it"):
        run_next(tmp_path)


@posix
def test_a_stage_that_another_user_lets_us_read_is_left_alone(tmp_path: Path, monkeypatch) -> None:
    stage = crafted_stage(tmp_path)
    (tmp_path / "a.txt").write_text("ours")
    digest = journal.sha256_of(tmp_path / "a.txt")
    (stage / journal.UNDO).write_text(json.dumps([{"name": "a.txt", "sha256": digest}]))
    monkeypatch.setattr(os, "geteuid", lambda: stage.stat().st_uid + 1)
    transactions.settle(tmp_path)
    assert (tmp_path / "a.txt").read_text() == "ours"
    assert stage.exists()


# ---------------------------------------------------------------- inputs


@pytest.mark.parametrize("way", ["itself", "symbolic link", "second name", "relative", "a link as target"])
def test_an_input_is_never_replaced(tmp_path: Path, way: str, monkeypatch) -> None:
    scan = tmp_path / "x.txt"
    scan.write_text("scan")
    given: Path = scan
    if way == "symbolic link":
        given = tmp_path / "link.nii"
        given.symlink_to(scan)
    elif way == "second name":
        given = tmp_path / "second.nii"
        os.link(scan, given)
    elif way == "relative":
        monkeypatch.chdir(tmp_path)
        given = Path("x.txt")
    elif way == "a link as target":
        given = tmp_path / "real.txt"
        scan.rename(given)
        scan.symlink_to(given)
    with pytest.raises(InputError, match="would replace"), all_or_nothing(tmp_path, [given]) as stage:
        (stage / "x.txt").write_text("result")
        (stage / "y.txt").write_text("result")
    assert given.read_text() == "scan"
    assert not (tmp_path / "y.txt").exists()
    assert hidden(tmp_path) == []


def test_a_slice_of_a_dicom_folder_is_never_replaced_but_older_results_in_it_are(tmp_path: Path) -> None:
    (tmp_path / "case_teeth.dcm").write_bytes(b"\0" * 128 + b"DICM")
    (tmp_path / "case_report.json").write_text("older")
    with all_or_nothing(tmp_path, [tmp_path]) as stage:
        (stage / "case_report.json").write_text("newer")
    assert (tmp_path / "case_report.json").read_text() == "newer"
    with pytest.raises(InputError, match="would replace"), all_or_nothing(tmp_path, [tmp_path]) as stage:
        (stage / "case_teeth.dcm").write_text("result")
