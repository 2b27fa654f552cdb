"""Scores of a plan's rows on scans of patients that no training saw, and its tables beside the paper's."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from DentalTopoSegLib.checks.metrics.boundaries import nsd
from DentalTopoSegLib.checks.metrics.label_maps import identification, per_tooth_dice, per_tooth_iou
from DentalTopoSegLib.errors import InputError, NoTeethError
from DentalTopoSegLib.files.volumes import Volume, read_labels, read_volume
from training.export.score_tables import markdown_table
from training.export.shipping import write_whole
from training.patients.labelled_scans import LABELS, find_pairs
from training.pseudo_labels.answers import VIEWS, answer_in_region, answer_to_all, find, label_map, load_net
from training.pseudo_labels.labels import DROPPED, KEPT, REFINED
from training.pseudo_labels.plan import Group, Plan, Row
from training.pseudo_labels.runs import TOLD
from training.pseudo_labels.stages import AROUND, Scale, classes_of, region_around, view_of
from training.volumes.losses import IGNORE

COLUMNS = (
    "image_dice",
    "image_iou",
    "image_nsd",
    "dice",
    "iou",
    "nsd",
    "identification",
)
TITLES = ("Dice", "IoU", "NSD", "Dice of teeth", "IoU of teeth", "NSD of teeth", "IA")
PAPER = {
    "baseline": (95.02, 90.55, 97.52, 88.47, 83.91, 90.47, 95.50),
    "final": (96.07, 92.58, 98.29, 90.40, 87.50, 92.74, 95.86),
}
"""Table 4 of "Coarse-to-Fine Pseudo Annotations for Semi-supervised Teeth Segmentation": STS 2024's scans. Its U-Net
row is damaged in our copy."""
_ANY = 11


def score(found: Volume, truth: Volume, tolerance_mm: float) -> dict[str, float]:
    """The table's scores of one scan, 0 to 1.

    "image_": all teeth at once against background. The others are means over the reference teeth, a missed or
    misnumbered one is 0; "identification": right numbers among teeth found with an IoU of at least 0.5, 0 where none
    is found.
    """
    one = [volume.with_array(np.where(volume.array > 0, _ANY, 0).astype(np.uint8)) for volume in (found, truth)]
    teeth = [int(v) for v in np.unique(truth.array) if v]

    def mean(values: dict[int, float]) -> float:
        return float(np.mean([values[fdi] for fdi in teeth]))

    return {
        "image_dice": per_tooth_dice(*one)[_ANY],
        "image_iou": per_tooth_iou(*one)[_ANY],
        "image_nsd": nsd(*one, tolerance_mm)[_ANY],
        "dice": mean(per_tooth_dice(found, truth)),
        "iou": mean(per_tooth_iou(found, truth)),
        "nsd": mean(nsd(found, truth, tolerance_mm)),
        "identification": identification(found, truth)["identification_accuracy"] or 0.0,
    }


def score_group(work: Path, plan: Plan, group: Group, report: Callable[[str], None] = print) -> None:
    """Score every row of a group that has no scores yet, on the scans of `scans/test`."""
    files = {row: score_file(work, group, row) for row in group.rows}
    todo = [row for row, file in files.items() if not file.is_file()]
    if not todo:
        return
    finder = load_net(work / group.name / "find")
    nets = {row.network: load_net(work / group.name / row.network) for row in todo}
    scores: dict[str, dict[str, Any]] = {row.name: {} for row in todo}
    for name, image, labels in find_pairs(work / "scans" / "test"):
        scan, truth = read_volume(image)[0], read_labels(labels)
        answers: dict[tuple[str, str], Any] = {}
        for row in todo:
            key = (row.network, row.views)
            try:
                if key not in answers:
                    views, net = VIEWS[row.views], nets[row.network]
                    if row.network == "whole":
                        answers[key] = answer_to_all(net, scan, plan.scale, views)
                    else:
                        answers[key] = answer_in_region(net, scan, find(finder, scan, plan.scale), plan.scale, views)
                found = label_map(answers[key], scan, plan.limits.least if row.clean else 0)
            except NoTeethError:
                found = truth.with_array(np.zeros_like(truth.array))
            scores[row.name][name] = score(found, truth, plan.tolerance_mm)
    for row in todo:
        write_whole(files[row], json.dumps(scores[row.name], indent=1) + "\n")
        dice = [case["dice"] for case in scores[row.name].values()]
        report(f"{group.size} labelled scans, seed {group.seed}, {row.name}: Dice of teeth {np.mean(dice):.3f}")


def score_file(work: Path, group: Group, row: Row) -> Path:
    """Where a row's scores are kept."""
    return work / "scores" / f"{group.name}_{row.name}.json"


# --- Tables ---------------------------------------------------------------------------------------------------------


def means(work: Path, group: Group, row: Row) -> list[float] | None:
    """Percent: mean of every column over the test scans; None without scores."""
    file = score_file(work, group, row)
    if not file.is_file():
        return None
    cases = json.loads(file.read_text(encoding="utf-8")).values()
    return [100 * float(np.mean([case[key] for case in cases])) for key in COLUMNS]


def tables(work: Path, plan: Plan) -> str:
    """All tables as Markdown.

    Raises
    ------
    InputError
        There are no scores yet.
    """
    parts = []
    for size in sorted(plan.sizes):
        lines = []
        for row in plan.rows:
            groups = [g for g in plan.groups() if g.size == size and row in g.rows]
            found = [m for m in (means(work, g, row) for g in groups) if m is not None]
            if found:
                cells = [_cell([m[k] for m in found]) for k in range(len(COLUMNS))]
                lines.append((row.title, str(len(found)), *cells))
                if row.paper:
                    told = (f"{value:.2f}" for value in PAPER[row.paper])
                    lines.append((f"*the paper's {row.paper}*", "", *told))
        if lines:
            parts += [f"**{size} labelled scans**", markdown_table(("", "seeds", *TITLES), lines)]
    quality = [line for group in plan.groups() for line in pseudo_quality(work, plan, group)]
    if quality:
        head = ("labelled, seed", "labels", "kept", "refined", "dropped", "known", "right", "right among refined")
        parts += ["**Pseudo labels against the hidden labels**", markdown_table(head, quality)]
    if not parts:
        raise InputError(f"'{work}' holds no scores yet: run the command without --print first.")
    tests = len(list((work / "scans" / "test").glob(f"*{LABELS}")))
    note = (
        f"Percent, means over {tests} scans of held-out patients; after +- the standard deviation over seeds. NSD "
        f"within {plan.tolerance_mm:g} mm. Voxels: {plan.scale.find_mm:g} mm to find, {plan.scale.number_mm:g} mm to "
        "number."
    )
    return "\n\n".join([note, *parts]) + "\n"


def _cell(values: list[float]) -> str:
    spread = f" +- {np.std(values, ddof=1):.2f}" if len(values) > 1 else ""
    return f"{np.mean(values):.2f}{spread}"


def pseudo_quality(work: Path, plan: Plan, group: Group) -> Iterable[tuple[str, ...]]:
    """A line for every kind of pseudo labels of a group: teeth kept, refined and dropped, the share of true tooth
    voxels in the region with a number, and the share of right numbers among voxels that are tooth in both.

    Only this reads the hidden labels.
    """
    if not (work / "scans" / "hidden").is_dir():  # of one's own scans nobody knows the labels
        return
    for network, how in plan.retrained.items():
        folder = work / group.name / "pseudo" / network
        if not (folder / TOLD).is_file():
            continue
        told = json.loads((folder / TOLD).read_text(encoding="utf-8"))
        file = folder / "quality.json"
        if not file.is_file():
            write_whole(file, json.dumps(_against_hidden(work, plan.scale, folder, told)) + "\n")
        quality = json.loads(file.read_text(encoding="utf-8"))
        fates = Counter(tooth["fate"] for teeth in told["teeth"].values() for tooth in teeth)
        counts = [str(fates[f]) if fates else "-" for f in (KEPT, REFINED, DROPPED)]
        shares = ["-" if quality[k] is None else f"{100 * quality[k]:.1f}" for k in ("known", "right", "refined")]
        kind = how.labels + (f", worsened by {how.worsen:g}" if how.worsen else "")
        yield (f"{group.size}, {group.seed}", kind, *counts, *shares)


def _against_hidden(work: Path, scale: Scale, folder: Path, told: dict[str, Any]) -> dict[str, float | None]:
    """{"known", "right", "refined": share of right numbers among the voxels of refined teeth}."""
    teeth = known = both = right = refined = refined_right = 0
    for name in told["names"]:
        target = np.load(folder / f"{name}_target.npy")
        truth = _hidden_region(work, scale, name, np.array(told["places"][name]))
        inside = truth > 0
        numbered = inside & (target > 0) & (target != IGNORE)
        teeth, known = teeth + int(inside.sum()), known + int(numbered.sum())
        agree = target == truth
        both, right = both + int(numbered.sum()), right + int((numbered & agree).sum())
        for tooth in told["teeth"][name]:
            if tooth["fate"] == REFINED:
                own = numbered & (target == tooth["number"])
                refined, refined_right = refined + int(own.sum()), refined_right + int((own & agree).sum())
    return {
        "known": known / teeth if teeth else None,
        "right": right / both if both else None,
        "refined": refined_right / refined if refined else None,
    }


def _hidden_region(work: Path, scale: Scale, name: str, middle: np.ndarray) -> np.ndarray:
    """Class indices of the hidden labels where a pseudo label lies; its margin, which is unknown, as background."""
    hidden = classes_of(read_labels(work / "scans" / "hidden" / f"{name}{LABELS}"))
    return np.pad(view_of(hidden, "number", scale, region_around(middle, hidden, scale), labels=True).array, AROUND)
