"""A stop at any step of a run leaves nothing of it behind, whatever the run is just doing meanwhile."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from test_transactions import NAMES, NEW, STEPS, hidden, posix, shown, write_new

from DentalTopoSegLib.files import transactions
from DentalTopoSegLib.files.final_move import FINAL_MOVE
from DentalTopoSegLib.files.transactions import all_or_nothing, atomic_path


def write_single(folder: Path) -> None:
    with atomic_path(folder / "new.txt") as temporary:
        temporary.write_text(NEW["new.txt"])


def write_reserved(folder: Path) -> None:
    with transactions.reserved(folder, "batch"):
        write_new(folder)


def stopped_at(number: int, work: Callable[[], None]) -> bool:
    """Run it in a fork in which another thread puts in order and ends the process, as a stop does, while the
    `number`-th step waits for that and is done then; whether there were so many."""
    process = os.fork()
    if process == 0:
        left, told, removed = number, threading.Event(), threading.Event()

        def leave() -> None:
            told.wait()
            while FINAL_MOVE.under_way:
                time.sleep(0.001)
            transactions.remove_unfinished(for_good=True)
            removed.set()
            time.sleep(0.02)  # for a sentence, as the command says one
            os._exit(9)

        def waiting(step: Callable) -> Callable:
            def call(*arguments, **options):
                nonlocal left
                if threading.current_thread() is threading.main_thread():
                    left -= 1
                    if left == 0:
                        told.set()
                        removed.wait(0.05)
                return step(*arguments, **options)

            return call

        try:
            threading.Thread(target=leave, daemon=True).start()
            for name in (*STEPS, "open"):
                setattr(os, name, waiting(getattr(os, name)))
            Path.write_text = waiting(Path.write_text)
            work()
        finally:
            told.is_set() and time.sleep(5)
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 9


@posix
@pytest.mark.parametrize("work", [write_single, write_new, write_reserved])
def test_a_run_stopped_at_any_step_leaves_nothing(tmp_path: Path, work: Callable[[Path], None]) -> None:
    number, folder = 1, tmp_path / "to" / "out"
    if work is write_single:
        folder.mkdir(parents=True)
    before = list(tmp_path.rglob("*"))
    while stopped_at(number, lambda: work(folder)):
        if folder.exists():
            assert hidden(folder) == [], number
        if not folder.exists() or not shown(folder):
            assert list(tmp_path.rglob("*")) == before, number
        elif work is write_single:
            assert shown(folder) == {"new.txt": NEW["new.txt"]}
        else:
            assert shown(folder) == {name: NEW[name] for name in NAMES}
        shutil.rmtree(tmp_path / "to", ignore_errors=True)
        if work is write_single:
            folder.mkdir(parents=True)
        number += 1
    assert number > 8


def test_a_second_stop_while_the_first_is_cleaned_up_is_heard_afterwards(tmp_path: Path, monkeypatch) -> None:
    rmtree, left = shutil.rmtree, [KeyboardInterrupt, KeyboardInterrupt]

    def interrupted(*arguments, **options):
        if left:
            raise left.pop()
        rmtree(*arguments, **options)

    monkeypatch.setattr(shutil, "rmtree", interrupted)
    with pytest.raises(KeyboardInterrupt), all_or_nothing(tmp_path / "out") as stage:
        (stage / "half").write_text("half")
        raise KeyboardInterrupt
    assert not left
    assert not (tmp_path / "out").exists()


def test_a_stop_as_a_stage_is_just_made_leaves_none(tmp_path: Path, monkeypatch) -> None:
    """Ctrl-C in a program that calls the library comes at any moment."""
    mkdir = os.mkdir

    def stopped(path, *arguments, **options):
        mkdir(path, *arguments, **options)
        if transactions.MARK in str(path):
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "mkdir", stopped)
    with pytest.raises(KeyboardInterrupt), all_or_nothing(tmp_path / "out"):
        raise AssertionError("not reached")
    assert not (tmp_path / "out").exists()
