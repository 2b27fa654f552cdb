"""Donors of roots of the data pack: who they are, left and right, and which are kept from training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("trimesh", reason="meshes of teeth are read with trimesh (training only)")

from DentalTopoSegLib.dentition import FDI_PERMANENT, arch_order, is_right, is_upper
from training.patients.root_donors import HELD_OUT, Donor, load_donors, shared_numbers, templates


@pytest.fixture(scope="module")
def donors(real_data: Path) -> list[Donor]:
    if not (real_data / "teeth" / "autojaw").is_dir():
        pytest.skip("the data folder has no teeth/autojaw")
    return load_donors(real_data)


def test_every_number_has_roots_for_training_and_unseen_ones_for_validation(donors):
    assert shared_numbers(donors) == []
    training = templates(donors, held_out=False)
    assert set(training) == set(FDI_PERMANENT) == set(templates(donors, held_out=True))
    assert min(len(teeth) for teeth in training.values()) >= 4
    assert {donor.name for donor in donors if donor.held_out} == set(HELD_OUT)


def test_right_teeth_lie_at_the_patient_s_right_and_upper_ones_above(donors):
    for donor in donors:
        centres = {fdi: points.mean(0) for fdi, (points, _) in donor.teeth.items()}
        for upper in (True, False):
            jaw = {fdi: c for fdi, c in centres.items() if is_upper(fdi) == upper}
            if donor.name != "dundee" and jaw:  # of the sculpted set only the right side is taken
                sides = [np.mean([c[0] for fdi, c in jaw.items() if is_right(fdi) == right]) for right in (True, False)]
                assert sides[0] > sides[1] + 15, donor.name
        heights = [[c[2] for fdi, c in centres.items() if is_upper(fdi) == upper] for upper in (True, False)]
        if all(heights) and donor.in_bite:
            assert min(heights[0]) > np.median(heights[1]), donor.name


def test_numbers_follow_the_arch(donors):
    """From the right end of the arch to the left, every tooth stands further along than the one before."""
    for donor in donors:
        if not donor.in_bite:
            continue
        for jaw in ("upper", "lower"):
            path = np.array([donor.teeth[fdi][0].mean(0)[:2] for fdi in arch_order(jaw) if fdi in donor.teeth])
            middle = np.array([path[:, 0].mean(), path[:, 1].min()])
            angle = np.unwrap(np.arctan2(path[:, 1] - middle[1], path[:, 0] - middle[0]))
            assert (np.diff(angle) > 0).all(), f"{donor.name}, {jaw}: {np.round(np.rad2deg(angle))}"
