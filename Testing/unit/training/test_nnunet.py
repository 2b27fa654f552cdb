"""Model folders of nnU-Net become networks, or are refused in one sentence, and nothing of them is run."""

from __future__ import annotations

import copy
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed; only training needs it")
onnx = pytest.importorskip("onnx", reason="onnx is not installed; only training and its tests need it")

from DentalTopoSegLib.errors import InputError  # noqa: E402
from DentalTopoSegLib.networks.graphs import require_known_graph  # noqa: E402
from DentalTopoSegLib.nnunet.description import Description  # noqa: E402
from DentalTopoSegLib.nnunet.resampling import Rule  # noqa: E402
from training.export.ranges import session  # noqa: E402
from training.nnunet import command  # noqa: E402
from training.nnunet import quantize as quantizing  # noqa: E402
from training.nnunet.folder import expected_shapes, read_folder  # noqa: E402
from training.nnunet.graph import write_graph  # noqa: E402
from training.nnunet.quantize import equalize, quantize  # noqa: E402

PLANS = {
    "dataset_name": "Dataset900_toy",
    "plans_name": "nnUNetPlans",
    "transpose_forward": [0, 1, 2],
    "image_reader_writer": "SimpleITKIO",
    "foreground_intensity_properties_per_channel": {
        "0": {"mean": 900.0, "std": 400.0, "percentile_00_5": -100.0, "percentile_99_5": 2500.0}
    },
    "configurations": {
        "3d_fullres": {
            "patch_size": [4, 16, 16],
            "spacing": [3.5, 1.0, 1.0],
            "normalization_schemes": ["CTNormalization"],
            "use_mask_for_norm": [False],
            "resampling_fn_data": "resample_data_or_seg_to_shape",
            "resampling_fn_data_kwargs": {"is_seg": False, "order": 3, "order_z": 0, "force_separate_z": None},
            "resampling_fn_probabilities": "resample_data_or_seg_to_shape",
            "resampling_fn_probabilities_kwargs": {"is_seg": False, "order": 1, "order_z": 0, "force_separate_z": None},
            "architecture": {
                "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
                "arch_kwargs": {
                    "n_stages": 3,
                    "features_per_stage": [4, 8, 8],
                    "conv_op": "torch.nn.modules.conv.Conv3d",
                    "kernel_sizes": [[1, 3, 3], [3, 3, 3], [3, 3, 3]],
                    "strides": [[1, 1, 1], [1, 2, 2], [2, 2, 2]],
                    "n_conv_per_stage": [1, 1, 2],
                    "n_conv_per_stage_decoder": [1, 1],
                    "conv_bias": True,
                    "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
                    "norm_op_kwargs": {"eps": 1e-05, "affine": True},
                    "dropout_op": None,
                    "nonlin": "torch.nn.LeakyReLU",
                    "nonlin_kwargs": {"inplace": True},
                },
            },
        }
    },
}
DATASET = {
    "channel_names": {"0": "CT"},
    "labels": {"background": 0, "Upper Teeth": 1, "Lower Teeth": 2},
    "licence": "CC0-1.0",
    "file_ending": ".nii.gz",
}


def plans(kind: str = "PlainConvUNet") -> dict:
    made = copy.deepcopy(PLANS)
    architecture = made["configurations"]["3d_fullres"]["architecture"]
    if kind != "PlainConvUNet":
        architecture["network_class_name"] = f"dynamic_network_architectures.architectures.unet.{kind}"
        architecture["arch_kwargs"]["n_blocks_per_stage"] = architecture["arch_kwargs"].pop("n_conv_per_stage")
    return made


def write_folder(path: Path, made: dict | None = None, dataset: dict | None = None, folds=("0",), **changes) -> Path:
    """A model folder with random weights, and numbers of numpy beside them as nnunetv2 leaves them."""
    made = plans() if made is None else made
    path.mkdir(parents=True, exist_ok=True)
    (path / "plans.json").write_text(json.dumps(made), encoding="utf-8")
    (path / "dataset.json").write_text(json.dumps(DATASET if dataset is None else dataset), encoding="utf-8")
    from training.nnunet.folder import _architecture

    shapes = expected_shapes(_architecture(made["configurations"]["3d_fullres"], path), 1, 3)
    for i, fold in enumerate(folds):
        rng = np.random.default_rng(i)
        weights = {n: torch.from_numpy(rng.normal(0, 0.3, shape).astype(np.float32)) for n, shape in shapes.items()}
        checkpoint = {
            "network_weights": weights,
            "optimizer_state": {},
            "grad_scaler_state": None,
            "logging": {"mean_fg_dice": [np.float64(0.5), np.float32(0.25)], "epochs": np.int64(3)},
            "_best_ema": np.float64(0.5),
            "current_epoch": 3,
            "init_args": {"configuration": "3d_fullres", "fold": i, "device": torch.device("cpu")},
            "trainer_name": "nnUNetTrainer",
            "inference_allowed_mirroring_axes": (0, 1, 2),
        } | changes
        (path / f"fold_{fold}").mkdir(exist_ok=True)
        torch.save(checkpoint, path / f"fold_{fold}" / "checkpoint_final.pth")
    return path


def tile(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(1, 1, 4, 16, 16)).astype(np.float32)


@pytest.mark.parametrize("kind", ["PlainConvUNet", "ResidualEncoderUNet"])
def test_a_folder_with_numpy_numbers_becomes_a_network_that_describes_itself(tmp_path: Path, kind: str) -> None:
    folder = read_folder(write_folder(tmp_path, plans(kind)))
    model = write_graph(folder)
    require_known_graph(model.SerializeToString(), tmp_path, ("image",), ("logits",))
    described = Description.of(folder.metadata, "It")
    assert described.spacing == (3.5, 1.0, 1.0)
    assert described.names == {1: "Upper Teeth", 2: "Lower Teeth"}
    assert described.mirror_axes == (0, 1, 2)
    assert session(model, 1).run(None, {"image": tile()})[0].shape == (1, 3, 4, 16, 16)


def test_five_folds_answer_by_their_mean_or_one_by_itself(tmp_path: Path) -> None:
    write_folder(tmp_path, folds=("0", "1", "2", "3", "4"))
    answers = [
        session(write_graph(read_folder(tmp_path, [str(fold)])), 1).run(None, {"image": tile()})[0] for fold in range(5)
    ]
    together = session(write_graph(read_folder(tmp_path)), 1).run(None, {"image": tile()})[0]
    assert np.abs(together - np.mean(answers, 0)).max() < 1e-5
    with pytest.raises(InputError, match="no fold 7; there are: 0, 1, 2, 3, 4"):
        read_folder(tmp_path, ["7"])


@pytest.mark.parametrize("kind", ["PlainConvUNet", "ResidualEncoderUNet"])
def test_levelled_channels_change_nothing_and_int8_little(tmp_path: Path, kind: str) -> None:
    model = write_graph(read_folder(write_folder(tmp_path, plans(kind))))
    tiles = [tile(seed) for seed in range(3)]
    exact, level, int8 = (
        session(m, 1).run(None, {"image": tiles[0]})[0] for m in (model, equalize(model, tiles), quantize(model, tiles))
    )
    assert np.abs(level - exact).max() < 0.01 * exact.std()
    assert np.abs(int8 - exact).mean() < 0.05 * exact.std()


def test_tensors_are_measured_in_groups_of_bounded_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = write_graph(read_folder(write_folder(tmp_path)))
    tiles = [tile(seed) for seed in range(2)]
    names = [node.input[0] for node in model.graph.node if node.op_type == "Conv"]
    at_once = quantizing.measure_ranges(model, names, tiles)
    largest = 4 * 4 * 16 * 16 * 4  # bytes of the first stage's four channels
    monkeypatch.setattr(quantizing, "_AT_ONCE_BYTES", 2 * largest)
    groups = quantizing._groups(model, names)
    assert 1 < len(groups) < len(names)
    assert sorted(name for group in groups for name in group) == sorted(names)
    assert quantizing.measure_ranges(model, names, tiles) == at_once


def test_the_command_writes_networks_list_and_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_folder(tmp_path / "model")
    assert command.main([str(tmp_path / "model"), "-o", str(tmp_path / "out"), "--name", "toy"]) == 0
    assert json.loads(capsys.readouterr().out).keys() == {"toy.fp32.onnx"}
    entry = json.loads((tmp_path / "out/models.json").read_text(encoding="utf-8"))["models"][0]
    assert (entry["task"], entry["license"], entry["card"]) == ("nnunet", "CC0-1.0", "toy.md")
    assert "Upper Teeth, Lower Teeth" in (tmp_path / "out/toy.md").read_text(encoding="utf-8")


class _Runs:
    """What is pickled so runs when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_pickled_code_is_refused_and_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_folder(tmp_path / "model", logging=_Runs(tmp_path / "was_run"))
    code = command.main([str(tmp_path / "model"), "-o", str(tmp_path / "out")])
    said = capsys.readouterr().err
    assert code == InputError.exit_code
    assert "holds more than weights" in said
    assert "nothing of it was run" in said
    assert said.count("\n") == 1
    assert not (tmp_path / "was_run").exists()
    assert not (tmp_path / "out").exists()


def _changed(at: str, value) -> dict:
    made = plans()
    place = made["configurations"]["3d_fullres"]
    *way, last = at.split(".")
    for key in way:
        place = place[key]
    place[last] = value
    return made


@pytest.mark.parametrize(
    ("at", "value", "words"),
    [
        ("patch_size", [4096, 16, 16], "patch_size 4096"),
        ("patch_size", [1024, 1024, 1024], "a patch of 1024 x 1024 x 1024 voxels"),
        ("patch_size", [512, 512], "network for single slices"),
        ("previous_stage", "3d_lowres", "second stage of a cascade"),
        ("architecture.network_class_name", "somewhere.MedNeXt", "a network MedNeXt, which cannot be converted"),
        ("architecture.arch_kwargs.norm_op", "torch.nn.BatchNorm3d", "norm_op BatchNorm3d"),
        ("architecture.arch_kwargs.n_stages", 99, "n_stages 99"),
        ("architecture.arch_kwargs.features_per_stage", [4, 8, 10**9], "features_per_stage"),
        ("architecture.arch_kwargs.strides", [[1, 1], [2, 2], [2, 2]], "strides"),
        ("normalization_schemes", ["MyNormalization"], "normalises by MyNormalization"),
        ("normalization_schemes", ["CTNormalization"] * 2, "normalises 2 channels"),
        ("resampling_fn_data", "my_resampling", "resamples by my_resampling, which cannot be converted"),
    ],
)
def test_plans_that_cannot_be_converted_are_refused_by_name(tmp_path: Path, at: str, value, words: str) -> None:
    write_folder(tmp_path)
    (tmp_path / "plans.json").write_text(json.dumps(_changed(at, value)), encoding="utf-8")
    with pytest.raises(InputError, match=words) as refused:
        read_folder(tmp_path)
    assert "\n" not in str(refused.value)


def _toothseg(**kwargs) -> dict:
    """Plans as ToothSeg publishes them: a configuration that inherits, resampled by torch in all three axes alike."""
    made = plans()
    of_torch = {"is_seg": False, "force_separate_z": False, "memefficient_seg_resampling": False} | kwargs
    made["configurations"]["3d_fullres_resample_torch_192_bs8"] = {"inherits_from": "3d_fullres"} | {
        key: value
        for what in ("data", "seg", "probabilities")
        for key, value in (
            (f"resampling_fn_{what}", "resample_torch_fornnunet"),
            (f"resampling_fn_{what}_kwargs", of_torch),
        )
    }
    return made


def test_plans_that_resample_by_torch_are_read(tmp_path: Path) -> None:
    write_folder(tmp_path, _toothseg(), init_args={"configuration": "3d_fullres_resample_torch_192_bs8"})
    described = Description.of(read_folder(tmp_path).metadata, "It")
    assert described.image_rule == described.logits_rule == Rule(1, 0, False, keep_single=True)
    assert described.patch == (4, 16, 16)


def test_another_way_to_resample_by_torch_is_refused(tmp_path: Path) -> None:
    made = _toothseg(mode="nearest")
    write_folder(tmp_path, made, init_args={"configuration": "3d_fullres_resample_torch_192_bs8"})
    with pytest.raises(InputError, match="with mode 'nearest', which cannot be converted; 'linear' can"):
        read_folder(tmp_path)


def test_weights_that_do_not_fit_the_plans_are_refused(tmp_path: Path) -> None:
    write_folder(tmp_path)
    made = _changed("architecture.arch_kwargs.features_per_stage", [4, 8, 12])
    (tmp_path / "plans.json").write_text(json.dumps(made), encoding="utf-8")
    with pytest.raises(InputError, match=r"does not fit its plans\.json: .* has the shape"):
        read_folder(tmp_path)
    write_folder(tmp_path, network_weights={})
    with pytest.raises(InputError, match=r"has no weights encoder\.stages"):
        read_folder(tmp_path)


@pytest.mark.parametrize("name", ["plans.json", "dataset.json", "fold_0/checkpoint_final.pth"])
def test_missing_and_damaged_files_are_refused(tmp_path: Path, name: str) -> None:
    write_folder(tmp_path)
    (tmp_path / name).write_bytes(b"no such thing")
    with pytest.raises(InputError):
        read_folder(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(InputError):
        read_folder(tmp_path)


def test_a_packed_checkpoint_is_not_unpacked(tmp_path: Path) -> None:
    path = write_folder(tmp_path) / "fold_0/checkpoint_final.pth"
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(InputError, match="packed as torch packs no checkpoint"):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    ("labels", "more", "words"),
    [
        ({"background": 0, "a": 1, "b": 3}, {}, "without gaps"),
        ({"background": 0, "a": [1, 2], "b": 2}, {}, "no regions_class_order"),
        ({"a": 1}, {}, "no background"),
        ({"background": 0}, {}, "names no structure"),
    ],
)
def test_labels_that_make_no_sense_are_refused(tmp_path: Path, labels: dict, more: dict, words: str) -> None:
    write_folder(tmp_path)
    (tmp_path / "dataset.json").write_text(json.dumps(DATASET | {"labels": labels} | more), encoding="utf-8")
    with pytest.raises(InputError, match=words):
        read_folder(tmp_path)


def test_plans_of_nnunetv2_before_2_4_are_read(tmp_path: Path) -> None:
    write_folder(tmp_path)
    made = plans()
    configuration = made["configurations"]["3d_fullres"]
    known = configuration.pop("architecture")["arch_kwargs"]
    configuration |= {
        "UNet_class_name": "PlainConvUNet",
        "UNet_base_num_features": 4,
        "unet_max_num_features": 8,
        "conv_kernel_sizes": known["kernel_sizes"],
        "pool_op_kernel_sizes": known["strides"],
        "n_conv_per_stage_encoder": known["n_conv_per_stage"],
        "n_conv_per_stage_decoder": known["n_conv_per_stage_decoder"],
    }
    before = read_folder(tmp_path)
    (tmp_path / "plans.json").write_text(json.dumps(made), encoding="utf-8")
    assert read_folder(tmp_path).architecture == before.architecture
