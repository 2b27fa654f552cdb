"""X-rays in matter: attenuation of the basis materials and the spectrum that a detector sees."""

from __future__ import annotations

import numpy as np

BASIS_NAMES = ("water", "hydroxyapatite", "iron")

_ENERGY_KEV = np.array([20.0, 30.0, 40.0, 50.0, 60.0, 80.0, 100.0, 120.0, 150.0])
_ATTENUATION_CM2_G = {
    "water": np.array([0.8098, 0.3756, 0.2683, 0.2269, 0.2059, 0.1837, 0.1707, 0.1614, 0.1505]),
    "hydroxyapatite": np.array([6.5589, 2.0991, 0.9876, 0.5866, 0.4067, 0.2589, 0.2019, 0.1734, 0.1501]),
    "iron": np.array([25.683, 8.1775, 3.6289, 1.9574, 1.2049, 0.5952, 0.3717, 0.2693, 0.1964]),
    "aluminium": np.array([3.4419, 1.1284, 0.5684, 0.3682, 0.2778, 0.2018, 0.1704, 0.1533, 0.1378]),
}
"""Mass attenuation coefficients mu/rho, cm^2/g: Hubbell and Seltzer, NIST Standard Reference Database 126
(NISTIR 5632), elements combined by weight (water: H 0.1119, O 0.8881; hydroxyapatite Ca10(PO4)6(OH)2: Ca
0.3989, P 0.1850, O 0.4141, H 0.0020)."""


def attenuation(material: str, energy_kev: np.ndarray) -> np.ndarray:
    """mu/rho in cm^2/g, log-log interpolated in the NIST table."""
    return np.exp(np.interp(np.log(energy_kev), np.log(_ENERGY_KEV), np.log(_ATTENUATION_CM2_G[material])))


def spectrum(kvp: float, filter_al_mm: float, bins: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """What an energy-integrating detector sees of the beam: (bins,) mean energies in keV, weights of sum 1.

    Kramers' law (photons ~ (kVp - E) / E) behind an aluminium filter, weighted by the photon's energy; the
    characteristic lines of tungsten are left out.
    """
    energy = np.arange(22.0, kvp, 0.5)
    flux = (kvp - energy) * np.exp(-attenuation("aluminium", energy) * 2.70 * filter_al_mm / 10)
    # Bins of equal weight, so that none is wasted where the filter leaves nothing.
    place = np.minimum((np.cumsum(flux) / flux.sum() * bins).astype(int), bins - 1)
    weight = np.bincount(place, flux, bins)
    return np.bincount(place, flux * energy, bins) / weight, weight / weight.sum()
