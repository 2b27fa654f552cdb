"""The folder of a case: the scans of its jaws, told apart by their names."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

from ..errors import InputError
from ..files.hps import is_hps_file
from ..files.meshes import MESH_SUFFIXES
from ..files.names import one_line
from ..files.volumes import SCAN_SUFFIXES
from ..files.volumes.dicom import is_dicom_file
from .job import PAIR, Job

#: What scanners call the jaws: UpperJawScan.dcm, case_Mandibular.stl, OK.ply.
_WORDS = {
    "upper": re.compile(r"upper|maxill|oberkiefer|(?<![a-z])(ok|uj)(?![a-z])", re.IGNORECASE),
    "lower": re.compile(r"lower|mandib|unterkiefer|(?<![a-z])(uk|lj)(?![a-z])", re.IGNORECASE),
}
#: The same words to their end, with what stands between them and the rest of the name.
_WHOLE_WORDS = re.compile(
    r"[\s._-]*(upper|lower|maxilla(ry)?|mandib(le|ula(r)?)|oberkiefer|unterkiefer|"
    r"(?<![a-z])(ok|uj|uk|lj)(?![a-z]))([\s._-]*jaw)?",
    re.IGNORECASE,
)
#: What runs leave behind.
_RESULTS = ("_teeth.vtp", "_teeth.ply", "_teeth.nii.gz", "_teeth.seg.nrrd")
_MOST_FILES, _SHOWN = 10_000, 4


def with_jaws_of_folder(job: Job) -> Job:
    """The job with the scans of the jaws that its folder holds; the job itself where it names no folder of scans.

    Raises
    ------
    InputError
        For a folder with several scans whose names do not say which is the upper and which the lower jaw.
    """
    if len(job.inputs) != 1 or job.kind == "volume" or not os.path.isdir(job.inputs[0]):
        return job
    jaws = jaws_in(Path(job.inputs[0]))
    return replace(job, inputs=jaws) if jaws else job


def jaws_in(folder: Path) -> list[Path]:
    """The mesh of one jaw, or those of the upper and the lower jaw in this order; none in a folder without meshes, or
    with the slices of a CBCT. Raises InputError as `with_jaws_of_folder`."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for _, entry in zip(range(_MOST_FILES), entries, strict=False))
    except OSError:
        return []  # whoever reads the folder will say what is wrong with it
    files = [folder / name for name in names if not name.startswith(".") and not name.endswith(_RESULTS)]
    meshes = [file for file in files if _is_mesh(file)]
    if not meshes or any(is_dicom_file(file) for file in files):
        return []
    volumes = [file for file in files if file.name.lower().endswith(SCAN_SUFFIXES)]
    if volumes:
        raise InputError(
            f"'{folder}' holds a CBCT ({one_line(volumes[0].name)}) and a jaw's mesh ({one_line(meshes[0].name)}): "
            "give the file that is meant, or segment all of them one by one (batch)."
        )
    if len(meshes) == 1:
        return meshes
    called = {which: [file for file in meshes if _WORDS[which].search(file.stem)] for which in PAIR}
    if all(len(found) == 1 for found in called.values()) and called["upper"] != called["lower"]:
        return [called[which][0] for which in PAIR]
    shown = ", ".join(one_line(file.name) for file in meshes[:_SHOWN]) + (", ..." if len(meshes) > _SHOWN else "")
    raise InputError(
        f"'{folder}' holds {len(meshes)} meshes ({shown}), and their names do not say which one is the upper and which "
        "the lower jaw: give the file of one jaw, or of both, or segment all of them one by one (batch)."
    )


def jaw_of_name(mesh: Path) -> str | None:
    """The jaw that a mesh's name says; None where it says none, or both."""
    said = [which for which in PAIR if _WORDS[which].search(mesh.stem)]
    return said[0] if len(said) == 1 else None


def name_without_jaw(mesh: Path) -> str:
    """What the names of a case's jaws have in common.

    >>> name_without_jaw(Path("Muster_2024_Upper.stl")), name_without_jaw(Path("12 OK.ply"))
    ('Muster_2024', '12')
    """
    return _WHOLE_WORDS.sub("", mesh.stem).strip(" ._-")


def _is_mesh(file: Path) -> bool:
    return file.suffix.lower() in MESH_SUFFIXES or (file.suffix.lower() == ".dcm" and is_hps_file(file))
