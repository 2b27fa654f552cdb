"""How sure a CBCT result is of each tooth, as a probability that was measured.

Confidence means: the estimated probability that the tooth is right, that is, that a tooth with this FDI number is
there and the label covers it with IoU >= 0.5. It is a logistic regression on a few numbers that are known when a
tooth has been numbered (`FEATURES`); no feature may raise the confidence when it speaks against the tooth. The
coefficients are data: `Resources/Models/confidence-*.json`, written by `python -m training calibrate` from phantoms
and bound to the networks they were fitted for, down to their checksums: a network that was trained again under its old
name errs differently. With other networks the numbering's own score is given, and the
provenance says "uncalibrated".
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..dentition import CLASS_FDI, NO_CALIBRATION, arch_order, is_upper
from ..dentition.numbering import mean_dentition
from ..errors import InputError, ModelError
from ..files.json_text import read_json
from ..networks.models import resources_dir
from .splitting import usual_volume

#: What confidence stands for, in the report's provenance.
MEANING = (
    "estimated probability that a tooth with this FDI number is there and the label covers it with IoU >= 0.5, "
    "measured on phantoms"
)
UNCALIBRATED = "the numbering's own score, uncalibrated: no probability, no calibration belongs to these networks"

#: Name -> +1 or -1: whether a larger value speaks for the tooth or against it. No coefficient has the other sign.
FEATURES = {
    "arch_log_odds": 1,  # of its place among all places along the arch (numbering's posterior), within +-7
    "runner_up": -1,  # the coarse network's share for the likeliest other of the 32 numbers, mean over the tooth's core
    "background": -1,  # the coarse network's probability of no tooth, mean over the core
    "doubtful": -1,  # share of the tooth's voxels where the border network's probability of tooth is below 0.75
    "small": -1,  # log of the usual volume over its own; 0 if larger or cut by the scan's edge
    "large": -1,  # log of its volume over the usual one; 0 if smaller
    "off_place_mm": -1,  # from its mean place in the frame fitted to all teeth, at most 20
    "third_molar": -1,  # 1 for 18, 28, 38, 48
    "neighbour_vote": 1,  # the lower vote (share for the own number) of the teeth next to it in its jaw
    "mouth_vote": 1,  # mean vote of all teeth of the scan: wrong numbers come in runs
}
DOUBTFUL = 191  # of 255
_MOST_LOG_ODDS = 7.0
_MOST_MM = 20.0
_NUMBERS = ("direction", "mean", "scale", "low", "high", "coefficient")


@dataclass(frozen=True)
class Evidence:
    """What is known of M numbered teeth, all arrays in one order.

    fdi (M,); posterior (M,) of its place along the arch; votes (M, 33) mean coarse probabilities; volume_mm3 (M,);
    doubtful (M,) as in `FEATURES`; local_mm (M, 3) centroids in the frame of the mean dentition; at_edge (M,) bool,
    whether the scan's edge cuts it."""

    fdi: np.ndarray
    posterior: np.ndarray
    votes: np.ndarray
    volume_mm3: np.ndarray
    doubtful: np.ndarray
    local_mm: np.ndarray
    at_edge: np.ndarray


def features_of(evidence: Evidence) -> np.ndarray:
    """(M, len(FEATURES)) in the order of `FEATURES`; all finite."""
    fdi = [int(f) for f in evidence.fdi]
    count = len(fdi)
    if count == 0:
        return np.zeros((0, len(FEATURES)))
    classes = np.array([CLASS_FDI.index(f) for f in fdi])
    rows = np.arange(count)
    teeth = np.maximum(evidence.votes[:, 1:], 0.0)
    teeth = teeth / np.maximum(teeth.sum(1, keepdims=True), 1e-9)
    vote = teeth[rows, classes - 1]
    others = teeth.copy()
    others[rows, classes - 1] = 0.0
    limit = 1.0 / (1.0 + np.exp(_MOST_LOG_ODDS))
    sure = np.clip(evidence.posterior, limit, 1 - limit)
    size = np.log(np.maximum(evidence.volume_mm3, 1.0) / np.array([usual_volume(int(c)) for c in classes]))
    mean = mean_dentition()
    off = np.linalg.norm(evidence.local_mm - np.array([mean[f] for f in fdi]), axis=1)
    by_name = {
        "arch_log_odds": np.log(sure / (1 - sure)),
        "runner_up": others.max(1),
        "background": evidence.votes[:, 0],
        "doubtful": evidence.doubtful,
        "small": np.where(evidence.at_edge, 0.0, np.maximum(-size, 0)),
        "large": np.maximum(size, 0),
        "off_place_mm": np.minimum(off, _MOST_MM),
        "third_molar": np.array([float(f % 10 == 8) for f in fdi]),
        "neighbour_vote": _beside(fdi, vote),
        "mouth_vote": np.full(count, vote.mean()),
    }
    return np.stack([by_name[name] for name in FEATURES], 1).astype(float)


def _beside(fdi: list[int], vote: np.ndarray) -> np.ndarray:
    """(M,) the lower vote of the numbered teeth next to each in its jaw; a tooth alone in its jaw has its own."""
    out = vote.copy()
    for which, upper in (("upper", True), ("lower", False)):
        place = {f: i for i, f in enumerate(arch_order(which))}
        row = sorted((k for k, f in enumerate(fdi) if is_upper(f) == upper), key=lambda k: place[fdi[k]])
        for i, k in enumerate(row):
            near = [vote[row[j]] for j in (i - 1, i + 1) if 0 <= j < len(row)]
            out[k] = min(near, default=vote[k])
    return out


@dataclass(frozen=True)
class Calibrator:
    """p = 1 / (1 + exp(-(intercept + sum_j coefficient_j (clip(x_j, low_j, high_j) - mean_j) / scale_j))).

    networks: task -> id of the networks it was fitted for; checksums: task -> their files' SHA-256. features: names in
    order; the arrays are (F,). Values beyond low and high, the range seen at fitting, count as those. about: how it was
    fitted and what was measured."""

    id: str
    networks: dict[str, str]
    features: tuple[str, ...]
    mean: np.ndarray
    scale: np.ndarray
    low: np.ndarray
    high: np.ndarray
    coefficients: np.ndarray
    intercept: float
    about: dict[str, Any] = field(default_factory=dict)
    sha256: str = ""
    checksums: dict[str, str] = field(default_factory=dict)

    def probability(self, values: np.ndarray) -> np.ndarray:
        """(M, F) in the order of self.features -> (M,) in 0..1. ValueError for another number of columns or values
        that are not finite."""
        x = np.asarray(values, float)
        if x.ndim != 2 or x.shape[1] != len(self.features) or not np.isfinite(x).all():
            raise ValueError(f"{self.id} needs finite values (M, {len(self.features)}); it got {x.shape}.")
        z = (np.clip(x, self.low, self.high) - self.mean) / self.scale
        return 1.0 / (1.0 + np.exp(-np.clip(z @ self.coefficients + self.intercept, -40, 40)))

    def confidence(self, measured: np.ndarray) -> np.ndarray:
        """(M, len(FEATURES)), see `features_of` -> (M,)."""
        names = list(FEATURES)
        return self.probability(np.asarray(measured, float)[:, [names.index(name) for name in self.features]])

    def fits(self, networks: Mapping[str, Any]) -> bool:
        """True if it was fitted for these networks (task -> models.Model)."""
        return all(
            task in networks and (networks[task].id, networks[task].sha256) == (wanted, self.checksums.get(task))
            for task, wanted in self.networks.items()
        )

    def to_json(self) -> str:
        """The file's text; its "sha256" is that of the canonical JSON of all the rest."""
        rows = zip(self.features, self.mean, self.scale, self.low, self.high, self.coefficients, strict=True)
        content: dict[str, Any] = {
            "id": self.id,
            "meaning": MEANING,
            "networks": dict(self.networks),
            "checksums": dict(self.checksums),
            "intercept": float(self.intercept),
            "features": [
                {"name": name, **dict(zip(_NUMBERS, (FEATURES[name], *map(float, row)), strict=True))}
                for name, *row in rows
            ],
            "about": self.about,
        }
        return json.dumps({"sha256": _digest(content), **content}, indent=1) + "\n"


def _digest(content: Mapping[str, Any]) -> str:
    rest = {key: value for key, value in content.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def load_calibrator(path: Path) -> Calibrator:
    """Read one calibration. ModelError if it is missing, damaged, or names features this library does not measure."""
    if not path.exists():
        raise ModelError(f"The calibration {path} is missing: install DentalTopoSeg again.")
    try:
        content = read_json(path)
    except InputError as error:
        raise ModelError(f"The calibration {path} cannot be read ({error}): install DentalTopoSeg again.") from error
    if not isinstance(content, dict) or content.get("sha256") != _digest(content):
        raise ModelError(
            f"The calibration {path} is damaged or was altered (its checksum is wrong): install DentalTopoSeg again."
        )
    try:
        rows = content["features"]
        names = tuple(str(row["name"]) for row in rows)
        table = np.array([[row[key] for key in _NUMBERS] for row in rows], float).reshape(-1, len(_NUMBERS))
        networks = {str(task): str(wanted) for task, wanted in content["networks"].items()}
        direction, mean, scale, low, high, coefficients = np.ascontiguousarray(table.T)
        calibrator = Calibrator(
            str(content["id"]),
            networks,
            names,
            mean,
            scale,
            low,
            high,
            coefficients,
            float(content["intercept"]),
            dict(content["about"]),
            content["sha256"],
            _checksums(content),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"The calibration {path} is incomplete ({error!r}): install DentalTopoSeg again.") from error
    unknown = [name for name in names if name not in FEATURES]
    if unknown or len(set(names)) < len(names) or not networks:
        raise ModelError(
            f"The calibration {path} needs what this version does not measure "
            f"({', '.join(unknown) or 'a feature twice, or no network'}): install DentalTopoSeg again."
        )
    signs = np.array([FEATURES[name] for name in names])
    sound = np.isfinite(table).all() and np.isfinite(calibrator.intercept) and (scale > 0).all() and (low <= high).all()
    if not sound or (direction != signs).any() or (coefficients * signs < 0).any():
        raise ModelError(f"The calibration {path} holds impossible numbers: install DentalTopoSeg again.")
    return calibrator


def _checksums(content: Mapping[str, Any]) -> dict[str, str]:
    """Task -> SHA-256 of the networks; the first calibrations told them among what was measured."""
    told = content["checksums"] if "checksums" in content else content["about"]["networks_sha256"]
    return {str(task): str(told[task]) for task in content["networks"]}


def calibrator_for(networks: Mapping[str, Any], folder: Path | None = None) -> Calibrator | None:
    """The newest calibration for these networks, task -> models.Model, in `folder`; by default in the installed
    Resources/Models and where the networks' files lie.

    None if there is none for them: the confidence is uncalibrated then. ModelError if one is damaged."""
    own = {model.path.parent for model in networks.values() if getattr(model, "path", None) is not None}
    folders = {folder} if folder is not None else {resources_dir() / "Models", *own}
    paths = sorted((path for place in folders for path in place.glob("confidence-*.json")), key=_version)
    fitting = [found for found in map(load_calibrator, paths) if found.fits(networks)]
    return fitting[-1] if fitting else None


def _version(path: Path) -> tuple[int, str]:
    number = re.search(r"confidence-(\d+)", path.name)
    return int(number[1]) if number else 0, path.name


def provenance_of(calibrator: Calibrator | None) -> dict[str, Any]:
    """For the report: which calibration gave the confidences and what they mean; "uncalibrated" without one."""
    if calibrator is None:
        return {"calibration": NO_CALIBRATION, "meaning": UNCALIBRATED}
    return {"calibration": calibrator.id, "sha256": calibrator.sha256, "meaning": MEANING}
