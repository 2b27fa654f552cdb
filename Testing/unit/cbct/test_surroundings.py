"""Canals joined along the jaw, sides, and structures on the scan's own grid: on made-up answers of the network."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest

from DentalTopoSegLib.cbct.canals import find_canal
from DentalTopoSegLib.cbct.structure_maps import StructureMap, run_structures
from DentalTopoSegLib.cbct.surroundings import GROUPS, find_surroundings
from DentalTopoSegLib.cbct.tissues import TissueMap, TissueReader
from DentalTopoSegLib.dentition.structures import structure
from DentalTopoSegLib.errors import ModelError, UsageError
from DentalTopoSegLib.files.volumes import Volume
from DentalTopoSegLib.options import STRUCTURE_GROUPS, RunOptions

KEYS = ("background", "upper_jaw", "mandible", "canal", "sinus", "airway")
TISSUES = ("background", "pulp", "enamel", "filling", "crown", "implant", "bracket")
UPRIGHT = (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0)
SHAPE = (40, 60, 80)


def upright(array: np.ndarray, spacing: float) -> Volume:
    """On a grid whose first voxel's outer corner is R, A, S = 0."""
    first = spacing / 2
    return Volume(array, (spacing,) * 3, (-first, -first, first), UPRIGHT, "made up")


def answer(**where: np.ndarray) -> StructureMap:
    """A certain answer: each structure in its mask, the background elsewhere."""
    probabilities = np.zeros((len(KEYS), *SHAPE), np.uint8)
    for key, mask in where.items():
        probabilities[:, mask] = 0
        probabilities[KEYS.index(key), mask] = 255
    probabilities[0, probabilities[1:].sum(0) == 0] = 255
    return StructureMap(probabilities, upright(np.zeros(SHAPE, np.uint8), 1.0), KEYS)


def box(z: slice, y: slice, x: slice) -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[z, y, x] = True
    return mask


JAW = box(slice(4, 16), slice(5, 55), slice(5, 75))
LEFT = box(slice(9, 12), slice(8, 50), slice(15, 18))
RIGHT = box(slice(9, 12), slice(8, 50), slice(60, 63))


def teeth(spacing: float = 1.0) -> Volume:
    """A tooth on either side, the right one at the larger R."""
    shape = tuple(int(n / spacing) for n in SHAPE)
    array = np.zeros(shape, np.uint8)
    for fdi, x in ((36, 16), (46, 61)):
        array[tuple(slice(int(a / spacing), int((a + 5) / spacing)) for a in (12, 20, x))] = fdi
    return upright(array, spacing)


def test_a_canal_in_pieces_is_joined_along_the_jaw():
    probability = np.where(LEFT, 255, 0).astype(np.uint8)
    probability[:, 24:32] = 0
    one = find_canal(probability, JAW, 1.0)
    assert one.pieces == 2
    assert 8.0 <= one.joined_mm <= 12.0
    from scipy import ndimage

    assert ndimage.label(one.mask, np.ones((3, 3, 3)))[1] == 1
    assert JAW[one.mask].all()


def test_a_join_goes_round_where_the_jaw_does_not_lead():
    probability = np.where(LEFT, 255, 0).astype(np.uint8)
    probability[:, 24:32] = 0
    hole = JAW & ~box(slice(0, 40), slice(26, 29), slice(12, 25))
    one = find_canal(probability, hole | LEFT & (probability > 0), 1.0)
    assert one.joined_mm > 12.0
    assert (hole | (probability > 0))[one.mask & ~(probability > 0)].mean() > 0.9
    apart = JAW & ~box(slice(0, 40), slice(26, 29), slice(0, 80))
    alone = find_canal(probability, apart, 1.0)
    assert (alone.pieces, alone.joined_mm) == (1, 0.0)


def test_pieces_far_apart_and_crumbs_are_no_canal():
    probability = np.zeros(SHAPE, np.uint8)
    probability[10, 8:10, 16] = 255
    assert find_canal(probability, JAW, 1.0) is None
    far = np.where(LEFT, 255, 0).astype(np.uint8)
    far[:, 14:44] = 0
    assert find_canal(far, JAW, 1.0).pieces == 1


def test_structures_are_put_on_the_scan_and_teeth_win():
    scan = teeth(0.5)
    found = answer(mandible=JAW, canal=LEFT | RIGHT)
    around = find_surroundings(found, None, scan, STRUCTURE_GROUPS)
    labels = around.labels.array
    assert labels.shape == scan.array.shape
    assert not labels[scan.array > 0].any()
    for key, mask in (("canal_left", LEFT), ("canal_right", RIGHT), ("mandible", JAW & ~LEFT & ~RIGHT)):
        fine = mask.repeat(2, 0).repeat(2, 1).repeat(2, 2) & (scan.array == 0)
        own = labels == structure(key).value
        assert 2 * (own & fine).sum() / (own.sum() + fine.sum()) > 0.9, key
    assert {one.key for one in around.names} == {"mandible", "canal_left", "canal_right"}
    assert around.notes == []


def test_only_what_is_asked_for_is_found():
    sinus = box(slice(30, 38), slice(30, 50), slice(10, 30))
    found = answer(mandible=JAW, canal=LEFT, sinus=sinus, airway=box(slice(20, 35), slice(5, 20), slice(30, 50)))
    for group, keys in (("canals", {"canal_left", "sinus_left"}), ("jaws", {"mandible", "airway"})):
        assert {one.key for one in find_surroundings(found, None, teeth(), (group,)).names} == keys
    assert set(GROUPS) == set(STRUCTURE_GROUPS)


def test_what_spans_the_middle_is_parted_there():
    both = box(slice(30, 38), slice(30, 50), slice(15, 63))
    around = find_surroundings(answer(sinus=both), None, teeth(), ("canals",))
    x = [
        np.flatnonzero((around.labels.array == structure(key).value).any((0, 1)))
        for key in ("sinus_left", "sinus_right")
    ]
    assert x[0].max() < x[1].min()
    assert abs(x[0].max() - 40) <= 2  # between 36 and 46


@pytest.mark.parametrize("keep", [36, 46])
def test_teeth_of_one_side_tell_both_sides(keep: int):
    one_side = teeth()
    one_side.array[one_side.array != keep] = 0
    around = find_surroundings(answer(mandible=JAW, canal=LEFT | RIGHT), None, one_side, ("canals",))
    for key, mask in (("canal_left", LEFT), ("canal_right", RIGHT)):
        own = around.labels.array == structure(key).value
        assert own.sum() > 0.9 * (mask & (one_side.array == 0)).sum()
        assert mask[own].mean() > 0.9


def test_the_plane_between_the_sides_follows_a_turned_head():
    turned = teeth()
    turned.array[:] = 0
    for fdi, y, x in ((36, 10, 16), (46, 34, 61), (33, 26, 20), (43, 50, 65)):
        turned.array[12:17, y : y + 5, x : x + 5] = fdi
    left = box(slice(9, 12), slice(0, 4), slice(44, 48))  # on the right of a plane straight across
    right = box(slice(9, 12), slice(56, 60), slice(34, 38))
    around = find_surroundings(answer(mandible=JAW, canal=left | right), None, turned, ("canals",))
    assert (around.labels.array[left] == structure("canal_left").value).mean() > 0.5
    assert (around.labels.array[right] == structure("canal_right").value).mean() > 0.5


def test_a_joined_canal_is_told():
    found = answer(mandible=JAW, canal=LEFT)
    gap = LEFT & box(slice(0, 40), slice(24, 32), slice(0, 80))
    found.probabilities[:, gap] = 0
    found.probabilities[KEYS.index("mandible"), gap] = 255
    around = find_surroundings(found, None, teeth(), ("canals",))
    assert around.canals["canal_left"]["pieces"] == 2
    assert around.notes[0].startswith("The left mandibular canal was seen in 2 pieces")


def tissue_answer(**where: np.ndarray) -> TissueMap:
    probabilities = np.zeros((len(TISSUES), *SHAPE), np.uint8)
    for key, mask in where.items():
        probabilities[TISSUES.index(key), mask] = 255
    probabilities[0, probabilities[1:].sum(0) == 0] = 255
    return TissueMap(probabilities, upright(np.zeros(SHAPE, np.uint8), 1.0), TISSUES)


def test_pulps_lie_in_teeth_and_grains_go():
    scan = teeth()
    inside = box(slice(13, 16), slice(21, 24), slice(17, 20))
    outside = box(slice(13, 16), slice(40, 44), slice(17, 20))
    implant = box(slice(12, 24), slice(40, 44), slice(40, 44))
    grain = box(slice(12, 14), slice(50, 52), slice(40, 42))
    found = tissue_answer(pulp=inside | outside, implant=implant | grain)
    around = find_surroundings(None, found, scan, ("tissues",))
    labels = around.labels.array
    assert {one.key for one in around.names} == {"pulp", "implant"}
    np.testing.assert_array_equal(labels == structure("pulp").value, inside)
    np.testing.assert_array_equal(labels == structure("implant").value, implant)


def test_a_head_of_another_border_network_is_refused():
    class Named:
        def __init__(self, name: str, outputs: list[str]) -> None:
            self.id, self.session = name, type("Session", (), {"outputs": outputs})
            self.metadata = {"reads": "border-9", "labels": list(TISSUES)}

    head = Named("tissues-9", ["probabilities"])
    for border in (Named("border-8", ["probabilities", "features"]), Named("border-9", ["probabilities"])):
        with pytest.raises(ModelError, match="tissues-9 goes with border-9"):
            TissueReader(head, border)
    assert TissueReader(head, Named("border-9", ["probabilities", "features"])).keys == TISSUES


class FakeNetwork:
    """Answers that each voxel is what its grey value says: shows that tiles are put together in their places."""

    metadata: ClassVar[dict] = {
        "clip_percentiles": [0, 100],
        "divisor": 16,
        "receptive_margin_vox": 16,
        "labels": list(KEYS),
    }

    def __init__(self) -> None:
        self.largest = 0

    def run(self, part: np.ndarray, cancelled) -> np.ndarray:
        self.largest = max(self.largest, part.size)
        assert all(n % 16 == 0 for n in part.shape)
        out = np.zeros((len(KEYS), *part.shape), np.uint8)
        out[2] = np.where(part > 0, 255, 0)
        out[0] = 255 - out[2]
        return out


def test_tiles_are_put_together_around_the_dentition(monkeypatch):
    from DentalTopoSegLib.cbct import structure_maps
    from DentalTopoSegLib.cbct.region import DentalRegion

    monkeypatch.setattr(structure_maps, "_TILE_VOXELS", 200_000)
    image = np.random.default_rng(0).normal(size=(100, 120, 130)).astype(np.float32)
    scan = upright(image, 1.0)
    region = DentalRegion(((60.0, 80.0, 55.0), (100.0, 110.0, 60.0)), np.zeros(3))
    network = FakeNetwork()
    found = run_structures(network, scan, scan, region, lambda *_: None, None)
    assert network.largest <= 400_000
    low = np.rint(scan.ras_to_index(found.grid.index_to_ras(np.zeros(3)))).astype(int)
    part = image[tuple(slice(a, a + n) for a, n in zip(low, found.grid.array.shape, strict=True))]
    clear = np.abs(part - image.mean()) > 0.05  # the z-score is of some of the voxels
    np.testing.assert_array_equal((found.of("mandible") > 0)[clear], (part > image.mean())[clear])
    assert found.grid.array.shape[1] < 120  # cut to the surroundings of the teeth


def test_unknown_structures_are_refused():
    with pytest.raises(UsageError, match="The structures 'ears' are unknown"):
        RunOptions(structures=("ears",))
    assert RunOptions(structures=("canals", "jaws")).structures == ("jaws", "canals")
