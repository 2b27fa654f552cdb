"""Draw what is missing between the pieces of a mandibular canal."""

from __future__ import annotations

from ....dentition.structures import structure
from ....dentition.words import Sentence
from ..repair import Repair


class JoinCanal(Repair):
    """Make one tube of a canal's pieces, along the jaw; `canals.make_structure_edit` makes it."""

    kind = "join_canal"
    words = "Join the pieces of the {name:words} along the jaw; {gap_mm:.1f} mm of it are drawn without being seen"
    of_structures = True
    not_of_label_maps = Sentence("A canal is no tooth: give a label map that also holds what lies around the teeth.")
    not_of_surfaces = Sentence("A surface scan shows no canal: give a label map of a CBCT.")

    @property
    def sentence(self) -> Sentence:
        name = structure(self.arguments["structure"]).name
        return Sentence(self.words, name=Sentence(name), gap_mm=self.arguments["gap_mm"])


def join_canal(key: str, gap_mm: float) -> Repair:
    """Draw what is missing between the pieces of a canal: its key, and how wide the widest gap is."""
    return JoinCanal((), {"structure": structure(key).key, "gap_mm": float(gap_mm)})
