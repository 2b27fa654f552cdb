"""Scans to try the module with, in Slicer's module Sample Data."""

import os
import shutil
import tempfile
import time
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from .Library import addLibraryToPath
from .Processes import ChildProcess, failedToStart

CATEGORY = "DentalTopoSeg"
#: Slicer's own data set "CBCT Dental Surgery", the scan before surgery.
_SHA256 = "7bfa16945629c319a439f414cfb7edddd2a97ba97753e12eede3b56a0eb09968"
#: Made in a second, and most of its teeth are found: for tests.
_SMALL = {"seed": 3, "spacing_mm": 0.8, "fov_mm": (72.0, 60.0, 56.0), "missing": (18, 28, 38, 48)}


def register(iconFolder: str) -> None:
    """Add the scans to Sample Data; does nothing where Slicer has no such module."""
    try:
        import SampleData
    except ImportError:
        return
    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category=CATEGORY,
        sampleName="CBCTPreDentalSurgery",
        uris=f"{slicer.util.TESTING_DATA_URL}SHA256/{_SHA256}",
        fileNames="PreDentalSurgery.gipl.gz",
        nodeNames="PreDentalSurgery",
        checksums=f"SHA256:{_SHA256}",
        thumbnailFileName=os.path.join(iconFolder, "CBCTPreDentalSurgery.png"),
    )
    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category=CATEGORY,
        sampleName=_("Phantom (no download)"),
        customDownloader=addPhantom,
        thumbnailFileName=os.path.join(iconFolder, "Phantom.png"),
    )


def addPhantom(_source=None) -> list:
    """Build a synthetic CBCT with known teeth and add it to the scene, the window staying alive meanwhile.

    Returns the volume nodes: one, none where the user cancelled or was told of a failure.
    """
    folder = Path(tempfile.mkdtemp(prefix="dentaltoposeg-"))
    try:
        path = folder / "phantom.nrrd"
        problem = _makePhantom(path)
        if problem:
            slicer.util.errorDisplay(problem, windowTitle=_("DentalTopoSeg: phantom"))
        return [_load(path)] if path.is_file() and not problem else []
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def addSmallPhantom():
    """A coarse phantom of a second's work, built here and now; returns its volume node."""
    addLibraryToPath()
    from DentalTopoSegLib.phantom import make_phantom
    from DentalTopoSegLib.scene.loading import add_volume

    return add_volume(slicer.mrmlScene, make_phantom(**_SMALL).image, "Phantom")


def _makePhantom(path: Path) -> str:
    """Have a child process write the phantom; returns one sentence about a failure, else nothing."""
    ended, said = [], []
    child = ChildProcess(
        ["DentalTopoSegLib.phantom", str(path)], lambda *how: ended.append(how), lambda text: None, said.append
    )
    dialog = slicer.util.createProgressDialog(
        maximum=0,  # busy: nobody knows how long it takes
        labelText=_("Building a phantom scan (5 to 15 seconds) ..."),
        windowTitle=_("DentalTopoSeg: phantom"),
        windowModality=qt.Qt.ApplicationModal,
    )
    try:
        child.start()
        while not ended and not dialog.wasCanceled:
            slicer.app.processEvents()
            time.sleep(0.02)
    finally:
        child.kill()
        child.abandon()
        dialog.close()
        dialog.deleteLater()
    if not ended:
        return ""
    started, code = ended[0]
    if not started:
        return failedToStart()
    if code == 0:
        return ""
    lines = "".join(said).strip().splitlines() or [_("it ended without a word")]
    return _("The phantom could not be made ({reason}).").format(reason=lines[-1])


def _load(path: Path):
    addLibraryToPath()
    from DentalTopoSegLib.files.volumes import read_volume
    from DentalTopoSegLib.scene.loading import add_volume

    return add_volume(slicer.mrmlScene, read_volume(path)[0], "Phantom")
