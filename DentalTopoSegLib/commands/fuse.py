"""Put scanned crowns on the roots of a CBCT."""

from __future__ import annotations

import argparse
from typing import Any

from .arguments import add_known, add_mesh, add_network, add_orientation, add_output, add_tta
from .command import Call, Command
from .text import files_text


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cbct", metavar="CBCT", help="NIfTI, NRRD or MetaImage file, DICOM file or DICOM folder")
    parser.add_argument(
        "scan",
        nargs="+",
        metavar="JAW",
        help="one mesh (STL, PLY, OBJ, VTP), or two: first the upper, then the lower jaw; one with tooth labels, such "
        "as <name>_teeth.vtp, is taken as it is",
    )
    add_output(parser)
    parser.add_argument("--labels", metavar="LABELS", help="the CBCT's label map in FDI numbers (default: segment it)")
    parser.add_argument(
        "--format", choices=("stl", "ply", "glb"), default="stl", help="of the fused teeth (default stl)"
    )
    parser.add_argument("--name", help="of the results instead of the CBCT's file name")
    add_known(parser)
    add_network(parser)
    volume = parser.add_argument_group("for the CBCT")
    volume.add_argument("--series", help="DICOM series to take: its number or the end of its id")
    add_orientation(volume)
    add_tta(volume)
    add_mesh(parser.add_argument_group("for the intraoral scans"))


def _run(call: Call) -> dict[str, Any]:
    from ..runs.fusing import fuse

    given = call.arguments
    run = fuse(
        given.cbct,
        given.scan,
        given.output,
        call.options,
        labels=given.labels,
        kind=given.format,
        jaw=given.jaw,
        unit=given.unit,
        series=given.series,
        orientation=given.orientation,
        name=given.name,
    )
    call.say(lambda: _text(run.report) + "\n" + files_text(run.files.values()))
    return run.report


def _text(report: dict[str, Any]) -> str:
    from ..fusion.pose import FAR_MM

    def shown(millimetres: float | None) -> str:
        if millimetres is None:
            return "-"
        return f"{millimetres:.2f}" if millimetres < FAR_MM else f"{FAR_MM:.2f} or more"

    lines = []
    for jaw in report["jaws"]:
        lines.append(
            f"{jaw['scan']} ({jaw['jaw']} jaw): {jaw['share_that_fits']:.0%} of the crowns' surface fits, "
            f"median distance {jaw['residual_median_mm']:.2f} mm"
        )
        lines.append("  Tooth   in CBCT   in scan      median mm        95 % mm")
        for tooth in jaw["teeth"]:
            median, most = shown(tooth["residual_median_mm"]), shown(tooth["residual_p95_mm"])
            numbers = f"{tooth['fdi']:>5}   {tooth['fdi_in_cbct']:>7}   {tooth['fdi_in_scan']:>7}"
            lines.append(f"  {numbers}   {median:>12}   {most:>12}")
    lines += [finding["message"] for finding in report["findings"]]
    return "\n".join(lines)


FUSE = Command(
    "fuse",
    "Lay intraoral scans over a CBCT and put scanned crowns on its roots.",
    _add_arguments,
    _run,
)
