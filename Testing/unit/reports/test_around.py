"""What lies around the teeth in report, tables and page."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path
from typing import Any

from toy_jaw_map import with_structures

from DentalTopoSegLib.files.json_text import write_report_json
from DentalTopoSegLib.reports.page import write_csv, write_report_html
from DentalTopoSegLib.reports.report import read_report
from DentalTopoSegLib.runs.checking import examine_label_map


@lru_cache
def report() -> dict[str, Any]:
    labels, beside = with_structures(36)
    return examine_label_map(labels, structures=beside, name="toy").report


def test_a_report_is_as_its_schema_says_and_is_read_back(tmp_path: Path) -> None:
    write_report_json(report(), tmp_path / "toy_report.json")
    again = read_report(tmp_path / "toy_report.json")
    assert {one["key"] for one in again["structures_around"]} == {
        "mandible", "canal_left", "canal_right", "sinus_left", "sinus_right", "pulp", "enamel"
    }  # fmt: skip
    assert [site["fdi"] for site in again["sites"]] == [36]
    tooth = next(row for row in again["teeth"] if row["fdi"] == 47)
    assert tooth["around"]["canal"]["structure"] == "canal_right"


def test_a_map_of_teeth_alone_has_the_report_it_had() -> None:
    labels, _ = with_structures(36)
    bare = examine_label_map(labels, name="toy").report
    assert not {"structures_around", "sites"} & set(bare)
    for row, other in zip(bare["teeth"], report()["teeth"], strict=True):
        assert row == {key: value for key, value in other.items() if key != "around"}
    told = [f for f in report()["findings"] if not f["code"].startswith("near_")]
    assert told == bare["findings"]


def test_tables_have_distances_and_sites(tmp_path: Path) -> None:
    files = write_csv(report(), tmp_path / "t.csv", tmp_path / "f.csv", tmp_path / "s.csv")
    teeth, sites = (list(csv.DictReader(files[k].open(encoding="utf-8-sig", newline=""))) for k in ("teeth", "sites"))
    row = next(row for row in teeth if row["fdi"] == "47")
    around = next(one for one in report()["teeth"] if one["fdi"] == 47)["around"]
    assert float(row["canal_mm"]) == around["canal"]["mm"] and len(row["canal_line_ras"].split()) == 6
    assert float(row["length_mm"]) == around["length_mm"] and row["sinus_mm"] == ""
    (site,) = sites
    assert (site["fdi"], site["ended_by"]) == ("36", "canal_left")
    assert float(site["width_3mm_mm"]) == report()["sites"][0]["widths_mm"][1]


def test_the_page_shows_them_in_a_language(tmp_path: Path) -> None:
    english = write_report_html(report(), tmp_path / "a.html").read_text(encoding="utf-8")
    for heading in ("To the nerve canal", "To the sinus", "Crown to root", "The bone where teeth are missing"):
        assert heading in english
    around = next(one for one in report()["teeth"] if one["fdi"] == 47)["around"]
    assert f"{around['canal']['mm']:.1f}\u00a0±\u00a00.3\u00a0mm" in english
    german = write_report_html(report(), tmp_path / "b.html", language="de").read_text(encoding="utf-8")
    assert "Zum Nervkanal" in german and "linker Mandibularkanal" in german
    assert f"{around['canal']['mm']:.1f}\u00a0±\u00a00.3\u00a0mm".replace(".", ",") in german
