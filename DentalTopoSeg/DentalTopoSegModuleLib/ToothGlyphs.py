"""Teeth as they are drawn on a dental chart: crown and roots by kind of tooth, coloured by state."""

from dataclasses import dataclass

import qt

#: The box a tooth and its number are drawn in.
WIDTH, HEIGHT = 26, 66
#: Size of the icon on the chart, px: sixteen of them fit into a narrow panel.
ICON_WIDTH, ICON_HEIGHT = 22, 56
#: Pixmaps are drawn this much larger, so that they are sharp on every screen.
SCALE = 2.0
_NUMBER = 17
_BAR = 3
_TOOTH = HEIGHT - _NUMBER - _BAR - 2

#: State -> (fill, outline). Red, amber and blue tell apart for the colour-blind too: their outlines differ in darkness,
#: and the sentence is in the list.
STATE_COLORS = {
    "fine": ("#f3eee0", "#8d8676"),
    "info": ("#bcd9f5", "#2f6fae"),
    "warning": ("#ffd27a", "#a86a00"),
    "error": ("#f39a92", "#a3201a"),
    "missing": (None, "#9a9a9a"),
    "absent": (None, "#9a9a9a"),
}
_DONE_COLOR = "#1e8449"
_CROSS_COLOR = "#c0392b"


@dataclass(frozen=True)
class Glyph:
    """What is drawn at one place. number: the tooth's text; position: 1..8 from the midline; upper: roots up;
    state: a key of STATE_COLORS; color: (r, g, b) of the tooth in the views, None where it is missing; settled: a tick
    for findings that were accepted or repaired."""

    number: str
    position: int
    upper: bool
    deciduous: bool
    state: str
    color: tuple | None = None
    settled: bool = False


def icon(glyph: Glyph, textColor) -> "qt.QIcon":
    """The place's icon; textColor: QColor of the number, so that it can be read on dark and light panels."""
    pixmap = qt.QPixmap(int(WIDTH * SCALE), int(HEIGHT * SCALE))
    pixmap.fill(qt.QColor(0, 0, 0, 0))
    painter = qt.QPainter(pixmap)
    painter.setRenderHint(qt.QPainter.Antialiasing, True)
    painter.scale(SCALE, SCALE)
    _drawTooth(painter, glyph)
    _drawNumber(painter, glyph, textColor)
    painter.end()
    return qt.QIcon(pixmap)


def _drawTooth(painter, glyph: Glyph) -> None:
    fill, outline = STATE_COLORS[glyph.state]
    painter.save()
    if glyph.upper:  # shapes are those of lower teeth: crown up, roots down
        painter.translate(0, _TOOTH)
        painter.scale(1, -1)
    else:
        painter.translate(0, HEIGHT - _TOOTH)
    pen = qt.QPen(qt.QColor(outline))
    pen.setWidthF(1.2)
    if fill is None:
        pen.setStyle(qt.Qt.DashLine)
    painter.setPen(pen)
    painter.setBrush(qt.QBrush(qt.QColor(fill)) if fill else qt.QBrush())
    roots, crown = _shape(glyph)
    painter.drawPath(roots)
    painter.drawPath(crown)
    painter.restore()
    if glyph.state == "absent":
        _drawCross(painter, glyph.upper)
    if glyph.settled:
        _drawTick(painter, glyph.upper)


def _drawCross(painter, upper: bool) -> None:
    """A tooth that is stated to be absent is crossed out, as on paper charts."""
    pen = qt.QPen(qt.QColor(_CROSS_COLOR))
    pen.setWidthF(2.0)
    painter.setPen(pen)
    top = 0 if upper else HEIGHT - _TOOTH
    painter.drawLine(qt.QPointF(WIDTH * 0.18, top + 4), qt.QPointF(WIDTH * 0.82, top + _TOOTH - 4))
    painter.drawLine(qt.QPointF(WIDTH * 0.82, top + 4), qt.QPointF(WIDTH * 0.18, top + _TOOTH - 4))


def _drawTick(painter, upper: bool) -> None:
    pen = qt.QPen(qt.QColor(_DONE_COLOR))
    pen.setWidthF(2.4)
    painter.setPen(pen)
    middle = _TOOTH * (0.78 if upper else 0.22) + (0 if upper else HEIGHT - _TOOTH)
    path = qt.QPainterPath()
    path.moveTo(WIDTH * 0.32, middle)
    path.lineTo(WIDTH * 0.46, middle + 4)
    path.lineTo(WIDTH * 0.72, middle - 5)
    painter.setBrush(qt.QBrush())
    painter.drawPath(path)


def _drawNumber(painter, glyph: Glyph, textColor) -> None:
    top = HEIGHT - _NUMBER if glyph.upper else 0
    font = qt.QFont()
    font.setPixelSize(14 if len(glyph.number) < 3 else 11)
    font.setBold(glyph.state not in ("missing", "absent"))
    painter.setFont(font)
    color = qt.QColor(textColor.red(), textColor.green(), textColor.blue())
    if glyph.state in ("missing", "absent"):
        color.setAlpha(110)
    painter.setPen(qt.QPen(color))
    painter.drawText(qt.QRect(0, top, WIDTH, _NUMBER), qt.Qt.AlignCenter, glyph.number)
    if glyph.color is not None:
        bar = HEIGHT - _NUMBER - _BAR if glyph.upper else _NUMBER
        painter.fillRect(qt.QRect(5, bar, WIDTH - 10, _BAR), qt.QColor(*glyph.color))


# ---------------------------------------------------------------- shapes


def _shape(glyph: Glyph) -> tuple:
    """(roots, crown) as painter paths in a box of WIDTH x _TOOTH, crown up."""
    molar = glyph.position >= (4 if glyph.deciduous else 6)
    premolar = not molar and glyph.position in (4, 5)
    half = {1: 7.0, 2: 6.0, 3: 7.0}.get(glyph.position, 7.5 if premolar else 11.0)
    if glyph.position in (1, 2) and not glyph.upper:
        half -= 1.2
    if glyph.deciduous:
        half -= 1.0
    neck, top = 0.40 * _TOOTH, 2.0
    count = (3 if glyph.upper else 2) if molar else 1
    return _roots(half, neck, count), _crown(half, neck, top, glyph.position, molar, premolar)


def _roots(half: float, neck: float, count: int):
    middle, end = WIDTH / 2, _TOOTH - 2.0
    path = qt.QPainterPath()
    wide = half * 0.84
    step = 2 * wide / count
    for i in range(count):
        left = middle - wide + i * step
        lean = (i - (count - 1) / 2) * 1.6
        tip = left + step / 2 + lean
        length = end if count < 3 or i != 1 else end - 4.0
        path.moveTo(left, neck)
        path.quadTo(left + lean, (neck + length) / 2, tip, length)
        path.quadTo(left + step + lean, (neck + length) / 2, left + step, neck)
        path.closeSubpath()
    return path


def _crown(half: float, neck: float, top: float, position: int, molar: bool, premolar: bool):
    middle = WIDTH / 2
    left, right = middle - half, middle + half
    path = qt.QPainterPath()
    path.moveTo(middle - half * 0.84, neck)
    path.quadTo(left - 0.6, neck * 0.6, left, top + 5.0)
    if position <= 2:
        path.quadTo(left + 0.3, top + 1.0, left + 2.0, top + 1.0)
        path.lineTo(right - 2.0, top + 1.0)
        path.quadTo(right - 0.3, top + 1.0, right, top + 5.0)
    elif position == 3 and not molar:
        path.quadTo(middle - 2.0, top, middle, top)
        path.quadTo(middle + 2.0, top, right, top + 5.0)
    else:
        cusps = 3 if molar else 2
        step = 2 * half / cusps
        for i in range(cusps):
            start = left + i * step
            path.quadTo(start + step * 0.25, top, start + step * 0.5, top)
            low = top + 4.0 if i < cusps - 1 else top + 5.0
            path.quadTo(start + step * 0.75, top, start + step, low)
    path.quadTo(right + 0.6, neck * 0.6, middle + half * 0.84, neck)
    path.quadTo(middle, neck + 3.0, middle - half * 0.84, neck)
    path.closeSubpath()
    return path
