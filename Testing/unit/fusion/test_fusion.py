"""A scan laid over a CBCT: the pose, the fused teeth and what is refused, against phantoms whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_scans import RAS_TO_LPS, MadeScan, centres_of, distance_to_tooth, make_scan, similar_scan
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.jaw_labels import LabelledJaw
from DentalTopoSegLib.files.meshes.geometry import labels_of_faces
from DentalTopoSegLib.fusion import (
    CbctTooth,
    Pose,
    cbct_teeth,
    find_pose,
    fused_tooth,
    match_teeth,
    partner_notes,
    refuse_pose,
)
from DentalTopoSegLib.phantom import Phantom

pytest.importorskip("small_gicp", reason="python -m pip install small_gicp")
pytest.importorskip("vtkmodules", reason="python -m pip install vtk")
trimesh = pytest.importorskip("trimesh", reason="python -m pip install trimesh")


@pytest.fixture(scope="module")
def teeth(phantom: Phantom) -> dict[int, CbctTooth]:
    return cbct_teeth(phantom.image, phantom.labels, [n for n in phantom.teeth if n // 10 in (1, 2)])


@pytest.fixture(scope="module")
def pose(upper_scan: MadeScan, teeth: dict[int, CbctTooth]) -> Pose:
    return find_pose(upper_scan.labelled, teeth)


def with_numbers(scan: LabelledJaw, numbers: dict[int, int]) -> LabelledJaw:
    """The scan with other FDI numbers; those not named become gum."""
    table = np.zeros(256, np.uint8)
    table[list(numbers)] = list(numbers.values())
    fdi = table[scan.fdi]
    return replace(scan, fdi=fdi, face_fdi=labels_of_faces(fdi, scan.surface.faces))


def errors_of(pose: Pose, scan: MadeScan) -> tuple[float, float]:
    """Degrees, and mm in the middle of the crowns, from the true pose."""
    turn = Rotation.from_matrix(pose.matrix[:3, :3] @ scan.matrix[:3, :3].T)
    middle = scan.labelled.surface.vertices[scan.labelled.fdi > 0].mean(0)
    true = scan.matrix[:3, :3] @ middle + scan.matrix[:3, 3]
    return float(np.degrees(turn.magnitude())), float(np.linalg.norm(pose.apply(middle[None])[0] - true))


def test_the_crowns_edge_is_found_finer_than_a_voxel(phantom: Phantom, teeth: dict[int, CbctTooth]) -> None:
    for fdi, tooth in teeth.items():
        assert len(tooth.points) > 300, fdi
        assert distance_to_tooth(phantom.teeth[fdi], tooth.points).mean() < 0.25 * phantom.image.spacing[0], fdi
        assert tooth.axis @ [0, 0, -1] > 0.8


def test_the_pose_is_found_from_any_position(pose: Pose, upper_scan: MadeScan) -> None:
    degrees, millimetres = errors_of(pose, upper_scan)
    assert degrees <= 0.3
    assert millimetres <= 0.1
    refuse_pose(pose, "scan", "upper")
    assert set(pose.residuals) == set(np.unique(upper_scan.labelled.fdi)) - {0}
    assert all(r.median_mm <= r.p95_mm and r.median_mm < 0.15 for r in pose.residuals.values())


def test_a_scan_inside_out_is_laid_as_well(upper_scan: MadeScan, teeth: dict[int, CbctTooth]) -> None:
    scan = upper_scan.labelled
    surface = replace(scan.surface, faces=scan.surface.faces[:, ::-1])
    turned = find_pose(replace(scan, surface=surface), teeth)
    assert turned.flipped
    refuse_pose(turned, "scan", "upper")


def test_fused_teeth_are_watertight_and_have_the_true_crown(
    phantom: Phantom, teeth: dict[int, CbctTooth], upper_scan: MadeScan, pose: Pose
) -> None:
    match = match_teeth(upper_scan.labelled, pose, teeth)
    assert match.pairs == {fdi: fdi for fdi in teeth}
    assert partner_notes(match) == []
    crowns = []
    for fdi, tooth in teeth.items():
        found = fused_tooth(tooth, upper_scan.labelled, fdi, pose)
        fused = found.surface
        assert found.scanned[fused.vertices @ tooth.axis > (fused.vertices @ tooth.axis).max() - 3].mean() > 0.5
        assert not found.scanned[fused.vertices @ tooth.axis < (fused.vertices @ tooth.axis).min() + 5].any()
        mesh = trimesh.Trimesh(fused.vertices, fused.faces, process=False)
        assert mesh.is_watertight
        assert mesh.volume > 0
        height = phantom.teeth[fdi].frame((fused.vertices * RAS_TO_LPS).astype(np.float32))[2]
        crowns.append(distance_to_tooth(phantom.teeth[fdi], fused.vertices[height > 1.5]).mean())
        before = tooth.surface.vertices[tooth.crown]
        assert crowns[-1] < distance_to_tooth(phantom.teeth[fdi], before).mean(), fdi
        # the root is the CBCT's own, whatever the scan is
        low = (tooth.surface.vertices @ tooth.axis).min()
        root = tooth.surface.vertices[tooth.surface.vertices @ tooth.axis < low + 5]
        assert cKDTree(fused.vertices).query(root)[0].max() < 1e-6, fdi
    assert np.mean(crowns) <= 0.07


def test_numbers_shifted_by_one_are_found_and_told(
    upper_scan: MadeScan, teeth: dict[int, CbctTooth], pose: Pose
) -> None:
    shifted = with_numbers(upper_scan.labelled, {fdi: fdi + 1 if fdi // 10 == 1 else fdi for fdi in teeth if fdi != 26})
    found = find_pose(shifted, teeth)
    assert np.allclose(found.matrix, pose.matrix, atol=0.05)
    match = match_teeth(shifted, found, teeth)
    assert match.pairs[16] == 17
    assert partner_notes(match) == ["Tooth 26 of the CBCT has no crown in the scan."]
    assert sum(tooth != number for tooth, number in match.pairs.items()) == 6


def test_another_patients_scan_is_refused(other_patient: MadeScan, teeth: dict[int, CbctTooth]) -> None:
    with pytest.raises(InputError, match=r"'other' does not fit the upper jaw of the CBCT.*same patient"):
        refuse_pose(find_pose(other_patient.labelled, teeth), "other", "upper")


def test_other_teeth_in_the_very_same_arch_are_refused(
    other_patient: MadeScan, upper_scan: MadeScan, teeth: dict[int, CbctTooth]
) -> None:
    """As like a patient as can be: every crown stands where its namesake does."""
    similar = similar_scan(other_patient, upper_scan)
    middles, own = centres_of(similar), centres_of(upper_scan.labelled)
    assert all(np.allclose(middles[fdi], own[fdi], atol=0.01) for fdi in own)
    with pytest.raises(InputError, match=r"does not fit the upper jaw of the CBCT.*same patient"):
        refuse_pose(find_pose(similar, teeth), "similar", "upper")


def test_a_patient_whose_tooth_has_moved_is_taken_and_the_tooth_is_told(
    upper_scan: MadeScan, teeth: dict[int, CbctTooth]
) -> None:
    """The same teeth, one of them half a millimetre further out: the right patient."""
    scan = upper_scan.labelled
    middles = centres_of(scan)
    outwards = middles[13] - np.mean(list(middles.values()), axis=0)
    vertices = scan.surface.vertices.copy()
    vertices[scan.fdi == 13] += 0.5 * outwards / np.linalg.norm(outwards)
    moved = replace(scan, surface=replace(scan.surface, vertices=vertices))
    found = find_pose(moved, teeth)
    refuse_pose(found, "scan", "upper")
    degrees, millimetres = errors_of(found, upper_scan)
    assert degrees <= 0.3 and millimetres <= 0.1
    medians = {fdi: residual.median_mm for fdi, residual in found.residuals.items()}
    assert max(medians, key=medians.__getitem__) == 13
    assert medians[13] > 0.15 > 0.1 > sorted(medians.values())[-2]


def test_gum_that_is_labelled_as_teeth_does_not_move_the_scan(
    upper_scan: MadeScan, teeth: dict[int, CbctTooth]
) -> None:
    """All gum has the number of the tooth beside it, and a piece of it one of its own."""
    scan = upper_scan.labelled
    crown, places = scan.fdi > 0, scan.surface.vertices
    fdi = scan.fdi.copy()
    fdi[~crown] = fdi[crown][cKDTree(places[crown]).query(places[~crown])[1]]
    fdi[~crown & (fdi == 16)] = 17
    labelled = replace(scan, fdi=fdi, face_fdi=labels_of_faces(fdi, scan.surface.faces))
    found = find_pose(labelled, teeth)
    refuse_pose(found, "scan", "upper")
    degrees, millimetres = errors_of(found, upper_scan)
    assert degrees <= 0.3 and millimetres <= 0.1
    match = match_teeth(labelled, found, teeth)
    assert match.pairs == {fdi: fdi for fdi in teeth}
    assert match.scan_only == [17]
    assert partner_notes(match) == ["Tooth 17 of the scan lies upon no tooth of the CBCT."]
    fused = fused_tooth(teeth[11], labelled, 11, found).surface
    assert trimesh.Trimesh(fused.vertices, fused.faces, process=False).is_watertight


def test_metal_and_its_streaks_do_not_move_the_scan(metal: Phantom) -> None:
    """Fillings and crowns on most side teeth, with their streaks over the crowns."""
    scan = make_scan(metal, "upper", seed=5, spacing=0.25)
    numbers = [n for n in metal.teeth if n // 10 in (1, 2)]
    assert len(set(metal.metal) & set(numbers)) >= 2
    crowns = cbct_teeth(metal.image, metal.labels, numbers)
    found = find_pose(scan.labelled, crowns)
    refuse_pose(found, "scan", "upper")
    degrees, millimetres = errors_of(found, scan)
    assert degrees <= 0.3 and millimetres <= 0.1
    errors = []
    for fdi in numbers:
        fused = fused_tooth(crowns[fdi], scan.labelled, fdi, found).surface
        height = metal.teeth[fdi].frame((fused.vertices * RAS_TO_LPS).astype(np.float32))[2]
        errors.append(distance_to_tooth(metal.teeth[fdi], fused.vertices[height > 1.5]).mean())
    assert np.mean(errors) <= 0.07


def test_the_other_jaw_is_refused_even_under_this_jaws_numbers(
    lower_scan: MadeScan, teeth: dict[int, CbctTooth]
) -> None:
    swap = {3: 20, 4: 10}
    numbers = {int(n): swap[n // 10] + n % 10 for n in np.unique(lower_scan.labelled.fdi) if n}
    lower = with_numbers(lower_scan.labelled, numbers)
    with pytest.raises(InputError, match="does not fit the upper jaw"):
        refuse_pose(find_pose(lower, teeth), "lower", "upper")


def test_too_few_teeth_are_refused(upper_scan: MadeScan, teeth: dict[int, CbctTooth]) -> None:
    with pytest.raises(InputError, match=r"'few' .* shows the crowns of 2 teeth, and 3 are the least"):
        find_pose(with_numbers(upper_scan.labelled, {11: 11, 16: 16}), teeth, "few")
    with pytest.raises(InputError, match="the CBCT's same jaw shows the crowns of 1 tooth"):
        find_pose(upper_scan.labelled, {11: teeth[11]}, "scan")
