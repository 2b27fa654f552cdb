"""Score labels against a reference."""

from __future__ import annotations

import argparse
import os
from typing import Any

from ..errors import UsageError
from .arguments import add_mesh, add_numbering, add_orientation
from .command import Call, Command
from .text import challenge_text, scores_text


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("prediction", metavar="PRED", help="label map, labelled mesh, Teeth3DS JSON, or a folder")
    parser.add_argument("reference", metavar="REF", help="the true labels, in any of these")
    add_orientation(parser)
    add_numbering(parser)
    parser.add_argument(
        "--challenge",
        choices=("teeth3ds", "toothfairy2", "toothfairy3"),
        help="of two folders: score all cases as the challenge's script does",
    )
    mesh = parser.add_argument_group("for meshes only")
    mesh.add_argument("--mesh", metavar="MESH", help="the mesh that labels in JSON belong to")
    add_mesh(mesh, jaw=False)


def _run(call: Call) -> dict[str, Any]:
    from ..runs.checking import evaluate_files, is_mesh_labels

    given = call.arguments
    if given.challenge or os.path.isdir(given.prediction):
        return _of_folders(call)
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


def _of_folders(call: Call) -> dict[str, Any]:
    from ..runs.challenges import evaluate_folders
    from ..runs.refusals import refuse_options

    given = call.arguments
    if not given.challenge:
        raise UsageError("Of folders say with --challenge how they are scored: teeth3ds, toothfairy2 or toothfairy3.")
    refuse_options(
        "single files",
        numbering=given.numbering,
        reference_numbering=given.reference_numbering,
        mesh=given.mesh,
        unit=given.unit,
        orientation=given.orientation,
    )
    scores = evaluate_folders(
        given.prediction,
        given.reference,
        given.challenge,
        lambda done, total: call.bar("Scoring the cases", done, total),
    )
    call.say(lambda: challenge_text(scores))
    return scores


EVALUATE = Command(
    "evaluate",
    "Score labels against a reference on the same grid or mesh.",
    _add_arguments,
    _run,
)
