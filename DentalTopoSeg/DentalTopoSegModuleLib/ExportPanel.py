"""The section Export: which formats, where to, and what was written."""

from pathlib import Path

import qt
from slicer.i18n import tr as _

from . import Messages, Settings
from .Exporting import DEFAULT_NAME, PACKAGES, VOXEL_FORMATS, Exporter, dicomSourceOf, scanOf
from .Packages import PackagesDeclinedError, ensurePackages

_FIRST_CHOICE = "stl seg.nrrd html"


def rows() -> tuple:
    """The form: heading, and (format of the library, what it is called, tool tip) of each box."""
    return (
        (
            _("Per tooth:"),
            (
                ("stl", "STL", _("for 3D printing and planning programs")),
                ("obj", "OBJ", _("for programs that read no STL")),
                ("ply", "PLY", _("with the teeth's colours")),
                ("glb", "GLB", _("one file with all teeth, for viewers and web pages")),
            ),
        ),
        (
            _("Voxels:"),
            (
                ("nifti", "NIfTI", _("label map, value = FDI number")),
                ("seg.nrrd", "seg.nrrd", _("segmentation of 3D Slicer with names, colours and codes")),
                ("dicom-seg", "DICOM SEG", _("for the picture archive; carries the patient's data of the scan")),
            ),
        ),
        (
            _("Report:"),
            (
                ("html", _("Web page"), _("with pictures, to read and to print")),
                ("csv", "CSV", _("tables for a spreadsheet")),
                ("json", "JSON", _("for programs")),
            ),
        ),
    )


class ExportPanel:
    """Drives the widgets of the section Export."""

    def __init__(self, ui, reviewPanel) -> None:
        self.ui = ui
        self._reviewPanel = reviewPanel
        reviewPanel.onRefreshed = self.update
        self.exporter = Exporter(self.onProgress, self.onFinished)
        self.boxes = {}
        self._build()
        ui.exportFolderEdit.text = Settings.remembered("exportFolder", "")
        ui.exportFolderEdit.textChanged.connect(lambda *_text: self.update())
        ui.exportNameEdit.placeholderText = DEFAULT_NAME
        ui.exportFolderButton.clicked.connect(lambda *_checked: self.onChooseFolder())
        ui.exportButton.clicked.connect(lambda *_checked: self.onExportButton())
        Messages.show(ui.exportMessageLabel, "")
        self.update()

    def _build(self) -> None:
        chosen = Settings.remembered("exportFormats", _FIRST_CHOICE).split()
        layout = self.ui.exportFormatsPlace.layout()
        for row, (heading, formats) in enumerate(rows()):
            layout.addWidget(qt.QLabel(heading), row, 0)
            for column, (kind, text, toolTip) in enumerate(formats, start=1):
                box = qt.QCheckBox(text)
                box.objectName = f"export_{kind}"
                box.toolTip = toolTip
                box.checked = kind in chosen
                box.toggled.connect(lambda *_checked: self.update())
                layout.addWidget(box, row, column)
                self.boxes[kind] = box

    def update(self) -> None:
        """Show what can be exported now."""
        review = self._reviewPanel.review
        surfaces = review is not None and review.nodes[0].IsA("vtkMRMLModelNode")
        for kind in VOXEL_FORMATS:
            self.boxes[kind].enabled = not surfaces
        dicom = self.boxes["dicom-seg"]
        if review is not None and not surfaces and dicomSourceOf(scanOf(review)) is None:
            dicom.enabled = False
            dicom.toolTip = _("Only for scans that were loaded from Slicer's DICOM database.")
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

        if self.exporter.isRunning:
            self.exporter.cancel()
            return
        formats, folder = self.formats(), self.ui.exportFolderEdit.text.strip()
        Settings.remember("exportFormats", " ".join(kind for kind, box in self.boxes.items() if box.checked))
        Settings.remember("exportFolder", folder)
        try:
            ensurePackages(sorted({package for kind in formats for package in PACKAGES.get(kind, [])}))
            self.exporter.start(self._reviewPanel.review, formats, Path(folder), self.ui.exportNameEdit.text.strip())
        except (DentalTopoSegError, PackagesDeclinedError, RuntimeError, OSError) as error:
            Messages.show(self.ui.exportMessageLabel, str(error), "error")
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
            parts.append(_("{count} files written to {folder}.").format(count=len(exported.files), folder=link))
        if exported.cancelled:
            parts.append(_("Stopped."))
        parts += exported.problems
        Messages.show(self.ui.exportMessageLabel, "<br>".join(parts), "error" if exported.problems else "done")
        self.update()

    def close(self) -> None:
        """The module goes away: stop."""
        self.exporter.cancel()
