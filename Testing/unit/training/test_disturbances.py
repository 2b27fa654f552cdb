"""What scanners vary, made on labelled jaws: the teeth stay where they are, and the labels stay theirs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from toy_jaws import toy_jaw

pytest.importorskip("torch", reason="torch is installed with [test] on Python 3.11 only")

from training.evaluation.labelled import find_scans, frame_of_labels, read_scan
from training.surfaces import disturbances
from training.surfaces.bases import closed_base, modelled_base, plaster_model
from training.surfaces.disturbances import DISTURBANCES, TURNED_OUT, disturb, write_jaw
from training.surfaces.jaws import Jaw, class_of, rim_of, tooth_centres

TAKE_TEETH = ("closed gaps", "open gaps", "saddles", "two to four teeth left")
TAKE_PARTS = ("cropped", "quadrant", "piece of 3-4 teeth", "holes")
MOVE = (*TURNED_OUT, "noise", "closed gaps")


def canonical(which: str) -> Jaw:
    toy = toy_jaw(which)
    vertices = toy.vertices * (1 if which == "lower" else np.array([-1, 1, -1]))
    return Jaw(
        f"toy_{which}", which == "upper", vertices - vertices.mean(0), toy.faces.astype(int), class_of(toy.face_fdi)
    )


@pytest.fixture(scope="module", params=["upper", "lower"])
def jaw(request: pytest.FixtureRequest) -> Jaw:
    return canonical(request.param)


def area(jaw: Jaw, rows: np.ndarray) -> float:
    a, b, c = np.moveaxis(jaw.vertices[jaw.faces[rows]], 1, 0)
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


@pytest.mark.parametrize("name", [name for name in DISTURBANCES if name != "500,000 faces"])
def test_each_is_a_labelled_jaw_of_the_same_side(jaw: Jaw, name: str):
    for seed in range(2):
        made = DISTURBANCES[name](jaw, np.random.default_rng(seed))
        assert (made.name, made.upper) == (jaw.name, jaw.upper)
        assert len(made.classes) == len(made.faces) and made.classes.dtype == np.uint8
        assert np.isfinite(made.vertices[made.faces]).all() and (made.classes > 0).any()
        assert made.faces.min() >= 0 and made.faces.max() < len(made.vertices)
        before, after = tooth_centres(jaw), tooth_centres(made)
        kept = np.isfinite(after[:, 0])
        if name in TAKE_TEETH:
            assert kept.sum() < np.isfinite(before[:, 0]).sum()
        elif name not in TAKE_PARTS:
            assert (kept == np.isfinite(before[:, 0])).all()
            if name not in MOVE:
                assert after[kept] == pytest.approx(before[kept], abs=0.5)


@pytest.mark.parametrize("base", [modelled_base, closed_base, plaster_model])
def test_a_base_goes_down_and_around_and_closes_where_it_should(jaw: Jaw, base):
    made = base(jaw, np.random.default_rng(1))
    new = np.arange(len(made.faces)) >= len(jaw.faces)
    assert not made.classes[new].any() and np.array_equal(made.faces[~new], jaw.faces)
    assert made.vertices[:, 2].min() < jaw.vertices[:, 2].min() - 1
    assert np.allclose(made.vertices[: len(jaw.vertices)], jaw.vertices)
    _, first, welded = np.unique(made.vertices.round(4), axis=0, return_index=True, return_inverse=True)
    lowest = made.vertices[first[rim_of(welded[made.faces])[:, 0]], 2]
    foot = lowest < made.vertices[:, 2].min() + 1.0
    # an open base ends in a rim, a closed one in a floor (a point on a straight edge may be left out of it)
    assert foot.sum() > 30 if base is modelled_base else foot.sum() < 15


def test_walls_look_outwards_and_ledges_up(jaw: Jaw):
    made = closed_base(jaw, np.random.default_rng(2))
    new = made.faces[len(jaw.faces) :]
    a, b, c = np.moveaxis(made.vertices[new], 1, 0)
    normals, middles = np.cross(b - a, c - a), (a + b + c) / 3
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
    upright = np.abs(normals[:, 2]) < 0.3
    away = middles[:, :2] - middles[:, :2].mean(0)
    far = upright & (np.linalg.norm(away, axis=1) > np.quantile(np.linalg.norm(away, axis=1), 0.5))
    assert ((normals[far, :2] * away[far]).sum(1) > 0).mean() > 0.95
    floor = middles[:, 2] < np.quantile(middles[:, 2], 0.05)
    assert normals[floor & ~upright, 2].max() < 0


def test_uppers_are_mostly_pointed_and_lowers_mostly_round_but_not_all():
    """The form of a base must not give the jaw away."""
    points = np.random.default_rng(0).uniform(-30, 30, (200, 2))
    corners = {upper: [len(disturbances_outline(points, upper, seed)) for seed in range(60)] for upper in (True, False)}
    pointed = {upper: np.mean([n <= 8 for n in counts]) for upper, counts in corners.items()}
    assert 0.5 < pointed[True] < 0.95 and 0.05 < pointed[False] < 0.5


def disturbances_outline(points: np.ndarray, upper: bool, seed: int) -> np.ndarray:
    from training.surfaces.bases import outline

    corners = outline(points, upper, np.random.default_rng(seed))
    step = np.roll(corners, -1, 0) - corners
    away = points[:, None] - corners
    assert (step[:, 0] * away[..., 1] - step[:, 1] * away[..., 0] > 0).all()  # goes around all of them
    return corners


def test_gum_is_taken_and_given(jaw: Jaw):
    gum = area(jaw, jaw.classes == 0)
    for name, less in (("narrow gum", True), ("no palate", True), ("gum to the fornix", False)):
        made = DISTURBANCES[name](jaw, np.random.default_rng(0))
        assert (area(made, made.classes == 0) < gum) == less
    longer = DISTURBANCES["gum to the fornix"](jaw, np.random.default_rng(0))
    assert longer.vertices[:, 2].min() < jaw.vertices[:, 2].min()


def test_meshes_are_made_coarse_and_fine(jaw: Jaw):
    coarse = disturbances.resolved(jaw, 1_000)
    fine = disturbances.resolved(jaw, 3 * len(jaw.faces))
    assert len(coarse.faces) == pytest.approx(1_000, rel=0.02)
    assert len(fine.faces) == pytest.approx(3 * len(jaw.faces), rel=0.02)
    for made in (coarse, fine):
        for tooth in np.unique(jaw.classes):
            assert area(made, made.classes == tooth) == pytest.approx(area(jaw, jaw.classes == tooth), rel=0.25)


def test_surfaces_turned_over_show_their_back(jaw: Jaw):
    def volume(one: Jaw) -> float:
        a, b, c = np.moveaxis(one.vertices[one.faces] - one.vertices.mean(0), 1, 0)
        return float(np.einsum("ij,ij->", a, np.cross(b, c)))

    for name in TURNED_OUT:
        assert volume(DISTURBANCES[name](jaw, np.random.default_rng(0))) == pytest.approx(-volume(jaw), rel=1e-6)


def test_mixtures_differ_and_repeat(jaw: Jaw):
    made = [disturb(jaw, np.random.default_rng(seed)) for seed in range(12)]
    assert len({len(one.faces) for one in made}) > 6
    again = disturb(jaw, np.random.default_rng(5))
    assert np.array_equal(again.vertices, made[5].vertices) and np.array_equal(again.faces, made[5].faces)


def test_what_is_written_is_read_as_a_labelled_jaw(jaw: Jaw, tmp_path: Path):
    which = "upper" if jaw.upper else "lower"
    write_jaw(jaw, tmp_path / "no palate" / f"toy_{which}.npz")
    (scan,) = find_scans(tmp_path)
    assert (scan.group, scan.name, scan.jaw) == ("no palate", f"toy_{which}", which)
    assert set(scan.face_fdi) == set(toy_jaw(which).face_fdi)
    assert np.degrees(np.arccos((np.trace(frame_of_labels(scan).matrix[:3, :3]) - 1) / 2)) < 12


def test_labels_of_vertices_and_of_teeth3ds_are_read_alike(jaw: Jaw, tmp_path: Path):
    which = "upper" if jaw.upper else "lower"
    toy = toy_jaw(which)
    np.savez(tmp_path / "case.npz", vertices=toy.vertices, faces=toy.faces, vertex_fdi=toy.fdi)
    lines = [f"v {x:.4f} {y:.4f} {z:.4f}" for x, y, z in toy.vertices]
    lines += [f"f {a} {b} {c}" for a, b, c in toy.faces + 1]
    folder = tmp_path / "01ABC"
    folder.mkdir()
    (folder / f"01ABC_{which}.obj").write_text("\n".join(lines))
    (folder / f"01ABC_{which}.json").write_text(json.dumps({"labels": toy.fdi.tolist()}))
    plain, teeth3ds = read_scan(tmp_path / "case.npz"), read_scan(folder / f"01ABC_{which}.obj")
    assert plain.jaw == teeth3ds.jaw == which
    assert np.array_equal(plain.face_fdi, teeth3ds.face_fdi) and np.array_equal(plain.faces, teeth3ds.faces)
    assert len(rim_of(plain.faces)) == len(rim_of(teeth3ds.faces))
