"""The numbering network adapted on unlabelled scans: what is taught of them, the guard, and the command on tiny
phantoms."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

torch = pytest.importorskip("torch", reason="torch is not installed; only training needs it")
pytest.importorskip("onnx", reason="onnx is not installed; only training needs it")

from labelled_sets import tiny_phantom  # noqa: E402
from tooth_rows import ROW, lower_row, sure_of  # noqa: E402

from DentalTopoSegLib.dentition import CLASS_FDI  # noqa: E402
from DentalTopoSegLib.errors import InputError  # noqa: E402
from DentalTopoSegLib.files.volumes import write_volume  # noqa: E402
from DentalTopoSegLib.networks.folders import load_kind, tasks_in  # noqa: E402
from DentalTopoSegLib.networks.models import list_models  # noqa: E402
from training.loop import Loop, load_checkpoint  # noqa: E402
from training.own_data.reading import Labelled  # noqa: E402
from training.own_data.samples import volume_sample, write_volume_sample  # noqa: E402
from training.own_data.tasks import OwnVolumeTask  # noqa: E402
from training.patients.labelled_scans import write_pair  # noqa: E402
from training.pseudo_labels import adapted, adapting, command, guard, scan_labels  # noqa: E402
from training.pseudo_labels.labels import Limits  # noqa: E402
from training.volumes.losses import numbering_loss  # noqa: E402

IGNORE = 255
C = {fdi: index for index, fdi in enumerate(CLASS_FDI)}
HOW = scan_labels.Judging(limits=Limits(least=8))
TOOTH_GREY, BONE_GREY = 100.0, 20.0


def row_scan() -> tuple[np.ndarray, np.ndarray, dict[int, float], np.ndarray]:
    """Classes, probabilities, confidences and grey values of a sound row; cells of 1 mm."""
    classes, _ = lower_row({fdi: C[fdi] for fdi in ROW})
    grey = np.where(classes > 0, TOOTH_GREY, BONE_GREY)
    return classes, sure_of(classes, 0.97), {C[fdi]: 0.99 for fdi in ROW}, grey


def judged(
    classes: np.ndarray, p: np.ndarray, confidence: dict[int, float], grey: np.ndarray, how: scan_labels.Judging = HOW
) -> tuple[np.ndarray, dict[int, str]]:
    _, grid = lower_row({fdi: C[fdi] for fdi in ROW})
    target, teeth = scan_labels.judge(classes, p, confidence, grey, how, grid.index_to_ras)
    return target, {CLASS_FDI[tooth.number]: tooth.fate for tooth in teeth}


# --- What is taught ---


def test_a_sound_row_is_taught_whole() -> None:
    scan = row_scan()
    target, fates = judged(*scan)
    assert (target == scan[0]).all()
    assert fates == dict.fromkeys(sorted(ROW, key=C.__getitem__), "kept")


def test_a_tooth_that_the_path_doubts_becomes_unknown_and_never_background() -> None:
    classes, p, confidence, grey = row_scan()
    target, fates = judged(classes, p, confidence | {C[35]: 0.7}, grey)
    own = classes == C[35]
    assert (target[own] == IGNORE).all()
    # nor is what lies next to it taught as background: its border is as doubtful
    ring = np.zeros_like(own)
    z, y, x = np.argwhere(own).T
    ring[z.min() - 1 : z.max() + 2, y.min() - 1 : y.max() + 2, x.min() - 1 : x.max() + 2] = True
    assert (target[ring & (classes == 0)] == IGNORE).all()
    assert fates.pop(35) == "dropped"
    assert set(fates.values()) == {"kept"}
    assert (target[(classes > 0) & ~own] == classes[(classes > 0) & ~own]).all()


def test_what_is_unknown_moves_no_loss() -> None:
    classes, p, confidence, grey = row_scan()
    target, _ = judged(classes, p, confidence | {C[35]: 0.7}, grey)
    unknown = torch.from_numpy(target == IGNORE)
    logits = torch.zeros(1, 33, *target.shape, requires_grad=True)
    numbering_loss(logits, torch.from_numpy(target)[None])[0].backward()
    assert logits.grad is not None
    assert not logits.grad[0][:, unknown].any()
    assert logits.grad[0][:, ~unknown].any()


def test_a_number_that_the_refinement_disputes_is_unknown() -> None:
    classes, p, confidence, grey = row_scan()
    # the path called the 35 a 36, and was sure of it; the numbering network says 35
    wrong = classes == C[35]
    said = classes.copy()
    said[wrong] = C[38]
    target, fates = judged(said, p, confidence | {C[38]: 0.99}, grey)
    assert (target[wrong] == IGNORE).all()
    assert fates[38] == "dropped"


def test_a_tooth_without_a_class_is_unknown() -> None:
    classes, p, confidence, grey = row_scan()
    milk = classes == C[35]
    target, fates = judged(np.where(milk, IGNORE, classes).astype(np.uint8), p, confidence, grey)
    assert (target[milk] == IGNORE).all()
    assert 35 not in fates


def test_what_is_as_bright_as_a_tooth_is_not_taught_as_background() -> None:
    """The tooth that both networks miss in a style that they have not seen."""
    classes, p, confidence, grey = row_scan()
    missed = classes == C[35]
    p[:, missed] = sure_of(np.zeros(int(missed.sum()), np.uint8))
    seen = np.where(missed, 0, classes).astype(np.uint8)
    target, fates = judged(seen, p, {k: v for k, v in confidence.items() if k != C[35]}, grey)
    assert 35 not in fates
    assert (target[missed] == IGNORE).all()
    assert (target[classes == 0] == 0).all()


def test_background_is_taught_only_where_the_network_is_sure_of_it() -> None:
    classes, p, confidence, grey = row_scan()
    p[0, :3], p[32, :3] = 0.85, 0.15
    target, _ = judged(classes, p, confidence, grey)
    assert not classes[:3].any()
    assert (target[:3] == IGNORE).all()
    assert (target[3:] == classes[3:]).all()


def test_without_a_believed_tooth_nothing_is_taught() -> None:
    classes, p, confidence, grey = row_scan()
    target, fates = judged(classes, p, dict.fromkeys(confidence, 0.5), grey)
    assert (target == IGNORE).all()
    assert set(fates.values()) == {"dropped"}


def test_the_injected_fault_moves_one_quadrant_and_nothing_else() -> None:
    target = np.array([C[11], C[21], C[26], C[27], C[28], C[38], 0, IGNORE], np.uint8)
    assert scan_labels.moved_by_one(target, 2).tolist() == [C[11], C[22], C[27], C[28], C[28], C[38], 0, IGNORE]


def test_cells_are_the_means_of_their_voxels() -> None:
    image = np.arange(4 * 2 * 2, dtype=np.float16).reshape(4, 2, 2)
    assert scan_labels.cells_of(image).ravel().tolist() == [3.5, 11.5]


# --- The guard ---


def scores(change: float = 0.0, figure: str = "dice", scans: int = 10, uneven: float = 0.0) -> guard.Scores:
    """Figures of scans; that of one is changed, by more in every second scan and by less in the others."""
    rows = {f"s{k}": dict.fromkeys(guard.FIGURES, 0.5 + 0.01 * k) for k in range(scans)}
    for k, row in enumerate(rows.values()):
        row[figure] += change + uneven * (-1) ** k
    return rows


def test_the_same_figures_are_kept() -> None:
    assert guard.verdict(scores(), scores(), guard.Guard()) is None


def test_a_figure_that_falls_is_named_with_how_much() -> None:
    said = guard.verdict(scores(), scores(-0.02, "detection_f1"), guard.Guard())
    assert said == (
        "The adapted network is not kept: detection F1 fell from 0.5450 to 0.5250 on 10 held-out scans, by 0.0200 where"
        " its spread is 0.0000."
    )


def test_a_fall_within_its_spread_passes_and_one_beyond_it_does_not() -> None:
    # standard error of the mean of +-0.03 in 10 scans: 0.03 * sqrt(10 / 9) / sqrt(10) = 0.0100
    assert guard.verdict(scores(), scores(-0.0099, uneven=0.03), guard.Guard()) is None
    said = guard.verdict(scores(), scores(-0.0101, uneven=0.03), guard.Guard())
    assert said is not None
    assert "DSC fell" in said
    assert "its spread is 0.0100" in said


def test_errors_that_become_fewer_are_no_fall_and_more_are_one() -> None:
    assert guard.verdict(scores(), scores(-0.02, "cer"), guard.Guard()) is None
    said = guard.verdict(scores(), scores(0.02, "cer"), guard.Guard())
    assert said is not None
    assert "CER rose from 0.5450 to 0.5650" in said


def test_one_scan_that_collapses_is_refused_though_the_mean_hides_it() -> None:
    after = scores()
    after["s3"]["dice"] -= 0.4  # the mean falls by its standard error exactly
    said = guard.verdict(scores(), after, guard.Guard())
    assert said is not None
    assert "the held-out scan s3 fell from 0.530 to 0.130, by 0.400 where 0.1 is the most" in said


@pytest.mark.parametrize("scans", [["s3"], [f"s{k}" for k in range(10)]])
def test_a_figure_that_there_is_no_more_refuses(scans: list[str]) -> None:
    after = {name: {**row, "tca": None} if name in scans else row for name, row in scores().items()}
    said = guard.verdict(scores(), after, guard.Guard())
    assert said == f"The adapted network is not kept: the held-out scan {scans[0]} has no TCA after it."


def test_a_sure_tooth_of_the_scans_that_is_called_otherwise_refuses_and_a_doubtful_one_may_change() -> None:
    teeth = [{"number": C[35], "fate": "kept"}, {"number": C[36], "fate": "dropped"}]
    told = {"scan_01": {"teeth": []}, "scan_02": {"teeth": teeth}}
    drawn = {"scan_01": {"renumbered": []}, "scan_02": {"renumbered": [[36, 37]]}}
    assert guard.renumbered_text(drawn, told) is None
    drawn["scan_02"]["renumbered"].append([35, 36])
    said = guard.renumbered_text(drawn, told)
    assert said is not None
    assert "in scan_02 35 is called 36 after it" in said


def test_what_rose_by_more_than_its_spread_is_named_and_so_is_that_nothing_did() -> None:
    better = guard.changes(scores(), scores(-0.02, "cer"))
    assert guard.gains_text(better, guard.Guard()) == "Better by more than their spread: CER."
    alike = guard.changes(scores(), scores(0.0099, uneven=0.03))
    assert "nothing measured speaks for it" in guard.gains_text(alike, guard.Guard())


def test_a_figure_that_no_scan_has_is_left_out_and_other_scans_are_refused() -> None:
    before, after = scores(), scores()
    for row in (*before.values(), *after.values()):
        row["acs"] = None
    after["s0"]["nsd"] = None
    counts = {row.figure: row.scans for row in guard.changes(before, after)}
    assert "acs" not in counts
    assert (counts["nsd"], counts["dice"]) == (9, 10)
    with pytest.raises(ValueError, match="same scans"):
        guard.changes(before, scores(scans=9))


# --- Before and after ---


def test_what_differs_between_two_results_is_told() -> None:
    before = tiny_phantom(1).labels
    array = before.array.copy()
    first, second, *_ = (int(v) for v in np.unique(array) if v)
    array[before.array == first] = 0
    array[before.array == second] = 48
    told = adapted.compare(before, before.with_array(array))
    assert (told["before"][:2], first in told["after"]) == ([first, second], False)
    assert told["renumbered"] == [(second, 48)]
    text = adapted.scans_text({"scan_01": told})
    assert f"no more: {first}, {second}" in text
    assert f"{second} is called 48" in text


# --- The whole of it ---


def tiny_config(folder: Path, **training: float) -> Path:
    """The shipped configuration with few steps, small patches and a guard that lets everything pass."""
    config = yaml.safe_load(adapting.CONFIG.read_text(encoding="utf-8"))
    config["labels"]["sure"] = 0.5
    config["numbering"]["data"]["patch"] = [32, 32, 32]
    config["numbering"]["pseudo_share"] = 0.5
    config["numbering"]["training"] |= {"steps": 4, "save_every": 1, "log_every": 1, "validate_every": 4, **training}
    config["guard"] = {"spread": 100.0, "scan": 1.0, "least_scans": 2}
    path = folder / f"tiny{len(training)}.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two unlabelled scans, samples of phantoms and held-out phantoms, all tiny."""
    folder = tmp_path_factory.mktemp("adapt")
    (folder / "clinic").mkdir()
    for seed, name in ((1, "Miller.nii.gz"), (2, "Smith.nrrd")):
        write_volume(tiny_phantom(seed).image, folder / "clinic" / name)
    for name, seed in (("numbering", 3), ("val_numbering", 4)):
        phantom = tiny_phantom(seed)
        sample = volume_sample(Labelled(phantom.image, phantom.labels.array), "numbering")
        write_volume_sample(folder / name, f"p{seed}", *sample)
    for seed in (5, 6):
        phantom = tiny_phantom(seed)
        origin = phantom.image.index_to_ras(np.zeros((1, 3)))[0]
        write_pair(folder / "held", f"p{seed}", phantom.image.array, phantom.labels.array, 1.0, origin)
    return folder


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is not started again."""
    monkeypatch.setattr(command, "keep_memory", lambda: None)


def call(given: Path, work: Path, config: Path, *more: str) -> list[str]:
    return ["adapt", str(given / "clinic"), "--samples", str(given / "numbering"), "--held-out", str(given / "held"),
            "-o", str(work), "--config", str(config), "--threads", "1", *more]  # fmt: skip


@pytest.fixture(scope="module")
def work(given: Path) -> Path:
    """A folder of work whose network is kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "keep_memory", lambda: None)
        assert command.main(call(given, given / "work", tiny_config(given))) == 0
    return given / "work"


def test_scans_that_nobody_labelled_become_a_network_folder(work: Path) -> None:
    network = work / "network"
    assert tasks_in(network) == {"numbering"}
    start = adapting.start_network(None)[0]
    model = load_kind("volume", network)["numbering"]
    assert model.id == f"{start['id']}-adapted"
    assert model.sha256 != start["sha256"]
    assert model.metadata["training"]["data"] == adapted.DATA
    assert {entry["license"] for entry in list_models(network)} == {start["license"]}
    assert not list(work.glob(".dentaltoposeg-*"))


def test_the_card_names_the_scans_by_their_content_only(work: Path) -> None:
    (path,) = (work / "network").glob("*.md")
    text = path.read_text(encoding="utf-8")
    told = json.loads((work / "pseudo/pseudo_labels.json").read_text(encoding="utf-8"))
    assert [Path(row["path"]).name for row in told.values()] == ["Miller.nii.gz", "Smith.nrrd"]
    for row in told.values():
        assert any(tooth["fate"] != "dropped" for tooth in row["teeth"])
        assert re.search(rf"\| `{row['sha256'][:16]}` \| 72 x 64 x 48 of 1 x 1 x 1 mm \| .* \| yes \|", text)
    assert "Miller" not in text
    assert "Smith" not in text
    assert "| detection F1 |" in text


def test_the_scans_are_drawn_before_and_after(work: Path) -> None:
    for name in ("scan_01", "scan_02"):
        for when in ("before", "after"):
            assert (work / "pictures" / f"{name}_{when}.png").read_bytes()[:4] == b"\x89PNG"


def test_the_same_command_again_computes_nothing(
    given: Path, work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("make_pseudo_labels", "train", "conclude"):
        monkeypatch.setattr(adapting, name, None)
    assert command.main(call(given, work, tiny_config(given))) == 0
    assert f"Kept: {work / 'network'}" in capsys.readouterr().out


def test_a_folder_that_was_begun_otherwise_is_refused(
    given: Path, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(call(given, work, tiny_config(given), "--steps", "5")) == InputError.exit_code
    assert "was begun otherwise (the configuration)" in capsys.readouterr().err


def test_a_network_that_lost_what_it_knew_is_refused_and_nothing_of_it_is_left(
    given: Path, work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rate far too high: the loss of what was known is real."""
    monkeypatch.setattr(adapted, "draw_all", lambda *_: {})
    config = tiny_config(given, lr=0.01, warmup_steps=1)
    strict = yaml.safe_load(config.read_text(encoding="utf-8"))
    strict["guard"] = {"spread": 1.0, "scan": 0.1, "least_scans": 2}
    config.write_text(yaml.safe_dump(strict), encoding="utf-8")
    target = given / "ruined"
    for done in ("pseudo", "held_out/before"):
        shutil.copytree(work / done, target / done)
    for _ in range(2):  # the second time it only says so again
        assert command.main(call(given, target, config)) == 1
        said = capsys.readouterr().err.strip().splitlines()[-1]
        assert re.match(
            r"pseudo-labels: The adapted network is not kept: .* (fell|rose) from [01]\.\d+ to [01]\.\d+ on 2", said
        ), said
    assert not (target / "network").exists()
    assert not list(target.rglob("*.onnx"))
    assert not list(target.rglob("*.pt"))


def test_a_fault_on_purpose_is_taught_and_its_network_never_kept(
    given: Path, work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = given / "moved"
    (target / "held_out").mkdir(parents=True)
    monkeypatch.setattr(adapting, "train", lambda *_: shutil.copytree(work / "numbering", target / "numbering"))
    exported = work / "network"
    monkeypatch.setattr(
        adapting.results, "export_volume", lambda *given: shutil.copytree(exported, given[3], dirs_exist_ok=True)
    )
    monkeypatch.setattr(adapting, "measure", lambda *_: shutil.copy(work / "measured.json", target) and None)
    monkeypatch.setattr(adapted, "draw_all", lambda *_: {})
    assert command.main(call(given, target, tiny_config(given), "--move-quadrant", "4")) == 1
    said = capsys.readouterr().err
    assert "An experiment with a fault is never kept" in said
    assert "Nothing measured speaks against the network" in said
    assert not (target / "network").exists()
    right, wrong = (np.load(folder / "pseudo/scan_01_target.npy") for folder in (work, target))
    assert ((right >= C[41]) & (right < C[48])).any()
    assert (wrong == scan_labels.moved_by_one(right, 4)).all()


def test_a_network_that_renumbers_a_sure_tooth_is_refused_whatever_the_held_out_scans_say(
    given: Path, work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target, exported = given / "renumbered", work / "network"
    for done in ("pseudo", "numbering"):
        shutil.copytree(work / done, target / done)
    told = json.loads((work / "pseudo/pseudo_labels.json").read_text(encoding="utf-8"))
    sure = next(t["number"] for t in told["scan_01"]["teeth"] if t["fate"] != "dropped")
    row = {"before": [], "after": [], "same": 1.0, "renumbered": [[CLASS_FDI[sure], 38]]}
    monkeypatch.setattr(adapting, "train", lambda *_: None)
    monkeypatch.setattr(
        adapting.results, "export_volume", lambda *given: shutil.copytree(exported, given[3], dirs_exist_ok=True)
    )
    monkeypatch.setattr(adapting, "measure", lambda *_: shutil.copy(work / "measured.json", target) and None)
    monkeypatch.setattr(adapted, "draw_all", lambda *_: {"scan_01": row})
    assert command.main(call(given, target, tiny_config(given))) == 1
    assert f"in scan_01 {CLASS_FDI[sure]} is called 38" in capsys.readouterr().err
    assert not (target / "network").exists()


def test_a_training_that_was_stopped_gives_the_same_as_one_that_was_not(
    given: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapting, "conclude", lambda *_: None)
    for name in ("autocast", "to_device"):  # bfloat16 rounds differently from run to run
        monkeypatch.setattr(adapting.AdaptTask, name, getattr(OwnVolumeTask, name))
    averages, step = [], Loop.step
    for name in ("whole", "broken"):
        target = given / name
        shutil.copytree(work / "pseudo", target / "pseudo")
        if name == "broken":

            def dying(loop: Loop, batch: object) -> dict:
                if loop.progress.step == 2:
                    raise KeyboardInterrupt
                return step(loop, batch)

            with monkeypatch.context() as killed:
                killed.setattr(Loop, "step", dying)
                assert command.main(call(given, target, tiny_config(given))) == 130
            assert load_checkpoint(target / "numbering")["progress"]["step"] == 2
        # nothing was concluded, so there is no verdict
        assert command.main(call(given, target, tiny_config(given))) == InputError.exit_code
        averages.append(load_checkpoint(target / "numbering")["average"])
    assert all(torch.equal(averages[0][name], averages[1][name]) for name in averages[0])


def test_the_networks_beside_the_numbering_network_come_along(work: Path, tmp_path: Path) -> None:
    models, folder = tmp_path / "hers", tmp_path / "adapted"
    models.mkdir()
    installed = {entry["task"]: entry for entry in list_models()}
    own = [installed["numbering"], installed["border"]]
    for entry in own:
        (models / entry["file"]).write_bytes(load_kind("volume")[entry["task"]].path.read_bytes())
    (models / "models.json").write_text(json.dumps({"models": own}), encoding="utf-8")
    shutil.copytree(work / "network", folder)
    adapted.copy_others(models, folder)
    assert tasks_in(folder) == {"numbering", "border"}
    loaded = load_kind("volume", folder)
    assert loaded["border"].sha256 == installed["border"]["sha256"]
    assert loaded["numbering"].sha256 != installed["numbering"]["sha256"]


# --- What is refused ---


def refused(argv: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert command.main(argv) == InputError.exit_code
    return capsys.readouterr().err


def test_what_cannot_serve_is_refused_before_anything_is_made(
    given: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target, config = tmp_path / "work", tiny_config(tmp_path)
    argv = call(given, target, config)
    few = [*argv, "--config", str(adapting.CONFIG)]
    assert "holds 2 labelled scans: at least 8 are needed" in refused(few, capsys)
    assert "holds no samples of phantoms" in refused([*argv, "--samples", str(tmp_path / "none")], capsys)
    assert "holds no samples of phantoms" in refused([*argv, "--validation", str(tmp_path / "none")], capsys)
    scan = str(given / "clinic/Miller.nii.gz")
    assert "A scan is given twice" in refused([argv[0], scan, *argv[1:]], capsys)
    (tmp_path / "empty").mkdir()
    assert "holds no scan" in refused([argv[0], str(tmp_path / "empty"), *argv[1:]], capsys)
    odd = tmp_path / "odd.yaml"
    odd.write_text("labels: {shure: 1}\nguard: {}\nnumbering: {}\n", encoding="utf-8")
    assert "is no configuration of an adaptation" in refused([*argv, "--config", str(odd)], capsys)
    assert not target.exists()


def test_a_scan_that_is_also_held_out_is_refused(
    given: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "copy.nii.gz").write_bytes((given / "held/p5_image.nii.gz").read_bytes())
    argv = call(given, tmp_path / "work", tiny_config(tmp_path))
    said = refused([argv[0], str(tmp_path / "copy.nii.gz"), *argv[1:]], capsys)
    assert "are nearly the same scan" in said
    assert "p5_image" in said
