"""What a report says of the teeth that the clinician knows of, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..dentition.words import Sentence, Template
from .report import known_of

_ABSENT = Template("Stated absent: {numbers}.")
_DENTITION = {
    "permanent": Template("Stated: permanent teeth only."),
    "mixed": Template("Stated: a mixed dentition, in which milk teeth may stand."),
}


def stated_sentences(report: Mapping[str, Any]) -> list[Sentence]:
    """What was stated of the teeth; empty where nothing was."""
    stated = known_of(report).stated
    said = [_ABSENT(numbers=", ".join(map(str, sorted(stated.absent))))] if stated.absent else []
    if stated.dentition:
        said.append(_DENTITION[stated.dentition]())
    return said


def stated_text(report: Mapping[str, Any]) -> str:
    """The same in English."""
    return " ".join(map(str, stated_sentences(report)))
