"""The topology loss: exact values, right gradients, errors that go away under it. Skipped without torch or cripser."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="torch is not installed; only training needs it")
pytest.importorskip("cripser", reason="cripser is not installed; only training needs it")

from scipy import ndimage  # noqa: E402

from DentalTopoSegLib.checks.topology import betti_numbers  # noqa: E402
from training.volumes.losses import IGNORE  # noqa: E402
from training.volumes.topology_loss import (  # noqa: E402
    TopologyConfig,
    TopologyLoss,
    adjacency_loss,
    adjacency_tolerant_loss,
    boundary,
    count_loss,
    count_margin_loss,
    find_ridge,
    hole_loss,
    hole_margin_loss,
)
from training.volumes.topology_loss.example import make_example  # noqa: E402
from training.volumes.topology_loss.persistence import (  # noqa: E402
    HALF,
    THRESHOLD_LEVELS,
    THRESHOLDS,
    component_pairs,
    find_pairs,
    levels_of,
)

FULL = np.ones((3, 3, 3), bool)


def grid(n: int = 17) -> tuple[np.ndarray, ...]:
    """Coordinates (z, y, x) of an n^3 map about its centre."""
    return tuple(g - n // 2 for g in np.mgrid[:n, :n, :n])


def ball(radius: float, n: int = 17, at: tuple[float, float, float] = (0, 0, 0)) -> np.ndarray:
    return sum((g - a) ** 2 for g, a in zip(grid(n), at, strict=True)) <= radius**2


def torus(n: int = 17) -> np.ndarray:
    z, y, x = grid(n)
    return (np.hypot(y, x) - 5) ** 2 + z**2 <= 4


def thread_between_balls(n: int = 21) -> tuple[np.ndarray, np.ndarray]:
    """(two balls, the same joined by a thread of one voxel)."""
    z, y, x = grid(n)
    balls = ball(3.6, n, (0, 0, -4.9)) | ball(3.6, n, (0, 0, 4.9))
    return balls, balls | ((z == 0) & (y == 0) & (abs(x) < 5))


def soft(mask: np.ndarray, high: float = 0.9, seed: int = 0, noise: float = 0.02) -> np.ndarray:
    """Probabilities of a mask: `high` inside, 1 - high outside, with a little noise so that nothing ties."""
    rng = np.random.default_rng(seed)
    return np.where(mask, high, 1 - high) + rng.uniform(-noise, noise, mask.shape)


def descend(prob: np.ndarray, loss, steps: int, rate: float) -> np.ndarray:
    """Gradient descent in logit space, as a network would; the probabilities after it."""
    logits = torch.logit(torch.tensor(prob)).requires_grad_()
    optimiser = torch.optim.SGD([logits], lr=rate)
    for _ in range(steps):
        optimiser.zero_grad()
        value = loss(torch.sigmoid(logits))
        value.backward()
        optimiser.step()
    return torch.sigmoid(logits).detach().numpy()


def one_cell(mask: np.ndarray) -> np.ndarray:
    return np.ones(mask.shape, np.uint8)


# ---------------------------------------------------------------- persistence


@pytest.mark.parametrize("seed", range(5))
def test_features_alive_at_a_threshold_are_the_betti_numbers(seed: int) -> None:
    prob = np.random.default_rng(seed).random((6, 8, 7))
    pairs = find_pairs(levels_of(prob), 2)
    for threshold, level in zip((*THRESHOLDS, 0.5), (*THRESHOLD_LEVELS, HALF), strict=True):
        alive = pairs.alive(level)
        assert tuple(int((alive & (pairs.dim == d)).sum()) for d in range(3)) == betti_numbers(prob > threshold)


def test_critical_voxels_hold_the_critical_values() -> None:
    levels = levels_of(np.random.default_rng(3).random((7, 6, 8)))
    pairs, flat = find_pairs(levels, 2), levels.reshape(-1)
    finite = pairs.death >= 0
    assert (flat[pairs.birth] == pairs.born).all()
    assert (flat[pairs.death[finite]] == pairs.died[finite]).all()
    assert (np.diff(pairs.born - pairs.died) <= 0).all()


def test_pairs_found_by_component_are_those_of_the_whole_map() -> None:
    smooth = ndimage.gaussian_filter(np.random.default_rng(1).normal(size=(24, 24, 24)), 1.5)
    levels = levels_of(1 / (1 + np.exp(-12 * smooth / smooth.std() + 12)))
    parts, whole = component_pairs(levels), find_pairs(levels, 0)
    assert len(parts) > 5
    for level in THRESHOLD_LEVELS:
        components = ndimage.label(levels > level, FULL)[1]
        assert parts.alive(level).sum() == whole.alive(level).sum() == components


def test_a_diverged_network_is_named() -> None:
    with pytest.raises(ValueError, match="NaN"):
        count_loss(torch.full((4, 4, 4), float("nan")), np.ones((4, 4, 4), bool))


# ---------------------------------------------------------------- count


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.floats(0.02, 0.6), st.integers(1, 6))
def test_the_count_of_a_binary_map_is_exact(seed: int, density: float, side: int) -> None:
    rng = np.random.default_rng(seed)
    mask, truth = (rng.random((side + 2, side + 3, side + 1)) < density for _ in range(2))
    value = float(count_loss(torch.tensor(mask.astype(np.float32)), truth, edge=0))
    found, wanted = betti_numbers(mask)[0], betti_numbers(truth)[0]
    assert value == pytest.approx(abs(found - wanted) / max(wanted, 1), abs=1e-6)


def test_the_count_is_the_mean_over_ten_thresholds() -> None:
    prob = np.random.default_rng(5).random((9, 9, 9)) ** 3
    counts = [ndimage.label(prob > t, FULL)[1] for t in np.linspace(0.1, 0.9, 10)]
    truth = ball(2, 9)
    assert float(count_loss(torch.tensor(prob), truth, edge=0)) == pytest.approx(abs(np.mean(counts) - 1))


def test_slivers_at_the_edge_of_the_patch_do_not_count() -> None:
    truth = ball(4)
    guess = truth.copy()
    guess[0, 0:3, 0:3] = True
    prob = torch.tensor(guess.astype(np.float32))
    assert float(count_loss(prob, truth)) == 0.0
    assert float(count_loss(prob, truth, edge=0)) == 1.0
    assert float(count_loss(torch.tensor(truth.astype(np.float32)), guess)) == 0.0


@pytest.mark.parametrize("loss", [count_loss, count_margin_loss])
def test_descent_cuts_a_bridge(loss) -> None:
    truth, merged = thread_between_balls()
    # less certain than the balls: else the paper's form, which knows no truth, may cut through a ball instead
    prob = np.where(merged & ~truth, 0.7, soft(truth, 0.92))
    assert ndimage.label(prob > 0.5, FULL)[1] == 1
    after = descend(prob, lambda p: loss(p, truth), 40, 20.0)
    assert ndimage.label(after > 0.5, FULL)[1] == 2
    assert (after > 0.5)[truth].mean() > 0.95


@pytest.mark.parametrize("loss", [count_loss, count_margin_loss])
def test_descent_removes_a_stray_piece(loss) -> None:
    truth = ball(4)
    guess = truth.copy()
    guess[13:15, 13:15, 13:15] = True
    after = descend(soft(guess, 0.92), lambda p: loss(p, truth), 60, 20.0) > 0.5
    assert ndimage.label(after, FULL)[1] == 1
    assert after[8, 8, 8]
    if loss is count_margin_loss:  # the paper's form may join the piece to the tooth instead: no truth tells it not to
        assert (after == truth).all()


def test_the_margin_form_joins_pieces_and_finds_the_missing() -> None:
    truth = ball(6)
    broken = truth.copy()
    broken[8] = False
    after = descend(soft(broken), lambda p: count_margin_loss(p, truth), 60, 20.0)
    assert ndimage.label(after > 0.5, FULL)[1] == 1
    nothing = soft(np.zeros_like(truth))
    found = descend(nothing, lambda p: count_margin_loss(p, truth), 60, 20.0) > 0.5
    assert found.any() and truth[found].all()


def test_the_margin_form_sees_a_bridge_as_certain_as_the_teeth() -> None:
    truth, merged = thread_between_balls()
    prob = torch.tensor(merged.astype(np.float64), requires_grad=True)
    count_margin_loss(prob, truth).backward()
    pushed = prob.grad.numpy() > 0
    assert pushed.any() and (merged & ~truth)[pushed].all()


# ---------------------------------------------------------------- adjacency


def two_boxes(gap: int) -> tuple[np.ndarray, np.ndarray]:
    """(tooth mask, cells) of two boxes 5 x 6 in face, `gap` voxels apart along x."""
    mask = np.zeros((9, 10, 16), bool)
    mask[2:7, 2:8, 2 : 8 - gap] = mask[2:7, 2:8, 8:14] = True
    cells = np.ones(mask.shape, np.uint8)
    cells[..., 8 - gap // 2 :] = 2
    return mask, cells


def test_the_boundary_of_a_binary_map_is_the_contact_in_faces() -> None:
    mask, cells = two_boxes(0)
    ridge = find_ridge(cells, mask)
    assert ridge.teeth.tolist() == [[1, 2]]
    assert boundary(torch.tensor(mask.astype(np.float64)), ridge).tolist() == [30.0]
    classes = np.stack([~mask, mask & (cells == 1), mask & (cells == 2)]).astype(np.float64)
    assert boundary(torch.tensor(classes), ridge).tolist() == [30.0]
    assert len(find_ridge(cells, mask, np.zeros_like(mask)).teeth) == 0


@pytest.mark.parametrize(("gap", "pairs"), [(0, 1), (2, 1), (4, 1), (5, 0)])
def test_neighbours_are_at_most_two_millimetres_apart(gap: int, pairs: int) -> None:
    mask, cells = two_boxes(gap)
    assert len(find_ridge(cells, mask).teeth) == pairs


@pytest.mark.parametrize("loss", [adjacency_loss, adjacency_tolerant_loss])
def test_descent_parts_teeth_that_do_not_touch(loss) -> None:
    mask, cells = two_boxes(2)
    merged = mask.copy()
    merged[4, 4, 2:14] = True
    ridge = find_ridge(cells, mask)
    prob = soft(merged, 0.97, noise=0.01)
    options = {} if loss is adjacency_loss else {"small": 0.0, "tolerance": 0.0}
    after = descend(prob, lambda p: loss(p, mask, ridge, **options), 200, 20.0)
    assert ndimage.label(prob > 0.5, FULL)[1] == 1 and ndimage.label(after > 0.5, FULL)[1] == 2


def test_descent_closes_a_false_gap() -> None:
    mask, cells = two_boxes(0)
    apart = mask.copy()
    apart[..., 7:9] = False
    ridge = find_ridge(cells, mask)
    after = descend(soft(apart), lambda p: adjacency_loss(p, mask, ridge), 200, 50.0) > 0.5
    assert ndimage.label(after, FULL)[1] == 1


def test_a_small_error_of_contact_is_tolerated_and_an_uncertain_one_weighs_less() -> None:
    mask, cells = two_boxes(0)
    ridge = find_ridge(cells, mask)
    nearly = mask.astype(np.float64) * 0.97
    assert float(adjacency_tolerant_loss(torch.tensor(nearly), mask, ridge)) == 0.0
    assert float(adjacency_loss(torch.tensor(nearly), mask, ridge)) > 0.0
    hair, hair_cells = two_boxes(1)  # the ridge runs along one tooth: a voxel of gap, uncertain
    wide, wide_cells = two_boxes(2)
    touching = torch.ones(mask.shape, dtype=torch.float64)
    costs = [
        float(adjacency_tolerant_loss(touching, m, find_ridge(c, m)))
        for m, c in ((hair, hair_cells), (wide, wide_cells))
    ]
    assert costs[0] < 0.8 * costs[1]


# ---------------------------------------------------------------- holes


def drilled() -> tuple[np.ndarray, np.ndarray]:
    """(a solid ball, the same with a tunnel of one voxel)."""
    _, y, x = grid()
    return ball(6), ball(6) & ~((y == 0) & (x == 0))


def hollow() -> tuple[np.ndarray, np.ndarray]:
    return ball(6), ball(6) & ~ball(1)


@pytest.mark.parametrize(
    ("guess", "truth", "expected"),
    [
        (torus(), ball(6), (1.0, 0.0)),
        (ball(7) & ~ball(3), ball(7), (0.0, 1.0)),
        (thread_between_balls()[1], thread_between_balls()[0], (0.0, 0.0)),
        (ball(6), torus(), (1.0, 0.0)),
        (torus(), torus(), (0.0, 0.0)),
        (drilled()[1] & ~ball(1, at=(0, 0, 3)), ball(6), (1.0, 1.0)),
    ],
    ids=["torus", "hollow ball", "joined balls", "lost tunnel", "true tunnel", "both"],
)
def test_holes_of_known_shapes(guess, truth, expected) -> None:
    tunnels, voids = hole_loss(torch.tensor(guess.astype(np.float64)), one_cell(truth), truth)
    assert (float(tunnels), float(voids)) == expected
    # relaxed, at a certainty of 1 and 0, it is nearly the same number
    relaxed = hole_loss(torch.tensor(guess.astype(np.float64)), one_cell(truth), truth, straight_through=False)
    surplus = betti_numbers(guess)[1] >= betti_numbers(truth)[1]
    if surplus:
        assert [float(r) for r in relaxed] == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("loss", [hole_loss, hole_margin_loss])
@pytest.mark.parametrize(("shape", "dim"), [(drilled, 1), (hollow, 2)])
def test_descent_closes_tunnels_and_voids(loss, shape, dim) -> None:
    truth, guess = shape()
    prob = soft(guess, 0.85)
    assert betti_numbers(prob > 0.5)[dim] == 1
    after = descend(prob, lambda p: sum(loss(p, one_cell(truth), truth)), 80, 10.0) > 0.5
    assert betti_numbers(after) == (1, 0, 0)
    assert (after & truth).sum() > 0.9 * truth.sum()


def test_the_margin_form_opens_a_false_handle_and_makes_a_lost_tunnel() -> None:
    z, y, x = grid()
    body = ball(3)
    handle = body | ((abs(np.hypot(y, x - 4) - 3) < 0.6) & (z == 0) & (x > 2))
    assert betti_numbers(handle)[1] == 1
    loss = lambda truth: lambda p: sum(hole_margin_loss(p, one_cell(truth), truth))  # noqa: E731
    after = descend(soft(handle, 0.85), loss(body), 80, 10.0) > 0.5
    assert betti_numbers(after)[1] == 0 and after[body].mean() > 0.97
    ring = torus()
    plugged = np.where(ball(3) & (z == 0) & ~ring, 0.6, soft(ring))  # a film over the hole: no tunnel at 0.5
    assert betti_numbers(plugged > 0.5)[1] == 0
    assert betti_numbers(descend(plugged, loss(ring), 80, 10.0) > 0.5)[1] == 1


def test_a_tunnel_the_label_has_is_left_alone() -> None:
    ring = torus()
    prob = torch.tensor(soft(ring), requires_grad=True)
    for loss in (hole_loss, hole_margin_loss):
        (gradient,) = torch.autograd.grad(sum(loss(prob, one_cell(ring), ring)), prob)
        assert not gradient.any()


def test_each_tooth_is_judged_in_its_own_cell_or_class() -> None:
    truth, guess = drilled()
    both_truth, both = np.concatenate([truth, truth], 2), np.concatenate([guess, truth], 2)
    cells = np.concatenate([one_cell(truth), one_cell(truth) + 1], 2)
    tunnels, _ = hole_loss(torch.tensor(both.astype(np.float64)), cells, both_truth)
    assert float(tunnels) == 0.5
    classes = np.stack([~both, both & (cells == 1), both & (cells == 2)]).astype(np.float64)
    assert float(hole_loss(torch.tensor(classes), cells, both_truth)[0]) == 0.5


def test_half_resolution_finds_the_same_tunnel_and_moves_it_the_same_way() -> None:
    _, y, x = grid(24)
    truth = ball(9, 24)
    prob = torch.tensor(soft(truth & ~((abs(y) < 3) & (abs(x) < 3))), requires_grad=True)
    gradients = []
    for factor in (1, 2):
        tunnels, _ = hole_loss(prob, one_cell(truth), truth, factor=factor, temperature=0.5)
        assert float(tunnels.detach()) == 1.0
        (gradient,) = torch.autograd.grad(tunnels, prob)
        gradients.append(gradient)
    full, half = gradients
    assert (full != 0).sum() == 2 and (half != 0).sum() == 16
    assert half.sum() == pytest.approx(float(full.sum()), abs=0.3)


# ---------------------------------------------------------------- gradients


def finite_difference(loss, prob: torch.Tensor, where: tuple[int, ...], step: float = 1e-5) -> float:
    values = []
    for sign in (1, -1):
        moved = prob.detach().clone()
        moved[where] += sign * step
        values.append(float(loss(moved)))
    return (values[0] - values[1]) / (2 * step)


def gradient_cases() -> dict:
    balls, merged = thread_between_balls()
    stray = ball(4)
    stray[13:15, 13:15, 13:15] = True
    boxes, cells = two_boxes(0)
    ridge = find_ridge(cells, boxes)
    solid, tunnel = drilled()
    return {
        "count, too few": (merged, lambda p: count_loss(p, balls, straight_through=False)),
        "count, too many": (stray, lambda p: count_loss(p, ball(4), straight_through=False)),
        "count, margin": (merged, lambda p: count_margin_loss(p, balls)),
        "adjacency": (boxes, lambda p: adjacency_loss(p, boxes, ridge)),
        "adjacency, tolerant": (boxes, lambda p: adjacency_tolerant_loss(p, boxes, ridge, focus=0.0)),
        "tunnel": (tunnel, lambda p: hole_loss(p, one_cell(solid), solid, straight_through=False)[0]),
        "void": (hollow()[1], lambda p: hole_loss(p, one_cell(solid), solid, straight_through=False)[1]),
        "tunnel, margin": (tunnel, lambda p: hole_margin_loss(p, one_cell(solid), solid)[0]),
    }


@pytest.mark.parametrize("name", list(gradient_cases()))
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    mask, loss = gradient_cases()[name]
    # noise well above the level width of 1/270, so that a small step changes no critical voxel
    prob = torch.tensor(soft(mask, 0.8, seed=4, noise=0.15), requires_grad=True)
    (gradient,) = torch.autograd.grad(loss(prob), prob)
    steep = gradient.abs().reshape(-1).argsort(descending=True)[:4]
    assert gradient.reshape(-1)[steep[0]] != 0
    flat = torch.tensor([7, 500])
    for index in torch.cat([steep, flat]).tolist():
        where = np.unravel_index(index, mask.shape)
        assert float(gradient[where]) == pytest.approx(finite_difference(loss, prob, where), rel=1e-4, abs=1e-7)


# ---------------------------------------------------------------- all together


def maps_of(target: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """p_tooth and p_core of a perfect network."""
    label = torch.from_numpy(target & 3)
    known = torch.from_numpy(target != IGNORE)
    return ((label > 0) & known).float().requires_grad_(), ((label == 1) & known).float().requires_grad_()


@pytest.mark.parametrize("variant", ["paper", "adaptive"])
def test_a_perfect_prediction_costs_nothing_and_errors_cost(variant: str) -> None:
    example = make_example(48)
    loss = TopologyLoss(TopologyConfig(variant=variant))
    p_tooth, p_core = maps_of(example.target.numpy())
    total, terms = loss(p_tooth, p_core, example.target, example.cells)
    assert float(total.detach()) == 0.0 and set(terms.values()) == {0.0}
    total, terms = loss.batch(example.logits[None], example.target[None], example.cells[None])
    assert float(total) > 0.01 and terms["tunnels"] > 0 and terms["voids"] > 0


@pytest.mark.parametrize("variant", ["paper", "adaptive"])
@pytest.mark.parametrize("case", ["empty", "one tooth", "ignored", "one tooth beside the unknown"])
def test_patches_with_little_in_them(variant: str, case: str) -> None:
    target, cells = np.zeros((20, 20, 20), np.uint8), np.zeros((20, 20, 20), np.uint8)
    if "one tooth" in case:
        target[ball(7, 20)], target[ball(5, 20)], cells[ball(9, 20)] = 2, 1, 11
    if case == "one tooth beside the unknown":
        target[:, :, 10:] = IGNORE
    if case == "ignored":
        target[:] = IGNORE
    loss = TopologyLoss(TopologyConfig(variant=variant))
    arguments = torch.from_numpy(target), torch.from_numpy(cells)
    perfect, _ = loss(*maps_of(target), *arguments)
    assert float(perfect.detach()) == 0.0
    noise = torch.rand((2, 20, 20, 20), generator=torch.Generator().manual_seed(0)).requires_grad_()
    total, terms = loss(noise[0], noise[1], *arguments)
    total.backward()
    assert torch.isfinite(total) and torch.isfinite(noise.grad).all()
    assert (float(total.detach()) > 0) == (case != "ignored") == bool(terms)
    assert not noise.grad[:, torch.from_numpy(target == IGNORE)].any()


def test_terms_can_be_turned_off_and_spaced_out() -> None:
    example = make_example(48)
    p = torch.softmax(example.logits, 0)
    arguments = 1 - p[0], p[1], example.target, example.cells
    whole, terms = TopologyLoss()(*arguments)
    adjacency = 0.5 * (terms["adjacency"] + terms["separation"])
    expected = 0.1 * terms["count"] + 0.3 * adjacency + 0.05 * (terms["tunnels"] + terms["voids"])
    assert float(whole) == pytest.approx(expected, rel=1e-5)
    only, names = TopologyLoss(TopologyConfig(count_weight=0.0, adjacency_weight=0.0, hole_every=3))(*arguments, step=3)
    assert set(names) == {"tunnels", "voids"}
    assert float(only) == pytest.approx(0.15 * (terms["tunnels"] + terms["voids"]), rel=1e-5)
    _, names = TopologyLoss(TopologyConfig(hole_every=3))(*arguments, step=4)
    assert set(names) == {"count", "adjacency", "separation"}
    cold, _ = TopologyLoss(TopologyConfig(warmup_steps=100))(*arguments, step=25)
    assert float(cold) == pytest.approx(0.25 * float(whole), rel=1e-5)


@pytest.mark.parametrize("variant", ["paper", "adaptive"])
def test_descent_on_the_networks_logits_lowers_the_whole(variant: str) -> None:
    example = make_example(40, wrong=1.0)
    loss = TopologyLoss(TopologyConfig(variant=variant))
    logits = example.logits.clone()[None].clamp(-3, 3).requires_grad_()
    optimiser = torch.optim.Adam([logits], lr=0.3)
    history = []
    for step in range(20):
        optimiser.zero_grad()
        total, _ = loss.batch(logits, example.target[None], example.cells[None], step)
        total.backward()
        optimiser.step()
        history.append(float(total.detach()))
    assert history[0] > 0.01 and np.mean(history[-3:]) < 0.6 * history[0]


def test_bad_options_and_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="variants"):
        TopologyConfig(variant="exact")
    with pytest.raises(ValueError, match="hole_every"):
        TopologyConfig(hole_every=0)
    with pytest.raises(ValueError, match="separation"):
        TopologyConfig(separation=2.0)
    with pytest.raises(ValueError, match=r"Unknown option.*speed"):
        TopologyConfig.from_dict({"speed": 1})
    assert TopologyConfig.from_dict({"variant": "adaptive"}).variant == "adaptive"
    flat = torch.zeros(4, 4, 4)
    with pytest.raises(ValueError, match="one size"):
        TopologyLoss()(flat, flat, flat.byte(), torch.zeros(4, 4, 5).byte())
