"""Pseudo labels for unlabelled scans, coarse to fine, and what they are worth: Table 4 of the paper, on phantoms.

    python -m training pseudo-labels table CONFIG CACHE -o WORK
    python -m training pseudo-labels segment CONFIG WORK/8_1 SCAN -o teeth.nii.gz --network final
    python -m training pseudo-labels adapt SCAN ... --samples BUFFER/numbering --held-out EVAL/scans -o WORK

`table` starts from rooted dentitions (CACHE, by `root-teeth`): it draws the scans, trains the stages, makes pseudo
labels of the unlabelled scans, trains on with them, scores all rows on held-out patients and prints the tables, which
WORK/tables.md has after each group. Started again after a stop, the same command goes on. With scans of one's own in
WORK/scans (`labelled` and `test`: NAME_image.nii.gz and NAME_labels.nii.gz with FDI numbers; `unlabelled`:
NAME_image.nii.gz) CACHE is left out.

`adapt` trains the numbering network of a folder, or the installed one, on with real scans that nobody has labelled,
beside samples of phantoms. WORK/network is then a folder for `dentaltoposeg segment --models`; where a figure on the
held-out labelled scans falls by more than its spread there is none, a sentence says so, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from DentalTopoSegLib.errors import DentalTopoSegError, InputError
from DentalTopoSegLib.files.volumes import read_volume, write_volume
from training.export.shipping import write_whole
from training.loop import CHECKPOINT, keep_memory
from training.pseudo_labels.adapting import CONFIG, adapt
from training.pseudo_labels.answers import VIEWS, answer_in_region, find, label_map, load_net
from training.pseudo_labels.guard import NotKeptError
from training.pseudo_labels.plan import read_plan
from training.pseudo_labels.runs import make_samples, run_group
from training.pseudo_labels.scans import make_scans
from training.pseudo_labels.scoring import score_group, tables


def say(line: str) -> None:
    """Print at once."""
    print(line, flush=True)


def table(given: argparse.Namespace) -> None:
    """Do what is not done yet, and print the tables."""
    plan = read_plan(given.config)
    if given.rows:
        plan = plan.only(given.rows)
    groups = [group for group in plan.groups() if not given.only or group.name in given.only]
    lost = set(given.only or ()) - {group.name for group in groups}
    if lost:
        raise InputError(f"'{given.config}' has no group {', '.join(sorted(lost))}: they are called SIZE_SEED.")
    if not given.print:
        if given.cache is not None:
            make_scans(given.cache, given.output / "scans", plan.scans, say)
        make_samples(given.output, plan)
        for group in groups:
            run_group(given.output, plan, group, say, retrain=not given.labels)
            if not given.labels:
                score_group(given.output, plan, group, say)
                write_whole(given.output / "tables.md", tables(given.output, read_plan(given.config)))
    text = tables(given.output, read_plan(given.config))
    write_whole(given.output / "tables.md", text)
    print(text)


def segment(given: argparse.Namespace) -> None:
    """Number the teeth of one scan by the networks of a group."""
    plan = read_plan(given.config)
    for network in ("find", given.network):
        if not (given.group / network / CHECKPOINT).is_file():
            raise InputError(f"'{given.group}' holds no trained network '{network}': name a folder WORK/SIZE_SEED.")
    scan, notes = read_volume(given.scan)
    for note in notes:
        say(str(note))
    middle = find(load_net(given.group / "find"), scan, plan.scale)
    net = load_net(given.group / given.network)
    answer = answer_in_region(net, scan, middle, plan.scale, VIEWS[given.views])
    write_volume(label_map(answer, scan, plan.limits.least), given.output)


def parser() -> argparse.ArgumentParser:
    """What the command takes."""
    result = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    actions = result.add_subparsers(dest="action", required=True)
    one = actions.add_parser("table", help=table.__doc__, description=table.__doc__)
    one.add_argument("config", type=Path)
    one.add_argument("cache", type=Path, nargs="?", help="rooted dentitions; without them, scans of one's own")
    one.add_argument("-o", "--output", type=Path, required=True, help="folder of work")
    one.add_argument("--only", nargs="+", metavar="SIZE_SEED", help="only these groups of runs")
    one.add_argument("--rows", nargs="+", metavar="ROW", help="only these rows")
    one.add_argument("--labels", action="store_true", help="make pseudo labels, but train and score nothing on them")
    one.add_argument("--print", action="store_true", help="only print the tables of what is scored")
    one.set_defaults(function=table)
    one = actions.add_parser("segment", help=segment.__doc__, description=segment.__doc__)
    one.add_argument("config", type=Path)
    one.add_argument("group", type=Path, help="WORK/SIZE_SEED")
    one.add_argument("scan", type=Path)
    one.add_argument("-o", "--output", type=Path, required=True, help="label map, FDI numbers")
    one.add_argument("--network", default="final", help="of the second stage (default: final)")
    one.add_argument("--views", choices=sorted(VIEWS), default="mirrored", help="test-time augmentation")
    one.set_defaults(function=segment)
    one = actions.add_parser("adapt", help=adapt.__doc__, description=adapt.__doc__)
    one.add_argument("scans", type=Path, nargs="+", help="files, DICOM folders, or folders with either")
    one.add_argument("--samples", type=Path, required=True, help="samples of phantoms (sample-patients), all there")
    one.add_argument("--validation", type=Path, help="samples to validate on (default: val_... beside the samples)")
    one.add_argument("--held-out", type=Path, required=True, help="labelled scans that decide (make-evaluation-set)")
    one.add_argument("--models", type=Path, help="networks to start from (default: the installed ones)")
    one.add_argument("-o", "--output", type=Path, required=True, help="folder of work; WORK/network is the result")
    one.add_argument("--orientation", metavar="LPS|RAS|...", help="of files that do not say where left is")
    one.add_argument("--name", help="of the network (default: of the one it starts from, -adapted)")
    one.add_argument("--licence", help="terms of the network (default: of the one it starts from)")
    one.add_argument("--config", type=Path, default=CONFIG, help="another configuration")
    one.add_argument("--steps", type=int, help="instead of the configuration's")
    one.add_argument("--cache", type=Path, help="folder for the networks' answers on held-out scans")
    one.add_argument("--move-quadrant", type=int, choices=(1, 2, 3, 4), help="an experiment: numbers of this quadrant "
                     "are taught one too high, to see whether it is noticed; its network is never kept")  # fmt: skip
    one.set_defaults(function=lambda given: adapt(given, say))
    for action in actions.choices.values():
        action.add_argument("--threads", type=int, help="CPU threads (default: all)")
    return result


def main(argv: Sequence[str] | None = None) -> int:
    """Run one of them; returns the exit code of a refusal, 0 otherwise."""
    given = parser().parse_args(argv)
    keep_memory()
    if given.threads:
        torch.set_num_threads(given.threads)
    try:
        given.function(given)
    except DentalTopoSegError as error:
        print(f"pseudo-labels: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("pseudo-labels: Stopped; the same command goes on.", file=sys.stderr)
        return 130
    except NotKeptError as refusal:
        print(f"pseudo-labels: {refusal}", file=sys.stderr)
        return 1
    return 0
