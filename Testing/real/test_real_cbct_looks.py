"""A real CBCT as other devices would have written it: grey scale, bits, axes, direction. Its teeth stay the same.

The scan stays outside the repository; without it every test here is skipped. About ten seconds a look.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from DentalTopoSegLib.cbct import segment_volume
from DentalTopoSegLib.cbct.mask_topology import betti_numbers
from DentalTopoSegLib.files.volumes import read_volume
from DentalTopoSegLib.files.volumes.boxes import tooth_boxes
from DentalTopoSegLib.networks.models import load_model
from DentalTopoSegLib.options import RunOptions

TEETH = [10 * quadrant + place for quadrant in (1, 2, 3, 4) for place in range(1, 8)]


def unsigned(scan: sitk.Image) -> sitk.Image:
    """uint16, air far from 0, columns and rows as in RAS."""
    return sitk.DICOMOrient(sitk.Cast(12 * (sitk.Cast(scan, sitk.sitkInt32) + 1024), sitk.sitkUInt16), "RAS")


def eight_bits(scan: sitk.Image) -> sitk.Image:
    """256 grey values, metal and air cut off, slices from front to back."""
    cut = sitk.IntensityWindowing(sitk.Cast(scan, sitk.sitkFloat32), 0, 2500, 0, 255)
    return sitk.DICOMOrient(sitk.Cast(cut, sitk.sitkUInt8), "PIR")


def oblique(scan: sitk.Image) -> sitk.Image:
    """Voxels of 0.6 mm on axes turned by 20 degrees."""
    spacing, turn = 0.6, Rotation.from_rotvec(np.deg2rad(20) * np.array([0.8, 0.5, 0.33])).as_matrix()
    size = np.ceil(np.array(scan.GetSize()) * scan.GetSpacing() / spacing).astype(int)
    middle = scan.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in scan.GetSize()])
    origin = np.array(middle) - turn @ ((size - 1) * spacing / 2)
    return sitk.Resample(
        scan, size.tolist(), sitk.Transform(), sitk.sitkLinear, origin.tolist(), [spacing] * 3, turn.ravel().tolist()
    )


@pytest.fixture(scope="module")
def scan(real_data: Path) -> sitk.Image:
    """A full dentition without third molars, with brackets and metal streaks, 0.5 mm."""
    folder = real_data / "cbct" / "cbct_dental_surgery_dicom"
    if not folder.exists():
        pytest.skip(f"the scan {folder.name} is not in the data folder")
    return sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder)))


@pytest.mark.parametrize("look", [unsigned, eight_bits, oblique], ids=lambda look: look.__name__)
def test_the_teeth_are_the_same(look: Callable[[sitk.Image], sitk.Image], scan: sitk.Image, tmp_path: Path) -> None:
    path = tmp_path / "look.nrrd"
    sitk.WriteImage(look(scan), str(path))
    models = {task: load_model(task, 1, "int8") for task in ("numbering", "border")}
    found = segment_volume(read_volume(path)[0], RunOptions(threads=1), models=models)
    assert sorted(found.confidence) == TEETH
    labels = found.labels.array
    tunnels = {fdi: betti_numbers(labels[box] == fdi)[1] for fdi, box in tooth_boxes(labels).items()}
    assert not any(tunnels.values()), tunnels
