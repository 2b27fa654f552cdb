"""The panoramic view of a result as nodes: a flat volume with outlined, numbered teeth and findings, in a slice view.

The picture lies upright and flat in the world, far from every head: its slice view cuts nothing else, and no other view
shows it. Columns run from the patient's right to the left, rows keep their height; both are true to scale, so rulers
and window and level work on it. What is here can be made again from the teeth and is not saved with the scene.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..dentition import is_upper
from ..dentition.naming import tooth_text
from ..pictures.panorama import MODES, THICKNESS_MM, Panorama, find_arch, reformat
from .finding_nodes import STANDING
from .jobs import volume_of
from .layouts import PANORAMIC_GROUP
from .nodes import SceneError, nodes_of, remove_node, require, to_vtk
from .terminology import new_color_node
from .views import PANORAMIC_TAG, Look
from .volume_review import VolumeReview

__all__ = ["MODES", "THICKNESS_MM", "PanoramicView", "scan_of"]

#: How far in front of the world's origin the picture stands, mm.
_AWAY_MM = 5000.0
#: A place farther from the arch than this is not on the picture, mm.
_NEAR_MM = 15.0
#: Numbers stand in a row above the upper and below the lower teeth, this far from them and at least so far apart, mm.
_ROW_MM = 4.0
_APART_MM = {"FDI": 5.0, "Universal": 5.0, "Palmer": 7.0}
#: Of the grey values, per cent: darkest and brightest that are told apart.
_WINDOW = (2.0, 99.7)
#: The nodes with a display node.
_SHOWN = ("grey", "teeth", "numbers", "findings", "here")
_OPEN_RGB, _CHOSEN_RGB, _HERE_RGB = (1.0, 0.62, 0.1), (1.0, 0.25, 0.15), (0.35, 0.85, 1.0)


def scan_of(review: Any) -> Any:
    """The volume node that a segmentation under review was made on; None where there is none, and for jaws."""
    node = review.nodes[0]
    if not node.IsA("vtkMRMLSegmentationNode"):
        return None
    return node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole())


class PanoramicView:
    """The panoramic view of one review; nothing is in the scene until `draw`."""

    def __init__(self, review: VolumeReview) -> None:
        self._review = review
        self._nodes: dict[str, Any] = {}
        self._picture: Panorama | None = None
        self._chosen: str | None = None
        self._settings: tuple[float, str] | None = None

    @property
    def drawn(self) -> bool:
        """True once there is a picture, until `close` or until its nodes are deleted."""
        return self._picture is not None and all(node.GetScene() is not None for node in self._nodes.values())

    # ------------------------------------------------------------ drawing

    def draw(self, thickness_mm: float = THICKNESS_MM, mode: str = "mean") -> None:
        """Lay scan and teeth flat as they are now; takes about a second.

        Parameters
        ----------
        thickness_mm : float
            Of the slab around the arch, within `pictures.panorama.THICKNESS_RANGE_MM`.
        mode : str
            One of `MODES`.

        Raises
        ------
        SceneError
            Where the scan is gone, or too few teeth show how the arch runs.
        InputError
            For another mode or thickness.
        """
        scan = scan_of(self._review)
        if scan is None or scan.GetScene() is None:
            raise SceneError("The scan of this result is not in the scene: load it to see the panoramic view.")
        image, labels = volume_of(scan), self._review.labels()
        surface = find_arch(labels)
        if surface is None:
            raise SceneError("Too few teeth show how the arch runs, so there is no panoramic view.")
        picture = reformat(image, labels, surface, thickness_mm, mode)
        if not self.drawn:
            self.close()
            self._make(scan.GetScene())
        self._picture = picture
        self._show_picture((thickness_mm, mode))
        self._show_numbers()
        self.update()

    def _make(self, scene: Any) -> None:
        name = self._review.node.GetName()
        made = {
            "grey": scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", f"{name} panoramic"),
            "teeth": scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", f"{name} panoramic teeth"),
            "numbers": _new_points(scene, f"{name} panoramic numbers", 0.05, 3.4),
            "findings": _new_points(scene, f"{name} panoramic findings", 1.6, 3.0),
            "here": _new_points(scene, f"{name} panoramic place", 5.0, 0.0),
            "colors": new_color_node(scene, f"{name} panoramic colours"),
        }
        made["colors"].SetColor(0, "", 0.0, 0.0, 0.0, 0.0)  # no gum: the picture shows between the teeth
        for node in made.values():
            node.SetSaveWithScene(False)
            node.SetHideFromEditors(True)
        made["grey"].CreateDefaultDisplayNodes()
        colors = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeDisplayNode")
        colors.SetAndObserveColorNodeID(made["colors"].GetID())
        made["teeth"].SetAndObserveDisplayNodeID(colors.GetID())
        made["numbers"].GetDisplayNode().SetSelectedColor(1.0, 1.0, 1.0)
        shown = made["findings"].GetDisplayNode()
        shown.SetSelectedColor(*_CHOSEN_RGB)
        shown.SetColor(*_OPEN_RGB)
        here = made["here"].GetDisplayNode()
        here.SetSelectedColor(*_HERE_RGB)
        here.SetGlyphTypeFromString("CrossDot2D")
        view = panoramic_slice_node(scene)
        for key in ("numbers", "findings", "here"):
            made[key].GetDisplayNode().SetViewNodeIDs([view.GetID()])
        for key in _SHOWN:
            made[key].GetDisplayNode().SetSaveWithScene(False)
        self._nodes = made

    def _show_picture(self, settings: tuple[float, str]) -> None:
        picture, nodes = self._known(), self._nodes
        matrix = self._matrix()
        for key, values in (("grey", picture.grey), ("teeth", picture.labels)):
            nodes[key].SetIJKToRASMatrix(matrix)
            nodes[key].SetAndObserveImageData(_image(values))
        if settings != self._settings:  # what the user has set stays until the picture is another one
            low, high = np.percentile(picture.grey, _WINDOW)
            display = nodes["grey"].GetDisplayNode()
            display.SetAutoWindowLevel(False)
            display.SetWindowLevelMinMax(float(low), float(max(high, low + 1)))
        self._settings = settings
        scene = nodes["grey"].GetScene()
        layers = _composite(scene)
        layers.SetBackgroundVolumeID(nodes["grey"].GetID())
        layers.SetForegroundVolumeID(None)
        layers.SetLabelVolumeID(nodes["teeth"].GetID())
        layers.SetLabelOpacity(0.9)
        panoramic_slice_node(scene).SetUseLabelOutline(True)

    def _show_numbers(self) -> None:
        picture, numbering = self._known(), self._review.numbering
        places = _number_places(picture, _APART_MM[numbering])
        _replace_points(
            self._nodes["numbers"],
            [(self._flat(*place), tooth_text(fdi, numbering), True) for fdi, place in places.items()],
        )

    def update(self, chosen: str | None = None) -> None:
        """Show the findings as they stand now; chosen: key of the one that stands out. Numbers follow the numbering."""
        if not self.drawn:
            return
        self._chosen = chosen
        if _first_label(self._nodes["numbers"]) != self._first_number():
            self._show_numbers()
        points = []
        for item in self._review.findings():
            place = self.to_flat(item.position) if item.state in STANDING and item.position is not None else None
            if place is not None:
                points.append((place, "", item.key == chosen, item.sentence))
        _replace_points(self._nodes["findings"], points)

    def _first_number(self) -> str:
        present = list(_number_places(self._known(), 0.0))
        return tooth_text(present[0], self._review.numbering) if present else ""

    def mark(self, place: Iterable[float] | None) -> None:
        """Mark where a place of the world (RAS mm) is on the picture; None or one that is not on it: no mark."""
        if not self.drawn:
            return
        flat = None if place is None else self.to_flat(tuple(place))
        _replace_points(self._nodes["here"], [] if flat is None else [(flat, "", True)])

    def fit(self) -> None:
        """Have the slice view show the whole picture, facing it."""
        if not self.drawn:
            return
        view = panoramic_slice_node(self._nodes["grey"].GetScene())
        surface = self._known().surface
        rows, columns = surface.shape
        _face(view, self._flat((columns - 1) / 2, (rows - 1) / 2))
        across, down = columns * surface.spacing, rows * surface.spacing
        width, height = (max(int(n), 1) for n in view.GetDimensions()[:2])
        if min(width, height) < 10:  # no window yet
            width, height = columns, rows
        scale = max(across / width, down / height) * 1.02
        view.SetFieldOfView(width * scale, height * scale, view.GetFieldOfView()[2] or 1.0)

    def close(self) -> None:
        """Take everything out of the scene but the slice view itself."""
        for key in _SHOWN:
            display = self._nodes[key].GetDisplayNode() if key in self._nodes else None
            if display is not None:
                remove_node(display)
        for node in self._nodes.values():
            remove_node(node)
        self._nodes, self._picture = {}, None

    # ------------------------------------------------------------ places

    def to_flat(self, place: Sequence[float]) -> tuple[float, float, float] | None:
        """Where a place of the world (RAS mm) is on the picture, as a place of the world; None when it is not on it."""
        surface = self._known().surface
        column, row, depth = surface.to_picture(np.asarray(place, float))
        if abs(depth) > _NEAR_MM or not 0 <= row <= surface.rows - 1:
            return None
        return self._flat(column, row)

    def tooth_at(self, flat: Sequence[float]) -> int | None:
        """The FDI number of the tooth at a place of the flat picture; None between the teeth and outside."""
        inside = self._inside(flat)
        if inside is None:
            return None
        column, row = (round(c) for c in inside)
        return int(self._known().labels[row, column]) or None

    def look(self, flat: Sequence[float]) -> Look | None:
        """Where to look for a place of the flat picture, in the middle of the tooth's depth where there is one; None
        outside the picture."""
        inside = self._inside(flat)
        if inside is None:
            return None
        surface, fdi = self._known().surface, self.tooth_at(flat)
        depth = 0.0
        if fdi is not None and fdi in self._review.teeth():
            depth = surface.to_picture(np.asarray(self._review.look_at_tooth(fdi).position))[2]
        return self._review.look_at_place(surface.to_ras(*inside, depth).tolist(), () if fdi is None else (fdi,))

    def _inside(self, flat: Sequence[float]) -> tuple[float, float] | None:
        surface = self._known().surface
        rows, columns = surface.shape
        column = (columns - 1) / 2 - flat[0] / surface.spacing
        row = (surface.top - flat[2]) / surface.spacing
        on_it = -0.5 <= column < columns - 0.5 and -0.5 <= row < rows - 0.5 and abs(flat[1] - _AWAY_MM) < 1.0
        return (min(max(column, 0.0), columns - 1.0), min(max(row, 0.0), rows - 1.0)) if on_it else None

    def _flat(self, column: float, row: float) -> tuple[float, float, float]:
        surface = self._known().surface
        across = ((surface.shape[1] - 1) / 2 - column) * surface.spacing
        return float(across), _AWAY_MM, float(surface.top - row * surface.spacing)

    def _matrix(self) -> Any:
        surface = self._known().surface
        matrix = np.zeros((4, 4))
        matrix[0, 0] = matrix[2, 1] = -surface.spacing
        matrix[1, 2] = 1.0
        matrix[:, 3] = *self._flat(0, 0), 1.0
        return to_vtk(matrix)

    def _known(self) -> Panorama:
        require(self._review.nodes[0], "The segmentation")
        if self._picture is None:
            raise SceneError("The panoramic view was not drawn yet.")
        return self._picture


def panoramic_slice_node(scene: Any) -> Any:
    """The scene's slice node of the panoramic view, made where the application has not done so yet."""
    import slicer

    for node in nodes_of(scene, "vtkMRMLSliceNode"):
        if node.GetLayoutName() == PANORAMIC_TAG:
            return node
    node = slicer.vtkMRMLSliceNode()
    node.SetName(PANORAMIC_TAG)
    node.SetLayoutName(PANORAMIC_TAG)
    node.SetLayoutLabel("P")
    node.SetSingletonTag(PANORAMIC_TAG)
    node.SetViewGroup(PANORAMIC_GROUP)
    return scene.AddNode(node)


def _composite(scene: Any) -> Any:
    """What the panoramic slice view shows."""
    import slicer

    for node in nodes_of(scene, "vtkMRMLSliceCompositeNode"):
        if node.GetLayoutName() == PANORAMIC_TAG:
            return node
    node = slicer.vtkMRMLSliceCompositeNode()
    node.SetName(f"{PANORAMIC_TAG} composite")
    node.SetLayoutName(PANORAMIC_TAG)
    node.SetSingletonTag(PANORAMIC_TAG)
    node.SetDoPropagateVolumeSelection(False)  # "show this volume in all views" does not mean this one
    return scene.AddNode(node)


def _face(view: Any, middle: tuple[float, float, float]) -> None:
    """Look at the picture from its front: the patient's right on the left."""
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2] = (-1, 0, 0), (0, 0, 1), (0, 1, 0)
    matrix[:3, 3] = middle
    view.GetSliceToRAS().DeepCopy(to_vtk(matrix))
    view.UpdateMatrices()


def _image(values: np.ndarray) -> Any:
    """vtkImageData of a flat (rows, columns) array."""
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk

    image = vtk.vtkImageData()
    image.SetDimensions(values.shape[1], values.shape[0], 1)
    image.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(values).ravel(), deep=True))
    return image


def _new_points(scene: Any, name: str, glyph_mm: float, text: float) -> Any:
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", name)
    node.CreateDefaultDisplayNodes()
    node.SetLocked(True)
    node.SetMarkupLabelFormat("")
    shown = node.GetDisplayNode()
    shown.SetUseGlyphScale(False)
    shown.SetGlyphSize(glyph_mm)
    shown.SetTextScale(text)
    shown.SetPointLabelsVisibility(text > 0)
    shown.SetVisibility3D(False)
    return node


def _replace_points(node: Any, points: Sequence[tuple]) -> None:
    """Points of (place, label, selected[, description])."""
    modifying = node.StartModify()
    try:
        node.RemoveAllControlPoints()
        for i, (place, label, selected, *description) in enumerate(points):
            node.AddControlPointWorld(*place)
            node.SetNthControlPointLabel(i, label)
            node.SetNthControlPointSelected(i, selected)
            node.SetNthControlPointLocked(i, True)
            if description:
                node.SetNthControlPointDescription(i, description[0])
    finally:
        node.EndModify(modifying)


def _first_label(node: Any) -> str:
    return node.GetNthControlPointLabel(0) if node.GetNumberOfControlPoints() else ""


def _number_places(picture: Panorama, apart_mm: float) -> dict[int, tuple[float, float]]:
    """(column, row) of each tooth's number: a row per jaw, outside the roots, over or under its tooth."""
    rows_of: dict[int, tuple[float, float, float]] = {}
    for fdi in np.unique(picture.labels[picture.labels > 0]):
        rows, columns = np.nonzero(picture.labels == fdi)
        rows_of[int(fdi)] = float(np.median(columns)), float(rows.min()), float(rows.max())
    off, apart = _ROW_MM / picture.surface.spacing, apart_mm / picture.surface.spacing
    places: dict[int, tuple[float, float]] = {}
    for upper in (True, False):
        jaw = sorted((fdi for fdi in rows_of if is_upper(fdi) is upper), key=lambda fdi: rows_of[fdi][0])
        if not jaw:
            continue
        height = min(rows_of[fdi][1] for fdi in jaw) - off if upper else max(rows_of[fdi][2] for fdi in jaw) + off
        height = min(max(height, 0.0), picture.surface.rows - 1.0)
        columns = _spread(np.array([rows_of[fdi][0] for fdi in jaw]), apart, picture.surface.shape[1] - 1)
        places |= {fdi: (column, height) for fdi, column in zip(jaw, columns.tolist(), strict=True)}
    return places


def _spread(columns: np.ndarray, apart: float, last: float) -> np.ndarray:
    """Sorted columns (n,), moved as little as possible (in the square) so that neighbours are `apart`: the isotonic
    regression of what is left when the distances are taken off, by pooling neighbours that violate the order."""
    steps = apart * np.arange(len(columns))
    pools: list[list[float]] = []
    for value in columns - steps:
        pools.append([float(value), 1.0])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, weight = pools.pop()
            before, count = pools[-1]
            pools[-1] = [(before * count + mean * weight) / (count + weight), count + weight]
    return np.clip(np.concatenate([[mean] * int(count) for mean, count in pools]) + steps, 0, last)
