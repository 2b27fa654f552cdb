"""The three layouts in which labelled scans are handed around, recognised and read.

nnU-Net's raw layout (`dataset.json`, `imagesTr`, `labelsTr`), as ToothFairy2 and 3 come; Teeth3DS (an OBJ and a JSON of
the same name for each jaw); and 3D Slicer's segmentations (`.seg.nrrd`) beside their volumes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from DentalTopoSegLib.errors import InputError, UsageError
from DentalTopoSegLib.files.json_text import read_json
from DentalTopoSegLib.files.volumes import SCAN_SUFFIXES
from training.own_data.cases import NOTE, REFUSED, Case, Data, Row

SEGMENTATION = ".seg.nrrd"
JAWS = ("upper", "lower")
_SETS = (("imagesTr", "labelsTr", False), ("imagesTs", "labelsTs", True))


def read_layout(folder: Path, patients: str | None = None) -> Data:
    """Find the labelled scans of a folder.

    Parameters
    ----------
    folder : Path
        In one of the three layouts.
    patients : str, optional
        A regular expression whose first group is the patient in a scan's name; without it every scan of an nnU-Net
        folder is a patient of its own, and in the others a folder is, or the file's name.

    Returns
    -------
    Data
        With rows for what is missing or too much.

    Raises
    ------
    InputError
        The folder is in none of the layouts, or its description is broken.
    UsageError
        `patients` is no regular expression with a group.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"'{folder}' is no folder: give the one that holds the labelled scans.")
    patient_of = _patient_rule(patients)
    dataset = _dataset_folder(folder)
    if dataset is not None:
        return _nnunet(dataset, patient_of)
    if any(folder.rglob(f"*{SEGMENTATION}")):
        return _slicer(folder, patient_of)
    if any(path.with_suffix(".json").is_file() for path in folder.rglob("*.obj")) or any(folder.rglob("*.obj")):
        return _teeth3ds(folder, patient_of)
    raise InputError(
        f"'{folder}' is in no layout that is known: nnU-Net's (dataset.json with imagesTr and labelsTr), Teeth3DS "
        "(NAME_upper.obj with NAME_upper.json) or 3D Slicer's (NAME.seg.nrrd beside its volume)."
    )


def _patient_rule(pattern: str | None) -> Callable[[str, str], str]:
    """(name, patient by default) -> patient."""
    if pattern is None:
        return lambda name, usual: usual
    try:
        rule = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"--patients '{pattern}' is no regular expression ({error}).") from error
    if rule.groups < 1:
        raise UsageError(f"--patients '{pattern}' needs a group in brackets that is the patient, such as '(P[0-9]+)_'.")

    def patient(name: str, usual: str) -> str:
        found = rule.search(name)
        if found is None or not found[1]:
            raise UsageError(f"--patients '{pattern}' finds no patient in the name '{name}'.")
        return found[1]

    return patient


# --- nnU-Net --------------------------------------------------------------------------------------------------------


def _dataset_folder(folder: Path) -> Path | None:
    """The folder with dataset.json: this one, or the only one in it, as an archive unpacks."""
    if (folder / "dataset.json").is_file():
        return folder
    inner = [path.parent for path in sorted(folder.glob("*/dataset.json"))]
    return inner[0] if len(inner) == 1 else None


def _nnunet(folder: Path, patient_of: Callable[[str, str], str]) -> Data:
    names, ending = _description(folder / "dataset.json")
    data = Data("nnunet", folder, [], [], names)
    for images, labels, held_out in _SETS:
        if not (folder / labels).is_dir():
            if not held_out:
                raise InputError(f"'{folder}' has no folder {labels}: nnU-Net's raw layout keeps the label maps there.")
            continue
        if not (folder / images).is_dir():
            raise InputError(f"'{folder}' has {labels} but no folder {images}: the scans are missing.")
        _pair_nnunet(data, folder / images, folder / labels, ending, held_out, patient_of)
    if not data.cases and not data.rows:
        raise InputError(f"'{folder / 'imagesTr'}' holds no NAME_0000{ending}, which dataset.json says scans end in.")
    return data


def _description(path: Path) -> tuple[dict[int, str], str]:
    """The names of the labels and the ending of the files, out of a dataset.json of nnU-Net v2 or v1."""
    content = read_json(path)
    labels = content.get("labels") if isinstance(content, dict) else None
    if not isinstance(labels, dict) or not labels:
        raise InputError(f"'{path}' names no labels: nnU-Net keeps them under \"labels\".")
    channels = content.get("channel_names", content.get("modality", {"0": "CBCT"}))
    if not isinstance(channels, dict) or len(channels) != 1:
        raise InputError(f"'{path}' asks for {len(channels)} channels: scans of one channel (a CBCT) are taken.")
    ending = content.get("file_ending", ".nii.gz")
    if not isinstance(ending, str) or ending.lower() not in SCAN_SUFFIXES:
        raise InputError(f"'{path}' says that files end in '{str(ending)[:20]}', which is no format of volumes.")
    return dict(_named(labels, path)), ending


def _named(labels: dict[str, Any], path: Path) -> Iterator[tuple[int, str]]:
    """(value, name): v2 writes {name: value}, v1 {value: name}."""
    for key, value in labels.items():
        if isinstance(value, str) and key.isdecimal():
            yield int(key), value
        elif isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 65535:
            yield value, key
        else:
            raise InputError(
                f"'{path}': the label '{key[:40]}' has no whole number as its value; regions of several labels are "
                "not taken."
            )


def _pair_nnunet(
    data: Data, images: Path, labels: Path, ending: str, held_out: bool, patient_of: Callable[[str, str], str]
) -> None:
    scans = {path.name.removesuffix(f"_0000{ending}"): path for path in sorted(images.glob(f"*_0000{ending}"))}
    maps = {path.name.removesuffix(ending): path for path in sorted(labels.glob(f"*{ending}"))}
    for name in sorted(scans.keys() | maps.keys()):
        if name not in maps:
            row = data.shown(scans[name]), f"has no label map {labels.name}/{name}{ending}", "add it, or take it away"
            data.rows.append(Row(REFUSED, *row))
        elif name not in scans:
            row = data.shown(maps[name]), f"has no scan {images.name}/{name}_0000{ending}", "add it, or take it away"
            data.rows.append(Row(REFUSED, *row))
        else:
            data.cases.append(Case(name, patient_of(name, name), scans[name], maps[name], held_out))
    for path in sorted(images.glob(f"*_0001{ending}")):
        data.rows.append(Row(REFUSED, data.shown(path), "is a second channel", "give scans of one channel"))
    twice = [name for name, count in Counter(case.name for case in data.cases).items() if count > 1]
    for name in twice:
        reason = "lies in imagesTr and in imagesTs: one patient on both sides of the split"
        data.rows.append(Row(REFUSED, f"{name}{ending}", reason, "take it out of one of the two", name))


# --- 3D Slicer ------------------------------------------------------------------------------------------------------


def _slicer(folder: Path, patient_of: Callable[[str, str], str]) -> Data:
    data = Data("slicer", folder, [])
    segmentations = sorted(folder.rglob(f"*{SEGMENTATION}"))
    for path in segmentations:
        volumes = _volumes_in(path.parent)
        alone = len([s for s in segmentations if s.parent == path.parent]) == 1 and len(volumes) == 1
        fitting = volumes if alone else _fitting(path, volumes)
        if len(fitting) != 1:
            found = "has no volume beside it" if not fitting else "has several volumes beside it that may be its own"
            row = data.shown(path), found, "call the volume like the segmentation: NAME.nrrd and NAME.seg.nrrd"
            data.rows.append(Row(REFUSED, *row))
            continue
        place = path.parent.relative_to(folder).as_posix()
        stem = path.name.removesuffix(SEGMENTATION)
        name = stem if place == "." else f"{place}/{stem}".replace("/", "_")
        data.cases.append(Case(name, patient_of(name, stem if place == "." else place), fitting[0], path))
    used = {case.scan for case in data.cases}
    for volume in sorted({v for s in segmentations for v in _volumes_in(s.parent)} - used):
        data.rows.append(Row(NOTE, data.shown(volume), "has no segmentation beside it", "it is not used"))
    return data


def _volumes_in(folder: Path) -> list[Path]:
    """Volumes of a folder that are no segmentations."""
    names = sorted(path for path in folder.iterdir() if path.is_file())
    return [p for p in names if p.name.lower().endswith(SCAN_SUFFIXES) and not p.name.endswith(SEGMENTATION)]


def _stem(path: Path) -> str:
    return next(path.name[: -len(s)] for s in sorted(SCAN_SUFFIXES, key=len)[::-1] if path.name.lower().endswith(s))


def _fitting(segmentation: Path, volumes: list[Path]) -> list[Path]:
    """The volumes called like a segmentation, or else those with whose name its own begins, the longest first."""
    name = segmentation.name.removesuffix(SEGMENTATION)
    same = [v for v in volumes if _stem(v) == name]
    if same:
        return same
    begun = [v for v in volumes if name.startswith((f"{_stem(v)}_", f"{_stem(v)}-", f"{_stem(v)} "))]
    longest = max((len(_stem(v)) for v in begun), default=0)
    return [v for v in begun if len(_stem(v)) == longest]


# --- Teeth3DS -------------------------------------------------------------------------------------------------------


def _teeth3ds(folder: Path, patient_of: Callable[[str, str], str]) -> Data:
    data = Data("teeth3ds", folder, [])
    meshes = {path.with_suffix(""): path for path in sorted(folder.rglob("*.obj"))}
    told = {path.with_suffix(""): path for path in sorted(folder.rglob("*.json"))}
    for stem in sorted(meshes.keys() | told.keys()):
        shown = data.shown(meshes.get(stem) or told[stem])
        if stem not in told:
            data.rows.append(Row(REFUSED, shown, f"has no labels {stem.name}.json beside it", "add them"))
            continue
        if stem not in meshes:
            if stem.name.lower().endswith(JAWS):
                data.rows.append(Row(REFUSED, shown, f"has no mesh {stem.name}.obj beside it", "add it"))
            continue
        patient, _, jaw = stem.name.rpartition("_")
        if jaw.lower() not in JAWS:
            row = shown, "does not say which jaw it is", "call it PATIENT_upper.obj or PATIENT_lower.obj"
            data.rows.append(Row(REFUSED, *row))
            continue
        case = Case(stem.name, patient_of(stem.name, patient), meshes[stem], told[stem], jaw=jaw.lower())
        data.cases.append(case)
    for name, count in Counter(case.name for case in data.cases).items():
        if count > 1:
            data.rows.append(Row(REFUSED, name, f"is there {count} times", "leave one of them", name))
    return data
