"""A finished fusion in the scene: fused teeth, the scans where they lie in the CBCT, and the numbers that hold."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..checks.findings import Finding
from ..dentition import TwoNumbers
from ..dentition.naming import checked_numbering
from ..errors import InputError
from ..files.json_text import parse_json
from ..files.meshes import read_mesh
from ..files.volumes import read_labels
from ..reports.fusion_report import read_fusion_report
from ..reports.report import read_report
from .closed_surfaces import CLOSED_SURFACE
from .finding_nodes import FindingNodes
from .fusion_jobs import FusionJob
from .loading import surface
from .nodes import SceneError, all_or_none, place_beside, remove_node, require, to_vtk
from .results import add_numbered_teeth, register_conversions
from .review import NUMBERING, Review
from .reviews import is_reviewable, review_of
from .segments import new_segment, segment_id
from .surfaces import add_jaw, pair

#: Attribute of the segmentation with the fused teeth: what was measured on each, as JSON.
FUSION = "DentalTopoSeg.Fusion"
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class FusedRow:
    """A fused tooth: the number that holds, those in the CBCT and in the scan, and the distance of the scanned crown
    from the CBCT's edge, median and 95th percentile, mm; None where it cannot be measured."""

    fdi: int
    in_cbct: int
    in_scan: int
    median_mm: float | None
    p95_mm: float | None


@dataclass
class SceneFusion:
    """A fusion in the scene.

    Parameters
    ----------
    teeth
        The segmentation node of the CBCT's teeth.
    jaws : tuple
        The coloured model of each jaw.
    fused
        The segmentation node with the fused teeth, closed surfaces.
    transforms : tuple
        The transform node that moves each jaw onto the CBCT.
    report : dict
        <name>_fusion.json.
    warnings : tuple of str
        Sentences for the user.
    """

    teeth: Any
    jaws: tuple[Any, ...]
    fused: Any
    transforms: tuple[Any, ...]
    report: dict[str, Any]
    warnings: tuple[str, ...]
    _before: list[tuple[Any, str | None, bool]] = field(default_factory=list, repr=False)
    _edited: list[tuple[Review, Any]] = field(default_factory=list, repr=False)

    @property
    def rows(self) -> list[FusedRow]:
        """The fused teeth in FDI order."""
        return fused_rows(self.fused)

    def undo(self) -> None:
        """Take it back: the numbers, the places of the scans, the fused teeth. Teeth found on the way stay.

        Raises
        ------
        SceneError
            Where the numbers were edited since; then nothing is changed.
        """
        alive = [(review, step) for review, step in self._edited if not review.closed and _in_scene(review.nodes)]
        if any(review.last_step is not step for review, step in alive):
            raise SceneError(
                "Teeth were edited since: take these edits back first (Undo in Review), then undo the fusion."
            )
        for review, _ in reversed(alive):
            review.undo()
        self._put_back()
        for node in (self.fused.GetDisplayNode(), self.fused, *self.transforms):
            if node is not None:
                remove_node(node)
        for review, _ in alive:
            review.recheck()
        self._edited.clear()
        self._before.clear()

    def _put_back(self) -> None:
        """The scans to where they were, shown as they were."""
        for node, transform, shown in self._before:
            if node.GetScene() is not None:
                node.SetAndObserveTransformNodeID(transform)
                node.SetDisplayVisibility(shown)


def fused_rows(node: Any) -> list[FusedRow]:
    """What was measured on the fused teeth of a segmentation node, also of a scene that was saved; none of others."""
    text = node.GetAttribute(FUSION)
    if not text:
        return []
    try:
        rows = [FusedRow(**row) for row in parse_json(text, "What is known of the fused teeth")]
    except (InputError, TypeError) as error:
        raise SceneError("What is known of '{name}' is damaged: fuse again.", name=node.GetName()) from error
    return sorted(rows, key=lambda row: row.fdi)


def add_fusion(job: FusionJob, *, numbering: str = "FDI", name: str | None = None) -> SceneFusion:
    """Put the result of a finished worker into the scene; all of it, or nothing.

    The scans, and their coloured results, move onto the CBCT by a transform of their own, and are hidden. Where CBCT
    and scan disagreed on numbers, those that hold are given to both as an edit of their reviews, which can be undone
    there.

    Parameters
    ----------
    job : FusionJob
        The worker has finished it.
    numbering : str
        "FDI", "Universal" or "Palmer".
    name : str, optional
        Of the fused teeth, "<CBCT> fused teeth" by default.

    Raises
    ------
    NodeGoneError
        When a source was deleted meanwhile.
    SceneError
        When the output is incomplete.
    """
    checked_numbering(numbering)
    volume, *models = (require(node, "The scan that was fused") for node in job.sources)
    if job.teeth is not None:
        require(job.teeth, "The segmentation")
    report = _report(job)
    scene = volume.GetScene()
    fusion = SceneFusion(job.teeth, (), None, (), report, tuple(report["warnings"]))
    try:
        with all_or_none(scene):
            if fusion.teeth is None:
                fusion.teeth = _add_teeth(job, numbering)
            fusion.jaws = _add_jaws(job, models, numbering)
            fusion.fused = _add_fused(job, report, numbering, name or f"{volume.GetName()} fused teeth")
            fusion.transforms = tuple(_move(fusion, job, i, part) for i, part in enumerate(report["jaws"]))
            _take_numbers(fusion)
    except BaseException:
        for review, step in reversed(fusion._edited):
            if review.last_step is step and _in_scene(review.nodes):
                review.undo()
        fusion._put_back()
        raise
    return fusion


def _report(job: FusionJob) -> dict[str, Any]:
    path = job.output / f"{job.job['name']}_fusion.json"
    try:
        report = read_fusion_report(path)
    except InputError as error:
        raise SceneError("The result of the fusion is incomplete ('{file}'): run it again.", file=path.name) from error
    if [part["jaw"] for part in report["jaws"]] != list(job.jaws):
        raise SceneError("The result of the fusion is incomplete ('{file}'): run it again.", file=path.name)
    return report


def _add_teeth(job: FusionJob, numbering: str) -> Any:
    """The CBCT's teeth, which were found on the way."""
    report = read_report(job.output / f"{job.job['name']}_cbct_report.json")
    labels = read_labels(job.output / report["files"]["labels"])
    node = add_numbered_teeth(job, labels, report, numbering, f"{job.sources[0].GetName()} teeth")
    node.SetAttribute(NUMBERING, numbering)
    _list_findings((node,), report, numbering)
    return node


def _add_jaws(job: FusionJob, models: Iterable[Any], numbering: str) -> tuple[Any, ...]:
    """The coloured jaws; those that were found on the way are new."""
    jaws, made = [], []
    for i, (jaw, model) in enumerate(zip(job.jaws, models, strict=True)):
        if job.numbered[i]:
            jaws.append(model)
            continue
        report = read_report(job.output / f"{job.job['name']}_{jaw}_report.json")
        node = add_jaw(model, job.to_world[1 + i], job.output, report, numbering, f"{model.GetName()} teeth")
        node.SetAttribute(NUMBERING, numbering)
        jaws.append(node)
        made.append((node, report))
    if len(made) == 2:
        pair(made[0][0], made[1][0])
    if made:
        _list_findings(tuple(node for node, _ in made), made[0][1], numbering)
    return tuple(jaws)


def _list_findings(nodes: tuple[Any, ...], report: Mapping[str, Any], numbering: str) -> None:
    FindingNodes.made(nodes).update([Finding.from_dict(row) for row in report["findings"]], numbering)


def _add_fused(job: FusionJob, report: Mapping[str, Any], numbering: str, name: str) -> Any:
    """A segmentation node of closed surfaces, under the transform of the CBCT."""
    volume = job.sources[0]
    register_conversions()
    node = volume.GetScene().AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.CreateDefaultDisplayNodes()
    segmentation = node.GetSegmentation()
    segmentation.SetSourceRepresentationName(CLOSED_SURFACE)
    to_local = np.linalg.inv(job.to_world[0]) @ _LPS_TO_RAS
    rows = [row for part in report["jaws"] for row in part["teeth"]]
    for row in sorted(rows, key=lambda row: row["fdi"]):
        mesh, _ = read_mesh(job.output / report["files"][f"tooth_{row['fdi']}"])
        segment = new_segment(row["fdi"], numbering)
        vertices = mesh.vertices @ to_local[:3, :3].T + to_local[:3, 3]
        segment.AddRepresentation(CLOSED_SURFACE, surface(vertices, mesh.faces))
        if not segmentation.AddSegment(segment, segment_id(row["fdi"])):
            raise SceneError("Slicer refused the segment of tooth {number}.", number=row["fdi"])
    node.GetDisplayNode().SetPreferredDisplayRepresentationName3D(CLOSED_SURFACE)
    node.GetDisplayNode().SetPreferredDisplayRepresentationName2D(CLOSED_SURFACE)
    kept = [
        {
            "fdi": row["fdi"],
            "in_cbct": row["fdi_in_cbct"],
            "in_scan": row["fdi_in_scan"],
            "median_mm": row["residual_median_mm"],
            "p95_mm": row["residual_p95_mm"],
        }
        for row in rows
    ]
    node.SetAttribute(FUSION, json.dumps(kept))
    node.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
    place_beside(node, volume)
    return node


def _move(fusion: SceneFusion, job: FusionJob, index: int, part: Mapping[str, Any]) -> Any:
    """A transform that lays a jaw, and what was segmented of it, onto the CBCT."""
    model = job.sources[1 + index]
    node = model.GetScene().AddNewNodeByClass(
        "vtkMRMLLinearTransformNode", f"{model.GetName()} on {job.sources[0].GetName()}"
    )
    scale = np.diag([*[float(part.get("mm_per_unit", 1.0))] * 3, 1.0])
    matrix = _LPS_TO_RAS @ np.array(part["scan_to_cbct"]) @ scale @ job.to_world[1 + index]
    node.SetMatrixTransformToParent(to_vtk(matrix))
    for one in dict.fromkeys((model, fusion.jaws[index])):
        fusion._before.append((one, one.GetTransformNodeID(), bool(one.GetDisplayVisibility())))
        one.SetAndObserveTransformNodeID(node.GetID())
        one.SetDisplayVisibility(False)  # the fused crowns would be drawn at the same place
    place_beside(node, model)
    return node


def _take_numbers(fusion: SceneFusion) -> None:
    """Give CBCT and scans the numbers that hold, as an edit of each review where there is something to tell."""
    wanted: list[tuple[Review, dict[int, int], dict[int, TwoNumbers]]] = []
    for part, jaw in zip(fusion.report["jaws"], fusion.jaws, strict=True):
        found = part["numbers"]
        two_numbers = [TwoNumbers.from_dict(row) for row in found["two_numbers"]]
        for node, key in ((fusion.teeth, "cbct"), (jaw, "scan")):
            changed = {int(old): new for old, new in found[f"changed_in_{key}"].items()}
            own = {changed.get(getattr(two, key), getattr(two, key)): two for two in two_numbers}
            if not is_reviewable(node):
                continue
            review = review_of(node)
            held = next((one for one in wanted if one[0] is review), None)
            if held is None:
                wanted.append((review, changed, own))
            else:
                held[1].update(changed)
                held[2].update(own)
    for review, numbers, own in wanted:
        if not own and not review.known().two_numbers:
            if review.needs_recheck():
                review.recheck()
            continue
        review.take_numbers(numbers, own)
        fusion._edited.append((review, review.last_step))


def _in_scene(nodes: Iterable[Any]) -> bool:
    return all(node.GetScene() is not None for node in nodes)
