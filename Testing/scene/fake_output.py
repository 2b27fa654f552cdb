"""What a finished worker leaves behind, written without networks: the labels are given."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from DentalTopoSegLib.files.json_text import write_report_json
from DentalTopoSegLib.files.label_maps import write_labelmap
from DentalTopoSegLib.files.volumes import Volume
from DentalTopoSegLib.pictures import jaws as mesh_rendering
from DentalTopoSegLib.runs.checking import examine_label_map
from DentalTopoSegLib.runs.job import JobFile
from DentalTopoSegLib.runs.segmenting import segment


def write_output(job, fdi: np.ndarray, confidence: dict[int, float] | None = None) -> None:
    """A label map on the grid of the job's volume, and its report."""
    job.output.mkdir()
    labels: Volume = job.grid.volume(fdi, "scan")
    report = examine_label_map(labels, confidence, name="scan").report
    report["files"] = {"labels": "scan_teeth.nii.gz", "report": "scan_report.json"}
    write_labelmap(labels, job.output / "scan_teeth.nii.gz")
    write_report_json(report, job.output / "scan_report.json")


def write_jaws(job, toys, monkeypatch) -> None:
    """What the worker writes of intraoral scans whose labels are those of toy jaws (toy_jaws.ToyJaw)."""
    from toy_jaws import segmented

    from DentalTopoSegLib.ios import segmenting

    def labelled(surfaces, *_, **__):
        found = []
        for surface, toy in zip(surfaces, toys, strict=True):
            fdi = np.zeros(len(surface.vertices), np.uint8)
            fdi[surface.of_vertex] = toy.fdi
            a, b, c = fdi[surface.faces].T
            values = vars(segmented(toy)) | {"surface": surface, "fdi": fdi, "face_fdi": np.where(b == c, b, a)}
            found.append(SimpleNamespace(**values | {"instance": fdi.astype(np.int32)}))
        return found

    monkeypatch.setattr(segmenting, "segment_jaws", labelled)
    monkeypatch.setattr(mesh_rendering, "jaw_png", lambda path, *_: path.write_bytes(b""))
    segment(JobFile.from_dict(job.job).job)
