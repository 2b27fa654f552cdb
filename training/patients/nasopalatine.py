"""The nasopalatine (incisive) canal of the upper jaw: from the floor of the nose to the foramen behind the incisors.

Figures, CBCT of 335 persons (Alhumaidi 2024, docs/sources.md): 11.8 mm long (standard deviation 2.5); its lower foramen
5.1 mm (1.5) from front to back and 3.2 mm (1.0) across, its upper ones 2.6 mm (1.3); most are funnels, forked (Y) or
round. Of 113 persons 35 % had funnels, 31 % cylinders (Milanovic 2021). Its lumen holds vessels, nerves and fat: it is
soft tissue, and no structure of `dentition.structures`.
"""

from __future__ import annotations

import numpy as np

from training.patients.anatomy import Patient
from training.patients.nerve_canals import Tube, sample_look, smooth_tube

FORKED = 0.4
"""Share of canals with two upper ends."""


def sample_nasopalatine(patient: Patient, rng: np.random.Generator) -> list[Tube]:
    """The canal of a patient with an upper jaw and a place for central incisors: one tube, or one that forks.

    Parameters
    ----------
    patient : Patient
        Whose.
    rng : numpy.random.Generator
        The only source of randomness.

    Returns
    -------
    list of Tube
        In the patient's own pose, without a structure's name.
    """
    incisors = [t for t in patient.teeth if t.fdi in (11, 21)]
    if "upper" not in patient.jaws or not incisors:
        return []
    look = sample_look(rng)
    neck = np.mean([t.to_ras(np.array([0.0, 0.0, t.model.cej[0]]))[0] for t in incisors], 0)
    foramen = neck + [rng.normal(0, 0.4), -rng.uniform(6.5, 9.0), rng.uniform(3.0, 6.0)]
    length = float(np.clip(rng.normal(11.8, 2.5), 6.0, 18.0))
    lean = np.deg2rad(rng.normal(20.0, 7.0))  # towards the back, as the incisors' roots
    up = np.array([0.0, -np.sin(lean), np.cos(lean)])
    wide = 0.5 * float(np.clip(rng.normal(3.9, 0.9), 2.2, 6.0))  # of the foramen's two diameters the mean of squares
    narrow = 0.5 * float(np.clip(rng.normal(2.6, 0.9), 1.2, 2 * wide))
    below = foramen - 2.0 * up
    if rng.random() >= FORKED:
        line = np.array([below, foramen + 0.4 * length * up, foramen + (length + 1.0) * up])
        return [smooth_tube("", line, np.array([wide, 0.5 * (wide + narrow), narrow]), look, rng)]
    fork = foramen + rng.uniform(0.3, 0.6) * length * up
    tubes = [smooth_tube("", np.array([below, foramen, fork]), np.array([wide, wide, narrow]), look, rng)]
    for side in (-1.0, 1.0):
        end = foramen + (length + 1.0) * up + [side * rng.uniform(1.2, 2.5), 0.0, 0.0]
        radii = 0.8 * np.array([narrow, narrow])
        tubes.append(smooth_tube("", np.array([fork - 0.5 * up, end]), radii, look, rng))
    return tubes
