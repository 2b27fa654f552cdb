"""What a review tells of its teeth, its findings and its checks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ToothState:
    """A tooth as the chart shows it.

    Parameters
    ----------
    fdi : int
        Its number.
    title : str
        Number and name, in the result's numbering.
    color : (r, g, b)
        0-255.
    confidence : float or None
        0..1.
    calibrated : bool
        Whether that is a measured probability.
    worst : str or None
        The gravest open finding's severity: "error", "warning", "info".
    visible : bool
        Whether it is shown.
    """

    fdi: int
    title: str
    color: tuple[int, int, int]
    confidence: float | None
    calibrated: bool
    worst: str | None
    visible: bool


@dataclass(frozen=True)
class ReviewedFinding:
    """A finding as the panel shows it.

    Parameters
    ----------
    key : str
        Stays the same while the finding stays, also over saving and loading the scene.
    severity : str
        "error", "warning", "info".
    code : str
        Which kind of finding it is.
    teeth : tuple of int
        FDI numbers.
    sentence : str
        In the result's numbering.
    position : (x, y, z) or None
        World RAS mm.
    state : str
        "open", "accepted", "repaired" (by us) or "resolved" (gone after an edit).
    repairs : tuple of str
        What each proposed repair would do, in the result's numbering; empty when nothing can be done.
    needs_number : tuple of bool
        Per repair, whether the user must choose a number.
    """

    key: str
    severity: str
    code: str
    teeth: tuple[int, ...]
    sentence: str
    position: tuple[float, float, float] | None
    state: str
    repairs: tuple[str, ...]
    needs_number: tuple[bool, ...]


@dataclass(frozen=True)
class Rechecked:
    """What a check has brought.

    Parameters
    ----------
    changed : tuple of int
        FDI numbers of the teeth that were looked at again.
    seconds : float
        How long it took.
    new, gone : tuple of str
        Keys of findings.
    """

    changed: tuple[int, ...]
    seconds: float
    new: tuple[str, ...]
    gone: tuple[str, ...]
