"""The CBCT path: a scan in, numbered teeth on the scan's own grid out.

May import `dentition`, `files` and `networks`. `segment_volume` is the way in.
"""

from .segmenting import Segmentation, segment_volume

__all__ = ["Segmentation", "segment_volume"]
