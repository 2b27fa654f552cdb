"""Segment what a scanner drops into a folder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..errors import DONE, SOME_FAILED
from .arguments import (
    add_anonymous_names,
    add_known,
    add_models,
    add_network,
    add_orientation,
    add_output,
    add_structures,
    add_tta,
)
from .command import Call, Command
from .streams import say


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="FOLDER", help="where scans appear, in any depth; a network drive may be it")
    add_output(parser)
    parser.add_argument(
        "--settle",
        type=_seconds,
        default=10.0,
        metavar="SECONDS",
        help="a scan is whole when none of its files has changed for so long (default 10)",
    )
    parser.add_argument("--once", action="store_true", help="end when all that is there is done")
    parser.add_argument("--picture", action="store_true", help="also write <name>_teeth.png of every CBCT")
    add_structures(parser)
    add_tta(parser)
    add_orientation(parser)
    add_anonymous_names(parser)
    add_known(parser)
    add_network(parser)
    add_models(parser)


def _seconds(text: str) -> float:
    value = float(text)
    if not 0.1 <= value <= 86400:
        raise argparse.ArgumentTypeError("must be from 0.1 to 86400")
    return value


def _run(call: Call) -> dict[str, Any]:
    from ..runs.watched_folder import Told, WatchedFolder

    rows: list[dict[str, str]] = []

    def tell(told: Told) -> None:
        call.bar.close()
        rows.append({"name": told.name, "state": told.state, "message": told.message})
        text = ": ".join(filter(None, (told.name, told.state, told.message)))
        if told.state in ("failed", "waiting", "changed"):
            say(f"dentaltoposeg: {text}")
        elif not (given.json or given.quiet):
            print(text, flush=True)

    given = call.arguments
    watched = WatchedFolder(
        Path(given.folder),
        Path(given.output),
        call.options,
        tell,
        settle_s=given.settle,
        picture=given.picture,
        orientation=given.orientation,
        anonymous_names=given.anonymous_names,
        progress=lambda name, event: call.bar(f"Scan {name}", event["fraction"], 1.0),
    )
    counts = watched.run(given.once)
    return {"scans": rows, "exit_code": SOME_FAILED if counts.get("failed") else DONE}


WATCH = Command(
    "watch",
    "Segment what appears in a folder, each scan once; until Ctrl-C.",
    _add_arguments,
    _run,
)
