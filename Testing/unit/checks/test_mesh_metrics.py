"""Scores of labelled meshes on a grid of triangles whose teeth are squares."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from DentalTopoSegLib.checks.metrics.surfaces import evaluate_mesh, merge_evaluations
from DentalTopoSegLib.reports.text import mesh_metrics_text

SIDE = 24


def grid() -> tuple[np.ndarray, np.ndarray]:
    x, y = np.meshgrid(np.arange(SIDE), np.arange(SIDE), indexing="ij")
    vertices = np.stack([x.ravel(), y.ravel(), np.zeros(SIDE * SIDE)], 1).astype(float)
    k = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    a, b, c, d = (m.ravel() for m in (k[:-1, :-1], k[1:, :-1], k[1:, 1:], k[:-1, 1:]))
    return vertices, np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])


def labels() -> np.ndarray:
    out = np.zeros((SIDE, SIDE), int)
    out[2:8, 2:8], out[10:16, 2:8], out[2:8, 10:16] = 16, 15, 26
    return out.ravel()


def test_the_reference_itself_scores_one() -> None:
    scores = evaluate_mesh(*grid(), labels(), labels())
    for key in ("dice", "iou", "dice_area", "tooth_dice", "accuracy", "border_accuracy", "border_f1", "tsa", "tir"):
        assert scores[key] == pytest.approx(1.0), key
    assert scores["missed"] == scores["extra"] == scores["wrong_fdi"] == []
    assert scores["tla"] == pytest.approx(0.0) and scores["centroid_error_mm"] == pytest.approx(0.0)


def test_a_wrong_number_is_a_wrong_number_and_not_a_missed_tooth() -> None:
    found = np.where(labels() == 16, 17, labels())
    scores = evaluate_mesh(*grid(), found, labels())
    assert scores["wrong_fdi"] == [[16, 17]] and scores["missed"] == [] and scores["extra"] == []
    assert scores["dice"] == pytest.approx(2 / 3) and scores["instance_dice"] == pytest.approx(1.0)


def test_a_missed_and_an_extra_tooth() -> None:
    found = np.where(labels() == 26, 0, labels()).reshape(SIDE, SIDE)
    found[18:23, 18:23] = 36
    scores = evaluate_mesh(*grid(), found.ravel(), labels())
    assert scores["missed"] == [26] and scores["extra"] == [36] and scores["found"] == 2


def test_face_dice_by_hand() -> None:
    vertices, faces = grid()
    truth, found = np.zeros(len(faces), int), np.zeros(len(faces), int)
    truth[:10], found[4:10], found[20:22] = 11, 11, 11
    none = np.zeros(len(vertices), int)
    scores = evaluate_mesh(vertices, faces, none, none, face_predicted=found, face_reference=truth)
    assert scores["dice"] == pytest.approx(2 * 6 / (8 + 10)) and scores["iou"] == pytest.approx(6 / 12)


def test_teeth3ds_does_not_see_half_a_tooth_with_another_number() -> None:
    vertices, faces = grid()
    found = labels().reshape(SIDE, SIDE).copy()
    found[2:8, 5:8][found[2:8, 5:8] == 16] = 28
    scores = evaluate_mesh(vertices, faces, found.ravel(), labels())
    assert scores["tsa"] == pytest.approx(1.0) and scores["tir"] == pytest.approx(1.0)
    assert scores["dice"] < 0.95


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_order_of_the_vertices_plays_no_part(seed: int) -> None:
    vertices, faces = grid()
    rng = np.random.default_rng(seed)
    found = np.where(rng.random(len(vertices)) < 0.1, 0, labels())
    order = rng.permutation(len(vertices))
    place = np.argsort(order)
    a = evaluate_mesh(vertices, faces, found, labels())
    b = evaluate_mesh(vertices[order], place[faces], found[order], labels()[order])
    assert a["dice"] == pytest.approx(b["dice"]) and a["border_accuracy"] == pytest.approx(b["border_accuracy"])
    assert a["missed"] == b["missed"] and a["tla"] == pytest.approx(b["tla"])


def test_totals_and_text() -> None:
    perfect = evaluate_mesh(*grid(), labels(), labels())
    worse = evaluate_mesh(*grid(), np.where(labels() == 15, 0, labels()), labels())
    total = merge_evaluations({"a": perfect, "b": worse})
    assert total["dice"] == pytest.approx((1 + 2 / 3) / 2) and total["missed"] == 1 and total["teeth"] == 6
    assert total["groups"]["premolars"]["dice"] == pytest.approx(0.5)
    assert "missed: 15" in mesh_metrics_text(worse, per_tooth=True)


def test_labels_that_do_not_fit_are_refused() -> None:
    vertices, faces = grid()
    with pytest.raises(ValueError, match="one per vertex"):
        evaluate_mesh(vertices, faces, labels()[:-1], labels())
