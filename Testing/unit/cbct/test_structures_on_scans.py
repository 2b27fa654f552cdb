"""Canals joined along the jaw, sides, and structures on the scan's own grid: on made-up answers of the network."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy import ndimage

from DentalTopoSegLib.cbct.canals import find_canal
from DentalTopoSegLib.cbct.midplane import find_midplane, plane_of_symmetry
from DentalTopoSegLib.cbct.structure_maps import StructureMap, run_structures
from DentalTopoSegLib.cbct.structure_placing import doubled, doubled_grid, place_labels
from DentalTopoSegLib.cbct.surroundings import find_surroundings
from DentalTopoSegLib.dentition.arch import expected_place
from DentalTopoSegLib.dentition.structures import structure
from DentalTopoSegLib.errors import Cancelled, UsageError
from DentalTopoSegLib.files.volumes import Volume
from DentalTopoSegLib.options import STRUCTURE_GROUPS, RunOptions

KEYS = ("background", "upper_jaw", "mandible", "canal", "sinus", "airway")
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
SMALL_JAW = box(slice(4, 16), slice(5, 55), slice(5, 40))


def teeth(spacing: float = 1.0, only: tuple[int, ...] = (36, 46)) -> Volume:
    """A tooth on either side, the right one at the larger R."""
    shape = tuple(int(n / spacing) for n in SHAPE)
    array = np.zeros(shape, np.uint8)
    for fdi, x in ((36, 16), (46, 61)):
        if fdi in only:
            array[tuple(slice(int(a / spacing), int((a + 5) / spacing)) for a in (12, 20, x))] = fdi
    return upright(array, spacing)


def names(around) -> set[str]:
    return {one.key for one in around.names}


# ---------------------------------------------------------------- canals


def test_a_canal_in_pieces_is_joined_along_the_jaw():
    probability = np.where(LEFT, 255, 0).astype(np.uint8)
    probability[:, 24:32] = 0
    one = find_canal(probability, JAW, 1.0)
    assert one.pieces == 2
    assert 8.0 <= one.joined_mm <= 12.0
    assert ndimage.label(one.mask)[1] == 1
    assert JAW[one.mask].all()


def test_what_is_seen_faintly_joins_without_doubt():
    probability = np.where(LEFT, 255, 0).astype(np.uint8)
    probability[:, 24:32] = np.where(LEFT, 90, 0)[:, 24:32]
    one = find_canal(probability, JAW, 1.0)
    assert (one.pieces, one.joined_mm) == (1, 0.0)
    assert ndimage.label(one.mask)[1] == 1


def test_a_join_goes_round_where_the_jaw_does_not_lead():
    probability = np.where(LEFT, 255, 0).astype(np.uint8)
    probability[:, 24:32] = 0
    hole = JAW & ~box(slice(0, 40), slice(26, 29), slice(12, 25))
    one = find_canal(probability, hole | LEFT & (probability > 0), 1.0)
    assert one.joined_mm > 12.0
    apart = JAW & ~box(slice(0, 40), slice(26, 29), slice(0, 80))
    alone = find_canal(probability, apart, 1.0)
    assert (alone.pieces, alone.joined_mm) == (1, 0.0)


def test_pieces_far_apart_and_crumbs_are_no_canal():
    probability = np.zeros(SHAPE, np.uint8)
    probability[10, 8:10, 16] = 255
    assert find_canal(probability, JAW, 1.0) is None
    far = np.where(LEFT, 255, 0).astype(np.uint8)
    far[:, 14:44] = 0  # nothing of a jaw between
    one = find_canal(far, JAW & ~box(slice(0, 40), slice(26, 29), slice(0, 80)), 1.0)
    assert one.pieces == 1
    assert ndimage.label(one.mask)[1] == 1


def test_a_joined_canal_is_told():
    found = answer(mandible=JAW, canal=LEFT)
    gap = LEFT & box(slice(0, 40), slice(24, 32), slice(0, 80))
    found.probabilities[:, gap] = 0
    found.probabilities[KEYS.index("mandible"), gap] = 255
    around = find_surroundings(found, teeth(0.5), ("canals",))
    assert around.canals["canal_left"]["pieces"] == 2
    told = re.match(r"The left mandibular canal was seen in 2 pieces; (\d+) mm between them", around.notes[0])
    assert told and 9 <= int(told[1]) <= 16  # around the tooth there
    ((key, (line,)),) = around.drawn.items()
    inside = np.rint(found.grid.ras_to_index(line)).astype(int)
    assert key == "canal_left" and (inside[:, 1].min(), inside[:, 1].max()) == (24, 31)
    assert not found.of("canal")[tuple(inside.T)].any()


def test_all_of_a_slanting_gap_is_kept_as_drawn():
    along = np.zeros(SHAPE, bool)
    for step in range(10, 48):
        along[9:12, step, step - 2 : step + 1] = True
    found = answer(mandible=JAW, canal=along)
    gap = along & box(slice(0, 40), slice(20, 34), slice(0, 80))
    found.probabilities[:, gap] = 0
    found.probabilities[KEYS.index("mandible"), gap] = 255
    around = find_surroundings(found, teeth(0.5, ()), ("canals",))
    ((_, (line,)),) = around.drawn.items()
    assert np.linalg.norm(line[0] - line[-1]) == pytest.approx(13 * 2**0.5, abs=3.0)
    assert ndimage.label(around.labels.array == structure("canal_left").value)[1] == 1


def test_what_is_drawn_without_being_seen_keeps_away_from_teeth():
    found = answer(mandible=JAW, canal=LEFT)
    gap = LEFT & box(slice(0, 40), slice(20, 36), slice(0, 80))
    found.probabilities[:, gap] = 0
    found.probabilities[KEYS.index("mandible"), gap] = 255
    scan = teeth()
    scan.array[8:14, 24:29, 13:18] = 36  # a root in the straight way
    around = find_surroundings(found, scan, ("canals",))
    canal = around.labels.array == structure("canal_left").value
    assert ndimage.label(canal)[1] == 1
    drawn = canal & gap & box(slice(0, 40), slice(22, 31), slice(0, 80))
    assert not (drawn & ndimage.binary_dilation(scan.array > 0)).any()
    assert canal[:, 20:36].any(axis=(0, 2)).all()


# ---------------------------------------------------------------- on the scan


def test_structures_are_put_on_the_scan_and_teeth_win():
    scan = teeth(0.5)
    found = answer(mandible=JAW, canal=LEFT | RIGHT)
    around = find_surroundings(found, scan, STRUCTURE_GROUPS)
    labels = around.labels.array
    assert labels.shape == scan.array.shape
    assert not labels[scan.array > 0].any()
    for key, mask in (("canal_left", LEFT), ("canal_right", RIGHT), ("mandible", JAW & ~LEFT & ~RIGHT)):
        fine = mask.repeat(2, 0).repeat(2, 1).repeat(2, 2) & (scan.array == 0)
        own = labels == structure(key).value
        assert 2 * (own & fine).sum() / (own.sum() + fine.sum()) > 0.95, key
    assert names(around) == {"mandible", "canal_left", "canal_right"}
    assert around.notes == []


def test_only_what_is_asked_for_is_found():
    high = box(slice(25, 38), slice(30, 50), slice(15, 30))
    airway = box(slice(20, 35), slice(5, 20), slice(30, 50))
    found = answer(mandible=JAW, canal=LEFT, airway=airway, sinus=high)
    jaws = find_surroundings(found, teeth(), ("jaws",))
    assert names(jaws) == {"mandible", "airway"}
    assert (jaws.labels.array[LEFT] == structure("mandible").value).all()  # a canal is a part of its jaw
    assert names(find_surroundings(found, teeth(), ("canals",))) == {"canal_left", "sinus_left"}


@pytest.mark.parametrize("turned", [False, True], ids=["along the axes", "askew"])
def test_labels_are_placed_on_any_grid(turned):
    labels = upright(np.random.default_rng(1).integers(0, 4, (20, 24, 28)).astype(np.uint8), 1.0)
    angle = np.deg2rad(20.0 if turned else 0.0)
    direction = np.array([[0, np.cos(angle), np.sin(angle)], [0, -np.sin(angle), np.cos(angle)], [1, 0, 0]])
    scan = Volume(
        np.zeros((30, 31, 32), np.uint8),
        (0.6173, 0.7319, 0.8347),
        (-20.037, -20.019, 3.073),
        tuple(direction.ravel()),
        "",
    )
    index = np.argwhere(np.ones(scan.array.shape, bool))
    at = np.rint(labels.ras_to_index(scan.index_to_ras(index))).astype(int)
    inside = ((at >= 0) & (at < labels.array.shape)).all(1)
    expected = np.zeros(scan.array.shape, np.uint8)
    expected[tuple(index[inside].T)] = labels.array[tuple(at[inside].T)]
    assert expected.any()
    assert (place_labels(labels, scan) != expected).mean() < 0.001


def test_doubling_keeps_the_place():
    ramp = np.broadcast_to(np.arange(0, 200, 10, dtype=np.uint8)[:, None, None], (20, 5, 5))
    fine = doubled_grid(upright(ramp, 1.0), doubled(ramp))
    inner = np.arange(1, 39)
    np.testing.assert_allclose(
        fine.array[inner, 3, 3], (fine.index_to_ras(np.stack([inner] * 3, 1))[:, 2] - 0.5) * 10, atol=1
    )


# ---------------------------------------------------------------- left and right


def test_teeth_of_both_sides_tell_the_middle():
    found = answer(mandible=JAW, canal=LEFT | RIGHT)
    around = find_surroundings(found, teeth(), ("canals",))
    for key, mask in (("canal_left", LEFT), ("canal_right", RIGHT)):
        assert (around.labels.array[mask & (teeth().array == 0)] == structure(key).value).all()


def test_a_turned_head_has_a_turned_midplane():
    angle = np.deg2rad(25.0)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1.0]])
    scan = upright(np.zeros((60, 140, 140), np.uint8), 1.0)
    for fdi in (*range(31, 38), *range(41, 48), *range(11, 18), *range(21, 28)):
        z, y, x = np.rint(scan.ras_to_index(turn @ expected_place(fdi) + [70, 70, 30])).astype(int)
        scan.array[z - 2 : z + 3, y - 2 : y + 3, x - 2 : x + 3] = fdi
    plane = find_midplane(scan, np.zeros(scan.array.shape, bool), scan)
    assert plane.normal @ (turn @ [1, 0, 0]) > 0.995
    for side, sign in (("right", 1), ("left", -1)):
        assert plane.side_of(turn @ [sign * 6.0, 40.0, 0.0] + [70, 70, 30]) == side
    assert plane.side_of(turn @ [1.0, -40.0, 0.0] + [70, 70, 30]) is None


def test_the_jaws_own_symmetry_tells_it_where_teeth_do_not():
    found = answer(mandible=JAW, canal=LEFT | RIGHT)
    around = find_surroundings(found, teeth(only=(36,)), ("canals",))
    assert names(around) == {"canal_left", "canal_right"}
    assert not plane_of_symmetry(SMALL_JAW, found.grid)
    plane = plane_of_symmetry(JAW, found.grid)
    assert abs(plane.distances(np.array([40.0, 30.0, 10.0]))) < 1.5


def test_teeth_of_one_side_tell_their_own_side_only():
    both = find_surroundings(answer(mandible=SMALL_JAW, canal=LEFT | RIGHT), teeth(only=(36,)), ("canals",))
    assert names(both) == {"canal_left", "canal"}


def test_without_any_sign_nobody_guesses():
    high = box(slice(25, 38), slice(30, 50), slice(15, 30))
    found = answer(mandible=SMALL_JAW, canal=LEFT, sinus=high)
    around = find_surroundings(found, teeth(only=()), ("canals",))
    assert names(around) == {"canal", "sinus"}
    assert [note for note in around.notes if note.startswith("Whether the mandibular canal is the left or the right")]
    assert [note for note in around.notes if note.startswith("Whether the maxillary sinus is the left or the right")]


# ---------------------------------------------------------------- the network


class FakeNetwork:
    """Answers that each voxel is what its grey value says: shows that tiles are put together in their places."""

    def __init__(self) -> None:
        self.metadata = {"clip_percentiles": [0, 100], "divisor": 16, "receptive_margin_vox": 16, "labels": list(KEYS)}
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
    region = DentalRegion(((60.0, 80.0, 55.0), (100.0, 110.0, 60.0)), np.array([80.0, 115.0, 58.0]))
    network = FakeNetwork()
    found = run_structures(network, scan, scan, region, lambda *_: None, None)
    assert network.largest <= 400_000
    low = np.rint(scan.ras_to_index(found.grid.index_to_ras(np.zeros(3)))).astype(int)
    part = image[tuple(slice(a, a + n) for a, n in zip(low, found.grid.array.shape, strict=True))]
    clear = np.abs(part - image.mean()) > 0.05  # the z-score is of some of the voxels
    np.testing.assert_array_equal((found.of("mandible") > 0)[clear], (part > image.mean())[clear])
    assert found.grid.array.shape[1] < 120  # cut to the surroundings of the teeth


def test_cancelling_stops_between_structures():
    asked = []
    with pytest.raises(Cancelled):
        find_surroundings(
            answer(mandible=JAW, canal=LEFT), teeth(), STRUCTURE_GROUPS, lambda: asked.append(1) or len(asked) > 3
        )
    assert len(asked) == 4


def test_unknown_structures_are_refused():
    with pytest.raises(UsageError, match="The structures 'ears' are unknown"):
        RunOptions(structures=("ears",))
    assert RunOptions(structures=("canals", "jaws")).structures == ("jaws", "canals")


def test_nothing_is_drawn_beside_an_edge_that_is_seen():
    """A line that hugs the inside of a bend, where the canal's own edge tells how far it goes."""
    rows, columns = np.ogrid[: SHAPE[1], : SHAPE[2]]
    away = np.hypot(rows - 50.0, columns - 10.0)
    bend = np.zeros(SHAPE, bool)
    bend[8:13] = (np.abs(away - 25.0) <= 2.0) & (rows < 50) & (columns > 10)
    near = ndimage.binary_dilation(bend, iterations=2)
    one = find_canal(np.where(near, 255, 0).astype(np.uint8), JAW, 0.6, np.where(bend, 255, 0).astype(np.uint8))
    between = (rows < 42) & (columns > 18)  # without its two ends
    assert (one.line[:, 1] < 30).any() and (one.line[:, 2] > 28).any()
    assert not (one.drawn & between).any()
    assert np.count_nonzero(one.mask & between & ~bend) <= 5  # of the line itself


def test_no_canal_runs_inside_a_tooth():
    """Though the network sees one in the end of its root."""
    probability = np.where(LEFT, 255, 0).astype(np.uint8)
    probability[9:14, 24:32, 15:20] = 200
    root = box(slice(11, 30), slice(26, 30), slice(15, 24))
    one = find_canal(probability, JAW, 1.0, probability, root)
    assert not (one.mask & root).any()
    assert np.abs(np.argwhere(root)[:, None] - one.line[None]).max(axis=2).min() > 1
