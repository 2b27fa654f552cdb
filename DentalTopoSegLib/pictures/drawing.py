"""What every picture shares: colours of paper and ink, the font, numbers on teeth, the letters around a panel."""

from __future__ import annotations

BACKGROUND = (17, 19, 23)
TEXT = (225, 228, 232)
FAINT = (150, 156, 165)
GAP = 10
#: Height of a tooth number, px.
NUMBER_PX = 15


def font(size: int):
    """Pillow's own font, so that pictures look the same on every machine."""
    from PIL import ImageFont

    return ImageFont.load_default(size)


def draw_number(draw, place: tuple[float, float], text: int | str, size: int = NUMBER_PX) -> None:
    """A tooth's number in white with a black halo, centred on ``place`` (column, row)."""
    draw.text(
        place,
        str(text),
        fill=(255, 255, 255),
        font=font(size),
        anchor="mm",
        stroke_width=2,
        stroke_fill=(0, 0, 0),
    )


def label_panel(draw, title: str, letters: tuple[str, ...], width: int, height: int, spacing: float) -> None:
    """Title, the four directions (left, right, top, bottom) and a 10 mm bar; ``spacing``: mm per pixel."""
    style = {"font": font(15), "stroke_width": 2, "stroke_fill": (0, 0, 0)}
    draw.text((8, 6), title, fill=TEXT, **style)
    for letter, place, anchor in zip(
        letters,
        ((6, height / 2), (width - 6, height / 2), (width / 2, 6), (width / 2, height - 6)),
        ("lm", "rm", "mt", "mb"),
        strict=True,
    ):
        draw.text(place, letter, fill=FAINT, anchor=anchor, **style)
    bar = 10.0 / spacing
    draw.line((width - 12 - bar, height - 12, width - 12, height - 12), fill=TEXT, width=3)
    draw.text((width - 12 - bar / 2, height - 16), "10 mm", fill=TEXT, anchor="mb", **style)
