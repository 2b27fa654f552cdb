"""The widgets of the .ui file that only the application has."""

from __future__ import annotations

import qt


class qMRMLWidget(qt.QWidget):
    """Hands its scene on to the node selectors inside."""

    def setMRMLScene(self, scene) -> None:
        for selector in self.findChildren(qMRMLNodeComboBox):
            selector.setMRMLScene(scene)


class qMRMLNodeComboBox(qt.QComboBox):
    """Lists the scene's nodes of some classes, and none."""

    currentNodeChanged = qt.Signal(object)

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._scene = None
        self._node = None
        self.currentIndexChanged.connect(self._onIndexChanged)

    def setMRMLScene(self, scene) -> None:
        if scene is self._scene:
            return
        self._scene = scene
        events = (scene.NodeAddedEvent, scene.NodeRemovedEvent, scene.EndCloseEvent, scene.EndImportEvent)
        tags = [scene.AddObserver(event, lambda *_: self._fill()) for event in events]
        self.destroyed.connect(lambda *_: [scene.RemoveObserver(tag) for tag in tags])
        self._fill()

    def currentNode(self):
        return self._node

    def setCurrentNode(self, node) -> None:
        index = next((i for i in range(self.count) if self.itemData(i) == (node.GetID() if node else "")), 0)
        self.currentIndex = index
        self._onIndexChanged(index)

    def _nodes(self) -> list:
        hidden = self.property("hideChildNodeTypes") or []
        kinds = getattr(self, "nodeTypes", None) or self.property("nodeTypes") or []
        nodes = [self._scene.GetNthNode(i) for i in range(self._scene.GetNumberOfNodes())]
        return [
            node for node in nodes
            if any(node.IsA(kind) for kind in kinds) and not any(node.IsA(kind) for kind in hidden)
            and not node.GetHideFromEditors()
        ]  # fmt: skip

    def _fill(self) -> None:
        if self._scene is None or self._scene.IsBatchProcessing():
            return
        blocked = self.blockSignals(True)
        node, self_node = self._node, None
        self.clear()
        self.addItem(self.property("noneDisplay") or "None", "")
        for candidate in self._nodes():
            self.addItem(candidate.GetName(), candidate.GetID())
            if candidate is node:
                self_node = node
        self.currentIndex = self.findData(self_node.GetID() if self_node else "")
        self.blockSignals(blocked)
        self._onIndexChanged(self.currentIndex)

    def _onIndexChanged(self, index: int) -> None:
        name = self.itemData(index) if index >= 0 else ""
        node = self._scene.GetNodeByID(name) if name and self._scene is not None else None
        if node is not self._node:
            self._node = node
            self.currentNodeChanged.emit(node)


class ctkCollapsibleButton(qt.QWidget):
    """A section with a heading; a click on the heading folds it."""

    contentsCollapsed = qt.Signal(bool)
    _HEAD = 26

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._text, self._collapsed = "", False
        self._folded: list = []
        self.setContentsMargins(4, self._HEAD, 4, 4)
        self.minimumHeight = self._HEAD

    def _getText(self) -> str:
        return self._text

    def _setText(self, text: str) -> None:
        self._text = text
        self.update()

    def _getCollapsed(self) -> bool:
        return self._collapsed

    def _setCollapsed(self, collapsed: bool) -> None:
        if collapsed == self._collapsed:
            return
        self._collapsed = collapsed
        self.maximumHeight = self._HEAD if collapsed else 16777215
        self._fold()
        self.update()
        self.contentsCollapsed.emit(collapsed)

    def _fold(self) -> None:
        if self._collapsed:
            hidden = [child for child in self.children() if child.isWidgetType() and not child.isHidden()]
            self._folded += hidden
            for child in hidden:
                child.visible = False
            return
        folded, self._folded = self._folded, []
        for child in folded:
            child.visible = True

    def showEvent(self, _event) -> None:
        self._fold()

    text = qt.Property(str, _getText, _setText)
    collapsed = qt.Property(bool, _getCollapsed, _setCollapsed)

    def mousePressEvent(self, event) -> None:
        if event.position().y() < self._HEAD:
            self.collapsed = not self._collapsed

    def paintEvent(self, _event) -> None:
        painter = qt.QPainter(self)
        painter.fillRect(0, 0, self.width, self._HEAD - 3, self.palette.color(qt.QPalette.Midlight))
        painter.setPen(self.palette.color(qt.QPalette.ButtonText))
        font = self.font
        font.setBold(True)
        painter.setFont(font)
        arrow = "▸" if self._collapsed else "▾"
        painter.drawText(8, 0, self.width, self._HEAD - 3, int(qt.Qt.AlignVCenter), f"{arrow}  {self._text}")
        painter.end()


def unusedWidget(name: str) -> type:
    """A widget that something names but nobody makes."""
    if not name.startswith(("ctk", "qMRML", "qSlicer")):
        raise AttributeError(name)
    return type(name, (qt.QWidget,), {})
