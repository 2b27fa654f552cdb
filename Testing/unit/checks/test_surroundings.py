"""What is measured around teeth on label maps that have jaws, canals, sinuses, enamel and pulps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import toy_jaw_map
from toy_jaw_map import CANAL_R, CANAL_RADIUS, CANAL_S, CREST_S, SINUS_S, structures, teeth, with_structures
from toy_teeth import SPACING, place, volume

from DentalTopoSegLib.checks.findings import check_dentition, measured_case
from DentalTopoSegLib.checks.measures.surroundings import Surroundings
from DentalTopoSegLib.dentition.structures import ERRORS_KEY, errors_text, structure
from DentalTopoSegLib.reports.around import PAGE_COLUMNS
from DentalTopoSegLib.runs.checking import examine_label_map


@pytest.fixture(scope="module")
def around() -> Surroundings:
    labels, beside = with_structures(36)
    found = measured_case(labels, structures=beside).around
    assert found is not None
    return found


def root_end(fdi: int) -> np.ndarray:
    """RAS mm where the painted cone ends: its last voxels are 0.4 mm wide."""
    return place(fdi) + np.array([0.0, 0.0, 12.5 if fdi < 30 else -12.5])


def test_the_nearest_canal_is_that_of_the_side(around: Surroundings) -> None:
    for fdi, key in ((47, "canal_right"), (46, "canal_right"), (37, "canal_left")):
        near = around.clearances(fdi)[0]
        tip = root_end(fdi)
        side = 1 if fdi > 40 else -1
        true = float(np.hypot(tip[0] - side * CANAL_R, tip[2] - CANAL_S)) - CANAL_RADIUS
        assert near.key == key
        assert near.line.length_mm == pytest.approx(true, abs=SPACING)
        assert near.to_dict()["uncertainty_mm"] == pytest.approx(SPACING / 2)
    assert around.clearances(31) == []  # 20 mm and more away


def test_upper_teeth_are_measured_to_the_sinus(around: Surroundings) -> None:
    near = around.clearances(16)[0]
    assert near.key == "sinus_right"
    assert near.line.length_mm == pytest.approx(SINUS_S - root_end(16)[2], abs=SPACING)
    assert near.line.end[2] == pytest.approx(SINUS_S, abs=SPACING / 2)


def test_crown_root_and_bone(around: Surroundings) -> None:
    """The painted teeth: 6 mm of crown below their place's middle, enamel to 0.5 mm below it, 12.5 mm of root."""
    row = around.tooth_row(46)
    assert row["length_mm"] == pytest.approx(18.5, abs=0.5)
    assert row["crown_mm"] == pytest.approx(5.5, abs=0.75) and row["root_mm"] == pytest.approx(13.0, abs=0.75)
    assert row["crown_root_ratio"] == pytest.approx(row["crown_mm"] / row["root_mm"], abs=0.02)
    held = CREST_S - root_end(46)[2]
    assert row["in_bone_mm"] == pytest.approx(held, abs=0.75)
    assert row["clinical_crown_root_ratio"] == pytest.approx((18.5 - held) / held, abs=0.15)
    # the enamel ends 0.5 mm above the place's middle, the bone begins at the crest
    true = place(46)[2] + 0.5 - CREST_S
    assert set(row["bone_levels_mm"]) == {"mesial", "distal", "buccal", "lingual"}
    assert all(level == pytest.approx(true, abs=0.75) for level in row["bone_levels_mm"].values())
    labels = around.structures
    pulp = (labels.array == structure("pulp").value) & (around.case.labels.array == 46)
    assert row["pulp_mm3"] == pytest.approx(pulp.sum() * SPACING**3, abs=0.06)
    assert row["pulp_share"] == pytest.approx(pulp.sum() / (around.case.labels.array == 46).sum(), abs=1e-4)


def test_bone_over_the_crown_is_no_level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toy_jaw_map, "CREST_S", CREST_S + 8.0)
    labels, beside = with_structures()
    around = measured_case(labels, structures=beside).around
    assert around is not None
    row = around.tooth_row(46)
    assert row["crown_mm"] > 5.0
    assert not {"in_bone_mm", "clinical_crown_root_ratio", "bone_levels_mm"} & set(row)


def test_what_is_not_labelled_is_not_told() -> None:
    array = teeth()
    beside = structures(array)
    beside[beside != structure("canal_left").value] = 0
    around = measured_case(volume(array), structures=volume(beside)).around
    assert around is not None
    row = around.tooth_row(46)
    unknown = {"canal", "sinus", "crown_mm", "root_mm", "in_bone_mm", "bone_levels_mm", "pulp_mm3"}
    assert not unknown & set(row) and row["length_mm"] > 18
    assert around.sites() == []


def test_the_bone_at_a_place_without_a_tooth(around: Surroundings) -> None:
    """A ridge 15 mm wide down to the canal, which an implant would meet 2 mm beside its middle."""
    (site,) = around.sites()
    assert site.fdi == 36 and site.ended_by == "canal_left"
    along = (site.end - site.crest) / site.height_mm
    assert along[2] < -0.98 and site.crest[2] == pytest.approx(CREST_S, abs=SPACING)
    assert site.height_mm == pytest.approx((CREST_S - CANAL_S - CANAL_RADIUS) / -along[2], abs=site.uncertainty_mm)
    frame = around.case.frame
    assert frame is not None
    slanting = abs(np.cross(frame.tangent(36), frame.rotation[:, 2])[0])  # of the section to the ridge
    assert all(width == pytest.approx(15.0 / slanting, abs=site.uncertainty_mm) for width in site.widths)
    assert site.crest[0] == pytest.approx(-23.5, abs=0.5)


def test_an_implant_takes_a_site() -> None:
    array = teeth(36)
    beside = structures(array)
    z, y, x = np.rint(volume(array).ras_to_index(place(36))).astype(int)
    beside[z - 12 : z + 4, y - 3 : y + 4, x - 3 : x + 4] = structure("implant").value
    around = measured_case(volume(array), structures=volume(beside)).around
    assert around is not None and around.sites() == []


def test_findings_are_those_beyond_the_uncertainty() -> None:
    labels, beside = with_structures()
    found = {f.teeth[0]: f for f in check_dentition(labels, structures=beside) if f.code == "near_canal"}
    case = measured_case(labels, structures=beside)
    assert case.around is not None
    for fdi in case.teeth:
        near = case.around.clearances(fdi) if fdi > 30 else []
        told = bool(near) and near[0].line.length_mm + near[0].uncertainty_mm <= 2.0
        assert (fdi in found) == told
    assert found
    assert not [f for f in check_dentition(labels) if f.code.startswith("near_")]
    kept = found[47].detail
    assert kept["structure"] == "canal_right" and len(kept["line_ras"]) == 2


def test_what_a_network_found_is_as_unsure_as_the_network(around: Surroundings) -> None:
    found = replace(around.structures, metadata={ERRORS_KEY: errors_text({"canal": 1.2})})
    of_network = Surroundings(around.case, found)
    near, as_given = of_network.clearances(47)[0], around.clearances(47)[0]
    assert near.line.length_mm == as_given.line.length_mm
    assert near.uncertainty_mm == pytest.approx(np.hypot(as_given.uncertainty_mm, 1.2))
    assert of_network.clearances(16)[0].uncertainty_mm == around.clearances(16)[0].uncertainty_mm  # its sinus


def test_lengths_axes_and_ratios_are_as_unsure_as_the_network(around: Surroundings) -> None:
    found = replace(around.structures, metadata={ERRORS_KEY: errors_text({"length": 2.5, "axis": 7.3})})
    row, as_given = Surroundings(around.case, found).tooth_row(46), around.tooth_row(46)
    assert row["length_mm"] == as_given["length_mm"] and row["crown_root_ratio"] == as_given["crown_root_ratio"]
    assert as_given["length_uncertainty_mm"] == SPACING
    assert row["length_uncertainty_mm"] == pytest.approx(np.hypot(SPACING, 2.5), abs=0.01)
    assert row["axis_uncertainty_deg"] == pytest.approx(np.hypot(2.0, 7.3), abs=0.1)
    part = row["part_uncertainty_mm"]
    assert part == pytest.approx(np.hypot(1.5 * SPACING, 2.5), abs=0.01)
    ratio, root = row["crown_root_ratio"], row["root_mm"]
    assert row["crown_root_ratio_uncertainty"] == pytest.approx(part * np.hypot(1, ratio) / root, abs=0.02)
    assert as_given["crown_root_ratio_uncertainty"] < row["crown_root_ratio_uncertainty"]
    told = {heading.text: text({"around": row}) for heading, text, _ in PAGE_COLUMNS}
    assert told["Length"] == f"{row['length_mm']:.1f} ± {np.ceil(10 * row['length_uncertainty_mm']) / 10:.1f} mm"
    assert told["Crown to root"].startswith(f"{ratio:.2f} ± 0.")
    assert told["Leans to the midline"].endswith(" ± 8°")


def test_a_pulp_that_was_hardly_seen_is_told(around: Surroundings) -> None:
    array = around.structures.array.copy()
    pulp = np.argwhere((array == structure("pulp").value) & (around.case.labels.array == 46))
    array[tuple(pulp[4:].T)] = 0
    rest = Surroundings(around.case, around.structures.with_array(array))
    assert [one.tooth_row(46)["pulp_hardly_seen"] for one in (around, rest)] == [False, True]
    (text,) = [text for heading, text, _ in PAGE_COLUMNS if heading.text == "Pulp"]
    assert "hardly seen" in text({"around": rest.tooth_row(46)})
    assert "hardly seen" not in text({"around": around.tooth_row(46)})


def test_what_is_not_known_to_be_off_is_told() -> None:
    """NIfTI keeps no word of the network that drew a map."""
    labels, beside = with_structures(36)
    (said,) = examine_label_map(labels, structures=beside).report["warnings"]
    assert "lengths and axes and of distances to nerve canals and of distances to sinuses is that of the voxels" in said
    known = replace(beside, metadata={ERRORS_KEY: "canal 3, length 2.5, axis 7.3"})
    (said,) = examine_label_map(labels, structures=known).report["warnings"]
    assert said.startswith("The uncertainty of distances to sinuses is")
    known = replace(beside, metadata={ERRORS_KEY: "canal 3, sinus 1.4, length 2.5, axis 7.3"})
    assert examine_label_map(labels, structures=known).report["warnings"] == []
    assert examine_label_map(labels).report["warnings"] == []
