"""Train the CBCT networks side by side, in rounds, while their samples are drawn: on two cores and on a GPU.

    python -m training train-cbct training/configs/cbct.yaml CACHE --out WEIGHTS

What it takes is a plan (`rounds`) and dentitions: a cache folder or its pack. It needs torch, numpy, scipy and yaml,
and no network. Every round draws samples of its own into the rolling folders, trains each network by `train-volumes` to
the end of its budget, and writes the averaged weights in parts, with a JSON of what they are worth, to WEIGHTS/roundN.
On another machine `--init WEIGHTS/roundN` goes on with the next round. Stopped by Ctrl-C, or by a process that died,
the same command goes on where it was.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from DentalTopoSegLib.errors import Cancelled, DentalTopoSegError, InputError
from DentalTopoSegLib.files.locks import lock_folder
from training.loop import CHECKPOINT, LOG, RUNS, Measures, kept_memory, read_log
from training.patients.packs import open_dentitions
from training.volumes.children import Children
from training.volumes.data import IMAGE_SUFFIX, TARGET_SUFFIX, list_samples
from training.volumes.rounds import Plan, read_plan, round_number
from training.volumes.weights import RESULT, averaged_weights, join_weights, read_result, split_file, write_result

SAY_EVERY_S = 60.0
GPU_SAMPLERS = 4


@dataclass(frozen=True)
class Places:
    """Where everything of a run lies."""

    run: Path

    def samples(self, network: str) -> Path:
        """The rolling folder of a network."""
        return self.run / "samples" / network

    def validation(self, network: str) -> Path:
        """The validation samples of a network."""
        return self.run / "samples" / f"val_{network}"

    def round(self, number: int) -> Path:
        """The runs of a round."""
        return self.run / f"round{number}"

    def result(self, number: int) -> Path:
        """What a round hands on."""
        return self.run / "weights" / f"round{number}"


def cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine() -> dict[str, Any]:
    """What the training runs on, for its result."""
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.is_file():
        lines = information.read_text(encoding="utf-8", errors="replace").splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    versions = {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__}
    return {"processor": model, "cores": cores(), "gpu": gpu, "system": platform.system(), **versions}


# --- Samples ---


def tidy(folder: Path) -> None:
    """Take away what samplers that were stopped have left: halves of samples."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        image = path.with_name(path.name.removesuffix(TARGET_SUFFIX) + IMAGE_SUFFIX)
        if path.suffix == ".tmp" or (path.name.endswith(TARGET_SUFFIX) and not image.exists()):
            path.unlink()


def next_number(folder: Path, seed: int) -> int:
    """Number after the last sample of a seed in a folder."""
    start = f"{seed:03d}_"
    return max(
        (int(name.removeprefix(start)) + 1 for name in list_samples(folder) if name.startswith(start)), default=0
    )


def shares(plan: Plan) -> dict[str, int]:
    """How many processes draw samples of each network."""
    wanted = plan.samples.processes or (GPU_SAMPLERS if plan.samples.device == "cuda" else cores())
    each, rest = divmod(max(wanted, len(plan.networks)), len(plan.networks))
    return {name: each + (index < rest) for index, name in enumerate(plan.networks)}


def start_samplers(
    children: Children, plan: Plan, cache: Path, places: Places, number: int | None, environment: dict[str, str]
) -> None:
    """Start the processes that draw samples of a round, for ever, or (None) what is absent of the validation, once.

    Sample N of a seed is the same whoever draws it: process k of n draws numbers k, k + n, k + 2 n, ...
    """
    samples = plan.samples
    for name, count in shares(plan).items():
        folder = places.validation(name) if number is None else places.samples(name)
        seed = samples.validation_seed if number is None else plan.sample_seed(number)
        if number is None and len(list_samples(folder)) < samples.validation:
            for half in folder.iterdir():
                half.unlink()
        first = next_number(folder, seed)
        for k in range(count):
            command: list[object] = ["sample-patients", cache, folder, "--task", name, "--seed", seed]
            command += ["--first", first + k, "--stride", count, "--device", samples.device]
            if samples.without:
                command += ["--without", *samples.without]
            if number is None:
                missing = len(range(first + k, samples.validation, count))
                if not missing:
                    continue
                command += ["--split", "validation", "--count", missing]
            else:
                command += ["--keep", samples.keep, "--parametric", samples.parametric]
                command += ["--reconstructed", samples.reconstructed]
            title = f"sampler of {'validation ' if number is None else ''}{name} {k + 1} of {count}"
            children.start(title, command, number is not None, samples.nice, environment)


# --- Rounds ---


def start_training(
    children: Children, plan: Plan, places: Places, number: int, init: dict[str, Path], environment: dict[str, str]
) -> None:
    """Start the training of every network of a round, each in a process of its own."""
    threads = plan.threads or max(1, cores() // len(plan.networks))
    for name in plan.networks:
        config = places.round(number) / f"{name}.yaml"
        config.write_text(yaml.safe_dump(plan.config(name, number), sort_keys=False), encoding="utf-8")
        command: list[object] = ["train-volumes", config, "--data", places.samples(name)]
        command += ["--val", places.validation(name), "--name", name, "--runs", places.round(number)]
        command += ["--threads", threads, "--workers", plan.workers]
        if name in init:
            command += ["--init", init[name]]
        children.start(f"training of {name}", command, environment=environment)


def run_round(plan: Plan, places: Places, cache: Path, number: int, init: dict[str, Path]) -> Path:
    """Draw, train and hand on one round; returns the folder of its weights and their JSON."""
    started = time.monotonic()
    folder = places.round(number)
    folder.mkdir(parents=True, exist_ok=True)
    single = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    tuned = kept_memory()
    for name in plan.networks:
        tidy(places.samples(name))
        tidy(places.validation(name))
    with Children(folder) as children:
        start_samplers(children, plan, cache, places, None, single)
        children.wait()
    with Children(folder) as children:
        start_samplers(children, plan, cache, places, number, single)
        said = Said(plan, places, number)
        children.wait(partial(enough_samples, plan, places), said.now_and_then)
        start_training(children, plan, places, number, init, tuned)
        children.wait(None, said.now_and_then)
    return hand_on(plan, places, number, init, started)


def enough_samples(plan: Plan, places: Places) -> bool:
    """Whether the training can start."""
    return all(len(list_samples(places.samples(name))) >= plan.samples.ready for name in plan.networks)


class Said:
    """Prints how far a round is, once a minute."""

    def __init__(self, plan: Plan, places: Places, number: int) -> None:
        self.plan, self.places, self.number, self.last = plan, places, number, -math.inf

    def now_and_then(self) -> None:
        """Print a line for every network if it is time."""
        if time.monotonic() - self.last < SAY_EVERY_S:
            return
        self.last = time.monotonic()
        for name in self.plan.networks:
            samples = len(list_samples(self.places.samples(name)))
            print(f"round {self.number}, {name}: {samples} samples{self._training(name)}", flush=True)

    def _training(self, name: str) -> str:
        folder = self.places.round(self.number) / name
        rows = read_log(folder) if (folder / LOG).is_file() else []
        if not rows:
            return ""
        row = rows[-1]
        return f", step {row['step']}, loss {row['loss']:.3f}, {row['minutes_left']:.1f} min left"


def hand_on(plan: Plan, places: Places, number: int, init: dict[str, Path], started: float) -> Path:
    """Write the weights of a round in parts, and last the JSON of what they are and what they are worth."""
    out, networks, seed = places.result(number), {}, plan.sample_seed(number)
    shutil.rmtree(out, ignore_errors=True)
    for name in plan.networks:
        weights = places.round(number) / f"{name}.pt"
        progress = averaged_weights(places.round(number) / name, weights)["progress"]
        networks[name] = {
            "validation": finite(progress["history"][-1]) if progress["history"] else None,
            "steps": progress["step"],
            "minutes": round(progress["seconds"] / 60, 2),
            "cpu_minutes": round(progress["cpu_seconds"] / 60, 2),
            "went_on_from_weights": name in init,
            "samples_drawn": next_number(places.samples(name), seed),
            "config": plan.config(name, number),
            "weights": split_file(weights, out),
        }
    result = {
        "plan": plan.name,
        "round": number,
        "rounds": len(plan.rounds),
        "sample_seed": seed,
        "validation_seed": plan.samples.validation_seed,
        "minutes_of_this_call": round((time.monotonic() - started) / 60, 2),
        "machine": machine(),
        "networks": networks,
    }
    write_result(out, result)
    for name, network in networks.items():
        print(f"round {number}, {name}: {network['steps']} steps, {network['minutes']} min, {network['validation']}")
    return out


def finite(measures: Measures) -> dict[str, float | None]:
    """Measures as JSON holds them: None for what is no number."""
    return {name: value if math.isfinite(value) else None for name, value in measures.items()}


def first_round(plan: Plan, places: Places, init: Path | None, asked: int | None) -> tuple[int, Path | None]:
    """Which round comes next, and the folder of weights that it goes on from (None: from none).

    Raises
    ------
    InputError
        There is no such round, or no weights of the round before it.
    """
    done = [n for n in range(1, len(plan.rounds) + 1) if (places.result(n) / RESULT).is_file()]
    told = read_result(init) if init is not None and (init / RESULT).is_file() else {}
    handed = int(told["round"]) if told.get("plan") == plan.name else 0
    number = asked or max([handed, *done]) + 1
    if number > len(plan.rounds):
        raise InputError(f"All {len(plan.rounds)} rounds of {plan.name} are done: take the weights of the last one.")
    if number - 1 in done:
        return number, places.result(number - 1)
    if number > 1 and init is None:
        raise InputError(
            f"Round {number} goes on from round {number - 1}, which is not here: name its weights (--init)."
        )
    return number, init


def train(
    plan: Plan,
    dentitions: Path,
    places: Places,
    init: Path | None = None,
    asked: int | None = None,
    count: int | None = None,
    out: Path | None = None,
) -> None:
    """Do the next rounds of a plan.

    Parameters
    ----------
    plan, dentitions, places
        What, from which cache or pack, and where.
    init : Path, optional
        Weights to go on from.
    asked, count : int, optional
        Which round is the first, and how many at most.
    out : Path, optional
        Also gets what each round hands on.

    Raises
    ------
    DentalTopoSegError
        Something is absent, or a process has died; the same call goes on.
    """
    number, source = first_round(plan, places, init, asked)
    cache = open_dentitions(dentitions, places.run / "dentitions")
    last = len(plan.rounds) if count is None else min(len(plan.rounds), number + count - 1)
    for at in range(number, last + 1):
        source = run_round(plan, places, cache, at, start_weights(plan, places, source, at))
        if out is not None:
            shutil.copytree(source, out / source.name, dirs_exist_ok=True)
        print(f"Round {at} of {len(plan.rounds)} is done: {(out or source.parent) / source.name}", flush=True)


def start_weights(plan: Plan, places: Places, source: Path | None, number: int) -> dict[str, Path]:
    """The checkpoint that every network of a round starts from; none without `source`.

    Parameters
    ----------
    source : Path, optional
        What a round handed on, or a folder with `<network>/checkpoint.pt` or one `<network>*.pt` for every network.

    Raises
    ------
    InputError
        A network's is absent, or altered.
    """
    if source is None:
        return {}
    if (source / RESULT).is_file():
        found = join_weights(source, places.round(number) / "init")
    else:
        found = {}
        for name in plan.networks:
            files = [file for file in (source / name / CHECKPOINT, *source.glob(f"{name}*.pt")) if file.is_file()]
            if len(files) == 1:
                found[name] = files[0].resolve()
    if missing := set(plan.networks) - set(found):
        raise InputError(f"{source} holds no weights of {', '.join(sorted(missing))}, or several: name another folder.")
    return found


def main(argv: list[str] | None = None) -> int:
    """Train by a plan."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("config", type=Path, help="the plan, e.g. training/configs/cbct.yaml")
    parser.add_argument("dentitions", type=Path, help="cache of dentitions, or its pack (pack-dentitions)")
    parser.add_argument("--run", type=Path, help="folder of the run (default: of the plan's name, in training/runs)")
    parser.add_argument("--out", type=Path, help="also gets roundN, the weights in parts; they stand in RUN/weights")
    parser.add_argument("--init", type=Path, help="weights to go on from: a roundN of another machine, or joined ones")
    parser.add_argument("--round", type=round_number, help="which round (default: the first that is not done)")
    parser.add_argument("--rounds", type=round_number, help="how many rounds at most (default: all that are left)")
    parser.add_argument("--minutes", type=float, help="budget of every round instead of the plan's")
    args = parser.parse_args(argv)
    # a shell's background jobs are told to ignore the first of them
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    lock = None
    try:
        plan = read_plan(args.config)
        plan = plan if args.minutes is None else plan.with_minutes(args.minutes)
        run = args.run or RUNS / plan.name
        run.mkdir(parents=True, exist_ok=True)
        lock = lock_folder(run)
        if lock is None:
            raise InputError(f"{run} is in use by another training: wait for it, or name another folder (--run).")
        dentitions, places = args.dentitions.resolve(), Places(run.resolve())
        train(plan, dentitions, places, args.init, args.round, args.rounds, args.out)
    except DentalTopoSegError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("Stopped; the same command goes on.", file=sys.stderr)
        return Cancelled.exit_code
    finally:
        if lock is not None:
            lock.release()
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0
