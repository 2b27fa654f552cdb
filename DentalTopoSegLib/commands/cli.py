"""The command `dentaltoposeg`, for CBCT and intraoral scans.

Results go to stdout (text, or JSON with --json), progress, warnings and refusals to stderr. The exit codes are those of
`errors.EXIT_MEANINGS`. What takes time to import comes when signals are looked after.
"""

from __future__ import annotations

import os
import signal
import sys

from ..errors import DONE, Cancelled, DentalTopoSegError, OutputError, as_refusal, refusal_body

TYPE_CHECKING = False  # `typing` is slow to import, and signals are not looked after yet
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .command import Call
    from .progress_bar import ProgressBar
    from .stop_request import StopRequest
    from .streams import Streams


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with `argv` (default: the process's arguments) and return its exit code."""
    previous = _leave_when_told()
    from .stop_request import StopRequest

    words = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in words
    try:
        with StopRequest(lambda: _leave(as_json), _is_moving) as stop:
            from .streams import Streams

            with Streams() as streams:
                return _guarded(words, stop, streams, as_json)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def run_process() -> int:
    """`main` for a process of its own: once all is done, a late signal does not take back the exit code."""
    code = main()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    return code


def _leave_when_told() -> dict[signal.Signals, signal._HANDLER]:
    """While nothing has begun yet, a signal ends the process at once; the handlers of before."""
    handlers: dict[signal.Signals, signal._HANDLER] = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            handlers[number] = signal.signal(number, lambda *_: os._exit(Cancelled.exit_code))
        except ValueError:  # not the main thread: the host program has its own way to stop
            break
    return handlers


def _guarded(words: list[str], stop: StopRequest, streams: Streams, as_json: bool) -> int:
    from .progress_bar import ProgressBar

    bar = ProgressBar()
    try:
        try:
            code = _run(words, stop, streams, bar)
        finally:
            stop.close()
            bar.close()
    except SystemExit:  # help was asked for, or argparse has said what is wrong
        if streams.fault() is None:
            raise
        code = DONE
    except BaseException as error:
        refusal = _stopped(error) if stop.wanted() or isinstance(error, KeyboardInterrupt) else as_refusal(error)
        if refusal is None:
            raise
        return _refuse(refusal, as_json)
    fault = streams.fault()
    if fault is not None:
        reason = fault.strerror or str(fault)
        return _refuse(OutputError(f"The standard output cannot be written ({reason}): send it elsewhere."), False)
    return code


def _run(words: list[str], stop: StopRequest, streams: Streams, bar: ProgressBar) -> int:
    # Read by numpy, which is imported later. Our matrices are long and three columns wide: threads gain nothing on them
    # and spend more time waiting for each other than the product takes.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from ..files.final_move import FINAL_MOVE
    from .command import Call
    from .parsing import build_parser

    arguments = build_parser().parse_args(words)
    bar.enabled = not arguments.quiet
    call = Call(arguments, bar, stop)
    streams.note = lambda text: _note(text, call)
    FINAL_MOVE.done = 0
    FINAL_MOVE.stop_asked = stop.wanted
    try:
        result = arguments.run(call)
    finally:
        FINAL_MOVE.stop_asked = bool
    if stop.wanted():
        raise KeyboardInterrupt
    for warning in result.get("warnings", ()):
        _note(warning, call)
    if arguments.json:
        from ..files.json_text import plain

        _print_json(plain(result))
    return result.get("exit_code", DONE)


def _note(text: str, call: Call) -> None:
    if not call.arguments.quiet:
        from .streams import say

        call.bar.close()
        say(f"Note: {text}")


def _print_json(content: object) -> None:
    import json

    # only UTF-8 can carry all text as it is
    utf8 = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "") == "utf8"
    print(json.dumps(content, indent=2, ensure_ascii=not utf8, allow_nan=False))


def _refuse(error: DentalTopoSegError, as_json: bool) -> int:
    from ..files.transactions import without_stages
    from .streams import say

    body = refusal_body(error)
    body["message"] = without_stages(str(error))
    say(f"dentaltoposeg: {body['message']}")
    if as_json:
        _print_json({"error": body})
    return error.exit_code


def _stopped(error: BaseException | None = None, *, for_good: bool = False) -> Cancelled:
    """What to say of a stop; takes away what is unfinished."""
    from ..files.final_move import FINAL_MOVE
    from ..files.transactions import remove_unfinished

    remove_unfinished(for_good=for_good)
    if isinstance(error, Cancelled) and str(error) != str(Cancelled()):
        return error
    return Cancelled("Stopped; the files that were written are whole.") if FINAL_MOVE.done else Cancelled()


def _is_moving() -> bool:
    module = sys.modules.get("DentalTopoSegLib.files.final_move")
    return module is not None and module.FINAL_MOVE.under_way


def _leave(as_json: bool) -> None:
    """The end of the process that does not wait for what it is doing."""
    code = _refuse(_stopped(for_good=True), as_json)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)
