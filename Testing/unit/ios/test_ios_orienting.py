"""A jaw's frame from any frame: the parts that do not need the network, and the network itself where it is shipped."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from DentalTopoSegLib.ios import orienting
from DentalTopoSegLib.networks.models import list_models, load_model

CERTAIN = {"offset": 3.0, "weights": [-1.0, -1.0, -1.0], "jaw_temperature": 2.0}
ORACLE_DEG = 4.0


def horseshoe(count: int = 4000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Points (N, 3) and outward normals of half a torus with a bump, +z occlusal, +y anterior, no symmetry of turns."""
    rng = np.random.default_rng(seed)
    along, around = rng.uniform(0, np.pi, count), rng.uniform(-0.2 * np.pi, 1.2 * np.pi, count)
    tube = 5 + 0.8 * np.cos(9 * along) * np.sin(around)
    normals = np.stack([np.cos(along) * np.cos(around), np.sin(along) * np.cos(around), np.sin(around)], 1)
    middle = np.stack([24 * np.cos(along), 32 * np.sin(along), np.zeros(count)], 1)
    return middle + tube[:, None] * normals, normals


class Oracle:
    """A network that knows the horseshoe: its principal axes, and which way round they are from their skewness.
    wrong(number of the look, of the start) -> it answers upside down."""

    def __init__(self, logit: float = 3.0, wrong=lambda look, start: False) -> None:
        points, _ = horseshoe()
        self.skew = np.sign((orienting.describe_places(orienting.thin_points(points)[0])[:, :3] ** 3).mean(0))
        self.logit, self.wrong, self.calls = logit, wrong, 0
        self.metadata = {"confidence": CERTAIN}

    def __call__(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        axes = []
        for start, seen in enumerate(places[..., :3].astype(np.float64)):
            _, y, z = orienting.principal_frames(seen)[0]
            y = y * np.sign(((seen @ y) ** 3).mean()) * self.skew[1]
            z = z * np.sign(((seen @ z) ** 3).mean()) * self.skew[2]
            axes.append(np.r_[-z, y] if self.wrong(self.calls, start) else np.r_[z, y])
        self.calls += 1
        return np.array(axes), np.full(len(axes), self.logit)

    def run_named(self, feed: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        axes, logits = self(feed["places"])
        return {"axes": axes, "jaw": logits}


def random_turn(seed: int) -> np.ndarray:
    return Rotation.from_quat(np.random.default_rng(seed).standard_normal(4)).as_matrix()


def test_two_directions_make_a_right_handed_frame():
    axes = np.random.default_rng(0).standard_normal((5, 6))
    frames = orienting.frames_of(axes)
    np.testing.assert_allclose(frames @ frames.transpose(0, 2, 1), np.tile(np.eye(3), (5, 1, 1)), atol=1e-6)
    np.testing.assert_allclose(np.linalg.det(frames), 1, atol=1e-6)
    # the occlusal direction goes to +z exactly, the anterior one into the half plane y > 0, x = 0
    np.testing.assert_allclose(np.einsum("bij,bj->bi", frames, axes[:, :3])[:, :2], 0, atol=1e-6)
    anterior = np.einsum("bij,bj->bi", frames, axes[:, 3:])
    np.testing.assert_allclose(anterior[:, 0], 0, atol=1e-6)
    assert (anterior[:, 1] > 0).all()


@pytest.mark.parametrize("change", ["turned", "mirrored", "stretched"])
def test_a_description_is_mapped_like_the_points_themselves(change):
    points, _ = horseshoe()
    points, _ = orienting.thin_points(points)
    matrix = {"turned": random_turn(1), "mirrored": np.diag([-1.0, 1.0, 1.0]), "stretched": 0.9 * np.eye(3)}[change]
    direct = orienting.describe_places(points @ matrix.T.astype(np.float32))
    mapped = orienting.turn_places(orienting.describe_places(points), matrix[None])[0]
    tolerance = 0.06 if change == "stretched" else 2e-5  # far steps are cut at a length, which is not linear
    np.testing.assert_allclose(mapped, direct, atol=tolerance)


def test_third_moments_tell_a_surface_from_its_turned_over_self():
    """Positions alone could not say which side of a flat patch is hollow."""
    x, y = np.meshgrid(np.linspace(-15, 15, 46), np.linspace(-15, 15, 46))
    bumps = np.stack([x, y, np.cos(x) * np.cos(y)], -1).reshape(-1, 3)
    points, _ = orienting.thin_points(bumps - bumps.mean(0))
    ours = orienting.describe_places(points)
    over = orienting.turn_places(ours, np.diag([1.0, -1.0, -1.0])[None])[0]
    assert np.abs(ours[:, 3:].std(0) - 0).max() > 0.05
    assert np.abs(ours[:, 3:].mean(0) - over[:, 3:].mean(0)).max() > 1e-3


def test_the_starts_do_not_depend_on_the_frame_of_the_file():
    points, _ = horseshoe()
    turn = random_turn(2)
    ours, theirs = orienting.principal_frames(points), orienting.principal_frames(points @ turn.T)
    np.testing.assert_allclose(np.linalg.det(ours), 1, atol=1e-9)
    apart = orienting.angles_deg((theirs @ turn)[:, None], ours[None])
    assert apart.min(1).max() < 1e-3 and sorted(apart.argmin(1)) == [0, 1, 2, 3]
    pairs = orienting.angles_deg(ours[:, None], ours[None])[np.triu_indices(4, 1)]
    np.testing.assert_allclose(pairs, 180, atol=1e-3)


def test_thinned_points_are_even_and_centred():
    points, _ = horseshoe(40_000)
    chosen, middle = orienting.thin_points(points)
    assert chosen.shape == (orienting.POINTS, 3) and np.abs(chosen[:256].mean(0)).max() < 1e-3
    # a half meshed ten times finer does not pull the middle towards itself
    fine = np.concatenate([points[:4000], points[points[:, 0] > 0]])
    assert fine.mean(0)[0] > 8
    assert np.linalg.norm(orienting.thin_points(fine)[1] - middle) < 2.0
    np.testing.assert_array_equal(orienting.thin_points(points)[0], chosen)


def plate(left: int, right: int) -> tuple[np.ndarray, np.ndarray]:
    """A flat plate of 60 x 20 mm whose halves are divided into so many squares a side, two triangles each."""
    vertices, faces = [], []
    for start, n in ((-30.0, left), (0.0, right)):
        x, y = np.meshgrid(np.linspace(start, start + 30, n + 1), np.linspace(0, 20, n + 1), indexing="ij")
        k = np.arange((n + 1) ** 2).reshape(n + 1, n + 1) + sum(len(v) for v in vertices)
        vertices.append(np.stack([x, y, 0 * x], -1).reshape(-1, 3))
        a, b, c, d = (m.ravel() for m in (k[:-1, :-1], k[1:, :-1], k[1:, 1:], k[:-1, 1:]))
        faces += [np.stack([a, b, c], 1), np.stack([a, c, d], 1)]
    return np.concatenate(vertices), np.concatenate(faces)


def test_a_surface_is_sampled_by_its_area_however_it_is_meshed():
    """A base has a few large triangles and long edges, its vertices alone would leave walls and floors empty."""
    vertices, faces = plate(left=1, right=60)
    points, rows = orienting.sample_surface(vertices, faces, np.random.default_rng(0))
    assert points.shape == (orienting.CANDIDATES, 3) and abs((points[:, 0] < 0).mean() - 0.5) < 0.001
    corners = vertices[faces[rows]]
    assert (points >= corners.min(1) - 1e-9).all() and (points <= corners.max(1) + 1e-9).all()
    counts = np.histogram2d(points[:, 0], points[:, 1], bins=(12, 4))[0]
    assert counts.min() > 0.8 * counts.mean() and counts.max() < 1.2 * counts.mean()
    again, _ = orienting.sample_surface(vertices, faces, np.random.default_rng(0))
    np.testing.assert_array_equal(again, points)
    areas = np.linalg.norm(np.cross(*np.moveaxis(vertices[faces[:, 1:]] - vertices[faces[:, :1]], 1, 0)), axis=1) / 2
    given, _ = orienting.sample_surface(vertices, faces, np.random.default_rng(0), areas)
    np.testing.assert_allclose(given, points, atol=1e-6)


def test_few_points_are_used_again_and_too_few_are_refused():
    points, _ = horseshoe(100)
    chosen, _ = orienting.thin_points(points)
    assert chosen.shape == (orienting.POINTS, 3) and len(np.unique(chosen, axis=0)) == 100
    with pytest.raises(ValueError, match="at least 64 points, not 63"):
        orienting.thin_points(points[:63])


def test_the_looks_find_the_frame_and_agree():
    points, _ = horseshoe()
    turn = random_turn(3)
    chosen, _ = orienting.thin_points(points)
    answer = orienting.look((chosen @ turn.T).astype(np.float32), Oracle())
    assert orienting.angles_deg(answer.rotation, turn.T) < ORACLE_DEG
    assert answer.votes == 4 and answer.doubt_deg < 0.1 and answer.shift_deg < 0.1


def test_one_start_that_goes_astray_is_outvoted_and_remembered():
    points, _ = horseshoe()
    chosen, _ = orienting.thin_points(points)
    sure = orienting.look(chosen, Oracle())
    answer = orienting.look(chosen, Oracle(wrong=lambda look, start: look == 2 and start == 1))
    assert orienting.angles_deg(answer.rotation, np.eye(3)) < ORACLE_DEG
    assert answer.votes == 3 and answer.doubt_deg > 30
    assert (orienting.features(answer) - orienting.features(sure) >= -1e-6).all()


def cap(closed: bool) -> tuple[np.ndarray, np.ndarray]:
    """Half a sphere open below, or a whole one; normals outward."""
    rng = np.random.default_rng(0)
    normals = rng.standard_normal((6000, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    if not closed:
        normals[:, 2] = np.abs(normals[:, 2])
    return 15 * normals, normals


@pytest.mark.parametrize("closed", [False, True])
def test_a_surface_seen_from_above_shows_which_side_is_out(closed):
    points, normals = cap(closed)
    assert not orienting.sees_inside(points, normals)
    assert orienting.sees_inside(points, -normals)


def test_a_frame_is_rigid_and_moves_with_the_scan():
    points, normals = horseshoe()
    model = Oracle(logit=3.0)
    turn, shift = random_turn(4), np.array([120.0, -40.0, 7.0])
    frame = orienting.find_frame(points @ turn.T + shift, normals @ turn.T, model)
    np.testing.assert_allclose(frame.matrix[:3, :3] @ frame.matrix[:3, :3].T, np.eye(3), atol=1e-9)
    assert np.linalg.det(frame.matrix[:3, :3]) == pytest.approx(1)
    placed = (points @ turn.T + shift) @ frame.matrix[:3, :3].T + frame.matrix[:3, 3]
    np.testing.assert_allclose(placed, points - orienting.thin_points(points)[1], atol=2.5)
    assert not frame.inside_out
    assert frame.upper_probability == pytest.approx(1 / (1 + np.exp(-1.5)))  # the logit over the temperature
    assert frame.confidence == pytest.approx(1 / (1 + np.exp(-3.0)), abs=0.02)


def test_an_inside_out_scan_is_found_at_the_same_place():
    points, normals = horseshoe()
    outward = orienting.find_frame(points, normals, Oracle())
    flipped = orienting.find_frame(points, -normals, Oracle())
    assert flipped.inside_out and not outward.inside_out
    np.testing.assert_array_equal(flipped.matrix, outward.matrix)


def test_answers_that_differ_lower_the_confidence():
    points, normals = horseshoe()
    sure = orienting.find_frame(points, normals, Oracle())
    torn = orienting.find_frame(points, normals, Oracle(wrong=lambda look, start: look == 2 and start < 2))
    assert torn.confidence < 0.5 < sure.confidence


def shipped():
    if not any(entry["task"] == "orientation" for entry in list_models()):
        pytest.skip("no network for orientation in Resources/Models yet")
    return load_model("orientation", threads=2)


def test_the_shipped_network_answers_alike_in_any_frame_and_with_any_number_of_threads():
    model = shipped()
    points, normals = horseshoe(8000)
    upright = orienting.find_frame(points, normals, model)
    turn = random_turn(5)
    turned = orienting.find_frame(points @ turn.T, normals @ turn.T, model)
    assert orienting.angles_deg(turned.matrix[:3, :3] @ turn, upright.matrix[:3, :3]) < 3.0
    assert turned.confidence == pytest.approx(upright.confidence, abs=0.02)
    again = orienting.find_frame(points, normals, load_model("orientation", threads=1))
    np.testing.assert_array_equal(again.matrix, upright.matrix)
    assert again.confidence == upright.confidence and again.upper_probability == upright.upper_probability


def test_the_shipped_network_does_not_trust_itself_on_noise():
    model = shipped()
    noise = np.random.default_rng(0).standard_normal((5000, 3)) * (30.0, 25.0, 20.0)
    assert orienting.find_frame(noise, noise, model).confidence < 0.8
