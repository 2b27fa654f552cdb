"""Commands in forked processes under strace: what they do to a folder, call by call, and ended or refused at any call.

Everything is imported before the fork, so a command costs what it does and not its start.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

#: All system calls that make, fill, name or remove something.
CALLS = (
    "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "unlink", "unlinkat", "mkdir",
    "mkdirat", "rmdir", "open", "openat", "creat", "write", "pwrite64", "writev", "ftruncate", "truncate", "fsync",
    "fdatasync",
)  # fmt: skip
_OPENING = ("open", "openat", "creat")
_WRITING = re.compile(r"O_(CREAT|WRONLY|RDWR|TRUNC)")
_LINE = re.compile(r"^(\d+)\s+(\w+)\((.*)")
_PR_SET_PTRACER = 0x59616D61
_START_S = 10.0


@dataclass(frozen=True)
class Moment:
    """The `number`-th time (from 1) that a thread makes the system call."""

    call: str
    number: int


@dataclass
class Ended:
    """A command that ended; code: None where a signal ended it."""

    code: int | None
    out: str
    trace: str


def can_trace() -> bool:
    """Whether strace is here and may follow a process."""
    if shutil.which("strace") is None or not hasattr(os, "fork"):
        return False
    done = subprocess.run(
        ["strace", "-f", "-qq", "-e", "trace=rename", "-e", "inject=rename:error=EIO:when=1", "true"],
        capture_output=True, check=False,
    )  # fmt: skip
    return done.returncode == 0


def run(command: Callable[[], int], scratch: Path, inject: str | None = None, trace: bool = False) -> Ended:
    """Run a command in a fork of this process.

    Parameters
    ----------
    command : callable
        Returns the exit code.
    scratch : Path
        For what it prints and for the trace.
    inject : str, optional
        What strace does at a call, as after its `-e inject=`.
    trace : bool
        Keep the calls in `trace`.
    """
    out, log = scratch / "out.txt", scratch / "trace.txt"
    log.write_text("")
    gate, opened = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(opened)
        _become(command, gate, out)
    os.close(gate)
    follower = None
    if inject or trace:
        calls = inject.partition(":")[0] if inject and not trace else ",".join(f"?{call}" for call in CALLS)
        words = ["strace", "-f", "-qq", "-y", "-s", "0", "-o", str(log), "-e", f"trace={calls}", "-e", "signal=none"]
        words += ["-e", f"inject={inject}"] if inject else []
        follower = subprocess.Popen([*words, "-p", str(process)], stderr=subprocess.DEVNULL)
        _wait_for(process, follower)
    os.close(opened)
    _, status = os.waitpid(process, 0)
    if follower is not None:
        follower.wait(30)
    code = os.waitstatus_to_exitcode(status)
    return Ended(None if code < 0 else code, out.read_text(errors="replace"), log.read_text(errors="replace"))


def _become(command: Callable[[], int], gate: int, out: Path) -> None:
    code = 99
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, -1, 0, 0, 0)
    stream = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(stream, 1)
    os.dup2(stream, 2)
    os.read(gate, 1)  # until the other end is closed
    try:
        code = command()
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 98
    except BaseException:  # noqa: BLE001 - whatever comes is told
        traceback.print_exc()
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _wait_for(process: int, follower: subprocess.Popen) -> None:
    end = time.monotonic() + _START_S
    while not re.search(r"TracerPid:\t[1-9]", Path(f"/proc/{process}/status").read_text()):
        if follower.poll() is not None or time.monotonic() > end:
            raise RuntimeError("strace cannot follow this process")
        time.sleep(0.002)


def touches(line: str, folder: Path) -> bool:
    """Whether a line of a trace names the folder or what lies in it."""
    return re.search(rf'{re.escape(str(folder))}[/>"]', line) is not None


def moments_of(trace: str, folder: Path) -> list[Moment]:
    """The calls of a trace that touch what lies in the folder, in their order."""
    seen: Counter[tuple[str, str]] = Counter()
    found: dict[Moment, None] = {}
    for line in trace.splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        thread, call, rest = match.groups()
        seen[thread, call] += 1
        if touches(rest, folder) and (call not in _OPENING or _WRITING.search(rest)):
            found.setdefault(Moment(call, seen[thread, call]))
    return list(found)
