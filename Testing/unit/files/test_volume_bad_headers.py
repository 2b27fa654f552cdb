"""Crafted volume files end in one sentence that names the file and the field: nothing hangs, dies or fills the memory.

What killed or hung the process once is read in a child.
"""

from __future__ import annotations

import bz2
import gzip
import os
import socket
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from bounded import run_reader
from hypothesis import given, settings
from hypothesis import strategies as st
from volume_bytes import VOXELS, metaimage_bytes, nifti_bytes, nrrd_bytes

from DentalTopoSegLib.errors import InputError, OutputError
from DentalTopoSegLib.files.jaw_labels import read_labelled_jaw
from DentalTopoSegLib.files.label_maps import read_fdi_labels
from DentalTopoSegLib.files.meshes import is_mesh_file, read_mesh, read_teeth3ds_json
from DentalTopoSegLib.files.names import shows
from DentalTopoSegLib.files.seg_nrrd import stored_confidence
from DentalTopoSegLib.files.volumes import read_labels, read_volume, write_volume

posix = pytest.mark.skipif(os.name != "posix", reason="pipes, devices and such names are those of POSIX systems")


def refusal(folder: Path, name: str, content: bytes) -> str:
    """The sentence that a file of this content is refused with."""
    path = folder / name
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_volume(path)
    message = str(caught.value)
    assert name in message and message.endswith(".") and all(map(shows, message))
    return message


# ---------------------------------------------------------------- what killed the process


@pytest.mark.parametrize("axes", ["-3", "100", "99999999"])
def test_numbers_of_axes_that_killed_the_process(tmp_path: Path, axes: str) -> None:
    path = tmp_path / "scan.mha"
    path.write_bytes(metaimage_bytes(NDims=axes))
    code, printed = run_reader("read_volume(path)", path)
    assert code == 3, printed
    assert "NDims" in printed and "scan.mha" in printed


@pytest.mark.parametrize("axes", ["0", "2147483648", "1e9", "", "three", "3 3", "11"])
def test_other_numbers_of_axes(tmp_path: Path, axes: str) -> None:
    assert "NDims" in refusal(tmp_path, "scan.mha", metaimage_bytes(NDims=axes))


def test_long_words_in_an_nrrd_that_killed_the_process(tmp_path: Path) -> None:
    word = "x" * 5000
    contents = {field: nrrd_bytes(**{field: word}) for field in ("type", "space", "kinds", "sizes", "encoding")}
    for field, content in contents.items():
        assert len(refusal(tmp_path, f"{field}.nrrd", content)) < 1000
    (tmp_path / "pair.nrrd").write_bytes(nrrd_bytes(VOXELS, f"{word}:={word}", f"content: {word}"))
    for field in ("kinds", "pair"):
        code, printed = run_reader("read_volume(path)[0].shape", tmp_path / f"{field}.nrrd")
        assert code == (0 if field == "pair" else 3), printed


@posix
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
def test_a_name_that_is_not_utf_8(tmp_path: Path, suffix: str) -> None:
    contents = {".nii": nifti_bytes(), ".nrrd": nrrd_bytes(), ".mha": metaimage_bytes()}
    content = gzip.compress(nifti_bytes()) if suffix == ".nii.gz" else contents[suffix]
    path = tmp_path / os.fsdecode(b"scan\xff\xfe" + suffix.encode())
    path.write_bytes(content)
    code, printed = run_reader("read_volume(path)[0].shape", path)
    assert (code, printed) == (0, "(10, 9, 8)")


@posix
def test_a_name_that_is_not_utf_8_is_not_written(tmp_path: Path) -> None:
    """ITK's writer would end the process."""
    folder = tmp_path / os.fsdecode(b"f\xff")
    folder.mkdir()
    (folder / "in.nrrd").write_bytes(nrrd_bytes())
    scan, _ = read_volume(folder / "in.nrrd")
    for path in (folder / "out.nrrd", tmp_path / os.fsdecode(b"out\xff.nii.gz")):
        with pytest.raises(OutputError, match="UTF-8"):
            write_volume(scan, path)
    assert [p.name for p in folder.iterdir()] == ["in.nrrd"]


def test_itk_is_given_no_file_of_these_formats(tmp_path: Path) -> None:
    """Its readers die of some: the library's own do not even load it."""
    for name, content in SOUND.items():
        (tmp_path / name).write_bytes(content)
    for name in ("scan.raw", "scan.img"):
        (tmp_path / name).write_bytes(VOXELS.tobytes())
    code, printed = run_reader("read_volume(path)[0].shape, 'SimpleITK' in sys.modules", *map(tmp_path.joinpath, SOUND))
    assert code == 0
    assert set(printed.splitlines()) == {"(10, 9, 8) False"}


# ---------------------------------------------------------------- decompression bombs


def endless_gzip(beginning: bytes, megabytes: int = 4096) -> bytes:
    """A gzip stream of a beginning and then zeros, a thousandth of their size, without an end."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    start = packer.compress(beginning) + packer.flush(zlib.Z_FULL_FLUSH)
    zeros = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + zeros * megabytes


@pytest.mark.parametrize("name", ["scan.nrrd", "scan.nii.gz", "scan.mha"])
def test_a_bomb_behind_the_voxels_is_not_unpacked(tmp_path: Path, name: str) -> None:
    """4 MB that unpack to 4 GB: reading stops at the voxels' end, and takes neither the memory nor the time."""
    path = tmp_path / name
    if name == "scan.nrrd":
        path.write_bytes(nrrd_bytes(encoding="gzip", data=endless_gzip(VOXELS.tobytes())))
    elif name == "scan.mha":
        path.write_bytes(metaimage_bytes(CompressedData="True", data=endless_gzip(VOXELS.tobytes())))
    else:
        path.write_bytes(endless_gzip(nifti_bytes()))
    assert path.stat().st_size < 5_000_000
    assert run_reader("read_volume(path)[0].shape", path, seconds=8, memory=2_000_000_000) == (0, "(10, 9, 8)")


def test_a_gzip_file_of_a_million_empty_parts(tmp_path: Path) -> None:
    path = tmp_path / "scan.nii.gz"
    path.write_bytes(gzip.compress(nifti_bytes()[:352]) + gzip.compress(b"") * 1_000_000)
    code, printed = run_reader("read_volume(path)", path, seconds=8)
    assert code == 3 and "damaged" in printed, printed


@posix
def test_endless_padding_behind_a_gzip_file(tmp_path: Path) -> None:
    """A sparse file of 100 GB takes no space: after a megabyte of zeros no more is looked at."""
    path = tmp_path / "scan.nii.gz"
    path.write_bytes(gzip.compress(nifti_bytes()[:352]))
    os.truncate(path, 100_000_000_000)
    code, printed = run_reader("read_volume(path)", path, seconds=8)
    assert code == 3 and "cut short" in printed, printed


@pytest.mark.parametrize("word", [b"% ", b"%d ", b"( ", b"-", b"1 ", b"\\", b"SCT^1"])
def test_long_fields_take_no_time(tmp_path: Path, word: bytes) -> None:
    long = word * (500_000 // len(word))
    begin = time.process_time()
    for field in ("data file", "space directions", "sizes", "kinds"):
        content = nrrd_bytes(VOXELS, **{field.replace(" ", "_"): None})
        refusal(tmp_path, "scan.nrrd", content.replace(b"endian", field.encode() + b": " + long + b"\nendian"))
    path = tmp_path / "teeth.seg.nrrd"
    pairs = b"Segment0_LabelValue:=1\nSegment0_Tags:=" + long + b"\nSegment0_Name:=" + long + b"\nendian"
    path.write_bytes(nrrd_bytes((VOXELS > 9).astype(np.uint8)).replace(b"endian", pairs))
    assert stored_confidence(read_labels(path)) == {}
    assert time.process_time() - begin < 5


def test_a_small_file_does_not_get_memory_for_what_it_cannot_hold(tmp_path: Path) -> None:
    """640 million voxels by the header, a kilobyte of data: refused by the size of the file."""
    sizes = {"sizes": "1000 1000 640"}
    for encoding, pack in (("raw", bytes), ("gzip", gzip.compress)):
        assert "cut short" in refusal(
            tmp_path, "scan.nrrd", nrrd_bytes(encoding=encoding, data=pack(bytes(99)), **sizes)
        )


@pytest.mark.parametrize("name", ["scan.nii.gz", "scan.nrrd", "bz.nrrd", "scan.mha"])
def test_a_stream_that_ends_early_or_is_damaged(tmp_path: Path, name: str) -> None:
    noise = np.random.default_rng(0).integers(0, 9999, VOXELS.shape).astype(np.int16)
    raw = noise.tobytes()
    whole = {
        "scan.nii.gz": gzip.compress(nifti_bytes(noise)),
        "scan.nrrd": nrrd_bytes(encoding="gzip", data=gzip.compress(raw)),
        "bz.nrrd": nrrd_bytes(encoding="bz2", data=bz2.compress(raw)),
        "scan.mha": metaimage_bytes(CompressedData="True", data=zlib.compress(raw)),
    }[name]
    assert "cut short" in refusal(tmp_path, name, whole[:-200])
    damaged = bytearray(whole)
    damaged[-300:-280] = b"\xff" * 20
    assert "damaged" in refusal(tmp_path, name, bytes(damaged))
    less = {
        "scan.nii.gz": gzip.compress(nifti_bytes(noise)[:-2]),
        "scan.nrrd": nrrd_bytes(encoding="gzip", data=gzip.compress(raw[:-2])),
        "bz.nrrd": nrrd_bytes(encoding="bz2", data=bz2.compress(raw[:-2])),
        "scan.mha": metaimage_bytes(CompressedData="True", data=zlib.compress(raw[:-2])),
    }[name]
    assert "cut short" in refusal(tmp_path, name, less)


# ---------------------------------------------------------------- what is no file


def _special(folder: Path, kind: str, suffix: str) -> Path:
    path = folder / f"scan{suffix}"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        here = os.getcwd()
        os.chdir(folder)  # a socket's path may have 108 characters at most
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
        os.chdir(here)
    else:
        path.symlink_to({"endless device": "/dev/zero", "empty device": "/dev/null"}.get(kind, "nowhere"))
    return path


KINDS = {
    "pipe": "a named pipe",
    "socket": "a socket",
    "endless device": "a device",
    "empty device": "a device",
    "dangling link": "is a link to 'nowhere', which is not there",
}
READERS = {
    ".nii.gz": read_volume,
    ".nrrd": read_volume,
    ".mha": read_volume,
    ".hdr": read_volume,
    ".dcm": read_volume,
    ".seg.nrrd": read_fdi_labels,
    ".nii": read_labels,
    ".stl": read_mesh,
    ".vtp": read_labelled_jaw,
    ".json": read_teeth3ds_json,
}


@posix
@pytest.mark.parametrize("suffix", READERS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_ordinary_file(tmp_path: Path, kind: str, suffix: str) -> None:
    path = _special(tmp_path, kind, suffix)
    with pytest.raises(InputError) as caught:
        READERS[suffix](path)
    assert KINDS[kind] in str(caught.value) and path.name in str(caught.value)


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "x/" * 3000 + "x"])
@pytest.mark.parametrize("suffix", READERS)
def test_a_path_that_no_file_can_have(tmp_path: Path, suffix: str, name: str) -> None:
    path = tmp_path / f"{name}{suffix}"
    with pytest.raises(InputError, match=r"check the path\."):
        READERS[suffix](path)
    assert is_mesh_file(path) == (suffix in (".stl", ".vtp"))


@posix
@pytest.mark.parametrize("kind", ["pipe", "endless device"])
def test_a_special_file_without_a_suffix_does_not_hang(tmp_path: Path, kind: str) -> None:
    path = _special(tmp_path, kind, "")
    code, printed = run_reader("is_mesh_file(path)", path)
    assert (code, printed) == (0, "False")
    assert not is_mesh_file(path)


@posix
@pytest.mark.parametrize("header", ["scan.mhd", "scan.nhdr", "scan.hdr"])
@pytest.mark.parametrize("kind", ["pipe", "endless device", "dangling link"])
def test_voxels_in_no_ordinary_file(tmp_path: Path, header: str, kind: str) -> None:
    data = _special(tmp_path, kind, ".img")
    contents = {
        "scan.mhd": metaimage_bytes(ElementDataFile=data.name, data=b""),
        "scan.nhdr": nrrd_bytes(VOXELS, f"data file: {data.name}", data=b""),
        "scan.hdr": nifti_bytes(magic=b"ni1\0", vox_offset=0)[:348],
    }
    (tmp_path / header).write_bytes(contents[header])
    with pytest.raises(InputError, match=r"scan\.img"):
        read_volume(tmp_path / header)


# ---------------------------------------------------------------- voxels elsewhere

ELSEWHERE = ["../secret.raw", "/etc/passwd", "/dev/zero", "sub/secret.raw", "..", ".", "C:\\secret.raw", "a\\b.raw"]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_voxels_lie_beside_their_header(tmp_path: Path, target: str) -> None:
    for folder in (tmp_path, tmp_path / "in", tmp_path / "in" / "sub"):
        folder.mkdir(exist_ok=True)
        (folder / "secret.raw").write_bytes(VOXELS.tobytes())
    folder = tmp_path / "in"
    assert "ElementDataFile" in refusal(folder, "a.mhd", metaimage_bytes(ElementDataFile=target, data=b""))
    listed = metaimage_bytes(ElementDataFile="LIST", data=f"{target}\n".encode() * 10)
    assert "ElementDataFile" in refusal(folder, "b.mhd", listed)
    assert "data file" in refusal(folder, "c.nhdr", nrrd_bytes(VOXELS, f"data file: {target}", data=b""))
    listed = nrrd_bytes(VOXELS, "data file: LIST", data=b"").removesuffix(b"\n") + f"{target}\n".encode() * 10
    assert "data file" in refusal(folder, "d.nhdr", listed)


@pytest.mark.parametrize(
    "value",
    ["", "%s%s%s", "../s%03d.raw 0 9 1", "s%03d.raw 0 9999999 1", "s%03d.raw 0 9 0", "s%999d.raw", "%n", "LIST 9"],
)
def test_patterns_of_file_names(tmp_path: Path, value: str) -> None:
    assert "ElementDataFile" in refusal(tmp_path, "a.mhd", metaimage_bytes(ElementDataFile=value, data=b""))
    if " " in value:
        assert "data file" in refusal(tmp_path, "a.nhdr", nrrd_bytes(VOXELS, f"data file: {value}", data=b""))


# ---------------------------------------------------------------- fields


@pytest.mark.parametrize("field", ["ElementSpacing", "Offset", "DimSize", "TransformMatrix", "ElementType", "NDims"])
@pytest.mark.parametrize(
    "value", ["0.3 0.4", "nan 1 1", "1 inf 1", "1 2 3 4", "1_0 1 1", "\x80 1 1", "a b c", "1e999 1 1"]
)
def test_fields_of_a_metaimage(tmp_path: Path, field: str, value: str) -> None:
    assert field in refusal(tmp_path, "scan.mha", metaimage_bytes(**{field: value}))


@pytest.mark.parametrize("field", ["sizes", "space_directions", "space_origin", "type", "dimension", "endian"])
@pytest.mark.parametrize(
    "value", ["0", "nan 1 1", "(nan,1,1)", "-5 9 10", "(1,0) (0,1)", "9999999999999999999 1 1", "\xff"]
)
def test_fields_of_an_nrrd(tmp_path: Path, field: str, value: str) -> None:
    if field == "space_origin" and "nan" in value:
        return  # by the format a NaN stands for an unknown place
    assert field.replace("_", " ").split()[-1] in refusal(tmp_path, "scan.nrrd", nrrd_bytes(**{field: value}))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -1.0, 1e30, 3e8])
def test_the_offset_of_a_nifti(tmp_path: Path, value: float) -> None:
    content = nifti_bytes(vox_offset=value)
    for name, packed in (("scan.nii", content), ("scan.nii.gz", gzip.compress(content))):
        assert "vox_offset" in refusal(tmp_path, name, packed)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"dim": (0, 8, 9, 10, 1, 1, 1, 1)}, "dim[0]"),
        ({"dim": (9, 8, 9, 10, 1, 1, 1, 1)}, "dim[0]"),
        ({"dim": (3, -8, 9, 10, 1, 1, 1, 1)}, "dim[1]"),
        ({"dim": (3, 8, 9, 0, 1, 1, 1, 1)}, "dim[3]"),
        ({"datatype": 1}, "datatype"),
        ({"datatype": 1536}, "datatype"),
        ({"pixdim": (1, np.nan, 1, 1, 0, 0, 0, 0)}, "pixdim"),
        ({"pixdim": (1, 0.3, np.inf, 1, 0, 0, 0, 0)}, "pixdim"),
        ({"pixdim": (1, 0, 0.3, 1, 0, 0, 0, 0)}, "voxel size"),
        ({"qform_code": 0, "sform_code": 1, "srow": (np.nan,) * 12}, "sform"),
        ({"magic": b"ni1\0"}, "magic"),
        ({"magic": b"xyz\0"}, "magic"),
    ],
)
def test_fields_of_a_nifti(tmp_path: Path, fields: dict, named: str) -> None:
    assert named in refusal(tmp_path, "scan.nii", nifti_bytes(**fields))


def test_fields_that_stand_twice_or_nowhere(tmp_path: Path) -> None:
    assert "sizes" in refusal(tmp_path, "a.nrrd", nrrd_bytes(VOXELS, "sizes: 1 1 1"))
    assert "DimSize" in refusal(tmp_path, "a.mha", b"DimSize = 1 1 1\n" + metaimage_bytes())
    assert "endian" in refusal(tmp_path, "b.nrrd", nrrd_bytes(endian=None))
    assert "no ElementType" in refusal(tmp_path, "b.mha", metaimage_bytes(ElementType=None))
    assert "ElementDataFile in its header is empty" in refusal(tmp_path, "b.mha", metaimage_bytes(ElementDataFile=""))
    assert "line 11" in refusal(tmp_path, "c.nrrd", nrrd_bytes(VOXELS, "no field"))
    assert "BinaryData" in refusal(tmp_path, "c.mha", metaimage_bytes(BinaryData="False"))
    assert "encoding" in refusal(tmp_path, "d.nrrd", nrrd_bytes(encoding="ascii"))


def test_headers_without_an_end(tmp_path: Path) -> None:
    long = b"NRRD0004\n" + b"a" * (1 << 21)
    assert "does not end" in refusal(tmp_path, "scan.nrrd", long)
    assert "lines" in refusal(tmp_path, "many.nrrd", b"NRRD0004\n" + b"#\n" * 30_000)
    assert "does not end" in refusal(tmp_path, "scan.mha", b"ObjectType = Image\nComment = " + b"a" * (1 << 21))


def test_metadata_that_are_not_ascii(tmp_path: Path) -> None:
    """They are read; which text was meant cannot be told."""
    (tmp_path / "a.nrrd").write_bytes(nrrd_bytes().replace(b"kinds", b"k\xff\x80y:=v\xe9l\nkinds"))
    (tmp_path / "a.mha").write_bytes(b"K\xff\x80y = v\xe9l\n" + metaimage_bytes())
    (tmp_path / "a.nii").write_bytes(nifti_bytes()[:148] + b"\xe9\xff\x80" + nifti_bytes()[151:])
    for name in ("a.nrrd", "a.mha", "a.nii"):
        assert "�" in "".join(
            [*read_volume(tmp_path / name)[0].metadata, *read_volume(tmp_path / name)[0].metadata.values()]
        )


@pytest.mark.parametrize("value", ["abc", "", "-1", "11.0", "70000", "9" * 5000, "１１"])
def test_a_label_value_that_is_none(tmp_path: Path, value: str) -> None:
    path = tmp_path / "teeth.seg.nrrd"
    labels = np.where(VOXELS > 99, 11, 0).astype(np.uint8)
    pairs = [f"Segment0_LabelValue:={value}", "Segment0_Name:=11 tooth", "Segment0_Tags:=DentalTopoSeg.Confidence:0.5|"]
    path.write_bytes(nrrd_bytes(labels, *pairs))
    for read in (read_fdi_labels, lambda p: stored_confidence(read_labels(p))):
        with pytest.raises(InputError, match="Segment0_LabelValue") as caught:
            read(path)
        assert "teeth" in str(caught.value) and len(str(caught.value)) < 400


# ---------------------------------------------------------------- whatever the bytes

SOUND = {
    "scan.nii": nifti_bytes(),
    "scan.nii.gz": gzip.compress(nifti_bytes()),
    "scan.hdr": nifti_bytes(magic=b"ni1\0", vox_offset=0)[:348],
    "scan.nrrd": nrrd_bytes(VOXELS, "key:=value"),
    "gz.nrrd": nrrd_bytes(encoding="gzip", data=gzip.compress(VOXELS.tobytes())),
    "bz.nrrd": nrrd_bytes(encoding="bzip2", data=bz2.compress(VOXELS.tobytes())),
    "scan.nhdr": nrrd_bytes(VOXELS, "data file: scan.raw", data=b""),
    "scan.mha": metaimage_bytes(),
    "z.mha": metaimage_bytes(CompressedData="True", data=zlib.compress(VOXELS.tobytes())),
    "scan.mhd": metaimage_bytes(ElementDataFile="scan.raw", data=b""),
}
WORDS = [
    b"-1",
    b"99999999999",
    b"1e400",
    b"nan",
    b" ",
    b"\n",
    b"\0",
    b"\xff\xff\xff\x7f",
    b"LIST",
    b"%d",
    b": ",
    b"=",
    b"(",
]


@pytest.mark.parametrize("name", SOUND)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_header_is_read_or_refused(tmp_path_factory, name: str, data) -> None:
    content = bytearray(SOUND[name])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, min(len(content), 500) - 1))
        word = data.draw(st.one_of(st.sampled_from(WORDS), st.binary(min_size=0, max_size=6)))
        length = data.draw(st.integers(0, 8))
        content[at : at + length] = word
    folder = tmp_path_factory.mktemp("any")
    for raw in ("scan.raw", "scan.img"):
        (folder / raw).write_bytes(VOXELS.tobytes())
    path = folder / name
    path.write_bytes(bytes(content))
    try:
        read_volume(path, max_voxels=10_000)
    except InputError as error:
        refused = str(error)
    else:
        return
    assert "scan." in refused or name in refused
    assert len(refused) < 600 and all(map(shows, refused))
