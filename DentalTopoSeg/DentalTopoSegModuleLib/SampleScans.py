"""Scans to try the module with, in Slicer's module Sample Data."""

import os

import slicer
from slicer.i18n import tr as _

CATEGORY = "DentalTopoSeg"
#: Slicer's own data set "CBCT Dental Surgery", the scan before surgery.
_SHA256 = "7bfa16945629c319a439f414cfb7edddd2a97ba97753e12eede3b56a0eb09968"


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


def addPhantom(_source=None):
    """Build a synthetic CBCT with known teeth and add it to the scene; returns the volume nodes: one."""
    from .Library import addLibraryToPath

    addLibraryToPath()
    from DentalTopoSegLib.phantom import make_phantom
    from DentalTopoSegLib.scene.loading import add_volume

    return [add_volume(slicer.mrmlScene, make_phantom(seed=0).image, "Phantom")]
