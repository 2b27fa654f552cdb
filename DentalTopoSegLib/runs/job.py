"""What is to be segmented, and how its file for the worker is read and written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..dentition import Known
from ..errors import UsageError
from ..files.json_schema import require_schema
from ..files.json_text import read_json
from ..files.meshes import is_mesh_file
from ..files.names import bare_name
from ..files.volumes import require_orientation
from ..options import DEFAULTS, RunOptions
from .refusals import refuse_options

#: What a job file may hold, for every program that writes one.
SCHEMA_FILE = Path(__file__).with_name("job.schema.json")
#: The jaws of a pair, in the order in which they are segmented.
PAIR = ("upper", "lower")


@dataclass(frozen=True)
class Job:
    """What to segment, and what to write.

    Parameters
    ----------
    inputs : sequence of path
        One CBCT (file or DICOM folder), one or two meshes, or the folder of a case with the meshes of its jaws; of a
        fusion the CBCT and the meshes.
    output : path
        The results' folder.
    kind : str, optional
        "volume" or "mesh" instead of what the files look like; "fusion": lay the meshes over the CBCT.
    jaws : sequence of str or None, optional
        Per mesh "upper", "lower" or None, which decides by the shape; of two meshes without jaws the first is the
        upper.
    unit : str, optional
        Of meshes: "mm", "cm", "m" or "inch"; None guesses.
    name : str, optional
        Of the results instead of the file's, a bare file name; of two jaws the beginning.
    anonymous_names : bool
        Call the results by a code of the scan's content instead of the file's or folder's name; see `anonymous`.
    series : str, optional
        Of a CBCT: the DICOM series to take, its number or the end of its id.
    orientation : str, optional
        Of a CBCT whose file does not say where left and right are: the sides of the patient to which columns, rows and
        slices run, such as "LPS"; see `files.volumes.read_volume`.
    picture : bool
        Of a CBCT: also draw <name>_teeth.png. A mesh always gets its picture.
    per_tooth : bool
        Of meshes: also write an STL of every tooth and of the gingiva.
    labels : path, optional
        Of a fusion: the CBCT's label map in FDI numbers; None segments it.
    known : sequence of Known or None, optional
        Of a fusion: per mesh with labels, what is known of its teeth in place of what lies beside the file.
    """

    inputs: Sequence[str | os.PathLike[str]]
    output: str | os.PathLike[str]
    kind: str | None = None
    jaws: Sequence[str | None] | None = None
    unit: str | None = None
    name: str | None = None
    anonymous_names: bool = False
    series: str | None = None
    orientation: str | None = None
    picture: bool = False
    per_tooth: bool = False
    labels: str | os.PathLike[str] | None = None
    known: Sequence[Known | None] | None = None

    def is_mesh(self) -> bool:
        """Whether meshes are to be segmented.

        Raises
        ------
        UsageError
            For a CBCT and a mesh together.
        """
        if self.kind:
            return self.kind == "mesh"
        meshes = {is_mesh_file(path) for path in self.inputs}
        if len(meshes) > 1:
            raise UsageError("A CBCT and a mesh cannot be segmented in one call yet: give them one after the other.")
        return meshes == {True}

    def require_sense(self) -> None:
        """Refuse what cannot be segmented together, and options that are for the other kind of input.

        Raises
        ------
        UsageError
            With what to do instead.
        """
        self._require_name()
        if self.is_mesh():
            self._require_jaws()
            refuse_options("CBCT", series=self.series, orientation=self.orientation)
            refuse_options("CBCT (a mesh always gets its picture)", picture=self.picture)
            return
        require_orientation(self.orientation)
        if len(self.inputs) != 1:
            raise UsageError(
                "Give one CBCT at a time. Two files are only taken as the meshes of an upper and a lower jaw."
            )
        refuse_options(
            "intraoral scans (meshes)",
            jaw=[jaw for jaw in self.jaws or () if jaw],
            unit=self.unit,
            per_tooth=self.per_tooth,
        )

    def _require_name(self) -> None:
        if not self.name:
            return
        if self.anonymous_names:
            raise UsageError("Give either a name (--name) or --anonymous-names: with a name nothing else is used.")
        bare_name(self.name, "The results' name (--name)")

    def _require_jaws(self) -> None:
        if not 1 <= len(self.inputs) <= 2:
            raise UsageError("Give the mesh of one jaw, or two: first the upper, then the lower jaw.")
        jaws = self.jaws or ()
        if len(jaws) > len(self.inputs):
            raise UsageError(f"{len(jaws)} jaws are named for {len(self.inputs)} scans: name one for each.")
        if jaws and len(jaws) < len(self.inputs):
            raise UsageError("With two jaws their order says which is which (upper first): leave --jaw out.")
        if len(jaws) == 2 and jaws[0] == jaws[1] is not None:
            raise UsageError(f"Both scans are said to be the {jaws[0]} jaw: give one upper and one lower jaw.")

    def lower_first(self) -> bool:
        """Whether the first of two meshes is said to be the lower jaw."""
        jaws = tuple(self.jaws or ())
        return len(jaws) == 2 and (jaws[0] == "lower" or jaws[1] == "upper")


@dataclass(frozen=True)
class JobFile:
    """A job as the worker is given it: a flat JSON object of the job's fields and of those of its options that a file
    can hold (threads, precision, provider, absent, milk, tta, models, structures).

    Parameters
    ----------
    job : Job
        What to segment.
    options : RunOptions
        How to compute.
    cancel_file : str, optional
        Stops the job once it exists.
    """

    job: Job
    options: RunOptions = DEFAULTS
    cancel_file: str | None = None

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> JobFile:
        """Raises UsageError for a file that is absent, damaged or is not as `SCHEMA_FILE` says."""
        said = f"The job file '{path}'"
        content = read_json(path, "The job file", refusal=UsageError)
        require_schema(content, SCHEMA_FILE, said, refusal=UsageError)
        return cls.from_dict(content)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> JobFile:
        """The job of a JSON object that is known to be one."""
        options = RunOptions(**{key: content[key] for key in _OPTIONS if key in content})
        given = {field.name: content[field.name] for field in fields(Job) if field.name in content}
        if given.get("known") is not None:
            given["known"] = [None if one is None else Known.from_dict(one) for one in given["known"]]
        job = Job(**given)
        return cls(job, options, content.get("cancel_file"))

    def to_dict(self) -> dict[str, Any]:
        """The JSON object."""
        return {
            **{field.name: getattr(self.job, field.name) for field in fields(Job)},
            "inputs": [os.fspath(path) for path in self.job.inputs],
            "output": os.fspath(self.job.output),
            "labels": None if self.job.labels is None else os.fspath(self.job.labels),
            "known": self._known(),
            "jaws": None if self.job.jaws is None else list(self.job.jaws),
            **{key: getattr(self.options, key) for key in _OPTIONS},
            "absent": sorted(self.options.absent),
            "structures": list(self.options.structures),
            "cancel_file": self.cancel_file,
        }

    def _known(self) -> list[dict[str, Any] | None] | None:
        known = self.job.known
        return None if known is None else [None if one is None else one.to_dict() for one in known]


_OPTIONS = ("threads", "precision", "provider", "absent", "milk", "tta", "models", "structures")
