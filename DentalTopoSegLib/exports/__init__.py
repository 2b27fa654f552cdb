"""Results in the formats of other programs, each in a file of its own, listed in `registry.FORMATS`.

May import everything below `runs`; nothing that a single format needs is imported before it is written.
"""

from .export_format import ExportFormat, ExportOptions, Group, Package, Scan
from .registry import FORMATS, export, export_format
from .result import Examination, Result

__all__ = [
    "FORMATS",
    "Examination",
    "ExportFormat",
    "ExportOptions",
    "Group",
    "Package",
    "Result",
    "Scan",
    "export",
    "export_format",
]
