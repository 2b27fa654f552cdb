"""Draw labels on their scan."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .arguments import add_numbering, add_orientation
from .command import Call, Command


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("image", metavar="IMAGE", help="the scan: file or DICOM folder")
    parser.add_argument("labels", metavar="LABELS", help="the label map")
    parser.add_argument("-o", "--output", required=True, metavar="PNG", type=Path, help="the picture to write")
    parser.add_argument("--series", help="DICOM series to take: its number or the end of its id")
    add_orientation(parser)
    add_numbering(parser, reference=False)


def _run(call: Call) -> dict[str, Any]:
    from ..runs.drawing import draw_picture

    given = call.arguments
    warnings = draw_picture(
        given.image,
        given.labels,
        given.output,
        numbering=given.numbering,
        series=given.series,
        orientation=given.orientation,
    )
    call.say(lambda: f"Wrote {given.output}")
    return {"picture": str(given.output), "warnings": warnings}


PICTURE = Command(
    "picture",
    "Draw a label map on its scan: slices and 3D views in one PNG.",
    _add_arguments,
    _run,
)
