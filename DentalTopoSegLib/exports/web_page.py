"""The report as a web page with pictures and a 3D view."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..checks.findings import Finding
from ..files.packages import install_hint
from .export_format import ExportFormat, ExportOptions, Group, PathOf, Scan
from .result import Result
from .tooth_surfaces import VTK

if TYPE_CHECKING:
    from ..pictures.for_page import Drawn
    from ..reports.page_content import Model, PageContent, Picture


def _write(result: Result, path_of: PathOf, options: ExportOptions) -> dict[str, Path]:
    from ..reports.languages import catalogue
    from ..reports.page import write_report_html

    words = catalogue(options.language)  # before the work
    content = draw_content(result, options)
    return {"html": write_report_html(result.report, path_of(""), content, words)}


def draw_content(result: Result, options: ExportOptions) -> PageContent:
    """What a page shows beside the report of a result; what is to be said of it goes to the result's warnings."""
    from ..pictures.for_page import drawings_of_jaw, drawings_of_labels
    from ..reports.page_content import PageContent
    from .page_model import model_of_jaw, model_of_labels

    jaw = _drawn_jaw(result) if result.labelled is not None else None
    listed = [Finding.from_dict(finding) for finding in result.report["findings"]]  # as the page numbers them
    model: Model | None = None
    if jaw is not None:
        drawings = drawings_of_jaw(jaw, listed)
    else:
        scan = None
        if options.scan is not None:
            from ..files.volumes import notes_on_places, read_volume

            scan, notes = read_volume(options.scan, series=options.series, orientation=options.orientation)
            result.warnings.extend([*notes, *notes_on_places(scan, result.label_map)])
        drawings = drawings_of_labels(
            result.label_map, scan, listed, result.report.get("sites", ()), result.structures, result.report["teeth"]
        )
    if _has_vtk():
        model = model_of_labels(result.label_map, listed) if jaw is None else model_of_jaw(jaw, listed)
    else:
        result.warnings.append(f"The page has no 3D view: it needs VTK, which is not installed: {install_hint(VTK)}")
    return PageContent(
        panorama=_picture(drawings.panorama) if drawings.panorama else None,
        pictures=[_picture(drawn) for drawn in drawings.pictures],
        of_findings={i: [_picture(drawn) for drawn in near] for i, near in drawings.of_findings.items()},
        model=model,
    )


def _has_vtk() -> bool:
    from importlib.util import find_spec

    return find_spec("vtkmodules") is not None


def _picture(drawn: Drawn) -> Picture:
    from ..reports.page_content import Picture

    height, width = drawn.image.shape[:2]
    return Picture(drawn.what, drawn.jpeg(), (width, height))


def _drawn_jaw(result: Result) -> Mapping[str, Any] | None:
    jaw = result.jaw
    if jaw is None:
        return None
    return {
        "vertices": jaw.surface.vertices,
        "normals": jaw.surface.normals,
        "faces": jaw.surface.faces,
        "face_fdi": jaw.face_fdi,
        "jaw": jaw.jaw,
        "frame": jaw.frame,
        "scale": jaw.surface.scale,
    }


HTML = ExportFormat(
    name="html",
    title="Web page",
    purpose="with pictures and a 3D view, to read and to print",
    group=Group.REPORT,
    pattern="{name}_report.html",
    write=_write,
    scan=Scan.SHOWN,
)
