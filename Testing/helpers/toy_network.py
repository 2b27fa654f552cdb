"""The networks for jaws replaced by one that knows the toy jaws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from toy_jaws import toy_jaw

from DentalTopoSegLib.files.meshes import Surface
from DentalTopoSegLib.ios.segmenting import JawSegmentation


class ToyNetwork:
    """segment_jaws that knows the toy jaws by their points; `jaws` says which were asked for and how."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.truth = [toy_jaw("upper"), toy_jaw("lower")]
        self.asked: list[dict] = []
        self.changes: dict = {}
        monkeypatch.setattr("DentalTopoSegLib.ios.segmenting.segment_jaws", self)
        monkeypatch.setattr(
            "DentalTopoSegLib.pictures.jaws.jaw_png",
            lambda path, jaws, title, findings=None: Path(path).write_bytes(b"picture of " + title.encode()),
            raising=False,
        )

    def __call__(self, surfaces, options, *, jaws, names, models=None):
        self.asked.append({"jaws": jaws, "names": names, "threads": options.threads, "precision": options.precision})
        options.progress("Finding the teeth", 1, 1)
        return [self._label(surface, jaw) for surface, jaw in zip(surfaces, jaws, strict=True)]

    def _label(self, surface: Surface, jaw: str | None) -> JawSegmentation:
        from scipy.spatial import cKDTree

        fits = [(cKDTree(toy.vertices).query(surface.vertices), toy) for toy in self.truth]
        (distance, index), toy = min(fits, key=lambda fit: fit[0][0].max())
        assert distance.max() < 0.01
        fdi = toy.fdi[index]
        a, b, c = fdi[surface.faces].T
        values = {
            "surface": surface, "fdi": fdi, "face_fdi": np.where(b == c, b, a), "instance": fdi.astype(np.int32) * 2,
            "confidence": {int(f): 0.9 for f in np.unique(fdi) if f}, "jaw": jaw or toy.which,
            "jaw_inferred": toy.which, "jaw_confidence": 0.97, "frame": np.eye(4), "frame_confidence": 0.9,
            "inside_out": False, "provenance": {"models": [{"id": "toy"}], "seconds": {"network": 0.1}},
            "warnings": ["A warning of the network."],
        }  # fmt: skip
        return JawSegmentation(**(values | self.changes))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
