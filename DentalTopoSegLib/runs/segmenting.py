"""The way into a segmentation: one function for a CBCT and for intraoral scans."""

from __future__ import annotations

from dataclasses import replace

from ..dentition import Stated
from ..options import DEFAULTS, RunOptions
from .anonymous import anonymous_name
from .case_folders import with_jaws_of_folder
from .job import Job
from .run import Run


def segment(job: Job, options: RunOptions = DEFAULTS) -> Run:
    """Read what a job names, find and number the teeth, check them, and write the results.

    Of a CBCT <name>_teeth.nii.gz, <name>_teeth.seg.nrrd and <name>_report.json, and <name>_teeth.png where the job asks
    for a picture; of each intraoral scan <name>_teeth.vtp, .ply, .json and .png and <name>_report.json. Files appear
    together at the end or not at all.

    Parameters
    ----------
    job : Job
        What to segment, and where the results go.
    options : RunOptions
        How to compute, what is known of the teeth, who is told of the progress and who may stop it.

    Returns
    -------
    Run
        Reports, labels and files.

    Raises
    ------
    DentalTopoSegError
        Each kind there is; a job that makes no sense and a folder that cannot be used are refused before the long work.

    Examples
    --------
    >>> segment(Job(["scan.nii.gz"], "results", per_tooth=True))
    Traceback (most recent call last):
        ...
    DentalTopoSegLib.errors.UsageError: --per-tooth is only for intraoral scans (meshes): leave it out here.
    """
    job = with_jaws_of_folder(job)
    job.require_sense()
    Stated(options.absent, options.milk).require_teeth()
    if job.anonymous_names:
        job = replace(job, name=anonymous_name(job.inputs, job.series), anonymous_names=False)
    if job.is_mesh():
        from .jaws import segment_jaw_scans

        return segment_jaw_scans(job, options)
    from .volumes import segment_scan

    return segment_scan(job, options)
