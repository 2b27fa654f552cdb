"""The process that works: what happens goes to stdout, the files go where it is told."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import DONE
from ..files.transactions import without_stages
from .events import ProgressEvents, Tell, error_event, tell
from .job import Job, JobFile
from .segmenting import segment
from .timeline import FusionTimeline, Timeline


def work(job: bytes, stage: Path) -> int:
    """Do a job (JSON) with `stage` for its output folder; events name files, not paths."""
    events = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # what libraries print must not come between the events
    sys.stdout = sys.stderr

    given = JobFile.from_dict(json.loads(job))
    tail: list[str] = []
    try:
        event = _segment(given, stage, lambda event: tell(event, events))
    except BaseException as error:  # noqa: BLE001
        event = error_event(error, tail)
        event["message"] = without_stages(event["message"])
    if tail:
        print("\n".join(tail), file=sys.stderr, flush=True)
    tell(event, events)
    return event.get("exit_code", DONE)


def _segment(given: JobFile, stage: Path, tell_event: Tell) -> dict[str, Any]:
    job = replace(given.job, output=stage)
    if job.kind == "fusion":
        return _fuse(job, given, tell_event)
    of_scan = {"picture": job.picture, "tta": given.options.tta, "structures": bool(given.options.structures)}
    timeline = Timeline(jaws=len(job.inputs)) if job.is_mesh() else Timeline(**of_scan)
    run = segment(job, replace(given.options, progress=ProgressEvents(timeline, tell_event)))
    names = [{kind: path.name for kind, path in written.items()} for written in run.files]
    return {"event": "done", "reports": [written["report"] for written in names], "files": names}


def _fuse(job: Job, given: JobFile, tell_event: Tell) -> dict[str, Any]:
    from .fusing import fuse_job
    from .fusion_inputs import is_labelled, require_fusion

    require_fusion(job.inputs, job.jaws)
    meshes = job.inputs[1:]
    bare = sum(not is_labelled(path) for path in meshes)
    cbct = Timeline(tta=given.options.tta) if job.labels is None else None
    timeline = FusionTimeline(cbct, Timeline(jaws=bare) if bare else None, len(meshes))
    run = fuse_job(job, replace(given.options, progress=ProgressEvents(timeline, tell_event)))
    files = {kind: path.name for kind, path in run.files.items()}
    return {"event": "done", "reports": [files["report"]], "files": [files]}
