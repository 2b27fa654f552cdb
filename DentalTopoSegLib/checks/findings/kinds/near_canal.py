"""near_canal: a lower tooth comes close to the canal of the inferior alveolar nerve."""

from __future__ import annotations

from collections.abc import Iterator

from ....dentition.words import Template
from ...measures.label_map import Case
from ...measures.surroundings import CANALS
from ..finding import Finding
from ..nearness import Nearness


class NearCanal(Nearness):
    """The limit is the safety margin that surgeons keep from the canal (guidelines in Greenstein & Tarnow, J
    Periodontol 2006;77:1933; docs/sources.md tells what of it was read)."""

    code = "near_canal"
    label = Template("near the nerve canal")
    limit_mm = 2.0
    keys = CANALS
    of_root = Template(
        "The {root:words} root of tooth {fdi:tooth} comes within {mm:.1f} mm (± {unsure:.1f} mm) of the nerve canal."
    )
    of_tooth = Template("Tooth {fdi:tooth} comes within {mm:.1f} mm (± {unsure:.1f} mm) of the nerve canal.")
    root_touches = Template(
        "The {root:words} root of tooth {fdi:tooth} touches the nerve canal, or nearly does "
        "({mm:.1f} ± {unsure:.1f} mm)."
    )
    tooth_touches = Template("Tooth {fdi:tooth} touches the nerve canal, or nearly does ({mm:.1f} ± {unsure:.1f} mm).")

    def find_in_label_map(self, case: Case) -> Iterator[Finding]:
        for fdi, place, detail in self.near(case):
            yield Finding(self.code, (fdi,), place, "info", None, detail)


KIND = NearCanal()
