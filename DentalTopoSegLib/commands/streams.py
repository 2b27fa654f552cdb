"""Standard output and error of a command: closed ones, full ones, and readers that have gone."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import warnings
from collections.abc import Callable
from typing import Any, TextIO

#: What would steer a terminal or turn the direction of writing; names of files may hold it.
_STEERING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class GuardedStream:
    """A text stream whose reader may go: from then on what is written is dropped, and `fault` says why.

    Characters that steer a terminal are written as JSON writes them, `\\u001b`. Everything else is the stream's own.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.fault: OSError | None = None

    def write(self, text: str) -> int:
        """Write what can be written."""
        if self.fault is None:
            try:
                self._stream.write(_STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text))
            except OSError as error:
                self._drop(error)
        return len(text)

    def flush(self) -> None:
        """Hand on what can be handed on."""
        if self.fault is None:
            try:
                self._stream.flush()
            except OSError as error:
                self._drop(error)

    def _drop(self, error: OSError) -> None:
        self.fault = error
        with contextlib.suppress(OSError, ValueError):  # what the buffer still holds goes nowhere, in silence
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self._stream.fileno())
            os.close(null)
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def say(text: str) -> None:
    """Print a sentence on stderr, on one line whatever the names in it hold."""
    print("\\n".join(text.splitlines()), file=sys.stderr)


class Streams:
    """Guards stdout, stderr and the `warnings` of libraries while a command runs; a context manager.

    Names that the terminal's encoding lacks are written with backslashes. A standard stream that was closed becomes
    the null device: the next file that is opened would else take its number, and what libraries print would go into it.
    """

    def __init__(self) -> None:
        self.note: Callable[[str], None] = self._print_note
        self._noted: set[str] = set()

    def __enter__(self) -> Streams:
        for number in (0, 1, 2):
            try:
                os.fstat(number)
            except OSError:
                null = os.open(os.devnull, os.O_RDWR)
                if null != number:
                    os.dup2(null, number)
                    os.close(null)
        self._before = sys.stdout, sys.stderr, warnings.showwarning
        self.out, self.err = (self._guarded(stream) for stream in (sys.stdout, sys.stderr))
        sys.stdout, sys.stderr = self.out, self.err  # type: ignore[assignment]  # they do what is asked of them
        warnings.showwarning = self._show_warning
        return self

    def __exit__(self, *_: object) -> None:
        self.out.flush()
        self.err.flush()
        sys.stdout, sys.stderr, warnings.showwarning = self._before

    def fault(self) -> OSError | None:
        """Why stdout does not take what was written, where that is a fault; a reader that has enough is none."""
        self.out.flush()
        return None if isinstance(self.out.fault, BrokenPipeError) else self.out.fault

    @staticmethod
    def _guarded(stream: TextIO | None) -> GuardedStream:
        if stream is None:
            stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # as long as the process
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
        return GuardedStream(stream)

    def _show_warning(self, message: Warning | str, *_: object, **__: object) -> None:
        """A library's warning as a note, once, without its place in the library."""
        text = " ".join(str(message).split())[:300]
        if text not in self._noted:
            self._noted.add(text)
            self.note(text)

    @staticmethod
    def _print_note(text: str) -> None:
        say(f"Note: {text}")
