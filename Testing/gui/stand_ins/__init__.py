"""Slicer's application layer, as far as the module's panel needs it, without the application.

The scene is real (slicer-core), and so are the widgets, signals, events and child processes (PySide6). Stand-ins are
only what exists nowhere outside the application: three widgets (`widgets`), the base classes of scripted modules
(`scripted_module`), the parameter node wrapper (`parameter_wrapper`) and `slicer.app`. With the environment variable
DENTALTOPOSEG_SLICER_PYTHON = the folder Base/Python/slicer of a Slicer checkout, its own base classes, wrapper,
packaging and translation modules are used instead of ours.

`install()` also makes Qt's properties attributes for every module, as PythonQt does (PySide6 does it for one).
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import importlib.util
import os
import sys
import types
from pathlib import Path

MODULE = "DentalTopoSeg"
ROOT = Path(__file__).resolve().parents[3]
SLICER_PYTHON = "DENTALTOPOSEG_SLICER_PYTHON"


class Application:
    """`slicer.app`: what scripted modules and slicer.util ask of it."""

    applicationName = "Slicer"

    def __init__(self) -> None:
        self.connections: dict[str, list] = {}
        self.cursors: list = []
        self.language = ""
        self.translators: list = []
        self.layouts: LayoutManager | None = None

    def connect(self, signal: str, slot) -> None:
        self.connections.setdefault(signal, []).append(slot)

    def disconnect(self, signal: str, slot) -> None:
        self.connections.get(signal, []).remove(slot)

    def emit(self, signal: str, *arguments) -> None:
        """Call what was connected to a signal, as the application does."""
        for slot in list(self.connections.get(signal, [])):
            slot(*arguments)

    def moduleManager(self) -> Application:
        return self

    def testingEnabled(self) -> bool:
        return False

    def translate(self, context: str, text: str) -> str:
        import qt

        return qt.QCoreApplication.translate(context, text)

    def loadTranslations(self, folder: str) -> None:
        """As Slicer: all .qm files of the folder whose names end with the language, else without its country."""
        import qt

        names = (self.language, self.language.split("_")[0]) if self.language else ()
        found = (sorted(Path(folder).glob(f"*{name}.qm")) for name in names)
        for path in next(filter(None, found), ()):
            translator = qt.QTranslator()
            assert translator.load(str(path)), path
            qt.QApplication.installTranslator(translator)
            self.translators.append(translator)

    def unloadTranslations(self) -> None:
        """Speak English again."""
        import qt

        while self.translators:
            qt.QApplication.removeTranslator(self.translators.pop())
        self.language = ""

    def topLevelWidgets(self) -> list:
        import qt

        return qt.QApplication.topLevelWidgets()

    def layoutManager(self) -> LayoutManager | None:
        """None until a test sets `layouts`, as without a main window."""
        return self.layouts

    def processEvents(self) -> None:
        import qt

        qt.QApplication.processEvents()

    def setOverrideCursor(self, cursor) -> None:
        self.cursors.append(cursor)

    def restoreOverrideCursor(self) -> None:
        self.cursors.pop()


class LayoutManager:
    """`slicer.app.layoutManager()`: the real layout logic, and mouse events for its slice views without windows."""

    def __init__(self, scene) -> None:
        import slicer

        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
        self._logic = slicer.vtkMRMLLayoutLogic()
        self._logic.SetMRMLScene(scene)
        self._scene = scene
        self._interactors: dict = {}

    def layoutLogic(self):
        return self._logic

    def setLayout(self, layout: int) -> None:
        self._logic.GetLayoutNode().SetViewArrangement(layout)

    def close(self) -> None:
        """Before the scene is cleared of its singletons."""
        self._logic.SetMRMLScene(None)

    def sliceWidget(self, name: str) -> types.SimpleNamespace | None:
        import vtk

        if self._scene.GetSingletonNode(name, "vtkMRMLSliceNode") is None:
            return None
        interactor = self._interactors.setdefault(name, vtk.vtkGenericRenderWindowInteractor())
        view = types.SimpleNamespace(interactor=lambda: interactor)
        return types.SimpleNamespace(sliceView=lambda: view)


def useQt() -> None:
    """Make `import qt` work, with an application that shows nothing on a screen. Raises ImportError."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    for path in (str(ROOT), str(ROOT / MODULE)):
        if path not in sys.path:
            sys.path.insert(0, path)
    if "qt" not in sys.modules:
        with _withoutOddModules():
            sys.modules["qt"] = importlib.import_module(f"{__name__}.qt_names")
    import qt

    _shareProperties()
    _keepNone()
    if qt.QApplication.instance() is None:
        qt.theApplication = qt.QApplication(["Slicer"])
    qt.QApplication.instance().organizationName = "DentalTopoSegTests"
    qt.QSettings.setDefaultFormat(qt.QSettings.IniFormat)


def install(scene=None):
    """Make `import qt, ctk, slicer, slicer.ScriptedLoadableModule` ... work; returns the module slicer.

    scene: taken for the application's scene, by default a new one. Raises ImportError naming what is not installed.
    """
    useQt()
    import qt
    import slicer

    if hasattr(slicer, "app"):
        return slicer
    widgets = importlib.import_module(f"{__name__}.widgets")
    sys.modules["ctk"] = ctk = types.ModuleType("ctk")
    ctk.ctkCollapsibleButton = widgets.ctkCollapsibleButton
    if _sources() is not None:  # its connectors name widgets of which the panel has none
        ctk.__getattr__ = slicer.__getattr__ = widgets.unusedWidget
    slicer.qMRMLWidget, slicer.qMRMLNodeComboBox = widgets.qMRMLWidget, widgets.qMRMLNodeComboBox
    qt.customWidgets[:] = [widgets.ctkCollapsibleButton, widgets.qMRMLNodeComboBox, widgets.qMRMLWidget]
    slicer.app = Application()
    slicer.modules = types.SimpleNamespace(
        dentaltoposeg=types.SimpleNamespace(path=str(ROOT / MODULE / f"{MODULE}.py")),
        segmentations=_logic(slicer.vtkSlicerSegmentationsModuleLogic()),
        volumes=_logic(slicer.vtkSlicerVolumesLogic()),
        terminologies=_logic(slicer.vtkSlicerTerminologiesModuleLogic()),
    )
    slicer.mrmlScene = scene if scene is not None else slicer.vtkMRMLScene()
    for module in (slicer.modules.segmentations, slicer.modules.volumes):
        module.logic().SetMRMLScene(slicer.mrmlScene)
    _installBaseClasses(slicer)
    return slicer


def _logic(logic) -> types.SimpleNamespace:
    """What `slicer.modules` has of a module with a logic."""
    return types.SimpleNamespace(logic=lambda: logic)


@contextlib.contextmanager
def _withoutOddModules():
    """Hide modules that answer every question with an object of their own (torch.classes and torch.ops, when a test
    collected before has imported torch): PySide6 asks all modules for their source, and these break it."""
    odd = {name: module for name, module in sys.modules.items() if type(module) is not types.ModuleType}
    odd = {name: module for name, module in odd.items() if name.startswith("torch.")}
    for name in odd:
        del sys.modules[name]
    try:
        yield
    finally:
        sys.modules.update(odd)


def _shareProperties() -> None:
    """PySide6 looks up per module whether properties are attributes; -1 means: as the module before, that is qt_names.

    Modules that are imported later and do not name PySide6 get -1 by themselves.
    """
    import __feature__

    for name in sys.modules:
        if name != f"{__name__}.qt_names" and not name.startswith(("PySide6", "shiboken")):
            __feature__.pyside_feature_dict[name] = -1


def _keepNone() -> None:
    """PySide6 6.12 forgets to count a reference to None in every setter: harmless from Python 3.12 on, where None is
    immortal, and the end of the process before."""
    if sys.version_info < (3, 12):
        ctypes.c_ssize_t.from_address(id(None)).value += 1 << 40


def _installBaseClasses(slicer) -> None:
    sources = _sources()
    if sources is not None:
        tree = types.ModuleType("qSlicerSubjectHierarchyModuleWidgetsPythonQt")
        tree.qMRMLSubjectHierarchyTreeView = type("qMRMLSubjectHierarchyTreeView", (), {})
        sys.modules[tree.__name__] = tree
    for name, ours in (
        ("i18n", "i18n"),
        ("parameterNodeWrapper", "parameter_wrapper"),
        ("ScriptedLoadableModule", "scripted_module"),
        ("packaging", None),
    ):
        module = _fromSlicer(sources, name) if sources is not None else None
        if module is None and ours is not None:
            module = importlib.import_module(f"{__name__}.{ours}")
        if module is not None:
            sys.modules[f"slicer.{name}"] = module
            setattr(slicer, name, module)


def _sources() -> Path | None:
    """The folder of Slicer's own Python layer, None where ours is to be used. Raises RuntimeError for another folder:
    what was asked for is not quietly left out."""
    named = os.environ.get(SLICER_PYTHON)
    if not named:
        return None
    needed = ("i18n.py", "parameterNodeWrapper/__init__.py", "ScriptedLoadableModule.py")
    for folder in (Path(named), Path(named) / "slicer"):
        if all((folder / path).is_file() for path in needed):
            return folder
    raise RuntimeError(f"{SLICER_PYTHON}={named} is not the folder Base/Python/slicer of a Slicer checkout.")


def _fromSlicer(folder: Path, name: str):
    """Slicer's own module of this name, None where that version of Slicer has none."""
    for path in (folder / f"{name}.py", folder / name / "__init__.py"):
        if path.is_file():
            places = [str(path.parent)] if path.name == "__init__.py" else None
            spec = importlib.util.spec_from_file_location(f"slicer.{name}", path, submodule_search_locations=places)
            module = importlib.util.module_from_spec(spec)
            sys.modules[spec.name] = module
            spec.loader.exec_module(module)
            return module
    return None


def openPanel(module):
    """The module's panel in a place of its own, set up as Slicer does when the user opens the module."""
    import qt
    import slicer

    parent = slicer.qMRMLWidget()
    parent.setLayout(qt.QVBoxLayout())
    parent.setMRMLScene(slicer.mrmlScene)
    widget = module.DentalTopoSegWidget(parent)
    widget.setup()
    widget.enter()
    return widget


def loadModule():
    """The module's own file, as Slicer loads it: under its name, with its folder on the path."""
    install()
    if MODULE in sys.modules:
        return sys.modules[MODULE]
    return importlib.import_module(MODULE)
