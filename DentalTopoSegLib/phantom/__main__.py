"""`python -m DentalTopoSegLib.phantom FILE`: a phantom scan into a volume file, in a process of its own.

The module of 3D Slicer has its sample made so, to stay usable meanwhile.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ..errors import DentalTopoSegError
from ..files.volumes import write_volume
from .making import make_phantom


def main(argv: Sequence[str] | None = None) -> int:
    """Build the phantom and write its image.

    Parameters
    ----------
    argv : sequence of str, optional
        Of the command line by default.

    Returns
    -------
    int
        The exit code, that of the error where there is one; its sentence goes to stderr.
    """
    parser = argparse.ArgumentParser("python -m DentalTopoSegLib.phantom", description="Write a phantom scan.")
    parser.add_argument("file", help="volume file to write, .nii.gz, .nrrd or .mha")
    parser.add_argument("--seed", type=int, default=0, help="which phantom (default 0)")
    parser.add_argument("--spacing-mm", type=float, default=0.5, help="side of the voxels (default 0.5)")
    arguments = parser.parse_args(argv)
    try:
        write_volume(make_phantom(arguments.seed, arguments.spacing_mm).image, arguments.file)
    except DentalTopoSegError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
