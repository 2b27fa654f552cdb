"""Tunnels that are none are closed, with the smallest change; wide arches between roots stay."""

from __future__ import annotations

import numpy as np
import pytest
from fake_networks import FakeNetworks, fake_models

from DentalTopoSegLib.cbct import segment_volume
from DentalTopoSegLib.cbct.mask_topology import betti_numbers, close_thin_tunnels, reach_of
from DentalTopoSegLib.files.volumes import resample_like
from DentalTopoSegLib.phantom import make_phantom

SPACING = 0.5


def block(width: int, fdi: int = 36) -> np.ndarray:
    """A tooth of 20 x 14 x 20 voxels with a tunnel of this width (voxels) through it."""
    labels = np.zeros((28, 20, 28), np.uint8)
    labels[4:24, 3:17, 4:24] = fdi
    middle = slice(14 - width // 2, 14 - width // 2 + width)
    labels[middle, :, middle] = 0
    return labels


@pytest.mark.parametrize(("width", "closed"), [(1, True), (2, True), (4, True), (10, False)])
def test_a_tunnel_is_closed_if_it_is_narrow(width: int, closed: bool):
    labels = block(width)
    assert betti_numbers(labels > 0) == (1, 1, 0)
    tooth = np.where(labels > 0, 250, 20).astype(np.uint8)
    before = labels.copy()
    close_thin_tunnels(labels, reach_of(SPACING), tooth)
    assert betti_numbers(labels > 0) == ((1, 0, 0) if closed else (1, 1, 0))
    filled = (labels > 0) & (before == 0)
    assert (tooth[filled] > 128).all() and (tooth[(labels == 0)] == 20).all()
    assert np.count_nonzero(labels != before) <= 14 * width**2


def test_a_thin_bridge_between_roots_is_cut_where_that_changes_less():
    labels = np.zeros((30, 14, 40), np.uint8)
    labels[18:28, 2:12, 4:36] = 36  # the crown
    labels[4:18, 2:12, 4:12] = labels[4:18, 2:12, 28:36] = 36  # two roots
    labels[6, 6, 12:28] = 36  # what joins them
    assert betti_numbers(labels > 0) == (1, 1, 0)
    tooth = np.where(labels > 0, 160, 20).astype(np.uint8)
    close_thin_tunnels(labels, reach_of(SPACING), tooth)
    assert betti_numbers(labels > 0) == (1, 0, 0)
    assert not labels[6, 6, 13:27].any() and (tooth[6, 6, 13:27] < 128).all()


def test_another_tooth_in_the_tunnel_is_left_alone():
    labels = block(2)
    labels[13:15, :, 13:15] = 37
    before = labels.copy()
    close_thin_tunnels(labels, reach_of(SPACING))
    np.testing.assert_array_equal(labels, before)


def test_a_tunnel_that_the_network_sees_does_not_reach_the_scan(monkeypatch):
    phantom = make_phantom(3, 0.4, fov_mm=(70, 60, 50), jaws="lower", fillings=0, missing=(38, 48))
    fake = FakeNetworks(phantom.labels)
    original = fake.border

    def pierced(model, grid, *args):
        tooth, core = original(model, grid, *args)
        truth = resample_like(phantom.labels, grid, "nearest").array
        z, _, x = np.round(np.argwhere(truth == 46).mean(0)).astype(int)
        hole = np.zeros(truth.shape, bool)
        hole[z : z + 3, :, x : x + 3] = True
        tooth[hole & (truth == 46)] = 10
        core[hole & (truth == 46)] = 0
        return tooth, core

    fake.border = pierced
    fake.install(monkeypatch)
    found = segment_volume(phantom.image, models=fake_models()).labels.array
    assert betti_numbers(found == 46)[:2] == (1, 0)
