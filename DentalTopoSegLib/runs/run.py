"""What a run leaves behind, and how its files are written: together, or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files.transactions import all_or_nothing
from ..options import RunOptions
from ..stages import WRITE

if TYPE_CHECKING:
    from ..checks.findings import Finding
    from ..files.volumes import Volume
    from ..ios.segmenting import JawSegmentation

#: What is to be written: {kind: (file name, its writer)}.
Writers = Mapping[str, tuple[str, Callable[[Path], Any]]]


@dataclass
class Run:
    """What a run leaves behind; of one or two scans, in the order in which they were given.

    Parameters
    ----------
    reports : list of dict
        One per scan; with two jaws each holds the findings of the whole dentition.
    files : list of dict
        The written files by kind, per scan.
    findings : list of Finding
        Of the whole dentition.
    labels : Volume, optional
        Of a CBCT: FDI numbers on the scan's grid.
    segmentations : list of JawSegmentation
        Of intraoral scans: the labelled surfaces.
    """

    reports: list[dict[str, Any]]
    files: list[dict[str, Path]]
    findings: list[Finding]
    labels: Volume | None = None
    segmentations: list[JawSegmentation] = field(default_factory=list)

    @property
    def report(self) -> dict[str, Any]:
        """The one report; of two jaws {"jaws": their reports, "findings": ..., "warnings": ...}."""
        if len(self.reports) == 1:
            return self.reports[0]
        warnings = [f"{report['name']}: {text}" for report in self.reports for text in report["warnings"]]
        return {"jaws": self.reports, "findings": self.reports[0]["findings"], "warnings": warnings}


def round_seconds(*stages: Mapping[str, float]) -> dict[str, float]:
    """Seconds per stage for a report, in the order given; a later number for a stage replaces an earlier one."""
    return {stage: round(float(value), 3) for part in stages for stage, value in part.items()}


def write_files(
    folder: Path, scans: Sequence[Writers], options: RunOptions, inputs: Sequence[str | os.PathLike[str]] = ()
) -> list[dict[str, Path]]:
    """Write the files of one or more scans into a folder, all or none.

    Pictures, which take longest, are drawn beside the others. The reports come last: where a report is, all is.

    Parameters
    ----------
    folder : Path
        For the files.
    scans : sequence of Writers
        One per scan.
    options : RunOptions
        Asked whether to go on, and told of the progress.
    inputs : sequence of path
        What the results are made from: never replaced.

    Returns
    -------
    list of dict
        The files by kind, per scan.

    Raises
    ------
    Cancelled, InputError, OutputError
        Then nothing is left.
    """
    outputs = [(kind, *output) for writers in scans for kind, output in writers.items()]
    pictures = [output for output in outputs if output[0] == "picture"]
    others = sorted((output for output in outputs if output[0] != "picture"), key=lambda output: output[0] == "report")
    first_report = next(i for i, output in enumerate(others) if output[0] == "report")
    done = 0

    def tell() -> None:
        options.stop_if_cancelled()
        options.progress(WRITE, done, len(outputs))

    with all_or_nothing(folder, inputs) as stage, ThreadPoolExecutor(1) as pool:
        drawn = [pool.submit(write, stage / file) for _, file, write in pictures]
        try:
            for _, file, write in others[:first_report]:
                tell()
                write(stage / file)
                done += 1
            for picture in drawn:
                tell()
                picture.result()
                done += 1
            for _, file, write in others[first_report:]:
                tell()
                write(stage / file)
                done += 1
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
        options.progress(WRITE, done, len(outputs))
    return [{kind: folder / file for kind, (file, _) in writers.items()} for writers in scans]
