"""Draw the module's icon and the thumbnails of the sample scans: `python Testing/gui/draw_icons.py`.

All are drawn from code; the phantom's thumbnail is a slice of the phantom that Sample Data builds.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import stand_ins

ICONS = stand_ins.ROOT / "DentalTopoSeg" / "Resources" / "Icons"
LEFT, RIGHT, INK = "#f2a65a", "#4fb3bf", "#1d3557"
THUMBNAIL = 256


def molar(qt, scale: float):
    """A lower molar as one closed outline in a box of 128 units, crown up."""
    path = qt.QPainterPath()
    points = (
        ((18, 44), None), ((30, 12), (16, 14)), ((64, 22), (48, 12)), ((98, 12), (80, 12)), ((110, 44), (112, 14)),
        ((98, 74), (110, 62)), ((88, 118), (98, 112)), ((70, 84), (78, 122)), ((64, 76), (68, 76)),
        ((58, 84), (60, 76)), ((40, 118), (50, 122)), ((30, 74), (30, 112)), ((18, 44), (18, 62)),
    )  # fmt: skip
    path.moveTo(*points[0][0])
    for end, control in points[1:]:
        path.quadTo(*control, *end)
    path.closeSubpath()
    return qt.QTransform.fromScale(scale, scale).map(path)


def draw_module_icon(qt) -> None:
    """A molar in the colours of two neighbouring segments, with the ring that stands for its topology."""
    pixmap = qt.QPixmap(128, 128)
    pixmap.fill(qt.QColor(0, 0, 0, 0))
    painter = qt.QPainter(pixmap)
    painter.setRenderHint(qt.QPainter.Antialiasing, True)
    tooth = molar(qt, 1.0)
    painter.setClipPath(tooth)
    painter.fillRect(0, 0, 64, 128, qt.QColor(LEFT))
    painter.fillRect(64, 0, 64, 128, qt.QColor(RIGHT))
    painter.setClipping(False)
    painter.setPen(qt.QPen(qt.QColor(INK), 5))
    painter.setBrush(qt.QBrush())
    painter.drawPath(tooth)
    painter.setPen(qt.QPen(qt.QColor("white"), 9))
    painter.drawEllipse(46, 28, 36, 30)
    painter.setPen(qt.QPen(qt.QColor(INK), 3))
    painter.drawEllipse(41, 23, 46, 40)
    painter.drawEllipse(51, 33, 26, 20)
    painter.end()
    assert pixmap.save(str(ICONS / "DentalTopoSeg.png"))


def draw_cbct_thumbnail(qt) -> None:
    """An arch of teeth as an axial slice shows it; the scan itself is Slicer's to show."""
    import math

    pixmap = qt.QPixmap(THUMBNAIL, THUMBNAIL)
    pixmap.fill(qt.QColor("#101418"))
    painter = qt.QPainter(pixmap)
    painter.setRenderHint(qt.QPainter.Antialiasing, True)
    painter.setPen(qt.QPen(qt.QColor("#3a434d"), 2))
    painter.setBrush(qt.QBrush(qt.QColor("#262d34")))
    painter.drawEllipse(24, 20, 208, 216)
    painter.setPen(qt.QPen(qt.QColor("#8f9aa5"), 2))
    for i in range(16):
        angle = math.pi * (1.0 - (i + 0.5) / 16)
        x, y = 128 + 74 * math.cos(angle), 176 - 118 * math.sin(angle)
        size = 13 + 9 * abs(i - 7.5) / 7.5
        painter.setBrush(qt.QBrush(qt.QColor("#e8e4da")))
        painter.drawEllipse(qt.QPointF(x, y), size / 1.6, size / 1.6)
    painter.setPen(qt.QPen(qt.QColor("#c9d1d9")))
    font = qt.QFont()
    font.setPixelSize(26)
    painter.setFont(font)
    painter.drawText(0, 150, THUMBNAIL, 60, int(qt.Qt.AlignCenter), "CBCT")
    painter.end()
    assert pixmap.save(str(ICONS / "CBCTPreDentalSurgery.png"))


def draw_phantom_thumbnail() -> None:
    """The axial slice with the most upper teeth of the phantom, patient's right on the left."""
    import numpy as np
    from PIL import Image

    from DentalTopoSegLib.phantom import make_phantom

    phantom = make_phantom(seed=0)
    upper = (phantom.labels.array > 0) & (phantom.labels.array < 30)
    k = int(upper.sum((1, 2)).argmax())
    grey = np.clip((phantom.image.array[k].astype(float) + 800) / 3400, 0, 1)
    picture = Image.fromarray((255 * grey[::-1, ::-1]).astype(np.uint8))
    picture.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS).save(ICONS / "Phantom.png", optimize=True)


def main() -> None:
    stand_ins.install()
    import qt

    ICONS.mkdir(parents=True, exist_ok=True)
    draw_module_icon(qt)
    draw_cbct_thumbnail(qt)
    draw_phantom_thumbnail()


if __name__ == "__main__":
    main()
