"""What is in the teeth, on the scan's own grid: on made-up answers of the tissues' head, and with toy networks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from DentalTopoSegLib.cbct.structure_maps import TISSUE_KEYS, StructureMap
from DentalTopoSegLib.cbct.surroundings import place_surroundings
from DentalTopoSegLib.cbct.tissues import find_tissues
from DentalTopoSegLib.dentition.structures import structure
from DentalTopoSegLib.errors import Cancelled
from DentalTopoSegLib.files.volumes import Volume

UPRIGHT = (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0)
SHAPE = (40, 30, 60)


def upright(array: np.ndarray, spacing: float) -> Volume:
    first = spacing / 2
    return Volume(array, (spacing,) * 3, (-first, -first, first), UPRIGHT, "made up")


def block(z: slice, y: slice, x: slice) -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[z, y, x] = True
    return mask


ONE = block(slice(5, 35), slice(5, 25), slice(5, 25))
"""Two teeth of 15 x 10 x 10 mm side by side, at 0.5 mm."""
OTHER = block(slice(5, 35), slice(5, 25), slice(25, 45))
TEETH = np.where(ONE, 36, np.where(OTHER, 37, 0)).astype(np.uint8)


def answer(**where: np.ndarray) -> StructureMap:
    said = np.zeros((len(TISSUE_KEYS), *SHAPE), np.uint8)
    for key, mask in where.items():
        said[:, mask] = 0
        said[TISSUE_KEYS.index(key), mask] = 255
    said[0, said[1:].sum(0) == 0] = 255
    return StructureMap(said, upright(np.zeros(SHAPE, np.uint8), 0.5), TISSUE_KEYS)


def on_scan(factor: int = 2) -> Volume:
    fine = TEETH
    for axis in range(3):
        fine = fine.repeat(factor, axis)
    return upright(fine, 0.5 / factor)


def of(labels: np.ndarray, key: str) -> np.ndarray:
    return labels == structure(key).value


def test_a_pulp_is_its_own_piece_inside_of_each_tooth():
    across = block(slice(12, 18), slice(12, 18), slice(10, 40))  # from one tooth into the other
    outside = block(slice(36, 39), slice(5, 25), slice(5, 45))
    scan = on_scan()
    found = find_tissues(answer(pulp=across | outside), TEETH, scan)
    pulp = of(found.labels, "pulp")
    assert ndimage.label(pulp, np.ones((3, 3, 3)))[1] == 2
    assert set(np.unique(scan.array[pulp])) == {36, 37}
    near = ndimage.binary_dilation(scan.array == 37) & (scan.array == 36)
    assert not (pulp & near).any()


def test_enamel_is_on_teeth_only_and_crumbs_are_nothing():
    enamel = block(slice(28, 38), slice(3, 27), slice(5, 25))
    crumb = block(slice(8, 9), slice(8, 9), slice(30, 32))
    scan = on_scan()
    found = find_tissues(answer(enamel=enamel, filling=crumb), TEETH, scan)
    on = of(found.labels, "enamel")
    assert on.any()
    assert (scan.array[on] == 36).all()
    expected = 0.125 * np.count_nonzero(enamel & ONE)
    assert abs(np.count_nonzero(on) * scan.voxel_volume_mm3 - expected) < 0.08 * expected
    assert not of(found.labels, "filling").any()


def test_an_implant_is_taken_away_from_the_teeth():
    implant = block(slice(2, 25), slice(10, 20), slice(30, 40))
    crown = block(slice(25, 30), slice(10, 20), slice(30, 40))
    scan = on_scan()
    before = np.count_nonzero(scan.array == 37)
    found = find_tissues(answer(implant=implant, crown=crown), TEETH, scan)
    body = of(found.labels, "implant")
    assert not scan.array[body].any()
    assert np.count_nonzero(scan.array == 37) < before
    assert np.count_nonzero(scan.array == 36) == np.count_nonzero(ONE) * 8
    assert (scan.array[of(found.labels, "crown")] == 37).all()
    assert found.notes == []


def test_a_tooth_that_is_all_implant_is_no_tooth():
    scan = on_scan()
    found = find_tissues(answer(implant=OTHER | block(slice(3, 37), slice(3, 27), slice(24, 47))), TEETH, scan)
    assert not (scan.array == 37).any()
    assert found.notes == ["Where tooth 37 would stand is an implant: it has no tooth's number."]


def test_the_crown_of_an_implant_is_there_without_a_tooth():
    implant = block(slice(5, 25), slice(10, 20), slice(48, 54))
    crown = block(slice(25, 32), slice(8, 22), slice(46, 57))
    stray = block(slice(36, 39), slice(1, 4), slice(1, 4))
    found = find_tissues(answer(implant=implant, crown=crown | stray), TEETH, on_scan())
    there = of(found.labels, "crown")
    assert abs(np.count_nonzero(there) / 64 - np.count_nonzero(crown) / 8) < 0.1 * np.count_nonzero(crown) / 8
    assert not there[:, :10, :10].any()


def bearing(height: slice, implant: slice, pulp: np.ndarray | None = None) -> list[str]:
    """Notes of a "tooth" 37 at this height over an implant, in line with it."""
    teeth = np.where(block(height, slice(8, 22), slice(28, 42)), 37, 0).astype(np.uint8)
    body = block(implant, slice(11, 19), slice(31, 39))
    parts = {"implant": body} if pulp is None else {"implant": body & ~pulp, "pulp": pulp}
    return find_tissues(answer(**parts), teeth, upright(teeth.repeat(2, 0).repeat(2, 1).repeat(2, 2), 0.25)).notes


def test_a_crown_on_an_implant_is_no_tooth():
    told = ["What was taken for tooth 37 is a crown on an implant: it has no tooth's number."]
    assert bearing(slice(24, 38), slice(2, 22)) == told  # the abutment between them was not seen
    assert bearing(slice(21, 38), slice(2, 22)) == told  # the crown comes down over the shoulder


def test_a_tooth_with_a_pulp_or_a_root_beside_the_implant_stays():
    assert bearing(slice(24, 38), slice(2, 22), block(slice(28, 32), slice(12, 18), slice(32, 38))) == []
    assert bearing(slice(8, 38), slice(2, 22)) == []
    assert bearing(slice(31, 38), slice(2, 22)) == []  # too far


def test_a_speck_of_metal_is_no_implant():
    scan = on_scan()
    found = find_tissues(answer(implant=block(slice(10, 14), slice(10, 14), slice(30, 34))), TEETH, scan)
    assert not found.labels.any()
    np.testing.assert_array_equal(scan.array, on_scan().array)


def test_tissues_alone_are_placed_too():
    there = place_surroundings(
        None, answer(pulp=block(slice(12, 18), slice(12, 18), slice(10, 18))), TEETH, on_scan(), ("tissues",)
    )
    assert [one.key for one in there.names] == ["pulp"]


def test_cancelling_stops_between_teeth():
    asked = []
    with pytest.raises(Cancelled):
        find_tissues(answer(pulp=ONE), TEETH, on_scan(), lambda: asked.append(1) or len(asked) > 3)
    assert len(asked) == 4
