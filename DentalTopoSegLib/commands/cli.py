"""The command `dentaltoposeg`, for CBCT and intraoral scans.

Results go to stdout (text, or JSON with --json), progress, warnings and refusals to stderr. The exit codes are those of
`errors.EXIT_MEANINGS`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence

from ..errors import DONE, DentalTopoSegError, as_refusal, refusal_body
from .command import Call
from .progress_bar import ProgressBar
from .stop_request import StopRequest


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with `argv` (default: the process's arguments) and return its exit code."""
    # Read by numpy, which is imported later. Our matrices are long and three columns wide: threads gain nothing on them
    # and spend more time waiting for each other than the product takes.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from .parsing import build_parser

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a Windows console in an old code page must not end a run over "mm³"
            stream.reconfigure(errors="replace")
    arguments = build_parser().parse_args(argv)
    bar = ProgressBar(enabled=not arguments.quiet)
    with StopRequest() as stop:
        call = Call(arguments, bar, stop)
        try:
            return _run(call)
        except (KeyboardInterrupt, MemoryError, DentalTopoSegError) as error:
            refusal = as_refusal(error)
            assert refusal is not None
            return _refuse(refusal, call)
        finally:
            bar.close()


def _run(call: Call) -> int:
    result = call.arguments.run(call)
    if not call.arguments.quiet:
        for warning in result.get("warnings", ()):
            print(f"Note: {warning}", file=sys.stderr)
    if call.arguments.json:
        from ..files.json_text import plain

        print(json.dumps(plain(result), indent=2, ensure_ascii=False, allow_nan=False))
    return result.get("exit_code", DONE)


def _refuse(error: DentalTopoSegError, call: Call) -> int:
    call.bar.close()
    print(f"dentaltoposeg: {error}", file=sys.stderr)
    if call.arguments.json:
        print(json.dumps({"error": refusal_body(error)}, indent=2, ensure_ascii=False))
    return error.exit_code
