"""Scores of a labelled mesh against a reference: per tooth, at the borders, and as the Teeth3DS challenge counts.

Headline: Dice per tooth over faces, each face counting once, averaged over the reference's teeth, a missed tooth
counting 0 (the habit with 3D-IOSSeg, whose labels are per face).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree

from ...files.meshes.geometry import adjacent_faces, face_areas, labels_of_faces
from .overlap import DETECTION_IOU, Overlaps, count_pairs, dice, f1, iou, mean, sizes

GROUPS = {"incisors": (1, 2), "canines": (3,), "premolars": (4, 5), "molars": (6, 7), "third molars": (8,)}
BORDER_MM = 0.3


def evaluate_mesh(
    vertices: np.ndarray,
    faces: np.ndarray,
    predicted: np.ndarray,
    reference: np.ndarray,
    *,
    face_predicted: np.ndarray | None = None,
    face_reference: np.ndarray | None = None,
) -> dict[str, Any]:
    """All scores of one labelled jaw against its reference.

    Parameters
    ----------
    vertices : numpy.ndarray
        (V, 3) mm.
    faces : numpy.ndarray
        (F, 3) indices of vertices.
    predicted, reference : numpy.ndarray
        (V,) FDI number per vertex, 0 gingiva.
    face_predicted, face_reference : numpy.ndarray, optional
        (F,) the same per face; by majority of the vertices where absent.

    Returns
    -------
    dict
        JSON-ready. Dice, IoU and accuracy count faces, "dice_area" their areas. "found": pairs of a predicted and a
        reference tooth with IoU >= `DETECTION_IOU`, whatever their numbers.

    Raises
    ------
    ValueError
        For arrays that do not fit together.
    """
    vertices, faces = np.asarray(vertices, float), np.asarray(faces)
    predicted, reference = np.asarray(predicted, int), np.asarray(reference, int)
    if len(predicted) != len(vertices) or len(reference) != len(vertices):
        raise ValueError("The labels must be one per vertex.")
    mine = labels_of_faces(predicted, faces) if face_predicted is None else np.asarray(face_predicted, int)
    truth = labels_of_faces(reference, faces) if face_reference is None else np.asarray(face_reference, int)
    if len(mine) != len(faces) or len(truth) != len(faces):
        raise ValueError("The face labels must be one per face.")
    areas, centres = face_areas(vertices, faces), vertices[faces].mean(axis=1)
    overlaps = count_pairs(mine, truth)
    found, teeth = sizes(overlaps, 0), sizes(overlaps, 1)
    per_tooth = {}
    for fdi in sorted(teeth):
        a, b = mine == fdi, truth == fdi
        counted = overlaps.get((fdi, fdi), 0), found.get(fdi, 0), teeth[fdi]
        per_tooth[str(fdi)] = {
            "dice": dice(*counted),
            "iou": iou(*counted),
            "dice_area": dice(areas[a & b].sum(), areas[a].sum(), areas[b].sum()),
        }
    scores: dict[str, Any] = {
        "dice": mean(v["dice"] for v in per_tooth.values()),
        "iou": mean(v["iou"] for v in per_tooth.values()),
        "dice_area": mean(v["dice_area"] for v in per_tooth.values()),
        "tooth_dice": _tooth_dice(mine, truth),
        "accuracy": float(np.mean(mine == truth)),
        "per_tooth": per_tooth,
        "count_pred": len(found),
        "count_ref": len(teeth),
    }
    scores |= _matching(overlaps, mine, truth, centres, areas)
    scores |= _borders(vertices, faces, mine, truth, centres)
    scores |= teeth3ds_scores(vertices, predicted, reference)
    return scores


def _tooth_dice(predicted: np.ndarray, reference: np.ndarray) -> float:
    """Dice of tooth against gingiva."""
    p, r = predicted > 0, reference > 0
    return dice(*(float(np.count_nonzero(mask)) for mask in (p & r, p, r)))


def _matching(
    overlaps: Overlaps, mine: np.ndarray, truth: np.ndarray, centres: np.ndarray, areas: np.ndarray
) -> dict[str, Any]:
    """Which teeth were found, by the assignment of largest total IoU.

    Label maps are matched by the greatest IoU first (`label_maps.identification`); the two can differ only for teeth
    whose IoU is hardly above the threshold.
    """
    predicted, reference = sizes(overlaps, 0), sizes(overlaps, 1)
    found, teeth = sorted(predicted), sorted(reference)
    shares = np.array(
        [[iou(overlaps.get((p, t), 0), predicted[p], reference[t]) for p in found] for t in teeth], float
    ).reshape(len(teeth), len(found))
    rows, columns = linear_sum_assignment(-shares)
    pairs = [(i, k) for i, k in zip(rows, columns, strict=True) if shares[i, k] >= DETECTION_IOU]
    wrong = [(teeth[i], found[k]) for i, k in pairs if teeth[i] != found[k]]

    def middle(mask: np.ndarray) -> np.ndarray:
        return np.average(centres[mask], axis=0, weights=areas[mask])

    errors = [float(np.linalg.norm(middle(truth == teeth[i]) - middle(mine == found[k]))) for i, k in pairs]
    taken_t, taken_p = {i for i, _ in pairs}, {k for _, k in pairs}
    return {
        "found": len(pairs),
        "missed": [t for i, t in enumerate(teeth) if i not in taken_t],
        "extra": [p for k, p in enumerate(found) if k not in taken_p],
        "wrong_fdi": [list(pair) for pair in wrong],
        "identification_accuracy": (len(pairs) - len(wrong)) / len(pairs) if pairs else None,
        "centroid_error_mm": mean(errors),
        "centroid_error_max_mm": max(errors) if errors else None,
        "instance_dice": mean(
            [2 * shares[i].max() / (1 + shares[i].max()) if len(found) else 0.0 for i in range(len(teeth))]
        ),
    }


def _borders(
    vertices: np.ndarray, faces: np.ndarray, mine: np.ndarray, truth: np.ndarray, centres: np.ndarray
) -> dict[str, Any]:
    """Accuracy of the faces that touch a reference border; F1 and mean distance of the border lines."""
    pairs, edges = adjacent_faces(faces, len(vertices))
    if np.ndim(edges) == 1:
        raise ValueError("Edges must come as pairs of vertices.")
    cut_truth, cut_mine = (one[pairs[:, 0]] != one[pairs[:, 1]] for one in (truth, mine))
    near = np.zeros(len(faces), bool)
    near[pairs[cut_truth].ravel()] = True
    middles = vertices[edges].mean(axis=1)
    a, b = middles[cut_mine], middles[cut_truth]
    out: dict[str, Any] = {
        "border_accuracy": float(np.mean(mine[near] == truth[near])) if near.any() else None,
        "border_f1": None,
        "border_distance_mm": None,
        "border_tolerance_mm": BORDER_MM,
    }
    if len(a) and len(b):
        to_truth, to_mine = cKDTree(b).query(a)[0], cKDTree(a).query(b)[0]
        precision, recall = np.mean(to_truth <= BORDER_MM), np.mean(to_mine <= BORDER_MM)
        out["border_f1"] = f1(precision, recall)
        out["border_distance_mm"] = float((to_truth.mean() + to_mine.mean()) / 2)
    return out


def teeth3ds_scores(vertices: np.ndarray, predicted: np.ndarray, reference: np.ndarray) -> dict[str, Any]:
    """TLA, TSA and TIR per vertex as the 3DTeethSeg 2022 challenge describes them, and their combined score.

    What they measure: TSA is the F1 of tooth against gingiva, so numbers play no part in it. TLA is the mean
    distance of each reference tooth's centroid to the nearest predicted one, divided by the tooth's size (5 per tooth
    when nothing was predicted), so one missed tooth costs far more than a wrong number. TIR is the share of
    reference teeth whose nearest predicted centroid lies within half its size and bears its number; extra teeth and
    half-labelled teeth are not seen. Hence only for comparing with published figures.
    """
    predicted, reference = np.asarray(predicted, int), np.asarray(reference, int)
    teeth, found = np.unique(reference[reference > 0]), np.unique(predicted[predicted > 0])
    tsa = _tooth_dice(predicted, reference)
    if len(teeth) == 0:
        return {"tla": None, "tsa": tsa, "tir": None, "teeth3ds_score": None}
    places = np.array([vertices[predicted == f].mean(axis=0) for f in found])
    distances, right = [], 0
    for fdi in teeth:
        tooth = vertices[reference == fdi]
        size = np.linalg.norm(np.ptp(tooth, axis=0)) + 1e-9
        if len(found) == 0:
            distances.append(5.0)
            continue
        apart = np.linalg.norm(places - tooth.mean(axis=0), axis=1)
        k = int(apart.argmin())
        distances.append(float(apart[k] / size))
        right += bool(apart[k] < 0.5 * size and found[k] == fdi)
    tla, tir = float(np.mean(distances)), right / len(teeth)
    return {"tla": tla, "tsa": tsa, "tir": tir, "teeth3ds_score": float((np.exp(-tla) + tsa + tir) / 3)}


def merge_evaluations(scores: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """One table over scans {name: evaluate_mesh(...)}: mean over scans of the per-tooth mean, per group and FDI."""
    per_fdi: dict[str, list[float]] = {}
    for one in scores.values():
        for fdi, values in one["per_tooth"].items():
            per_fdi.setdefault(fdi, []).append(values["dice"])
    groups = {}
    for name, places in GROUPS.items():
        values = [v for fdi, many in per_fdi.items() if int(fdi) % 10 in places for v in many]
        groups[name] = {"dice": mean(values), "teeth": len(values)}
    teeth = sum(one["count_ref"] for one in scores.values())
    return {
        "scans": len(scores),
        "dice": mean([one["dice"] for one in scores.values()]),
        "dice_area": mean([one["dice_area"] for one in scores.values()]),
        "instance_dice": mean([one["instance_dice"] for one in scores.values()]),
        "border_accuracy": mean([one["border_accuracy"] for one in scores.values()]),
        "teeth": teeth,
        "missed": sum(len(one["missed"]) for one in scores.values()),
        "extra": sum(len(one["extra"]) for one in scores.values()),
        "wrong_fdi": sum(len(one["wrong_fdi"]) for one in scores.values()),
        "groups": groups,
        "per_fdi": {fdi: {"dice": mean(v), "scans": len(v)} for fdi, v in sorted(per_fdi.items())},
    }
