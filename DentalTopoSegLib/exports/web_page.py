"""The report as a web page with a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .export_format import ExportFormat, ExportOptions, Group, PathOf, Scan
from .result import Result


def _write(result: Result, path_of: PathOf, options: ExportOptions) -> dict[str, Path]:
    from ..reports.page import write_report_html

    with TemporaryDirectory(dir=path_of("").parent) as folder:
        picture = Path(folder) / "teeth.png"
        _draw(result, options, picture)
        return {"html": write_report_html(result.report, path_of(""), [picture])}


def _draw(result: Result, options: ExportOptions, picture: Path) -> None:
    jaw = result.jaw if result.labelled is not None else None
    if jaw is not None:
        from ..pictures.jaws import jaw_png

        drawn: Mapping[str, Any] = {
            "vertices": jaw.surface.vertices,
            "normals": jaw.surface.normals,
            "faces": jaw.surface.faces,
            "face_fdi": jaw.face_fdi,
            "jaw": jaw.jaw,
            "frame": jaw.frame,
            "scale": jaw.surface.scale,
        }
        jaw_png(picture, [drawn], result.name, result.findings)
    elif options.scan is not None:
        from ..files.volumes import notes_on_places, read_volume
        from ..pictures.volumes import overlay_png

        scan, notes = read_volume(options.scan, series=options.series, orientation=options.orientation)
        result.warnings.extend([*notes, *notes_on_places(scan, result.label_map)])
        overlay_png(scan, result.label_map, picture, result.name, result.findings)
    else:
        from ..pictures.volumes import views_png

        views_png(result.label_map, picture)


HTML = ExportFormat(
    name="html",
    title="Web page",
    purpose="with pictures, to read and to print",
    group=Group.REPORT,
    pattern="{name}_report.html",
    write=_write,
    scan=Scan.SHOWN,
)
