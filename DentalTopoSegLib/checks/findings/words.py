"""Words that several kinds of findings share."""

from __future__ import annotations

from ...dentition.structures import STRUCTURES
from ...dentition.words import Template

JAW = {"upper": Template("upper"), "lower": Template("lower")}
A_JAW = {"upper": Template("an upper jaw"), "lower": Template("a lower jaw")}
SIDE = {"right": Template("right"), "left": Template("left")}
STRUCTURE = {one.key: Template(one.name) for one in STRUCTURES}
MAY_BE = Template("; it may be {fdi:tooth}")

#: All of them, for the catalogue.
SHARED = (*JAW.values(), *A_JAW.values(), *SIDE.values(), *STRUCTURE.values(), MAY_BE)
