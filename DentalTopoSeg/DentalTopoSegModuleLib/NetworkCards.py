"""What a network is, as a clinician reads it before she chooses it: the card, and the question whether to add it."""

import html

import qt
import slicer
from slicer.i18n import tr as _

#: More structures or teeth than these are counted, not listed.
LISTED_STRUCTURES, LISTED_TEETH = 12, 8


def cardHtml(card, numbering: str = "FDI") -> str:
    """The card of an added network (nnunet.converted.Card)."""
    return _table(
        (
            (_("Trained on"), card.trained_on),
            (_("Finds"), _found(card, numbering)),
            (_("Licence"), card.licence),
            (_("Reference"), card.reference),
            (_("Size"), _sizeText(card.size_bytes)),
        )
    )


def builtInHtml() -> str:
    """The card of the networks that come with the module."""
    from DentalTopoSegLib.networks.models import list_models
    from DentalTopoSegLib.networks.tasks import task_names

    entries = [entry for entry in list_models() if entry["task"] in task_names("volume")]
    return _table(
        (
            (_("Trained on"), _("phantoms built from real patients' teeth")),
            (_("Finds"), _("32 numbered teeth")),
            (_("Licence"), _("research use; see the model card")),
            (_("Size"), _sizeText(sum(entry["size_bytes"] for entry in entries))),
        )
    )


def _table(rows) -> str:
    shown = [
        f"<tr><td style='padding-right: 8px; color: gray;'>{html.escape(name)}</td><td>{html.escape(text)}</td></tr>"
        for name, text in rows
        if text
    ]
    return f"<table>{''.join(shown)}</table>"


def _found(card, numbering: str) -> str:
    from DentalTopoSegLib.scene import tooth_text

    count = len(card.teeth)
    if not count:
        teeth = _("no numbered teeth")
    elif count <= LISTED_TEETH:
        teeth = _("teeth {numbers}").format(numbers=", ".join(tooth_text(fdi, numbering) for fdi in card.teeth))
    else:
        teeth = _("{count} numbered teeth").format(count=count)
    names = ", ".join(card.structures[:LISTED_STRUCTURES])
    rest = len(card.structures) - LISTED_STRUCTURES
    if rest > 0:
        names = _("{names} and {count} more").format(names=names, count=rest)
    return "; ".join(filter(None, (names, teeth)))


def _sizeText(size: int) -> str:
    if size < 1e6:
        return _("{size} kB").format(size=max(1, round(size / 1e3)))
    return _("{size:.1f} MB").format(size=size / 1e6)


def _plainMarkdown(text: str) -> str:
    """Somebody's Markdown without HTML and without pictures, which would be looked up where it says."""
    return text.replace("<", "&lt;").replace("![", "[")


def askForLicence(card, numbering: str, parent) -> bool:
    """Show what a network is and under which licence it comes; True when the user accepts that and wants it added."""
    dialog = LicenceDialog(card, numbering, parent)
    slicer.app.restoreOverrideCursor()  # what was waited for is done
    try:
        return bool(dialog.widget.exec_())
    finally:
        slicer.app.setOverrideCursor(qt.Qt.WaitCursor)
        dialog.widget.deleteLater()


class LicenceDialog:
    """The window with the card, its whole text, the licence, and a box to tick before it can be added."""

    def __init__(self, card, numbering: str, parent) -> None:
        self.widget = qt.QDialog(parent)  # it belongs to the panel: Python must not be its last owner
        self.widget.objectName = "licenceDialog"
        self.widget.windowTitle = _("DentalTopoSeg: add a network")
        layout = qt.QVBoxLayout(self.widget)
        for text in (
            f"<b>{html.escape(card.name)}</b>",
            cardHtml(card, numbering),
            _("Made by others. It was checked that this is whole and nothing but a network, not how well it works: "
              "look at its first results closely."),
        ):  # fmt: skip
            layout.addWidget(self._label(text))
        if card.text:
            whole = qt.QTextEdit()
            whole.readOnly = True
            whole.markdown = _plainMarkdown(card.text)
            whole.minimumHeight = 180
            layout.addWidget(whole)
        layout.addWidget(self._label(_("Its licence: {licence}").format(licence=f"<b>{html.escape(card.licence)}</b>")))
        self.acceptBox = qt.QCheckBox(_("I have read the licence and use the network under its terms"))
        self.acceptBox.objectName = "acceptLicenceBox"
        layout.addWidget(self.acceptBox)
        row = qt.QHBoxLayout()
        row.addStretch(1)
        self.addButton, cancelButton = qt.QPushButton(_("Add")), qt.QPushButton(_("Cancel"))
        self.addButton.objectName, cancelButton.objectName = "acceptNetworkButton", "declineNetworkButton"
        self.addButton.enabled = False
        for button, slot in ((self.addButton, self.widget.accept), (cancelButton, self.widget.reject)):
            row.addWidget(button)
            button.clicked.connect(lambda *_checked, slot=slot: slot())
        layout.addLayout(row)
        self.acceptBox.toggled.connect(self._onAccepted)
        self.widget.minimumWidth = 520

    def _onAccepted(self, accepted) -> None:
        self.addButton.enabled = bool(accepted)

    @staticmethod
    def _label(text: str):
        label = qt.QLabel(text)
        label.wordWrap = True
        return label
