"""ONNX Runtime reports nothing: told before every import, in every process, and what cannot be prevented is said."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from DentalTopoSegLib.networks import onnx_runtime
from DentalTopoSegLib.networks.onnx_runtime import (
    TRACED,
    VARIABLE,
    import_onnxruntime,
    privacy_notes,
    version_notes,
)

ROOT = Path(__file__).resolve().parents[3]


def _child(code: str, home: Path, **variables: str) -> str:
    """What a new Python prints, in an empty home and without the variables by which ONNX Runtime knows a CI."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home), "PYTHONPATH": str(ROOT)}
    if os.name == "nt":
        environment |= {"SYSTEMROOT": os.environ["SYSTEMROOT"], "USERPROFILE": str(home), "LOCALAPPDATA": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment | variables, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_using_the_package_forbids_reports_here_and_in_every_process_started_later(tmp_path: Path) -> None:
    ask = f"import os; print(os.environ.get({VARIABLE!r}))"
    code = f"import subprocess, sys, DentalTopoSegLib\nprint(subprocess.check_output([sys.executable, '-c', {ask!r}]))"
    assert "b'1" in _child(code, tmp_path)


def test_a_user_who_has_allowed_them_elsewhere_does_not_allow_them_here(tmp_path: Path) -> None:
    code = f"import os, DentalTopoSegLib; print(os.environ[{VARIABLE!r}])"
    assert _child(code, tmp_path, **{VARIABLE: "0"}) == "1"


@pytest.mark.parametrize(
    "use",
    [
        "from DentalTopoSegLib.networks.models import load_model; load_model('border', 1)",
        "from DentalTopoSegLib.runs.ahead import import_ahead; import_ahead().join()",
        "import DentalTopoSegLib, importlib; importlib.import_module('onnxruntime')",
    ],
    ids=["a network", "imports ahead", "another package after us"],
)
def test_nothing_is_left_in_an_empty_home(use: str, tmp_path: Path) -> None:
    loaded = _child(f"import sys\n{use}\nprint('onnxruntime' in sys.modules)", tmp_path)
    assert loaded == "True"
    assert [str(path) for path in tmp_path.rglob("*")] == []


def test_an_extension_that_loaded_it_first_is_told_in_the_result_once_in_the_log(tmp_path: Path) -> None:
    code = """
import importlib, json, logging, sys
logging.basicConfig(stream=sys.stdout, format="LOG %(message)s")
importlib.import_module("onnxruntime")
from DentalTopoSegLib.networks.onnx_runtime import privacy_notes
from DentalTopoSegLib.networks.models import load_model
for _ in range(2):
    load_model("border", 1)
print("NOTE", *privacy_notes())
"""
    lines = _child(code, tmp_path).splitlines()
    logged = [line for line in lines if line.startswith("LOG")]
    told = [line for line in lines if line.startswith("NOTE ")]
    if import_onnxruntime().__version__.startswith(tuple(f"1.{minor}." for minor in range(29))):
        assert logged == []  # a version that has no reports
        return
    assert len(logged) == 1 and "another extension" in logged[0] and VARIABLE in logged[0]
    assert told[0].removeprefix("NOTE ") == logged[0].removeprefix("LOG ")
    assert _child(code, tmp_path, **{VARIABLE: "1"}) == "NOTE", "the host had silenced it already"


def test_versions_without_reports_are_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_runtime, "_loaded_before", True)
    monkeypatch.setitem(sys.modules, "onnxruntime", SimpleNamespace(__version__="1.29.0"))
    assert len(privacy_notes()) == 1
    monkeypatch.setitem(sys.modules, "onnxruntime", SimpleNamespace(__version__="1.23.2"))
    assert privacy_notes() == []


def test_a_scan_s_warnings_begin_with_what_could_not_be_prevented(monkeypatch: pytest.MonkeyPatch) -> None:
    from DentalTopoSegLib.cbct import segment_volume
    from DentalTopoSegLib.phantom import make_phantom

    monkeypatch.setattr(onnx_runtime, "_loaded_before", True)
    monkeypatch.setattr(onnx_runtime, "FIRST_WITH_REPORTS", (1, 0))
    import_onnxruntime()
    scan = make_phantom(seed=4, spacing_mm=0.8, jaws="lower", fov_mm=(90.0, 76.0, 48.0)).image
    result = segment_volume(scan)
    assert result.warnings[:1] == privacy_notes() != []


@pytest.mark.parametrize(
    ("version", "age"), [("1.17.3", "older"), ("1.18.0", None), ("1.32.9", None), ("1.33.0", "newer"), ("2.0", "newer")]
)
def test_versions_that_were_not_watched_are_told_and_not_refused(version, age, monkeypatch, caplog) -> None:
    assert TRACED == ((1, 18), (1, 32))
    package = SimpleNamespace(__version__=version, disable_telemetry_events=lambda: None)
    monkeypatch.setitem(sys.modules, "onnxruntime", package)
    monkeypatch.setattr(onnx_runtime, "_told", set())
    with caplog.at_level(logging.WARNING):
        assert import_onnxruntime() is import_onnxruntime() is package
    told = version_notes()
    assert [record.getMessage() for record in caplog.records] == told
    assert told == [] if age is None else f"{version} is {age} than" in told[0] and "(1.18 to 1.32)" in told[0]


def test_there_is_no_upper_bound() -> None:
    """It would downgrade the package of another extension."""
    bounds = [*(ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()]
    bounds += (ROOT / "DentalTopoSeg" / "Resources" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    named = [line.strip(' ",') for line in bounds if line.strip(' "').startswith("onnxruntime")]
    assert named == ["onnxruntime>=1.18"] * 2


def test_the_oldest_version_that_is_asked_for_can_open_the_shipped_networks() -> None:
    """ONNX Runtime 1.17 reads intermediate representations up to 9, 1.18 up to 10."""
    onnx = pytest.importorskip("onnx", reason="onnx is not installed; only training and its tests need it")
    files = sorted((ROOT / "Resources" / "Models").glob("*.onnx"))
    assert files
    assert max(onnx.load(file).ir_version for file in files) <= 10
    assert TRACED[0] >= (1, 18)
