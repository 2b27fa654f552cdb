"""Volume files byte by byte, so that tests can write what no library would."""

from __future__ import annotations

import struct

import numpy as np

VOXELS = np.arange(10 * 9 * 8, dtype=np.int16).reshape(10, 9, 8)


def nifti_bytes(array: np.ndarray = VOXELS, **fields) -> bytes:
    """A single-file NIfTI-1 in the array's byte order, upright; fields: {name in nifti1.h: value(s)}."""
    order = ">" if array.dtype.byteorder == ">" else "<"
    codes = {"u1": 2, "i2": 4, "i4": 8, "f4": 16, "f8": 64, "i1": 256, "u2": 512, "u4": 768, "i8": 1024, "u8": 1280}
    places = {
        "dim": (40, "8h"),
        "intent_code": (68, "h"),
        "datatype": (70, "h"),
        "bitpix": (72, "h"),
        "pixdim": (76, "8f"),
        "vox_offset": (108, "f"),
        "scl_slope": (112, "f"),
        "scl_inter": (116, "f"),
        "xyzt_units": (123, "B"),
        "qform_code": (252, "h"),
        "sform_code": (254, "h"),
        "quatern": (256, "3f"),
        "qoffset": (268, "3f"),
        "srow": (280, "12f"),
        "magic": (344, "4s"),
    }
    given = {
        "dim": (3, *array.shape[::-1], 1, 1, 1, 1),
        "datatype": codes[array.dtype.newbyteorder("=").str[1:]],
        "bitpix": 8 * array.dtype.itemsize,
        "pixdim": (1, 0.3, 0.4, 0.5, 0, 0, 0, 0),
        "vox_offset": 352,
        "xyzt_units": 2,
        "qform_code": 1,
        "qoffset": (5, 6, 7),
        "magic": b"n+1\0",
        **fields,
    }
    header = bytearray(352)
    struct.pack_into(order + "i", header, 0, 348)
    for name, value in given.items():
        at, kind = places[name]
        struct.pack_into(order + kind, header, at, *(value if isinstance(value, tuple) else (value,)))
    return bytes(header) + array.tobytes()


def nrrd_bytes(array: np.ndarray = VOXELS, *extra: str, data: bytes | None = None, **fields: str | None) -> bytes:
    """An NRRD; extra: lines; data: in place of raw voxels; fields: {name with _ for spaces: value}, None: without."""
    types = {"u1": "uchar", "i2": "short", "u2": "ushort", "i4": "int", "f4": "float", "f8": "double"}
    given: dict[str, str | None] = {
        "type": types[array.dtype.newbyteorder("=").str[1:]],
        "dimension": str(array.ndim),
        "space": "left-posterior-superior",
        "sizes": " ".join(map(str, array.shape[::-1])),
        "space_directions": "(0.3,0,0) (0,0.4,0) (0,0,0.5)",
        "kinds": "domain domain domain",
        "endian": "big" if array.dtype.byteorder == ">" else "little",
        "encoding": "raw",
        "space_origin": "(1,2,3)",
        **fields,
    }
    lines = ["NRRD0004", *(f"{key.replace('_', ' ')}: {value}" for key, value in given.items() if value is not None)]
    return "\n".join([*lines, *extra, "", ""]).encode() + (array.tobytes() if data is None else data)


def metaimage_bytes(array: np.ndarray = VOXELS, data: bytes | None = None, **fields: str | None) -> bytes:
    """A MetaImage; fields as its own, None leaves one out; data: in place of raw voxels."""
    types = {"u1": "UCHAR", "i2": "SHORT", "u2": "USHORT", "i4": "INT", "f4": "FLOAT", "f8": "DOUBLE"}
    given: dict[str, str | None] = {
        "ObjectType": "Image",
        "NDims": str(array.ndim),
        "BinaryData": "True",
        "BinaryDataByteOrderMSB": str(array.dtype.byteorder == ">"),
        "CompressedData": "False",
        "TransformMatrix": "1 0 0 0 1 0 0 0 1",
        "Offset": "1 2 3",
        "ElementSpacing": "0.3 0.4 0.5",
        "DimSize": " ".join(map(str, array.shape[::-1])),
        "ElementType": f"MET_{types[array.dtype.newbyteorder('=').str[1:]]}",
        "ElementDataFile": "LOCAL",
        **fields,
    }
    lines = [f"{key} = {value}" for key, value in given.items() if value is not None]
    return "\n".join([*lines, ""]).encode() + (array.tobytes() if data is None else data)
