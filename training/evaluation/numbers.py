"""Numbers of crowns whose borders are known, on made rows of unseen patients: a table by kind of dentition.

    python -m training evaluate-numbers DATA/ios/train --run training/runs/crowns_fold0 --fold 0 -o numbers.json

Teeth are taken out of real rows and gaps closed (`surfaces.crown_rows`); crowns come from the fold's own patients. The
crown network and the library's rules number them; the surface network has no say in the numbers, only in what is
gingiva.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from DentalTopoSegLib.ios.crowns import CrownAnswer, ask_crowns
from DentalTopoSegLib.ios.instances import Instances
from DentalTopoSegLib.ios.network import PointNetwork
from DentalTopoSegLib.ios.numbers import number_row
from DentalTopoSegLib.networks.models import load_model
from training.evaluation.jaws import TorchCrowns
from training.export.score_tables import markdown_table
from training.surfaces.crown_rows import STILL, RowMaker, rows_of, without
from training.surfaces.jaws import fdi_of, fold_of, patients
from training.surfaces.made_crowns import Crown, Row, other_side

Change = Callable[[RowMaker, Row, list[Crown]], list[Crown] | None]

POSE = replace(
    STILL,
    rare_stranger=0.2,
    turn_deg=(6.0, 6.0, 8.0),
    crown_turn_deg=4.0,
    scale=0.05,
    stretch=0.03,
    crown_scale=0.02,
    place_mm=0.4,
    cut_share=0.15,
    noise_mm=0.08,
    points=256,
)
"""How rows are posed; nothing else about them changes but what the kind says."""
_GINGIVA = (0.01, 0.15)
"""What the surface network says of gingiva in a tooth and in a bump: medians of unseen jaws."""


def _gone(maker: RowMaker, crowns: list[Crown], teeth: set[int]) -> list[Crown] | None:
    """With the gaps closed; None where a tooth is not there to be taken or too few stay."""
    there = {c.tooth for c in crowns}
    if not teeth <= there or len(there) - len(teeth) < 5:
        return None
    return without(crowns, teeth, maker.rng, closed=True)


def _closed(places: tuple[int, ...], count: int, sides: int) -> Change:
    """`count` teeth of some places extracted on each of one or two sides, the gaps closed."""

    def change(maker: RowMaker, row: Row, crowns: list[Crown]) -> list[Crown] | None:
        gone = {int(p) for p in maker.rng.permutation(places)[:count]}
        if sides == 2:
            return _gone(maker, crowns, gone | {other_side(t) for t in gone})
        return _gone(maker, crowns, gone if maker.rng.random() < 0.5 else {other_side(t) for t in gone})

    return change


def _unlike(maker: RowMaker, row: Row, crowns: list[Crown]) -> list[Crown] | None:
    """The first premolar of one side and the second of the other."""
    return _gone(maker, crowns, {4, 13} if maker.rng.random() < 0.5 else {5, 12})


def _partial(maker: RowMaker, row: Row, crowns: list[Crown]) -> list[Crown]:
    return maker.few_left(crowns)


def _single(maker: RowMaker, row: Row, crowns: list[Crown]) -> list[Crown]:
    return [crowns[int(maker.rng.integers(len(crowns)))]]


def _bumps(maker: RowMaker, row: Row, crowns: list[Crown]) -> list[Crown]:
    return maker.with_bumps(crowns, row.jaw)


def _saddles(maker: RowMaker, row: Row, crowns: list[Crown]) -> list[Crown]:
    return maker.with_bumps(maker.few_left(crowns), row.jaw, crowns)


def _off_arch(maker: RowMaker, row: Row, crowns: list[Crown]) -> list[Crown]:
    return maker.with_off_arch(crowns, row.jaw)


def _erupting(maker: RowMaker, row: Row, crowns: list[Crown]) -> list[Crown] | None:
    changed = maker.with_third_molar(crowns, row.jaw, 8, True)
    changed = maker.with_third_molar(changed, row.jaw, 16, True)
    return changed if len(changed) > len(crowns) else None


def _third_molars(maker: RowMaker, row: Row, crowns: list[Crown]) -> list[Crown] | None:
    changed = maker.with_third_molar(crowns, row.jaw, 8, False)
    changed = maker.with_third_molar(changed, row.jaw, 16, False)
    return changed if len(changed) > len(crowns) else None


def _milk(maker: RowMaker, row: Row, crowns: list[Crown]) -> list[Crown]:
    return maker.of_a_child(crowns, row.jaw)


def _open(maker: RowMaker, row: Row, crowns: list[Crown]) -> list[Crown]:
    gone = {c.tooth for c in crowns if maker.rng.random() < 0.2}
    return without(crowns, gone, maker.rng, closed=False)


KINDS: dict[str, Change] = {
    "unchanged": lambda maker, row, crowns: crowns,
    "premolar extracted and closed, one side": _closed((4, 5), 1, 1),
    "the same premolar, both sides": _closed((4, 5), 1, 2),
    "first premolar of one side, second of the other": _unlike,
    "both premolars, one side": _closed((4, 5), 2, 1),
    "both premolars, both sides": _closed((4, 5), 2, 2),
    "three teeth of one side closed": _closed((2, 3, 4, 5, 6), 3, 1),
    "canine absent and closed, one side": _closed((3,), 1, 1),
    "canines absent and closed, both sides": _closed((3,), 1, 2),
    "incisor absent and closed": _closed((1, 2), 1, 1),
    "incisors absent and closed, both sides": _closed((1, 2), 1, 2),
    "first molar extracted and closed": _closed((6,), 1, 1),
    "teeth absent, gaps open": _open,
    "gaps where nothing is absent": lambda maker, row, crowns: maker.spread(crowns),
    "partial dentition": _partial,
    "a single tooth": _single,
    "third molars made": _third_molars,
    "third molars erupting": _erupting,
    "milk teeth": _milk,
    "bumps behind the last tooth": _bumps,
    "partial dentition with bumps": _saddles,
    "pieces of lip, cheek and tongue": _off_arch,
    "prepared teeth": lambda maker, row, crowns: maker.with_prepared(crowns),
}
"""How dentitions are made, by what the table calls them."""


def fdi_of_crown(crown: Crown, upper: bool) -> int:
    """The number a crown should get, 0 for no tooth."""
    fdi = int(fdi_of(np.array(crown.tooth), upper))
    return fdi + 40 if crown.milk else fdi


def numbers_of(maker: RowMaker, row: Row, crowns: list[Crown], network: PointNetwork) -> tuple[list[int], float]:
    """The numbers that the library gives to the crowns of a posed row, and how surely the jaw is an upper one."""
    points, normals = maker.pose(crowns)
    count = len(crowns)
    labels = np.repeat(np.arange(1, count + 1), points.shape[1])

    def ask(which: np.ndarray) -> CrownAnswer:
        shown = labels * np.r_[False, which][labels]
        return ask_crowns(points.reshape(-1, 3), normals.reshape(-1, 3), shown, count, row.jaw, network)

    answer = ask(np.ones(count, bool))
    gingiva = np.array([_GINGIVA[crown.tooth == 0] for crown in crowns])
    classes = np.repeat((1 - gingiva)[:, None] / 16, 17, 1)
    classes[:, 0] = gingiva
    instances = Instances(points.mean(1), classes, np.full(count, 80.0))
    return number_row(instances, answer, ask)[0].fdi.tolist(), answer.upper_logit


def evaluate(rows: list[Row], network: PointNetwork, repeats: int, seed: int = 0) -> dict[str, dict[str, float]]:
    """By kind: rows, crowns, right numbers, rows right to the last number, numbers given to what is no tooth of all
    bumps, and rows whose jaw the crowns call right."""
    out = {}
    for which, (kind, change) in enumerate(KINDS.items()):
        maker = RowMaker(rows, POSE, seed + 1000 * which)
        total = dict.fromkeys(("rows", "crowns", "right", "whole", "bumps", "invented", "jaw"), 0)
        for row in rows * repeats:
            crowns = list(row.crowns)
            if maker.rng.random() < 0.5:
                crowns = [c.mirror() for c in crowns[::-1]]
            changed = change(maker, row, crowns)
            if not changed:
                continue
            found, logit = numbers_of(maker, row, changed, network)
            meant = [fdi_of_crown(c, row.upper) for c in changed]
            hits = [f == m for f, m in zip(found, meant, strict=True)]
            total["rows"] += 1
            total["crowns"] += sum(m > 0 for m in meant)
            total["right"] += sum(h for h, m in zip(hits, meant, strict=True) if m)
            total["whole"] += all(hits)
            total["bumps"] += sum(m == 0 for m in meant)
            total["invented"] += sum(f > 0 for f, m in zip(found, meant, strict=True) if m == 0)
            total["jaw"] += (logit > 0) == row.upper
        out[kind] = total
    return out


def table(scores: Mapping[str, Mapping[str, float]]) -> str:
    """Markdown, one line a kind."""
    head = ("kind", "rows", "numbers right", "rows right to the last", "bumps given a number", "jaw right")
    lines = []
    for kind, s in scores.items():
        bumps = f"{100 * s['invented'] / s['bumps']:.1f} % of {s['bumps']}" if s["bumps"] else ""
        shares = [f"{100 * s[a] / max(s[b], 1):.1f} %" for a, b in (("right", "crowns"), ("whole", "rows"))]
        lines.append((kind, s["rows"], *shares, bumps, f"{100 * s['jaw'] / max(s['rows'], 1):.1f} %"))
    return markdown_table(head, lines)


def main(argv: list[str] | None = None) -> None:
    """Score a crown network on made rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--run", type=Path, help="a training run")
    source.add_argument("--models", type=Path, help="folder with models.json")
    parser.add_argument("--fold", type=int, choices=range(5), help="only the patients of this fold")
    parser.add_argument("--repeats", type=int, default=3, help="made rows per scan and kind")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args(argv)
    network: Any = TorchCrowns(arguments.run) if arguments.run else load_model("crowns", 1, folder=arguments.models)
    everyone = patients(arguments.data)
    rows = rows_of(arguments.data, lambda name: arguments.fold is None or fold_of(name, everyone) == arguments.fold)
    scores = evaluate(rows, network, arguments.repeats)
    arguments.output.write_text(json.dumps(scores, indent=1), encoding="utf-8")
    print(table(scores))
