"""What the voxel values of label maps mean, by the layout of the program or challenge they are from.

Facts of: TotalSegmentator (class map of its tasks `teeth` and `craniofacial_structures`, totalsegmentator/
map_to_binary.py), ToothFairy2 and ToothFairy3 (labels of the challenges' evaluation scripts), DentalSegmentator (its
five segments).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ..errors import InputError
from .structures import STRUCTURES
from .teeth import FDI_DECIDUOUS, FDI_PERMANENT, arch_order, fdi_to_universal


@dataclass(frozen=True)
class Layout:
    """What values mean.

    Parameters
    ----------
    name : str
        As --numbering calls it.
    teeth : dict of int to int
        Value -> FDI number. Several values may mean one tooth: its pulp is a part of it, or every tooth would seem to
        have a hole.
    others : dict of int to str
        Value -> name of what is no numbered tooth.
    groups : dict of int to str
        Of `others`, those that are all teeth of a jaw in one: value -> "upper" or "lower".
    structures : dict of int to str
        Value -> key of the structure (`structures.STRUCTURES`) that it means. Those of pulps are in `teeth` too.
    """

    name: str
    teeth: Mapping[int, int] = field(default_factory=dict)
    others: Mapping[int, str] = field(default_factory=dict)
    groups: Mapping[int, str] = field(default_factory=dict)
    structures: Mapping[int, str] = field(default_factory=dict)

    def covers(self, values: Collection[int]) -> bool:
        """Whether each of these values is known here."""
        return all(value in self.teeth or value in self.others for value in values)

    def value_of(self, fdi: int) -> int | None:
        """The value that is written for a tooth, the first that means it; None where it has none."""
        return next((value for value, tooth in self.teeth.items() if tooth == fdi), None)

    def value_of_structure(self, key: str, fdi: int = 0) -> int | None:
        """The value that is written for a structure, of a pulp for that of this tooth; None where it has none."""
        values = (value for value, meant in self.structures.items() if meant == key)
        return next((value for value in values if self.teeth.get(value, fdi) == fdi), None)


_JAWS = {
    1: "lower jawbone",
    2: "upper jawbone",
    3: "left inferior alveolar canal",
    4: "right inferior alveolar canal",
    5: "left maxillary sinus",
    6: "right maxillary sinus",
    7: "pharynx",
    8: "bridge",
    9: "crown",
    10: "implant",
}
_JAW_STRUCTURES = dict(
    enumerate(
        (
            *("mandible", "upper_jaw", "canal_left", "canal_right", "sinus_left", "sinus_right", "airway"),
            *("bridge", "crown", "implant"),
        ),
        start=1,
    )
)
_SMALL_CANALS = ("left mandibular incisive canal", "right mandibular incisive canal", "lingual canal")
_SMALL_CANAL_STRUCTURES = ("incisive_canal_left", "incisive_canal_right", "lingual_canal")
_PERMANENT = {fdi: fdi for fdi in FDI_PERMANENT}
_PULPS = {100 + fdi: fdi for fdi in FDI_PERMANENT}

_PULP_STRUCTURES = dict.fromkeys(_PULPS, "pulp")

FDI = Layout(
    "fdi",
    {**_PERMANENT, **{fdi: fdi for fdi in FDI_DECIDUOUS}, **_PULPS},
    {one.value: one.name for one in STRUCTURES},
    structures={**_PULP_STRUCTURES, **{one.value: one.key for one in STRUCTURES}},
)
LAYOUTS: dict[str, Layout] = {
    layout.name: layout
    for layout in (
        FDI,
        # milk teeth are letters there, so no voxel value can name them
        Layout("universal", {int(fdi_to_universal(fdi)): fdi for jaw in ("upper", "lower") for fdi in arch_order(jaw)}),
        Layout(
            "totalsegmentator",
            {start + i: fdi for start in (11, 46) for i, fdi in enumerate(FDI_PERMANENT)},
            {**_JAWS, **dict(enumerate(_SMALL_CANALS, start=43))},
            structures={
                **_JAW_STRUCTURES,
                **dict(enumerate(_SMALL_CANAL_STRUCTURES, start=43)),
                **dict.fromkeys(range(46, 78), "pulp"),
            },
        ),
        Layout("sequential", dict(enumerate(FDI_PERMANENT, start=1))),
        Layout("toothfairy2", _PERMANENT, _JAWS, structures=_JAW_STRUCTURES),
        Layout(
            "toothfairy3",
            {**_PERMANENT, **_PULPS},
            {**_JAWS, **dict(enumerate(_SMALL_CANALS, start=103))},
            structures={
                **_JAW_STRUCTURES,
                **dict(enumerate(_SMALL_CANAL_STRUCTURES, start=103)),
                **_PULP_STRUCTURES,
            },
        ),
        Layout(
            "dentalsegmentator",
            others={
                1: "maxilla and upper skull",
                2: "mandible",
                3: "upper teeth",
                4: "lower teeth",
                5: "mandibular canal",
            },
            groups={3: "upper", 4: "lower"},
            structures={1: "upper_jaw", 2: "mandible", 5: "canal"},
        ),
        Layout(
            "craniofacial",  # TotalSegmentator's task craniofacial_structures
            others={
                1: "mandible",
                2: "lower teeth",
                3: "skull",
                4: "head",
                5: "maxillary sinus",
                6: "frontal sinus",
                7: "upper teeth",
            },
            groups={2: "lower", 7: "upper"},
            structures={1: "mandible", 3: "upper_jaw", 5: "sinus"},
        ),
    )
}
#: The layouts whose teeth have numbers.
LABEL_NUMBERINGS = tuple(name for name, layout in LAYOUTS.items() if layout.teeth)
#: Those in which the teeth of a jaw are one label.
GROUPED_LAYOUTS = tuple(name for name, layout in LAYOUTS.items() if layout.groups)


def label_layout(name: str) -> Layout:
    """The layout of this name. Raises InputError for another one."""
    if name not in LAYOUTS:
        raise InputError(f"Numbering '{name}' is unknown: use {', '.join(LAYOUTS)}.")
    return LAYOUTS[name]


def label_values(numbering: str) -> dict[int, int]:
    """What the voxel values of a label map mean: {stored value: FDI number}. Other values are not teeth.

    "fdi": FDI numbers as they are; 111..148 (the pulp of tooth value - 100) join their tooth. From 201 on: structures.
    "universal": Universal (ADA) numbers 1..32.
    "sequential": 1..32 in FDI order (11..18, 21..28, 31..38, 41..48), as nnU-Net data sets often have it.
    "totalsegmentator": TotalSegmentator's task `teeth`: 11..42 are the 32 teeth in FDI order without gaps
        (21 is an upper left canine there), 46..77 their pulps in the same order, joined to their tooth.
    "toothfairy2", "toothfairy3": FDI numbers of permanent teeth, beside jaws, canals and restorations.
    "dentalsegmentator", "craniofacial": none, the teeth of a jaw are one label.

    Raises InputError for another numbering.
    """
    return dict(label_layout(numbering).teeth)


def layouts_of(values: Collection[int]) -> list[Layout]:
    """The layouts that know all of these values."""
    return [layout for layout in LAYOUTS.values() if layout.covers(values)]
