"""The runs of a plan: samples, the stages, pseudo labels of the unlabelled scans, retraining; what is there is kept.

A folder of work holds `scans/` (see `scans`), `samples/STAGE/`, `GROUP/NETWORK/` (checkpoint and log of a training),
`GROUP/pseudo/RETRAINING/` (samples, `pseudo_labels.json`: what became of every tooth) and `scores/`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from DentalTopoSegLib.errors import InputError, NoTeethError
from DentalTopoSegLib.files.volumes import Volume, read_labels, read_volume
from training.export.shipping import write_whole
from training.loop import CHECKPOINT, load_checkpoint, run_to_end
from training.own_data.samples import has_volume_sample, write_volume_sample
from training.patients.labelled_scans import IMAGE, find_pairs
from training.pseudo_labels import labels as steps
from training.pseudo_labels.answers import VIEWS, Answer, answer_in_region, find, load_net
from training.pseudo_labels.labels import Limits, Tooth
from training.pseudo_labels.plan import Group, Plan, Retraining
from training.pseudo_labels.stages import (
    AROUND,
    STAGES,
    StageTask,
    classes_of,
    names_of,
    region_around,
    view_of,
    write_samples,
)
from training.volumes.losses import IGNORE

TOLD = "pseudo_labels.json"
Report = Callable[[str], None]


def make_samples(work: Path, plan: Plan) -> None:
    """Samples of all labelled scans for every stage."""
    pairs = []
    for name, image, labels in find_pairs(work / "scans" / "labelled"):
        if not all(has_volume_sample(work / "samples" / stage, name) for stage in STAGES):
            pairs.append((name, read_volume(image)[0], classes_of(read_labels(labels))))
    for stage in STAGES:
        write_samples(pairs, stage, plan.scale, work / "samples" / stage)


def is_trained(folder: Path, config: dict[str, Any]) -> bool:
    """Whether a run has made all its steps.

    Raises
    ------
    InputError
        It was begun with another configuration.
    """
    if not (folder / CHECKPOINT).is_file():
        return False
    run = load_checkpoint(folder)
    if run["config"] != config:
        raise InputError(f"'{folder}' was trained with another configuration: name another folder of work (-o).")
    return run["progress"]["step"] >= config["training"]["steps"]


def train(work: Path, plan: Plan, group: Group, network: str, report: Report) -> Path:
    """Train a network of a group to its end, on from where it stopped; returns its folder."""
    folder, config = work / group.name / network, plan.config(network, group.seed)
    if is_trained(folder, config):
        return folder
    report(f"== {group.size} labelled scans, seed {group.seed}: {network}")
    stage = network if network in STAGES else "number"
    names = plan.labelled(group, names_of(work / "scans" / "labelled"))
    pseudo, pseudo_names = None, []
    if network not in STAGES and plan.retrained[network].labels != "none":
        pseudo = work / group.name / "pseudo" / network
        pseudo_names = json.loads((pseudo / TOLD).read_text(encoding="utf-8"))["names"]
    init = None if network in STAGES else work / group.name / "number" / CHECKPOINT
    run_to_end(StageTask(config, work / "samples" / stage, names, pseudo, pseudo_names), folder, init=init)
    return folder


def unlabelled(work: Path) -> Iterator[tuple[str, Volume]]:
    """(name, scan) of every unlabelled scan; nothing but its image is read."""
    for path in sorted((work / "scans" / "unlabelled").glob(f"*{IMAGE}")):
        yield path.name.removesuffix(IMAGE), read_volume(path)[0]


def pseudo_label(
    answer: Answer, how: Retraining, limits: Limits, rng: np.random.Generator
) -> tuple[np.ndarray, list[Tooth]]:
    """Class indices (z, y, x) of a scan's region by a network's answer, 255 = unknown, and what became of the teeth
    (nothing is told of labels that are not filtered)."""
    said = steps.worsen(answer.probabilities, how.worsen, rng) if how.worsen else answer.probabilities
    classes = steps.numbers_of(said, steps.mask_of(said))
    if how.labels == "refined":
        return steps.refine(classes, said, limits, answer.grid.index_to_ras, answer.grid.voxel_volume_mm3)
    if how.labels in ("cleaned", "filtered"):
        classes = steps.clean_up(steps.join_pieces(classes, limits.least), limits.least)
    if how.labels == "filtered":
        return steps.drop_doubtful(classes, said, limits)
    return classes, []


def make_pseudo_labels(work: Path, plan: Plan, group: Group, report: Report) -> None:
    """Pseudo labels of every kind that the group's rows need, from its first two stages; each kind whole or not."""
    wanted = {row.network: plan.retrained[row.network] for row in group.rows if row.network in plan.retrained}
    base = work / group.name / "pseudo"
    wanted = {name: how for name, how in wanted.items() if how.labels != "none" and not (base / name / TOLD).is_file()}
    if not wanted:
        return
    report(f"== {group.size} labelled scans, seed {group.seed}: pseudo labels ({', '.join(wanted)})")
    finder, net = (load_net(work / group.name / stage) for stage in ("find", "number"))
    told: dict[str, dict[str, Any]] = {name: {} for name in wanted}
    places, left_out = {}, []
    for number, (scan_name, scan) in enumerate(unlabelled(work)):
        try:
            middle = find(finder, scan, plan.scale)
        except NoTeethError:
            left_out.append(scan_name)
            continue
        places[scan_name] = [float(value) for value in middle]
        answer = answer_in_region(net, scan, middle, plan.scale, VIEWS[plan.views])
        wide = region_around(middle, scan, plan.scale, AROUND)
        image = view_of(scan, "number", plan.scale, wide).array.astype(np.float16)
        for name, how in wanted.items():
            # the same for every kind of labels
            classes, teeth = pseudo_label(answer, how, plan.limits, np.random.default_rng([group.seed, number]))
            target = np.pad(classes, AROUND, constant_values=IGNORE)
            write_volume_sample(base / name, scan_name, image, target)
            told[name][scan_name] = [asdict(tooth) for tooth in teeth]
    if left_out:
        report(f"No teeth were found in {len(left_out)} unlabelled scans, which are left out: {', '.join(left_out)}")
    if not places:
        raise InputError(f"None of the scans in '{work / 'scans' / 'unlabelled'}' got pseudo labels.")
    for name, teeth_of in told.items():
        content = {"how": asdict(wanted[name]), "names": sorted(places), "places": places, "teeth": teeth_of}
        write_whole(base / name / TOLD, json.dumps(content) + "\n")


def run_group(work: Path, plan: Plan, group: Group, report: Report = print, retrain: bool = True) -> None:
    """Everything that a group's rows need: the stages, the pseudo labels, and the retrainings if wanted."""
    networks = {row.network for row in group.rows}
    for stage in STAGES:
        if stage != "whole" or "whole" in networks:
            train(work, plan, group, stage, report)
    make_pseudo_labels(work, plan, group, report)
    for network in plan.retrained:
        if retrain and network in networks:
            train(work, plan, group, network, report)
