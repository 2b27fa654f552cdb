"""What can be done about the findings of a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..checks.findings import Finding, repairs_for
from ..checks.repair import Repair


def repairs_told(finding: Mapping[str, Any]) -> list[Repair]:
    """The repairs that a finding of a report calls for, the most likely first; none where only a person can."""
    return repairs_for(Finding.from_dict(finding))
