"""Small DICOM series of every kind that is read, and ways to damage them: seeds for tests and the fuzzer."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian, RLELossless
from scan_files import block, write_dicom, write_multi_frame

#: What `write_series` can write.
KINDS = ("explicit", "implicit", "big_endian", "deflated", "rle", "jpeg_lossless", "jpeg_ls", "jpeg_2000", "enhanced")
#: The tags that reading depends on, by keyword.
READ_TAGS = (
    "SOPInstanceUID",
    "SeriesInstanceUID",
    "SeriesNumber",
    "Modality",
    "ImageType",
    "Rows",
    "Columns",
    "PixelSpacing",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "NumberOfFrames",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "RescaleSlope",
    "RescaleIntercept",
    "SliceThickness",
    "SpecificCharacterSet",
    "PixelData",
)
_ITK_COMPRESSORS = {"jpeg_lossless": "JPEG", "jpeg_2000": "JPEG2000"}


def write_series(folder: Path, kind: str, slices: int = 10) -> Path:
    """Write a small scan of one of `KINDS`; returns what to read: the folder, or the file of an enhanced object."""
    volume = block((slices, 12, 10))
    if kind == "enhanced":
        folder.mkdir(parents=True, exist_ok=True)
        return write_multi_frame(folder / "enhanced.dcm", volume)
    write_dicom(folder, volume)
    recode(folder, kind)
    return folder


def recode(folder: Path, kind: str) -> None:
    """Store the slices of a folder in another transfer syntax, one of `KINDS`."""
    for path in sorted(folder.iterdir()):
        dataset = pydicom.dcmread(path)
        if kind == "implicit":
            _save(dataset, path, ImplicitVRLittleEndian)
        elif kind == "big_endian":
            dataset.PixelData = dataset.pixel_array.astype(">i2").tobytes()
            _save(dataset, path, ExplicitVRBigEndian)
        elif kind == "deflated":
            _save(dataset, path, DeflatedExplicitVRLittleEndian)
        elif kind == "rle":
            dataset.compress(RLELossless, generate_instance_uid=False)
            dataset.save_as(path)
        elif kind == "jpeg_ls":
            dataset.compress("1.2.840.10008.1.2.4.80", generate_instance_uid=False)
            dataset.save_as(path)
        elif kind in _ITK_COMPRESSORS:
            _recompress(path, dataset, _ITK_COMPRESSORS[kind])


def _save(dataset: Dataset, path: Path, syntax: str) -> None:
    fresh = Dataset()  # one that was read keeps its encoding
    fresh.update(dataset)
    fresh.file_meta = dataset.file_meta
    fresh.file_meta.TransferSyntaxUID = syntax
    fresh.preamble = b"\0" * 128
    pydicom.dcmwrite(path, fresh, enforce_file_format=True)


def _recompress(path: Path, dataset: Dataset, compressor: str) -> None:
    """The same slice with its pixels as ITK's encoder writes them."""
    writer = sitk.ImageFileWriter()
    writer.SetFileName(str(path) + ".itk.dcm")
    writer.SetImageIO("GDCMImageIO")
    writer.UseCompressionOn()
    writer.SetCompressor(compressor)
    writer.Execute(sitk.GetImageFromArray(dataset.pixel_array.astype(np.int16)[None]))
    encoded_path = Path(str(path) + ".itk.dcm")
    encoded = pydicom.dcmread(encoded_path)
    encoded_path.unlink()
    dataset.file_meta.TransferSyntaxUID = encoded.file_meta.TransferSyntaxUID
    dataset.PixelData = encoded.PixelData
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    for keyword in ("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"):
        setattr(dataset, keyword, encoded[keyword].value)
    dataset.save_as(path)


def flip_bytes(path: Path, rng: np.random.Generator, count: int | None = None) -> None:
    """Change some bytes of a file, cut it, or write a block of it twice; mostly in its header."""
    data = bytearray(path.read_bytes())
    way = int(rng.integers(10))
    if way == 0:
        data = data[: int(rng.integers(1, len(data)))]
    elif way == 1:
        at, length = int(rng.integers(132, len(data))), int(rng.integers(1, 64))
        data[at:at] = data[at : at + length]
    else:
        for _ in range(count or int(rng.integers(1, 6))):
            at = int(rng.integers(132, len(data)))
            values = (int(rng.integers(256)), 0, 255, 0x7F, 0x80, data[at] ^ (1 << int(rng.integers(8))))
            data[at] = values[int(rng.integers(len(values)))]
    path.write_bytes(data)


def damage(scan: Path, rng: np.random.Generator) -> str:
    """Damage a series of `write_series` by some bytes or one tag, in one file or all; returns what was done."""
    files = [scan] if scan.is_file() else sorted(scan.iterdir())
    chosen = files if rng.random() < 0.3 else [files[int(rng.integers(len(files)))]]
    if rng.random() < 0.5:
        for path in chosen:
            flip_bytes(path, np.random.default_rng(int(rng.integers(1 << 32))))
        return f"bytes of {len(chosen)} files"
    keyword = READ_TAGS[int(rng.integers(len(READ_TAGS)))]
    values = (None, *odd_values())
    value = values[int(rng.integers(len(values)))]
    vr = (None, None, None, "ZZ", "SQ", "UN", "OB")[int(rng.integers(7))]
    for path in chosen:
        set_raw(path, keyword, value, vr)
    return f"{keyword} = {value if value is None else value[:20]!r} ({vr}) in {len(chosen)} files"


def odd_values() -> tuple[bytes, ...]:
    """Values, as stored, that no tag should have."""
    words = (
        b"",
        b"abc ",
        b"1\\2\\3\\4\\5\\6\\7\\8 ",
        b"99999999999999999999",
        b"-1",
        b"NaN ",
        b"inf ",
        b"1e308 ",
        b"0 ",
    )
    raw = (b"\0\0", b"\xff\xff", b"\0\0\0\0\0\0\0\0", b"\xff" * 8, b"x", b"\xf0\x9f\xa6\xb7", b"9" * 60_000)
    return words + raw


def set_raw(path: Path, keyword: str, value: bytes | None, vr: str | None = None) -> None:
    """Store bytes as a tag's value, whatever they mean; None takes the tag out.

    vr: another value representation than the dictionary's, as "ZZ".
    """
    from pydicom.datadict import dictionary_VR, tag_for_keyword

    data = path.read_bytes()
    start = _dataset_start(data)
    syntax = pydicom.dcmread(
        path, stop_before_pixels=True, specific_tags=["SOPInstanceUID"]
    ).file_meta.TransferSyntaxUID
    body = data[start:]
    deflated = syntax == DeflatedExplicitVRLittleEndian
    if deflated:
        body = zlib.decompress(body, -zlib.MAX_WBITS)
    explicit, order = syntax != ImplicitVRLittleEndian, "big" if syntax == ExplicitVRBigEndian else "little"
    tag = tag_for_keyword(keyword)
    assert tag is not None
    at = 0
    pieces: list[bytes] = []
    new = b"" if value is None else _element(tag, vr or dictionary_VR(tag)[:2], value, explicit, order)
    done = False
    while at + 8 <= len(body):
        own, end = _end_of(body, at, explicit, order)
        if own >= tag and not done:
            pieces.append(new)
            done = True
        if own != tag:
            pieces.append(body[at:end])
        at = end
    if not done:
        pieces.append(new)
    body = b"".join(pieces)
    if deflated:
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        body = packer.compress(body) + packer.flush()
    path.write_bytes(data[:start] + body)


def _dataset_start(data: bytes) -> int:
    # (0002,0000) UL comes first in every file written here: its value is the bytes behind it.
    return 132 + 12 + int.from_bytes(data[140:144], "little")


def _element(tag: int, vr: str, value: bytes, explicit: bool, order: str) -> bytes:
    head = (tag >> 16).to_bytes(2, order) + (tag & 0xFFFF).to_bytes(2, order)  # type: ignore[arg-type]
    if not explicit:
        return head + len(value).to_bytes(4, order) + value  # type: ignore[arg-type]
    if vr in ("OB", "OW", "SQ", "UN", "UT"):
        return head + vr.encode() + b"\0\0" + len(value).to_bytes(4, order) + value  # type: ignore[arg-type]
    return head + vr.encode() + min(len(value), 65535).to_bytes(2, order) + value[:65535]  # type: ignore[arg-type]


def _end_of(body: bytes, at: int, explicit: bool, order: str) -> tuple[int, int]:
    """(tag, end) of the element at an offset of a sound file; one without a length goes to its delimiter."""
    tag = int.from_bytes(body[at : at + 2], order) << 16 | int.from_bytes(body[at + 2 : at + 4], order)  # type: ignore[arg-type]
    vr = body[at + 4 : at + 6]
    if explicit and vr not in (b"OB", b"OW", b"SQ", b"UN", b"UT"):
        return tag, at + 8 + int.from_bytes(body[at + 6 : at + 8], order)  # type: ignore[arg-type]
    start = at + 12 if explicit else at + 8
    length = int.from_bytes(body[start - 4 : start], order)  # type: ignore[arg-type]
    if length != 0xFFFFFFFF:
        return tag, start + length
    return tag, body.index(b"\xfe\xff\xdd\xe0\0\0\0\0", start) + 8
