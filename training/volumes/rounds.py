"""The plan of a training in rounds: which networks, on which samples, for how long and how fast, from one YAML file.

    seed: 41
    networks:
      numbering: {config: numbering.yaml, training: {batch: 4}}
      border: {config: border.yaml, data: {patch: [96, 112, 112]}}
    samples: {keep: 1400, ready: 200}
    rounds:
      - {minutes: 7.5, lr: 1.5e-3}
      - {minutes: 7.5, lr: 9.0e-4}

A network is the configuration of `train-volumes` that it names, found beside the plan, with what its own sections
change; a round changes its `training` section once more. Every round is annealed to its end.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import yaml

from DentalTopoSegLib.errors import InputError
from training.loop import read_config
from training.nets.unet import UNetPlan
from training.patients.targets import SHAPES
from training.patients.variety import GROUPS
from training.volumes.data import DataPlan
from training.volumes.train import VolumeSettings

SECTIONS = ("data", "loss", "training")
"""What a network of a plan may change of its configuration."""


@dataclass(frozen=True)
class SamplePlan:
    """How samples are drawn while the networks train.

    Attributes
    ----------
    keep : int
        Samples of each network in its rolling folder; the oldest go.
    ready : int
        How many of them must be there before the training starts.
    validation : int
        Validation samples of each network, of patients held out.
    validation_seed : int
        Their seed: the same samples wherever the same code draws them.
    parametric : float
        Share of the library's own phantoms.
    reconstructed : float
        Share of the others that a simulated reconstruction makes.
    without : tuple of str
        Groups of variety left out.
    device : str
        Where they are drawn: "cpu" or "cuda".
    processes : int
        How many draw; 0: one per core, or four on a GPU. At least one for each network.
    nice : int
        How far behind the training they stand for the CPU (0 to 19).
    """

    keep: int = 1400
    ready: int = 200
    validation: int = 16
    validation_seed: int = 777
    parametric: float = 0.0
    reconstructed: float = 0.0
    without: tuple[str, ...] = ()
    device: str = "cpu"
    processes: int = 0
    nice: int = 10


@dataclass(frozen=True)
class Plan:
    """A training in rounds.

    Attributes
    ----------
    name : str
        Of the plan: its file without suffix.
    seed : int
        Of the samples; each round draws its own.
    networks : dict
        Configuration of each network, as plain data.
    rounds : tuple of dict
        What each round changes of the `training` sections.
    samples : SamplePlan
        How samples are drawn.
    threads : int
        CPU threads of each training; 0: the cores are shared out.
    workers : int
        Threads of each training that read samples.
    """

    name: str
    seed: int
    networks: dict[str, dict[str, Any]]
    rounds: tuple[dict[str, Any], ...]
    samples: SamplePlan = field(default_factory=SamplePlan)
    threads: int = 0
    workers: int = 1

    def config(self, network: str, number: int) -> dict[str, Any]:
        """Configuration of a network in round `number`, from 1."""
        config = self.networks[network]
        seed = config.get("seed", 0) + 1000 * (number - 1)
        return {**config, "seed": seed, "training": {**config["training"], **self.rounds[number - 1]}}

    def sample_seed(self, number: int) -> int:
        """Seed of the samples of round `number`."""
        return self.seed + number - 1

    def with_minutes(self, minutes: float) -> Plan:
        """The same with another budget for every round."""
        return replace(self, rounds=tuple({**changes, "minutes": minutes} for changes in self.rounds))


def read_plan(path: Path) -> Plan:
    """The plan in a file.

    Raises
    ------
    InputError
        It cannot be read, says what no plan can, or a network's configuration is not one.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path} cannot be read as a plan ({_first_line(error)}): name a .yaml file.") from error
    if not isinstance(values, dict):
        raise InputError(f"{path}: a plan says seed, networks and rounds; this one says none of them.")
    known = {f.name for f in fields(Plan)} - {"name"}
    if unknown := set(values) - known:
        raise InputError(f"{path}: {', '.join(sorted(map(str, unknown)))}: not known to a plan.")
    if missing := {"seed", "networks", "rounds"} - set(values):
        raise InputError(f"{path}: a plan needs {', '.join(sorted(missing))}.")
    if not isinstance(values["networks"], dict) or not isinstance(values["rounds"], list) or not values["rounds"]:
        raise InputError(f"{path}: networks are named, and rounds are a list of one at least.")
    try:
        samples = dict(values.get("samples") or {})
        samples["without"] = tuple(samples.get("without", ()))
        plan = Plan(
            path.stem,
            int(values["seed"]),
            {name: _network(path.parent, name, changes) for name, changes in values["networks"].items()},
            tuple(dict(changes) for changes in values["rounds"]),
            SamplePlan(**samples),
            int(values.get("threads", 0)),
            int(values.get("workers", 1)),
        )
        _check(plan)
    except (OSError, TypeError, ValueError, KeyError, yaml.YAMLError) as error:
        raise InputError(f"{path}: {_first_line(error)}") from error
    return plan


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _network(folder: Path, name: str, changes: dict[str, Any]) -> dict[str, Any]:
    changes = dict(changes)
    config = read_config(folder / changes.pop("config"), "net", "data")
    if config["task"] != name:
        raise ValueError(f"network {name}: its configuration trains {config['task']}.")
    if unknown := set(changes) - {*SECTIONS, "seed"}:
        raise ValueError(f"network {name}: {', '.join(sorted(unknown))} cannot be changed.")
    for key, value in changes.items():
        config[key] = {**config.get(key, {}), **value} if key in SECTIONS else value
    return config


def _check(plan: Plan) -> None:
    """ValueError or TypeError for what only the training would find out."""
    if unknown := set(plan.networks) - set(SHAPES):
        raise ValueError(f"there are no samples for the network {', '.join(sorted(unknown))}.")
    for name in plan.networks:
        for number in range(1, len(plan.rounds) + 1):
            config = plan.config(name, number)
            VolumeSettings.from_config(config)
            DataPlan.from_config(config)
            UNetPlan.from_dict(config["net"])
    samples = plan.samples
    if unknown := set(samples.without) - set(GROUPS):
        raise ValueError(f"samples: without: there is no group {', '.join(sorted(unknown))}.")
    if not 1 <= samples.ready <= samples.keep or samples.validation < 1:
        raise ValueError("samples: 1 <= ready <= keep, and validation must be at least 1.")
    if samples.processes < 0 or not 0 <= samples.nice <= 19:
        raise ValueError("samples: processes must be 0 or more, and nice from 0 to 19.")
    if not (0 <= samples.parametric <= 1 and 0 <= samples.reconstructed <= 1):
        raise ValueError("samples: parametric and reconstructed are shares, from 0 to 1.")


def round_number(text: str) -> int:
    """A round's number on a command line, from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"rounds are numbered from 1; this is '{text}'")
    return int(text)
