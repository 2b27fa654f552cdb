"""What pictures are drawn with: paper and ink, font, the page with its heading, numbers on teeth, panels' letters."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ..files.transactions import atomic_path
from .shading import VISIBLE_SHARE

BACKGROUND = (17, 19, 23)
TEXT = (225, 228, 232)
FAINT = (150, 156, 165)
GAP = 10
#: Height of the heading, px.
HEAD_PX = 46
#: Height of a tooth number, px.
NUMBER_PX = 15
#: DejaVu Sans (its licence beside it) with the letters of Latin, Greek and Cyrillic and the signs of sentences, 60 kB:
#: Pillow's own font has ASCII alone.
_FONT_FILE = Path(__file__).with_name("DejaVuSans.ttf")
#: No font has a glyph for it; what is drawn in its place is drawn for every letter that the font lacks.
_NO_CHARACTER = "\uffff"
#: A label that covers fewer pixels gets no number.
_LEAST_PX = 60
#: Further pieces of a label are numbered from this share of the largest on: a number given to two teeth stands on both.
_PIECE_SHARE = 0.35


@lru_cache(maxsize=16)
def font(size: int) -> Any:
    """The pictures' own font, laid out by Pillow alone, so that they look the same on every machine."""
    from PIL import ImageFont

    return ImageFont.truetype(os.fspath(_FONT_FILE), size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=4096)
def has_glyph(character: str) -> bool:
    """Whether the font has what draws a character."""
    letters = font(NUMBER_PX)
    drawn, lacking = letters.getmask(character), letters.getmask(_NO_CHARACTER)
    return (drawn.size, bytes(drawn)) != (lacking.size, bytes(lacking))


def drawable(text: str) -> str:
    """A text in the letters that the font has: others without their accents, or "?" where that does not help."""
    return "".join(map(_drawable_letters, unicodedata.normalize("NFC", text)))


def _drawable_letters(character: str) -> str:
    if character.isprintable() and has_glyph(character) and not unicodedata.combining(character):
        return character
    parts = [part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part)]
    return "".join(part if part.isprintable() and has_glyph(part) else "?" for part in parts)


def fitting(text: str, letters: Any, width: float) -> str:
    """The beginning of a text that is not wider, px, with three dots where it is not all."""
    if letters.getlength(text) <= width:
        return text
    while text and letters.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text}…"


def new_page(width: int, body: int, title: str, teeth: int) -> tuple[Any, Any]:
    """A Pillow image with its heading, `body` pixels high below it, and what draws on it."""
    from PIL import Image, ImageDraw

    page = Image.new("RGB", (width, HEAD_PX + body), BACKGROUND)
    draw = ImageDraw.Draw(page)
    plural = "tooth" if teeth == 1 else "teeth"
    disclaimer, count = "Research software, not a medical device", f": {teeth} {plural}, FDI numbers"
    heading, small = font(20), font(14)
    room = width - 4 * GAP - small.getlength(disclaimer) - heading.getlength(count)
    draw.text((GAP, 10), fitting(drawable(title), heading, room) + count, fill=TEXT, font=heading)
    draw.text((width - GAP, 15), disclaimer, fill=FAINT, font=small, anchor="ra")
    return page, draw


def write_png(path: str | os.PathLike[str], picture: np.ndarray, **options: Any) -> Path:
    """Write an (height, width, 3) uint8 picture, whole or not at all; options are Pillow's. Raises OutputError."""
    from PIL import Image

    path = Path(path)
    with atomic_path(path) as temporary:
        Image.fromarray(picture).save(temporary, format="PNG", **options)
    return path


def draw_number(draw: Any, place: tuple[float, float], text: int | str, size: int = NUMBER_PX) -> None:
    """A tooth's number in white with a black halo, centred on `place` (column, row)."""
    draw.text(
        place,
        str(text),
        fill=(255, 255, 255),
        font=font(size),
        anchor="mm",
        stroke_width=2,
        stroke_fill=(0, 0, 0),
    )


def draw_numbers(
    draw: Any,
    labels: np.ndarray,
    doubtful: Iterable[int] = (),
    whole: Mapping[int, float] | None = None,
    size: int = NUMBER_PX,
) -> None:
    """Number every tooth of a picture of labels.

    Parameters
    ----------
    draw : PIL.ImageDraw.ImageDraw
        What to draw with.
    labels : numpy.ndarray
        (height, width) int: FDI, or FDI + 100 for a tooth of a second jaw; multiples of 100 and less than 1 are none.
    doubtful : iterable of int
        Labels whose number gets a question mark.
    whole : mapping, optional
        Pixels that each label would cover if nothing hid it: it is numbered only where enough is in sight.
    size : int
        Height of a number, px.
    """
    from scipy import ndimage

    tooth = np.where((labels > 0) & (labels % 100 > 0), labels, 0)
    for label, box in enumerate(ndimage.find_objects(tooth), start=1):
        if box is None:
            continue
        own = tooth[box] == label
        if own.sum() < _LEAST_PX or (whole is not None and own.sum() < VISIBLE_SHARE * whole.get(label, np.inf)):
            continue
        text = f"{label % 100}?" if label in doubtful else label % 100
        for column, row in largest_pieces(own, _PIECE_SHARE):
            draw_number(draw, (box[1].start + column, box[0].start + row), text, size)


def largest_pieces(mask: np.ndarray, share: float) -> list[tuple[float, float]]:
    """(column, row) in the middle of a 2D mask's largest piece and of others with at least `share` of its size."""
    from scipy import ndimage

    pieces, count = ndimage.label(mask, np.ones((3, 3)))
    sizes = np.bincount(pieces.ravel())[1:]
    order = [i for i in np.argsort(-sizes, kind="stable") if sizes[i] >= share * sizes.max()]
    middles = []
    for i in order[: 1 if share >= 1 else count]:
        rows, columns = np.nonzero(pieces == i + 1)
        middles.append((float(np.median(columns)), float(np.median(rows))))
    return middles


def label_panel(draw: Any, title: str, letters: tuple[str, ...], width: int, height: int, spacing: float) -> None:
    """Title, the four directions (left, right, top, bottom) and a 10 mm bar; `spacing`: mm per pixel."""
    style = {"font": font(14), "stroke_width": 2, "stroke_fill": (0, 0, 0)}
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
