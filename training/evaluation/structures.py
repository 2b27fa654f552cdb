"""Measure what is found around and in the teeth on scans whose structures are known: jaws, canals, sinuses, tissues,
and the distances that a dentist reads.

    python -m training evaluate-structures FOLDER --models NETWORKS -o structures.json
    python -m training evaluate-structures FOLDER --results RESULTS -o structures.json

FOLDER is what `make-evaluation-set` (and `reconstruct`) wrote: `<name>_image.nii.gz`, `<name>_labels.nii.gz` (FDI) and
`<name>_structures.nii.gz` (`dentition.structures`). The first command runs the library's own path with the networks of
the folders NETWORKS (of none: the installed ones), which need not have them all. RESULTS holds what `dentaltoposeg
segment` or `batch` wrote of these scans: `<name>_image_teeth.nii.gz` and `<name>_image_structures.seg.nrrd`, at any
depth. A score is the mean over
all of its values (a canal, a tooth, an implant each); its interval comes from drawing the patients again. Outside of a
scan's field of view nothing counts. Writes `structures.json` (every value of every scan) and
`structures.md` (what is printed).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from DentalTopoSegLib.cbct import segment_volume
from DentalTopoSegLib.errors import DentalTopoSegError, InputError, NoTeethError
from DentalTopoSegLib.files.structures import known_structures, read_structures
from DentalTopoSegLib.files.volumes import Volume, find_outside, read_labels, read_volume
from DentalTopoSegLib.options import STRUCTURE_GROUPS, RunOptions
from training.evaluation.distance_errors import distance_errors
from training.evaluation.network_cache import cached
from training.evaluation.structure_values import Values, score_structures
from training.evaluation.volumes import COVERED, RESAMPLES, load_networks
from training.export.score_tables import markdown_table
from training.patients.labelled_scans import IMAGE, STRUCTURES, find_pairs

SCAN = IMAGE.removesuffix(".nii.gz")
"""What a scan's results are called after its name."""


class Found(NamedTuple):
    """What was found in a scan, on its grid: FDI numbers, and values of `dentition.structures`."""

    teeth: Volume
    structures: Volume


Segment = Callable[[str, Volume], Found]
"""(name, scan) -> what was found in it."""


def results_in(folder: Path) -> Segment:
    """What `dentaltoposeg` wrote of scans, by their names; asked for one without results it raises InputError."""

    def segment(name: str, scan: Volume) -> Found:
        files = sorted(folder.rglob(f"{name}{SCAN}_teeth.nii.gz"))
        if len(files) != 1:
            raise InputError(f"{folder} holds {len(files)} files {name}{SCAN}_teeth.nii.gz: one is needed.")
        teeth = read_labels(files[0])
        around = files[0].with_name(f"{name}{SCAN}_structures.seg.nrrd")
        structures = known_structures(*read_structures(around)) if around.is_file() else None
        for found in (teeth, structures):
            if found is not None and not found.same_grid(scan):
                raise InputError(f"The results of {name} in {folder} are not on its grid: segment it again.")
        return Found(teeth, structures or teeth.with_array(np.zeros(teeth.shape, np.uint8)))

    return segment


def library_path(folders: list[Path], groups: tuple[str, ...], threads: int | None, cache: Path | None) -> Segment:
    """`cbct.segment_volume` with groups of structures (`options.STRUCTURE_GROUPS`), networks as `load_networks` finds
    them, each loaded once. cache: see `network_cache`. Where no teeth are found nothing is."""
    networks = load_networks("int8", threads, folders)
    networks |= load_networks("int8", threads, folders, "surroundings", only_listed=True)
    networks = cached(networks, cache)
    options = RunOptions(threads=threads, structures=groups)

    def segment(name: str, scan: Volume) -> Found:
        nothing = scan.with_array(np.zeros(scan.shape, np.uint8))
        try:
            found = segment_volume(scan, options, models=networks)
        except NoTeethError:
            return Found(nothing, nothing)
        return Found(found.labels, found.structures or nothing)

    return segment


def find_triples(folder: Path) -> list[tuple[str, Path, Path, Path]]:
    """(name, image, labels, structures) of every scan whose structures are known. Raises InputError without any."""
    found = [(*pair, pair[1].with_name(f"{pair[0]}{STRUCTURES}")) for pair in find_pairs(folder)]
    found = [triple for triple in found if triple[3].is_file()]
    if not found:
        raise InputError(f"{folder} holds no <name>{STRUCTURES} beside a labelled scan: draw the phantoms again.")
    return found


def evaluate_scan(scan: Volume, truth: Found, found: Found, distances: bool = True) -> dict[str, list[float]]:
    """`Values` of one scan; without `distances` those of the structures alone."""
    outside = find_outside(scan)
    if outside is not None:
        truth, found = (
            Found(*(one.with_array(np.where(outside.mask, 0, one.array).astype(np.uint8)) for one in pair))
            for pair in (truth, found)
        )
    maps = (found.structures, truth.structures, found.teeth, truth.teeth)
    return score_structures(*maps) | (distance_errors(*maps) if distances else {})


def evaluate_folder(
    folder: Path, segment: Segment, report: Callable[[str], None] = lambda line: None, distances: bool = True
) -> dict[str, Any]:
    """Evaluate every scan of a folder.

    Parameters
    ----------
    folder : Path
        See `find_triples`.
    segment : callable
        What is measured.
    report : callable
        Called with one line of text after each scan.
    distances : bool
        Whether the distances are measured too.

    Returns
    -------
    dict
        "scans": name -> `Values`; "scores": see `summary`.
    """
    scans, triples = {}, find_triples(folder)
    for number, (name, image, labels, structures) in enumerate(triples, 1):
        scan, _ = read_volume(image)
        truth = Found(read_labels(labels), read_labels(structures))
        scans[name] = evaluate_scan(scan, truth, segment(name, scan), distances)
        shown = ", ".join(f"{key} {np.mean(values):.3f}" for key, values in sorted(scans[name].items()))
        report(f"{number}/{len(triples)} {name}: {shown}")
    return {"folder": folder.name, "scans": scans, "scores": summary(scans)}


def summary(scans: dict[str, Values], seed: int = 0) -> dict[str, dict[str, Any]]:
    """Every score over all scans.

    Returns
    -------
    dict
        Of each: "mean" and "median" over its values; "interval", lower and upper end of the percentile bootstrap
        interval of the mean when the patients are drawn again (None with fewer than two); "values" and "scans", how
        many it has.
    """
    scores = {}
    for key in dict.fromkeys(key for values in scans.values() for key in values):
        having = [np.array(values[key]) for values in scans.values() if values.get(key)]
        sums, counts = np.array([one.sum() for one in having]), np.array([len(one) for one in having])
        scores[key] = {
            "mean": float(sums.sum() / counts.sum()),
            "median": float(np.median(np.concatenate(having))),
            "interval": _interval(sums, counts, np.random.default_rng(seed)) if len(having) > 1 else None,
            "values": int(counts.sum()),
            "scans": len(having),
        }
    return scores


def _interval(sums: np.ndarray, counts: np.ndarray, rng: np.random.Generator) -> list[float]:
    drawn = rng.integers(len(sums), size=(RESAMPLES, len(sums)))
    means = sums[drawn].sum(1) / counts[drawn].sum(1)
    return [float(end) for end in np.quantile(means, [(1 - COVERED) / 2, (1 + COVERED) / 2])]


def to_markdown(table: dict[str, Any]) -> str:
    """The scores, a line each."""
    rows = []
    for key, score in sorted(table["scores"].items()):
        numbers = [f"{score[name]:.3f}" for name in ("mean", "median")]
        ends = " to ".join(f"{end:.3f}" for end in score["interval"] or ())
        rows.append((key, *numbers, ends or "-", score["values"], score["scans"]))
    lines = [
        "dsc, nsd, cl_dice, one_piece, own_side, found, known: higher is better; the rest are errors in mm or degrees, "
        "and the share of implants called teeth.",
        "",
        markdown_table(("score", "mean", "median", f"{COVERED:.0%} of the means", "values", "scans"), rows),
    ]
    return "\n".join(lines) + "\n"


def main(argv: list[str] | None = None) -> int:
    """Command line, see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="folder of phantoms with <name>_structures.nii.gz")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--models", type=Path, nargs="*", help="run these networks; of none, the installed ones")
    source.add_argument("--results", type=Path, help="score what dentaltoposeg wrote of these scans")
    parser.add_argument("--structures", nargs="+", choices=STRUCTURE_GROUPS, default=STRUCTURE_GROUPS)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--cache", type=Path, help="folder for the networks' answers, which are not asked twice")
    parser.add_argument("--no-distances", action="store_true", help="only the structures, not what is measured on them")
    parser.add_argument("-o", "--output", type=Path, help="structures.json; the Markdown table goes beside it")
    args = parser.parse_args(argv)
    try:
        if args.results is not None:
            segment = results_in(args.results)
        else:
            segment = library_path(args.models, tuple(args.structures), args.threads, args.cache)
        table = evaluate_folder(
            args.folder,
            segment,
            lambda line: print(line, file=sys.stderr, flush=True),
            not args.no_distances,
        )
    except DentalTopoSegError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    text = to_markdown(table)
    print(text)
    if args.output is not None:
        args.output.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
        args.output.with_suffix(".md").write_text(text, encoding="utf-8")
    return 0
