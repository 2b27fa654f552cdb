"""The words of all findings, for those who translate them."""

from __future__ import annotations

from ...dentition.words import Template
from .kinds import KINDS
from .nearness import ROOT
from .words import SHARED


def templates() -> list[Template]:
    """Every template that a finding may say, each once: the entries of a catalogue."""
    found = [template for kind in KINDS for template in kind.templates]
    return list(dict.fromkeys([*found, *SHARED, *ROOT.values()]))
