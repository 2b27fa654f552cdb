"""Reading in a child process: a reader that never ends, dies of a signal or takes all memory fails one test only."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: What a child may take beyond the libraries it loads.
MEMORY_BYTES = 3_000_000_000
_CHILD = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({memory},) * 2)
from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.label_maps import read_fdi_labels
from DentalTopoSegLib.files.meshes import is_mesh_file, read_mesh
from DentalTopoSegLib.files.volumes import read_labels, read_volume
try:
    for path in sys.argv[1:]:
        print({call})
except InputError as error:
    print(str(error).encode("ascii", "backslashreplace").decode())
    sys.exit(3)
"""


def run_reader(call: str, *paths: Path, seconds: float = 20, memory: int = MEMORY_BYTES) -> tuple[int, str]:
    """Exit code and what was printed of a reader's call on each `path`: 0 read, 3 refused, negative for a signal.

    Raises subprocess.TimeoutExpired for a child that hangs.
    """
    done = subprocess.run(
        [sys.executable, "-c", _CHILD.format(call=call, memory=memory), *map(os.fspath, paths)],
        env=dict(os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1"),
        capture_output=True,
        timeout=seconds,
        check=False,
    )
    printed = (done.stdout + done.stderr).decode("utf-8", "replace")
    return done.returncode, printed.strip()
