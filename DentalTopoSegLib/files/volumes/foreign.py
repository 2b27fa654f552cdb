"""Files people hand over that are no volume read here: told by their first bytes or name, and what to do with them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...errors import InputError

_HEAD_BYTES = 4096
_EXPORT = "export the scan as DICOM, NRRD or NIfTI from the program that made it"
_AS_DICOM = "open it there and export the volume as DICOM"
_UNPACK = "unpack it first"
#: What to do with a case of any dental program.
EXPORT_DICOM = (
    "Files in which a scanner's or dental program keeps its cases (Galileos, Sidexis, i-CAT, Romexis, Invivo and "
    "others) are read by that program alone: open the case there and export its volume as DICOM."
)


@dataclass(frozen=True)
class Foreign:
    """A kind of file that is not read.

    what: the rest of a sentence "'x' is ...". how: what to do. begins: with which bytes; holds: asks of them more.
    suffixes, name: what tells it where the bytes do not. dental: what a dental program keeps for itself.
    """

    what: str
    how: str
    begins: tuple[bytes, ...] = ()
    holds: Callable[[bytes], bool] | None = None
    suffixes: tuple[str, ...] = ()
    name: re.Pattern[str] | None = None
    dental: bool = False

    def is_content(self, head: bytes) -> bool:
        return head.startswith(self.begins) if self.begins else self.holds is not None and self.holds(head)

    def is_name(self, name: str) -> bool:
        return name.endswith(self.suffixes or "/") or (self.name is not None and bool(self.name.fullmatch(name)))


def _is_gipl(head: bytes) -> bool:
    return head[252:256] in (b"\xef\xff\xe9\xb0", b"\x2a\xe3\x89\xb8")


_PICTURE = "not a volume: give the whole scan (for DICOM, the folder with all slices)"
KINDS = (
    Foreign(
        "a TIFF file, a format without a place for the distance of slices, or for left and right",
        _EXPORT,
        (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
        suffixes=(".tif", ".tiff", ".btf"),
    ),
    Foreign(
        "a VTK file, which does not state where left and right are",
        f"{_EXPORT}, or a surface as .vtp",
        (b"# vtk DataFile",),
        suffixes=(".vtk",),
    ),
    Foreign(
        "a VTK image, which does not state where left and right are",
        _EXPORT,
        holds=lambda head: b"<VTKFile" in head[:1024] and b"ImageData" in head[:1024],
        suffixes=(".vti",),
    ),
    Foreign("a GIPL file, which does not state where left and right are", _EXPORT, holds=_is_gipl, suffixes=(".gipl",)),
    Foreign(
        "an Invivo file (Anatomage)",
        "export the volume as DICOM in Invivo, or convert it with the free program inv2dcm (pypi.org/project/inv2dcm)",
        holds=lambda head: b"<INVFile" in head,
        suffixes=(".inv",),
        dental=True,
    ),
    Foreign(
        "a part of a Galileos volume (Sirona)",
        f"{_AS_DICOM} (Galileos Viewer, Sidexis)",
        suffixes=(".gwg",),
        name=re.compile(r".+_vol_0(_\d+)?"),  # a header and a file for each slice
        dental=True,
    ),
    Foreign("a flat picture (PNG)", _PICTURE, (b"\x89PNG",), suffixes=(".png",)),
    Foreign("a flat picture (JPEG)", _PICTURE, (b"\xff\xd8\xff",), suffixes=(".jpg", ".jpeg")),
    Foreign("a flat picture (GIF)", _PICTURE, (b"GIF8",), suffixes=(".gif",)),
    Foreign(
        "a flat picture (BMP)",
        _PICTURE,
        holds=lambda head: head[:2] == b"BM" and head[6:10] == bytes(4),
        suffixes=(".bmp",),
    ),
    Foreign(
        "a flat picture (JPEG 2000)",
        _PICTURE,
        (b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51"),
        suffixes=(".jp2", ".j2k", ".jph"),
    ),
    Foreign("a PDF", f"not a volume: {_EXPORT}", (b"%PDF",), suffixes=(".pdf",)),
    Foreign("a zip archive", _UNPACK, (b"PK\x03\x04",), suffixes=(".zip",)),
    Foreign("a 7z archive", _UNPACK, (b"7z\xbc\xaf",), suffixes=(".7z",)),
    Foreign("a RAR archive", _UNPACK, (b"Rar!",), suffixes=(".rar",)),
    Foreign(
        "a tar archive", _UNPACK, holds=lambda head: head[257:262] == b"ustar", suffixes=(".tar", ".tar.gz", ".tgz")
    ),
    Foreign("compressed (bzip2)", _UNPACK, (b"BZh",), suffixes=(".bz2",)),
    Foreign("compressed (xz)", _UNPACK, (b"\xfd7zXZ",), suffixes=(".xz",)),
    Foreign("compressed (Zstandard)", _UNPACK, (b"\x28\xb5\x2f\xfd",), suffixes=(".zst",)),
    Foreign("a program", "give the folder with the scan's DICOM files", (b"MZ", b"\x7fELF"), suffixes=(".exe",)),
    Foreign(
        "a MINC or HDF5 file",
        "convert it to NIfTI first (for MINC: mnc2nii)",
        (b"\x89HDF", b"CDF\x01"),
        suffixes=(".mnc",),
    ),
    Foreign("a file of FreeSurfer", "convert it to NIfTI first (mri_convert)", suffixes=(".mgz", ".mgh")),
    Foreign("an array without a voxel size (NumPy)", _EXPORT, (b"\x93NUMPY",), suffixes=(".npy", ".npz")),
    Foreign("a file of MATLAB", _EXPORT, (b"MATLAB 5.0",), suffixes=(".mat",)),
    Foreign(
        "bare voxels without a header",
        "give the header that belongs to them (.mhd, .nhdr, .hdr), or export the scan again",
        suffixes=(".raw", ".bin", ".vol", ".dat"),
    ),
)


def told_of(path: Path, *, dental: bool = False) -> str | None:
    """What a file is that is not read, as the end of a sentence that begins with its name; None where it is not known.

    The first bytes say it, or, where they are not known, the name. dental: only what a dental program keeps for itself.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError:
        return None
    name = path.name.lower()
    kind = next((kind for kind in KINDS if kind.is_content(head)), None)
    kind = kind or next((kind for kind in KINDS if kind.is_name(name)), None)
    if kind is None or (dental and not kind.dental):
        return None
    joint = ", " if kind.how.startswith("not ") else ": "
    return f"is {kind.what}{joint}{kind.how}."


def no_file_of(name: str, path: Path, content: Path | None = None) -> InputError:
    """The refusal of a file that is not of the format that its name stands for; content: where it lies elsewhere."""
    told = told_of(content or path)
    reason = f": it {told}" if told else ", whatever its name says: give the scan as it was exported."
    return InputError(f"'{path}' is no {name} file{reason}")


def looks_like(head: bytes) -> str | None:
    """The name of the format of a volume file by its unpacked first bytes; None where they do not tell."""
    if re.match(rb"NRRD000[1-9]\r?\n", head):
        return "NRRD"
    if head[344:347] == b"n+1" and head[:4] in (b"\x5c\x01\0\0", b"\0\0\x01\x5c"):
        return "NIfTI"
    if head[4:7] == b"n+2" and head[:4] in (b"\x1c\x02\0\0", b"\0\0\x02\x1c"):
        return "NIfTI"
    if re.match(rb"\s*(ObjectType|NDims)\s*=", head):
        return "MetaImage"
    return None
