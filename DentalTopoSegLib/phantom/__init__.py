"""A parametric dentition and the cone-beam CT that would show it, with exact labels: numpy and scipy only.

May import `files`. Used by `dentaltoposeg demo`, by the tests and, as one ingredient, for training.
"""

from .making import Phantom, make_phantom
from .teeth import Tooth

__all__ = ["Phantom", "Tooth", "make_phantom"]
