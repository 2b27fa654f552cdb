"""The house: rooms in their order, no circles, no file too long, nothing but exports in a package's `__init__`."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from house import arrows_of, circles_in, modules_of, room_of, upward_arrows

ROOT = Path(__file__).resolve().parents[2]
#: From the bottom up; a module imports from its own room and from those before it. "" is the package's own face.
ROOMS = {
    "DentalTopoSegLib": (
        "errors", "options", "stages", "dentition", "files", "pacs", "phantom", "networks", "cbct", "ios", "nnunet",
        "checks.topology", "checks.measures", "checks.metrics", "checks.repair", "checks", "pictures",
        "reports", "exports", "fusion", "runs", "commands", "__main__", "scene",
    ),
    "training": (
        "nets", "loop", "patients", "volumes", "surfaces", "export", "nnunet", "compression", "evaluation",
        "contrastive", "own_data", "pseudo_labels", "experiments", "__main__",
    ),
}  # fmt: skip
MOST_LINES = 500
#: Files may not be longer, whatever they hold.
SOURCES = ("DentalTopoSegLib", "DentalTopoSeg", "training", "Testing", "Resources")


@pytest.mark.parametrize("package", ROOMS)
def test_no_module_imports_itself_in_a_circle(package: str) -> None:
    assert circles_in(arrows_of(ROOT / package)) == []


@pytest.mark.parametrize("package", ROOMS)
def test_imports_only_go_down(package: str) -> None:
    arrows = {name: others - {package} for name, others in arrows_of(ROOT / package).items() if name != package}
    assert upward_arrows(arrows, ROOMS[package]) == []


@pytest.mark.parametrize("package", ROOMS)
def test_an_init_only_exports_and_says_what_lives_here(package: str) -> None:
    for name, path in modules_of(ROOT / package).items():
        if path.name != "__init__.py" or name == "DentalTopoSegLib":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), f"{name} does not say what lives in it"
        made = [node.name for node in tree.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))]
        assert set(made) <= {"__getattr__", "__dir__"}, f"{name} defines {made}"


def test_the_tests_lie_in_the_rooms_they_test() -> None:
    tested = {path.name for path in (ROOT / "Testing" / "unit").iterdir() if any(path.glob("test_*.py"))}
    rooms = {path.name for path in (ROOT / "DentalTopoSegLib").iterdir() if (path / "__init__.py").is_file()}
    assert tested == (rooms - {"scene"}) | {
        "public",
        "readers",
        "training",
    }  # the scene's tests need Slicer: Testing/scene


def test_no_file_is_too_long() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for source in SOURCES
        for path in (ROOT / source).rglob("*.py")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    assert long == {}


def test_the_library_needs_neither_torch_nor_qt_and_only_its_scene_slicer() -> None:
    for name, path in modules_of(ROOT / "DentalTopoSegLib").items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                heads = {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                heads = {(node.module or "").partition(".")[0]}
            else:
                continue
            assert not heads & {"torch", "qt", "ctk", "PySide6"}, name
            assert "slicer" not in heads or room_of(name, ROOMS["DentalTopoSegLib"]) == "scene", name


def test_no_reader_catches_whatever_comes() -> None:
    """ruff's BLE001 forbids a bare `except Exception`; a reader may not silence it."""
    silenced = [
        path.name
        for path in (ROOT / "DentalTopoSegLib" / "files").rglob("*.py")
        if "BLE001" in path.read_text(encoding="utf-8")
    ]
    assert silenced == []


#: The one place that imports ONNX Runtime, silenced; the others show what happens where it is not.
ONNX_RUNTIME = ("networks/onnx_runtime.py", "unit/networks/test_onnx_runtime.py", "promises/traced_run.py")
_LOADS_IT = re.compile(
    r"\b(?:import|from)\s+onnxruntime\b|\w+(?:_module|_import__|skip)\(\s*[\"']onnxruntime|ORT_DISABLE_TELEMETRY"
)


def test_nobody_is_told_to_install_what_an_index_has_by_our_name() -> None:
    files = [path for package in ROOMS for path in (ROOT / package).rglob("*.py")]
    assert len(files) > 100
    assert not [path for path in files if re.search(r"pip install[^\n]*dentaltoposeg", path.read_text("utf-8"))]


def test_onnx_runtime_is_imported_in_one_place_which_silences_it() -> None:
    loud = [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for source in SOURCES
        for path in (ROOT / source).rglob("*.py")
        if not path.as_posix().endswith((*ONNX_RUNTIME, "architecture/test_house.py"))
        for found in _LOADS_IT.finditer(path.read_text(encoding="utf-8"))
    ]
    assert loud == []


# ---------------------------------------------------------------- the tests themselves, on a planted fault


@pytest.mark.parametrize(
    "planted",
    ["import onnxruntime", "import onnxruntime as ort", "from onnxruntime.quantization import x",
     "import_module('onnxruntime')", "pytest.importorskip(\"onnxruntime\")"],
)  # fmt: skip
def test_a_planted_import_of_onnx_runtime_is_seen(planted: str) -> None:
    assert _LOADS_IT.search(planted)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A sound little package: upper imports lower."""
    for name, text in {
        "__init__.py": "", "lower/__init__.py": "", "lower/stone.py": "WEIGHT = 1\n",
        "upper/__init__.py": "", "upper/roof.py": "from ..lower.stone import WEIGHT\n",
    }.items():  # fmt: skip
        (tmp_path / "house" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "house" / name).write_text(text, encoding="utf-8")
    return tmp_path / "house"


def test_a_sound_package_has_no_fault(house: Path) -> None:
    arrows = arrows_of(house)
    assert arrows["house.upper.roof"] == {"house.lower.stone"}
    assert circles_in(arrows) == []
    del arrows["house"]
    assert upward_arrows(arrows, ("lower", "upper")) == []


@pytest.mark.parametrize(
    "planted",
    [
        "from ..upper.roof import WEIGHT\n",
        "def later():\n    from ..upper import roof\n    return roof\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house.upper.roof import WEIGHT\n",
        "import house.upper.roof\n",
    ],
)
def test_a_planted_arrow_is_seen_as_a_circle_and_as_upward(house: Path, planted: str) -> None:
    (house / "lower" / "stone.py").write_text(planted, encoding="utf-8")
    arrows = arrows_of(house)
    assert circles_in(arrows) == [["house.lower.stone", "house.upper.roof"]]
    del arrows["house"]
    assert upward_arrows(arrows, ("lower", "upper")) == ["house.lower.stone -> house.upper.roof"]


def test_a_module_outside_all_rooms_is_refused(house: Path) -> None:
    (house / "loose.py").write_text("", encoding="utf-8")
    with pytest.raises(KeyError, match="loose"):
        room_of("house.loose", ("lower", "upper"))
