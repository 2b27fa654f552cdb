"""Which jaw it is: the whole surface and the crowns' shapes weighed against each other, and a question when they leave
it open."""

from __future__ import annotations

import numpy as np

from ..errors import InputError

#: Logarithms of odds for the upper jaw, of the calibrated surface and of the crowns, are multiplied by these and
#: added. Their mean, not their sum: both see little in the same small pieces. `python -m training fit-jaw` fits others.
SURFACE_WEIGHT, CROWNS_WEIGHT = 0.5, 0.5
#: A jaw that is less probable than this is not taken without being stated.
LEAST_PROBABILITY = 0.85
_LARGEST_LOGIT = 30.0


class UnknownJawError(InputError):
    """Neither jaw is probable enough: the user has to say which it is.

    Parameters
    ----------
    name : str
        Of the scan.
    upper_probability : float
        Of the upper jaw, 0 to 1.
    """

    def __init__(self, name: str, upper_probability: float) -> None:
        self.upper_probability = upper_probability
        super().__init__(
            f"It is not certain whether '{name}' is an upper or a lower jaw: state which "
            "(--jaw upper or --jaw lower; in 3D Slicer under Jaw)."
        )


def logit(probability: float) -> float:
    """Logarithm of the odds, cut at +-30."""
    with np.errstate(divide="ignore"):
        return float(np.clip(np.log(probability) - np.log1p(-probability), -_LARGEST_LOGIT, _LARGEST_LOGIT))


def upper_probability(surface_logit: float, crowns_logit: float | None) -> float:
    """Probability 0 to 1 that it is the upper jaw.

    Parameters
    ----------
    surface_logit : float
        Of the network that finds the frame (`orienting.Frame.upper_probability`).
    crowns_logit : float, optional
        Of the crowns; None where their network does not say, and the surface alone decides.
    """
    odds = surface_logit if crowns_logit is None else SURFACE_WEIGHT * surface_logit + CROWNS_WEIGHT * crowns_logit
    return float(1 / (1 + np.exp(-np.clip(odds, -_LARGEST_LOGIT, _LARGEST_LOGIT))))


def jaw_of(upper: float, stated: str | None, name: str) -> str:
    """The jaw to number by: the stated one, else the probable one.

    Raises
    ------
    UnknownJawError
        Where none is stated and neither is probable enough.
    """
    if stated is not None:
        return stated
    if max(upper, 1 - upper) < LEAST_PROBABILITY:
        raise UnknownJawError(name, upper)
    return "upper" if upper >= 0.5 else "lower"
