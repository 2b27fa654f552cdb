"""Which patients train and which are held out, drawn once, written down, and kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.json_text import read_json
from training.export.shipping import write_whole
from training.own_data.cases import Case

SHARE = 0.2
"""Of the patients, that are held out where the folder does not say it."""


@dataclass(frozen=True)
class Split:
    """Names of scans on either side, and how they came there."""

    train: tuple[str, ...]
    held_out: tuple[str, ...]
    how: str

    def to_text(self) -> str:
        """As JSON."""
        return json.dumps({"how": self.how, "train": self.train, "held_out": self.held_out}, indent=1) + "\n"


def split(cases: Sequence[Case], share: float = SHARE, seed: int = 0) -> Split:
    """Hold patients out: those of the folder's own test set, or a share of them by chance, one at least.

    Parameters
    ----------
    cases : sequence of Case
        Whose patients are groups.
    share : float
        Between 0 and 1.
    seed : int
        The same seed and patients give the same split.

    Raises
    ------
    InputError
        There are not two patients, or all of them are held out.
    """
    own = {case.patient for case in cases if case.held_out}
    patients = sorted({case.patient for case in cases})
    if len(patients) < 2:
        raise InputError(
            f"There are labelled scans of {len(patients)} patient{'s' * (len(patients) != 1)}: two are the least, "
            "because one is held out to measure on."
        )
    if own:
        held, how = own, "the folder's own test set (imagesTs)"
    else:
        count = min(max(1, round(share * len(patients))), len(patients) - 1)
        order = np.random.default_rng(seed).permutation(len(patients))
        held = {patients[i] for i in order[:count]}
        how = f"{count} of {len(patients)} patients by chance, seed {seed}"
    if held == set(patients):
        raise InputError("All scans are held out (imagesTs): some must lie in imagesTr to train on.")
    sides = [tuple(c.name for c in cases if (c.patient in held) == side) for side in (False, True)]
    return Split(*sides, how)


def keep(drawn: Split, path: Path) -> Split:
    """Write a split, or take the one that is written.

    Raises
    ------
    InputError
        The written one is of other scans.
    """
    if not path.is_file():
        write_whole(path, drawn.to_text())
        return drawn
    content = read_json(path)
    try:
        kept = Split(tuple(content["train"]), tuple(content["held_out"]), str(content["how"]))
    except (KeyError, TypeError) as error:
        raise InputError(f"'{path}' is no split of ours: take it away, or name another folder.") from error
    if {*kept.train, *kept.held_out} != {*drawn.train, *drawn.held_out}:
        raise InputError(
            f"'{path}' was written for other scans than there are: name another folder (-o) for the changed data."
        )
    return kept
