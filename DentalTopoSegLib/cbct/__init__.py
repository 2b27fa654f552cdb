"""The CBCT path: a scan in, numbered teeth on the scan's own grid out.

May import what lies below: `dentition`, `files`, `networks`, `options`, `stages`. `segment_volume` is the way in.
"""

from .segmenting import Segmentation, segment_volume

__all__ = ["Segmentation", "segment_volume"]
