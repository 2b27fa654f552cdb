"""What is said of a result without labels: sound ones pass, each fault shows in its own number."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("skimage", reason="the bone's threshold is scikit-image's (training only)")

from DentalTopoSegLib.dentition.structures import BY_VALUE, structure
from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.structures import write_structures
from DentalTopoSegLib.files.volumes import Volume, write_volume
from training.evaluation import label_free

SPACING = 0.5
AIR, SOFT, SPONGY, CORTICAL, DENTINE = -900, 40, 300, 1200, 1800


def value(key: str) -> int:
    return structure(key).value


def case() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A mandible with two canals and a tooth with a pulp, a maxilla with two sinuses of air."""
    shape = (60, 50, 100)
    grey, teeth, around = np.full(shape, SOFT, np.int16), np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    noise = np.random.default_rng(0).normal(0, 20, shape).astype(np.int16)
    grey += noise
    for name, z in (("mandible", slice(4, 24)), ("upper_jaw", slice(40, 56))):
        grey[z, 5:45, 4:96] = CORTICAL
        inner = (slice(z.start + 2, z.stop - 2), slice(7, 43), slice(6, 94))
        grey[inner] = SPONGY + 3 * noise[inner]
        around[z, 5:45, 4:96] = value(name)
    for side, x in (("right", slice(10, 46)), ("left", slice(54, 90))):  # the array's x grows to the left
        grey[10:15, 22:27, x] = SOFT
        around[10:15, 22:27, x] = value(f"canal_{side}")
        grey[43:53, 10:40, x] = CORTICAL
        grey[45:51, 12:38, x.start + 2 : x.stop - 2] = AIR
        around[45:51, 12:38, x.start + 2 : x.stop - 2] = value(f"sinus_{side}")
    teeth[17:35, 20:30, 45:55] = 31
    grey[teeth > 0], around[teeth > 0] = DENTINE, 0
    grey[20:32, 23:27, 48:52], around[20:32, 23:27, 48:52] = 100, value("pulp")
    return grey, teeth, around


def checked(grey: np.ndarray, teeth: np.ndarray, around: np.ndarray) -> dict:
    return label_free.check(*(Volume(array, (SPACING,) * 3) for array in (grey, teeth, around)))


def test_a_sound_result_looks_sound():
    told = checked(*case())
    assert SOFT < told["bone_level"] < CORTICAL
    assert told["bone"]["bright_is_jaw"] > 0.95 and told["bone"]["plate_is_bright"] > 0.95
    for side in ("left", "right"):
        canal, sinus = told["canals"][side], told["sinuses"][side]
        assert canal["pieces"] == 1 and canal["length_mm"] == pytest.approx(18.0, abs=1.5) and canal["contrast"] > 0.5
        assert sinus["soft_or_air"] == 1.0 and sinus["walled"] == 1.0
    assert told["canals"]["lengths_ratio"] == pytest.approx(1.0, abs=0.02) and told["canals"]["sides_right"]
    assert told["pulp"] == {"in_teeth": 1.0, "darker": 1.0, "teeth_with": 1}


def test_bone_that_was_left_out_or_made_up_is_told():
    grey, teeth, around = case()
    around[4:24, 5:45, 60:][around[4:24, 5:45, 60:] == value("mandible")] = 0
    around[4:24, 5:45, 62:][grey[4:24, 5:45, 62:] == SPONGY] = value("mandible")  # its plate was missed
    assert checked(grey, teeth, around)["bone"]["bright_is_jaw"] < 0.9
    grey, teeth, around = case()
    around[24:28, 5:45, 4:96][teeth[24:28, 5:45, 4:96] == 0] = value("mandible")  # soft tissue called bone
    assert checked(grey, teeth, around)["bone"]["plate_is_bright"] < 0.9


def test_faults_of_canals_are_told():
    grey, teeth, around = case()
    canal = around == value("canal_right")
    around[canal & (np.arange(100) // 4 == 6)] = value("mandible")
    told = checked(grey, teeth, around)["canals"]
    assert told["right"]["pieces"] == 2 and told["lengths_ratio"] < 0.8
    grey, teeth, around = case()
    left, right = around == value("canal_left"), around == value("canal_right")
    around[left], around[right] = value("canal_right"), value("canal_left")
    assert not checked(grey, teeth, around)["canals"]["sides_right"]
    around[left] = value("mandible")
    assert set(checked(grey, teeth, around)["canals"]) == {"left"}  # the other was renamed


def test_a_pulp_beside_its_tooth_and_a_sinus_without_walls_are_told():
    grey, teeth, around = case()
    around[around == value("pulp")] = 0
    around[20:32, 23:27, 53:57] = value("pulp")
    told = checked(grey, teeth, around)["pulp"]
    assert told["in_teeth"] == pytest.approx(0.5) and told["darker"] == 0.0
    grey, teeth, around = case()
    grey[56:, :, :], grey[43:56, 10:40, 54:90] = AIR, AIR
    grey[40:43, 10:40, 54:90] = SOFT
    assert checked(grey, teeth, around)["sinuses"]["left"]["walled"] < 0.5
    grey[45:51, 12:38, 56:88] = CORTICAL
    assert checked(grey, teeth, around)["sinuses"]["left"]["soft_or_air"] < 0.05


def test_without_a_jaw_nothing_is_said():
    grey, teeth, around = case()
    with pytest.raises(InputError, match="No jaw was found"):
        checked(grey, teeth, np.zeros_like(around))
    with pytest.raises(InputError, match="not on one grid"):
        label_free.check(*(Volume(a, (SPACING,) * 3) for a in (grey, teeth[1:], around)))


def test_the_command_prints_json(tmp_path, capsys):
    grey, teeth, around = (Volume(array, (SPACING,) * 3) for array in case())
    write_volume(grey, tmp_path / "a.nii.gz")
    write_volume(teeth, tmp_path / "a_teeth.nii.gz")
    write_structures(around, {one.value: one.name for one in BY_VALUE.values()}, tmp_path / "a_structures.seg.nrrd")
    files = [str(tmp_path / name) for name in ("a.nii.gz", "a_teeth.nii.gz", "a_structures.seg.nrrd")]
    assert label_free.main(files) == 0
    assert json.loads(capsys.readouterr().out)["pulp"]["teeth_with"] == 1
