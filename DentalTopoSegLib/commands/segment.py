"""Find, outline and number teeth."""

from __future__ import annotations

import argparse
from typing import Any

from .arguments import (
    add_anonymous_names,
    add_known,
    add_mesh,
    add_models,
    add_network,
    add_orientation,
    add_output,
    add_structures,
    add_tta,
)
from .command import Call, Command
from .text import files_text, result_text


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "scan",
        nargs="+",
        metavar="SCAN",
        help="CBCT: NIfTI, NRRD or MetaImage file, DICOM file or DICOM folder. Intraoral: one mesh (STL, PLY, OBJ, "
        "VTP), or two: first the upper, then the lower jaw",
    )
    add_output(parser)
    parser.add_argument(
        "--name",
        help="what the results are called (default: the scan's file or folder name; of two jaws the beginning)",
    )
    add_anonymous_names(parser)
    add_known(parser)
    add_network(parser)
    add_models(parser)
    volume = parser.add_argument_group("for CBCT only")
    volume.add_argument("--series", help="DICOM series to take: its number or the end of its id")
    add_orientation(volume)
    volume.add_argument("--picture", action="store_true", help="also write <name>_teeth.png with slices and 3D views")
    add_structures(volume)
    add_tta(volume)
    mesh = parser.add_argument_group("for intraoral scans only")
    add_mesh(mesh)
    mesh.add_argument("--per-tooth", action="store_true", help="also write an STL of every tooth and of the gingiva")


def _run(call: Call) -> dict[str, Any]:
    from ..runs.job import Job
    from ..runs.refusals import refuse_options
    from ..runs.segmenting import segment

    given = call.arguments
    job = Job(
        given.scan,
        given.output,
        jaws=[given.jaw] if given.jaw else None,
        unit=given.unit,
        name=given.name,
        anonymous_names=given.anonymous_names,
        series=given.series,
        orientation=given.orientation,
        picture=given.picture,
        per_tooth=given.per_tooth,
    )
    if job.is_mesh():
        refuse_options("CBCT", tta=given.tta, structures=call.options.structures)
    run = segment(job, call.options)
    files = [path for written in run.files for path in written.values()]
    call.say(lambda: result_text(run.reports) + "\n" + files_text(files))
    return run.report


SEGMENT = Command(
    "segment",
    "Find, outline and number the teeth of a CBCT scan or of intraoral scans.",
    _add_arguments,
    _run,
)
