"""The parser of `dentaltoposeg`."""

from __future__ import annotations

import argparse

from .. import __version__
from ..errors import EXIT_MEANINGS
from .completion import SHELLS, PrintCompletion
from .examples import examples_text, first_examples_text
from .registry import COMMANDS

EXIT_CODES = "exit codes:\n" + "\n".join(f"{code:>5}  {meaning}" for code, meaning in EXIT_MEANINGS.items())


def build_parser() -> argparse.ArgumentParser:
    """The parser; what it parses has the function of its command as `run`."""
    parser = argparse.ArgumentParser(
        prog="dentaltoposeg",
        description="Numbered teeth (FDI) from dental CBCT and intraoral scans, with checks. "
        "Research software, no medical device.",
        epilog=first_examples_text() + EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"dentaltoposeg {__version__}")
    parser.add_argument(
        "--print-completion",
        action=PrintCompletion,
        choices=SHELLS,
        help="print a script for this shell that completes the command, and end (docs/commands.md)",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        own = commands.add_parser(
            command.name,
            help=command.text,
            description=command.text,
            epilog=examples_text(command.name) + EXIT_CODES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        own.set_defaults(run=command.run)
        own.add_argument("--json", action="store_true", help="print one JSON object to stdout instead of text")
        own.add_argument("--quiet", action="store_true", help="no progress and no text, only refusals")
        command.add_arguments(own)
    return parser
