"""Table A4 and the data-size curve: what pretraining is worth, by fine-tuning of both encoders from every start.

Every step (a pretraining, a fine-tuning, the scores of a data set) is a command of its own in a process of its own; a
step whose result is there is not done again, one that was broken off goes on from its checkpoint.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from DentalTopoSegLib.files.transactions import atomic_path
from training.contrastive.curve import draw_curve
from training.contrastive.finetune import load_segmenter
from training.contrastive.pairs import load_pair, split_pairs
from training.contrastive.scoring import TeethDice, held_jaws, other_jaws, score_jaws, score_volumes
from training.export.score_tables import markdown_table
from training.export.surface import load_net
from training.loop import RUNS, read_config

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
DONE = "done.json"
MODALITIES = ("cbct", "ios")
SETS = {
    "cbct_internal": "CBCT, held-out dentitions",
    "cbct_external": "CBCT, held-out dentitions, reconstructed",
    "ios_internal": "scans, held-out people",
    "ios_external": "scans of other scanners",
}
PAPER = {
    "random": {"cbct_internal": 88.28, "cbct_external": 85.83, "ios_internal": 87.86, "ios_external": 90.01},
    "contrastive_100": {"cbct_internal": 93.38, "cbct_external": 88.92, "ios_internal": 93.16, "ios_external": 93.60},
}
"""Dice of the paper's table A4, in percent: ToothFairy2, Cui, Teeth3DS, 3D-IOSSeg. Other data, 3,867 real pairs."""
BOOTSTRAP = 2000


@dataclass(frozen=True)
class Row:
    """A start of the fine-tuning.

    objective: "" (random weights), "masked" or "contrastive"; share: of the training pairs that it saw.
    """

    name: str
    title: str
    seeds: tuple[int, ...]
    objective: str = ""
    share: float = 1.0


def read_table(path: Path) -> tuple[dict[str, Any], list[Row]]:
    """The configuration and its rows. ValueError for a row that says what no row can."""
    config = read_config(path, "seeds", "rows", "pretraining", "cbct", "ios", "fold")
    rows, every = [], tuple(config["seeds"])
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
    return config, rows


def jobs(rows: list[Row]) -> Iterator[tuple[Row, int]]:
    """Every row with its first seed, then with its second, ..."""
    for index in range(max(len(row.seeds) for row in rows)):
        for row in rows:
            if index < len(row.seeds):
                yield row, row.seeds[index]


class Experiment:
    """The steps of the table, in `base`."""

    def __init__(self, arguments: argparse.Namespace, config: dict[str, Any], base: Path) -> None:
        self.arguments, self.config, self.base = arguments, config, base
        self.left = arguments.jobs if arguments.jobs is not None else sys.maxsize

    def _config(self, name: str, run: str, seed: int, minutes: float) -> Path:
        """A configuration with this seed and budget, for a run of this name."""
        config = yaml.safe_load((CONFIGS / name).read_text(encoding="utf-8"))
        config["seed"] = seed
        config["training"] = {**config["training"], "minutes": minutes}
        if config["task"] == "surface":
            config["training"].pop("steps", None)
        path = self.base / "configs" / f"{run}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as temporary:
            temporary.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
        return path

    def _train(self, run: str, *words: str | Path) -> Path | None:
        """Run a training to its end unless it has come there; its folder, or None where no step is left."""
        folder = self.base / run
        if not (folder / DONE).is_file():
            if self.left <= 0:
                return None
            self.left -= 1
            print(f"== {run}", flush=True)
            common = ["--name", run, "--runs", str(self.base), "--threads", str(self.arguments.threads)]
            command = [sys.executable, "-m", "training", *map(str, words), *common]
            subprocess.run(command, check=True)
            self._write(folder / DONE, {"command": command})
        return folder

    def _write(self, path: Path, values: Any) -> None:
        with atomic_path(path) as temporary:
            temporary.write_text(json.dumps(values, indent=1), encoding="utf-8")

    def _data(self) -> list[str | Path]:
        a = self.arguments
        return ["--pairs", a.pairs, "--data", a.data, "--fold", str(self.config["fold"])]

    def pretrained(self, row: Row, seed: int, modality: str) -> tuple[bool, Path | None]:
        """(whether it is there, its run); rows of random weights have none."""
        if not row.objective:
            return True, None
        objective = row.objective
        if objective == "masked":
            objective = "masked-image" if modality == "cbct" else "masked-points"
        run = f"pretrain_{row.name}_{seed}" + (f"_{modality}" if row.objective == "masked" else "")
        minutes = self.config["training"]["pretrain_minutes"] / (2 if row.objective == "masked" else 1)
        config = self._config(self.config["pretraining"], run, seed, minutes)
        words = ["contrastive", "pretrain", config, "--objective", objective, "--share", str(row.share)]
        folder = self._train(run, *words, *self._data())
        return folder is not None, folder

    def tuned(self, row: Row, seed: int, modality: str) -> Path | None:
        """The run fine-tuned on one modality's labels, or None where no step is left."""
        there, start = self.pretrained(row, seed, modality)
        if not there:
            return None
        run = f"{modality}_{row.name}_{seed}"
        config = self._config(self.config[modality], run, seed, self.config["training"][f"{modality}_minutes"])
        if modality == "cbct":
            init = ["--init", start] if start else []
            people = ["--people", str(self.config["labels"])]
            return self._train(run, "contrastive", "finetune", config, *init, *people, *self._data())
        init = []
        if start:
            weights = self.base / "configs" / f"{run}.pt"
            if not weights.is_file():
                command = [sys.executable, "-m", "training", "contrastive", "surface-start", start, config, weights]
                subprocess.run([str(word) for word in command], check=True)
            init = ["--init", weights]
        a = self.arguments
        where = ["--data", a.data, "--cache", a.clouds, "--fold", str(self.config["fold"])]
        return self._train(run, "train-surface", config, *where, *init, "--people", str(self.config["labels"]))

    def score(self, row: Row, seed: int, modality: str, run: Path) -> None:
        """Write the Dice of every tooth of both data sets of a modality."""
        for part in ("internal", "external"):
            file = self.base / "scores" / f"{row.name}_{seed}_{modality}_{part}.json"
            if file.is_file() or self.left <= 0:
                continue
            self.left -= 1
            print(f"== {file.stem}", flush=True)
            file.parent.mkdir(parents=True, exist_ok=True)
            self._write(file, dict(self._scores(modality, part, run)))

    def _scores(self, modality: str, part: str, run: Path) -> Iterator[tuple[str, TeethDice]]:
        a = self.arguments
        if modality == "ios":
            jaws = held_jaws(a.data, self.config["fold"]) if part == "internal" else other_jaws(a.other_scanners)
            return score_jaws(load_net(run)[0], jaws)
        net, config = load_segmenter(run)
        spacing = load_pair(split_pairs(a.pairs, a.data, None)[1][0]).spacing
        return score_volumes(net, config["views"]["crop"], spacing, a.scans if part == "internal" else a.reconstructed)

    def run(self, rows: list[Row]) -> None:
        """Every step that is not done, until none is left."""
        for row, seed in jobs(rows):
            for modality in MODALITIES:
                run = self.tuned(row, seed, modality)
                if run is not None:
                    self.score(row, seed, modality, run)


# --- What comes of it ---


def means(scores: dict[str, TeethDice]) -> np.ndarray:
    """(N,) mean Dice of each scan's teeth."""
    return np.array([np.mean(list(teeth.values())) for teeth in scores.values() if teeth])


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean and the 95 % bootstrap interval over scans (N,)."""
    rng = np.random.default_rng(0)
    drawn = values[rng.integers(len(values), size=(BOOTSTRAP, len(values)))].mean(1)
    low, high = np.percentile(drawn, (2.5, 97.5))
    return float(values.mean()), float(low), float(high)


def read_scores(base: Path, row: Row, which: str) -> dict[int, dict[str, TeethDice]]:
    """By seed, what `Experiment.score` wrote of a data set."""
    found = {}
    for seed in row.seeds:
        file = base / "scores" / f"{row.name}_{seed}_{which}.json"
        if file.is_file():
            told = json.loads(file.read_text(encoding="utf-8"))
            found[seed] = {name: {int(n): d for n, d in teeth.items()} for name, teeth in told.items()}
    return found


def pooled(found: dict[int, dict[str, TeethDice]]) -> np.ndarray:
    """(N,) of each scan, the mean over seeds."""
    return np.mean([means(scores) for scores in found.values()], axis=0)


def result_table(base: Path, rows: list[Row], which: str) -> str:
    """Markdown: Dice in percent with its interval, each kind of tooth, the paper's figure; "" without any score."""
    lines = []
    for row in rows:
        found = read_scores(base, row, which)
        if not found:
            continue
        mean, low, high = interval(pooled(found))
        kinds = []
        for place in range(1, 9):
            dice = [d for s in found.values() for teeth in s.values() for n, d in teeth.items() if n % 10 == place]
            kinds.append(f"{100 * np.mean(dice):.1f}" if dice else "-")
        by_seed = [means(scores).mean() for scores in found.values()]
        spread = f"{100 * np.std(by_seed, ddof=1):.1f}" if len(by_seed) > 1 else "-"
        paper = PAPER.get(row.name, {}).get(which, "-")
        shown = f"{100 * mean:.1f} ({100 * low:.1f} to {100 * high:.1f})"
        share = f"{100 * row.share:.0f} %" if row.objective else "-"
        lines.append((row.title, share, len(found), shown, spread, *kinds, paper))
    if not lines:
        return ""
    head = ("start", "pairs", "seeds", "DSC (95 %)", "SD of seeds", *(f"T{k}" for k in range(1, 9)), "paper")
    return markdown_table(head, lines)


def report(base: Path, rows: list[Row], config: dict[str, Any]) -> str:
    """Every table there are scores for."""
    budget = config["training"]
    parts = [
        f"Pretraining {budget['pretrain_minutes']} min, fine-tuning {budget['cbct_minutes']} min (CBCT) and "
        f"{budget['ios_minutes']} min (scans) a run, labels of {config['labels']} people. DSC in percent, mean over "
        "scans of the mean over their teeth, a missed tooth 0; seeds averaged for each scan, 95 % bootstrap interval "
        "over scans. T1 to T8: by the tooth's place. Paper: table A4, other data, other size."
    ]
    for which, title in SETS.items():
        if text := result_table(base, rows, which):
            parts += [f"**{title}**", text]
    return "\n\n".join(parts) + "\n"


def make_table(arguments: argparse.Namespace) -> None:
    """Do what is left of Table A4 and the data-size curve, and print what there is."""
    config, rows = read_table(arguments.config)
    if lost := set(arguments.only or ()) - {row.name for row in rows}:
        raise ValueError(f"{arguments.config} has no row {', '.join(sorted(lost))}.")
    torch.set_num_threads(arguments.threads)
    base = (arguments.runs or RUNS) / arguments.config.stem
    chosen = [row for row in rows if not arguments.only or row.name in arguments.only]
    Experiment(arguments, config, base).run(chosen)
    text = report(base, chosen, config)
    print(text)
    if arguments.output:
        with atomic_path(arguments.output) as temporary:
            temporary.write_text(text, encoding="utf-8")
    if arguments.pictures:
        curve = {}
        for which in SETS:
            usual = [r for r in chosen if r.objective != "masked"]
            shares = [(r.share if r.objective else 0.0, read_scores(base, r, which)) for r in usual]
            curve[SETS[which]] = [(share, *interval(pooled(found))) for share, found in shares if found]
        print(f"Curve: {draw_curve({k: v for k, v in curve.items() if v}, arguments.pictures)}")
