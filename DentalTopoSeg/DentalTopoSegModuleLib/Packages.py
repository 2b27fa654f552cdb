"""The few Python packages the module needs: asked for once, on first use, with what they are and how large."""

import contextlib
import logging
import os
from importlib import metadata
from pathlib import Path

import slicer
from slicer.i18n import tr as _

from .LibraryWords import WORDS

#: The size of each package's download with what it brings along (rounded up). Those of export formats are told
#: by the format.
MEGABYTES = {"onnxruntime": 28, "fpsample": 1, "openvino": 60}
#: What OpenVINO needs, where it is chosen.
OPENVINO = "openvino>=2026.4"
#: What only intraoral scans need.
SURFACE_PACKAGES = ("fpsample",)
#: Other builds of a package: where one is there, the package itself must not be installed beside it.
ALTERNATIVES = {"onnxruntime": ("onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino")}


class PackagesDeclinedError(RuntimeError):
    """The user does not want the packages installed; nothing was changed."""


def requirements(path: str, surfaces: bool = True) -> list:
    """The lines of requirements.txt that name a package; surfaces: with those that only intraoral scans need."""
    lines = (line.strip() for line in Path(path).read_text(encoding="utf-8").splitlines())
    wanted = [line for line in lines if line and not line.startswith("#")]
    return [line for line in wanted if surfaces or nameOf(line) not in SURFACE_PACKAGES]


def missing(wanted: list) -> list:
    """Those of the requirements that are absent or too old."""
    return [requirement for requirement in wanted if not _isSatisfied(requirement)]


def ensurePackages(needed: list) -> None:
    """Install what is missing of these requirements after the user agreed.

    Raises PackagesDeclinedError if she did not, RuntimeError with one sentence when the installation failed.
    """
    wanted = missing(needed)
    if not wanted:
        return
    if not slicer.util.confirmOkCancelDisplay(question(wanted), windowTitle=_("DentalTopoSeg: Python packages")):
        names = _(" and ").join(nameOf(requirement) for requirement in wanted)
        raise PackagesDeclinedError(
            _("This needs {packages}: press the button again when it may be installed.").format(packages=names)
        )
    try:
        _install(wanted)
    except Exception as error:  # pip's own errors, a proxy, no network: for the user they are one
        logging.exception("Installing %s failed", ", ".join(wanted))
        raise RuntimeError(
            _("The packages could not be installed ({reason}): check the internet connection, or ask who looks after "
              "this computer to allow pypi.org.").format(reason=error)
        ) from error  # fmt: skip
    if missing(wanted):
        raise RuntimeError(_("The packages were installed but are not found: restart Slicer and try again."))


def question(wanted: list) -> str:
    """What the user is asked."""
    from DentalTopoSegLib.exports import FORMATS
    from DentalTopoSegLib.files.meshes.hps import OPEN3SDCM
    from DentalTopoSegLib.fusion.pose import SMALL_GICP

    needed = (OPEN3SDCM, SMALL_GICP, *(package for kind in FORMATS for package in kind.packages))
    purposes = {
        "onnxruntime": _("runs the networks on the processor"),
        "fpsample": _("samples the points of intraoral scans"),
        "openvino": _("runs the networks quicker on Intel and AMD processors"),
    }
    sizes = dict(MEGABYTES)
    for package in needed:
        purposes[nameOf(package.requirement)] = WORDS.gettext(package.purpose)
        sizes[nameOf(package.requirement)] = package.megabytes
    lines = []
    total = 0
    for requirement in wanted:
        purpose, size = purposes.get(nameOf(requirement), ""), sizes.get(nameOf(requirement), 5)
        total += size
        lines.append(f"- {requirement} ({_('about {size} MB').format(size=size)}): {purpose}")
    return "\n".join(
        (
            _("DentalTopoSeg needs these packages in Slicer's Python, once:"),
            *lines,
            "",
            _("Together about {total} MB from pypi.org. No torch, no graphics card software; your scans are not sent "
              "anywhere. Install them now?").format(total=total),
        )
    )  # fmt: skip


def nameOf(requirement: str) -> str:
    """ "onnxruntime" of "onnxruntime>=1.18"."""
    from packaging.requirements import Requirement

    return Requirement(requirement).name


def _isSatisfied(requirement: str) -> bool:
    from packaging.requirements import Requirement

    wanted = Requirement(requirement)
    for name in (wanted.name, *ALTERNATIVES.get(wanted.name, ())):
        try:
            if wanted.specifier.contains(metadata.version(name), prereleases=True):
                return True
        except metadata.PackageNotFoundError:
            continue
    return False


def _install(wanted: list) -> None:
    """Through slicer.packaging (5.12 and later: with a progress window), else slicer.util.pip_install."""
    with _wheelsOnly():
        try:
            from slicer.packaging import pip_ensure
        except ImportError:
            slicer.util.pip_install(wanted)
            return
        pip_ensure(wanted, prompt_install=False, requester="DentalTopoSeg")


@contextlib.contextmanager
def _wheelsOnly():
    """pip takes the newest version that needs no compiler: a clinic's computer has none."""
    before = os.environ.get("PIP_ONLY_BINARY")
    os.environ["PIP_ONLY_BINARY"] = ":all:"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PIP_ONLY_BINARY"]
        else:
            os.environ["PIP_ONLY_BINARY"] = before
