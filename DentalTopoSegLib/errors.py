"""Every way DentalTopoSeg refuses, each with the exit code the command line answers.

The message of an error is one sentence for the person at the screen: what is wrong, in which file, and what
to do.
"""

from __future__ import annotations

#: What every exit code means, for the command line and the worker.
EXIT_MEANINGS = {
    0: "done",
    1: "unexpected error",
    2: "wrong usage",
    3: "the input cannot be used",
    4: "no teeth found",
    5: "a network file is missing or damaged",
    6: "the output cannot be written",
    7: "too large for this computer's memory",
    8: "batch: some scans have no result, the summary says why",
    130: "stopped by the user, nothing written",
}


class DentalTopoSegError(Exception):
    """Base of all refusals; ``exit_code`` is what ``dentaltoposeg`` returns to the shell."""

    exit_code = 1


class UsageError(DentalTopoSegError):
    """The command or the job was put together wrongly."""

    exit_code = 2


class InputError(DentalTopoSegError):
    """The scan, label map or argument cannot be used."""

    exit_code = 3


class NoTeethError(DentalTopoSegError):
    """The scan was read, but holds no teeth that can be found."""

    exit_code = 4


class ModelError(DentalTopoSegError):
    """A network file is absent, altered or cannot be run."""

    exit_code = 5


class OutputError(DentalTopoSegError):
    """The result cannot be written: no permission, no space, no such folder."""

    exit_code = 6


class MemoryLimitError(InputError):
    """The volume is too large to be processed in bounded memory."""

    exit_code = 7


class Cancelled(DentalTopoSegError):  # noqa: N818 - it is no error, the user wanted it
    """The user stopped the run; nothing was written."""

    exit_code = 130

    def __init__(self, message: str = "Stopped before the end; nothing was written.") -> None:
        super().__init__(message)


def as_refusal(error: BaseException) -> DentalTopoSegError | None:
    """What the command line and the worker answer to this exception; None for what nobody expected."""
    if isinstance(error, (KeyboardInterrupt, Cancelled)):
        return Cancelled()  # one sentence, wherever it was stopped
    if isinstance(error, MemoryError):
        return MemoryLimitError("This computer's memory does not suffice: crop the scan to the jaws.")
    return error if isinstance(error, DentalTopoSegError) else None


def refusal_body(error: DentalTopoSegError) -> dict[str, str | int]:
    """The refusal in JSON's own types."""
    return {"kind": type(error).__name__, "exit_code": error.exit_code, "message": str(error)}
