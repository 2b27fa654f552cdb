"""Pictures: the right teeth on the right side, in their own colours, whatever the grids."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from scan_files import oblique_direction, toy_dentition

from DentalTopoSegLib.checks.findings.kinds import KINDS
from DentalTopoSegLib.dentition import color, is_right
from DentalTopoSegLib.errors import OutputError
from DentalTopoSegLib.files.volumes import resample_like
from DentalTopoSegLib.pictures.drawing import BACKGROUND, GAP, HEAD_PX, drawable, font, new_page
from DentalTopoSegLib.pictures.volumes import (
    FILL_ALPHA,
    PANEL_PX,
    choose_slices,
    compose,
    dental_box,
    grey_window,
    outline,
    overlay_png,
    slice_panel,
)
from DentalTopoSegLib.pictures.voxel_rendering import VIEWS, render, tooth_fields

TRANSLATIONS = Path(__file__).resolve().parents[3] / "Resources" / "Translations"


@pytest.fixture(autouse=True)
def coarse_views(monkeypatch) -> None:
    """Shaded views at 0.4 mm per pixel: what is tested here does not need finer ones."""
    monkeypatch.setattr("DentalTopoSegLib.pictures.volumes.FINEST_PX_MM", 0.4)


@pytest.fixture(scope="module")
def toy():
    return toy_dentition()


def hue_distance(pixels: np.ndarray, fdi: int) -> np.ndarray:
    """How far each pixel's colour direction is from the tooth's: shading changes brightness only."""
    own = np.array(color(fdi), float)
    pixels = pixels.astype(float)
    lengths = np.maximum(np.linalg.norm(pixels, axis=-1), 1e-6)
    return 1 - pixels @ own / lengths / np.linalg.norm(own)


def test_the_picture_is_written_whole(tmp_path: Path, toy) -> None:
    image, labels = toy
    path = overlay_png(image, labels, tmp_path / "toy.png")
    with Image.open(path) as picture:
        picture.load()
        assert picture.mode == "RGB"
        assert picture.width == 4 * PANEL_PX + 50
    assert [p.name for p in tmp_path.iterdir()] == ["toy.png"]
    with pytest.raises(OutputError):
        overlay_png(image, labels, tmp_path / "absent" / "toy.png")


def test_axial_slices_go_through_the_crowns_of_each_arch(toy) -> None:
    _, labels = toy
    upper, lower, coronal, sagittal = choose_slices(labels, *dental_box(labels))
    assert upper.at == pytest.approx(9 - 8 + 4, abs=1.0)
    assert lower.at == pytest.approx(-9 + 8 - 4, abs=1.0)
    assert (coronal.normal, sagittal.normal) == (1, 0)


def test_the_patients_right_is_on_the_left_and_the_front_on_top(toy) -> None:
    """Radiological habit, checked by each tooth's tint: 16 left of 26, incisors above molars."""
    image, labels = toy
    box = dental_box(labels)
    window = grey_window(image, *box)
    upper, lower = choose_slices(labels, *box)[:2]
    for plane, right, left, front in ((upper, 16, 26, 11), (lower, 46, 36, 41)):
        black = image.with_array(np.zeros_like(image.array))
        panel = slice_panel(black, labels, plane, box, window).astype(int)
        places = {}
        for fdi in (right, left, front):
            edge = np.abs(panel - (0.85 + 0.15 * FILL_ALPHA) * np.array(color(fdi))).max(axis=-1) < 3
            places[fdi] = np.argwhere(edge).mean(axis=0)
        assert places[right][1] < PANEL_PX / 2 < places[left][1]
        assert places[front][0] < places[right][0]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.title)
def test_views_show_the_near_teeth_where_they_are(toy, view) -> None:
    _, labels = toy
    picture, places = render(tooth_fields(labels, 0.4), view, 0.4)
    upper = [fdi for fdi in places if fdi < 30]
    lower = [fdi for fdi in places if fdi > 30]
    assert np.mean([places[f][1] for f in upper]) < np.mean([places[f][1] for f in lower])
    if view.toward[0] == 1:  # from the front: the patient's right on the left
        assert places[13][0] < places[11][0] < places[21][0] < places[23][0]
    else:
        near_is_right = view.toward[1] > 0
        assert all(is_right(fdi) == near_is_right for fdi in places if fdi % 10 in (5, 6))
        front, back = (13, 17) if near_is_right else (23, 27)
        assert (places[front][0] > places[back][0]) == near_is_right
    fdi = 13 if view.toward[1] > 0 else 23
    column, row = (round(v) for v in places[fdi])
    assert hue_distance(picture[row, column], fdi) < 0.02


def test_labels_may_lie_on_another_grid(toy) -> None:
    image, labels = toy
    turned = replace(labels, direction=oblique_direction(12), origin=(-40.0, -45.0, -35.0))
    other = resample_like(labels, replace(turned, array=np.zeros((100, 110, 110), np.uint8)), "nearest")
    assert (other.array > 0).sum() == pytest.approx((labels.array > 0).sum(), rel=0.02)  # no tooth is cut
    a, b = compose(image, labels, "x"), compose(image, other, "x")
    assert a.shape == b.shape
    colourful = [(np.ptp(p.astype(int), axis=-1) > 60).mean() for p in (a, b)]
    assert colourful[0] == pytest.approx(colourful[1], rel=0.1)


def test_no_teeth_still_gives_the_scan(toy) -> None:
    image, labels = toy
    picture = compose(image, labels.with_array(np.zeros_like(labels.array)), "empty")
    first_panel = picture[80:400, 40:440].astype(int)
    assert np.ptp(first_panel, axis=-1).max() < 20  # grey, but for the letters' cool white
    assert first_panel.std() > 2  # the scan's noise


def test_outline_marks_only_borders_of_teeth() -> None:
    labels = np.zeros((8, 8), np.uint8)
    labels[2:6, 1:4], labels[2:6, 4:7] = 11, 21
    edge = outline(labels)
    assert edge[2:6, 3:5].all()
    assert not edge[3:5, 2].any()
    assert not edge[labels == 0].any()


def glyph(letter: str) -> tuple:
    mask = font(15).getmask(letter)
    return mask.size, bytes(mask)


def texts_of_pictures() -> list[str]:
    """Every sentence that a finding can have, in every language there is."""
    templates = [template for kind in KINDS for template in (*kind.templates, kind.label)]
    texts = {text for template in templates for text in (template.text, template.plural) if text}
    for file in TRANSLATIONS.glob("*.ts"):
        for element in ElementTree.parse(file).iter():
            if element.tag in ("source", "translation", "numerusform") and element.text:
                texts.add(element.text.strip())
    return sorted(texts)


def test_every_sentence_is_drawn_as_it_stands() -> None:
    texts = texts_of_pictures()
    assert len(texts) > 400  # German and French too
    signs = {letter for text in texts for letter in text} - {"\n", "\xa0", "\u202f"}  # spaces are drawn as one
    assert {"²", "³", "ä", "é"} <= signs
    assert [sign for sign in sorted(signs) if drawable(sign) != sign] == []
    missing = glyph("\uffff")
    assert [sign for sign in sorted(signs) if glyph(sign) == missing] == []


def test_names_are_drawn_in_the_letters_that_the_font_has() -> None:
    missing = glyph("\uffff")
    for name in ("Müller–Łukasz ß", "Ελένη", "Иванова", "Nguyễn Văn", "96 mm² × 2, 3 µm, 20 ° ≥ …"):
        assert drawable(name) == name
        assert all(glyph(letter) != missing for letter in name)
    assert drawable("Mu\u0308ller") == "Müller"  # as macOS writes file names
    assert drawable("病\n\u202e１") == "???1"


def test_a_long_name_leaves_room_for_the_rest_of_the_heading() -> None:
    page, _ = new_page(900, 10, "W" * 200, 28)
    heading = np.asarray(page)[:HEAD_PX].astype(int)
    ink = np.abs(heading - np.array(BACKGROUND)).sum(-1).max(0) > 60
    disclaimer = 900 - GAP - round(font(14).getlength("Research software, not a medical device"))
    assert not ink[disclaimer - GAP : disclaimer - 2].any()
    assert ink[disclaimer:].any()
