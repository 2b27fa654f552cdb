"""What every scene file needs: errors, nodes that may be gone, grids and transforms, all-or-nothing changes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..dentition.words import SpokenError
from ..errors import InputError
from ..files.volumes import Volume

#: Axes whose cosines reach this are no longer taken for perpendicular.
_SHEAR = 1e-3
_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0])


class SceneError(SpokenError):
    """Something in the scene cannot be used as asked; one sentence that says what and what to do."""

    exit_code = InputError.exit_code
    meaning = InputError.meaning


class NodeGoneError(SceneError):
    """The node was deleted, or its scene was cleared."""


def require(node: Any, what: str) -> Any:
    """The node, if it is still in a scene; else raises NodeGoneError. what: "The scan", "The segmentation"."""
    if node is None or node.GetScene() is None:
        raise NodeGoneError("{what:words} is no longer in the scene: choose another one.", what=what)
    return node


@contextlib.contextmanager
def all_or_none(scene: Any) -> Iterator[None]:
    """On an exception every node and subject hierarchy item that was added inside is removed again."""
    kept = {node.GetID() for node in nodes_of(scene)}
    try:
        yield
    except BaseException:
        added = [node for node in nodes_of(scene) if node.GetID() not in kept]
        for node in reversed(added):
            remove_node(node)
        raise


def remove_node(node: Any) -> None:
    """Take a node and its subject hierarchy item out of the scene; nothing happens when it is gone already."""
    scene = node.GetScene()
    if scene is None:
        return
    for hierarchy in nodes_of(scene, "vtkMRMLSubjectHierarchyNode"):
        item = hierarchy.GetItemByDataNode(node)
        if item != hierarchy.GetInvalidItemID():
            hierarchy.RemoveItem(item, False, False)
    scene.RemoveNode(node)


def nodes_of(scene: Any, kind: str = "vtkMRMLNode") -> list[Any]:
    """The scene's nodes of a class, in scene order."""
    found = scene.GetNodesByClass(kind)
    found.UnRegister(None)  # the caller owns what GetNodesByClass returns
    return [found.GetItemAsObject(i) for i in range(found.GetNumberOfItems())]


def place_beside(node: Any, source: Any) -> None:
    """Put the node under the same subject hierarchy item as its source."""
    import slicer

    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(node.GetScene())
    parent = hierarchy.GetItemParent(_item(hierarchy, source))
    hierarchy.SetItemParent(_item(hierarchy, node), parent)


def _item(hierarchy: Any, node: Any) -> int:
    """The node's item; made where no plugin has done so (outside the application)."""
    item = hierarchy.GetItemByDataNode(node)
    if item == hierarchy.GetInvalidItemID():
        item = hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)
    return item


# ---------------------------------------------------------------- matrices and grids


def to_array(matrix: Any) -> np.ndarray:
    """(4, 4) array of a vtkMatrix4x4."""
    return np.array([[matrix.GetElement(i, j) for j in range(4)] for i in range(4)])


def to_vtk(matrix: np.ndarray) -> Any:
    """vtkMatrix4x4 of a (4, 4) array."""
    import vtk

    result = vtk.vtkMatrix4x4()
    result.DeepCopy(np.asarray(matrix, float).ravel().tolist())
    return result


def to_world(node: Any, what: str) -> np.ndarray:
    """(4, 4) from the node's own coordinates to the world's (RAS mm): its linear transforms, all of them.

    Raises SceneError when one of them is not linear or cannot be inverted.
    """
    import vtk

    parent = node.GetParentTransformNode()
    if parent is None:
        return np.eye(4)
    matrix = vtk.vtkMatrix4x4()
    if not parent.IsTransformToWorldLinear() or not parent.GetMatrixTransformToWorld(matrix):
        raise SceneError(
            "{what:words} '{name}' is under a transform that bends it ('{transform}'): harden the transform in the "
            "Transforms module, or take the scan out of it.",
            what=what,
            name=node.GetName(),
            transform=parent.GetName(),
        )
    array = to_array(matrix)
    if abs(np.linalg.det(array[:3, :3])) < 1e-9:
        raise SceneError(
            "The transform '{transform}' flattens {what:clause}: choose another transform.",
            transform=parent.GetName(),
            what=what,
        )
    return array


@dataclass(frozen=True)
class Grid:
    """A voxel grid in the world. shape: (z, y, x). matrix: (4, 4), homogeneous index (x, y, z) -> RAS mm."""

    shape: tuple[int, int, int]
    matrix: np.ndarray

    @property
    def spacing(self) -> np.ndarray:
        """(3,) mm, in x, y, z order."""
        return np.linalg.norm(self.matrix[:3, :3], axis=0)

    @property
    def is_sheared(self) -> bool:
        """True when the axes are not perpendicular, which no scan file can say."""
        axes = self.matrix[:3, :3] / self.spacing
        return bool(np.abs(axes.T @ axes - np.eye(3)).max() > _SHEAR)

    def volume(self, array: np.ndarray, name: str = "scan") -> Volume:
        """The array (z, y, x) on this grid."""
        axes = _RAS_TO_LPS @ self.matrix[:3, :3] / self.spacing
        origin = _RAS_TO_LPS @ self.matrix[:3, 3]
        return Volume(array, tuple(self.spacing), tuple(origin), tuple(axes.ravel()), name)

    def straighten(self) -> Grid:
        """The smallest grid with perpendicular axes nearest to this one's that covers it, with its smallest spacing."""
        u, _, vt = np.linalg.svd(self.matrix[:3, :3] / self.spacing)
        axes = u @ vt
        last = np.array(self.shape[::-1]) - 1.0
        corners = np.array([[last[a] * (i >> a & 1) for a in range(3)] for i in range(8)])
        along = (corners @ self.matrix[:3, :3].T + self.matrix[:3, 3]) @ axes
        step = float(self.spacing.min())
        low = along.min(0)
        count = np.ceil((along.max(0) - low) / step - 1e-6).astype(int) + 1
        matrix = np.eye(4)
        matrix[:3, :3] = axes * step
        matrix[:3, 3] = axes @ low
        return Grid(tuple(count[::-1].tolist()), matrix)
