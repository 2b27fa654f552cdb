"""What a network's numbers are rounded to: the quantizer that is shipped, and the plainer ones of the papers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

WEIGHT_LIMIT = 63
"""Largest whole weight of a shipped network: 255 * 63 * 2 < 32768, so that AVX2 machines do not saturate."""

SCHEMES = ("shipped", "paper", "paper_channels")


@dataclass(frozen=True)
class Quantizer:
    """Scheme and bits of a network's rounding; Q(x) = round(x / s) s everywhere (Seed 000, eq. 1).

    Parameters
    ----------
    scheme
        "shipped": a step per output channel of weights, activations unsigned (all 2**bits levels above 0), their
        range the one of least squared error. "paper": 8-bit symmetric as textbooks have it: one step per tensor, of
        weights and activations alike, s = max |x| / (2**(bits - 1) - 1); a ReLU's output uses half of the levels.
        "paper_channels": the same with a step per output channel of weights, which is what section 5.2 of the paper
        says. No scheme corrects biases.
    weight_bits, activation_bits
        2 to 8. Image and logits have 8 bits always: with fewer, not the network but the scan would be coarse.

    Raises
    ------
    ValueError
        An unknown scheme, or bits that none has.
    """

    scheme: str = "shipped"
    weight_bits: int = 8
    activation_bits: int = 8

    def __post_init__(self) -> None:
        if self.scheme not in SCHEMES:
            raise ValueError(f"A quantizer's scheme is one of {', '.join(SCHEMES)}, not {self.scheme!r}.")
        for what, bits in (("Weights", self.weight_bits), ("Activations", self.activation_bits)):
            if not 2 <= bits <= 8:
                raise ValueError(f"{what} can have 2 to 8 bits, not {bits}.")

    @classmethod
    def from_dict(cls, options: dict[str, Any]) -> Quantizer:
        """From a configuration's section. ValueError for an option that does not exist."""
        unknown = sorted(set(options) - set(cls.__dataclass_fields__))
        if unknown:
            raise ValueError(f"Unknown option(s) of a quantizer: {', '.join(unknown)}.")
        return cls(**options)

    def to_dict(self) -> dict[str, Any]:
        """What `from_dict` takes."""
        return asdict(self)

    @property
    def symmetric(self) -> bool:
        """Whether activations have a sign bit and ranges reach to the largest value."""
        return self.scheme != "shipped"

    @property
    def per_channel(self) -> bool:
        """Whether weights have a step per output channel."""
        return self.scheme != "paper"

    @property
    def weight_limit(self) -> int:
        """Largest whole weight."""
        limit = 2 ** (self.weight_bits - 1) - 1
        return limit if self.symmetric else min(WEIGHT_LIMIT, limit)

    @property
    def activation_top(self) -> int:
        """Largest whole number of a ReLU's output."""
        return 2 ** (self.activation_bits - self.symmetric) - 1

    @property
    def image_top(self) -> int:
        """Largest whole number of the image's positive and negative part."""
        return 127 if self.symmetric else 255
