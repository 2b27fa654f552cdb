"""Distances to a canal that was drawn without being seen, or that the scan cuts, are no measured distances."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from toy_jaw_map import CANAL_R, CANAL_S, with_structures
from toy_teeth import place

from DentalTopoSegLib.checks.findings import check_dentition, measured_case
from DentalTopoSegLib.dentition.structure_origin import drawn_metadata, drawn_stretches, exchanged_origin
from DentalTopoSegLib.dentition.structures import ERRORS_KEY, error_of
from DentalTopoSegLib.files.volumes import Volume
from DentalTopoSegLib.reports.page import write_csv, write_report_html
from DentalTopoSegLib.runs.checking import examine_label_map

ALL_OF_IT = np.array([[CANAL_R, front, CANAL_S] for front in (-20.0, -6.0, 8.0)])


def drawn(*absent: int, line: np.ndarray = ALL_OF_IT) -> tuple[Volume, Volume]:
    """Of the right canal that line is drawn."""
    labels, beside = with_structures(*absent)
    return labels, replace(beside, metadata=drawn_metadata({"canal_right": [line]}))


def around(row: dict, fdi: int) -> dict:
    return next(one for one in row["teeth"] if one["fdi"] == fdi)["around"]


def test_no_distance_to_what_was_drawn(tmp_path: Path) -> None:
    labels, beside = drawn()
    report = examine_label_map(labels, structures=beside, name="toy").report
    assert around(report, 47)["canal_unseen"] == "drawn" and "canal" not in around(report, 47)
    assert around(report, 37)["canal"]["structure"] == "canal_left"
    files = write_csv(report, tmp_path / "t.csv", tmp_path / "f.csv")
    rows = {row["fdi"]: row for row in csv.DictReader(files["teeth"].open(encoding="utf-8-sig", newline=""))}
    assert (rows["47"]["canal_mm"], rows["47"]["canal_unseen"]) == ("", "drawn")
    assert rows["37"]["canal_mm"] and rows["37"]["canal_unseen"] == ""
    page = write_report_html(report, tmp_path / "a.html").read_text(encoding="utf-8")
    assert page.count("the nearest part of the canal is drawn, not seen") == sum(
        "canal_unseen" in row["around"] for row in report["teeth"]
    )


def test_it_makes_no_finding_either() -> None:
    def near(labels: Volume, beside: Volume) -> set[int]:
        return {f.teeth[0] for f in check_dentition(labels, structures=beside) if f.code == "near_canal"}

    as_seen, as_drawn = near(*with_structures()), near(*drawn())
    assert {47, 37} <= as_seen and as_drawn == {fdi for fdi in as_seen if fdi < 40}


def test_a_part_that_was_seen_is_measured() -> None:
    labels, beside = drawn(line=ALL_OF_IT[1:] + [0.0, 6.0, 0.0])  # in front of the second molar
    case = measured_case(labels, structures=beside)
    assert case.around is not None
    assert case.around.clearances(47)[0].unseen == ""


def test_a_canal_cut_by_the_scan_is_no_end() -> None:
    """The scan ends in the middle of a tooth, so that the canal may come nearer beyond."""
    labels, beside = with_structures()
    middle = int(np.rint(labels.ras_to_index(place(47))[1]))
    for margin, why in ((0, "cut"), (12, "")):
        start = middle - margin
        origin = labels.index_to_ras((0, start, 0)) * (-1, -1, 1)
        parts = [replace(one, array=one.array[:, start:].copy(), origin=tuple(origin)) for one in (labels, beside)]
        case = measured_case(parts[0], structures=parts[1])
        assert case.around is not None
        near = case.around.clearances(47)[0]
        assert near.line.end[1] == pytest.approx(place(47)[1], abs=1.0)
        assert near.unseen == why


def test_a_site_ends_where_a_canal_was_drawn_says_so() -> None:
    labels, beside = drawn(46)
    of_network = replace(beside, metadata=beside.metadata | {ERRORS_KEY: "canal 3.9"})
    told = examine_label_map(labels, structures=of_network, name="toy").report
    (site,) = told["sites"]
    assert (site["ended_by"], site["end_unseen"]) == ("canal_right", "drawn")
    assert site["height_uncertainty_mm"] == pytest.approx(np.hypot(3.9, site["uncertainty_mm"]), abs=0.01)
    as_given = examine_label_map(labels, structures=with_structures(46)[1], name="toy").report["sites"][0]
    assert "end_unseen" not in as_given and as_given["height_uncertainty_mm"] == as_given["uncertainty_mm"]


def test_how_a_structure_was_found_goes_with_it_to_the_other_side() -> None:
    line = [ALL_OF_IT]
    metadata = {ERRORS_KEY: "canal 3.9, sinus 1.4", "other": "kept"} | drawn_metadata({"canal_right": line})
    turned = exchanged_origin(metadata, {"canal_right": "canal_left", "canal_left": "canal_right"})
    assert drawn_stretches(turned, "canal_right") == []
    np.testing.assert_array_equal(drawn_stretches(turned, "canal_left"), line)
    assert [error_of(turned, key) for key in ("canal_left", "canal_right", "sinus_left")] == [3.9, 3.9, 1.4]
    assert turned["other"] == "kept"
