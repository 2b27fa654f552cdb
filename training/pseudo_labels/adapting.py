"""The numbering network adapted on unlabelled scans: pseudo labels, training on, export, and a guard that refuses.

A folder of work holds `adapt.json` (what was asked for), `pseudo/` (samples, and `pseudo_labels.json`: what became of
every tooth of every scan), `numbering/` (the training), `held_out/` (the scores of both networks), `pictures/`,
`measured.json`, `verdict.json` and, if it is kept, `network/`. Until then the adapted network lies in a hidden folder
that goes with the command.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from torch import nn

from DentalTopoSegLib.commands.progress_bar import ProgressBar
from DentalTopoSegLib.errors import InputError, ModelError, NoTeethError
from DentalTopoSegLib.files.json_text import read_json
from DentalTopoSegLib.files.transactions import all_or_nothing
from DentalTopoSegLib.files.volumes import SCAN_SUFFIXES, Volume, read_volume
from DentalTopoSegLib.networks.folders import load_kind, tasks_in
from DentalTopoSegLib.networks.models import list_models
from DentalTopoSegLib.options import RunOptions
from DentalTopoSegLib.runs.scans import scans_in
from training.compression.restore import unet_from_onnx, without_extra_heads
from training.evaluation.volumes import library_segment
from training.export.shipping import write_whole
from training.loop import CHECKPOINT, run_to_end
from training.nets.unet import UNet
from training.own_data import results
from training.own_data.doubles import same_volumes, volume_signature
from training.own_data.samples import has_volume_sample, write_volume_sample
from training.patients.labelled_scans import find_pairs
from training.pseudo_labels import adapted
from training.pseudo_labels.guard import (
    Guard,
    NotKeptError,
    changes,
    changes_table,
    gains_text,
    measured_text,
    renumbered_text,
    score_scans,
    verdict,
)
from training.pseudo_labels.labels import DROPPED, KEPT, REFINED
from training.pseudo_labels.scan_labels import Judging, moved_by_one, pseudo_sample
from training.pseudo_labels.stages import MixedTask
from training.volumes.data import list_samples
from training.volumes.finished import MODELS
from training.volumes.train import best_device

CONFIG = Path(__file__).resolve().parents[1] / "configs" / "adapt.yaml"
NETWORK, VERDICT, TOLD = "network", "verdict.json", "pseudo_labels.json"
Report = Callable[[str], None]


@dataclass(frozen=True)
class Source:
    """An unlabelled scan: its name in the folder of work, which tells nobody whose it is, and where it lies."""

    name: str
    path: Path


@dataclass
class Work:
    """What a call asks for."""

    given: argparse.Namespace
    config: dict[str, Any]
    judging: Judging
    guard: Guard
    sources: list[Source]
    pairs: list[tuple[str, Path, Path]]
    start: dict[str, Any]
    start_file: Path

    @property
    def folder(self) -> Path:
        """Folder of all that is made."""
        return self.given.output

    @property
    def pseudo(self) -> Path:
        """Folder of the pseudo-labelled samples."""
        return self.folder / "pseudo"

    @property
    def run(self) -> Path:
        """Folder of the training."""
        return self.folder / "numbering"

    def read(self, source: Source) -> Volume:
        """An unlabelled scan."""
        return read_volume(source.path, orientation=self.given.orientation)[0]


# --- What is asked for ----------------------------------------------------------------------------------------------


def sources_of(given: Sequence[Path]) -> list[Source]:
    """The scans at these paths: files, DICOM folders, and folders of either.

    Raises
    ------
    InputError
        A folder holds none, or a scan is named twice.
    """
    paths: list[Path] = []
    for path in given:
        found = [one for one, _ in scans_in(path) if one.is_dir() or _is_volume(one)] if path.is_dir() else [path]
        if not found:
            raise InputError(f"'{path}' holds no scan: give files, DICOM folders or a folder with either.")
        paths += found
    if len({path.resolve() for path in paths}) < len(paths):
        raise InputError("A scan is given twice: name each once.")
    return [Source(f"scan_{k:02d}", path) for k, path in enumerate(paths, 1)]


def _is_volume(path: Path) -> bool:
    return path.name.lower().endswith(tuple(SCAN_SUFFIXES))


def read_work(given: argparse.Namespace) -> Work:
    """Everything that a call names, checked before anything is made. InputError, ModelError."""
    try:
        config = yaml.safe_load(given.config.read_text(encoding="utf-8"))
        judging, guard = Judging.from_dict(config["labels"]), Guard(**config["guard"])
        if given.steps is not None:
            config["numbering"]["training"]["steps"] = given.steps
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"'{given.config}' is no configuration of an adaptation ({error}): see {CONFIG}.") from error
    given.validation = given.validation or given.samples.with_name(f"val_{given.samples.name}")
    for folder in (given.samples, given.validation):
        if not list_samples(folder):
            raise InputError(
                f"'{folder}' holds no samples of phantoms: python -m training sample-patients CACHE {folder} --task "
                "numbering --count 500 (--split validation for those to validate on) makes them."
            )
    pairs = find_pairs(given.held_out)
    if len(pairs) < guard.least_scans:
        raise InputError(
            f"'{given.held_out}' holds {len(pairs)} labelled scans: at least {guard.least_scans} are needed to see "
            "whether the adapted network loses anything."
        )
    start, file = start_network(given.models)
    return Work(given, config, judging, guard, sources_of(given.scans), pairs, start, file)


def start_network(folder: Path | None) -> tuple[dict[str, Any], Path]:
    """Entry and file of the int8 numbering network that is adapted: the folder's, or the installed one."""
    place = folder if folder is not None and "numbering" in tasks_in(folder) else MODELS
    for entry in list_models(place):
        if (entry["task"], entry["precision"]) == ("numbering", "int8"):
            return entry, place / entry["file"]
    raise ModelError(f"'{place}' holds no int8 numbering network to start from: name another folder (--models).")


def keep_to(work: Work) -> None:
    """Write down what is asked for, or see that it is what the folder was begun with.

    Before the first time scans are compared: one that is nearly a held-out one would be measured on what it taught.

    Raises
    ------
    InputError
        Something else is asked for, or two scans are nearly the same.
    """
    samples = list_samples(work.given.samples)
    asked = {
        "the scans": [str(source.path.resolve()) for source in work.sources],
        "the configuration": work.config,
        "the starting network": work.start["sha256"],
        "the samples": [str(work.given.samples.resolve()), len(samples), _digest("\n".join(samples).encode())],
        "the held-out scans": [str(image.resolve()) for _, image, _ in work.pairs],
        "the quadrant that is moved": work.given.move_quadrant,
    }
    file = work.folder / "adapt.json"
    if not file.is_file():
        refuse_doubles(work)
        write_whole(file, json.dumps(asked, indent=1) + "\n")
    before = read_json(file)
    changed = [what for what, value in asked.items() if not isinstance(before, dict) or before.get(what) != value]
    if changed:
        raise InputError(
            f"'{work.folder}' was begun otherwise ({', '.join(changed)}): ask for the same, or name another folder "
            "(-o)."
        )


def refuse_doubles(work: Work) -> None:
    """InputError where two scans, or a scan and a held-out one, are nearly the same."""
    signatures = [volume_signature(work.read(source)) for source in work.sources]
    signatures += [volume_signature(read_volume(image)[0]) for _, image, _ in work.pairs]
    paths = [source.path for source in work.sources] + [image for _, image, _ in work.pairs]
    for one, other in same_volumes(signatures):
        if one < len(work.sources):
            raise InputError(f"'{paths[one]}' and '{paths[other]}' are nearly the same scan: leave one of them out.")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# --- Pseudo labels --------------------------------------------------------------------------------------------------


def make_pseudo_labels(work: Work, bar: ProgressBar, report: Report) -> dict[str, Any]:
    """Label the scans that are not labelled yet; returns what became of all of them, by name.

    Raises
    ------
    InputError
        No scan has a tooth that is believed.
    """
    file = work.pseudo / TOLD
    told: dict[str, Any] = read_json(file) if file.is_file() else {}
    todo = [source for source in work.sources if source.name not in told]
    networks = load_kind("volume", work.given.models, RunOptions(threads=work.given.threads)) if todo else {}
    for done, source in enumerate(todo):
        bar("Labelling the scans", done, len(todo))
        scan = work.read(source)
        told[source.name] = _label(work, source.name, scan, networks) | {"path": str(source.path)}
        write_whole(file, json.dumps(told, indent=1) + "\n")
    bar.close()
    for source in work.sources:
        report(f"{source.path}: {_fates_text(told[source.name])}")
    if not any(row["learned"] for row in told.values()):
        raise InputError("None of the scans has a tooth whose number is sure enough to learn from: nothing is trained.")
    return told


def _label(work: Work, name: str, scan: Volume, networks: dict[str, Any]) -> dict[str, Any]:
    """Write the sample of a scan, if it has a tooth that is believed; returns what is kept of it."""
    facts = {
        "sha256": _digest(np.ascontiguousarray(scan.array).tobytes()),
        "voxels": list(scan.shape[::-1]),
        "spacing_mm": [round(float(s), 3) for s in scan.spacing],
    }
    try:
        sample = pseudo_sample(scan, networks, work.judging, work.given.threads)
    except NoTeethError as error:
        return facts | {"learned": False, "refused": str(error), "teeth": []}
    learned = any(tooth.fate != DROPPED for tooth in sample.teeth)
    if learned:
        quadrant = work.given.move_quadrant
        target = sample.target if quadrant is None else moved_by_one(sample.target, quadrant)
        write_volume_sample(work.pseudo, name, sample.image, target)
    return facts | {"learned": learned, "teeth": [asdict(tooth) for tooth in sample.teeth]}


def _fates_text(row: dict[str, Any]) -> str:
    if not row["teeth"]:
        return f"left out ({row['refused']})"
    counts = [sum(tooth["fate"] == fate for tooth in row["teeth"]) for fate in (KEPT, REFINED, DROPPED)]
    text = (
        f"{len(row['teeth'])} teeth, {counts[0]} believed, {counts[1]} believed after refinement, {counts[2]} unknown"
    )
    return text if row["learned"] else f"left out ({text})"


# --- Training -------------------------------------------------------------------------------------------------------


class AdaptTask(MixedTask):
    """The numbering network that goes on from `start`, on patches of phantoms and of pseudo-labelled scans.

    bfloat16 alone rounds differently from run to run; the batches are the same.

    Parameters
    ----------
    config : dict
        "pseudo_share": how often a patch is one with pseudo labels.
    start : UNet
        Where it goes on from.
    real, validation : Path
        Folders of phantoms' samples, complete.
    pseudo, pseudo_names : Path, sequence of str
        Folder of the pseudo-labelled samples, and which there are.
    """

    def __init__(
        self,
        config: dict[str, Any],
        start: UNet,
        real: Path,
        validation: Path,
        pseudo: Path,
        pseudo_names: Sequence[str],
    ) -> None:
        self.start = start
        super().__init__(config, real, list_samples(real), pseudo, pseudo_names, validation, best_device())

    def build(self) -> nn.Module:
        return self.start.to(self.device, memory_format=torch.channels_last_3d)


def train(work: Work, names: Sequence[str]) -> None:
    """Train to the end, on from where an earlier call stopped."""
    try:
        start = without_extra_heads(unet_from_onnx(work.start_file))
    except ValueError as error:
        raise ModelError(f"The numbering network '{work.start_file}' cannot be trained on: {error}") from error
    config = {**work.config["numbering"], "start": work.start["id"], "net": start.plan.to_dict()}
    run_to_end(AdaptTask(config, start, work.given.samples, work.given.validation, work.pseudo, names), work.run)


# --- Measuring and the verdict --------------------------------------------------------------------------------------


def measure(work: Work, stage: Path, bar: ProgressBar) -> str | None:
    """Score both networks on the held-out scans; writes measured.json and returns why the adapted one is not kept."""
    given = work.given
    theirs = [] if given.models is None else [given.models]
    scores = []
    for kind, folders in (("before", theirs), ("adapted", [stage, *theirs])):
        segment = library_segment(given.threads, folders, given.cache)
        network, _ = start_network(stage if kind == "adapted" else given.models)
        scores.append(
            score_scans(
                work.pairs,
                segment,
                network["sha256"],
                work.folder / "held_out" / kind,
                lambda done, total, kind=kind: bar(f"Measuring ({kind})", done, total),
            )
        )
    bar.close()
    before, after = scores
    write_whole(work.folder / "measured.json", measured_text(before, after))
    return verdict(before, after, work.guard)


def conclude(work: Work, told: dict[str, Any], bar: ProgressBar, report: Report) -> None:
    """Export, measure, draw, and keep the network or not.

    Raises
    ------
    NotKeptError
        A held-out figure fell, a sure tooth of the scans has another number, or it was an experiment with a fault.
    """
    name = results.network_name(work.given.name or f"{work.start['id'].removeprefix('numbering-')}-adapted")
    licence = work.given.licence or work.start["license"]
    with all_or_nothing(work.folder / NETWORK) as stage:
        compared = results.export_volume(
            work.run, work.given.samples, work.given.validation, stage, name, licence, adapted.DATA
        )
        adapted.copy_others(work.given.models, stage)
        refusal = measure(work, stage, bar)
        rows = [source for source in work.sources if told[source.name]["teeth"]]
        before = load_kind("volume", work.given.models, RunOptions(threads=work.given.threads))
        after = {**before, **load_kind("volume", stage, RunOptions(threads=work.given.threads))}
        drawn = adapted.draw_all(
            [(source.name, lambda source=source: work.read(source)) for source in rows],
            before,
            after,
            work.folder / "pictures",
            lambda done, total: bar("Drawing before and after", done, total),
        )
        bar.close()
        measured = read_json(work.folder / "measured.json")
        changed = changes(measured["before"], measured["adapted"])
        table = changes_table(changed)
        report(f"{table}\n\n{adapted.scans_text(drawn)}")
        refusal = refusal or renumbered_text(drawn, told)
        if work.given.move_quadrant is not None:
            refusal = of_experiment(refusal)
        if refusal is None:
            results.draw_curve({"numbering": work.run}, stage / results.CURVE)
            content = adapted.card(name, work.start, licence, told, work.config, table, compared)
            write_whole(stage / f"{name}.md", content)
        else:
            _keep_verdict(work, False, refusal)
            raise NotKeptError(refusal)
    _keep_verdict(
        work,
        True,
        f"Kept: {work.folder / NETWORK}. No held-out figure fell by more than its spread. "
        + gains_text(changed, work.guard),
    )


def of_experiment(refusal: str | None) -> str:
    """Why a network that was taught a fault on purpose is not kept, with what the guard says of it."""
    found = refusal or "Nothing measured speaks against the network."
    return f"An experiment with a fault is never kept. What the guard says: {found}"


def _keep_verdict(work: Work, kept: bool, text: str) -> None:
    write_whole(work.folder / VERDICT, json.dumps({"kept": kept, "text": text}, indent=1) + "\n")
    (work.run / CHECKPOINT).unlink(missing_ok=True)  # a refused one could be exported; a kept one is in its folder


def adapt(given: argparse.Namespace, report: Report) -> None:
    """Train the numbering network on with unlabelled scans, and keep it only if no held-out figure falls."""
    work = read_work(given)
    keep_to(work)
    file = work.folder / VERDICT
    if not file.is_file():
        bar = ProgressBar()
        told = make_pseudo_labels(work, bar, report)
        names = [name for name in told if has_volume_sample(work.pseudo, name)]
        train(work, names)
        conclude(work, told, bar, report)
    ended = read_json(file)
    if not ended["kept"]:
        raise NotKeptError(ended["text"])
    report(ended["text"])
    report(f"Look at {work.folder / 'pictures'} before you use it.")
