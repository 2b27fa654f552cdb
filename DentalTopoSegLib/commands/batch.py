"""Segment many scans."""

from __future__ import annotations

import argparse
from typing import Any

from ..errors import DONE, SOME_FAILED
from .arguments import add_anonymous_names, add_known, add_models, add_network, add_orientation, add_output, add_tta
from .command import Call, Command
from .streams import say


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="FOLDER", help="volumes, meshes and DICOM folders, in any depth")
    add_output(parser)
    parser.add_argument("--picture", action="store_true", help="also write <name>_teeth.png of every CBCT")
    parser.add_argument("--again", action="store_true", help="also do scans again whose results are there")
    add_tta(parser)
    add_orientation(parser)
    add_anonymous_names(parser)
    add_known(parser)
    add_network(parser)
    add_models(parser)


def _run(call: Call) -> dict[str, Any]:
    from ..runs.batch import run_batch

    def progress(done: int, total: int, name: str, event: dict[str, Any]) -> None:
        call.bar(f"Scan {done + 1} of {total}: {name}", event["fraction"], 1.0)

    given = call.arguments
    batch = run_batch(
        given.folder,
        given.output,
        call.options,
        picture=given.picture,
        orientation=given.orientation,
        again=given.again,
        anonymous_names=given.anonymous_names,
        progress=progress,
    )
    call.bar.close()
    failed = [row for row in batch.rows if row["state"] == "failed"]
    changed = [row for row in batch.rows if row["state"] == "changed"]
    kept = [row for row in batch.rows if row["state"] == "done before" and row.get("message")]
    for row in (*failed, *changed, *kept):
        say(f"dentaltoposeg: {row['scan']}: {row['message']}")
    done, before = batch.count("done"), batch.count("done before")
    text = f"{done} scans done, {before} done before, {len(failed)} without a result."
    text += f" {len(changed)} changed since and left as they are." if changed else ""
    text += f"\nWrote {batch.summary}"
    if given.anonymous_names:  # nowhere else is it said which is which
        text = "\n".join([*(f"{row['name'] or '-':<17} {row['scan']}" for row in batch.rows), text])
    call.say(lambda: text)
    return {"scans": batch.rows, "summary": str(batch.summary), "exit_code": SOME_FAILED if failed else DONE}


BATCH = Command(
    "batch",
    "Segment every scan in a folder; goes on where it was stopped.",
    _add_arguments,
    _run,
)
