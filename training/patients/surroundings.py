"""Everything around the teeth as signed distances: skin, jaws, mouth, upper face, skull, spine (torch, any device).

All functions take points (N, 3) in RAS mm and return (N,) mm, negative inside. They are smooth, so
`material_maps.render` evaluates them on a coarse grid.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch

from training.patients.anatomy import Jaw, Patient
from training.patients.sinuses import Sinus, sinus_fields


def smooth_min(a: torch.Tensor, b: torch.Tensor, k: float) -> torch.Tensor:
    """Polynomial smooth minimum (Quilez): rounds the seam of two distances over k mm."""
    h = (k - (a - b).abs()).clamp(min=0) / k
    return torch.minimum(a, b) - h * h * k * 0.25


def capsule(points: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Distance (N,) from points (N, 3) to the segment a-b, mm."""
    ab = b - a
    t = ((points - a) @ ab / (ab @ ab + 1e-9)).clamp(0, 1)
    return (points - a - t[:, None] * ab).norm(dim=1)


def polyline(points: torch.Tensor, line: np.ndarray, scale: tuple[float, float, float]) -> torch.Tensor:
    """Distance (N,) to a polyline (M, 3) in a space stretched by scale (an elliptical tube)."""
    factor = torch.tensor(scale, dtype=points.dtype, device=points.device)
    nodes = torch.as_tensor(line, dtype=points.dtype, device=points.device) * factor
    points = points * factor
    best = None
    for a, b in pairwise(nodes):
        d = capsule(points, a, b)
        best = d if best is None else smooth_min(best, d, 2.0)
    return best


def jaw_bone(points: torch.Tensor, jaw: Jaw) -> torch.Tensor:
    """Signed distance (N,) to one jaw's bone: sockets, crest cut, basal body, rami (lower)."""
    sign = 1.0 if jaw.name == "upper" else -1.0
    kind = {"dtype": points.dtype, "device": points.device}
    tops, apices = torch.as_tensor(jaw.tops, **kind), torch.as_tensor(jaw.apices, **kind)
    alveolar = None
    for top, apex, radius in zip(tops, apices, jaw.radii, strict=True):
        d = capsule(points, top, apex) - float(radius) - jaw.plate_mm
        alveolar = d if alveolar is None else smooth_min(alveolar, d, 3.0)
    height = crest_height(points, jaw)
    if jaw.name == "lower":
        body = polyline(points, jaw.body, (1.0, 1.0, 0.45)) - jaw.body_half_width
        bone = smooth_min(alveolar, body, 5.0)
    else:
        bone = smooth_min(alveolar, polyline(points, jaw.body, (1.0, 1.0, 0.8)) - jaw.body_half_width, 4.0)
    bone = torch.maximum(bone, sign * (height - points[:, 2]))
    if jaw.name == "lower":
        for line in jaw.ramus:
            bone = smooth_min(bone, (polyline(points, line, (1.0, 0.32, 0.6)) - 3.6), 4.0)
            bone = smooth_min(bone, _processes(points, line), 3.0)
    return bone


def crest_height(points: torch.Tensor, jaw: Jaw) -> torch.Tensor:
    """z (N,) mm of the bone's crest over or under points (N, 3)."""
    crest = torch.as_tensor(jaw.crest, dtype=points.dtype, device=points.device)
    weight = 1.0 / (torch.cdist(points[:, :2].contiguous(), crest[:, :2].contiguous()) ** 2 + 3.0) ** 2
    return (weight * crest[:, 2]).sum(1) / weight.sum(1)


def _processes(points: torch.Tensor, ramus: np.ndarray) -> torch.Tensor:
    """Signed distance (N,) of the two processes that end a ramus (3, 3): coronoid in front, condyle on its neck behind.

    A condyle is 17 mm wide and 9 mm long (800 CBCT, Saudi Dent J 2021;33:687)."""
    side, top = float(np.sign(ramus[0, 0])), ramus[2]
    kind = {"dtype": points.dtype, "device": points.device}
    tip = torch.as_tensor(top + [side * 1.0, 10.0, 13.0], **kind)
    root = torch.as_tensor(top + [0.0, 5.0, -2.0], **kind)
    neck = torch.as_tensor(top + [0.0, -6.0, -4.0], **kind)
    head = torch.as_tensor(top + [side * 1.0, -11.0, 14.0], **kind)
    across = torch.tensor([4.4, side * 1.0, 0.0], **kind)
    coronoid = capsule(points, root, tip) - 2.6
    condyle = smooth_min(capsule(points, neck, head) - 3.2, capsule(points, head - across, head + across) - 4.2, 3.0)
    return torch.minimum(coronoid, condyle)


def plate_thickness(points: torch.Tensor, jaw: Jaw, plate_mm: float, wobble: torch.Tensor) -> torch.Tensor:
    """mm (N,) of a jaw's cortical plate: thin round the sockets, thick at the base of the lower jaw.

    Facial plates over the teeth are mostly below 1 mm (Gomes dos Santos), those of the mandible go from 3.7 mm in front
    to 1.4 mm behind (Schwartz-Dabney and Dechow 2003); docs/sources.md has the references.
    """
    sign = 1.0 if jaw.name == "upper" else -1.0
    depth = (sign * (points[:, 2] - crest_height(points, jaw)) / 24.0).clamp(0, 1)
    most = 1.45 if jaw.name == "lower" else 0.9
    return (plate_mm * (0.6 + (most - 0.6) * depth) * (1 + 0.25 * wobble)).clamp(min=0.3)


def background(
    points: torch.Tensor, patient: Patient, sinuses: list[Sinus], wobble: torch.Tensor
) -> dict[str, torch.Tensor]:
    """Signed distances (N,) in mm of everything but teeth, by name; "upper_plate" and "lower_plate": `plate_thickness`.

    points: (N, 3) RAS mm; wobble: (N,) smooth noise that keeps surfaces from being ideal.
    """
    out = {"skin": _skin(points, patient) + wobble}
    for name, jaw in patient.jaws.items():
        out[name] = jaw_bone(points, jaw) + 0.25 * wobble
        out[name + "_plate"] = plate_thickness(points, jaw, patient.shape["plate"], wobble)
    out |= _mouth(points, patient, wobble)
    if "upper" in patient.jaws:
        out |= _upper_face(points, patient, wobble)
        for sinus in sinuses:
            out |= sinus_fields(points, sinus, wobble)
    out |= _skull(points, patient, wobble)
    return out


def _at(points: torch.Tensor, *values: float) -> torch.Tensor:
    """A small constant tensor on the points' device."""
    return torch.tensor(values, dtype=points.dtype, device=points.device)


def _local(points: torch.Tensor, patient: Patient) -> torch.Tensor:
    """Points relative to the middle of the teeth."""
    return points - torch.as_tensor(patient.middle, dtype=points.dtype, device=points.device)


def _head(points: torch.Tensor, patient: Patient) -> tuple[torch.Tensor, torch.Tensor, float]:
    """Centre and radii (3,) of the head relative to the middle of the teeth; y of the front teeth, mm."""
    s = patient.shape
    front = max(t.centre[1] for t in patient.teeth) - float(patient.middle[1])
    centre = _at(points, 0.0, front - s["head_depth"], 55.0)
    return centre, _at(points, s["head_width"] * 1.02, s["head_depth"] + 2.0, s["head_depth"] + 10), front


def _skin(points: torch.Tensor, patient: Patient) -> torch.Tensor:
    """Outer surface: skull ellipsoid, lips and cheeks around the arch, neck, nose."""
    s, p = patient.shape, _local(points, patient)
    centre, radii, front = _head(points, patient)
    head = (((p - centre) / radii).norm(dim=1) - 1.0) * s["head_width"]
    y_front = front + float(patient.middle[1])
    ordered = sorted(patient.teeth, key=lambda t: np.arctan2(t.centre[0], t.centre[1] - y_front + 45))
    arch = np.array([t.centre for t in ordered])[:: max(1, len(ordered) // 12)]
    face = polyline(points, arch, (1.0, 1.0, 0.5)) - s["lip_mm"] - 4.0
    cheeks = ((p - _at(points, 0.0, -50.0, 0.0)) / _at(points, 34 + s["cheek_mm"], 62.0, 58.0)).norm(dim=1)
    face = smooth_min(face, (cheeks - 1.0) * 45.0, 18.0)
    neck = ((p - _at(points, 0.0, -60.0, 0.0))[:, :2] / _at(points, 1.0, 1.1)).norm(dim=1) - 55.0
    neck = torch.maximum(neck, p[:, 2] - 10.0)
    nose = ((p - _at(points, 0.0, front + 8, 32.0)) / _at(points, 14.0, 20.0, 20.0)).norm(dim=1)
    return smooth_min(smooth_min(smooth_min(head, face, 15.0), neck, 15.0), (nose - 1) * 15, 6.0)


def _mouth(points: torch.Tensor, patient: Patient, wobble: torch.Tensor) -> dict[str, torch.Tensor]:
    """Air between tongue, palate and lips, and the airway behind."""
    s, p = patient.shape, _local(points, patient)
    inner = ((p - _at(points, 0.0, -12.0, 0.0)) / _at(points, 21.0, 30.0, 11.0)).norm(dim=1)
    size = _at(points, 22.0 * s["tongue"] + 6, 34.0, 13.0 * s["tongue"] + 4)
    tongue = ((p - _at(points, 0.0, -16.0, -s["tongue_gap"])) / size).norm(dim=1)
    line = patient.middle + np.array([[0, -55, 40], [0, -58, 0], [0, -50, -60]])
    return {
        "oral_air": torch.maximum((inner - 1) * 12, -(tongue - 1) * 14) + 0.6 * wobble,
        "airway": polyline(points, line, (0.55, 1.0, 1.0)) - 6.5 + wobble,
    }


def _upper_face(points: torch.Tensor, patient: Patient, wobble: torch.Tensor) -> dict[str, torch.Tensor]:
    """Palate, nasal cavity with thin septa, zygomatic bars, pterygoid plates."""
    s, p = patient.shape, _local(points, patient)
    z = float(np.mean(patient.jaws["upper"].apices[:, 2])) - float(patient.middle[2])
    vault = z - 1.0 - 5.0 * (p[:, 0] / 20) ** 2 - 4.0 * ((p[:, 1] + 8) / 25).clamp(min=0) ** 2
    inside = torch.maximum(p[:, 0].abs() - 24.0, torch.maximum(p[:, 1] - 14.0, -45.0 - p[:, 1]))
    out = {"palate": torch.maximum((p[:, 2] - vault).abs() - s["palate_mm"] * 0.6, inside)}
    nasal = ((p - _at(points, 0.0, -22.0, z + 22.0)) / _at(points, 13.0, 36.0, 17.0)).norm(dim=1)
    out["nasal_air"] = torch.maximum((nasal - 1) * 13, vault + 2.0 - p[:, 2])
    out["nasal_wall"] = ((nasal - 1) * 13).abs() - 0.7
    out["septum"] = torch.maximum(torch.minimum(p[:, 0].abs() - 0.9, (wobble.abs() - 0.12) * 6), out["nasal_air"])
    for side in (-1.0, 1.0):
        arc = np.array([[side * 22, 2, z + 10], [side * 42, -8, z + 14], [side * 58, -35, z + 18]]) + patient.middle
        bar = polyline(points, arc, (1.0, 1.0, 0.7)) - 4.0
        out["zygoma"] = torch.minimum(out["zygoma"], bar) if "zygoma" in out else bar
        # Behind the last molar: the tuber's back wall and the pterygoid plates.
        plate = np.array([[side * 19, -44, z - 3], [side * 21, -48, z + 26]]) + patient.middle
        wing = polyline(points, plate, (1.0, 0.25, 1.0)) - 1.3 + 0.3 * wobble
        out["pterygoid"] = torch.minimum(out["pterygoid"], wing) if "pterygoid" in out else wing
    return out


def _skull(points: torch.Tensor, patient: Patient, wobble: torch.Tensor) -> dict[str, torch.Tensor]:
    """Whatever else is bright and no tooth: vault, base, mastoid cells, spine, hyoid, stray shells."""
    s, p = patient.shape, _local(points, patient)
    centre, radii, _ = _head(points, patient)
    skull = ((p - centre - _at(points, 0.0, 4.0, 6.0)) / (radii - 6)).norm(dim=1)
    shell = torch.maximum(((skull - 1) * s["vault"]).abs() - s["vault_mm"], 26.0 - p[:, 2])
    base = (p[:, 2] - 44 - 0.25 * (p[:, 1] + 40) + 4 * wobble).abs() - 2.2
    base = torch.maximum(torch.maximum(base, (skull - 0.97) * 70), p[:, 1] - 10)
    place = torch.stack([p[:, 0].abs() - 52, p[:, 1] + 75, p[:, 2] - 28], 1)
    cells = torch.maximum((wobble.abs() - 0.22) * 5, place.norm(dim=1) - 17)
    out = {"skull": torch.minimum(torch.minimum(shell, base), cells)}
    back = s["spine_back"]
    level = (torch.remainder(p[:, 2], 19.0) - 9.5).abs()
    body = ((p[:, :2] - _at(points, 0, -back)) / _at(points, 1.25, 1.0)).norm(dim=1) - 8.5
    wings = (p[:, :2].abs() - _at(points, 17.0, back + 12)).norm(dim=1) - 6.5
    arcs = ((p[:, :2] - _at(points, 0, -back - 20)).norm(dim=1) - 12).abs() - 2.2
    spine = torch.minimum(torch.maximum(body, level - 8.0), torch.maximum(wings, level - 5.5))
    spine = torch.minimum(spine, torch.maximum(arcs, level - 6.0))
    out["spine"] = torch.maximum(spine + 0.8 * wobble, p[:, 2] - 25)
    for blob in torch.as_tensor(patient.blobs, dtype=points.dtype, device=points.device):
        ring = ((((points - blob[:3]) / blob[3:6]).norm(dim=1) - 1) * blob[3:6].min()).abs() - blob[6]
        out["blobs"] = torch.minimum(out["blobs"], ring) if "blobs" in out else ring
    hyoid = ((p[:, :2] - _at(points, 0.0, -38.0)).norm(dim=1) - 16).abs() - 2.0
    out["hyoid"] = torch.maximum(torch.maximum(hyoid, (p[:, 2] + 48).abs() - 3.5), -32 - p[:, 1])
    return out
