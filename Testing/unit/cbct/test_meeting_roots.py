"""Roots of one tooth that meet again at their tips are parted there, and a tooth holds no crumb of another."""

from __future__ import annotations

import numpy as np
import pytest
from fake_networks import FakeNetworks, fake_models

from DentalTopoSegLib.cbct import segment_volume
from DentalTopoSegLib.cbct.mask_topology import betti_numbers, close_thin_tunnels, reach_of
from DentalTopoSegLib.cbct.meeting_roots import part_meeting_roots
from DentalTopoSegLib.cbct.placing import clean
from DentalTopoSegLib.files.volumes import resample_like
from DentalTopoSegLib.phantom import make_phantom

SPACING = 0.5


def arch(roots: int = 2) -> np.ndarray:
    """A molar with roots 6 voxels thick and 10 apart, joined at their tips (low z) by as thick a bow."""
    labels = np.zeros((56, 14, 12 + 16 * roots), np.uint8)
    labels[36:52, 2:12, 4:-4] = 36
    for root in range(roots):
        labels[4:36, 4:10, 6 + 16 * root : 12 + 16 * root] = 36
    labels[4:10, 4:10, 6 : 16 * roots - 4] = 36
    return labels


@pytest.mark.parametrize("roots", [2, 3])
def test_roots_are_parted_where_they_meet(roots: int):
    labels = arch(roots)
    tooth = np.where(labels > 0, 250, 20).astype(np.uint8)
    assert betti_numbers(labels > 0) == (1, roots - 1, 0)
    close_thin_tunnels(labels, reach_of(SPACING), tooth)
    assert betti_numbers(labels > 0) == (1, roots - 1, 0)  # too wide for it
    before = labels.copy()
    part_meeting_roots(labels, tooth)
    assert betti_numbers(labels > 0) == (1, 0, 0)
    cut = (before > 0) & (labels == 0)
    assert np.argwhere(cut)[:, 0].max() < 14  # at the tips, and not a third of the way up
    assert np.count_nonzero(cut) <= (roots - 1) * 4 * 6 * 6
    assert (tooth[cut] < 128).all() and (tooth[~cut] == np.where(before > 0, 250, 20)[~cut]).all()


def test_a_tooth_without_a_tunnel_is_left_as_it_is():
    labels = arch()
    labels[4:10, :, 12:22] = 0
    before = labels.copy()
    part_meeting_roots(labels)
    np.testing.assert_array_equal(labels, before)


def test_a_cut_that_would_take_much_of_the_tooth_is_not_made():
    labels = np.zeros((22, 22, 22), np.uint8)
    labels[4:18, 4:18, 4:18] = 36
    labels[9:13, :, 9:13] = 0  # no roots: a block with a hole through it
    before = labels.copy()
    part_meeting_roots(labels)
    np.testing.assert_array_equal(labels, before)


def test_a_crumb_of_a_neighbour_inside_a_tooth_becomes_the_tooth():
    labels = np.zeros((20, 20, 30), np.uint8)
    labels[4:16, 4:16, 4:16] = 36
    labels[4:16, 4:16, 16:26] = 35
    labels[9:11, 9, 15] = 35
    labels[9:11, 9, 14] = 36
    labels[8, 8, 14] = 35  # it touches 35 by a corner only
    assert betti_numbers(labels == 36)[2] == 1
    clean(labels, 1)
    assert betti_numbers(labels == 36) == betti_numbers(labels == 35) == (1, 0, 0)
    assert labels[8, 8, 14] == 36


def test_a_tooth_that_lies_whole_in_another_stays():
    labels = np.zeros((24, 24, 24), np.uint8)
    z, y, x = np.indices(labels.shape) - 12
    away = np.sqrt(z**2 + y**2 + x**2)
    labels[away < 9] = 37
    labels[away < 5] = 36
    before = labels.copy()
    clean(labels, 20)
    np.testing.assert_array_equal(labels, before)


def test_meeting_roots_that_the_network_sees_do_not_reach_the_scan(monkeypatch):
    phantom = make_phantom(3, 0.4, fov_mm=(70, 60, 50), jaws="lower", fillings=0, missing=(38, 48))
    fake = FakeNetworks(phantom.labels)
    original = fake.border

    def pierced(model, grid, *args):
        tooth, core = original(model, grid, *args)
        truth = resample_like(phantom.labels, grid, "nearest").array
        z, _, x = np.round(np.argwhere(truth == 46).mean(0)).astype(int)
        hole = np.zeros(truth.shape, bool)
        hole[z - 4 : z + 5, :, x - 4 : x + 5] = True  # 4.5 mm
        tooth[hole & (truth == 46)] = 10
        core[hole & (truth == 46)] = 0
        return tooth, core

    fake.border = pierced
    fake.install(monkeypatch)
    found = segment_volume(phantom.image, models=fake_models()).labels.array
    assert betti_numbers(found == 46)[:2] == (1, 0)
