"""What is wrong with a segmentation, tooth by tooth: the kind of every error, the type of its tooth, what is near it.

Kinds (`KINDS`), one row per event; "of" says which tooth it is counted at:

- missed: most of a reference tooth is background, no prediction reaches IoU 0.5 with it.
- merged: most of a reference tooth without a match lies in a prediction that is matched with another tooth.
- drawn badly: a reference tooth without a match that is neither.
- split: a piece of a reference tooth, `PIECE` of it or more, is a tooth of its own.
- lost to neighbour: such a piece belongs to a prediction that is matched with another tooth.
- invented: a prediction without a match, most of it outside of the reference teeth.
- wrong number: matched, but called differently.
- in pieces, tunnel, tunnel closed, void: more pieces, more tunnels, fewer tunnels, more enclosed voids than the
  reference tooth has (`topology.betti_numbers`).
- crown cut, root cut: less than `CUT` of the third at that end of the tooth is in its prediction.
- spilled: `SPILLED` of the prediction or more is no tooth.

Causes (`CAUSES`) are what stands near the tooth, not what is proven to have done it: a tooth may have several or none.
They are read off the scan and the reference, so they are the same for every segmentation of a scan.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from DentalTopoSegLib.checks.metrics.label_maps import identification
from DentalTopoSegLib.checks.metrics.overlap import Overlaps, count_pairs, sizes
from DentalTopoSegLib.checks.topology import betti_numbers
from DentalTopoSegLib.dentition import arch_order, is_upper
from DentalTopoSegLib.files.volumes import Volume
from DentalTopoSegLib.files.volumes.boxes import Box, grow, tooth_boxes
from training.export.score_tables import markdown_table

KINDS = (
    "missed",
    "merged",
    "drawn badly",
    "split",
    "lost to neighbour",
    "invented",
    "wrong number",
    "in pieces",
    "tunnel",
    "tunnel closed",
    "void",
    "crown cut",
    "root cut",
    "spilled",
)
TYPES = ("incisor", "canine", "premolar", "molar", "third molar")
CAUSES = ("metal", "implant near", "absent neighbour", "impacted", "small field", "none of these")

PIECE = 0.15
CUT = 0.75
SPILLED = 0.25
_METAL_NEAR_MM = 1.5
_LEAST_METAL_MM3 = 2.0
_METAL_CONTRAST = 3.0  # times the step from outside to inside of the teeth, above their inside
_IMPLANT_NEAR_MM = 5.0
_LEAST_IMPLANT_MM3 = 40.0
_TILTED_DEGREES = 45.0
_SUNK_MM = 5.0  # a crown this much further from the bite than its neighbours'
_EDGE_MM = 2.0


def tooth_type(fdi: int) -> str:
    """One of `TYPES`, also of a milk tooth."""
    place = fdi % 10
    if fdi > 50 and place > 3:
        return "molar"
    return TYPES[0 if place < 3 else 1 if place == 3 else 2 if place < 6 else 3 if place < 8 else 4]


def find_errors(pred: Volume, ref: Volume) -> list[dict[str, Any]]:
    """Every error of one label map against its reference, on the same grid.

    Returns
    -------
    list of dict
        "fdi" (of the reference tooth; of the prediction where it is invented), "type", "kind", "detail" (text).
    """
    boxes, of_pred = tooth_boxes(ref.array), tooth_boxes(pred.array)
    matches = identification(pred, ref)["matches"]
    found = [*_of_counts(count_pairs(pred.array, ref.array), matches)]
    for fdi, mate in matches.items():
        if mate is not None:
            found += _of_shape(pred, ref, fdi, mate, boxes[fdi], of_pred[mate])
    return [{"fdi": fdi, "type": tooth_type(fdi), "kind": kind, "detail": text} for fdi, kind, text in found]


def _of_counts(overlaps: Overlaps, matches: dict[int, int | None]) -> Iterator[tuple[int, str, str]]:
    p, r = sizes(overlaps, 0), sizes(overlaps, 1)
    taken = {a: b for b, a in matches.items() if a is not None}
    pieces: set[int] = set()
    for b, mate in matches.items():
        inside = {a: overlaps.get((a, b), 0) / r[b] for a in p}
        lost = {a: share for a, share in inside.items() if a != mate and share >= PIECE}
        if mate is None:
            main = max(inside, key=lambda a: inside[a], default=0)
            if sum(inside.values()) < 0.5:
                yield b, "missed", f"{sum(inside.values()):.0%} is in any tooth"
                lost.pop(main, None)
                pieces.add(main)
            elif main in taken:
                yield b, "merged", f"{inside[main]:.0%} is in {taken[main]}"
                lost = {a: share for a, share in lost.items() if a not in taken}
            else:
                yield b, "drawn badly", f"{inside[main]:.0%} is in one tooth"
                lost.pop(main, None)
                pieces.add(main)
        elif mate != b:
            yield b, "wrong number", f"called {mate}"
        for a, share in lost.items():
            yield b, "lost to neighbour" if a in taken else "split", f"{share:.0%} is in what is called {a}"
            pieces.add(a)
    for a in p:
        if a not in taken and a not in pieces:
            outside = overlaps.get((a, 0), 0) / p[a]
            if outside >= 0.5:
                yield a, "invented", f"{outside:.0%} is no tooth"
            else:
                host = max(r, key=lambda b: overlaps.get((a, b), 0))
                yield host, "split", f"{overlaps.get((a, host), 0) / r[host]:.0%} is in what is called {a}"
    for b, a in matches.items():
        if a is not None and overlaps.get((a, 0), 0) >= SPILLED * p[a]:
            yield b, "spilled", f"{overlaps.get((a, 0), 0) / p[a]:.0%} of it is no tooth"


def _of_shape(pred: Volume, ref: Volume, fdi: int, mate: int, box: Box, its: Box) -> Iterator[tuple[int, str, str]]:
    b0, b1, b2 = betti_numbers(pred.array[its] == mate)
    r0, r1, r2 = betti_numbers(ref.array[box] == fdi)
    for kind, n, of in (("in pieces", b0, r0), ("tunnel", b1, r1), ("void", b2, r2)):
        if n > of:
            yield fdi, kind, f"{n} instead of {of}"
    if b1 < r1:
        yield fdi, "tunnel closed", f"{b1} instead of {r1}"
    truth = ref.array[box] == fdi
    kept = (pred.array[box] == mate)[truth]
    points = ref.index_to_ras(np.argwhere(truth) + [s.start for s in box])
    along = points @ _towards_crown(points, fdi)
    for kind, part in (
        ("crown cut", along >= np.quantile(along, 2 / 3)),
        ("root cut", along <= np.quantile(along, 1 / 3)),
    ):
        if kept[part].mean() < CUT:
            yield fdi, kind, f"{kept[part].mean():.0%} of that third is left"


def _towards_crown(points: np.ndarray, fdi: int) -> np.ndarray:
    """(3,) unit vector along the tooth, from root to crown as far as its jaw tells."""
    vertical = np.array([0.0, 0.0, -1.0 if is_upper(fdi) else 1.0])
    values, vectors = np.linalg.eigh(np.cov(points.T))
    axis = vectors[:, -1] if values[-1] > 2.0 * values[-2] else vertical
    return axis if axis @ vertical >= 0 else -axis


def causes_near(scan: Volume, ref: Volume) -> dict[int, list[str]]:
    """FDI of every reference tooth -> what stands near it, of `CAUSES`."""
    from scipy import ndimage

    boxes = tooth_boxes(ref.array)
    metal = scan.array > _metal_level(scan.array, ref.array)
    voxel, side = ref.voxel_volume_mm3, min(ref.spacing)
    blobs, count = ndimage.label(metal & (ref.array == 0))
    sizes_mm3 = np.bincount(blobs.ravel(), minlength=count + 1) * voxel
    sizes_mm3[0] = 0
    implants = np.append(sizes_mm3 >= _LEAST_IMPLANT_MM3, False)[blobs]
    places = {fdi: _place(ref, fdi, box) for fdi, box in boxes.items()}
    out: dict[int, list[str]] = {}
    for fdi, box in boxes.items():
        near = _near(ref.array, fdi, box, _METAL_NEAR_MM / side)
        wide = _near(ref.array, fdi, box, _IMPLANT_NEAR_MM / side)
        row = arch_order("upper" if is_upper(fdi) else "lower")
        beside = [row[i] for i in _beside(row, fdi) if row[i] % 10 != 8 or fdi % 10 == 8]
        has = {
            "metal": np.count_nonzero(metal[near[0]] & near[1]) * voxel >= _LEAST_METAL_MM3,
            "implant near": bool((implants[wide[0]] & wide[1]).any()),
            "absent neighbour": any(f not in boxes for f in beside),
            "impacted": _impacted(fdi, places, beside),
            "small field": _at_edge(ref, box),
        }
        out[fdi] = [cause for cause, yes in has.items() if yes] or ["none of these"]
    return out


def _metal_level(grey: np.ndarray, labels: np.ndarray) -> float:
    """Grey value above which is metal: far brighter than teeth are beside what is around them."""
    teeth, rest = grey[labels > 0], grey[::4, ::4, ::4][labels[::4, ::4, ::4] == 0]
    inside = float(np.median(teeth))
    return inside + _METAL_CONTRAST * max(inside - float(np.median(rest)), 1.0) / 2


def _near(labels: np.ndarray, fdi: int, box: Box, voxels: float) -> tuple[Box, np.ndarray]:
    from scipy import ndimage

    around = grow(box, int(np.ceil(voxels)))
    return around, ndimage.distance_transform_edt(labels[around] != fdi) <= voxels


def _beside(row: Sequence[int], fdi: int) -> Iterable[int]:
    if fdi not in row:
        return ()
    return (i for i in (row.index(fdi) - 1, row.index(fdi) + 1) if 0 <= i < len(row))


def _place(ref: Volume, fdi: int, box: Box) -> tuple[np.ndarray, float]:
    """Unit vector towards the crown, and how far the crown's end lies towards the bite, mm."""
    points = ref.index_to_ras(np.argwhere(ref.array[box] == fdi) + [s.start for s in box])
    axis = _towards_crown(points, fdi)
    return axis, float(np.quantile(points[:, 2] * (-1 if is_upper(fdi) else 1), 0.98))


def _impacted(fdi: int, places: dict[int, tuple[np.ndarray, float]], beside: list[int]) -> bool:
    axis, end = places[fdi]
    if abs(axis[2]) < np.cos(np.deg2rad(_TILTED_DEGREES)):
        return True
    ends = [places[f][1] for f in beside if f in places]
    return bool(ends) and end < np.mean(ends) - _SUNK_MM


def _at_edge(ref: Volume, box: Box) -> bool:
    z, y, x = (int(np.ceil(_EDGE_MM / s)) for s in ref.spacing[::-1])
    return any(s.start < m or s.stop > n - m for s, m, n in zip(box, (z, y, x), ref.array.shape, strict=True))


def count_errors(scans: list[dict[str, Any]]) -> dict[str, Any]:
    """Counts of many scans, ready for JSON.

    Parameters
    ----------
    scans : list of dict
        Each with "errors" (see `find_errors`) and "causes" ({FDI: list}, see `causes_near`).

    Returns
    -------
    dict
        "teeth": reference teeth in all, "by_type" and "by_cause" of them; "errors": {kind: {"all", "by_type",
        "by_cause"}}. What was invented has no cause but "none of these".
    """
    teeth = [(int(fdi), causes) for scan in scans for fdi, causes in scan["causes"].items()]
    errors = []
    for scan in scans:
        causes = {int(fdi): found for fdi, found in scan["causes"].items()}
        for row in scan["errors"]:
            known = causes.get(row["fdi"]) if row["kind"] != "invented" else None
            errors.append((row["kind"], row["type"], known or ["none of these"]))

    def split(rows: list[tuple[str, list[str]]]) -> dict[str, Any]:
        return {
            "all": len(rows),
            "by_type": {t: sum(mine == t for mine, _ in rows) for t in TYPES},
            "by_cause": {c: sum(c in causes for _, causes in rows) for c in CAUSES},
        }

    return {
        "teeth": split([(tooth_type(fdi), causes) for fdi, causes in teeth]),
        "errors": {kind: split([(t, causes) for k, t, causes in errors if k == kind]) for kind in KINDS},
    }


def errors_to_markdown(counts: dict[str, Any]) -> str:
    """One line per kind: how many, by the tooth's type and by what stands near it; the first line tells of how many."""

    def cells(row: dict[str, Any]) -> list[int]:
        return [row["all"], *row["by_type"].values(), *row["by_cause"].values()]

    rows = [("reference teeth", *cells(counts["teeth"]))]
    rows += [(kind, *cells(row)) for kind, row in counts["errors"].items() if row["all"]]
    return markdown_table(("", "all", *TYPES, *CAUSES), rows, right=True)
