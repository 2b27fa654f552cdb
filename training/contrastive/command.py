"""CBCT and intraoral scan teach each other (ToothMCL): pairs, pretraining, what it is worth.

    python -m training contrastive pairs training/configs/contrastive.yaml ROOTED DATA/ios/train PAIRS --count 4
    python -m training contrastive pretrain training/configs/contrastive.yaml --pairs PAIRS --data DATA/ios/train
    python -m training contrastive retrieve RUN --pairs PAIRS --data DATA/ios/train
    python -m training contrastive show RUN PAIR.npz picture.png
    python -m training contrastive finetune training/configs/swin.yaml --pairs PAIRS --data DATA/ios/train --init RUN
    python -m training contrastive answers SAMPLES --teacher SWIN_RUN --people 12 --pairs PAIRS --data DATA/ios/train
    python -m training contrastive score SWIN_RUN --scans EVAL/scans -o scores.json
    python -m training contrastive table training/configs/contrastive_table.yaml --pairs PAIRS --data DATA/ios/train ...

ROOTED is what `root-teeth` wrote. Everything started again goes on from where it was.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from pathlib import Path

import numpy as np
import torch

from DentalTopoSegLib.errors import DentalTopoSegError
from DentalTopoSegLib.files.transactions import atomic_path
from training.contrastive.answers import load_teacher, write_answers
from training.contrastive.belonging import Disturbances
from training.contrastive.finetune import fine_tune, first_people
from training.contrastive.masked import MaskedImageTask, MaskedPointsTask
from training.contrastive.pairs import PairPlan, load_pair, split_pairs, write_pairs
from training.contrastive.pictures import draw_likeness
from training.contrastive.pretrain import PretrainTask, encoder_weights, load_towers, write_surface_start
from training.contrastive.scoring import held_jaws, other_jaws, retrieval_report, score_jaws, score_volumes
from training.contrastive.table import make_table
from training.export.surface import load_net
from training.loop import add_run_arguments, read_config, run_to_end, start_command
from training.patients.parts import WHOLE, parse_part
from training.surfaces.jaws import FOLDS

OBJECTIVES = {"contrastive": PretrainTask, "masked-image": MaskedImageTask, "masked-points": MaskedPointsTask}


def default_device() -> str:
    """ "cuda" where there is one."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def pairs(arguments: argparse.Namespace) -> None:
    """Draw pairs."""
    config = read_config(arguments.config, "pairs", "disturbances")
    torch.set_num_threads(1)
    section = {k: tuple(v) if isinstance(v, list) else v for k, v in config["pairs"].items()}
    plan, disturbances = PairPlan(**section), Disturbances(**config["disturbances"])
    written = write_pairs(
        arguments.rooted,
        arguments.data,
        arguments.out,
        arguments.count,
        arguments.seed,
        plan,
        disturbances,
        arguments.part,
    )
    print(f"{written} pairs written to {arguments.out}")


def pretrain(arguments: argparse.Namespace) -> None:
    """Pretrain both encoders, or one by masked reconstruction."""
    config, folder = start_command(arguments, "net", "views", "reach", "loss")
    config |= {"objective": arguments.objective, "share": arguments.share}
    if not arguments.name and arguments.objective != "contrastive":
        folder = folder.with_name(f"{folder.name}_{arguments.objective}")
    train, held = split_pairs(arguments.pairs, arguments.data, arguments.fold, arguments.share, config["seed"])
    task = OBJECTIVES[arguments.objective](config, train, held, arguments.device)
    run_to_end(task, folder, arguments.fresh)


def surface_start(arguments: argparse.Namespace) -> None:
    """Write the checkpoint from which `train-surface --init` starts."""
    config = read_config(arguments.config, "net")
    write_surface_start(arguments.run, arguments.out, config["net"], config["seed"])


def finetune(arguments: argparse.Namespace) -> None:
    """Fine-tune the CBCT encoder with a light decoder on labelled crops."""
    config, folder = start_command(arguments, "net", "views")
    train, held = split_pairs(arguments.pairs, arguments.data, arguments.fold)
    train = first_people(train, arguments.people)
    weights = encoder_weights(arguments.init, "image") if arguments.init else None
    fine_tune(config, folder, train, held, weights, arguments.device, arguments.fresh)


def answers(arguments: argparse.Namespace) -> None:
    """Write samples for the small numbering network: labels, and a Swin network's answers where there are none."""
    torch.set_num_threads(arguments.threads)
    train, held = split_pairs(arguments.pairs, arguments.data, arguments.fold)
    teacher = load_teacher(arguments.teacher, held) if arguments.teacher else None
    counts = write_answers(train, arguments.people, teacher, arguments.out, arguments.device)
    print(f"{counts['labels']} samples with labels, {counts['answers']} with answers in {arguments.out}")


def score(arguments: argparse.Namespace) -> None:
    """Write the Dice of every tooth: of a CBCT run on labelled scans, or of a surface run on labelled jaws."""
    torch.set_num_threads(arguments.threads)
    if arguments.scans:
        found = score_volumes(arguments.run, arguments.scans, arguments.of_each, arguments.device)
    else:
        fold = arguments.fold
        jaws = other_jaws(arguments.jaws) if fold is None else held_jaws(arguments.jaws, fold)
        found = score_jaws(load_net(arguments.run)[0], jaws)
    values = {}
    for name, teeth in found:
        values[name] = teeth
        mean = np.mean(list(teeth.values())) if teeth else float("nan")
        print(f"{name} DSC {mean:.3f}, {time.process_time():.0f} CPU-s so far", flush=True)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(arguments.output) as temporary:
        temporary.write_text(json.dumps(values, indent=1), encoding="utf-8")


def retrieve(arguments: argparse.Namespace) -> None:
    """Find the scan of every held-out CBCT."""
    torch.set_num_threads(arguments.threads)
    towers, config = load_towers(arguments.run)
    held = split_pairs(arguments.pairs, arguments.data, None)[1]
    report = retrieval_report(towers, config, held)
    print(report.text)
    if arguments.output:
        arguments.output.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(arguments.output) as temporary:
            temporary.write_text(json.dumps(report.values, indent=1), encoding="utf-8")


def show(arguments: argparse.Namespace) -> None:
    """Draw what both encoders find alike in a pair."""
    torch.set_num_threads(1)
    towers, config = load_towers(arguments.run)
    draw_likeness(towers, config, load_pair(arguments.pair), arguments.picture, arguments.seed)


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pairs", type=Path, required=True, help="what `contrastive pairs` wrote")
    parser.add_argument("--data", type=Path, required=True, help="the data pack's ios/train, for the list of people")


def _add_training(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", type=Path)
    _add_data(parser)
    parser.add_argument("--fold", type=int, choices=range(FOLDS), help="fifth of the people to hold out too")
    parser.add_argument("--device", default=default_device(), help="cpu or cuda (default: cuda where there is one)")
    add_run_arguments(parser)


def parser() -> argparse.ArgumentParser:
    """What the command takes."""
    top = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = top.add_subparsers(dest="command", required=True)

    def add(name: str, function) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=function.__doc__.splitlines()[0], description=function.__doc__)
        one.set_defaults(function=function)
        return one

    one = add("pairs", pairs)
    one.add_argument("config", type=Path)
    one.add_argument("rooted", type=Path, help="what root-teeth wrote")
    one.add_argument("data", type=Path, help="the data pack's ios/train")
    one.add_argument("out", type=Path)
    one.add_argument("--count", type=int, default=4, help="pairs of every person")
    one.add_argument("--seed", type=int, default=0)
    one.add_argument("--part", type=parse_part, default=WHOLE, metavar="k/n", help="only part k of n")
    one = add("pretrain", pretrain)
    _add_training(one)
    one.add_argument("--objective", choices=OBJECTIVES, default="contrastive")
    one.add_argument("--share", type=float, default=1.0, help="of the people to train on, 0 to 1")
    one = add("surface-start", surface_start)
    one.add_argument("run", type=Path, help="folder of the pretraining")
    one.add_argument("config", type=Path, help="of the surface network, as train-surface takes it")
    one.add_argument("out", type=Path, help="checkpoint to write")
    one = add("finetune", finetune)
    _add_training(one)
    one.add_argument("--init", type=Path, help="run of a pretraining whose encoder it starts from")
    one.add_argument("--people", type=int, help="only the labels of the first so many people")
    one = add("answers", answers)
    one.add_argument("out", type=Path, help="folder of the samples, for train-volumes")
    _add_data(one)
    one.add_argument("--fold", type=int, choices=range(FOLDS), help="fifth of the people to hold out too")
    one.add_argument("--people", type=int, help="the first so many people are labelled (default: all)")
    one.add_argument("--teacher", type=Path, help="run of `contrastive finetune` that answers for all others")
    one.add_argument("--device", default=default_device(), help="cpu or cuda (default: cuda where there is one)")
    one.add_argument("--threads", type=int, default=1)
    one = add("score", score)
    one.add_argument("run", type=Path, help="of `contrastive finetune`, train-volumes (numbering) or train-surface")
    which = one.add_mutually_exclusive_group(required=True)
    which.add_argument("--scans", type=Path, help="labelled CBCTs, as make-evaluation-set writes them")
    which.add_argument("--jaws", type=Path, help="labelled jaws")
    one.add_argument("--of-each", type=int, help="with --scans: only the first so many scans of a person")
    one.add_argument("--fold", type=int, choices=range(FOLDS), help="with --jaws, the data pack's ios/train: its fold")
    one.add_argument("--device", default=default_device(), help="of a CBCT run (default: cuda where there is one)")
    one.add_argument("--threads", type=int, default=1)
    one.add_argument("-o", "--output", type=Path, required=True, help="JSON")
    one = add("retrieve", retrieve)
    one.add_argument("run", type=Path, help="folder of the pretraining")
    _add_data(one)
    one.add_argument("--threads", type=int, default=1)
    one.add_argument("-o", "--output", type=Path, help="JSON")
    one = add("show", show)
    one.add_argument("run", type=Path, help="folder of the pretraining")
    one.add_argument("pair", type=Path)
    one.add_argument("picture", type=Path)
    one.add_argument("--seed", type=int, default=0, help="of the views")
    one = add("table", make_table)
    one.add_argument("config", type=Path)
    _add_data(one)
    one.add_argument("--clouds", type=Path, required=True, help="what sample-jaws wrote")
    one.add_argument("--scans", type=Path, required=True, help="labelled CBCT phantoms of held-out people")
    one.add_argument("--reconstructed", type=Path, help="the same, reconstructed from projections; left out without")
    one.add_argument("--other-scanners", type=Path, required=True, help="labelled jaws of other scanners")
    one.add_argument("--runs", type=Path, help="folder of the runs (default: training/runs)")
    one.add_argument("--threads", type=int, default=1, help="of every step")
    one.add_argument("--workers", type=int, default=1, help="steps side by side")
    one.add_argument("--only", nargs="+", help="names of rows")
    one.add_argument("--jobs", type=int, help="stop after so many steps of the experiment")
    one.add_argument("--pictures", type=Path, help="folder for the curve")
    one.add_argument("-o", "--output", type=Path, help="Markdown")
    return top


def main(argv: list[str] | None = None) -> int:
    """Run one of them."""
    arguments = parser().parse_args(argv)
    try:
        arguments.function(arguments)
    except (DentalTopoSegError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped; the same command goes on.", file=sys.stderr)
        return 128 + signal.SIGINT
    return 0
