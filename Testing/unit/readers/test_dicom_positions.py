"""Slice positions that were rounded when they were written are even; a slice that is missing is found all the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dicom_odd import assert_same_in_space, edit, enhanced
from scan_files import block, oblique_direction, write_dicom

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.volumes import Volume, read_volume
from DentalTopoSegLib.files.volumes.dicom import check_slice_positions

AXIAL = np.array([0.0, 0.0, 1.0])
# (step, digits): 0.25 mm to 0.1 mm and the like, down to one and a half units of rounding.
ROUNDED = [(0.25, 1), (0.2, 1), (0.3, 1), (0.16, 1), (0.4, 1), (0.125, 2), (0.075, 2), (0.08, 2), (0.0625, 2), (0.3, 3)]


def positions(step: float, digits: int, count: int = 200, start: float = -47.52567, normal=AXIAL) -> np.ndarray:
    return np.round(start * normal + np.arange(count)[:, None] * step * np.asarray(normal), digits)


@pytest.mark.parametrize(("step", "digits"), ROUNDED)
@pytest.mark.parametrize("start", [0.0, -47.52567, 0.05, 12.349])
def test_rounded_positions_are_even(step: float, digits: int, start: float) -> None:
    found = check_slice_positions(positions(step, digits, start=start), AXIAL, Path("scan"))
    assert found == pytest.approx(step, abs=10.0**-digits / 199)


@pytest.mark.parametrize(("step", "digits"), ROUNDED)
@pytest.mark.parametrize("missing", [(1,), (100,), (197,), (3, 4), (50, 120), range(10, 40)], ids=str)
def test_a_missing_slice_is_found_among_rounded_positions(step: float, digits: int, missing: Iterable[int]) -> None:
    kept = np.delete(positions(step, digits), list(missing), axis=0)
    # of gaps of one unit or two and of two to four, nobody can say how many slices they lack
    number = len(list(missing)) if step * 10**digits > 2 else r"\d+"
    with pytest.raises(InputError, match=rf"lacks {number} of its slices.* after slice {min(missing)} of"):
        check_slice_positions(kept, AXIAL, Path("scan"))


def test_a_missing_slice_of_one_unit_is_found() -> None:
    """Steps of 0.1 mm written in tenths: a grid of 0.1006 mm would fit too, and is not what it is."""
    kept = np.delete(positions(0.1, 1), 100, axis=0)
    with pytest.raises(InputError, match="lacks 1 of its slices"):
        check_slice_positions(kept, AXIAL, Path("scan"))
    assert check_slice_positions(positions(0.1, 1), AXIAL, Path("scan")) == pytest.approx(0.1)


def test_rounding_is_no_excuse_for_uneven_slices() -> None:
    uneven = np.concatenate([positions(0.25, 1, 100), positions(0.3, 1, 100, -47.52567 + 25)])
    with pytest.raises(InputError, match="uneven"):
        check_slice_positions(uneven, AXIAL, Path("scan"))


def test_rounded_positions_of_an_oblique_stack() -> None:
    normal = np.reshape(oblique_direction(), (3, 3))[:, 2]
    rounded = positions(0.3, 1, normal=normal)
    assert check_slice_positions(rounded, normal, Path("scan")) == pytest.approx(0.3, abs=1e-3)
    with pytest.raises(InputError, match="lacks 1 of its slices"):
        check_slice_positions(np.delete(rounded, 90, axis=0), normal, Path("scan"))


@pytest.mark.parametrize(("step", "digits"), [(0.25, 1), (0.125, 2), (0.075, 2)])
@pytest.mark.parametrize("many_in_one_file", [False, True])
def test_a_scan_with_rounded_positions(tmp_path: Path, step: float, digits: int, many_in_one_file: bool) -> None:
    array = np.arange(40 * 12 * 10, dtype=np.int16).reshape(40, 12, 10)
    volume = Volume(array, (0.3, 0.4, step), (-3.0, 5.0, round(7.0 + step / 3, 6)))
    if many_in_one_file:
        scan = enhanced(volume)
        for frame in scan.frames:
            frame.position = tuple(np.round(frame.position, digits))
        path = scan.write(tmp_path / "x.dcm")
    else:
        path = tmp_path / "series"
        write_dicom(path, volume)

        def rounded(file, _) -> None:
            file.ImagePositionPatient = [round(float(v), digits) for v in file.ImagePositionPatient]

        edit(path, rounded)
    read, warnings = read_volume(path)
    assert_same_in_space(read, replace(volume, spacing=(0.3, 0.4, read.spacing[2]), origin=read.origin))
    assert read.spacing[2] == pytest.approx(step, abs=10.0**-digits / 39)
    assert np.abs(np.subtract(read.origin, volume.origin)).max() <= 10.0**-digits
    assert warnings == []


def test_full_positions_are_still_read(tmp_path: Path) -> None:
    write_dicom(tmp_path, block())
    assert_same_in_space(read_volume(tmp_path)[0], block())
