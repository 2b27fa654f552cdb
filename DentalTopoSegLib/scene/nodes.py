"""What every scene file needs: errors of the scene, nodes that may be gone, all-or-nothing changes of the scene."""

from __future__ import annotations

from ..errors import DentalTopoSegError


class SceneError(DentalTopoSegError):
    """Something in the scene cannot be used as asked; one sentence that says what and what to do."""

    exit_code = 3


class NodeGoneError(SceneError):
    """The node was deleted, or its scene was cleared."""
