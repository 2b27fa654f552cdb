"""The command ``dentaltoposeg``, for CBCT and intraoral scans; repair, export and batch are in `result_commands`.

Results go to stdout (text, or JSON with --json), progress, warnings and refusals to stderr.
Exit codes: 0 done, 1 unexpected error, 2 wrong usage, 3 unusable input, 4 no teeth found, 5 model missing or
damaged, 6 output cannot be written, 7 too large for memory, 8 batch with failures, 130 stopped by the user.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import EXIT_MEANINGS, DentalTopoSegError, InputError, as_refusal, refusal_body
from ..options import DEFAULT_PROVIDER, PROVIDERS

# Read by numpy, which is imported later. Our matrices are long and three columns wide: threads gain nothing on them and
# spend more time waiting for each other than the product takes.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A network is looked after ten times a second; a busy machine may stretch that.
_LOOKED_LATELY_S = 1.5

EXIT_CODES = "exit codes:\n" + "\n".join(f"{code:>5}  {meaning}" for code, meaning in EXIT_MEANINGS.items())


class ProgressBar:
    """One tqdm bar per stage on stderr: share done and time left. Called as ``bar(stage, done, total)``."""

    def __init__(self, enabled: bool) -> None:
        self.enabled = enabled
        self.stage: str | None = None
        self.bar = None

    def __call__(self, stage: str, done: float, total: float) -> None:
        if not self.enabled:
            return
        from tqdm import tqdm

        if stage != self.stage:
            self.close()
            form = "{desc}: {percentage:3.0f} %|{bar:24}| {elapsed} elapsed, {remaining} left"
            self.bar = tqdm(total=total, desc=f"{stage[:1].upper()}{stage[1:]:<26}", bar_format=form, leave=True)
            self.stage = stage
        self.bar.total = total
        self.bar.update(done - self.bar.n)

    def close(self) -> None:
        """Leave the current bar as it is and forget it."""
        if self.bar is not None:
            self.bar.close()
        self.bar = self.stage = None


class StopRequest:
    """Ctrl-C and SIGTERM while a command runs: at once where nothing needs care, by asking where a network runs.

    A network runs in threads of its own, and leaving the process under them aborts it. So while somebody looks at
    ``asked()`` (the segmentation does, ten times a second) the first signal only makes it true; a second signal, or
    one that nobody would notice, interrupts. A context manager; outside the main thread signals are left alone.
    """

    def __init__(self) -> None:
        self._looked = -math.inf
        self._asked = False
        self._previous: dict[int, Any] = {}

    def asked(self) -> bool:
        """True once the user wants to stop."""
        self._looked = time.monotonic()
        return self._asked

    def _handle(self, signum: int, frame: Any) -> None:
        if self._asked or time.monotonic() - self._looked > _LOOKED_LATELY_S:
            raise KeyboardInterrupt
        self._asked = True

    def __enter__(self) -> StopRequest:
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                self._previous[number] = signal.signal(number, self._handle)
            except ValueError:  # not the main thread: the host program has its own way to stop
                break
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command; each subcommand stores its function as ``run``."""
    parser = argparse.ArgumentParser(
        prog="dentaltoposeg",
        description="Numbered teeth (FDI) from dental CBCT and intraoral scans, with checks. "
        "Research software, no medical device.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"dentaltoposeg {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, run: Callable, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(
            name, help=text, description=text, epilog=EXIT_CODES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        command.set_defaults(run=run)
        command.add_argument("--json", action="store_true", help="print one JSON object to stdout instead of text")
        command.add_argument("--quiet", action="store_true", help="no progress and no text, only refusals")
        return command

    segment = add("segment", run_segment, "Find, outline and number the teeth of a CBCT scan or of intraoral scans.")
    segment.add_argument(
        "scan", nargs="+", metavar="SCAN",
        help="CBCT: NIfTI, NRRD or MetaImage file, DICOM file or DICOM folder. Intraoral: one mesh (STL, PLY, OBJ, "
        "VTP), or two: first the upper, then the lower jaw",
    )  # fmt: skip
    _add_output(segment)
    segment.add_argument(
        "--name",
        help="what the results are called (default: the scan's file or folder name; of two jaws the beginning)",
    )
    _add_network(segment)
    volume = segment.add_argument_group("for CBCT only")
    volume.add_argument("--series", help="DICOM series to take: its number or the end of its id")
    volume.add_argument("--picture", action="store_true", help="also write <name>_teeth.png with slices and 3D views")
    mesh = segment.add_argument_group("for intraoral scans only")
    _add_mesh(mesh)
    mesh.add_argument("--per-tooth", action="store_true", help="also write an STL of every tooth and of the gingiva")

    check = add("check", run_check, "Check any tool's tooth label map or labelled mesh: numbering, plausibility.")
    check.add_argument(
        "scan", metavar="LABELS", help="label map (NIfTI, NRRD, MetaImage, .seg.nrrd) or labelled mesh (VTP, PLY)"
    )
    check.add_argument("--reference", metavar="REF", help="true labels on the same grid or mesh: adds the scores")
    _add_numbering(check)
    mesh = check.add_argument_group("for meshes only")
    mesh.add_argument("--labels", metavar="JSON", help="labels of the mesh in the Teeth3DS layout")
    _add_mesh(mesh)

    evaluate = add("evaluate", run_evaluate, "Score labels against a reference on the same grid or mesh.")
    evaluate.add_argument("prediction", metavar="PRED", help="label map, labelled mesh, or Teeth3DS JSON")
    evaluate.add_argument("reference", metavar="REF", help="the true labels, in any of these")
    _add_numbering(evaluate)
    mesh = evaluate.add_argument_group("for meshes only")
    mesh.add_argument("--mesh", metavar="MESH", help="the mesh that labels in JSON belong to")
    _add_mesh(mesh, jaw=False)

    demo = add("demo", run_demo, "Build a phantom scan, segment it and show every output.")
    _add_output(demo)
    demo.add_argument("--seed", type=_natural, default=0, help="which phantom to build (default 0)")
    _add_network(demo)

    picture = add("picture", run_picture, "Draw a label map on its scan: slices and 3D views in one PNG.")
    picture.add_argument("image", metavar="IMAGE", help="the scan: file or DICOM folder")
    picture.add_argument("labels", metavar="LABELS", help="the label map")
    picture.add_argument("-o", "--output", required=True, metavar="PNG", type=Path, help="the picture to write")
    picture.add_argument("--series", help="DICOM series to take: its number or the end of its id")
    _add_numbering(picture, reference=False)

    from .results import add_result_commands

    add_result_commands(add)
    return parser


def _add_output(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "-o", "--output", required=True, metavar="DIR", type=Path,
        help="folder for the results; made when absent, results of the same name are replaced",
    )  # fmt: skip


def _add_network(command: argparse.ArgumentParser) -> None:
    command.add_argument("--threads", type=_positive, help="CPU threads (default: all cores)")
    command.add_argument(
        "--precision",
        choices=("int8", "fp32"),
        default="int8",
        help="arithmetic of the networks (default int8)",
    )
    command.add_argument(
        "--provider",
        choices=PROVIDERS,
        default=DEFAULT_PROVIDER,
        help="what runs the networks; auto: for CBCT openvino where it is installed (default onnxruntime)",
    )


def _add_mesh(command: argparse._ArgumentGroup, jaw: bool = True) -> None:
    if jaw:
        command.add_argument("--jaw", choices=("upper", "lower"), help="which jaw the mesh is (default: by its shape)")
    command.add_argument(
        "--unit", choices=("mm", "cm", "m", "inch"), help="unit of the file's coordinates (default: by its size)"
    )


def _add_numbering(command: argparse.ArgumentParser, reference: bool = True) -> None:
    from ..files.label_maps import NUMBERINGS

    command.add_argument(
        "--numbering", choices=NUMBERINGS,
        help="what the label values mean: fdi; universal 1-32; totalsegmentator (task teeth); sequential "
        "1-32 in FDI order (default: the tooth codes of a .seg.nrrd, else fdi)",
    )  # fmt: skip
    if reference:
        command.add_argument("--reference-numbering", choices=NUMBERINGS, help="the same for the reference")


def _natural(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("must be 0 or more")
    return value


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def run_segment(arguments: argparse.Namespace, bar: ProgressBar) -> dict:
    """``dentaltoposeg segment``; returns the report, of two jaws both."""
    from ..files.meshes import is_mesh_file

    meshes = [is_mesh_file(path) for path in arguments.scan]
    if all(meshes):
        return _segment_jaws(arguments, bar)
    if any(meshes):
        raise InputError("A CBCT and a mesh cannot be segmented in one call yet: give them one after the other.")
    if len(arguments.scan) > 1:
        raise InputError("Give one CBCT at a time. Two files are only taken as the meshes of an upper and a lower jaw.")
    _refuse_options(arguments, ("jaw", "unit", "per_tooth"), "intraoral scans (meshes)")
    from ..runs.volumes import segment_scan

    run = segment_scan(
        arguments.scan[0], arguments.output, series=arguments.series, name=arguments.name,
        threads=arguments.threads, precision=arguments.precision, provider=arguments.provider,
        picture=arguments.picture, progress=bar, cancelled=arguments.stop.asked,
    )  # fmt: skip
    bar.close()
    _say(arguments, lambda: _result_text(run.report) + "\n" + _files_text(run.files))
    return run.report


def _segment_jaws(arguments: argparse.Namespace, bar: ProgressBar) -> dict:
    from ..reports.text import findings_table, teeth_table
    from ..runs.jaws import segment_scans

    _refuse_options(arguments, ("series", "picture"), "CBCT (a mesh always gets its picture)")
    run = segment_scans(
        arguments.scan, arguments.output, jaw=arguments.jaw, unit=arguments.unit, per_tooth=arguments.per_tooth,
        name=arguments.name, threads=arguments.threads, precision=arguments.precision, provider=arguments.provider,
        progress=bar, cancelled=arguments.stop.asked,
    )  # fmt: skip
    bar.close()
    files = {f"{i} {kind}": path for i, written in enumerate(run.files) for kind, path in written.items()}
    parts = [*map(teeth_table, run.reports), findings_table(run.reports[0])]
    _say(arguments, lambda: "\n".join((*parts, _files_text(files))))
    return run.report


def _refuse_options(arguments: argparse.Namespace, options: Sequence[str], kind: str) -> None:
    """InputError when one of the options, which are for another kind of input, was given."""
    for option in options:
        if getattr(arguments, option):
            raise InputError(f"--{option.replace('_', '-')} is only for {kind}: leave it out here.")


def run_demo(arguments: argparse.Namespace, bar: ProgressBar) -> dict:
    """``dentaltoposeg demo``; returns the report."""
    from ..reports.text import metrics_text
    from ..runs.volumes import run_demo as demo

    run = demo(
        arguments.output,
        seed=arguments.seed,
        threads=arguments.threads,
        precision=arguments.precision,
        provider=arguments.provider,
        progress=bar,
        cancelled=arguments.stop.asked,
    )
    bar.close()
    _say(
        arguments,
        lambda: "\n".join(
            (
                _result_text(run.report),
                "Against the phantom's exact labels:",
                metrics_text(run.report["metrics"], per_tooth=False),
                _files_text(run.files),
            )
        ),
    )
    return run.report


def run_check(arguments: argparse.Namespace, bar: ProgressBar) -> dict:
    """``dentaltoposeg check``; returns the report."""
    from ..files.meshes import is_mesh_file
    from ..runs.jaws import check_mesh

    if is_mesh_file(arguments.scan):
        _refuse_options(arguments, ("reference_numbering",), "label maps")
        run = check_mesh(
            arguments.scan, labels=arguments.labels, reference=arguments.reference, numbering=arguments.numbering,
            jaw=arguments.jaw, unit=arguments.unit,
        )  # fmt: skip
        text = _result_text(run.report)
        if "metrics" in run.report:
            from ..reports.text import mesh_metrics_text

            text += "\nAgainst the reference:\n" + mesh_metrics_text(run.report["metrics"], per_tooth=True)
        _say(arguments, lambda: text)
        return run.report
    _refuse_options(arguments, ("labels", "jaw", "unit"), "meshes")
    from ..reports.text import metrics_text
    from ..runs.volumes import check_labels

    run = check_labels(
        arguments.scan, reference=arguments.reference, numbering=arguments.numbering,
        reference_numbering=arguments.reference_numbering,
    )  # fmt: skip
    text = _result_text(run.report)
    if "metrics" in run.report:
        text += "\nAgainst the reference:\n" + metrics_text(run.report["metrics"], per_tooth=True)
    _say(arguments, lambda: text)
    return run.report


def run_evaluate(arguments: argparse.Namespace, bar: ProgressBar) -> dict:
    """``dentaltoposeg evaluate``; returns the scores."""
    from ..files.meshes import is_mesh_file
    from ..runs.jaws import evaluate_meshes, is_json

    kinds = [is_mesh_file(path) or is_json(path) for path in (arguments.prediction, arguments.reference)]
    if all(kinds):
        from ..reports.text import mesh_metrics_text

        _refuse_options(arguments, ("reference_numbering",), "label maps")
        scores = evaluate_meshes(
            arguments.prediction, arguments.reference, mesh=arguments.mesh, numbering=arguments.numbering,
            unit=arguments.unit,
        )  # fmt: skip
        _say(arguments, lambda: mesh_metrics_text(scores, per_tooth=True))
        return scores
    if any(kinds):
        raise InputError("A labelled mesh cannot be compared with a label map: give two of one kind.")
    _refuse_options(arguments, ("mesh", "unit"), "meshes")
    from ..reports.text import metrics_text
    from ..runs.volumes import evaluate_files

    scores = evaluate_files(
        arguments.prediction, arguments.reference, numbering=arguments.numbering,
        reference_numbering=arguments.reference_numbering,
    )  # fmt: skip
    _say(arguments, lambda: metrics_text(scores, per_tooth=True))
    return scores


def run_picture(arguments: argparse.Namespace, bar: ProgressBar) -> dict:
    """``dentaltoposeg picture``; returns where the picture is and the warnings."""
    from ..runs.volumes import draw_picture

    if arguments.output.suffix.lower() != ".png":
        raise InputError(f"'{arguments.output}' must end in .png.")
    warnings = draw_picture(
        arguments.image,
        arguments.labels,
        arguments.output,
        numbering=arguments.numbering,
        series=arguments.series,
    )
    _say(arguments, lambda: f"Wrote {arguments.output}")
    return {"picture": str(arguments.output), "warnings": warnings}


def _say(arguments: argparse.Namespace, text: Callable[[], str]) -> None:
    if not (arguments.json or arguments.quiet):
        print(text())


def _result_text(report: dict) -> str:
    from ..reports.text import findings_table, teeth_table

    return teeth_table(report) + "\n" + findings_table(report)


def _files_text(files: dict[str, Path]) -> str:
    return "Written:\n" + "\n".join(f"  {path}" for path in files.values())


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with ``argv`` (default: the process's arguments) and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a Windows console in an old code page must not end a run over "mm³"
            stream.reconfigure(errors="replace")
    arguments = build_parser().parse_args(argv)
    bar = ProgressBar(enabled=not arguments.quiet)
    with StopRequest() as stop:
        arguments.stop = stop
        try:
            return _run(arguments, bar)
        except (KeyboardInterrupt, MemoryError, DentalTopoSegError) as error:
            return _refuse(as_refusal(error), arguments, bar)
        finally:
            bar.close()


def _run(arguments: argparse.Namespace, bar: ProgressBar) -> int:
    result = arguments.run(arguments, bar)
    if not arguments.quiet:
        for warning in result.get("warnings", ()):
            print(f"Note: {warning}", file=sys.stderr)
    if arguments.json:
        from ..files.json_text import plain

        print(json.dumps(plain(result), indent=2, ensure_ascii=False, allow_nan=False))
    return result.get("exit_code", 0)


def _refuse(error: DentalTopoSegError, arguments: argparse.Namespace, bar: ProgressBar) -> int:
    bar.close()
    print(f"dentaltoposeg: {error}", file=sys.stderr)
    if arguments.json:
        print(json.dumps({"error": refusal_body(error)}, indent=2, ensure_ascii=False))
    return error.exit_code
