"""What a command is."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..options import RunOptions
from .arguments import absent_of, milk_of, structures_of
from .progress_bar import ProgressBar
from .stop_request import StopRequest


@dataclass(frozen=True)
class Call:
    """A command that is being carried out: its arguments, its progress, who may stop it, and where its text goes."""

    arguments: argparse.Namespace
    bar: ProgressBar
    stop: StopRequest

    @property
    def options(self) -> RunOptions:
        """How to compute, by the arguments of `arguments.add_network`, and what is known of the teeth, by those of
        `arguments.add_known`, `arguments.add_tta`, `arguments.add_models` and `arguments.add_structures` where the
        command has them."""
        given = self.arguments
        asked = self.stop.asked
        absent, milk = (absent_of(given), milk_of(given)) if hasattr(given, "absent") else (frozenset(), None)
        return RunOptions(
            given.threads,
            given.precision,
            given.provider,
            self.bar,
            asked,
            absent,
            milk,
            tta=getattr(given, "tta", False),
            models=_models_of(getattr(given, "models", None)),
            structures=structures_of(given) if hasattr(given, "structures") else (),
        )

    def say(self, text: Callable[[], str]) -> None:
        """Print a text to stdout where text is wanted; the progress ends."""
        self.bar.close()
        if not (self.arguments.json or self.arguments.quiet):
            print(text())


def _models_of(said: str | None) -> str | None:
    """The folder that --models means: of a path that one, of a name that of the network that was added under it."""
    if said is None:
        return None
    from ..nnunet.installed import models_folder

    return models_folder(said)


@dataclass(frozen=True)
class Command:
    """One command of `dentaltoposeg`.

    Parameters
    ----------
    name : str
        What is typed.
    text : str
        What it does, in one sentence.
    add_arguments : callable
        Adds its arguments to its parser.
    run : callable
        Carries it out and returns the JSON object of --json; its "warnings" are printed as notes, and its "exit_code",
        where it has one, is the command's.
    """

    name: str
    text: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[Call], dict[str, Any]]
