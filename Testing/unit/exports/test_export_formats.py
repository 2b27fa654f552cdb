"""Every export format there is: written from a label map and from a jaw and read back, or refused with the reason."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from scan_files import toy_dentition
from toy_jaws import toy_jaw

from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.exports import FORMATS, ExportFormat, Group, Scan, export_format
from DentalTopoSegLib.exports.tooth_surfaces import VTK
from DentalTopoSegLib.files.label_maps import read_fdi_labels
from DentalTopoSegLib.files.meshes import write_ply
from DentalTopoSegLib.files.seg_nrrd import write_seg_nrrd
from DentalTopoSegLib.reports.report import read_report
from DentalTopoSegLib.runs.results import export_result

ROOT = Path(__file__).resolve().parents[3]
FEW = (11, 16, 36)


@pytest.fixture
def label_map(tmp_path: Path) -> Path:
    _, labels = toy_dentition()
    few = np.where(np.isin(labels.array, FEW), labels.array, 0).astype(np.uint8)
    return write_seg_nrrd(labels.with_array(few), tmp_path / "toy.seg.nrrd", dict.fromkeys(FEW, 0.9))


@pytest.fixture
def jaw(tmp_path: Path) -> Path:
    toy = toy_jaw("upper", absent=tuple(fdi for fdi in (*range(11, 18), *range(21, 28)) if fdi not in FEW))
    return write_ply(tmp_path / "toy.ply", toy.vertices, toy.faces, None, {"fdi": toy.fdi})


# ---------------------------------------------------------------- how each format is read back: the teeth in the files


def _by_names(files: list[Path]) -> set[int]:
    """One surface per file."""
    trimesh = pytest.importorskip("trimesh")
    for file in files:
        assert len(trimesh.load(file, force="mesh").faces) > 10
    names = [re.search(r"_(\d\d|gingiva)\.", file.name)[1] for file in files]
    return {int(name) for name in names if name != "gingiva"}


def _by_nodes(files: list[Path]) -> set[int]:
    nodes = pytest.importorskip("trimesh").load(files[0]).geometry
    return {int(name) for name in nodes if name != "gingiva"}


def _by_voxels(files: list[Path]) -> set[int]:
    return set(np.unique(read_fdi_labels(files[0])[0].array).tolist()) - {0}


def _by_segments(files: list[Path]) -> set[int]:
    seg = pytest.importorskip("highdicom").seg.segread(files[0])
    return {int(seg.get_segment_description(i).segment_label[:2]) for i in seg.segment_numbers}


def _by_titles(files: list[Path]) -> set[int]:
    import pydicom

    return {int(pydicom.dcmread(file).DocumentTitle[:2]) for file in files}


def _by_rows(files: list[Path]) -> set[int]:
    teeth, findings = (list(csv.DictReader(file.open(encoding="utf-8-sig", newline=""))) for file in files)
    assert [row["number"] for row in findings] == [str(i) for i in range(1, len(findings) + 1)]
    return {int(row["fdi"]) for row in teeth}


def _by_cells(files: list[Path]) -> set[int]:
    rows: list[int] = []
    page = HTMLParser()
    page.handle_starttag = lambda tag, given: rows.extend(
        int(dict(given)["data-tooth"]) for _ in "." if tag == "tr" and given
    )
    text = files[0].read_text(encoding="utf-8")
    page.feed(text)
    assert "data:image/jpeg;base64," in text and 'id="model-data"' in text
    assert len(rows) == len(set(rows))
    return set(rows)


def _by_report(files: list[Path]) -> set[int]:
    return {row["fdi"] for row in read_report(files[0])["teeth"]}


READERS: dict[str, Callable[[list[Path]], set[int]]] = {
    "stl": _by_names,
    "obj": _by_names,
    "ply": _by_names,
    "glb": _by_nodes,
    "nifti": _by_voxels,
    "seg.nrrd": _by_voxels,
    "dicom-seg": _by_segments,
    "dicom-stl": _by_titles,
    "html": _by_cells,
    "csv": _by_rows,
    "json": _by_report,
}


def _importable(kind: ExportFormat, labels: bool) -> None:
    """Skip where what the format needs is not installed."""
    for package in kind.packages:
        pytest.importorskip(re.split(r"\W", package.requirement)[0])
    if (kind.group is Group.SURFACES and labels) or kind.name == "html":
        pytest.importorskip("vtkmodules", reason="surfaces of label maps and the page's 3D view need VTK")


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.name)
def test_a_label_map_is_read_back(tmp_path: Path, label_map: Path, kind: ExportFormat, series: Path) -> None:
    _importable(kind, labels=True)
    scan = series if kind.scan is Scan.DICOM_NEEDED else None
    files, warnings = export_result(label_map, tmp_path / "out", kind.name, scan=scan)
    written = sorted((tmp_path / "out").iterdir())
    assert sorted(files.values()) == written and warnings == []
    assert READERS[kind.name](list(files.values())) == set(FEW)
    pattern = re.escape(kind.pattern).replace(r"\{name\}", "toy").replace(r"\{part\}", r"\w+")
    assert all(re.fullmatch(pattern, file.name) for file in written)


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.name)
def test_a_jaw_is_read_back_or_refused(tmp_path: Path, jaw: Path, kind: ExportFormat) -> None:
    _importable(kind, labels=False)
    if not kind.jaws:
        with pytest.raises(InputError, match=f"has no voxels for {re.escape(kind.name)}; use stl, obj"):
            export_result(jaw, tmp_path / "out", kind.name)
        assert not (tmp_path / "out").exists()
        return
    files, _ = export_result(jaw, tmp_path / "out", kind.name)
    assert READERS[kind.name](list(files.values())) == {11, 16}


def test_the_command_and_the_packages_follow_the_registry(capsys) -> None:
    with pytest.raises(SystemExit):
        cli.main(["export", "--help"])
    assert "{" + ",".join(kind.name for kind in FORMATS) + "}" in re.sub(r"\s", "", capsys.readouterr().out)
    tomllib = pytest.importorskip("tomllib", reason="Python 3.11 and later read pyproject.toml themselves")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for package in {package for kind in FORMATS for package in kind.packages}:
        assert package.requirement in extras[package.extra]
    assert VTK in extras["export"]


def test_every_format_is_its_own() -> None:
    assert len({kind.name for kind in FORMATS}) == len(FORMATS) == len({kind.pattern for kind in FORMATS})
    assert set(READERS) == {kind.name for kind in FORMATS}
    with pytest.raises(InputError, match="The format 'fbx' is unknown: use stl, obj"):
        export_format("fbx")


def test_the_registry_costs_nothing_to_look_at() -> None:
    heavy = ("vtkmodules", "trimesh", "highdicom", "pydicom", "SimpleITK", "scipy", "PIL", "onnxruntime")
    code = f"import sys, DentalTopoSegLib.exports; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def test_surfaces_are_written_without_checking_anything(tmp_path: Path, jaw: Path, monkeypatch) -> None:
    """An export does not do more than it needs: the checks are for reports."""

    def fail(*_: object, **__: object) -> None:
        pytest.fail("checked")

    monkeypatch.setattr("DentalTopoSegLib.checks.findings.check_cases", fail)
    files, _ = export_result(jaw, tmp_path / "out", "stl")
    assert len(files) == 3
    assert json.dumps(sorted(files)) == '["gingiva", "tooth_11", "tooth_16"]'


@pytest.mark.parametrize("name", [kind.name for kind in FORMATS if kind.report_only])
def test_labels_beside_a_report_are_not_read_for_the_report_alone(tmp_path: Path, monkeypatch, name: str) -> None:
    report = ROOT / "Testing" / "data" / "before" / "files" / "volume_report.json"
    monkeypatch.setattr("DentalTopoSegLib.runs.results.read_teeth", lambda *_: pytest.fail("read"))
    files, warnings = export_result(report, tmp_path / "out", name)
    assert len(READERS[name](list(files.values()))) == 28
    assert warnings == []
