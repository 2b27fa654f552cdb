"""Peak memory of a segmentation beside what a batch sets aside for it (`runs.sizes.memory_of`).

    python Testing/benchmarks/batch_memory.py [--threads 1]

Phantoms of several voxel sizes and fields, each also with the picture and with --tta. Ends with 1 where one took more
than was set aside. Linux and macOS.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Voxel size in mm, field in mm (x, y, z).
SCANS = (
    (0.8, (72, 60, 56)),
    (0.5, (110, 100, 90)),
    (0.3, (110, 100, 90)),
    (0.4, (150, 150, 130)),
    (0.2, (80, 75, 65)),
    (0.3, (150, 150, 120)),
)
_MAKE = """
import sys
from DentalTopoSegLib.files.volumes import write_volume
from DentalTopoSegLib.phantom import make_phantom
field = tuple(map(float, sys.argv[3:]))
write_volume(make_phantom(1, float(sys.argv[2]), fov_mm=field, fillings=0).image, sys.argv[1])
"""


def main(argv: list[str] | None = None) -> int:
    """Print a line for each; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args(argv)
    sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]
    from memory import peak_of

    from DentalTopoSegLib.options import RunOptions
    from DentalTopoSegLib.runs.cases import Item
    from DentalTopoSegLib.runs.sizes import memory_of

    short = 0
    with tempfile.TemporaryDirectory() as scratch:
        for voxel, field in SCANS:
            scan = Path(scratch) / "scan.nrrd"
            # in a process of its own: a child's peak begins with what its parent held
            subprocess.run([sys.executable, "-c", _MAKE, scan, str(voxel), *map(str, field)], check=True)
            for extra in ([], ["--picture"], ["--tta"]):
                words = ["segment", str(scan), "-o", scratch, "--threads", str(given.threads), *extra]
                options = RunOptions(given.threads, tta="--tta" in extra)
                aside = memory_of(Item((scan,), "", ""), options, picture="--picture" in extra)
                print(f"{voxel} mm, {field} mm {' '.join(extra)}: {aside / (1 << 20):.0f} MB set aside; ", end="")
                short += peak_of(words) > aside
    return int(short > 0)


if __name__ == "__main__":
    sys.exit(main())
