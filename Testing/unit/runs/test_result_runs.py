"""Results taken up again from the disk: repaired, and written in other formats; the commands repair and export."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from odd_teeth import CASES
from scan_files import write_file
from toy_jaws import ToyJaw, toy_jaw
from toy_teeth import TEETH, relabel, tidy, volume

from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.dentition import FDI_PERMANENT, mirrored
from DentalTopoSegLib.errors import InputError, NoTeethError, OutputError, UsageError
from DentalTopoSegLib.files.json_text import write_report_json
from DentalTopoSegLib.files.label_maps import read_fdi_labels, write_labelmap
from DentalTopoSegLib.files.meshes import read_mesh, write_ply
from DentalTopoSegLib.files.seg_nrrd import stored_confidence, write_seg_nrrd
from DentalTopoSegLib.reports.page import write_csv, write_report_html
from DentalTopoSegLib.runs.repairing import repair_file
from DentalTopoSegLib.runs.results import export_result, open_result


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A label map with two findings that are safe to repair and one that is not."""
    array = CASES["two tunnels"]()
    z, y, x = np.argwhere(array == 26).mean(0).astype(int)
    array[z : z + 3, y : y + 3, x : x + 2] = 0
    array = relabel(array, {14: 15, 15: 14})
    return write_seg_nrrd(volume(array), tmp_path / "Fall 7_teeth.seg.nrrd", dict.fromkeys(TEETH, 0.9) | {47: 0.95})


def labelled(path: Path, jaw: ToyJaw) -> Path:
    write_ply(path, jaw.vertices, jaw.faces, None, {"fdi": jaw.fdi})
    return path


@pytest.fixture
def jaw(tmp_path: Path) -> Path:
    """A labelled mesh with a hole in a crown."""
    toy = toy_jaw("upper")
    return labelled(tmp_path / "jaw_teeth.ply", toy.where(toy.near(16, (0, 0, 0), 1.6), 0))


# ---------------------------------------------------------------- repair


def test_all_that_is_safe_is_repaired_into_a_new_file(tmp_path: Path, broken: Path, capsys) -> None:
    before = broken.read_bytes()
    out = tmp_path / "new" / "repaired.seg.nrrd"
    assert cli.main(["repair", str(broken), "--all-safe", "-o", str(out), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert sorted(result["done"]) == ["Close the hole through tooth 36", "Fill what is hollow in tooth 26"]
    assert result["refused"] == []
    assert [finding["code"] for finding in result["findings"]] == ["order_broken"]
    assert broken.read_bytes() == before
    labels, _ = read_fdi_labels(out)
    assert stored_confidence(labels)[47] == 0.95
    assert [f.code for f in open_result(out).findings] == ["order_broken"]


def test_one_finding_is_repaired_by_its_number_in_the_list_of_check(tmp_path: Path, broken: Path, capsys) -> None:
    assert cli.main(["check", str(broken)]) == 0
    listed = capsys.readouterr().out
    number = re.search(r"^ +(\d+) \w+ +Teeth 14 and 15 do not stand", listed, re.MULTILINE)[1]
    out = tmp_path / "repaired.nii.gz"
    assert cli.main(["repair", str(broken), "--finding", number, "-o", str(out)]) == 0
    assert "Done: Renumber as they stand: 14 becomes 15, 15 becomes 14." in capsys.readouterr().out
    after = read_fdi_labels(out)[0].array
    for fdi in (14, 15):
        np.testing.assert_array_equal(after == fdi, tidy() == fdi)


def test_without_an_output_it_lists_what_can_be_done(broken: Path, capsys) -> None:
    assert cli.main(["repair", str(broken)]) == 0
    text = capsys.readouterr().out
    assert "--choice 1: Close the hole through tooth 36 (safe)" in text
    assert cli.main(["repair", str(broken), "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [finding["number"] for finding in findings] == [1, 2, 3]
    assert all(finding["repairs"] for finding in findings)


def test_a_number_is_given_where_one_is_needed(tmp_path: Path, capsys) -> None:
    path = write_labelmap(volume(CASES["doubled, one free"]()), tmp_path / "doubled.nii.gz")
    out = tmp_path / "out.nii.gz"
    command = ["repair", str(path), "--finding", "1", "--choice", "3", "-o", str(out)]
    assert cli.main(command) == 3
    assert "Give the FDI number (--number)" in capsys.readouterr().err
    assert cli.main([*command, "--number", "16"]) == 3
    assert "The number 16 is another tooth's" in capsys.readouterr().err
    assert not out.exists()
    assert cli.main([*command, "--number", "18"]) == 0
    assert 18 in read_fdi_labels(out)[0].array


def test_a_labelled_mesh_is_repaired_in_its_own_order(tmp_path: Path, jaw: Path) -> None:
    for name in ("out.vtp", "out.ply"):
        done = repair_file(jaw, tmp_path / name, all_safe=True)
        assert done.done == ["Fill what is hollow in tooth 16"]
        assert done.after == []
        read, _ = read_mesh(tmp_path / name)
        np.testing.assert_allclose(read.vertices, toy_jaw("upper").vertices, atol=1e-6)
        fdi = next(values for key, values in read.point_data.items() if key.lower() == "fdi")
        np.testing.assert_array_equal(fdi, toy_jaw("upper").fdi)
    swapped = labelled(tmp_path / "m.ply", toy_jaw("lower").numbered({f: mirrored(f) for f in FDI_PERMANENT}))
    assert repair_file(swapped, tmp_path / "back.vtp", finding=1).after == []


def test_repairs_are_refused_in_a_sentence_and_write_nothing(tmp_path: Path, broken: Path, jaw: Path) -> None:
    out = tmp_path / "out"
    clean = write_labelmap(volume(tidy()), tmp_path / "clean.nii.gz")
    gap = write_labelmap(volume(relabel(tidy(), {15: 0})), tmp_path / "gap.nii.gz")
    empty = write_labelmap(volume(np.zeros_like(tidy())), tmp_path / "empty.nii.gz")
    o = out / "o.nii.gz"
    cases = [
        (InputError, "has 3 finding.s.: choose one by its number, 1 to 3", broken, o, {"finding": 4}),
        (InputError, "has 1 possible repair", broken, o, {"finding": 1, "choice": 2}),
        (InputError, "No number is needed", broken, o, {"finding": 1, "number": 18}),
        (InputError, "no finding that can be repaired without looking", clean, o, {"all_safe": True}),
        (InputError, "Only a person can settle this finding: Tooth 15 was not found", gap, o, {"finding": 1}),
        (InputError, "is the file to be repaired", broken, broken, {"all_safe": True}),
        (UsageError, "must end in .vtp or .ply", jaw, out / "o.stl", {"all_safe": True}),
        (NoTeethError, "is empty", empty, o, {"all_safe": True}),
        (OutputError, "cannot be written", broken, clean / "o.nii.gz", {"all_safe": True}),
    ]
    for kind, text, path, target, options in cases:
        with pytest.raises(kind, match=text):
            repair_file(path, target, **options)
        assert not out.exists()


def test_a_repair_needs_to_know_what_and_where(broken: Path, capsys) -> None:
    assert cli.main(["repair", str(broken), "-o", "x.nii.gz"]) == 2
    assert "Say what to repair" in capsys.readouterr().err
    assert cli.main(["repair", str(broken), "--all-safe"]) == 2
    assert "Say where to write" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cli.main(["repair", str(broken), "--all-safe", "--finding", "1", "-o", "x"])


# ---------------------------------------------------------------- export


def test_label_maps_are_written_in_other_formats(tmp_path: Path, broken: Path, capsys) -> None:
    out = tmp_path / "out"
    for kind, name in (("nifti", "Fall 7_teeth.nii.gz"), ("seg.nrrd", "Fall 7_teeth.seg.nrrd")):
        assert cli.main(["export", str(broken), "-o", str(out), "--format", kind, "--quiet"]) == 0
        np.testing.assert_array_equal(read_fdi_labels(out / name)[0].array, read_fdi_labels(broken)[0].array)
    assert stored_confidence(read_fdi_labels(out / "Fall 7_teeth.seg.nrrd")[0])[47] == 0.95
    assert cli.main(["export", str(broken), "-o", str(out), "--format", "dicom-seg"]) == 3
    assert "give their folder with --scan" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cli.main(["export", str(broken), "-o", str(out), "--format", "fbx"])


def test_surfaces_of_both_kinds_of_results(tmp_path: Path, jaw: Path) -> None:
    pytest.importorskip("trimesh")
    files, _ = export_result(jaw, tmp_path / "jaw", "obj")
    assert len(files) == 15
    assert (tmp_path / "jaw" / "jaw_16.obj").exists()
    with pytest.raises(InputError, match="has no voxels for nifti"):
        export_result(jaw, tmp_path / "none", "nifti")
    pytest.importorskip("vtkmodules")
    few = write_labelmap(volume(np.where(tidy() < 13, tidy(), 0)), tmp_path / "few.nii.gz")
    files, _ = export_result(few, tmp_path / "few", "stl")
    assert sorted(path.name for path in files.values()) == ["few_11.stl", "few_12.stl"]
    assert not (tmp_path / "none").exists()


class Page(HTMLParser):
    """Text, table rows, scripts and outside references of a page; fails on tags that are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.rows, self.links, self.images, self.scripts = 0, [], [], 0
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        values = dict(attrs)
        self.links += [values[key] for key in ("href", "src") if key in values]
        if tag == "img":
            self.images += [values["src"]] if "src" in values else []
            assert values["alt"]
        self.rows += tag == "tr"
        self.scripts += tag == "script"
        assert tag not in ("link", "iframe", "object", "form")
        assert not [key for key in values if key.startswith("on") or key == "style"], "the policy lets none of it work"
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def test_the_page_is_self_contained_and_in_plain_words(tmp_path: Path, broken: Path) -> None:
    files, _ = export_result(broken, tmp_path / "out", "html")
    page = Page(files["html"].read_text(encoding="utf-8"))
    assert len(page.images) == 3 + 3  # from three sides, and of each finding
    assert all(link.startswith(("data:image/jpeg;base64,", "#")) for link in page.links)
    assert "not a medical device" in page.text
    assert "28 teeth: 14 upper, 14 lower." in page.text
    assert "Teeth 14 and 15 do not stand in the order of their numbers." in page.text
    assert "Possible repair: Close the hole through tooth 36." in page.text
    assert "Probably wrong: look at it" in page.text
    assert page.rows == 1 + 28
    assert [text for text in page.words if text.isdigit()].count("36") == 2  # in the chart and the table
    assert str(tmp_path) not in files["html"].read_text(encoding="utf-8")


def test_the_page_shows_slices_where_the_scan_is_given(tmp_path: Path, broken: Path, jaw: Path, monkeypatch) -> None:
    monkeypatch.setattr("DentalTopoSegLib.pictures.volumes.FINEST_PX_MM", 0.4)
    image = volume((tidy() > 0) * np.int16(1500) + np.random.default_rng(0).integers(0, 50, tidy().shape, np.int16))
    scan = write_file(image, tmp_path / "scan.nrrd")
    plain, _ = export_result(broken, tmp_path / "a", "html")
    slices, _ = export_result(broken, tmp_path / "b", "html", scan=scan)
    words = [Page(files["html"].read_text(encoding="utf-8")).text for files in (plain, slices)]
    for said in ("Panoramic view", "Axial slice through the upper teeth", "Coronal slice at the place"):
        assert [said in text for text in words] == [False, True]
    crown, _ = export_result(jaw, tmp_path / "c", "html")
    text = Page(crown["html"].read_text(encoding="utf-8")).text
    assert "Teeth, upper jaw, from the patient's right to left" in text
    assert "Patches of gum" in text


def test_names_cannot_break_the_page_or_the_table(tmp_path: Path, broken: Path) -> None:
    report = open_result(broken).report
    report["name"] = '=<script>alert("x")</script>'
    report["warnings"] = ["a < b & c"]
    page = Page(write_report_html(report, tmp_path / "p.html").read_text(encoding="utf-8"))
    assert "a < b & c" in page.text and "Teeth of =<script>" in page.text
    assert page.scripts == 2  # its own, and what that knows
    files = write_csv(report, tmp_path / "t_teeth.csv", tmp_path / "t_findings.csv")
    with files["teeth"].open(encoding="utf-8-sig", newline="") as stream:
        assert {row["scan"][0] for row in csv.DictReader(stream)} == {"'"}


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1+1", "'-1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1+1", "'\t'=1+1"),
        ("\r=1+1", "'\r'=1+1"),
        ("\n=1+1", "'\n'=1+1"),
        ("＝1+1", "'＝1+1"),
        ("a;=1+1", "a;'=1+1"),  # where cells end with semicolons
        ("a\n@b", "a\n'@b"),
        ("Tooth 16; it may be 15 - or 14 = x", "Tooth 16; it may be 15 - or 14 = x"),
        ("", ""),
    ],
)
def test_a_spreadsheet_takes_no_text_for_a_formula(tmp_path: Path, broken: Path, text: str, cell: str) -> None:
    report = open_result(broken).report
    report["name"] = text
    report["teeth"] = [{**row, "name": text, "=1+1": "a key that nobody knows"} for row in report["teeth"]]
    report["findings"] = [{**row, "message": text, "detail": {}} for row in report["findings"]]
    files = write_csv(report, tmp_path / "t_teeth.csv", tmp_path / "t_findings.csv")
    for kind, columns in (("teeth", ("scan", "name")), ("findings", ("message",))):
        with files[kind].open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert {row[column] for row in rows for column in columns} == {cell}
        assert "=1+1" not in rows[0]
    numbers = list(csv.DictReader(files["findings"].read_text(encoding="utf-8-sig").splitlines()))
    assert all(not row["x"].startswith("'") for row in numbers), "numbers stay numbers"


def test_the_page_loads_nothing_and_runs_its_own_scripts_alone(tmp_path: Path, broken: Path) -> None:
    """Not even if a text should get into it as it is: the policy names them by their SHA-256."""
    files, _ = export_result(broken, tmp_path / "out", "html")
    text = files["html"].read_text(encoding="utf-8")
    policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', text.split("<title>")[0])[1]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'" and "unsafe" not in policy
    assert rules["img-src"] == "data:"
    for element, rule in (("script", "script-src"), ("style", "style-src")):
        bodies = re.findall(f"<{element}>(.*?)</{element}>", text, re.DOTALL)
        hashes = [base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() for body in bodies]
        assert rules[rule].split() == [f"'sha256-{digest}'" for digest in hashes]


def test_tables_have_every_tooth_and_finding(tmp_path: Path, broken: Path) -> None:
    files, _ = export_result(broken, tmp_path / "out", "csv")
    with files["teeth"].open(encoding="utf-8-sig", newline="") as stream:
        teeth = list(csv.DictReader(stream))
    assert [int(row["fdi"]) for row in teeth] == sorted(TEETH)
    assert next(row for row in teeth if row["fdi"] == "47")["confidence"] == "0.95"
    with files["findings"].open(encoding="utf-8-sig", newline="") as stream:
        findings = list(csv.DictReader(stream))
    assert {row["code"] for row in findings} == {"order_broken", "tunnel", "void"}
    assert all(row["message"].endswith(".") and row["repair"] for row in findings)


@pytest.mark.parametrize(
    ("calibration", "told"), [("confidence-1", "4 of 10"), ("uncalibrated", "score is low (40 %)")]
)
def test_a_report_of_before_tells_what_its_confidences_are(tmp_path: Path, calibration: str, told: str) -> None:
    """In its provenance; the labels beside it do not know."""
    write_seg_nrrd(volume(tidy()), tmp_path / "case_teeth.seg.nrrd", {16: 0.4})
    report = open_result(tmp_path / "case_teeth.seg.nrrd").report
    del report["confidence_is"]
    report |= {"name": "case", "files": {"segmentation": "case_teeth.seg.nrrd"}}
    report["provenance"] = {"confidence": {"calibration": calibration}}
    path = write_report_json(report, tmp_path / "case_report.json")
    (doubt,) = (finding for finding in open_result(path).findings if finding.code == "low_confidence")
    assert told in doubt.message


def test_a_report_that_names_no_labels_says_so(tmp_path: Path, broken: Path) -> None:
    """As the export of a label map that no run has made."""
    files, _ = export_result(broken, broken.parent, "json")
    with pytest.raises(InputError, match="does not say which labels it reports on: give the label map"):
        open_result(files["json"])


def test_a_report_keeps_what_its_label_map_cannot(tmp_path: Path) -> None:
    write_labelmap(volume(tidy()), tmp_path / "case_teeth.nii.gz")
    report = open_result(tmp_path / "case_teeth.nii.gz").report
    report |= {"name": "case", "files": {"labels": "case_teeth.nii.gz"}}
    report["provenance"] = {"models": [{"id": "numbering-1"}], "seconds": {"read": 1.5}}
    path = write_report_json(report, tmp_path / "case_report.json")
    files, _ = export_result(path, tmp_path / "out", "html")
    assert files["html"].name == "case_report.html"
    assert "Networks numbering-1 Computing time 1.5 s" in Page(files["html"].read_text(encoding="utf-8")).text
    (tmp_path / "case_teeth.nii.gz").unlink()
    with pytest.raises(InputError, match="are not beside it"):
        export_result(path, tmp_path / "out", "csv")
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(InputError, match="is no report of DentalTopoSeg"):
        open_result(tmp_path / "other.json")
