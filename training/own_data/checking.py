"""Everything that is looked at before a long training: what is wrong with which file, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import ndimage

from DentalTopoSegLib.dentition import is_deciduous, plain_name
from DentalTopoSegLib.dentition.arch import consistent_relabelling
from DentalTopoSegLib.dentition.numbering import mean_dentition
from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.volumes import Volume
from training.evaluation.labelled import Scan
from training.own_data.cases import NOTE, REFUSED, Case, Data, Row
from training.own_data.doubles import (
    groups_of,
    same_surfaces,
    same_volumes,
    surface_signature,
    volume_signature,
)
from training.own_data.reading import read_jaw_case, read_labelled, teeth_of

Tell = Callable[[int, int], None]
"""Called with how many scans are done, and of how many."""

_SWAPS = {
    "mirrored": "left and right",
    "flipped": "upper and lower",
    "both": "left and right, and upper and lower,",
    "upper mirrored": "left and right of the upper jaw",
    "lower mirrored": "left and right of the lower jaw",
}
_FEW_TEETH = 4
_MIRRORED = 0.6
"""How much better a mirrored jaw must fit the usual places than the jaw itself, to be called mirrored."""


@dataclass
class Checked:
    """What the scans are like, after all was looked at.

    Parameters
    ----------
    data : Data
        With all rows.
    patients : dict
        {scan: patient}; scans that are nearly the same have one.
    teeth : dict
        {scan: the FDI numbers it has}.
    """

    data: Data
    patients: dict[str, str] = field(default_factory=dict)
    teeth: dict[str, list[int]] = field(default_factory=dict)


def check(
    data: Data, numbering: str | None = None, orientation: str | None = None, tell: Tell = lambda done, total: None
) -> Checked:
    """Look at every scan and its labels.

    Parameters
    ----------
    data : Data
        Of `layouts.read_layout`; gets further rows.
    numbering, orientation : str, optional
        As in `reading.read_labelled`.
    tell : callable
        Told before each scan.
    """
    checked = Checked(data)
    signatures: dict[str, np.ndarray] = {}
    for done, case in enumerate(data.cases):
        tell(done, len(data.cases))
        try:
            if case.jaw:
                signatures[case.name], teeth = _look_at_jaw(case, data)
            else:
                signatures[case.name], teeth = _look_at_volume(case, data, numbering, orientation)
        except InputError as error:
            _refuse(data, case, str(error), "")
            continue
        checked.teeth[case.name] = teeth
    tell(len(data.cases), len(data.cases))
    _look_for_doubles(checked, signatures)
    return checked


def _refuse(data: Data, case: Case, reason: str, advice: str) -> None:
    shown = data.shown(case.labels)
    for path in (case.labels, case.scan):  # readers name the file; the table does so in a column of its own
        if f"'{path}'" in reason:
            shown = data.shown(path)
            reason = reason.replace(f"'{path}'", "it")
    text, _, more = reason.partition(": ")
    row = (text, more) if more and not advice else (reason, advice)
    data.rows.append(Row(REFUSED, shown, row[0], row[1] or _advice(reason), case.name))


def _advice(reason: str) -> str:
    known = {
        "grid of its scan": "export the labels with the scan as the reference geometry",
        "outside of its scan": "export the labels with the scan as the reference geometry",
        "which nothing names": "add these labels to dataset.json, or call the segments by their teeth, or state "
        "--numbering",
    }
    return next((advice for words, advice in known.items() if words in reason), "correct it, or leave it out")


def _look_at_volume(
    case: Case, data: Data, numbering: str | None, orientation: str | None
) -> tuple[np.ndarray, list[int]]:
    labelled = read_labelled(case, data, numbering, orientation)
    teeth = teeth_of(labelled.fdi)
    shown = data.shown(case.labels)
    data.rows.extend(Row(NOTE, shown, note, "", case.name) for note in labelled.notes)
    if not teeth:
        _refuse(data, case, "has no voxel that is a numbered tooth", "label it, or leave it out")
        return volume_signature(labelled.scan), teeth
    permanent = [fdi for fdi in teeth if not is_deciduous(fdi)]
    if len(permanent) < len(teeth):
        milk = ", ".join(str(fdi) for fdi in teeth if is_deciduous(fdi))
        said = f"has milk teeth ({milk})", "nothing: their outlines are learned, their numbers are not"
        data.rows.append(Row(NOTE, shown, *said, case.name))
    places = centres_of(labelled.fdi, labelled.scan, permanent)
    _judge_sides(case, data, places)
    return volume_signature(labelled.scan), teeth


def centres_of(fdi: np.ndarray, grid: Volume, teeth: list[int]) -> dict[int, np.ndarray]:
    """{FDI: (3,) RAS mm of the middle of its voxels}."""
    boxes = ndimage.find_objects(fdi, max(teeth, default=0))
    found = {}
    for tooth in teeth:
        box = boxes[tooth - 1]
        middle = ndimage.center_of_mass(fdi[box] == tooth)
        found[tooth] = grid.index_to_ras(np.array(middle) + [part.start for part in box])
    return found


def _judge_sides(case: Case, data: Data, places: Mapping[int, np.ndarray]) -> None:
    judged = consistent_relabelling(places)
    if judged is None:
        said = f"has only {len(places)} permanent teeth close together", "look at it: whether left is left was not seen"
        data.rows.append(Row(NOTE, data.shown(case.labels), *said, case.name))
        return
    if judged[0] != "none":
        reason = f"{_SWAPS[judged[0]]} are exchanged: its teeth lie where those of the other side belong"
        advice = "correct the numbers; or the orientation that the file states, if the scan itself is mirrored"
        _refuse(data, case, reason, advice)
    elif not judged[1].upright:
        reason = "its teeth say that the head lies otherwise than the file says"
        _refuse(data, case, reason, "correct the orientation that the file states (front, back, top and bottom)")


def _look_at_jaw(case: Case, data: Data) -> tuple[np.ndarray, list[int]]:
    scan = read_jaw_case(case)
    teeth = sorted({int(v) for v in scan.face_fdi if v})
    signature = surface_signature(scan.vertices)
    if not teeth:
        _refuse(data, case, "has no point that is a tooth", "label it, or leave it out")
        return signature, teeth
    wrong = [fdi for fdi in teeth if (fdi // 10 in (1, 2, 5, 6)) != (case.jaw == "upper")]
    if wrong:
        shown = ", ".join(map(str, wrong[:4]))
        reason = f"is the {case.jaw} jaw, but has teeth of the other: {shown}"
        _refuse(data, case, reason, 'correct the numbers, or the file\'s name and its "jaw"')
    elif is_mirrored(scan):
        reason = "left and right are exchanged: its teeth lie where those of the other side belong"
        _refuse(data, case, reason, "correct the numbers, or the mesh if it is mirrored")
    return signature, teeth


def is_mirrored(scan: Scan) -> bool:
    """Whether the teeth of a labelled jaw fit the usual places much better as a mirror image, seen from outside.

    What outside is the surface's normals say; where the teeth are few, nothing is said.
    """
    mean = mean_dentition()
    corners = scan.vertices[scan.faces]
    numbers = [int(n) for n in np.unique(scan.face_fdi) if int(n) in mean]
    if len(numbers) < _FEW_TEETH:
        return False
    crowns = np.isin(scan.face_fdi, numbers)
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    bite = cross[crowns].sum(0)
    bite /= np.linalg.norm(bite) + 1e-12
    centres = np.array([corners[scan.face_fdi == n].mean((0, 1)) for n in numbers])
    places = np.array([mean[n] for n in numbers]) * [1.0, 1.0, 0.0]
    flat = centres - np.outer(centres @ bite, bite)
    up = np.array([0.0, 0.0, -1.0 if scan.jaw == "upper" else 1.0])
    residuals = [_residual(flat, places * [side, 1.0, 1.0], bite, up) for side in (1.0, -1.0)]
    return residuals[1] < _MIRRORED * residuals[0]


def _residual(points: np.ndarray, places: np.ndarray, bite: np.ndarray, up: np.ndarray) -> float:
    """Mean distance (mm) of points (K, 3) from places after the best turn that takes `up` to `bite`."""
    a, b = places - places.mean(0), points - points.mean(0)
    spread = float(np.sqrt((b**2).sum() / max((a**2).sum(), 1e-9)))
    heavy = 1e6  # the axes are laid over each other first
    u, _, vt = np.linalg.svd(b.T @ (a * spread) + heavy * np.outer(bite, up))
    turn = u @ np.diag([1.0, 1.0, np.linalg.det(u @ vt)]) @ vt
    return float(np.linalg.norm(b - spread * a @ turn.T, axis=1).mean())


def _look_for_doubles(checked: Checked, signatures: Mapping[str, np.ndarray]) -> None:
    data = checked.data
    cases = {case.name: case for case in data.cases if case.name in signatures}
    pairs: list[tuple[str, str]] = []
    for jaw in ("", "upper", "lower"):
        names = [name for name, case in cases.items() if case.jaw == jaw]
        found = (same_surfaces if jaw else same_volumes)([signatures[name] for name in names])
        pairs += [(names[i], names[j]) for i, j in found]
    told = {name: case.patient for name, case in cases.items()}
    checked.patients = groups_of(told, pairs)
    for one, other in pairs:
        if told[one] != told[other]:
            shown = data.shown(cases[other].scan), f"is nearly the same scan as {one}"
            data.rows.append(Row(NOTE, *shown, "nothing: both are taken for one patient", other))
    held = Counter(checked.patients[name] for name, case in cases.items() if case.held_out)
    for name, case in cases.items():
        if not case.held_out and held[checked.patients[name]]:
            reason = f"its patient ({checked.patients[name]}) is also among the held-out scans"
            data.rows.append(Row(REFUSED, data.shown(case.scan), reason, "take one of the two away", name))


def counts_text(checked: Checked) -> str:
    """One paragraph: how many scans, patients and teeth there are."""
    data = checked.data
    sound = data.without_refused().cases
    persons = len({checked.patients[case.name] for case in sound if case.name in checked.patients})
    teeth = Counter(fdi for case in sound for fdi in checked.teeth.get(case.name, ()))
    kinds = {"nnunet": "nnU-Net's layout", "slicer": "3D Slicer's segmentations", "teeth3ds": "Teeth3DS's layout"}
    lines = [
        f"{kinds[data.layout]}: {len(data.cases)} labelled scans, {len(sound)} of them sound, of {persons} patients, "
        f"{sum(teeth.values())} teeth."
    ]
    rare = [fdi for fdi, count in sorted(teeth.items()) if count == 1]
    if rare and len(sound) > 1:
        shown = ", ".join(f"{fdi} ({plain_name(fdi)})" for fdi in rare[:4])
        lines.append(f"In one scan only: {shown}{' and more' if len(rare) > 4 else ''}.")
    return "\n".join(lines)


def with_patients(checked: Checked) -> list[Case]:
    """The sound scans, each with the patient that was found."""
    cases = checked.data.without_refused().cases
    return [replace(case, patient=checked.patients[case.name]) for case in cases]
