"""Meshes as 3Shape's programs write them (HPS), without the key that most of theirs have."""

from __future__ import annotations

import base64
import zlib

import numpy as np

#: Of the stream of triangles: three new points make one; a new point beyond the current edge makes one.
RESTART, EXTEND = 4, 0


def hps(
    vertices: np.ndarray,
    facets: bytes,
    *,
    scheme: str = "CA",
    head: str = "",
    more: str = "",
    checked: bool = False,
    **attributes: object,
) -> bytes:
    """A file of points (V, 3) and a stream of triangles.

    scheme: "CA" has no key. head, more: before the outermost element, and at its end. checked: with the check sum of
    the points. attributes: instead of what is true, None for without.
    """
    points = np.ascontiguousarray(vertices, "<f4").tobytes()
    said = {"vertex_count": len(points) // 12, "facet_count": len(facets), "base64_encoded_bytes": len(points)}
    said |= {"facets_base64_encoded_bytes": len(facets), "color": 8421504}
    if checked:
        said["check_value"] = int.from_bytes(zlib.adler32(points).to_bytes(4, "little"), "big")
    said |= attributes

    def written(*names: str) -> str:
        return "".join(f' {n.removeprefix("facets_")}="{said[n]}"' for n in names if said.get(n) is not None)

    of_facets = written("facet_count", "facets_base64_encoded_bytes", "color")
    of_points = written("vertex_count", "base64_encoded_bytes", "check_value")
    return (
        f'{head}<HPS version="1.1"><Packed_geometry><Schema>{scheme}</Schema><Binary_data><{scheme} version="1.0">\n'
        f"<Facets{of_facets}>{_base64(facets)}</Facets>\n<Vertices{of_points}>{_base64(points)}</Vertices>\n"
        f"</{scheme}></Binary_data></Packed_geometry><Annotations/>{more}</HPS>\n"
    ).encode()


def hps_of_triangles(vertices: np.ndarray, faces: np.ndarray, **said: object) -> bytes:
    """A file in which every triangle has three points of its own, in the order of the faces."""
    return hps(np.asarray(vertices)[np.asarray(faces)].reshape(-1, 3), bytes([RESTART]) * len(faces), **said)


def texture(coordinates: np.ndarray, picture: bytes) -> str:
    """Colours as an element of the file: one place (V, 2) in the picture per point, 0..1 from its left and top."""
    packed = np.rint(np.asarray(coordinates) * 32767).astype("<u2")
    stream = b"".join(b"\x01" + place.tobytes() for place in packed)
    return (
        f'<TextureData2><PerVertexTextureCoord Base64EncodedBytes="{len(stream)}" TextureCoordId="0">'
        f"{_base64(stream)}</PerVertexTextureCoord><TextureImages>"
        f'<TextureImage Version="2" Width="4" Height="2" BytesPerPixel="3" RefTextureCoordId="0" '
        f'Base64EncodedBytes="{len(picture)}">{_base64(picture)}</TextureImage></TextureImages></TextureData2>'
    )


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
