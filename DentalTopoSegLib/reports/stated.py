"""What a report says of the teeth that the clinician knows of, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .report import known_of

_DENTITION = {
    "permanent": "Stated: permanent teeth only.",
    "mixed": "Stated: a mixed dentition, in which milk teeth may stand.",
}


def stated_text(report: Mapping[str, Any]) -> str:
    """Sentences on what was stated of the teeth; empty where nothing was."""
    stated = known_of(report).stated
    said = [f"Stated absent: {', '.join(map(str, sorted(stated.absent)))}."] if stated.absent else []
    if stated.dentition:
        said.append(_DENTITION[stated.dentition])
    return " ".join(said)
