"""Score labels against a reference."""

from __future__ import annotations

import argparse
from typing import Any

from .arguments import add_mesh, add_numbering, add_orientation
from .command import Call, Command
from .text import scores_text


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("prediction", metavar="PRED", help="label map, labelled mesh, or Teeth3DS JSON")
    parser.add_argument("reference", metavar="REF", help="the true labels, in any of these")
    add_orientation(parser)
    add_numbering(parser)
    mesh = parser.add_argument_group("for meshes only")
    mesh.add_argument("--mesh", metavar="MESH", help="the mesh that labels in JSON belong to")
    add_mesh(mesh, jaw=False)


def _run(call: Call) -> dict[str, Any]:
    from ..runs.checking import evaluate_files, is_mesh_labels

    given = call.arguments
    scores = evaluate_files(
        given.prediction,
        given.reference,
        numbering=given.numbering,
        reference_numbering=given.reference_numbering,
        mesh=given.mesh,
        unit=given.unit,
        orientation=given.orientation,
    )
    call.say(lambda: scores_text(scores, is_mesh_labels(given.prediction)))
    return scores


EVALUATE = Command(
    "evaluate",
    "Score labels against a reference on the same grid or mesh.",
    _add_arguments,
    _run,
)
