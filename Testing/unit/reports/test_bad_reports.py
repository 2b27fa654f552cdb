"""Reports that no run wrote: read where they make sense, else refused with file and place; nothing is ever written
outside the folder that the user gave."""

from __future__ import annotations

import copy
import gzip
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from odd_reports import mutant, write_run

from DentalTopoSegLib.checks.findings.finding import SEVERITIES
from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.dentition import FDI_DECIDUOUS, FDI_PERMANENT
from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.exports import FORMATS, export
from DentalTopoSegLib.files.json_schema import _BOUNDS, _INSIDE, _REMARKS, require_schema
from DentalTopoSegLib.files.json_text import read_json
from DentalTopoSegLib.reports.fusion_report import SCHEMA_FILE as FUSION_SCHEMA_FILE
from DentalTopoSegLib.reports.page import write_report_html
from DentalTopoSegLib.reports.repairs import repairs_told
from DentalTopoSegLib.reports.report import INTRAORAL, SCHEMA, SCHEMA_FILE, SCHEMA_VERSION, read_report
from DentalTopoSegLib.reports.text import findings_table, teeth_table
from DentalTopoSegLib.runs.job import SCHEMA_FILE as JOB_SCHEMA_FILE
from DentalTopoSegLib.runs.repairing import repair_file
from DentalTopoSegLib.runs.results import export_result, open_result

KINDS = ("volume", "jaw")
Change = Callable[[dict[str, Any]], Any]


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, Path]:
    """The reports of a small run of each kind, deep enough in a folder of their own to see what leaves it."""
    top = tmp_path_factory.mktemp("top")
    return {kind: write_run(top / kind / "deep" / "run", kind) for kind in KINDS}


@pytest.fixture(scope="module")
def reports(runs) -> dict[str, dict[str, Any]]:
    return {kind: json.loads(path.read_text(encoding="utf-8")) for kind, path in runs.items()}


def changed(path: Path, report: dict[str, Any], change: Change) -> Path:
    """The run's report with one change."""
    report = copy.deepcopy(report)
    change(report)
    path.write_text(json.dumps(report), encoding="utf-8")
    return path


def at(place: str, value: Any) -> Change:
    """Sets a place such as "teeth.0.fdi"."""

    def change(report: Any) -> None:
        *way, last = place.split(".")
        for key in way:
            report = report[int(key) if isinstance(report, list) else key]
        report[int(last) if isinstance(report, list) else last] = value

    return change


def without(place: str) -> Change:
    def change(report: Any) -> None:
        *way, last = place.split(".")
        for key in way:
            report = report[int(key) if isinstance(report, list) else key]
        del report[last]

    return change


def everything(top: Path) -> set[Path]:
    return set(top.rglob("*"))


# ---------------------------------------------------------------- what was crafted

NOT_BARE = ("../../escaped", "/nowhere/escaped", "..", "", "a\\..\\b", "C:x", "nul", "x\u202egnp", "x" * 300)


@pytest.mark.parametrize("name", NOT_BARE, ids=ascii)
@pytest.mark.parametrize("place", ["name", "files.segmentation", "files.report", "other_jaw"])
def test_a_name_that_leads_elsewhere_is_refused_by_every_export(runs, reports, place, name, capsys) -> None:
    path = changed(runs["volume"], reports["volume"], at(place, name))
    top, out = path.parents[2], path.parents[1] / "out"
    before = everything(top)
    for kind in ("csv", "html", "nifti", "json", "seg.nrrd"):
        assert cli.main(["export", str(path), "-o", str(out), "--format", kind, "--quiet"]) == InputError.exit_code
        assert f"'{path}' is damaged: {place} " in capsys.readouterr().err
    with pytest.raises(InputError, match=re.escape(f"is damaged: {place} ")):
        repair_file(path, path.parent / "new.seg.nrrd", all_safe=True)
    assert everything(top) == before


def test_no_export_writes_outside_its_folder_whatever_its_result_is_called(runs, reports, tmp_path) -> None:
    """Names are refused where they are read; were one let through, the file would still not leave the folder."""
    result = open_result(changed(runs["volume"], reports["volume"], lambda report: None))
    result.name = "../escaped"
    for kind in FORMATS:
        if kind.name in ("csv", "html", "nifti", "json", "seg.nrrd", "stl", "ply"):
            with pytest.raises(InputError, match="no bare file name"):
                export(result, tmp_path / "out", kind)
    assert everything(tmp_path) == set()


def test_a_result_s_name_stands_in_no_file_of_surfaces_or_voxels(runs, reports, tmp_path) -> None:
    """Nor do the words of its findings and teeth: segments, materials and comments are named by the library."""
    report = changed(runs["volume"], reports["volume"], at("name", "=Erika"))
    for form in ("stl", "obj", "ply", "glb", "nifti", "seg.nrrd"):
        for file in export_result(report, tmp_path / form, form)[0].values():
            content = file.read_bytes()
            content = gzip.decompress(content) if file.suffix == ".gz" else content
            assert file.name.startswith("=Erika_") and b"Erika" not in content, file


@pytest.mark.parametrize(
    ("kind", "change", "problem"),
    [
        ("volume", at("teeth.0", "x"), "teeth[0] is 'x', not a tooth"),
        ("volume", at("teeth.1", []), "teeth[1] is a list of 0, not a tooth"),
        ("volume", at("teeth.2", {}), "teeth[2].fdi is missing"),
        ("volume", without("teeth.0.volume_mm3"), "teeth[0].volume_mm3 is missing"),
        ("volume", at("teeth.3.fdi", "abc"), "teeth[3].fdi is 'abc', not a tooth number (FDI)"),
        ("volume", at("teeth.3.fdi", 19), "teeth[3].fdi is 19, not a tooth number (FDI)"),
        ("volume", at("teeth.3.fdi", 16.0), "teeth[3].fdi is 16.0, not a tooth number (FDI)"),
        ("volume", at("teeth.3.fdi", True), "teeth[3].fdi is true, not a tooth number (FDI)"),
        ("volume", at("teeth.1.fdi", 11), "teeth holds tooth 11 twice"),
        ("volume", at("teeth.0.confidence", 1.5), "teeth[0].confidence is 1.5, not a number from 0 to 1, or null"),
        ("volume", lambda r: r["teeth"].pop(), "count.lower is 14, but teeth holds 13"),
        ("volume", lambda r: r["teeth"].extend(r["teeth"]), "teeth has 56 entries, more than 52"),
        ("volume", without("findings"), "findings is missing"),
        ("volume", at("findings", "x"), "findings is 'x', not a list of findings"),
        ("volume", at("findings.1", -1), "findings[1] is -1, not a finding"),
        ("volume", at("findings.0.position_ras", -1), "findings[0].position_ras is -1, not a place (x, y, z) or null"),
        ("volume", at("findings.1.position_ras", [None]), "findings[1].position_ras[0] is null, not a number"),
        ("volume", at("findings.1.position_ras", [1]), "findings[1].position_ras has 1 entries, fewer than 3"),
        ("volume", without("findings.1.teeth"), "findings[1].teeth is missing"),
        ("volume", at("findings.1.teeth", []), "findings[1].teeth has 0 entries, fewer than 1"),
        ("volume", at("findings.1.severity", 1), 'findings[1].severity is 1, not "error", "warning" or "info"'),
        ("volume", at("findings.1.detail.jaw", "x"), 'findings[1].detail.jaw is \'x\', not "upper" or "lower"'),
        ("volume", at("findings.1.message", "x" * 5000), "findings[1].message has 5,000 characters, more than 4,000"),
        ("volume", lambda r: r.update(findings=r["findings"] * 1000), "findings has 3,000 entries, more than 2,000"),
        ("volume", at("warnings", ["\x1b[2J"]), "warnings[0] holds the character U+001B, which is no text"),
        (
            "volume",
            at("provenance.seconds.find the teeth", ""),
            "provenance.seconds.find the teeth is '', not a number of 0 or more",
        ),
        ("volume", at("count.total", 10**18), "count.total is a number beyond 9,007,199,254,740,992"),
        ("volume", at("kind", INTRAORAL), "jaw is missing"),
        ("volume", at("more", [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]),
         "it is nested more than 32 levels deep"),
        ("jaw", at("jaw", "<script>"), 'jaw is \'<script>\', not "upper" or "lower"'),
        ("jaw", at("mm_per_unit", 0), "mm_per_unit is 0, not a number above 0"),
        ("jaw", without("kind"), "teeth[0].volume_mm3 is missing"),
    ],
)  # fmt: skip
def test_what_does_not_belong_there_is_refused_with_its_place(runs, reports, kind, change, problem) -> None:
    path = changed(runs[kind], reports[kind], change)
    with pytest.raises(InputError) as refused:
        open_result(path)
    assert str(refused.value) == f"'{path}' is damaged: {problem}."


@pytest.mark.skipif(os.name == "nt", reason="links need a right of their own there")
def test_a_link_out_of_the_folder_is_followed_and_told(runs, reports, tmp_path) -> None:
    """Whoever keeps results laid the link there; what it leads to is no secret."""
    path = changed(runs["volume"], reports["volume"], lambda report: None)
    (tmp_path / path.name).write_bytes(path.read_bytes())
    target = path.with_name("volume_teeth.seg.nrrd")
    (tmp_path / target.name).symlink_to(target)
    assert f"'{target.name}' is a link to '{target}'." in open_result(tmp_path / path.name).warnings
    assert open_result(path).warnings == []


# ---------------------------------------------------------------- whatever it is


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=120, derandomize=True, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_every_mutant_is_read_or_refused(runs, reports, kind, seed) -> None:
    path = runs[kind]
    top, out = path.parents[2], path.parents[1] / "out"
    path.write_text(json.dumps(mutant(reports[kind], seed)), encoding="utf-8")
    before = everything(top)
    try:
        report = read_report(path)
        assert "Findings" in findings_table(report) and teeth_table(report)
        for finding in report["findings"]:
            repairs_told(finding)
        out.mkdir()
        page = write_report_html(report, out / "page.html").read_text(encoding="utf-8")
        assert page.count("<script") == 2  # its own, and what that knows
        written = [export_result(path, out, form)[0] for form in ("csv", "json", *(["nifti"] * (kind == "volume")))]
        assert all(file.parent == out for files in written for file in files.values())
        assert open_result(path).report == report
    except InputError as refused:
        assert str(path) in str(refused) or path.with_name(f"{kind}_teeth").name in str(refused)  # noqa: PT017
    written_outside = [file for file in everything(top) - before if file != out and out not in file.parents]
    for file in out.glob("*"):
        file.unlink()
    if out.exists():
        out.rmdir()
    assert written_outside == []


# ---------------------------------------------------------------- the schema itself


@pytest.mark.parametrize("file", [SCHEMA_FILE, JOB_SCHEMA_FILE, FUSION_SCHEMA_FILE], ids=lambda file: file.name)
def test_every_part_of_a_schema_is_one_that_is_read_and_has_its_words(file: Path) -> None:
    schema = read_json(file)

    def visit(definition: dict[str, Any], needs_title: bool = True) -> None:
        assert set(definition) <= {*_BOUNDS, *_INSIDE, *_REMARKS, "$ref"}
        if "$ref" in definition:
            assert set(definition) == {"$ref"}
            assert definition["$ref"].removeprefix("#/definitions/") in schema["definitions"]
            return
        assert "title" in definition or not needs_title
        for key in ("properties", "definitions"):
            for one in definition.get(key, {}).values():
                visit(one, needs_title)
        for key in ("items", "additionalProperties", "propertyNames"):
            if isinstance(definition.get(key), dict):
                visit(definition[key], needs_title)
        parts = [definition[key] for key in ("if", "then", "else") if key in definition]
        for one in (*definition.get("allOf", ()), *parts):
            visit(one, needs_title=False)

    visit(schema)


def test_the_schema_knows_what_the_library_knows() -> None:
    schema = read_json(SCHEMA_FILE)
    assert schema["properties"]["schema"]["const"] == SCHEMA
    assert max(schema["properties"]["schema_version"]["enum"]) == SCHEMA_VERSION
    assert schema["properties"]["kind"]["const"] == INTRAORAL
    assert schema["definitions"]["fdi"]["enum"] == [*FDI_PERMANENT, *FDI_DECIDUOUS]
    assert schema["definitions"]["fdi_or_null"]["enum"] == [*FDI_PERMANENT, *FDI_DECIDUOUS, None]
    finding = schema["definitions"]["finding"]["properties"]
    assert finding["severity"]["enum"] == list(SEVERITIES)
    assert list(finding["detail"]["properties"]["along_arch_mm"]["propertyNames"]["enum"]) == [
        str(fdi) for fdi in (*FDI_PERMANENT, *FDI_DECIDUOUS)
    ]


def test_the_library_and_other_programs_read_the_schema_alike(reports) -> None:
    """fastjsonschema is another reader of it; it takes 16.0 for a whole number, as the standard does."""
    fastjsonschema = pytest.importorskip("fastjsonschema")
    other = fastjsonschema.compile(read_json(SCHEMA_FILE), handlers={"https": None, "http": None})
    tried = refused = 0
    for kind in KINDS:
        for seed in range(100):
            report = mutant(reports[kind], seed)
            tried += 1
            try:
                require_schema(report, SCHEMA_FILE, "it")
            except InputError as problem:
                refused += 1
                if not re.search(r" is \d+(\.0|e\+\d+), not a (whole|tooth) number", str(problem)):
                    with pytest.raises(fastjsonschema.JsonSchemaValueException):
                        other(report)
                assert str(problem).startswith("it is damaged: ")  # noqa: PT017
            else:
                other(report)
    assert 0.5 * tried < refused < tried
