"""The canals network along the lower jaw: where it looks, what its answer becomes; on made-up scans and answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from test_structures_on_scans import JAW, LEFT, RIGHT, SHAPE, answer, teeth, upright

from DentalTopoSegLib.cbct.canal_maps import CANAL_KEYS, course_of, on_grid, run_canals
from DentalTopoSegLib.cbct.canals import find_canal
from DentalTopoSegLib.cbct.region import DentalRegion
from DentalTopoSegLib.cbct.structure_maps import StructureMap
from DentalTopoSegLib.cbct.surroundings import find_surroundings
from DentalTopoSegLib.dentition.structures import structure
from DentalTopoSegLib.errors import ModelError
from DentalTopoSegLib.files.volumes import Volume

SPACING = 0.6
REGION = DentalRegion(((10.0, 10.0, 10.0), (70.0, 50.0, 30.0)), np.array([40.0, 50.0, 18.0]))


class Network:
    """Calls what is brighter than its own part's mean the canal: shows what it is shown."""

    id = "made-up"

    def __init__(self) -> None:
        self.metadata = {
            "clip_percentiles": [0, 100],
            "divisor": 16,
            "spacing_mm": SPACING,
            "labels": list(CANAL_KEYS),
            "outputs": ["tube", "near"],
        }
        self.parts = 0

    def run(self, part: np.ndarray, cancelled) -> np.ndarray:
        self.parts += 1
        assert all(n % 16 == 0 for n in part.shape)
        return np.stack([np.where(part > 0, 255, 0), np.zeros(part.shape)]).astype(np.uint8)


def scan_of(**brighter: float) -> Volume:
    """A jaw with canals on either side, each so much brighter than its bone, and one outside of any bone."""
    image = np.where(JAW, 500.0, 0.0)
    image[LEFT] += brighter["left"]
    image[RIGHT] += brighter["right"]
    image[30:33, 8:50, 15:18] = 4000.0
    return upright(image.astype(np.float32), 1.0)


def closer(tube: np.ndarray, near: np.ndarray) -> StructureMap:
    """A finer answer of these probabilities (SHAPE, 1 mm)."""
    lumen = tube - near
    probabilities = np.stack([255 - tube, near, lumen]).astype(np.uint8)
    return StructureMap(probabilities, upright(np.zeros(SHAPE, np.uint8), 1.0), CANAL_KEYS)


def moved(grid: Volume) -> Volume:
    """The same voxels two millimetres farther along every axis."""
    return replace(grid, origin=tuple(o + d for o, d in zip(grid.origin, (-2.0, -2.0, 2.0), strict=True)))


def test_it_looks_along_the_lower_jaw_at_each_side_by_itself():
    network = Network()
    found = run_canals(network, scan_of(left=3000, right=700), answer(mandible=JAW), REGION, lambda *_: None, None)
    assert network.parts == 2
    assert found.keys == CANAL_KEYS
    assert found.grid.spacing[0] == SPACING
    for canal in (LEFT, RIGHT):  # the faint one too: the other does not darken it
        inside = on_grid(ndimage.binary_erosion(canal, iterations=1), upright(canal, 1.0), found.grid)
        assert inside.any()
        assert (found.of("canal")[inside] == 255).all()
    heights = found.grid.index_to_ras(np.argwhere(found.of("canal") > 0))[:, 2]
    assert heights.max() < 25.0  # not what is bright far above the jaw
    assert (found.probabilities.sum(0, dtype=int) == 255).all()


def test_a_scan_of_one_side_is_looked_at_once():
    side = JAW.copy()
    side[:, :, 38:] = False
    network = Network()
    assert run_canals(network, scan_of(left=900, right=0), answer(mandible=side), REGION, lambda *_: None, None)
    assert network.parts == 1


def test_without_a_lower_jaw_nothing_is_looked_at():
    network = Network()
    assert run_canals(network, scan_of(left=900, right=0), answer(), REGION, lambda *_: None, None) is None
    assert network.parts == 0


def test_a_network_with_other_outputs_is_refused():
    network = Network()
    network.metadata["outputs"] = ["tooth", "core"]
    with pytest.raises(ModelError, match="does not give tube and near"):
        run_canals(network, scan_of(left=9, right=9), answer(mandible=JAW), REGION, lambda *_: None, None)


def test_its_answer_replaces_the_coarse_canals():
    coarse = answer(mandible=JAW, canal=LEFT)
    tube = np.where(ndimage.binary_dilation(RIGHT), 255, 0)
    around = find_surroundings(coarse, teeth(), ("canals",), closer=closer(tube, np.where(RIGHT, 0, tube)))
    assert [one.key for one in around.names] == ["canal_right"]
    own = around.labels.array == structure("canal_right").value
    free = RIGHT & (teeth().array == 0)
    assert 2 * (own & free).sum() / (own.sum() + free.sum()) > 0.9  # the lumen, not what is near it


def test_where_a_canal_is_only_near_its_course_is_still_found():
    tube = np.where(ndimage.binary_dilation(LEFT), 255, 0)
    near = np.where(LEFT, 0, tube)
    hidden = np.zeros(SHAPE, bool)
    hidden[:, 24:32] = True
    near[hidden & (tube > 0)] = 200  # its inside cannot be told there
    one = closer(tube, near)
    canal = find_canal(course_of(one), JAW, 1.0, one.of("canal"))
    assert (canal.pieces, canal.joined_mm) == (1, 0.0)
    assert ndimage.label(canal.mask)[1] == 1
    assert np.abs(canal.line[:, 2] - 16).max() <= 2
    assert canal.drawn[:, 24:32].any()


def test_what_was_drawn_lies_where_the_finer_map_has_its_gap():
    gap = np.zeros(SHAPE, bool)
    gap[:, 24:32] = True
    tube = np.where(ndimage.binary_dilation(LEFT) & ~gap, 255, 0)
    fine = replace(closer(tube, np.where(LEFT, 0, tube)), grid=moved(upright(np.zeros(SHAPE, np.uint8), 1.0)))
    around = find_surroundings(answer(mandible=JAW, canal=LEFT), teeth(0.5, ()), ("canals",), closer=fine)
    ((key, (line,)),) = around.drawn.items()
    inside = np.rint(fine.grid.ras_to_index(line)).astype(int)
    assert key == "canal_left" and (inside[:, 1].min(), inside[:, 1].max()) == (24, 31)


def test_a_gap_that_the_canal_does_not_cross_is_not_told():
    rows = np.arange(SHAPE[1])[None, :, None]
    seen = np.where(LEFT & (rows < 34), 255, 0) + np.where(LEFT & (rows >= 38) & (rows < 41), 80, 0)
    one = find_canal(seen.astype(np.uint8), JAW, 1.0)
    assert one.line[:, 1].max() < 34
    assert (one.pieces, one.joined_mm) == (1, 0.0)


def test_a_course_whose_edge_is_unsure_is_no_gap():
    tube = np.where(ndimage.binary_dilation(LEFT), 255, 0)
    near = np.where(LEFT, 0, tube)
    near[:, 24:32] = np.where(tube[:, 24:32] > 0, 200, 0)
    around = find_surroundings(answer(mandible=JAW), teeth(0.5, ()), ("canals",), closer=closer(tube, near))
    assert around.canals["canal_left"]["pieces"] == 1
    assert around.drawn == {}


def test_the_faint_tail_of_a_canal_is_given_up():
    probability = np.where(LEFT, 255, 0).astype(np.uint8)
    probability[:, 8:24] = np.where(LEFT, 60, 0)[:, 8:24]
    canal = find_canal(probability, JAW, 1.0)
    assert 20 <= canal.line[:, 1].min() <= 25
    assert canal.line[:, 1].max() >= 47
