"""What the scene tests have in common: the toy dentition in the scene, its state, the worker."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from scan_files import toy_dentition

from DentalTopoSegLib.files.volumes import Volume
from DentalTopoSegLib.scene import add_volume, review_of
from DentalTopoSegLib.scene.segments import ToothSegments, oriented_image, tag

ROOT = Path(__file__).resolve().parents[2]


def add_toy_segmentation(scene, volume_node, numbering: str = "FDI", confidence=None, labels: Volume | None = None):
    """The toy dentition's labels (or others on its grid) as `add_result` would show them."""
    from DentalTopoSegLib.scene.results import add_segmentation

    labels = labels or toy_dentition()[1]
    node = add_segmentation(
        scene, labels.array, labels.index_to_ras_matrix(), numbering, "CBCT teeth", confidence or {}
    )
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume_node)
    return node


def edited(change) -> Volume:
    """The toy dentition's labels after change(array, fdi -> bool mask) has worked on a copy."""
    labels = toy_dentition()[1]
    array = labels.array.copy()
    change(array, lambda fdi: array == fdi)
    return replace(labels, array=array)


def transform(scene, matrix: np.ndarray, name: str = "moved"):
    """A linear transform node."""
    import slicer
    import vtk

    node = slicer.vtkMRMLLinearTransformNode()
    node.SetName(name)
    scene.AddNode(node)
    content = vtk.vtkMatrix4x4()
    content.DeepCopy(np.asarray(matrix, float).ravel().tolist())
    node.SetMatrixTransformToParent(content)
    return node


def state_of(scene) -> list[tuple[str, str, int]]:
    """What must be the same before and after something that may not touch the scene."""
    nodes = [scene.GetNthNode(i) for i in range(scene.GetNumberOfNodes())]
    return [(node.GetID(), node.GetName() or "", node.GetMTime()) for node in nodes]


def run_worker(job) -> int:
    """The worker on a job, as the module starts it; its exit code."""
    command = [sys.executable, "-m", "DentalTopoSegLib.runs.worker", str(job.path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        process.stdout.read()  # until it ends; its stdin stays open, or it would stop
        return process.wait()


def hollow(node, fdi: int, box=None) -> None:
    """What a brush in Segment Editor does: takes away the tooth's voxels in a small box (by default in its middle)."""
    import slicer

    held = ToothSegments(node)
    middle = np.argwhere(held.labels.array == fdi).mean(0).astype(int)
    box = box or tuple(slice(int(m), int(m) + 1) for m in middle)
    paint(node, held, held.ids()[fdi], np.zeros([s.stop - s.start for s in box], np.uint8), box, slicer)


def paint(node, held, key: str, mask: np.ndarray, box, slicer) -> None:
    """The segment is what the mask says inside the box, as a brush or an eraser leaves it."""
    whole = (ToothSegments(node).labels.array == int(key.removeprefix("Tooth_"))).astype(np.uint8)
    whole[box] = mask
    image = oriented_image(whole, (0, 0, 0), held.local)
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    every = tuple(
        node.GetSegmentation().GetNthSegmentID(i) for i in range(node.GetSegmentation().GetNumberOfSegments())
    )
    assert logic.SetBinaryLabelmapToSegment(image, node, key, logic.MODE_REPLACE, image.GetExtent(), False, every)


def array_of(node) -> np.ndarray:
    return ToothSegments(node).labels.array


def everything_of(node) -> dict[str, tuple]:
    """All that an undo must bring back: per segment its name, colour, value, tags (but findings) and voxels."""
    segmentation, held = node.GetSegmentation(), ToothSegments(node)
    whole = tuple(slice(0, n) for n in held.labels.shape)
    masks = held.masks(whole)
    found = {}
    for i in range(segmentation.GetNumberOfSegments()):
        key, segment = segmentation.GetNthSegmentID(i), segmentation.GetNthSegment(i)
        tags = tuple(
            tag(segment, name) for name in ("DentalTopoSeg.FDI", "DentalTopoSeg.Confidence", "TerminologyEntry")
        )
        voxels = masks[key].tobytes() if key in masks else b""
        found[key] = (segment.GetName(), segment.GetColor(), segment.GetLabelValue(), tags, voxels)
    return found


def saved_and_loaded(slicer, scene, folder):
    """The scene as it comes back from its .mrb file."""
    bundle = folder / "Fälle 歯.mrb"
    assert scene.WriteToMRB(str(bundle), None)
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder / "unpacked")
    other = slicer.vtkMRMLScene()
    other.SetURL(str(next((folder / "unpacked").rglob("*.mrml"))))
    assert other.Connect()
    return other


def prepared(scene, change):
    """(review, node) of the toy after a change of its labels."""
    volume = add_volume(scene, toy_dentition()[0], "CBCT")
    node = add_toy_segmentation(scene, volume, labels=edited(change), confidence={16: 0.9, 26: 0.8, 36: 0.3})
    return review_of(node), node
