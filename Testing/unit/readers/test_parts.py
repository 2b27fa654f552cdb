"""Label maps that hold a box of a scan's grid: placed into it where their voxels are its own, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scan_files import oblique_direction, toy_dentition, write_dicom, write_file

from DentalTopoSegLib.checks.metrics.label_maps import evaluate_pair
from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.volumes import Volume, common_grid, placed_on, read_volume
from DentalTopoSegLib.runs.checking import check_file, evaluate_files
from DentalTopoSegLib.runs.results import export_result


def cropped(labels: Volume, margin: int = 1) -> Volume:
    """The box around the teeth with some voxels around it; it may stick out of the grid."""
    found = np.argwhere(labels.array)
    low, high = found.min(0), found.max(0) + 1
    inner = labels.array[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    origin = labels.index_to_ras(low - margin) * np.array([-1.0, -1.0, 1.0])
    return replace(labels, array=np.pad(inner, margin), origin=tuple(origin))


@pytest.fixture(params=["upright", "oblique"])
def labels(request) -> Volume:
    made = toy_dentition()[1]
    return made if request.param == "upright" else replace(made, direction=oblique_direction(), origin=(3.1, -7.7, 0.3))


@pytest.mark.parametrize("margin", [0, 1, 60])
def test_a_box_is_placed_into_its_grid(labels: Volume, margin: int) -> None:
    part = cropped(labels, margin)
    placed = placed_on(part, labels)
    assert placed.same_grid(labels, 1e-6)
    np.testing.assert_array_equal(placed.array, labels.array)
    assert placed_on(labels, labels) is labels


@pytest.mark.parametrize("change", ["spacing", "axes", "half a voxel", "turned", "labels outside", "far away"])
def test_what_has_other_voxels_is_placed_nowhere(labels: Volume, change: str) -> None:
    part = cropped(labels)
    if change == "spacing":
        part = replace(part, spacing=tuple(1.01 * n for n in part.spacing))
    elif change == "axes":
        part = replace(part, direction=tuple(np.reshape(part.direction, (3, 3))[:, [1, 0, 2]].ravel()))
    elif change == "half a voxel":
        part = replace(part, origin=(part.origin[0] + 0.5 * part.spacing[0], *part.origin[1:]))
    elif change == "turned":
        part = replace(part, direction=oblique_direction(1.0))
    elif change == "labels outside":
        labels = replace(labels, array=labels.array[: len(labels.array) // 2])
    else:
        part = replace(part, origin=tuple(labels.index_to_ras(np.array([5000, 0, 0])) * [-1, -1, 1]))
    assert placed_on(part, labels) is None
    if change in ("spacing", "axes", "half a voxel", "turned"):
        assert common_grid(part, labels) is None
        with pytest.raises(InputError, match="are not on the same grid"):
            evaluate_pair(part, labels)


def test_scores_of_a_box_are_those_of_the_whole(labels: Volume) -> None:
    wrong = labels.array.copy()
    wrong[wrong == 11] = 12
    wrong = labels.with_array(wrong)
    whole = evaluate_pair(wrong, labels)
    assert evaluate_pair(cropped(wrong), labels) == whole
    assert evaluate_pair(wrong, cropped(labels)) == whole
    upper = labels.with_array(np.where(labels.array < 30, labels.array, 0))
    lower = labels.with_array(
        np.where(labels.array > 30, labels.array, 0)
    )  # two boxes of which neither holds the other
    assert evaluate_pair(cropped(upper), cropped(lower)) == evaluate_pair(upper, lower)


def test_an_exported_dicom_segmentation_is_compared_with_the_label_map(tmp_path: Path) -> None:
    pytest.importorskip("highdicom", reason="python -m pip install highdicom")
    grey, labels = toy_dentition()
    write_dicom(tmp_path / "series", grey)
    scan = read_volume(tmp_path / "series")[0]
    teeth = write_file(replace(labels, origin=scan.origin, direction=scan.direction), tmp_path / "case_teeth.nii.gz")
    files, _ = export_result(teeth, tmp_path / "out", "dicom-seg", scan=tmp_path / "series")
    (seg,) = [Path(path) for path in (files.values() if isinstance(files, dict) else files)]
    for pair in ((seg, teeth), (teeth, seg), (seg, seg)):
        scores = evaluate_files(*pair)
        assert scores["dice"] == scores["nsd"] == scores["tooth_dice"] == 1
    assert check_file(seg, reference=teeth).report["metrics"]["dice"] == 1
