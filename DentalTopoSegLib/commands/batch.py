"""Segment many scans."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

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
    positive,
)
from .command import Call, Command
from .streams import say

if TYPE_CHECKING:
    from ..runs.course import Progress

_AUTO = "auto"


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder",
        nargs="?",
        metavar="FOLDER",
        help="volumes, meshes and DICOM folders, in any depth; with --table where its scans are told from",
    )
    add_output(parser)
    parser.add_argument(
        "--table",
        metavar="CSV",
        help="the cases, instead of all that lies in FOLDER: columns case, cbct, upper, lower, absent, dentition, "
        "orientation (docs/batch.md)",
    )
    parser.add_argument(
        "--cases",
        action="store_true",
        help="two jaws whose folder or names say that they belong together are segmented together, and the CBCT "
        "beside them is told as of the same case",
    )
    parser.add_argument(
        "--fuse",
        action="store_true",
        help="lay the intraoral scans of each case over its CBCT, too, as `fuse` does (with --table or --cases)",
    )
    parser.add_argument(
        "--jobs",
        type=_jobs,
        default=_AUTO,
        metavar="N|auto",
        help="scans at once; auto: as many as cores and free memory allow (default)",
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="let the workers of this Dask scheduler do the scans, such as tcp://host:8786 (docs/batch.md)",
    )
    parser.add_argument(
        "--subfolders",
        action="store_true",
        help="the results of each scan in a folder of its own, for thousands of scans",
    )
    parser.add_argument("--picture", action="store_true", help="also write <name>_teeth.png of every CBCT")
    parser.add_argument("--again", action="store_true", help="also do scans again whose results are there")
    add_structures(parser)
    add_tta(parser)
    add_orientation(parser)
    add_anonymous_names(parser)
    add_known(parser)
    add_network(parser)
    add_models(parser)


def _jobs(text: str) -> int | str:
    """A whole number from 1, or "auto"."""
    return text if text == _AUTO else positive(text)


def _run(call: Call) -> dict[str, Any]:
    from ..runs.batch import run_batch
    from ..runs.course import in_words

    def progress(told: Progress) -> None:
        left = f"{in_words(told.left_s)} left" if told.left_s else ""
        if sys.stderr.isatty():
            call.bar.overall(f"{told.done} of {told.total} scans", told.fraction, left)
        elif told.row is not None and call.bar.enabled:
            words = ", ".join(filter(None, (told.row["state"], left)))
            say(f"Scan {told.done} of {told.total}: {told.name or told.row['scan']}: {words}")

    given = call.arguments
    batch = run_batch(
        given.folder,
        given.output,
        call.options,
        table=given.table,
        cases=given.cases,
        fuse=given.fuse,
        picture=given.picture,
        orientation=given.orientation,
        again=given.again,
        anonymous_names=given.anonymous_names,
        subfolders=given.subfolders,
        jobs=given.jobs,
        scheduler=given.scheduler,
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
    text += f"\nWrote {batch.summary}\nWrote {batch.page}"
    if given.anonymous_names:  # nowhere else is it said which is which
        text = "\n".join([*(f"{row['name'] or '-':<17} {row['scan']}" for row in batch.rows), text])
    call.say(lambda: text)
    return {
        "scans": batch.rows,
        "summary": str(batch.summary),
        "page": str(batch.page),
        "exit_code": SOME_FAILED if failed else DONE,
    }


BATCH = Command(
    "batch",
    "Segment every scan in a folder or a table; goes on where it was stopped.",
    _add_arguments,
    _run,
)
