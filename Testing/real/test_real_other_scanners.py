"""Jaws of other scanners in random frames with nothing given: which jaw, and which way up.

Ten labelled jaws (Teeth3DS and Alsheghri, see the data pack's README), most with a modelled base or trimmed gum. No
network has seen them. They stay outside the repository; without them every test is skipped.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

pytest.importorskip("torch", reason="torch is installed with [test] on Python 3.11 only")

from DentalTopoSegLib.ios.segmenting import load_networks
from training.evaluation.jaws import try_scan
from training.evaluation.labelled import Scan, find_scans

TURNS = 2


@pytest.fixture(scope="module")
def tries(real_data: Path) -> dict[str, dict]:
    folder = real_data / "ios" / "other_scanners"
    if not any(folder.glob("*.npz")):
        pytest.skip("no jaws of other scanners in the data folder")
    networks = load_networks()

    def turned(scan: Scan) -> list[dict]:
        frames = Rotation.random(TURNS, rng=np.random.default_rng([7, *scan.name.encode()]))
        return [try_scan(scan, networks, frame.as_matrix()) for frame in frames]

    return {f"{scan.name} {k}": one for scan in find_scans(folder) for k, one in enumerate(turned(scan))}


def test_no_jaw_is_called_by_the_other_name(tries: dict[str, dict]):
    wrong = [name for name, one in tries.items() if not one["asked"] and one["jaw_inferred"] != one["jaw"]]
    assert len(tries) == 10 * TURNS and wrong == []


def test_at_most_one_jaw_in_ten_is_asked_about(tries: dict[str, dict]):
    asked = [name for name, one in tries.items() if one["asked"]]
    assert len(asked) <= len(tries) // 10, asked


def test_every_jaw_lies_the_right_way_up(tries: dict[str, dict]):
    off = {name: one["off_deg"] for name, one in tries.items()}
    assert max(off.values()) < 20, off
    assert np.median(list(off.values())) < 8


def test_the_teeth_are_found_whatever_their_number(tries: dict[str, dict]):
    found = [one["instance_dice"] for one in tries.values()]
    assert np.mean(found) > 0.94, found


def test_the_numbers_are_the_same_in_every_position(tries: dict[str, dict]):
    jaws: dict[str, list[list[tuple]]] = {}
    for name, one in tries.items():
        jaws.setdefault(name.rsplit(" ", 1)[0], []).append([one["wrong_fdi"], one["missed"], one["extra"]])
    unlike = {name: found for name, found in jaws.items() if any(one != found[0] for one in found)}
    assert unlike == {}
