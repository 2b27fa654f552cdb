"""An adapted network as it is handed on: its folder, its card, and pictures of the scans before and after."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from DentalTopoSegLib.cbct import segment_volume
from DentalTopoSegLib.errors import NoTeethError
from DentalTopoSegLib.files.json_text import read_json
from DentalTopoSegLib.files.label_maps import present_values
from DentalTopoSegLib.files.volumes import Volume
from DentalTopoSegLib.networks.folders import entries_of
from DentalTopoSegLib.networks.models import Model
from DentalTopoSegLib.networks.tasks import task_names
from DentalTopoSegLib.options import RunOptions
from DentalTopoSegLib.pictures.volumes import overlay_png
from training.export.score_tables import markdown_table
from training.export.shipping import write_whole
from training.pseudo_labels.labels import DROPPED, KEPT, REFINED

DATA = "synthetic phantoms, and real scans with pseudo labels"
"""What the adapted network's metadata says it was trained on."""


def copy_others(models: Path | None, folder: Path) -> None:
    """Copy the CBCT networks that lie beside the numbering network in its folder, so that the new one serves alike."""
    if models is None:
        return
    index = folder / "models.json"
    entries = read_json(index)["models"]
    for entry in entries_of(models):
        if entry["task"] in task_names("volume") and entry["task"] != "numbering":
            for file in {entry["file"], entry["card"]} - {None}:
                if (models / file).is_file():
                    shutil.copyfile(models / file, folder / file)
            entries.append(entry)
    entries.sort(key=lambda e: (e["task"], e["precision"]))
    write_whole(index, json.dumps({"models": entries}, indent=2) + "\n")


# --- Pictures -------------------------------------------------------------------------------------------------------


def _labels_of(scan: Volume, networks: Mapping[str, Model]) -> Volume:
    try:
        return segment_volume(scan, RunOptions(), models=networks).labels
    except NoTeethError:
        return scan.with_array(np.zeros(scan.shape, np.uint8))


def draw_all(
    scans: Sequence[tuple[str, Callable[[], Volume]]],
    before: Mapping[str, Model],
    after: Mapping[str, Model],
    folder: Path,
    report: Callable[[int, int], None],
) -> dict[str, dict[str, Any]]:
    """Draw the path's result on every scan with both networks, NAME_before.png and NAME_after.png.

    Parameters
    ----------
    scans
        Name and how the scan is read.
    before, after
        Networks by task.
    folder
        Of the pictures; those that are there for the same network stay.
    report
        Called with the number of scans done, and of all.

    Returns
    -------
    dict
        Name -> what `compare` tells of the scan.
    """
    told: dict[str, dict[str, Any]] = {}
    both = [networks["numbering"].sha256 for networks in (before, after)]
    for done, (name, read) in enumerate(scans):
        report(done, len(scans))
        file = folder / f"{name}.json"
        row: dict[str, Any] = read_json(file) if file.is_file() else {}
        if row.get("networks") != both:
            scan = read()
            maps = [_labels_of(scan, networks) for networks in (before, after)]
            folder.mkdir(parents=True, exist_ok=True)
            for labels, when in zip(maps, ("before", "after"), strict=True):
                if labels.array.any():  # there is nothing to draw around
                    overlay_png(scan, labels, folder / f"{name}_{when}.png", f"{name} {when}")
            row = compare(*maps) | {"networks": both}
            write_whole(file, json.dumps(row) + "\n")
        told[name] = row
    report(len(scans), len(scans))
    return told


def compare(before: Volume, after: Volume) -> dict[str, Any]:
    """What differs between two results of one scan: {"before", "after": FDI numbers, "same": share of the voxels that
    are tooth in either that have the same number in both, "renumbered": [(before, after), ...] of teeth most of whose
    voxels have another number after}."""
    a, b = before.array, after.array
    either = (a > 0) | (b > 0)
    pairs = []
    for fdi in present_values(a):
        if fdi:
            now = b[(a == fdi) & (b > 0)]
            most = int(np.bincount(now).argmax()) if len(now) else 0
            if most and most != fdi and 2 * np.count_nonzero(now == most) > np.count_nonzero(a == fdi):
                pairs.append((int(fdi), most))
    return {
        "before": [int(v) for v in present_values(a) if v],
        "after": [int(v) for v in present_values(b) if v],
        "same": float((a == b)[either].mean()) if either.any() else 1.0,
        "renumbered": pairs,
    }


def scans_text(drawn: Mapping[str, Mapping[str, Any]]) -> str:
    """What changed in the scans, a line for each."""
    return "\n".join(f"{name}: {_scan_text(row)}" for name, row in drawn.items())


def _scan_text(row: Mapping[str, Any]) -> str:
    gone = sorted(set(row["before"]) - set(row["after"]))
    came = sorted(set(row["after"]) - set(row["before"]))
    parts = [f"{len(row['before'])} teeth before, {len(row['after'])} after"]
    parts += [f"no more: {', '.join(map(str, gone))}"] * bool(gone) + [f"new: {', '.join(map(str, came))}"] * bool(came)
    parts += [f"{a} is called {b}" for a, b in row["renumbered"]]
    return "; ".join([*parts, f"{100 * row['same']:.1f} % of the tooth voxels as before"])


# --- The card -------------------------------------------------------------------------------------------------------


def card(
    name: str,
    start: Mapping[str, Any],
    licence: str,
    told: Mapping[str, Mapping[str, Any]],
    config: Mapping[str, Any],
    table: str,
    compared: Mapping[str, float],
) -> str:
    """The model card in Markdown.

    Scans stand in it by the checksum of their voxels, by which whoever has them knows them, and not by their names,
    for the folder may be handed on.

    Parameters
    ----------
    name, licence
        Of the network.
    start
        Entry of the network it goes on from.
    told
        What became of every scan's teeth.
    config
        The configuration.
    table
        The held-out figures.
    compared
        int8 beside fp32 on validation patches.
    """
    rows = []
    for row in told.values():
        counts = [sum(tooth["fate"] == fate for tooth in row["teeth"]) for fate in (KEPT, REFINED, DROPPED)]
        size = " x ".join(map(str, row["voxels"])) + " of " + " x ".join(f"{s:g}" for s in row["spacing_mm"]) + " mm"
        rows.append((f"`{row['sha256'][:16]}`", size, *counts, "yes" if row["learned"] else "no"))
    head = ("scan (SHA-256 of its voxels)", "voxels", "teeth believed", "after refinement", "unknown", "learned from")
    settings = config["numbering"]
    steps, share = settings["training"]["steps"], f"{100 * settings['pseudo_share']:g} %"
    return f"""# {name}

The numbering network `{start["id"]}` (SHA-256 `{start["sha256"][:16]}...`) trained on with scans that nobody has
labelled: its own path's numbers, where they were sure, taught it.

**Research use only. Not a medical device; not for diagnosis or treatment planning without a qualified reader.**

| | |
|---|---|
| Date | {date.today().isoformat()} |
| Licence | {licence} |
| Steps | {steps}, {share} of the patches of these scans, the others of synthetic phantoms |
| Seed | {settings["seed"]} |

The terms of the network it started from hold for this one as well.

## Scans used without labels

{markdown_table(head, rows)}

What was not believed was left out of the loss. Nobody has looked at these labels: where the network was wrong and sure,
it has learned to be surer.

## Measured on held-out labelled scans, the whole path, int8

{table}

"spread" is the standard error of the mean change over the scans. The network is handed on because no figure fell by
more than it; nothing else was chosen by these scans. int8 and fp32 give the same label in
{100 * compared["int8_agreement"]:.2f} % of the voxels of validation patches.

Confidences are scores, not measured probabilities, until a calibration is fitted (`python -m training calibrate`).
"""
