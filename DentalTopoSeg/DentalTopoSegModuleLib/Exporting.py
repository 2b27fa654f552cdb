"""A reviewed result into files, by the library's own command in child processes, so that the panel stays usable.

What is exported is the dentition as it is now, repairs and edits included. Formats are written one after the other,
each whole or not at all.
"""

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import slicer
from slicer.i18n import tr as _

from .LibraryWords import WORDS
from .Processes import ChildProcess, failedToStart

DEFAULT_NAME = "scan"


@dataclass
class Exported:
    """files: what was written. left: names of files of an earlier export that are not of this one. problems: one
    sentence per format that could not be."""

    files: list = field(default_factory=list)
    left: list = field(default_factory=list)
    problems: list = field(default_factory=list)
    cancelled: bool = False


@dataclass(frozen=True)
class DicomSource:
    """Where the DICOM files of a volume are. path: their folder; series: its SeriesInstanceUID, "" where the folder is
    to hold a single one."""

    path: str
    series: str = ""


def scanOf(review):
    """The volume a segmentation was made on, or None."""
    node = review.nodes[0]
    if not node.IsA("vtkMRMLSegmentationNode"):
        return None
    return node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole())


def dicomSourceOf(volume):
    """The DICOM files a volume was loaded from, by the DICOM database or by themselves; None where it came from
    elsewhere or they are gone."""
    if volume is None:
        return None
    uids = (volume.GetAttribute("DICOM.instanceUIDs") or "").split()
    database = getattr(slicer, "dicomDatabase", None)
    path = database.fileForInstance(uids[0]) if uids and database is not None else ""
    if path and Path(path).is_file():
        return DicomSource(str(Path(path).parent), database.instanceValue(uids[0], "0020,000E"))
    storage = volume.GetStorageNode()
    return _ofFile(storage.GetFileName()) if storage is not None else None


def _ofFile(name):
    """The series of a DICOM file that was loaded without the database, None for another kind of file."""
    from DentalTopoSegLib.files.volumes.dicom import is_dicom_file, read_source_header

    path = Path(name or "")
    if not path.is_file() or not is_dicom_file(path):
        return None
    return DicomSource(str(path.parent), str(read_source_header(path).SeriesInstanceUID))


class Exporter:
    """One export at a time. onProgress(done, total, format); onFinished(Exported)."""

    def __init__(self, onProgress: Callable, onFinished: Callable) -> None:
        self._onProgress, self._onFinished = onProgress, onFinished
        self._child = None
        self._forget()

    def _forget(self) -> None:
        self._commands: list = []
        self._exported = Exported()
        self._workspace = self._folder = None
        self._done = 0
        self._output = self._errorOutput = ""

    @property
    def isRunning(self) -> bool:
        return self._child is not None

    def start(self, review, formats: list, folder: Path, name: str, dicom=None) -> None:
        """Write the reviewed dentition in these formats into a folder; name: what the files' names begin with; dicom:
        the DicomSource of the scan, for formats that need it.

        Raises a DentalTopoSegError when the result cannot be handed over.
        """
        if self.isRunning:
            raise RuntimeError(_("An export is running already."))
        self._forget()
        self._workspace = Path(tempfile.mkdtemp(prefix="dentaltoposeg-"))
        try:
            results, scan = self._handOver(review, name, formats)
        except BaseException:
            self._discard()
            raise
        absent = review.stated.absent
        for result in results:
            for kind in formats:
                self._commands.append((kind, result, _arguments(kind, result, folder, scan, dicom, absent)))
        self._folder = folder
        self._next()

    def cancel(self) -> None:
        """Stop; formats that are written already stay."""
        if not self.isRunning:
            return
        child, self._child = self._child, None
        child.kill()
        child.abandon()
        self._exported.cancelled = True
        self._finish()

    # ---------------------------------------------------------------- what is handed to the command

    def _handOver(self, review, name: str, formats: list) -> tuple:
        """([files that hold the result], the scan's file or None)"""
        from DentalTopoSegLib.exports import Scan, export_format
        from DentalTopoSegLib.files.seg_nrrd import write_seg_nrrd
        from DentalTopoSegLib.files.structures import write_known_structures
        from DentalTopoSegLib.files.volumes import safe_stem

        name = safe_stem(name or DEFAULT_NAME)
        if review.nodes[0].IsA("vtkMRMLModelNode"):
            jaws = zip(review.nodes, review.jaws, strict=True)
            return [self._writeJaw(node, jaw, name) for node, jaw in jaws], None
        path = self._workspace / f"{name}_teeth.seg.nrrd"
        write_seg_nrrd(review.labels(), path, review.confidences(), review.known())
        around = review.structures()
        if around is not None:
            write_known_structures(around, self._workspace / f"{name}_structures.seg.nrrd")
        shown = any(export_format(kind).scan is Scan.SHOWN for kind in formats)
        return [path], self._writeScan(review) if shown else None

    def _writeScan(self, review):
        from DentalTopoSegLib.scene import SceneError, prepare_job

        volume = scanOf(review)
        if volume is None:
            return None
        try:
            job = prepare_job([volume], folder=self._workspace)
        except SceneError:  # the page has 3D pictures then, and no slices
            return None
        return job.job["inputs"][0]

    def _writeJaw(self, node, jaw, name: str) -> Path:
        from vtk.util.numpy_support import vtk_to_numpy

        from DentalTopoSegLib.files.jaw_labels import write_labelled_mesh
        from DentalTopoSegLib.files.meshes import Mesh

        surface = node.GetPolyData()
        # Slicer's models are RAS; in files they are LPS, as the scan's own file was
        points = vtk_to_numpy(surface.GetPoints().GetData()).astype(float) * (-1.0, -1.0, 1.0)
        faces = vtk_to_numpy(surface.GetPolys().GetConnectivityArray()).reshape(-1, 3).astype(np.int32)
        path = self._workspace / f"{name}_{jaw.jaw}.vtp"
        return write_labelled_mesh(path, Mesh(points, faces, path.stem, np.arange(len(points), dtype=np.int32)), jaw)

    # ---------------------------------------------------------------- one format after the other

    def _next(self) -> None:
        if self._done == len(self._commands):
            self._finish()
            return
        kind, _result, arguments = self._commands[self._done]
        self._onProgress(self._done, len(self._commands), kind)
        self._output = self._errorOutput = ""
        command = ["DentalTopoSegLib", *arguments]
        self._child = ChildProcess(command, self._onEnded, self._onOutput, self._onErrorOutput)
        self._child.start()

    def _onOutput(self, text: str) -> None:
        self._output += text

    def _onErrorOutput(self, text: str) -> None:
        self._errorOutput += text

    def _onEnded(self, started: bool, code: int) -> None:
        from DentalTopoSegLib.exports import export_format
        from DentalTopoSegLib.exports.registry import left_from_before

        self._child = None
        if not started:
            self._exported.problems.append(failedToStart())
            self._finish()
            return
        kind, result, _command = self._commands[self._done]
        if code != 0:
            lines = self._errorOutput.strip().splitlines()
            last = lines[-1].removeprefix("dentaltoposeg: ") if lines else _("it ended without a word")
            self._exported.problems.append(f"{kind}: {last}")
        else:
            files = list(json.loads(self._output)["files"].values())
            self._exported.files += files
            name = result.name.removesuffix(".vtp").removesuffix("_teeth.seg.nrrd")
            self._exported.left += left_from_before(name, self._folder, export_format(kind), files)
        self._done += 1
        self._next()

    def _finish(self) -> None:
        exported = self._exported
        self._discard()
        self._onFinished(exported)

    def _discard(self) -> None:
        workspace, self._workspace = self._workspace, None
        if workspace is not None:
            shutil.rmtree(workspace, ignore_errors=True)


def _arguments(name: str, result: Path, folder: Path, scan, dicom, absent=()) -> list:
    """Of the command that writes one format."""
    from DentalTopoSegLib.exports import Scan, export_format
    from DentalTopoSegLib.reports.languages import LANGUAGE_CODE

    kind = export_format(name)
    arguments = ["export", str(result), "-o", str(folder), "--format", name, "--json", "--quiet"]
    if absent:
        arguments += ["--absent", ",".join(map(str, sorted(absent)))]
    if kind.scan is Scan.DICOM_NEEDED and dicom is not None:
        arguments += ["--scan", dicom.path]
        arguments += ["--series", dicom.series] if dicom.series else []
    elif kind.scan is Scan.SHOWN:
        arguments += ["--language", WORDS.gettext(LANGUAGE_CODE.text)]
        arguments += [] if scan is None else ["--scan", scan]
    return arguments
