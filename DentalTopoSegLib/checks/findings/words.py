"""Words that several kinds of findings share."""

from __future__ import annotations

from ...dentition.words import Template

JAW = {"upper": Template("upper"), "lower": Template("lower")}
A_JAW = {"upper": Template("an upper jaw"), "lower": Template("a lower jaw")}
SIDE = {"right": Template("right"), "left": Template("left")}
#: What findings call structures (`dentition.structures`), by key.
STRUCTURE = {
    "canal_left": Template("left mandibular canal"),
    "canal_right": Template("right mandibular canal"),
    "canal": Template("mandibular canal"),
    "sinus_left": Template("left maxillary sinus"),
    "sinus_right": Template("right maxillary sinus"),
}
MAY_BE = Template("; it may be {fdi:tooth}")

#: All of them, for the catalogue.
SHARED = (*JAW.values(), *A_JAW.values(), *SIDE.values(), *STRUCTURE.values(), MAY_BE)
