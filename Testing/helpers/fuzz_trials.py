"""One damaged file in one forked child: whether it is read, refused, or does what no file may make a program do.

The child has the parent's imports, a bound on memory and on time, and a folder of its own.
"""

from __future__ import annotations

import faulthandler
import os
import resource
import select
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from peak_memory import MAXRSS_UNIT, maxrss_bytes

#: Outcomes; all from the third on are faults.
READ, REFUSED, RAISED, CRASHED, HUNG, TOO_LARGE = "read", "refused", "raised", "crashed", "hung", "over 2 GB"
FAULTS = (RAISED, CRASHED, HUNG, TOO_LARGE)
OUTCOMES = (REFUSED, READ, *FAULTS)
#: Of memory in use and of address space, both beyond what the parent has at the fork.
MAX_BYTES = 2_000_000_000
ADDRESS_BYTES = 3_000_000_000
#: Processor time of a child, and how long one may wait for something.
MAX_SECONDS = 20
MAX_WAIT_SECONDS = 90


@dataclass(frozen=True)
class Outcome:
    """kind: one of `OUTCOMES`; text: the refusal, or the last line and place of a fault; bytes: the most memory that
    the child had beyond what the parent had at the fork."""

    kind: str
    text: str
    seconds: float
    bytes: int


def try_one(action: Callable[[], object], refusals: type[BaseException]) -> Outcome:
    """Call `action` in a forked child.

    Parameters
    ----------
    action : callable
        Reads a file, and does what comes next.
    refusals : type
        Base of the exceptions that are answers.
    """
    started = time.monotonic()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _in_child(action, refusals, writing)
    os.close(writing)
    said, waited = _listen(reading, started)
    if waited:
        os.kill(child, signal.SIGKILL)
    _, status, usage = os.wait4(child, 0)
    held, _, said = said.partition("\n")
    peak = usage.ru_maxrss * MAXRSS_UNIT - int(held or 0)
    seconds = time.monotonic() - started
    kind, _, text = said.partition("\n")
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        text = f"ended by signal {signal.Signals(number).name}"
        kind = HUNG if waited or number in (signal.SIGXCPU, signal.SIGKILL) else CRASHED
    elif kind not in OUTCOMES:
        kind, text = CRASHED, f"ended with code {os.WEXITSTATUS(status)} without a word"
    if kind in (READ, REFUSED, RAISED) and peak > MAX_BYTES:
        kind, text = TOO_LARGE, f"{peak / 1e9:.1f} GB, then {kind}: {text}"
    return Outcome(kind, text, seconds, peak)


def _listen(pipe: int, started: float) -> tuple[str, bool]:
    """What the child says until it closes the pipe or takes too long; whether it did."""
    said = b""
    with os.fdopen(pipe, "rb", buffering=0) as stream:
        while (left := started + MAX_WAIT_SECONDS - time.monotonic()) > 0:
            if select.select([stream], [], [], left)[0]:
                part = stream.read(65536)
                if not part:
                    return said.decode("utf-8", "replace"), False
                said += part
    return said.decode("utf-8", "replace"), True


def _in_child(action: Callable[[], object], refusals: type[BaseException], pipe: int) -> None:
    os.write(pipe, b"%d\n" % maxrss_bytes())  # what the parent holds is in it
    faulthandler.disable()  # a crash is told by its signal
    silent = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silent, stream)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS + 2))
    used = _address_space()
    if used:
        resource.setrlimit(resource.RLIMIT_AS, (used + ADDRESS_BYTES,) * 2)
    try:
        action()
    except refusals as error:
        kind, text = REFUSED, str(error)
        if _cause(error, MemoryError):
            kind = TOO_LARGE
    except MemoryError as error:
        kind, text = TOO_LARGE, _place(error)
    except BaseException as error:  # noqa: BLE001 - nothing may escape a forked child
        kind, text = RAISED, _place(error)
        if _cause(error, MemoryError) or "bad_alloc" in text or "Failed to allocate" in text:
            kind = TOO_LARGE
    else:
        kind, text = READ, ""
    os.write(pipe, f"{kind}\n{text[:3000]}".encode("utf-8", "replace"))
    os.close(pipe)
    os._exit(0)


def _address_space() -> int:
    """Bytes of address space of this process; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def _cause(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__
    return False


def _place(error: BaseException) -> str:
    """The exception in one line, with the last place in the library."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "DentalTopoSegLib" in frame.filename] or frames
    at = f"{own[-1].filename.rpartition('DentalTopoSegLib/')[2]}:{own[-1].lineno}" if own else "?"
    text = " ".join(str(error).split())
    return f"{type(error).__name__} at {at}: {text[:300]}"
