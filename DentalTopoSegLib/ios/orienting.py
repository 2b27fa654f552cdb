"""Which way a scanned jaw lies, and which jaw it is: from any frame to the canonical one (see ios/__init__).

A small network reads 256 places of the surface, each described by moments of the points around it, and says where
the occlusal and the anterior direction point. It looks from four starts (the points' principal axes and
their half turns, so that the frame of the file plays no part), each look turned by the previous answer.
Answers that agree are believed; how far they agree gives the confidence. Normals are not read by the network,
because a scan may be inside out: that is decided afterwards from what is seen from above.

Moments are tensors: turned with the jaw by one matrix, never computed anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from ..networks.models import Model
from .sampling import farthest_points

POINTS = 2048
FEWEST = 64
#: A finer scan is thinned to so many points at random first.
CANDIDATES = 16_000
PLACES = 256
#: Nearest points that are summed up, and the length in mm their steps are measured in.
SIZES = ((8, 2.5), (24, 4.5))
REACH_MM = 30.0
_GAIN = (4.0, 2.0, 4.0)  # brings first, second and third moments to about one
_PAIRS = tuple(combinations_with_replacement(range(3), 2))
_TRIPLES = tuple(combinations_with_replacement(range(3), 3))
#: Numbers per place: where it is, then 3 + 6 + 10 moments per size.
CHANNELS = 3 + 19 * len(SIZES)
LOOKS = 3
#: Further looks for the answer that is kept, from a few degrees beside it.
FINAL_TURNS_DEG = 8.0
#: Answers closer than this belong together.
AGREE_DEG = 25.0
#: At most about so many points are looked at from above, in cells of this size, to see which side of the surface they
#: show.
SEEN = 40_000
CELL_MM = 1.5


@dataclass(frozen=True)
class Frame:
    """matrix (4, 4): surface mm -> canonical mm, rigid. confidence 0..1: probability that the frame is within 15
    degrees. upper_probability 0..1. inside_out: normals point into the tissue. doubt_deg: how far the answers
    of the starts lie apart, degrees."""

    matrix: np.ndarray
    confidence: float
    upper_probability: float
    inside_out: bool
    doubt_deg: float = 0.0


def sample_surface(
    vertices: np.ndarray, faces: np.ndarray, rng: np.random.Generator, areas: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """(16000, 3) points spread at random over a surface by its area, however it is meshed, and the faces (16000,) that
    they lie on. areas (F,) of the faces, if known."""
    corners = np.asarray(vertices, np.float64)[faces]
    if areas is None:
        areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    until = np.cumsum(areas, dtype=np.float64)
    # one point in each of as many equal shares of the surface: nowhere two of them by chance
    where = (np.arange(CANDIDATES) + rng.random(CANDIDATES)) * until[-1] / CANDIDATES
    pick = np.minimum(np.searchsorted(until, where), len(faces) - 1)
    a, b = np.sqrt(rng.random(CANDIDATES)), rng.random(CANDIDATES)
    weights = np.stack([1 - a, a * (1 - b), a * b], 1)
    return (corners[pick] * weights[..., None]).sum(1), pick


def thin_points(points: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(2048, 3) float32 points in a farthest-point order about the mean (3,) of the first 256, and that mean.

    The first are evenly spread however the scan is meshed; where a part is meshed coarsely the last are not.

    ValueError for fewer than 64 points. With fewer than 2048 the order is repeated.
    """
    points = np.asarray(points, np.float64)
    if len(points) > CANDIDATES:
        points = points[np.random.default_rng(seed).integers(len(points), size=CANDIDATES)]
    if len(points) < FEWEST:
        raise ValueError(f"A jaw's direction needs at least {FEWEST} points, not {len(points)}.")
    order = farthest_points(points, min(POINTS, len(points)))
    middle = points[order[:PLACES]].mean(0)
    chosen = points[np.resize(order, POINTS)]
    return (chosen - middle).astype(np.float32), middle


def describe_places(points: np.ndarray) -> np.ndarray:
    """(256, 41) float32: the first 256 points (of 2048) about their mean, and moments of the steps around them."""
    index = cKDTree(points).query(points[:PLACES], k=max(k for k, _ in SIZES))[1]
    near = points[index].astype(np.float64) - points[:PLACES, None]
    parts = [(points[:PLACES] - points[:PLACES].mean(0)) / REACH_MM]
    for k, length in SIZES:
        step = near[:, :k] / length
        # a stray point must not drown the others
        step /= np.maximum(1.0, np.linalg.norm(step, axis=-1, keepdims=True) / 2)
        parts.append(_GAIN[0] * step.mean(1))
        parts.append(_GAIN[1] * np.stack([(step[..., i] * step[..., j]).mean(1) for i, j in _PAIRS], 1))
        parts.append(
            _GAIN[2] * np.stack([(step[..., i] * step[..., j] * step[..., h]).mean(1) for i, j, h in _TRIPLES], 1)
        )
    return np.concatenate(parts, 1).astype(np.float32)


def _expansion(sets: tuple[tuple[int, ...], ...]) -> tuple[np.ndarray, np.ndarray]:
    """Matrix from the distinct entries of a symmetric tensor to all of them, and where the distinct ones stand."""
    order = len(sets[0])
    expand = np.zeros((3**order, len(sets)))
    for flat, entry in enumerate(np.ndindex(*(3,) * order)):
        expand[flat, sets.index(tuple(sorted(entry)))] = 1
    return expand, np.array([np.ravel_multi_index(entry, (3,) * order) for entry in sets])


def turning(matrices: np.ndarray) -> np.ndarray:
    """(B, 41, 41): what linear maps (B, 3, 3) of the points do to their descriptions."""
    batch = len(matrices)
    twice = np.einsum("bij,bkl->bikjl", matrices, matrices)
    thrice = np.einsum("bikjl,bmn->bikmjln", twice, matrices).reshape(batch, 27, 27)
    twice = twice.reshape(batch, 9, 9)
    (expand2, pick2), (expand3, pick3) = _expansion(_PAIRS), _expansion(_TRIPLES)
    blocks = [matrices] + len(SIZES) * [matrices, twice[:, pick2] @ expand2, thrice[:, pick3] @ expand3]
    out = np.zeros((batch, CHANNELS, CHANNELS))
    start = 0
    for block in blocks:
        end = start + block.shape[1]
        out[:, start:end, start:end] = block
        start = end
    return out


def turn_places(description: np.ndarray, matrices: np.ndarray) -> np.ndarray:
    """(B, M, 41) float32: descriptions (M, 41) or (B, M, 41) of the points mapped by (B, 3, 3)."""
    return description @ turning(matrices).transpose(0, 2, 1).astype(np.float32)


def principal_frames(points: np.ndarray) -> np.ndarray:
    """(4, 3, 3) rotations to the principal axes (widest along x, thinnest along z) and their half turns."""
    _, axes = np.linalg.eigh(np.cov(points.T.astype(np.float64)))
    frame = axes.T[::-1].copy()
    frame[2] *= np.sign(np.linalg.det(frame))
    return np.stack([np.diag(s) @ frame for s in ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))])


def frames_of(axes: np.ndarray) -> np.ndarray:
    """(B, 3, 3) rotations into the canonical frame from (B, 6): occlusal and anterior direction (Zhou et al. 2019)."""
    z = axes[:, :3] / (np.linalg.norm(axes[:, :3], axis=1, keepdims=True) + 1e-9)
    y = axes[:, 3:] - (axes[:, 3:] * z).sum(1, keepdims=True) * z
    y = y / (np.linalg.norm(y, axis=1, keepdims=True) + 1e-9)
    return np.stack([np.cross(y, z), y, z], 1)


def angles_deg(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Angle between rotations (..., 3, 3), degrees."""
    cosine = ((np.asarray(a) * np.asarray(b)).sum((-2, -1)) - 1) / 2
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def _mean_rotation(rotations: np.ndarray) -> np.ndarray:
    u, _, v = np.linalg.svd(rotations.sum(0))
    return u @ np.diag([1, 1, np.sign(np.linalg.det(u @ v))]) @ v


def _beside(frame: np.ndarray) -> np.ndarray:
    """(4, 3, 3): the frame turned by a few degrees about four axes that sum to nothing."""
    about = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3)
    return Rotation.from_rotvec(np.radians(FINAL_TURNS_DEG) * about).as_matrix() @ frame


@dataclass(frozen=True)
class Answer:
    """What the looks found: rotation (3, 3), logit of "upper", and how sure they were.

    votes: how many of the four starts agree. doubt_deg: mean angle of the starts' answers from the rotation.
    shift_deg: mean angle of the last looks' answers from it.
    """

    rotation: np.ndarray
    logit: float
    votes: int
    doubt_deg: float
    shift_deg: float


def look(points: np.ndarray, predict: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]) -> Answer:
    """Find the direction of points (2048, 3) about their mean. predict(places (B, 256, 41)) -> (B, 6) axes, (B,)
    logits of "upper"."""
    description = describe_places(points)

    def answers(frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        axes, logits = predict(turn_places(description, frames))
        return frames_of(axes.astype(np.float64)) @ frames, logits

    frames = principal_frames(points)
    for _ in range(LOOKS):
        frames, _ = answers(frames)
    apart = angles_deg(frames[:, None], frames[None])
    votes = (apart < AGREE_DEG).sum(1)
    best = int(np.lexsort((apart.sum(1), -votes))[0])
    chosen = _mean_rotation(frames[apart[best] < AGREE_DEG])
    final, logits = answers(_beside(chosen))
    rotation = _mean_rotation(final)
    return Answer(
        rotation,
        float(logits.mean()),
        int(votes[best]),
        float(angles_deg(frames, rotation).mean()),
        float(angles_deg(final, rotation).mean()),
    )


def features(answer: Answer) -> np.ndarray:
    """What the confidence is computed from (logistic): numbers that grow with doubt."""
    return np.array([4.0 - answer.votes, np.log1p(answer.doubt_deg), np.log1p(answer.shift_deg)])


def sees_inside(points: np.ndarray, normals: np.ndarray) -> bool:
    """Whether the surface seen from above (+z; points (N, 3) mm in the canonical frame) shows its back side."""
    few = slice(None, None, -(-len(points) // SEEN))
    points, normals = points[few], normals[few]
    cell = np.floor(points[:, :2] / CELL_MM).astype(np.int64)
    cell -= cell.min(0)
    key = cell[:, 0] * (cell[:, 1].max() + 1) + cell[:, 1]
    order = np.lexsort((-points[:, 2], key))
    top = order[np.unique(key[order], return_index=True)[1]]
    return bool(normals[top, 2].mean() < 0)


def ask(points: np.ndarray, model: Model, seed: int = 0) -> tuple[Answer, np.ndarray]:
    """What the network finds for points (N, 3) mm, and the origin (3,): the mean of evenly spread points."""
    chosen, middle = thin_points(points, seed)

    def predict(places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        out = model.run_named({"places": places})
        return out["axes"], out["jaw"]

    return look(chosen, predict), middle


def find_frame(points: np.ndarray, normals: np.ndarray, model: Model, *, seed: int = 0) -> Frame:
    """Where a jaw's points (N, 3) mm lie; normals (N, 3), of any length, are used for inside_out only.

    The origin of the frame is the mean of evenly spread points, however densely parts of the scan are meshed.
    Deterministic. ValueError for fewer than 64 points.
    """
    answer, middle = ask(points, model, seed)
    calibration = model.metadata["confidence"]
    doubt = float(calibration["offset"] + features(answer) @ np.asarray(calibration["weights"]))
    logit = answer.logit / float(calibration["jaw_temperature"])
    turn = answer.rotation
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = turn, -turn @ middle
    inside_out = sees_inside((np.asarray(points, np.float64) - middle) @ turn.T, np.asarray(normals) @ turn.T)
    return Frame(matrix, _logistic(doubt), _logistic(logit), inside_out, answer.doubt_deg)


def _logistic(x: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(x, -40, 40))))
