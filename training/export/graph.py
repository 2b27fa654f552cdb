"""A trained `nets.unet.UNet` as an ONNX graph, in fp32 or with int8 quantize/dequantize pairs.

The graph is written node by node rather than traced: the network is a dozen kinds of layer, and this way every name,
every scale and the place of every quantizer is ours. Tensors are named after the layer that makes them
("encoder.1.0", "lift.2", "decoder.2.0"), so that ranges measured on the fp32 graph apply to the int8 one.

Nothing wide runs at the input's own resolution; these rewritings are exact, and halve the time:

* the image becomes 16 channels at half the resolution: its 8 sub-voxels (space-to-depth), positive and negative part
  apart. All are >= 0, so the image is quantised like any ReLU's output, and zero padding stays zero;
* the full-resolution layer (doubling, 3x3x3 convolution) becomes one 3x3x3 convolution at half resolution that makes
  the 8 sub-voxels as channels; they are put in place at the very end, as two probabilities of one byte each.

int8 scheme: activations uint8 per tensor with zero point 0 (clipping at 0 is the ReLU); weights int8 per output
channel, symmetric, within +-63 so that AVX2 machines without VNNI do not saturate (255 * 63 * 2 < 32768); biases
int32. The logits have a zero point of their own. That is the scheme "shipped" of `export.quantizer`; the others differ
in steps and limits only: a limit below 255 is cut on the bytes, so that fewer bits run as integers too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from training.export.quantizer import WEIGHT_LIMIT, Quantizer
from training.nets.unet import UNet

OPSET, IR = 20, 10
OUTPUT = "probabilities"
FEATURES = "features"
"""Second output of a border network that has a head for tissues: what that head, a file of its own, reads."""
# Background, core, border: such a network gives two probabilities rather than its classes'.
BORDER_CLASSES = 3
# The image is a z-score; parts beyond 8 standard deviations are cut. One step is 0.03, far below a scan's noise.
IMAGE_LIMIT = 8.0
# Logit differences to the border class beyond this are certainty (1 in 20,000) and may be cut in int8.
LOGIT_LIMIT = 10.0
# Keeps exp() finite in fp32.
EXP_LIMIT = 30.0
# Least scale of a channel of weights, so that an empty one divides by something.
TINY = 1e-12


def fold(conv: nn.Conv3d, norm: nn.BatchNorm3d) -> tuple[np.ndarray, np.ndarray]:
    """Weight and bias of the convolution that equals `norm(conv(x))` in inference."""
    with torch.no_grad():
        gain = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
        weight = conv.weight.double() * gain[:, None, None, None, None]
        bias = norm.bias.double() - norm.running_mean.double() * gain
    return weight.float().numpy(), bias.float().numpy()


def quantise_weight(
    weight: np.ndarray, bias: np.ndarray, input_scale: float, limit: int = WEIGHT_LIMIT, per_channel: bool = True
) -> tuple[np.ndarray, ...]:
    """(int8 weight, per-channel scale, int32 bias); the real bias is `bias * input_scale * scale`.

    The weights are whole numbers within +-`limit`; without `per_channel` all channels have the coarsest scale.
    """
    scale = np.abs(weight).reshape(len(weight), -1).max(1) / np.float32(limit)
    scale = np.maximum(scale, np.maximum(np.abs(bias) / input_scale / 2**30, TINY)).astype(np.float32)
    if not per_channel:
        scale = np.full_like(scale, scale.max())
    whole = np.rint(weight / scale[:, None, None, None, None])
    whole = np.clip(whole, -limit, limit).astype(np.int8)
    return whole, scale, np.rint(bias / (input_scale * scale.astype(np.float64))).astype(np.int32)


@dataclass
class GraphWriter:
    """Collects nodes and constants. `scales` (tensor name -> step of its uint8 values) switches int8 on."""

    scales: dict[str, float] | None = None
    quantizer: Quantizer = field(default_factory=Quantizer)
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, onnx.TensorProto] = field(default_factory=dict)

    def constant(self, name: str, values: np.ndarray) -> str:
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def node(self, kind: str, inputs: list[str], output: str, **attributes) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=f"{kind}:{output}", **attributes))
        return output

    def quantise(self, name: str, raw: str, zero_point: int = 0, top: int = 255) -> str:
        """Tensor `raw` through a uint8 quantizer of 0..`top`; the result, called `name`, is real-valued again."""
        scale = self.constant(f"{name}.scale", np.array(self.scales[name], np.float32))
        zero = self.constant(f"zero.{zero_point}", np.array(zero_point, np.uint8))
        if top < 255:
            whole = self.node("QuantizeLinear", [raw, scale, zero], f"{name}.uncut")
            limits = [self.constant(f"whole.{value}", np.array(value, np.uint8)) for value in (0, top)]
            whole = self.node("Clip", [whole, *limits], f"{name}.uint8")
        else:
            whole = self.node("QuantizeLinear", [raw, scale, zero], f"{name}.uint8")
        return self.node("DequantizeLinear", [whole, scale, zero], name)

    def conv(
        self,
        name: str,
        source: str,
        weight: np.ndarray,
        bias: np.ndarray,
        *,
        stride: int = 1,
        zero_point: int | None = None,
    ) -> str:
        """Convolution and ReLU; with `zero_point` (of its quantised result) no ReLU."""
        kernel = weight.shape[2]
        shape = {"kernel_shape": [kernel] * 3, "strides": [stride] * 3, "pads": [kernel // 2] * 6}
        total = f"{name}.sum"
        if self.scales is None:
            inputs = [source, self.constant(f"{name}.weight", weight), self.constant(f"{name}.bias", bias)]
            if zero_point is not None:
                return self.node("Conv", inputs, name, **shape)
            return self.node("Relu", [self.node("Conv", inputs, total, **shape)], name)
        whole, scale, whole_bias = quantise_weight(
            weight, bias, self.scales[source], self.quantizer.weight_limit, self.quantizer.per_channel
        )
        bias_scale = (scale * np.float32(self.scales[source])).astype(np.float32)
        inputs = [
            source,
            self.whole(f"{name}.weight", whole, scale),
            self.whole(f"{name}.bias", whole_bias, bias_scale),
        ]
        top = self.quantizer.activation_top if zero_point is None else 255
        return self.quantise(name, self.node("Conv", inputs, total, **shape), zero_point or 0, top)

    def whole(self, name: str, values: np.ndarray, scale: np.ndarray) -> str:
        """Integer constant with one scale per output channel, as a real-valued tensor."""
        inputs = [
            self.constant(f"{name}.whole", values),
            self.constant(f"{name}.scale", scale),
            self.constant(f"{name}.zero", np.zeros(len(scale), values.dtype)),
        ]
        return self.node("DequantizeLinear", inputs, name, axis=0)

    def double(self, name: str, source: str) -> str:
        """Nearest-neighbour doubling of (1, C, d, h, w) along the last three axes; keeps the scale of its input.

        Spelled out as three concatenations of a tensor with itself, because ONNX Runtime's Resize takes thirty times
        as long: next to every voxel, to every row of 2 w, to every plane of 4 h w. It works on the bytes themselves.
        """
        raw = source if self.scales is None else f"{source}.uint8"
        size = self.node("Shape", [raw], f"{name}.size")
        twice = self.constant("twice", np.array([1, 1, 2, 2, 2]))
        full = self.node("Mul", [size, twice], f"{name}.full")
        rest = self.constant("rest", np.array([-1]))
        last = self.constant("last", np.array([4]))
        row = self.node("Gather", [full, last], f"{name}.row")
        rows = self.node("Gather", [full, self.constant("before.last", np.array([3]))], f"{name}.rows")
        plane = self.node("Mul", [row, rows], f"{name}.plane")
        x = raw
        for step, length in enumerate((self.constant("single", np.array([1])), row, plane)):
            shape = self.node("Concat", [rest, length], f"{name}.shape.{step}", axis=0)
            x = self.node("Reshape", [x, shape], f"{name}.flat.{step}")
            x = self.node("Concat", [x, x], f"{name}.pair.{step}", axis=1)
        if self.scales is None:
            return self.node("Reshape", [x, full], name)
        self.scales[name] = self.scales[source]
        x = self.node("Reshape", [x, full], f"{name}.uint8")
        return self.node("DequantizeLinear", [x, f"{source}.scale", "zero.0"], name)

    def concat(self, name: str, sources: list[str]) -> str:
        """Channels side by side; the result's scale is the coarsest of its parts."""
        if self.scales is None:
            return self.node("Concat", sources, name, axis=1)
        self.scales[name] = max(self.scales[source] for source in sources)
        return self.quantise(name, self.node("Concat", sources, f"{name}.raw", axis=1))


def image_channels(writer: GraphWriter) -> str:
    """The image (1, 1, D, H, W) as 16 non-negative channels (1, 16, D/2, H/2, W/2): see the module's text."""
    pick = np.eye(8, dtype=np.float32).reshape(8, 1, 2, 2, 2)
    weight = writer.constant("parts.weight", np.concatenate([pick, -pick]))
    raw = writer.node("Conv", ["image", weight], "parts.sum", kernel_shape=[2] * 3, strides=[2] * 3)
    if writer.scales is None:
        return writer.node("Relu", [raw], "parts")
    writer.scales.setdefault("parts", IMAGE_LIMIT / 255)
    return writer.quantise("parts", raw, top=writer.quantizer.image_top)


def sub_voxel_kernel(weight: np.ndarray, *, doubled: bool) -> np.ndarray:
    """A full-resolution kernel (O, I, 3, 3, 3) as one at half resolution that makes all 8 sub-voxels (8 O, ...).

    Along one axis, sub-voxel s of voxel i reads full-resolution voxels 2 i + s + k, k = -1, 0, 1, which is sub-voxel
    (s + k) % 2 of voxel i + (s + k) // 2. `doubled` sources are equal in all sub-voxels: (8 O, I, 3, 3, 3).
    Others come as their 8 sub-voxels: (8 O, 8 I, 3, 3, 3), here for I = 1.
    """
    outputs, inputs = weight.shape[:2]
    result = np.zeros((2, 2, 2, outputs, inputs, 1 if doubled else 8, 3, 3, 3), np.float32)
    for sub in np.ndindex(2, 2, 2):
        for tap in np.ndindex(3, 3, 3):
            full = [s + k - 1 for s, k in zip(sub, tap, strict=True)]
            z, y, x = (f // 2 + 1 for f in full)
            part = 0 if doubled else 4 * (full[0] % 2) + 2 * (full[1] % 2) + full[2] % 2
            result[sub][:, :, part, z, y, x] += weight[(slice(None), slice(None), *tap)]
    return result.reshape(8 * outputs, -1, 3, 3, 3)


def two_probabilities(writer: GraphWriter, net: UNet, source: str) -> None:
    """Head of the border network on sub-voxel channels, then tooth and core as bytes at full resolution.

    With a = background - border and b = core - border logits: p_core = e^b / (1 + e^a + e^b), p_tooth likewise.
    Border is the reference because it lies between the two: a and b are never large together, so cutting is harmless.
    """
    weight, bias = net.head.weight.detach().numpy()[:, :, 0, 0, 0], net.head.bias.detach().numpy()
    width = weight.shape[1]
    block = np.zeros((2, 8, 8, width), np.float32)
    for sub in range(8):
        block[0, sub, sub], block[1, sub, sub] = weight[0] - weight[2], weight[1] - weight[2]
    bias = np.repeat([bias[0] - bias[2], bias[1] - bias[2]], 8).astype(np.float32)
    if writer.scales is not None:
        writer.scales.setdefault("head", LOGIT_LIMIT / 127)
    x = writer.conv("head", source, block.reshape(16, 8 * width, 1, 1, 1), bias, zero_point=128)
    limits = [writer.constant(f"limit.{s}", np.array(s * EXP_LIMIT, np.float32)) for s in (-1, 1)]
    x = writer.node("Exp", [writer.node("Clip", [x, *limits], "difference")], "ratio")
    names = ["ratio.background", "ratio.core"]
    writer.nodes.append(helper.make_node("Split", [x], names, name="Split:ratio", axis=1, num_outputs=2))
    one = writer.constant("one", np.array(1, np.float32))
    tooth = writer.node("Add", ["ratio.core", one], "ratio.tooth")
    total = writer.node("Reciprocal", [writer.node("Add", ["ratio.background", tooth], "ratio.total")], "ratio.inverse")
    both = writer.node("Concat", [tooth, "ratio.core"], "ratio.both", axis=1)
    # The inverse has 8 channels and both has 16: tooth's and core's sub-voxels share it.
    total = writer.node("Concat", [total, total], "ratio.inverses", axis=1)
    both = writer.node("Mul", [both, total], "p.both")
    step, zero = writer.constant("step", np.array(1 / 255, np.float32)), writer.constant("none", np.array(0, np.uint8))
    both = writer.node("QuantizeLinear", [both, step, zero], "p.bytes")
    place_sub_voxels(writer, both, 2)


def place_sub_voxels(writer: GraphWriter, source: str, channels: int) -> None:
    """The graph's output (1, channels, D, H, W) from the 8 sub-voxels of every channel (1, 8 channels, d, h, w)."""
    size = writer.node("Shape", [source], "half.size", start=2)
    sides = np.array([channels, 2, 2, 2])
    parts = writer.node("Concat", [writer.constant("parts.size", sides), size], "parts.shape", axis=0)
    twice = writer.node("Mul", [size, writer.constant("two", np.array(2))], "full.size")
    shape = writer.node("Concat", [writer.constant("channels", np.array([1, channels])), twice], "full.shape", axis=0)
    x = writer.node("Reshape", [source, parts], "p.parts")
    x = writer.node("Transpose", [x], "p.placed", perm=[0, 4, 1, 5, 2, 6, 3])
    writer.node("Reshape", [x, shape], OUTPUT)


def sub_voxel_probabilities(writer: GraphWriter, head: nn.Conv3d, source: str, zero_point: int) -> None:
    """A head of many classes on sub-voxel channels and softmax, then the probabilities as bytes at full resolution.

    Channels are classes times sub-voxels, the sub-voxels innermost.
    """
    weight, bias = head.weight.detach().numpy()[:, :, 0, 0, 0], head.bias.detach().numpy()
    classes, width = weight.shape
    block = np.zeros((classes, 8, 8, width), np.float32)
    for sub in range(8):
        block[:, sub, sub] = weight
    x = writer.conv(
        "head", source, block.reshape(classes * 8, 8 * width, 1, 1, 1), np.repeat(bias, 8), zero_point=zero_point
    )
    flat = writer.constant("class.shape", np.array([1, classes, -1]))
    axes = writer.constant("axes", np.array([1]))
    size = writer.node("Shape", [x], "head.size")
    x = writer.node("Reshape", [x, flat], "head.flat")
    top = writer.node("ReduceMax", [x, axes], "head.top", keepdims=1)
    x = writer.node("Exp", [writer.node("Sub", [x, top], "head.below")], "head.ratio")
    inverse = writer.node("Reciprocal", [writer.node("ReduceSum", [x, axes], "head.total", keepdims=1)], "head.inverse")
    x = writer.node("Mul", [x, inverse], "p.flat")
    step, zero = writer.constant("step", np.array(1 / 255, np.float32)), writer.constant("none", np.array(0, np.uint8))
    x = writer.node("QuantizeLinear", [x, step, zero], "p.bytes")
    place_sub_voxels(writer, writer.node("Reshape", [x, size], "p.channels"), classes)


def class_probabilities(writer: GraphWriter, net: UNet, source: str, zero_point: int) -> None:
    """Head of the numbering network and softmax, spelled out: ONNX Runtime's own is three times slower on axis 1."""
    weight, bias = net.head.weight.detach().numpy(), net.head.bias.detach().numpy()
    x = writer.conv("head", source, weight, bias, zero_point=zero_point)
    axes = writer.constant("axes", np.array([1]))
    top = writer.node("ReduceMax", [x, axes], "head.top", keepdims=1)
    x = writer.node("Exp", [writer.node("Sub", [x, top], "head.below")], "head.ratio")
    total = writer.node("ReduceSum", [x, axes], "head.total", keepdims=1)
    writer.node("Div", [x, total], OUTPUT)


def write_graph(
    net: UNet,
    metadata: dict,
    scales: dict[str, float] | None = None,
    quantizer: Quantizer | None = None,
) -> onnx.ModelProto:
    """The ONNX model of `net`: fp32, or int8 where `scales` gives the quantizer step of every activation.

    Input "image" (1, 1, D, H, W) float32, sides multiples of the plan's divisor. Output "probabilities": numbering
    (1, 33, D/2, H/2, W/2) float32; border (1, 2, D, H, W) uint8, 255 = certain: tooth, core; structures the same with
    a channel for each class. A border network with a head for tissues also gives what that reads, "features": the last
    layer's (1, 8 * channels, D/2, H/2, W/2), the sub-voxels outermost, uint8 in an int8 graph. `scales["head.zero"]` is
    the zero point of the logits of many classes; "parts" and the border network's "head" have steps of their own if
    `scales` names them. `quantizer`: to what an int8 graph's numbers are rounded, the shipped way by default.
    """
    plan = net.plan
    writer = GraphWriter(None if scales is None else dict(scales), quantizer or Quantizer())
    parts = image_channels(writer)
    weight, bias = fold(net.stem.conv, net.stem.norm)
    x = writer.conv("stem", parts, np.concatenate([weight, -weight], 1), bias)
    skips = []
    for level, stage in enumerate(net.encoder):
        for index, block in enumerate(stage):
            stride = block.conv.stride[0]
            x = writer.conv(f"encoder.{level}.{index}", x, *fold(block.conv, block.norm), stride=stride)
        skips.append(x)
    for level in reversed(range(len(net.decoder))):
        lift = net.lift[level]
        x = writer.double(f"up.{level}", writer.conv(f"lift.{level}", x, *fold(lift.conv, lift.norm)))
        x = writer.concat(f"joined.{level}", [x, skips[level]])
        for index, block in enumerate(net.decoder[level]):
            x = writer.conv(f"decoder.{level}.{index}", x, *fold(block.conv, block.norm))
    if plan.full_width:
        x = writer.conv("full_lift", x, *fold(net.full_lift.conv, net.full_lift.norm))
        x = writer.concat("joined.full", [x, parts])
        features, bias = fold(net.full.features, net.full.norm)
        features = sub_voxel_kernel(features, doubled=True)
        image = sub_voxel_kernel(fold(net.full.image, net.full.norm)[0], doubled=False)
        x = writer.conv("full", x, np.concatenate([features, image, -image], 1), np.tile(bias, 8))
        zero_point = int(scales["head.zero"]) if scales and "head.zero" in scales else 0
        if plan.classes == BORDER_CLASSES:
            two_probabilities(writer, net, x)
        else:
            sub_voxel_probabilities(writer, net.head, x, zero_point)
        channels = 2 if plan.classes == BORDER_CLASSES else plan.classes
        outputs = [helper.make_tensor_value_info(OUTPUT, TensorProto.UINT8, [1, channels, "depth", "height", "width"])]
        if plan.tissues:
            outputs.append(features_output(writer, x))
    else:
        class_probabilities(writer, net, x, int(scales["head.zero"]) if scales else 0)
        outputs = [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [1, plan.classes, None, None, None])]
    graph = helper.make_graph(
        writer.nodes,
        metadata["id"],
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, "depth", "height", "width"])],
        outputs,
        list(writer.constants.values()),
    )
    return finished_model(graph, metadata)


def features_output(writer: GraphWriter, source: str) -> onnx.ValueInfoProto:
    """The last layer's channels as a second output of the graph."""
    if writer.scales is None:
        writer.node("Identity", [source], FEATURES)
        return helper.make_tensor_value_info(FEATURES, TensorProto.FLOAT, [1, None, None, None, None])
    for node in writer.nodes:  # the bytes under the output's name wherever they are read: a copy would cost time
        for names in (node.input, node.output):
            names[:] = [FEATURES if name == f"{source}.uint8" else name for name in names]
    return helper.make_tensor_value_info(FEATURES, TensorProto.UINT8, [1, None, None, None, None])


def finished_model(graph: onnx.GraphProto, metadata: dict) -> onnx.ModelProto:
    """A graph as a model that says what it is, checked."""
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
    model.producer_name = "DentalTopoSeg"
    helper.set_model_props(model, {"dentaltoposeg": json.dumps(metadata)})
    onnx.checker.check_model(model, full_check=True)
    return model


def activation_names(net: UNet) -> list[str]:
    """The tensors that get a quantizer of their own: every ReLU's output."""
    names = ["stem"]
    names += [f"encoder.{level}.{i}" for level, stage in enumerate(net.encoder) for i in range(len(stage))]
    for level in reversed(range(len(net.decoder))):
        names.append(f"lift.{level}")
        names += [f"decoder.{level}.{i}" for i in range(len(net.decoder[level]))]
    return names + (["full_lift", "full"] if net.plan.full_width else [])


def with_outputs(model: onnx.ModelProto, names: list[str]) -> onnx.ModelProto:
    """A copy whose outputs are the named tensors, to measure their ranges."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.graph.output[:]
    copy.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    return copy
