"""A model folder as nnunetv2 2.x writes it: plans, data set and weights, read without running anything of it.

`plans.json` says how scans are prepared and what the network looks like, `dataset.json` what goes in and comes out,
`fold_*/checkpoint_*.pth` holds the weights. Whatever cannot be converted is refused by its name.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.json_text import read_json
from DentalTopoSegLib.nnunet.description import (
    MOST_CHANNELS,
    MOST_LABELS,
    MOST_PATCH_VOXELS,
    MOST_SIDE,
    NORMALISATIONS,
)

PLAIN, RESIDUAL = "PlainConvUNet", "ResidualEncoderUNet"
_MOST_STAGES, _MOST_FEATURES, _MOST_BLOCKS = 10, 4096, 32
_MOST_CHECKPOINT_BYTES = 8 << 30
_CHECKPOINTS = ("checkpoint_final.pth", "checkpoint_best.pth")
_RESAMPLING = "resample_data_or_seg_to_shape"
_RESAMPLING_BY_TORCH = "resample_torch_fornnunet"
#: What its parameters must be where they are given, which is what they are where they are not.
_BY_TORCH = {"mode": "linear", "aniso_axis_mode": "nearest-exact", "separate_z_anisotropy_threshold": 3}
#: Which way scans lie in an array, by the reader that the plans name; None: as they are stored.
_READERS = {
    "SimpleITKIO": None,
    "SimpleITKIOWithReorient": "RAS",
    "NibabelIO": None,
    "NibabelIOWithReorient": "RAS",
}


@dataclass(frozen=True)
class Architecture:
    """A U-Net by nnU-Net's plans; a list has an entry per stage, from the scan's resolution down."""

    kind: str
    features: tuple[int, ...]
    kernels: tuple[tuple[int, int, int], ...]
    strides: tuple[tuple[int, int, int], ...]
    blocks: tuple[int, ...]
    decoder_blocks: tuple[int, ...]
    bias: bool
    slope: float
    eps: float


@dataclass(frozen=True)
class ModelFolder:
    """What a model folder holds, checked.

    Parameters
    ----------
    name : str
        Of its data set and configuration.
    architecture : Architecture
        Of its network.
    metadata : dict
        All of `DentalTopoSegLib.nnunet.description.Description`, and where it comes from.
    weights : list of dict of str to ndarray
        float32 by nnunetv2's names, one dict per fold.
    """

    name: str
    architecture: Architecture
    metadata: dict[str, Any]
    weights: list[dict[str, np.ndarray]]


def read_folder(path: Path, folds: Sequence[str] | None = None, orientation: str | None = None) -> ModelFolder:
    """Read a model folder.

    Parameters
    ----------
    path : Path
        The folder with plans.json.
    folds : sequence of str, optional
        Which, "0" to "4" or "all"; None for all that are there.
    orientation : str, optional
        How the scans of its training lie, such as "LPS", where it is known.

    Raises
    ------
    InputError
        For what is missing, damaged or cannot be converted, in one sentence.
    """
    plans, dataset = _named(read_json(path / "plans.json"), path), _named(read_json(path / "dataset.json"), path)
    names = sorted(p.name.removeprefix("fold_") for p in path.glob("fold_*") if p.is_dir())
    wanted = list(folds) if folds else [n for n in names if n != "all"] or names
    missing = [n for n in wanted if n not in names]
    if missing or not wanted:
        have = ", ".join(names) or "none"
        raise InputError(f"'{path}' has no fold {', '.join(missing) or 'at all'}; there are: {have}.")
    checkpoints = [_read_checkpoint(path / f"fold_{name}") for name in wanted]
    first = checkpoints[0]
    configuration = _configuration(plans, str(_of(first, "init_args").get("configuration")), path)
    architecture = _architecture(configuration, path)
    metadata = _describe(plans, dataset, configuration, first, path)
    metadata["orientation"] = orientation or metadata["orientation"]
    metadata["source"] |= {"folds": wanted, "trainer": str(first.get("trainer_name"))[:200]}
    shapes = expected_shapes(architecture, len(metadata["channels"]), metadata["heads"])
    weights = [_weights(c, shapes, path / f"fold_{name}") for c, name in zip(checkpoints, wanted, strict=True)]
    return ModelFolder(metadata["source"]["name"], architecture, metadata, weights)


# ---------------------------------------------------------------- weights


def _safe_globals() -> list[Any]:
    """What nnunetv2's checkpoints hold beside tensors: numbers of numpy, by its old name and its new one."""
    from numpy._core import multiarray

    scalar = multiarray.scalar
    kinds = [type(np.dtype(kind)) for kind in ("float64", "float32", "int64", "int32", "bool")]
    return [scalar, (scalar, "numpy.core.multiarray.scalar"), np.dtype, *kinds]


def _read_checkpoint(fold: Path) -> Mapping[str, Any]:
    """The content of a fold's checkpoint: tensors, numbers and texts only."""
    path = next((fold / name for name in _CHECKPOINTS if (fold / name).is_file()), None)
    if path is None:
        raise InputError(f"'{fold}' has no checkpoint: neither {' nor '.join(_CHECKPOINTS)}.")
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
        if any(part.compress_type != zipfile.ZIP_STORED for part in parts):
            raise InputError(f"'{path}' is packed as torch packs no checkpoint: it is not read.")
        if sum(part.file_size for part in parts) > _MOST_CHECKPOINT_BYTES:
            raise InputError(f"'{path}' holds more than {_MOST_CHECKPOINT_BYTES >> 30} GB: it is not read.")
        with torch.serialization.safe_globals(_safe_globals()):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except (UnpicklingError, AttributeError, TypeError) as error:
        raise InputError(
            f"'{path}' holds more than weights ({_first_line(error)}): nothing of it was run, and it is not converted."
        ) from error
    except (OSError, zipfile.BadZipFile, RuntimeError, EOFError, ValueError, KeyError, IndexError) as error:
        raise InputError(f"'{path}' is no checkpoint, or damaged ({_first_line(error)}).") from error
    if not isinstance(content, dict) or not isinstance(content.get("network_weights"), dict):
        raise InputError(f"'{path}' is no checkpoint of nnU-Net: it has no network_weights.")
    return content


def _first_line(error: Exception) -> str:
    """torch's sentence about what it found, without its advice to run it all the same."""
    text = str(error)
    if "Unsupported global" in text:
        return text[text.index("GLOBAL") :].split(" was not")[0][:160]
    return (text.strip().splitlines() or [type(error).__name__])[0][:160]


def _weights(checkpoint: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]], fold: Path) -> dict[str, np.ndarray]:
    found = checkpoint["network_weights"]
    out = {}
    for name, shape in shapes.items():
        tensor = found.get(name)
        tensor = found.get(f"module.{name}") if tensor is None else tensor
        if not isinstance(tensor, torch.Tensor):
            raise InputError(f"The checkpoint of '{fold}' has no weights {name}: it does not fit its plans.json.")
        if tuple(tensor.shape) != shape:
            raise InputError(
                f"The checkpoint of '{fold}' does not fit its plans.json: {name} has the shape {tuple(tensor.shape)} "
                f"instead of {shape}."
            )
        out[name] = tensor.detach().to(torch.float32).numpy()
        if not np.isfinite(out[name]).all():
            raise InputError(f"The checkpoint of '{fold}' holds numbers that are none (NaN or infinite) in {name}.")
    return out


def expected_shapes(net: Architecture, channels: int, heads: int) -> dict[str, tuple[int, ...]]:
    """Every array that a network's weights must have, by nnunetv2's name."""
    shapes: dict[str, tuple[int, ...]] = {}

    def block(name: str, ins: int, outs: int, kernel: tuple[int, ...], bias: bool = net.bias) -> None:
        shapes[f"{name}.conv.weight"] = (outs, ins, *kernel)
        if bias:
            shapes[f"{name}.conv.bias"] = (outs,)
        shapes[f"{name}.norm.weight"] = shapes[f"{name}.norm.bias"] = (outs,)

    below = channels
    if net.kind == RESIDUAL:
        block("encoder.stem.convs.0", channels, net.features[0], net.kernels[0])
        below = net.features[0]
    for stage, (features, kernel, count) in enumerate(zip(net.features, net.kernels, net.blocks, strict=True)):
        for i in range(count):
            if net.kind == PLAIN:
                block(f"encoder.stages.{stage}.0.convs.{i}", below, features, kernel)
            else:
                name = f"encoder.stages.{stage}.blocks.{i}"
                block(f"{name}.conv1", below, features, kernel)
                block(f"{name}.conv2", features, features, kernel)
                if below != features:
                    block(f"{name}.{skip_of(net, stage, i)}", below, features, (1, 1, 1), False)
            below = features
    for step, count in enumerate(net.decoder_blocks):
        stage = len(net.features) - 2 - step
        deep, features = net.features[stage + 1], net.features[stage]
        shapes[f"decoder.transpconvs.{step}.weight"] = (deep, features, *net.strides[stage + 1])
        if net.bias:
            shapes[f"decoder.transpconvs.{step}.bias"] = (features,)
        for i in range(count):
            ins = 2 * features if i == 0 else features
            block(f"decoder.stages.{step}.convs.{i}", ins, features, net.kernels[stage])
    last = len(net.decoder_blocks) - 1
    shapes[f"decoder.seg_layers.{last}.weight"] = (heads, net.features[0], 1, 1, 1)
    shapes[f"decoder.seg_layers.{last}.bias"] = (heads,)
    return shapes


def skip_of(net: Architecture, stage: int, block: int) -> str:
    """Where nnunetv2 keeps the projection beside a residual block: behind the pooling where there is one."""
    return f"skip.{int(block == 0 and max(net.strides[stage]) > 1)}"


# ---------------------------------------------------------------- plans


def _named(values: Any, path: Path) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise InputError(f"A file of '{path}' is no list of named values: it is no model folder of nnU-Net.")
    return values


def _of(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = values.get(key)
    if not isinstance(value, Mapping):
        raise InputError(f"The checkpoint or plans.json of the model folder has no {key}, which nnU-Net writes there.")
    return value


def _configuration(plans: Mapping[str, Any], name: str, path: Path) -> dict[str, Any]:
    """A configuration with what it inherits."""
    known = _of(plans, "configurations")
    merged: dict[str, Any] = {}
    seen: set[str] = set()
    at: Any = name
    while at is not None:
        if at not in known or at in seen or not isinstance(known[at], dict):
            raise InputError(f"The plans.json of '{path}' has no configuration {name}, which its checkpoint names.")
        seen.add(at)
        merged = {**known[at], **merged}
        at = known[at].get("inherits_from")
    if merged.get("previous_stage"):
        raise InputError(
            f"{name} of '{path}' is the second stage of a cascade, which cannot be converted: use 3d_fullres."
        )
    if len(merged.get("patch_size") or ()) != 3:
        raise InputError(
            f"{name} of '{path}' is a network for single slices, which cannot be converted: use 3d_fullres."
        )
    return merged


def _architecture(configuration: Mapping[str, Any], path: Path) -> Architecture:
    said = f"The plans.json of '{path}'"
    planned = configuration.get("architecture")
    if planned is None and "UNet_class_name" in configuration:  # nnunetv2 before 2.4
        planned = _of_old_plans(configuration)
    if not isinstance(planned, dict) or not isinstance(planned.get("arch_kwargs"), dict):
        raise InputError(f"{said} does not say which network it is for (architecture).")
    kind = str(planned.get("network_class_name")).rpartition(".")[2]
    if kind not in (PLAIN, RESIDUAL):
        raise InputError(f"{said} is for a network {kind[:80]}, which cannot be converted; {PLAIN} and {RESIDUAL} can.")
    given = planned["arch_kwargs"]
    for key, wanted in (
        ("conv_op", ("Conv3d",)),
        ("norm_op", ("InstanceNorm3d",)),
        ("nonlin", ("LeakyReLU", "ReLU")),
        ("dropout_op", ("None",)),
        ("block", ("BasicBlockD", "None")),
        ("nonlin_first", ("False", "None")),
        ("stem_channels", ("None",)),
    ):
        value = str(given.get(key)).rpartition(".")[2]
        if value not in wanted:
            raise InputError(
                f"{said} has a network with {key} {value[:80]}, which cannot be converted: {wanted[0]} can."
            )
    norm = given.get("norm_op_kwargs") or {}
    if norm.get("affine") is not True or norm.get("track_running_stats"):
        raise InputError(f"{said} has InstanceNorm without weights or with running means, which cannot be converted.")
    slope = (given.get("nonlin_kwargs") or {}).get("negative_slope", 0.01)
    stages = _whole(given.get("n_stages"), 2, _MOST_STAGES, "n_stages", said)
    blocks = given.get("n_conv_per_stage" if kind == PLAIN else "n_blocks_per_stage")
    return Architecture(
        kind,
        _per_stage(given.get("features_per_stage"), stages, _MOST_FEATURES, "features_per_stage", said),
        _triples(given.get("kernel_sizes"), stages, 7, "kernel_sizes", said),
        _triples(given.get("strides"), stages, 4, "strides", said),
        _per_stage(blocks, stages, _MOST_BLOCKS, "blocks per stage", said),
        _per_stage(given.get("n_conv_per_stage_decoder"), stages - 1, _MOST_BLOCKS, "n_conv_per_stage_decoder", said),
        given.get("conv_bias") is True,
        0.0 if str(given.get("nonlin")).endswith(".ReLU") else float(slope),
        float(norm.get("eps", 1e-5)),
    )


def _of_old_plans(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """The architecture as later plans write it."""
    kind = str(configuration["UNet_class_name"])
    blocks = configuration.get("n_conv_per_stage_encoder") or []
    base, most = configuration.get("UNet_base_num_features", 32), configuration.get("unet_max_num_features", 320)
    return {
        "network_class_name": kind,
        "arch_kwargs": {
            "n_stages": len(blocks),
            "features_per_stage": [min(base * 2**i, most) for i in range(len(blocks))],
            "conv_op": "Conv3d",
            "kernel_sizes": configuration.get("conv_kernel_sizes"),
            "strides": configuration.get("pool_op_kernel_sizes"),
            "n_conv_per_stage" if kind == PLAIN else "n_blocks_per_stage": blocks,
            "n_conv_per_stage_decoder": configuration.get("n_conv_per_stage_decoder"),
            "conv_bias": True,
            "norm_op": "InstanceNorm3d",
            "norm_op_kwargs": {"eps": 1e-5, "affine": True},
            "nonlin": "torch.nn.LeakyReLU",
        },
    }


def _whole(value: Any, low: int, high: int, key: str, said: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise InputError(f"{said} has {key} {value!r:.40}, not a whole number from {low} to {high}.")
    return value


def _per_stage(value: Any, stages: int, most: int, key: str, said: str) -> tuple[int, ...]:
    values = [value] * stages if isinstance(value, int) else value
    if not isinstance(values, (list, tuple)) or len(values) != stages:
        raise InputError(f"{said} has {key} {value!r:.40}, not a number for each of {stages} stages.")
    return tuple(_whole(n, 1, most, key, said) for n in values)


def _triples(value: Any, stages: int, most: int, key: str, said: str) -> tuple[tuple[int, int, int], ...]:
    values = [value] * stages if isinstance(value, int) else value
    if not isinstance(values, (list, tuple)) or len(values) != stages:
        raise InputError(f"{said} has {key} {value!r:.40}, not three numbers for each of {stages} stages.")
    rows = [[row] * 3 if isinstance(row, int) else row for row in values]
    if not all(isinstance(row, (list, tuple)) and len(row) == 3 for row in rows):
        raise InputError(f"{said} has {key} {value!r:.40}, not three numbers for each of {stages} stages.")
    return tuple(tuple(_whole(n, 1, most, key, said) for n in row) for row in rows)  # type: ignore[misc]


# ---------------------------------------------------------------- what inference needs


def _describe(
    plans: Mapping[str, Any],
    dataset: Mapping[str, Any],
    configuration: Mapping[str, Any],
    checkpoint: Mapping[str, Any],
    path: Path,
) -> dict[str, Any]:
    said = f"The plans.json of '{path}'"
    patch = [_whole(n, 1, MOST_SIDE, "patch_size", said) for n in configuration["patch_size"]]
    if math.prod(patch) > MOST_PATCH_VOXELS:
        shown = " x ".join(map(str, patch))
        raise InputError(f"{said} has a patch of {shown} voxels; at most {MOST_PATCH_VOXELS:,} can be run.")
    axes = [_whole(n, 0, 2, "transpose_forward", said) for n in plans.get("transpose_forward") or (0, 1, 2)]
    reader = str(plans.get("image_reader_writer", "SimpleITKIO"))
    if reader not in _READERS:
        raise InputError(f"{said} reads scans by {reader[:80]}, which cannot be converted; {', '.join(_READERS)} can.")
    mirror = checkpoint.get("inference_allowed_mirroring_axes")
    heads, names, order = _labels(dataset, path)
    return {
        "axes": axes,
        "orientation": _READERS[reader],
        "spacing_mm": [float(n) for n in configuration.get("spacing") or ()],
        "patch": patch,
        "channels": _channels(plans, dataset, configuration, said),
        "image_resampling": _rule(configuration, "data", 3, said),
        "logits_resampling": _rule(configuration, "probabilities", 1, said),
        "mirror_axes": [] if mirror is None else [_whole(n, 0, 2, "mirroring axes", said) for n in mirror],
        "heads": heads,
        "labels": names,
        "region_order": order,
        "source": {
            "name": f"{plans.get('dataset_name', path.name)} {_of(checkpoint, 'init_args').get('configuration')}"[:200],
            "plans": str(plans.get("plans_name"))[:200],
            **{
                key: str(dataset[key])[:2000]
                for key in ("licence", "license", "reference", "description", "release", "numTraining")
                if dataset.get(key)
            },
        },
    }


def _channels(
    plans: Mapping[str, Any], dataset: Mapping[str, Any], configuration: Mapping[str, Any], said: str
) -> list[dict[str, Any]]:
    named = dataset.get("channel_names") or dataset.get("modality")
    schemes = configuration.get("normalization_schemes")
    masks = configuration.get("use_mask_for_norm")
    if not isinstance(named, dict) or not isinstance(schemes, list) or not 1 <= len(schemes) <= MOST_CHANNELS:
        raise InputError(f"{said} and its dataset.json do not say what goes into the network.")
    if len(named) != len(schemes) or not isinstance(masks, list) or len(masks) != len(schemes):
        raise InputError(f"{said} normalises {len(schemes)} channels, its dataset.json names {len(named)}.")
    if len(schemes) > 1:
        raise InputError(f"{said} is for a network of {len(schemes)} channels; only networks of one scan can be run.")
    known = plans.get("foreground_intensity_properties_per_channel") or plans.get(
        "foreground_intensity_properties_by_modality"
    )
    out = []
    for i, (scheme, mask) in enumerate(zip(schemes, masks, strict=True)):
        if scheme not in NORMALISATIONS:
            raise InputError(f"{said} normalises by {str(scheme)[:80]}, which cannot be converted.")
        channel = {"name": str(named.get(str(i), ""))[:80], "normalisation": scheme, "inside_only": mask is True}
        if scheme == "CTNormalization":
            numbers = (known or {}).get(str(i)) or {}
            keys = {"mean": "mean", "std": "std", "low": "percentile_00_5", "high": "percentile_99_5"}
            if not all(isinstance(numbers.get(key), (int, float)) for key in keys.values()):
                raise InputError(
                    f"{said} does not hold the grey values of its training (foreground_intensity_properties)."
                )
            channel |= {ours: float(numbers[theirs]) for ours, theirs in keys.items()}
        out.append(channel)
    return out


def _rule(configuration: Mapping[str, Any], what: str, order: int, said: str) -> dict[str, Any]:
    function = configuration.get(f"resampling_fn_{what}", _RESAMPLING)
    given = configuration.get(f"resampling_fn_{what}_kwargs") or {}
    if function == _RESAMPLING_BY_TORCH:
        for key, wanted in _BY_TORCH.items():
            if given.get(key, wanted) != wanted:
                raise InputError(
                    f"{said} resamples by {function} with {key} {given[key]!r:.40}, which cannot be converted; "
                    f"{wanted!r} can."
                )
        # torch's trilinear interpolation places and weighs samples as a spline of order 1 does, "nearest-exact" as one
        # of order 0
        return {"order": 1, "order_across": 0, "separate": given.get("force_separate_z"), "keep_single": True}
    if function != _RESAMPLING:
        raise InputError(
            f"{said} resamples by {str(function)[:80]}, which cannot be converted; {_RESAMPLING} and "
            f"{_RESAMPLING_BY_TORCH} can."
        )
    rule = {"order": given.get("order", order), "order_across": given.get("order_z", 0)}
    if rule["order"] not in range(order + 1) or rule["order_across"] not in (0, 1):
        raise InputError(f"{said} resamples by splines of order {rule['order']}/{rule['order_across']}: not converted.")
    return {**rule, "separate": given.get("force_separate_z")}


def _labels(dataset: Mapping[str, Any], path: Path) -> tuple[int, dict[str, str], list[int] | None]:
    """(channels that come out, names by value, the labels that regions paint)."""
    said = f"The dataset.json of '{path}'"
    labels = _of(dataset, "labels")
    if labels.get("background") != 0:
        raise InputError(f"{said} has no background of value 0.")
    wanted = {str(name): value for name, value in labels.items() if name not in ("background", "ignore")}
    regions = any(isinstance(value, list) and len(value) > 1 for value in wanted.values())
    lists = {name: value if isinstance(value, list) else [value] for name, value in wanted.items()}
    values = sorted({_whole(n, 0, MOST_LABELS, "a label", said) for row in lists.values() for n in row})
    values = [n for n in values if n]
    if not values:
        raise InputError(f"{said} names no structure.")
    if not regions:
        if values != list(range(1, len(values) + 1)):
            raise InputError(f"{said} has labels that do not run from 1 to {len(values)} without gaps.")
        return len(values) + 1, {str(row[0]): name for name, row in lists.items()}, None
    order = dataset.get("regions_class_order")
    if not isinstance(order, list) or len(order) != len(lists):
        raise InputError(f"{said} has regions, but no regions_class_order with a label for each of them.")
    order = [_whole(n, 1, MOST_LABELS, "regions_class_order", said) for n in order]
    return len(order), {str(value): name for value, name in zip(order, lists, strict=True)}, order
