"""Two phantoms with small jaws, and scans of them, made once."""

from __future__ import annotations

import pytest
from made_scans import MadeScan, make_scan

from DentalTopoSegLib.phantom import Phantom, make_phantom

ABSENT = tuple(10 * q + p for q in (1, 2, 3, 4) for p in (7, 8))


@pytest.fixture(scope="session")
def phantom() -> Phantom:
    return make_phantom(3, 0.4, missing=ABSENT, fillings=1, fov_mm=(72, 54, 54))


@pytest.fixture(scope="session")
def upper_scan(phantom: Phantom) -> MadeScan:
    return make_scan(phantom, "upper", seed=1, spacing=0.25)


@pytest.fixture(scope="session")
def lower_scan(phantom: Phantom) -> MadeScan:
    return make_scan(phantom, "lower", seed=2, spacing=0.25)


@pytest.fixture(scope="session")
def other_patient() -> MadeScan:
    """The upper jaw of somebody with as many teeth of the usual sizes."""
    return make_scan(make_phantom(4, 1.0, missing=ABSENT, fov_mm=(72, 54, 54)), "upper", seed=3, spacing=0.25)


@pytest.fixture(scope="session")
def metal() -> Phantom:
    """A patient with many fillings."""
    return make_phantom(5, 0.4, jaws="upper", missing=ABSENT, fillings=6, fov_mm=(72, 54, 36))
