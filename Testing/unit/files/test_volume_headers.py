"""What a header says is what ITK, and so 3D Slicer, takes it to say; the voxels are the same to the last bit."""

from __future__ import annotations

import bz2
import gzip
import itertools
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from bounded import ROOT
from scan_files import oblique_direction
from volume_bytes import VOXELS, metaimage_bytes, nifti_bytes, nrrd_bytes

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.volumes import Volume, read_volume
from DentalTopoSegLib.files.volumes.content import read_voxels
from DentalTopoSegLib.files.volumes.formats import read_header

SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".seg.nrrd", ".nhdr", ".mha", ".mhd", ".hdr")
TYPES = ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8")


def assert_as_itk(path: Path, *, notes: bool = True) -> None:
    image = sitk.ReadImage(str(path))
    array = sitk.GetArrayFromImage(image)
    header = read_header(path)
    assert (header.spacing, header.origin) == (image.GetSpacing(), image.GetOrigin())
    assert header.direction == image.GetDirection()
    voxels = read_voxels(header)
    wanted = array.astype(np.float32) if array.dtype == np.float64 else array
    assert voxels.dtype == wanted.dtype
    assert voxels.tobytes() == wanted.tobytes()
    if not notes:  # of NIfTI's fields ITK notes what it makes of them, not what they are
        return
    # ITK's own: what it makes of NIfTI's fields, and values that it cannot print
    derived = ("ITK_", "NRRD_centerings", "qto_xyz", "qfac", "nifti_type", "pixdim[0]")
    texts = {k: image.GetMetaData(k) for k in image.GetMetaDataKeys() if not k.startswith(derived) and "_name" not in k}
    assert {key: header.metadata.get(key) for key in texts} == texts


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("dtype", TYPES)
def test_all_that_itk_writes(tmp_path: Path, dtype: str, suffix: str, compressed: bool) -> None:
    array = (np.random.default_rng(3).integers(0, 100, (7, 6, 5)) * (np.pi if dtype[0] == "f" else 1)).astype(dtype)
    grid = Volume(array, (0.3, 0.41, 0.123456789), (-3.123456789, 5.0, 1 / 3), oblique_direction(-133))
    image = grid.to_sitk()
    if suffix.endswith(("nrrd", "nhdr", "mha", "mhd")):
        image.SetMetaData("Note", "Größe: 5 := x")
    sitk.WriteImage(image, str(tmp_path / f"scan{suffix}"), useCompression=compressed)
    assert_as_itk(tmp_path / f"scan{suffix}")


TURNS = {
    "upright": (0, 0, 0),
    "turned": (0.1, -0.5, 0.3),
    "half a turn": (0, 0, 1),
    "rounded": (0.7071068, 0.7071068, 0),
}
SFORM = (-0.3, 0, 0, 9, 0, 0.4, 0, -8, 0, 0, 0.5, 7)
SHEARED = (-0.3, 0.1, 0, 9, 0, 0.4, 0, -8, 0, 0, 0.5, 7)


@pytest.mark.parametrize(("qform_code", "sform_code"), list(itertools.product((0, 1, 2), (0, 1, 2))))
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("qfac", [1, -1, 0])
@pytest.mark.parametrize("turn", TURNS)
def test_the_two_forms_of_nifti(tmp_path: Path, turn: str, qfac: int, order: str, qform_code, sform_code) -> None:
    """As nibabel has it: the sform first; and a choice where the two differ in the patient's sides."""
    for number, rows in enumerate((SFORM, SHEARED)):
        path = tmp_path / f"scan{number}.nii"
        fields = {"quatern": TURNS[turn], "srow": rows, "qform_code": qform_code, "sform_code": sform_code}
        pixdim = (qfac, 0.3, 0.4, 0.5, 0, 0, 0, 0)
        path.write_bytes(nifti_bytes(VOXELS.astype(f"{order}i2"), pixdim=pixdim, **fields))
        if not sform_code:  # what ITK takes too
            assert_as_itk(path, notes=False)
            assert bool(read_header(path).unplaced) == (not qform_code)
            continue
        sheared = rows is SHEARED
        if qform_code:
            with pytest.raises(InputError, match="sheared" if sheared else "sides of the patient"):
                read_volume(path)
            np.testing.assert_allclose(index_to_ras(path, "qform"), nib.load(path).get_qform(), atol=1e-6)
        if sheared:
            with pytest.raises(InputError, match="sheared"):
                read_volume(path, orientation="sform" if qform_code else None)
        else:
            chosen = index_to_ras(path, "sform" if qform_code else None)
            np.testing.assert_allclose(chosen, nib.load(path).affine, atol=1e-6)


def index_to_ras(path: Path, orientation: str | None = None) -> np.ndarray:
    return read_volume(path, orientation=orientation)[0].index_to_ras_matrix()


@pytest.mark.parametrize("unit", [0, 1, 2, 3, 10])
def test_units_of_nifti(tmp_path: Path, unit: int) -> None:
    path = tmp_path / "scan.nii"
    path.write_bytes(nifti_bytes(xyzt_units=unit))
    assert_as_itk(path, notes=False)


@pytest.mark.parametrize("scaling", [(2, -1000), (0, 5), (np.nan, np.nan), (1, 0), (0.1, 0.3), (1, -1024)])
@pytest.mark.parametrize("dtype", ["<u1", "<i2", ">i4", "<f4", ">f8"])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_rescaled_nifti(tmp_path: Path, dtype: str, scaling: tuple[float, float], suffix: str) -> None:
    content = nifti_bytes((VOXELS % 250).astype(dtype), scl_slope=scaling[0], scl_inter=scaling[1])
    path = tmp_path / f"scan{suffix}"
    path.write_bytes(gzip.compress(content) if suffix == ".nii.gz" else content)
    assert_as_itk(path, notes=False)


PLAIN = {"space": None, "space_directions": None, "space_origin": None, "kinds": None}
NRRDS = {
    "big": nrrd_bytes(VOXELS.astype(">i2")),
    "gzip, big": nrrd_bytes(VOXELS.astype(">i2"), encoding="gz", data=gzip.compress(VOXELS.astype(">i2").tobytes())),
    "RAS": nrrd_bytes(space="RAS"),
    "left-anterior-superior": nrrd_bytes(space="left-anterior-superior"),
    "scanner": nrrd_bytes(space="scanner-xyz", space_directions="(0,0.3,0) (0.4,0,0) (0,0,-0.5)"),
    "dimension only": nrrd_bytes().replace(b"space: left-posterior-superior", b"space dimension: 3"),
    "no space": nrrd_bytes(VOXELS, "spacings: 0.3 0.4 0.5", **PLAIN),
    "axis mins": nrrd_bytes(VOXELS, "spacings: 0.3 0.4 0.5", "axis mins: 1 2 3", "centers: cell node cell", **PLAIN),
    "skip": nrrd_bytes(VOXELS, "byte skip: 4", data=b"junk" + VOXELS.tobytes()),
    "from the end": nrrd_bytes(VOXELS, "byte skip: -1", data=b"junk" + VOXELS.tobytes()),
    "packed skip": nrrd_bytes(VOXELS, "byte skip: 4", encoding="gzip", data=gzip.compress(b"junk" + VOXELS.tobytes())),
    "return and newline": nrrd_bytes(data=b"").replace(b"\n", b"\r\n") + VOXELS.tobytes(),
    "comments": nrrd_bytes(VOXELS, "# a comment", "key:=a\\nb: \\\\", "content: words"),
}


@pytest.mark.parametrize("name", NRRDS)
def test_unusual_nrrd(tmp_path: Path, name: str) -> None:
    path = tmp_path / "scan.nrrd"
    path.write_bytes(NRRDS[name])
    assert_as_itk(path)


PACKED = zlib.compress(VOXELS.tobytes())
METAIMAGES = {
    "big": metaimage_bytes(VOXELS.astype(">i2")),
    "packed": metaimage_bytes(data=PACKED, CompressedData=f"True\nCompressedDataSize = {len(PACKED)}"),
    "synonyms": metaimage_bytes(TransformMatrix=None, Offset=None, ElementSpacing=None).replace(
        b"NDims = 3\n", b"NDims = 3\nOrientation = 0 1 0 1 0 0 0 0 1\nPosition = 4 5 6\nElementSize = 0.2 0.3 0.4\n"
    ),
    "from the end": metaimage_bytes(data=b"junk" + VOXELS.tobytes(), HeaderSize="-1").replace(
        b"ElementDataFile = LOCAL\nHeaderSize = -1\n", b"HeaderSize = -1\nElementDataFile = LOCAL\n"
    ),
    "notes": b"Comment = a = b\nMy Note = 1 : 2\nModality = MET_MOD_CT\n" + metaimage_bytes(),
}


@pytest.mark.parametrize("name", METAIMAGES)
def test_unusual_metaimage(tmp_path: Path, name: str) -> None:
    path = tmp_path / "scan.mha"
    path.write_bytes(METAIMAGES[name])
    assert_as_itk(path)


@pytest.mark.parametrize("file", ["LIST", "s%02d.raw 0 9 1", "s%02d.raw"])
def test_one_file_a_slice(tmp_path: Path, file: str) -> None:
    names = [f"s{i + (' ' not in file and '%' in file):02d}.raw" for i in range(len(VOXELS))]
    for name, part in zip(names, VOXELS, strict=True):
        (tmp_path / name).write_bytes(part.tobytes())
    behind = "\n".join([*names, ""]).encode() if file == "LIST" else b""
    path = tmp_path / "scan.mhd"
    path.write_bytes(metaimage_bytes(ElementDataFile=file, data=behind))
    assert_as_itk(path)
    if "1" in file or file == "LIST":
        path = tmp_path / "scan.nhdr"
        path.write_bytes(nrrd_bytes(VOXELS, f"data file: {file}", data=b"").removesuffix(b"\n") + behind)
        assert_as_itk(path)


def test_what_itk_does_not_read(tmp_path: Path) -> None:
    """bzip2 (ITK is built without it), a packed MetaImage that does not state its length, a gzip called .nii."""
    packed = nrrd_bytes(encoding="bzip2", data=bz2.compress(VOXELS.tobytes()))
    (tmp_path / "scan.nrrd").write_bytes(packed)
    (tmp_path / "scan.mha").write_bytes(metaimage_bytes(data=PACKED, CompressedData="True"))
    (tmp_path / "scan.nii").write_bytes(gzip.compress(nifti_bytes()))
    for name in ("scan.nrrd", "scan.mha", "scan.nii"):
        np.testing.assert_array_equal(read_volume(tmp_path / name)[0].array, VOXELS)


@pytest.mark.parametrize("name", ["scan.nrrd", "scan.mha", "detached.nhdr", "detached.mhd"])
def test_voxels_that_look_like_lines(tmp_path: Path, name: str) -> None:
    """Half a megabyte of line ends; and headers whose last line has none."""
    array = np.full((64, 64, 64), 2570, np.int16)
    array[5, 5, 5] = 0
    (tmp_path / "scan.raw").write_bytes(array.tobytes())
    contents = {
        "scan.nrrd": nrrd_bytes(array),
        "scan.mha": metaimage_bytes(array),
        "detached.nhdr": nrrd_bytes(array, "data file: scan.raw", data=b"").rstrip(),
        "detached.mhd": metaimage_bytes(array, ElementDataFile="scan.raw", data=b"").rstrip(),
    }
    path = tmp_path / name
    path.write_bytes(contents[name])
    np.testing.assert_array_equal(read_volume(path)[0].array, array)


def test_nifti_2(tmp_path: Path) -> None:
    import struct

    header = bytearray(544)
    struct.pack_into("<i8s2h8q", header, 0, 540, b"n+2\0\r\n\x1a\n", 4, 16, 3, 8, 9, 10, 1, 1, 1, 1)
    struct.pack_into("<8d q", header, 104, 1, 0.3, 0.4, 0.5, 0, 0, 0, 0, 544)
    struct.pack_into("<2i", header, 344, 1, 0)
    struct.pack_into("<6d", header, 352, 0, 0, 0, 5, 6, 7)
    struct.pack_into("<2i", header, 496, 0, 2)
    path = tmp_path / "scan.nii.gz"
    path.write_bytes(gzip.compress(bytes(header) + VOXELS.tobytes()))
    read, _ = read_volume(path)
    assert (read.spacing, read.origin) == ((0.3, 0.4, 0.5), (-5.0, -6.0, 7.0))
    np.testing.assert_array_equal(read.array, VOXELS)


def test_an_analyze_pair_by_either_name(tmp_path: Path) -> None:
    content = nifti_bytes(magic=b"\0\0\0\0", vox_offset=0, qform_code=0)
    (tmp_path / "scan.hdr").write_bytes(content[:348])
    (tmp_path / "scan.img").write_bytes(content[352:])
    assert_as_itk(tmp_path / "scan.hdr", notes=False)
    assert replace(read_header(tmp_path / "scan.img"), path=tmp_path / "scan.hdr") == read_header(tmp_path / "scan.hdr")


def test_a_segmentation_of_one_layer_with_a_list_axis(tmp_path: Path) -> None:
    """Slicer's fourth axis of segments that overlap, where there is one layer."""
    layers = {
        "dimension": "4",
        "sizes": "1 8 9 10",
        "kinds": "list domain domain domain",
        "space_directions": "none (0.3,0,0) (0,0.4,0) (0,0,0.5)",
    }
    path = tmp_path / "one.seg.nrrd"
    path.write_bytes(nrrd_bytes(VOXELS, **layers))
    np.testing.assert_array_equal(read_volume(path)[0].array, VOXELS)
    path.write_bytes(nrrd_bytes(np.stack([VOXELS] * 2, -1), **{**layers, "sizes": "2 8 9 10"}))
    with pytest.raises(InputError, match="2 values per voxel"):
        read_volume(path)


def test_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    array = np.random.default_rng(4).integers(-1000, 3000, (80, 64, 64)).astype(np.int16)  # far longer than a header
    path = tmp_path / "scan.nii.gz"
    content = bytearray(gzip.compress(nifti_bytes(array)))
    path.write_bytes(bytes(content))
    np.testing.assert_array_equal(read_volume(path)[0].array, array)
    content[-8] ^= 1  # the lowest byte of the CRC32
    path.write_bytes(bytes(content))
    with pytest.raises(InputError, match="is damaged"):
        read_volume(path)


PACKINGS = {
    "scan.nii.gz": gzip.compress(nifti_bytes()),
    "scan.nrrd": nrrd_bytes(encoding="gzip", data=gzip.compress(VOXELS.tobytes())),
    "bz.nrrd": nrrd_bytes(encoding="bzip2", data=bz2.compress(VOXELS.tobytes())),
    "scan.mha": METAIMAGES["packed"],
}


@pytest.mark.parametrize("name", PACKINGS)
def test_every_shortened_file_is_refused(tmp_path: Path, name: str) -> None:
    whole, path = PACKINGS[name], tmp_path / name
    for length in range(len(whole) * 3 // 4, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError):
            read_volume(path)
    path.write_bytes(whole + bytes(64))  # zeros behind it are padding (RFC 1952 leaves them to the reader)
    np.testing.assert_array_equal(read_volume(path)[0].array, VOXELS)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".seg.nrrd", ".mha"])
def test_one_copy_is_held(tmp_path: Path, suffix: str) -> None:
    """The most memory that reading adds is the array itself, and some megabytes."""
    pytest.importorskip("resource", reason="the most memory used is told by POSIX systems only")
    array = np.tile(np.arange(500, dtype=np.int16), (100, 500, 1))
    packed = zlib.compress(array.tobytes(), 1)
    contents = {
        ".nii": lambda: nifti_bytes(array),
        ".nii.gz": lambda: gzip.compress(nifti_bytes(array), 1),
        ".nrrd": lambda: nrrd_bytes(array, encoding="gzip", data=gzip.compress(array.tobytes(), 1)),
        ".seg.nrrd": lambda: nrrd_bytes((array % 50).astype(np.uint8)),
        ".mha": lambda: metaimage_bytes(array, CompressedData="True", data=packed),
    }
    path = tmp_path / f"scan{suffix}"
    path.write_bytes(contents[suffix]())
    code = (
        "import sys\n"
        "sys.path.insert(0, 'Testing/helpers')\n"
        "from DentalTopoSegLib.files.volumes import read_labels, read_volume\n"
        "from peak_memory import peak_bytes\n"
        "before = peak_bytes()\n"
        "read = read_labels(sys.argv[1]) if '.seg' in sys.argv[1] else read_volume(sys.argv[1])[0]\n"
        "print(peak_bytes() - before, read.array.nbytes)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, capture_output=True, text=True, check=True)
    taken, size = map(int, done.stdout.split())
    assert taken < size + 20_000_000
