"""Where the library is: installed beside the module, or in a checkout one folder further up."""

import os
import sys
from pathlib import Path

LIBRARY = "DentalTopoSegLib"


def libraryRoot() -> Path:
    """The folder that holds the library; RuntimeError when the extension is not complete."""
    here = Path(__file__).resolve()
    for folder in (here.parents[1], here.parents[2]):
        if (folder / LIBRARY / "__init__.py").is_file():
            return folder
    raise RuntimeError(f"{LIBRARY} is not beside the module ({here.parents[1]}): install the extension again.")


def addLibraryToPath() -> None:
    """Make the library importable; its own copy goes before one that somebody installed by pip."""
    root = str(libraryRoot())
    if root not in sys.path:
        sys.path.insert(0, root)


def pythonPath() -> str:
    """PYTHONPATH for a child process that needs the library."""
    return os.pathsep.join(filter(None, [str(libraryRoot()), os.environ.get("PYTHONPATH", "")]))
