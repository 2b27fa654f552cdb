"""What the values of somebody's label maps mean: FDI numbers, voxel by voxel.

A pulp is part of its tooth (ToothFairy3 labels it apart). A crown or bridge of no stated number stands on teeth that
nobody named: there nothing is known, and nothing is learned.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from DentalTopoSegLib.dentition.label_names import Labels, tooth_of

UNKNOWN = 255
"""In an FDI map: nobody knows what is here."""

_PULP = re.compile(r"\bpulp(?: cavity| chamber)?\b|\bfdi ?1[1-8][1-8]\b|\bof\b|\bthe\b")
_NOT_KNOWN = {"ignore", "unknown", "crown", "bridge", "crowns", "bridges"}


def meanings_of(names: Mapping[int, str]) -> dict[int, int]:
    """{value: FDI number, or `UNKNOWN`} by the names of values; what is missing there is no tooth.

    Examples
    --------
    >>> meanings_of({0: "background", 1: "Lower Jawbone", 9: "Crown", 16: "Upper Right First Molar"})
    {16: 16, 9: 255}
    >>> meanings_of({11: "Upper Right Central Incisor", 111: "Upper Right Central Incisor Pulp"})
    {11: 11, 111: 11}
    """
    found = dict(Labels.of(names).teeth)
    for value, name in names.items():
        words = " ".join(re.sub(r"[_\-.,/]+", " ", name).lower().split())
        if value in found or value == 0:
            continue
        if words in _NOT_KNOWN:
            found[value] = UNKNOWN
        elif "pulp" in words.split():
            fdi = tooth_of(" ".join(_PULP.sub(" ", words).split()), bare_numbers=True)
            if fdi is not None:
                found[value] = fdi
    return found


def fdi_map(array: np.ndarray, meanings: Mapping[int, int]) -> np.ndarray:
    """uint8 FDI numbers, 0 and `UNKNOWN` of an array of values (whole numbers 0 to 65535) of any shape."""
    table = np.zeros(int(array.max(initial=0)) + 1, np.uint8)
    for value, fdi in meanings.items():
        if value < len(table):
            table[value] = fdi
    return table[array]
