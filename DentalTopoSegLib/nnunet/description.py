"""What a converted nnU-Net says of itself: everything that inference needs, within bounds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ModelError
from .resampling import Rule

#: nnU-Net's normalisations by the names that its plans use.
NORMALISATIONS = (
    "CTNormalization",
    "ZScoreNormalization",
    "NoNormalization",
    "RescaleTo01Normalization",
    "RGBTo01Normalization",
)
#: Voxels of a patch; nnU-Net's largest default plans have 8 million.
MOST_PATCH_VOXELS = 20_000_000
MOST_SIDE = 1024
MOST_CHANNELS = 8
MOST_LABELS = 1024
_SPACING_MM = (0.01, 50.0)
_LETTERS = ({"R", "L"}, {"A", "P"}, {"S", "I"})


@dataclass(frozen=True)
class Channel:
    """How one channel is normalised; mean, std, low and high are those of the training data's foreground."""

    name: str
    normalisation: str
    inside_only: bool = False
    mean: float = 0.0
    std: float = 1.0
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True)
class Description:
    """All that inference needs to know.

    Parameters
    ----------
    axes : tuple of int
        Which of the scan's axes (z, y, x) are the network's three, in their order.
    orientation : str, optional
        The sides of the patient to which columns, rows and slices of its training scans run, such as "LPS"; None where
        that is not known, and scans are taken as they are stored.
    spacing : tuple of float
        mm, in the network's order of axes.
    patch : tuple of int
        Voxels, in that order.
    channels : tuple of Channel
        What goes in.
    image_rule, logits_rule : Rule
        How scans and logits are resampled.
    mirror_axes : tuple of int
        Along which the training mirrored.
    heads : int
        Channels that come out.
    names : dict of int to str
        Label value -> its name.
    region_order : tuple of int, optional
        Of a network for regions, the label that each of its heads paints, in their order; None: the largest head's.
    """

    axes: tuple[int, int, int]
    orientation: str | None
    spacing: tuple[float, float, float]
    patch: tuple[int, int, int]
    channels: tuple[Channel, ...]
    image_rule: Rule
    logits_rule: Rule
    mirror_axes: tuple[int, ...]
    heads: int
    names: dict[int, str]
    region_order: tuple[int, ...] | None

    @classmethod
    def of(cls, metadata: Mapping[str, Any], said: str) -> Description:
        """Out of a network's metadata.

        Parameters
        ----------
        metadata : mapping
            What stands in the file.
        said : str
            Where it stands, for messages: "The network x.onnx".

        Raises
        ------
        ModelError
            For what is missing, of another kind, or beyond a bound.
        """
        read = _Reader(metadata, said)
        axes = read.whole("axes", 3, 0, 2)
        if sorted(axes) != [0, 1, 2]:
            raise read.refusal("axes", "each of 0, 1 and 2 once")
        patch = read.whole("patch", 3, 1, MOST_SIDE)
        if math.prod(patch) > MOST_PATCH_VOXELS:
            raise read.refusal("patch", f"at most {MOST_PATCH_VOXELS:,} voxels")
        heads = read.whole("heads", None, 1, MOST_LABELS)[0]
        names = {int(key): str(name)[:120] for key, name in read.mapping("labels").items() if str(key).isdecimal()}
        if not names or len(names) != len(metadata["labels"]) or max(names) > 65535:
            raise read.refusal("labels", "names by label values of 1 to 65535")
        order = metadata.get("region_order")
        region_order = None if order is None else tuple(read.whole("region_order", heads, 0, 65535))
        mirror = metadata.get("mirror_axes", [])
        mirror_axes = tuple(read.whole("mirror_axes", len(mirror), 0, 2)) if mirror else ()
        if len(set(mirror_axes)) != len(mirror_axes):
            raise read.refusal("mirror_axes", "each axis once")
        return cls(
            axes=axes,  # type: ignore[arg-type]
            orientation=read.orientation("orientation"),
            spacing=read.numbers("spacing_mm", 3, *_SPACING_MM),  # type: ignore[arg-type]
            patch=patch,  # type: ignore[arg-type]
            channels=read.channels(),
            image_rule=read.rule("image_resampling"),
            logits_rule=read.rule("logits_resampling"),
            mirror_axes=mirror_axes,
            heads=heads,
            names=names,
            region_order=region_order,
        )


class _Reader:
    """Values of a description, each checked."""

    def __init__(self, metadata: Mapping[str, Any], said: str) -> None:
        self.metadata, self.said = metadata, said

    def refusal(self, key: str, wanted: str) -> ModelError:
        found = repr(self.metadata.get(key))[:80]
        return ModelError(f"{self.said} cannot be used: its {key} must be {wanted}, not {found}; convert it again.")

    def mapping(self, key: str) -> Mapping[str, Any]:
        value = self.metadata.get(key)
        if not isinstance(value, dict):
            raise self.refusal(key, "named values")
        return value

    def whole(self, key: str, count: int | None, low: int, high: int) -> tuple[int, ...]:
        value = self.metadata.get(key)
        values = [value] if count is None else value
        wanted = f"{count or 1} whole numbers from {low} to {high}"
        if not isinstance(values, list) or (count is not None and len(values) != count):
            raise self.refusal(key, wanted)
        if not all(isinstance(n, int) and not isinstance(n, bool) and low <= n <= high for n in values):
            raise self.refusal(key, wanted)
        return tuple(values)

    def numbers(self, key: str, count: int, low: float, high: float) -> tuple[float, ...]:
        values = self.metadata.get(key)
        if not isinstance(values, list) or len(values) != count or not all(_is_number(n, low, high) for n in values):
            raise self.refusal(key, f"{count} numbers from {low} to {high}")
        return tuple(float(n) for n in values)

    def orientation(self, key: str) -> str | None:
        value = self.metadata.get(key)
        if value is None:
            return None
        letters = list(value) if isinstance(value, str) else []
        if len(letters) != 3 or not all(any(letter in pair for letter in letters) for pair in _LETTERS):
            raise self.refusal(key, 'three letters such as "LPS"')
        return str(value)

    def rule(self, key: str) -> Rule:
        value = self.mapping(key)
        order, across, separate = value.get("order"), value.get("order_across"), value.get("separate")
        most = 3 if key == "image_resampling" else 1
        if order not in range(most + 1) or across not in range(most + 1) or separate not in (None, True, False):
            raise self.refusal(key, f"orders of 0 to {most}")
        return Rule(int(value["order"]), int(value["order_across"]), separate, value.get("keep_single") is True)

    def channels(self) -> tuple[Channel, ...]:
        values = self.metadata.get("channels")
        if not isinstance(values, list) or not 1 <= len(values) <= MOST_CHANNELS:
            raise self.refusal("channels", f"a list of 1 to {MOST_CHANNELS} channels")
        return tuple(self._channel(value) for value in values)

    def _channel(self, value: Any) -> Channel:
        if not isinstance(value, dict) or value.get("normalisation") not in NORMALISATIONS:
            raise self.refusal("channels", f"channels with one of {', '.join(NORMALISATIONS)}")
        numbers = {key: value.get(key, 0.0) for key in ("mean", "std", "low", "high")}
        if not all(_is_number(n, -1e9, 1e9) for n in numbers.values()):
            raise self.refusal("channels", "channels with finite means and bounds")
        known = {key: float(n) for key, n in numbers.items()}
        return Channel(
            str(value.get("name", ""))[:80], value["normalisation"], value.get("inside_only") is True, **known
        )


def _is_number(value: Any, low: float, high: float) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high
