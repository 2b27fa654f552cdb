"""From a finished job to nodes: a segmentation with one segment per tooth, or surfaces coloured by tooth; and beside
numbered teeth what somebody's network found."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..checks.findings import Finding
from ..dentition import Known
from ..dentition.label_names import structure_of
from ..dentition.naming import checked_numbering
from ..dentition.structure_origin import origin_tags
from ..dentition.structures import structure
from ..errors import InputError
from ..files.structures import read_structures, structure_colour, structure_terminology
from ..files.volumes import Volume, read_labels
from ..files.volumes.boxes import box_of, grow, tooth_boxes, union
from ..reports.report import confidence_of, known_of, read_report
from .finding_nodes import FindingNodes
from .jobs import SceneJob
from .nodes import SceneError, all_or_none, place_beside, require, to_vtk, to_world
from .replacing import remember_undo
from .review import NUMBERING
from .segments import LABELMAP, fdi_of_segment, new_segment, oriented_image, segment_id, set_known
from .source_files import notes_on_files
from .structure_segments import STRUCTURES_ROLE
from .surfaces import add_jaw, pair

_MARGIN = 2  # voxels around the teeth, so that an edit seldom enlarges the labelmap


@dataclass
class SceneResult:
    """A result in the scene.

    Parameters
    ----------
    nodes : tuple
        The segmentation node, or one coloured model node per jaw, in the order of the job's sources; none where a
        network that numbers no teeth has run.
    points, table
        The nodes that list what was found; None where there are no teeth.
    report : dict
        The worker's JSON report; of two jaws, {"jaws": [both]}.
    warnings : tuple of str
        Sentences for the user.
    structures
        The segmentation node with what somebody's network found beside numbered teeth; None where there is none.
    """

    nodes: tuple[Any, ...]
    points: Any
    table: Any
    report: dict[str, Any]
    warnings: tuple[str, ...]
    structures: Any = None

    @property
    def node(self) -> Any:
        """The segmentation node, or the first jaw's model node; None where there are no teeth."""
        return self.nodes[0] if self.nodes else None


def add_result(job: SceneJob, *, numbering: str = "FDI", name: str | None = None, into: Any = None) -> SceneResult:
    """Put the result of a finished worker into the scene, beside its source in the subject hierarchy.

    All nodes are added, or none.

    Parameters
    ----------
    job : SceneJob
        The worker has finished it.
    numbering : str
        "FDI", "Universal" or "Palmer".
    name : str, optional
        Of the result node, "<source> teeth" by default.
    into : vtkMRMLSegmentationNode, optional
        Of a volume: takes the teeth instead of a new node. Its own teeth are replaced, its other segments stay, its
        name too; one undo of its review takes that back.

    Raises
    ------
    NodeGoneError
        When the source, or `into`, was deleted meanwhile.
    SceneError
        When the output is incomplete.
    """
    checked_numbering(numbering)
    reports = _reports(job)
    apart = len(reports) // len(job.sources)  # one model may hold both jaws
    sources = [require(node, "The scan that was segmented") for node in job.sources for _ in range(apart)]
    matrices = [matrix for matrix in job.to_world for _ in range(apart)]
    scene = sources[0].GetScene()
    structures = None
    nodes: tuple[Any, ...] = ()
    with all_or_none(scene), _require_complete():
        if job.job["kind"] == "volume":
            labels = read_labels(job.output / reports[0]["files"]["labels"])
            if "structures" in reports[0]["files"]:
                path = job.output / reports[0]["files"]["structures"]
                structures = _add_structures(job, path, f"{name or sources[0].GetName()} structures")
            if structures is not None and not labels.array.any():
                pass  # a network that numbers no teeth: there is nothing to review
            elif into is None:
                title = name or f"{sources[0].GetName()} teeth"
                nodes = (add_numbered_teeth(job, labels, reports[0], numbering, title),)
            else:
                nodes = (_replace_teeth(job, labels, reports[0], numbering, into),)
        else:
            titles = [name] if name and len(sources) == 1 else [f"{name or s.GetName()} teeth" for s in sources]
            if len(sources) == 2 and (name or apart == 2):
                titles = [f"{name or sources[0].GetName()} {report['jaw']}" for report in reports]
            nodes = tuple(
                add_jaw(source, matrix, job.output, report, numbering, title)
                for source, matrix, report, title in zip(sources, matrices, reports, titles, strict=True)
            )
            if len(nodes) == 2:
                pair(*nodes)
        for node in nodes:
            node.SetAttribute(NUMBERING, numbering)
            if structures is not None:
                node.SetNodeReferenceID(STRUCTURES_ROLE, structures.GetID())
        found = [Finding.from_dict(row) for row in reports[0]["findings"]]
        listed = None
        if nodes:
            listed = FindingNodes.made(nodes) if into is None else FindingNodes.of(nodes)
            listed.update(found, numbering)
    if job.job["kind"] == "mesh":  # both would be drawn at the same place
        for source in sources:
            source.SetDisplayVisibility(False)
    report = reports[0] if len(reports) == 1 else {"jaws": reports}
    warnings = (*notes_on_files(job.sources), *(text for one in reports for text in one["warnings"]))
    points, table = (listed.points, listed.table) if listed is not None else (None, None)
    return SceneResult(nodes, points, table, report, warnings, structures)


def _reports(job: SceneJob) -> list[dict[str, Any]]:
    """The reports in the order of the sources."""
    stem = job.job["name"]
    pair = [f"{stem}_upper", f"{stem}_lower"]
    apart = not (job.output / f"{stem}_report.json").exists() and (job.output / f"{pair[0]}_report.json").exists()
    stems = [stem] if len(job.sources) == 1 and not apart else pair
    found = []
    for one in stems:
        path = job.output / f"{one}_report.json"
        try:
            found.append(read_report(path))
        except InputError as error:
            raise SceneError(
                "The result of the segmentation is incomplete ('{file}'): run it again.", file=path.name
            ) from error
    return found


@contextlib.contextmanager
def _require_complete() -> Iterator[None]:
    """What is not in a report becomes a SceneError."""
    try:
        yield
    except KeyError as error:
        raise SceneError(
            "The result of the segmentation is incomplete (no {error}): run it again.", error=error
        ) from error


def add_numbered_teeth(job: SceneJob, labels: Volume, report: Mapping[str, Any], numbering: str, name: str) -> Any:
    """A new segmentation node of the job's volume, its first source, where that is."""
    source, grid = job.sources[0], job.grid
    assert grid is not None  # every job of a volume has one
    if labels.shape != grid.shape:
        raise SceneError("The result of the segmentation does not fit '{name}': run it again.", name=source.GetName())
    confidence = confidence_of(report)
    local = np.linalg.inv(job.to_world[0]) @ grid.matrix
    node = add_segmentation(source.GetScene(), labels.array, local, numbering, name, confidence, known_of(report))
    _place(node, job, local)
    return node


def _place(node: Any, job: SceneJob, local: np.ndarray) -> None:
    """Put a segmentation where its scan is, in space and in the subject hierarchy."""
    source, grid = job.sources[0], job.grid
    assert grid is not None  # every job of a volume has one
    node.SetAndObserveTransformNodeID(source.GetTransformNodeID())
    if job.straightened:  # the scan's own grid is sheared, which the check of the teeth cannot use
        set_reference(node, grid.shape, local)
        node.SetNodeReferenceID(node.GetReferenceImageGeometryReferenceRole(), source.GetID())
    else:
        node.SetReferenceImageGeometryParameterFromVolumeNode(source)
    place_beside(node, source)


def _add_structures(job: SceneJob, path: Path, name: str) -> Any:
    """A segmentation node with a segment per structure, by the names and colours of its file."""
    import slicer
    from scipy import ndimage

    labels, names = read_structures(path)
    source, grid = job.sources[0], job.grid
    assert grid is not None  # every job of a volume has one
    if labels.shape != grid.shape:
        raise SceneError("The result of the segmentation does not fit '{name}': run it again.", name=source.GetName())
    found = enumerate(ndimage.find_objects(labels.array), start=1)
    boxes = {value: box_of(box) for value, box in found if box is not None and value in names}
    if not boxes:
        return None
    register_conversions()
    local = np.linalg.inv(job.to_world[0]) @ grid.matrix
    node = source.GetScene().AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.CreateDefaultDisplayNodes()
    set_reference(node, labels.shape, local)
    region = grow(union(boxes.values()), _MARGIN)
    image = oriented_image(labels.array[region], tuple(s.start for s in region), local)
    for value in boxes:
        segment = slicer.vtkSegment()
        segment.SetName(names[value])
        segment.SetNameAutoGenerated(False)
        segment.SetColor(*structure_colour(value, names[value]))
        segment.SetColorAutoGenerated(False)
        segment.SetLabelValue(value)
        key = structure_of(names[value])
        if key is not None:
            segment.SetTag(segment.GetTerminologyEntryTagName(), structure_terminology(structure(key)))
            for origin, text in origin_tags(labels.metadata, key, np.linalg.inv(job.to_world[0])).items():
                segment.SetTag(origin, text)
        segment.AddRepresentation(LABELMAP, image)
        if not node.GetSegmentation().AddSegment(segment, f"Structure_{value}"):
            raise SceneError("Slicer refused the segment of '{name}'.", name=names[value])
    _show_surfaces(node)
    _place(node, job, local)
    return node


def _replace_teeth(job: SceneJob, labels: Volume, report: Mapping[str, Any], numbering: str, into: Any) -> Any:
    """Put the teeth into a segmentation that is there: all of them, or nothing is changed."""
    import slicer

    source, grid = job.sources[0], job.grid
    assert grid is not None  # every job of a volume has one
    require(into, "The segmentation that takes the teeth")
    if not into.IsA("vtkMRMLSegmentationNode"):
        raise SceneError("'{name}' is no segmentation: choose one, or a new one.", name=into.GetName())
    if labels.shape != grid.shape:
        raise SceneError("The result of the segmentation does not fit '{name}': run it again.", name=source.GetName())
    register_conversions()
    segmentation, before = into.GetSegmentation(), slicer.vtkSegmentation()
    before.DeepCopy(segmentation)
    local = np.linalg.inv(to_world(into, "The segmentation")) @ grid.matrix
    try:
        if segmentation.GetNumberOfSegments() and not into.CreateBinaryLabelmapRepresentation():
            raise SceneError("The segments of '{name}' cannot be turned into voxels.", name=into.GetName())
        segmentation.SetSourceRepresentationName(LABELMAP)
        if into.GetDisplayNode() is None:
            into.CreateDefaultDisplayNodes()
        for key in tooth_segments(segmentation):
            segmentation.RemoveSegment(key)
        set_reference(into, grid.shape, local)
        into.SetNodeReferenceID(into.GetReferenceImageGeometryReferenceRole(), source.GetID())
        _add_teeth(into, labels.array, local, numbering, confidence_of(report), known_of(report))
        into.SetAttribute(NUMBERING, numbering)
        _show_surfaces(into)
    except BaseException:
        segmentation.DeepCopy(before)
        raise
    remember_undo(into, before)
    return into


def tooth_segments(segmentation: Any) -> list[str]:
    """The ids of the segments that are teeth."""
    keys = [segmentation.GetNthSegmentID(i) for i in range(segmentation.GetNumberOfSegments())]
    return [key for key in keys if fdi_of_segment(segmentation.GetSegment(key)) is not None]


def add_segmentation(
    scene: Any,
    fdi: np.ndarray,
    matrix: np.ndarray,
    numbering: str,
    name: str,
    confidence: Mapping[int, float] | None = None,
    known: Known | None = None,
) -> Any:
    """A new segmentation node with one segment per tooth of an FDI array (z, y, x), with closed surfaces.

    Parameters
    ----------
    scene : vtkMRMLScene
        Gets the node.
    fdi : (z, y, x) array of int
        FDI numbers, 0 for none.
    matrix : (4, 4) array
        Index (x, y, z) -> the node's coordinates, RAS mm.
    numbering : str
        "FDI", "Universal" or "Palmer", of the segments' names.
    name : str
        Of the node.
    confidence : mapping, optional
        {FDI number: 0..1} where known; `dentition.Confidence` says what it means.
    known : Known, optional
        What is known of the teeth beside; the segments keep it.

    Raises
    ------
    InputError
        For values that are no teeth.
    SceneError
        For an array without any.
    """
    boxes = tooth_boxes(fdi)
    if not boxes:
        raise SceneError("No teeth were found, so there is nothing to show.")
    register_conversions()
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.CreateDefaultDisplayNodes()
    set_reference(node, fdi.shape, matrix)
    _add_teeth(node, fdi, matrix, numbering, confidence, known or Known())
    node.SetAttribute(NUMBERING, numbering)
    _show_surfaces(node)
    return node


def _add_teeth(
    node: Any,
    fdi: np.ndarray,
    matrix: np.ndarray,
    numbering: str,
    confidence: Mapping[int, float] | None,
    known: Known,
) -> None:
    """A segment per tooth, all in one labelmap of their own."""
    boxes = tooth_boxes(fdi)
    if not boxes:
        raise SceneError("No teeth were found, so there is nothing to show.")
    region = grow(union(boxes.values()), _MARGIN)
    image = oriented_image(fdi[region].astype(np.uint8), tuple(s.start for s in region), matrix)
    segmentation = node.GetSegmentation()
    for number in sorted(boxes, key=lambda n: (n > 50, n)):
        segment, key = new_segment(number, numbering, confidence), segment_id(number)
        set_known(segment, number, known)
        segment.AddRepresentation(LABELMAP, image)
        if segmentation.GetSegment(key) is not None:  # somebody's own, which is no tooth
            key = segmentation.GenerateUniqueSegmentID(key)
        if not segmentation.AddSegment(segment, key):
            raise SceneError("Slicer refused the segment of tooth {number}.", number=number)


def register_conversions() -> None:
    """Make sure that segmentations can turn voxels into surfaces. In the application they can; on the wheel alone the
    conversions are registered by the first segmentations logic that meets a scene, here one of its own. Every further
    logic would register them once more."""
    import slicer

    if not slicer.vtkSegmentationConverterFactory.GetInstance().GetConverterRules():
        slicer.vtkSlicerSegmentationsModuleLogic().SetMRMLScene(slicer.vtkMRMLScene())


def _show_surfaces(node: Any) -> None:
    if not node.CreateClosedSurfaceRepresentation():
        raise SceneError("Slicer could not make surfaces of the teeth.")
    node.GetDisplayNode().SetPreferredDisplayRepresentationName3D("Closed surface")


def set_reference(node: Any, shape: tuple[int, int, int], matrix: np.ndarray) -> None:
    """State a segmentation's reference grid: (z, y, x) voxels, index -> node matrix (4, 4)."""
    import slicer

    image = slicer.vtkOrientedImageData()
    image.SetExtent(0, shape[2] - 1, 0, shape[1] - 1, 0, shape[0] - 1)
    image.SetImageToWorldMatrix(to_vtk(matrix))
    converter = slicer.vtkSegmentationConverter
    node.GetSegmentation().SetConversionParameter(
        converter.GetReferenceImageGeometryParameterName(), converter.SerializeImageGeometry(image)
    )
