"""What a patient has inside the jaws besides teeth, drawn from the patient's own seed.

The numbers come from a generator of their own, so that a patient's teeth and pose stay what they were whatever is
added here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.patients.anatomy import Patient
from training.patients.marrow import Marrow, sample_marrow
from training.patients.nasopalatine import sample_nasopalatine
from training.patients.nerve_canals import Tube, sample_tubes
from training.patients.sinuses import Sinus, sample_sinuses

STREAM, NASOPALATINE_STREAM, MARROW_STREAM = 20, 21, 22
"""Second words of the seed: other streams than that of the patient's noise."""


@dataclass(frozen=True)
class InnerAnatomy:
    """Canals and sinuses of one patient, in the patient's own pose.

    Attributes
    ----------
    tubes : list of Tube
        Canals of the lower jaw.
    sinuses : list of Sinus
        Maxillary sinuses.
    nasopalatine : list of Tube
        The canal behind the upper incisors.
    marrow : Marrow
        What the lower jaw is filled with.
    """

    tubes: list[Tube]
    sinuses: list[Sinus]
    nasopalatine: list[Tube]
    marrow: Marrow


def sample_inner(patient: Patient) -> InnerAnatomy:
    """The inner anatomy of a patient: always the same for the same patient."""
    rng = np.random.default_rng([patient.seed, STREAM])
    tubes, sinuses = sample_tubes(patient, rng), sample_sinuses(patient, rng)
    other = np.random.default_rng([patient.seed, NASOPALATINE_STREAM])
    marrow = sample_marrow(np.random.default_rng([patient.seed, MARROW_STREAM]))
    return InnerAnatomy(tubes, sinuses, sample_nasopalatine(patient, other), marrow)
