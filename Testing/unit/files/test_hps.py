"""3Shape's mesh files: told by their content, read through an optional package, refused in one sentence."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hps_files import EXTEND, RESTART, hps, hps_of_triangles, texture
from mesh_files import dome

from DentalTopoSegLib.errors import InputError, MemoryLimitError
from DentalTopoSegLib.files.hps import is_hps, is_hps_file
from DentalTopoSegLib.files.meshes import clean, is_mesh_file, read_mesh
from DentalTopoSegLib.files.meshes.hps import OPEN3SDCM
from DentalTopoSegLib.files.volumes import read_volume

SOUND = '<HPS version="1.1">\n  <Packed_geometry>'
VERTICES, FACES = dome()
#: A tetrahedron: its first triangle, and a point beyond each edge of it.
CORNERS = np.array([[0, 0, 0], [40, 0, 0], [0, 40, 0], [40, 40, 5], [-20, -20, 5]], np.float32)


@pytest.fixture
def package():
    return pytest.importorskip("open3sdcm", reason="3Shape's files need the extra [threeshape]")


# ---------------------------------------------------------------- what it is


@pytest.mark.parametrize(
    "head",
    [
        SOUND.encode(),
        b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-8"?>\r\n' + SOUND.encode(),
        b"\n<!-- written by\n a scanner -->\n" + SOUND.encode(),
        ("\ufeff" + SOUND).encode("utf-16-le"),
        ("\ufeff" + SOUND).encode("utf-16-be"),
        b'<?xml version="1.0"?><!DOCTYPE HPS [<!ENTITY a "b">]>' + SOUND.encode(),
    ],
)
def test_it_is_told_by_its_outermost_element(head):
    assert is_hps(head)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\0" * 128 + b"DICM",
        b'<?xml version="1.0"?>\n<VTKFile type="PolyData">',
        b"<HPSX>",
        b"<?xml version='1.0'?><a><HPS version='1.1'>",
        b"<!--" * 5000,
        b" " * 5000 + SOUND.encode(),
    ],
)
def test_other_beginnings_are_none(head):
    assert not is_hps(head)


def test_a_file_is_looked_at_whatever_it_is_called(tmp_path):
    (tmp_path / "scan.dcm").write_text(SOUND)
    (tmp_path / "other.dcm").write_bytes(b"\0" * 128 + b"DICM")
    assert is_hps_file(tmp_path / "scan.dcm") and is_mesh_file(tmp_path / "scan.dcm")
    assert not is_hps_file(tmp_path / "other.dcm") and not is_mesh_file(tmp_path / "other.dcm")
    assert not is_hps_file(tmp_path / "none.dcm")
    assert not is_hps_file(tmp_path)


def test_without_the_package_it_is_said_what_it_is_and_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "open3sdcm", None)
    (tmp_path / "scan.dcm").write_bytes(hps_of_triangles(VERTICES, FACES))
    with pytest.raises(InputError) as caught:
        read_mesh(tmp_path / "scan.dcm")
    text = str(caught.value)
    assert "scan.dcm' is a scan in 3Shape's own format (HPS), no DICOM" in text
    assert 'python -m pip install "open3sdcm' in text and "or export it as STL, PLY or OBJ" in text


def test_the_package_is_an_extra_of_the_project():
    tomllib = pytest.importorskip("tomllib", reason="Python 3.11 and later read pyproject.toml themselves")
    text = (Path(__file__).resolve().parents[3] / "pyproject.toml").read_text(encoding="utf-8")
    extras = tomllib.loads(text)["project"]["optional-dependencies"]
    assert OPEN3SDCM.requirement in extras[OPEN3SDCM.extra] and OPEN3SDCM.requirement in extras["test"]


def test_the_package_is_imported_for_such_files_only(tmp_path):
    (tmp_path / "x.stl").write_bytes(b"solid\nfacet normal 0 0 1\nendsolid")
    code = (
        "import sys; from DentalTopoSegLib.files.meshes import read_mesh, is_mesh_file; "
        f"is_mesh_file({str(tmp_path / 'x.stl')!r}); print('open3sdcm' in sys.modules, 'PIL' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


# ---------------------------------------------------------------- read


def test_points_and_triangles_keep_their_order(tmp_path, package):
    path = tmp_path / "UpperJawScan.dcm"
    path.write_bytes(hps_of_triangles(VERTICES, FACES, checked=True))
    mesh, warnings = read_mesh(path)
    assert (mesh.name, mesh.unit, warnings, mesh.colours) == ("UpperJawScan", "mm", [], None)
    np.testing.assert_array_equal(mesh.vertices, VERTICES[FACES].reshape(-1, 3))
    np.testing.assert_array_equal(mesh.faces, np.arange(3 * len(FACES)).reshape(-1, 3))
    surface, _ = clean(mesh)
    assert len(surface.vertices) == len(VERTICES) and surface.scale == 1
    assert surface.normals[:, 2].mean() > 0.8  # the triangles face as they did


def test_points_that_triangles_share_are_shared(tmp_path, package):
    path = tmp_path / "x.dcm"
    path.write_bytes(hps(CORNERS, bytes([RESTART, EXTEND, EXTEND]), scheme="CC"))
    mesh, _ = read_mesh(path)
    np.testing.assert_array_equal(mesh.vertices, CORNERS)
    assert mesh.faces[0].tolist() == [0, 1, 2] and {3, 4} <= set(mesh.faces.ravel())


def test_colours_are_kept(tmp_path, package):
    from PIL import Image

    picture = io.BytesIO()
    pixels = np.zeros((8, 32, 3), np.uint8)  # red on the left, blue on the right
    pixels[:, :16, 0], pixels[:, 16:, 2] = 255, 255
    Image.fromarray(pixels).save(picture, "JPEG", quality=95)
    left = CORNERS[:, 0] < 10
    places = np.where(left[:, None], [0.2, 0.5], [0.8, 0.5])
    path = tmp_path / "x.dcm"
    path.write_bytes(hps(CORNERS, bytes([RESTART, EXTEND, EXTEND]), more=texture(places, picture.getvalue())))
    mesh, warnings = read_mesh(path)
    assert warnings == []
    assert (mesh.colours[:, 0] > 200).tolist() == left.tolist()
    assert (mesh.colours[:, 2] > 200).tolist() == (~left).tolist()

    path.write_bytes(hps(CORNERS, bytes([RESTART, EXTEND, EXTEND]), more=texture(places, b"no picture")))
    mesh, warnings = read_mesh(path)
    assert mesh.colours is None and len(mesh.faces) == 3
    assert warnings == ["The scan's colours could not be read (their picture is damaged); its shape is as in the file."]


def test_its_millimetres_are_not_asked_about(tmp_path, package):
    """3 units across would be asked about in a format that has no unit."""
    (tmp_path / "x.dcm").write_bytes(hps_of_triangles(VERTICES / 20, FACES))
    surface, warnings = clean(read_mesh(tmp_path / "x.dcm")[0])
    assert surface.scale == 1 and not any("unit" in warning for warning in warnings)


# ---------------------------------------------------------------- refused

LAUGH = '<!DOCTYPE HPS [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
BAD = {
    "cut short": (hps_of_triangles(VERTICES, FACES)[:2000], "is a damaged 3Shape file (XML error in line"),
    "document type": (hps_of_triangles(VERTICES, FACES, head=LAUGH), "holds an XML document type"),
    "no surface": (b'<HPS version="1.1"><Packed_geometry/></HPS>', "it has 0 blocks with a surface"),
    "two surfaces": (
        hps_of_triangles(VERTICES, FACES).replace(b"</CA>", b'<Vertices vertex_count="0"/></CA>'),
        "with 2 surfaces, of which there must be one",
    ),
    "scheme": (hps_of_triangles(VERTICES, FACES, scheme="CX"), "of a kind not known here ('CX')"),
    "points": (hps_of_triangles(VERTICES, FACES, vertex_count=10**6), "announces 1,000,000 points, but holds only 726"),
    "no count": (hps_of_triangles(VERTICES, FACES, vertex_count=None), "vertex_count of Vertices is ''"),
    "no size": (hps_of_triangles(VERTICES, FACES, base64_encoded_bytes=None), "base64_encoded_bytes of Vertices is ''"),
    "size": (hps_of_triangles(VERTICES, FACES, base64_encoded_bytes=10**14), "Vertices is shorter than it says"),
    "negative": (hps_of_triangles(VERTICES, FACES, facet_count=-1), "facet_count of Facets is '-1'"),
    "faces": (hps_of_triangles(VERTICES, FACES, facet_count=10**5), "it announces 100,000 triangles, but they are not"),
    "other faces": (hps_of_triangles(VERTICES, FACES, facet_count=241), "726 points and 242 triangles of 726 and 241"),
    "no faces": (hps(VERTICES, b""), "is an empty mesh (no triangles)"),
    "beyond": (hps(CORNERS[:3], bytes([RESTART, EXTEND])), "a triangle uses point 3, but there are only 3"),
    "base64": (hps_of_triangles(VERTICES, FACES).replace(b"\n<Vertices", b"\n<Vertices ").replace(b"BAQE", b"B?QE", 1),
               "Facets is no base64"),
    "check": (hps_of_triangles(VERTICES, FACES, check_value=5), "its points do not have their check sum"),
    "key": (hps_of_triangles(VERTICES, FACES, scheme="CE", checked=True), "locked with a key not known here"),
    "colours": (hps_of_triangles(VERTICES, FACES, more='<TextureImage Base64EncodedBytes="99999999999"/>'),
                "TextureImage is shorter than it says"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_is_damaged_is_refused_in_one_sentence(tmp_path, package, capfd, name):
    path = tmp_path / "scan.dcm"
    content, sentence = BAD[name]
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_mesh(path)
    assert sentence in str(caught.value) and str(path) in str(caught.value) and "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")  # nor does the package speak beside it


def test_too_many_triangles_are_refused_before_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "open3sdcm", None)
    (tmp_path / "x.dcm").write_bytes(hps_of_triangles(VERTICES, FACES, facet_count=50_000_000))
    with pytest.raises(MemoryLimitError, match="announces 50,000,000 triangles, more than the 3 million"):
        read_mesh(tmp_path / "x.dcm")


def test_as_a_volume_it_is_no_broken_dicom(tmp_path):
    (tmp_path / "scan.dcm").write_bytes(hps_of_triangles(VERTICES, FACES))
    with pytest.raises(InputError, match="3Shape"):
        read_volume(tmp_path / "scan.dcm")
