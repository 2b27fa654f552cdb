"""The baseline of the same budget: each encoder alone learns to fill in what is masked of its own modality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.contrastive.pairs import load_pair, person_of
from training.contrastive.pretrain import PretrainSettings, first_of_each, view_plan
from training.contrastive.views import DrawPairs, ScanView, Seen, image_view, see
from training.loop import Loop, Measures, Task, mean_measures
from training.nets.point_transformer import Graph, PointTransformer
from training.nets.swin import SwinSegmenter

MASKED_IMAGE = 0.6
"""Share of a crop's boxes that are masked (Xie et al. 2022, SimMIM)."""

MASKED_POINTS = 0.5
"""Share of the coarse points whose surroundings are smoothed away."""

COARSE = 3
"""Level of the Point Transformer whose points' surroundings are masked together, about 5 mm."""


class MaskedTask(Task):
    """What both have in common: pairs of which one modality is looked at, and the validation by the same loss."""

    settings_type = PretrainSettings
    views = 1

    def __init__(
        self,
        config: dict[str, Any],
        files: Sequence[Path],
        held: Sequence[Path] = (),
        device: torch.device | str = "cpu",
    ) -> None:
        self.draw, self.plan = DrawPairs(files, config["seed"]), view_plan(config)
        self.held_files = first_of_each(held, config["training"].get("held", PretrainSettings.held))
        config["people"] = sorted({person_of(file) for file in files})
        super().__init__(config, device)

    def generators(self) -> list[np.random.Generator]:
        return [self.draw.rng]

    def next_batch(self) -> list[Any]:
        return [self.item(pair, self.draw.rng) for pair in self.draw(self.settings.batch)]

    def item(self, pair: Any, rng: np.random.Generator) -> Any:
        """One masked example of a pair."""
        raise NotImplementedError

    def error(self, net: nn.Module, items: list[Any]) -> Tensor:
        """Mean error of the masked places."""
        raise NotImplementedError

    def loss(self, batch: list[Any], loop: Loop) -> tuple[Tensor, Measures]:
        return self.error(self.net, batch), {}

    def validate(self, net: nn.Module) -> Measures | None:
        """The same error on held-out people."""
        if not self.held_files:
            return None
        rng = np.random.default_rng(0)
        rows = [{"error": float(self.error(net, [self.item(load_pair(p), rng)]).detach())} for p in self.held_files]
        return mean_measures(rows)


class MaskedImage(nn.Module):
    """The Swin encoder with the light decoder; masked voxels are 0 and come back."""

    def __init__(self, encoder: dict[str, Any]) -> None:
        super().__init__()
        self.image = SwinSegmenter({k: v for k, v in encoder.items() if k != "level"}, classes=1)

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        """(B, 1, z, y, x) with mask of the same shape, True where nothing is shown."""
        return self.image(image.masked_fill(mask, 0.0))


class MaskedImageTask(MaskedTask):
    """Reconstruction of masked boxes of CBCT crops, mean absolute error of the z-scored grey values."""

    def build(self) -> nn.Module:
        encoder = self.config["net"]["image"]
        self.voxels = encoder["patch"] * 2 ** encoder["level"]
        return MaskedImage(encoder).to(self.device)

    def item(self, pair: Any, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        view = image_view(pair, self.plan, self.voxels, rng)
        shape = view.image.shape[1:]
        boxes = [-(-size // self.voxels) for size in shape]
        mask = torch.from_numpy(rng.random(boxes) < MASKED_IMAGE)
        for axis in range(3):
            mask = mask.repeat_interleave(self.voxels, axis).narrow(axis, 0, shape[axis])
        return view.image, mask[None]

    def error(self, net: nn.Module, items: list[tuple[Tensor, Tensor]]) -> Tensor:
        image, mask = (torch.stack(column).to(self.device) for column in zip(*items, strict=True))
        return (net(image, mask) - image).abs()[mask].mean()


class MaskedPoints(nn.Module):
    """The Point Transformer; where a point is masked it tells how far its true place is, and its normal."""

    def __init__(self, points: dict[str, Any]) -> None:
        super().__init__()
        self.points = PointTransformer(**{**points, "classes": 3})

    def forward(self, graph: Graph, rows: Tensor) -> tuple[Tensor, Tensor]:
        """(Q, 3) normals, (Q, 3) mm."""
        return self.points(graph, rows)


def smoothed(graph: Graph) -> Tensor:
    """(N, 3) where the points would lie were the surface as smooth as its coarse points' neighbourhoods."""
    places = graph.points[: len(graph.knn[COARSE])][graph.knn[COARSE]].mean(1)
    for level in range(COARSE - 1, -1, -1):
        places = (places[graph.up[level]] * graph.up_weight[level][..., None]).sum(1)
    return places


def nearest_coarse(graph: Graph) -> Tensor:
    """(N,) the coarse point each point is nearest to, through the levels."""
    owner = torch.arange(len(graph.knn[COARSE]), device=graph.points.device)
    for level in range(COARSE - 1, -1, -1):
        best = graph.up_weight[level].argmax(1)
        owner = owner[graph.up[level].gather(1, best[:, None])[:, 0]]
    return owner


class MaskedPointsTask(MaskedTask):
    """Reconstruction of masked surface: the true places (mm) and normals of points whose surroundings are smoothed."""

    def build(self) -> nn.Module:
        return MaskedPoints(self.config["net"]["points"]).to(self.device)

    def item(self, pair: Any, rng: np.random.Generator) -> list[tuple[Graph, Tensor]]:
        seen: Seen = see(pair, self.plan, 1, COARSE, 1, rng)
        return [(view.graph, self._mask(view, rng)) for view in seen.scans]

    def _mask(self, view: ScanView, rng: np.random.Generator) -> Tensor:
        chosen = torch.from_numpy(rng.random(len(view.graph.knn[COARSE])) < MASKED_POINTS)
        return chosen[nearest_coarse(view.graph)]

    def error(self, net: nn.Module, items: list[list[tuple[Graph, Tensor]]]) -> Tensor:
        errors = []
        for graph, mask in (jaw for item in items for jaw in item):
            graph, mask = graph.to(self.device), mask.to(self.device)
            if not bool(mask.any()):
                continue
            flat = torch.where(mask[:, None], smoothed(graph), graph.points)
            blind = torch.where(mask[:, None], torch.zeros_like(graph.normals), graph.normals)
            rows = mask.nonzero()[:, 0]
            normals, shift = net(replace(graph, points=flat, normals=blind), rows)
            away = functional.smooth_l1_loss(shift, (graph.points - flat)[rows])
            turned = 1 - functional.cosine_similarity(normals, graph.normals[rows], dim=-1).mean()
            errors.append(away + turned)
        return torch.stack(errors).mean() if errors else torch.zeros((), device=self.device, requires_grad=True)
