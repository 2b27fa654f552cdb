"""slicer.parameterNodeWrapper: typed parameters kept in a MRML node and tied to widgets, for the types used here.

As in Slicer, a node is a node reference, an enum is kept by name, widgets are found by their property
SlicerParameterName, and values outside their range or type are refused.
"""

from __future__ import annotations

import enum
import typing

import qt
import slicer
import vtk


class WithinRange:
    def __init__(self, minimum, maximum) -> None:
        self.minimum, self.maximum = minimum, maximum


def _split(annotation) -> tuple:
    if typing.get_origin(annotation) is typing.Annotated:
        kind, *extras = typing.get_args(annotation)
        return kind, extras
    return annotation, []


class _Parameter:
    def __init__(self, name: str, annotation, default) -> None:
        self.name = name
        self.kind, extras = _split(annotation)
        self.range = next((extra for extra in extras if isinstance(extra, WithinRange)), None)
        members = typing.get_args(self.kind) if typing.get_origin(self.kind) is typing.Union else (self.kind,)
        self.nodeTypes = tuple(m for m in members if isinstance(m, type) and issubclass(m, slicer.vtkMRMLNode))
        self.default = default

    def isIn(self, node) -> bool:
        return node.HasParameter(self.name)

    def write(self, node, value) -> None:
        with slicer.util.NodeModify(node):
            if self.nodeTypes:
                if value is not None and not isinstance(value, self.nodeTypes):
                    raise TypeError(f"{self.name} takes {self.nodeTypes}, not {type(value)}")
                node.SetParameter(self.name, "")
                node.SetNodeReferenceID(self.name, value.GetID() if value is not None else None)
                return
            if not isinstance(value, self.kind):
                raise TypeError(f"{self.name} takes {self.kind}, not {value!r}")
            if self.range and not self.range.minimum <= value <= self.range.maximum:
                raise ValueError(f"{self.name} = {value} is not within its range")
            node.SetParameter(self.name, value.name if isinstance(value, enum.Enum) else str(value))

    def read(self, node):
        if self.nodeTypes:
            return node.GetNodeReference(self.name)
        text = node.GetParameter(self.name)
        if self.kind is bool:
            return {"True": True, "False": False}[text]
        return self.kind[text] if issubclass(self.kind, enum.Enum) else self.kind(text)


class _Connector:
    """One parameter and its widget."""

    def __init__(self, parameter: _Parameter, widget) -> None:
        self.widget = widget
        if parameter.nodeTypes:
            widget.nodeTypes = tuple(kind().GetClassName() for kind in parameter.nodeTypes)
            self.read, self.write, self.signal = widget.currentNode, widget.setCurrentNode, widget.currentNodeChanged
        elif type(widget) is qt.QComboBox and issubclass(parameter.kind, enum.Enum):
            values = list(parameter.kind)
            widget.clear()
            for value in values:
                widget.addItem(value.label())
            self.read = lambda: values[widget.currentIndex]
            self.write = lambda value: setattr(widget, "currentIndex", values.index(value))
            self.signal = widget.currentIndexChanged
        elif type(widget) is qt.QSpinBox and parameter.kind is int:
            widget.setRange(parameter.range.minimum, parameter.range.maximum)
            self.read, self.write = lambda: widget.value, lambda value: setattr(widget, "value", value)
            self.signal = widget.valueChanged
        elif type(widget) is qt.QLineEdit and parameter.kind is str:
            self.read, self.write = lambda: widget.text, lambda value: setattr(widget, "text", value)
            self.signal = widget.textChanged
        elif type(widget) is qt.QCheckBox and parameter.kind is bool:
            self.read, self.write = lambda: widget.checked, lambda value: setattr(widget, "checked", value)
            self.signal = widget.toggled
        else:
            raise RuntimeError(f"No way to connect {parameter.name} to {type(widget)}")


def parameterNodeWrapper(cls):
    """Class decorator; `cls(node)` ties its annotated attributes to the node."""
    parameters = {
        name: _Parameter(name, annotation, getattr(cls, name, None))
        for name, annotation in typing.get_type_hints(cls, include_extras=True).items()
    }

    def initialise(self, node) -> None:
        self.parameterNode = node
        self._connectors = {}
        self._observers = {}
        self._updating = False
        for parameter in parameters.values():
            if not parameter.isIn(node):
                parameter.write(node, parameter.default)

    def connectGui(self, gui) -> int:
        tag = len(self._connectors)
        connectors = self._connectors[tag] = {}
        for widget in vars(gui).values():
            name = widget.property("SlicerParameterName")
            if name:
                connectors[name] = connector = _Connector(parameters[name], widget)
                connector.write(getattr(self, name))
                connector.slot = lambda *_, name=name, connector=connector: take(self, name, connector)
                connector.signal.connect(connector.slot)
        self._observers[tag] = self.parameterNode.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: show(self))
        return tag

    def take(self, name: str, connector: _Connector) -> None:
        if not self._updating:
            setattr(self, name, connector.read())

    def show(self) -> None:
        if self._updating:
            return
        self._updating = True
        try:
            for connectors in self._connectors.values():
                for name, connector in connectors.items():
                    connector.write(getattr(self, name))
        finally:
            self._updating = False

    def disconnectGui(self, tag: int) -> None:
        self.parameterNode.RemoveObserver(self._observers.pop(tag))
        for connector in self._connectors.pop(tag).values():
            connector.signal.disconnect(connector.slot)

    cls.__init__, cls.connectGui, cls.disconnectGui = initialise, connectGui, disconnectGui
    for name, parameter in parameters.items():
        setattr(
            cls, name,
            property(
                lambda self, p=parameter: p.read(self.parameterNode),
                lambda self, value, p=parameter: p.write(self.parameterNode, value),
            ),
        )  # fmt: skip
    return cls
