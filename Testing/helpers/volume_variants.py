"""One volume in every form in which its file may reach a clinic, with what must become of each."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import nibabel as nib
import numpy as np
import SimpleITK as sitk
from scan_files import block, oblique_direction, write_file
from volume_bytes import metaimage_bytes, nifti_bytes, nrrd_bytes

from DentalTopoSegLib.files.volumes import Volume

READ, NOTED, ASKED, REFUSED = "read", "read, with a note", "asks for --orientation", "refused"

#: What all files hold: every voxel differs, all may be labels, and the axes are those of no patient.
TOY = replace(block(), direction=oblique_direction())
AFFINE = TOY.index_to_ras_matrix()
VALUES = np.ascontiguousarray(TOY.array.T)  # (x, y, z), as nibabel has it


@dataclass(frozen=True)
class Variant:
    """One form of a file.

    Parameters
    ----------
    format : str
        What people call the format.
    name : str
        What is unusual about this file.
    make : callable
        `make(folder)` writes it and gives its path.
    outcome : str
        READ, NOTED, ASKED or REFUSED.
    words : str
        Regular expression of what the note or refusal says.
    affine : ndarray, optional
        (4, 4) from an (x, y, z) index to RAS mm, where it is not that of the toy.
    answers : dict
        What --orientation may be, each with the affine it leads to.
    values : ndarray, optional
        (z, y, x), where they are not those of the toy.
    """

    format: str
    name: str
    make: Callable[[Path], Path]
    outcome: str = READ
    words: str = ""
    affine: np.ndarray | None = None
    answers: dict[str, np.ndarray] | None = None
    values: np.ndarray | None = None


def variants() -> list[Variant]:
    """All of them, DICOM apart."""
    return [*_nifti_places(), *_nifti_contents(), *_nrrd(), *_metaimage(), *_other()]


# ---------------------------------------------------------------- NIfTI


def turned(affine: np.ndarray, degrees: float = 0.0, shift=(0.0, 0.0, 0.0), mirror=(1.0, 1.0, 1.0)) -> np.ndarray:
    """An affine after a turn about the patient's long axis, a mirroring of patient space and a shift (mm)."""
    angle = np.deg2rad(degrees)
    change = np.eye(4)
    change[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    change[:3, :3] = np.diag(mirror) @ change[:3, :3]
    change[:3, 3] = shift
    return change @ affine


def nifti(
    sform: np.ndarray | None = AFFINE,
    qform: np.ndarray | None = AFFINE,
    codes: tuple[int, int] = (1, 1),
    name: str = "x.nii.gz",
    unit: str = "mm",
    values: np.ndarray = VALUES,
    kind: type = nib.Nifti1Image,
    dtype: type | None = None,
) -> Callable[[Path], Path]:
    """A maker of a NIfTI file by nibabel. codes: of the sform and the qform; None: without that form."""

    def make(folder: Path) -> Path:
        image = kind(values, AFFINE, dtype=dtype)
        image.header.set_xyzt_units(unit)
        image.set_sform(sform, 0 if sform is None else codes[0])
        image.set_qform(qform, 0 if qform is None else codes[1])
        nib.save(image, folder / name)
        return folder / name

    return make


def patched(make: Callable[[Path], Path], at: int, content: bytes) -> Callable[[Path], Path]:
    """A maker of the same file with other bytes in its (packed) header."""

    def patch(folder: Path) -> Path:
        path = make(folder)
        packed = path.name.endswith(".gz")
        raw = bytearray(gzip.decompress(path.read_bytes()) if packed else path.read_bytes())
        raw[at : at + len(content)] = content
        path.write_bytes(gzip.compress(bytes(raw)) if packed else bytes(raw))
        return path

    return patch


def repacked(name: str, pack: Callable[[bytes], bytes]) -> Callable[[Path], Path]:
    """A maker of a plain NIfTI file that is packed in some way and called by some name."""

    def make(folder: Path) -> Path:
        raw = nifti(name="plain.nii")(folder)
        (folder / name).write_bytes(pack(raw.read_bytes()))
        raw.unlink()
        return folder / name

    return make


def scaled(factor: float, affine: np.ndarray = AFFINE) -> np.ndarray:
    """The affine in a unit of which `factor` are a millimetre."""
    return np.vstack([affine[:3] * factor, affine[3:]])


_TWICE = "says twice where it lies"
_SIDES = "the sides of the patient depend on which of the two is right"


def _differing() -> Iterator[tuple[str, np.ndarray, str, tuple[int, int]]]:
    """(name, qform, outcome, codes of sform and qform) of files whose sform is the toy's."""
    for codes in ((1, 1), (1, 2), (2, 1), (4, 1)):
        shown = f"codes {codes[0]}/{codes[1]}"
        yield f"sform and qform 110 mm apart, {shown}", turned(AFFINE, shift=(60, -90, 20)), NOTED, codes
    yield "sform and qform 0.5 mm apart", turned(AFFINE, shift=(0.5, 0, 0)), NOTED, (1, 1)
    yield "sform and qform turned by 20 degrees", turned(AFFINE, 20), NOTED, (1, 1)
    yield "sform and qform mirrored left to right", turned(AFFINE, mirror=(-1, 1, 1)), ASKED, (1, 1)
    yield "sform and qform mirrored front to back", turned(AFFINE, mirror=(1, -1, 1)), ASKED, (1, 2)
    yield "sform and qform mirrored top to bottom", turned(AFFINE, mirror=(1, 1, -1)), ASKED, (2, 1)
    yield "sform and qform turned by 180 degrees", turned(AFFINE, 180), ASKED, (1, 1)
    yield "sform and qform turned by 90 degrees", turned(AFFINE, 90), ASKED, (1, 1)
    yield "sform and qform upside down", turned(AFFINE, mirror=(-1, 1, -1)), ASKED, (1, 1)


def _nifti_places() -> Iterator[Variant]:
    yield Variant("NIfTI", "sform and qform agree", nifti())
    yield Variant("NIfTI", "sform alone", nifti(qform=None))
    yield Variant("NIfTI", "qform alone", nifti(sform=None))
    yield Variant("NIfTI", "qform alone, pixdim[0] = 0", patched(nifti(sform=None), 76, np.float32(0).tobytes()))
    for name, qform, outcome, codes in _differing():
        answers = {"sform": AFFINE, "qform": qform}
        words = _TWICE if outcome == NOTED else _SIDES
        yield Variant("NIfTI", name, nifti(AFFINE, qform, codes), outcome, words, answers=answers)
    larger = AFFINE @ np.diag([2.0, 2.0, 2.0, 1.0])
    sform_only = patched(nifti(larger, None), 80, np.float32([0.3, 0.4, 0.5]).tobytes())
    yield Variant("NIfTI", "sform with other voxel sizes than pixdim", sform_only, NOTED, "voxel size twice", larger)
    sheared = AFFINE @ np.array([[1, 0.3, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    made = nifti(sheared)
    yield Variant("NIfTI", "sheared sform beside a qform", made, ASKED, "sheared or empty", answers={"qform": AFFINE})
    yield Variant("NIfTI", "sheared sform alone", nifti(sheared, None), REFUSED, "right angles")
    spacing = (*TOY.spacing, 1.0)
    unstated = {"LPS": np.diag([-1, -1, 1, 1]) @ np.diag(spacing), "RAS": np.diag(spacing)}
    words = "does not say where left and right are .its sform_code and qform_code are 0"
    yield Variant("NIfTI", "sform_code and qform_code 0", nifti(codes=(0, 0)), ASKED, words, answers=unstated)
    for unit, factor in (("meter", 1e-3), ("micron", 1e3), ("unknown", 1.0)):
        affine = scaled(factor)
        yield Variant("NIfTI", f"xyzt_units {unit}", nifti(affine, affine, unit=unit))
        yield Variant("NIfTI", f"xyzt_units {unit}, qform alone", nifti(None, affine, unit=unit))


def _nifti_contents() -> Iterator[Variant]:
    yield Variant("NIfTI", "gzip, called .nii", repacked("x.nii", gzip.compress))
    yield Variant("NIfTI", "not packed, called .nii.gz", repacked("x.nii.gz", bytes))
    yield Variant(
        "NIfTI", "64 bytes behind the gzip stream", repacked("x.nii.gz", lambda c: gzip.compress(c) + b"X" * 64)
    )
    yield Variant("NIfTI", "zeros behind the gzip stream", repacked("x.nii.gz", lambda c: gzip.compress(c) + bytes(64)))
    yield Variant("NIfTI", "bytes behind the voxels", repacked("x.nii.gz", lambda c: gzip.compress(c + bytes(999))))
    parts = repacked("x.nii.gz", lambda c: gzip.compress(c[:500]) + gzip.compress(c[500:]))
    yield Variant("NIfTI", "gzip of several parts", parts)
    yield Variant("NIfTI", "NIfTI-2", nifti(kind=nib.Nifti2Image))
    yield Variant("NIfTI", "pair (.hdr, .img)", nifti(kind=nib.Nifti1Pair, name="x.hdr"))
    yield Variant("NIfTI", "big endian", _big_endian)
    yield Variant("NIfTI", "4-D with one volume", nifti(values=VALUES[..., None]))
    yield Variant("NIfTI", "5-D with one volume", nifti(values=VALUES[..., None, None]))
    two = nifti(values=np.stack([VALUES] * 2, -1))
    yield Variant("NIfTI", "4-D with two volumes", two, REFUSED, "2 volumes in one file")
    flat = nifti(values=VALUES[:, :, None, :])
    yield Variant("NIfTI", "slices along the fourth axis", flat, REFUSED, "along a fourth axis")
    for dtype in (np.float64, np.int64, np.uint32, np.uint8):
        values = (VALUES % 200).astype(dtype)
        made = nifti(values=values, dtype=dtype)
        yield Variant("NIfTI", f"voxels of {np.dtype(dtype).name}", made, values=np.ascontiguousarray(values.T))
    yield Variant("NIfTI", "scl_slope 0", patched(nifti(), 112, np.float32(0).tobytes()))
    yield Variant("NIfTI", "scl_slope and scl_inter NaN", patched(nifti(), 112, np.float32([np.nan] * 2).tobytes()))
    rgb = np.zeros(VALUES.shape, [(c, "u1") for c in "RGB"])
    yield Variant("NIfTI", "colours", nifti(values=rgb), REFUSED, "3 values per voxel")
    yield Variant("NIfTI", "without a name of a volume", repacked("x", bytes), NOTED, "holds a volume in NIfTI format")
    yield Variant("NIfTI", "called .nrrd", repacked("x.nrrd", gzip.compress), NOTED, "holds a volume in NIfTI format")
    yield Variant("NIfTI", "bzip2", repacked("x.nii.bz2", lambda c: b"BZh9" + c), REFUSED, "compressed .bzip2.: unpack")
    half = repacked("x.nii.gz", lambda c: gzip.compress(c)[: len(gzip.compress(c)) // 2])
    yield Variant("NIfTI", "cut short", half, REFUSED, "cut short or damaged")
    yield Variant("Analyze", "pair (.hdr, .img)", _analyze, ASKED, "Analyze has no word for it", answers={
        "LPS": np.diag([-0.3, -0.4, 0.5, 1]), "RAS": np.diag([0.3, 0.4, 0.5, 1])})  # fmt: skip


def _big_endian(folder: Path) -> Path:
    header = nib.Nifti1Header(endianness=">")
    header.set_data_dtype(">i2")
    nib.save(nib.Nifti1Image(VALUES, AFFINE, header), folder / "x.nii")
    return folder / "x.nii"


def _analyze(folder: Path) -> Path:
    content = nifti_bytes(TOY.array, magic=b"\0\0\0\0", vox_offset=0, qform_code=0)
    (folder / "x.hdr").write_bytes(content[:348])
    (folder / "x.img").write_bytes(content[352:])
    return folder / "x.hdr"


# ---------------------------------------------------------------- NRRD


def _vectors(matrix: np.ndarray) -> str:
    return " ".join("(" + ",".join(f"{v:.9g}" for v in column) + ")" for column in matrix.T)


def nrrd(
    *extra: str,
    signs=(1.0, 1.0, 1.0),
    factor: float = 1.0,
    name: str = "x.nrrd",
    array: np.ndarray = TOY.array,
    **fields,
) -> Callable[[Path], Path]:
    """A maker of an NRRD; signs: of the space's axes against LPS. factor: millimetres to its unit."""
    turn = np.diag(signs) * factor
    directions = turn @ np.reshape(TOY.direction, (3, 3)) * np.asarray(TOY.spacing)
    given = {"space_directions": _vectors(directions), "space_origin": _vectors((turn @ TOY.origin)[:, None]), **fields}
    return _writes(name, lambda: nrrd_bytes(array, *extra, **given))


def _writes(name: str, content: Callable[[], bytes]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content())
        return folder / name

    return make


_RAS, _LAS = (-1.0, -1.0, 1.0), (1.0, -1.0, 1.0)
_BARE = {"space": None, "space_directions": None, "space_origin": None}
_SPACINGS = "spacings: 0.3 0.4 0.5"
_UPRIGHT = {"LPS": np.diag([-0.3, -0.4, 0.5, 1]), "RAS": np.diag([0.3, 0.4, 0.5, 1])}


def _nrrd() -> Iterator[Variant]:
    yield Variant("NRRD", "left-posterior-superior", nrrd())
    yield Variant("NRRD", "right-anterior-superior", nrrd(space="right-anterior-superior", signs=_RAS))
    yield Variant("NRRD", "RAS", nrrd(space="RAS", signs=_RAS))
    yield Variant("NRRD", "left-anterior-superior", nrrd(space="left-anterior-superior", signs=_LAS))
    directions = _vectors(np.diag(_RAS) @ np.reshape(TOY.direction, (3, 3)) * TOY.spacing).replace(")", ",0)")
    timed = {"sizes": "10 12 14 1", "dimension": "4", "kinds": "domain domain domain time",
             "space_origin": "(3,-5,7,0)", "space_directions": f"{directions} (0,0,0,1)"}  # fmt: skip
    with_time = nrrd(space="right-anterior-superior-time", **timed)
    yield Variant("NRRD", "right-anterior-superior-time, one volume", with_time)
    words = "does not say where left and right are"
    for space in ("scanner-xyz", "3D-right-handed", "3D-left-handed"):
        directed = {"space_directions": "(0,0.3,0) (0.4,0,0) (0,0,-0.5)", "space_origin": "(0,0,0)", "space": space}
        yield Variant("NRRD", space, nrrd(**directed), ASKED, words, answers=_UPRIGHT)
    yield Variant("NRRD", "no space, spacings alone", nrrd(_SPACINGS, **_BARE), ASKED, words, answers=_UPRIGHT)
    yield Variant("NRRD", "neither space nor spacings", nrrd(**_BARE), REFUSED, "how large its voxels are")
    for unit, factor in (("m", 1e-3), ("cm", 0.1), ("um", 1e3), ("mm", 1.0), ("", 1.0)):
        quoted = f'space units: "{unit}" "{unit}" "{unit}"'
        yield Variant("NRRD", f'space units "{unit}"', nrrd(quoted, factor=factor))
    yield Variant(
        "NRRD", 'space units "m" of numbers in mm', nrrd('space units: "m" "m" "m"'), REFUSED, "voxel size of"
    )
    furlong = nrrd('space units: "furlong" "furlong" "furlong"')
    yield Variant("NRRD", "space units of no known unit", furlong, REFUSED, "space units = .*3 units are expected")
    bare_units = nrrd("spacings: 0.0003 0.0004 0.0005", 'units: "m" "m" "m"', **_BARE)
    yield Variant("NRRD", "no space, units of the axes", bare_units, ASKED, words, answers=_UPRIGHT)
    yield Variant("NRRD", "gzip", nrrd(encoding="gzip", data=gzip.compress(TOY.array.tobytes())))
    yield Variant("NRRD", "gzip with bytes behind it",
                  nrrd(encoding="gzip", data=gzip.compress(TOY.array.tobytes()) + b"X" * 64))  # fmt: skip
    yield Variant("NRRD", "big endian", nrrd(array=TOY.array.astype(">i2")))
    skip = nrrd("byte skip: -1", data=b"junk" + TOY.array.tobytes())
    yield Variant("NRRD", "byte skip -1", skip)
    yield Variant("NRRD", "lines that end as in Windows",
                  _writes("x.nrrd", lambda: nrrd_bytes(TOY.array, data=b"", **_places()).replace(b"\n", b"\r\n")
                          + TOY.array.tobytes()))  # fmt: skip
    yield Variant("NRRD", "detached header (.nhdr)", _detached_nrrd)
    yield Variant("NRRD", "called .nii", nrrd(name="x.nii"), NOTED, "holds a volume in NRRD format")
    text = nrrd(encoding="ascii", data=b" ".join(b"%d" % v for v in TOY.array.ravel()))
    yield Variant("NRRD", "voxels written as text", text, REFUSED, "raw or gzip is expected")


def _places() -> dict[str, str]:
    directions = np.reshape(TOY.direction, (3, 3)) * np.asarray(TOY.spacing)
    return {"space_directions": _vectors(directions), "space_origin": "(-3,5,7)"}


def _detached_nrrd(folder: Path) -> Path:
    (folder / "x.raw").write_bytes(TOY.array.tobytes())
    return nrrd("data file: x.raw", name="x.nhdr", data=b"")(folder)


# ---------------------------------------------------------------- MetaImage and others


def metaimage(
    name: str = "x.mha", factor: float = 1.0, array: np.ndarray = TOY.array, **fields
) -> Callable[[Path], Path]:
    """A maker of a MetaImage; factor: millimetres to its unit."""
    given = {
        "TransformMatrix": " ".join(f"{v:.9g}" for v in np.reshape(TOY.direction, (3, 3)).T.ravel()),
        "Offset": " ".join(f"{v * factor:.9g}" for v in TOY.origin),
        "ElementSpacing": " ".join(f"{v * factor:.9g}" for v in TOY.spacing),
        **fields,
    }
    return _writes(name, lambda: metaimage_bytes(array, **given))


def _metaimage() -> Iterator[Variant]:
    yield Variant("MetaImage", ".mha", metaimage())
    yield Variant("MetaImage", "big endian", metaimage(array=TOY.array.astype(">i2")))
    yield Variant("MetaImage", "packed", metaimage(CompressedData="True", data=zlib.compress(TOY.array.tobytes())))
    units = (("um", 1e3), ("cm", 0.1), ("mm", 1.0), ("?", 1.0))
    for unit, factor in units:
        first = {"ObjectType": f"Image\nDistanceUnits = {unit}"}
        yield Variant("MetaImage", f"DistanceUnits {unit}", metaimage(factor=factor, **first))
    words = "does not say where left and right are .its header has no TransformMatrix"
    bare = {"TransformMatrix": None, "Offset": "0 0 0"}
    yield Variant("MetaImage", "no TransformMatrix", metaimage(**bare), ASKED, words, answers=_UPRIGHT)
    stated = metaimage(**bare, ObjectType="Image\nAnatomicalOrientation = RAI")
    yield Variant("MetaImage", "AnatomicalOrientation RAI alone", stated, affine=_UPRIGHT["LPS"])
    other = metaimage(**bare, ObjectType="Image\nAnatomicalOrientation = LPI")
    yield Variant("MetaImage", "AnatomicalOrientation LPI alone", other, ASKED, words, answers=_UPRIGHT)
    yield Variant("MetaImage", "no ElementSpacing", metaimage(ElementSpacing=None), REFUSED, "how large its voxels are")
    yield Variant("MetaImage", "detached header (.mhd)", _written("x.mhd"))
    yield Variant("MetaImage", "HeaderSize -1", _header_size)
    yield Variant("MetaImage", "one file a slice", _slices)
    yield Variant("MetaImage", "called .nrrd", metaimage("x.nrrd"), NOTED, "holds a volume in MetaImage format")
    elsewhere = metaimage("x.mhd", ElementDataFile="../x.raw", data=b"")
    yield Variant("MetaImage", "voxels in another folder", elsewhere, REFUSED, "put the two side by side")


def _header_size(folder: Path) -> Path:
    (folder / "x.raw").write_bytes(b"header--" + TOY.array.tobytes())
    return metaimage("x.mhd", ObjectType="Image\nHeaderSize = -1", ElementDataFile="x.raw", data=b"")(folder)


def _slices(folder: Path) -> Path:
    for number, plane in enumerate(TOY.array):
        (folder / f"s{number:02d}.raw").write_bytes(plane.tobytes())
    return metaimage("x.mhd", ElementDataFile=f"s%02d.raw 0 {len(TOY.array) - 1} 1", data=b"")(folder)


def _written(name: str) -> Callable[[Path], Path]:
    """A maker of what SimpleITK writes by this name."""
    return lambda folder: write_file(TOY, folder / name)


def _stack(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        image = sitk.GetImageFromArray(TOY.array.astype(np.uint16))
        sitk.WriteImage(image, str(folder / name))
        return folder / name

    return make


def _other() -> Iterator[Variant]:
    unsaid = "without a place for the distance of slices, or for left and right"
    yield Variant("TIFF", "stack", _stack("x.tif"), REFUSED, unsaid)
    yield Variant("TIFF", "called .nii.gz", _renamed("x.tif", "x.nii.gz"), REFUSED, f"is no NIfTI file.*{unsaid}")
    for suffix, name in ((".vtk", "VTK, legacy"), (".gipl", "GIPL")):
        words = "does not state where left and right are"
        yield Variant(name, "image", _stack(f"x{suffix}"), REFUSED, words)
    vti = b'<?xml version="1.0"?><VTKFile type="ImageData" version="1.0"></VTKFile>'
    yield Variant("VTK, XML", "image (.vti)", _writes("x.vti", lambda: vti), REFUSED, "is a VTK image")
    invivo = b'<?xml version="1.0"?>\n<INVFile><Volume/></INVFile>'
    yield Variant(
        "Invivo", ".inv", _writes("x.inv", lambda: invivo), REFUSED, "Invivo file.*as DICOM in Invivo.*inv2dcm"
    )
    yield Variant("Invivo", "called .nii", _writes("x.nii", lambda: invivo), REFUSED, "Invivo file.*inv2dcm")
    noise = np.random.default_rng(5).integers(0, 256, 9999).astype(np.uint8).tobytes()
    yield Variant(
        "Galileos", ".gwg", _writes("x.gwg", lambda: noise), REFUSED, "Galileos volume.*export the volume as DICOM"
    )
    told = "Galileos, Sidexis, i-CAT, Romexis, Invivo and others.*export its volume as DICOM"
    yield Variant("another dental program's", "any name", _writes("x.case", lambda: noise), REFUSED, told)
    yield Variant("zip", "archive", _writes("x.zip", lambda: b"PK\x03\x04" + noise), REFUSED, "zip archive: unpack")
    picture = b"\x89PNG\r\n\x1a\n" + noise
    yield Variant("PNG", "picture", _writes("x.png", lambda: picture), REFUSED, "is a flat picture .PNG., not a volume")
    yield Variant("bare voxels", ".raw", _writes("x.raw", lambda: noise), REFUSED, "bare voxels without a header")


def _renamed(name: str, other: str) -> Callable[[Path], Path]:
    return lambda folder: _stack(name)(folder).rename(folder / other)


def expected(variant: Variant) -> tuple[np.ndarray, np.ndarray]:
    """(z, y, x) voxels and (4, 4) affine that a file must be read as."""
    values = TOY.array if variant.values is None else variant.values
    return values, AFFINE if variant.affine is None else variant.affine


def same_place(volume: Volume, affine: np.ndarray) -> bool:
    """Whether all voxels lie within 0.01 mm of where an affine has them."""
    last = np.append(np.asarray(volume.shape[::-1]) - 1.0, 1.0)
    corners = np.array([[last[a] * (i >> a & 1) for a in range(3)] + [1.0] for i in range(8)])
    moved = corners @ (volume.index_to_ras_matrix() - affine).T
    return bool(np.abs(moved).max() < 0.01)
