"""What users already have still opens: results of the first version, which lie in Testing/data/before/files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.jaw_labels import read_labelled_jaw
from DentalTopoSegLib.files.json_text import write_report_json
from DentalTopoSegLib.files.label_maps import read_fdi_labels
from DentalTopoSegLib.files.seg_nrrd import stored_confidence
from DentalTopoSegLib.reports.page import write_csv, write_report_html
from DentalTopoSegLib.reports.report import SCHEMA, SCHEMA_VERSION, build_report, read_report
from DentalTopoSegLib.reports.text import findings_table, teeth_table
from DentalTopoSegLib.runs.results import open_result

BEFORE = Path(__file__).resolve().parents[2] / "data" / "before" / "files"
ALL_BUT_WISDOM = [10 * quadrant + i for quadrant in (1, 2, 3, 4) for i in range(1, 8)]
TEETH = {"volume": ALL_BUT_WISDOM, "jaw": [13, 14, 15, 16, 17]}


@pytest.mark.parametrize("name", TEETH)
def test_a_report_without_a_version_is_read_shown_and_leads_to_its_result(tmp_path: Path, name: str) -> None:
    report = read_report(BEFORE / f"{name}_report.json")
    assert "schema_version" not in report
    assert [row["fdi"] for row in report["teeth"]] == TEETH[name]
    text = teeth_table(report) + findings_table(report)
    page = write_report_html(report, tmp_path / "page.html").read_text(encoding="utf-8")
    write_csv(report, tmp_path / "teeth.csv", tmp_path / "findings.csv")
    for finding in report["findings"]:
        assert finding["message"] in text
        assert finding["code"] in (tmp_path / "findings.csv").read_text(encoding="utf-8-sig")
    assert page.count("<tr") == 1 + len(report["teeth"])
    assert page.count('<li class="finding ') == len(report["findings"])
    result = open_result(BEFORE / f"{name}_report.json")
    assert (result.name, result.report) == (name, report)
    assert [finding.code for finding in result.findings] == [finding["code"] for finding in report["findings"]]


def test_a_label_map_keeps_its_teeth_and_their_confidence() -> None:
    labels, warnings = read_fdi_labels(BEFORE / "volume_teeth.seg.nrrd")
    assert sorted(set(labels.array.ravel().tolist()) - {0}) == TEETH["volume"]
    assert stored_confidence(labels) == dict.fromkeys(TEETH["volume"], 0.9) | {47: 0.25}
    assert warnings == []


def test_a_labelled_mesh_keeps_its_teeth() -> None:
    jaw, _ = read_labelled_jaw(BEFORE / "jaw_teeth.vtp")
    assert sorted(set(jaw.fdi.tolist()) - {0}) == sorted(set(jaw.face_fdi.tolist()) - {0}) == TEETH["jaw"]


def test_a_report_of_now_has_its_version_and_is_read_back(tmp_path: Path) -> None:
    report = build_report({}, [], name="now")
    assert (report["schema"], report["schema_version"]) == (SCHEMA, SCHEMA_VERSION)
    assert read_report(write_report_json(report, tmp_path / "now_report.json")) == report


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read"),
        ("{", "is damaged: it is no JSON text"),
        ("[]", "is no report of DentalTopoSeg"),
        (json.dumps({"schema": "other"}), "is no report of DentalTopoSeg"),
        (json.dumps({"schema": SCHEMA, "schema_version": SCHEMA_VERSION + 1}), "of another version of DentalTopoSeg"),
        (json.dumps({"schema": SCHEMA, "schema_version": "2"}), "of another version of DentalTopoSeg"),
    ],
)
def test_what_is_no_report_of_ours_is_refused_in_one_sentence(
    tmp_path: Path, content: str | None, sentence: str
) -> None:
    path = tmp_path / "some_report.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match=sentence):
        read_report(path)
