"""The section Network: which network looks at a CBCT, the built-in ones or one that was added; adding and removing.

Added networks lie in a folder beside Slicer's settings, or in that of the environment variable DENTALTOPOSEG_NETWORKS;
scenes and settings remember the name.
"""

import os
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from . import Messages, Settings
from .LibraryWords import sentenceOf
from .NetworkCards import askForLicence, builtInHtml, cardHtml

_SETTING = "network"


class NetworkPanel:
    """Drives the section's widgets. onChanged() is called when the user has chosen another network."""

    def __init__(self, ui, onChanged) -> None:
        self.ui = ui
        self.parameters = None
        self.installed = []
        self._onChanged = onChanged
        self._updating = False
        menu = qt.QMenu(ui.addNetworkButton)
        self.addZipAction = menu.addAction(_("From a zip ..."))
        self.addFolderAction = menu.addAction(_("From a folder ..."))
        ui.addNetworkButton.setMenu(menu)
        self.addZipAction.triggered.connect(lambda *_checked: self.onChooseZip())
        self.addFolderAction.triggered.connect(lambda *_checked: self.onChooseFolder())
        ui.removeNetworkButton.clicked.connect(lambda *_checked: self.onRemove())
        ui.networkComboBox.currentIndexChanged.connect(lambda *_index: self.onChoose())
        Messages.show(ui.networkMessageLabel, "")
        self.refresh()

    # ---------------------------------------------------------------- which network

    def setParameters(self, parameters) -> None:
        """The wrapped parameter node of the scene, or None while there is none."""
        self.parameters = parameters
        self.refresh()

    def remembered(self) -> str:
        """The network of the last session, "" for the built-in ones; one that is gone is none."""
        name = Settings.remembered(_SETTING, "")
        return name if any(one.name == name for one in self.installed) else ""

    def models(self) -> str | None:
        """The folder of the chosen network, for a job; None for the built-in ones. Raises a DentalTopoSegError for one
        that is damaged, or was not added on this computer."""
        from DentalTopoSegLib.nnunet.installed import find_network

        name = self._chosen()
        return str(find_network(name, networksFolder()).folder) if name else None

    @property
    def isBuiltIn(self) -> bool:
        """Whether the built-in networks look at a CBCT."""
        return not self._chosen()

    def onChoose(self) -> None:
        """The user has chosen a network from the list."""
        if self._updating or self.parameters is None:
            return
        self.parameters.network = self.ui.networkComboBox.itemData(self.ui.networkComboBox.currentIndex) or ""
        Messages.show(self.ui.networkMessageLabel, "")
        self.update()
        self._onChanged()

    def _chosen(self) -> str:
        return self.parameters.network if self.parameters is not None else ""

    # ---------------------------------------------------------------- adding and removing

    def onChooseZip(self) -> None:
        """Let the user choose a zip, and add it."""
        chosen = qt.QFileDialog.getOpenFileName(
            self.ui.addNetworkButton, _("Choose the zip of a network"), "", _("Zip of a network (*.zip)")
        )
        path = chosen[0] if isinstance(chosen, tuple) else chosen  # bindings differ in whether the filter comes too
        if path:
            self.add(path)

    def onChooseFolder(self) -> None:
        """Let the user choose a folder, and add it."""
        path = qt.QFileDialog.getExistingDirectory(self.ui.addNetworkButton, _("Choose the folder of a network"), "")
        if path:
            self.add(path)

    def add(self, path: str) -> None:
        """Check a folder or zip, ask for the licence, add and choose it; or say in one sentence why not."""
        from DentalTopoSegLib.errors import DentalTopoSegError
        from DentalTopoSegLib.nnunet.installed import add_network

        Messages.show(self.ui.networkMessageLabel, "")
        slicer.app.setOverrideCursor(qt.Qt.WaitCursor)
        try:
            added = add_network(path, self._ask, networksFolder())
        except DentalTopoSegError as error:
            Messages.show(self.ui.networkMessageLabel, sentenceOf(error), "error")
            return
        finally:
            slicer.app.restoreOverrideCursor()
        if added is None:
            Messages.show(self.ui.networkMessageLabel, _("Nothing was added."))
            return
        if self.parameters is not None:
            self.parameters.network = added.name
        self.refresh()
        Messages.show(self.ui.networkMessageLabel, _("'{name}' was added.").format(name=added.name), "done")
        self._onChanged()

    def _ask(self, card) -> bool:
        return askForLicence(card, self._numbering(), self.ui.addNetworkButton)

    def onRemove(self) -> None:
        """Remove the chosen network after the user has agreed; the built-in ones are chosen then."""
        from DentalTopoSegLib.errors import DentalTopoSegError
        from DentalTopoSegLib.nnunet.installed import remove_network

        name = self._chosen()
        question = _("Remove the network '{name}' from this computer? Results that it made stay.").format(name=name)
        if not slicer.util.confirmOkCancelDisplay(question, windowTitle=_("DentalTopoSeg: remove a network")):
            return
        try:
            remove_network(name, networksFolder())
        except DentalTopoSegError as error:
            Messages.show(self.ui.networkMessageLabel, sentenceOf(error), "error")
            return
        self.parameters.network = ""
        self.refresh()
        Messages.show(self.ui.networkMessageLabel, _("'{name}' was removed.").format(name=name), "done")
        self._onChanged()

    # ---------------------------------------------------------------- showing

    def refresh(self) -> None:
        """Look anew which networks were added, and show them."""
        from DentalTopoSegLib.errors import DentalTopoSegError
        from DentalTopoSegLib.nnunet.installed import installed_networks

        try:
            self.installed = installed_networks(networksFolder())
        except DentalTopoSegError as error:
            self.installed = []
            Messages.show(self.ui.networkMessageLabel, sentenceOf(error), "error")
        self.update()

    def update(self) -> None:
        """Show the chosen network and its card."""
        name = self._chosen()
        one = next((one for one in self.installed if one.name == name), None)
        if self.parameters is not None and (not name or one is not None):
            Settings.remember(_SETTING, name)
        self._fill(name)
        self.ui.networkCollapsibleButton.text = (
            _("Network: {name}").format(name=name) if name else _("Network: built in")
        )
        if not name:
            self.ui.networkCardLabel.text = builtInHtml()
        elif one is None:
            text = _("'{name}' was not added on this computer: add it, or choose another network.")
            self.ui.networkCardLabel.text = text.format(name=name)
        elif one.card is None:
            self.ui.networkCardLabel.text = one.problem
        else:
            self.ui.networkCardLabel.text = cardHtml(one.card, self._numbering())
        self.ui.removeNetworkButton.enabled = one is not None

    def _fill(self, name: str) -> None:
        """The list: the built-in ones first, then those that were added, then a chosen one that is not there."""
        items = [(_("Built in: teeth in CBCT"), "")]
        for one in self.installed:
            items.append((one.name if one.card is not None else _("{name} (damaged)").format(name=one.name), one.name))
        if name and all(key != name for _text, key in items):
            items.append((_("{name} (not on this computer)").format(name=name), name))
        box = self.ui.networkComboBox
        self._updating = True
        try:
            if [(box.itemText(i), box.itemData(i)) for i in range(box.count)] != items:
                box.clear()
                for text, key in items:
                    box.addItem(text, key)
            box.currentIndex = next(i for i, (_text, key) in enumerate(items) if key == name)
        finally:
            self._updating = False

    def _numbering(self) -> str:
        return self.parameters.numbering.value if self.parameters is not None else "FDI"

    def setRunning(self, running: bool) -> None:
        """While a scan is segmented its network stays."""
        for widget in (self.ui.networkComboBox, self.ui.addNetworkButton):
            widget.enabled = not running
        chosen = any(one.name == self._chosen() for one in self.installed)
        self.ui.removeNetworkButton.enabled = chosen and not running


def networksFolder() -> Path:
    """Where added networks lie."""
    from DentalTopoSegLib.nnunet.installed import VARIABLE

    named = os.environ.get(VARIABLE)
    return Path(named) if named else Path(qt.QSettings().fileName()).parent / "DentalTopoSeg" / "networks"
