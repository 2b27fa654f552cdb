"""What the clinician states before a run and after it: in files, reports, jobs, batches and commands."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from scan_files import toy_dentition, write_file
from toy_jaws import toy_jaw
from toy_teeth import TEETH, evidence, relabel, tidy, volume

from DentalTopoSegLib.cbct import Segmentation
from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.dentition import Known, Stated
from DentalTopoSegLib.errors import InputError, UsageError
from DentalTopoSegLib.files.json_text import write_report_json
from DentalTopoSegLib.files.label_maps import read_fdi_labels, write_labelmap
from DentalTopoSegLib.files.meshes import read_mesh
from DentalTopoSegLib.files.meshes.labelled import write_labelled_vtp
from DentalTopoSegLib.files.seg_nrrd import stored_known, write_seg_nrrd
from DentalTopoSegLib.files.volumes import read_labels
from DentalTopoSegLib.options import RunOptions
from DentalTopoSegLib.reports.checksums import add_checksums
from DentalTopoSegLib.reports.page import write_report_html
from DentalTopoSegLib.reports.report import known_of, read_report
from DentalTopoSegLib.reports.text import teeth_table
from DentalTopoSegLib.runs.checking import check_file, examine_label_map
from DentalTopoSegLib.runs.job import Job, JobFile
from DentalTopoSegLib.runs.repairing import repair_file
from DentalTopoSegLib.runs.results import open_result
from DentalTopoSegLib.runs.rows import row_before
from DentalTopoSegLib.runs.segmenting import segment

#: Tooth 14 was extracted and the gap has closed: 15, 16 and 17 are called 14, 15 and 16.
CALLED = [fdi for fdi in TEETH if fdi != 17]
KNOWN = Known(Stated(frozenset({38})), {fdi: basis for fdi, basis in evidence().items() if fdi in CALLED})
RIGHT = [fdi for fdi in TEETH if fdi != 14]


def closed_gap() -> np.ndarray:
    return relabel(tidy(), {14: 0, 15: 14, 16: 15, 17: 16})


@pytest.fixture
def result(tmp_path: Path) -> Path:
    """A run's label maps and report."""
    labels = volume(closed_gap())
    report = examine_label_map(labels, dict.fromkeys(CALLED, 0.9), name="case", known=KNOWN).report
    report["files"] = {
        "labels": "case_teeth.nii.gz",
        "segmentation": "case_teeth.seg.nrrd",
        "report": "case_report.json",
    }
    write_labelmap(labels, tmp_path / "case_teeth.nii.gz")
    write_seg_nrrd(labels, tmp_path / "case_teeth.seg.nrrd", dict.fromkeys(CALLED, 0.9), KNOWN)
    return write_report_json(add_checksums(report, tmp_path), tmp_path / "case_report.json")


def teeth_in(path: Path) -> list[int]:
    return [int(fdi) for fdi in np.unique(read_fdi_labels(path)[0].array) if fdi]


# ---------------------------------------------------------------- before a run


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[RunOptions]:
    """The options that the segmentation is asked with."""
    found: list[RunOptions] = []

    def segment_volume(scan, options):
        found.append(options)
        labels = scan.with_array(toy_dentition()[1].array)
        return Segmentation(labels, {}, {}, known=Known(Stated(options.absent, options.milk)))

    monkeypatch.setattr("DentalTopoSegLib.cbct.segment_volume", segment_volume)
    return found


def test_the_command_hands_over_what_is_stated(tmp_path: Path, asked: list[RunOptions], capsys) -> None:
    scan = write_file(toy_dentition()[0], tmp_path / "toy.nii.gz")
    command = ["segment", str(scan), "-o", str(tmp_path / "out"), "--absent", "38,48", "--dentition", "permanent"]
    assert cli.main(command) == 0
    assert (asked[0].absent, asked[0].milk) == ({38, 48}, False)
    assert "Stated absent: 38, 48. Stated: permanent teeth only." in capsys.readouterr().out
    report = read_report(tmp_path / "out" / "toy_report.json")
    assert report["stated"] == {"absent": [38, 48], "dentition": "permanent"}
    page = write_report_html(report, tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Stated absent: 38, 48." in page
    assert stored_known(read_labels(tmp_path / "out" / "toy_teeth.seg.nrrd")).stated == Stated({38, 48}, False)
    assert "Stated" not in teeth_table({**report, "stated": {"absent": [], "dentition": None}})


@pytest.mark.parametrize("command", ["segment", "batch", "check", "repair"])
@pytest.mark.parametrize(("absent", "said"), [("14,19", "'19' is no FDI tooth number"), ("", "No tooth is named")])
def test_what_is_no_tooth_is_refused_before_anything_is_read(tmp_path, command, absent, said, capsys) -> None:
    words = [command, str(tmp_path / "absent.nii.gz"), "--absent", absent]
    words += [] if command == "check" else ["-o", str(tmp_path / "out")]
    assert cli.main(words) == UsageError.exit_code
    err = capsys.readouterr().err
    assert err.startswith(f"dentaltoposeg: {said}")
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_run_refuses_what_is_no_tooth_and_what_leaves_none(tmp_path: Path) -> None:
    job = Job([tmp_path / "absent.nii.gz"], tmp_path / "out")
    with pytest.raises(UsageError, match="19 is no FDI tooth number"):
        segment(job, RunOptions(absent={19}))
    with pytest.raises(UsageError, match="nothing to number"):
        segment(job, RunOptions(absent=frozenset(q * 10 + n for q in (1, 2, 3, 4) for n in range(1, 9))))


def test_a_job_file_holds_what_is_stated(tmp_path: Path) -> None:
    options = RunOptions(absent={24, 14}, milk=True)
    content = JobFile(Job(["a.nii"], "out"), options).to_dict()
    assert (content["absent"], content["milk"]) == ([14, 24], True)
    (tmp_path / "job.json").write_text(json.dumps(content))
    read = JobFile.read(tmp_path / "job.json").options
    assert (read.absent, read.milk) == ({14, 24}, True)
    (tmp_path / "job.json").write_text('{"inputs": ["a.nii"], "output": "out", "absent": [14, 19]}')
    with pytest.raises(UsageError, match=r"absent\[1\] is 19, not a tooth number"):
        JobFile.read(tmp_path / "job.json")


def test_a_batch_does_scans_again_of_which_something_else_is_stated_now(result: Path) -> None:
    folder = result.parent
    assert row_before(folder, "case")["state"] == "done before"
    assert row_before(folder, "case", Stated())["state"] == "done before"
    assert row_before(folder, "case", Stated(frozenset({38})))["state"] == "done before"
    assert row_before(folder, "case", Stated(frozenset({14}))) is None
    # nothing stated: the result stays, but nobody is left to think that it was made without
    assert row_before(folder, "case", Stated())["message"].startswith("Stated absent: 38.")
    assert "message" not in row_before(folder, "case", Stated(frozenset({38})))


def test_a_batch_does_scans_again_that_were_placed_by_another_word(tmp_path: Path, asked: list[RunOptions]) -> None:
    labels = toy_dentition()[0]
    image = nibabel.Nifti1Image(labels.array.transpose(2, 1, 0), None)
    image.header.set_zooms(labels.spacing)
    nibabel.save(image, tmp_path / "toy.nii.gz")
    folder = tmp_path / "out"
    assert cli.main(["segment", str(tmp_path / "toy.nii.gz"), "-o", str(folder), "--orientation", "RAS"]) == 0
    assert read_report(folder / "toy_report.json")["orientation_stated"] == "RAS"
    assert row_before(folder, "toy", orientation="RAS")["state"] == "done before"
    assert row_before(folder, "toy")["state"] == "done before"
    assert row_before(folder, "toy", orientation="LPS") is None
    # of two statements of a file the user's word chooses one, and is kept as it was given
    image = nibabel.Nifti1Image(labels.array.transpose(2, 1, 0), np.diag([*labels.spacing, 1.0]))
    image.set_sform(image.affine, 1)
    image.set_qform(image.affine * [-1, 1, 1, 1], 1)
    nibabel.save(image, tmp_path / "twice.nii.gz")
    assert cli.main(["segment", str(tmp_path / "twice.nii.gz"), "-o", str(folder), "--orientation", "RAS"]) == 0
    assert row_before(folder, "twice", orientation="RAS")["state"] == "done before"
    assert row_before(folder, "twice", orientation="qform") is None
    # a file that says it itself is not done again for a word that it does not need
    scan = write_file(labels, tmp_path / "placed.nii.gz")
    assert cli.main(["segment", str(scan), "-o", str(folder), "--orientation", "RAS"]) == 0
    assert "orientation_stated" not in read_report(folder / "placed_report.json")
    assert row_before(folder, "placed", orientation="ASL")["state"] == "done before"


# ---------------------------------------------------------------- after a run


@pytest.mark.parametrize("given", ["case_report.json", "case_teeth.seg.nrrd", "case_teeth.nii.gz"])
def test_the_numbers_follow_whatever_file_is_given(result: Path, tmp_path: Path, given: str, capsys) -> None:
    out = tmp_path / "new" / "numbered.seg.nrrd"
    assert cli.main(["repair", str(tmp_path / given), "--absent", "14", "-o", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "Done: Tooth 14 is absent, 14 becomes 15, 15 becomes 16, 16 becomes 17." in printed
    assert teeth_in(out) == RIGHT
    kept = stored_known(read_labels(out))
    assert kept.stated.absent == {14, 38}  # what was stated before the run too
    assert set(kept.evidence) == set(RIGHT)
    assert [f.teeth for f in check_file(out).findings if f.code == "missing_tooth"] == []
    again = repair_file(out, tmp_path / "again.seg.nrrd", absent={24})  # it can be numbered once more
    assert 24 not in teeth_in(again.path)


@pytest.mark.parametrize("option", [("--orientation", "LPS"), ("--numbering", "universal")])
def test_what_a_report_knows_cannot_be_said_otherwise(result: Path, option: tuple[str, str], capsys) -> None:
    assert cli.main(["repair", str(result), *option]) == UsageError.exit_code
    assert f"{option[0]} is only for labels (those of a report are known): leave it out" in capsys.readouterr().err


def test_a_tooth_for_which_no_number_is_left_is_told(result: Path, tmp_path: Path) -> None:
    done = repair_file(result, tmp_path / "new.seg.nrrd", absent={24, 28})
    assert len(teeth_in(done.path)) == len(CALLED) - 1
    assert done.warnings[0].endswith("so it is no longer labelled in the new result.")


def test_check_remembers_and_can_be_told(result: Path, tmp_path: Path) -> None:
    labels = write_labelmap(volume(relabel(tidy(), {14: 0})), tmp_path / "other.nii.gz")
    assert [f.teeth for f in check_file(labels).findings] == [(14,)]
    examined = check_file(labels, absent={14})
    assert examined.findings == []
    assert examined.report["stated"]["absent"] == [14]
    assert check_file(result.parent / "case_teeth.nii.gz").report["stated"]["absent"] == [38]
    assert open_result(result).known.stated.absent == {38}


def test_labels_that_were_changed_since_are_not_numbered_by_what_was_known_of_others(result: Path) -> None:
    folder = result.parent
    write_labelmap(volume(tidy()), folder / "case_teeth.nii.gz")
    with pytest.raises(InputError, match="was not kept what its numbers were found from"):
        repair_file(folder / "case_teeth.nii.gz", folder / "x.seg.nrrd", absent={14})
    assert not (folder / "x.seg.nrrd").exists()


def test_a_result_of_before_says_that_it_cannot_follow(tmp_path: Path, capsys) -> None:
    labels = write_seg_nrrd(volume(tidy()), tmp_path / "old.seg.nrrd", {16: 0.9})
    assert cli.main(["repair", str(labels), "--absent", "14", "-o", str(tmp_path / "new.seg.nrrd")]) == 3
    assert "give tooth 14 another number, remove it, or segment the scan again." in capsys.readouterr().err
    # a tooth that is not in it contradicts nothing
    done = repair_file(labels, tmp_path / "new.seg.nrrd", absent={18})
    assert done.done == ["Tooth 18 is absent"]
    assert stored_known(read_labels(done.path)).stated.absent == {18}


def test_a_format_without_room_for_it_is_told(result: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "new.nii.gz"
    assert cli.main(["repair", str(result), "--absent", "14", "-o", str(out)]) == 0
    assert "Note: 'new.nii.gz' cannot hold what is stated" in capsys.readouterr().err
    assert teeth_in(out) == RIGHT


@pytest.mark.parametrize(
    "more",
    [["--all-safe", "-o", "x.nii.gz"], ["--finding", "1", "-o", "x.nii.gz"], []],
    ids=["safe", "finding", "no file"],
)
def test_one_thing_at_a_time(result: Path, more: list[str], capsys) -> None:
    assert cli.main(["repair", str(result), "--absent", "14", *more]) == UsageError.exit_code
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_numbers_follow_on_a_scan(tmp_path: Path) -> None:
    toy = toy_jaw("upper", absent=(17,))
    write_labelled_vtp(
        tmp_path / "jaw_teeth.vtp", toy.vertices, toy.faces, toy.fdi.astype(np.uint8), toy.face_fdi.astype(np.uint8)
    )
    report = open_result(tmp_path / "jaw_teeth.vtp").report
    known = Known(evidence={fdi: basis for fdi, basis in evidence().items() if fdi in toy.fdi})
    report |= {"name": "jaw", "files": {"mesh": "jaw_teeth.vtp"}, **known.to_dict()}
    path = write_report_json(add_checksums(report, tmp_path), tmp_path / "jaw_report.json")
    for given in (path, tmp_path / "jaw_teeth.vtp"):
        done = repair_file(given, tmp_path / "new.vtp", absent={14})
        assert done.done == ["Tooth 14 is absent, 14 becomes 15, 15 becomes 16, 16 becomes 17"]
        assert "--absent 14" in done.warnings[0]
        assert set(np.unique(read_mesh(tmp_path / "new.vtp")[0].point_data["FDI"])) == {
            0,
            *(f for f in RIGHT if f < 30),
        }
        assert [f for f in done.after if f.code == "missing_tooth"] == []


# ---------------------------------------------------------------- files that are damaged


def test_tags_that_are_damaged_say_nothing(tmp_path: Path) -> None:
    path = write_seg_nrrd(volume(tidy()), tmp_path / "x.seg.nrrd", None, KNOWN)
    labels = read_labels(path)
    assert stored_known(labels) == KNOWN
    for old, new in (
        (".Absent:38", ".Absent:38,99,14|x"),
        (".Evidence:", ".Evidence:11=2 "),
        (".Evidence:", ".Evidence:11=nan;"),
        (".Evidence:", ".Evidence:19=0.5 "),
    ):
        odd = {key: value.replace(old, new) for key, value in labels.metadata.items()}
        known = stored_known(type(labels)(labels.array, labels.spacing, labels.origin, labels.direction, "x", odd))
        assert known.stated.absent <= {14, 38}
        assert known.evidence == (KNOWN.evidence if "Absent" in old else {})


def test_reports_of_before_know_nothing(result: Path) -> None:
    report = read_report(result)
    assert known_of(report) == KNOWN
    del report["stated"], report["evidence"]
    assert known_of(read_report(write_report_json(report, result))) == Known()


def test_labels_that_hold_a_tooth_that_is_stated_absent_are_told(tmp_path: Path) -> None:
    labels = write_labelmap(volume(tidy()), tmp_path / "other.nii.gz")
    assert check_file(labels, absent={18}).report["warnings"] == []
    (said,) = check_file(labels, absent={14, 24}).report["warnings"]
    assert said.startswith("Teeth 14, 24 are stated absent, but labelled here")


def test_a_childs_dentition_that_the_networks_cannot_know_is_told(result: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "new.seg.nrrd"
    assert cli.main(["repair", str(result), "--dentition", "mixed", "-o", str(out)]) == 0
    assert "knew permanent teeth only" in capsys.readouterr().err
    assert stored_known(read_labels(out)).stated == Stated(frozenset({38}), True)


def test_a_report_in_place_of_labels_is_called_so(result: Path, capsys) -> None:
    labels = str(result.with_name("case_teeth.nii.gz"))
    for words in (["check", str(result)], ["evaluate", str(result), labels], ["evaluate", labels, str(result)]):
        assert cli.main(words) == InputError.exit_code
        assert "case_report.json' is a run's report and holds no labels: give the label map" in capsys.readouterr().err
