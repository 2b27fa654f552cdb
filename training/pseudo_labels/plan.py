"""What a configuration asks for: scans, networks, retrainings, and the rows of the table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from DentalTopoSegLib.errors import InputError
from training.pseudo_labels.answers import VIEWS
from training.pseudo_labels.labels import Limits
from training.pseudo_labels.stages import STAGES, Scale

KINDS = ("none", "raw", "cleaned", "filtered", "refined")
"""How pseudo labels are made, each with all that stands before it; "none": the real labels only."""


@dataclass(frozen=True)
class Retraining:
    """Training on from the second stage's network.

    Parameters
    ----------
    labels : str
        One of `KINDS`.
    worsen : float
        Share of the quadrants in which the network's numbers are moved by one before labels are made of them.
    """

    labels: str = "refined"
    worsen: float = 0.0


@dataclass(frozen=True)
class Row:
    """A row of the table: which network, and what is done with its answer.

    Parameters
    ----------
    name, title : str
        Its key, and what it is called.
    network : str
        "number", "whole" or a retraining.
    clean : bool
        Whether pieces are joined and removed.
    views : str
        Test-time augmentation, by the names of `answers.VIEWS`.
    everywhere : bool
        Whether it is asked of every number of labelled scans, or only of those with several seeds.
    seeds : int, optional
        Of how many seeds at most.
    paper : str, optional
        Which row of the paper's table it is compared with.
    """

    name: str
    title: str
    network: str
    clean: bool = True
    views: str = "mirrored"
    everywhere: bool = False
    seeds: int | None = None
    paper: str | None = None


@dataclass(frozen=True)
class Group:
    """Runs that share labelled scans: how many, the seed they were drawn with, and the rows asked of them."""

    size: int
    seed: int
    rows: tuple[Row, ...]

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"{self.size}_{self.seed}"


@dataclass(frozen=True)
class Plan:
    """A configuration, checked."""

    scans: dict[str, Any]
    scale: Scale
    sizes: dict[int, tuple[int, ...]]
    networks: dict[str, dict[str, Any]]
    retraining: dict[str, Any]
    retrained: dict[str, Retraining]
    rows: tuple[Row, ...]
    views: str = "mirrored"
    tolerance_mm: float = 1.0
    limits: Limits = field(default_factory=Limits)

    def groups(self) -> Iterator[Group]:
        """Every group, those with the first seed of their size first."""
        most = max(len(seeds) for seeds in self.sizes.values())
        for index in range(most):
            for size, seeds in self.sizes.items():
                if index < len(seeds):
                    wanted = [row for row in self.rows if row.everywhere or len(seeds) == most]
                    rows = [row for row in wanted if row.seeds is None or index < row.seeds]
                    yield Group(size, seeds[index], tuple(rows))

    def only(self, names: list[str]) -> Plan:
        """The same plan with these rows. InputError for a name that no row has."""
        lost = sorted(set(names) - {row.name for row in self.rows})
        if lost:
            raise InputError(
                f"There is no row {', '.join(lost)}; there are {', '.join(row.name for row in self.rows)}."
            )
        return replace(self, rows=tuple(row for row in self.rows if row.name in names))

    def labelled(self, group: Group, names: list[str]) -> list[str]:
        """Which labelled scans a group has: the first of an order that its seed draws.

        Raises
        ------
        InputError
            There are fewer.
        """
        if len(names) < group.size:
            raise InputError(f"{group.size} labelled scans are asked for, but there are {len(names)}.")
        return sorted(names[i] for i in np.random.default_rng(group.seed).permutation(len(names))[: group.size])

    def config(self, network: str, seed: int) -> dict[str, Any]:
        """The configuration of a network's training."""
        if network in STAGES:
            return {**self.networks[network], "seed": seed}
        base = self.networks["number"]
        training = {**base["training"], **self.retraining["training"]}
        return {**base, "training": training, "pseudo_share": self.retraining["pseudo_share"], "seed": 1000 + seed}


def read_plan(path: Path) -> Plan:
    """The plan in a configuration file.

    Raises
    ------
    InputError
        Something is missing, unknown, or refers to what is not there.
    """
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        plan = Plan(
            scans=config["scans"],
            scale=Scale(**{**config["scale"], "region": tuple(config["scale"]["region"])}),
            sizes={int(size): tuple(seeds) for size, seeds in config["sizes"].items()},
            networks=config["networks"],
            retraining=config["retraining"],
            retrained={name: Retraining(**(row or {})) for name, row in config["retrained"].items()},
            rows=tuple(Row(name, **row) for name, row in config["rows"].items()),
            views=config.get("views", "mirrored"),
            tolerance_mm=config.get("tolerance_mm", 1.0),
            limits=Limits(**config.get("limits", {})),
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"'{path}' is no configuration of pseudo labels ({error}): see the ones beside it.") from error
    _require_sense(plan, path)
    return plan


def _require_sense(plan: Plan, path: Path) -> None:
    """InputError for names that nothing has."""
    networks = {*STAGES[1:], *plan.retrained}
    odd = [f"{name}: no labels '{r.labels}'" for name, r in plan.retrained.items() if r.labels not in KINDS]
    odd += [f"row {row.name}: no network '{row.network}'" for row in plan.rows if row.network not in networks]
    odd += [f"row {row.name}: no views '{row.views}'" for row in plan.rows if row.views not in VIEWS]
    odd += [f"no views '{plan.views}'"] * (plan.views not in VIEWS)
    odd += [f"no network '{stage}'" for stage in STAGES if stage not in plan.networks]
    if odd:
        raise InputError(f"'{path}': {odd[0]}.")
