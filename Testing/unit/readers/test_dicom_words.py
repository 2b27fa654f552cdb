"""What cannot be read is refused for the reason that is true, with what to do."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pydicom
import pytest
from bounded import run_reader
from dicom_odd import edit
from dicom_series import write_series
from pydicom.dataset import Dataset
from scan_files import block, write_dicom, write_file

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.volumes import Volume, read_volume
from DentalTopoSegLib.files.volumes.dicom import is_dicom_file

HPS = b'<?xml version="1.0" encoding="UTF-8"?>\n<HPS version="1.1">\n<Packed_geometry/></HPS>\n'


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_volume(path)
    message = str(caught.value)
    assert "\n" not in message and message.endswith(".") and message.count("'") >= 2
    return message


@pytest.mark.parametrize("beginning", [HPS, b"<HPS version='1.0'>", b"\xef\xbb\xbf" + HPS])
def test_3shapes_meshes_are_named(tmp_path: Path, beginning: bytes) -> None:
    for name in ("UpperJawScan.dcm", "LowerJawScan.dcm"):
        (tmp_path / name).write_bytes(beginning)
    assert not is_dicom_file(tmp_path / "UpperJawScan.dcm")
    for path in (tmp_path, tmp_path / "UpperJawScan.dcm"):
        message = refusal(path)
        assert "3Shape" in message and "STL" in message and "cut short" not in message


@pytest.mark.parametrize(
    ("syntax", "name"),
    [
        ("1.2.840.10008.1.2.4.201", "High-Throughput JPEG 2000 Image Compression (Lossless Only)"),
        ("1.2.840.10008.1.2.4.203", "High-Throughput JPEG 2000 Image Compression"),
        ("1.2.840.10008.1.2.4.102", "MPEG-4 AVC/H.264 High Profile / Level 4.1"),
        ("1.2.3.4.5", "transfer syntax '1.2.3.4.5'"),
    ],
)
def test_a_compression_that_nothing_unpacks_is_named(tmp_path: Path, syntax: str, name: str, capfd) -> None:
    folder = write_series(tmp_path / "scan", "jpeg_ls")

    def claim(file: Dataset, _: int) -> None:
        file.file_meta.TransferSyntaxUID = syntax

    edit(folder, claim)
    message = refusal(folder)
    assert name in message and "export the scan uncompressed" in message
    assert capfd.readouterr().err == ""
    code, printed = run_reader("read_volume(path)", folder)
    assert code == 3 and printed == message


@pytest.mark.parametrize("shown", ["MONOCHROME1", "PALETTE COLOR", "YBR_FULL_422"])
def test_grey_values_that_are_none_or_turned_around(tmp_path: Path, shown: str) -> None:
    write_dicom(tmp_path, block())

    def claim(file: Dataset, _: int) -> None:
        file.PhotometricInterpretation = shown

    edit(tmp_path, claim)
    message = refusal(tmp_path)
    assert "PhotometricInterpretation" in message and shown in message and "MONOCHROME2" in message


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("scan.inv", b"\0\1\2\3", ("Invivo", "inv2dcm", "DICOM")),
        ("scan", b'<INVFile version="1">', ("Invivo", "inv2dcm")),
        ("7_vol_0", b"<xml/>", ("Galileos", "Sidexis", "DICOM")),
        ("7_vol_0_012", bytes(99), ("Galileos", "DICOM")),
        ("7.gwg", b"<xml/>", ("Galileos", "DICOM")),
        ("project.xyz", bytes(99), ("Invivo", "Sidexis", "Galileos", "Romexis", "i-CAT", "as DICOM")),
    ],
)
def test_what_other_dental_programs_keep_is_named(tmp_path: Path, name: str, content: bytes, words) -> None:
    (tmp_path / name).write_bytes(content)
    for path in (tmp_path, tmp_path / name):
        message = refusal(path)
        assert all(word in message for word in words), message


@pytest.mark.parametrize(("at", "size"), [(-6, 64), (-6, 8), (400_000, 64)])
def test_a_gzip_file_that_is_whole_and_wrong_is_damaged(tmp_path: Path, at: int, size: int) -> None:
    """Its checksum does not fit, or its content: it is not cut short, and no share of it is worth a word."""
    path = tmp_path / "scan.nii.gz"
    noise = np.random.default_rng(0).integers(0, 4000, (size, size, size)).astype(np.int16)
    packed = bytearray(gzip.compress(write_file(Volume(noise), tmp_path / "scan.nii").read_bytes()))
    packed[at] ^= 255
    path.write_bytes(packed)
    message = refusal(path)
    assert "is damaged" in message and "100 %" not in message and "cut short" not in message


def test_a_compressed_frame_that_is_damaged_says_nothing_on_stderr(tmp_path: Path, capfd) -> None:
    folder = write_series(tmp_path / "scan", "jpeg_2000")
    path = sorted(folder.iterdir())[3]
    file = pydicom.dcmread(path)
    data = bytearray(file.PixelData)
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    file.PixelData = bytes(data)
    file["PixelData"].is_undefined_length = True
    file.save_as(path)
    try:
        np.asarray(read_volume(folder)[0].array)
    except InputError as error:
        assert path.name in str(error)  # noqa: PT017 - either way nothing is printed
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("count", "said"), [(1, "1 intraoral scan in"), (2, "2 intraoral scans in")])
def test_intraoral_scans_beside_a_cbct_are_left_aside_with_a_note(tmp_path: Path, count: int, said: str) -> None:
    write_dicom(tmp_path / "case", block())
    for number in range(count):
        (tmp_path / "case" / f"Jaw{number}.dcm").write_bytes(HPS)
    _, notes = read_volume(tmp_path / "case")
    assert notes == [f"Left aside: {said} 3Shape's own format, to be segmented as a jaw."]
