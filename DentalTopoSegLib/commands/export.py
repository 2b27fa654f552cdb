"""Hand a result over in another format."""

from __future__ import annotations

import argparse
from typing import Any

from ..dentition import LABEL_NUMBERINGS
from ..dentition.words import SOURCE_LANGUAGE
from ..exports import FORMATS
from .arguments import absent_of, add_absent, add_numbering, add_orientation, add_output
from .command import Call, Command
from .text import files_text


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("result", metavar="RESULT", help="label map, labelled mesh or <name>_report.json")
    add_output(parser)
    parser.add_argument("--format", required=True, choices=[kind.name for kind in FORMATS], help="what to write")
    parser.add_argument(
        "--scan",
        help="the scan it was made from: for dicom-seg its DICOM files; for html its slices and the panoramic view",
    )
    parser.add_argument("--series", help="DICOM series of the scan: its number or the end of its id")
    parser.add_argument(
        "--space", choices=("LPS", "RAS"), default="LPS", help="axes of surfaces from label maps (default LPS)"
    )
    parser.add_argument("--language", default=SOURCE_LANGUAGE, help="of html: en, de or fr (default en)")
    add_orientation(parser)
    add_numbering(parser, reference=False)
    parser.add_argument(
        "--to-numbering",
        choices=LABEL_NUMBERINGS,
        default="fdi",
        help="of nifti: in which values the teeth are written, with their names in the file (default fdi)",
    )
    add_absent(parser, "of labels: teeth that are not there, beside those stated when the result was made")


def _run(call: Call) -> dict[str, Any]:
    from ..runs.results import export_result

    given = call.arguments
    files, warnings = export_result(
        given.result,
        given.output,
        given.format,
        numbering=given.numbering,
        scan=given.scan,
        series=given.series,
        space=given.space,
        orientation=given.orientation,
        absent=absent_of(given),
        language=given.language,
        to_numbering=given.to_numbering,
    )
    call.say(lambda: files_text(files.values()))
    return {"files": {kind: str(path) for kind, path in files.items()}, "warnings": warnings}


EXPORT = Command(
    "export",
    "Write a result in another format: surfaces, DICOM SEG, tables, a page.",
    _add_arguments,
    _run,
)
