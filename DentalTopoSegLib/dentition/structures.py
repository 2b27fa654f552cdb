"""What lies around and in the teeth: jaws, canals, sinuses, airway, pulp, enamel, and what dentists put in.

A structure's value is its own in every label map of ours, above all FDI numbers, and fits a byte: those of teeth stay
as they are. Structures are kept in a map of their own on the teeth's grid, since a pulp is also a part of its tooth.

Codes are DICOM's own where it has one (PS3.16: CID 4028, 7151, 7157; sides CID 244). Where neither DICOM nor SNOMED CT
as DICOM uses it names the thing, the scheme is a private one (PS3.16, section 8.2), so that nobody takes it for a
standard code. Colours are those of Slicer's GenericAnatomyColors for the same or the nearest tissue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: (value, scheme, meaning) of a code.
Code = tuple[str, str, str]

#: DICOM's designator of codes that are ours: those begin with 99.
PRIVATE_SCHEME = "99DENTALTOPOSEG"
ANATOMY: Code = ("123037004", "SCT", "Anatomical Structure")
TISSUE: Code = ("85756007", "SCT", "Tissue")
OBJECT: Code = ("260787004", "SCT", "Physical object")
LEFT: Code = ("7771000", "SCT", "Left")
RIGHT: Code = ("24028007", "SCT", "Right")
_SIDES = {"left": LEFT, "right": RIGHT}


@dataclass(frozen=True)
class Structure:
    """One structure.

    Parameters
    ----------
    value : int
        In label maps; stable.
    key : str
        As programs call it, "canal_left".
    name : str
        As clinicians call it, "left mandibular canal".
    category, code : Code
        DICOM's segmented property category and type.
    color : tuple of int
        (r, g, b) 0-255, shared with no other structure and no tooth.
    side : str, optional
        "left" or "right", the patient's own; None for what has none, or where a map does not tell it.
    """

    value: int
    key: str
    name: str
    category: Code
    code: Code
    color: tuple[int, int, int]
    side: str | None = None

    @property
    def modifier(self) -> Code | None:
        """DICOM's segmented property type modifier: the side."""
        return None if self.side is None else _SIDES[self.side]

    @property
    def is_foreign(self) -> bool:
        """Whether a dentist put it there."""
        return self.category == OBJECT


def _own(value: str, meaning: str) -> Code:
    return value, PRIVATE_SCHEME, meaning


_MAXILLA: Code = ("70925003", "SCT", "Maxilla")
_MANDIBLE: Code = ("91609006", "SCT", "Mandible")
_SINUS: Code = ("15924003", "SCT", "Maxillary sinus")
_AIRWAY: Code = ("89187006", "SCT", "Airway structure")
_IMPLANT: Code = ("40388003", "SCT", "Implant")
_PROSTHESIS: Code = ("27606000", "SCT", "Dental Prosthesis")
_APPLIANCE: Code = ("25742001", "SCT", "Orthodontic appliance, device")
_CANAL = _own("MANDIBULAR_CANAL", "Mandibular canal")
_INCISIVE_CANAL = _own("INCISIVE_CANAL", "Mandibular incisive canal")
_LINGUAL_CANAL = _own("LINGUAL_CANAL", "Lingual canal of mandible")

STRUCTURES: tuple[Structure, ...] = (
    Structure(201, "upper_jaw", "upper jaw", ANATOMY, _MAXILLA, (196, 172, 68)),
    Structure(202, "mandible", "lower jaw", ANATOMY, _MANDIBLE, (222, 198, 101)),
    Structure(203, "canal_left", "left mandibular canal", ANATOMY, _CANAL, (244, 214, 49), "left"),
    Structure(204, "canal_right", "right mandibular canal", ANATOMY, _CANAL, (255, 234, 92), "right"),
    Structure(205, "sinus_left", "left maxillary sinus", ANATOMY, _SINUS, (175, 216, 244), "left"),
    Structure(206, "sinus_right", "right maxillary sinus", ANATOMY, _SINUS, (150, 208, 243), "right"),
    Structure(207, "airway", "airway", ANATOMY, _AIRWAY, (182, 228, 255)),
    Structure(208, "pulp", "pulp", TISSUE, _own("PULP", "Dental pulp"), (216, 101, 79)),
    Structure(209, "enamel", "enamel", TISSUE, _own("ENAMEL", "Dental enamel"), (255, 250, 220)),
    Structure(211, "implant", "implant", OBJECT, _IMPLANT, (220, 245, 20)),
    Structure(212, "crown", "crown", OBJECT, _PROSTHESIS, (240, 255, 30)),
    Structure(213, "bridge", "bridge", OBJECT, _PROSTHESIS, (200, 225, 60)),
    Structure(214, "filling", "filling", OBJECT, _own("FILLING", "Dental filling"), (170, 205, 30)),
    Structure(215, "post", "post", OBJECT, _own("POST", "Dental post"), (140, 175, 20)),
    Structure(216, "bracket", "bracket", OBJECT, _APPLIANCE, (235, 245, 140)),
    Structure(221, "incisive_canal_left", "left incisive canal", ANATOMY, _INCISIVE_CANAL, (216, 186, 0), "left"),
    Structure(222, "incisive_canal_right", "right incisive canal", ANATOMY, _INCISIVE_CANAL, (240, 210, 35), "right"),
    Structure(223, "lingual_canal", "lingual canal", ANATOMY, _LINGUAL_CANAL, (255, 226, 77)),
    # of maps that do not tell sides: nobody guesses them
    Structure(231, "canal", "mandibular canal", ANATOMY, _CANAL, (255, 243, 106)),
    Structure(232, "sinus", "maxillary sinus", ANATOMY, _SINUS, (197, 226, 250)),
)
BY_KEY: dict[str, Structure] = {one.key: one for one in STRUCTURES}
BY_VALUE: dict[int, Structure] = {one.value: one for one in STRUCTURES}


def structure(key: str) -> Structure:
    """The structure that programs call so. Raises ValueError for another word."""
    if key not in BY_KEY:
        raise ValueError(f"'{key}' is no structure: use one of {', '.join(BY_KEY)}.")
    return BY_KEY[key]


#: Key of a label map's metadata: how far what found its structures was off, as `errors_text` writes it.
ERRORS_KEY = "DentalTopoSegDistanceErrorsMm"
#: What is measured on teeth alone that has errors there too: of a tooth's length, mm, and of its long axis, degrees.
TOOTH_MEASURES = ("length", "axis")


def errors_text(errors_mm: Mapping[str, float]) -> str:
    """Errors by kind of structure ("canal", "sinus") or of `TOOTH_MEASURES` as a text for `ERRORS_KEY`.

    Examples
    --------
    >>> errors_text({"canal": 3.5, "sinus": 1.51234})
    'canal 3.5, sinus 1.512'
    """
    return ", ".join(f"{kind} {round(error, 3):g}" for kind, error in errors_mm.items())


def error_of(metadata: Mapping[str, str], key: str) -> float:
    """What the metadata of a label map say of the error (95 %) of distances to a structure, mm, or of one of
    `TOOTH_MEASURES`; 0 where nothing.

    Examples
    --------
    >>> error_of({ERRORS_KEY: "canal 3.5, sinus 1.5"}, "canal_left")
    3.5
    """
    for part in metadata.get(ERRORS_KEY, "").split(","):
        kind, _, error = part.strip().partition(" ")
        if kind and key in (kind, f"{kind}_left", f"{kind}_right"):
            try:
                return max(0.0, float(error))
            except ValueError:
                return 0.0
    return 0.0


def is_structure(value: object) -> bool:
    """True when `value` is that of a structure in a label map."""
    return value in BY_VALUE
