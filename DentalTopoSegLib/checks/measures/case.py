"""What every measured dentition tells alike, a label map or a jaw surface: the questions that rules may ask."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Protocol

import numpy as np

from ...dentition import Confidence, TwoNumbers, flipped_jaw, is_right, is_upper, jaw
from ...dentition.arch import ArchFrame, consistent_relabelling

Place = tuple[float, float, float]

#: A tooth this far (mm) beyond the midline stands on the wrong side; less is a shifted midline or crowding.
WRONG_SIDE_MM = 5.0
#: A tooth must stand this much (mm) nearer to the other jaw's place before it is said to stand in the wrong jaw.
WRONG_JAW_MM = 5.0


class Piece(Protocol):
    """A connected part of a tooth: its size (mm³ of a label map, mm² of a surface) and its middle (3,), mm."""

    @property
    def size(self) -> float: ...
    @property
    def centre(self) -> np.ndarray: ...


class DentitionCase(ABC):
    """A numbered dentition with everything measured on it that the rules share.

    Sizes are volumes (mm³) of a label map and areas (mm²) of a surface. Places are millimetres in the label map's RAS
    axes or the cleaned surface's own; only `in_file` leaves them.
    """

    #: What sizes are called in a finding's detail, and the ending of other names there.
    size_name: ClassVar[str]
    size_key: ClassVar[str]
    #: Below this confidence a tooth is reported.
    low_confidence: ClassVar[float]
    #: Pieces, hollows and holes smaller than this need no action.
    negligible: ClassVar[float]
    #: True where specks smaller than that are one finding together instead of fragments of their teeth.
    gathers_specks: ClassVar[bool]
    #: Decimals of sizes in a finding's words and in its detail.
    decimals: ClassVar[tuple[int, int]]

    #: {FDI: 0..1} where known.
    confidence: Confidence
    #: Teeth that the clinician states are not there.
    absent: frozenset[int] = frozenset()
    #: By FDI number, of teeth that another scan of the patient numbers differently.
    two_numbers: Mapping[int, TwoNumbers] = {}

    # ------------------------------------------------------------ teeth

    @property
    @abstractmethod
    def measures(self) -> Mapping[int, Any]:
        """What was measured, by FDI number of the teeth present."""

    @property
    def teeth(self) -> tuple[int, ...]:
        """The FDI numbers present."""
        return tuple(self.measures)

    @property
    @abstractmethod
    def jaws(self) -> tuple[str, ...]:
        """The jaws whose teeth are expected: "upper", "lower"."""

    @abstractmethod
    def teeth_in(self, which: str) -> list[int]:
        """The teeth that stand in a jaw."""

    @abstractmethod
    def pieces(self, fdi: int) -> Sequence[Piece]:
        """The tooth's connected pieces, the largest first."""

    @abstractmethod
    def second_teeth(self, fdi: int) -> Sequence[Piece]:
        """Further pieces with this number that are large and far enough to be a tooth of their own."""

    @abstractmethod
    def free_number(self, fdi: int, second: Any) -> tuple[int | None, Piece]:
        """The unused number that one of two teeth of the same number may have, or None, and the piece it fits."""

    @abstractmethod
    def whole_size(self, fdi: int) -> float:
        """The size of all pieces."""

    @abstractmethod
    def usual_size(self, fdi: int) -> float:
        """The size expected: that of its whole namesake on the other side, or what is usual for its kind."""

    @property
    @abstractmethod
    def sizes_comparable(self) -> bool:
        """False where numbers are so wrong that every tooth would be held against another's size."""

    @abstractmethod
    def is_free(self, fdi: int) -> bool:
        """True when no tooth takes the place of this number, though there may be one."""

    @abstractmethod
    def is_cut(self, fdi: int) -> bool:
        """True when the tooth goes on outside the scan."""

    @abstractmethod
    def is_as_wide_as_two(self, fdi: int, other: int) -> bool:
        """False when the tooth is too narrow along the arch to hold its neighbour too."""

    # ------------------------------------------------------------ places

    @abstractmethod
    def in_file(self, place: Iterable[float]) -> Place:
        """A place in the coordinates of the user's file."""

    @abstractmethod
    def middle(self, fdi: int) -> np.ndarray:
        """(3,) middle of the tooth's largest piece, which stray pieces do not pull away."""

    def place(self, fdi: int) -> Place:
        """The middle of the tooth in the user's file."""
        return self.in_file(self.middle(fdi))

    def mean_place(self, teeth: Iterable[int]) -> Place:
        """The middle of several teeth's middles in the user's file."""
        return self.in_file(np.mean([self.middle(fdi) for fdi in teeth], axis=0))

    @abstractmethod
    def distance_mm(self, a: int, b: int) -> float:
        """The free space between two teeth."""

    # ------------------------------------------------------------ the arch

    @property
    @abstractmethod
    def centres(self) -> Mapping[int, np.ndarray]:
        """Middles of the teeth, mm to the right, front and top; none where these directions are unknown."""

    @cached_property
    def relabelling(self) -> tuple[str, ArchFrame] | None:
        """The exchange of all numbers that the places call for, mostly "none", and the fitted arch."""
        return consistent_relabelling(self.centres)

    @property
    def frame(self) -> ArchFrame | None:
        """The expected dentition laid over the teeth; None where too few show it."""
        return self.relabelling[1] if self.relabelling else None

    @property
    def numbers_trusted(self) -> bool:
        """True when an arch was fitted and the numbers are not exchanged as a whole."""
        return self.relabelling is not None and self.relabelling[0] == "none"

    @cached_property
    def on_wrong_side(self) -> frozenset[int]:
        """Teeth that stand beyond the midline; none where numbers are not trusted."""
        frame = self.frame
        if frame is None or not self.numbers_trusted:
            return frozenset()
        across = {fdi: frame.to_template(c)[0] * frame.scale for fdi, c in self.centres.items()}
        return frozenset(fdi for fdi, x in across.items() if abs(x) >= WRONG_SIDE_MM and (x > 0) != is_right(fdi))

    @cached_property
    def in_wrong_jaw(self) -> frozenset[int]:
        """Teeth that stand among those of the other jaw; none where numbers are not trusted or show one jaw only."""
        frame = self.frame
        if frame is None or not self.numbers_trusted or len({jaw(fdi) for fdi in self.measures}) < 2:
            return frozenset()
        wrong = set()
        for fdi, centre in self.centres.items():
            own = np.linalg.norm(frame.place(fdi) - centre)
            other = np.linalg.norm(frame.place(flipped_jaw(fdi)) - centre)
            height = frame.to_template(centre)[2]
            if (height > 0) != is_upper(fdi) and other + WRONG_JAW_MM < own:
                wrong.add(fdi)
        return frozenset(wrong)
