"""The application's views: the dental layout in Slicer's layout menu, and everything at the teeth after a run."""

import slicer
from slicer.i18n import tr as _


def layoutManager():
    """Slicer's layout manager; None without a main window."""
    return slicer.app.layoutManager()


def registerLayout() -> None:
    """Make the dental layout known, and offer it in the layout menu."""
    from DentalTopoSegLib.scene.layouts import DENTAL_LAYOUT, register_dental_layout

    manager = layoutManager()
    if manager is None:
        return
    register_dental_layout(manager.layoutLogic().GetLayoutNode())
    menu = _layoutMenu()
    if menu is not None and not any(action.data() == DENTAL_LAYOUT for action in menu.actions()):
        action = menu.addAction(_("Dental: panoramic, axial, 3D"))
        action.setData(DENTAL_LAYOUT)


def _layoutMenu():
    """The menu of the layout button in Slicer's toolbar, None where there is none."""
    window = slicer.util.mainWindow()
    toolBar = slicer.util.findChild(window, "ViewToolBar") if window is not None else None
    actions = toolBar.actions() if toolBar is not None else []
    return toolBar.widgetForAction(actions[0]).menu() if actions else None


def showDentalLayout() -> bool:
    """Arrange the views; False where there are none."""
    from DentalTopoSegLib.scene.layouts import DENTAL_LAYOUT, register_dental_layout

    manager = layoutManager()
    if manager is None:
        return False
    register_dental_layout(manager.layoutLogic().GetLayoutNode())  # closing a scene may have forgotten it
    manager.setLayout(DENTAL_LAYOUT)
    return True


def arrange(review) -> None:
    """After a run: the dental layout (of jaws the 3D view alone), the scan below the teeth, and all teeth in sight."""
    from DentalTopoSegLib.scene import look_at
    from DentalTopoSegLib.scene.layouts import show_volume
    from DentalTopoSegLib.scene.panoramic import scan_of

    scene, scan = review.nodes[0].GetScene(), scan_of(review)
    manager = layoutManager()
    if scan is not None:
        showDentalLayout()
        show_volume(scene, scan)
    elif manager is not None and review.nodes[0].IsA("vtkMRMLModelNode"):
        manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUp3DView)
    look = review.look_at_all()
    if look is not None:
        look_at(look, scene)


def interactorOf(viewName: str):
    """What takes the mouse events of a slice view, None while there is no such view."""
    manager = layoutManager()
    widget = manager.sliceWidget(viewName) if manager is not None else None
    return widget.sliceView().interactor() if widget is not None else None
