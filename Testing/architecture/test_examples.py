"""Examples are true: those in docstrings, and the Python in the documentation on a real file."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest
from house import modules_of

ROOT = Path(__file__).resolve().parents[2]
MODULES = [
    name
    for name, path in modules_of(ROOT / "DentalTopoSegLib").items()
    if re.search(r"^\s*>>> ", path.read_text(encoding="utf-8"), re.MULTILINE)
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name: str) -> None:
    done = doctest.testmod(importlib.import_module(name))
    assert done.attempted > 0
    assert done.failed == 0


@pytest.fixture(scope="module")
def folder_with_a_scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from DentalTopoSegLib.files.volumes import write_volume
    from DentalTopoSegLib.phantom import make_phantom

    folder = tmp_path_factory.mktemp("documentation")
    phantom = make_phantom(seed=3, spacing_mm=0.8, fov_mm=(72.0, 60.0, 56.0), missing=(18, 28, 38, 48))
    write_volume(phantom.image, folder / "scan.nii.gz")
    return folder


@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
def test_the_python_of_the_documentation_runs(page: str, folder_with_a_scan: Path, monkeypatch, capsys) -> None:
    blocks = re.findall(r"`{3}python\n(.*?)`{3}", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    monkeypatch.chdir(folder_with_a_scan)
    for block in blocks:
        exec(compile(block, page, "exec"), {})
    assert capsys.readouterr().out


def test_what_the_pages_link_to_is_there() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "training").rglob("*.md")]
    dead = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not target.startswith(("http", "mailto")) and not (page.parent / target).exists()
    ]
    assert dead == []


def test_the_readme_is_one_screen_per_reader() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 160
