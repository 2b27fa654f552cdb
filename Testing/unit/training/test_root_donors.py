"""Donors of roots on small made teeth: no data pack, no downloads."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from DentalTopoSegLib.dentition import arch_order, is_right, is_upper, volume_range_mm3
from DentalTopoSegLib.errors import InputError
from training.patients import root_donors, rooted_teeth
from training.patients.anatomy import sample_patient
from training.patients.autojaw_numbers import AUTOJAW_FDI
from training.patients.root_donors import Donor, donor_templates, label_surfaces, shared_numbers, templates


def cone(tip: np.ndarray, crown: np.ndarray, radius: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    """Points and normals of a tapered rod, wide at the crown."""
    axis = (crown - tip) / np.linalg.norm(crown - tip)
    side = np.cross(axis, [1.0, 0.0, 0.0])
    side /= np.linalg.norm(side)
    other = np.cross(axis, side)
    angle, share = np.meshgrid(np.linspace(0, 2 * np.pi, 24, endpoint=False), np.linspace(0, 1, 30))
    outward = np.cos(angle)[..., None] * side + np.sin(angle)[..., None] * other
    points = tip + share[..., None] * (crown - tip) + radius * (0.2 + 0.8 * share)[..., None] * outward
    return points.reshape(-1, 3), outward.reshape(-1, 3)


def lower_jaw(name: str, missing: tuple[int, ...] = (), slope: float = 0.0, lean: float = 0.0) -> Donor:
    """Lower teeth along a parabola; `slope` of the occlusal plane (rise per mm backwards), 47 leaning by `lean` rad."""
    teeth = {}
    for place, fdi in enumerate(arch_order("lower")):
        if fdi in missing:
            continue
        x = (7.5 - place) * 3.2
        crown = np.array([x, -0.06 * x * x, 0.0])
        crown[2] = -slope * crown[1]
        # a level arch turned: roots stay square to the plane of the crowns
        root = np.array([0.0, slope, 1.0]) / np.hypot(slope, 1.0)
        if fdi == 47:
            root = np.array([0.0, np.sin(lean), np.cos(lean)])
        teeth[fdi] = cone(crown - 18.0 * root, crown)
    return Donor(name, teeth)


def test_a_tooth_serves_its_own_side_and_the_other():
    found = templates([lower_jaw("somebody", missing=(41, 42))], held_out=False)
    assert len(found[36]) == len(found[46]) == 2
    assert len(found[31]) == len(found[41]) == 1


def test_held_out_roots_are_never_in_training_and_training_s_only_where_none_is_held_out():
    shared, kept = lower_jaw("autojaw/p04"), lower_jaw("autojaw/p12", missing=(36, 46))
    assert not shared.held_out
    assert kept.held_out
    training, validation = templates([shared, kept], False), templates([shared, kept], True)
    ours = {id(t) for teeth in training.values() for t in teeth}
    assert [fdi for fdi in training if any(id(t) in ours for t in validation[fdi])] == []
    assert all(len(training[fdi]) == 2 for fdi in training)
    assert len(validation[35]) == 2
    for one, other in zip(validation[36], training[36], strict=True):
        np.testing.assert_array_equal(one.points, other.points)
    assert shared_numbers([shared, kept]) == [36, 46]


def test_templates_stand_in_the_frame_of_the_tooth():
    for fdi, template in donor_templates(lower_jaw("somebody")).items():
        low, high = template.points[:, 2].min(), template.points[:, 2].max()
        assert low < -12 < 0 < high, fdi
        assert abs(template.points[template.points[:, 2] > -2].mean(0)[:2]).max() < 0.5, fdi
        assert np.linalg.norm(template.normals, axis=1) == pytest.approx(1.0)


def test_a_jaw_that_slopes_is_levelled():
    level, sloping = donor_templates(lower_jaw("a")), donor_templates(lower_jaw("b", slope=0.4))
    for fdi in (31, 34, 36, 43, 46):
        tip = [t[fdi].points[t[fdi].points[:, 2].argmin()] for t in (level, sloping)]
        np.testing.assert_allclose(tip[1], tip[0], atol=1.5)


def test_a_tipped_molar_is_set_upright():
    tipped = donor_templates(lower_jaw("somebody", lean=np.deg2rad(50)))[47].points
    tip = tipped[tipped[:, 2] < tipped[:, 2].min() + 1].mean(0)
    assert np.hypot(*tip[:2]) < 2.5


def test_surfaces_of_labels_lie_where_the_file_says(tmp_path):
    labels = np.zeros((30, 40, 50), np.uint8)  # z, y, x
    z, y, x = np.indices(labels.shape)
    labels[(z - 14) ** 2 + (y - 25) ** 2 + (x - 12) ** 2 <= 8**2] = 7
    labels[2:4, 2:4, 45:47] = 7  # a crumb
    image = sitk.GetImageFromArray(labels)
    image.SetSpacing((0.25, 0.25, 0.25))
    image.SetOrigin((10.0, 20.0, 30.0))  # LPS
    path = tmp_path / "map.nii.gz"
    sitk.WriteImage(image, str(path))
    points, normals = label_surfaces(path, {7: 36})[36]
    centre = np.array([-(10 + 3.0), -(20 + 6.25), 30 + 3.5])  # RAS: the patient's right is +x
    np.testing.assert_allclose(points.mean(0), centre, atol=0.05)
    radius = np.linalg.norm(points - centre, axis=1)
    assert radius.mean() == pytest.approx(2.0, abs=0.12)
    assert radius.std() < 0.1
    assert ((points - centre) / radius[:, None] * normals).sum(1).min() > 0.8
    with pytest.raises(InputError, match=r"map\.nii\.gz: there is no label 9, which should be tooth 11"):
        label_surfaces(path, {9: 11})


def test_labels_that_reach_beyond_their_teeth_are_drawn_in(tmp_path):
    z, y, x = np.indices((40, 40, 40))
    ball = (z - 20) ** 2 + (y - 20) ** 2 + (x - 20) ** 2 <= 12**2
    image = sitk.GetImageFromArray(ball.astype(np.uint8))
    image.SetSpacing((0.25, 0.25, 0.25))
    sitk.WriteImage(image, str(tmp_path / "map.nii.gz"))
    radii = []
    for oversize in (0.0, 0.2):
        points, _ = label_surfaces(tmp_path / "map.nii.gz", {1: 36}, oversize)[36]
        radii.append(np.linalg.norm(points - points.mean(0), axis=1).mean())
    assert radii[0] - radii[1] == pytest.approx(0.2, abs=0.01)


def both_jaws() -> Donor:
    """Level jaws, 5 mm apart, away from the origin; 18 high above its neighbours and 47 leaning."""
    lower = lower_jaw("autojaw/p04", lean=np.deg2rad(50)).teeth
    flip = np.array([1.0, 1.0, -1.0])
    teeth = dict(lower)
    for fdi, (points, normals) in lower_jaw("autojaw/p04").teeth.items():
        above = fdi - 30 if fdi > 40 else fdi - 10
        teeth[above] = (points * flip + [0, 0, 8.0 if above == 18 else 5.0], normals * flip)
    teeth[18] = (teeth[18][0] + [0, 0, 6.0], teeth[18][1])
    return Donor(
        "autojaw/p04", {fdi: (points + [30.0, -40.0, 7.0], normals) for fdi, (points, normals) in teeth.items()}
    )


@pytest.fixture(scope="module")
def whole() -> dict[int, rooted_teeth.ToothModel]:
    return {tooth.fdi: tooth for tooth in rooted_teeth.whole_dentition(both_jaws())}


def test_a_whole_dentition_stands_as_it_stood(whole):
    assert sorted(whole) == sorted(both_jaws().teeth)
    assert whole[11].centre[0] + whole[21].centre[0] == pytest.approx(0.0, abs=0.3)
    assert all((tooth.centre[0] > 0) == is_right(fdi) for fdi, tooth in whole.items())
    assert whole[16].centre[2] - whole[46].centre[2] == pytest.approx(7.0, abs=2.5)  # 5 mm and what crowns are high
    for fdi, tooth in whole.items():
        assert (tooth.rotation[:, 2] @ [0, 0, -1.0 if is_upper(fdi) else 1.0]) > (0.5 if fdi == 47 else 0.9), fdi
        volume = (tooth.sdf < 0).sum() * rooted_teeth.GRID_MM**3
        assert 80 < volume < 600, fdi


def test_crowns_far_below_the_others_are_not_erupted(whole):
    assert [fdi for fdi, tooth in whole.items() if not tooth.erupted] == [18]
    placed = sample_patient(list(whole.values()), [], np.random.default_rng(1)).teeth
    assert all(not tooth.erupted for tooth in placed if tooth.fdi % 10 == 8 and not tooth.model.erupted)


def test_a_tipped_molar_keeps_its_lean_and_has_its_axis(whole):
    axis = whole[47].rotation[:, 2]
    assert np.rad2deg(np.arccos(axis[2])) == pytest.approx(50, abs=8)
    assert np.hypot(*whole[47].apex[:2]) < 3.0


def test_eruption_is_stored_and_older_caches_are_all_erupted(whole, tmp_path):
    rooted_teeth.save_dentition(tmp_path / "new.npz", list(whole.values()))
    assert [t.fdi for t in rooted_teeth.load_dentition(tmp_path / "new.npz") if not t.erupted] == [18]
    with np.load(tmp_path / "new.npz") as data:
        older = {name: array[:25] if name.endswith("_pose") else array for name, array in data.items()}
    np.savez(tmp_path / "old.npz", **older)
    assert all(t.erupted for t in rooted_teeth.load_dentition(tmp_path / "old.npz"))


def test_a_vertex_without_a_direction_is_left_out():
    points, normals = root_donors._with_direction(np.eye(3), np.array([[0.0, 0, 2], [0, 0, 0], [1, 0, 0]]))
    np.testing.assert_array_equal(points, np.eye(3)[[0, 2]])
    np.testing.assert_array_equal(normals, [[0, 0, 1], [1, 0, 0]])


def test_numbers_of_label_maps_are_teeth_and_each_once():
    for patient, numbers in AUTOJAW_FDI.items():
        assert len(set(numbers.values())) == len(numbers), patient
        assert all(volume_range_mm3(fdi) for fdi in numbers.values())
