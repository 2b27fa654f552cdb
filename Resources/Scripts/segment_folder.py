"""Segment every scan in a folder, with or without Slicer; see DentalTopoSegLib/scene/headless.py.

Slicer --no-splash --no-main-window --python-script segment_folder.py FOLDER -o OUT
python segment_folder.py FOLDER -o OUT
"""

import sys
from importlib.util import find_spec
from pathlib import Path

if find_spec("DentalTopoSegLib") is None:  # neither installed nor beside Slicer's modules: this file's own checkout
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from DentalTopoSegLib.scene.headless import run_and_leave

run_and_leave()
