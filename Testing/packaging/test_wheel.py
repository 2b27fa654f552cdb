"""The wheel: built from this checkout, it holds the library, its types and its networks, and runs from anywhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RESOURCES = ("Models", "Terminologies", "Colors", "Report", "Translations")


def _files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix in (".py", ".pyi", ".typed", ".ttf")
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source, folder = tmp_path_factory.mktemp("source") / "copy", tmp_path_factory.mktemp("wheel")
    # building leaves folders behind, which do not belong into the checkout
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".*", "Testing", "training", "build", "__pycache__"))
    pip = [sys.executable, "-m", "pip", "wheel"]
    built = subprocess.run(
        [*pip, str(source), "--no-deps", "--no-build-isolation", "-q", "-w", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (made,) = folder.glob("*.whl")
    return made


def test_the_wheel_holds_the_library_its_types_and_its_networks(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    wanted = {f"DentalTopoSegLib/{name}" for name in _files(ROOT / "DentalTopoSegLib")}
    wanted |= {
        f"DentalTopoSegLib/_resources/{sub}/{path.name}"
        for sub in RESOURCES
        for path in (ROOT / "Resources" / sub).iterdir()
    }
    assert wanted - held == set()
    assert not [name for name in held if name.startswith(("Testing", "training", "DentalTopoSeg/"))]


def test_the_version_is_told_once(wheel: Path) -> None:
    import DentalTopoSegLib

    assert wheel.name.split("-")[1] == DentalTopoSegLib.__version__
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'"{DentalTopoSegLib.__version__}"' not in pyproject


def test_the_unpacked_wheel_finds_its_networks(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        "from pathlib import Path; import DentalTopoSegLib as d; "
        "from DentalTopoSegLib.networks.models import load_model; "
        "assert Path(d.__file__).parts[-3] == 'site', d.__file__; print(load_model('border').id, *sorted(d.__all__))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("border-")
    assert "segment_volume" in done.stdout
