"""What the labels of others mean: teeth by FDI number where their names say so, everything else by its own name.

Known are the words of ToothFairy2 and 3 ("Upper Right First Molar", "Upper Right Third Molar (Wisdom Tooth)"), of
TotalSegmentator task teeth ("upper_right_first_molar_fdi16"), and FDI numbers ("16", "tooth_16", "FDI 16"). Bare
numbers count only where they cannot be anything else: 1 to 32 may be Universal numbers, or just a row. A pulp is no
tooth.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from .label_layouts import Layout
from .structures import BY_KEY
from .teeth import FDI_DECIDUOUS, FDI_PERMANENT, is_tooth, plain_name

#: Words that make of a tooth's name something else.
_NO_TOOTH = ("pulp", "canal", "crown", "root", "implant", "bridge", "filling", "socket", "gingiva", "enamel", "dentin")
#: Words beside a tooth's name that change nothing.
_BESIDE = re.compile(r"\((wisdom|wisdom tooth|cuspid|bicuspid|eyetooth)\)|\b(tooth|permanent|wisdom)\b")
_SYNONYMS = (
    ("maxillary", "upper"),
    ("mandibular", "lower"),
    ("deciduous", "milk"),
    ("primary", "milk"),
    ("cuspid", "canine"),
    ("1st", "first"),
    ("2nd", "second"),
    ("3rd", "third"),
)
_FDI = re.compile(r"\bfdi\s*([1-8][1-8])\b")
_NUMBER = re.compile(r"(?:(?:tooth|fdi|t)\s*)?([1-8][1-8])")


def _words(name: str) -> str:
    """Lower-case words, one space between them."""
    return " ".join(re.sub(r"[_\-.,/]+", " ", name).lower().split())


def _by_words() -> dict[frozenset[str], int]:
    """{the words of a tooth's name: FDI}: their order says nothing."""
    return {frozenset(plain_name(fdi).split()): fdi for fdi in (*FDI_PERMANENT, *FDI_DECIDUOUS)}


_TEETH = _by_words()


@dataclass(frozen=True)
class Structure:
    """A label that is no numbered tooth: its value and its name."""

    value: int
    name: str


@dataclass(frozen=True)
class Labels:
    """What a network's values mean.

    Parameters
    ----------
    teeth : dict of int to int
        Value -> FDI number.
    structures : tuple of Structure
        All others, in the order of their values.
    """

    teeth: dict[int, int] = field(default_factory=dict)
    structures: tuple[Structure, ...] = ()

    @classmethod
    def of(cls, names: Mapping[int, str]) -> Labels:
        """By the names of values.

        Examples
        --------
        >>> Labels.of({1: "Lower Jawbone", 2: "Upper Right First Molar"})
        Labels(teeth={2: 16}, structures=(Structure(value=1, name='Lower Jawbone'),))
        >>> Labels.of({1: "Upper Teeth", 2: "Lower Teeth"}).teeth
        {}
        """
        bare = _numbers_are_fdi(names.values())
        teeth = {value: fdi for value, name in names.items() if (fdi := tooth_of(name, bare)) is not None}
        often = {fdi for fdi, count in Counter(teeth.values()).items() if count > 1}
        teeth = {value: fdi for value, fdi in sorted(teeth.items()) if fdi not in often}
        others = [Structure(value, name) for value, name in sorted(names.items()) if value not in teeth]
        return cls(teeth, tuple(others))

    def tooth_map(self, array: np.ndarray) -> np.ndarray:
        """uint8 FDI numbers of an array of values; 0 for all else."""
        return self._table(self.teeth, array, np.uint8)

    def structure_map(self, array: np.ndarray) -> np.ndarray:
        """The values of structures in an array of values; 0 for all else."""
        return self._table({s.value: s.value for s in self.structures}, array, array.dtype.type)

    @staticmethod
    def _table(values: Mapping[int, int], array: np.ndarray, kind: type) -> np.ndarray:
        table: np.ndarray = np.zeros(int(np.iinfo(array.dtype).max) + 1, kind)
        for value, meaning in values.items():
            if value < len(table):
                table[value] = meaning
        return table[array]


def tooth_of(name: str, bare_numbers: bool = False) -> int | None:
    """The tooth that a label's name means, None for what is none.

    Parameters
    ----------
    name : str
        The label's.
    bare_numbers : bool
        Whether a number alone is an FDI number.

    Examples
    --------
    >>> tooth_of("upper_right_third_molar_fdi18"), tooth_of("Lower Left Canine"), tooth_of("Upper Right Canine Pulp")
    (18, 33, None)
    """
    words = _words(name)
    if any(word in words.split() for word in _NO_TOOTH):
        return None
    said = _FDI.search(words)
    if said is not None:
        return int(said[1]) if is_tooth(int(said[1])) else None
    number = _NUMBER.fullmatch(words)
    if number is not None:
        fdi = int(number[1])
        return fdi if is_tooth(fdi) and (bare_numbers or not words.isdecimal()) else None
    for other, ours in _SYNONYMS:
        words = re.sub(rf"\b{other}\b", ours, words)
    return _TEETH.get(frozenset(_BESIDE.sub(" ", words).split()))


def _numbers_are_fdi(names: Iterable[str]) -> bool:
    """Whether the bare numbers among names can only be FDI: all are teeth, and they pass 32, where Universal numbers
    and rows end."""
    numbers = [int(name) for name in map(_words, names) if name.isdecimal()]
    return max(numbers, default=0) > 40 and all(is_tooth(n) for n in numbers)


def layout_of_names(names: Mapping[int, str]) -> Layout:
    """The layout that the names of a file's values tell; pulps are parts of their teeth.

    Parameters
    ----------
    names : mapping
        Value -> name, background left out.

    Examples
    --------
    >>> layout = layout_of_names({2: "Lower Left Canine", 3: "lower_left_canine_pulp_fdi133", 4: "Upper Teeth"})
    >>> dict(layout.teeth), dict(layout.groups)
    ({2: 33, 3: 33}, {4: 'upper'})
    """
    teeth = Labels.of(names).teeth
    present = set(teeth.values())
    pulps = {value: fdi for value, name in names.items() if (fdi := _tooth_of_pulp(name)) in present}
    others = {value: name for value, name in names.items() if value not in teeth and value not in pulps}
    groups = {value: jaw for value, name in others.items() if (jaw := _GROUPS.get(frozenset(_words(name).split())))}
    meant = {value: key for value, name in names.items() if value not in teeth and (key := structure_of(name))}
    return Layout("names", {**teeth, **pulps}, others, groups, meant)


#: Words of a structure's name beside its side and those that change nothing.
_STRUCTURE_WORDS = {
    "mandible": ("lower jawbone", "lower jaw", "mandible"),
    "upper_jaw": ("upper jawbone", "upper jaw", "maxilla", "upper skull", "maxilla upper skull", "skull"),
    "canal": (
        "inferior alveolar canal",
        "mandibular canal",
        "inferior alveolar nerve",
        "inferior alveolar nerve canal",
    ),
    "incisive_canal": ("mandibular incisive canal", "incisive canal"),
    "lingual_canal": ("lingual canal",),
    "sinus": ("maxillary sinus",),
    "airway": ("pharynx", "airway", "upper airway", "pharyngeal airway"),
    "enamel": ("enamel",),
    "implant": ("implant",),
    "crown": ("crown",),
    "bridge": ("bridge",),
    "filling": ("filling", "restoration"),
    "post": ("post",),
    "bracket": ("bracket", "brackets"),
}
_BY_STRUCTURE_WORDS = {frozenset(said.split()): key for key, all_said in _STRUCTURE_WORDS.items() for said in all_said}
_SIDES = {"left", "right"}
_NOTHING_SAID = {"and", "&", "the", "dental", "structure", "of", "tooth", "with", "base"}


def structure_of(name: str) -> str | None:
    """The key of the structure (`structures.STRUCTURES`) that a label's name means, None for another thing.

    Examples
    --------
    >>> structure_of("Left Inferior Alveolar Canal"), structure_of("mandibular_canal"), structure_of("Frontal sinus")
    ('canal_left', 'canal', None)
    """
    words = set(_words(name.replace("/", " ")).split())
    if "pulp" in words:
        return "pulp"
    key = _BY_STRUCTURE_WORDS.get(frozenset(words - _SIDES - _NOTHING_SAID))
    sides = words & _SIDES
    if key is None or not sides:
        return key if key in BY_KEY else None  # one of two incisive canals: which one, nobody guesses
    sided = f"{key}_{'_'.join(sorted(sides))}"
    return sided if sided in BY_KEY else None


_GROUPS = {frozenset((jaw, "teeth")): jaw for jaw in ("upper", "lower")}
#: TotalSegmentator and ToothFairy3 call a pulp by its tooth's number and a hundred.
_PULP_FDI = re.compile(r"\bfdi\s*1([1-4][1-8])\b")


def _tooth_of_pulp(name: str) -> int | None:
    words = _words(name)
    if "pulp" not in words.split():
        return None
    said = _PULP_FDI.search(words)
    if said is not None:
        return int(said[1])
    return tooth_of(" ".join(word for word in words.split() if word not in ("pulp", "of")))
