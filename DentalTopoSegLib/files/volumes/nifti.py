"""Headers of NIfTI-1, NIfTI-2 and Analyze 7.5.

Layout: nifti1.h (348 bytes) and nifti2.h (540 bytes) of the NIfTI standard. Where a file states its place twice, the
sform is taken before the qform, as by nibabel and most programs; where the sides of the patient depend on that, neither
is taken before somebody has chosen (`orientation.resolve`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...errors import InputError
from ..regular_files import require_regular_file
from .content import is_gzip, read_start
from .foreign import no_file_of
from .grid import IDENTITY
from .header import MAX_OFFSET, Place, Vector, VolumeHeader, wrong_field
from .limits import ORTHOGONAL_TOLERANCE
from .orientation import orientation_of, same_sides

_NIFTI1 = np.dtype(
    [
        ("sizeof_hdr", "i4"),
        ("unused", "V35"),
        ("dim_info", "u1"),
        ("dim", "i2", 8),
        *((f"intent_p{i}", "f4") for i in (1, 2, 3)),
        *((name, "i2") for name in ("intent_code", "datatype", "bitpix", "slice_start")),
        ("pixdim", "f4", 8),
        *((name, "f4") for name in ("vox_offset", "scl_slope", "scl_inter")),
        ("slice_end", "i2"),
        *((name, "u1") for name in ("slice_code", "xyzt_units")),
        *((name, "f4") for name in ("cal_max", "cal_min", "slice_duration", "toffset")),
        ("unused2", "V8"),
        ("descrip", "S80"),
        ("aux_file", "S24"),
        *((name, "i2") for name in ("qform_code", "sform_code")),
        *((f"quatern_{axis}", "f4") for axis in "bcd"),
        *((f"qoffset_{axis}", "f4") for axis in "xyz"),
        *((f"srow_{axis}", "f4", 4) for axis in "xyz"),
        ("intent_name", "S16"),
        ("magic", "S4"),
    ]
)
_NIFTI2 = np.dtype(
    [
        ("sizeof_hdr", "i4"),
        ("magic", "S4"),
        ("unused", "V4"),
        *((name, "i2") for name in ("datatype", "bitpix")),
        ("dim", "i8", 8),
        *((f"intent_p{i}", "f8") for i in (1, 2, 3)),
        ("pixdim", "f8", 8),
        ("vox_offset", "i8"),
        *((name, "f8") for name in ("scl_slope", "scl_inter", "cal_max", "cal_min", "slice_duration", "toffset")),
        *((name, "i8") for name in ("slice_start", "slice_end")),
        ("descrip", "S80"),
        ("aux_file", "S24"),
        *((name, "i4") for name in ("qform_code", "sform_code")),
        *((f"quatern_{axis}", "f8") for axis in "bcd"),
        *((f"qoffset_{axis}", "f8") for axis in "xyz"),
        *((f"srow_{axis}", "f8", 4) for axis in "xyz"),
        *((name, "i4") for name in ("slice_code", "xyzt_units", "intent_code")),
        ("intent_name", "S16"),
        ("dim_info", "u1"),
        ("unused2", "V15"),
    ]
)
# Codes of the types of values, and of values per voxel other than one.
_TYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8"}
_COMPOUND_TYPES = {128: ("u1", 3), 2304: ("u1", 4), 32: ("f4", 2), 1792: ("f8", 2)}  # colours, complex numbers
_VECTOR_INTENTS = (1005, 1006, 1007)
_MILLIMETRES = {1: 1e3, 2: 1.0, 3: 1e-3}  # metres, millimetres, micrometres
_UNKNOWN = 0  # qform_code and sform_code
# How far two statements of one place may be apart by rounding to single precision: of its first voxel (mm), and of any
# other by its distance from there (a quaternion's own rounding comes to 7e-4 rad).
_SAME_PLACE_MM, _SAME_TURN = 0.01, 1e-3
_SAME_SIZE = 1e-4  # of voxels


def read_nifti_header(path: Path) -> VolumeHeader:
    """The header of a .nii or .nii.gz. Raises InputError."""
    return _header(path, path, pair=False)


def read_pair_header(path: Path) -> VolumeHeader:
    """The header of a .hdr, or of the one that belongs to a .img: NIfTI or Analyze. Raises InputError."""
    of_header = path
    if path.suffix.lower() == ".img":
        names = [path.with_suffix(s).name for s in (".hdr", ".HDR") if path.with_suffix(s).exists()]
        if not names:
            raise InputError(f"'{path}' is the second half of a pair; its header (.hdr) is not there: copy both files.")
        of_header = require_regular_file(path.with_name(names[0]))
    return _header(path, of_header, pair=True)


def _header(path: Path, file: Path, *, pair: bool) -> VolumeHeader:
    raw, order, magic = _raw_header(path, file, pair)
    code = int(raw["datatype"])
    kind, components = _COMPOUND_TYPES.get(code, (_TYPES.get(code), 1))
    if kind is None:
        raise wrong_field(path, "datatype", code, "a type of whole numbers or of 32- or 64-bit fractions is expected")
    size, vectors = _size(path, raw, nifti=magic != "")
    scale = _MILLIMETRES.get(int(raw["xyzt_units"]) & 7, 1.0) if magic else 1.0
    spacing = _vector(path, "pixdim", (float(v) * scale for v in raw["pixdim"][1:4]))
    nowhere = _Placed(Place(spacing, (0.0, 0.0, 0.0), IDENTITY), "a header of Analyze has no word for it")
    placed = _place(path, raw, spacing, scale, size) if magic and len(size) > 2 else nowhere
    offset = _offset(path, raw, 0 if pair else raw.dtype.itemsize)
    slope, intercept = (_number(raw["scl_slope"]), _number(raw["scl_inter"])) if magic else (1.0, 0.0)
    data = require_regular_file(_data_file(path, file)) if pair else file
    packed = is_gzip(data)
    return VolumeHeader(
        path=path,
        size=size,
        dtype=np.dtype(order + kind),
        data_files=(data,),
        spacing=placed.place.spacing,
        origin=placed.place.origin,
        direction=placed.place.direction,
        components=components * vectors,
        encoding="gzip" if packed else "raw",
        offset=0 if packed else offset,
        skip=offset if packed else 0,
        slope=slope if abs(slope) > np.finfo(float).eps else 1.0,
        intercept=intercept,
        metadata=_metadata(raw),
        unplaced=placed.unplaced,
        forms=placed.forms,
        doubt=placed.doubt,
        notes=placed.notes,
    )


def _raw_header(path: Path, file: Path, pair: bool) -> tuple[np.void, str, str]:
    """The header's fields, its byte order, and its magic word ("" for Analyze)."""
    start = read_start(file, _NIFTI2.itemsize)
    for layout in (_NIFTI1, _NIFTI2):
        for ordered, order in ((layout.newbyteorder("<"), "<"), (layout.newbyteorder(">"), ">")):
            if len(start) < layout.itemsize:
                continue
            raw = np.frombuffer(start, ordered, 1)[0]
            if raw["sizeof_hdr"] != layout.itemsize:
                continue
            magic = raw["magic"].decode("latin-1")[:3]
            if magic in ("ni1", "ni2") if pair else magic in ("n+1", "n+2"):
                return raw, order, magic
            if pair and layout is _NIFTI1 and magic not in ("n+1", "ni1"):
                return raw, order, ""
            expected = "the word of a pair of files" if pair else "the word of a single file"
            raise wrong_field(path, "magic", magic, f"{expected} is expected")
    if len(start) < _NIFTI1.itemsize and start[:4] in (b"\x5c\x01\0\0", b"\0\0\x01\x5c"):
        raise InputError(f"'{path}' is cut short within its header: copy or export it again.")
    raise no_file_of("NIfTI", path, file)


def _size(path: Path, raw: np.void, nifti: bool) -> tuple[tuple[int, ...], int]:
    """Sizes along x, y, z and further axes, and the values per voxel where a fifth axis means them."""
    axes = int(raw["dim"][0])
    if not 1 <= axes <= 7:
        raise wrong_field(path, "dim[0]", axes, "1 to 7 axes are expected")
    size = [int(n) for n in raw["dim"][1 : 1 + axes]]
    for i, n in enumerate(size, start=1):
        if not 1 <= n < 1 << 31:
            raise wrong_field(path, f"dim[{i}]", n, "a size of 1 or more is expected")
    vectors = 1
    if nifti and int(raw["intent_code"]) in _VECTOR_INTENTS and axes >= 5:
        vectors = size.pop(4)
    while len(size) > 3 and size[-1] == 1:
        size.pop()
    return tuple(size), vectors


def _offset(path: Path, raw: np.void, least: int) -> int:
    offset = float(raw["vox_offset"])
    if not 0 <= offset <= MAX_OFFSET:  # not so for NaN either
        raise wrong_field(path, "vox_offset", offset, f"a whole number up to {MAX_OFFSET} is expected")
    return max(int(offset), least)


def _data_file(path: Path, header: Path) -> Path:
    suffixes = (".img", ".IMG", ".img.gz") if header.suffix == ".hdr" else (".IMG", ".img")
    names = [name for s in suffixes if (header.parent / (name := header.stem + s)).exists()]
    return header.with_name(names[0] if names else header.stem + suffixes[0])


def _number(value: np.floating) -> float:
    """The value, 0 where it is no finite number, as the NIfTI library has it."""
    return float(value) if math.isfinite(value) else 0.0


def _vector(path: Path, name: str, values) -> Vector:
    x, y, z = (float(v) for v in values)
    if not all(map(math.isfinite, (x, y, z))):
        raise wrong_field(path, name, f"{x:g} {y:g} {z:g}", "finite numbers are expected")
    return x, y, z


@dataclass(frozen=True)
class _Placed:
    """What a header says of its place."""

    place: Place
    unplaced: str = ""
    forms: dict[str, Place] = field(default_factory=dict)
    doubt: str = ""
    notes: tuple[str, ...] = ()


def _place(path: Path, raw: np.void, spacing: Vector, scale: float, size: tuple[int, ...]) -> _Placed:
    """The place by the sform or the qform, in RAS in the file."""
    by_sform, by_qform = bool(raw["sform_code"] > _UNKNOWN), bool(raw["qform_code"] > _UNKNOWN)
    if not by_sform and not by_qform:
        return _Placed(Place(spacing, (0.0, 0.0, 0.0), IDENTITY), "its sform_code and qform_code are 0")
    if not by_sform:
        return _Placed(_placement(path, "qform", _qform(raw), spacing, scale))
    sform = np.array([raw[f"srow_{axis}"] for axis in "xyz"], np.float64)
    if not by_qform:
        return _by_sform(_placement(path, "sform", sform, spacing, scale), spacing)
    qform = _placement(path, "qform", _qform(raw), spacing, scale)
    if not _is_grid(sform):
        doubt = (
            "says twice where it lies, and the statement that most programs take (sform) is sheared or empty: export "
            "it again, or give --orientation qform to take the other."
        )
        return _Placed(qform, "", {"qform": qform}, doubt)
    found = _by_sform(_placement(path, "sform", sform, spacing, scale), spacing)
    apart, turn = _apart(found.place, qform, size)
    if not turn and apart <= _SAME_PLACE_MM:
        return found
    forms = {"sform": found.place, "qform": qform}
    if not same_sides(found.place, qform):
        words = [f"{form}: {orientation_of(place.direction)}" for form, place in forms.items()]
        doubt = (
            f"says twice where it lies, and the sides of the patient depend on which of the two is right "
            f"({', '.join(words)}): look at the scan in the program that made it, and give --orientation sform or "
            "--orientation qform."
        )
        return _Placed(found.place, "", forms, doubt)
    told = (
        f"The file says twice where it lies, up to {apart:.3g} mm apart; the first (sform) was taken. Programs that "
        "take the other (qform) show scan and result elsewhere."
    )
    return _Placed(found.place, "", forms, "", (*found.notes, told))


def _by_sform(place: Place, spacing: Vector) -> _Placed:
    if place.spacing == spacing:
        return _Placed(place)
    shown = [" x ".join(f"{v:.4g}" for v in one) for one in (place.spacing, spacing)]
    note = f"The file says its voxel size twice, {shown[0]} mm (sform) and {shown[1]} mm (pixdim); the first was taken."
    return _Placed(place, notes=(note,))


def _placement(path: Path, form: str, matrix: np.ndarray, spacing: Vector, scale: float) -> Place:
    """matrix: (3, 4), from a voxel's index to RAS, in the file's unit. spacing: what pixdim says, mm."""
    x, y, z = _vector(path, form, matrix[:, 3])
    axes = matrix[:, :3].astype(float) * np.array([[-1.0], [-1.0], [1.0]])
    lengths = [math.sqrt(a[0] * a[0] + a[1] * a[1] + a[2] * a[2]) for a in axes.T]
    if not all(0 < length < math.inf for length in lengths):
        raise wrong_field(path, form, matrix[:, :3].tolist(), "three axes are expected")
    own = _vector(path, form, (length * scale for length in lengths))
    # as pixdim has it where the two are the same but for rounding
    close = form == "qform" or all(abs(a - b) <= _SAME_SIZE * a for a, b in zip(own, spacing, strict=True))
    direction = tuple((axes / lengths).ravel().tolist())
    return Place(spacing if close else own, (-x * scale, -y * scale, z * scale), direction)


def _apart(one: Place, other: Place, size: tuple[int, ...]) -> tuple[float, bool]:
    """How far the two place a voxel apart at most (mm), and whether they turn or stretch the volume differently."""
    axes = [np.reshape(place.direction, (3, 3)) * place.spacing for place in (one, other)]
    shift = np.subtract(one.origin, other.origin)
    last = np.array(size[:3]) - 1.0
    corners = np.array([[last[a] * (i >> a & 1) for a in range(3)] for i in range(8)])
    moved = np.linalg.norm(corners @ (axes[0] - axes[1]).T, axis=1)
    far = np.linalg.norm(corners @ axes[0].T, axis=1)
    most = np.linalg.norm(corners @ (axes[0] - axes[1]).T + shift, axis=1).max()
    turned = bool((moved > _SAME_TURN * far + _SAME_PLACE_MM).any())
    shifted = float(np.linalg.norm(shift))
    return (float(most) if turned or shifted > _SAME_PLACE_MM else shifted), turned


def _qform(raw: np.void) -> np.ndarray:
    """(3, 4) matrix of the quaternion, in single precision (nifti1.h, method 2)."""
    b, c, d = (_number(raw[f"quatern_{axis}"]) for axis in "bcd")
    a = 1.0 - (b * b + c * c + d * d)
    if a < 1e-7:  # half a turn
        norm = math.sqrt(b * b + c * c + d * d)
        a, b, c, d = 0.0, b * (1 / norm), c * (1 / norm), d * (1 / norm)
    else:
        a = math.sqrt(a)
    x, y, z = (float(v) if v > 0 else 1.0 for v in raw["pixdim"][1:4])
    z = -z if raw["pixdim"][0] < 0 else z
    rows = [
        [(a * a + b * b - c * c - d * d) * x, 2 * (b * c - a * d) * y, 2 * (b * d + a * c) * z],
        [2 * (b * c + a * d) * x, (a * a + c * c - b * b - d * d) * y, 2 * (c * d - a * b) * z],
        [2 * (b * d - a * c) * x, 2 * (c * d + a * b) * y, (a * a + d * d - c * c - b * b) * z],
    ]
    offset = [_number(raw[f"qoffset_{axis}"]) for axis in "xyz"]
    return np.column_stack([rows, offset]).astype(np.float32)


def _is_grid(matrix: np.ndarray) -> bool:
    """True when the axes of a (3, 4) matrix have a length and are at right angles."""
    axes = matrix[:, :3]
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.linalg.norm(axes, axis=0)
    if not np.isfinite(matrix).all() or not ((lengths > 0) & np.isfinite(lengths)).all():
        return False
    unit = axes / lengths
    return bool(np.abs(unit.T @ unit - np.eye(3)).max() <= ORTHOGONAL_TOLERANCE)


def _metadata(raw: np.void) -> dict[str, str]:
    """The header's fields as text, under ITK's keys."""
    found: dict[str, str] = {}
    for name in raw.dtype.names or ():
        value = raw[name]
        if name in ("sizeof_hdr", "magic", "unused", "unused2"):
            continue
        if isinstance(value, bytes):
            found[name] = value.split(b"\0")[0].decode("utf-8", "replace")
        elif name.startswith("srow"):
            found[name] = " ".join(f"{v:g}" for v in value)
        elif np.ndim(value):
            found.update({f"{name}[{i}]": f"{v:g}" for i, v in enumerate(value)})
        else:
            found[name] = f"{value:g}"
    return found
