"""Real MRML for tests: the slicer-core wheel, no application. Without it these tests skip and say so."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "helpers"))

from scan_files import toy_dentition
from scene_steps import add_toy_segmentation

from DentalTopoSegLib.scene import add_volume, review_of


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


@pytest.fixture
def review(teeth_node):
    """The toy dentition under review."""
    made = review_of(teeth_node)
    yield made
    made.close()
