"""An intraoral scan laid over a CBCT by the teeth's crowns, and teeth with scanned crowns on the CBCT's roots.

Positions are LPS mm of the CBCT, as in STL files and ITK's transforms.
"""

from .crowns import FusedTooth, fused_tooth
from .deciding import Decision, decide_numbers
from .numbers import TeethMatch, match_teeth, partner_notes
from .pose import Pose, ToothResidual, find_pose, residuals_on
from .refusals import refuse_pose
from .surfaces import CbctTooth, cbct_teeth

__all__ = [
    "CbctTooth",
    "Decision",
    "FusedTooth",
    "Pose",
    "TeethMatch",
    "ToothResidual",
    "cbct_teeth",
    "decide_numbers",
    "find_pose",
    "fused_tooth",
    "match_teeth",
    "partner_notes",
    "refuse_pose",
    "residuals_on",
]
