"""The extension's package: everything that is in the repository is installed, and nothing else.

CMake runs the real CMakeLists.txt against stand-ins for Slicer's macros (slicer_stand_in); what it installs is then
imported as Slicer would.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STAND_IN = Path(__file__).resolve().parent / "slicer_stand_in"
INSTALLED = Path("lib/Slicer-5.10/qt-scripted-modules")
MODULE = ROOT / "DentalTopoSeg"
#: Folders whose content the extension needs; the other folders in Resources are for readers of the repository.
RESOURCES = ("Models", "Terminologies", "Colors", "Scripts", "Report", "Translations")

needs_cmake = pytest.mark.skipif(shutil.which("cmake") is None, reason="cmake is not installed")


def _files(folder: Path, pattern: str = "*") -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in folder.rglob(pattern)
        if path.is_file() and "__pycache__" not in path.parts
    }


def _wanted() -> set[str]:
    """What an installed extension has to hold, by its path in qt-scripted-modules."""
    kinds = ("*.py", "*.pyi", "*.schema.json", "*.ttf", "*_LICENSE.txt", "py.typed")
    library = {f"DentalTopoSegLib/{name}" for kind in kinds for name in _files(ROOT / "DentalTopoSegLib", kind)}
    data = {f"Resources/{sub}/{name}" for sub in RESOURCES for name in _files(ROOT / "Resources" / sub)}
    return library | data | (_files(MODULE) - {"CMakeLists.txt"})


def _configure(source: Path, build: Path) -> subprocess.CompletedProcess:
    command = ["cmake", "-S", str(source), "-B", str(build), f"-DSlicer_DIR={STAND_IN}", "-DBUILD_TESTING=ON"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> Path:
    """The folder qt-scripted-modules of the installed extension."""
    build, target = tmp_path_factory.mktemp("build"), tmp_path_factory.mktemp("installed")
    done = _configure(ROOT, build)
    assert done.returncode == 0, done.stderr
    subprocess.run(["cmake", "--install", str(build), "--prefix", str(target)], check=True, capture_output=True)
    return target / INSTALLED


@needs_cmake
def test_everything_is_installed(package) -> None:
    missing = sorted(_wanted() - _files(package))
    assert not missing, f"add to CMakeLists.txt: {missing}"


@needs_cmake
def test_nothing_else_is_installed(package) -> None:
    assert sorted(_files(package) - _wanted()) == []


@needs_cmake
@pytest.mark.parametrize(
    "name", ["DentalTopoSeg/DentalTopoSegModuleLib/Packages.py", "DentalTopoSeg/Resources/UI/DentalTopoSeg.ui"]
)
def test_a_listed_file_that_is_not_there_stops_the_configuration(tmp_path, name) -> None:
    source = tmp_path / "source"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".git", "training", "Testing", "__pycache__"))
    (source / name).unlink()
    done = _configure(source, tmp_path / "build")
    assert done.returncode != 0
    assert Path(name).name in done.stderr


@needs_cmake
def test_the_installed_library_finds_its_networks(package, tmp_path) -> None:
    code = "from DentalTopoSegLib.networks.models import load_model; print(load_model('numbering').path)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": str(package)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).parent == package / "Resources" / "Models"


@needs_cmake
def test_no_stray_script_is_taken_for_a_module(package) -> None:
    assert [path.name for path in package.glob("*.py")] == ["DentalTopoSeg.py"]


# ---------------------------------------------------------------- what the extensions index asks for


def _metadata() -> dict[str, str]:
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    return dict(re.findall(r'^set\(EXTENSION_(\w+) "([^"]*)"\)$', text, re.MULTILINE))


def test_the_index_entry_fits_the_extension() -> None:
    entry = json.loads((ROOT / "DentalTopoSeg.json").read_text(encoding="utf-8"))
    assert entry["$schema"].endswith("slicer-extension-catalog-entry-schema-v1.0.2.json#")
    assert entry["category"] == _metadata()["CATEGORY"]
    optional = {"scm_revision", "build_dependencies", "build_subdirectory", "tier"}
    assert {"$schema", "category", "scm_url"} <= set(entry) <= {"$schema", "category", "scm_url"} | optional
    repository = entry["scm_url"].removesuffix(".git").rsplit("/", 1)[-1]
    assert repository.startswith("Slicer"), "a repository of an extension is named Slicer..."
    assert "project(DentalTopoSeg)" in (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")


def test_addresses_of_icon_and_screenshots_point_at_files_of_the_repository() -> None:
    metadata = _metadata()
    for address in (metadata["ICONURL"], *metadata["SCREENSHOTURLS"].split()):
        path = address.split("/main/", 1)[1]
        assert (ROOT / path).is_file(), path


def test_the_icon_is_of_the_usual_size() -> None:
    from PIL import Image

    with Image.open(MODULE / "Resources" / "Icons" / "DentalTopoSeg.png") as icon:
        assert icon.size == (128, 128)


def test_the_module_asks_for_the_versions_that_the_library_declares() -> None:
    declared = re.search(r"^dependencies = \[(.*?)^\]", (ROOT / "pyproject.toml").read_text(), re.DOTALL | re.MULTILINE)
    versions = set(re.findall(r'"([^"]+)"', declared.group(1)))
    lines = (MODULE / "Resources" / "requirements.txt").read_text().splitlines()
    wanted = {line for line in lines if line and not line.startswith("#")}
    assert wanted and wanted <= versions
    assert not any("torch" in line for line in wanted)


# ---------------------------------------------------------------- pip


def test_a_wheel_has_every_package_of_the_library_and_its_resources() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    listed = re.search(r"^packages = \[(.*?)^\]", text, re.DOTALL | re.MULTILINE).group(1)
    listed = {name.replace(".", "/") for name in re.findall(r'"([^"]+)"', listed)}
    found = {str(path.parent.relative_to(ROOT)) for path in (ROOT / "DentalTopoSegLib").rglob("__init__.py")}
    assert listed == found | {"DentalTopoSegLib/_resources"}
    data = re.search(r'^"DentalTopoSegLib._resources" = \[(.*?)\]$', text, re.MULTILINE).group(1)
    folders = {name.split("/")[0] for name in re.findall(r'"([^"]+)"', data)}
    assert {"Models", "Terminologies", "Colors"} <= folders


# ---------------------------------------------------------------- what reviewers of the extension index ask


def test_the_readme_answers_the_reviewers() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    modules = [path.stem for path in MODULE.glob("*.py")]
    table = readme.partition("### Modules")[2].partition("\n#")[0]
    assert modules and all(f"**{name}**" in table for name in modules), "one sentence per module"
    for asked in ("## How to cite", "patent", "Privacy", "Apache-2.0", "Networks"):
        assert asked in readme
    assert len(readme.splitlines()) <= 160


def test_the_tier_follows_from_the_networks_terms() -> None:
    """Tier 3 asks for terms that are settled; some of the data states no licence."""
    unsettled = [
        path.name for path in (ROOT / "Resources" / "Models").glob("*.md") if "no licence" in path.read_text("utf-8")
    ]
    tier = json.loads((ROOT / "DentalTopoSeg.json").read_text(encoding="utf-8"))["tier"]
    assert tier == (1 if unsettled else 3)


def test_every_step_of_the_tutorial_names_its_sample_data() -> None:
    tutorial = (ROOT / "docs" / "slicer.md").read_text(encoding="utf-8")
    steps = re.split(r"^## (?=\d\. )", tutorial, flags=re.MULTILINE)[1:]
    assert len(steps) == 7
    for step in steps:
        assert "Sample data: " in step, step.splitlines()[0]
    samples = (MODULE / "DentalTopoSegModuleLib" / "SampleScans.py").read_text(encoding="utf-8")
    for name in ("Phantom (no download)", "CBCTPreDentalSurgery"):
        assert name in tutorial and name in samples


def test_the_form_has_no_style_of_its_own_and_translates_no_names() -> None:
    form = (MODULE / "Resources" / "UI" / "DentalTopoSeg.ui").read_text(encoding="utf-8")
    assert "styleSheet" not in form
    for name in ("nodeTypes", "hideChildNodeTypes", "SlicerParameterName"):
        values = re.findall(rf'<property name="{name}"[^>]*>\s*<string(?:list)?( notr="true")?', form)
        assert values and all(values), name
