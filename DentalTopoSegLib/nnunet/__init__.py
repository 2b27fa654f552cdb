"""nnU-Net v2 networks of others, converted by `python -m training quantize-nnunet`, on volumes.

May import what `cbct` may, and nothing of `cbct` or `ios`.
"""

from ..dentition.label_names import Labels, Structure
from .converted import PARTS_TASK, TASK
from .pairs import segment_by_folder
from .segmenting import NetworkSegmentation, load_nnunet, segment_with

__all__ = [
    "PARTS_TASK",
    "TASK",
    "Labels",
    "NetworkSegmentation",
    "Structure",
    "load_nnunet",
    "segment_by_folder",
    "segment_with",
]
