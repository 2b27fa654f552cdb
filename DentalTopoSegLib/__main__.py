"""`python -m DentalTopoSegLib` is `dentaltoposeg`."""

import sys

from .commands.cli import run_process

if __name__ == "__main__":
    sys.exit(run_process())
