"""What is known of a dentition beside its labels: what the clinician states, and what each number was found from."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import UsageError
from .teeth import (
    CLASS_FDI,
    FDI_PERMANENT,
    MIXED_CLASS_FDI,
    flipped_jaw,
    is_deciduous,
    is_right,
    is_tooth,
    is_upper,
    mirrored,
)
from .two_numbers import TwoNumbers

#: How a dentition is called, by `Stated.milk`.
DENTITIONS = {False: "permanent", True: "mixed"}
#: Probabilities below this are not kept.
_LEAST = 0.0005
_SEPARATED = re.compile(r"[\s,;]+")


@dataclass(frozen=True)
class Stated:
    """What the clinician states of a dentition; it holds whatever networks think.

    Parameters
    ----------
    absent : collection of int
        FDI numbers of teeth that are not there: extracted, or never formed.
    milk : bool, optional
        True: a child's dentition, in which milk teeth may stand; False: permanent teeth only; None: not stated.

    Raises
    ------
    UsageError
        For numbers that are no teeth.
    """

    absent: frozenset[int] = frozenset()
    milk: bool | None = None

    def __post_init__(self) -> None:
        odd = sorted(str(number) for number in self.absent if not is_tooth(number))
        if odd:
            raise UsageError(
                f"{odd[0]} is no FDI tooth number: state absent teeth as 11 to 48, or 51 to 85 for milk teeth."
            )
        object.__setattr__(self, "absent", frozenset(int(fdi) for fdi in self.absent))

    def __bool__(self) -> bool:
        return bool(self.absent) or self.milk is not None

    @property
    def dentition(self) -> str | None:
        """One of `DENTITIONS`, None where nothing is stated of it."""
        return None if self.milk is None else DENTITIONS[self.milk]

    def require_teeth(self) -> None:
        """Raises UsageError where no tooth could get a number."""
        if self.absent.issuperset(FDI_PERMANENT) and not self.milk:
            raise UsageError("All 32 permanent teeth are stated absent: then there is nothing to number.")

    def with_absent(self, teeth: Iterable[int]) -> Stated:
        """The same with these teeth absent too."""
        return replace(self, absent=self.absent | frozenset(teeth))

    def to_dict(self) -> dict[str, Any]:
        """The JSON object."""
        return {"absent": sorted(self.absent), "dentition": self.dentition}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Stated:
        """The statement of a JSON object that is known to be one."""
        milk = {name: value for value, name in DENTITIONS.items()}.get(content.get("dentition") or "")
        return cls(frozenset(content.get("absent", ())), milk)


def teeth_of_text(text: str) -> frozenset[int]:
    """The FDI numbers of a text such as "14,24". Raises UsageError for what is none."""
    words = [word for word in _SEPARATED.split(text.strip()) if word]
    odd = next((word for word in words if not (word.isascii() and word.isdigit() and is_tooth(int(word[:4])))), None)
    if odd is not None or not words:
        said = f"'{odd}' is no FDI tooth number" if words else "No tooth is named"
        raise UsageError(
            f"{said}: state absent teeth as 11 to 48, or 51 to 85 for milk teeth, with commas, such as 14,24."
        )
    return frozenset(map(int, words))


@dataclass(frozen=True)
class ToothEvidence:
    """What a tooth's number was found from, so that it can be found again when more is stated.

    Parameters
    ----------
    probabilities : mapping
        {FDI number, 0 for no tooth: 0..1}, what the networks say; small ones are left out.
    centre_mm : (R, A, S)
        Its middle in the axes in which the teeth of its result were numbered.
    volume_mm3 : float
        Its size.
    no_tooth : float
        0..1 that it is no tooth at all, by a network of its own.
    """

    probabilities: Mapping[int, float]
    centre_mm: tuple[float, float, float]
    volume_mm3: float
    no_tooth: float = 0.0

    @classmethod
    def of(
        cls, probabilities: Collection[float], centre: Iterable[float], volume_mm3: float, no_tooth: float = 0.0
    ) -> ToothEvidence:
        """From probabilities in the order of `CLASS_FDI`, or of `MIXED_CLASS_FDI`."""
        names = MIXED_CLASS_FDI[: len(probabilities)]
        milk = zip(probabilities, names, strict=True) if len(names) > len(CLASS_FDI) else ()
        # the likeliest milk tooth in any case: who numbers again must know that the network knows them
        _, likeliest = max(((p, fdi) for p, fdi in milk if fdi and is_deciduous(fdi)), default=(0.0, None))
        kept = {
            fdi: round(float(p), 4)
            for fdi, p in zip(names, probabilities, strict=True)
            if float(p) >= _LEAST or fdi == likeliest
        }
        x, y, z = (round(float(c), 2) for c in centre)
        return cls(kept, (x, y, z), round(float(volume_mm3), 1), round(float(no_tooth), 4))

    def exchanged(self, sides: bool, jaws: bool, middle: tuple[float, float, float]) -> ToothEvidence:
        """The same where left and right, or upper and lower, are called by each other's names.

        middle: (R, A, S) mm, the point about which the dentition is turned over.
        """

        def name(fdi: int) -> int:
            fdi = mirrored(fdi) if sides and fdi else fdi
            return flipped_jaw(fdi) if jaws and fdi else fdi

        x, y, z = self.centre_mm
        x, z = (2 * middle[0] - x if sides else x), (2 * middle[2] - z if jaws else z)
        called = {name(fdi): p for fdi, p in self.probabilities.items()}
        return replace(self, probabilities=called, centre_mm=(x, y, z))

    def to_dict(self) -> dict[str, Any]:
        """The JSON object."""
        return {
            "probabilities": {str(fdi): p for fdi, p in self.probabilities.items()},
            "centre_mm": list(self.centre_mm),
            "volume_mm3": self.volume_mm3,
            "no_tooth": self.no_tooth,
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> ToothEvidence:
        """The evidence of a JSON object that is known to be one."""
        x, y, z = map(float, content["centre_mm"])
        probabilities = {int(fdi): float(p) for fdi, p in content["probabilities"].items()}
        return cls(probabilities, (x, y, z), float(content["volume_mm3"]), float(content.get("no_tooth", 0.0)))


@dataclass(frozen=True)
class Known:
    """What is known of a result beside its labels.

    Parameters
    ----------
    stated : Stated
        What the clinician states.
    evidence : mapping
        By FDI number; numbers that a person gave have none.
    two_numbers : mapping
        By FDI number, of teeth that a CBCT and an intraoral scan laid over it number differently; of those that a
        person has numbered since there is none.
    """

    stated: Stated = field(default_factory=Stated)
    evidence: Mapping[int, ToothEvidence] = field(default_factory=dict)
    two_numbers: Mapping[int, TwoNumbers] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.stated) or bool(self.evidence) or bool(self.two_numbers)

    def of_teeth(self, teeth: Collection[int]) -> Known:
        """What is known of these teeth."""
        evidence = {fdi: basis for fdi, basis in self.evidence.items() if fdi in teeth}
        return Known(self.stated, evidence, {fdi: two for fdi, two in self.two_numbers.items() if fdi in teeth})

    def renumbered(self, numbers: Mapping[int, int], exchanged: bool) -> Known:
        """What is known once teeth got other numbers, {old: new}, 0 for those taken out.

        exchanged: sides or jaws of whole dentitions changed their names, which the evidence survives; a number that a
        person gave has none. What another scan says of a number goes with either.
        """
        two_numbers = {fdi: two for fdi, two in self.two_numbers.items() if fdi not in numbers}
        if not exchanged:
            evidence = {fdi: basis for fdi, basis in self.evidence.items() if fdi not in numbers}
            return Known(self.stated, evidence, two_numbers)
        every = [basis.centre_mm for basis in self.evidence.values()] or [(0.0, 0.0, 0.0)]
        x, y, z = (sum(centre[axis] for centre in every) / len(every) for axis in range(3))
        turned = {}
        for fdi, basis in self.evidence.items():
            new = numbers.get(fdi, fdi)
            if new:
                sides, jaws = is_right(fdi) != is_right(new), is_upper(fdi) != is_upper(new)
                turned[new] = basis.exchanged(sides, jaws, (x, y, z))
        return Known(self.stated, turned, two_numbers)

    def to_dict(self) -> dict[str, Any]:
        """The JSON object."""
        rows = [{"fdi": fdi, **basis.to_dict()} for fdi, basis in sorted(self.evidence.items())]
        two = [{"fdi": fdi, **numbers.to_dict()} for fdi, numbers in sorted(self.two_numbers.items())]
        return {"stated": self.stated.to_dict(), "evidence": rows} | ({"two_numbers": two} if two else {})

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Known:
        """What a JSON object holds that is known to be one; nothing where an earlier version wrote it."""
        evidence = {int(row["fdi"]): ToothEvidence.from_dict(row) for row in content.get("evidence", ())}
        two_numbers = {int(row["fdi"]): TwoNumbers.from_dict(row) for row in content.get("two_numbers", ())}
        return cls(Stated.from_dict(content.get("stated") or {}), evidence, two_numbers)
