"""Fine-tuning of the CBCT encoder: numbered teeth on the crops of pairs, from pretrained or from random weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from DentalTopoSegLib.dentition import CLASS_FDI
from DentalTopoSegLib.errors import InputError
from training.contrastive.pairs import load_pair, person_of
from training.contrastive.pretrain import PretrainSettings, first_of_each, view_plan
from training.contrastive.views import DrawPairs, ImageView, image_view
from training.loop import Loop, Measures, Task, load_checkpoint, mean_measures, run_to_end
from training.nets.swin import SwinSegmenter
from training.surfaces.clouds import refuse_leak
from training.surfaces.train_labels import tooth_dice
from training.volumes.losses import IGNORE, numbering_loss


class SwinTask(Task):
    """Dice and cross-entropy of 33 classes, the papers' loss.

    Parameters
    ----------
    files, held
        Pairs to train on and to look at; their scans are not read.
    weights
        Of `SwinEncoder`, to start from.
    """

    settings_type = PretrainSettings

    def __init__(
        self,
        config: dict[str, Any],
        files: Sequence[Path],
        held: Sequence[Path] = (),
        weights: dict[str, Tensor] | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        self.draw, self.plan, self.weights = DrawPairs(files, config["seed"]), view_plan(config), weights
        self.held_files = first_of_each(held, config["training"].get("held", PretrainSettings.held))
        config["people"] = sorted({person_of(file) for file in files})
        config["spacing_mm"] = load_pair(files[0]).spacing
        super().__init__(config, device)

    def build(self) -> nn.Module:
        net = SwinSegmenter(classes=len(CLASS_FDI), **self.config["net"])
        if self.weights is not None:
            have = {name: value.shape for name, value in net.encoder.state_dict().items()}
            if have != {name: value.shape for name, value in self.weights.items()}:
                raise InputError("The pretrained encoder has other sizes than net.encoder: use the same ones.")
            net.encoder.load_state_dict(self.weights)
        return net.to(self.device)

    def generators(self) -> list[np.random.Generator]:
        return [self.draw.rng]

    def _view(self, pair: Any, rng: np.random.Generator, still: bool = False) -> ImageView:
        return image_view(pair, self.plan.still() if still else self.plan, self.config["net"]["encoder"]["patch"], rng)

    def next_batch(self) -> list[ImageView]:
        return [self._view(pair, self.draw.rng) for pair in self.draw(self.settings.batch)]

    def loss(self, batch: list[ImageView], loop: Loop) -> tuple[Tensor, Measures]:
        image = torch.stack([view.image for view in batch]).to(self.device)
        labels = torch.stack([view.labels for view in batch]).to(self.device)
        return numbering_loss(self.net(image), labels)

    def validate(self, net: nn.Module) -> Measures | None:
        """Mean Dice per tooth on crops of held-out people."""
        if not self.held_files:
            return None
        rng, rows = np.random.default_rng(0), []
        for path in self.held_files:
            view = self._view(load_pair(path), rng, still=True)
            found = net(view.image[None].to(self.device))[0].argmax(0).cpu().numpy()
            known = view.labels.numpy() != IGNORE
            scores = tooth_dice(found[known], view.labels.numpy()[known])
            rows.append({"dice": float(np.mean(scores)) if scores else float("nan")})
        return mean_measures(rows)


def first_people(files: Sequence[Path], count: int | None) -> list[Path]:
    """The pairs of the first so many people, by number; of all for None."""
    names = sorted({person_of(p) for p in files})[:count]
    return [p for p in files if person_of(p) in names]


def fine_tune(
    config: dict[str, Any],
    folder: Path,
    files: Sequence[Path],
    held: Sequence[Path],
    start: tuple[dict[str, Tensor], dict[str, Any]] | None,
    device: str = "cpu",
    fresh: bool = False,
) -> Loop:
    """Train to the end of the budget, on from the folder's checkpoint.

    `start`: weights and configuration of a pretraining, of `pretrain.encoder_weights`; None for random weights.
    InputError where the pretraining has seen held-out people.
    """
    weights = None
    if start is not None:
        weights, pretrained = start
        refuse_leak(pretrained, held, "contrastive finetune")
        config = {**config, "pretrained": pretrained["objective"]}
    return run_to_end(SwinTask(config, files, held, weights, device), folder, fresh)


def load_segmenter(folder: Path) -> tuple[SwinSegmenter, dict[str, Any]]:
    """The averaged network of a run, in evaluation mode, and its configuration."""
    state = load_checkpoint(folder)
    net = SwinSegmenter(classes=len(CLASS_FDI), **state["config"]["net"])
    net.load_state_dict(state["average"])
    return net.eval(), state["config"]
