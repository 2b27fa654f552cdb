"""Small nnU-Net v2 models trained by nnunetv2 itself on phantoms, with its own predictor's answer: the data of the
tests that compare with it.

    python Testing/nnunet/make_reference.py WORK OUT [--cases plain residual ...] [--iterations 500] [--kept]

Needs nnunetv2 (2.8.1 was used) and torch, in an environment of its own; no test needs it. Of every case OUT/CASE gets
`model/` as nnunetv2 leaves it (plans.json, dataset.json, fold_*/checkpoint_final.pth), `scan.nii.gz` that no training
saw, `answer.nii.gz`, `answer_mirrored.nii.gz` and, where it is one fold, `answer_by_torch.nii.gz` of the same weights
with plans that resample by torch, as ToothSeg's do. `--kept` trains nothing: OUT's models answer. `--freeze` leaves out
of the checkpoints what prediction does not read (the optimizer's state, the trainer's log), so that they can be kept in
the repository.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

TRAINING_SEEDS = range(1, 7)
TEST_SEED = 99


@dataclass(frozen=True)
class Case:
    """One model: its planner, its grid, its network and what it learns."""

    planner: str
    spacing_mm: float
    test_spacing_mm: float
    thin_out: int  # every n-th slice is kept
    patch: tuple[int, int, int]
    kernels: list[list[int]]
    strides: list[list[int]]
    channel: str  # nnU-Net chooses the normalisation by this name
    regions: bool
    folds: tuple[str | int, ...]
    features: tuple[int, int, int] = (4, 8, 12)


_CUBES = [[3, 3, 3]] * 3
_FLAT = [[1, 3, 3], [3, 3, 3], [3, 3, 3]]
_ISOTROPIC = [[1, 1, 1], [2, 2, 2], [2, 2, 2]]
_ANISOTROPIC = [[1, 1, 1], [1, 2, 2], [2, 2, 2]]
_PLAIN, _RESIDUAL = "ExperimentPlanner", "nnUNetPlannerResEncM"
CASES = {
    "plain": Case(_PLAIN, 2.0, 2.3, 1, (32, 32, 32), _CUBES, _ISOTROPIC, "CT", False, ("all",)),
    "residual_flat": Case(
        _RESIDUAL, 1.6, 1.3, 4, (8, 32, 32), _FLAT, _ANISOTROPIC, "CBCT", True, ("all",), (8, 12, 12)
    ),
    "plain_flat": Case(_PLAIN, 1.6, 1.9, 4, (8, 32, 32), _FLAT, _ANISOTROPIC, "CT", False, ("all",)),
    "residual": Case(_RESIDUAL, 2.0, 2.3, 1, (32, 32, 32), _CUBES, _ISOTROPIC, "CBCT", False, ("all",)),
    "five": Case(_PLAIN, 2.0, 2.3, 1, (32, 32, 32), _CUBES, _ISOTROPIC, "CT", False, (0, 1, 2, 3, 4), (3, 4, 6)),
}


def write_scan(seed: int, spacing: float, thin_out: int, image: Path, labels: Path | None) -> None:
    """A phantom's scan in few grey values, which packs well, and its upper and lower teeth as 1 and 2."""
    import SimpleITK as sitk

    from DentalTopoSegLib.phantom import make_phantom

    phantom = make_phantom(seed=seed, spacing_mm=spacing, fillings=0, fov_mm=(76.0, 70.0, 60.0))

    def write(array: np.ndarray, path: Path) -> None:
        out = sitk.GetImageFromArray(np.ascontiguousarray(array[::thin_out]))
        volume = phantom.image
        out.SetSpacing((volume.spacing[0], volume.spacing[1], volume.spacing[2] * thin_out))
        out.SetOrigin(volume.origin)
        out.SetDirection(volume.direction)
        sitk.WriteImage(out, str(path), useCompression=True)

    write((np.clip(phantom.image.array, -1000, 3000) // 64 * 64).astype(np.int16), image)
    if labels is not None:
        fdi = phantom.labels.array
        write(np.where(fdi > 30, 2, (fdi > 0).astype(np.uint8)).astype(np.uint8), labels)


def make_dataset(case: Case, name: str) -> None:
    """The training data as nnunetv2 wants them, and its fingerprint."""
    from nnunetv2.experiment_planning.plan_and_preprocess_api import extract_fingerprints

    folder = Path(os.environ["nnUNet_raw"], name)  # noqa: SIM112
    for part in ("imagesTr", "labelsTr"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for seed in TRAINING_SEEDS:
        image, labels = folder / f"imagesTr/p{seed}_0000.nii.gz", folder / f"labelsTr/p{seed}.nii.gz"
        write_scan(seed, case.spacing_mm, case.thin_out, image, labels)
    labels = {"background": 0, "Upper Teeth": 1, "Lower Teeth": 2}
    described = {
        "channel_names": {"0": case.channel},
        "labels": {"background": 0, "Teeth": [1, 2], "Lower Teeth": [2]} if case.regions else labels,
        **({"regions_class_order": [1, 2]} if case.regions else {}),
        "numTraining": len(TRAINING_SEEDS),
        "file_ending": ".nii.gz",
        "licence": "CC0-1.0",
        "description": "teeth of phantoms, to be tested with",
    }
    (folder / "dataset.json").write_text(json.dumps(described), encoding="utf-8")
    if not Path(os.environ["nnUNet_preprocessed"], name, "dataset_fingerprint.json").is_file():  # noqa: SIM112
        extract_fingerprints([int(name[7:10])], num_processes=1)


def plan(case: Case, name: str) -> Path:
    """nnunetv2's plan, with a network and a patch small enough for a minute of training; data preprocessed for it."""
    from nnunetv2.experiment_planning.plan_and_preprocess_api import plan_experiments, preprocess

    features = list(case.features)
    for path in Path(os.environ["nnUNet_preprocessed"], name).glob("*Plans.json"):  # noqa: SIM112
        made = json.loads(path.read_text(encoding="utf-8"))["configurations"]["3d_fullres"]
        if made["architecture"]["arch_kwargs"]["features_per_stage"] == features:  # prepared before
            return path
    number = int(name[7:10])
    identifier = plan_experiments([number], experiment_planner_class_name=case.planner)
    folder = os.environ["nnUNet_preprocessed"]  # noqa: SIM112
    path = Path(folder, name, f"{identifier}.json")
    plans = json.loads(path.read_text(encoding="utf-8"))
    configuration = plans["configurations"]["3d_fullres"]
    configuration["patch_size"], configuration["batch_size"] = list(case.patch), 2
    network = configuration["architecture"]["arch_kwargs"]
    network |= {
        "n_stages": 3,
        "features_per_stage": features,
        "kernel_sizes": case.kernels,
        "strides": case.strides,
        "n_conv_per_stage_decoder": [1, 1],
    }
    network |= {"n_blocks_per_stage": [1, 1, 2]} if "n_blocks_per_stage" in network else {"n_conv_per_stage": [2, 2, 2]}
    plans["configurations"] = {"3d_fullres": configuration}
    path.write_text(json.dumps(plans), encoding="utf-8")
    preprocess([number], identifier, configurations=("3d_fullres",), num_processes=[1])
    return path


def train(plans: Path, fold: str | int, iterations: int) -> Path:
    """Train one fold by nnunetv2's own trainer; returns the model folder."""
    import torch
    from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

    dataset = json.loads((plans.parent / "dataset.json").read_text(encoding="utf-8"))
    content = json.loads(plans.read_text(encoding="utf-8")) | {"continue_training": False}
    torch.manual_seed(0)
    trainer = nnUNetTrainer(content, "3d_fullres", fold, dataset, device=torch.device("cpu"))
    trainer.num_epochs, trainer.num_iterations_per_epoch, trainer.num_val_iterations_per_epoch = 2, iterations // 2, 2
    trainer.initial_lr, trainer.oversample_foreground_percent = 0.03, 1.0  # minutes, not days
    workers = os.environ["nnUNet_n_proc_DA"]  # noqa: SIM112
    os.environ["nnUNet_n_proc_DA"] = "0"  # noqa: SIM112  # augment in this process
    trainer.run_training()
    os.environ["nnUNet_n_proc_DA"] = workers  # noqa: SIM112  # the planner of the next case takes no 0
    return Path(trainer.output_folder_base)


def predict(model: Path, scan: Path, answer: Path, folds: tuple[str | int, ...], mirrored: bool) -> None:
    """The answer of nnunetv2's own predictor."""
    import torch
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    predictor = nnUNetPredictor(use_mirroring=mirrored, device=torch.device("cpu"), allow_tqdm=False)
    predictor.initialize_from_trained_model_folder(str(model), folds, "checkpoint_final.pth")
    predictor.predict_from_files_sequential([[str(scan)]], [str(answer).removesuffix(".nii.gz")])


def plans_by_torch(plans: dict) -> dict:
    """The same plans, scans and logits resampled by nnunetv2's other function."""
    for configuration in plans["configurations"].values():
        for what in ("data", "seg", "probabilities"):
            configuration[f"resampling_fn_{what}"] = "resample_torch_fornnunet"
            configuration[f"resampling_fn_{what}_kwargs"] = {"is_seg": what == "seg", "force_separate_z": None}
    return plans


def predict_all(out: Path, folds: tuple[str | int, ...], work: Path) -> None:
    """Every answer of a case."""
    predict(out / "model", out / "scan.nii.gz", out / "answer.nii.gz", folds, mirrored=False)
    predict(out / "model", out / "scan.nii.gz", out / "answer_mirrored.nii.gz", folds, mirrored=True)
    if len(folds) == 1:
        predict_by_torch(out, folds, work / "by_torch")
    for left in ("predict_from_raw_data_args.json", "dataset.json", "plans.json"):
        (out / left).unlink(missing_ok=True)


def predict_by_torch(out: Path, folds: tuple[str | int, ...], other: Path) -> None:
    """The answer of a case's weights with plans that resample by torch."""
    shutil.copytree(out / "model", other, dirs_exist_ok=True)
    plans = plans_by_torch(json.loads((other / "plans.json").read_text(encoding="utf-8")))
    (other / "plans.json").write_text(json.dumps(plans), encoding="utf-8")
    predict(other, out / "scan.nii.gz", out / "answer_by_torch.nii.gz", folds, mirrored=False)
    shutil.rmtree(other)


def keep(model: Path, out: Path, freeze: bool) -> None:
    """Copy what a published model folder holds."""
    import torch

    shutil.rmtree(out, ignore_errors=True)
    for path in [model / "plans.json", model / "dataset.json", *model.glob("fold_*/checkpoint_final.pth")]:
        target = out / path.relative_to(model)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        if freeze and path.suffix == ".pth":
            content = torch.load(path, weights_only=False)
            content["optimizer_state"], content["logging"] = {}, {"ema_fg_dice": [np.float64(0.5), np.float32(0.25)]}
            content["init_args"]["plans"] = {}
            heads = [k for k in content["network_weights"] if k.startswith("decoder.seg_layers")]
            assert heads, "the keys of nnunetv2's decoder have changed"
            torch.save(content, target)


def main() -> None:
    """Make the cases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--iterations", type=int, default=500)
    parser.add_argument("--freeze", action="store_true")
    parser.add_argument("--kept", action="store_true", help="train nothing: the models that OUT holds answer")
    given = parser.parse_args()
    for part in ("raw", "preprocessed", "results"):
        folder = given.work.resolve() / part
        folder.mkdir(parents=True, exist_ok=True)
        os.environ[f"nnUNet_{part}"] = str(folder)
    os.environ |= {"nnUNet_n_proc_DA": "1", "nnUNet_compile": "f", "nnUNet_def_n_proc": "1"}
    for name in given.cases:
        case, dataset = CASES[name], f"Dataset9{list(CASES).index(name):02d}_{name}"
        out = given.out / name
        if given.kept:
            predict_all(out, case.folds, given.work)
            continue
        make_dataset(case, dataset)
        plans = plan(case, dataset)
        share = given.iterations if len(case.folds) == 1 else max(given.iterations // len(case.folds), 150)
        models = [train(plans, fold, share) for fold in case.folds]
        keep(models[0], out / "model", given.freeze)
        write_scan(TEST_SEED, case.test_spacing_mm, case.thin_out, out / "scan.nii.gz", None)
        predict_all(out, case.folds, given.work)


if __name__ == "__main__":
    main()
