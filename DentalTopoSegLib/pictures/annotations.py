"""What is drawn on a picture of jaws beside the teeth: hatching of doubtful ones, findings' badges, the list below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .drawing import BACKGROUND, FAINT, GAP, TEXT, drawable, font

#: Findings numbered on a picture and listed below it; more are only counted.
MOST_FINDINGS = 12
_SEVERITY_RGB = {"error": (255, 92, 84), "warning": (255, 190, 64), "info": (130, 180, 235)}
_BADGE_PX = 9
_HATCH_PX = 9


def hatch(image: np.ndarray, labels: np.ndarray, doubtful: Iterable[int]) -> np.ndarray:
    """Diagonal stripes over the teeth of low confidence."""
    mask = np.isin(labels, list(doubtful))
    if not mask.any():
        return image
    rows, columns = np.indices(labels.shape)
    stripe = mask & ((rows + columns) % _HATCH_PX < 3)
    out = image.astype(np.float32)
    out[stripe] = 0.45 * out[stripe] + 0.55 * np.array(TEXT, np.float32)
    return out.astype(np.uint8)


def draw_badges(draw: Any, findings: Sequence[tuple[int, Any, np.ndarray]], size: tuple[int, int]) -> None:
    """A dot at each finding's place and its number beside it, pushed outward from the middle and off each other."""
    taken: list[np.ndarray] = []
    for number, finding, place in findings:
        outward = place - np.array(size) / 2
        outward = outward / max(float(np.linalg.norm(outward)), 1e-6) if np.any(outward) else np.array([0.0, -1.0])
        at = place + 30 * outward
        for _ in range(6):
            at = np.clip(at, _BADGE_PX + 2, np.array(size) - _BADGE_PX - 3)
            near = [other for other in taken if np.linalg.norm(at - other) < 2 * _BADGE_PX + 4]
            if not near:
                break
            at = at + (2 * _BADGE_PX + 4) * np.array([-outward[1], outward[0]])
        taken.append(at)
        colour = severity_rgb(finding.severity)
        draw.line((*place, *at), fill=colour, width=2)
        draw.ellipse((*(place - 3), *(place + 3)), fill=colour, outline=(0, 0, 0))
        _badge(draw, at, number, colour)


def _badge(draw: Any, at: np.ndarray, number: int, colour: tuple[int, int, int]) -> None:
    draw.ellipse((*(at - _BADGE_PX), *(at + _BADGE_PX)), fill=colour, outline=(0, 0, 0), width=1)
    draw.text(tuple(at), str(number), fill=(0, 0, 0), font=font(11), anchor="mm")


def severity_rgb(severity: str) -> tuple[int, int, int]:
    """The colour of a finding's severity."""
    return _SEVERITY_RGB.get(severity, FAINT)


def draw_legend(listed: Sequence[Any], shown: Sequence[tuple[int, Any]], width: int) -> np.ndarray:
    """(h, width, 3): the findings by number, in the colour of their severity; at least a thin strip."""
    from PIL import Image, ImageDraw

    letters, line = font(14), 21
    rows: list[tuple[int | None, Any, str]] = []
    for number, finding in shown:
        for i, text in enumerate(_wrap(drawable(finding.message), letters, width - 34)):
            rows.append((number if i == 0 else None, finding, text))
    if len(listed) > len(shown):
        rows.append((None, None, f"and {len(listed) - len(shown)} more: see the report."))
    canvas = Image.new("RGB", (width, line * len(rows) + (GAP if rows else 0)), BACKGROUND)
    draw = ImageDraw.Draw(canvas)
    for i, (badge, finding, text) in enumerate(rows):
        middle = line * i + line / 2
        if badge is not None:
            _badge(draw, np.array([_BADGE_PX + 4.0, middle]), badge, severity_rgb(finding.severity))
        draw.text((30, middle), text, fill=TEXT if finding is not None else FAINT, font=letters, anchor="lm")
    return np.asarray(canvas).reshape(canvas.height, width, 3)


def _wrap(text: str, letters: Any, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and letters.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
