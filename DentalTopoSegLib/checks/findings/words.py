"""Words that several kinds of findings share."""

from __future__ import annotations

from ...dentition.words import Template

JAW = {"upper": Template("upper"), "lower": Template("lower")}
A_JAW = {"upper": Template("an upper jaw"), "lower": Template("a lower jaw")}
SIDE = {"right": Template("right"), "left": Template("left")}
MAY_BE = Template("; it may be {fdi:tooth}")

#: All of them, for the catalogue.
SHARED = (*JAW.values(), *A_JAW.values(), *SIDE.values(), MAY_BE)
