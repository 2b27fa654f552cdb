"""A scan laid over a CBCT by its tokens: arches are told apart, tilts and true places are not looked at."""

from __future__ import annotations

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="torch is installed with [test] on Python 3.11 only")

from scipy.spatial.transform import Rotation  # noqa: E402

from training.contrastive.agreement import agreement, agreement_table, lay_over, rigid_fit  # noqa: E402
from training.contrastive.relations import Tokens  # noqa: E402
from training.contrastive.retrieval import likeness, ranks  # noqa: E402

KINDS = 14
FORMS = [(22.0, 40.0), (29.0, 40.0), (25.0, 60.0)]
"""Half the width and the depth of an arch, mm."""


def turned(points: torch.Tensor, degrees: tuple[float, float, float]) -> torch.Tensor:
    matrix = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    return points @ torch.tensor(matrix, dtype=torch.float32).T + torch.tensor([3.0, -40.0, 7.0])


def arch(form: tuple[float, float], count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Places (N, 3) mm along an arch and unit features (N, KINDS) of the kinds of teeth there, much the same in all."""
    draw = torch.Generator().manual_seed(seed)
    along = torch.rand(count, generator=draw)
    angle = torch.pi * along
    around = torch.randn(count, 3, generator=draw) * torch.tensor([1.5, 1.5, 3.0])
    places = torch.stack([form[0] * angle.cos(), form[1] * angle.sin(), torch.zeros(count)], 1) + around
    kinds = torch.exp(-((along[:, None] * KINDS - torch.arange(KINDS) - 0.5) ** 2))
    return places, torch.nn.functional.normalize(kinds, dim=1)


def tokens(form: tuple[float, float], count: int, seed: int, tilt=None) -> Tokens:
    places, features = arch(form, count, seed)
    same = torch.zeros(count, dtype=torch.long)
    own = places if tilt is None else turned(places, tilt)
    return Tokens(features, places, same, same, same == 0, own)


def test_a_rigid_fit_is_found_again_and_never_mirrors() -> None:
    points = arch(FORMS[0], 50, 0)[0]
    weights = torch.rand(50) + 0.1
    turn, shift = rigid_fit(points, turned(points, (20, -35, 140)), weights)
    torch.testing.assert_close(points @ turn.T + shift, turned(points, (20, -35, 140)), atol=1e-3, rtol=0)
    turn, _ = rigid_fit(points, points * torch.tensor([-1.0, 1.0, 1.0]), weights)
    assert float(torch.det(turn)) == pytest.approx(1.0, abs=1e-4)


def test_a_scan_comes_to_lie_where_it_belongs_however_it_is_turned() -> None:
    image, scan = tokens(FORMS[0], 300, 0), tokens(FORMS[0], 120, 1, tilt=(12, -14, 19))
    laid = lay_over(scan.features @ image.features.T, scan.own, image.own)
    assert float((laid - scan.places).norm(dim=1).median()) < 1.5


def test_people_with_the_same_kinds_of_teeth_are_told_apart_by_their_arches() -> None:
    images = [tokens(form, 300, k) for k, form in enumerate(FORMS)]
    scans = [tokens(form, 120, 10 + k, tilt=(5.0 * k, -9, 12)) for k, form in enumerate(FORMS)]
    assert ranks(agreement_table(images, scans)).tolist() == [1, 1, 1]
    bag = [likeness(images[0], scan) for scan in scans]
    assert max(bag) - min(bag) < 0.001  # what tells is where the tokens lie, not what they are


def test_neither_tilt_nor_the_true_place_counts() -> None:
    image = tokens(FORMS[0], 300, 0)
    straight, tilted = (tokens(FORMS[0], 120, 1, tilt=tilt) for tilt in ((0, 0, 0), (15, -15, 20)))
    assert agreement(image, straight) == pytest.approx(agreement(image, tilted), abs=1e-3)
    elsewhere = replace(straight, places=straight.places[torch.randperm(120)] + 100.0)
    assert agreement(image, straight) == agreement(image, elsewhere)


def test_jaws_are_laid_apart_and_what_lies_outside_of_the_field_counts_nothing() -> None:
    image = tokens(FORMS[0], 300, 0)
    one, other = tokens(FORMS[0], 120, 1, tilt=(0, 0, 0)), tokens(FORMS[0], 120, 2, tilt=(14, 3, -18))
    both = replace(Tokens.joined([one, other]), piece=torch.arange(2).repeat_interleave(120))
    whole, alone = agreement(image, both), agreement(image, one)
    assert whole == pytest.approx(alone, rel=0.1)
    assert agreement(image, replace(both, piece=torch.zeros_like(both.piece))) < 0.9 * whole  # as if they were one
    field = image.at(image.places[:, 0] > 0)  # the right half is outside of the field
    assert agreement(field, one) > 0.6 * alone
