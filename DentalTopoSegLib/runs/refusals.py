"""What a run refuses before it reads a scan."""

from __future__ import annotations

from ..errors import UsageError


def refuse_options(kind: str, **options: object) -> None:
    """Refuse options that are only for another kind of input.

    Parameters
    ----------
    kind : str
        What they are for, in words.
    **options
        Their values, by the command line's names with underscores; None, False and an empty list are none.

    Raises
    ------
    UsageError
        For the first that was given.
    """
    for name, value in options.items():
        if value:
            raise UsageError(f"--{name.replace('_', '-')} is only for {kind}: leave it out here.")
