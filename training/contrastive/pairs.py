"""Pairs of a CBCT crop and the intraoral scans that belong to it, drawn by the phantom engine in any number.

`write_pairs` makes files `PERSON_NUMBER.npz` in a folder for each split of the rooted dentitions, always the same for a
seed. A pair's crop, grids and clouds lie in one RAS frame in mm. Only persons with scans count: dentitions of CBCTs
have none.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.transactions import atomic_path
from training.contrastive.belonging import FLIP, Disturbances, read_scanned, scans_of, without_borrowed
from training.patients.anatomy import sample_patient
from training.patients.canvas import Grid
from training.patients.fast_scanner import acquire
from training.patients.fields import FieldOfView, small_field
from training.patients.material_maps import render
from training.patients.parts import WHOLE, Part
from training.patients.rooted_teeth import SAME_PERSON, ToothModel, load_dentition
from training.patients.sampler import turn_head
from training.surfaces.jaws import fold_of, patients, sample

TRUNCATED = 0.35
"""Share of the CBCTs with a field of view smaller than the crop."""


@dataclass(frozen=True)
class PairPlan:
    """The `pairs` section of a configuration.

    Attributes
    ----------
    spacing_mm, shape : float, tuple of int
        Of the CBCT crop, (z, y, x) voxels around the middle of the crowns.
    views : int
        Clouds of each scanned jaw, sampled anew.
    area_mm2 : float
        Surface per point of a cloud.
    """

    spacing_mm: float = 0.5
    shape: tuple[int, int, int] = (64, 128, 144)
    views: int = 2
    area_mm2: float = 0.6


@dataclass(frozen=True)
class Pair:
    """A CBCT crop and its scans.

    Attributes
    ----------
    person : str
        Whose dentition it is.
    image : numpy.ndarray
        (z, y, x) float16 grey values.
    inside : numpy.ndarray
        (z, y, x) bool, the field of view.
    labels : numpy.ndarray
        (z, y, x) uint8 class index of `dentition.CLASS_FDI`.
    origin, spacing : numpy.ndarray, float
        (3,) RAS mm of voxel (0, 0, 0); edge of a voxel, mm.
    clouds : dict
        By "upper" and "lower", for each view the arrays of `surfaces.jaws.sample` in canonical axes; points times
        `belonging.FLIP` are RAS mm of the crop.
    """

    person: str
    image: np.ndarray
    inside: np.ndarray
    labels: np.ndarray
    origin: np.ndarray
    spacing: float
    clouds: dict[str, list[dict[str, np.ndarray]]]


def make_pair(
    person: str,
    models: list[ToothModel],
    donors: list[list[ToothModel]],
    scans: Path,
    plan: PairPlan,
    disturbances: Disturbances,
    rng: np.random.Generator,
) -> Pair:
    """One pair of a person.

    Parameters
    ----------
    person : str
        Number in the data pack.
    models, donors : list
        Their rooted teeth; dentitions that third molars are borrowed from.
    scans : pathlib.Path
        The data pack's ios/train.
    plan, disturbances : PairPlan, Disturbances
        How it is drawn, and what separates both.
    rng : numpy.random.Generator
        The only source of randomness.
    """
    scanned = read_scanned(scans, person)
    jaws: dict = {}
    while not jaws:  # a mouth without teeth has no scan
        patient = without_borrowed(sample_patient(models, donors, rng), models)
        patient = turn_head(patient, rng.normal(0, np.deg2rad([6, 3, 4])))
        jaws = scans_of(patient, models, scanned, disturbances, rng)
    size = np.array(plan.shape[::-1]) * plan.spacing_mm
    crowns = np.mean([t.centre for t in patient.teeth if t.erupted], 0)
    centre = (crowns - patient.middle) @ patient.pose.T + patient.middle
    grid = Grid(centre + rng.uniform(-2, 2, 3) - size / 2, plan.spacing_mm, plan.shape)
    drawn = render(patient, grid, warp_mm=0.0)
    field = _field(jaws, grid, rng)
    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    image = acquire(drawn.image, drawn.metal, plan.spacing_mm, generator, field)
    inside = torch.ones(plan.shape, dtype=torch.bool) if field is None else field.mask(plan.shape, plan.spacing_mm)
    area = plan.area_mm2 * rng.uniform(0.8, 1.25)
    return Pair(
        person,
        image.clamp(-32000, 32000).numpy().astype(np.float16),
        inside.numpy(),
        drawn.labels.numpy().astype(np.uint8),
        grid.origin,
        plan.spacing_mm,
        {which: [sample(jaw, rng, area) for _ in range(plan.views)] for which, jaw in jaws.items()},
    )


def _field(jaws: dict, grid: Grid, rng: np.random.Generator) -> FieldOfView | None:
    """None, or a small field around a place of a scanned jaw."""
    if rng.random() >= TRUNCATED:
        return None
    which = sorted(jaws)[int(rng.integers(len(jaws)))]
    crowns = np.unique(jaws[which].faces[jaws[which].classes > 0])
    if not len(crowns):
        return None
    place = jaws[which].vertices[crowns[int(rng.integers(len(crowns)))]] * FLIP[which]
    size = np.array(grid.shape) * grid.spacing
    middle = np.clip((place - grid.origin)[::-1], 0, size)
    return small_field(middle, float(size[1:].max()), rng)


def save_pair(path: Path, pair: Pair) -> None:
    """Whole or not at all."""
    arrays: dict[str, np.ndarray] = {
        "person": np.array(pair.person),
        "image": pair.image,
        "inside": np.packbits(pair.inside),
        "labels": pair.labels,
        "origin": pair.origin,
        "spacing": np.array(pair.spacing),
    }
    for which, views in pair.clouds.items():
        for number, cloud in enumerate(views):
            arrays |= {f"{which}/{number}/{name}": array for name, array in cloud.items()}
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def load_pair(path: Path) -> Pair:
    """Inverse of `save_pair`."""
    with np.load(path) as data:
        arrays = {name: data[name] for name in data.files}
    clouds: dict[str, dict[int, dict[str, np.ndarray]]] = {}
    for name, array in arrays.items():
        which, _, rest = name.partition("/")
        if rest:
            number, _, key = rest.partition("/")
            clouds.setdefault(which, {}).setdefault(int(number), {})[key] = array
    shape = arrays["image"].shape
    return Pair(
        str(arrays["person"]),
        arrays["image"],
        np.unpackbits(arrays["inside"], count=int(np.prod(shape))).reshape(shape).astype(bool),
        arrays["labels"],
        arrays["origin"],
        float(arrays["spacing"]),
        {which: [views[k] for k in sorted(views)] for which, views in clouds.items()},
    )


def one_person(number: str) -> str:
    """The number of a person, the same for both numbers of one who was scanned twice."""
    return SAME_PERSON.get(number, number)


def person_of(path: Path) -> str:
    """Whose dentition a file of a pair or a rooted dentition shows; two scans of one person are one person."""
    return one_person(path.stem.split("_")[0])


def scan_names(scans: Path, person: str) -> list[str]:
    """The scans of a person in the data pack's ios/train, by name."""
    return sorted(path.stem for path in scans.glob(f"{person}_*.npz"))


def write_pairs(
    rooted: Path,
    scans: Path,
    out: Path,
    count: int,
    seed: int = 0,
    plan: PairPlan | None = None,
    disturbances: Disturbances | None = None,
    part: Part = WHOLE,
) -> int:
    """Write `count` pairs of every person of both splits that are not there yet; returns how many were written.

    Pair k of every person comes before pair k + 1 of anyone, so that the first of them are of all people. Impacted
    third molars are borrowed from people of the same fold or from dentitions without scans, so that holding a fold out
    holds all of its teeth out. InputError where a split's folder holds no rooted dentition with scans.
    """
    plan, disturbances = plan or PairPlan(), disturbances or Disturbances()
    written, everyone = 0, patients(scans)
    for split in ("train", "validation"):
        rooted_files = sorted((rooted / split).glob("*.npz"))
        own = [place for place, file in enumerate(rooted_files) if scan_names(scans, file.stem)]
        if not own:
            raise InputError(
                f"{rooted / split} holds no rooted dentition whose scans are in {scans}: run root-teeth first."
            )
        dentitions = [load_dentition(file) for file in rooted_files]
        folds = [fold_of(file.stem, everyone) if place in own else None for place, file in enumerate(rooted_files)]
        for number, place in part.of([(number, place) for number in range(count) for place in own]):
            person = rooted_files[place].stem
            target = out / split / f"{person}_{number:03d}.npz"
            if target.exists():
                continue
            rng = np.random.default_rng([seed, number, *person.encode()])
            target.parent.mkdir(parents=True, exist_ok=True)
            donors = [d for d, fold in zip(dentitions, folds, strict=True) if fold in (None, folds[place])]
            save_pair(target, make_pair(person, dentitions[place], donors, scans, plan, disturbances, rng))
            written += 1
            print(f"{split} {target.stem}", flush=True)
    return written


def split_pairs(
    folder: Path, scans: Path, fold: int | None, share: float = 1.0, seed: int = 0
) -> tuple[list[Path], list[Path]]:
    """Pairs to train on and held-out ones.

    Parameters
    ----------
    folder : pathlib.Path
        What `write_pairs` wrote.
    scans : pathlib.Path
        The data pack's ios/train, for the list of people.
    fold : int, optional
        A fifth of the people (as `train-surface` has them) that is held out of training too.
    share : float
        Of the people, with all their pairs, 0 to 1: a real pair is a person, while more pairs of the same people only
        show them otherwise.
    seed : int
        Which people: those of a smaller share are among those of a larger one.

    Raises
    ------
    InputError
        No pair is left on one side, or a person would stand on both.
    """
    everyone = patients(scans)
    train = sorted(folder.glob("train/*.npz"), key=lambda p: (p.stem.split("_")[1], p.stem))
    train = [p for p in train if fold is None or fold_of(p.stem, everyone) != fold]
    people = sorted({person_of(p) for p in train})
    order = np.random.default_rng(seed).permutation(len(people))[: round(share * len(people))]
    train = [p for p in train if person_of(p) in {people[k] for k in order}]
    held = sorted(folder.glob("validation/*.npz"))
    if not train or not held:
        raise InputError(f"{folder} holds no pairs for {'training' if not train else 'validation'}: draw more.")
    if both := {person_of(p) for p in train} & {person_of(p) for p in held}:
        raise InputError(f"{folder} holds {', '.join(sorted(both))} for training and for validation: draw it anew.")
    return train, held
