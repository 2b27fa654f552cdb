"""The tooth chart (odontogram): every place of the dentition, coloured by state; a click selects the tooth.

As dentists draw it: the patient's right on the left, upper jaw above, each jaw from third molar to third molar; rows
for milk teeth appear when there are any.
"""

from collections.abc import Callable
from dataclasses import dataclass

import qt
from slicer.i18n import tr as _

from . import ToothGlyphs
from .QtProperties import assign
from .ToothGlyphs import Glyph

_SELECTED = "border: 1px solid #1f78d1; border-radius: 3px; background: rgba(31, 120, 209, 70);"
_CONCERNED = "border: 1px solid rgba(31, 120, 209, 150); border-radius: 3px; background: rgba(31, 120, 209, 30);"
_PLAIN = "border: 1px solid transparent; border-radius: 3px;"
_HOVER = "QToolButton:hover { background: rgba(128, 128, 128, 60); }"


@dataclass(frozen=True)
class Place:
    """What the chart shows at one FDI number. text: the number in the chosen numbering; title: number and name; state:
    see ToothGlyphs.STATE_COLORS; color: of the tooth in the views; settled: all its findings are; notes: sentences for
    the tool tip."""

    fdi: int
    text: str
    title: str
    state: str
    color: tuple | None = None
    settled: bool = False
    notes: tuple = ()


class ToothChart:
    """Fills a widget that has a grid layout with one button per place. onClicked(fdi): of every place, taken or not."""

    def __init__(self, container, onClicked: Callable[[int], None]) -> None:
        self._container = container
        self._layout = container.layout()
        self._onClicked = onClicked
        self.buttons = {}
        self._places = {}
        self._drawn = {}
        self._selected = None
        self._concerned = frozenset()
        self._build()

    def _build(self) -> None:
        from DentalTopoSegLib.dentition import arch_order

        rows = (("upper", False), ("upper", True), ("lower", True), ("lower", False))
        for row, (jaw, deciduous) in enumerate(rows):
            order = arch_order(jaw, deciduous)
            first = 3 if deciduous else 0
            for i, fdi in enumerate(order):
                column = first + i + (1 if i >= len(order) // 2 else 0)
                self._layout.addWidget(self._makeButton(fdi), row, column)
        line = qt.QFrame()
        line.frameShape = qt.QFrame.VLine
        self._layout.addWidget(line, 0, 8, 4, 1)
        self._layout.addWidget(qt.QLabel(_("Patient's right")), 4, 0, 1, 8)
        left = qt.QLabel(_("Patient's left"))
        left.alignment = qt.Qt.AlignRight
        self._layout.addWidget(left, 4, 9, 1, 8)
        for column in range(17):
            self._layout.setColumnStretch(column, 0 if column == 8 else 1)

    def _makeButton(self, fdi: int):
        button = qt.QToolButton()
        button.objectName = f"tooth{fdi}"
        button.toolButtonStyle = qt.Qt.ToolButtonIconOnly
        assign(button, "iconSize", qt.QSize(ToothGlyphs.ICON_WIDTH, ToothGlyphs.ICON_HEIGHT))
        button.autoRaise = True
        # all places share the width equally, whatever it is; the icons shrink with them
        assign(button, "sizePolicy", qt.QSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Fixed))
        button.clicked.connect(lambda *_checked, fdi=fdi: self._onClicked(fdi))
        button.visible = fdi < 50
        self.buttons[fdi] = button
        return button

    # ---------------------------------------------------------------- what it shows

    def show(self, places: dict, milkTeeth: bool = False) -> None:
        """Draw every place: {fdi: Place}. Numbers that are absent from it are hidden; milkTeeth: show their rows in any
        case."""
        self._places = dict(places)
        milk = milkTeeth or any(fdi >= 50 and place.state not in ("missing", "absent") for fdi, place in places.items())
        color = self._container.palette.color(qt.QPalette.WindowText)
        for fdi, button in self.buttons.items():
            place = self._places.get(fdi)
            button.visible = place is not None and (fdi < 50 or milk)
            if place is None:
                continue
            self._draw(button, place, color)
        self._frame()

    def _draw(self, button, place: Place, color) -> None:
        key = (place, color.name())
        if self._drawn.get(place.fdi) == key:
            return
        self._drawn[place.fdi] = key
        quadrant, position = divmod(place.fdi, 10)
        glyph = Glyph(
            place.text, position, quadrant in (1, 2, 5, 6), quadrant >= 5, place.state, place.color, place.settled
        )
        assign(button, "icon", ToothGlyphs.icon(glyph, color))
        button.text = place.text
        button.accessibleName = place.title
        button.toolTip = "\n".join((place.title, *place.notes))

    def select(self, fdi, concerned=()) -> None:
        """Frame the selected place (None: no one) and, more faintly, those that are concerned."""
        self._selected, self._concerned = fdi, frozenset(concerned)
        self._frame()

    def _frame(self) -> None:
        for fdi, button in self.buttons.items():
            style = _SELECTED if fdi == self._selected else _CONCERNED if fdi in self._concerned else _PLAIN
            style = f"QToolButton {{ {style} padding: 0px; }} {_HOVER}"
            if button.styleSheet != style:
                button.styleSheet = style

    @property
    def selected(self):
        """The FDI number of the selected place, or None."""
        return self._selected

    def place(self, fdi: int):
        """What is shown at a number, None when it is hidden."""
        return self._places.get(fdi)

    def pick(self, on: bool) -> None:
        """Show by the cursor that the next click picks a place."""
        shape = qt.Qt.PointingHandCursor if on else qt.Qt.ArrowCursor
        assign(self._container, "cursor", qt.QCursor(shape))
