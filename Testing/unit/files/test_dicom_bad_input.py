"""Damaged and crafted DICOM: read, or refused in one sentence with the file and the tag, within bounds."""

from __future__ import annotations

import os
import re
import shutil
import signal
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from bounded import run_reader
from dicom_series import KINDS, damage, set_raw, write_series
from scan_files import block, write_dicom

from DentalTopoSegLib.errors import InputError, MemoryLimitError
from DentalTopoSegLib.files.volumes import read_volume
from DentalTopoSegLib.files.volumes.dicom import folders, header, is_dicom_file

posix = pytest.mark.skipif(os.name != "posix", reason="pipes, links and such names are those of POSIX systems")


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_volume(path)
    message = str(caught.value)
    assert message.endswith(".") and "\n" not in message and len(message) < 1000
    return message


def one_slice(folder: Path) -> Path:
    return sorted(folder.iterdir())[4]


# ---------------------------------------------------------------- kinds


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_read_without_a_word(tmp_path: Path, kind: str, capfd, recwarn) -> None:
    scan = write_series(tmp_path / "scan", kind)
    volume, warnings = read_volume(scan)
    np.testing.assert_array_equal(volume.array, block((10, 12, 10)).array)
    assert volume.spacing == pytest.approx((0.3, 0.4, 0.5))
    assert (warnings, capfd.readouterr().err, len(recwarn)) == ([], "", 0)


# ---------------------------------------------------------------- tags


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("Rows", b"\0\0"),
        ("Rows", b"\x0c\0\x0c\0"),
        ("Rows", b"\x0c\0\x0c"),
        ("Columns", b"\x0a\0\x0a\0"),
        ("NumberOfFrames", b"many"),
        ("NumberOfFrames", b"-3"),
        ("NumberOfFrames", b"9999999999"),
        ("SamplesPerPixel", b"\x01\0\x01\0"),
        ("BitsAllocated", b"\xff\xff"),
        ("BitsAllocated", None),
        ("BitsStored", b"\x28\0"),
        ("HighBit", b"\xf0\0"),
        ("PixelRepresentation", b"\x07\0"),
        ("PixelSpacing", b"0.4 "),
        ("PixelSpacing", b"0.4\\abc "),
        ("PixelSpacing", b"0.4\\NaN "),
        ("PixelSpacing", b"0.4\\0.3\\0.3 "),
        ("ImagePositionPatient", b"left\\5\\7"),
        ("ImagePositionPatient", b"1\\2 "),
        ("ImagePositionPatient", b"1\\2\\1e300"),
        ("ImageOrientationPatient", b"1\\0\\0\\0\\1 "),
        ("ImageOrientationPatient", b"0\\0\\0\\0\\0\\0 "),
        ("ImageOrientationPatient", b"nan\\0\\0\\0\\1\\0 "),
        ("RescaleSlope", b"0 "),
        ("RescaleSlope", b"NaN "),
        ("RescaleSlope", b"1\\2 "),
        ("RescaleSlope", b"1e300 "),
        ("RescaleIntercept", b"inf "),
        ("RescaleIntercept", b"grey"),
    ],
)
def test_a_tag_with_an_improper_value_is_named(tmp_path: Path, keyword: str, value: bytes | None) -> None:
    folder = write_series(tmp_path / "scan", "explicit")
    for path in folder.iterdir():
        set_raw(path, keyword, value)
    message = refusal(folder)
    assert keyword in message
    assert re.search(r"'[^']*slice\d+\.dcm'", message)


@pytest.mark.parametrize(("value", "words"), [(b"0\\0 ", "voxel size of 0 x 0"), (b"-0.4\\0.3 ", "voxel size")])
def test_a_pixel_size_that_cannot_be(tmp_path: Path, value: bytes, words: str) -> None:
    folder = write_series(tmp_path / "scan", "explicit")
    for path in folder.iterdir():
        set_raw(path, "PixelSpacing", value)
    assert words in refusal(folder)


@pytest.mark.parametrize(
    ("value", "words"), [(b"1\\0\\0\\1\\0\\0 ", "right angles"), (b"1\\0\\0\\0.5\\0.9\\0 ", "right angles")]
)
def test_slice_axes_that_are_not_at_right_angles(tmp_path: Path, value: bytes, words: str) -> None:
    folder = write_series(tmp_path / "scan", "explicit")
    for path in folder.iterdir():
        set_raw(path, "ImageOrientationPatient", value)
    assert words in refusal(folder)


@pytest.mark.parametrize("keyword", ["Rows", "PixelSpacing", "RescaleSlope", "BitsAllocated"])
def test_an_unknown_value_representation(tmp_path: Path, keyword: str) -> None:
    folder = write_series(tmp_path / "scan", "explicit")
    path = one_slice(folder)
    set_raw(path, keyword, b"1234", vr="ZZ")
    message = refusal(folder)
    assert keyword in message and path.name in message


def test_an_unknown_value_representation_of_what_nobody_asks(tmp_path: Path) -> None:
    """The decoder reads another length there than the standard has, and then takes whatever memory comes."""
    folder = write_series(tmp_path / "scan", "explicit")
    path = one_slice(folder)
    set_raw(path, "PatientAge", b"042Y", vr="ZZ")
    message = refusal(folder)
    assert "(0010,1010)" in message and "'ZZ'" in message and path.name in message


def test_an_unknown_value_representation_before_the_data_set(tmp_path: Path) -> None:
    folder = write_series(tmp_path / "scan", "explicit")
    path = one_slice(folder)
    path.write_bytes(path.read_bytes().replace(b"\x02\0\x03\0UI", b"\x02\0\x03\0UY"))
    message = refusal(folder)
    assert "(0002,0003)" in message and path.name in message


@pytest.mark.parametrize("value", [b"ISO_IR 9999", b"\xff\xfe\xfd ", b"ISO 2022 IR 87\\nonsense ", b""])
def test_an_unknown_character_set_does_not_matter(tmp_path: Path, value: bytes, capfd, recwarn) -> None:
    """No text is taken from a scan."""
    folder = write_series(tmp_path / "scan", "explicit")
    for path in folder.iterdir():
        set_raw(path, "SpecificCharacterSet", value)
    np.testing.assert_array_equal(read_volume(folder)[0].array, block((10, 12, 10)).array)
    assert (capfd.readouterr().err, len(recwarn)) == ("", 0)


@pytest.mark.parametrize("positions", [b"1\\2 ", b"a\\b\\c ", b"1\\2\\nan "])
def test_the_positions_of_frames(tmp_path: Path, positions: bytes) -> None:
    path = write_series(tmp_path, "enhanced")
    data = path.read_bytes()
    found = re.search(rb"\x20\x00\x32\x00DS(..)", data, re.DOTALL)
    assert found is not None
    length = struct.unpack("<H", found[1])[0]
    at = found.end()
    path.write_bytes(data[:at] + positions.strip().ljust(length, b" ") + data[at + length :])
    assert "PerFrameFunctionalGroupsSequence.PlanePositionSequence.ImagePositionPatient" in refusal(path)


# ---------------------------------------------------------------- sizes and lengths


def test_more_pixels_than_bytes_are_refused_before_memory_is_taken(tmp_path: Path) -> None:
    folder = write_series(tmp_path / "scan", "explicit")
    for path in folder.iterdir():
        set_raw(path, "Rows", struct.pack("<H", 5000))
        set_raw(path, "Columns", struct.pack("<H", 5000))
    assert "PixelData has 240 bytes, where 5000 x 5000 pixels in 1 frames of 16 bits need 50000000" in refusal(folder)
    for path in folder.iterdir():
        set_raw(path, "Rows", b"\xff\xff")
        set_raw(path, "Columns", b"\xff\xff")
    with pytest.raises(MemoryLimitError, match="65535 x 65535 x 10 voxels"):
        read_volume(folder)


def test_more_frames_than_bytes(tmp_path: Path) -> None:
    path = write_series(tmp_path, "enhanced")
    set_raw(path, "NumberOfFrames", b"60000 ")
    assert "60000 frames (NumberOfFrames) and 10 positions" in refusal(path)


@pytest.mark.parametrize("place", ["first", "nested", "pixels"])
def test_a_length_of_4_gb(tmp_path: Path, place: str) -> None:
    """The decoder would take the memory that an element says it needs."""
    folder = write_series(tmp_path / "scan", "explicit")
    path = one_slice(folder)
    data = path.read_bytes()
    element = b"\x09\x00\x10\x10OB\0\0" + struct.pack("<I", 0xF0000000)
    if place == "nested":
        item = b"\xfe\xff\x00\xe0" + struct.pack("<I", len(element)) + element
        element = b"\x09\x00\x10\x10SQ\0\0" + struct.pack("<I", len(item)) + item
    at = data.index(b"\x10\x00\x10\x00PN")
    if place == "pixels":
        at = data.index(b"\xe0\x7f\x10\x00OW") + 8
        path.write_bytes(data[:at] + struct.pack("<I", 0xF0000000) + data[at + 4 :])
    else:
        path.write_bytes(data[:at] + element + data[at:])
    code, printed = run_reader("read_volume(path)[0].shape", folder, memory=2_000_000_000)
    assert code == 3, printed
    assert path.name in printed and "cut short or damaged" in printed


@pytest.mark.parametrize("known", [True, False])
def test_sequences_nested_10000_deep(tmp_path: Path, known: bool) -> None:
    """The decoder would run out of stack."""
    folder = write_series(tmp_path / "scan", "explicit")
    path = one_slice(folder)
    data = path.read_bytes()
    tag = b"\x08\x00\x40\x11" if known else b"\x09\x00\x10\x10"
    level = tag + b"SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    end = b"\xfe\xff\x0d\xe0\0\0\0\0" + b"\xfe\xff\xdd\xe0\0\0\0\0"
    at = data.index(b"\x10\x00\x10\x00PN")
    path.write_bytes(data[:at] + level * 10_000 + end * 10_000 + data[at:])
    code, printed = run_reader("read_volume(path)[0].shape", folder, memory=2_000_000_000)
    assert code == 3, printed
    assert path.name in printed and "nested" in printed


def test_a_deflated_bomb(tmp_path: Path) -> None:
    """5 MB would become 5 GB."""
    folder = write_series(tmp_path / "scan", "deflated")
    path = one_slice(folder)
    data = path.read_bytes()
    start = 144 + struct.unpack_from("<I", data, 140)[0]
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    plain = zlib.decompress(data[start:], -zlib.MAX_WBITS)
    tail = b"\xfc\xff\xfc\xffOB\0\0" + struct.pack("<I", 600 * 2**20)
    packed = packer.compress(plain + tail)
    packed += b"".join(packer.compress(bytes(2**20)) for _ in range(600)) + packer.flush()
    path.write_bytes(data[:start] + packed)
    assert path.stat().st_size < 2_000_000
    code, printed = run_reader("read_volume(path)[0].shape", folder, memory=1_500_000_000)
    assert code == 3, printed
    assert path.name in printed and "inflates to more than" in printed


@pytest.mark.parametrize("kind", ["jpeg_lossless", "jpeg_ls", "jpeg_2000"])
def test_frames_that_decode_to_another_size_than_stated(tmp_path: Path, kind: str) -> None:
    folder = write_series(tmp_path / "scan", kind)
    path = one_slice(folder)
    data = bytearray(path.read_bytes())
    pixels = data.index(b"\xe0\x7f\x10\x00OB")
    if kind == "jpeg_2000":
        at = data.index(b"\xff\x4f\xff\x51", pixels) + 8
        data[at : at + 8] = struct.pack(">II", 60000, 60000)
    else:
        marker = b"\xff\xf7" if kind == "jpeg_ls" else b"\xff\xc3"
        at = data.index(marker, pixels) + 5
        data[at : at + 4] = struct.pack(">HH", 60000, 60000)
    path.write_bytes(data)
    message = refusal(folder)
    assert path.name in message and "60000 x 60000" in message and "10 x 12" in message


def test_a_header_is_read_within_bounds(tmp_path: Path, monkeypatch) -> None:
    """What is not asked for is passed over; what is asked for has a limit."""
    folder = write_series(tmp_path / "scan", "explicit")
    path = one_slice(folder)
    set_raw(path, "ImageType", b"ORIGINAL\\" * 6000)
    monkeypatch.setattr(header, "MAX_HEADER_BYTES", 20_000)
    assert "more than 0 MB" in refusal(folder)


def test_a_stream_gives_what_is_there_whatever_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    with header.HeaderStream(path) as stream:
        assert stream.read(10**15) == b"0123456789"  # taking memory for 10**15 bytes first would fail
        stream.seek(10**12)
        assert stream.read(10**15) == b""


def test_the_preamble_is_all_that_is_read_to_know_dicom(tmp_path: Path, monkeypatch) -> None:
    big = tmp_path / "big"
    big.write_bytes(bytes(128) + b"DICM" + bytes(100))
    sizes = []
    before = Path.open

    class Counted:
        def __init__(self, stream) -> None:
            self.stream = stream

        def __enter__(self) -> Counted:
            return self

        def __exit__(self, *_) -> None:
            self.stream.close()

        def read(self, size: int) -> bytes:
            sizes.append(size)
            return self.stream.read(size)

    monkeypatch.setattr(Path, "open", lambda self, mode: Counted(before(self, mode)))
    assert is_dicom_file(big)
    assert sizes == [132]


# ---------------------------------------------------------------- folders


def test_a_file_without_permission_is_no_end(tmp_path: Path, monkeypatch) -> None:
    """Whoever looks for scans asks every file; the one scan it may belong to is refused."""
    folder = write_series(tmp_path / "scan", "explicit")
    secret = folder / "secret"
    secret.write_bytes(one_slice(folder).read_bytes())

    def refuse(self, *_args, **_options):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        assert not is_dicom_file(secret)
        assert is_dicom_file(one_slice(folder))
    opened = header.io.FileIO
    monkeypatch.setattr(header.io, "FileIO", lambda path: refuse(path) if Path(path).name == "secret" else opened(path))
    assert "secret' may not be read" in refusal(folder)


def test_a_folder_without_permission(tmp_path: Path, monkeypatch) -> None:
    folder = write_series(tmp_path / "scan", "explicit")
    (folder / "closed").mkdir()
    scandir = os.scandir

    def closed(path):
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(folders.os, "scandir", closed)
    assert "closed' may not be read" in refusal(folder)


@posix
def test_what_else_lies_in_a_folder(tmp_path: Path) -> None:
    folder = write_series(tmp_path / "scan", "explicit")
    os.mkfifo(folder / "pipe.dcm")
    os.symlink(folder, folder / "circle")
    (folder / os.fsdecode(b"notes\xff.txt")).write_text("words")
    (folder / ".hidden.dcm").symlink_to("nowhere")
    (folder / "DICOMDIR").write_bytes(b"not looked at")
    assert not is_dicom_file(folder / "pipe.dcm")
    code, printed = run_reader("read_volume(path)[0].shape", folder)
    assert (code, printed) == (0, "(10, 12, 10)")
    (folder / "lost.dcm").symlink_to("nowhere")
    assert "'lost.dcm' is a link to something that is not there" in refusal(folder)
    (folder / "lost.dcm").unlink()
    (folder / "own.dcm").symlink_to("own.dcm")
    assert "'own.dcm' is a link to something that is not there" in refusal(folder)


@posix
def test_slices_whose_names_are_not_utf_8(tmp_path: Path) -> None:
    folder = write_series(tmp_path / os.fsdecode(b"scan\xff"), "explicit")
    path = one_slice(folder)
    path.rename(folder / os.fsdecode(b"slice\xfe.dcm"))
    code, printed = run_reader("read_volume(path)[0].shape", folder)
    assert (code, printed) == (0, "(10, 12, 10)")


def test_an_empty_slice(tmp_path: Path) -> None:
    folder = write_series(tmp_path / "scan", "explicit")
    sorted(folder.iterdir())[-1].write_bytes(b"")
    assert "is empty (0 bytes)" in refusal(folder)


def test_too_many_files_and_too_many_levels(tmp_path: Path, monkeypatch) -> None:
    folder = write_series(tmp_path / "scan", "explicit")
    deep = folder.joinpath(*["d"] * 500)
    deep.mkdir(parents=True)
    assert "more than 64 levels" in refusal(folder)
    monkeypatch.setattr(folders, "MAX_FILES", 9)
    assert "more than 9 files" in refusal(folder)


# ---------------------------------------------------------------- DICOM SEG


@pytest.mark.parametrize(
    ("keyword", "value", "vr"),
    [
        ("StudyInstanceUID", None, None),
        ("FrameOfReferenceUID", None, None),
        ("PatientName", b"A^B\xff\xfe", "US"),
        ("StudyDate", b"A^B\xff\xfe", "US"),
    ],
)
def test_a_dicom_seg_names_the_tag_that_its_source_lacks(
    tmp_path: Path, keyword: str, value: bytes | None, vr: str | None
) -> None:
    pytest.importorskip("highdicom")
    from DentalTopoSegLib.exports.dicom_seg import write_dicom_seg

    folder = tmp_path / "scan"
    scan = block((10, 12, 10))
    write_dicom(folder, scan)
    labels = np.zeros(scan.shape, np.uint8)
    labels[2:8, 2:8, 2:8] = 11
    for path in folder.iterdir():
        for tag in ("PatientSex", "StudyDate", "StudyTime", "AccessionNumber", "StudyID"):
            set_raw(path, tag, b"")
        set_raw(path, keyword, value, vr)
    with pytest.raises(InputError, match=keyword) as caught:
        write_dicom_seg(scan.with_array(labels), folder, tmp_path / "teeth.dcm")
    assert "A^B" not in str(caught.value)
    assert not (tmp_path / "teeth.dcm").exists()


# ---------------------------------------------------------------- mutants


@pytest.mark.skipif(not hasattr(os, "fork"), reason="memory limits and forks are those of POSIX systems")
@pytest.mark.parametrize("kind", KINDS)
def test_damaged_series_are_read_or_refused(tmp_path: Path, kind: str) -> None:
    """A seeded sample: neither raised, nor a signal, nor more than 2 GB, nor 20 s."""
    seed = write_series(tmp_path / "seed", kind)
    read_volume(seed)  # loads everything before the forks
    for number in range(12):
        folder = tmp_path / f"mutant{number}"
        shutil.copytree(tmp_path / "seed", folder)
        scan = folder / seed.name if seed.is_file() else folder
        done = damage(scan, np.random.default_rng([2026, number, KINDS.index(kind)]))
        outcome = _outcome(scan)
        assert outcome in ("read", "refused"), f"mutant {number}: {done}: {outcome}"


def _outcome(scan: Path) -> str:
    """How reading ends in a fork with 2 GB of memory and 20 s."""
    import resource

    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        said = ""
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(20)
            resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
            read_volume(scan)
            said = "read"
        except InputError:
            said = "refused"
        finally:
            os.write(writer, (said or repr(sys.exc_info()[1])).encode("utf-8", "replace")[:1000])
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        said = stream.read().decode("utf-8", "replace")
    _, status = os.waitpid(child, 0)
    return f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else said
