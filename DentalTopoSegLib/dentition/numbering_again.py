"""Numbers found again, from what is kept with a result, when more is stated of its teeth."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from .known import Known, Stated
from .numbering import number_teeth
from .teeth import CLASS_FDI, MIXED_CLASS_FDI, is_deciduous


def numbers_again(known: Known, teeth: Collection[int], stated: Stated) -> dict[int, int]:
    """Which numbers change once `stated` holds instead of what was stated, {old: new}; 0 where none is left.

    Teeth whose numbers a person gave keep them.

    Parameters
    ----------
    known : Known
        Of the result.
    teeth : collection of int
        FDI numbers of the teeth that are there.
    stated : Stated
        What holds from now on.
    """
    basis = {fdi: known.evidence[fdi] for fdi in sorted(teeth) if fdi in known.evidence}
    if not basis:
        return {}
    knows_milk = any(is_deciduous(fdi) for one in basis.values() for fdi in one.probabilities if fdi)
    names = MIXED_CLASS_FDI if knows_milk else CLASS_FDI
    kept = frozenset(teeth) - frozenset(basis)
    found = number_teeth(
        np.array([[one.probabilities.get(fdi, 0.0) for fdi in names] for one in basis.values()]),
        np.array([one.centre_mm for one in basis.values()]),
        np.array([one.volume_mm3 for one in basis.values()]),
        absent=stated.absent | kept,
        milk=stated.milk,
        no_tooth=np.array([one.no_tooth for one in basis.values()]),
    )
    return {old: int(new) for old, new in zip(basis, found.fdi, strict=True) if old != new}
