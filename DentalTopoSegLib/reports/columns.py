"""The columns of the tables of teeth, of volumes and of intraoral scans, for the terminal and for the page.

A spreadsheet gets the rows of the report as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .. import dentition
from ..dentition.words import Template
from .around import PAGE_COLUMNS
from .report import INTRAORAL, confidence_of

#: A tooth of a report.
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """label: its heading on the page. text: of a row; the page looks words of it up in its catalogue. number: whether
    it is aligned right. heading, layout: in the terminal."""

    label: Template
    text: Callable[[Row], str]
    number: bool = True
    heading: str = ""
    layout: str = "{}"


@dataclass(frozen=True)
class Columns:
    """page, terminal: the columns there. cut: what is said in the terminal of a tooth cut by the border."""

    page: tuple[Column, ...]
    terminal: tuple[Column, ...]
    cut: str

    @property
    def measures(self) -> tuple[Column, ...]:
        """Those of the page that say how large a tooth is and how sure its number."""
        return self.page[self.page.index(_TOOTH) + 1 : self.page.index(_PIECES)]


def _confidence(row: Row) -> str:
    return "" if row["confidence"] is None else f"{100 * row['confidence']:.0f} %"


def _width(row: Row) -> str:
    return "" if row["width_mm"] is None else f"{row['width_mm']:.1f} mm"


FDI_LABEL = Template("FDI")
_FDI = Column(FDI_LABEL, lambda row: str(row["fdi"]), heading="FDI", layout="{:>4}")
_UNIVERSAL = Column(Template("Universal"), lambda row: row["universal"])
_TOOTH = Column(Template("Tooth"), lambda row: row["name"], number=False, heading="tooth", layout=" {:<32}")
_CONFIDENCE = Column(Template("Confidence"), _confidence, heading="confidence", layout="{:>11}")
_SCORE = Column(Template("Score"), _confidence, heading="score", layout="{:>11}")
_PIECES = Column(Template("Pieces"), lambda row: str(row["pieces"]))
_YES = Template("yes")
_CUT = Column(Template("Cut by the scan"), lambda row: _YES.text if row["cut_by_border"] else "", number=False)

_VOLUME = Column(Template("Volume"), lambda row: f"{row['volume_mm3']:.0f} mm³", heading="volume", layout="{:>10}")
_TUNNELS = Column(Template("Holes through it"), lambda row: str(row["tunnels"]))
_VOIDS = Column(Template("Hollows"), lambda row: str(row["voids"]))
_SHAPE = Column(
    Template("Shape"),
    lambda row: f"{row['pieces']}/{row['tunnels']}/{row['voids']}",
    False,
    "pieces/tunnels/voids",
    " {}",
)

_SURFACE = Column(
    Template("Crown surface"), lambda row: f"{row['area_mm2']:.0f} mm²", heading="surface", layout="{:>9}"
)
_WIDTH = Column(Template("Width"), _width, heading="width", layout="{:>9}")
_HOLES = Column(Template("Patches of gum"), lambda row: str(row["holes"]))


_AROUND = tuple(Column(*column) for column in PAGE_COLUMNS)


def _of_volumes(confidence: Column) -> Columns:
    return Columns(
        page=(_FDI, _UNIVERSAL, _TOOTH, _VOLUME, confidence, _PIECES, _TUNNELS, _VOIDS, _CUT, *_AROUND),
        terminal=(_FDI, _TOOTH, _VOLUME, confidence, _SHAPE),
        cut="cut by the scan's edge",
    )


_OF_JAWS = Columns(
    page=(_FDI, _UNIVERSAL, _TOOTH, _SURFACE, _WIDTH, _SCORE, _PIECES, _HOLES, _CUT),
    terminal=(_FDI, _TOOTH, _SURFACE, _WIDTH, _SCORE),
    cut="cut by the scan's border",
)


def columns_of(report: Mapping[str, Any]) -> Columns:
    """The columns for the kind of result that the report is on; only a measured probability is called a confidence."""
    if report.get("kind") == INTRAORAL:
        return _OF_JAWS
    return _of_volumes(_CONFIDENCE if confidence_of(report).calibrated else _SCORE)


def rows_by_jaw(report: Mapping[str, Any]) -> dict[str, list[Row]]:
    """{"upper": rows, "lower": rows}, each from the patient's right to left, milk teeth after the permanent ones."""
    rows = {row["fdi"]: row for row in report["teeth"]}
    orders = {jaw: (*dentition.arch_order(jaw), *dentition.arch_order(jaw, True)) for jaw in ("upper", "lower")}
    return {jaw: [rows[fdi] for fdi in order if fdi in rows] for jaw, order in orders.items()}
