"""Canals and sinuses on the panoramic view, and cross-sections where teeth come nearest to them."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from toy_jaw_map import CANAL_R, CANAL_S, with_structures

from DentalTopoSegLib.dentition.structure_origin import drawn_metadata
from DentalTopoSegLib.dentition.structures import structure
from DentalTopoSegLib.files.volumes import Volume
from DentalTopoSegLib.pictures.for_page import drawings_of_labels
from DentalTopoSegLib.pictures.panorama import find_arch
from DentalTopoSegLib.pictures.structure_drawing import NEAR_MM, dashes, overlay, project, with_room
from DentalTopoSegLib.runs.checking import examine_label_map

LEFT, RIGHT = structure("canal_left"), structure("canal_right")


@lru_cache
def toy() -> tuple[Volume, Volume, Volume]:
    labels, beside = with_structures()
    grey = np.where(labels.array > 0, 2000, np.where(beside.array > 0, 1000, 0)).astype(np.int16)
    return labels.with_array(grey), labels, beside


def test_a_canal_lies_on_the_panoramic_view_where_it_lies_in_the_jaw() -> None:
    _, labels, beside = toy()
    arch = find_arch(labels)
    assert arch is not None
    roomy = with_room(arch, beside)
    flat = project(beside, roomy)
    for one, side in ((RIGHT, 1), (LEFT, -1)):
        column, row, depth = roomy.to_picture(np.array([side * CANAL_R, -6.0, CANAL_S]))
        assert abs(depth) < 10 and flat[round(row), round(column)] == one.value
    columns = {one.value: np.flatnonzero((flat == one.value).any(axis=0)) for one in (LEFT, RIGHT)}
    assert columns[RIGHT.value].max() < columns[LEFT.value].min()  # the patient's right on the left
    over = overlay(flat)
    inside = flat == RIGHT.value
    assert (over[inside][:, :3] == RIGHT.color).all() and (over[inside][:, 3] > 0).all()
    assert not over[flat == 0][:, 3].any()


def test_the_view_reaches_down_to_a_deep_canal() -> None:
    _, labels, beside = toy()
    arch = find_arch(labels)
    assert arch is not None
    shallow = replace(arch, rows=arch.rows // 2)
    assert shallow.to_picture(np.array([CANAL_R, -6.0, CANAL_S]))[1] > shallow.rows
    deep = with_room(shallow, beside)
    assert shallow.rows < deep.to_picture(np.array([CANAL_R, -6.0, CANAL_S]))[1] < deep.rows
    assert with_room(arch, beside.with_array(np.zeros_like(beside.array))) is arch


def test_what_was_drawn_is_dashed() -> None:
    _, labels, beside = toy()
    arch = find_arch(labels)
    assert arch is not None
    assert dashes(beside, arch) == []
    line = np.array([[CANAL_R, front, CANAL_S] for front in (-12.0, 0.0)])
    found = dashes(replace(beside, metadata=drawn_metadata({"canal_right": [line]})), arch)
    assert len(found) == 4  # 1.5 mm each, with as much between them, of 12 mm
    (first, *_, last) = (arch.to_picture(end)[0] for end in line)
    assert all(first - 1 <= dash[0] < dash[2] <= last + 1 for dash in found)


def test_the_page_has_a_cross_section_of_every_near_tooth() -> None:
    image, labels, beside = toy()
    report = examine_label_map(labels, structures=beside, name="toy").report
    drawn = drawings_of_labels(labels, image, [], (), beside, report["teeth"])
    near = {row["fdi"]: row["around"]["canal"]["mm"] for row in report["teeth"] if "canal" in row["around"]}
    near = {fdi: mm for fdi, mm in near.items() if mm <= NEAR_MM["canal"]}
    shown = {fdi: [p for p in drawn.pictures if str(p.what).startswith(f"Tooth {fdi}, cross-section")] for fdi in near}
    assert near and all(len(pictures) == 1 for pictures in shown.values())
    for fdi, (picture,) in shown.items():
        assert f"{near[fdi]:.1f} mm (± 0.3 mm)" in str(picture.what)
        red = (picture.image[..., 0] == 255) & (picture.image[..., 1] == 70)
        length = np.hypot(*(np.ptp(np.flatnonzero(red.any(axis=axis))) for axis in (0, 1))) * 0.06
        assert length == pytest.approx(near[fdi], abs=0.4)
        colour = (RIGHT if fdi > 40 else LEFT).color
        assert (np.abs(picture.image.astype(int) - colour).sum(axis=2) < 130).any()
    assert drawn.panorama is not None and "nerve canals" in str(drawn.panorama.what)
    bare = drawings_of_labels(labels, image, [])
    assert bare.panorama is not None and "nerve canals" not in str(bare.panorama.what)
    assert not [p for p in bare.pictures if "cross-section" in str(p.what)]
