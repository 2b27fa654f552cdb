"""The report: every tooth with its measures, findings, versions; no patient data; readable as text."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
from scan_files import toy_dentition

from DentalTopoSegLib.checks.metrics.label_maps import evaluate_pair
from DentalTopoSegLib.checks.topology import tooth_measures
from DentalTopoSegLib.reports.report import build_report
from DentalTopoSegLib.reports.text import findings_table, metrics_text, teeth_table

FINDING = {
    "code": "fragment", "teeth": [16], "position_ras": [20.4, -3.0, 9.0], "severity": "warning",
    "message": "Tooth 16 is in two pieces.", "repair": "remove_piece", "detail": {},
}  # fmt: skip


@pytest.fixture(scope="module")
def report() -> dict:
    _, labels = toy_dentition()
    finding = SimpleNamespace(to_dict=lambda: dict(FINDING))
    return build_report(
        tooth_measures(labels),
        [finding],
        name="toy",
        confidence={16: np.float32(0.91234), 11: 1.0},
        provenance={"models": [{"id": "m"}], "seconds": {"read": np.float64(0.1)}},
        warnings=["coarse"],
        contacts={(11, 12): 3.14159},
    )


def test_teeth_are_listed_with_their_measures(report: dict) -> None:
    _, labels = toy_dentition()
    assert [row["fdi"] for row in report["teeth"]] == [int(v) for v in np.unique(labels.array) if v]
    assert report["count"] == {"upper": 16, "lower": 14, "total": 30}
    row = next(row for row in report["teeth"] if row["fdi"] == 16)
    mask = labels.array == 16
    assert row["volume_mm3"] == pytest.approx(mask.sum() * 0.8**3, abs=0.1)
    assert row["name"] == "upper right first molar"
    assert row["universal"] == "3"
    assert row["confidence"] == 0.912
    np.testing.assert_allclose(row["centroid_mm"], labels.index_to_ras(np.argwhere(mask)).mean(axis=0), atol=0.01)
    assert row["centroid_mm"][0] > 0  # tooth 16 is on the patient's right
    assert (row["pieces"], row["tunnels"], row["voids"]) == (1, 0, 0)
    assert next(row for row in report["teeth"] if row["fdi"] == 12)["confidence"] is None


def test_report_is_json_and_says_what_it_is(report: dict) -> None:
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert report["findings"] == [FINDING]
    assert report["contacts"] == [{"teeth": [11, 12], "area_mm2": 3.14}]
    assert report["warnings"] == ["coarse"]
    assert "not a medical device" in report["disclaimer"]
    assert {"dentaltoposeg", "python", "numpy", "SimpleITK", "onnxruntime"} <= set(report["versions"])


def test_text_lists_each_arch_from_the_patients_right(report: dict) -> None:
    lines = teeth_table(report).splitlines()
    numbers = [int(line.split()[0]) for line in lines if line.split()[0].isdigit()]
    assert numbers[:3] == [18, 17, 16]
    assert numbers[15:18] == [28, 47, 46]
    assert "upper jaw, 16 teeth" in lines[1]
    sixteen = next(line for line in lines if line.strip().startswith("16 "))
    assert "91 %" in sixteen
    assert "mm³" in sixteen


def test_findings_text_has_place_and_repair(report: dict) -> None:
    text = findings_table(report)
    assert "Tooth 16 is in two pieces. [fragment at R 20 A -3 S 9 mm]" in text
    assert "Proposed repair: Remove the small pieces of tooth 16" in text
    assert findings_table({"findings": []}) == "Findings: none."


def test_scores_text_names_missed_and_misnumbered_teeth() -> None:
    _, truth = toy_dentition()
    wrong = truth.array.copy()
    wrong[truth.array == 11] = 0
    wrong[truth.array == 47] = 48
    text = metrics_text(evaluate_pair(truth.with_array(wrong), truth), per_tooth=True)
    assert "missed: 11" in text
    assert "wrong number: 47 as 48" in text
    assert "29 / 30" in text
    row = next(line for line in text.splitlines() if line.split()[:1] == ["16"])
    assert row.split()[1] == "1.000"
