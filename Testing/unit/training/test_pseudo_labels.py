"""Pseudo labels: every step on hand-made label maps, and the whole table on tiny phantoms."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed; only training needs it")
pytest.importorskip("onnx", reason="onnx is not installed; only training needs it")

from tooth_rows import ROW, lower_row, sure_of  # noqa: E402

from DentalTopoSegLib.dentition import CLASS_FDI  # noqa: E402
from DentalTopoSegLib.errors import InputError  # noqa: E402
from DentalTopoSegLib.files.volumes import Volume, read_labels  # noqa: E402
from DentalTopoSegLib.phantom import make_phantom  # noqa: E402
from training.nets.subvoxel_unet import SubvoxelPlan, SubvoxelUNet, fold, unfold  # noqa: E402
from training.patients.labelled_scans import IMAGE, LABELS, write_pair  # noqa: E402
from training.pseudo_labels import answers, command, labels, plan, runs, scans, scoring, stages  # noqa: E402
from training.volumes.data import IMAGE_SUFFIX, DataPlan, augment  # noqa: E402

IGNORE = 255
ROOT = Path(__file__).resolve().parents[3]
C = {fdi: index for index, fdi in enumerate(CLASS_FDI)}


def blocks(*teeth: tuple[int, slice]) -> np.ndarray:
    """A row of teeth along x, 4 x 4 voxels wide, the classes and places given."""
    classes = np.zeros((8, 8, 40), np.uint8)
    for number, where in teeth:
        classes[2:6, 2:6, where] = number
    return classes


# --- Mask and numbers ---


def test_a_voxel_is_tooth_by_all_numbers_together_and_takes_the_likeliest() -> None:
    p = np.zeros((33, 1, 1, 3), np.float32)
    p[0, 0, 0] = (0.45, 0.55, 1.0)
    p[5, 0, 0], p[9, 0, 0] = (0.3, 0.45, 0.0), (0.25, 0.0, 0.0)
    mask = labels.mask_of(p)
    assert mask.tolist() == [[[True, False, False]]]
    numbers = labels.numbers_of(p, mask)
    assert numbers.tolist() == [[[5, 0, 0]]]
    assert labels.number_probability(p, numbers)[0, 0] == pytest.approx([0.3 / 0.55, 0, 0])


# --- Clean-up ---


def test_a_piece_of_35_voxels_goes_and_one_of_36_stays() -> None:
    classes = np.zeros((3, 3, 20), np.uint8)
    classes[:, :, :4] = 3
    classes[:, :, 10:14] = 4
    classes[0, 0, 0] = 0
    cleaned = labels.clean_up(classes)
    assert (classes == 3).sum() == 35 and (classes == 4).sum() == 36
    assert not (cleaned == 3).any()
    assert (cleaned == 4).sum() == 36


def test_of_a_number_in_two_places_the_smaller_is_stray() -> None:
    classes = blocks((3, slice(0, 5)), (3, slice(20, 24)), (4, slice(30, 34)))
    assert (labels.clean_up(classes) == blocks((3, slice(0, 5)), (4, slice(30, 34)))).all()


def test_a_piece_takes_the_number_of_the_tooth_it_touches() -> None:
    # 3 ends in the middle of 4, and again far from it where nothing else is
    classes = blocks((3, slice(0, 6)), (4, slice(10, 16)), (3, slice(16, 18)), (3, slice(30, 33)))
    wanted = blocks((3, slice(0, 6)), (4, slice(10, 18)), (3, slice(30, 33)))
    assert (labels.join_pieces(classes) == wanted).all()


def test_unknown_voxels_are_no_tooth_to_join() -> None:
    classes = blocks((3, slice(0, 6)), (IGNORE, slice(10, 16)), (3, slice(16, 18)))
    assert (labels.join_pieces(classes) == classes).all()


# --- Filter ---


def test_the_filter_keeps_sure_teeth_and_makes_the_others_unknown_never_background() -> None:
    classes = blocks((3, slice(0, 6)), (4, slice(10, 16)), (5, slice(20, 26)))
    confidence = np.where(classes == 4, 0.6, 0.95)
    confidence[2, 2, 0] = 0.3  # a voxel of the sure tooth 3
    result, teeth = labels.drop_doubtful(classes, sure_of(classes, confidence), labels.Limits(keep=0.9, voxel=0.5))
    wanted = blocks((3, slice(0, 6)), (IGNORE, slice(10, 16)), (5, slice(20, 26)))
    wanted[2, 2, 0] = IGNORE
    assert (result == wanted).all()
    assert [(t.number, t.voxels, t.fate) for t in teeth] == [(3, 96, "kept"), (4, 96, "dropped"), (5, 96, "kept")]
    assert teeth[1].confidence == pytest.approx(0.6)


def test_two_teeth_of_one_number_are_judged_apart() -> None:
    classes = blocks((3, slice(0, 6)), (3, slice(20, 26)))
    confidence = np.where(np.arange(40) < 10, 0.95, 0.5) * np.ones(classes.shape)
    result, _ = labels.drop_doubtful(classes, sure_of(classes, confidence), labels.Limits())
    assert (result == blocks((3, slice(0, 6)), (IGNORE, slice(20, 26)))).all()


# --- Refinement ---


def test_smoothing_gives_a_speckled_tooth_the_number_of_its_most() -> None:
    tooth = blocks((3, slice(0, 6)))
    speckled = tooth.copy()
    speckled[3, 3, 2], speckled[4, 4, 3] = 4, 4
    smoothed = labels.smooth_numbers(sure_of(speckled), tooth > 0, tooth > 0, 1.5)
    assert (smoothed == tooth).all()


LIMITS = labels.Limits()


def refined(
    classes: np.ndarray, confidence: np.ndarray | float, grid: Volume, rest: int = 32
) -> tuple[np.ndarray, list[tuple[int, str]]]:
    result, teeth = labels.refine(classes, sure_of(classes, confidence, rest), LIMITS, grid.index_to_ras, 1.0)
    return result, sorted((tooth.number, tooth.fate) for tooth in teeth)


def test_a_sound_row_stays_as_it_is() -> None:
    classes, grid = lower_row({fdi: C[fdi] for fdi in ROW})
    result, fates = refined(classes, 0.97, grid)
    assert (result == classes).all()
    assert fates == sorted((C[fdi], "kept") for fdi in ROW)


def test_a_doubtful_tooth_takes_the_number_of_its_place_in_the_row() -> None:
    classes, grid = lower_row({fdi: C[fdi] for fdi in ROW} | {35: C[34], 34: C[34]})
    doubtful = (np.indices(classes.shape)[2] < grid.shape[2] / 2) & (classes == C[34])
    own, _ = lower_row({fdi: C[fdi] for fdi in ROW})
    doubtful &= own == C[35]
    assert doubtful.sum() == 125
    # the network says 34 twice, and thinks of 35 at one of the two
    result, fates = refined(classes, np.where(doubtful, 0.6, 0.97), grid, rest=C[35])
    assert (result == own).all()
    assert (C[35], "refined") in fates and (C[34], "kept") in fates
    # nothing speaks for 35 but the place: that is not enough
    result, _ = refined(classes, np.where(doubtful, 0.6, 0.97), grid, rest=C[36])
    assert (result == np.where(doubtful, IGNORE, own)).all()


def test_a_doubtful_tooth_never_changes_its_side_or_jaw() -> None:
    for other in (45, 25):
        classes, grid = lower_row({fdi: C[fdi] for fdi in ROW} | {35: C[other]})
        own, _ = lower_row({fdi: C[fdi] for fdi in ROW})
        wrong = own == C[35]
        # the row is sure that this is 35, and the network thinks of it
        result, _ = refined(classes, np.where(wrong, 0.6, 0.97), grid, rest=C[35])
        assert (result[wrong] == IGNORE).all()


def test_a_doubtful_tooth_that_the_row_cannot_place_is_dropped() -> None:
    classes, grid = lower_row({fdi: C[fdi] for fdi in ROW})
    own = classes == C[35]
    result, fates = refined(classes, np.where(own, 0.3, 0.97), grid, rest=C[44])
    assert (result[own] == IGNORE).all()
    assert (result[~own] == classes[~own]).all()
    assert sorted(fate for _, fate in fates) == ["dropped"] + 9 * ["kept"]


def test_a_sure_tooth_on_the_other_side_is_dropped_and_no_side_is_made_up() -> None:
    classes, grid = lower_row({fdi: C[fdi] for fdi in ROW} | {36: C[46]})
    wrong = np.indices(classes.shape)[2] < grid.shape[2] / 2
    wrong &= classes == C[46]
    assert wrong.sum() == 125
    result, _ = refined(classes, 0.97, grid)
    assert (result[wrong] == IGNORE).all()
    assert (result[~wrong] == classes[~wrong]).all()


def test_a_map_without_teeth_has_nothing_to_refine() -> None:
    classes, grid = np.zeros((4, 4, 4), np.uint8), Volume(np.zeros((4, 4, 4)), (1.0,) * 3, (0.0,) * 3)
    result, teeth = labels.refine(classes, sure_of(classes), LIMITS, grid.index_to_ras, 1.0)
    assert not result.any() and teeth == []


def test_poor_numbers_move_by_one_and_keep_their_quadrant_and_their_mass() -> None:
    classes = np.zeros((1, 1, 5), np.uint8)
    classes[0, 0] = (C[36], C[37], C[38], C[11], 0)
    p = sure_of(classes)
    moved = labels.worsen(p, 1.0, np.random.default_rng(0))
    assert moved.argmax(0)[0, 0].tolist() == [C[37], C[38], C[38], C[12], 0]
    assert moved.sum(0) == pytest.approx(p.sum(0))
    assert (labels.worsen(p, 0.0, np.random.default_rng(0)) == p).all()


# --- Stages ---


def test_folding_is_undone_by_unfolding() -> None:
    image = torch.arange(4 * 6 * 8).reshape(1, 4, 6, 8)
    assert (unfold(fold(image)[0].reshape(-1, 1), (4, 6, 8))[0] == image[0]).all()


@pytest.mark.parametrize("residual", [True, False])
def test_the_network_answers_at_every_voxel_and_sees_places_only_where_told(residual: bool) -> None:
    torch.manual_seed(0)
    net = SubvoxelUNet(SubvoxelPlan(5, (32, 32), residual, places=True)).eval()
    image = torch.zeros(1, 1, 8, 8, 16)
    answer = unfold(net(image)[0], (8, 8, 16))
    assert answer.shape == (5, 8, 8, 16)
    inner = answer[:, 4, 4]
    assert not torch.allclose(inner[:, 4], inner[:, 10], atol=1e-6)
    blind = SubvoxelUNet(SubvoxelPlan(5, (32, 32), residual, places=False)).eval()
    inner = unfold(blind(torch.zeros(1, 1, 32, 32, 64))[0], (32, 32, 64))[:, 16, 16]
    assert torch.allclose(inner[:, 28], inner[:, 32], atol=1e-6)


def test_a_mirrored_sample_of_teeth_changes_sides() -> None:
    target = np.zeros((4, 4, 4), np.uint8)
    target[..., 0] = C[16]
    image = np.zeros((4, 4, 4), np.float32)
    plan_ = DataPlan("teeth", (4, 4, 4), flip_axes=(2,))
    seen = {tuple(np.unique(augment(image, target, plan_, np.random.default_rng(k))[1][..., -1])) for k in range(12)}
    assert seen == {(0,), (C[26],)}


def scan_with_teeth() -> tuple[Volume, Volume]:
    phantom = make_phantom(1, 1.0, fov_mm=(96.0, 88.0, 72.0), fillings=0)
    return phantom.image, phantom.labels


def test_the_region_is_cut_on_the_scans_own_raster_and_labels_come_back() -> None:
    scan, truth = scan_with_teeth()
    teeth = truth.with_array((truth.array > 0).astype(np.uint8))
    middle = stages.middle_of_teeth(teeth)
    assert middle is not None
    scale = stages.Scale(2.0, 1.0, (64, 80, 80))
    seen = stages.view_of(truth, "number", scale, stages.region_around(middle, scan, scale), labels=True)
    assert seen.shape == scale.region
    assert (seen.array > 0).sum() == (truth.array > 0).sum()
    answer = answers.Answer(sure_of(stages.classes_of(seen).array), seen)
    assert (answers.label_map(answer, scan).array == truth.array).all()


def test_whole_scans_have_even_sides_and_stay_where_they_are() -> None:
    scan = Volume(np.arange(5 * 7 * 6).reshape(5, 7, 6), (1.0,) * 3, (0.0,) * 3, (-1, 0, 0, 0, -1, 0, 0, 0, 1))
    seen = stages.view_of(scan, "whole", stages.Scale(2.0, 1.0, (4, 4, 4)))
    assert seen.shape == (4, 6, 6)
    assert (seen.array == scan.array[:4, :6]).all()
    assert seen.origin == scan.origin


def test_a_stray_speck_does_not_move_the_region() -> None:
    array = np.zeros((40, 40, 40), np.uint8)
    array[10:20, 10:20, 10:20] = 1
    grid = Volume(array, (1.0,) * 3, (0.0,) * 3, (-1, 0, 0, 0, -1, 0, 0, 0, 1))
    middle = stages.middle_of_teeth(grid)
    array[38:, 38:, 38:] = 1
    assert (stages.middle_of_teeth(grid) == middle).all()
    assert stages.middle_of_teeth(grid.with_array(np.zeros_like(array))) is None


# --- Plans ---


def test_the_shipped_configuration_is_sound_and_says_what_runs_where() -> None:
    read = plan.read_plan(ROOT / "training/configs/pseudo_labels.yaml")
    groups = list(read.groups())
    assert [group.name for group in groups] == ["8_1", "4_1", "16_1", "8_2", "8_3"]
    assert groups[0].rows == read.rows
    assert {"unet", "baseline", "final"} <= {row.name for row in groups[1].rows} < {row.name for row in read.rows}
    names = [f"p{k}" for k in range(16)]
    assert set(read.labelled(groups[1], names)) < set(read.labelled(groups[0], names)) < set(names)
    assert read.labelled(groups[0], names) != read.labelled(groups[3], names)
    with pytest.raises(InputError, match="16 labelled scans are asked for, but there are 3"):
        read.labelled(groups[2], names[:3])
    assert [row.name for row in read.only(["final", "unet"]).rows] == ["unet", "final"]
    assert read.config("final", 1)["training"]["steps"] == read.retraining["training"]["steps"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rows": {"a": {"title": "A", "network": "none"}}}, "row a: no network 'none'"),
        ({"rows": {"a": {"title": "A", "network": "number", "views": "all"}}}, "row a: no views 'all'"),
        ({"retrained": {"b": {"labels": "best"}}}, "b: no labels 'best'"),
        ({"rows": {"a": {"titel": "A"}}}, "is no configuration of pseudo labels"),
        ({"networks": {}}, "no network 'find'"),
    ],
)
def test_a_configuration_with_a_name_that_nothing_has_is_refused(tmp_path: Path, change: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        plan.read_plan(tiny_config(tmp_path, **change))


def test_no_patient_is_in_two_folders(tmp_path: Path) -> None:
    for split, count in (("train", 6), ("validation", 2)):
        (tmp_path / split).mkdir()
        for k in range(count):
            (tmp_path / split / f"{split[0]}{k}.npz").touch()
    wanted = {"seed": 1, "patients": "t*", "labelled": 2, "mouths": {"unlabelled": 2, "test": 1}}
    drawn = scans.jobs(tmp_path, wanted)
    patients = {folder: {job.file.stem for job in drawn if job.folder == folder} for folder in scans.FOLDERS}
    assert {folder: len(p) for folder, p in patients.items()} == {"labelled": 2, "unlabelled": 4, "test": 2}
    assert not patients["labelled"] & patients["unlabelled"]
    assert patients["test"] == {"v0", "v1"}
    assert len({(job.folder, job.name) for job in drawn}) == len(drawn) == 2 + 8 + 2
    with pytest.raises(InputError, match="run python -m training root-teeth first"):
        scans.jobs(tmp_path, wanted | {"labelled": 6})


# --- Scores ---


def test_scores_of_all_teeth_and_of_single_ones() -> None:
    truth = np.zeros((10, 10, 30), np.uint8)
    truth[2:8, 2:8, 2:8], truth[2:8, 2:8, 20:26] = 11, 21
    found = truth.copy()
    found[found == 21] = 22
    grid = Volume(truth, (1.0,) * 3, (0.0,) * 3)
    scores = scoring.score(grid.with_array(found), grid, 1.0)
    assert [scores[k] for k in ("image_dice", "image_iou", "image_nsd")] == [1.0, 1.0, 1.0]
    assert [scores[k] for k in ("dice", "iou", "nsd", "identification")] == [0.5, 0.5, 0.5, 0.5]
    nothing = scoring.score(grid.with_array(np.zeros_like(truth)), grid, 1.0)
    assert set(nothing.values()) == {0.0}


# --- The whole of it ---


def tiny_config(folder: Path, **change: dict) -> Path:
    """A configuration of few steps, as JSON, which is YAML too."""
    training = {"steps": 4, "batch": 1, "lr": 1e-3, "warmup_steps": 1, "log_every": 2}
    data = {"patch": [24, 24, 24], "flip_axes": [2]}

    def net(classes: int, **more: bool) -> dict:
        task = "mask" if classes == 2 else "teeth"
        return {
            "task": task,
            "data": data,
            "training": training,
            "net": {"classes": classes, "widths": [32, 32], **more},
        }

    content = {
        "scans": {"seed": 1, "patients": "*", "labelled": 2, "mouths": {"unlabelled": 1, "test": 1}},
        "scale": {"find_mm": 4.0, "number_mm": 3.0, "region": [24, 24, 24]},
        "sizes": {"2": [1]},
        "networks": {"find": net(2), "number": net(33, places=True), "whole": net(33, residual=False)},
        "retraining": {"pseudo_share": 0.5, "training": {"steps": 3}},
        "retrained": {"longer": {"labels": "none"}, "final": {}, "poor": {"labels": "raw", "worsen": 1.0}},
        "rows": {
            "unet": {"title": "U-Net", "network": "whole", "clean": False, "views": "once"},
            "baseline": {"title": "baseline", "network": "number", "paper": "baseline"},
            "longer": {"title": "longer", "network": "longer", "views": "once"},
            "final": {"title": "final", "network": "final", "paper": "final"},
            "poor": {"title": "poor", "network": "poor", "views": "once"},
        },
    }
    path = folder / "tiny.yaml"
    path.write_text(json.dumps(content | change), encoding="utf-8")
    return path


def own_scans(work: Path) -> None:
    """Two labelled, two unlabelled phantoms and one to test on, the library's own."""
    for seed, folder in enumerate(("labelled", "labelled", "unlabelled", "unlabelled", "test")):
        phantom = make_phantom(seed, 2.0, fov_mm=(96.0, 88.0, 72.0), fillings=0)
        origin = phantom.image.index_to_ras(np.zeros((1, 3)))[0]
        out = work / "scans" / folder
        write_pair(out, f"p{seed}", phantom.image.array, phantom.labels.array, 2.0, origin)
        if folder == "unlabelled":
            (out / f"p{seed}{LABELS}").unlink()
    assert len(list((work / "scans").rglob(f"*{IMAGE}"))) == 5


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is not started again."""
    monkeypatch.setattr(command, "keep_memory", lambda: None)


def test_one_command_from_scans_to_the_table_and_again_at_no_cost(
    tmp_path: Path, at_once: None, capsys: pytest.CaptureFixture[str]
) -> None:
    work = tmp_path / "work"
    own_scans(work)
    (work / "scans/hidden").mkdir()
    for seed in (2, 3):
        shutil.copy(work / f"scans/test/p4{LABELS}", work / f"scans/hidden/p{seed}{LABELS}")
    call = ["table", str(tiny_config(tmp_path)), "-o", str(work), "--threads", "1"]
    assert command.main([*call, "--labels", "--rows", "final", "poor"]) == 0
    assert "| 2, 1 | refined |" in capsys.readouterr().out
    labels_only = [sorted(p.name for p in (work / "2_1/pseudo").iterdir())]
    labels_only.append(sorted(p.name for p in (work / "2_1").iterdir() if p.name != "pseudo"))
    assert command.main(call) == 0
    shown = capsys.readouterr().out
    assert (work / "tables.md").read_text(encoding="utf-8") in shown
    for title in ("U-Net", "baseline", "*the paper's baseline*", "longer", "final", "*the paper's final*", "poor"):
        assert f"| {title} |" in shown
    assert "96.07 | 92.58 | 98.29 | 90.40 | 87.50 | 92.74 | 95.86" in shown
    assert labels_only == [["final", "poor"], ["find", "number"]]
    told = json.loads((work / "2_1/pseudo/final" / runs.TOLD).read_text(encoding="utf-8"))
    assert told["names"] == ["p2", "p3"]
    assert not list((work / "scans").glob("unlabelled/*labels*"))
    weights = (work / "2_1/final/checkpoint.pt").stat().st_mtime_ns
    assert command.main(call) == 0
    assert (work / "2_1/final/checkpoint.pt").stat().st_mtime_ns == weights
    assert "==" not in capsys.readouterr().out
    retraining = {"pseudo_share": 0.5, "training": {"steps": 3, "lr": 2e-3}}
    assert command.main([call[0], str(tiny_config(tmp_path, retraining=retraining)), *call[2:]]) != 0
    assert "was trained with another configuration" in capsys.readouterr().err
    tiny_config(tmp_path)

    out = tmp_path / "teeth.nii.gz"
    scan = work / "scans/test" / f"p4{IMAGE}"
    assert command.main(["segment", call[1], str(work / "2_1"), str(scan), "-o", str(out)]) == 0
    assert read_labels(out).shape == read_labels(work / "scans/test" / f"p4{LABELS}").shape


def test_what_is_missing_is_said(tmp_path: Path, at_once: None, capsys: pytest.CaptureFixture[str]) -> None:
    config, work = str(tiny_config(tmp_path)), str(tmp_path / "work")
    for call, said in (
        (["table", config, "-o", work], "name another"),
        (["table", config, "-o", work, "--print"], "holds no scores yet"),
        (["table", config, "-o", work, "--only", "9_9"], "has no group 9_9"),
        (["table", config, "-o", work, "--rows", "best"], "There is no row best; there are unet"),
        (["table", str(tmp_path / "none.yaml"), "-o", work], "is no configuration of pseudo labels"),
        (["segment", config, work, "scan.nii.gz", "-o", "out.nii.gz"], "holds no trained network 'find'"),
    ):
        assert command.main(call) != 0
        assert said in capsys.readouterr().err


def test_a_batch_follows_from_its_number_and_mixes_real_and_pseudo_labels(tmp_path: Path, at_once: None) -> None:
    own_scans(tmp_path)
    read = plan.read_plan(tiny_config(tmp_path))
    runs.make_samples(tmp_path, read)
    real = tmp_path / "samples/number"
    for name in ("q0", "q1"):
        image = np.load(real / f"p0{IMAGE_SUFFIX}")
        runs.write_volume_sample(tmp_path / "pseudo", name, image, np.full(image.shape, IGNORE, np.uint8))
    config = read.config("final", 1)
    task = stages.StageTask(config, real, ["p0", "p1"], tmp_path / "pseudo", ["q0", "q1"])
    targets = [task.batch_at(step)[1] for step in range(20)]
    assert all((task.batch_at(step)[1] == targets[step]).all() for step in (0, 7, 19))
    unknown = [bool((target == IGNORE).all()) for target in targets]
    assert 4 <= sum(unknown) <= 16
