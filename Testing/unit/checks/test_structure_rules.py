"""Rules for what lies around the teeth: canals, sides, the jaw that holds a tooth, implants; and a canal's repair."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bodies import grid, places, tube
from toy_jaw_map import CANAL_R, CANAL_RADIUS, CANAL_S, axes, structures, teeth, with_structures
from toy_teeth import SPACING, place, volume

from DentalTopoSegLib.checks.findings import Finding, check_dentition, repairs_for
from DentalTopoSegLib.checks.findings.nearness import shown_uncertainty
from DentalTopoSegLib.checks.findings.words import STRUCTURE
from DentalTopoSegLib.checks.measures.canals import gaps_between, pieces_of
from DentalTopoSegLib.checks.repair import (
    RepairRefusedError,
    join_canal,
    make_sides_edit,
    make_structure_edit,
    swap_sides,
)
from DentalTopoSegLib.dentition import GROUPED_LAYOUTS, is_tooth, label_values, mirrored
from DentalTopoSegLib.dentition.structures import STRUCTURES, structure
from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.label_maps import read_label_map, structures_without_value, write_labelmap
from DentalTopoSegLib.files.volumes import Volume, write_volume
from DentalTopoSegLib.files.volumes.boxes import box_of
from DentalTopoSegLib.runs.checking import check_file
from DentalTopoSegLib.runs.repairing import repair_file
from DentalTopoSegLib.runs.results import export_result

CODES = ("canal_in_pieces", "canal_branched", "structure_wrong_side", "tooth_outside_jaw", "implant_as_tooth")
LEFT = structure("canal_left").value


def found(array: np.ndarray, beside: np.ndarray, direction=None) -> dict[str, list[Finding]]:
    labels, around = volume(array), volume(beside)
    if direction is not None:
        labels, around = replace(labels, direction=direction), replace(around, direction=direction)
    told: dict[str, list[Finding]] = {}
    for finding in check_dentition(labels, structures=around):
        if finding.code in CODES:
            told.setdefault(finding.code, []).append(finding)
    return told


def interrupted(gap_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """The left canal without a part of it."""
    array = teeth()
    beside = structures(array)
    _, front, _ = axes()
    beside[(beside == LEFT) & (np.abs(front + 6) < gap_mm / 2)] = structure("mandible").value
    return array, beside


def test_structures_are_called_by_their_names() -> None:
    assert all(template.text == structure(key).name for key, template in STRUCTURE.items())


def test_nothing_is_said_of_a_tidy_jaw() -> None:
    array = teeth()
    assert found(array, structures(array)) == {}


def test_a_right_canal_labelled_left_is_told_and_no_join_across_the_jaw_is_offered() -> None:
    array = teeth()
    beside = structures(array)
    beside[beside == structure("canal_right").value] = LEFT
    told = found(array, beside)
    (wrong,) = told["structure_wrong_side"]
    assert wrong.message.startswith("The left mandibular canal lies on the patient's right")
    assert wrong.position_ras[0] > 5
    (pieces,) = told["canal_in_pieces"]
    assert pieces.detail["gap_mm"] > 12
    assert not repairs_for(pieces)


def test_a_pulp_without_its_tooth_is_called_one(tmp_path: Path) -> None:
    labels, around = with_structures()
    pulp = around.array == structure("pulp").value
    values = np.where(pulp, labels.array + 100, labels.array)
    values[(labels.array == 36) & ~pulp] = 0
    path = write_volume(labels.with_array(values.astype(np.uint8)), tmp_path / "teeth.nii.gz")
    said = [finding.message for finding in check_file(path).findings if finding.teeth == (36,)]
    assert [text for text in said if text.startswith("Of tooth 36 only the pulp is labelled: ")]
    assert not [text for text in said if "implausibly small" in text]


def test_canals_without_teeth_are_called_so_and_no_numbering_is_proposed(tmp_path: Path) -> None:
    labels, around = with_structures()
    canals = np.isin(around.array, [structure(key).value for key in ("canal_left", "canal_right")])
    path = write_volume(labels.with_array(np.where(canals, around.array, 0)), tmp_path / "canals.nii.gz")
    said = (
        r"holds no tooth, only what lies around teeth \(left mandibular canal, right mandibular canal\): give the label"
    )
    with pytest.raises(InputError, match=said):
        check_file(path)
    low = np.where(canals, around.array - structure("canal_left").value + 3, 0).astype(np.uint8)
    path = write_volume(labels.with_array(low), tmp_path / "toothfairy.nii.gz")
    with pytest.raises(
        InputError, match=r"By totalsegmentator they are no teeth: left inferior alveolar canal, right"
    ) as told:
        check_file(path)
    proposed = re.findall(r"--numbering ([\w]+)| or (\w+)\.", str(told.value))
    named = [name or other for name, other in proposed]
    assert all(name in GROUPED_LAYOUTS or 3 in label_values(name) for name in named)
    with pytest.raises(InputError, match=r"only what lies around teeth \(left inferior alveolar canal, right"):
        check_file(path, numbering="toothfairy2")


@pytest.mark.parametrize("suffix", [".seg.nrrd", ".nii.gz"])
def test_what_lies_around_the_teeth_in_a_file_beside_them_is_checked_or_told(tmp_path: Path, suffix: str) -> None:
    labels, around = with_structures()
    beside = around.with_array(exchanged(around.array))
    write_labelmap(labels, tmp_path / "whole.nii.gz", structures=beside)
    export_result(tmp_path / "whole.nii.gz", tmp_path, "seg.nrrd")
    teeth_path, structures_path = tmp_path / "whole_teeth.seg.nrrd", tmp_path / "whole_structures.seg.nrrd"
    if suffix == ".nii.gz":
        teeth_path = write_labelmap(labels, tmp_path / f"whole_teeth{suffix}")
        structures_path = structures_path.rename(tmp_path / f"whole_structures{suffix}")
    examined = check_file(teeth_path)
    wrong = [finding.code for finding in examined.findings if finding.code == "structure_wrong_side"]
    (told,) = [text for text in examined.report["warnings"] if structures_path.name in text]
    if suffix == ".seg.nrrd":
        assert len(wrong) == 4 and told.startswith("What lies around the teeth was taken from ")
        structures_path.unlink()
        assert not check_file(teeth_path).report["warnings"]
    else:
        assert not wrong and "was not read, so nothing is said of what lies around the teeth" in told


def exchanged(beside: np.ndarray) -> np.ndarray:
    table = np.arange(256, dtype=np.uint8)
    for one in STRUCTURES:
        if one.side is not None:
            other = {"left": "right", "right": "left"}[one.side]
            table[one.value] = structure(f"{one.key.removesuffix(one.side)}{other}").value
    return table[beside]


@pytest.mark.parametrize("mirrored_too", [True, False], ids=["mirrored as a whole", "teeth alone mirrored"])
def test_what_lies_around_mirrored_teeth_is_exchanged_with_them_where_it_is_mirrored_too(
    tmp_path: Path, mirrored_too: bool
) -> None:
    labels, around = with_structures()
    table = np.array([mirrored(fdi) if is_tooth(fdi) else 0 for fdi in range(256)], np.uint8)
    beside = around.with_array(exchanged(around.array)) if mirrored_too else around
    assert (beside.array != around.array).any() == mirrored_too
    path = write_labelmap(labels.with_array(table[labels.array]), tmp_path / "mirrored.nii.gz", structures=beside)
    codes = [finding.code for finding in check_file(path).findings]
    assert ("structure_wrong_side" in codes) == mirrored_too
    run = repair_file(path, tmp_path / "right.nii.gz", finding=codes.index("left_right_mirrored") + 1)
    assert run.done == ["Exchange left and right for all teeth"]
    assert "structure_wrong_side" not in [finding.code for finding in run.after]
    read = read_label_map(tmp_path / "right.nii.gz")
    np.testing.assert_array_equal(read.teeth.array, labels.array)
    sided = [one.value for one in STRUCTURES if one.side is not None]
    there = np.isin(around.array, sided) & (labels.array == 0)
    assert there.any()
    np.testing.assert_array_equal(read.structures.array[there], around.array[there])


def test_only_the_sinuses_go_with_the_upper_teeth() -> None:
    labels, around = with_structures()
    upper = [fdi for fdi in range(11, 29) if is_tooth(fdi)]
    table = np.arange(256, dtype=np.uint8)
    table[upper] = [mirrored(fdi) for fdi in upper]
    wrong, beside = labels.with_array(table[labels.array]), around.with_array(exchanged(around.array))
    edit = make_sides_edit(beside, wrong.with_array(labels.array), swap_sides("upper"))
    after = edit.apply(beside.array.copy())
    sinuses = np.isin(around.array, [structure(f"sinus_{side}").value for side in ("left", "right")])
    assert sinuses.any()
    np.testing.assert_array_equal(after[sinuses], around.array[sinuses])
    np.testing.assert_array_equal(after[~sinuses], beside.array[~sinuses])
    np.testing.assert_array_equal(edit.undo(after), beside.array)
    assert make_sides_edit(around, labels, swap_sides("upper")) is None


@pytest.mark.parametrize(("mm", "shown"), [(0.25, 0.3), (0.2, 0.2), (0.21, 0.3), (0.30000001, 0.3)])
def test_an_uncertainty_is_never_shown_smaller_than_it_is(mm: float, shown: float) -> None:
    assert shown_uncertainty(mm) == pytest.approx(shown)


def test_a_canal_in_pieces_is_told_with_its_gap_and_joined() -> None:
    array, beside = interrupted(5.0)
    (finding,) = found(array, beside)["canal_in_pieces"]
    assert finding.message == "The left mandibular canal is in 2 pieces; the widest gap is 5.0 mm."
    assert finding.position_ras == pytest.approx((-CANAL_R, -6.0, CANAL_S), abs=CANAL_RADIUS + SPACING)
    (repair,) = repairs_for(finding)
    assert repair.title == (
        "Join the pieces of the left mandibular canal along the jaw; 5.0 mm of it are drawn without being seen"
    )
    labels, around = volume(array), volume(beside)
    edit = make_structure_edit(around, labels, repair)
    before = around.array.copy()
    edit.apply(around.array)
    assert found(array, around.array) == {}
    whole = structures(teeth())
    drawn = (around.array == LEFT) & (before != LEFT)
    wanted = (whole == LEFT) & (before != LEFT)
    assert 2 * (drawn & wanted).sum() / (drawn.sum() + wanted.sum()) > 0.85
    assert not (drawn & (array > 0)).any()
    edit.undo(around.array)
    np.testing.assert_array_equal(around.array, before)


def test_what_cannot_be_joined_says_why() -> None:
    array, beside = interrupted(14.0)
    with pytest.raises(RepairRefusedError, match="lie 14 mm apart, too far to be joined: draw the part between"):
        make_structure_edit(volume(beside), volume(array), join_canal("canal_left", 14.0))
    tidy = structures(teeth())
    with pytest.raises(RepairRefusedError, match="is in one piece: there is nothing to join"):
        make_structure_edit(volume(tidy), volume(teeth()), join_canal("canal_left", 1.0))
    with pytest.raises(RepairRefusedError, match="There is no mandibular canal here"):
        make_structure_edit(volume(tidy), volume(teeth()), join_canal("canal", 1.0))


def test_a_file_is_repaired(tmp_path: Path) -> None:
    array, beside = interrupted(5.0)
    path = write_labelmap(volume(array), tmp_path / "a.nii.gz", structures=volume(beside))
    number = 1 + next(i for i, f in enumerate(check_file(path).findings) if f.repair == "join_canal")
    run = repair_file(path, tmp_path / "b.nii.gz", finding=number)
    assert run.done == [
        "Join the pieces of the left mandibular canal along the jaw; 5.0 mm of it are drawn without being seen"
    ]
    read = read_label_map(tmp_path / "b.nii.gz")
    np.testing.assert_array_equal(read.teeth.array, array)
    assert read.structures is not None and found(array, read.structures.array) == {}
    same = (read.structures.array == beside) | (beside == structure("mandible").value)  # in which the gap was drawn
    assert same[beside != structure("enamel").value].all()
    assert structures_without_value(volume(array), volume(beside), "fdi") == ["enamel"]


def bent(rng: np.random.Generator, gap_mm: float) -> tuple[Volume, np.ndarray]:
    """A canal on a circle of 30 mm radius without an arc, in any direction: the grid, and its mask."""
    labels = grid((0.4, 0.4, 0.4), (44.0, 44.0, 16.0), rng)
    index = np.moveaxis(np.indices(labels.shape), 0, -1)
    flat = labels.index_to_ras(index)
    middle = labels.index_to_ras((np.array(labels.shape) - 1) / 2)
    step = np.reshape(labels.direction, (3, 3)) * np.array([[-1.0], [-1.0], [1.0]])
    x, y, z = ((flat - middle) @ step[:, k] for k in range(3))
    x, y = x + 20.0, y + 20.0
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    ring = np.hypot(radius - 26.0, z) <= 1.5
    return labels, ring & (np.abs(angle - np.pi / 4) > gap_mm / 26.0 / 2) & (x > 2) & (y > 2)


def test_the_gap_of_a_bent_canal_follows_its_bend() -> None:
    labels, mask = bent(np.random.default_rng(3), 8.0)
    (whole_labels, whole), teeth_there = bent(np.random.default_rng(3), 0.0), np.zeros(mask.shape, np.uint8)
    np.testing.assert_allclose(whole_labels.origin, labels.origin)
    around = labels.with_array(np.where(mask, LEFT, 0).astype(np.uint8))
    box = box_of(slice(0, n) for n in mask.shape)
    pieces = pieces_of(mask, box, labels)
    assert [piece.number_of_ends for piece in pieces] == [2, 2]
    assert all(piece.radius_mm == pytest.approx(1.5, abs=0.25) for piece in pieces)
    (gap,) = gaps_between(pieces)
    edit = make_structure_edit(around, labels.with_array(teeth_there), join_canal("canal_left", 8.0))
    edit.apply(around.array)
    drawn, wanted = (around.array == LEFT) & ~mask, whole & ~mask
    assert gap.line.length_mm == pytest.approx(2 * 26 * np.sin(8.0 / 26 / 2), abs=0.8)
    assert 2 * (drawn & wanted).sum() / (drawn.sum() + wanted.sum()) > 0.8


def test_a_branch_is_counted() -> None:
    labels = grid((0.4, 0.4, 0.4), (40.0, 20.0, 10.0), None)
    where = places(labels)
    stem = (tube(where, np.zeros(3), np.array([1.0, 0.0, 0.0]), 1.4) <= 0) & (np.abs(where[..., 0]) < 18)
    side = np.array([0.6, 0.8, 0.0])
    branch = (tube(where, np.zeros(3), side, 1.2) <= 0) & (where @ side > 0) & (where @ side < 11)
    box = box_of(slice(0, n) for n in labels.shape)
    assert pieces_of(stem, box, labels)[0].number_of_ends == 2
    assert pieces_of(stem | branch, box, labels)[0].number_of_ends == 3


def test_sides_are_told_by_the_image() -> None:
    array = teeth()
    beside = structures(array)
    swapped = beside.copy()
    for left, right in (("canal_left", "canal_right"), ("sinus_left", "sinus_right")):
        a, b = structure(left).value, structure(right).value
        swapped[beside == a], swapped[beside == b] = b, a
    told = found(array, swapped)["structure_wrong_side"]
    assert {finding.detail["structure"] for finding in told} == {
        "canal_left", "canal_right", "sinus_left", "sinus_right"
    }  # fmt: skip
    assert all(finding.severity == "error" for finding in told)
    said = {finding.message.split(":")[0] for finding in told}
    assert "The left mandibular canal lies on the patient's right" in said
    alone = beside.copy()
    alone[alone == structure("canal_right").value] = 0
    assert "structure_wrong_side" not in found(array, alone)
    alone[alone == LEFT] = structure("canal_right").value
    (finding,) = found(array, alone)["structure_wrong_side"]
    assert finding.detail == {"structure": "canal_right", "side": "left"}


def test_a_tooth_that_no_bone_holds_is_told() -> None:
    array = teeth()
    beside = structures(array)
    r, a, s = axes()
    far = place(37)
    bone = beside == structure("mandible").value
    beside[bone & (np.hypot(r - far[0], a - far[1]) < 10) & (s > -26)] = 0
    told = found(array, beside)["tooth_outside_jaw"]
    assert [finding.teeth for finding in told] == [(37,)] and told[0].detail["mm"] > 3
    assert repairs_for(told[0])[0].kind == "delete"


def test_an_implants_crown_is_no_tooth() -> None:
    array = teeth()
    beside = structures(array)
    r, a, s = axes()
    x, y, z = place(36)
    below = (np.hypot(r - x, a - y) <= 2.0) & (s < z) & (s > z - 12)
    beside[below] = structure("implant").value
    array[below] = 0
    (finding,) = found(array, beside)["implant_as_tooth"]
    assert finding.teeth == (36,) and finding.detail["contact_mm2"] >= 4.0
    labels, around = with_structures(36)
    around.array[below] = structure("implant").value
    assert "implant_as_tooth" not in found(labels.array, around.array)
