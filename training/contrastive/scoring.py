"""What pretrained and fine-tuned encoders are worth: Dice per tooth of both modalities, retrieval of scans."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from DentalTopoSegLib.dentition import CLASS_FDI
from DentalTopoSegLib.files.volumes import read_labels, read_volume, resample_like, resample_ras
from DentalTopoSegLib.ios.sampling import AREA_PER_POINT
from training.contrastive.agreement import agreement_table
from training.contrastive.finetune import load_segmenter
from training.contrastive.intervals import person_in, share_interval
from training.contrastive.pairs import Pair, load_pair, one_person
from training.contrastive.pretrain import encode, reach_of, view_plan
from training.contrastive.retrieval import likeness_table, ranks, token_retrieval
from training.contrastive.towers import Towers
from training.contrastive.views import see_whole, z_scored
from training.evaluation.labelled import find_scans, frame_of_labels
from training.export.score_tables import markdown_table
from training.export.volumes import load_run as load_volume_run
from training.loop import load_checkpoint, mean_measures
from training.nets.point_transformer import PointTransformer
from training.nets.swin import SwinSegmenter
from training.patients.labelled_scans import find_pairs
from training.patients.targets import SPACING
from training.surfaces.clouds import graph_of
from training.surfaces.jaws import Jaw, class_of, fdi_of, fold_of, patients, read_jaw, sample
from training.volumes.data import normalise

OVERLAP = 0.1
"""Share of a window that the next one sees again; a quarter would take twice as many windows in three dimensions."""

SMALL_SPACING_MM = SPACING["numbering"]

TeethDice = dict[int, float]
"""Dice by FDI number, of the teeth that the truth holds."""


def dice_by_tooth(found: np.ndarray, truth: np.ndarray) -> TeethDice:
    """Dice of every FDI number in the truth (any shape); a missed tooth counts 0."""
    numbers = np.unique(truth[truth > 0])
    return {
        int(n): float(2 * np.sum((found == n) & (truth == n)) / (np.sum(found == n) + np.sum(truth == n)))
        for n in numbers
    }


# --- CBCT ---


@torch.no_grad()
def window_logits(net: SwinSegmenter, image: np.ndarray, crop: Sequence[int], device: str = "cpu") -> Tensor:
    """(33, z, y, x) of a scan on the network's spacing, window by window, each normalised as in training."""
    from monai.inferers import sliding_window_inference

    def window(batch: Tensor) -> Tensor:
        crops = batch[:, 0].numpy()
        shown = np.stack([z_scored(one, np.ones(one.shape, bool)) for one in crops])[:, None]
        return net(torch.from_numpy(shown).to(device)).cpu()

    whole = torch.from_numpy(image.astype(np.float32))[None, None]
    return sliding_window_inference(whole, tuple(crop), 1, window, OVERLAP, mode="gaussian", padding_mode="replicate")[
        0
    ]


def window_probabilities(net: SwinSegmenter, image: np.ndarray, crop: Sequence[int], device: str = "cpu") -> Tensor:
    """The same as probabilities."""
    return window_logits(net, image, crop, device).softmax(0)


def segment_whole(net: SwinSegmenter, image: np.ndarray, crop: Sequence[int], device: str = "cpu") -> np.ndarray:
    """Class indices (z, y, x) of a scan on the network's spacing."""
    return window_logits(net, image, crop, device).argmax(0).numpy().astype(np.uint8)


@torch.no_grad()
def segment_small(net: nn.Module, image: np.ndarray, patch: Sequence[int]) -> np.ndarray:
    """Class indices (z, y, x) by a network of the task numbering, on the grid of its images: logits at half of that,
    window by window as it was trained, interpolated."""
    from monai.inferers import sliding_window_inference

    def window(batch: Tensor) -> Tensor:
        return functional.interpolate(net(batch)[0].float(), scale_factor=2, mode="trilinear")

    shown = torch.from_numpy(normalise(image))[None, None]
    logits = sliding_window_inference(
        shown, tuple(patch), 1, window, OVERLAP, mode="gaussian", padding_mode="replicate"
    )
    return logits[0].argmax(0).numpy().astype(np.uint8)


Segmenter = Callable[[np.ndarray], np.ndarray]


def segmenter_of(run: Path, device: str = "cpu") -> tuple[Segmenter, float]:
    """What numbers the voxels of a scan, and the spacing it wants, mm: a run of `contrastive finetune`, or of
    `train-volumes` with the task numbering."""
    if load_checkpoint(run)["config"]["task"] == "numbering":
        small = load_volume_run(run)
        net, patch = small.net, small.config["data"]["patch"]
        return lambda image: segment_small(net, image, patch), SMALL_SPACING_MM
    swin, config = load_segmenter(run)
    swin.to(device)
    return lambda image: segment_whole(swin, image, config["views"]["crop"], device), config["spacing_mm"]


def score_volumes(
    run: Path, folder: Path, of_each: int | None = None, device: str = "cpu"
) -> Iterator[tuple[str, TeethDice]]:
    """(name, Dice) of every labelled scan of a folder, on its own grid; `of_each`: only a person's first ones."""
    segment, spacing_mm = segmenter_of(run, device)
    asked: dict[str, int] = {}
    for name, image, labels in sorted(find_pairs(folder)):
        person = person_in(name)
        asked[person] = asked.get(person, 0) + 1
        if of_each is not None and asked[person] > of_each:
            continue
        scan, truth = read_volume(image)[0], read_labels(labels)
        grid = resample_ras(scan, spacing_mm)
        classes = segment(grid.array)
        found = resample_like(grid.with_array(np.array(CLASS_FDI, np.uint8)[classes]), truth, "nearest")
        yield name, dice_by_tooth(found.array, truth.array)


# --- Intraoral scans ---


def held_jaws(data: Path, fold: int) -> Iterator[Jaw]:
    """The data pack's jaws of a fold."""
    everyone = patients(data)
    for path in sorted(data.glob("*.npz")):
        if fold_of(path.stem, everyone) == fold:
            yield read_jaw(path)


def other_jaws(folder: Path) -> Iterator[Jaw]:
    """Labelled jaws of any source, in the frame in which their teeth stand as in a mean dentition."""
    for scan in find_scans(folder):
        matrix = frame_of_labels(scan).matrix
        vertices = scan.vertices @ matrix[:3, :3].T + matrix[:3, 3]
        yield Jaw(scan.name, scan.jaw == "upper", vertices, scan.faces.astype(np.int64), class_of(scan.face_fdi))


@torch.no_grad()
def score_jaws(net: PointTransformer, jaws: Iterator[Jaw]) -> Iterator[tuple[str, TeethDice]]:
    """(name, Dice) of what the network by itself says of points drawn evenly on each jaw."""
    for jaw in jaws:
        arrays = sample(jaw, np.random.default_rng(0), AREA_PER_POINT[0])
        arrays["points"] = arrays["points"] - arrays["points"].mean(0)
        found = net(graph_of(arrays))[0].argmax(1).numpy()
        yield jaw.name, dice_by_tooth(fdi_of(found, jaw.upper), fdi_of(arrays["labels"], jaw.upper))


# --- Retrieval ---


@dataclass(frozen=True)
class Report:
    """What is printed, and the numbers behind it."""

    text: str
    values: dict[str, Any]


def kinds_of(pair: Pair) -> list[str]:
    """Which of the disturbances that retrieval is told apart by a pair has."""
    found = ["all"]
    found.append("both jaws" if len(pair.clouds) == 2 else "one jaw missing")
    found.append("whole field" if bool(pair.inside.all()) else "truncated field")
    return found


def retrieval_report(towers: Towers, config: dict[str, Any], files: Sequence[Path], device: str = "cpu") -> Report:
    """Which scan every held-out CBCT finds among one of each person, by what disturbs the pair.

    Everybody's k-th pairs are one round: in a round each person's CBCT asks among one scan of each person. A scan is
    right by `agreement`, and by the likeness of tokens wherever they lie. Intervals count people, not CBCTs.
    """
    pairs = [load_pair(path) for path in files]
    plan, rng = view_plan(config).still(), np.random.default_rng(0)
    seen = [see_whole(pair, plan, towers.voxels, towers.level, rng) for pair in pairs]
    image, scan = encode(towers.to(device), seen, device)
    images, scans = ([tokens.of_pair(k) for k in range(len(pairs))] for tokens in (image, scan))
    reach = reach_of(config, towers.voxels, pairs[0].spacing)
    rounds: dict[str, list[int]] = {}
    for k, path in enumerate(files):
        if len(images[k]):
            rounds.setdefault(path.stem.split("_")[1], []).append(k)
    rows: dict[str, list[tuple[int, int, int, str]]] = {}
    for members in rounds.values():
        both = [images[k] for k in members], [scans[k] for k in members]
        laid, loose = ranks(agreement_table(*both)).tolist(), ranks(likeness_table(*both)).tolist()
        for k, place, by_likeness in zip(members, laid, loose, strict=True):
            for kind in kinds_of(pairs[k]):
                told = place, by_likeness, len(members), one_person(pairs[k].person)
                rows.setdefault(kind, []).append(told)
    values: dict[str, Any] = {}
    lines = []
    for kind, places in sorted(rows.items()):
        first, count = sum(place == 1 for place, *_ in places), len(places)
        _, low, high = share_interval(first / count, len({person for *_, person in places}))
        loose = sum(place == 1 for _, place, *_ in places)
        among = float(np.mean([1 / n for *_, n, _ in places]))
        mrr = float(np.mean([1 / place for place, *_ in places]))
        values[kind] = {"right": first, "asked": count, "low": low, "high": high, "chance": among, "mrr": mrr}
        values[kind]["right_by_likeness"] = loose
        shown = f"{first / count:.2f} ({low:.2f} to {high:.2f})"
        lines.append((kind, count, shown, f"{loose / count:.2f}", f"{among:.2f}", f"{mrr:.2f}"))
    own = [token_retrieval(images[k], scans[k], reach) for members in rounds.values() for k in members]
    values["places"] = mean_measures(own)
    head = ("pairs", "CBCTs", "right scan first (95 %)", "by likeness alone", "by chance", "mean reciprocal rank")
    text = markdown_table(head, lines)
    text += (
        f"\n\nOf the scans' places {values['places']['token_at_1']:.2f} find the box of their CBCT that shows them "
        f"(by chance {values['places']['token_chance']:.2f})."
    )
    return Report(text, values)
