"""Meshes too fine for the network to see every face: labels spread from its points, the same every time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from mesh_files import mesh_of, split
from toy_jaws import ToySurfaceNetwork, UndecidedCrowns, toy_jaw

from DentalTopoSegLib.files.meshes import Surface, clean, vertex_normals
from DentalTopoSegLib.ios import segmenting
from DentalTopoSegLib.ios.creases import cut_along_creases, vertex_graph
from DentalTopoSegLib.ios.network import predict
from DentalTopoSegLib.ios.orienting import Frame
from DentalTopoSegLib.ios.sampling import build_cloud, farthest_points
from DentalTopoSegLib.ios.segmenting import JawSegmentation, load_networks, segment_jaws
from DentalTopoSegLib.ios.spreading import label_faces, label_vertices
from DentalTopoSegLib.options import RunOptions

ROOT = Path(__file__).resolve().parents[3]
#: Toy jaws lie in head axes, which are a lower jaw's canonical ones.
FRAME = Frame(np.eye(4), 1.0, 0.0, False)


@pytest.fixture(scope="module")
def fine() -> Surface:
    toy = toy_jaw("lower")
    return clean(mesh_of(*split(toy.vertices, toy.faces, 3)), "mm")[0]


def segmented(fine: Surface, threads: int) -> JawSegmentation:
    models = {"surface": ToySurfaceNetwork(toy_jaw("lower"), FRAME.matrix), "crowns": UndecidedCrowns()}
    return segment_jaws([fine], RunOptions(threads=threads), jaws=["lower"], models=models, frames=[FRAME])[0]


def true_labels(fine: Surface) -> np.ndarray:
    from scipy.spatial import cKDTree

    toy = toy_jaw("lower")
    return toy.fdi[cKDTree(toy.vertices).query(fine.vertices)[1]]


@pytest.mark.parametrize("most", [0, 10**7], ids=["by vertices", "by faces"])
def test_every_vertex_gets_its_label_whatever_the_number_of_threads(
    fine: Surface, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segmenting, "_BY_FACES", most)
    assert len(fine.faces) > 100_000
    one, four = segmented(fine, 1), segmented(fine, 4)
    for name in ("fdi", "face_fdi", "instance"):
        np.testing.assert_array_equal(getattr(one, name), getattr(four, name))
    assert one.confidence == four.confidence
    truth = true_labels(fine)
    assert (one.fdi == truth).mean() > 0.97
    assert (one.face_fdi[:, None] == truth[fine.faces]).any(axis=1).mean() > 0.97
    assert set(np.unique(one.fdi)) == set(np.unique(toy_jaw("lower").fdi))


def test_labels_away_from_borders_cost_nothing_and_change_nothing(fine: Surface) -> None:
    """The cut of the part beside the borders agrees with that of the whole surface."""
    from scipy.spatial import cKDTree

    rows = np.random.default_rng(0).permutation(len(fine.vertices))[:12_000]
    points, label = fine.vertices[rows], true_labels(fine)[rows]
    numbers = np.unique(label)
    shares = np.where(label[:, None] == numbers, 0.97, 0.03 / (len(numbers) - 1))
    shares[np.random.default_rng(1).random(len(rows)) < 0.02] = 1 / len(numbers)  # some do not know
    near = cKDTree(points).query(points, k=16)[1]
    labels, odd = label_vertices(fine, points, shares, near)

    distance, index = cKDTree(points).query(fine.vertices, k=3)
    weight = 1 / (distance + 1e-3)
    blend = np.einsum("nk,nkc->nc", weight / weight.sum(1, keepdims=True), shares[index])
    whole = cut_along_creases(blend, vertex_graph(fine.vertices, fine.faces))
    assert (labels == whole).mean() > 0.998
    assert odd == []

    of_faces, odd = label_faces(fine, points, shares, near)
    assert (of_faces[:, None] == whole[fine.faces]).any(axis=1).mean() > 0.995
    assert odd == []


def test_a_surface_without_borders_is_one_label(fine: Surface) -> None:
    points = fine.vertices[::7]
    shares = np.tile([0.99, 0.01], (len(points), 1))
    for spread in (label_vertices, label_faces):
        labels, odd = spread(fine, points, shares, np.zeros((len(points), 16), int))
        assert not labels.any() and odd == []


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="reads the peak memory from /proc")
def test_three_million_triangles_take_bounded_time_and_memory(tmp_path: Path) -> None:
    """The whole command, with the truth in place of the networks."""
    code = """
import resource
import sys
sys.path[:0] = ["Testing/helpers", "Testing/unit/ios"]
from peak_memory import peak_bytes
from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.ios import segmenting
from test_ios_fine import FRAME
from toy_jaws import ToySurfaceNetwork, UndecidedCrowns, toy_jaw
network = ToySurfaceNetwork(toy_jaw("lower"), FRAME.matrix)
networks = {"orientation": None, "surface": network, "crowns": UndecidedCrowns()}
segmenting.load_networks = lambda precision, provider: networks
segmenting.find_frame = lambda *_: FRAME
code = cli.main(["segment", sys.argv[1], "-o", sys.argv[2], "--jaw", "lower", "--quiet", "--json"])
print(peak_bytes() // 1_000_000, resource.getrusage(resource.RUSAGE_SELF).ru_utime, file=sys.stderr)
sys.exit(code)
"""
    from DentalTopoSegLib.files.meshes import write_stl

    toy = toy_jaw("lower")
    vertices, faces = split(toy.vertices, toy.faces, 14)
    assert len(faces) > 3_000_000
    write_stl(tmp_path / "jaw.stl", vertices, faces)
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "jaw.stl"), str(tmp_path / "out")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=1800,  # against a hang: a machine that does much else may take long
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '"total": 14' in done.stdout
    megabytes, seconds = map(float, done.stderr.split())
    assert megabytes < 2600
    assert seconds < 60  # of a processor, whatever else the machine does; about 8


def test_the_shipped_network_gives_the_same_bits_on_one_thread_and_on_several() -> None:
    toy = toy_jaw("lower")
    order = farthest_points(toy.vertices, 4000)
    cloud = build_cloud(toy.vertices[order], vertex_normals(toy.vertices, toy.faces)[order], (4000, 800, 200, 50, 17))
    one, four = (predict(cloud, load_networks()["surface"], mirror=True, workers=workers) for workers in (1, 4))
    np.testing.assert_array_equal(one.probabilities, four.probabilities)
    np.testing.assert_array_equal(one.votes, four.votes)
