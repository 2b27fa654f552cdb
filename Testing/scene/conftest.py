"""Real MRML for tests: the slicer-core wheel, no application. Without it these tests skip and say so."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))

from scan_files import toy_dentition

from DentalTopoSegLib.scene import add_volume
from DentalTopoSegLib.volumes import Volume

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def slicer():
    """The slicer package."""
    return pytest.importorskip("slicer", reason="slicer-core is not installed: pip install slicer-core==5.11.0.6")


@pytest.fixture
def scene(slicer):
    """An empty scene, cleared afterwards."""
    made = slicer.vtkMRMLScene()
    yield made
    made.Clear(1)


@pytest.fixture
def volume_node(scene):
    """The toy dentition's image as a volume node."""
    return add_volume(scene, toy_dentition()[0], "CBCT")


@pytest.fixture
def teeth_node(scene, volume_node):
    """The toy dentition as a segmentation beside its volume."""
    return add_toy_segmentation(scene, volume_node)


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
