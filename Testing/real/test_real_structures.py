"""Jaws, canals and sinuses of real scans, which have no labels: each is held against what it must look like
(`training.evaluation.label_free`). Skipped while no network for them is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("skimage", reason="the bone's threshold is scikit-image's (training only)")

from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.files.structures import known_structures, read_structures
from DentalTopoSegLib.files.volumes import read_labels, read_volume
from DentalTopoSegLib.networks.models import list_models
from training.evaluation.label_free import check


def looked_at(scan: Path, folder: Path) -> dict[str, Any]:
    """What is said of the structures that the command finds in a scan."""
    if not any(entry["task"] == "structures" for entry in list_models()):
        pytest.skip("no network for structures is installed")
    if not scan.exists():
        pytest.skip(f"the scan {scan.name} is not in the data folder")
    assert cli.main(["segment", str(scan), "-o", str(folder), "--structures", "jaws,canals"]) == 0
    (teeth,), (around,) = folder.glob("*_teeth.nii.gz"), folder.glob("*_structures.seg.nrrd")
    structures = known_structures(*read_structures(around))
    assert structures is not None
    return check(read_volume(scan)[0], read_labels(teeth), structures)


@pytest.fixture(scope="module")
def cbct(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return looked_at(real_data / "cbct" / "cbct_dental_surgery_dicom", tmp_path_factory.mktemp("around"))


def test_what_is_called_bone_is_bright(cbct):
    assert cbct["bone"]["plate_is_bright"] > 0.4  # half of a millimetre's shell, at a threshold between the classes
    assert cbct["bone"]["bright_is_jaw"] > 0.75


def test_what_was_seen_of_the_canals_is_one_piece_a_side_and_dark(cbct):
    canals = cbct["canals"]
    assert canals["sides_right"]
    for side in ("left", "right"):
        assert canals[side]["pieces"] == 1
        assert canals[side]["length_mm"] > 12.0
        assert 0.7 < canals[side]["radius_mm"] < 2.5
        assert canals[side]["contrast"] > 0.3  # darker than the bone around it
    assert canals["lengths_ratio"] > 0.6


def test_sinuses_hold_air_or_fluid_between_walls_of_bone(cbct):
    for side in ("left", "right"):
        sinus = cbct["sinuses"][side]
        assert sinus["volume_ml"] > 2.5 and sinus["soft_or_air"] > 0.95 and sinus["walled"] > 0.4
