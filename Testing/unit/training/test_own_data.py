"""From labelled scans of one's own to a folder of networks: checks, labels, split, training, export."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed; only training needs it")
pytest.importorskip("onnx", reason="onnx is not installed; only training needs it")

from labelled_sets import cropped, nnunet_set, slicer_set, teeth3ds_set, tiny_phantom  # noqa: E402

from DentalTopoSegLib.dentition import flipped_jaw, mirrored  # noqa: E402
from DentalTopoSegLib.errors import InputError  # noqa: E402
from DentalTopoSegLib.files.meshes import read_teeth3ds_json, write_teeth3ds_json  # noqa: E402
from DentalTopoSegLib.files.seg_nrrd import write_seg_nrrd  # noqa: E402
from DentalTopoSegLib.files.volumes import read_labels, read_volume, resample_ras, write_volume  # noqa: E402
from DentalTopoSegLib.networks.folders import load_kind, tasks_in  # noqa: E402
from DentalTopoSegLib.options import RunOptions  # noqa: E402
from DentalTopoSegLib.runs.job import Job  # noqa: E402
from DentalTopoSegLib.runs.segmenting import segment  # noqa: E402
from training.compression.restore import unet_from_onnx  # noqa: E402
from training.export.reading import network_from_onnx  # noqa: E402
from training.export.surface import INPUTS, Flat, example  # noqa: E402
from training.loop import Loop, load_checkpoint, read_log  # noqa: E402
from training.nets.point_transformer import PointTransformer  # noqa: E402
from training.own_data import command, samples  # noqa: E402
from training.own_data.cases import Case  # noqa: E402
from training.own_data.checking import check  # noqa: E402
from training.own_data.layouts import read_layout  # noqa: E402
from training.own_data.meanings import UNKNOWN, meanings_of  # noqa: E402
from training.own_data.reading import read_labelled  # noqa: E402
from training.own_data.splitting import keep, split  # noqa: E402
from training.volumes.data import normalise  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
TINY = {
    "numbering": {"data": {"patch": [32, 32, 32], "flip_axes": [2]}},
    "border": {"data": {"patch": [32, 32, 32], "flip_axes": [0, 1, 2], "foreground": 0.7, "contact": 0.3}},
    "surface": {
        "clouds": 2,
        "augment": {"turn_deg": [5.0, 5.0, 5.0]},
        "loss": {"queries": 256, "border_share": 0.4, "dice": 0.5, "offset": 0.5},
    },
}
STEPS = 4


def tiny_config(folder: Path, steps: int = STEPS) -> Path:
    """A configuration of few steps, written as JSON, which is YAML too."""
    training = {"steps": steps, "batch": 2, "lr": 1e-4, "warmup_steps": 1, "log_every": 1, "save_every": 1,
                "validate_every": steps}  # fmt: skip
    whole = {
        task: {"task": task, "seed": 5, "training": training | ({} if task == "surface" else {"freeze_norm_at": 0.0})}
        | section
        for task, section in TINY.items()
    }
    path = folder / "tiny.yaml"
    path.write_text(json.dumps(whole), encoding="utf-8")
    return path


def refusals(folder: Path) -> list[tuple[str, str]]:
    return [(row.file, row.reason) for row in check(read_layout(folder)).data.refused()]


# --- what the labels mean ---


def test_labels_come_back_voxel_by_voxel_in_nnunets_layout(tmp_path: Path) -> None:
    data = read_layout(nnunet_set(tmp_path / "set"))
    for case in data.cases:
        truth = tiny_phantom(int(case.name[1:])).labels.array
        assert (read_labelled(case, data).fdi == truth).all()


def test_labels_come_back_voxel_by_voxel_from_slicers_cropped_segmentation(tmp_path: Path) -> None:
    data = read_layout(slicer_set(tmp_path / "set"))
    assert [case.patient for case in data.cases] == ["patient1", "patient2"]
    for case in data.cases:
        assert read_labels(case.labels).shape != read_volume(case.scan)[0].shape
        truth = tiny_phantom(int(case.patient[-1])).labels.array
        assert (read_labelled(case, data).fdi == truth).all()


def test_a_pulp_is_its_tooth_and_a_crown_of_no_number_is_unknown() -> None:
    names = {
        1: "Lower Jawbone",
        9: "Crown",
        10: "Implant",
        36: "Lower Left First Molar",
        136: "Lower Left First Molar Pulp",
    }
    assert meanings_of(names) == {36: 36, 136: 36, 9: UNKNOWN}


def test_the_border_target_has_a_core_a_border_and_contacts() -> None:
    labels = np.zeros((14, 14, 24), np.uint8)
    labels[2:12, 2:12, 2:12], labels[2:12, 2:12, 12:22] = 11, 21
    labels[0] = UNKNOWN
    target = samples.border_target(labels, 0.5)
    assert (target[0] == 255).all()
    assert target[6, 6, 6] == 1
    assert target[6, 6, 2] == 2
    assert target[6, 6, 11] == 2 + 16
    assert target[13, 13, 0] == 0


# --- what is refused ---


def test_sound_sets_have_nothing_against_them(tmp_path: Path) -> None:
    for make in (nnunet_set, slicer_set, teeth3ds_set):
        assert refusals(make(tmp_path / make.__name__)) == []


@pytest.mark.parametrize(
    ("fault", "file", "reason"),
    [
        ("absent", "imagesTr/P1_0000.mha", "has no label map labelsTr/P1.mha"),
        ("shifted", "labelsTr/P1.mha", "does not lie on the grid of its scan"),
        ("strange", "labelsTr/P1.mha", "holds the values 77, which nothing names"),
        ("empty", "labelsTr/P1.mha", "has no voxel that is a numbered tooth"),
        ("mirrored", "labelsTr/P1.mha", "left and right are exchanged"),
        ("flipped", "labelsTr/P1.mha", "upper and lower are exchanged"),
    ],
)
def test_a_broken_set_is_refused_with_the_file_and_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], fault: str, file: str, reason: str
) -> None:
    folder, labels = nnunet_set(tmp_path / "set", (1,)), tiny_phantom(1).labels
    path, fdi = folder / "labelsTr/P1.mha", labels.array
    tables = {"mirrored": mirrored, "flipped": flipped_jaw}
    if fault == "absent":
        path.unlink()
    elif fault == "shifted":
        x, y, z = labels.origin
        write_volume(type(labels)(fdi, labels.spacing, (x + 0.4, y, z), labels.direction), path)
    elif fault == "strange":
        write_volume(labels.with_array(np.where(fdi == 36, 77, fdi).astype(np.uint8)), path)
    elif fault == "empty":
        write_volume(labels.with_array((fdi > 0).astype(np.uint8)), path)
    else:
        table = np.array([tables[fault](n) if n in np.unique(fdi)[1:] else 0 for n in range(256)], np.uint8)
        write_volume(labels.with_array(table[fdi]), path)
    assert command.main(["check", str(folder)]) == InputError.exit_code
    told = capsys.readouterr()
    (line,) = [line for line in told.out.splitlines() if line.startswith("refused")]
    assert file in line
    assert reason in line
    assert file in told.err


def test_a_jaw_that_is_mirrored_or_of_the_other_name_is_refused(tmp_path: Path) -> None:
    folder = teeth3ds_set(tmp_path / "set")
    for patient, change in (("A", mirrored), ("B", lambda n: n + 20)):
        path = folder / f"upper/{patient}/{patient}_upper.json"
        labels = read_teeth3ds_json(path)["labels"]
        table = np.array([change(n) if n in np.unique(labels)[1:] else 0 for n in range(90)])
        write_teeth3ds_json(path, "upper", table[labels], table[labels])
    assert [reason for _, reason in refusals(folder)] == [
        "left and right are exchanged: its teeth lie where those of the other side belong",
        "is the upper jaw, but has teeth of the other: 31, 32, 33, 35",
    ]


def test_a_folder_in_no_layout_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["check", str(tmp_path)]) == InputError.exit_code
    assert "is in no layout that is known" in capsys.readouterr().err


# --- the split ---


def test_nearly_the_same_scans_are_one_patient(tmp_path: Path) -> None:
    folder = slicer_set(tmp_path / "set")
    phantom, place = tiny_phantom(1), folder / "another"
    place.mkdir()
    noise = np.random.default_rng(0).normal(0, 20, phantom.image.shape)
    write_volume(phantom.image.with_array((1.1 * phantom.image.array + noise).astype(np.int16)), place / "scan.nrrd")
    write_seg_nrrd(cropped(phantom.labels), place / "scan.seg.nrrd")
    checked = check(read_layout(folder))
    assert checked.patients == {"another_scan": "another", "patient1_scan": "another", "patient2_scan": "patient2"}
    assert [row.reason for row in checked.data.rows] == ["is nearly the same scan as another_scan"]


def test_a_patient_that_is_held_out_and_trained_on_is_refused(tmp_path: Path) -> None:
    folder = nnunet_set(tmp_path / "set")
    for kind, end in (("images", "_0000"), ("labels", "")):
        (folder / f"{kind}Ts").mkdir()
        shutil.copy(folder / f"{kind}Tr/P1{end}.mha", folder / f"{kind}Ts/T9{end}.mha")
    assert refusals(folder) == [("imagesTr/P1_0000.mha", "its patient (P1) is also among the held-out scans")]


def test_the_split_is_by_patient_and_kept(tmp_path: Path) -> None:
    cases = [Case(f"{p}{k}", p, Path(), Path()) for p in "abcde" for k in range(2)]
    drawn = split(cases, 0.4, 3)
    assert len(drawn.held_out) == 4
    assert {name[0] for name in drawn.held_out}.isdisjoint(name[0] for name in drawn.train)
    path = tmp_path / "split.json"
    assert keep(drawn, path) == keep(split(cases, 0.2, 4), path) == drawn
    with pytest.raises(InputError, match="other scans"):
        keep(split(cases[2:], 0.2), path)
    with pytest.raises(InputError, match="two are the least"):
        split(cases[:2])


# --- training ---


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A tiny set, and a run for which everything is done."""
    folder = tmp_path_factory.mktemp("own")
    source, run = slicer_set(folder / "clinic"), folder / "run"
    given = ["train", str(source), "-o", str(run), "--licence", "CC BY 4.0", "--config", str(tiny_config(folder))]
    assert command.main(given) == 0
    return source, run


def test_labelled_volumes_become_a_folder_of_networks(prepared: tuple[Path, Path]) -> None:
    source, run = prepared
    network = run / "network"
    assert tasks_in(network) == {"numbering", "border"}
    models = load_kind("volume", network)
    assert {task: model.id for task, model in models.items()} == {t: f"{t}-{source.name}" for t in models}
    text = (network / f"{source.name}.md").read_text(encoding="utf-8")
    assert "| Licence | CC BY 4.0 |" in text
    assert "1 to train on, 1 held out, of 2 patients" in text
    assert "patient1" not in text
    assert "patient2" not in text
    assert (network / "learning_curve.png").read_bytes()[:4] == b"\x89PNG"
    assert {e["license"] for e in json.loads((network / "models.json").read_text())["models"]} == {"CC BY 4.0"}


def test_the_folder_runs_as_the_installed_networks_do(prepared: tuple[Path, Path], tmp_path: Path) -> None:
    source, run = prepared
    options = RunOptions(threads=1, models=str(run / "network"))
    report = segment(Job([source / "patient1/scan.nrrd"], tmp_path / "out"), options).report
    models = report["provenance"]["models"]
    assert {model["id"] for model in models} == {f"numbering-{source.name}", f"border-{source.name}"}
    assert [model["installed"] for model in models] == [False, False]
    assert report["count"]["total"] > 10


def again(prepared: tuple[Path, Path], target: Path) -> tuple[list[str], Path]:
    """The same command for a run that has only the samples, numbering not trained."""
    source, run = prepared
    shutil.copytree(run, target)
    shutil.rmtree(target / "numbering")
    config = str(source.parent / "tiny.yaml")
    return ["train", str(source), "-o", str(target), "--licence", "x", "--config", config], target


def test_a_run_that_was_stopped_gives_the_same_as_one_that_was_not(
    prepared: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, target = again(prepared, tmp_path / "run")
    monkeypatch.setattr(command, "hand_on", lambda *_: target)
    step = Loop.step

    def dying(loop: Loop, batch: object) -> dict:
        if loop.progress.step == 2:
            monkeypatch.setattr(Loop, "save", lambda _: None)  # as a kill leaves it: the last checkpoint, nothing since
            raise KeyboardInterrupt
        return step(loop, batch)

    with monkeypatch.context() as killed:
        killed.setattr(Loop, "step", dying)
        save = Loop.save
        assert command.main(given) == 130
    monkeypatch.setattr(Loop, "save", save)
    assert load_checkpoint(target / "numbering")["progress"]["step"] == 2
    assert command.main(given) == 0
    whole, broken = (load_checkpoint(run / "numbering")["average"] for run in (prepared[1], target))
    assert all(torch.equal(whole[name], broken[name]) for name in whole)


def test_two_processes_follow_the_curve_of_one(prepared: tuple[Path, Path], tmp_path: Path) -> None:
    given, target = again(prepared, tmp_path / "run")
    code = (
        "import sys\nfrom training.own_data import command\n"
        "command.hand_on = lambda *_: 'not measured here'\nsys.exit(command.main(sys.argv[1:]))\n"
    )
    (tmp_path / "one.py").write_text(code, encoding="utf-8")
    launch = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node",
        "2",
        tmp_path / "one.py",
    ]
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run([*launch, *given], env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    one, two = ([row["loss"] for row in read_log(run / "numbering")] for run in (prepared[1], target))
    assert len(two) == STEPS
    np.testing.assert_allclose(one, two, rtol=2e-3)


@pytest.mark.parametrize("task", ["numbering", "border"])
def test_the_shipped_network_read_back_gives_its_answer_on_a_phantom(task: str) -> None:
    model = load_kind("volume")[task]
    image = normalise(resample_ras(tiny_phantom(4).image, model.metadata["spacing_mm"]).array[:32, :64, :64])
    with torch.no_grad():
        p = torch.softmax(unet_from_onnx(model.path)(torch.from_numpy(image)[None, None])[0], 1)[0].numpy()
    shipped = model.run(image) / model.output_scale
    if task == "border":
        mine, theirs = p.argmax(0), (shipped[0] > 0.5).astype(int) * np.where(shipped[1] > 0.5, 1, 2)
    else:
        mine, theirs = p.argmax(0), shipped.argmax(0)
    tooth = (mine > 0), (theirs > 0)
    assert tooth[1].sum() > 500
    assert 2 * (tooth[0] & tooth[1]).sum() / (tooth[0].sum() + tooth[1].sum()) >= 0.99
    assert (mine == theirs)[tooth[1]].mean() > 0.97


def test_the_shipped_surface_network_read_back_gives_its_answer() -> None:
    model = load_kind("surface")["surface"]
    given = example()
    with torch.no_grad():
        mine = Flat(network_from_onnx(model.path, PointTransformer))(*given)[0].numpy()
    theirs = model.run_named({name: tensor.numpy() for name, tensor in zip(INPUTS, given, strict=True)})
    assert np.abs(mine - theirs["probabilities"]).max() < 0.02
    assert (mine.argmax(1) == theirs["probabilities"].argmax(1)).mean() > 0.99


def test_labelled_jaws_become_a_folder_of_networks(tmp_path: Path) -> None:
    source, run = teeth3ds_set(tmp_path / "jaws"), tmp_path / "run"
    given = ["--licence", "CC0", "--config", str(tiny_config(tmp_path, 2)), "-o", str(run)]
    assert command.main(["train", str(source), *given]) == 0
    assert tasks_in(run / "network") == {"surface"}
    assert {m.id for m in load_kind("surface", run / "network").values()} > {"surface-jaws"}
    assert "held-out jaws" in (run / "network/jaws.md").read_text(encoding="utf-8")
