"""Peak memory of every command on the largest CBCT there is: 1024 x 1024 x 600 voxels of 0.2 mm.

    python Testing/benchmarks/memory.py [--scan SCAN] [--size 1024 1024 600] [--suffix .nii.gz]

The scan (a phantom without --scan) is resampled to 0.2 mm, in the middle of that many voxels. Each command runs in a
child process of its own, whose peak is the kernel's (`ru_maxrss`). The exit code is 1 where one needs more than 2 GiB.
Linux and macOS.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from DentalTopoSegLib.files.volumes import Volume, read_volume

LIMIT_BYTES = 2 << 30
SPACING_MM = 0.2


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scan", type=Path, help="a scan in place of a phantom")
    parser.add_argument("--size", type=int, nargs=3, default=(1024, 1024, 600), metavar="N", help="voxels x, y, z")
    parser.add_argument("--suffix", default=".nii.gz", help="of the scan's file: .nii.gz, .nrrd, .mha")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        scan = folder / f"large{given.suffix}"
        made = subprocess.run(
            [sys.executable, __file__, "--make", str(scan), str(given.scan or ""), *map(str, given.size)]
        )
        if made.returncode:
            return made.returncode
        teeth, report = folder / "large_teeth.nii.gz", folder / "large_report.json"
        commands = (
            ("segment", scan, "-o", folder, "--picture"),
            ("check", teeth),
            ("repair", teeth, "--all-safe", "-o", folder / "repaired.nii.gz"),
            ("evaluate", teeth, teeth),
            ("export", report, "-o", folder / "exported", "--format", "stl"),
        )
        peaks = [peak_of([str(part) for part in command]) for command in commands]
    return int(max(peaks) > LIMIT_BYTES)


def peak_of(command: Sequence[str]) -> int:
    """Bytes; prints a line. RuntimeError where the command fails."""
    started = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", "DentalTopoSegLib", *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    stderr = child.stderr.read() if child.stderr else b""
    _, status, used = os.wait4(child.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise RuntimeError(f"{command[0]} failed: {stderr.decode(errors='replace')[-500:]}")
    peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(f"{command[0]:10s} {peak / (1 << 30):5.2f} GiB {time.perf_counter() - started:6.1f} s", flush=True)
    return peak


def make_scan(path: Path, source: str, size: Sequence[int]) -> None:
    """Write the scan (a path, or "" for a phantom) in the middle of a grid of `size` voxels of 0.2 mm."""
    from DentalTopoSegLib.phantom import make_phantom

    scan: Volume = read_volume(source)[0] if source else make_phantom(seed=0).image
    image = scan.to_sitk()
    middle = image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in image.GetSize()])
    axes = np.reshape(image.GetDirection(), (3, 3))
    resampler = sitk.ResampleImageFilter()
    resampler.SetSize([int(n) for n in size])
    resampler.SetOutputSpacing([SPACING_MM] * 3)
    resampler.SetOutputOrigin((np.array(middle) - axes @ (np.array(size) - 1) / 2 * SPACING_MM).tolist())
    resampler.SetOutputDirection(image.GetDirection())
    resampler.SetDefaultPixelValue(float(scan.array.min()))
    sitk.WriteImage(resampler.Execute(image), str(path), useCompression=path.suffix == ".gz")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--make"]:
        make_scan(Path(sys.argv[2]), sys.argv[3], [int(n) for n in sys.argv[4:7]])
    else:
        sys.exit(main())
