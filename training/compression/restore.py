"""A network from its model file, and BatchNorm folded into convolutions and out of them again.

What `training.export.graph` rewrites for speed is undone here, so that a shipped file can be trained further without
the run it came from.
"""

from __future__ import annotations

import argparse
import copy
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from training.export.graph import activation_names, fold, sub_voxel_kernel
from training.loop import CHECKPOINT, save_whole
from training.nets.unet import UNet, UNetPlan


def normalised_layers(net: UNet) -> Iterator[tuple[list[nn.Conv3d], nn.BatchNorm3d]]:
    """Every BatchNorm of the network with the convolution(s) whose sum it normalises."""
    for module in net.modules():
        if isinstance(getattr(module, "norm", None), nn.BatchNorm3d):
            convs = [module.conv] if hasattr(module, "conv") else [module.features, module.image]
            yield convs, module.norm


def _set_identity(norm: nn.BatchNorm3d, bias: Tensor) -> None:
    """Make `norm` add `bias` and nothing else in inference; `training.export.graph.fold` gives the weight back."""
    norm.weight.fill_(1.0)
    norm.running_mean.zero_()
    norm.running_var.fill_(1.0 - norm.eps)
    norm.bias.copy_(bias)


@torch.no_grad()
def fold_norms(net: UNet) -> UNet:
    """A copy with every BatchNorm's gain in its convolution's weight; the norm only adds its (trainable) bias.

    The same function in evaluation mode only: in training mode BatchNorm would use the batch's statistics. Undone by
    `unfold_norms`.
    """
    net = copy.deepcopy(net)
    for convs, norm in normalised_layers(net):
        folded = [fold(conv, norm) for conv in convs]
        for conv, (weight, _) in zip(convs, folded, strict=True):
            conv.weight.copy_(torch.from_numpy(weight))
        _set_identity(norm, torch.from_numpy(folded[0][1]))
    return net


@torch.no_grad()
def unfold_norms(net: UNet, images: Sequence[np.ndarray]) -> UNet:
    """A copy, the same function in evaluation mode, whose BatchNorms hold the statistics of `images`.

    Images are (1, 1, D, H, W) float32. Each norm gets the mean m and variance v of its input over all of them; its
    gain g and shift b become g sqrt(v + eps) and b + g m. A folded or pruned network can then be trained with batch
    statistics again. ValueError without images.
    """
    if not len(images):
        raise ValueError("BatchNorm statistics need at least one image; got none.")
    net = copy.deepcopy(net).eval()
    sums: dict[nn.Module, list[Tensor]] = {}

    def collect(norm: nn.Module, inputs: tuple[Tensor]) -> None:
        flat = inputs[0].double().movedim(1, 0).flatten(1)
        now = [torch.tensor(flat.shape[1], dtype=torch.float64), flat.sum(1), flat.square().sum(1)]
        sums[norm] = [a + b for a, b in zip(sums[norm], now, strict=True)] if norm in sums else now

    hooks = [norm.register_forward_pre_hook(collect) for _, norm in normalised_layers(net)]
    for image in images:
        net(torch.as_tensor(image, dtype=torch.float32, device=net.head.weight.device))
    for hook in hooks:
        hook.remove()
    for norm, (count, total, squares) in sums.items():
        mean = total / count
        # Kept as the buffer will hold it, so that rounding cancels in the affine part.
        variance = (squares / count - mean.square()).clamp(min=0.0).float()
        gain = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
        shift = norm.bias.double() - gain * norm.running_mean.double()
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_(gain * torch.sqrt(variance.double() + norm.eps))
        norm.bias.copy_(shift + gain * norm.running_mean.double())
    return net


def sub_voxel_map(parts: int) -> np.ndarray:
    """`sub_voxel_kernel` as a linear map (8 sub-voxels, 27 taps, `parts` of the source, 27 cells)."""
    taps = np.eye(27, dtype=np.float32).reshape(27, 1, 3, 3, 3)
    return sub_voxel_kernel(taps, doubled=parts == 1).reshape(8, 27, parts, 27)


def _full_resolution_kernel(kernel: np.ndarray, parts: int) -> np.ndarray:
    """Inverse of `sub_voxel_kernel`: (8 O, I parts, 3, 3, 3) to (O, I, 3, 3, 3).

    Least squares, because int8 files hold 8 independently rounded copies of each number.
    """
    outputs, inputs = kernel.shape[0] // 8, kernel.shape[1] // parts
    table = sub_voxel_map(parts).transpose(0, 2, 3, 1).reshape(-1, 27).astype(np.float64)
    values = kernel.reshape(8, outputs, inputs, parts, 27).transpose(0, 3, 4, 1, 2).reshape(len(table), -1)
    return (np.linalg.pinv(table) @ values).T.reshape(outputs, inputs, 3, 3, 3)


class _ModelFile:
    """Constants and metadata of a model that `training.export.graph.write_graph` made."""

    def __init__(self, path: str | Path) -> None:
        self.path = path
        model = onnx.load(path)
        properties = {p.key: p.value for p in model.metadata_props}
        if "dentaltoposeg" not in properties:
            raise ValueError(
                f"{path} has no 'dentaltoposeg' metadata; only models of training.export.volumes can be read."
            )
        self.metadata = json.loads(properties["dentaltoposeg"])
        self.constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}

    def plan(self) -> UNetPlan:
        try:
            plan = UNetPlan.from_dict(self.metadata["training"]["plan"])
        except KeyError as error:
            raise ValueError(f"{self.path}: the metadata has no training.plan; it is no U-Net of ours.") from error
        return replace(plan, tissues=0)  # that head is a file of its own

    def real(self, name: str) -> np.ndarray:
        """A constant as float64, whether stored so or as whole numbers with a scale per channel."""
        if name in self.constants:
            return self.constants[name].astype(np.float64)
        if f"{name}.whole" not in self.constants:
            raise ValueError(f"{self.path} holds no constant {name!r}; it does not fit the plan in its metadata.")
        whole, scale = (self.constants[f"{name}.{part}"].astype(np.float64) for part in ("whole", "scale"))
        return whole * scale.reshape(-1, *[1] * (whole.ndim - 1))


def _copy(target: Tensor, values: np.ndarray, what: str) -> None:
    if tuple(target.shape) != values.shape:
        raise ValueError(f"{what}: the file holds {values.shape}, the plan wants {tuple(target.shape)}.")
    target.copy_(torch.from_numpy(np.ascontiguousarray(values)))


@torch.no_grad()
def unet_from_onnx(path: str | Path) -> UNet:
    """The network of a model file, in evaluation mode, BatchNorm folded (see `fold_norms`).

    Works for fp32 and int8 files of `training.export.graph.write_graph`. Auxiliary heads are not in the file and come
    out as zeros. The border network's head holds only logit differences there: class border (2) becomes the zero
    reference. ValueError for a file that is no U-Net of ours.
    """
    file = _ModelFile(path)
    net = UNet(file.plan()).eval()

    def fill(name: str, conv: nn.Conv3d, norm: nn.BatchNorm3d) -> None:
        weight = file.real(f"{name}.weight")
        _copy(conv.weight, weight[:, :8] if name == "stem" else weight, name)
        bias = torch.empty_like(norm.bias)
        _copy(bias, file.real(f"{name}.bias"), f"{name}.bias")
        _set_identity(norm, bias)

    for name, block in named_blocks(net):
        fill(name, block.conv, block.norm)
    weight, bias = file.real("head.weight"), file.real("head.bias")
    if net.plan.full_width:
        full = file.real("full.weight")
        width = full.shape[1] - 16
        _copy(net.full.features.weight, _full_resolution_kernel(full[:, :width], 1), "full.features")
        _copy(net.full.image.weight, _full_resolution_kernel(full[:, width : width + 8], 8), "full.image")
        _set_identity(net.full.norm, torch.from_numpy(file.real("full.bias").reshape(8, -1).mean(0)))
        # Sub-voxel 0 of background - border and of core - border: the other blocks are copies of it.
        rows = weight[[0, 8], : net.head.in_channels]
        weight, bias = np.concatenate([rows, np.zeros_like(rows[:1])]), np.append(bias[[0, 8]], 0.0)
    _copy(net.head.weight, weight, "head")
    _copy(net.head.bias, bias, "head.bias")
    for head in net.extra_heads:
        head.weight.zero_()
        head.bias.zero_()
    return net


def without_extra_heads(net: UNet) -> UNet:
    """A copy without the training-only heads, which no file holds."""
    plain = UNet(replace(net.plan, deep_supervision=0))
    plain.load_state_dict({k: v for k, v in net.state_dict().items() if not k.startswith("extra_heads")})
    return plain


def scales_from_onnx(path: str | Path) -> dict[str, float]:
    """Steps of the activations of an int8 model file, as `write_graph` takes them."""
    file = _ModelFile(path)
    net = UNet(file.plan())
    names = activation_names(net) + ([] if net.plan.full_width else ["head"])
    if missing := [name for name in names if f"{name}.scale" not in file.constants]:
        raise ValueError(f"{path} has no quantizer of {missing[0]!r}; activation steps are in int8 files only.")
    scales = {name: file.constants[f"{name}.scale"].item() for name in names}
    if net.plan.full_width:
        return scales
    zeros = [v.item() for k, v in file.constants.items() if k.startswith("zero.")]
    return scales | {"head.zero": max(zeros)}


def named_blocks(net: UNet) -> Iterator[tuple[str, nn.Module]]:
    """Every module with one `conv` and a `norm`, by the name of its output in the graph."""
    yield "stem", net.stem
    for level, stage in enumerate(net.encoder):
        yield from ((f"encoder.{level}.{index}", block) for index, block in enumerate(stage))
    for level in reversed(range(len(net.decoder))):
        yield f"lift.{level}", net.lift[level]
        yield from ((f"decoder.{level}.{index}", block) for index, block in enumerate(net.decoder[level]))
    if net.plan.full_width:
        yield "full_lift", net.full_lift


def main(argv: list[str] | None = None) -> None:
    """Write a model file's network as a run's checkpoint, for `train-volumes --init` and `train-cbct --init`."""
    parser = argparse.ArgumentParser(description="Turn a CBCT network's model file into a run to train on from.")
    parser.add_argument("file", type=Path, help="fp32 or int8 file of export-volume, as the shipped ones are")
    parser.add_argument("run", type=Path, help="folder that gets checkpoint.pt: averaged weights, BatchNorm folded")
    args = parser.parse_args(argv)
    net = without_extra_heads(unet_from_onnx(args.file))
    args.run.mkdir(parents=True, exist_ok=True)
    save_whole({"config": {"net": net.plan.to_dict()}, "average": net.state_dict()}, args.run / CHECKPOINT)
