"""The .vtp reader and writer against vtk's own: every encoding vtk writes, and what a bad file may try."""

from __future__ import annotations

import base64
import re
import zlib

import numpy as np
import pytest
from mesh_files import dome, shuffled

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.meshes import read_mesh, write_vtp

VERTICES, FACES = shuffled(*dome(9))
ARRAYS = {"FDI": (np.arange(81) % 48).astype(np.uint8), "PredictedID": np.arange(81, dtype=np.int32)}
CELLS = {"Label": np.arange(128, dtype=np.int64) - 5, "confidence": np.linspace(0, 1, 128)}


def vtk_modules():
    """vtk's XML classes; the wheel is 100 MB, so CI has it on one Python only."""
    xml = pytest.importorskip("vtkmodules.vtkIOXML", reason="vtk, the oracle for .vtp files, is not installed")
    from vtkmodules import vtkCommonCore, vtkCommonDataModel
    from vtkmodules.util import numpy_support

    return xml, vtkCommonCore, vtkCommonDataModel, numpy_support


def cell_array(cells):
    _, core, data, _ = vtk_modules()
    result = data.vtkCellArray()
    for cell in cells:
        ids = core.vtkIdList()
        for corner in cell:
            ids.InsertNextId(int(corner))
        result.InsertNextCell(ids)
    return result


def polydata(vertices, polys, *, strips=(), lines=(), points=None, cells=None):
    _, core, data, support = vtk_modules()
    mesh, place = data.vtkPolyData(), core.vtkPoints()
    place.SetData(support.numpy_to_vtk(np.ascontiguousarray(vertices), deep=True))
    mesh.SetPoints(place)
    mesh.SetPolys(cell_array(polys))
    if len(strips):
        mesh.SetStrips(cell_array(strips))
    if len(lines):
        mesh.SetLines(cell_array(lines))
    for where, arrays in ((mesh.GetPointData(), points or {}), (mesh.GetCellData(), cells or {})):
        for name, values in arrays.items():
            array = support.numpy_to_vtk(np.ascontiguousarray(values), deep=True)
            array.SetName(name)
            where.AddArray(array)
    return mesh


def written(path, mesh, mode="binary", compressor="zlib", header=32, order="little", block=None):
    xml, _, _, _ = vtk_modules()
    writer = xml.vtkXMLPolyDataWriter()
    writer.SetFileName(str(path))
    writer.SetInputData(mesh)
    {"ascii": writer.SetDataModeToAscii, "binary": writer.SetDataModeToBinary}.get(mode, writer.SetDataModeToAppended)()
    writer.SetEncodeAppendedData(mode == "appended base64")
    {"zlib": writer.SetCompressorTypeToZLib, "lzma": writer.SetCompressorTypeToLZMA,
     "lz4": writer.SetCompressorTypeToLZ4, "": writer.SetCompressorTypeToNone}[compressor]()  # fmt: skip
    (writer.SetHeaderTypeToUInt64 if header == 64 else writer.SetHeaderTypeToUInt32)()
    (writer.SetByteOrderToBigEndian if order == "big" else writer.SetByteOrderToLittleEndian)()
    if block:
        writer.SetBlockSize(block)
    assert writer.Write()
    return path


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("header", [32, 64])
@pytest.mark.parametrize("compressor", ["", "zlib", "lzma"])
@pytest.mark.parametrize("mode", ["ascii", "binary", "appended raw", "appended base64"])
def test_whatever_vtk_writes_is_read_exactly(tmp_path, mode, compressor, header, dtype):
    mesh = polydata(VERTICES.astype(dtype), FACES, points=ARRAYS, cells=CELLS)
    for order, block in (("little", None), ("big", 512)):
        path = written(tmp_path / f"{order}.vtp", mesh, mode, compressor, header, order, block)
        ours, warnings = read_mesh(path)
        assert not warnings
        np.testing.assert_array_equal(ours.vertices, VERTICES)
        np.testing.assert_array_equal(ours.faces, FACES)
        assert set(ours.point_data) == set(ARRAYS) and set(ours.cell_data) == set(CELLS)
        for name, values in {**ARRAYS, **CELLS}.items():
            result = {**ours.point_data, **ours.cell_data}[name]
            np.testing.assert_array_equal(result, values)
            assert result.dtype == values.dtype


def test_polygons_strips_and_lines_as_vtk_triangulates_them(tmp_path):
    _, _, _, support = vtk_modules()
    from vtkmodules.vtkFiltersCore import vtkTriangleFilter

    polys, strips, lines = [[0, 1, 2, 3], [4, 5, 6], [7, 8, 9, 10, 11]], [[12, 13, 14, 15, 16], [20, 21, 22]], [[0, 5]]
    labels = {"Label": np.arange(6, dtype=np.int32)}
    mesh = polydata(VERTICES, polys, strips=strips, lines=lines, cells=labels)
    ours, _ = read_mesh(written(tmp_path / "jaw.vtp", mesh))
    # vtk's cells are ordered lines, polygons, strips; a polygon's label goes to each of its triangles
    assert ours.cell_data["Label"].tolist() == [1, 1, 2, 3, 3, 3, 4, 4, 4, 5]
    triangulate = vtkTriangleFilter()
    triangulate.SetInputData(polydata(VERTICES, [], strips=strips))
    triangulate.Update()
    theirs = support.vtk_to_numpy(triangulate.GetOutput().GetPolys().GetConnectivityArray()).reshape(-1, 3)
    assert sorted(map(_turned, ours.faces[6:])) == sorted(map(_turned, theirs))


def _turned(face) -> tuple[int, ...]:
    """The corners from the smallest on: the same for the same triangle facing the same way."""
    at = int(np.argmin(face))
    return tuple(int(i) for i in np.roll(face, -at))


def test_our_files_open_in_vtk(tmp_path):
    xml, _, _, support = vtk_modules()
    vectors = {"normal & <colour>": VERTICES.astype(np.float32)}
    write_vtp(tmp_path / "jaw.vtp", VERTICES, FACES, {**ARRAYS, **vectors, "gum": np.ones(81, bool)}, CELLS)
    reader = xml.vtkXMLPolyDataReader()
    reader.SetFileName(str(tmp_path / "jaw.vtp"))
    reader.Update()
    assert reader.GetErrorCode() == 0
    mesh = reader.GetOutput()
    np.testing.assert_array_equal(support.vtk_to_numpy(mesh.GetPoints().GetData()), VERTICES)
    np.testing.assert_array_equal(support.vtk_to_numpy(mesh.GetPolys().GetConnectivityArray()).reshape(-1, 3), FACES)
    points, cells = mesh.GetPointData(), mesh.GetCellData()
    for where, arrays in ((points, {**ARRAYS, **vectors}), (cells, CELLS)):
        for name, values in arrays.items():
            np.testing.assert_array_equal(support.vtk_to_numpy(where.GetArray(name)), values)
    assert support.vtk_to_numpy(points.GetArray("gum")).all()


def test_large_arrays_are_written_in_blocks_vtk_reads(tmp_path, monkeypatch):
    xml, _, _, support = vtk_modules()
    monkeypatch.setattr("DentalTopoSegLib.files.meshes.vtp._BLOCK_BYTES", 128)
    write_vtp(tmp_path / "jaw.vtp", VERTICES, FACES, ARRAYS, CELLS)
    reader = xml.vtkXMLPolyDataReader()
    reader.SetFileName(str(tmp_path / "jaw.vtp"))
    reader.Update()
    np.testing.assert_array_equal(support.vtk_to_numpy(reader.GetOutput().GetPoints().GetData()), VERTICES)
    np.testing.assert_array_equal(read_mesh(tmp_path / "jaw.vtp")[0].vertices, VERTICES)


def test_round_trip_without_vtk(tmp_path):
    write_vtp(tmp_path / "jaw.vtp", VERTICES, FACES, ARRAYS, CELLS)
    mesh, warnings = read_mesh(tmp_path / "jaw.vtp")
    assert not warnings
    np.testing.assert_array_equal(mesh.vertices, VERTICES)
    np.testing.assert_array_equal(mesh.faces, FACES)
    for name, values in {**ARRAYS, **CELLS}.items():
        np.testing.assert_array_equal({**mesh.point_data, **mesh.cell_data}[name], values)


def ascii_vtp(points="0 0 0 9 0 0 0 9 0", connectivity="0 1 2", offsets="3", count=3, polys=1, head="", root="") -> str:
    return (
        f'<?xml version="1.0"?>{head}<VTKFile type="PolyData" byte_order="LittleEndian" {root}><PolyData>'
        f'<Piece NumberOfPoints="{count}" NumberOfPolys="{polys}"><Points><DataArray type="Float32" '
        f'NumberOfComponents="3" format="ascii">{points}</DataArray></Points><Polys>'
        f'<DataArray type="Int32" Name="connectivity" format="ascii">{connectivity}</DataArray>'
        f'<DataArray type="Int32" Name="offsets" format="ascii">{offsets}</DataArray></Polys></Piece></PolyData>'
        "</VTKFile>"
    )


def test_several_pieces_become_one_mesh(tmp_path):
    text = ascii_vtp()
    piece = re.search("<Piece.*</Piece>", text).group()
    (tmp_path / "jaw.vtp").write_text(text.replace(piece, 2 * piece))
    mesh, _ = read_mesh(tmp_path / "jaw.vtp")
    assert mesh.faces.tolist() == [[0, 1, 2], [3, 4, 5]] and len(mesh.vertices) == 6


def refusal(tmp_path, text: str | bytes) -> str:
    path = tmp_path / "jaw.vtp"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(InputError) as caught:
        read_mesh(path)
    message = str(caught.value)
    assert "jaw.vtp" in message and message.endswith(".") and "\n" not in message
    return message


BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_document_types_are_refused_before_any_entity_expands(tmp_path, encoding):
    text = ascii_vtp(head=BOMB, points="&b; 0 0 0 9 0 0 0 9 0")
    text = text.replace('version="1.0"', f'version="1.0" encoding="{encoding}"')
    message = refusal(tmp_path, text.encode(encoding))
    assert "document type" in message if encoding == "utf-8" else "is text in UTF-16: save it" in message
    assert "document type" in refusal(tmp_path, BOMB + "<VTKFile/>")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"points": "0 0 0 9 0 0 0 9"}, "has 8 values, not 9"),
        ({"points": "0 0 0 9 0 0 0 9 x"}, "'x' where a number should be"),
        ({"points": "0 0 0 9 0 0 0 9 1,5"}, "decimal comma"),
        ({"connectivity": "0 1"}, "has 2 values, not 3"),
        ({"connectivity": "0 1 3"}, "damaged"),
        ({"connectivity": "0 1 -1"}, "damaged"),
        ({"connectivity": "0 1 99999999999"}, "outside its type"),
        ({"offsets": "3 6"}, "offsets of Polys do not fit"),
        ({"polys": 0}, "is a point cloud"),
        ({"count": "three"}, "'NumberOfPoints' of Piece is 'three'"),
        ({"polys": 99_999_999}, "more than the 10 million"),
        ({"root": 'header_type="Int8"'}, "header type 'Int8'"),
        ({"root": 'compressor="vtkLZ4DataCompressor"'}, "save it with zlib compression"),
        ({"head": "<a>"}, "XML error in line 1"),
    ],
)
def test_damaged_files_are_refused_in_one_sentence(tmp_path, changes, reason):
    assert reason in refusal(tmp_path, ascii_vtp(**changes))


def test_other_vtk_and_xml_files_are_named(tmp_path):
    assert "type 'UnstructuredGrid'" in refusal(tmp_path, ascii_vtp().replace('"PolyData"', '"UnstructuredGrid"'))
    assert "no VTK PolyData" in refusal(tmp_path, "<?xml version='1.0'?><svg></svg>")
    assert "empty mesh" in refusal(tmp_path, '<VTKFile type="PolyData"><PolyData/></VTKFile>')
    assert "text encoding" in refusal(tmp_path, "<?xml version='1.0' encoding='klingon'?><svg/>")


def test_a_compressed_array_cannot_claim_more_than_it_holds(tmp_path):
    """A few bytes that announce 400 MB are refused without making room for them."""

    def binary(*header: int, points: int, body: bytes = zlib.compress(bytes(1200))) -> str:
        encoded = (base64.b64encode(np.array(header, "<u4").tobytes()) + base64.b64encode(body)).decode()
        text = ascii_vtp(points=encoded, count=points, root='compressor="vtkZLibDataCompressor"')
        return text.replace("ascii", "binary", 1)

    size = len(zlib.compress(bytes(1200)))
    assert "has 100,000,000 values, not 9" in refusal(tmp_path, binary(1, 400_000_000, 0, size, points=3))
    assert "has 1,000,000,000 values, not 9" in refusal(tmp_path, binary(1, 4_000_000_000, 0, size, points=3))
    assert "impossible size" in refusal(tmp_path, binary(1, 240_000_000, 0, size, points=20_000_000))
    assert "more than the 30 million" in refusal(tmp_path, binary(1, 400_000_000, 0, size, points=99_999_999))
    assert "in 900 blocks" in refusal(tmp_path, binary(900, 0, 36, size, points=3))
    assert "not the size it announces" in refusal(tmp_path, binary(1, 600, 0, size, points=50))
    assert "not the size it announces" in refusal(tmp_path, binary(1, 6000, 0, size, points=500))
    assert "cannot be decompressed" in refusal(tmp_path, binary(1, 1200, 0, size, points=100, body=bytes(size)))
    assert "not complete" in refusal(tmp_path, binary(1, 1200, 0, size + 50, points=100))
