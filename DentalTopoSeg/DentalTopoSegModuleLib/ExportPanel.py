"""The section Export: which formats, where to, and what was written."""

import html
from pathlib import Path

import qt
from slicer.i18n import tr as _

from . import Messages, Settings
from .Exporting import DEFAULT_NAME, DicomSource, Exporter, dicomSourceOf, scanOf
from .LibraryWords import WORDS, sentenceOf
from .Packages import PackagesDeclinedError, ensurePackages

_IN_A_ROW = 4  # formats beside each other: more do not fit a narrow panel
_FIRST_CHOICE = "stl seg.nrrd html"


def rows() -> list:
    """The form: heading, and the formats of the library in each row."""
    from DentalTopoSegLib.exports import FORMATS, Group

    headings = {Group.SURFACES: _("Per tooth:"), Group.VOXELS: _("Voxels:"), Group.REPORT: _("Report:")}
    return [(text, [kind for kind in FORMATS if kind.group is group]) for group, text in headings.items()]


class ExportPanel:
    """Drives the widgets of the section Export."""

    def __init__(self, ui, reviewPanel) -> None:
        self.ui = ui
        self._reviewPanel = reviewPanel
        reviewPanel.refreshed.append(self.update)
        self.exporter = Exporter(self.onProgress, self.onFinished)
        self.boxes = {}
        self._dicomFolders = {}  # of scans that were loaded from elsewhere, by the volume's id
        self._build()
        ui.exportFolderEdit.text = Settings.remembered("exportFolder", "")
        ui.exportFolderEdit.textChanged.connect(lambda *_text: self.update())
        ui.exportNameEdit.placeholderText = DEFAULT_NAME
        ui.exportFolderButton.clicked.connect(lambda *_checked: self.onChooseFolder())
        ui.dicomFolderButton.clicked.connect(lambda *_checked: self.onChooseDicomFolder())
        ui.exportButton.clicked.connect(lambda *_checked: self.onExportButton())
        Messages.show(ui.exportMessageLabel, "")
        self.update()

    def _build(self) -> None:
        remembered = Settings.remembered("exportFormats", _FIRST_CHOICE).split()
        layout = self.ui.exportFormatsPlace.layout()
        row = 0
        for heading, formats in rows():
            layout.addWidget(qt.QLabel(heading), row, 0)
            for place, kind in enumerate(formats):
                box = qt.QCheckBox(WORDS.gettext(kind.title))
                box.objectName = f"export_{kind.name}"
                box.toolTip = WORDS.gettext(kind.purpose)
                box.checked = kind.name in remembered
                box.toggled.connect(lambda *_checked: self.update())
                layout.addWidget(box, row + place // _IN_A_ROW, 1 + place % _IN_A_ROW)
                self.boxes[kind.name] = box
            row += -(-len(formats) // _IN_A_ROW)

    def update(self) -> None:
        """Show what can be exported now."""
        from DentalTopoSegLib.exports import Scan, export_format

        review = self._reviewPanel.review
        surfaces = review is not None and review.nodes[0].IsA("vtkMRMLModelNode")
        scan = scanOf(review) if review is not None else None
        dicom = self.dicomSource()
        self.ui.dicomFolderButton.visible = scan is not None and dicomSourceOf(scan) is None
        self.ui.dicomFolderButton.toolTip = dicom.path if dicom is not None else ""
        for name, box in self.boxes.items():
            kind = export_format(name)
            box.enabled = kind.jaws or not surfaces
            if kind.scan is Scan.DICOM_NEEDED:
                box.enabled = box.enabled and (review is None or dicom is not None)
                without = _(
                    "Needs the DICOM files of the scan: load it from Slicer's DICOM database, or say where they are."
                )
                box.toolTip = WORDS.gettext(kind.purpose) if box.enabled else without
        running = self.exporter.isRunning
        ready = review is not None and bool(self.formats()) and bool(self.ui.exportFolderEdit.text.strip())
        self.ui.exportButton.enabled = running or ready
        self.ui.exportButton.text = _("Cancel") if running else _("Export")
        if review is None:
            hint = _("Choose a result above first.")
        elif not self.formats():
            hint = _("Choose at least one format.")
        else:
            hint = "" if ready else _("Choose a folder first.")
        self.ui.exportButton.toolTip = hint

    def formats(self) -> list:
        """The formats that are chosen and possible."""
        return [kind for kind, box in self.boxes.items() if box.checked and box.enabled]

    def dicomSource(self):
        """Where the DICOM files of the reviewed scan are, as the user or Slicer knows it; None where nobody does."""
        review = self._reviewPanel.review
        scan = scanOf(review) if review is not None else None
        if scan is None:
            return None
        chosen = self._dicomFolders.get(scan.GetID())
        return dicomSourceOf(scan) or (DicomSource(chosen) if chosen else None)

    def onChooseDicomFolder(self) -> None:
        """Let the user say where the DICOM files of the scan are; whether they are its own is seen at the export."""
        review = self._reviewPanel.review
        scan = scanOf(review) if review is not None else None
        if scan is None:
            return
        folder = qt.QFileDialog.getExistingDirectory(
            self.ui.exportFolderEdit, _("Folder with the DICOM files of this scan"), self.ui.exportFolderEdit.text
        )
        if folder:
            self._dicomFolders[scan.GetID()] = folder
            self.update()

    def onChooseFolder(self) -> None:
        """Let the user choose the folder."""
        folder = qt.QFileDialog.getExistingDirectory(
            self.ui.exportFolderEdit, _("Folder for the exported files"), self.ui.exportFolderEdit.text
        )
        if folder:
            self.ui.exportFolderEdit.text = folder

    def onExportButton(self) -> None:
        """Export, or Cancel while it runs."""
        from DentalTopoSegLib.errors import DentalTopoSegError
        from DentalTopoSegLib.exports import export_format

        if self.exporter.isRunning:
            self.exporter.cancel()
            return
        formats, folder = self.formats(), self.ui.exportFolderEdit.text.strip()
        Settings.remember("exportFormats", " ".join(kind for kind, box in self.boxes.items() if box.checked))
        Settings.remember("exportFolder", folder)
        try:
            packages = {package.requirement for kind in formats for package in export_format(kind).packages}
            ensurePackages(sorted(packages))
            name = self.ui.exportNameEdit.text.strip()
            self.exporter.start(self._reviewPanel.review, formats, Path(folder), name, self.dicomSource())
        except (DentalTopoSegError, PackagesDeclinedError, RuntimeError, OSError) as error:
            Messages.show(self.ui.exportMessageLabel, sentenceOf(error), "error")
        self.update()

    def onProgress(self, done: int, total: int, kind: str) -> None:
        """Say which format is being written."""
        text = _("Writing {format} ({n} of {total}) ...").format(format=kind, n=done + 1, total=total)
        Messages.show(self.ui.exportMessageLabel, text)

    def onFinished(self, exported) -> None:
        """Say what was written, and what could not be."""
        folder = Path(self.ui.exportFolderEdit.text.strip())
        parts = []
        if exported.files:
            link = f'<a href="{qt.QUrl.fromLocalFile(str(folder)).toString()}">{folder.name or folder}</a>'
            count = len(exported.files)
            written = _("{count} file written to {folder}.") if count == 1 else _("{count} files written to {folder}.")
            parts.append(written.format(count=count, folder=link))
        if exported.cancelled:
            parts.append(_("Stopped."))
        if exported.left:
            names = ", ".join(html.escape(name) for name in exported.left)
            parts.append(_("Of an earlier export, and no longer in this result: {names}.").format(names=names))
        parts += exported.problems
        Messages.show(self.ui.exportMessageLabel, "<br>".join(parts), "error" if exported.problems else "done")
        self.update()

    def close(self) -> None:
        """The module goes away: stop."""
        self.exporter.cancel()
