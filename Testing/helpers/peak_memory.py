"""The most memory that a process has had, without what it was born with.

`ru_maxrss` is handed on by fork and by exec: a process that a large one starts (a test run, say) has that one's from
the beginning. Linux's VmHWM begins anew with a program, so a program asks that; a fork without a program has only the
difference to what it began with.
"""

from __future__ import annotations

import sys
from pathlib import Path

#: Of `ru_maxrss`, in bytes.
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
_STATUS = Path("/proc/self/status")


def peak_bytes() -> int:
    """Largest resident memory so far, in bytes, of the program that this process runs.

    VmHWM; `ru_maxrss` where there is no /proc. ImportError where there is neither.
    """
    if _STATUS.is_file():
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return maxrss_bytes()


def maxrss_bytes() -> int:
    """The kernel's `ru_maxrss` of this process, in bytes; in a fresh fork what the parent holds."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_UNIT
