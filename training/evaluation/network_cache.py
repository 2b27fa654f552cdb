"""Answers of networks kept on disk, so that rules can be tried on the same scans without running the networks again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from DentalTopoSegLib.files.volumes.writing import atomic_path
from DentalTopoSegLib.networks.models import Model


@dataclass(frozen=True)
class CachedModel(Model):
    """A network whose answers lie in `folder`, each under the checksum of the network, what runs it and what it was
    shown: another network, another scan or another tile is another file."""

    folder: Path = field(kw_only=True)

    def run(self, array: np.ndarray, cancelled: Callable[[], bool] | None = None) -> np.ndarray:
        """As `Model.run`, from the folder where it was answered before."""
        path = self.folder / f"{self._key(array)}.npz"
        if path.is_file():
            with np.load(path) as stored:
                return stored["answer"]
        answer = super().run(array, cancelled)
        self.folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, answer=answer)
        return answer

    def _key(self, array: np.ndarray) -> str:
        shown = np.ascontiguousarray(array, np.float32)
        what = f"{self.sha256} {self.provider} {self.provider_version} {shown.shape}"
        return hashlib.sha256(what.encode() + shown.tobytes()).hexdigest()[:40]


def cached(networks: dict[str, Any], folder: Path | None) -> dict[str, Any]:
    """The same networks by task, their answers kept in `folder`; as they are without one."""
    if folder is None:
        return networks
    return {task: CachedModel(**vars(model), folder=folder) for task, model in networks.items()}
