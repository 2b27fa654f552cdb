"""What a label map holds: teeth, and the structures around and in them."""

from __future__ import annotations

from dataclasses import dataclass, field

from .volumes import Volume


@dataclass(frozen=True)
class LabelMap:
    """A label map as it was read.

    Parameters
    ----------
    teeth : Volume
        uint8 FDI numbers (z, y, x), 0 for background.
    structures : Volume, optional
        uint8 values of `dentition.structures` on the same grid; None where there are none. Those in teeth (pulp,
        enamel) lie where their tooth does.
    warnings : list of str
        As of `read_fdi_labels`, but nothing of structures.
    beside : list of str
        Names of the labels beside teeth, as their program calls them.
    strangers : list of str
        Of those, what is no structure either.
    """

    teeth: Volume
    structures: Volume | None
    warnings: list[str]
    beside: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
