"""Every command under a trace of the kernel: what it changes outside, whom it asks for, what it opens. Linux only.

    python Testing/promises/traced_run.py [--seconds 60] [--only NAME ...]

prints a table with a row per command, and exits with 1 unless every cell of the quiet ones is empty. The last rows
import ONNX Runtime and OpenVINO without our protection: they must be seen, or the trace would be blind. --seconds is
how long a process with an open network stays alive; reports are sent some seconds after the import.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from traces import ROOT, Trace, run_traced, strace_missing

sys.path[:0] = [str(ROOT), str(ROOT / "Testing" / "helpers")]
PYTHON = sys.executable
STAY_S = 60.0
_CLI = (PYTHON, "-m", "DentalTopoSegLib")

_LIBRARY = """
import time
from DentalTopoSegLib import read_volume, segment_volume
segment_volume(read_volume("../in/scan.nii.gz")[0])
time.sleep({seconds})
"""
_TRAINING = """
import numpy, torch
from training.export.graph import with_outputs
from training.export.ranges import session
from training.export.shipping import export_graph
net = torch.nn.Sequential(torch.nn.Linear(8, 4), torch.nn.ReLU()).eval()
graph = export_graph(net, (torch.zeros(2, 8),), ("x",), ("y",))
session(graph).run(None, {"x": numpy.zeros((2, 8), numpy.float32)})
from DentalTopoSegLib.networks.onnx_runtime import import_onnxruntime
import_onnxruntime("quantization")
"""
#: Tags that a DICOM SEG takes from the scan.
_TAKEN_OVER = ("PatientSex", "StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName")
#: torch makes semaphores, which lie in memory, and leaves an empty folder in the temporary one.
_TORCH = ("/dev/shm/sem.", "tmp/torchinductor_")
_LOUD = "import {package}, time; time.sleep({seconds})"


@dataclass(frozen=True)
class Case:
    """A command, the inputs that it reads from ../in, and the package that it cannot do without. loud: it must be
    seen. excused: beginnings
    of names of what it may touch and leave."""

    name: str
    command: Sequence[str]
    inputs: tuple[str, ...] = ()
    needs: str | None = None
    loud: bool = False
    excused: tuple[str, ...] = ()

    @property
    def missing(self) -> bool:
        return self.needs is not None and importlib.util.find_spec(self.needs) is None


def make_inputs(folder: Path) -> None:
    """A small scan as a file and as DICOM, a jaw, a label map, a finished result and a worker's job."""
    import numpy as np
    import pydicom
    from made_scans import make_scan
    from scan_files import write_dicom
    from toy_jaws import toy_jaw

    from DentalTopoSegLib.files.meshes.writing import write_stl, write_vtp
    from DentalTopoSegLib.files.volumes import read_labels, write_volume
    from DentalTopoSegLib.phantom import make_phantom
    from DentalTopoSegLib.runs.public import segment_scan

    folder.mkdir()
    phantom = make_phantom(seed=4, spacing_mm=0.8, jaws="lower", fov_mm=(90.0, 76.0, 48.0))
    write_volume(phantom.image, folder / "scan.nii.gz")
    write_dicom(folder / "dicom", phantom.image)
    for path in (folder / "dicom").iterdir():
        slice_ = pydicom.dcmread(path)
        for keyword in _TAKEN_OVER:
            setattr(slice_, keyword, "")
        slice_.save_as(path)
    shutil.copy(Path(__file__).resolve().parents[1] / "data" / "nnunet" / "phantom-teeth.zip", folder / "network.zip")
    (folder / "scans").mkdir()
    write_volume(phantom.image, folder / "scans" / "one.nii.gz")
    jaw = toy_jaw("lower")
    write_stl(folder / "jaw.stl", jaw.vertices, jaw.faces)
    if importlib.util.find_spec("vtkmodules"):
        made = make_scan(phantom, "lower", spacing=0.4).labelled.mesh
        write_vtp(folder / "lower.vtp", made.vertices, made.faces, {"FDI": made.point_data["FDI"]})
    segment_scan(folder / "scan.nii.gz", folder / "result", name="case")
    labels = read_labels(folder / "result" / "case_teeth.nii.gz")
    array = labels.array.copy()
    array[tuple(np.argwhere(array == 36).mean(0).round().astype(int))] = 0
    write_volume(labels.with_array(array), folder / "hollow.nii.gz")
    job = {"inputs": ["../in/scan.nii.gz"], "output": ".", "name": "case"}
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")


def cases(seconds: float) -> Iterator[Case]:
    """Every command and export, the library in a program, the worker, training; then those that must be seen."""
    labels, report = "../in/result/case_teeth.nii.gz", "../in/result/case_report.json"
    yield Case(f"library, alive {seconds:g} s", (PYTHON, "-c", _LIBRARY.format(seconds=seconds)), ("scan.nii.gz",))
    yield Case("segment", (*_CLI, "segment", "../in/scan.nii.gz", "-o", "s", "--picture"), ("scan.nii.gz",))
    yield Case("segment DICOM", (*_CLI, "segment", "../in/dicom", "-o", "s"), ("dicom",))
    yield Case("segment a jaw", (*_CLI, "segment", "../in/jaw.stl", "-o", "s", "--jaw", "lower"), ("jaw.stl",))
    yield Case("segment, OpenVINO", (*_CLI, "segment", "../in/scan.nii.gz", "-o", "s", "--provider", "openvino"),
               ("scan.nii.gz",), "openvino")  # fmt: skip
    yield Case("batch", (*_CLI, "batch", "../in/scans", "-o", "b"), ("scans",))
    yield Case("watch", (*_CLI, "watch", "../in/scans", "-o", "w", "--once", "--settle", "0"), ("scans",))
    adding = (*_CLI, "networks", "add", "../in/network.zip", "--accept-licence", "--folder", "n")
    yield Case("networks add", adding, ("network.zip",))
    yield Case("worker", (PYTHON, "-m", "DentalTopoSegLib.runs.worker", "../in/job.json"), ("job.json", "scan.nii.gz"))
    yield Case("check", (*_CLI, "check", labels), ("result",))
    yield Case("evaluate", (*_CLI, "evaluate", labels, labels), ("result",))
    yield Case("picture", (*_CLI, "picture", "../in/scan.nii.gz", labels, "-o", "p.png"), ("scan.nii.gz", "result"))
    yield Case("repair", (*_CLI, "repair", "../in/hollow.nii.gz", "--all-safe", "-o", "r.nii.gz"), ("hollow.nii.gz",))
    yield Case("demo", (*_CLI, "demo", "-o", "d"))
    for kind, needs in (("stl", "vtk"), ("obj", "trimesh"), ("glb", "trimesh"), ("ply", "vtk"), ("nifti", None),
                        ("seg.nrrd", None), ("csv", None), ("html", None), ("json", None)):  # fmt: skip
        yield Case(f"export {kind}", (*_CLI, "export", report, "-o", "e", "--format", kind), ("result",), needs)
    yield Case("fuse", (*_CLI, "fuse", "../in/scan.nii.gz", "../in/lower.vtp", "--labels", labels, "-o", "f"),
               ("scan.nii.gz", "lower.vtp", "result"), "small_gicp")  # fmt: skip
    for kind in ("dicom-seg", "dicom-stl"):
        dicom = (*_CLI, "export", report, "-o", "e", "--format", kind, "--scan", "../in/dicom")
        yield Case(f"export {kind}", dicom, ("result", "dicom"), "highdicom")
    yield Case("training: export", (PYTHON, "-c", _TRAINING), (), "torch", excused=_TORCH)
    for package in ("onnxruntime", "openvino"):
        command = (PYTHON, "-c", _LOUD.format(package=package, seconds=min(seconds, 20)))
        yield Case(f"import {package}, unprotected", command, (), package, loud=True)


def run_case(case: Case, folder: Path, inputs: Path) -> Trace:
    """One case in a folder of its own."""
    return run_traced(case.command, folder / case.name.replace(" ", "-"), [inputs / name for name in case.inputs])


def as_promised(case: Case, trace: Trace) -> bool:
    """Whether it did its work and was as quiet, or as loud, as it has to be."""
    if case.excused:
        changed, left = ({p for p in paths if not p.startswith(case.excused)} for paths in (trace.changed, trace.left))
        trace = replace(trace, changed=changed, left=left)
    return trace.code == 0 and trace.quiet != case.loud


def table(rows: Sequence[tuple[Case, Trace]]) -> str:
    """As Markdown: a row per command."""
    lines = [
        "| Command | exit | files changed outside | left in home and temporary folder | names | sockets | programs |"
    ]
    lines.append("|---|---|---|---|---|---|---|")
    for case, trace in rows:
        cells = (trace.changed, trace.left, trace.names, trace.sockets)
        programs = sorted({Path(program).name for program in trace.programs})
        told = " | ".join(", ".join(sorted(cell)) or "none" for cell in cells)
        lines.append(f"| {case.name} | {trace.code} | {told} | {', '.join(programs)} |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=STAY_S, help="how long the living process stays (default 60)")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="commands whose name begins so")
    given = parser.parse_args()
    if reason := strace_missing():
        print(reason, file=sys.stderr)
        return 1
    wanted = [case for case in cases(given.seconds) if not case.missing]
    if given.only:
        wanted = [case for case in wanted if case.name.startswith(tuple(given.only))]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_inputs(folder / "inputs")
        # What sleeps keeps no core busy: the living ones run beside the others.
        with ThreadPoolExecutor(len(wanted)) as pool:
            sleeping = {
                c.name: pool.submit(run_case, c, folder, folder / "inputs")
                for c in wanted
                if "alive" in c.name or c.loud
            }
            rows = [
                (
                    case,
                    sleeping[case.name].result()
                    if case.name in sleeping
                    else run_case(case, folder, folder / "inputs"),
                )
                for case in sorted(wanted, key=lambda c: c.name in sleeping)
            ]
    print(table(rows))
    wrong = [case.name for case, trace in rows if not as_promised(case, trace)]
    for case, trace in rows:
        if trace.code:
            print(f"{case.name}: {trace.output.strip()}", file=sys.stderr)
    print(f"Not as promised: {', '.join(wrong)}" if wrong else "As promised.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
