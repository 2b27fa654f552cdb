"""Networks for one's own scans: labelled scans are checked, split by patient, trained on, and handed on as a folder.

    python -m training own-data check FOLDER
    python -m training own-data train FOLDER -o RUN --licence "CC BY 4.0"
    torchrun --nproc-per-node 4 -m training own-data train FOLDER -o RUN --licence "CC BY 4.0"

FOLDER is in nnU-Net's raw layout (ToothFairy2 and 3 as downloaded), in Teeth3DS's, or holds 3D Slicer's segmentations
beside their volumes. RUN/network is then a folder for `dentaltoposeg segment --models`. Started again after a stop, the
same command goes on.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import distributed

from DentalTopoSegLib.commands.progress_bar import ProgressBar
from DentalTopoSegLib.errors import DentalTopoSegError, InputError
from training.compression.restore import unet_from_onnx, without_extra_heads
from training.export.reading import network_from_onnx
from training.loop import leads, run_to_end
from training.nets.point_transformer import PointTransformer
from training.own_data import results
from training.own_data.cases import Case, Data, table_of
from training.own_data.checking import Checked, check, counts_text, with_patients
from training.own_data.layouts import read_layout
from training.own_data.reading import NUMBERINGS, read_jaw_case, read_labelled
from training.own_data.samples import (
    has_jaw_samples,
    has_volume_sample,
    names_in,
    volume_sample,
    write_jaw_samples,
    write_volume_sample,
)
from training.own_data.splitting import SHARE, Split, keep, split
from training.own_data.tasks import OwnSurfaceTask, OwnVolumeTask, places
from training.volumes.finished import MODELS

CONFIG = Path(__file__).resolve().parents[1] / "configs" / "own_data.yaml"
NETWORK = "network"
_SIDES = ("train", "held_out")


@dataclass
class Plan:
    """What a call asks for, and what it works on."""

    given: argparse.Namespace
    checked: Checked
    cases: dict[str, Case]
    drawn: Split
    config: dict[str, Any]

    @property
    def run(self) -> Path:
        """Folder of all that is made."""
        return self.given.output

    @property
    def data(self) -> Data:
        """The folder as it was read."""
        return self.checked.data

    def names(self, side: str) -> tuple[str, ...]:
        """Scans of a side of the split."""
        return getattr(self.drawn, side)

    def samples(self, task: str, side: str) -> Path:
        """Folder of a side's samples."""
        return self.run / "samples" / task / side

    def read(self, name: str) -> Any:
        """A labelled volume."""
        return read_labelled(self.cases[name], self.data, self.given.numbering, self.given.orientation)


def look(given: argparse.Namespace, bar: ProgressBar) -> Checked:
    """Read and check a folder, and print what was found."""
    data = read_layout(given.folder, given.patients)
    checked = check(
        data, given.numbering, given.orientation, lambda done, total: bar("Checking the scans", done, total)
    )
    bar.close()
    if leads():
        print(counts_text(checked))
        if data.rows:
            print(table_of(data.rows), flush=True)
    return checked


def require_sound(checked: Checked, leave_out: bool) -> None:
    """InputError where scans cannot be used and are not to be left out, or nothing is left."""
    refused = checked.data.refused()
    if refused and not leave_out:
        raise InputError(
            f"{len(refused)} of the files cannot be used as they are (the first: {refused[0].file}, "
            f"{refused[0].reason}): see the table; correct them, or go on without them (--leave-out)."
        )
    if not checked.data.without_refused().cases:
        raise InputError(f"'{checked.data.folder}' holds no labelled scan that can be used: see the table.")


def make_samples(plan: Plan, bar: ProgressBar) -> None:
    """Write the samples that are not there yet."""
    todo = [(side, name) for side in _SIDES for name in plan.names(side)]
    for done, (side, name) in enumerate(todo):
        bar("Preparing the scans", done, len(todo))
        if plan.data.layout == "teeth3ds":
            count, folder = plan.config["surface"]["clouds"], plan.samples("surface", side)
            if not has_jaw_samples(folder, name, count):
                write_jaw_samples(folder, read_jaw_case(plan.cases[name]), count, plan.config["surface"]["seed"])
            continue
        wanted = [task for task in plan.data.tasks if not has_volume_sample(plan.samples(task, side), name)]
        labelled = plan.read(name) if wanted else None
        for task in wanted:
            write_volume_sample(plan.samples(task, side), name, *volume_sample(labelled, task))
    bar("Preparing the scans", len(todo), len(todo))
    bar.close()


def train(plan: Plan, task: str) -> None:
    """Train one network to its end, on from where an earlier call stopped."""
    entry = results.start_entries([task])[task]
    config = {**plan.config[task], "start": entry["id"]}
    held, device = plan.samples(task, "held_out"), "cuda" if torch.cuda.is_available() else "cpu"
    made: OwnVolumeTask | OwnSurfaceTask
    if task == "surface":
        net = network_from_onnx(MODELS / entry["file"], PointTransformer)
        config["net"] = results.read_net(MODELS / entry["file"])
        count = config["clouds"]
        files = [names_in(plan.samples(task, side), plan.names(side), count) for side in _SIDES]
        made = OwnSurfaceTask(config, net, *files)
    else:
        start = without_extra_heads(unet_from_onnx(MODELS / entry["file"]))
        config["net"] = start.plan.to_dict()
        made = OwnVolumeTask(config, start, plan.samples(task, "train"), plan.names("train"), held, device)
    run_to_end(made, plan.run / task)


def hand_on(plan: Plan, bar: ProgressBar) -> Path:
    """Write RUN/network: networks, entries, card and curve; returns the card."""
    given, network = plan.given, plan.run / NETWORK
    name = results.network_name(given.name or plan.data.folder.name)
    compared, tasks = {}, plan.data.tasks
    for done, task in enumerate(tasks):
        bar("Exporting the networks", done, len(tasks))
        if task == "surface":
            results.export_surface(plan.run / task, network, name, given.licence, len(plan.drawn.train))
        else:
            where = plan.samples(task, "train"), plan.samples(task, "held_out")
            compared[task] = results.export_volume(plan.run / task, *where, network, name, given.licence)
    bar("Measuring on held-out scans", 0, 2)
    scores: dict[str, Any] = {}
    for done, (title, folder) in enumerate((("installed networks", None), (name, network)), 1):
        if tasks == ("surface",):
            scores[title] = results.score_jaws([read_jaw_case(plan.cases[n]) for n in plan.drawn.held_out], folder)
        else:
            scores[title] = results.score_volumes([plan.read(n) for n in plan.drawn.held_out], folder)
        bar("Measuring on held-out scans", done, 2)
    bar.close()
    results.draw_curve({task: plan.run / task for task in tasks}, network / results.CURVE)
    told = {
        "layout": plan.data.layout,
        "licence": given.licence,
        "train": len(plan.drawn.train),
        "held": len(plan.drawn.held_out),
        "patients": len({case.patient for case in plan.cases.values()}),
        "how": plan.drawn.how,
        "teeth": sum(len(plan.checked.teeth[name]) for name in plan.cases),
        "steps": {task: plan.config[task]["training"]["steps"] for task in tasks},
        "from": list(results.start_entries(tasks).values()),
        "scores": scores,
        "compared": compared,
    }
    return results.write_card(network, name, told)


def read_config(given: argparse.Namespace) -> dict[str, Any]:
    """The configuration, with the steps and batch of the call."""
    config = yaml.safe_load(given.config.read_text(encoding="utf-8"))
    for section in config.values():
        for key in ("steps", "batch"):
            if getattr(given, key) is not None:
                section["training"][key] = getattr(given, key)
    return config


@contextmanager
def processes():
    """Join the processes that torchrun started, if it did."""
    if "WORLD_SIZE" not in os.environ:
        yield
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    # the others wait while the first prepares and measures
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo", timeout=timedelta(days=2))
    try:
        yield
    finally:
        distributed.destroy_process_group()


def wait_for_all() -> None:
    """Until every process has come this far."""
    if places()[1] > 1:
        distributed.barrier()


def work(given: argparse.Namespace) -> None:
    """Do what was asked for."""
    bar = ProgressBar(leads())
    checked = look(given, bar)
    require_sound(checked, given.action == "train" and given.leave_out)
    if given.action == "check":
        return
    cases = with_patients(checked)
    given.output.mkdir(parents=True, exist_ok=True)
    drawn = split(cases, given.held_out, given.seed)
    if leads():
        drawn = keep(drawn, given.output / "split.json")
    wait_for_all()
    drawn = keep(drawn, given.output / "split.json")
    plan = Plan(given, checked, {case.name: case for case in cases}, drawn, read_config(given))
    if leads():
        make_samples(plan, bar)
    wait_for_all()
    for task in plan.data.tasks:
        train(plan, task)
        wait_for_all()
    if leads():
        print(f"Done: {hand_on(plan, bar)}", flush=True)
    wait_for_all()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    actions = parser.add_subparsers(dest="action", required=True)
    told = {"check": "look at the scans and print what is wrong with them", "train": "check, split, train and export"}
    for action, text in told.items():
        one = actions.add_parser(action, help=text, description=text)
        one.add_argument("folder", type=Path, help="the labelled scans")
        one.add_argument("--patients", metavar="REGEX", help="its first group is the patient in a scan's name")
        one.add_argument("--numbering", choices=NUMBERINGS, help="what the values are, where no names say it")
        one.add_argument("--orientation", metavar="LPS|RAS|...", help="of files that do not say where left is")
    one.add_argument("-o", "--output", type=Path, required=True, help="folder of the run; RUN/network is the result")
    one.add_argument("--licence", required=True, help="terms of the networks, for the card and their entries")
    one.add_argument("--name", help="of the networks (default: the folder's)")
    one.add_argument("--held-out", type=float, default=SHARE, help=f"share of the patients (default {SHARE})")
    one.add_argument("--seed", type=int, default=0, help="of the split")
    one.add_argument("--leave-out", action="store_true", help="go on without the scans that cannot be used")
    one.add_argument("--config", type=Path, default=CONFIG, help="another configuration")
    one.add_argument("--steps", type=int, help="of every network, instead of the configuration's")
    one.add_argument("--batch", type=int, help="samples per step of all processes together")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Check or train; returns the exit code of a refusal, 0 otherwise."""
    given = _parser().parse_args(argv)
    try:
        with processes():
            work(given)
    except DentalTopoSegError as error:
        print(f"own-data: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("own-data: Stopped; the same command goes on.", file=sys.stderr)
        return 130
    return 0
