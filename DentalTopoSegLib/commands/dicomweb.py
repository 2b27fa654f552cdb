"""Segment a scan of a picture archive."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .arguments import add_known, add_models, add_network, add_output, add_structures, add_tta
from .command import Call, Command
from .text import files_text, result_text


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "address",
        metavar="URL",
        help="the archive's DICOMweb service, such as https://pacs.example.org/dicom-web; user and password, or a "
        "token, come from the environment (docs/pacs.md) or a netrc file",
    )
    parser.add_argument("--study", required=True, metavar="UID", help="the study's StudyInstanceUID")
    parser.add_argument(
        "--series", metavar="N", help="the series' number, or the end of its UID (default: the only one of CT images)"
    )
    add_output(parser)
    parser.add_argument("--store", action="store_true", help="also store the DICOM SEG in the archive")
    parser.add_argument("--surfaces", action="store_true", help="also make, and store, a DICOM STL of every tooth")
    parser.add_argument(
        "--plain-http", action="store_true", help="allow http:// to another computer: patients' data go unencrypted"
    )
    parser.add_argument("--name", help="what the results are called (default: a code of the scan's content)")
    parser.add_argument("--picture", action="store_true", help="also write <name>_teeth.png with slices and 3D views")
    add_known(parser)
    add_structures(parser)
    add_tta(parser)
    add_network(parser)
    add_models(parser)


def _run(call: Call) -> dict[str, Any]:
    from ..pacs import Address
    from ..runs.archive import ArchiveJob, segment_from_archive

    given = call.arguments
    job = ArchiveJob(
        Address(given.address, given.plain_http),
        given.study,
        Path(given.output),
        series=given.series,
        store=given.store,
        surfaces=given.surfaces,
        name=given.name,
        picture=given.picture,
    )
    run = segment_from_archive(job, call.options)
    stored = f"\nStored {run.stored} files in the archive." if given.store else ""
    call.say(lambda: result_text([run.report]) + "\n" + files_text(run.files.values()) + stored)
    return {**run.report, "stored": run.stored}


DICOMWEB = Command(
    "dicomweb",
    "Segment a CBCT of a picture archive (DICOMweb), and store the result there.",
    _add_arguments,
    _run,
)
