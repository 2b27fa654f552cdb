"""The pretraining as a task of the loop: both encoders on pairs, looked at by retrieval among held-out people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from DentalTopoSegLib.errors import InputError
from training.contrastive.pairs import load_pair, person_of
from training.contrastive.places import draw_place, see_place
from training.contrastive.relations import Reach, Tokens, cross_relation, inner_relation, positive_rate
from training.contrastive.retrieval import retrieval
from training.contrastive.towers import Pretraining, Towers
from training.contrastive.views import DrawPairs, Seen, ViewPlan, see, see_whole
from training.loop import Loop, Measures, Settings, Task, load_checkpoint, mean_measures, save_whole
from training.nets.point_transformer import PointTransformer

VIEWS = 2
"""Of every modality per step: within a modality, a token's positives lie in the other view."""

FEWEST_PEOPLE = 2
"""In a batch."""

MOST_TRIES = 50
"""Of drawing places that people show."""

SCALE_RATE = 3.0
"""Rate of the loss's scales and biases, as a multiple of the networks'."""

RATES_FROM = 8
"""Pairs from which the share of positives is taken that the biases start at."""


@dataclass
class PretrainSettings(Settings):
    """held: held-out pairs that a validation looks at, one of each person first. weight_decay, lr: the papers'."""

    held: int = 24


def view_plan(config: dict[str, Any]) -> ViewPlan:
    """The `views` of a configuration."""
    return ViewPlan(**{k: tuple(v) if isinstance(v, list) else v for k, v in config["views"].items()})


def reach_of(config: dict[str, Any], voxels: int, spacing_mm: float) -> Reach:
    """The `reach` of a configuration, for boxes of so many voxels."""
    return Reach(box=voxels * spacing_mm, **config["reach"])


def first_of_each(files: Sequence[Path], most: int) -> list[Path]:
    """At most so many pairs, everybody's first one before the second ones."""
    return sorted(files, key=lambda p: (p.stem.split("_")[1], p.stem))[:most]


class PretrainTask(Task):
    """Both encoders by both losses.

    Parameters
    ----------
    files, held
        Pairs to train on and to look at, of different people.
    """

    settings_type: ClassVar[type[Settings]] = PretrainSettings

    def __init__(
        self,
        config: dict[str, Any],
        files: Sequence[Path],
        held: Sequence[Path] = (),
        device: torch.device | str = "cpu",
    ) -> None:
        self.draw = DrawPairs(files, config["seed"])
        self.files, self.plan = list(files), view_plan(config)
        self.held_files = first_of_each(held, config["training"].get("held", PretrainSettings.held))
        self._held: list[Seen] = []
        config["people"] = sorted({person_of(file) for file in files})
        super().__init__(config, device)

    def build(self) -> nn.Module:
        towers = Towers(**self.config["net"])
        self.reach = reach_of(self.config, towers.voxels, load_pair(self.files[0]).spacing)
        rates = self._rates(towers)
        return Pretraining(towers, self.reach, rates, **self.config["loss"]).to(self.device)

    def _rates(self, towers: Towers) -> tuple[float, float, float]:
        """Shares of positives in batches like those to come: between the modalities, among boxes, among points."""
        draw = DrawPairs(self.files, 0)
        rows = []
        for _ in range(max(1, RATES_FROM // self.settings.batch)):
            seen = self._batch(towers, draw)
            image, scan = _places(seen, "images"), _places(seen, "scans")
            among = inner_relation(image, self.reach.image_same, self.reach.image_near)
            points = inner_relation(scan, self.reach.scan_same, self.reach.scan_near)
            kinds = {"cross": cross_relation(image, scan, self.reach), "image": among, "scan": points}
            rows.append({kind: positive_rate(relation) for kind, relation in kinds.items()})
        rates = tuple(mean_measures(rows).values())
        if not all(0 < rate < 1 for rate in rates):  # of nothing it is NaN
            raise InputError(
                f"of the pairs' tokens {rates[0]:.2g} match between CBCT and scans, {rates[1]:.2g} among crops and "
                f"{rates[2]:.2g} among scans: with none or all there is nothing to learn; change `reach` or `views`."
            )
        return rates

    def generators(self) -> list[np.random.Generator]:
        return [self.draw.rng]

    def next_batch(self) -> list[Seen]:
        return self._batch(self.net.towers, self.draw)

    def _batch(self, towers: Towers, draw: DrawPairs) -> list[Seen]:
        """Views of so many people's pairs; with a radius in the plan of few places, of fewer where fewer show them."""
        if self.plan.radius_mm is None:
            size = towers.voxels, towers.level
            return [see(pair, self.plan, *size, VIEWS, draw.rng) for pair in draw(self.settings.batch)]
        size = towers.voxels, towers.level, VIEWS
        for _ in range(MOST_TRIES):
            places, found = [draw_place(draw.rng) for _ in range(self.plan.places)], []
            for pair in draw.each_once():
                seen = see_place(pair, places[len(found) % len(places)], self.plan, *size, draw.rng)
                found += [seen] if seen is not None else []
                if len(found) == self.settings.batch:
                    break
            if len(found) >= FEWEST_PEOPLE:
                return found
        raise InputError(
            f"of {MOST_TRIES} places of the arch none is shown by CBCT and scan of {FEWEST_PEOPLE} people: draw more "
            "pairs, or leave views.radius_mm out."
        )

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Scales and biases learn faster: single numbers, which a few hundred steps would hardly move."""
        groups = super().parameter_groups()
        single = {id(p) for p in self.net.criterion.parameters()}
        for group in groups:
            group["params"] = [p for p in group["params"] if id(p) not in single]
        rate = self.settings.lr * SCALE_RATE
        return [*groups, {"params": list(self.net.criterion.parameters()), "weight_decay": 0.0, "lr": rate}]

    def loss(self, batch: list[Seen], loop: Loop) -> tuple[Tensor, Measures]:
        terms = self.net(batch, self.device)
        scale = float(self.net.criterion.cross.log_scale.detach().exp())
        return sum(terms.values()), {name: float(term.detach()) for name, term in terms.items()} | {"scale": scale}

    def validate(self, net: nn.Module) -> Measures | None:
        """Retrieval of places and of scans among the held-out pairs, as they are: with their disturbances."""
        if not self.held_files:
            return None
        if not self._held:
            rng = np.random.default_rng(0)
            size = net.towers.voxels, net.towers.level
            self._held = [see_whole(load_pair(p), self.plan.still(), *size, rng) for p in self.held_files]
        image, scan = encode(net.towers, self._held, self.device)
        return retrieval(image, scan, len(self._held), self.reach)


def _places(seen: Sequence[Seen], kind: str) -> Tokens:
    """Tokens without features, for their geometry."""
    parts = []
    for number, one in enumerate(seen):
        for view in getattr(one, kind):
            count = len(view.places)
            known = getattr(view, "known", torch.ones(count, dtype=torch.bool))
            same = torch.full((count,), number)
            parts.append(Tokens(torch.zeros(count, 0), view.places, same, torch.full_like(same, one.person), known))
    return Tokens.joined(parts)


@torch.no_grad()
def encode(towers: Towers, seen: Sequence[Seen], device: torch.device | str = "cpu") -> tuple[Tokens, Tokens]:
    """(CBCT, intraoral) tokens of pairs, one pair at a time, so that memory does not grow with their number."""
    was = towers.training
    towers.eval()
    device, parts = torch.device(device), []
    for number, one in enumerate(seen):
        both = towers.image_tokens([one], device), towers.scan_tokens([one], device)
        for tokens in both:
            tokens.pair += number
        parts.append(both)
    towers.train(was)
    images, scans = zip(*parts, strict=True)
    return Tokens.joined(list(images)), Tokens.joined(list(scans))


def load_towers(folder: Path) -> tuple[Towers, dict[str, Any]]:
    """The averaged encoders of a pretraining, in evaluation mode, and its configuration.

    InputError for a run that was no contrastive pretraining.
    """
    state = load_checkpoint(folder)
    if state["config"].get("objective") != "contrastive":
        raise InputError(f"{folder} holds no contrastive pretraining: name a run of `contrastive pretrain`.")
    towers = Towers(**state["config"]["net"])
    start = "towers."
    towers.load_state_dict({k.removeprefix(start): v for k, v in state["average"].items() if k.startswith(start)})
    return towers.eval(), state["config"]


# --- What fine-tuning starts from ------------------------------------------------------------------------------------


def encoder_weights(folder: Path, prefix: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Averaged weights below a prefix of a pretraining of any kind, and its configuration.

    Parameters
    ----------
    folder
        Of the run.
    prefix
        "image" for those of `SwinEncoder`, "points" for those of `PointTransformer`.

    Raises
    ------
    InputError
        The run has none of them, as masked reconstruction of the other modality.
    """
    state = load_checkpoint(folder)
    start = {"image": "image.encoder.", "points": "points."}[prefix]
    found = {}
    for name, value in state["average"].items():
        _, at, rest = f".{name}".partition(f".{start}")
        if at:
            found[rest] = value
    if not found:
        raise InputError(f"{folder} has not trained the encoder of {'CBCT' if prefix == 'image' else 'scans'}.")
    return found, state["config"]


def write_surface_start(folder: Path, out: Path, net: dict[str, Any], seed: int) -> None:
    """A checkpoint from which `train-surface --init` starts: the pretrained Point Transformer.

    Layers of another shape (the last one of a masked reconstruction) are those that the seed draws. `net`: of the
    surface configuration. InputError where the encoders differ.
    """
    weights, config = encoder_weights(folder, "points")
    torch.manual_seed(seed)
    fresh = PointTransformer(**net).state_dict()
    for name, value in fresh.items():
        if name.startswith("head."):
            continue
        if name not in weights or weights[name].shape != value.shape:
            raise InputError(f"{folder} has pretrained another Point Transformer ({name} differs): use the same `net`.")
        fresh[name] = weights[name]
    config = {"task": "surface", "net": net, "people": config["people"], "pretrained": config["objective"]}
    save_whole({"config": config, "average": fresh}, out)
