"""Progress: a bar on a terminal, a line a stage in a log, nothing where nobody wants it."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from scan_files import toy_dentition, write_file

from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.commands.progress_bar import ProgressBar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(bar: ProgressBar) -> None:
    """Two jaws that go through the same stages, with a note in between."""
    for jaw in (0, 1):
        for stage in ("Finding the teeth", "number the teeth"):
            for done in range(10):
                bar(stage, jaw + done / 10, 2)
    bar.close()
    bar("number the teeth", 2, 2)


def test_a_log_gets_one_line_a_stage(capsys: pytest.CaptureFixture[str]) -> None:
    run(ProgressBar())
    assert capsys.readouterr().err.splitlines() == ["Finding the teeth", "Number the teeth"] * 2


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    run(ProgressBar())
    shown = sys.stderr.getvalue()
    assert "Finding the teeth" in shown
    assert "left" in shown
    assert "\r" in shown


@pytest.mark.parametrize("stderr", [io.StringIO, Terminal])
def test_who_wants_no_progress_gets_none(monkeypatch: pytest.MonkeyPatch, stderr: type[io.StringIO]) -> None:
    monkeypatch.setattr(sys, "stderr", stderr())
    run(ProgressBar(enabled=False))
    assert sys.stderr.getvalue() == ""


def test_a_command_in_a_log_writes_whole_lines_without_bars(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scan, labels = toy_dentition()

    def segment(volume, options):
        from DentalTopoSegLib.cbct import Segmentation

        for done in range(50):
            options.progress("find the teeth", done, 50)
        return Segmentation(labels, {}, {})

    monkeypatch.setattr("DentalTopoSegLib.cbct.segment_volume", segment)
    assert cli.main(["segment", str(write_file(scan, tmp_path / "toy.nii.gz")), "-o", str(tmp_path / "out")]) == 0
    err = capsys.readouterr().err
    assert "\r" not in err
    assert "|" not in err
    assert err.splitlines() == ["Reading the scan", "Find the teeth", "Checking the teeth", "Writing the results"]
