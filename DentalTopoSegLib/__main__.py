"""`python -m DentalTopoSegLib` is `dentaltoposeg`."""

import sys

from .commands.cli import main

if __name__ == "__main__":
    sys.exit(main())
