"""What is found in a scan does not depend on the position in which it came."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from DentalTopoSegLib.files.meshes import Mesh, clean
from DentalTopoSegLib.ios import segmenting
from DentalTopoSegLib.options import RunOptions
from Testing.helpers.toy_jaws import toy_jaw


@pytest.mark.parametrize(("which", "absent"), [("upper", (14,)), ("lower", ())])
def test_a_turned_scan_gets_the_same_numbers(which: str, absent: tuple[int, ...], monkeypatch) -> None:
    # a jaw of smooth bumps has a doubtful frame: not to be asked for by its teeth, half of which are none to a network
    monkeypatch.setattr(segmenting, "DOUBTFUL_FRAME", 0.0)
    toy = toy_jaw(which, absent=absent)
    uneven = toy.vertices + np.random.default_rng(0).normal(0, 0.05, toy.vertices.shape)
    networks, first = segmenting.load_networks(), None
    for position in range(3):
        rng = np.random.default_rng(position)
        turn = Rotation.random(rng=rng).as_matrix()
        vertices = uneven @ turn.T + rng.uniform(-200, 200, 3)
        surface, _ = clean(Mesh(vertices, toy.faces, "made", np.arange(len(vertices), dtype=np.int32)), "mm")
        options = RunOptions(threads=1)
        (found,) = segmenting.segment_jaws([surface], options, jaws=[which], names=["made"], models=networks)
        assert len(found.confidence) > 8
        if first is None:
            first, way = found, turn
            continue
        assert found.confidence == pytest.approx(first.confidence, abs=0.01)
        assert np.mean(found.face_fdi == first.face_fdi) > 0.999
        assert found.jaw_confidence == pytest.approx(first.jaw_confidence, abs=0.01)
        np.testing.assert_allclose(found.frame[:3, :3] @ turn, first.frame[:3, :3] @ way, atol=1e-3)
