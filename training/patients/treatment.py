"""What has been done to a patient's teeth and what ails them: which tooth gets what.

What each of it looks like says `restorations`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from DentalTopoSegLib.dentition import arch_order
from training.patients.placed_tooth import BoneDefect, ImplantPlan, PlacedTooth, extent

BRACES, BRACES_OF_ALL = 0.16, 0.6
"""Share of patients that get braces beyond the plain ones, and of those the share who lacks no tooth."""
BRIDGES, RETAINERS = 0.35, 0.15
"""Share of the restored mouths with bridges, and of jaws with a retainer."""


def treat(teeth: list[PlacedTooth], rng: np.random.Generator) -> list[PlacedTooth]:
    """Metal and ceramic crowns, amalgams, onlays, posts, bridges, implants of several makes, brackets of all sizes."""
    if rng.random() < BRACES:
        complete = rng.random() < BRACES_OF_ALL
        teeth = [
            replace(t, restoration="" if complete else t.restoration, bracket=t.fdi % 10 < 8) if t.erupted else t
            for t in teeth
        ]
    scale = float(rng.uniform(0.75, 1.25))
    teeth = [replace(t, bracket_scale=scale) for t in teeth]
    heavy = float(rng.choice([0.0, 0.12, 0.45], p=[0.4, 0.35, 0.25]))
    teeth = [_treated(t, heavy, rng) for t in teeth]
    return add_bridges(teeth, rng) if heavy and rng.random() < BRIDGES else teeth


def _treated(tooth: PlacedTooth, heavy: float, rng: np.random.Generator) -> PlacedTooth:
    if tooth.restoration == "implant":
        plan = ImplantPlan(float(rng.uniform(1.5, 2.6)), float(rng.uniform(7, 14)), crown=bool(rng.random() < 0.7))
        return replace(tooth, implant=plan, material=str(rng.choice(["composite", "zirconia", "metal"])))
    back = tooth.fdi % 10 > 3
    if not tooth.present or not tooth.erupted or rng.random() > heavy * (1.0 if back else 0.5):
        return tooth
    kind = str(rng.choice(["amalgam", "crown", "onlay"] if back else ["crown"]))
    material = "metal" if rng.random() < 0.6 else "zirconia"
    depth = float(rng.uniform(1.2, 3.5))
    width = float(rng.uniform(0.18, 0.4) * extent(tooth.model)[1])
    return replace(
        tooth,
        restoration=kind,
        material=material,
        thickness=float(rng.uniform(0.5, 2.2)),
        filling=(0.0, width, depth, 1.0),
        bulk=float(rng.uniform(0.0, 0.35)) if kind == "crown" else 0.0,
        post=kind == "crown" and bool(rng.random() < 0.3),
    )


def add_bridges(teeth: list[PlacedTooth], rng: np.random.Generator) -> list[PlacedTooth]:
    """A pontic for every lone gap between two teeth, which carry crowns then."""
    result = {t.fdi: t for t in teeth}
    for jaw in ("upper", "lower"):
        row = [f for f in arch_order(jaw) if f in result]
        for before, gap, after in zip(row, row[1:], row[2:], strict=False):
            ends = [result[before], result[after]]
            if result[gap].restoration != "absent" or not all(t.present and t.erupted for t in ends):
                continue
            if rng.random() < 0.4:
                continue
            material = "metal" if rng.random() < 0.6 else "zirconia"
            result[gap] = replace(result[gap], restoration="pontic", material=material)
            thickness = float(rng.uniform(0.6, 1.5))
            for t in ends:
                result[t.fdi] = replace(t, restoration="crown", material=material, thickness=thickness)
    return list(result.values())


def retainer(teeth: list[PlacedTooth], jaw: str) -> np.ndarray | None:
    """(N, 3) RAS mm along a wire behind the front teeth of a jaw; None where fewer than four stand there."""
    front = [f for f in arch_order(jaw) if f % 10 <= 3]
    stand = {t.fdi: t for t in teeth if t.present and t.erupted}
    places = [
        stand[f].to_ras(np.array([0.0, -extent(stand[f].model)[1] / 2 - 0.1, stand[f].model.top - 5.0]))[0]
        for f in front
        if f in stand
    ]
    return np.array(places) if len(places) >= 4 else None


def ail(teeth: list[PlacedTooth], rng: np.random.Generator) -> list[PlacedTooth]:
    """Caries, lesions at the apex, bone lost beside roots, calculus, obliterated and wide pulps."""
    carious = float(rng.choice([0.0, 0.05, 0.25], p=[0.5, 0.3, 0.2]))
    lesions = float(rng.choice([0.0, 0.05, 0.2], p=[0.6, 0.3, 0.1]))
    defects = float(rng.choice([0.0, 0.08, 0.3], p=[0.5, 0.35, 0.15]))
    stony = float(rng.choice([0.0, 0.1, 0.35], p=[0.6, 0.25, 0.15]))
    age = float(rng.choice([1.15, 1.0, 0.9], p=[0.2, 0.5, 0.3]))
    result = []
    for t in teeth:
        if t.restoration == "" and t.erupted and rng.random() < carious:
            side = extent(t.model)[0] / 2 * float(rng.choice([-1, 1]))
            height, radius = t.model.top - float(rng.uniform(1.0, 4.0)), float(rng.uniform(0.7, 2.2))
            spot = (side, float(rng.normal(0, 1.0)), height, radius)
            t = replace(t, restoration="caries", filling=spot)
        if t.present and rng.random() < lesions:
            t = replace(t, lesion_mm=float(rng.uniform(1.2, 4.5)))
        if t.present and t.erupted and rng.random() < defects:
            side = str(rng.choice(["mesial", "distal", "buccal", "lingual"]))
            t = replace(t, defect=BoneDefect(side, float(rng.uniform(4.0, 10.0)), float(rng.uniform(0.8, 2.5))))
        if t.present and t.erupted and rng.random() < (stony if t.fdi % 10 > 3 or t.fdi < 30 else 2.5 * stony):
            t = replace(t, calculus_mm=float(rng.uniform(0.4, 1.2)))
        if t.restoration != "root_filling":
            t = replace(t, pulp_width=float(np.clip(rng.normal(age, 0.05), 0.6, 1.3)))
        result.append(t)
    return result
