"""The names of a label map's values: in the NIfTI file itself, as TotalSegmentator writes them, or in the dataset.json
of an nnU-Net folder beside it."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape

from ..errors import InputError
from .json_text import read_json
from .volumes.content import read_start

DATASET_FILE = "dataset.json"
#: Folders of an nnU-Net data set, whose dataset.json is one above.
_LABEL_FOLDERS = ("labelsTr", "labelsTs", "labelsVal")
_HEADER_BYTES = {348: ("little", 352), 0x5C010000: ("big", 352)}  # sizeof_hdr as little-endian, end of the header
_OFFSET_AT = 108  # vox_offset, float32, of NIfTI-1
_NAMES_BYTES = 1 << 20
#: Connectome Workbench's label table, which TotalSegmentator writes under this code.
_CODE = 0
_LABEL = re.compile(
    r"<Label\b[^>]{0,400}?\bKey=\"([0-9]{1,5})\"[^>]{0,400}>(?:<!\[CDATA\[(.{0,200}?)\]\]>|([^<]{0,200}))<"
)
_MOST_NAMES = 1000


def names_in_nifti(path: Path) -> dict[int, str]:
    """Value -> name of the label table in a NIfTI file's extensions; nothing where it has none."""
    start = read_start(path, _NAMES_BYTES)
    form = _HEADER_BYTES.get(int.from_bytes(start[:4], "little"))
    if form is None or len(start) < 360 or not start[348]:
        return {}
    order, at = form
    found: dict[int, str] = {}
    while at + 8 <= len(start):
        size, code = (int.from_bytes(start[k : k + 4], order) for k in (at, at + 4))  # type: ignore[arg-type]
        if size < 16 or size % 16:
            break
        if code == _CODE:
            text = start[at + 8 : at + size].decode("utf-8", "replace")
            for value, quoted, plain in _LABEL.findall(text)[:_MOST_NAMES]:
                found[int(value)] = (quoted or plain).strip()
        at += size
        if at >= _voxels_at(start, order):
            break
    found.pop(0, None)
    return found


def _voxels_at(start: bytes, order: str) -> int:
    import struct

    (offset,) = struct.unpack("<f" if order == "little" else ">f", start[_OFFSET_AT : _OFFSET_AT + 4])
    return int(offset) if 352 <= offset < 1 << 30 else 352


def add_names_to_nifti(path: Path, names: Mapping[int, str]) -> None:
    """Put a label table into a .nii.gz that was just written here (NIfTI-1, little-endian, no extension)."""
    import struct

    content = gzip.decompress(path.read_bytes())
    rows = "\n".join(f'<Label Key="{value}" Red="1" Green="1" Blue="1" Alpha="1"><![CDATA[{escape(name)}]]></Label>'
                     for value, name in sorted(names.items()))  # fmt: skip
    text = (
        '<?xml version="1.0" encoding="UTF-8"?><CaretExtension><VolumeInformation Index="0"><LabelTable>\n'
        f"{rows}\n</LabelTable><VolumeType><![CDATA[Label]]></VolumeType></VolumeInformation></CaretExtension>"
    ).encode()
    size = -(-(len(text) + 8) // 16) * 16
    block = struct.pack("<ii", size, _CODE) + text.ljust(size - 8)
    header = bytearray(content[:352])
    voxels = int(struct.unpack_from("<f", header, _OFFSET_AT)[0])
    struct.pack_into("<f", header, _OFFSET_AT, float(voxels + size))
    header[348] = 1
    path.write_bytes(gzip.compress(bytes(header) + block + content[voxels:], 6, mtime=0))


def names_beside(path: Path) -> tuple[dict[int, str], Path | None]:
    """Value -> name of the dataset.json in the label map's folder, or above the folder of an nnU-Net data set's labels;
    and that file. Raises InputError for one that is no JSON or whose labels are none."""
    folders = [path.parent, *([path.parent.parent] if path.parent.name in _LABEL_FOLDERS else [])]
    file = next((folder / DATASET_FILE for folder in folders if (folder / DATASET_FILE).is_file()), None)
    if file is None:
        return {}, None
    content = read_json(file)
    labels = content.get("labels") if isinstance(content, dict) else None
    names = _names(labels)
    if names is None:
        raise InputError(
            f"'{file}' has no readable list of labels: mend it, or say with --numbering what the values of "
            f"'{path.name}' mean."
        )
    return names, file


def _names(labels: object) -> dict[int, str] | None:
    """Both layouts: {name: value} of nnU-Net v2, {"value": name} of v1. None for what is neither."""
    if not isinstance(labels, dict) or len(labels) > _MOST_NAMES:
        return None
    found: dict[int, str] = {}
    for key, value in labels.items():
        if isinstance(value, int) and not isinstance(value, bool):
            found[value] = key
        elif isinstance(value, str) and key.isdecimal():
            found[int(key)] = value
        elif not isinstance(value, list):  # a region of several labels is told by its parts
            return None
    return {value: name for value, name in found.items() if 0 < value <= 65535 and name.lower() != "background"}
