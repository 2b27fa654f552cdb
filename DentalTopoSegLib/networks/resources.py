"""Where the networks and what belongs to them lie."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from ..errors import ModelError


def resources_dir() -> Path:
    """The folder Resources of a checkout, or its copy inside the installed package. ModelError if neither is
    there."""
    beside = Path(__file__).resolve().parents[2] / "Resources"
    if (beside / "Models").is_dir():
        return beside
    try:
        packed = Path(str(resources.files("DentalTopoSegLib._resources")))
    except ModuleNotFoundError as error:
        raise ModelError(
            f"The folder Resources with the networks was not found beside the library ({beside}) nor in "
            "the installed package: install DentalTopoSeg again."
        ) from error
    return packed
