"""Many scans: every scan of a folder, a row for each, what fails does not stop the rest, cancel all, going on."""

from __future__ import annotations

import pytest
from gui_steps import click, leftBehind, waitFor


@pytest.fixture
def queue(panel, phantom, tmp_path):
    """The section with two scans, one that holds nothing of use, and an empty folder for results."""
    scans, results = tmp_path / "scans", tmp_path / "results"
    (scans / "b").mkdir(parents=True)
    results.mkdir()
    for name in ("a.nii.gz", "b/c.nii.gz"):
        _write(phantom.image, scans / name)
    (scans / "broken.nrrd").write_bytes(b"NRRD0004\ntype: short\n")
    panel.ui.queueFolderEdit.text, panel.ui.queueOutputEdit.text = str(scans), str(results)
    panel.ui.queueCollapsibleButton.collapsed = False
    return panel.queuePanel


def _write(volume, path) -> None:
    import SimpleITK as sitk

    sitk.WriteImage(volume.to_sitk(), str(path))


def _states(queue) -> dict[str, str]:
    return {row.path.name: row.state for row in queue.rows}


def _shown(queue) -> list[str]:
    table = queue.ui.queueTable
    return [table.item(i, 1).text() for i in range(table.rowCount)]


def test_all_scans_of_a_folder_and_again(queue, tmp_path) -> None:
    click(queue.ui.queueButton)
    assert queue.ui.queueButton.text == "Cancel all" and not queue.ui.queueFolderEdit.enabled
    waitFor(lambda: not queue.isRunning)
    assert _states(queue) == {"a.nii.gz": "done", "c.nii.gz": "done", "broken.nrrd": "failed"}
    assert all("teeth" in text for row, text in zip(queue.rows, _shown(queue), strict=True) if row.state == "done")
    assert "broken.nrrd" in next(row.text for row in queue.rows if row.state == "failed")
    assert queue.ui.queueMessageLabel.text.startswith("2 of 3 scans")
    assert (tmp_path / "results" / "b_c_report.json").is_file()
    assert leftBehind() == []
    click(queue.ui.queueButton)
    waitFor(lambda: not queue.isRunning)
    assert _states(queue)["a.nii.gz"] == "done before"


def test_cancel_all_and_go_on(queue, tmp_path) -> None:
    click(queue.ui.queueButton)
    waitFor(lambda: "%" in _shown(queue)[0])
    click(queue.ui.queueButton)
    waitFor(lambda: not queue.isRunning)
    assert set(_states(queue).values()) == {"waiting"}
    assert "goes on" in queue.ui.queueMessageLabel.text
    assert list((tmp_path / "results").iterdir()) == [] and leftBehind() == []
    assert queue.ui.queueButton.text == "Segment all" and queue.ui.queueButton.enabled


def test_folders_that_are_none_are_told(panel, tmp_path) -> None:
    panel.ui.queueCollapsibleButton.collapsed = False
    assert not panel.ui.queueButton.enabled
    panel.ui.queueFolderEdit.text = str(tmp_path / "nowhere")
    panel.ui.queueOutputEdit.text = str(tmp_path)
    click(panel.ui.queueButton)
    assert "is no folder" in panel.ui.queueMessageLabel.text
    (tmp_path / "empty").mkdir()
    panel.ui.queueFolderEdit.text = str(tmp_path / "empty")
    click(panel.ui.queueButton)
    assert "holds no scan" in panel.ui.queueMessageLabel.text
    assert leftBehind() == []


def test_closing_the_module_ends_the_queue(queue) -> None:
    click(queue.ui.queueButton)
    waitFor(lambda: queue._worker.pid)
    queue.close()
    assert not queue.isRunning and leftBehind() == []


def test_what_reads_3shapes_scans_is_asked_for(panel, tmp_path, monkeypatch, slicer) -> None:
    from DentalTopoSegModuleLib import Packages
    from hps_files import hps_of_triangles
    from mesh_files import dome

    from DentalTopoSegLib.files.meshes.hps import OPEN3SDCM

    asked = []
    monkeypatch.setattr(Packages, "_isSatisfied", lambda requirement: requirement != OPEN3SDCM.requirement)
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda text, **_options: asked.append(text))
    for folder in ("scans", "results"):
        (tmp_path / folder).mkdir()
    (tmp_path / "scans" / "UpperJawScan.dcm").write_bytes(hps_of_triangles(*dome()))
    panel.ui.queueFolderEdit.text, panel.ui.queueOutputEdit.text = str(tmp_path / "scans"), str(tmp_path / "results")
    panel.ui.queueCollapsibleButton.collapsed = False
    click(panel.ui.queueButton)
    assert len(asked) == 1 and "open3sdcm" in asked[0] and "reads scans in 3Shape's own format" in asked[0]
    assert "open3sdcm" in panel.ui.queueMessageLabel.text and not panel.queuePanel.isRunning
    assert list((tmp_path / "results").iterdir()) == []
