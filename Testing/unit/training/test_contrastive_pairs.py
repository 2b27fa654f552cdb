"""Pairs of a phantom and the scans that belong to it: in one frame, disturbed as told, the same for a seed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is installed with [test] on Python 3.11 only")

from scipy import ndimage  # noqa: E402
from toy_pairs import write_people  # noqa: E402
from training_toys import toy_dentition  # noqa: E402

from DentalTopoSegLib.errors import InputError  # noqa: E402
from training.contrastive import pairs  # noqa: E402
from training.contrastive.belonging import (  # noqa: E402
    FLIP,
    NOT_ROOTED,
    UNDISTURBED,
    Disturbances,
    is_mirrored,
    read_scanned,
    scans_of,
    to_scanner,
    without_borrowed,
)
from training.contrastive.pairs import (  # noqa: E402
    PairPlan,
    load_pair,
    make_pair,
    person_of,
    save_pair,
    split_pairs,
    write_pairs,
)
from training.patients.anatomy import Patient, mirror_model, sample_patient  # noqa: E402
from training.patients.parts import Part  # noqa: E402
from training.patients.placed_tooth import PlacedTooth  # noqa: E402
from training.patients.rooted_teeth import load_dentition  # noqa: E402
from training.patients.sampler import turn_head  # noqa: E402

PLAN = PairPlan(spacing_mm=0.8, shape=(40, 80, 88), views=2, area_mm2=2.0)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("people")
    return write_people(folder, {"train": ["001", "002"], "validation": ["003"]})


@pytest.fixture(scope="module")
def models(people: tuple[Path, Path]) -> list:
    return load_dentition(people[0] / "train" / "001.npz")


def drawn(models: list, seed: int) -> Patient:
    rng = np.random.default_rng(seed)
    patient = without_borrowed(sample_patient(models, [models], rng), models)
    return turn_head(patient, rng.normal(0, 0.1, 3))


def rms(motion: np.ndarray) -> float:
    return float(np.sqrt((motion**2).sum(-1).mean()))


@pytest.mark.parametrize("seed", [0, 1])
def test_scanned_crowns_lie_on_the_surface_of_the_phantoms_teeth(people, models, seed: int) -> None:
    rng = np.random.default_rng(seed)
    plan = replace(PLAN, spacing_mm=0.7, shape=(44, 92, 100), views=1)
    pair = make_pair("001", models, [models], people[1], plan, UNDISTURBED, rng)
    tooth = pair.labels > 0
    depth = (ndimage.distance_transform_edt(~tooth) - ndimage.distance_transform_edt(tooth)) * pair.spacing
    for which, clouds in pair.clouds.items():
        points = clouds[0]["points"][clouds[0]["labels"] > 0] * FLIP[which]
        index = ((points - pair.origin) / pair.spacing)[:, ::-1]
        inside = ((index > 1) & (index < np.array(plan.shape) - 2)).all(1)
        assert inside.mean() > 0.5
        away = np.abs(ndimage.map_coordinates(depth, index[inside].T, order=1))
        assert np.median(away) < 0.4 and np.percentile(away, 90) < 1.0  # of 0.7 mm voxels


def test_a_mirrored_patient_gets_a_mirrored_scan(people, models) -> None:
    found = {is_mirrored(drawn(models, seed), models) for seed in range(8)}
    assert found == {False, True}
    plain = Patient(
        [PlacedTooth(m, m.rotation, m.centre) for m in models], {}, np.zeros(3), {}, {}, np.zeros((0, 7)), 0
    )
    other = replace(plain, teeth=[PlacedTooth(m, m.rotation, m.centre) for m in map(mirror_model, models)])
    assert not is_mirrored(plain, models) and is_mirrored(other, models)
    scanned = read_scanned(people[1], "001")
    for patient, sign in ((plain, 1.0), (other, -1.0)):
        scans = scans_of(patient, models, scanned, UNDISTURBED, np.random.default_rng(0))
        for which, jaw in scans.items():
            expected = scanned[which].vertices * [sign, 1, 1]
            np.testing.assert_allclose(jaw.vertices * FLIP[which], expected, atol=1e-4)


def test_classes_follow_the_side_of_a_mirrored_scan(people) -> None:
    jaw = read_scanned(people[1], "001")["lower"]
    other = jaw.mirrored()
    corners = other.vertices[other.faces].mean(1)
    right = other.face_fdi // 10 == 4
    assert (corners[right][:, 0] > 0).all()
    assert set(np.unique(other.classes[right])) <= set(range(1, 9))


def test_absent_and_unerupted_teeth_are_not_on_the_scan(people, models) -> None:
    teeth = [PlacedTooth(m, m.rotation, m.centre) for m in models]
    teeth = [replace(t, restoration="absent") if t.fdi == 36 else t for t in teeth]
    teeth = [replace(t, erupted=False) if t.fdi == 43 else t for t in teeth]
    patient = Patient(teeth, {}, np.zeros(3), {}, {}, np.zeros((0, 7)), 0)
    scanned = read_scanned(people[1], "001")
    jaw = scans_of(patient, models, scanned, UNDISTURBED, np.random.default_rng(0))["lower"]
    assert not set(np.unique(jaw.classes)) & {14, 3}  # 36 is position 6 at x < 0, 43 position 3 at x > 0
    assert {13, 4} <= set(np.unique(jaw.classes))
    assert (jaw.faces < len(jaw.vertices)).all() and np.isfinite(jaw.vertices).all()


def test_crowns_find_their_teeth_by_place_whatever_the_reference_calls_them(people, models) -> None:
    jaw = read_scanned(people[1], "001")["lower"]
    table = np.arange(256, dtype=np.uint8)
    table[[45, 46, 47]] = 44, 45, 46  # the reference goes on counting over a closed gap
    table[44] = 43
    other = replace(jaw, face_fdi=table[np.where(jaw.face_fdi == 43, 0, jaw.face_fdi)])
    back = other.numbered_as(models)
    np.testing.assert_array_equal(back.face_fdi, np.where(jaw.face_fdi == 43, 0, jaw.face_fdi))
    fewer = jaw.numbered_as([model for model in models if model.fdi != 36])
    assert set(fewer.face_fdi[jaw.face_fdi == 36]) == {NOT_ROOTED}
    assert set(fewer.mirrored().face_fdi[jaw.face_fdi == 36]) == {NOT_ROOTED}


def test_a_jaw_without_teeth_has_no_scan(people, models) -> None:
    teeth = [PlacedTooth(m, m.rotation, m.centre, restoration="absent" if m.fdi > 30 else "") for m in models]
    patient = Patient(teeth, {}, np.zeros(3), {}, {}, np.zeros((0, 7)), 0)
    scanned = read_scanned(people[1], "001")
    assert list(scans_of(patient, models, scanned, UNDISTURBED, np.random.default_rng(0))) == ["upper"]


def test_registration_is_off_by_no_more_than_told_and_other_times_move_teeth(people, models) -> None:
    patient = drawn(models, 2)
    scanned = read_scanned(people[1], "001")

    def made(plan: Disturbances, seed: int) -> np.ndarray:
        return scans_of(patient, models, scanned, plan, np.random.default_rng(seed))["upper"].vertices

    sound = made(UNDISTURBED, 0)
    off = [rms(made(replace(UNDISTURBED, registration_mm=0.5), seed) - sound) for seed in range(12)]
    assert max(off) <= 0.5 + 1e-3 and max(off) > 0.2 and min(off) < 0.2
    moved = made(replace(UNDISTURBED, moved=1.0, moved_mm=0.3, moved_deg=2.0), 1)
    assert 0.1 < rms(moved - sound) < 1.5
    filled = np.linalg.norm(made(replace(UNDISTURBED, filled=1.0), 1) - sound, axis=1)
    assert 0.01 < (filled > 1e-6).mean() < 0.6 and 0.05 < filled.max() < 3.0


def test_a_jaw_may_be_missing_and_a_scan_be_a_part(people, models) -> None:
    patient, scanned = drawn(models, 2), read_scanned(people[1], "001")
    both = scans_of(patient, models, scanned, UNDISTURBED, np.random.default_rng(0))
    assert sorted(both) == ["lower", "upper"]
    one = scans_of(patient, models, scanned, replace(UNDISTURBED, missing_jaw=1.0), np.random.default_rng(0))
    assert len(one) == 1
    parts = scans_of(patient, models, scanned, replace(UNDISTURBED, part=1.0), np.random.default_rng(0))
    assert all(len(parts[which].faces) < 0.95 * len(both[which].faces) for which in both)


def test_third_molars_of_other_people_are_out_only_where_they_have_not_erupted(models) -> None:
    donor = replace(toy_dentition()[6], fdi=18, centre=np.array([23.0, -20.0, 5.0], np.float32))
    teeth = [PlacedTooth(m, m.rotation, m.centre) for m in models]
    teeth += [PlacedTooth(donor, donor.rotation, donor.centre), PlacedTooth(donor, donor.rotation, donor.centre)]
    teeth[-1] = replace(teeth[-1], erupted=False)
    patient = Patient(teeth, {}, np.zeros(3), {}, {}, np.zeros((0, 7)), 0)
    left = without_borrowed(patient, models).teeth
    assert [t.restoration for t in left[-2:]] == ["absent", ""]
    assert all(t.restoration == "" for t in left[:-2])


def test_the_head_is_turned_as_the_renderer_turns_it(models) -> None:
    from training.patients.canvas import Grid
    from training.patients.material_maps import _posed_points

    patient = turn_head(drawn(models, 1), np.array([0.2, -0.1, 0.15]))
    grid = Grid(np.array([-3.0, 2.0, 1.0]), 2.0, (2, 2, 2))
    inside = _posed_points(patient, grid, 0.0, torch.Generator().manual_seed(0), "cpu").reshape(-1, 3).numpy()
    np.testing.assert_allclose(to_scanner(patient, inside), grid.points().reshape(-1, 3).numpy(), atol=1e-4)


def test_a_pair_is_the_same_for_a_seed_and_comes_back_from_its_file(people, models, tmp_path: Path) -> None:
    disturbances = Disturbances()
    one, again = (
        make_pair("001", models, [models], people[1], PLAN, disturbances, np.random.default_rng(5)) for _ in range(2)
    )
    save_pair(tmp_path / "001_000.npz", one)
    back = load_pair(tmp_path / "001_000.npz")
    for other in (again, back):
        assert other.person == "001" and other.spacing == one.spacing
        for name in ("image", "inside", "labels", "origin"):
            np.testing.assert_array_equal(getattr(other, name), getattr(one, name))
        assert list(other.clouds) == list(one.clouds)
        for which, views in one.clouds.items():
            for mine, theirs in zip(views, other.clouds[which], strict=True):
                assert sorted(mine) == sorted(theirs)
                np.testing.assert_array_equal(mine["points"], theirs["points"])
    different = make_pair("001", models, [models], people[1], PLAN, disturbances, np.random.default_rng(6))
    assert not np.array_equal(different.image, one.image)


def test_pairs_are_drawn_once_and_a_fold_trains_on_nobody_it_holds_out(people, tmp_path: Path) -> None:
    rooted, scans = people
    plan = replace(PLAN, spacing_mm=1.6, shape=(20, 40, 44), area_mm2=4.0, views=1)
    assert write_pairs(rooted, scans, tmp_path, 1, plan=plan) == 3
    for name in ("001", "002"):
        shutil.copy(tmp_path / "train" / f"{name}_000.npz", tmp_path / "train" / f"{name}_001.npz")
    assert write_pairs(rooted, scans, tmp_path, 2, plan=plan, part=Part(1, 1)) == 1  # the validation's second
    train, held = split_pairs(tmp_path, scans, None)
    assert [p.stem for p in train] == ["001_000", "002_000", "001_001", "002_001"]
    assert {person_of(p) for p in held} == {"003"}
    for seed in range(4):  # half of the people, with all their pairs
        half = split_pairs(tmp_path, scans, None, share=0.5, seed=seed)[0]
        assert len(half) == 2 and len({person_of(p) for p in half}) == 1
    assert len({split_pairs(tmp_path, scans, None, 0.5, seed)[0][0].stem for seed in range(8)}) == 2
    from training.surfaces.jaws import fold_of, patients

    fold = fold_of("001_upper", patients(scans))
    assert {person_of(p) for p in split_pairs(tmp_path, scans, fold)[0]} == {"002"}


def test_shares_of_the_people_lie_within_one_another(people, tmp_path: Path) -> None:
    for k in range(1, 12):
        (tmp_path / "train").mkdir(exist_ok=True)
        (tmp_path / "train" / f"{k:03d}_000.npz").touch()
    (tmp_path / "validation").mkdir()
    (tmp_path / "validation" / "050_000.npz").touch()
    shares = [set(split_pairs(tmp_path, people[1], None, share, seed=3)[0]) for share in (0.25, 0.5, 0.75, 1.0)]
    assert [len(one) for one in shares] == [3, 6, 8, 11]
    assert all(small < large for small, large in pairwise(shares))


def test_a_fold_lends_no_tooth_to_another_one(people, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Impacted third molars of held-out people would be seen in the CBCTs of others."""
    rooted, scans = people
    lent: dict[str, int] = {}

    def remember(person: str, models: list, donors: list, *_) -> str:
        lent[person] = len(donors)
        assert any(donor is models for donor in donors)
        return person

    monkeypatch.setattr(pairs, "make_pair", remember)
    monkeypatch.setattr(pairs, "save_pair", lambda path, _: path.touch())
    monkeypatch.setattr(pairs, "fold_of", lambda name, _: 0)
    write_pairs(rooted, scans, tmp_path / "one", 1)
    assert lent == {"001": 2, "002": 2, "003": 1}
    monkeypatch.setattr(pairs, "fold_of", lambda name, _: int(name[:3]))
    write_pairs(rooted, scans, tmp_path / "two", 1)
    assert lent == {"001": 1, "002": 1, "003": 1}


def test_a_person_on_both_sides_is_refused(people, tmp_path: Path) -> None:
    for split, name in (("train", "071_000"), ("validation", "095_000")):  # one person, scanned twice
        (tmp_path / split).mkdir()
        (tmp_path / split / f"{name}.npz").touch()
    with pytest.raises(InputError, match="071 for training and for validation"):
        split_pairs(tmp_path, people[1], None)


def test_no_pairs_and_no_rooted_teeth_are_refused(people, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no pairs for training"):
        split_pairs(tmp_path, people[1], None)
    with pytest.raises(InputError, match="run root-teeth first"):
        write_pairs(tmp_path, people[1], tmp_path / "out", 1)
