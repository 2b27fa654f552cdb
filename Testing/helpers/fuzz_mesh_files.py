"""Sound meshes of every format, for the fuzzer to damage."""

from __future__ import annotations

import numpy as np


def mixed_dome():
    from mesh_files import dome

    vertices, faces = dome(6)
    return vertices, faces, [*faces.tolist(), [0, 1, 7, 6]]


def stl(ascii_text: bool) -> bytes:
    from mesh_files import stl_ascii, stl_binary

    vertices, faces, _ = mixed_dome()
    return stl_ascii(vertices, faces) if ascii_text else stl_binary(vertices, faces)


def ply(kind: str) -> bytes:
    from mesh_files import ply_ascii, ply_binary

    vertices, _, mixed = mixed_dome()
    return ply_ascii(vertices, mixed) if kind == "ascii" else ply_binary(vertices, mixed, kind)


def obj() -> bytes:
    from mesh_files import obj_text

    vertices, _, mixed = mixed_dome()
    head = b"mtllib ../outside.mtl\nusemtl gum\n"
    return head + obj_text(vertices, mixed, lambda i: f"{i}/{i}/{i}") + b"f -1 -2 -3\n"


def vtp(kind: str) -> bytes:
    from DentalTopoSegLib.files.meshes import vtp

    vertices, faces, _ = mixed_dome()
    labels = np.where(np.arange(len(vertices)) % 2, 16, 0).astype(np.uint8)
    if kind == "zlib":
        return vtp.to_bytes(vertices, faces, {"FDI": labels}, {"Label": np.arange(len(faces))})
    arrays = [vertices.astype("<f4"), faces.astype("<i4"), np.arange(3, 3 * len(faces) + 1, 3, dtype="<i4"), labels]
    if kind == "ascii":
        inner = [" ".join(map(str, array.ravel().tolist())) for array in arrays]
        places, tail = [f'format="ascii">{text}</DataArray>' for text in inner], b""
    else:
        blocks = [array.nbytes.to_bytes(4, "little") + array.tobytes() for array in arrays]
        at = np.cumsum([0, *map(len, blocks)])
        places = [f'format="appended" offset="{at[i]}"/>' for i in range(4)]
        tail = b'<AppendedData encoding="raw">_' + b"".join(blocks) + b"</AppendedData>"
    text = (
        '<VTKFile type="PolyData" byte_order="LittleEndian"><PolyData>'
        f'<Piece NumberOfPoints="{len(vertices)}" NumberOfPolys="{len(faces)}">'
        f'<PointData><DataArray type="UInt8" Name="FDI" {places[3]}</PointData>'
        f'<Points><DataArray type="Float32" NumberOfComponents="3" {places[0]}</Points><Polys>'
        f'<DataArray type="Int32" Name="connectivity" {places[1]}'
        f'<DataArray type="Int32" Name="offsets" {places[2]}</Polys></Piece></PolyData>'
    )
    return text.encode() + tail + b"</VTKFile>"


def hps() -> bytes:
    """With colours, as the package decodes them too."""
    import io

    from hps_files import hps_of_triangles, texture
    from PIL import Image

    vertices, faces, _ = mixed_dome()
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), (200, 90, 80)).save(picture, "JPEG")
    return hps_of_triangles(vertices, faces, more=texture(np.full((3 * len(faces), 2), 0.5), picture.getvalue()))
