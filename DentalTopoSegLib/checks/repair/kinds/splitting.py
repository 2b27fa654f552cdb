"""Cut two teeth that were taken for one apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....dentition import crown_width_mm, volume_range_mm3
from ....dentition.crown_sizes import usual_area_mm2
from ...measures.label_map import contact_limit_mm2
from .. import shapes
from ..bench import Bench
from ..repair import Repair, RepairRefusedError, tooth

if TYPE_CHECKING:
    from ..jaw_bench import JawBench
    from ..label_map_bench import LabelMapBench

#: How far from the neck of two merged crowns their border may follow a crease, mm.
_CREASE_MM = 0.8


class Split(Repair):
    """Cut a tooth in two at its narrowest place; the half on the side of the second number gets that."""

    kind = "split"
    words = "Split tooth {teeth[0]:tooth} into {teeth[0]:tooth} and {teeth[1]:tooth}"

    def change_label_map(self, bench: LabelMapBench) -> None:
        fdi, other = self.teeth
        self._require(bench)
        box = bench.crop(fdi)
        view = bench.window[box]
        mask = view == fdi
        start = [s.start for s in bench.boxes[fdi]]
        along = np.full(mask.shape, -np.inf)
        along[mask] = bench.labels.index_to_ras(np.argwhere(mask) + start) @ bench.direction(fdi, other)
        apart = 0.5 * min(crown_width_mm(fdi), crown_width_mm(other))
        share = _share(*(float(np.sqrt(np.prod(volume_range_mm3(number)))) for number in self.teeth))
        second = shapes.second_tooth(mask, along, max(bench.labels.spacing), share, apart)
        view[second] = other
        area = shapes.contact_mm2(view, fdi, other, bench.labels.spacing)
        smaller = min(np.count_nonzero(second), np.count_nonzero(view == fdi)) * bench.labels.voxel_volume_mm3
        if area > contact_limit_mm2(smaller, same_jaw=True):
            view[:] = shapes.leave_gap(view, fdi, other)

    def change_surface(self, bench: JawBench) -> None:
        from ....ios.creases import cut_along_creases, vertex_graph

        fdi, other = self.teeth
        self._require(bench)
        main = bench.parts(fdi)[0]
        inside = np.zeros(len(bench.fdi), bool)
        inside[main] = True
        new = np.cumsum(inside) - 1
        faces = new[bench.faces[inside[bench.faces].all(1)]]
        past_neck = self._past_neck(bench, main)
        beyond = 1 / (1 + np.exp(-np.clip(past_neck / _CREASE_MM, -30, 30)))
        graph = vertex_graph(bench.vertices[main], faces, inside_out=bench.case.inside_out)
        second = cut_along_creases(np.column_stack([1 - beyond, beyond]), graph) == 1
        for side in (second.copy(), ~second):
            mask = np.zeros(len(bench.fdi), bool)
            mask[main[side]] = True
            for crumb in bench.pieces(mask)[1:]:
                second[new[crumb]] ^= True
        if not 0 < np.count_nonzero(second) < len(main):
            raise RepairRefusedError(
                "Tooth {fdi:tooth} shows no place where {other:tooth} could begin: draw the border by hand.",
                fdi=fdi,
                other=other,
            )
        bench.label(main[second], other)

    def _past_neck(self, bench: JawBench, main: np.ndarray) -> np.ndarray:
        """(N,) mm: how far each vertex of a crown lies beyond its narrowest place, towards the second tooth."""
        towards, sideways = bench.directions(*self.teeth)
        along, across = bench.vertices[main] @ towards, bench.vertices[main] @ sideways
        step = max(0.5, float(np.sqrt(bench.vertex_area[main].mean())))
        slices = ((along - along.min()) / step).astype(int)
        low, high = np.full(slices.max() + 1, np.inf), np.full(slices.max() + 1, -np.inf)
        np.minimum.at(low, slices, across)
        np.maximum.at(high, slices, across)
        share = _share(*map(usual_area_mm2, self.teeth))
        return along - shapes.neck(np.maximum(high - low, 0.0), along, step, share)

    def _require(self, bench: Bench) -> None:
        fdi, other = self.teeth
        bench.require(fdi)
        bench.require_free(
            other,
            "Tooth {other:tooth} is there already: tooth {fdi:tooth} cannot be split into it.",
            other=other,
            fdi=fdi,
        )


def _share(first: float, second: float) -> float:
    """The part of two merged teeth that the first should have."""
    return first / (first + second)


def split(fdi: int, other: int) -> Repair:
    """Cut a tooth in two at its narrowest place; the half on that side becomes `other`."""
    return Split((tooth(fdi), tooth(other)))
