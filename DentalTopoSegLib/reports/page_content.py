"""What a page shows beside its report: pictures and surfaces. Whoever writes a page draws them."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from ..dentition.words import Sentence


@dataclass(frozen=True)
class Picture:
    """A picture in a file's bytes (JPEG); what: what is seen, in words; size: (width, height) px."""

    what: Sentence
    data: bytes
    size: tuple[int, int]

    def html(self, alt: str) -> str:
        """The element, with the picture inside."""
        content = base64.b64encode(self.data).decode("ascii")
        width, height = self.size
        return f'<img alt="{escape(alt)}" width="{width}" height="{height}" src="data:image/jpeg;base64,{content}">'


@dataclass(frozen=True)
class Part:
    """A surface of the 3D view: tooth `fdi`, 0 for the gingiva, with so many vertices and triangles."""

    fdi: int
    vertices: int
    faces: int
    wide: bool


@dataclass(frozen=True)
class Model:
    """Surfaces for the 3D view, in mm: x the patient's left, y up, z the front.

    Parameters
    ----------
    parts : sequence of Part
        In the order in which `data` has them.
    data : bytes
        zlib: of every part the vertices' (V, 3) little-endian uint16 in 65535 steps of `lower` to `upper`, each less
        the vertex before, x first of all; then the triangles' (F, 3) uint16 (`wide`: uint32), each corner less the one
        before; differences modulo their type.
    lower, upper : (x, y, z)
        Of the box.
    marks : mapping
        Where the findings are, by their place in the report's list, from 0.
    """

    parts: Sequence[Part]
    data: bytes
    lower: tuple[float, float, float]
    upper: tuple[float, float, float]
    marks: Mapping[int, tuple[float, float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class PageContent:
    """panorama: the panoramic view; pictures: all others; of_findings: of each finding, by its place in the report's
    list, from 0; model: surfaces, None where there is no 3D view."""

    panorama: Picture | None = None
    pictures: Sequence[Picture] = ()
    of_findings: Mapping[int, Sequence[Picture]] = field(default_factory=dict)
    model: Model | None = None
