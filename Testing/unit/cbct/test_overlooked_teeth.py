"""What the coarse network does not see: its silence is no number, and a clear tooth stays one."""

from __future__ import annotations

import numpy as np
import pytest
from fake_networks import FakeNetworks, fake_models

from DentalTopoSegLib.cbct import segment_volume
from DentalTopoSegLib.cbct.inference import CoarseMap
from DentalTopoSegLib.cbct.instance_numbers import number_instances
from DentalTopoSegLib.cbct.instances import Instances
from DentalTopoSegLib.cbct.joining import join_rejected
from DentalTopoSegLib.cbct.region import DentalRegion
from DentalTopoSegLib.cbct.splitting import CORE_SHARE, cut_by_numbers, likely_numbers, usual_volume
from DentalTopoSegLib.dentition import CLASS_FDI
from DentalTopoSegLib.dentition.numbering import mean_dentition
from DentalTopoSegLib.files.volumes import Volume
from DentalTopoSegLib.phantom import make_phantom


def test_silence_of_the_coarse_map_is_no_number():
    probabilities = np.zeros((33, 3), np.uint8)
    probabilities[0] = 255, 251, 100
    probabilities[CLASS_FDI.index(36)] = 0, 4, 150
    probabilities[CLASS_FDI.index(11)] = 1, 0, 5
    assert likely_numbers(probabilities).tolist() == [0, CLASS_FDI.index(36), CLASS_FDI.index(36)]


def test_a_tooth_that_the_coarse_map_overlooks_keeps_its_place_in_the_row(monkeypatch):
    phantom = make_phantom(8, 0.6, fov_mm=(70, 60, 50), jaws="lower", fillings=0, missing=(36, 38, 48))
    fake = FakeNetworks(phantom.labels)
    original = fake.numbering

    def blind(*args) -> CoarseMap:
        coarse = original(*args)
        where = coarse.probabilities[CLASS_FDI.index(37)] > 30
        for c in range(1, 33):
            coarse.probabilities[c][where] = 0
        coarse.probabilities[0][where] = 253
        coarse.probabilities[CLASS_FDI.index(37)][where] = 2
        return coarse

    fake.numbering = blind
    fake.install(monkeypatch)
    monkeypatch.setattr("DentalTopoSegLib.cbct.inference.needed_blocks", lambda coarse, grid: np.ones((1, 1, 1), bool))
    result = segment_volume(phantom.image, models=fake_models())
    assert 37 in result.labels.array
    assert result.features[37]["background"] > 0.9, "the confidence is told of the doubt"


def numbered(shift: dict[int, tuple[float, float, float]], share: float = 0.95, background: float = 0.3):
    """A lower row of boxes at their mean places, some of them moved (R, A, S mm) and with `share` of their votes for
    their own number: what `number_instances` makes of it."""
    grid = Volume(
        np.zeros((80, 140, 160), np.uint8), (0.5,) * 3, (40.0, 62.0, -25.0), (-1, 0, 0, 0, -1, 0, 0, 0, 1), "g"
    )
    mean, row = mean_dentition(), (43, 42, 41, 31, 32, 33, 34, 35, 36, 37)
    labels, votes = np.zeros(grid.array.shape, np.int16), np.zeros((len(row), len(CLASS_FDI)))
    for k, fdi in enumerate(row):
        z, y, x = np.rint(grid.ras_to_index(mean[fdi] + shift.get(fdi, (0, 0, 0)))).astype(int)
        labels[z - 8 : z + 9, y - 5 : y + 6, x - 4 : x + 5] = k + 1
        own, rest = (share, background) if fdi in shift else (0.97, 0.02)
        votes[k, CLASS_FDI.index(fdi)], votes[k, 0] = (1 - rest) * own, rest
        votes[k, CLASS_FDI.index(18)] = (1 - rest) * (1 - own)
    tooth = np.where(labels > 0, 235, 0).astype(np.uint8)
    region = DentalRegion(((-50.0, -70.0, -30.0), (50.0, 30.0, 30.0)), np.zeros(3))
    return number_instances(Instances(labels, votes, np.full(len(row), 100.0)), tooth, grid, region)


def test_an_impacted_tooth_outside_the_row_keeps_the_number_that_nobody_else_has():
    lying = {33: (-9.0, -12.0, -9.0)}
    found = numbered(lying)
    assert sorted(found.scores) == sorted((43, 42, 41, 31, 32, 33, 34, 35, 36, 37))
    assert 33 not in found.evidence, "numbering the row again must not take it away"
    assert found.features[33]["arch_log_odds"] < 0, "the confidence is told that the row does not speak for it"
    assert 33 not in numbered(lying, share=0.4).scores, "votes for several numbers name none"


@pytest.mark.parametrize(("background", "own", "joined"), [(0.999, 0.0, True), (0.5, 0.0, False), (0.5, 0.4, True)])
def test_a_piece_without_votes_joins_what_it_touches(background: float, own: float, joined: bool):
    labels = np.zeros((20, 10, 10), np.int16)
    labels[4:18, 2:8, 2:8], labels[2:4, 2:8, 2:8] = 1, 2
    votes = np.zeros((2, len(CLASS_FDI)))
    votes[0, CLASS_FDI.index(25)] = 1.0
    votes[1, 0], votes[1, CLASS_FDI.index(25)] = background, own
    votes[1, CLASS_FDI.index(11)] = 1 - background - own
    fdi = np.array([0, 25, 0], np.uint8)
    boxes = [(slice(4, 18), slice(2, 8), slice(2, 8)), (slice(2, 4), slice(2, 8), slice(2, 8))]
    found = join_rejected(Instances(labels, votes, np.array([60.0, 9.0])), fdi, np.array([60.0, 9.0]), boxes)
    assert found.tolist() == [False, joined] and fdi[2] == (25 if joined else 0)


def test_crowded_incisors_a_little_small_for_two_are_cut_by_their_numbers():
    spacing, half = 0.5, CLASS_FDI.index(31)
    other = CLASS_FDI.index(41)
    grid = Volume(
        np.zeros((40, 20, 40), np.uint8), (spacing,) * 3, (0.0, 0.0, 0.0), (-1, 0, 0, 0, -1, 0, 0, 0, 1), "grid"
    )
    expected = 2 * usual_volume(half) * CORE_SHARE
    z, y, x = np.meshgrid(*(np.arange(n) * spacing for n in grid.array.shape), indexing="ij")
    height = 0.56 * expected / (2 * np.pi * 1.75**2)
    mask = np.logical_or.reduce(
        [((x - 10 - s * 1.75) ** 2 + (y - 5) ** 2 < 1.75**2) & (abs(z - 10) < height / 2) for s in (-1, 1)]
    )
    mask[10:30, 8:13, 18:23] = True
    volume = mask.sum() * spacing**3
    assert 0.6 * expected < volume < 0.65 * expected
    probabilities = np.zeros((33, 10, 5, 10), np.uint8)
    probabilities[half, :, :, :5], probabilities[other, :, :, 5:] = 250, 250
    regions = np.zeros((1, len(CLASS_FDI)))
    regions[0, half] = regions[0, other] = volume / 2
    labels = mask.astype(np.int16)
    assert cut_by_numbers(labels, regions, CoarseMap(probabilities, np.full(3, 0.75), 2.0), grid)
    assert labels.max() == 2
