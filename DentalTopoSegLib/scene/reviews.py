"""Which review belongs to a node."""

from __future__ import annotations

from typing import Any

from .jaw_review import JawReview
from .nodes import SceneError, require
from .review import Review
from .surfaces import is_coloured_jaw
from .volume_review import VolumeReview, holds_teeth

#: Reviews in use, by the address of their first node.
_OPEN: dict[str, Review] = {}


def is_reviewable(node: Any) -> bool:
    """True for a segmentation with voxels whose segments can be told to be teeth (ours, or another program's with tooth
    codes or FDI names), and for a model coloured by `add_result`."""
    if node is None or node.GetScene() is None:
        return False
    if node.IsA("vtkMRMLSegmentationNode"):
        return holds_teeth(node)
    if node.IsA("vtkMRMLModelNode"):
        return is_coloured_jaw(node)
    return False


def review_of(node: Any) -> Review:
    """The review of a result node; for a jaw of a pair, of both jaws. The same object while the node lives.

    Reads teeth, numbering and the findings' states from the nodes, so it works after loading a saved scene.

    Raises
    ------
    SceneError
        When the node is no dentition.
    NodeGoneError
        When it is gone.
    """
    require(node, "The result")
    for address, review in list(_OPEN.items()):
        if review.closed or any(n.GetScene() is None for n in review.nodes):
            del _OPEN[address]
        elif any(n is node for n in review.nodes):
            return review
    if not is_reviewable(node):
        raise SceneError("'{name}' holds no teeth that can be told apart: segment a scan first.", name=node.GetName())
    review = VolumeReview(node) if node.IsA("vtkMRMLSegmentationNode") else JawReview(node)
    _OPEN[review.nodes[0].GetAddressAsString("")] = review
    return review
