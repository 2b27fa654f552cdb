"""What a dentition is: FDI teeth, their order, neighbours, names, codes, colours and sizes.

FDI numbers (ISO 3950) are the only labels inside the library: the tens digit is the quadrant (1 upper
right, 2 upper left, 3 lower left, 4 lower right, the patient's own sides; 5 to 8 the same for milk teeth),
the units digit counts from the midline. This module is tables and arithmetic only; it imports nothing heavy.

Every function that takes one tooth raises `ValueError` with a plain sentence when it is not an FDI tooth.
"""

from __future__ import annotations

import colorsys
from collections.abc import Collection

FDI_PERMANENT: tuple[int, ...] = tuple(10 * q + n for q in (1, 2, 3, 4) for n in range(1, 9))
FDI_DECIDUOUS: tuple[int, ...] = tuple(10 * q + n for q in (5, 6, 7, 8) for n in range(1, 6))
#: The networks' classes: index in this tuple = class index, 0 = background.
CLASS_FDI: tuple[int, ...] = (0, *FDI_PERMANENT)
#: The same with milk teeth behind, for networks that know them.
MIXED_CLASS_FDI: tuple[int, ...] = (*CLASS_FDI, *FDI_DECIDUOUS)

_ALL = frozenset(FDI_PERMANENT + FDI_DECIDUOUS)
_MIRROR = {1: 2, 2: 1, 3: 4, 4: 3, 5: 6, 6: 5, 7: 8, 8: 7}
_FLIP = {1: 4, 4: 1, 2: 3, 3: 2, 5: 8, 8: 5, 6: 7, 7: 6}


def is_tooth(value: object) -> bool:
    """True when `value` is the FDI number of a permanent or a milk tooth."""
    return value in _ALL


def _checked(fdi: int) -> int:
    if fdi not in _ALL:
        raise ValueError(
            f"{fdi} is not an FDI tooth number: use 11-18, 21-28, 31-38, 41-48 or 51-55, 61-65, 71-75, 81-85."
        )
    return int(fdi)


# ---------------------------------------------------------------- where a tooth stands


def quadrant(fdi: int) -> int:
    """The quadrant, 1 to 8."""
    return _checked(fdi) // 10


def position(fdi: int) -> int:
    """The place counted from the midline: 1 (central incisor) to 8 (third molar), 1 to 5 for milk teeth."""
    return _checked(fdi) % 10


def is_deciduous(fdi: int) -> bool:
    """True for a milk tooth."""
    return quadrant(fdi) >= 5


def is_upper(fdi: int) -> bool:
    """True for a tooth of the upper jaw."""
    return quadrant(fdi) in (1, 2, 5, 6)


def is_right(fdi: int) -> bool:
    """True for a tooth on the patient's right."""
    return quadrant(fdi) in (1, 4, 5, 8)


def jaw(fdi: int) -> str:
    """ "upper" or "lower"."""
    return "upper" if is_upper(fdi) else "lower"


def mirrored(fdi: int) -> int:
    """The same tooth on the other side: 11 <-> 21, 31 <-> 41."""
    return 10 * _MIRROR[quadrant(fdi)] + fdi % 10


def flipped_jaw(fdi: int) -> int:
    """The same tooth in the other jaw, same side: 11 <-> 41, 21 <-> 31."""
    return 10 * _FLIP[quadrant(fdi)] + fdi % 10


def arch_order(which: str, deciduous: bool = False) -> tuple[int, ...]:
    """The teeth of one jaw from the patient's right to left: "upper" 18..11 21..28, "lower" 48..41 31..38."""
    if which not in ("upper", "lower"):
        raise ValueError(f'The jaw must be "upper" or "lower", not {which!r}.')
    right, left = (1, 2) if which == "upper" else (4, 3)
    count = 8
    if deciduous:
        right, left, count = right + 4, left + 4, 5
    numbers = range(1, count + 1)
    return tuple(10 * right + n for n in reversed(numbers)) + tuple(10 * left + n for n in numbers)


def arch_position(fdi: int) -> int:
    """Signed place along the arch: -8..-1 on the patient's right (third molar -8), 1..8 on the left."""
    return -position(fdi) if is_right(fdi) else position(fdi)


def neighbours(fdi: int, absent: Collection[int] = ()) -> tuple[int, ...]:
    """The one or two teeth beside it in its arch, from the patient's right to left; 11 -> (12, 21).

    Teeth that are known to be absent are passed over: without 14, 13 and 15 stand side by side.
    """
    order = arch_order(jaw(fdi), is_deciduous(fdi))
    order = tuple(other for other in order if other == fdi or other not in absent)
    i = order.index(fdi)
    return order[max(i - 1, 0) : i] + order[i + 1 : i + 2]


def antagonists(fdi: int) -> tuple[int, ...]:
    """The teeth it bites on in a normal (Angle class I) bite.

    An upper tooth meets its namesake below and the one behind that; a lower tooth its namesake above and the
    one in front. Only the lower central incisor and the last upper tooth meet a single one.
    """
    base = 10 * quadrant(flipped_jaw(fdi))
    n = position(fdi)
    other = n + 1 if is_upper(fdi) else n - 1
    last = 5 if is_deciduous(fdi) else 8
    return tuple(base + k for k in sorted((n, other)) if 1 <= k <= last)


# ---------------------------------------------------------------- names and codes

_PLAIN = {
    False: (
        "central incisor",
        "lateral incisor",
        "canine",
        "first premolar",
        "second premolar",
        "first molar",
        "second molar",
        "third molar",
    ),
    True: (
        "central milk incisor",
        "lateral milk incisor",
        "milk canine",
        "first milk molar",
        "second milk molar",
    ),
}
_SNOMED_KIND = {
    False: _PLAIN[False],
    True: ("central incisor", "lateral incisor", "canine", "first molar", "second molar"),
}
# DICOM PS3.16, CID 4018 (permanent teeth) and CID 4019 (milk teeth), coding scheme SCT; per quadrant in FDI
# order from the midline.
_SNOMED_CODES = {
    1: ("422653006", "424877001", "860767006", "57826002", "36492000", "865995000", "863902006", "68085002"),
    2: ("424399000", "423185002", "860780009", "61897005", "23226009", "865988009", "863901004", "87704003"),
    3: ("425106001", "423331005", "860782001", "2400006", "24573005", "866006002", "863898000", "74344005"),
    4: ("424575004", "423937004", "860785004", "80140008", "8873007", "866005003", "863899008", "38994002"),
    5: ("88824007", "65624003", "30618001", "17505006", "27855007"),
    6: ("51678005", "43622005", "73937000", "45234009", "51943008"),
    7: ("89552004", "14770005", "43281008", "38896004", "49330006"),
    8: ("67834006", "22445006", "6062009", "58646007", "61868007"),
}


def name(fdi: int) -> str:
    """The code meaning of CID 4018/4019, e.g. "Permanent maxillary right central incisor tooth".

    The standard's own wording is kept, unevenness included: permanent lower teeth go without "Permanent",
    and 32 is the "Mandibular left lateral tooth". Use `plain_name` in sentences for people.
    """
    side = "right" if is_right(fdi) else "left"
    kind = _SNOMED_KIND[is_deciduous(fdi)][position(fdi) - 1]
    arch = "maxillary" if is_upper(fdi) else "mandibular"
    if fdi == 32:
        return "Mandibular left lateral tooth"
    if is_deciduous(fdi):
        return f"Deciduous {arch} {side} {kind} tooth"
    return f"Permanent {arch} {side} {kind} tooth" if is_upper(fdi) else f"Mandibular {side} {kind} tooth"


def plain_name(fdi: int) -> str:
    """In a clinician's words, e.g. "upper right first molar" or "lower left second milk molar"."""
    kind = _PLAIN[is_deciduous(fdi)][position(fdi) - 1]
    return f"{jaw(fdi)} {'right' if is_right(fdi) else 'left'} {kind}"


def snomed_code(fdi: int) -> str:
    """The SNOMED CT code (scheme SCT) of this tooth in DICOM CID 4018 or 4019."""
    return _SNOMED_CODES[quadrant(fdi)][position(fdi) - 1]


_FROM_SNOMED = {code: 10 * q + n for q, codes in _SNOMED_CODES.items() for n, code in enumerate(codes, start=1)}


def snomed_to_fdi(code: str) -> int | None:
    """The tooth with this SNOMED CT code in DICOM CID 4018 or 4019; None for what is no tooth's."""
    return _FROM_SNOMED.get(code)


# ---------------------------------------------------------------- colours


def _make_colors() -> dict[int, tuple[int, int, int]]:
    """Hues step by the golden angle, so neighbours, namesakes and antagonists look different side by side.

    Milk teeth take paler shades, so that a mixed dentition reads at a glance.
    """
    table: dict[int, tuple[int, int, int]] = {}
    for teeth, saturations, values in (
        (FDI_PERMANENT, (0.80, 0.55), (0.95, 0.80, 0.62)),
        (FDI_DECIDUOUS, (0.28, 0.40), (1.00, 0.88)),
    ):
        for i, fdi in enumerate(teeth):
            hue = (0.04 + i * 0.6180339887) % 1.0
            rgb = colorsys.hsv_to_rgb(hue, saturations[i % len(saturations)], values[i % len(values)])
            red, green, blue = (round(255 * c) for c in rgb)
            table[fdi] = (red, green, blue)
    return table


_COLORS = _make_colors()


#: (r, g, b) of the gingiva in files, scenes and pictures.
GINGIVA_RGB = (226, 160, 152)


def color(fdi: int) -> tuple[int, int, int]:
    """The tooth's own colour, (r, g, b) 0-255, the same everywhere and shared with no other tooth."""
    return _COLORS[_checked(fdi)]


# ---------------------------------------------------------------- other ways of numbering


def _make_universal() -> dict[int, str]:
    # ADA Universal: 1 = upper right third molar, along the upper arch to 16, back along the lower from 17
    # (lower left third molar) to 32; milk teeth A..J above, K..T below, the same way round.
    permanent = arch_order("upper") + arch_order("lower")[::-1]
    deciduous = arch_order("upper", True) + arch_order("lower", True)[::-1]
    table = {fdi: str(i + 1) for i, fdi in enumerate(permanent)}
    table.update({fdi: chr(ord("A") + i) for i, fdi in enumerate(deciduous)})
    return table


_UNIVERSAL = _make_universal()
_FROM_UNIVERSAL = {text: fdi for fdi, text in _UNIVERSAL.items()}
_PALMER_QUADRANT = {1: "UR", 2: "UL", 3: "LL", 4: "LR"}


def _to_palmer(fdi: int) -> str:
    q, n = divmod(fdi, 10)
    return _PALMER_QUADRANT[(q - 1) % 4 + 1] + ("ABCDE"[n - 1] if q >= 5 else str(n))


_FROM_PALMER = {_to_palmer(fdi): fdi for fdi in _ALL}


def fdi_to_universal(fdi: int) -> str:
    """Universal (ADA) number "1".."32", or letter "A".."T" for a milk tooth."""
    return _UNIVERSAL[_checked(fdi)]


def universal_to_fdi(universal: int | str) -> int:
    """FDI number of a Universal number (1..32, int or text) or milk-tooth letter (A..T, any case)."""
    text = str(universal).strip().upper()
    if text not in _FROM_UNIVERSAL:
        raise ValueError(f"{universal!r} is not a Universal tooth: use 1 to 32, or A to T for milk teeth.")
    return _FROM_UNIVERSAL[text]


def fdi_to_palmer(fdi: int) -> str:
    """Palmer notation written in letters, e.g. 16 -> "UR6", 75 -> "LLE"."""
    return _to_palmer(_checked(fdi))


def palmer_to_fdi(palmer: str) -> int:
    """FDI number of a Palmer text such as "UR6" or "LLE" (any case)."""
    text = str(palmer).strip().upper()
    if text not in _FROM_PALMER:
        raise ValueError(f"{palmer!r} is not a Palmer tooth: write UR, UL, LL or LR, then 1 to 8, or A to E.")
    return _FROM_PALMER[text]


# ---------------------------------------------------------------- sizes

# What is usual and what is possible are two questions. `usual_volume_mm3` says what to expect of one tooth and where
# several must have grown together; `volume_range_mm3` says what cannot be one tooth at all.

# Means of the two rooted dentitions Open-Full-Jaw (patient 26, Gholamalizadeh et al. 2022) and OpenMandible (Vukicevic
# et al. 2021), mm^3, by place from the midline, rounded.
_USUAL_VOLUME_UPPER = (490, 400, 490, 400, 400, 740, 650, 640)
_USUAL_VOLUME_LOWER = (240, 260, 390, 340, 400, 880, 710, 700)


def usual_volume_mm3(fdi: int) -> float:
    """Mean volume of a whole permanent tooth (crown and root), mm^3.

    Raises
    ------
    ValueError
        For a milk tooth, of which no means are known here, and what is no FDI number.

    Examples
    --------
    >>> usual_volume_mm3(16)
    740.0
    """
    if is_deciduous(fdi):
        raise ValueError(f"No usual volume of milk tooth {fdi} is known.")
    return float((_USUAL_VOLUME_UPPER if is_upper(fdi) else _USUAL_VOLUME_LOWER)[position(fdi) - 1])


# Plausible whole-tooth volumes (crown and root) in mm^3, by place from the midline. From general knowledge of
# CBCT volumetry (means run from about 200 for lower incisors to 1200 for first molars) and deliberately
# generous: the lower bound is about a third of the mean (worn, short-rooted or still growing teeth), the
# upper at least twice it. They are there to catch a shape that cannot be one tooth, not to judge anatomy.
# Third molars may be mere germs. One complete rooted dentition (Open-Full-Jaw, patient 26) lies inside every
# range with a factor of at least 1.6 to either bound.
_VOLUME_UPPER = (
    (180, 1000),
    (110, 750),
    (200, 1300),
    (160, 1050),
    (150, 1000),
    (400, 2300),
    (350, 2200),
    (60, 1900),
)
_VOLUME_LOWER = (
    (70, 520),
    (90, 620),
    (170, 1150),
    (140, 880),
    (150, 980),
    (400, 2300),
    (350, 2200),
    (60, 2000),
)
_VOLUME_DECIDUOUS = ((30, 450), (25, 350), (40, 500), (60, 700), (90, 1000))


def volume_range_mm3(fdi: int) -> tuple[float, float]:
    """(smallest, largest) plausible volume of the whole tooth, mm^3; generous, see the table's comment."""
    table = _VOLUME_DECIDUOUS if is_deciduous(fdi) else _VOLUME_UPPER if is_upper(fdi) else _VOLUME_LOWER
    low, high = table[position(fdi) - 1]
    return float(low), float(high)


# Usual crown widths along the arch in mm, by place from the midline: textbook means, rounded to 0.5 mm. What crowns
# measure on intraoral scans, where the gingiva and the neighbours hide a part, is in `crown_sizes`.
_WIDTH_UPPER = (8.5, 6.5, 7.5, 7.0, 7.0, 10.0, 9.0, 8.5)
_WIDTH_LOWER = (5.0, 5.5, 7.0, 7.0, 7.0, 11.0, 10.5, 10.0)
_WIDTH_DECIDUOUS_UPPER = (6.5, 5.0, 7.0, 7.0, 9.0)
_WIDTH_DECIDUOUS_LOWER = (4.0, 4.5, 6.0, 8.0, 10.0)


def crown_width_mm(fdi: int) -> float:
    """Usual mesiodistal width of the crown in mm: the room the tooth takes along the arch."""
    table: tuple[float, ...]
    if is_deciduous(fdi):
        table = _WIDTH_DECIDUOUS_UPPER if is_upper(fdi) else _WIDTH_DECIDUOUS_LOWER
    else:
        table = _WIDTH_UPPER if is_upper(fdi) else _WIDTH_LOWER
    return table[position(fdi) - 1]
