"""Every way DentalTopoSeg refuses, each with the exit code the command line answers.

The message of an error is one sentence for the person at the screen: what is wrong, in which file, and what
to do.
"""

from __future__ import annotations

import errno

#: Control characters, line separators and what turns the direction of writing, as `str.translate` takes them. (No `re`:
#: this is imported before signals are looked after.)
_DOES_NOT_SHOW = dict.fromkeys(
    (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)),
    "\ufffd",
)

#: The exit code of a command that did what it was asked.
DONE = 0
#: The exit code of a batch some of whose scans have no result: no refusal, the others are done.
SOME_FAILED = 8


class DentalTopoSegError(Exception):
    """Base of all refusals.

    Parameters
    ----------
    message : str
        The sentence. What does not show in it, out of a file or its name, becomes a replacement character: it could
        break the line or command the terminal.

    Attributes
    ----------
    exit_code : int
        What `dentaltoposeg` returns to the shell.
    meaning : str
        What that code says to somebody who sees nothing else.
    """

    exit_code = 1
    meaning = "unexpected error"

    def __init__(self, message: str = "") -> None:
        super().__init__(message.translate(_DOES_NOT_SHOW))


class UsageError(DentalTopoSegError):
    """The command or the job was put together wrongly."""

    exit_code = 2
    meaning = "wrong usage"


class InputError(DentalTopoSegError):
    """The scan, label map or argument cannot be used."""

    exit_code = 3
    meaning = "the input cannot be used"


class NoTeethError(DentalTopoSegError):
    """The scan was read, but holds no teeth that can be found."""

    exit_code = 4
    meaning = "no teeth found"


class ModelError(DentalTopoSegError):
    """A network file is absent, altered or cannot be run."""

    exit_code = 5
    meaning = "a network file is missing or damaged"


class OutputError(DentalTopoSegError):
    """The result cannot be written: no permission, no space, no such folder."""

    exit_code = 6
    meaning = "the output cannot be written"


class MemoryLimitError(InputError):
    """The volume is too large to be processed in bounded memory."""

    exit_code = 7
    meaning = "too large for this computer's memory"


class Cancelled(DentalTopoSegError):  # noqa: N818 - it is no error, the user wanted it
    """The user stopped the run; nothing was written, or the message says what."""

    exit_code = 130
    meaning = "stopped by the user, nothing half written"

    def __init__(self, message: str = "Stopped before the end; nothing was written.") -> None:
        super().__init__(message)


#: What every exit code means, for the command line and the worker, in the order of the codes.
EXIT_MEANINGS: dict[int, str] = dict(
    sorted(
        {
            DONE: "done",
            SOME_FAILED: "batch: some scans have no result, the summary says why",
            **{
                kind.exit_code: kind.meaning
                for kind in (
                    DentalTopoSegError,
                    UsageError,
                    InputError,
                    NoTeethError,
                    ModelError,
                    OutputError,
                    MemoryLimitError,
                    Cancelled,
                )
            },
        }.items()
    )
)


#: What a system says of a path that no program could use.
_OF_THE_PATH = (errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EACCES, errno.EPERM)


def as_refusal(error: BaseException) -> DentalTopoSegError | None:
    """What the command line and the worker answer to this exception; None for what nobody expected."""
    if isinstance(error, KeyboardInterrupt):
        return Cancelled()
    if isinstance(error, MemoryError):
        return MemoryLimitError("This computer's memory does not suffice: crop the scan to the jaws.")
    if isinstance(error, OSError) and error.errno in _OF_THE_PATH and error.filename is not None:
        return InputError(f"'{error.filename}' cannot be used ({error.strerror}): give another name or folder.")
    return error if isinstance(error, DentalTopoSegError) else None


def refusal_body(error: DentalTopoSegError) -> dict[str, str | int]:
    """The refusal in JSON's own types."""
    return {"kind": type(error).__name__, "exit_code": error.exit_code, "message": str(error)}
