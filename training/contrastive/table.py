"""Table A4 and the data-size curve: what pretraining is worth, by fine-tuning of both encoders from every start.

Every step (a pretraining, a fine-tuning, the scores of a data set, ...) is a command of its own in a process of its
own, some of them side by side; all end with this one, however it ends. A step that is done is not done again, one that
was broken off goes on from its checkpoint. After every score the tables are written anew.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.transactions import atomic_path, reserved
from training.contrastive.curve import draw_curve
from training.contrastive.results import MODALITIES, PARTS, Row, curves, report
from training.loop import CHECKPOINT, RUNS, kept_memory, load_checkpoint, read_config
from training.volumes.children import Children

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
TRAININGS = ("contrastive", "masked-image", "masked-points", "cbct", "ios", "cbct-longer", "ios-longer", "small")
"""What a table's `training` gives steps, or settings, for."""
LABELS = "labels"
"""In place of a teacher: only the labels teach the small network."""


def read_table(path: Path) -> tuple[dict[str, Any], list[Row]]:
    """The configuration and its rows. ValueError for a row that says what no row can, and without steps for one."""
    config = read_config(path, "seeds", "rows", "pretraining", "cbct", "ios", "small", "fold", "labels")
    rows, every = [], tuple(config["seeds"])
    if missing := set(TRAININGS) - set(config["training"]):
        raise ValueError(f"{path}: training has no steps for {', '.join(sorted(missing))}.")
    for name, told in config["rows"].items():
        told = dict(told)
        count = told.pop("seeds", len(every))
        if not 1 <= count <= len(every):
            raise ValueError(f"{path}: row {name} wants {count} of {len(every)} seeds.")
        if "share" in told and "objective" not in told:
            told["objective"] = "contrastive"
        try:
            rows.append(Row(name, seeds=every[:count], **told))
        except TypeError as error:
            raise ValueError(f"{path}: row {name} cannot be read ({error}).") from error
    for row in rows:
        others = {row.against, row.teacher} - {"", LABELS}
        if unknown := others - {other.name for other in rows}:
            raise ValueError(f"{path}: row {row.name} speaks of {', '.join(sorted(unknown))}, which is no row.")
    return config, rows


def jobs(rows: list[Row]) -> Iterator[tuple[Row, int]]:
    """Every row with its first seed, then with its second, ..."""
    for index in range(max(len(row.seeds) for row in rows)):
        for row in rows:
            if index < len(row.seeds):
                yield row, row.seeds[index]


@dataclass(frozen=True)
class Step:
    """A command of `python -m training`.

    Attributes
    ----------
    name : str
        Of the step, its log and, for a training, its run.
    command : tuple of str
        The command's words.
    needs : tuple of str
        Steps that must be done before.
    config, path : dict, pathlib.Path, optional
        A configuration, and where it is written when the step starts.
    """

    name: str
    command: tuple[str, ...]
    needs: tuple[str, ...] = ()
    config: dict[str, Any] | None = field(default=None, compare=False)
    path: Path | None = None

    @property
    def told(self) -> dict[str, Any]:
        """What it is done with; a result of anything else is not this step's."""
        return {"command": list(self.command), "config": self.config}


class Experiment:
    """The steps of a table, in the folder `base`."""

    def __init__(self, arguments: argparse.Namespace, config: dict[str, Any], base: Path) -> None:
        self.arguments, self.config, self.base = arguments, config, base.absolute()

    # --- Which steps there are ---

    def steps(self, rows: list[Row], every: list[Row]) -> list[Step]:
        """In the order in which they are done, without repetitions; `every`: the rows that teachers are among."""
        found: dict[str, Step] = {}
        by_name = {row.name: row for row in every}
        for row, seed in jobs(rows):
            for step in self._small(row, seed, by_name) if row.teacher else self._both(row, seed):
                found.setdefault(step.name, step)
        return list(found.values())

    def _config(self, name: str, run: str, seed: int, kind: str) -> tuple[dict[str, Any], Path]:
        """A configuration with this seed and what the table's `training` says of this kind (steps, or some of the
        settings), and where a run of this name finds it."""
        config = yaml.safe_load((CONFIGS / name).read_text(encoding="utf-8"))
        kept = {k: v for k, v in config["training"].items() if k != "minutes"}
        told = self.config["training"][kind]
        config |= {"seed": seed, "training": {**kept, **(told if isinstance(told, dict) else {"steps": told})}}
        return config, self.base / "configs" / f"{run}.yaml"

    def _training(
        self, run: str, name: str, seed: int, kind: str, command: str, needs: tuple[str, ...], *words
    ) -> Step:
        config, path = self._config(name, run, seed, kind)
        common = ("--name", run, "--runs", self.base, "--threads", self.arguments.threads)
        return Step(run, _words(*command.split(), path, *words, *common), needs, config, path)

    def _data(self) -> tuple[object, ...]:
        a = self.arguments
        return "--pairs", a.pairs.absolute(), "--data", a.data.absolute(), "--fold", self.config["fold"]

    def _pretraining(self, row: Row, seed: int, modality: str) -> Step | None:
        """None for random weights."""
        if not row.objective:
            return None
        objective, run = row.objective, f"pretrain_{row.name}_{seed}"
        if objective == "masked":
            objective, run = ("masked-image" if modality == "cbct" else "masked-points"), f"{run}_{modality}"
        words = ("--objective", objective, "--share", row.share, *self._data())
        return self._training(run, self.config["pretraining"], seed, objective, "contrastive pretrain", (), *words)

    def _tuned(self, row: Row, seed: int, modality: str) -> list[Step]:
        """What leads to the run fine-tuned on one modality's labels, which is the last."""
        start = self._pretraining(row, seed, modality)
        run, kind = f"{modality}_{row.name}_{seed}", f"{modality}-longer" if row.longer else modality
        steps = [start] if start else []
        people = ("--people", self.config["labels"])
        if modality == "cbct":
            init = ("--init", self.base / start.name) if start else ()
            words = ("contrastive finetune", _names(steps), *init, *people, *self._data())
            return [*steps, self._training(run, self.config["cbct"], seed, kind, *words)]
        init = ()
        if start:
            config, path = self._config(self.config["ios"], f"start_{run}", seed, kind)
            weights = self.base / "configs" / f"{run}.pt"
            command = _words("contrastive", "surface-start", self.base / start.name, path, weights)
            steps.append(Step(f"start_{run}", command, (start.name,), config, path))
            init = ("--init", weights)
        a = self.arguments
        where = ("--data", a.data.absolute(), "--cache", a.clouds.absolute(), "--fold", self.config["fold"])
        words = ("train-surface", _names(steps[-1:]), *where, *init, *people)
        return [*steps, self._training(run, self.config["ios"], seed, kind, *words)]

    def _scores(self, row: Row, seed: int, modality: str, run: str) -> list[Step]:
        """The Dice of every tooth of both data sets of a modality."""
        a, steps = self.arguments, []
        for part in PARTS:
            if part == "external" and modality == "cbct" and a.reconstructed is None:
                continue
            if modality == "ios":
                jaws = ("--jaws", a.data.absolute(), "--fold", self.config["fold"])
                where = jaws if part == "internal" else ("--jaws", a.other_scanners.absolute())
            else:
                folder = a.scans if part == "internal" else a.reconstructed
                where = ("--scans", folder.absolute(), "--of-each", self.config["scans_of_each"])
            name = f"{row.name}_{seed}_{modality}_{part}"
            out = ("-o", self.base / "scores" / f"{name}.json", "--threads", a.threads)
            steps.append(Step(name, _words("contrastive", "score", self.base / run, *where, *out), (run,)))
        return steps

    def _both(self, row: Row, seed: int) -> Iterator[Step]:
        for modality in MODALITIES:
            steps = self._tuned(row, seed, modality)
            yield from steps
            yield from self._scores(row, seed, modality, steps[-1].name)
        if row.objective == "contrastive":
            run, a = f"pretrain_{row.name}_{seed}", self.arguments
            out = ("-o", self.base / "scores" / f"{row.name}_{seed}_retrieval.json", "--threads", a.threads)
            data = ("--pairs", a.pairs.absolute(), "--data", a.data.absolute())
            words = _words("contrastive", "retrieve", self.base / run, *data, *out)
            yield Step(f"{row.name}_{seed}_retrieval", words, (run,))

    def _small(self, row: Row, seed: int, by_name: dict[str, Row]) -> Iterator[Step]:
        """The small network, taught by labels and, mostly, by a teacher's answers."""
        samples, run = self.base / "samples" / f"{row.name}_{seed}", f"small_{row.name}_{seed}"
        words, needs = ["contrastive", "answers", samples, "--people", self.config["labels"], *self._data()], ()
        if row.teacher != LABELS:
            steps = self._tuned(by_name[row.teacher], seed, "cbct")
            yield from steps
            needs = (steps[-1].name,)
            words += ["--teacher", self.base / steps[-1].name]
        answers = Step(f"answers_{row.name}_{seed}", _words(*words, "--threads", self.arguments.threads), needs)
        yield answers
        name = self.config["small"]
        yield self._training(run, name, seed, "small", "train-volumes", (answers.name,), "--data", samples)
        yield from self._scores(row, seed, "cbct", run)

    # --- Doing them ---

    def record(self, step: Step) -> Path:
        """What is written once a step is done: its command, configuration, seconds and processor minutes."""
        return self.base / "steps" / f"{step.name}.json"

    def is_done(self, step: Step) -> bool:
        """Whether it need not be done.

        Raises
        ------
        InputError
            It was done, or begun, with another command or configuration.
        """
        begun = self.record(step).with_suffix(".begun")
        for path in (self.record(step), begun):
            if not path.is_file():
                continue
            told = json.loads(path.read_text(encoding="utf-8"))
            if {k: told[k] for k in step.told} != step.told:
                raise InputError(
                    f"{self.base} holds {step.name} made with other settings than these ({path.name} says which): name "
                    "another folder with --runs, or delete this one."
                )
        return self.record(step).is_file()

    def run(self, steps: list[Step], workers: int, most: int | None, after: Callable[[], object]) -> int:
        """Do every step that is not done, `workers` side by side, at most `most`; `after` each. How many were done.

        Raises
        ------
        DentalTopoSegError
            A step failed; all are stopped then, and the same call goes on from there.
        """
        done = {step.name for step in steps if self.is_done(step)}
        left = [step for step in steps if step.name not in done][:most]
        began, total = time.monotonic(), len(left)
        running: dict[str, tuple[Step, float]] = {}

        def goes_on() -> bool:
            for name in set(running) & children.finished():
                step, since = running.pop(name)
                self._write_done(step, time.monotonic() - since)
                done.add(name)
                after()
            for step in list(left):
                if len(running) < workers and set(step.needs) <= done:
                    left.remove(step)
                    self._begin(step)
                    took = (time.monotonic() - began) / 60
                    print(f"== {step.name} ({total - len(left)} of {total}, after {took:.0f} min)", flush=True)
                    children.start(step.name, step.command, environment=kept_memory())
                    running[step.name] = step, time.monotonic()
            return bool(running)

        with reserved(self.base, "table"), Children(self.base / "logs") as children:
            children.wait(lambda: not goes_on())
        return total - len(left)

    def _begin(self, step: Step) -> None:
        if step.path is not None:
            _write(step.path, step.config)
        _write(self.record(step).with_suffix(".begun"), step.told)

    def _write_done(self, step: Step, seconds: float) -> None:
        run = self.base / step.name
        cpu = load_checkpoint(run)["progress"]["cpu_seconds"] / 60 if (run / CHECKPOINT).is_file() else None
        _write(self.record(step), {**step.told, "seconds": round(seconds, 1), "cpu_minutes": cpu})


def _words(*words: object) -> tuple[str, ...]:
    return tuple(map(str, words))


def _names(steps: list[Step]) -> tuple[str, ...]:
    return tuple(step.name for step in steps)


def _write(path: Path, values: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    dump = yaml.safe_dump(values, sort_keys=False) if path.suffix == ".yaml" else json.dumps(values, indent=1)
    with atomic_path(path) as temporary:
        temporary.write_text(dump, encoding="utf-8")


def make_table(arguments: argparse.Namespace) -> None:
    """Do what is left of Table A4 and the data-size curve, and print what there is."""
    config, every = read_table(arguments.config)
    if lost := set(arguments.only or ()) - {row.name for row in every}:
        raise ValueError(f"{arguments.config} has no row {', '.join(sorted(lost))}.")
    base = (arguments.runs or RUNS) / arguments.config.stem
    rows = [row for row in every if not arguments.only or row.name in arguments.only]
    experiment = Experiment(arguments, config, base)

    def told() -> str:
        text = report(base, every, config)
        if arguments.output:
            arguments.output.parent.mkdir(parents=True, exist_ok=True)
            with atomic_path(arguments.output) as temporary:
                temporary.write_text(text, encoding="utf-8")
        return text

    steps = experiment.steps(rows, every)
    experiment.run(steps, arguments.workers, arguments.jobs, told)
    print(told())
    if arguments.pictures and (drawn := curves(base, every)):
        print(f"Curve: {draw_curve(drawn, arguments.pictures)}")
