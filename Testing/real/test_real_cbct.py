"""The command line on real scans. They have no labels: what is asserted is anatomy that any reader can see.

The scans stay outside the repository; without them every test here is skipped with a reason. A run takes a
minute or two per scan.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.dentition import FDI_PERMANENT, is_right, is_upper
from DentalTopoSegLib.files.volumes import Volume, read_labels, read_volume


@dataclass(frozen=True)
class Run:
    """One finished `dentaltoposeg segment`: its folder, label map, report and the scan's grid."""

    folder: Path
    labels: Volume
    report: dict
    scan: Volume

    def one(self, suffix: str) -> Path:
        """The only output that ends with `suffix`."""
        (path,) = self.folder.glob(f"*{suffix}")
        return path

    @cached_property
    def places(self) -> dict[int, np.ndarray]:
        """FDI -> centroid (R, A, S) in mm, from the label map itself."""
        found = np.unique(self.labels.array)
        found = found[found > 0]
        centres = ndimage.center_of_mass(self.labels.array > 0, self.labels.array, found)
        return {int(f): self.labels.index_to_ras(c) for f, c in zip(found, centres, strict=True)}


def segment(scan: Path, folder: Path) -> Run:
    """Run the command on `scan`; fails if its exit code is not 0."""
    if not scan.exists():
        pytest.skip(f"the scan {scan.name} is not in the data folder")
    assert cli.main(["segment", str(scan), "-o", str(folder)]) == 0
    (map_path,) = folder.glob("*_teeth.nii.gz")
    (report_path,) = folder.glob("*_report.json")
    report = json.loads(report_path.read_text(encoding="utf-8"))
    return Run(folder, read_labels(map_path), report, read_volume(scan)[0])


@pytest.fixture(scope="module")
def cbct(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A full dentition with brackets and metal streaks, 0.5 mm, DICOM."""
    return segment(real_data / "cbct" / "cbct_dental_surgery_dicom", tmp_path_factory.mktemp("cbct"))


@pytest.fixture(scope="module")
def ct(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A head CT of 1 mm voxels: no upper teeth, about seven lower front teeth."""
    return segment(real_data / "cbct" / "ct_visible_human_female.nii.gz", tmp_path_factory.mktemp("ct"))


@pytest.fixture(params=["cbct", "ct"])
def run(request: pytest.FixtureRequest) -> Run:
    return request.getfixturevalue(request.param)


def test_labels_are_fdi_numbers_on_the_scans_own_grid(run: Run) -> None:
    assert run.labels.array.shape == run.scan.array.shape
    assert np.allclose(run.labels.index_to_ras_matrix(), run.scan.index_to_ras_matrix(), atol=1e-3)
    assert set(np.unique(run.labels.array).tolist()) <= {0, *FDI_PERMANENT}


def test_every_number_is_one_tooth(run: Run) -> None:
    for fdi, box in enumerate(ndimage.find_objects(run.labels.array), 1):
        if box is None:
            continue
        pieces, count = ndimage.label(run.labels.array[box] == fdi, np.ones((3, 3, 3)))
        sizes = np.bincount(pieces.ravel())[1:]
        assert sizes.max() > 0.8 * sizes.sum(), f"tooth {fdi} is scattered over {count} places"


def test_the_report_lists_the_teeth_of_the_label_map(run: Run) -> None:
    teeth = {int(t["fdi"]): t for t in run.report["teeth"]}
    places = run.places
    assert sorted(teeth) == sorted(places)
    for fdi, place in places.items():
        assert np.allclose(teeth[fdi]["centroid_mm"], place, atol=1.0)
        voxels = int((run.labels.array == fdi).sum())
        assert teeth[fdi]["volume_mm3"] == pytest.approx(voxels * run.labels.voxel_volume_mm3, rel=0.01)
        assert 0 <= teeth[fdi]["confidence"] <= 1


def test_the_segmentation_file_opens_with_one_segment_per_tooth(run: Run) -> None:
    import SimpleITK as sitk

    image = sitk.ReadImage(str(run.one("_teeth.seg.nrrd")))
    names = [k for k in image.GetMetaDataKeys() if k.startswith("Segment") and k.endswith("_Name")]
    assert len(names) == len(run.places)
    assert image.GetSize() == run.labels.array.shape[::-1]


def test_cbct_has_teeth_on_both_arches_and_both_sides(cbct: Run) -> None:
    found = list(cbct.places)
    for upper in (True, False):
        for right in (True, False):
            side = [f for f in found if is_upper(f) == upper and is_right(f) == right]
            assert len(side) >= 5, f"only {side} with upper={upper}, right={right}"


def test_cbct_teeth_lie_where_their_numbers_say(cbct: Run) -> None:
    places = cbct.places
    right = [p[0] for f, p in places.items() if is_right(f)]
    left = [p[0] for f, p in places.items() if not is_right(f)]
    assert min(np.median(right), np.percentile(right, 20)) > max(np.median(left), np.percentile(left, 80))
    upper = [p[2] for f, p in places.items() if is_upper(f)]
    lower = [p[2] for f, p in places.items() if not is_upper(f)]
    assert np.mean(upper) > np.mean(lower) + 5
    front = [p[1] for f, p in places.items() if f % 10 <= 2]
    back = [p[1] for f, p in places.items() if f % 10 >= 6]
    assert np.mean(front) > np.mean(back) + 15


def test_cbct_teeth_are_bright(cbct: Run) -> None:
    grey = cbct.scan.array[::2, ::2, ::2]
    inside = cbct.labels.array[::2, ::2, ::2] > 0
    # Uncalibrated scale: air about 0, soft tissue about 450, teeth 700 to 1500.
    assert np.median(grey[inside]) > 700
    assert 8_000 < (cbct.labels.array > 0).sum() * cbct.labels.voxel_volume_mm3 < 30_000


def test_ct_shows_lower_front_teeth_and_hardly_any_upper(ct: Run) -> None:
    found = list(ct.places)
    front = [f for f in found if f in {31, 32, 33, 34, 41, 42, 43, 44}]
    upper = [f for f in found if is_upper(f)]
    assert len(front) >= 4, f"found {found}"
    assert len(found) <= 12, f"found {found}"
    assert len(upper) <= 2, f"found {found}"


def test_ct_is_flagged_as_coarse(ct: Run) -> None:
    text = json.dumps(ct.report, ensure_ascii=False)
    assert "0.8 mm" in text
