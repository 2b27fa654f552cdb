"""The list of findings: the gravest first, each with its sentence and what can be done about it."""

from collections.abc import Callable

import qt
from slicer.i18n import tr as _

from .QtProperties import assign, setMargins
from .ToothGlyphs import STATE_COLORS

_DOT = 14


class FindingsTable:
    """Drives a QTableWidget. Callbacks: onSelected(key), onRepair(key, which), onAccept(key), onReopen(key), onUndo().

    `buttons` holds the buttons of every row by finding key and action ("repair", "accept", "reopen", "undo").
    """

    def __init__(self, table, onSelected, onRepair, onAccept, onReopen, onUndo: Callable[[], None]) -> None:
        self._table = table
        self._onSelected, self._onRepair, self._onAccept = onSelected, onRepair, onAccept
        self._onReopen, self._onUndo = onReopen, onUndo
        self.keys: list = []
        self.buttons: dict = {}
        self._filling = False
        table.columnCount = 3
        table.horizontalHeader().visible = False
        table.verticalHeader().visible = False
        table.showGrid = False
        table.wordWrap = True
        table.alternatingRowColors = True
        table.selectionBehavior = qt.QAbstractItemView.SelectRows
        table.selectionMode = qt.QAbstractItemView.SingleSelection
        table.editTriggers = qt.QAbstractItemView.NoEditTriggers
        table.horizontalScrollBarPolicy = qt.Qt.ScrollBarAlwaysOff
        header = table.horizontalHeader()
        header.setSectionResizeMode(0, qt.QHeaderView.ResizeToContents)
        header.setSectionResizeMode(1, qt.QHeaderView.Stretch)
        header.setSectionResizeMode(2, qt.QHeaderView.ResizeToContents)
        table.verticalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        table.cellClicked.connect(self._onCellClicked)
        table.itemSelectionChanged.connect(self._onSelectionChanged)

    def show(self, findings: list, undoable: str | None) -> None:
        """List the findings (scene.ReviewedFinding); undoable: key of the one whose repair was the last edit."""
        selected = self.selectedKey
        self._filling = True
        self.keys = [finding.key for finding in findings]
        for row in range(self._table.rowCount):  # they are deleted a little later, and must not shine through
            self._table.cellWidget(row, 2).visible = False
        self.buttons = {}
        self._table.rowCount = len(findings)
        for row, finding in enumerate(findings):
            self._fillRow(row, finding, finding.key == undoable)
        self._filling = False
        self.select(selected)

    def select(self, key: str | None) -> None:
        """Mark a finding's row (None or an unknown key: no row) without telling anybody."""
        self._filling = True
        if key in self.keys:
            self._table.selectRow(self.keys.index(key))
        else:
            self._table.clearSelection()
            self._table.setCurrentCell(-1, -1)
        self._filling = False

    @property
    def selectedKey(self) -> str | None:
        row = self._table.currentRow()
        return self.keys[row] if 0 <= row < len(self.keys) else None

    def _onSelectionChanged(self) -> None:
        if not self._filling and self.selectedKey is not None:
            self._onSelected(self.selectedKey)

    def _onCellClicked(self, row: int, _column: int) -> None:
        # a click on the row that is selected already jumps there again
        if not self._filling and 0 <= row < len(self.keys):
            self._onSelected(self.keys[row])

    # ---------------------------------------------------------------- rows

    def _fillRow(self, row: int, finding, undoable: bool) -> None:
        settled = finding.state != "open"
        dot = qt.QTableWidgetItem()
        dot.setIcon(_dot(finding.severity, settled))
        dot.setToolTip(_severityText(finding.severity))
        self._table.setItem(row, 0, dot)
        text = finding.sentence
        if settled:
            text = _("{state}: {finding}").format(state=_stateText(finding.state), finding=text)
        item = qt.QTableWidgetItem(text)
        item.setToolTip(_("Click to go there."))
        if settled:
            item.setForeground(qt.QBrush(qt.QColor(128, 128, 128)))
        self._table.setItem(row, 1, item)
        self._table.setCellWidget(row, 2, self._actions(finding, undoable))

    def _actions(self, finding, undoable: bool):
        place = qt.QWidget()
        layout = qt.QVBoxLayout(place)
        setMargins(layout, 2)
        layout.spacing = 2
        key = finding.key
        mine = self.buttons[key] = {}
        if finding.state == "open":
            if finding.repairs:
                mine["repair"] = self._repairButton(finding)
            mine["accept"] = _button(_("Accept"), _("It is right as it is."), lambda: self._onAccept(key))
        elif finding.state == "accepted":
            mine["reopen"] = _button(_("Reopen"), _("It is not settled after all."), lambda: self._onReopen(key))
        elif undoable:
            mine["undo"] = _button(_("Undo"), _("Take this repair back."), self._onUndo)
        for button in mine.values():
            layout.addWidget(button)
        layout.addStretch(1)
        return place

    def _repairButton(self, finding):
        key = finding.key
        button = _button(_("Repair"), finding.repairs[0], lambda: self._onRepair(key, 0))
        if len(finding.repairs) > 1:
            menu = qt.QMenu(button)
            for which, text in enumerate(finding.repairs):
                action = menu.addAction(text)
                action.triggered.connect(lambda *_checked, which=which: self._onRepair(key, which))
            button.setMenu(menu)
            button.popupMode = qt.QToolButton.MenuButtonPopup
        return button


def _button(text: str, toolTip: str, act: Callable[[], None]):
    button = qt.QToolButton()
    button.text = text
    button.toolTip = toolTip
    assign(button, "sizePolicy", qt.QSizePolicy(qt.QSizePolicy.Expanding, qt.QSizePolicy.Fixed))
    button.clicked.connect(lambda *_checked: act())
    return button


def _severityText(severity: str) -> str:
    return {"error": _("Wrong"), "warning": _("Look here"), "info": _("Note")}[severity]


def _stateText(state: str) -> str:
    return {"accepted": _("Accepted"), "repaired": _("Repaired"), "resolved": _("Gone after an edit")}[state]


def _dot(severity: str, settled: bool):
    """A coloured disc; a ring once the finding is settled."""
    fill, outline = STATE_COLORS[severity]
    pixmap = qt.QPixmap(2 * _DOT, 2 * _DOT)
    pixmap.fill(qt.QColor(0, 0, 0, 0))
    painter = qt.QPainter(pixmap)
    painter.setRenderHint(qt.QPainter.Antialiasing, True)
    pen = qt.QPen(qt.QColor(outline))
    pen.setWidthF(3.0)
    painter.setPen(pen)
    painter.setBrush(qt.QBrush() if settled else qt.QBrush(qt.QColor(fill)))
    painter.drawEllipse(4, 4, 2 * _DOT - 8, 2 * _DOT - 8)
    painter.end()
    return qt.QIcon(pixmap)
