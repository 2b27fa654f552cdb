"""The jaws and the CBCT of a case brought together: by folders and names, or by a table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mesh_files import dome, stl_binary

from DentalTopoSegLib.dentition import Stated
from DentalTopoSegLib.errors import InputError, UsageError
from DentalTopoSegLib.runs.batch import run_batch
from DentalTopoSegLib.runs.case_folders import jaw_of_name, name_without_jaw
from DentalTopoSegLib.runs.cases import items_of_folder, items_of_table, read_cases
from DentalTopoSegLib.runs.scans import look_through

MESH = stl_binary(*dome())


def fill(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(MESH if name.endswith(".stl") else b"scan")
    return root


def told(root: Path, pairing: bool = True) -> list[tuple[str, str, str]]:
    return [(item.scan, item.name, item.case) for item in items_of_folder(root, look_through(root, None), pairing)]


def test_the_jaws_of_a_folder_are_one_and_its_cbct_is_of_the_same_case(tmp_path: Path) -> None:
    root = fill(tmp_path, "P1/UpperJawScan.stl", "P1/LowerJawScan.stl", "P1/bite.stl", "P1/CBCT/scan.nii.gz", "x.nrrd")
    assert told(root) == [
        ("P1/CBCT/scan.nii.gz", "P1_CBCT_scan", "P1"),
        ("P1/UpperJawScan.stl + P1/LowerJawScan.stl", "P1", "P1"),
        ("P1/bite.stl", "P1_bite", ""),
        ("x.nrrd", "x", ""),
    ]
    assert len(told(root, pairing=False)) == 5, "only where it is wanted"
    (pair,) = [item for item in items_of_folder(root, look_through(root, None), True) if item.pair]
    assert pair.mesh and [path.name for path in pair.inputs] == ["UpperJawScan.stl", "LowerJawScan.stl"]


def test_many_cases_in_one_folder_go_by_their_names(tmp_path: Path) -> None:
    names = (
        "a_upper.stl",
        "a_lower.stl",
        "a.nii.gz",
        "b OK.stl",
        "b UK.stl",
        "c_maxilla.stl",
        "d_mandible.stl",
        "e.nii",
    )
    assert told(fill(tmp_path, *names)) == [
        ("a.nii.gz", "a", "a"),
        ("a_upper.stl + a_lower.stl", "a_2", "a"),
        ("b OK.stl + b UK.stl", "b", "b"),
        ("c_maxilla.stl", "c_maxilla", ""),
        ("d_mandible.stl", "d_mandible", ""),
        ("e.nii", "e", ""),
    ]


def test_what_is_not_certain_stays_apart(tmp_path: Path) -> None:
    fill(tmp_path / "two_cbct", "upper.stl", "lower.stl", "one.nii", "two.nii")
    fill(tmp_path / "both_words", "upper_lower.stl", "lower.stl")
    fill(tmp_path / "three", "upper1.stl", "upper2.stl", "lower.stl")
    fill(tmp_path / "other_patient", "upper.stl", "lower.stl", "P2/scan.nii", "P2/x.stl")
    cases = {scan: case for scan, _, case in told(tmp_path)}
    assert cases["two_cbct/upper.stl + two_cbct/lower.stl"] == "two_cbct"
    assert {scan for scan, case in cases.items() if case} == {
        "two_cbct/upper.stl + two_cbct/lower.stl",
        "other_patient/upper.stl + other_patient/lower.stl",
    }


def test_names_without_the_jaw() -> None:
    assert jaw_of_name(Path("UpperJawScan.stl")) == "upper" and jaw_of_name(Path("upper_lower.stl")) is None
    pairs = [
        ("12_Maxillary", "12_Mandibular"),
        ("M OK", "M UK"),
        ("Oberkiefer-3", "Unterkiefer-3"),
        ("x_upper_jaw", "x"),
    ]
    for upper, lower in pairs:
        assert name_without_jaw(Path(upper + ".stl")) == name_without_jaw(Path(lower + ".stl")) != ""


# ---------------------------------------------------------------- the table


def table(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    (folder / "cases.csv").write_bytes(text.encode(encoding))
    return folder / "cases.csv"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_names_the_scans_and_what_is_known(tmp_path: Path, separator: str) -> None:
    lines = (
        "Case,CBCT,upper,lower,absent,dentition,orientation",
        'Müller,m/cbct,m/up.stl,m/lo.stl,"14 24",permanent,LPS',
        "",
        "P2,,p2.stl,,,,",
        "P3,p3.nii.gz,,,,mixed,",
    )
    path = table(tmp_path, "\ufeff" + "\r\n".join(line.replace(",", separator) for line in lines))
    cases = read_cases(path)
    assert [case.name for case in cases] == ["Müller", "P2", "P3"]
    assert cases[0].scans == {kind: tmp_path / "m" / name for kind, name in
                              (("cbct", "cbct"), ("upper", "up.stl"), ("lower", "lo.stl"))}  # fmt: skip
    assert cases[0].stated == Stated(frozenset({14, 24}), False) and cases[1].stated is None
    items = items_of_table(cases, tmp_path)
    assert [(item.scan, item.name, item.mesh, item.pair, item.jaw) for item in items] == [
        ("m/cbct", "Müller_cbct", False, False, None),
        ("m/up.stl + m/lo.stl", "Müller", True, True, None),
        ("p2.stl", "P2_upper", True, False, "upper"),
        ("p3.nii.gz", "P3_cbct", False, False, None),
    ]
    assert [item.orientation for item in items] == ["LPS", None, None, None]
    assert read_cases(path, "elsewhere")[1].scans == {"upper": Path("elsewhere/p2.stl")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty (0 bytes)"),
        ("case,uper\nA,a.stl", "has the column 'uper', which there is not: the columns are case, cbct,"),
        ("case,upper,upper\nA,a,b", "has one twice"),
        ("case,absent\nA,14", "lacks columns"),
        ("case,upper\n,a.stl", "line 2 has no case"),
        ("case,upper\nA,", "line 2 names no scan"),
        ("case,upper\nA,a.stl\n\na,b.stl", "line 4: the case 'a' is in line 2 too"),
        ("case,upper\nA,a.stl\nB,a.stl", "a.stl' is in line 2 too"),
        ("case,upper\nA,a.stl,b.stl", "line 2 has more cells than columns"),
        ("case,upper,absent\nA,a.stl,19", "line 2: '19' is no FDI tooth number"),
        ("case,upper,dentition\nA,a.stl,adult", "the dentition is 'adult'; use permanent or mixed."),
        ("case,cbct,orientation\nA,a.nii,XYZ", "line 2: "),
        ("case,upper\n", "names no case"),
        ("case,upper\nA,a\0.stl", "characters that no name has"),
    ],
)
def test_what_is_no_table_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read_cases(table(tmp_path, text))
    assert "cases.csv'" in str(caught.value) and said in str(caught.value)


def test_files_that_cannot_be_a_table(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not UTF-8 text: save"):
        read_cases(table(tmp_path, "case,upper\nMüller,a.stl", "latin-1"))
    with pytest.raises(InputError, match=r"absent\.csv"):
        read_cases(tmp_path / "absent.csv")


def test_a_batch_of_a_table_does_each_as_it_is_known(tmp_path: Path, monkeypatch) -> None:
    before = Path(__file__).resolve().parents[2] / "data" / "before" / "files" / "volume_report.json"
    jobs = []

    def run_job(job, options, tell, tail=None):
        jobs.append((job, options))
        for name in (f"{job.name}_upper", f"{job.name}_lower") if len(job.inputs) == 2 else (job.name,):
            report = json.loads(before.read_text(encoding="utf-8"))
            other = {"upper": "lower", "lower": "upper"}[name[-5:]] if len(job.inputs) == 2 else None
            report |= {"name": name, "files": {"report": f"{name}_report.json"}}
            report |= {"other_jaw": f"{job.name}_{other}"} if other else {}
            Path(job.output).mkdir(exist_ok=True)
            (Path(job.output) / f"{name}_report.json").write_text(json.dumps(report))
        return {}

    monkeypatch.setattr("DentalTopoSegLib.runs.watching.run_job", run_job)
    fill(tmp_path, "c.nii", "u.stl", "l.stl", "u2.stl")
    text = "case,cbct,upper,lower,absent,orientation\nA,c.nii,u.stl,l.stl,18,LPS\nB,,u2.stl,,,\nC,gone.nii,,,,\n"
    path = table(tmp_path, text)
    batch = run_batch(None, tmp_path / "out", table=path, subfolders=True)
    assert [(row["scan"], row["case"], row["state"], row["results"]) for row in batch.rows] == [
        ("c.nii", "A", "done", ["A_cbct"]),
        ("u.stl + l.stl", "A", "done", ["A_upper", "A_lower"]),
        ("u2.stl", "B", "done", ["B_upper"]),
        ("gone.nii", "C", "done", ["C_cbct"]),  # the toy opens no file
    ]
    assert [(job.kind, job.jaws, job.orientation, options.absent) for job, options in jobs] == [
        ("volume", None, "LPS", {18}),
        ("mesh", None, None, {18}),
        ("mesh", ["upper"], None, frozenset()),
        ("volume", None, None, frozenset()),
    ]
    assert [Path(job.output).name for job, _ in jobs] == ["A_cbct", "A", "B_upper", "C_cbct"]
    page = (tmp_path / "out" / "summary.html").read_text(encoding="utf-8")
    assert '<a href="./A/A_lower_report.json">A_lower</a>' in page
    assert run_batch(None, tmp_path / "out", table=path, subfolders=True).count("done before") == 2, "of A 18 is stated"
    with pytest.raises(UsageError, match="leave --cases out"):
        run_batch(None, tmp_path / "out", table=path, cases=True)
    with pytest.raises(UsageError, match="Give the folder"):
        run_batch(None, tmp_path / "out")
