"""The parts of the page: its languages, its chart, its surfaces, and what lies in Resources for it."""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from odd_teeth import CASES
from toy_jaws import toy_jaw
from toy_teeth import TEETH, tidy, volume

from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.dentition import arch_order
from DentalTopoSegLib.dentition.words import Template
from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.meshes import write_ply
from DentalTopoSegLib.files.seg_nrrd import write_seg_nrrd
from DentalTopoSegLib.reports.languages import catalogue, languages
from DentalTopoSegLib.reports.page import write_report_html
from DentalTopoSegLib.reports.page_assets import THREE_VERSION, json_in_page
from DentalTopoSegLib.reports.page_chart import chart_html, states_of
from DentalTopoSegLib.reports.page_content import Model
from DentalTopoSegLib.reports.page_words import Words
from DentalTopoSegLib.runs.results import export_result, open_result

ASSETS = Path(__file__).resolve().parents[3] / "Resources" / "Report"


@pytest.fixture
def result(tmp_path: Path) -> Path:
    return write_seg_nrrd(volume(CASES["two tunnels"]()), tmp_path / "case_teeth.seg.nrrd", dict.fromkeys(TEETH, 0.9))


# ---------------------------------------------------------------- languages


def test_pages_come_in_every_language_that_there_is(tmp_path: Path, result: Path) -> None:
    report = open_result(result).report
    titles = {}
    for language in languages():
        page = write_report_html(report, tmp_path / f"{language}.html", language=language).read_text(encoding="utf-8")
        assert f'<html lang="{language}">' in page
        titles[language] = re.search("<title>(.*)</title>", page)[1]
        tooth = {"en": "Tooth 36 has", "de": "Zahn 36", "fr": "dent 36"}[language]
        assert tooth in page
    assert titles == {"en": "Teeth of case_teeth", "de": "Zähne von case_teeth", "fr": "Dents de case_teeth"}


def test_a_language_that_is_not_there_is_refused(tmp_path: Path, result: Path, capsys) -> None:
    command = ["export", str(result), "-o", str(tmp_path / "out"), "--format", "html", "--language", "../de"]
    assert cli.main(command) != 0
    assert "The language '../de' is unknown: use en, de, fr." in capsys.readouterr().err
    assert list((tmp_path / "out").glob("*")) == []


def test_a_translation_with_other_fields_is_not_taken(monkeypatch, tmp_path: Path) -> None:
    from DentalTopoSegLib.reports import languages as module

    (tmp_path / "DentalTopoSeg_xx.ts").write_text(
        "<TS><context><name>DentalTopoSegLib</name>"
        "<message><source>Show {teeth:teeth}</source><translation>x {tooth}</translation></message>"
        "<message><source>Front</source><translation>Davant</translation></message></context></TS>",
        encoding="utf-8",
    )
    monkeypatch.setattr(module, "_folder", lambda: tmp_path)
    words = Words("xx")
    assert (words("Front"), words(Template("Show {teeth:teeth}"), teeth=(16,))) == ("Davant", "Show tooth 16")
    assert words.code == "en"
    with pytest.raises(InputError, match="use en, xx"):
        catalogue("de")


def test_numbers_are_written_as_in_the_language() -> None:
    assert [Words(language).number("8.4 mm") for language in ("en", "de", "fr")] == [
        "8.4\u00a0mm",
        "8,4\u00a0mm",
        "8,4\u00a0mm",
    ]


# ---------------------------------------------------------------- chart


def test_the_chart_shows_every_place_of_the_arch_with_its_state(result: Path) -> None:
    report = open_result(result).report
    report["stated"] = {"absent": [38], "dentition": None}
    html = chart_html([report], Words("en"))
    chart = ElementTree.fromstring(f"<div>{html}</div>")
    teeth = [(place.find("span").text, place.tag, place.get("class").split()[1], place.get("aria-label"))
             for place in chart.iter() if place.get("class", "").startswith("tooth ")]  # fmt: skip
    assert [int(tooth[0]) for tooth in teeth] == [*arch_order("upper"), *arch_order("lower")]
    told = {int(number): (tag, state, said) for number, tag, state, said in teeth}
    assert told[36][:2] == ("button", "warning") and told[36][2].endswith("lower left first molar, 1 finding")
    assert told[11] == ("button", "fine", "Tooth 11, upper right central incisor")
    assert told[18] == ("span", "missing", "Tooth 18, upper right third molar: not found")
    assert told[38] == ("span", "absent", "Tooth 38, lower left third molar: stated absent")


def test_milk_teeth_stand_between_the_arches() -> None:
    row = {"confidence": None, "volume_mm3": 200.0, "pieces": 1, "tunnels": 0, "voids": 0, "cut_by_border": False}
    teeth = [{**row, "fdi": fdi, "name": "", "universal": ""} for fdi in (16, 54, 84, 46)]
    html = chart_html([{"teeth": teeth, "findings": [], "provenance": {}}], Words("en"))
    assert re.findall('class="arch ([a-z ]*)"', html) == ["upper", "upper last milk", "lower milk", "lower"]


def test_a_tooth_has_the_state_of_its_gravest_finding() -> None:
    findings = [{"teeth": [16, 17], "severity": severity} for severity in ("error", "info", "warning")]
    findings[0]["teeth"] = [16]
    assert states_of([{"teeth": [{"fdi": 16}, {"fdi": 17}, {"fdi": 18}], "findings": findings}]) == {
        16: "error",
        17: "warning",
        18: "fine",
    }


def test_what_the_script_knows_cannot_end_its_element() -> None:
    text = json_in_page({"said": "</script><!--&"})
    assert not set("<>&") & set(text) and json.loads(text) == {"said": "</script><!--&"}


# ---------------------------------------------------------------- surfaces


def _unpacked(model: Model) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """{FDI: (vertices in mm, triangles)} as `page_content.Model` says they are packed."""
    data, at, found = zlib.decompress(model.data), 0, {}
    lower, upper = np.array(model.lower), np.array(model.upper)
    for part in model.parts:
        steps = np.frombuffer(data, "<u2", 3 * part.vertices, at).reshape(3, -1)
        at += 6 * part.vertices
        kind = np.dtype("<u4" if part.wide else "<u2")
        corners = np.frombuffer(data, kind, 3 * part.faces, at)
        at += 3 * part.faces * kind.itemsize
        places = np.cumsum(steps, axis=1, dtype=np.uint64).astype(np.uint16).T
        vertices = lower + places * (upper - lower) / 65535
        found[part.fdi] = vertices, np.cumsum(corners, dtype=np.uint64).astype(kind).reshape(-1, 3)
    assert at == len(data)
    return found


def test_the_teeth_stand_in_the_3d_view_where_they_are() -> None:
    pytest.importorskip("vtkmodules", reason="needs VTK")
    from DentalTopoSegLib.exports.page_model import model_of_labels
    from DentalTopoSegLib.exports.tooth_surfaces import surfaces_of_labels

    labels = volume(np.where(np.isin(tidy(), (16, 21, 36)), tidy(), 0))
    found = _unpacked(model_of_labels(labels, []))
    for surface in surfaces_of_labels(labels, "RAS"):
        vertices, faces = found[surface.fdi]
        wanted = surface.vertices[:, [0, 2, 1]] * (-1, 1, 1)
        np.testing.assert_allclose([vertices.min(0), vertices.max(0)], [wanted.min(0), wanted.max(0)], atol=0.15)
        assert len(faces) <= 4000 and faces.max() < len(vertices)
        before, after = (_volume(*mesh) for mesh in ((wanted, surface.faces), (vertices, faces)))
        assert after == pytest.approx(before, rel=0.02)
    assert found[16][0][:, 0].mean() < 0 < found[21][0][:, 0].mean()  # the patient's left is x


def _volume(vertices: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def test_crowns_and_gum_of_a_jaw_still_meet_with_fewer_triangles(monkeypatch) -> None:
    pytest.importorskip("vtkmodules", reason="needs VTK")
    from DentalTopoSegLib.exports import page_model

    monkeypatch.setattr(page_model, "_TOOTH_FACES", 150)
    monkeypatch.setattr(page_model, "_GUM_FACES", 1500)
    toy = toy_jaw("lower")
    jaw = {"vertices": toy.vertices, "normals": np.zeros_like(toy.vertices), "faces": toy.faces, "jaw": "lower",
           "face_fdi": toy.fdi[toy.faces].max(axis=1), "frame": np.eye(4)}  # fmt: skip
    found = _unpacked(page_model.model_of_jaw(jaw, []))
    assert set(found) == {0, *np.unique(toy.fdi).tolist()}
    total = sum(len(faces) for _, faces in found.values())
    assert total < 0.7 * len(toy.faces)
    gum = np.unique(np.round(_border(*found[0]), 2), axis=0)
    crown = np.unique(np.round(_border(*found[36]), 2), axis=0)
    apart = np.abs(crown[:, None] - gum[None]).max(axis=2).min(axis=1)
    assert apart.max() <= 0.03


def _border(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    once, count = np.unique(edges, axis=0, return_counts=True)
    return vertices[np.unique(once[count == 1])]


def test_without_vtk_the_page_is_written_and_says_what_it_lacks(tmp_path: Path, monkeypatch) -> None:
    toy = toy_jaw("upper")
    write_ply(tmp_path / "jaw.ply", toy.vertices, toy.faces, None, {"fdi": toy.fdi})
    monkeypatch.setattr("DentalTopoSegLib.exports.web_page._has_vtk", lambda: False)
    files, warnings = export_result(tmp_path / "jaw.ply", tmp_path / "out", "html")
    assert [text for text in warnings if text.startswith("The page has no 3D view: it needs VTK")]
    page = files["html"].read_text(encoding="utf-8")
    assert 'id="stage"' not in page and "THREE" not in page.split("<script>")[0] and len(page) < 600_000


# ---------------------------------------------------------------- Resources


def test_the_viewer_is_what_its_readme_says() -> None:
    said = (ASSETS / "README.md").read_text(encoding="utf-8")
    viewer = (ASSETS / "three.min.js").read_bytes()
    assert hashlib.sha256(viewer).hexdigest() in said and f"three@{THREE_VERSION}" in said
    assert len(viewer) < 1_000_000
    assert "The MIT License" in (ASSETS / "three_LICENSE.txt").read_text(encoding="utf-8")
    for asset in ("three.min.js", "page.js", "page.css"):
        text = (ASSETS / asset).read_text(encoding="utf-8")
        assert (
            "</script" not in text and "</style" not in text and not re.search(r"\bfetch\(|XMLHttpRequest|url\(", text)
        )
