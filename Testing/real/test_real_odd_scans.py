"""What real life hands over, made of real scans: each is right, or refused in one sentence.

The scans (3D-IOSSeg, see the data pack's README) stay outside the repository; without them every test is skipped.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from odd_scans import Maker, OddScan, joined
from scipy.spatial.transform import Rotation

from DentalTopoSegLib.checks.findings import check_jaws
from DentalTopoSegLib.dentition import position
from DentalTopoSegLib.errors import InputError, NoTeethError
from DentalTopoSegLib.files.meshes import clean, write_ply, write_stl
from DentalTopoSegLib.ios.jaw_pairs import jaw_of_faces
from DentalTopoSegLib.ios.segmenting import JawSegmentation, load_networks, segment_jaws
from DentalTopoSegLib.runs.job import Job
from DentalTopoSegLib.runs.segmenting import segment

#: Patients with 14 teeth in each jaw.
CASES = ("007", "028")
JAWS = [f"{case}_{jaw}" for case in CASES for jaw in ("upper", "lower")]
TURNED = Rotation.random(random_state=3).as_matrix()


@pytest.fixture(scope="module")
def folder(real_data: Path) -> Path:
    found = real_data / "ios" / "train"
    if not found.is_dir():
        pytest.skip("no labelled intraoral scans in the data folder")
    return found


@pytest.fixture(scope="module")
def networks():
    return load_networks()


def maker(folder: Path, name: str) -> Maker:
    with np.load(folder / f"{name}.npz") as data:
        return Maker(data["vertices"], data["faces"], data["face_fdi"])


def surface_of(scan: OddScan, tmp_path: Path):
    from DentalTopoSegLib.files.meshes import read_mesh

    write_ply(tmp_path / "odd.ply", scan.vertices @ TURNED.T, scan.faces)
    return clean(read_mesh(tmp_path / "odd.ply")[0])[0]


def segmented(scan: OddScan, tmp_path: Path, networks, jaw: str | None = None) -> JawSegmentation:
    return segment_jaws([surface_of(scan, tmp_path)], jaws=[jaw], names=["odd"], models=networks)[0]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("beside", [False, True], ids=["in the bite", "beside each other"])
def test_both_jaws_in_one_file_are_two_jaws(folder, tmp_path, case, beside):
    parts = [maker(folder, f"{case}_{jaw}") for jaw in ("lower", "upper")]
    placed = [(part.vertices, part.faces) for part in parts]
    if beside:
        turn = Rotation.random(random_state=5).as_matrix()
        placed[1] = placed[1][0] @ turn.T + [100, 0, 0], placed[1][1]
    vertices, faces = joined(*placed)
    write_stl(tmp_path / "both.stl", vertices @ TURNED.T, faces)
    run = segment(Job([tmp_path / "both.stl"], tmp_path / "out"))
    assert [report["jaw"] for report in run.reports] == ["upper", "lower"]
    found = [{row["fdi"] for row in report["teeth"]} for report in run.reports]
    assert found == [parts[1].teeth, parts[0].teeth]
    assert ("not_in_bite" in {finding.code for finding in run.findings}) == beside


def test_one_jaw_is_never_taken_apart(folder, real_data):
    """All scans there are, also of other scanners, one of which comes in halves."""
    others = sorted((real_data / "ios" / "other_scanners").glob("*.npz"))
    for path in [*sorted(folder.glob("*.npz")), *others]:
        with np.load(path) as data:
            surface = _surface(data["vertices"].astype(float), data["faces"])
        assert jaw_of_faces(surface, path.stem) is None, path.stem


def test_two_jaws_are_always_taken_apart(folder):
    for path in sorted(folder.glob("*_upper.npz")):
        other = path.with_name(path.name.replace("upper", "lower"))
        if not other.exists():
            continue
        parts = []
        for file in (path, other):
            with np.load(file) as data:
                parts.append((data["vertices"].astype(float), data["faces"].astype(np.int64)))
        surface = _surface(*joined(*parts))
        group = jaw_of_faces(surface, path.stem)
        truth = np.repeat([0, 1], [len(faces) for _, faces in parts])[surface.of_face >= 0]
        assert group is not None, path.stem
        found = group[surface.of_face[surface.of_face >= 0]]
        assert max((found == truth).mean(), (found != truth).mean()) > 0.999, path.stem


def _surface(vertices, faces):
    from mesh_files import mesh_of

    return clean(mesh_of(vertices, faces), "mm")[0]


@pytest.mark.parametrize("name", JAWS)
@pytest.mark.parametrize("side", [0, 1])
def test_a_quadrant_holds_what_is_there(folder, tmp_path, networks, name, side):
    jaw = name.split("_")[1]
    scan = maker(folder, name).quadrant({"upper": (1, 2), "lower": (4, 3)}[jaw][side])
    found = segmented(scan, tmp_path, networks, jaw)
    assert set(found.confidence) == scan.teeth


@pytest.mark.parametrize("name", JAWS)
@pytest.mark.parametrize("place", [1, 5])
def test_prepared_teeth_are_teeth(folder, tmp_path, networks, name, place):
    made = maker(folder, name)
    ground = {fdi for fdi in made.teeth if position(fdi) == place}
    found = segmented(made.prepared(ground), tmp_path, networks)
    assert set(found.confidence) == made.teeth


@pytest.mark.parametrize("name", JAWS)
def test_a_prepared_molar_has_its_number_or_a_finding(folder, tmp_path, networks, name):
    """A first molar ground to the size of a premolar may be taken for one; its score says so."""
    made = maker(folder, name)
    found = segmented(made.prepared({fdi for fdi in made.teeth if position(fdi) == 6}), tmp_path, networks)
    assert len(found.confidence) == len(made.teeth)
    doubted = {fdi for one in check_jaws([found], ["odd"]) if one.code == "low_confidence" for fdi in one.teeth}
    assert set(found.confidence) - made.teeth <= doubted


@pytest.mark.parametrize("name", JAWS)
def test_scan_bodies_are_no_teeth(folder, tmp_path, networks, name):
    made = maker(folder, name)
    scan = made.with_scan_bodies({min(f for f in made.teeth if position(f) == 5), max(
        f for f in made.teeth if position(f) == 6)})  # fmt: skip
    found = segmented(scan, tmp_path, networks)
    assert set(found.confidence) == scan.teeth


@pytest.mark.parametrize("name", JAWS)
def test_brackets_do_not_matter(folder, tmp_path, networks, name):
    scan = maker(folder, name).with_brackets()
    assert set(segmented(scan, tmp_path, networks).confidence) == scan.teeth


@pytest.mark.parametrize("name", JAWS)
def test_a_mirrored_scan_gives_itself_away(folder, tmp_path, networks, name):
    made = maker(folder, name)
    assert segmented(made.inside_out(), tmp_path, networks).inside_out
    assert not segmented(OddScan(made.vertices, made.faces, made.teeth), tmp_path, networks).inside_out


@pytest.mark.parametrize("name", JAWS)
def test_jaws_without_teeth_and_dies_are_refused(folder, tmp_path, networks, name):
    made = maker(folder, name)
    with pytest.raises(NoTeethError, match="No teeth were found in 'odd'"):
        segmented(made.edentulous(), tmp_path, networks)
    with pytest.raises(InputError, match=r"'odd' is \d+ mm wide and \d+ mm high, the model of one or two teeth"):
        segmented(made.die(max(fdi for fdi in made.teeth if position(fdi) == 6)), tmp_path, networks)
