"""Completion of the command in shells, by shtab."""

from __future__ import annotations

import argparse
from typing import Any

from ..files.packages import Package

SHTAB = Package("shtab>=1.7", "completion", "completes the command in shells", "Completion of the command needs", 1)
SHELLS = ("bash", "zsh", "tcsh")


class PrintCompletion(argparse.Action):
    """Prints the script that a shell reads, and ends."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: Any, values: Any, option: str | None = None) -> None:
        shtab = SHTAB.require()
        _mark_files(parser, shtab.FILE)
        print(shtab.complete(parser, values))
        parser.exit()


def _mark_files(parser: argparse.ArgumentParser, files: dict[str, str]) -> None:
    """Let what may be a path be completed by the files that are there."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for own in action.choices.values():
                _mark_files(own, files)
        elif action.choices is None and action.nargs != 0 and (action.metavar or not action.option_strings):
            action.complete = files  # type: ignore[attr-defined]  # as shtab wants it
