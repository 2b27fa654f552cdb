"""A sound report on a fusion."""

from __future__ import annotations

from typing import Any

from DentalTopoSegLib.reports.fusion_report import SCHEMA

SOUND: dict[str, Any] = {
    "schema": SCHEMA,
    "disclaimer": "Research software.",
    "name": "case",
    "space": "LPS",
    "jaws": [
        {
            "scan": "upper",
            "jaw": "upper",
            "scan_to_cbct": [[1.0, 0.0, 0.0, 5.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]],
            "mm_per_unit": 1.0,
            "transform": "case_upper_scan.tfm",
            "mesh": "case_upper_scan.vtp",
            "residual_median_mm": 0.04,
            "share_that_fits": 0.98,
            "teeth": [
                {
                    "fdi": 13,
                    "fdi_in_cbct": 13,
                    "fdi_in_scan": 14,
                    "number_from": "cbct",
                    "residual_median_mm": 0.04,
                    "residual_p95_mm": None,
                    "places": 900,
                }
            ],
            "only_in_scan": [],
            "only_in_cbct": [18],
            "numbers": {
                "agree_before": 0,
                "agree_after": 1,
                "changed_in_cbct": {},
                "changed_in_scan": {"14": 13},
                "two_numbers": [{"cbct": 13, "scan": 14, "cbct_score": 0.97, "scan_score": None, "decided": True}],
            },
            "notes": ["Tooth 18 of the CBCT has no crown in the scan."],
        }
    ],
    "findings": [
        {
            "code": "two_numbers",
            "teeth": [13],
            "position_ras": [1.0, 2.0, 3.0],
            "severity": "info",
            "message": "The same tooth was 13 in the CBCT and 14 in the intraoral scan: 13 was taken for both.",
        }
    ],
    "warnings": [],
    "provenance": {"versions": {"numpy": "2.0"}},
    "files": {"report": "case_fusion.json", "tooth_13": "case_fused_13.stl"},
    "checksums": {"tooth_13": "0" * 64},
}
