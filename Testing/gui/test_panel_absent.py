"""What the clinician knows goes in by clicks: absent teeth, before a run and after it, and a child's dentition."""

from __future__ import annotations

import numpy as np
import pytest
from gui_steps import addScan, click


def _tooth(panel, fdi: int):
    return panel.reviewPanel.chart.buttons[fdi]


def _state(panel, fdi: int) -> str:
    return panel.reviewPanel.chart.place(fdi).state


def _labels(panel):
    return panel.reviewPanel.review.labels().array


@pytest.fixture
def told(panel, monkeypatch):
    """What the worker would have been told."""
    from DentalTopoSegLib.runs.job import JobFile

    jobs = []
    monkeypatch.setattr(panel.logic._worker, "start", lambda path, cancel: jobs.append(JobFile.read(path)))
    monkeypatch.setattr("DentalTopoSegModuleLib.SegmentPanel.ensurePackages", lambda needed: None)
    return jobs


@pytest.fixture
def known(result, panel):
    """The result under review with what its numbers were found from: 18, 28, 38 and 48 are missing in it."""
    from DentalTopoSegLib.dentition import CLASS_FDI, Known, ToothEvidence
    from DentalTopoSegLib.dentition.numbering import mean_dentition
    from DentalTopoSegLib.scene.segments import fdi_of_segment, set_known

    mean, evidence = mean_dentition(), {}
    for fdi in panel.reviewPanel.review.teeth():
        sure = dict.fromkeys(CLASS_FDI, 0.001) | {min(fdi + 1, fdi // 10 * 10 + 8): 0.3, fdi: 0.67}
        evidence[fdi] = ToothEvidence.of([sure[number] for number in CLASS_FDI], mean[fdi], 450.0)
    segmentation = result.GetSegmentation()
    for i in range(segmentation.GetNumberOfSegments()):
        segment = segmentation.GetNthSegment(i)
        set_known(segment, fdi_of_segment(segment), Known(evidence=evidence))
    return result


# ---------------------------------------------------------------- before a run


def test_clicks_on_the_chart_mark_teeth_for_the_run(panel, scan, told) -> None:
    assert panel.ui.absentTeethLabel.text == "None known"
    click(_tooth(panel, 14))
    click(_tooth(panel, 24))
    click(_tooth(panel, 38))
    click(_tooth(panel, 38))  # a second click takes it back
    assert panel.ui.absentTeethLabel.text == "14, 24"
    assert [_state(panel, fdi) for fdi in (14, 24, 38)] == ["absent", "absent", "missing"]
    click(panel.ui.applyButton)
    assert told[0].options.absent == {14, 24}
    assert told[0].options.milk is None
    panel.logic.abandon()


def test_marks_are_told_in_the_chosen_numbering(panel, scan) -> None:
    from DentalTopoSegModuleLib.Parameters import Numbering

    click(_tooth(panel, 14))
    panel._parameterNode.numbering = Numbering.UNIVERSAL
    assert panel.ui.absentTeethLabel.text == "5"
    assert _tooth(panel, 14).toolTip.startswith("5 ")


def test_a_child_is_told_and_milk_teeth_can_be_marked(panel, scan, told) -> None:
    from DentalTopoSegModuleLib.Parameters import Dentition

    panel.ui.dentitionComboBox.currentIndex = list(Dentition).index(Dentition.MIXED)
    assert not _tooth(panel, 54).visible
    click(panel.ui.markAbsentButton)
    click(_tooth(panel, 54))
    assert panel.ui.absentTeethLabel.text == "54"
    click(panel.ui.applyButton)
    assert told[0].options.absent == {54}
    assert told[0].options.milk is True
    panel.logic.abandon()


def test_another_scan_is_another_patient(panel, scan, phantom, slicer, told) -> None:
    from DentalTopoSegModuleLib.Parameters import Dentition

    click(_tooth(panel, 14))
    panel._parameterNode.dentition = Dentition.PERMANENT
    addScan(slicer, phantom, panel, "Other")
    assert panel.ui.absentTeethLabel.text == "None known"
    assert _state(panel, 14) == "missing"
    click(panel.ui.applyButton)
    assert told[0].options.absent == frozenset()
    assert told[0].options.milk is None
    panel.logic.abandon()


def test_marks_stay_with_the_scene(panel, scan, module) -> None:
    click(_tooth(panel, 14))
    parameters = panel.logic.getParameterNode()
    assert parameters.absentTeeth == "14"
    panel.setParameterNode(None)
    panel.setParameterNode(parameters)
    assert panel.ui.absentTeethLabel.text == "14"
    assert _state(panel, 14) == "absent"


def test_with_a_result_under_review_the_button_decides_what_clicks_do(panel, result) -> None:
    click(_tooth(panel, 14))
    assert panel.reviewPanel.chart.selected == 14
    click(panel.ui.markAbsentButton)
    assert panel.ui.absentTeethLabel.text == "Click them on the chart"
    click(_tooth(panel, 15))
    assert panel.ui.absentTeethLabel.text == "15"
    assert _state(panel, 15) == "absent"
    click(panel.ui.markAbsentButton)
    assert _state(panel, 15) != "absent"  # the chart shows the result again, in which it stands
    assert panel.ui.absentTeethLabel.text == "15"


# ---------------------------------------------------------------- after a run


def test_the_numbers_follow_a_click(panel, known) -> None:
    before = _labels(panel)
    click(_tooth(panel, 14))
    assert not panel.ui.absentButton.checked
    click(panel.ui.absentButton)
    assert panel.ui.reviewMessageLabel.text == (
        "Done: Tooth 14 is absent, 14 becomes 15, 15 becomes 16, 16 becomes 17, 17 becomes 18"
    )
    after = _labels(panel)
    assert not (after == 14).any()
    np.testing.assert_array_equal(after == 15, before == 14)
    assert _state(panel, 14) == "absent"
    assert panel.ui.absentButton.checked
    assert "stated absent" in panel.ui.toothLabel.text
    assert not any(14 in f.teeth for f in panel.reviewPanel.review.findings() if f.state == "open")
    click(panel.ui.undoButton)
    np.testing.assert_array_equal(_labels(panel), before)
    assert _state(panel, 14) != "absent"
    assert not panel.ui.absentButton.checked


def test_a_click_takes_it_back(panel, known) -> None:
    before = _labels(panel)
    click(_tooth(panel, 14))
    click(panel.ui.absentButton)
    click(panel.ui.absentButton)
    np.testing.assert_array_equal(_labels(panel), before)
    assert panel.ui.reviewMessageLabel.text.startswith("Done: Tooth 14 is not absent")


def test_a_result_without_its_evidence_says_so_and_stays(panel, result) -> None:
    before = _labels(panel)
    click(_tooth(panel, 14))
    click(panel.ui.absentButton)
    assert "give tooth 14 another number, remove it, or segment the scan again" in panel.ui.reviewMessageLabel.text
    assert not panel.ui.absentButton.checked
    np.testing.assert_array_equal(_labels(panel), before)
    click(_tooth(panel, 18))  # nothing contradicts that this one is absent
    click(panel.ui.absentButton)
    assert _state(panel, 18) == "absent"
