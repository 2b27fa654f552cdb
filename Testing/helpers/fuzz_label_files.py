"""Sound label maps of other programs for the fuzzer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np


def _labels():
    """Two teeth in a small scan."""
    import scan_files

    scan = scan_files.block((10, 12, 10))
    array = np.zeros(scan.shape, np.uint8)
    array[2:5, 2:8, 2:8], array[6:9, 2:8, 2:8] = 11, 46
    return scan, scan.with_array(array)


def dicom_seg(counted_uids: Callable[[], Callable[..., str]]) -> Callable[[Path], Path]:
    """A DICOM Segmentation; counted_uids: makes the UIDs of its scan the same in each run."""

    def make(folder: Path) -> Path:
        import scan_files

        from DentalTopoSegLib.exports.dicom_seg import write_dicom_seg

        scan_files.generate_uid = counted_uids()
        scan, labels = _labels()
        scan_files.write_clinical_dicom(folder / "scan", scan)
        return write_dicom_seg(labels, folder / "scan", folder / "teeth.dcm")

    return make


def named_nifti(folder: Path) -> Path:
    """A NIfTI file with the names of its values."""
    from DentalTopoSegLib.files.label_maps import write_labelmap

    return write_labelmap(_labels()[1], folder / "x.nii.gz", "totalsegmentator")


def with_dataset_file(folder: Path) -> Path:
    """A label map of an nnU-Net data set."""
    from DentalTopoSegLib.files.volumes import write_volume

    names = {"background": 0, "Upper Right Central Incisor": 11, "Lower Right First Molar": 46, "whole": [11, 46]}
    (folder / "dataset.json").write_text(json.dumps({"labels": names, "file_ending": ".nrrd"}))
    return write_volume(_labels()[1], folder / "x.nrrd")
