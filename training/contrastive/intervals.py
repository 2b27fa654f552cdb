"""Intervals that take scans of one person for one: what is drawn anew is people, not scans."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from training.contrastive.pairs import one_person

BOOTSTRAP = 2000
WIDE = 1.96
"""Standard errors that 95 % of a normal distribution lie within."""

Interval = tuple[float, float, float]
"""Mean, lower and upper end."""


def person_in(name: str) -> str:
    """Whose scan it is: the number of three digits in the name ("phantom_013_2", "013_upper") or a person of AutoJaw
    ("phantom_autojaw_p03_2"), else the name."""
    found = re.search(r"(?<!\d)\d{3}(?!\d)|autojaw_p\d\d", name)
    return one_person(found[0]) if found else name


def interval(names: Sequence[str], values: np.ndarray) -> Interval:
    """Mean over scans and its 95 % bootstrap interval over people.

    Parameters
    ----------
    names : sequence of str
        Of the scans, see `person_in`.
    values : numpy.ndarray
        (N,) of each scan.
    """
    people = [person_in(name) for name in names]
    mine = [values[[person == one for one in people]] for person in sorted(set(people))]
    sums, counts = np.array([v.sum() for v in mine]), np.array([len(v) for v in mine])
    rows = np.random.default_rng(0).integers(len(mine), size=(BOOTSTRAP, len(mine)))
    low, high = np.percentile(sums[rows].sum(1) / counts[rows].sum(1), (2.5, 97.5))
    return float(values.mean()), float(low), float(high)


def share_interval(share: float, people: int) -> Interval:
    """A share and its 95 % interval as if every person had been asked once (Wilson 1927); wide where they were asked
    more often, which is the safe side."""
    z = WIDE**2 / people
    middle = (share + z / 2) / (1 + z)
    half = WIDE / (1 + z) * np.sqrt(share * (1 - share) / people + z / (4 * people))
    return share, max(0.0, float(middle - half)), min(1.0, float(middle + half))
