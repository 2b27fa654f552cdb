"""The losses between CBCT and scans: what is a pair, and that they are the papers' equations, read in numpy."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is installed with [test] on Python 3.11 only")

from training.contrastive.losses import PairLoss, Sigmoid, cross_loss, inner_loss  # noqa: E402
from training.contrastive.relations import (  # noqa: E402
    IGNORED,
    NEGATIVE,
    POSITIVE,
    Reach,
    Tokens,
    cross_relation,
    inner_relation,
    positive_rate,
)

REACH = Reach(box=8.0, same=0.75, near=4.0, image_same=4.0, image_near=10.0, scan_same=2.5, scan_near=6.0)


def tokens(places, pair=0, person=None, known=True, seed: int = 0) -> Tokens:
    places = torch.tensor(places, dtype=torch.float32)
    count = len(places)
    features = torch.nn.functional.normalize(
        torch.randn(count, 16, generator=torch.Generator().manual_seed(seed)), dim=1
    )
    pair = torch.as_tensor(pair).expand(count).clone()
    person = pair.clone() if person is None else torch.as_tensor(person).expand(count).clone()
    return Tokens(features, places, pair, person, torch.as_tensor(known).expand(count).clone())


def mouths(seed: int) -> tuple[Tokens, Tokens]:
    """Two views of three pairs of different people, with boxes on a lattice and points anywhere."""
    rng = np.random.default_rng(seed)
    lattice = np.stack(np.meshgrid(*[np.arange(3) * 8.0] * 3, indexing="ij"), -1).reshape(-1, 3)
    images = [tokens(lattice + rng.uniform(-1, 1, 3), pair=k, seed=seed + k) for k in range(3) for _ in range(2)]
    surface = [rng.uniform(-4, 22, (25, 3)) for _ in range(3)]
    scans = [tokens(surface[k] + rng.normal(0, 0.4, 3), pair=k, seed=9 + seed + k) for k in range(3) for _ in range(2)]
    return Tokens.joined(images), Tokens.joined(scans)


def test_a_point_in_a_box_is_a_positive_one_beside_it_says_nothing_one_far_away_is_a_negative() -> None:
    image = tokens([[0, 0, 0], [8, 0, 0], [40, 0, 0]])
    scan = tokens([[3.9, 0, 0], [-7.0, 0, 0], [39, 1, 1]])
    relation = cross_relation(image, scan, REACH)
    assert relation[0, 0] == relation[1, 0] == POSITIVE  # within 0.75 mm of both boxes
    assert relation[2, 0] == relation[0, 2] == NEGATIVE
    assert relation[2, 2] == POSITIVE
    assert (relation[:, 1] == IGNORED).all()  # 3 mm beside a box: near, and without a counterpart


def test_what_has_no_counterpart_is_no_negative_of_anything() -> None:
    image, scan = tokens([[0, 0, 0], [0, 0, 60]]), tokens([[1, 0, 0], [0, 60, 0]])
    assert cross_relation(image, scan, REACH).tolist() == [[POSITIVE, IGNORED], [IGNORED, IGNORED]]


def test_places_outside_of_the_field_and_another_draw_of_the_same_mouth_say_nothing() -> None:
    image = tokens([[0, 0, 0]] * 3, pair=[0, 1, 2], person=[7, 7, 8])
    scan = tokens([[0, 0, 0]] * 3, pair=[0, 1, 2], person=[7, 7, 8])
    relation = cross_relation(image, scan, REACH)
    assert relation.tolist() == [[1, 0, -1], [0, 1, -1], [-1, -1, 1]]
    image.known[2] = False
    assert (cross_relation(image, scan, REACH)[2] == IGNORED).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_diagonal_is_never_a_negative_nor_a_positive(seed: int) -> None:
    for one, same, near in zip(mouths(seed), (4.0, 2.5), (10.0, 6.0), strict=True):
        relation = inner_relation(one, same, near)
        assert (relation.diagonal() == IGNORED).all()
        assert torch.equal(relation, relation.T)
        assert (relation == NEGATIVE).any()


def test_with_the_diagonal_as_a_negative_equal_tokens_could_not_be_learnt() -> None:
    """What the mask is for: on features that are perfect the loss falls with the scale, unmasked it rises."""
    features = torch.eye(4).repeat_interleave(2, 0)
    relation = torch.where(features @ features.T > 0.5, POSITIVE, NEGATIVE).to(torch.int8)
    masked, unmasked = relation.clone().fill_diagonal_(IGNORED), relation.clone().fill_diagonal_(NEGATIVE)
    cosines = features @ features.T
    assert inner_loss(50 * cosines - 25, masked) < inner_loss(10 * cosines - 5, masked)
    assert inner_loss(50 * cosines - 25, unmasked) > inner_loss(10 * cosines - 5, unmasked)


@pytest.mark.parametrize("seed", range(3))
def test_permuting_tokens_leaves_the_loss_unchanged(seed: int) -> None:
    image, scan = mouths(seed)
    loss = PairLoss(REACH, 0.5, (0.05, 0.01, 0.02))
    before = loss(image, scan)
    order = torch.Generator().manual_seed(seed)
    for one in (image, scan):
        turn = torch.randperm(len(one), generator=order)
        for name in ("features", "places", "pair", "person", "known"):
            setattr(one, name, getattr(one, name)[turn])
    after = loss(image, scan)
    for name, term in before.items():
        assert float(term.detach()) > 0
        torch.testing.assert_close(after[name], term, rtol=1e-5, atol=1e-5)


def printed_cross(c: np.ndarray, p: np.ndarray, t: float, b: float) -> float:
    """Equation 4 as it is printed, with equal indices as matches: its bias has the other sign."""
    total = 0.0
    for i in range(len(c)):
        for j in range(len(p)):
            z = 1.0 if i == j else -1.0
            total += math.log(1.0 / (1.0 + math.exp(z * (-t * float(c[i] @ p[j]) + b))))
    return -total / len(c)


def test_with_one_match_each_the_cross_loss_is_equation_4() -> None:
    image, scan = tokens(np.arange(6)[:, None] * [20.0, 0, 0]), tokens(np.arange(6)[:, None] * [20.0, 0, 0], seed=1)
    relation = cross_relation(image, scan, REACH)
    assert torch.equal(relation, torch.where(torch.eye(6) > 0, POSITIVE, NEGATIVE).to(torch.int8))
    head = Sigmoid(1 / 6)
    mine = cross_loss(head(image.features, scan.features), relation)
    scale, bias = float(head.log_scale.detach().exp()), float(head.bias.detach())
    assert (scale, bias) == pytest.approx((10.0, math.log(1 / 5)))
    printed = printed_cross(image.features.numpy().astype(float), scan.features.numpy().astype(float), scale, -bias)
    assert float(mine.detach()) == pytest.approx(printed, rel=1e-5)


def read_inner(features: np.ndarray, z: np.ndarray, t: float, b: float) -> float:
    """Equations 6 to 8 token by token: a (6), A (7), the best match of each j (8) among its positives, and all its
    negatives; the mean over the w tokens that have a positive."""
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    total, w = 0.0, 0
    for j in range(len(unit)):
        positives, negatives = [], []
        for i in range(len(unit)):
            a = float(unit[i] @ unit[j])
            score = math.log(1.0 / (1.0 + math.exp(z[i, j] * (-t * a - b))))
            if z[i, j] == 1:
                positives.append(score)
            elif z[i, j] == -1:
                negatives.append(score)
        if positives:
            total += max(positives) + sum(negatives)
            w += 1
    return -total / w


@pytest.mark.parametrize("seed", range(3))
def test_the_inner_loss_is_equations_6_to_8(seed: int) -> None:
    for one, same, near in zip(mouths(seed), (4.0, 2.5), (10.0, 6.0), strict=True):
        relation = inner_relation(one, same, near)
        head = Sigmoid(positive_rate(relation))
        mine = inner_loss(head(one.features, one.features), relation)
        bias = float(head.bias.detach())
        read = read_inner(one.features.numpy().astype(float), relation.numpy(), 10.0, bias)
        assert float(mine.detach()) == pytest.approx(read, rel=1e-4)


def test_where_everything_matches_equation_8_is_the_printed_one() -> None:
    """With positives only, nothing of the mending is left: 1/w sum over j of the maximum over i."""
    one = tokens(np.zeros((5, 3)))
    logits = Sigmoid(0.5)(one.features, one.features)
    printed = torch.nn.functional.logsigmoid(logits).masked_fill(torch.eye(5) > 0, -math.inf).amax(0).mean()
    torch.testing.assert_close(inner_loss(logits, inner_relation(one, 4.0, 10.0)), -printed)


def test_ignored_tokens_do_not_thin_the_loss_out() -> None:
    image, scan = tokens([[0, 0, 0], [20, 0, 0]]), tokens([[0, 0, 0], [20, 0, 0]], seed=1)
    more = Tokens.joined([scan, tokens(np.full((50, 3), 200.0), seed=2)])
    head = Sigmoid(0.5)
    few = cross_loss(head(image.features, scan.features), cross_relation(image, scan, REACH))
    many = cross_loss(head(image.features, more.features), cross_relation(image, more, REACH))
    torch.testing.assert_close(few, many)


def test_without_any_positive_there_is_nothing_to_learn_and_nothing_breaks() -> None:
    image, scan = tokens([[0, 0, 0]]).of_pair(0), tokens([[90, 0, 0]], seed=1)
    image.features.requires_grad_(True)
    terms = PairLoss(REACH, 0.5, (0.1, 0.1, 0.1))(image, scan)
    total = sum(terms.values())
    total.backward()
    assert float(total.detach()) == 0.0 and torch.isfinite(image.features.grad).all()


@pytest.mark.parametrize("rate", [0.0, 1.0, float("nan")])
def test_a_share_of_positives_that_has_no_logit_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="share of positives"):
        Sigmoid(rate)
