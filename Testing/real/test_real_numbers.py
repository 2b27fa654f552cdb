"""Numbers of real jaws where teeth are missing or milk teeth stand, with the frame and the jaw known.

The scans stay outside the repository; without them every test is skipped.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is installed with [test] on Python 3.11 only")

from DentalTopoSegLib.checks.findings import check_jaws
from DentalTopoSegLib.ios.segmenting import JawSegmentation, load_networks
from training.evaluation.jaws import known_frame, segment
from training.evaluation.labelled import Scan, frame_of_labels, read_scan
from training.patients.doubtful_numbers import BY_SHAPE, CHILD


@pytest.fixture(scope="module")
def networks() -> dict:
    return load_networks()


def scan_at(real_data: Path, *parts: str) -> Scan:
    path = real_data.joinpath("ios", *parts).with_suffix(".npz")
    if not path.is_file():
        pytest.skip(f"no {'/'.join(parts)} in the data folder")
    return read_scan(path)


def numbers(found: JawSegmentation) -> set[int]:
    return set(np.unique(found.face_fdi).tolist()) - {0}


def test_a_childs_milk_teeth_are_called_so(real_data: Path, networks: dict):
    """Permanent incisors and first molars, milk canines and molars: an upper jaw that no crown network has seen."""
    scan = scan_at(real_data, "train", f"{CHILD}_upper")
    found = segment(scan, networks, frame=known_frame(scan), jaw="upper")
    successors = BY_SHAPE[scan.name]
    there = {successors.get(int(f), int(f)) for f in np.unique(scan.face_fdi) if f}
    assert numbers(found) == there
    assert not [f.message for f in check_jaws([found], [scan.name]) if f.severity == "error"]


@pytest.mark.parametrize("name", ["teeth3ds_014996KX", "teeth3ds_01FPR7JA", "teeth3ds_51MXL2ZA", "teeth3ds_WBR4UERA"])
def test_whole_dentitions_keep_their_numbers(real_data: Path, networks: dict, name: str):
    scan = scan_at(real_data, "other_scanners", f"{name}_upper")
    found = segment(scan, networks, frame=frame_of_labels(scan), jaw="upper")
    assert numbers(found) == set(np.unique(scan.face_fdi).tolist()) - {0}
