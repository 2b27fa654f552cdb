"""near_sinus: an upper tooth comes close to the floor of the maxillary sinus."""

from __future__ import annotations

from collections.abc import Iterator

from ....dentition.words import Template
from ...measures.label_map import Case
from ...measures.surroundings import SINUSES
from ..finding import Finding
from ..nearness import Nearness


class NearSinus(Nearness):
    """Roots of upper molars lie close to the floor in most people, those of second molars within 0.5 to 2 mm on average
    (Eberhardt et al., Oral Surg Oral Med Oral Pathol 1992;73:345), so only what is near is worth a word."""

    code = "near_sinus"
    label = Template("near the sinus")
    limit_mm = 1.0
    keys = SINUSES
    of_root = Template(
        "The {root:words} root of tooth {fdi:tooth} comes within {mm:.1f} mm (± {unsure:.1f} mm) of the maxillary "
        "sinus."
    )
    of_tooth = Template("Tooth {fdi:tooth} comes within {mm:.1f} mm (± {unsure:.1f} mm) of the maxillary sinus.")
    root_touches = Template(
        "The {root:words} root of tooth {fdi:tooth} touches the maxillary sinus, or nearly does "
        "({mm:.1f} ± {unsure:.1f} mm)."
    )
    tooth_touches = Template(
        "Tooth {fdi:tooth} touches the maxillary sinus, or nearly does ({mm:.1f} ± {unsure:.1f} mm)."
    )

    def find_in_label_map(self, case: Case) -> Iterator[Finding]:
        for fdi, place, detail in self.near(case):
            yield Finding(self.code, (fdi,), place, "info", None, detail)


KIND = NearSinus()
