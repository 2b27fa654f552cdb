"""Point Transformer with grouped vector attention for one jaw's surface (Zhao et al. 2021; Wu et al. 2022).

Neighbour lists come from DentalTopoSegLib.ios.sampling; everything here is a gather, a matrix product or an
element-wise operation, so that the exported graph runs on any number of points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

#: Spacing of levels 0 to 4 in mm: differences of positions are divided by it.
SPACING_MM = (0.55, 1.2, 2.4, 4.9, 9.8)
CENTRE_MM = 30.0
RELATIONS = 7
HIDDEN = 32


@dataclass
class Graph:
    """One cloud as tensors; see sampling.Cloud."""

    points: Tensor
    normals: Tensor
    knn: list[Tensor]
    group: list[Tensor]
    up: list[Tensor]
    up_weight: list[Tensor]

    def to(self, device: torch.device | str) -> Graph:
        """The same on a device."""
        lists = ([t.to(device) for t in many] for many in (self.knn, self.group, self.up, self.up_weight))
        return Graph(self.points.to(device), self.normals.to(device), *lists)


def _mlp(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, outputs))


def _relations(graph: Graph, query: Tensor | slice, index: Tensor, spacing: float) -> Tensor:
    """(N, k, 7): where the neighbours lie, how their normals differ, how far they stand out of the surface."""
    p, n = graph.points[query], graph.normals[query]
    step = (graph.points[index] - p[:, None]) / spacing
    other = graph.normals[index]
    height = (step * n[:, None]).sum(-1, keepdim=True)
    return torch.cat([step, other - n[:, None], height], -1)


class VectorAttention(nn.Module):
    """y_i = sum_j softmax_j(w(q_i - k_j + d_ij)) * (v_j + d_ij), one weight per group of channels.

    Written so that little is wide per pair of points: the first layer of w is folded into q, k and d, and the
    hidden layer of d is summed over the neighbours before its second layer, which is linear.
    """

    def __init__(self, width: int, group: int = 8) -> None:
        super().__init__()
        self.heads, self.group = width // group, group
        self.norm = nn.LayerNorm(width)
        self.query = nn.Linear(width, self.heads)
        self.key_value = nn.Linear(width, self.heads + width)
        self.position = nn.Sequential(nn.Linear(RELATIONS, HIDDEN), nn.ReLU())
        self.position_key = nn.Linear(HIDDEN, self.heads)
        self.position_value = nn.Parameter(torch.randn(self.heads, HIDDEN, group) * HIDDEN**-0.5)
        self.weight = nn.Linear(self.heads, self.heads)
        self.out = nn.Linear(width, width)
        self.ffn_norm = nn.LayerNorm(width)
        self.ffn = _mlp(width, 2 * width, width)

    def forward(self, x: Tensor, index: Tensor, relations: Tensor, query: Tensor | None = None) -> Tensor:
        normed = self.norm(x)
        k, v = self.key_value(normed).split([self.heads, self.heads * self.group], -1)
        if query is not None:
            x, normed = x[query], normed[query]
        n, near = index.shape
        h = self.position(relations)
        a = self.weight(torch.relu(k[index] - self.query(normed)[:, None] + self.position_key(h)))
        a = torch.softmax(a, 1)
        y = (a[..., None] * v[index].reshape(n, near, self.heads, self.group)).sum(1)
        d = torch.matmul(a.transpose(1, 2), h)  # (n, heads, hidden)
        y = y + torch.matmul(d.transpose(0, 1), self.position_value).transpose(0, 1)
        x = x + self.out(y.reshape(n, -1))
        return x + self.ffn(self.ffn_norm(x))


class Down(nn.Module):
    """Pool the neighbourhood of every point of the coarser level: shared MLP, maximum."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.feature = nn.Linear(inputs, outputs)
        self.position = _mlp(RELATIONS, HIDDEN, outputs)
        self.norm = nn.LayerNorm(outputs)
        self.out = nn.Linear(outputs, outputs)

    def forward(self, x: Tensor, group: Tensor, relations: Tensor) -> Tensor:
        y = torch.relu(self.feature(x)[group] + self.position(relations)).amax(1)
        return self.out(self.norm(y))


class Up(nn.Module):
    """Interpolate the coarser level and add it to the finer one."""

    def __init__(self, coarse: int, fine: int) -> None:
        super().__init__()
        self.coarse = nn.Sequential(nn.LayerNorm(coarse), nn.Linear(coarse, fine))
        self.fine = nn.Linear(fine, fine)

    def forward(self, coarse: Tensor, fine: Tensor, up: Tensor, weight: Tensor) -> Tensor:
        return self.fine(fine) + (self.coarse(coarse)[up] * weight[..., None]).sum(1)


class PointTransformer(nn.Module):
    """Points -> (classes, offset to the tooth's centre in units of 5 mm) per point.

    widths: channels of levels 0 to 4. encoder, decoder: attention blocks per level (decoder: levels 0 to 3).
    """

    def __init__(
        self,
        classes: int = 17,
        widths: Sequence[int] = (32, 64, 128, 256, 384),
        encoder: Sequence[int] = (0, 1, 2, 3, 2),
        decoder: Sequence[int] = (1, 1, 1, 1),
        group: int = 8,
    ) -> None:
        super().__init__()
        self.classes = classes
        levels = len(widths)
        self.stem = nn.Sequential(nn.Linear(6, widths[0]), nn.ReLU(), nn.Linear(widths[0], widths[0]))
        self.place = nn.ModuleList([nn.Linear(6, w) for w in widths[1:]])
        self.down = nn.ModuleList([Down(widths[i], widths[i + 1]) for i in range(levels - 1)])
        self.encoder = nn.ModuleList(
            [nn.ModuleList([VectorAttention(widths[i], group) for _ in range(encoder[i])]) for i in range(levels)]
        )
        self.up = nn.ModuleList([Up(widths[i + 1], widths[i]) for i in range(levels - 1)])
        self.decoder = nn.ModuleList(
            [nn.ModuleList([VectorAttention(widths[i], group) for _ in range(decoder[i])]) for i in range(levels - 1)]
        )
        self.head = nn.Sequential(nn.LayerNorm(widths[0]), _mlp(widths[0], 64, classes + 3))

    def levels(self, graph: Graph) -> tuple[list[Tensor], list[Tensor | None]]:
        """What the encoder makes of every level, (N_l, widths[l]), and the relations within each but the finest."""
        place = torch.cat([graph.points / CENTRE_MM, graph.normals], -1)
        x = self.stem(place)
        kept, relations = [x], [None]
        for level, down in enumerate(self.down):
            group = graph.group[level]
            m = group.shape[0]
            x = down(x, group, _relations(graph, slice(0, m), group, SPACING_MM[level + 1])) + self.place[level](
                place[:m]
            )
            r = _relations(graph, slice(0, m), graph.knn[level + 1], SPACING_MM[level + 1])
            for block in self.encoder[level + 1]:
                x = block(x, graph.knn[level + 1], r)
            kept.append(x)
            relations.append(r)
        return kept, relations

    def tokens(self, graph: Graph, level: int) -> Tensor:
        """(N_level, widths[level]): the points of a level, which the coarser ones have told of their surroundings."""
        return self._risen(graph, *self.levels(graph), level)

    def _risen(self, graph: Graph, kept: list[Tensor], relations: list[Tensor | None], end: int) -> Tensor:
        x = kept[-1]
        for level in range(len(self.down) - 1, end - 1, -1):
            x = self.up[level](x, kept[level], graph.up[level], graph.up_weight[level])
            if level:
                for block in self.decoder[level]:
                    x = block(x, graph.knn[level], relations[level])
        return x

    def forward(self, graph: Graph, query: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(Q, classes) logits, (Q, 3) offsets; query: rows of level 0, None for all."""
        x = self._risen(graph, *self.levels(graph), 0)
        index = graph.knn[0] if query is None else graph.knn[0][query]
        rows = slice(0, graph.points.shape[0]) if query is None else query
        r = _relations(graph, rows, index, SPACING_MM[0])
        for block in self.decoder[0]:
            x = block(x, index, r, query)
        if query is not None and not len(self.decoder[0]):
            x = x[query]
        out = self.head(x)
        return out[:, : self.classes], out[:, self.classes :]
