"""What is found in a scan does not depend on the position in which it came."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from DentalTopoSegLib.files.meshes import Mesh, clean
from DentalTopoSegLib.ios.segmenting import JawSegmentation, load_networks, segment_jaws
from DentalTopoSegLib.networks.models import Model
from DentalTopoSegLib.options import RunOptions
from Testing.helpers.toy_jaws import toy_jaw

POSITIONS = 3


@pytest.fixture(scope="module")
def networks() -> Mapping[str, Model]:
    return load_networks()


def segmented(which: str, position: int, networks: Mapping[str, Model]) -> tuple[JawSegmentation, np.ndarray]:
    """A made jaw of uneven teeth in one of several positions, and the turn (3, 3) that brought it there."""
    toy = toy_jaw(which, absent=(14, 36))
    uneven = toy.vertices + np.random.default_rng(0).normal(0, 0.05, toy.vertices.shape)
    rng = np.random.default_rng(position)
    turn = Rotation.random(rng=rng).as_matrix()
    vertices = uneven @ turn.T + rng.uniform(-200, 200, 3)
    surface, _ = clean(Mesh(vertices, toy.faces, "made", np.arange(len(vertices), dtype=np.int32)), "mm")
    (found,) = segment_jaws([surface], RunOptions(threads=1), jaws=[which], names=["made"], models=networks)
    return found, turn


@pytest.mark.parametrize("which", ["upper", "lower"])
def test_a_turned_scan_gets_the_same_numbers(which: str, networks: Mapping[str, Model]) -> None:
    first, turn = segmented(which, 0, networks)
    assert len(first.confidence) > 5
    for position in range(1, POSITIONS):
        other, way = segmented(which, position, networks)
        assert other.confidence == pytest.approx(first.confidence, abs=0.01)
        assert np.mean(other.face_fdi == first.face_fdi) > 0.999
        np.testing.assert_allclose(other.frame[:3, :3] @ way, first.frame[:3, :3] @ turn, atol=1e-3)
        assert other.jaw_confidence == pytest.approx(first.jaw_confidence, abs=0.01)
