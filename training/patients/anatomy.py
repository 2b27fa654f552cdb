"""One random patient: which teeth stand where and in which state, and the numbers that shape everything around them.

Nothing is rasterised here. A `Patient` is a small description in RAS millimetres that `material_maps.render` can
evaluate on any grid, so one patient serves a whole-arch volume at 1 mm and a local patch at 0.5 mm alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.spatial.transform import Rotation

from DentalTopoSegLib.dentition import arch_order, is_upper, mirrored
from training.patients.extractions import extract
from training.patients.hardware import Rod, sample_hardware
from training.patients.placed_tooth import PlacedTooth, bracket_place, extent
from training.patients.root_shapes import sample_root_shape
from training.patients.rooted_teeth import ToothModel
from training.patients.treatment import RETAINERS, ail, retainer, treat
from training.patients.variety import FULL, Variety

JAWS = ("upper", "lower")
BONE_LOSS = 0.12
"""Share of patients whose bone has gone down by more than the usual."""


@dataclass(frozen=True)
class Jaw:
    """One jaw's bone, RAS mm.

    Attributes
    ----------
    name : str
        "upper" or "lower".
    tops, apices, radii : numpy.ndarray
        (N, 3), (N, 3) and (N,): the sockets of N teeth as capsules.
    crest : numpy.ndarray
        (M, 3) places of the bone's crest.
    body : numpy.ndarray
        (K, 3) line along the basal bone.
    plate_mm : float
        Bone around a socket.
    body_half_height, body_half_width : float
        Of the basal bone.
    ramus : numpy.ndarray
        (2, 3, 3) line up each side behind the teeth.
    """

    name: str
    tops: np.ndarray
    apices: np.ndarray
    radii: np.ndarray
    crest: np.ndarray
    body: np.ndarray
    plate_mm: float
    body_half_height: float
    body_half_width: float
    ramus: np.ndarray


@dataclass(frozen=True)
class Patient:
    """Teeth, jaws and the numbers for everything else.

    Attributes
    ----------
    teeth : list of PlacedTooth
        In their places, absent ones too.
    jaws : dict
        `Jaw` by name; a jaw out of view is left out.
    middle : numpy.ndarray
        (3,) RAS mm of the middle of the teeth.
    grey : dict
        HU-like value by tissue.
    shape : dict
        The numbers of `SHAPE`.
    blobs : numpy.ndarray
        (N, 7) centre, radii and thickness of stray bony shells, mm.
    seed : int
        Of the noise it is drawn with.
    wires : list of numpy.ndarray
        (N, 3) RAS mm along each archwire.
    pose : numpy.ndarray
        (3, 3) rotation of the head about `middle`.
    hardware : list of Rod
        Screws and plates, bite blocks and cotton rolls.
    """

    teeth: list[PlacedTooth]
    jaws: dict[str, Jaw]
    middle: np.ndarray
    grey: dict[str, float]
    shape: dict[str, float]
    blobs: np.ndarray
    seed: int
    wires: list[np.ndarray] = field(default_factory=list)
    pose: np.ndarray = field(default_factory=lambda: np.eye(3))
    hardware: list[Rod] = field(default_factory=list)


def sample_patient(
    models: list[ToothModel], donors: list[list[ToothModel]], rng: np.random.Generator, variety: Variety = FULL
) -> Patient:
    """Draw a patient from a real dentition.

    Parameters
    ----------
    models : list of ToothModel
        The teeth of one real dentition (both jaws in the bite).
    donors : list of list of ToothModel
        Dentitions from which missing third molars are borrowed.
    rng : numpy.random.Generator
        The only source of randomness.
    variety : Variety
        Which groups of variety the patient may show.

    Returns
    -------
    Patient
        The patient, upright.
    """
    if rng.random() < 0.5:
        models = [mirror_model(m) for m in models]
    teeth = [PlacedTooth(m, m.rotation.astype(float), m.centre.astype(float), erupted=m.erupted) for m in models]
    if variety.extractions:
        teeth = extract(teeth, rng.spawn(1)[0])  # numbers of its own: whoever keeps all teeth is drawn as without it
    teeth = add_third_molars(teeth, donors, rng)
    teeth = vary_places(teeth, rng)
    if variety.roots:
        teeth = vary_roots(teeth, rng)
    teeth = vary_states(teeth, rng)
    if variety.restorations:
        teeth = treat(teeth, rng)
    if variety.disease:
        teeth = ail(teeth, rng)
    teeth = open_mouth(teeth, rng)
    jaws = {
        name: build_jaw(name, [t for t in teeth if is_upper(t.fdi) == (name == "upper")], rng)
        for name in JAWS
        if sum(is_upper(t.fdi) == (name == "upper") for t in teeth) >= 4
    }
    middle = np.mean([t.centre for t in teeth], 0)
    grey = sample_grey(rng)
    shape = {key: float(rng.uniform(*span)) for key, span in SHAPE.items()}
    if variety.disease and rng.random() < BONE_LOSS:
        shape["crest_drop"] = float(rng.uniform(3.5, 7.0))
    blobs = np.concatenate(
        [
            rng.normal(0, [45, 45, 60], (10, 3)) + middle + [0, -45, 25],
            rng.uniform(4, 16, (10, 3)),
            rng.uniform(0.7, 3.0, (10, 1)),
        ],
        1,
    )
    far = np.linalg.norm(blobs[:, :3] - (middle + [0, 10, 0]), axis=1) > 55
    wires = []
    for name in JAWS:
        points = [t.to_ras(bracket_place(t))[0] for f in arch_order(name) for t in teeth if t.fdi == f and t.bracket]
        if len(points) > 3:
            wires.append(np.array(points))
        wire = retainer(teeth, name) if variety.restorations and rng.random() < RETAINERS else None
        if wire is not None:
            wires.append(wire)
    hardware = sample_hardware(teeth, rng) if variety.restorations else []
    return Patient(teeth, jaws, middle, grey, shape, blobs[far], int(rng.integers(2**31)), wires, hardware=hardware)


SHAPE = {
    "lip_mm": (7, 16),
    "cheek_mm": (14, 34),
    "gingiva_mm": (0.8, 2.5),
    "tongue": (0.55, 1.05),
    "tongue_gap": (0, 10),
    "sinus": (0.0, 1.0),
    "palate_mm": (1.0, 3.5),
    "head_depth": (85, 125),
    "head_width": (66, 88),
    "spine_back": (62, 80),
    "pdl_mm": (0.1, 0.4),
    "lamina": (0.0, 0.8),
    "enamel_mm": (0.8, 2.0),
    "pulp": (0.62, 0.95),
    "trabecular_mm": (0.7, 1.8),
    "trabecular_contrast": (0.1, 0.7),
    "vault": (58, 74),
    "crest_drop": (0.3, 3.5),
    "plate": (0.7, 3.6),
    "vault_mm": (2.0, 6.5),
    "diploe": (0.0, 1.0),
    "wire_mm": (0.25, 0.8),
    "band": (0.0, 1.0),
}


def sample_grey(rng: np.random.Generator) -> dict[str, float]:
    """Tissue values on an HU-like scale; a CBCT's are uncalibrated, so the spans are wide."""
    cortical = rng.uniform(750, 1700)
    dentin = cortical * rng.uniform(0.85, 1.35)  # dense cortical bone can be as bright as dentin
    return {
        "air": -1000.0,
        "soft": rng.uniform(-30, 90),
        "fat": rng.uniform(-160, -20),
        "mucosa": rng.uniform(0, 120),
        "trabecular": cortical * rng.uniform(0.1, 0.6),
        "cortical": cortical,
        "dentin": dentin,
        "enamel": dentin + rng.uniform(300, 1400),
        "pulp": rng.uniform(0, 500),
        "metal": rng.uniform(3500, 14000),
        "gutta": rng.uniform(2600, 5000),
        "composite": rng.uniform(1800, 4500),
    }


def mirror_model(model: ToothModel) -> ToothModel:
    """The same tooth on the other side (x -> -x in RAS; the tooth frame is already side-neutral)."""
    flip = np.array([-1.0, 1.0, 1.0], np.float32)
    return replace(model, fdi=mirrored(model.fdi), rotation=model.rotation * flip[:, None], centre=model.centre * flip)


def add_third_molars(
    teeth: list[PlacedTooth], donors: list[list[ToothModel]], rng: np.random.Generator
) -> list[PlacedTooth]:
    """Give a second molar a wisdom tooth behind it: erupted, half erupted, or impacted at any angle."""
    have = {t.fdi: t for t in teeth}
    pool = [m for donor in donors for m in donor if m.fdi % 10 == 8]
    pool += [mirror_model(m) for m in pool]
    chance = rng.choice([0.0, 0.5, 0.95])
    for quadrant in (1, 2, 3, 4):
        seven, options = have.get(quadrant * 10 + 7), [m for m in pool if m.fdi == quadrant * 10 + 8]
        six = have.get(quadrant * 10 + 6)
        if quadrant * 10 + 8 in have or seven is None or six is None or not options or rng.random() > chance:
            continue
        model = options[int(rng.integers(len(options)))]
        step = seven.centre - six.centre
        step = step / np.linalg.norm(step)
        width = 0.5 * (extent(seven.model)[0] + extent(model)[0])
        impacted = rng.random() < 0.55
        down = rng.uniform(2, 11) if impacted else rng.uniform(-1, 2)
        tip = np.deg2rad(rng.uniform(-25, 95) if impacted else rng.uniform(-10, 20))
        axes = seven.rotation
        rotation = (
            axes
            @ Rotation.from_euler("y", tip).as_matrix()
            @ Rotation.from_euler("xz", rng.normal(0, 0.15, 2)).as_matrix()
        )
        centre = seven.centre + step * (width + rng.uniform(0.1, 3.0) + 3.0 * abs(np.sin(tip))) - axes[:, 2] * down
        teeth = teeth + [PlacedTooth(model, rotation, centre, erupted=not impacted)]
    return teeth


def vary_places(teeth: list[PlacedTooth], rng: np.random.Generator) -> list[PlacedTooth]:
    """Small movements for all, larger ones for a few (crowding, rotations, ectopic canines), sizes, jaw offset."""
    wild = rng.choice([0.5, 1.0, 2.5], p=[0.5, 0.35, 0.15])
    offset = {True: rng.normal(0, [0.4, 0.8, 0.3]), False: rng.normal(0, [0.4, 1.2, 0.3])}
    size = rng.uniform(0.94, 1.05)
    result = []
    for t in teeth:
        turn = rng.normal(0, np.deg2rad([2.5, 2.5, 4.0])) * wild
        move = rng.normal(0, 0.18, 3) * wild
        if rng.random() < 0.02 * wild:
            turn[2] += rng.uniform(-0.8, 0.8)
        result_tooth = replace(
            t,
            rotation=t.rotation @ Rotation.from_rotvec(turn).as_matrix(),
            centre=t.centre + t.rotation @ move + offset[is_upper(t.fdi)],
            scale=float(size * rng.uniform(0.97, 1.03)),
        )
        if t.fdi % 10 in (3, 5) and rng.random() < 0.02:  # an impacted canine or premolar
            tip = Rotation.from_rotvec(rng.normal(0, 0.6, 3)).as_matrix()
            result_tooth = replace(
                result_tooth,
                rotation=result_tooth.rotation @ tip,
                erupted=False,
                centre=result_tooth.centre - t.rotation @ [0, 1.5, rng.uniform(6, 11)],
            )
        result.append(result_tooth)
    return result


def vary_roots(teeth: list[PlacedTooth], rng: np.random.Generator) -> list[PlacedTooth]:
    """Roots of other lengths, widths and bends than the donors'; in some mouths resorbed, as after orthodontics."""
    resorbs = rng.choice([0.0, 0.5], p=[0.93, 0.07])
    return [
        replace(t, root=sample_root_shape(float(t.model.cej[0] - t.model.apex[2]), t.fdi % 10 > 5, resorbs, rng))
        for t in teeth
    ]


def vary_states(teeth: list[PlacedTooth], rng: np.random.Generator) -> list[PlacedTooth]:
    """Missing teeth, implants, fillings, crowns, root fillings, brackets; sometimes most of a jaw is gone."""
    missing = rng.choice([0.0, 0.03, 0.12, 0.35], p=[0.35, 0.35, 0.2, 0.1])
    restored = rng.choice([0.0, 0.1, 0.4], p=[0.35, 0.4, 0.25])
    both = rng.random()  # braces mostly come in both jaws
    braces = {upper: both < 0.22 or rng.random() < 0.08 for upper in (True, False)}
    edentulous = {True: rng.random() < 0.1, False: rng.random() < 0.05}
    front_only = rng.random() < 0.1
    result = []
    for t in teeth:
        upper, place = is_upper(t.fdi), t.fdi % 10
        gone = rng.random() < missing or (edentulous[upper] and rng.random() < 0.97)
        gone = gone or (front_only and place > 4 and rng.random() < 0.9)
        if gone:
            implant = rng.random() < 0.15
            result.append(replace(t, restoration="implant" if implant else "absent"))
            continue
        state = ""
        if rng.random() < restored:
            kinds, weights = ("filling", "crown", "root_filling"), (0.65, 0.2, 0.15)
            state = str(rng.choice(kinds, p=weights))
        size = rng.uniform(1.0, 2.6)
        spot = (*rng.normal(0, 1.5, 2), t.model.top - rng.uniform(0.0, 1.5), size)
        result.append(replace(t, restoration=state, filling=spot, bracket=braces[upper] and t.erupted and place < 8))
    return result


def open_mouth(teeth: list[PlacedTooth], rng: np.random.Generator) -> list[PlacedTooth]:
    """Turn the lower jaw about the condyles, or slide it (bite block, Class II/III)."""
    if rng.random() < 0.35:
        return teeth
    angle = -abs(rng.normal(0, 0.06))
    slide = np.array([rng.normal(0, 0.7), rng.normal(0, 2.0), 0.0])
    front = max(t.centre[1] for t in teeth)
    hinge = np.array([0.0, front - 85.0, np.mean([t.centre[2] for t in teeth]) + 30.0])
    turn = Rotation.from_rotvec([angle, 0, 0]).as_matrix()
    return [
        t
        if is_upper(t.fdi)
        else replace(t, rotation=turn @ t.rotation, centre=turn @ (t.centre - hinge) + hinge + slide)
        for t in teeth
    ]


def build_jaw(name: str, teeth: list[PlacedTooth], rng: np.random.Generator) -> Jaw:
    """Bone numbers from the teeth (absent ones still shape the ridge)."""
    sign = 1.0 if name == "upper" else -1.0
    order = [t for f in arch_order(name) for t in teeth if t.fdi == f]
    regular = [t for t in order if t.erupted] or order
    apices = np.array([t.to_ras(t.apex)[0] for t in order])
    tops = np.array([t.to_ras(np.array([0.0, 0.0, t.model.cej[0]]))[0] for t in order])
    gone = np.array([t.restoration == "absent" for t in order])
    # a tooth lost long ago takes the ridge with it
    loss = np.where(gone, rng.uniform(0.5, 4.0), 0.0)
    tops[:, 2] += sign * loss
    radii = np.array([0.42 * extent(t.model)[1] for t in order]) * np.where(gone, rng.uniform(0.5, 0.9), 1.0)
    crest = np.array([t.to_ras(np.array([0.0, 0.0, t.model.cej[0] - 1.0]))[0] for t in regular])
    crest[:, 2] += sign * np.array([rng.uniform(0.5, 4.0) if t.restoration == "absent" else 0.0 for t in regular])
    path = np.array([t.to_ras(t.apex)[0] for t in regular])
    if len(path) > 4:
        smooth = path.copy()
        smooth[1:-1] = 0.25 * path[:-2] + 0.5 * path[1:-1] + 0.25 * path[2:]
        path = smooth
    body = path + [0, 0, sign * rng.uniform(5, 9)]
    back = [body[0] - body[min(2, len(body) - 1)], body[-1] - body[max(len(body) - 3, 0)]]
    ends = []
    for end, direction in ((body[0], back[0]), (body[-1], back[-1])):
        direction = np.array([np.sign(end[0]) * 0.35, -0.94, 0.1]) * 0.7 + 0.3 * direction / (
            np.linalg.norm(direction) + 1e-6
        )
        ends.append(end + direction * rng.uniform(14, 24))
    if name == "lower":
        body = np.vstack([ends[0], body, ends[1]])
    ramus = []
    for end in ends:
        side = np.sign(end[0])
        ramus.append([end, end + [side * 6, -9, 18], end + [side * 9, -16, rng.uniform(36, 46)]])
    return Jaw(
        name,
        tops,
        apices,
        radii,
        crest,
        body,
        float(rng.uniform(0.8, 2.6)),
        float(rng.uniform(9, 13)),
        float(rng.uniform(4.5, 6.5)),
        np.array(ramus),
    )
