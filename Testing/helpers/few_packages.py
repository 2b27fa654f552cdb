"""A Python that has torch, numpy, scipy and yaml with what they need, and nothing else: as a rented GPU machine has it.

`site` is the text of a `sitecustomize.py`; a folder with it on PYTHONPATH makes every Python started so, children too.
"""

from __future__ import annotations

SITE = """
import importlib.util
import sys

ALLOWED = {
    "torch", "torchgen", "functorch", "numpy", "scipy", "yaml", "_yaml", "training", "DentalTopoSegLib",
    # what torch itself needs or looks for
    "typing_extensions", "sympy", "mpmath", "networkx", "jinja2", "markupsafe", "filelock", "fsspec", "nvidia",
    "triton",
    # compiled modules of scipy and numpy that register themselves beside their packages
    "cython_runtime", "_cyutility",
}

class Few:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if path is None and top not in ALLOWED and top not in sys.stdlib_module_names and not top.startswith("_"):
            raise ModuleNotFoundError(f"{name} is not on this machine", name=name)
        return None

find_spec = importlib.util.find_spec

def find_or_none(name, package=None):
    try:
        return find_spec(name, package)
    except ModuleNotFoundError:
        return None

importlib.util.find_spec = find_or_none  # as it is for what is not installed
sys.meta_path.insert(0, Few())
"""
