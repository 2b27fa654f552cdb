"""One volume in every form in which DICOM may reach a clinic, with what must become of each."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
from dicom_odd import (
    CRANIOFACIAL_3D,
    LEGACY_CONVERTED_CT,
    Enhanced,
    edit,
    enhanced,
    frames_of,
    in_plane,
    scrambled,
    write_bare,
    write_object,
)
from dicom_series import KINDS, recode
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from scan_files import write_dicom, write_multi_frame
from volume_variants import ASKED, NOTED, REFUSED, TOY, Variant, turned

Change = Callable[[Dataset, int], None]
_STORAGE = "1.2.840.10008.5.1.4.1.1."


def dicom_variants() -> list[Variant]:
    """All of them."""
    return [
        replace(variant, format="DICOM") for part in (_series, _many_frames, _beside, _refused) for variant in part()
    ]


def series(change: Change | None = None) -> Callable[[Path], Path]:
    """A maker of a folder of slices, each changed."""

    def make(folder: Path) -> Path:
        write_dicom(folder / "scan", TOY)
        return edit(folder / "scan", change) if change else folder / "scan"

    return make


def stating(**tags: object) -> Change:
    """A change that states tags; None takes one out."""

    def change(file: Dataset, _: int) -> None:
        for keyword, value in tags.items():
            if value is None:
                file.pop(keyword, None)
            else:
                setattr(file, keyword, value)

    return change


def and_then(make: Callable[[Path], Path], more: Callable[[Path], object]) -> Callable[[Path], Path]:
    """A maker that goes on with the folder that was made."""

    def made(folder: Path) -> Path:
        path = make(folder)
        more(path)
        return path

    return made


def _v(name: str, make: Callable[[Path], Path], *more, **options) -> Variant:
    return Variant("DICOM", name, make, *more, **options)


def _series() -> Iterator[Variant]:
    yield _v("a file per slice, shuffled", series())
    for kind in KINDS:
        if kind not in ("explicit", "enhanced"):
            yield _v(f"transfer syntax {kind.replace('_', ' ')}", and_then(series(), lambda f, k=kind: recode(f, k)))
    yield _v("one SOPInstanceUID for all slices", series(stating(SOPInstanceUID="1.2.3")))
    yield _v("no SOPInstanceUID", series(stating(SOPInstanceUID=None)))
    own = series(lambda file, _: setattr(file, "SeriesInstanceUID", generate_uid()))
    yield _v("a SeriesInstanceUID per slice", own, NOTED, "taken as one scan")
    yield _v("no preamble, implicit", _bare(explicit=False))
    yield _v("no preamble, explicit", _bare(explicit=True))
    yield _v("a CD, by its folder", _cd)
    yield _v("a CD, by its DICOMDIR", lambda folder: _cd(folder) / "DICOMDIR")
    yield _v("a slice twice, equal, with the same id", and_then(series(), _again()))
    yield _v("a slice twice, equal, with another id", and_then(series(), _again(new=True)), NOTED, "twice")
    yield _v("the whole scan twice", and_then(series(), lambda f: shutil.copytree(f, f / "copy")))
    rescaled = series(lambda file, k: _rescale(file, 1 + k % 2, -100 * k))
    yield _v("a rescale of its own for each slice", rescaled)
    yield _v("padding, declared and unused", series(lambda file, _: file.add_new("PixelPaddingValue", "SS", -32768)))


def _many_frames() -> Iterator[Variant]:
    order = scrambled(len(TOY.array))
    for name, sop_class in (
        ("Enhanced CT", {}),
        ("Legacy Converted Enhanced CT", {"sop_class": LEGACY_CONVERTED_CT}),
        ("X-Ray 3D Craniofacial", {"sop_class": CRANIOFACIAL_3D}),
    ):
        yield _v(name, _enhanced(**sop_class))
        yield _v(f"{name}, frames scrambled", _enhanced(order, **sop_class))
    every = frozenset({"orientation", "measures", "values"})
    yield _v("Enhanced CT, all stated per frame", _enhanced(order, per_frame=every))
    yield _v("Enhanced CT, a rescale for each frame", _frame_rescale(compressed=False))
    yield _v("Enhanced CT, the same, compressed (RLE)", _frame_rescale(compressed=True))
    yield _v("Enhanced CT, a file per frame", _a_file_per_frame)
    yield _v("Enhanced CT with a second, small stack", _two_stacks(2), NOTED, "Left aside as scout")
    yield _v("Enhanced CT with a second stack", _two_stacks(14), REFUSED, "2 scans.*--series")
    yield _v("Enhanced CT, a frame missing", _enhanced([i for i in order if i != 6]), REFUSED, "lacks 1 of its slices")
    part = _enhanced(order, extra={"ConcatenationUID": "1.2.3"})
    yield _v("a part of a concatenation", part, REFUSED, "one of several parts")
    upright = {
        word: turned(np.diag([sx * 0.3, sy * 0.4, 0.5, 1.0])) for word, sx, sy in (("LPS", -1, -1), ("RAS", 1, 1))
    }
    plain = _classic(SliceThickness=0.5)
    yield _v("many frames, no place stated", plain, ASKED, "left and right", answers=upright)
    placed = {
        "ImagePositionPatient": list(TOY.origin),
        "ImageOrientationPatient": [round(v, 9) for v in in_plane(TOY)],
    }
    yield _v("many frames, the first one's place", _classic(SliceThickness=0.5, **placed), NOTED, "0.5 mm apart")
    both = _classic(SliceThickness=1.0, SpacingBetweenSlices=0.5, **placed)
    yield _v("many frames, SpacingBetweenSlices too", both, NOTED, "0.5 mm apart")
    yield _v("many frames, no distance", _classic(**placed), REFUSED, "distance of its slices")


def _beside() -> Iterator[Variant]:
    words = np.zeros((40, 60, 80), np.uint16)
    for name, sop_class, modality, pixels, said in (
        ("a DICOM segmentation", "66.4", "SEG", words, "1 DICOM segmentation"),
        ("an RTSTRUCT", "481.3", "RTSTRUCT", None, "1 radiotherapy structure set"),
        ("an RTDOSE", "481.2", "RTDOSE", words, "1 radiotherapy dose"),
        ("a parametric map", "30", "CT", words, "1 parametric map"),
        ("a structured report", "88.11", "SR", None, "1 structured report"),
        ("a presentation state", "11.1", "PR", None, "1 presentation state"),
        ("a secondary capture", "7", "OT", words[0], "side pictures"),
        ("an MR scan", "4", "MR", words, "1 MR scan"),
    ):
        write = lambda f, c=sop_class, m=modality, p=pixels: write_object(f / "x.dcm", _STORAGE + c, m, p)  # noqa: E731
        yield _v(f"{name} beside the scan", and_then(series(), write), NOTED, said)
        if "capture" not in name:
            alone = lambda folder, c=sop_class, m=modality, p=pixels: write_object(  # noqa: E731
                folder / "x.dcm", _STORAGE + c, m, p
            )
            yield _v(f"{name} alone", alone, REFUSED, said.removeprefix("1 "))
    scout = lambda f: write_dicom(f, replace(TOY, array=TOY.array[:1]), number=9, prefix="scout")  # noqa: E731
    yield _v("a scout beside the scan", and_then(series(), scout), NOTED, "side pictures")
    other = lambda f: write_dicom(f, TOY, number=9, prefix="other")  # noqa: E731
    yield _v("two scans", and_then(series(), other), REFUSED, "2 scans.*--series")


def _refused() -> Iterator[Variant]:
    yield _v("a slice missing", and_then(series(), lambda f: _slice(f, 5).unlink()), REFUSED, "lacks 1 of its slices")
    differing = and_then(series(), _again(new=True, pixels=True))
    yield _v("two different slices in one place", differing, REFUSED, "two different slices.*'again.dcm'")
    yield _v("MONOCHROME1", series(stating(PhotometricInterpretation="MONOCHROME1")), REFUSED, "MONOCHROME1")
    yield _v("PALETTE COLOR", series(stating(PhotometricInterpretation="PALETTE COLOR")), REFUSED, "PALETTE COLOR")
    yield _v("no Image Position", series(stating(ImagePositionPatient=None)), REFUSED, "no Image Position")
    yield _v("no Image Orientation", series(stating(ImageOrientationPatient=None)), REFUSED, "no Image Orientation")
    for name, syntax in (("High-Throughput JPEG 2000", ".4.201"), ("MPEG-4", ".4.102")):
        yield _v(f"compressed as {name}", _claimed("1.2.840.10008.1.2" + syntax), REFUSED, f"cannot unpack .{name}")
    yield _v("cut short", and_then(series(), lambda f: _cut(_slice(f, 5))), REFUSED, "cut short")
    yield _v("a 3Shape mesh called .dcm", _hps, REFUSED, "3Shape")


# ---------------------------------------------------------------- makers


def _slice(folder: Path, number: int) -> Path:
    return sorted(folder.glob("slice*"))[number]


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-50])


def _rescale(file: Dataset, slope: int, intercept: int) -> None:
    """Other stored values and another rescale of the same grey values."""
    pixels = file.pixel_array * slope
    file.RescaleSlope, file.RescaleIntercept = 1 / slope, intercept
    file.PixelData = (pixels - slope * intercept).astype(np.int16).tobytes()


def _again(new: bool = False, pixels: bool = False) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        file = pydicom.dcmread(_slice(folder, 5))
        if new:
            file.SOPInstanceUID = file.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        if pixels:
            file.PixelData = bytes(len(file.PixelData))
        file.save_as(folder / "again.dcm")

    return write


def _bare(explicit: bool) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        write_dicom(folder / "whole", TOY)
        (folder / "bare").mkdir()
        for number, path in enumerate(sorted((folder / "whole").iterdir())):
            write_bare(pydicom.dcmread(path), folder / "bare" / f"IM{number:04d}", explicit)
        return folder / "bare"

    return make


def _cd(folder: Path) -> Path:
    from pydicom.fileset import FileSet

    files = FileSet()
    write_dicom(folder / "slices", TOY)
    for path in sorted((folder / "slices").iterdir()):
        file = pydicom.dcmread(path)
        file.StudyDate, file.StudyTime, file.StudyID, file.AccessionNumber = "20200101", "120000", "1", ""
        files.add(file)
    files.write(folder / "CD")
    (folder / "CD" / "viewer.exe").write_bytes(b"MZ")
    return folder / "CD"


def _enhanced(order=None, **options) -> Callable[[Path], Path]:
    return lambda folder: enhanced(TOY, order, **options).write(folder / "x.dcm")


def _frame_rescale(compressed: bool) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        frames = frames_of(TOY)
        for k, frame in enumerate(frames):
            frame.intercept = float(-100 * k)
            frame.pixels = (frame.pixels + 100 * k).astype(np.int16)
        scan = Enhanced([frames[i] for i in scrambled(len(frames))], in_plane(TOY), (0.4, 0.3))
        scan.per_frame, scan.compressed = frozenset({"values"}), compressed
        return scan.write(folder / "x.dcm")

    return make


def _a_file_per_frame(folder: Path) -> Path:
    for k, frame in enumerate(frames_of(TOY)):
        same = {"SeriesInstanceUID": "1.2.3.4"}
        Enhanced([frame], in_plane(TOY), (0.4, 0.3), extra=same).write(folder / "scan" / f"{20 - k}.dcm")
    return folder / "scan"


def _two_stacks(slices: int) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        second = frames_of(TOY)[:slices]
        for frame in second:
            frame.stack = "2"
        return Enhanced([*frames_of(TOY), *second], in_plane(TOY), (0.4, 0.3)).write(folder / "x.dcm")

    return make


def _classic(**tags: object) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = write_multi_frame(folder / "x.dcm", TOY, enhanced=False)
        file = pydicom.dcmread(path)
        stating(**tags)(file, 0)
        file.save_as(path)
        return path

    return make


def _claimed(syntax: str) -> Callable[[Path], Path]:
    """Compressed slices that say to be compressed otherwise."""

    def claim(file: Dataset, _: int) -> None:
        file.file_meta.TransferSyntaxUID = syntax

    return and_then(and_then(series(), lambda f: recode(f, "jpeg_ls")), lambda f: edit(f, claim))


def _hps(folder: Path) -> Path:
    path = folder / "UpperJawScan.dcm"
    path.write_bytes(b'<?xml version="1.0" encoding="UTF-8"?>\n<HPS version="1.1">\n<Packed_geometry/></HPS>\n')
    return path
