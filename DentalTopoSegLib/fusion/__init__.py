"""An intraoral scan laid over a CBCT by the teeth's crowns, and teeth with scanned crowns on the CBCT's roots.

Positions are LPS mm of the CBCT, as in STL files and ITK's transforms.
"""

from .crowns import fused_tooth
from .numbers import TeethMatch, match_teeth, number_notes
from .pose import Pose, ToothResidual, find_pose
from .refusals import refuse_pose
from .surfaces import CbctTooth, cbct_teeth

__all__ = [
    "CbctTooth",
    "Pose",
    "TeethMatch",
    "ToothResidual",
    "cbct_teeth",
    "find_pose",
    "fused_tooth",
    "match_teeth",
    "number_notes",
    "refuse_pose",
]
