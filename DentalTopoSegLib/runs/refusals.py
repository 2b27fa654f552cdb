"""What a run refuses before it reads a scan."""

from __future__ import annotations

from ..errors import UsageError
from ..options import RunOptions


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


def refuse_structures(options: RunOptions) -> None:
    """Refuse to ask somebody's nnU-Net for structures.

    Raises
    ------
    UsageError
        Where structures are asked for and the folder of networks holds a nnU-Net.
    ModelError
        For a folder that holds no networks.
    """
    from ..networks.folders import tasks_in
    from ..nnunet import PARTS_TASK, TASK

    if options.structures and options.models is not None and tasks_in(options.models) & {TASK, PARTS_TASK}:
        raise UsageError(
            f"The networks in '{options.models}' find what they were trained for and nothing else: leave out "
            "--structures, or --models."
        )
