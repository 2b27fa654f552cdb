"""What the scene tests have in common: the toy dentition in the scene, its state, the worker."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from scan_files import toy_dentition

from DentalTopoSegLib.volumes import Volume

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
    command = [sys.executable, "-m", "DentalTopoSegLib.worker", str(job.path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        process.stdout.read()  # until it ends; its stdin stays open, or it would stop
        return process.wait()
