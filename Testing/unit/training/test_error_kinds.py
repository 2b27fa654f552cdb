"""Errors by kind: each kind made on purpose on a small dentition, and what is said to stand near a tooth."""

from __future__ import annotations

import numpy as np
import pytest

from DentalTopoSegLib.files.volumes import Volume
from training.evaluation import error_kinds
from training.evaluation.network_cache import CachedModel, cached

ROW = (43, 42, 41, 31, 32, 33)
BOX = {fdi: (slice(4, 24), slice(6, 14), slice(2 + 9 * i, 10 + 9 * i)) for i, fdi in enumerate(ROW)}


def truth() -> Volume:
    """Six box-shaped lower front teeth of 10 x 4 x 4 mm, half a millimetre apart."""
    array = np.zeros((40, 20, 58), np.uint8)
    for fdi, box in BOX.items():
        array[box] = fdi
    return Volume(array, (0.5, 0.5, 0.5), name="truth")


def kinds(labels: np.ndarray) -> set[tuple[int, str]]:
    return {(e["fdi"], e["kind"]) for e in error_kinds.find_errors(truth().with_array(labels), truth())}


def test_the_truth_has_no_errors():
    assert kinds(truth().array.copy()) == set()


def part(fdi: int, z: slice) -> tuple[slice, slice, slice]:
    return (z, *BOX[fdi][1:])


def change(labels: np.ndarray, kind: str) -> None:
    if kind == "missed":
        labels[BOX[41]] = 0
    elif kind == "merged":
        labels[BOX[41]] = 0
        labels[part(41, slice(5, 24))] = 42
    elif kind == "split":
        labels[part(41, slice(4, 10))] = 48
    elif kind == "lost to neighbour":
        labels[part(41, slice(4, 9))] = 42
    elif kind == "invented":
        labels[30:38, 6:14, 2:10] = 48
    elif kind == "wrong number":
        labels[labels == 41] = 48
    elif kind == "in pieces":
        labels[part(41, slice(10, 12))] = 0
    elif kind == "tunnel":
        labels[10:12, :, 24:26] = 0
    elif kind == "void":
        labels[10:12, 9:11, 24:26] = 0
    elif kind == "crown cut":
        labels[part(41, slice(20, 24))] = 0
    elif kind == "root cut":
        labels[part(41, slice(4, 8))] = 0
    elif kind == "spilled":
        labels[part(41, slice(24, 34))] = 41


@pytest.mark.parametrize("kind", sorted({*error_kinds.KINDS} - {"drawn badly", "tunnel closed"}))
def test_an_error_made_on_purpose_is_counted_once_at_its_tooth(kind: str):
    labels = truth().array.copy()
    change(labels, kind)
    assert [k for k in kinds(labels) if k[1] == kind] == [(48 if kind == "invented" else 41, kind)]


def test_a_swallowed_tooth_is_neither_missed_nor_lost_to_its_neighbour():
    labels = truth().array.copy()
    change(labels, "merged")
    assert {kind for fdi, kind in kinds(labels) if fdi == 41} == {"merged"}


def test_a_tunnel_of_the_reference_that_was_filled_is_told_apart_from_one_too_many():
    ref = truth()
    ref.array[10:12, :, 24:26] = 0
    found = error_kinds.find_errors(truth(), ref)
    assert [(e["fdi"], e["kind"]) for e in found] == [(41, "tunnel closed")]


def test_half_a_tooth_is_drawn_badly():
    labels = truth().array.copy()
    labels[part(41, slice(4, 14))] = 0
    labels[part(41, slice(24, 30))] = 41
    assert (41, "drawn badly") in kinds(labels)


def test_what_stands_near_a_tooth_is_read_off_the_scan():
    ref = truth()
    ref.array[ref.array == 32] = 0  # 31 and 33 have an absent neighbour, and an implant stands in its place
    grey = np.where(ref.array > 0, 2000, 200).astype(np.int16)
    grey[part(32, slice(4, 24))] = 9000
    grey[part(42, slice(20, 24))] = 9000  # a metal crown
    ref.array[BOX[43]] = 0
    ref.array[0:20, 6:14, 2:10] = 43  # at the scan's lower edge
    causes = error_kinds.causes_near(ref.with_array(grey), ref)
    assert {"implant near", "absent neighbour"} <= set(causes[31]) and {"absent neighbour"} <= set(causes[33])
    assert "metal" in causes[42]
    plain = error_kinds.causes_near(ref.with_array(np.where(ref.array > 0, 2000, 200).astype(np.int16)), ref)
    assert plain[42] == plain[41] == ["none of these"]
    assert "small field" in causes[43] and "small field" not in causes[41]


def test_counts_and_their_table():
    labels = truth().array.copy()
    labels[BOX[41]] = 0
    labels[labels == 33] = 48
    scan = {
        "errors": error_kinds.find_errors(truth().with_array(labels), truth()),
        "causes": {str(fdi): ["metal"] if fdi == 41 else ["none of these"] for fdi in ROW},
    }
    counts = error_kinds.count_errors([scan, scan])
    assert counts["teeth"]["all"] == 12 and counts["teeth"]["by_type"]["canine"] == 4
    assert counts["errors"]["missed"] == {
        "all": 2,
        "by_type": dict.fromkeys(error_kinds.TYPES, 0) | {"incisor": 2},
        "by_cause": dict.fromkeys(error_kinds.CAUSES, 0) | {"metal": 2},
    }
    text = error_kinds.errors_to_markdown(counts)
    assert "| missed | 2 | 2 | 0 |" in text and "| wrong number | 2 | 0 | 2 |" in text and "merged" not in text


def test_a_network_is_asked_once_for_what_it_was_shown(tmp_path, monkeypatch):
    asked = []

    def answer(self, array, cancelled=None):
        asked.append(array.sum())
        return np.full((2, *array.shape), array.sum(), np.uint8)

    monkeypatch.setattr("DentalTopoSegLib.networks.models.Model.run", answer)
    monkeypatch.setattr(CachedModel, "provider", "p")
    monkeypatch.setattr(CachedModel, "provider_version", "1")

    def network(sha256: str) -> CachedModel:
        parts = {"id": "n", "metadata": {}, "path": tmp_path, "precision": "int8", "size_bytes": 1, "session": None}
        return CachedModel(sha256=sha256, folder=tmp_path / "kept", **parts)

    one, two = np.ones((2, 2, 2), np.float32), np.full((2, 2, 2), 2, np.float32)
    for shown, net, times in ((one, "a", 1), (one, "a", 1), (two, "a", 2), (one, "b", 3), (two, "a", 3)):
        np.testing.assert_array_equal(network(net).run(shown), np.full((2, 2, 2, 2), shown.sum()))
        assert len(asked) == times
    assert cached({"border": network("a")}, None)["border"].folder == tmp_path / "kept"
