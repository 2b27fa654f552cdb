"""`import qt` outside Slicer: Qt's classes in one namespace, with properties shown as attributes, as in PythonQt."""

from __future__ import annotations

# isort: off
from PySide6 import QtCore, QtGui, QtTest, QtUiTools, QtWidgets
from PySide6.QtCore import *  # noqa: F403
from PySide6.QtGui import *  # noqa: F403
from PySide6.QtTest import *  # noqa: F403
from PySide6.QtWidgets import *  # noqa: F403

from __feature__ import true_property  # noqa: F401  known only once PySide6 is there

# isort: on

__all__ = [name for module in (QtCore, QtGui, QtTest, QtUiTools, QtWidgets) for name in dir(module)]

#: Widgets a .ui file may hold beyond Qt's own.
customWidgets: list = []

# PythonQt's other name for objectName; slicer.util.childWidgetVariables goes by it
QtCore.QObject.name = property(lambda self: self.objectName)


class QUiLoader(QtUiTools.QUiLoader):
    """Knows the stand-in widgets."""

    def __init__(self) -> None:
        super().__init__()
        for widget in customWidgets:
            self.registerCustomWidget(widget)
