"""The intraoral scans that belong to a phantom: real scanned jaws, brought to where the phantom's teeth stand.

A phantom's crowns are the scanned crowns themselves (`patients.rooted_teeth`), each moved on its own; the same motions
move the scan. What separates real pairs is added (`Disturbances`): a registration that is a little off, teeth that have
moved and fillings that were made since, a jaw that was not scanned, a part of a jaw only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from DentalTopoSegLib.dentition import is_upper, mirrored
from training.patients.anatomy import JAWS, Patient
from training.patients.doubtful_numbers import by_shape
from training.patients.placed_tooth import PlacedTooth
from training.patients.rooted_teeth import ToothModel
from training.surfaces.jaws import Jaw, class_of, crop, without_tooth

ANCHORS = 24
"""Crown vertices whose motions gum takes over, the nearest most."""

FEWEST_TEETH = 3
"""A jaw in which fewer scanned crowns stand has no scan."""

NOT_ROOTED = 99
"""Number of a crown that no rooted tooth was made of."""

SAME_CROWN_MM = 3.0
"""A model stands in the middle of its crown; this is less than half a tooth."""

FLIP = {"upper": np.array([-1.0, 1.0, -1.0]), "lower": np.ones(3)}
"""RAS to the canonical axes of `surfaces.jaws` (+z occlusal, +y anterior), and back, by multiplying."""


@dataclass(frozen=True)
class Disturbances:
    """What may separate a scan from the CBCT it belongs to.

    Attributes
    ----------
    registration_mm : float
        Root mean square over a jaw's vertices of the registration's error: uniform from 0 to this.
    moved : float
        Chance of each tooth of having moved since, by `moved_mm` and `moved_deg` (standard deviations by axis).
    filled : float
        Chance of each tooth of having got a filling since.
    missing_jaw : float
        Chance that one jaw was not scanned.
    part : float
        Chance of each jaw of being scanned in part only.
    """

    registration_mm: float = 0.5
    moved: float = 0.25
    moved_mm: float = 0.25
    moved_deg: float = 2.0
    filled: float = 0.08
    missing_jaw: float = 0.2
    part: float = 0.15


UNDISTURBED = Disturbances(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class ScannedJaw:
    """One jaw as the data pack has it, in RAS mm: vertices (V, 3), faces (F, 3), face_fdi (F,), and classes (F,) of
    `surfaces.jaws`."""

    name: str
    vertices: np.ndarray
    faces: np.ndarray
    face_fdi: np.ndarray
    classes: np.ndarray

    def numbered_as(self, models: list[ToothModel]) -> ScannedJaw:
        """The same jaw, each crown with the number of the model that was made of it.

        By place, because a doubtful number of the reference may have been replaced when the teeth were rooted. A crown
        that no model was made of is `NOT_ROOTED`.
        """
        corners = self.vertices[self.faces].mean(1)
        fdi = np.arange(256, dtype=np.uint8)
        for number in np.setdiff1d(self.face_fdi, [0]):
            middle = corners[self.face_fdi == number].mean(0)
            away = [float(np.linalg.norm(model.centre - middle)) for model in models]
            nearest = int(np.argmin(away))
            fdi[number] = models[nearest].fdi if away[nearest] < SAME_CROWN_MM else NOT_ROOTED
        return replace(self, face_fdi=fdi[self.face_fdi])

    def mirrored(self) -> ScannedJaw:
        """The same jaw with left and right exchanged."""
        swap = np.r_[0, 9:17, 1:9].astype(np.uint8)
        fdi = np.arange(256, dtype=np.uint8)
        for number in np.setdiff1d(self.face_fdi, [0, NOT_ROOTED]):
            fdi[number] = mirrored(int(number))
        flipped = self.vertices * np.array([-1.0, 1.0, 1.0])
        return ScannedJaw(self.name, flipped, self.faces[:, ::-1], fdi[self.face_fdi], swap[self.classes])


def read_scanned(folder: Path, person: str) -> dict[str, ScannedJaw]:
    """The jaws ("upper", "lower") of a person in the data pack's ios/train; those that are there."""
    jaws = {}
    for which in JAWS:
        path = folder / f"{person}_{which}.npz"
        if path.is_file():
            with np.load(path) as data:
                vertices = data["vertices"][:, [2, 0, 1]].astype(np.float64)
                fdi = data["face_fdi"]
                classes = class_of(by_shape(path.stem, fdi))
                jaws[which] = ScannedJaw(path.stem, vertices, data["faces"].astype(np.int64), fdi, classes)
    return jaws


def is_mirrored(patient: Patient, models: list[ToothModel]) -> bool:
    """Whether a patient was drawn from the mirror image of a dentition."""
    stored = {model.fdi: model.centre for model in models}
    same = sum(np.array_equal(t.model.centre, stored.get(t.fdi)) for t in patient.teeth if t.fdi in stored)
    return 2 * same < len(models)


def without_borrowed(patient: Patient, models: list[ToothModel]) -> Patient:
    """The patient without the erupted third molars of other people: no scan shows them."""
    places = {tuple(np.abs(model.centre)) for model in models}  # |x|: of the mirror image too
    borrowed = [t.erupted and tuple(np.abs(t.model.centre)) not in places for t in patient.teeth]
    pairs = zip(patient.teeth, borrowed, strict=True)
    return replace(patient, teeth=[replace(t, restoration="absent") if b else t for t, b in pairs])


def shows_crown(tooth: PlacedTooth) -> bool:
    """Whether a scanner in the mouth sees a crown here: a tooth that is out, a crown on an implant, a pontic."""
    if tooth.restoration == "implant":
        return tooth.implant.crown
    return tooth.erupted and tooth.restoration != "absent"


def to_scanner(patient: Patient, points: np.ndarray) -> np.ndarray:
    """Points (N, 3) of the patient, RAS mm, in the frame of the CBCT: with the head's pose."""
    return (points - patient.middle) @ patient.pose.T + patient.middle


def scans_of(
    patient: Patient,
    models: list[ToothModel],
    scanned: dict[str, ScannedJaw],
    plan: Disturbances,
    rng: np.random.Generator,
) -> dict[str, Jaw]:
    """The scans of a phantom drawn from `models`, in canonical axes about the CBCT's own origin.

    Parameters
    ----------
    patient : Patient
        In the pose in which the CBCT shows it (rendered with `warp_mm=0`).
    models : list of ToothModel
        The dentition that the patient was drawn from.
    scanned : dict
        That person's jaws, of `read_scanned`.
    plan : Disturbances
        What separates them from the CBCT.
    rng : numpy.random.Generator
        The only source of randomness.

    Returns
    -------
    dict
        `Jaw` by "upper" and "lower". Vertices times `FLIP` are RAS mm of the CBCT, as far as the registration is right.
    """
    flipped = is_mirrored(patient, models)
    both = sorted(scanned)
    if len(both) == 2 and rng.random() < plan.missing_jaw:
        both = [both[int(rng.integers(2))]]
    out = {}
    for which in both:
        jaw = scanned[which].numbered_as(models)
        jaw = jaw.mirrored() if flipped else jaw
        placed = {t.fdi: t for t in patient.teeth if is_upper(t.fdi) == (which == "upper")}
        own = {model.fdi if not flipped else mirrored(model.fdi): model for model in models}
        teeth = {fdi: t for fdi, t in placed.items() if fdi in own and (jaw.face_fdi == fdi).any()}
        standing = {fdi: t for fdi, t in teeth.items() if shows_crown(t)}
        if len(standing) < FEWEST_TEETH:
            continue
        vertices = _moved(jaw, standing, plan, rng)
        vertices = _filled(vertices, jaw, [fdi for fdi in standing if rng.random() < plan.filled], rng)
        vertices = _misplaced(to_scanner(patient, vertices), plan.registration_mm * rng.random(), rng)
        moved = Jaw(jaw.name, which == "upper", vertices * FLIP[which], jaw.faces, jaw.classes)
        for fdi in np.setdiff1d(np.unique(jaw.face_fdi), [0, *standing]):
            moved = without_tooth(moved, int(np.bincount(moved.classes[jaw.face_fdi == fdi]).argmax()))
        out[which] = crop(moved, rng) if rng.random() < plan.part else moved
    return out


def _vertices_of(jaw: ScannedJaw, fdi: int) -> np.ndarray:
    return np.unique(jaw.faces[jaw.face_fdi == fdi])


def _moved(
    jaw: ScannedJaw, standing: dict[int, PlacedTooth], plan: Disturbances, rng: np.random.Generator
) -> np.ndarray:
    """Vertices (V, 3): crowns with their teeth, everything else with the crowns nearby."""
    target, anchored = jaw.vertices.copy(), np.zeros(len(jaw.vertices), bool)
    for fdi, tooth in standing.items():
        mine = _vertices_of(jaw, fdi)
        move = _later(tooth, plan, rng)
        target[mine] = move(jaw.vertices[mine])
        anchored[mine] = True
    shift = (target - jaw.vertices)[anchored]
    count = min(ANCHORS, int(anchored.sum()))
    distance, index = cKDTree(jaw.vertices[anchored]).query(jaw.vertices[~anchored], k=count)
    weight = 1.0 / (distance + 0.1) ** 2
    target[~anchored] += (weight[..., None] * shift[index]).sum(1) / weight.sum(1)[:, None]
    return target


def _later(tooth: PlacedTooth, plan: Disturbances, rng: np.random.Generator) -> Callable[[np.ndarray], np.ndarray]:
    """Where a tooth's scanned crown lies: (N, 3) RAS mm of the scan to the place of the tooth, at another time."""
    turn, shift = np.eye(3), np.zeros(3)
    if rng.random() < plan.moved:
        turn = Rotation.from_rotvec(rng.normal(0, np.deg2rad(plan.moved_deg), 3)).as_matrix()
        shift = rng.normal(0, plan.moved_mm, 3)
    model = tooth.model

    def move(points: np.ndarray) -> np.ndarray:
        local = (points - model.centre) @ model.rotation
        return tooth.to_ras(local @ turn.T + shift)

    return move


def _filled(vertices: np.ndarray, jaw: ScannedJaw, teeth: list[int], rng: np.random.Generator) -> np.ndarray:
    """Vertices with a filling more in some teeth: a spot of the crown smoothed and a little higher or lower."""
    out = vertices.copy()
    for fdi in teeth:
        mine = _vertices_of(jaw, fdi)
        points = out[mine]
        spot = points[int(rng.integers(len(points)))]
        radius = rng.uniform(1.2, 2.8)
        weight = np.clip(1 - ((points - spot) ** 2).sum(1) / radius**2, 0, 1)
        near = points[weight > 0]
        if len(near) < 6:
            continue
        middle = near.mean(0)
        outward = np.linalg.svd(near - middle)[2][2]
        outward *= np.sign((middle - points.mean(0)) @ outward) or 1.0
        height = (points - middle) @ outward
        step = rng.uniform(0.5, 1.0) * -height + rng.uniform(-0.3, 0.3)
        out[mine] = points + (weight * step)[:, None] * outward
    return out


def _misplaced(vertices: np.ndarray, rms_mm: float, rng: np.random.Generator) -> np.ndarray:
    """Vertices after a rigid motion that moves them by `rms_mm` on the average (root mean square)."""
    middle = vertices.mean(0)
    axis, shift = rng.normal(size=3), rng.normal(size=3)
    turned = np.cross(axis, vertices - middle)
    share = rng.uniform(0.2, 0.8)  # of the error that is turning

    def rms(motion: np.ndarray) -> float:
        return float(np.sqrt((motion**2).sum(-1).mean()))

    angle = rms_mm * np.sqrt(share) / rms(turned)
    turn = Rotation.from_rotvec(axis * angle).as_matrix()
    return (vertices - middle) @ turn.T + middle + shift / rms(shift) * rms_mm * np.sqrt(1 - share)
