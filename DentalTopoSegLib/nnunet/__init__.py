"""nnU-Net v2 networks of others, converted by `python -m training quantize-nnunet`, on volumes.

May import what `cbct` may, and nothing of `cbct` or `ios`.
"""

from ..dentition.label_names import Labels, Structure
from .segmenting import TASK, NetworkSegmentation, load_nnunet, segment_with

__all__ = ["TASK", "Labels", "NetworkSegmentation", "Structure", "load_nnunet", "segment_with"]
