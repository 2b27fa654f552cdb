"""Every way DentalTopoSeg refuses, each with the exit code the command line answers.

The message of an error is one sentence for the person at the screen: what is wrong, in which file, and what
to do.
"""

from __future__ import annotations


class DentalTopoSegError(Exception):
    """Base of all refusals; ``exit_code`` is what ``dentaltoposeg`` returns to the shell."""

    exit_code = 1


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
