"""--structures: which words it takes, what it means to each command, and where it is refused."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from scan_files import toy_dentition, write_file
from toy_jaws import toy_jaw

from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.errors import UsageError
from DentalTopoSegLib.files.meshes import write_stl
from DentalTopoSegLib.options import STRUCTURE_GROUPS, RunOptions
from DentalTopoSegLib.runs import watched_folder, watching
from DentalTopoSegLib.runs.watched_folder import WatchedFolder

FROZEN = Path(__file__).resolve().parents[2] / "data" / "nnunet" / "phantom-teeth.zip"
BEFORE = Path(__file__).resolve().parents[2] / "data" / "before" / "files"
OTHERS = "find what they were trained for and nothing else: leave out --structures, or --models."


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return write_file(toy_dentition()[0], tmp_path / "in" / "scan.nii.gz")


@pytest.fixture
def jaw(tmp_path: Path, scan: Path) -> Path:
    toy = toy_jaw("lower")
    path = scan.with_name("jaw.stl")
    write_stl(path, toy.vertices, toy.faces)
    return path


@pytest.fixture
def somebodys(tmp_path: Path) -> Path:
    """The folder of a nnU-Net."""
    with zipfile.ZipFile(FROZEN) as archive:
        archive.extractall(tmp_path / "given")
    return tmp_path / "given" / "phantom-teeth"


@pytest.fixture
def jobs(monkeypatch) -> dict[str, RunOptions]:
    """The options of every job by its name; a report is written, which says what was found."""
    asked: dict[str, RunOptions] = {}

    def run_job(job, options, tell, tail=None):
        asked[job.name] = options
        folder = Path(job.output)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{job.name}_teeth.nii.gz").write_bytes(b"labels")
        report = json.loads((BEFORE / "volume_report.json").read_text(encoding="utf-8"))
        report["files"] = {"labels": f"{job.name}_teeth.nii.gz", "report": f"{job.name}_report.json"}
        if options.structures:
            report["provenance"]["structures"] = list(options.structures)
        (folder / f"{job.name}_report.json").write_text(json.dumps(report), encoding="utf-8")
        return {}

    monkeypatch.setattr(watching, "run_job", run_job)
    return asked


@pytest.mark.parametrize(
    ("words", "groups"),
    [
        ("teeth", ()),
        ("teeth,canals", ("canals",)),
        (" tissues , jaws", ("jaws", "tissues")),
        ("all", STRUCTURE_GROUPS),
        ("teeth,all", STRUCTURE_GROUPS),
    ],
)
def test_segment_asks_for_what_is_named(tmp_path: Path, scan: Path, monkeypatch, words: str, groups: tuple) -> None:
    class ReachedError(UsageError):
        """The network's turn has come."""

    def segment_volume(volume, options):
        raise ReachedError(",".join(options.structures))

    monkeypatch.setattr("DentalTopoSegLib.cbct.segment_volume", segment_volume)
    monkeypatch.setattr(cli.sys, "stderr", said := Said())
    assert cli.main(["segment", str(scan), "-o", str(tmp_path / "out"), "--structures", words, "--quiet"]) == 2
    assert said.text.strip() == f"dentaltoposeg: {','.join(groups)}".strip()


class Said:
    """A stream that keeps its text."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        """Nothing waits."""

    def isatty(self) -> bool:
        return False


@pytest.mark.parametrize("command", ["segment", "batch", "watch"])
def test_an_unknown_word_is_told_with_the_known_ones(tmp_path: Path, scan: Path, command: str, capsys) -> None:
    given = scan if command == "segment" else scan.parent
    assert cli.main([command, str(given), "-o", str(tmp_path / "out"), "--structures", "teeth,ears"]) == 2
    sentence = "--structures does not know 'ears': name any of teeth, jaws, canals, tissues, with commas, or all."
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "told"), [("all,ears", "does not know 'ears'"), ("", "names nothing"), (" , ", "names nothing")]
)
def test_neither_all_nor_an_empty_list_hides_a_mistake(
    tmp_path: Path, scan: Path, words: str, told: str, capsys
) -> None:
    assert cli.main(["segment", str(scan), "-o", str(tmp_path / "out"), "--structures", words]) == 2
    assert f"--structures {told}: name any of teeth, jaws, canals, tissues" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_mesh_has_no_structures(tmp_path: Path, jaw: Path, capsys) -> None:
    assert cli.main(["segment", str(jaw), "-o", str(tmp_path / "out"), "--structures", "canals"]) == 2
    assert "--structures is only for CBCT: leave it out here." in capsys.readouterr().err


@pytest.mark.parametrize("command", ["segment", "batch", "watch"])
def test_somebodys_network_is_asked_for_nothing(
    tmp_path: Path, scan: Path, somebodys: Path, jobs, command: str, capsys
) -> None:
    given = scan if command == "segment" else scan.parent
    words = [command, str(given), "-o", str(tmp_path / "out"), "--models", str(somebodys), "--structures", "all"]
    assert cli.main(words) == 2
    assert OTHERS in capsys.readouterr().err
    assert not jobs and not (tmp_path / "out").exists()


def test_a_batch_finds_structures_in_its_cbct_and_not_in_its_meshes(
    tmp_path: Path, scan: Path, jaw: Path, jobs
) -> None:
    words = ["batch", str(scan.parent), "-o", str(tmp_path / "out"), "--structures", "jaws,canals", "--jobs", "1"]
    assert cli.main([*words, "--quiet"]) == 0
    assert jobs["scan"].structures == ("jaws", "canals") and jobs["jaw"].structures == ()


def test_a_batch_does_scans_again_that_lack_what_is_asked_for(tmp_path: Path, scan: Path, jaw: Path, jobs) -> None:
    words = ["batch", str(scan.parent), "-o", str(tmp_path / "out"), "--jobs", "1", "--quiet"]
    for more, done in (([], {"scan", "jaw"}), ("canals", {"scan"}), ("all", {"scan"}), ("jaws", set()), ([], set())):
        jobs.clear()
        assert cli.main([*words, *(["--structures", more] if more else [])]) == 0
        assert set(jobs) == done, more


def test_a_watched_folder_finds_structures_in_its_cbct(tmp_path: Path, scan: Path, jaw: Path, monkeypatch) -> None:
    asked = {}
    monkeypatch.setattr(
        watched_folder.watching, "run_job", lambda job, options, tell: asked.update({job.name: options.structures})
    )
    options = RunOptions(structures=("tissues",))
    WatchedFolder(scan.parent, tmp_path / "out", options, settle_s=0.1).run(once=True)
    assert asked == {"scan": ("tissues",), "jaw": ()}
