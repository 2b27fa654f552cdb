"""The makers of odd volume files in cases/ beside the real scans: the phantom's voxels, or the true reason."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.volumes import Volume, read_volume, write_volume

#: {maker: {file: what the refusal says}}; the other files are read.
REFUSED = {
    "14": {"nocode.nii.gz": "does not say where left and right are"},
    "15": {
        "nospace.nrrd": "does not say where left and right are",
        "units_m.nrrd": "voxel size of 500 x 500 x 500 mm",
        "mhd_slices.mhd": "put the two side by side",
    },
    "16": {
        "stack.tif": "is a TIFF file",
        "raw.vtk": "is a VTK file, which does not state where left and right are",
        "raw.gipl": "is a GIPL file, which does not state where left and right are",
    },
}
#: Files without a place of their own, whose axes are the phantom's.
UNPLACED = ("nocode.nii.gz", "nospace.nrrd")
#: Grey values are higher by so much.
HIGHER = {"u4.nii.gz": 2000}


@pytest.fixture(scope="module")
def phantom(tmp_path_factory) -> tuple[Path, Volume]:
    from DentalTopoSegLib.phantom import make_phantom

    path = write_volume(make_phantom(seed=0).image, tmp_path_factory.mktemp("phantom") / "phantom_0.nii.gz")
    return path, read_volume(path)[0]


@pytest.mark.parametrize("number", REFUSED)
def test_each_file_is_read_in_place_or_refused(number: str, real_data: Path, phantom, tmp_path: Path) -> None:
    makers = sorted((real_data.parent / "cases").glob(f"{number}_*.py"))
    if not makers:
        pytest.skip(f"no maker {number} here: they lie in cases/ beside the real scans")
    subprocess.run([sys.executable, makers[0], tmp_path, phantom[0]], check=True, capture_output=True)
    files = sorted(path for path in tmp_path.iterdir() if path.is_file() and path.suffix != ".raw")
    assert {path.name for path in files} >= set(REFUSED[number])
    for path in files:
        said = REFUSED[number].get(path.name)
        if said is None:
            read, told = read_volume(path)
            assert read.same_grid(phantom[1]) and told == [], path.name
            wanted = phantom[1].array.astype(np.int64) + HIGHER.get(path.name, 0)
            np.testing.assert_array_equal(read.array.astype(np.int64), wanted, path.name)
            continue
        with pytest.raises(InputError, match=said):
            read_volume(path)
        if path.name in UNPLACED:
            read, _ = read_volume(path, orientation="RAS" if phantom[1].direction[0] < 0 else "LPS")
            np.testing.assert_array_equal(read.array, phantom[1].array)
            assert read.direction == phantom[1].direction
