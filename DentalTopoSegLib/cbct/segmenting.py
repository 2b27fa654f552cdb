"""The CBCT path: scan in, numbered teeth on the scan's own grid out.

1. the scan at 1 mm -> numbering network -> coarse class probabilities (2 mm); 2. they give the dental box, or
a refusal; 3. the box at 0.5 mm -> border network, in tiles -> tooth and core probabilities; 4. cores become
instances; 5. numbers along each arch; 6. labels back on the scan's grid. Memory is bounded: only the 1 mm and
2 mm maps span the whole scan, and a network is let go as soon as it has run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any, final

import numpy as np

from ..dentition import Confidence, Known, Stated
from ..dentition.structure_origin import drawn_metadata
from ..dentition.structures import ERRORS_KEY, Structure, errors_text
from ..errors import InputError, NoTeethError
from ..files.volumes import Volume, find_outside, resample_ras
from ..networks.folders import load_around
from ..networks.models import Model, describe_model, load_model
from ..networks.onnx_runtime import privacy_notes, version_notes
from ..options import DEFAULTS, Progress, RunOptions
from ..stages import (
    DRAW_BORDERS,
    FIND_STRUCTURES,
    FIND_TEETH,
    LOAD_NETWORKS,
    NUMBER_TEETH,
    PLACE_ON_SCAN,
    PLACE_STRUCTURES,
    PREPARE_SCAN,
    SEPARATE_TEETH,
)
from .canal_maps import run_canals
from .confidence import Calibrator, calibrator_for, provenance_of
from .inference import check, run_border, run_border_and_tissues, run_numbering, smooth
from .instance_numbers import NumberedTeeth, number_instances
from .instances import HALF, ISLAND_MM3, find_instances
from .mask_topology import close_thin_tunnels, reach_of
from .meeting_roots import part_meeting_roots
from .placing import clean, place, reach_on_scan
from .region import find_dental_region, no_teeth_message
from .structure_maps import TISSUE_KEYS, StructureMap, keys_of, run_structures
from .surroundings import Surroundings, place_surroundings, values_in
from .tooth_errors import tooth_errors
from .views import AGAIN

__all__ = ["Segmentation", "segment_volume"]

_RATHER_WRONG = 0.5  # a scan with many such teeth gets a warning as a whole
_NO_MILK_TEETH = (
    "The networks for CBCT know permanent teeth only: a milk tooth is left out or has a permanent tooth's number, so "
    "look at every number of this mixed dentition."
)
_NO_TOOTH = 0.1  # calibrated; where no tooth is surer than this, it was no dentition that was numbered


@final
@dataclass(frozen=True)
class Segmentation:
    """labels: uint8 FDI on the scan's grid. confidence: FDI -> 0..1, the estimated probability that the tooth is
    right (a tooth with this number is there, IoU >= 0.5), see `confidence`. provenance: models (id, sha256, ...),
    the confidence's calibration ("uncalibrated" with networks it was not fitted for: then confidence is the score),
    seconds per stage. warnings: sentences about the scan's quality and about what was left out. scores: FDI -> 0..1,
    the numbering's own score. features: FDI -> what the confidence is computed from, by name. known: what the clinician
    stated, and what each number was found from. structures: uint8 values of `dentition.structures` on the scan's grid,
    None where they were not asked for; names: which of them there are."""

    labels: Volume
    confidence: Confidence
    provenance: dict[str, Any]
    warnings: list[str] = field(default_factory=list)
    scores: dict[int, float] = field(default_factory=dict)
    features: dict[int, dict[str, float]] = field(default_factory=dict)
    known: Known = field(default_factory=Known)
    structures: Volume | None = None
    names: tuple[Structure, ...] = ()

    @property
    def calibrated(self) -> bool:
        """Whether confidence is a measured probability."""
        return Confidence.of(self.confidence).calibrated


def segment_volume(
    volume: Volume,
    options: RunOptions = DEFAULTS,
    *,
    models: Mapping[str, Model] | None = None,
) -> Segmentation:
    """Find and number the teeth of a CBCT (or CT) scan.

    The same scan gives the same labels from one provider, whatever the number of threads.

    Parameters
    ----------
    volume : Volume
        Any orientation and spacing; grey values need not be calibrated.
    options : RunOptions
        How to compute, what is known of the teeth, who is told of the progress and who may stop it.
    models : mapping, optional
        Other networks than the installed ones, by task, each with its own provider; if no calibration belongs to them,
        the confidence is uncalibrated.

    Returns
    -------
    Segmentation
        Labels on the scan's own grid, with confidences, warnings and provenance.

    Raises
    ------
    UsageError
        For an absent tooth that is none, or where all are absent.
    NoTeethError
        Where nothing tooth-like is found.
    InputError
        For a scan without contrast.
    ModelError
        Where a network or its calibration is unusable.
    Cancelled
        Soon after `options.cancelled` answers True.
    """
    report, cancelled, threads, precision = options.progress, options.cancelled, options.threads, options.precision
    stated = Stated(options.absent, options.milk)
    stated.require_teeth()
    seconds: dict[str, float] = {}
    with _stage(LOAD_NETWORKS, seconds, report, cancelled):
        nets = (
            dict(models)
            if models is not None
            else {
                task: load_model(task, threads, precision, provider=options.provider)
                for task in ("numbering", "border")
            }
        )
        del models  # a network is let go as soon as it has run
        calibrator = calibrator_for(nets)
        nets |= load_around(options, nets)
        wanted = [task for task in ("numbering", "border", "structures", "canals", "tissues") if task in nets]
        described = [describe_model(nets[task], task) for task in wanted]
    warnings = privacy_notes() + ([_NO_MILK_TEETH] if stated.milk else [])

    with _stage(PREPARE_SCAN, seconds, report, cancelled):
        _require_contrast(volume)
        scan = volume
        shown: dict[str, Any] = {"views": AGAIN} if options.tta else {}
        field = find_outside(volume)
        if field is not None:
            warnings.append(field.note)
            scan = field.filled(volume)
            shown["outside"] = volume.with_array(field.mask.view(np.uint8))
        whole = resample_ras(scan, float(nets["numbering"].metadata["spacing_mm"]))
    with _stage(FIND_TEETH, seconds, report, cancelled):
        coarse = run_numbering(nets.pop("numbering"), whole, scan, report, cancelled, **shown)
        region = find_dental_region(coarse, volume)
    around = canals = tissues = None
    errors: dict[str, float] = {}
    if "structures" in nets:
        with _stage(FIND_STRUCTURES, seconds, report, cancelled):
            net = nets.pop("structures")
            errors = {str(k): float(v) for k, v in net.metadata.get("distance_errors_mm", {}).items()}
            grid = _at_spacing(whole, scan, float(net.metadata["spacing_mm"]))
            around = run_structures(net, grid, scan, region, report, cancelled, shown.get("outside"))
            del net, grid
            if "canals" in nets and "canals" in options.structures:
                net = nets.pop("canals")
                errors |= {str(k): float(v) for k, v in net.metadata.get("distance_errors_mm", {}).items()}
                canals = run_canals(net, scan, around, region, report, cancelled, shown.get("outside"))
                del net
    del whole
    with _stage(DRAW_BORDERS, seconds, report, cancelled):
        grid = resample_ras(scan, float(nets["border"].metadata["spacing_mm"]), region.box)
        border, head = nets.pop("border"), nets.pop("tissues", None)
        errors |= tooth_errors(border)
        if head is None:
            tooth, core = run_border(border, grid, scan, coarse, report, cancelled, **shown)
        else:
            keys = keys_of(head, TISSUE_KEYS)
            answer = run_border_and_tissues(border, head, grid, scan, coarse, report, cancelled, **shown)
            tooth, core, tissues = answer[0], answer[1], StructureMap(answer[2], grid, keys)
            del answer
        del border, head, scan, shown, field
        tooth = smooth(tooth)
        nothing = np.broadcast_to(np.zeros((), np.uint8), grid.array.shape)
        grid = grid.with_array(nothing)  # the grey values are done with
    with _stage(SEPARATE_TEETH, seconds, report, cancelled):
        found = find_instances(tooth, core, coarse, grid)
        del core
    with _stage(NUMBER_TEETH, seconds, report, cancelled):
        numbered = number_instances(found, tooth, grid, region, stated)
        warnings += numbered.notes
        confidence = _confidence_of(numbered, calibrator)
        del found
    if not confidence:
        raise NoTeethError(no_teeth_message(volume, float((coarse.tooth >= HALF).sum()) * coarse.spacing**3 / 1000))
    with _stage(PLACE_ON_SCAN, seconds, report, cancelled):
        placed, present = _place_on_scan(numbered.labels, tooth, grid, volume)
        confidence = Confidence(
            {f: c for f, c in sorted(confidence.items()) if present[f]}, calibrated=calibrator is not None
        )
    if not confidence or (calibrator is not None and max(confidence.values()) < _NO_TOOTH):
        raise NoTeethError(no_teeth_message(volume))
    more: dict[str, Any] = {}
    there = Surroundings(volume, ())
    if options.structures:
        with _stage(PLACE_STRUCTURES, seconds, report, cancelled):
            teeth = volume.with_array(placed)
            there = place_surroundings(around, tissues, numbered.labels, teeth, options.structures, cancelled, canals)
            del around, canals, tissues
            warnings += there.notes + doubts_of(errors, there.names)
            found_by = {ERRORS_KEY: errors_text(errors)} if errors else {}
            found_by |= drawn_metadata(there.drawn)
            more = {"structures": replace(there.labels, metadata=found_by), "names": there.names}
            still = values_in(placed)  # what turned out to be an implant is no tooth
            confidence = Confidence(
                {f: c for f, c in confidence.items() if f in still}, calibrated=confidence.calibrated
            )
    doubtful = sorted(f for f, c in confidence.items() if c < _RATHER_WRONG)
    if len(doubtful) > len(confidence) / 3:
        warnings.append(
            f"{len(doubtful)} of {len(confidence)} teeth have a low confidence: check the numbers before using them."
        )
    provenance = {
        "models": described,
        "seconds": {k: round(v, 3) for k, v in seconds.items()},
        "threads": threads,
        "precision": precision,
        "tta": {"views": [asdict(view) for view in AGAIN]} if options.tta else None,
        "confidence": provenance_of(calibrator),
        "runtime_notes": version_notes(),
        "dental_box_ras_mm": [[round(float(v), 2) for v in corner] for corner in region.box],
        **({"canals": there.canals} if there.canals else {}),
        **({"structures": list(options.structures)} if options.structures else {}),
    }
    return Segmentation(
        volume.with_array(placed),
        confidence,
        provenance,
        warnings,
        {f: numbered.scores[f] for f in confidence},
        {f: numbered.features[f] for f in confidence},
        Known(stated, numbered.evidence).of_teeth(confidence),
        **more,
    )


def doubts_of(errors_mm: Mapping[str, float], names: Iterable[Structure]) -> list[str]:
    """How far distances to the nerve canals can be off, where there are any and it was measured."""
    if "canal" not in errors_mm or not any(one.key.startswith("canal") for one in names):
        return []
    return [
        f"The nerve canals were found by a network that was off by up to {errors_mm['canal']:g} mm (95 %) where it was "
        "measured, and real scans can be harder: look at the canal in the scan before you rely on a distance to it."
    ]


def _at_spacing(whole: Volume, scan: Volume, spacing_mm: float) -> Volume:
    """The upright scan at a network's spacing: what the numbering network has seen, where that is the same."""
    return whole if whole.spacing[0] == spacing_mm else resample_ras(scan, spacing_mm)


def _confidence_of(numbered: NumberedTeeth, calibrator: Calibrator | None) -> dict[int, float]:
    """FDI -> 0..1: a measured probability, or the numbering's own score without a calibration."""
    if calibrator is None or not numbered.scores:
        return numbered.scores
    sure = calibrator.confidence(np.array([list(row.values()) for row in numbered.features.values()]))
    return {f: round(float(p), 4) for f, p in zip(numbered.features, sure, strict=True)}


def _place_on_scan(labels: np.ndarray, tooth: np.ndarray, grid: Volume, scan: Volume) -> tuple[np.ndarray, np.ndarray]:
    """Whole teeth on the scan's own grid, uint8 of its shape, and the voxels (256,) of each number there."""
    clean(labels, int(ISLAND_MM3 / grid.voxel_volume_mm3))
    close_thin_tunnels(labels, reach_of(grid.spacing[0]), tooth)
    part_meeting_roots(labels, tooth)
    placed = place(labels, tooth, grid, scan)
    used = placed[reach_on_scan(labels, grid, scan) or ()]  # a view: the rest of a large scan is empty
    clean(used, int(np.ceil(ISLAND_MM3 / scan.voxel_volume_mm3)))
    close_thin_tunnels(used, 1)  # what the interpolation opened
    part_meeting_roots(used)
    return placed, np.bincount(used[used > 0], minlength=256)


@contextmanager
def _stage(name: str, seconds: dict[str, float], report: Progress, cancelled: Callable[[], bool] | None):
    check(cancelled)
    report(name, 0, 1)
    start = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - start
    report(name, 1, 1)
    check(cancelled)


def _require_contrast(volume: Volume) -> None:
    step = max(1, round((volume.array.size / 500_000) ** (1 / 3)))
    sample = volume.array[::step, ::step, ::step]
    if not np.isfinite(sample).all():
        raise InputError(
            f"The scan {volume.name} contains values that are no numbers (NaN or infinite): export it again."
        )
    if sample.min() == sample.max() and volume.array.min() == volume.array.max():
        raise InputError(
            f"Every voxel of the scan {volume.name} has the same value ({sample.flat[0]:g}): it shows nothing."
        )
