"""Processes of a run: none outlives it, none dies unnoticed. A stand-in for `training` keeps them quick."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from DentalTopoSegLib.errors import DentalTopoSegError
from training.volumes.children import Children

ROOT = Path(__file__).resolve().parents[3]
CHILD = (sys.executable, str(ROOT / "training" / "volumes" / "child.py"))
#: What stands in for `python -m training`: says that it is there, then does what it is told.
STAND_IN = """
import os, pathlib, sys, time
what, file = sys.argv[1], pathlib.Path(sys.argv[2])
file.write_text(str(os.getpid()))
if what == "fail":
    sys.exit("no space left for samples")
try:
    while what == "work":
        time.sleep(0.05)
except KeyboardInterrupt:
    file.with_suffix(".saved").touch()
    raise
"""
pytestmark = pytest.mark.skipif(os.name != "posix", reason="processes are interrupted by signals of POSIX here")


@pytest.fixture
def stand_in(tmp_path: Path) -> dict[str, str]:
    """The environment in which `training` is the stand-in."""
    (tmp_path / "stand_in" / "training").mkdir(parents=True)
    (tmp_path / "stand_in" / "training" / "__init__.py").touch()
    (tmp_path / "stand_in" / "training" / "__main__.py").write_text(STAND_IN)
    return {"PYTHONPATH": os.pathsep.join([str(tmp_path / "stand_in"), str(ROOT)])}


def _wait_for(file: Path) -> int:
    end = time.monotonic() + 60
    while not (file.is_file() and file.read_text()):
        assert time.monotonic() < end, f"{file} does not come"
        time.sleep(0.02)
    return int(file.read_text())


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z" if Path("/proc").is_dir() else True


def test_a_command_that_ends_is_waited_for_while_others_go_on(tmp_path: Path, stand_in: dict[str, str]) -> None:
    with Children(tmp_path / "logs", CHILD) as children:
        children.start("sampler", ["work", tmp_path / "sampler"], endless=True, environment=stand_in)
        pid = _wait_for(tmp_path / "sampler")
        children.start("training", ["end", tmp_path / "training"], environment=stand_in)
        children.wait()
        assert _is_alive(pid)
        assert children.finished() == {"training"}
    assert not _is_alive(pid)
    assert (tmp_path / "sampler.saved").exists()


@pytest.mark.parametrize(
    ("what", "endless", "words"),
    [("fail", False, r"exit code 1 \(no space left for samples\)"), ("end", True, "exit code 0")],
)
def test_a_command_that_dies_stops_all_with_a_sentence(
    tmp_path: Path, stand_in: dict[str, str], what: str, endless: bool, words: str
) -> None:
    with (
        pytest.raises(DentalTopoSegError, match=rf"^The sampler 2 of 2 ended with {words}") as refused,
        Children(tmp_path / "logs", CHILD) as children,
    ):
        children.start("training", ["work", tmp_path / "training"], environment=stand_in)
        pid = _wait_for(tmp_path / "training")
        children.start("sampler 2 of 2", [what, tmp_path / "sampler"], endless, environment=stand_in)
        children.wait()
    assert not _is_alive(pid)
    assert (tmp_path / "training.saved").exists()
    assert str(tmp_path / "logs" / "sampler_2_of_2.log") in str(refused.value)


def test_a_killed_sampler_is_noticed(tmp_path: Path, stand_in: dict[str, str]) -> None:
    with (
        pytest.raises(DentalTopoSegError, match="signal 9"),
        Children(tmp_path / "logs", CHILD) as children,
    ):
        children.start("sampler", ["work", tmp_path / "sampler"], endless=True, environment=stand_in)
        os.kill(_wait_for(tmp_path / "sampler"), signal.SIGKILL)
        children.wait(lambda: False)


PARENT = """
import sys
from pathlib import Path
from training.volumes.children import Children
folder, child, path = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
with Children(folder / "logs", (sys.executable, child)) as children:
    children.start("training", ["work", folder / "child"], environment={"PYTHONPATH": path})
    children.wait()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_children_end_with_their_parent_however_it_ends(
    tmp_path: Path, stand_in: dict[str, str], number: signal.Signals
) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path), CHILD[1], stand_in["PYTHONPATH"]]
    parent = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL)
    pid = _wait_for(tmp_path / "child")
    parent.send_signal(number)
    assert parent.wait(60) != 0
    end = time.monotonic() + 60
    while _is_alive(pid):
        assert time.monotonic() < end, "the child outlives its parent"
        time.sleep(0.05)
    assert (tmp_path / "child.saved").exists()
