"""Reports and jobs that once brought a traceback or wrote where they should not; they stay outside the repository."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.errors import InputError, UsageError
from DentalTopoSegLib.runs.job import JobFile

ROOT = Path(__file__).resolve().parents[2]
LABELS = ROOT / "Testing" / "data" / "before" / "files" / "volume_teeth.seg.nrrd"


def _cases() -> Path:
    """The folder cases/broken in ../shared beside the repository, or $DENTALTOPOSEG_DATA/../cases/broken."""
    data = Path(os.environ.get("DENTALTOPOSEG_DATA", ROOT.parent / "shared" / "data"))
    return data.parent / "cases" / "broken"


REPORTS = sorted(path for path in _cases().rglob("*.json") if "job" not in path.parent.name)
JOBS = sorted(path for path in _cases().rglob("*.json") if "job" in path.parent.name)
needs_cases = pytest.mark.skipif(not REPORTS, reason=f"no damaged reports in {_cases()}")


@needs_cases
def test_every_report_is_refused_and_nothing_is_written(tmp_path: Path, capsys) -> None:
    folder = tmp_path / "a" / "b" / "run"
    folder.mkdir(parents=True)
    shutil.copy(LABELS, folder / "phantom_0_teeth.seg.nrrd")
    shutil.copy(LABELS, folder / "phantom_0_teeth.nii.gz")
    for case in REPORTS:
        path = shutil.copy(case, folder / "x_report.json")
        before = set(tmp_path.rglob("*"))
        for kind in ("csv", "html", "nifti", "json"):
            code = cli.main(["export", str(path), "-o", str(folder.parent / "out"), "--format", kind, "--quiet"])
            said = capsys.readouterr().err
            assert (code, f"'{path}' is damaged: " in said) == (InputError.exit_code, True), (case, kind, said)
        assert set(tmp_path.rglob("*")) == before, case


@needs_cases
def test_every_job_is_refused() -> None:
    for case in JOBS:
        with pytest.raises(UsageError, match="is damaged: it is nested more than 32 levels deep"):
            JobFile.read(case)
