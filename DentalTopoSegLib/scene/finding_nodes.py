"""Findings as nodes: a markups point per finding that has a place, and a table of all of them with their state."""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .. import dentition
from ..checks.findings import CODES, SEVERITIES, Finding
from ..dentition.naming import NUMBERINGS, tooth_text
from ..dentition.words import SOURCE_LANGUAGE, Language
from .nodes import place_beside, remove_node

STATES = ("open", "accepted", "repaired", "resolved")
#: What is still true of the dentition; the other states are history.
STANDING = ("open", "accepted")
POINTS_ROLE = "DentalTopoSeg.points"
TABLE_ROLE = "DentalTopoSeg.table"
COLUMNS = ("Severity", "Teeth", "Finding", "State", "Position (RAS mm)", "Code", "Key")
#: Points closer together have labels that would overlap, mm.
_NEIGHBOURS_MM = 8.0
#: What the words are made from, as JSON; scenes of earlier versions have none.
DETAIL_COLUMN = "Detail"
_OPEN_RGB, _ACCEPTED_RGB = (1.0, 0.62, 0.1), (0.6, 0.6, 0.6)


@dataclass
class Row:
    """A finding with its key and state; language: of its label in the views."""

    key: str
    state: str
    finding: Finding
    language: Language = SOURCE_LANGUAGE

    def label(self, numbering: str) -> str:
        """A few words for the point in the views: "16 hole"."""
        teeth = self.finding.teeth
        shown = " ".join(tooth_text(fdi, numbering) for fdi in teeth[:2]) + (" ..." if len(teeth) > 2 else "")
        return f"{shown} {self.finding.kind.label().say(numbering, self.language)}".strip()


def keyed(findings: Iterable[Finding]) -> dict[str, Finding]:
    """The findings by key: code, teeth, jaw, and a count where these are the same."""
    found: dict[str, Finding] = {}
    seen: Counter[str] = Counter()
    for finding in findings:
        parts = [finding.code, "-".join(map(str, finding.teeth))]
        if finding.detail.get("jaw"):
            parts.append(str(finding.detail["jaw"]))
        stem = ":".join(parts)
        seen[stem] += 1
        found[stem if seen[stem] == 1 else f"{stem}:{seen[stem]}"] = finding
    return found


class FindingNodes:
    """The points and table of a result. rows: the standing findings, the gravest first, then the settled ones."""

    def __init__(self, owners: Sequence[Any], points: Any, table: Any) -> None:
        self._owners = tuple(owners)
        self.points, self.table = points, table
        self._only: frozenset[int] | None = None
        self._behind: frozenset[str] = frozenset()
        self._numbering = "FDI"
        self.rows: list[Row] = _rows_of(table)
        self._language: Language = SOURCE_LANGUAGE

    @classmethod
    def made(cls, owners: Sequence[Any]) -> FindingNodes:
        """New nodes beside the first owner, referred to by all owners (a segmentation, or one or two models)."""
        first = owners[0]
        scene = first.GetScene()
        points = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", f"{first.GetName()} findings")
        points.CreateDefaultDisplayNodes()
        points.SetLocked(True)
        points.SetMarkupLabelFormat("")
        shown = points.GetDisplayNode()
        shown.SetSelectedColor(*_OPEN_RGB)
        shown.SetColor(*_ACCEPTED_RGB)
        shown.SetUseGlyphScale(False)
        shown.SetGlyphSize(1.6)
        shown.SetTextScale(2.2)
        shown.SetOccludedVisibility(True)
        shown.SetOccludedOpacity(0.5)
        table = scene.AddNewNodeByClass("vtkMRMLTableNode", f"{first.GetName()} findings table")
        for node in (points, table):
            place_beside(node, first)
        points.SetAndObserveTransformNodeID(first.GetTransformNodeID())
        for owner in owners:
            owner.SetNodeReferenceID(POINTS_ROLE, points.GetID())
            owner.SetNodeReferenceID(TABLE_ROLE, table.GetID())
        return cls(owners, points, table)

    @classmethod
    def of(cls, owners: Sequence[Any]) -> FindingNodes:
        """The nodes a result refers to; made anew where one was deleted."""
        points = owners[0].GetNodeReference(POINTS_ROLE)
        table = owners[0].GetNodeReference(TABLE_ROLE)
        if points is not None and table is not None:
            return cls(owners, points, table)
        rows = [] if table is None else _rows_of(table)
        for node in (points, table):
            if node is not None:
                remove_node(node)
        made = cls.made(owners)
        made.rows = rows
        return made

    def speak(self, language: Language, numbering: str) -> None:
        """Label the points in a language; the table, which is read back, stays English."""
        for row in self.rows:
            row.language = language
        self._language = language
        self.show(numbering)

    def alive(self) -> bool:
        """False once the points or the table were deleted."""
        return self.points.GetScene() is not None and self.table.GetScene() is not None

    def update(self, findings: Sequence[Finding], numbering: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Show these findings. What was known keeps its state, what is gone becomes "resolved"; what was settled and
        is found again is open. Returns the keys of new and of gone findings."""
        now, known = keyed(findings), {row.key: row for row in self.rows}
        rows = []
        for key, finding in now.items():
            state = known[key].state if key in known else "open"
            rows.append(Row(key, state if state in STANDING else "open", finding, self._language))
        settled, gone = [], []
        for key, row in known.items():
            if key not in now:
                if row.state in STANDING:
                    gone.append(key)
                    row.state = "resolved"
                settled.append(row)
        new = tuple(key for key in now if key not in known or known[key].state not in STANDING)
        self.rows = rows + settled
        self.show(numbering)
        return new, tuple(gone)

    def row(self, key: str) -> Row | None:
        """The row of a key."""
        return next((row for row in self.rows if row.key == key), None)

    def show_only(self, teeth: Iterable[int] | None) -> None:
        """Hide the points of findings that concern none of these teeth, and label the others; None: show all, without
        labels, which would lie upon one another."""
        self._only = None if teeth is None else frozenset(teeth)
        self._show_visibility()

    def give_way(self, keys: Iterable[str]) -> None:
        """Hide the points of these findings: their lines are shown, which points and labels would lie upon."""
        keys = frozenset(keys)
        if keys != self._behind:
            self._behind = keys
            self._show_visibility()

    def show(self, numbering: str) -> None:
        """Bring both nodes in line with the rows."""
        self._numbering = numbering
        self._show_points(numbering)
        self._show_table(numbering)

    def _placed(self) -> list[tuple[Row, tuple[float, float, float]]]:
        """The standing findings that have a place, and it."""
        places = [(row, row.finding.position_ras) for row in self.rows if row.state in STANDING]
        return [(row, place) for row, place in places if place is not None]

    def _visible(self, row: Row) -> bool:
        return row.key not in self._behind and (self._only is None or bool(self._only & set(row.finding.teeth)))

    def _show_visibility(self) -> None:
        placed = self._placed()
        labels = self._labels(placed, self._numbering)
        for i, ((row, _), label) in enumerate(zip(placed, labels, strict=True)):
            visible = self._visible(row)
            if bool(self.points.GetNthControlPointVisibility(i)) != visible:
                self.points.SetNthControlPointVisibility(i, visible)
            if self.points.GetNthControlPointLabel(i) != label:
                self.points.SetNthControlPointLabel(i, label)
        display = self.points.GetDisplayNode()
        if display is not None:
            display.SetPointLabelsVisibility(self._only is not None)

    def _labels(self, placed: Sequence[tuple[Row, tuple[float, float, float]]], numbering: str) -> list[str]:
        """What each point is labelled with; in a close look, neighbours share one label with a line for each."""
        labels = [row.label(numbering) for row, _ in placed]
        if self._only is None:
            return labels
        shown = [i for i, (row, _) in enumerate(placed) if self._visible(row)]
        for i, j in itertools.combinations(shown, 2):
            if labels[i] and labels[j] and math.dist(placed[i][1], placed[j][1]) < _NEIGHBOURS_MM:
                labels[i], labels[j] = f"{labels[i]}\n{labels[j]}", ""
        return labels

    def _show_points(self, numbering: str) -> None:
        placed, node = self._placed(), self.points
        wanted = [
            (label, row.finding.say(numbering), row.state == "open", place)
            for label, (row, place) in zip(self._labels(placed, numbering), placed, strict=True)
        ]
        if wanted == self._shown_points():
            self._show_visibility()
            return
        modifying = node.StartModify()
        try:
            node.RemoveAllControlPoints()
            for i, (label, text, is_open, place) in enumerate(wanted):
                node.AddControlPointWorld(*place)
                node.SetNthControlPointLabel(i, label)
                node.SetNthControlPointDescription(i, text)
                node.SetNthControlPointSelected(i, is_open)
                node.SetNthControlPointLocked(i, True)
            self._show_visibility()
        finally:
            node.EndModify(modifying)

    def _shown_points(self) -> list[tuple]:
        shown = []
        for i in range(self.points.GetNumberOfControlPoints()):
            place = [0.0, 0.0, 0.0]
            self.points.GetNthControlPointPositionWorld(i, place)
            shown.append(
                (
                    self.points.GetNthControlPointLabel(i),
                    self.points.GetNthControlPointDescription(i),
                    bool(self.points.GetNthControlPointSelected(i)),
                    tuple(place),
                )
            )
        return shown

    def _show_table(self, numbering: str) -> None:
        import vtk

        content = [
            (
                row.finding.severity,
                ", ".join(tooth_text(fdi, numbering) for fdi in row.finding.teeth),
                row.finding.say(numbering),
                row.state,
                _place_text(row.finding.position_ras),
                row.finding.code,
                row.key,
                json.dumps(row.finding.detail),
            )
            for row in self.rows
        ]
        if content == _table_content(self.table):
            return
        table = vtk.vtkTable()
        for i, title in enumerate((*COLUMNS, DETAIL_COLUMN)):
            column = vtk.vtkStringArray()
            column.SetName(title)
            for values in content:
                column.InsertNextValue(values[i])
            table.AddColumn(column)
        self.table.SetAndObserveTable(table)


def _place_text(place: tuple[float, float, float] | None) -> str:
    return "" if place is None else " ".join(f"{c:.1f}" for c in place)


def _table_content(node: Any) -> list[tuple[str, ...]]:
    table = node.GetTable()
    columns = [table.GetColumnByName(title) for title in COLUMNS]
    if any(column is None for column in columns):
        return []
    detail = table.GetColumnByName(DETAIL_COLUMN)
    rows = range(table.GetNumberOfRows())
    return [
        (*(str(column.GetValue(i)) for column in columns), "" if detail is None else str(detail.GetValue(i)))
        for i in rows
    ]


def _rows_of(node: Any) -> list[Row]:
    """What a saved table tells; rows that make no sense (edited by hand) are left out."""
    rows = []
    for severity, _, text, state, place, code, key, detail in _table_content(node):
        if state not in STATES or code not in CODES or severity not in SEVERITIES:
            continue
        parts = key.split(":")
        numbers = [int(n) for n in parts[1].split("-") if n.isdigit()] if len(parts) > 1 else []
        try:
            position = tuple(float(c) for c in place.split())
        except ValueError:
            continue
        teeth = tuple(n for n in numbers if dentition.is_tooth(n))
        known: dict[str, Any] = {"code": code, "teeth": teeth, "severity": severity, "detail": _detail_of(detail)}
        known["position_ras"] = position if len(position) == 3 else None
        rows.append(Row(key, state, _read_back(known, text)))
    return rows


def _detail_of(text: str) -> dict[str, Any]:
    try:
        detail = json.loads(text)
    except ValueError:
        return {}
    return detail if isinstance(detail, dict) else {}


def _read_back(known: dict[str, Any], text: str) -> Finding:
    """The finding whose words a table shows, in whichever numbering; the words themselves where it says others."""
    told = [Finding.from_dict({**known, "message": text}, numbering) for numbering in NUMBERINGS]
    return next((finding for finding in told if finding.text is None), told[0])
