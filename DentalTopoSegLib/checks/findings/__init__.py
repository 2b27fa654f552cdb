"""Findings: what is wrong or worth a look in a numbered dentition, in plain words, with a place to jump to.

They judge the labels, not the patient: a finding says "look here" and names the repair that would make them consistent.
`kinds` holds one file for each, `checking` asks them all, `live` checks a label map that is being edited. May import
`dentition`, `files`, `ios` and the other rooms of `checks`.
"""

from .catalogue import templates
from .checking import check_cases, check_dentition, check_jaws, findings_of, measured_case, repairs_for
from .finding import SEVERITIES, Finding, Kind
from .kinds import CODES, KINDS

__all__ = [
    "CODES",
    "KINDS",
    "SEVERITIES",
    "Finding",
    "Kind",
    "check_cases",
    "check_dentition",
    "check_jaws",
    "findings_of",
    "measured_case",
    "repairs_for",
    "templates",
]
