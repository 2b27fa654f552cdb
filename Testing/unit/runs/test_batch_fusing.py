"""Cases of a batch that are fused: each part's results stay, what is done is not done again, a refusal is a row.

Networks are replaced by the truth of a phantom; files, reports and the fusion itself are the real ones.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fusion_scenes import WRONG, fdi_of, known_of_cbct, known_of_scan, patient

from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.jaw_labels import write_labelled_mesh
from DentalTopoSegLib.files.json_text import write_report_json
from DentalTopoSegLib.files.label_maps import write_labelmap
from DentalTopoSegLib.files.meshes import write_vtp
from DentalTopoSegLib.files.meshes.geometry import labels_of_faces
from DentalTopoSegLib.files.volumes import write_volume
from DentalTopoSegLib.options import RunOptions
from DentalTopoSegLib.reports.checksums import add_checksums
from DentalTopoSegLib.reports.fusion_report import read_fusion_report
from DentalTopoSegLib.runs import working
from DentalTopoSegLib.runs.batch import run_batch
from DentalTopoSegLib.runs.cases import Item, items_of_table, read_cases, with_fusions
from DentalTopoSegLib.runs.checking import examine_jaw, examine_label_map
from DentalTopoSegLib.runs.course import Course
from DentalTopoSegLib.runs.job import JobFile
from DentalTopoSegLib.runs.sizes import memory_of

pytest.importorskip("small_gicp", reason="python -m pip install small_gicp")
pytest.importorskip("vtkmodules", reason="python -m pip install vtk")
pytest.importorskip("trimesh", reason="python -m pip install trimesh")


@pytest.fixture
def truth(monkeypatch):
    """run_job whose networks know the truth, but for one tooth of the upper scan; `done` holds the jobs."""
    phantom, scans = patient()
    done = []

    def run_job(job, options, tell, tail=None):
        done.append(job)
        out = Path(job.output)
        out.mkdir(exist_ok=True)
        if job.kind == "fusion":
            from DentalTopoSegLib.errors import as_refusal, refusal_body
            from DentalTopoSegLib.runs.watching import RefusedInsideError

            try:
                return working._segment(JobFile(job, RunOptions(threads=1)), out, tell)
            except InputError as error:
                raise RefusedInsideError({"event": "error", **refusal_body(as_refusal(error))}) from error
        if job.kind == "volume":
            known = known_of_cbct(phantom)
            report = examine_label_map(phantom.labels, dict.fromkeys(phantom.teeth, 0.97), name=job.name, known=known)
            files = {"labels": f"{job.name}_teeth.nii.gz"}
            write_labelmap(phantom.labels, out / files["labels"])
            _write(report.report, files, job.name, out)
            return {}
        jaws = job.jaws or ["upper", "lower"]
        for jaw in jaws:
            scan = scans[jaw]
            wrong = WRONG if jaw == "upper" else {}
            fdi = fdi_of(scan, wrong)[scan.labelled.mesh.file_vertex]
            on_surface = fdi_of(scan, wrong)
            surface = scan.labelled.surface
            kept = surface.of_vertex >= 0
            numbers = scan.labelled.fdi.copy()
            numbers[surface.of_vertex[kept]] = on_surface[kept]
            assert len(fdi)
            labelled = replace(scan.labelled, fdi=numbers, face_fdi=labels_of_faces(numbers, surface.faces))
            examined = examine_jaw(labelled, known=known_of_scan(scan, wrong), jaw=jaw)
            name = f"{job.name}_{jaw}" if len(jaws) == 2 else job.name
            files = {"mesh": f"{name}_teeth.vtp"}
            write_labelled_mesh(out / files["mesh"], scan.labelled.mesh, examined.jaw)
            report = {**examined.report, "name": name}
            if len(jaws) == 2:
                report["other_jaw"] = f"{job.name}_{'lower' if jaw == 'upper' else 'upper'}"
            _write(report, files, name, out)
        return {}

    monkeypatch.setattr("DentalTopoSegLib.runs.watching.run_job", run_job)
    run_job.done = done
    return run_job


def _write(report: dict, files: dict[str, str], name: str, out: Path) -> None:
    report["files"] = {**files, "report": f"{name}_report.json"}
    write_report_json(add_checksums(report, out), out / f"{name}_report.json")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of two cases: one has all three scans, the other a CBCT alone."""
    phantom, scans = patient()
    folder = tmp_path / "scans"
    folder.mkdir()
    write_volume(phantom.image, folder / "cbct.nii.gz")
    write_volume(phantom.image, folder / "alone.nii.gz")
    for jaw, scan in scans.items():
        write_vtp(folder / f"{jaw}.vtp", scan.labelled.mesh.vertices, scan.labelled.mesh.faces)
    path = tmp_path / "cases.csv"
    path.write_text("case,cbct,upper,lower\nA,cbct.nii.gz,upper.vtp,lower.vtp\nB,alone.nii.gz,,\n", encoding="utf-8")
    return path


def test_a_case_with_a_cbct_and_jaws_is_one_item(table: Path) -> None:
    items = with_fusions(items_of_table(read_cases(table, table.parent / "scans"), table.parent / "scans"))
    assert [(item.name, item.kind, len(item.inputs), item.pair, item.mesh) for item in items] == [
        ("A", "fusion", 3, False, False),
        ("B_cbct", "volume", 1, False, False),
    ]
    assert [part.name for part in items[0].parts] == ["A_cbct", "A"]
    assert items[0].scan == "cbct.nii.gz + upper.vtp + lower.vtp"
    parts = [memory_of(part, RunOptions()) for part in items[0].parts]
    assert max(parts) < memory_of(items[0], RunOptions()) < sum(parts)
    course = Course(items, lambda: 0.0)
    assert course.at(0, "A", {"fraction": 0.5}).fraction == 0.25


def test_cases_are_fused_and_not_again(truth, table: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run = lambda **more: run_batch(table.parent / "scans", out, table=table, fuse=True, **more)  # noqa: E731
    rows = {row["name"]: row for row in run().rows}
    assert [job.kind for job in truth.done] == ["volume", "mesh", "fusion", "volume"]
    assert rows["A"]["state"] == rows["B_cbct"]["state"] == "done"
    assert rows["A"]["teeth"] == 10
    assert rows["A"]["results"] == ["A_cbct", "A_upper", "A_lower", "A"]
    report = read_fusion_report(out / "A_fusion.json")
    assert report["jaws"][0]["numbers"]["changed_in_scan"] == {"14": 13}  # found by what the reports keep
    assert "A_fusion.png" in (out / "summary.html").read_text(encoding="utf-8")

    assert {row["name"]: row["state"] for row in run().rows} == {"A": "done before", "B_cbct": "done before"}
    assert len(truth.done) == 4
    (out / "A_fused_11.stl").unlink()
    assert {row["name"]: row["state"] for row in run().rows} == {"A": "done", "B_cbct": "done before"}
    assert [job.kind for job in truth.done[4:]] == ["fusion"]
    (out / "A_upper_teeth.vtp").write_bytes((out / "A_upper_teeth.vtp").read_bytes() + b"\n")
    rows = {row["name"]: row for row in run().rows}
    assert rows["A"]["state"] == "changed" and "A_upper_teeth.vtp" in rows["A"]["message"]


def test_a_refused_fusion_is_a_row_and_the_parts_stay(truth, table: Path, tmp_path: Path, monkeypatch) -> None:
    from DentalTopoSegLib.runs import fusing

    def refuse(pose, name, jaw):
        raise InputError(f"'{name}' does not fit the {jaw} jaw of the CBCT.")

    monkeypatch.setattr(fusing, "refuse_pose", refuse)
    out = tmp_path / "out"
    rows = {row["name"]: row for row in run_batch(table.parent / "scans", out, table=table, fuse=True).rows}
    assert (rows["A"]["state"], rows["A"]["exit_code"]) == ("failed", 3)
    assert "does not fit the upper jaw" in rows["A"]["message"]
    assert rows["B_cbct"]["state"] == "done"
    assert (out / "A_cbct_report.json").is_file() and not list(out.glob("*fus*"))


def test_what_cannot_be_fused_is_refused_before_the_work(table: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    assert cli.main(["batch", str(table.parent / "scans"), "-o", str(out), "--fuse"]) == 2
    assert "belongs to one case: give a table" in capsys.readouterr().err
    table.write_text("case,cbct\nB,alone.nii.gz\n", encoding="utf-8")
    assert cli.main(["batch", str(table.parent / "scans"), "-o", str(out), "--fuse", "--table", str(table)]) == 3
    assert "No case has a CBCT and the scan of a jaw" in capsys.readouterr().err
    assert not out.exists()


def test_a_case_of_which_a_part_cannot_be_read_is_left_as_it_is() -> None:
    cbct = Item((Path("a.nii.gz"),), "A_cbct", "a", "volume", "A", reason="no permission")
    jaw = Item((Path("a.stl"),), "A_upper", "a", "mesh", "A")
    assert with_fusions([cbct, jaw]) == [cbct, jaw]


def test_a_summary_is_json_too(truth, table: Path, tmp_path: Path, capsys) -> None:
    argv = [
        "batch",
        str(table.parent / "scans"),
        "-o",
        str(tmp_path / "out"),
        "--fuse",
        "--table",
        str(table),
        "--json",
    ]
    assert cli.main(argv) == 0
    rows = json.loads(capsys.readouterr().out)["scans"]
    assert [row["fused"] for row in rows if "fused" in row] == ["A"]
