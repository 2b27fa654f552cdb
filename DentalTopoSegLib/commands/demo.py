"""Show every output, without a scan of one's own."""

from __future__ import annotations

import argparse
from typing import Any

from .arguments import add_network, add_output, natural
from .command import Call, Command
from .text import files_text, result_text


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_output(parser)
    parser.add_argument("--seed", type=natural, default=0, help="which phantom to build (default 0)")
    add_network(parser)


def _run(call: Call) -> dict[str, Any]:
    from ..reports.text import metrics_text
    from ..runs.volumes import segment_phantom

    run = segment_phantom(call.arguments.output, call.options, seed=call.arguments.seed)
    call.say(
        lambda: "\n".join(
            (
                result_text(run.reports),
                "Against the phantom's exact labels:",
                metrics_text(run.report["metrics"], per_tooth=False),
                files_text(run.files[0].values()),
            )
        )
    )
    return run.report


DEMO = Command(
    "demo",
    "Build a phantom scan, segment it and show every output.",
    _add_arguments,
    _run,
)
