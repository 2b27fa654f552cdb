"""Check labels, any tool's."""

from __future__ import annotations

import argparse
from typing import Any

from .arguments import absent_of, add_absent, add_mesh, add_numbering, add_orientation
from .command import Call, Command
from .text import result_text, scores_text, structures_text


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "scan", metavar="LABELS", help="label map (NIfTI, NRRD, MetaImage, .seg.nrrd) or labelled mesh (VTP, PLY)"
    )
    parser.add_argument("--reference", metavar="REF", help="true labels on the same grid or mesh: adds the scores")
    add_orientation(parser)
    add_numbering(parser, grouped=True)
    add_absent(parser, "teeth that are not there, beside those stated when the result was made: they are not missed")
    mesh = parser.add_argument_group("for meshes only")
    mesh.add_argument("--labels", metavar="JSON", help="labels of the mesh in the Teeth3DS layout")
    add_mesh(mesh)


def _run(call: Call) -> dict[str, Any]:
    from ..files.meshes import is_mesh_file
    from ..runs.checking import check_file

    given = call.arguments
    report = check_file(
        given.scan,
        reference=given.reference,
        numbering=given.numbering,
        reference_numbering=given.reference_numbering,
        labels=given.labels,
        jaw=given.jaw,
        unit=given.unit,
        absent=absent_of(given),
        orientation=given.orientation,
    ).report
    text = structures_text(report) if "structures" in report else result_text([report])
    if "metrics" in report:
        text += "\nAgainst the reference:\n" + scores_text(report["metrics"], is_mesh_file(given.scan))
    call.say(lambda: text)
    return report


CHECK = Command(
    "check",
    "Check any tool's tooth label map or labelled mesh: numbering, plausibility.",
    _add_arguments,
    _run,
)
