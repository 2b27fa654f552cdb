"""From a CBCT and jaws' scans in the scene to a job that fuses them; what has numbered teeth already is taken so."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..dentition import Known
from ..errors import OutputError
from ..files.meshes import write_vtp
from ..files.seg_nrrd import write_seg_nrrd
from ..files.transactions import cannot_write
from ..options import DEFAULTS, RunOptions
from ..runs.job import PAIR, Job, JobFile
from .jobs import NAME, SceneJob, model_arrays, new_folder, scan_array, write_model, write_scan
from .nodes import SceneError, require, to_world
from .segments import ToothSegments
from .surfaces import FDI_ARRAY, is_coloured_jaw, known_about
from .volume_review import holds_teeth


@dataclass
class FusionJob(SceneJob):
    """A job of the kind "fusion"; sources: the volume, then the models.

    Parameters
    ----------
    teeth
        The CBCT's segmentation, None where it is segmented too.
    jaws : tuple of str
        "upper", "lower": of each model.
    numbered : tuple of bool
        Whether each model has numbered teeth already.
    """

    teeth: Any = None
    jaws: tuple[str, ...] = ()
    numbered: tuple[bool, ...] = ()

    @property
    def models(self) -> tuple[Any, ...]:
        """The jaws' models, the upper one first."""
        return self.sources[1:]


def prepare_fusion(
    volume: Any,
    upper: Any = None,
    lower: Any = None,
    *,
    teeth: Any = None,
    options: RunOptions = DEFAULTS,
    folder: str | os.PathLike[str] | None = None,
) -> FusionJob:
    """Write a CBCT and the scans of one or two jaws into a new temporary folder, as the worker reads them.

    The scene is not changed.

    Parameters
    ----------
    volume : vtkMRMLScalarVolumeNode
        The CBCT.
    upper, lower : vtkMRMLModelNode, optional
        The jaws' scans, one at least: bare ones, which are segmented too, or coloured results.
    teeth : vtkMRMLSegmentationNode, optional
        The CBCT's numbered teeth; None segments it.
    options : RunOptions
        Of the worker.
    folder : path, optional
        Where the temporary folder is made, the system's by default.

    Raises
    ------
    SceneError
        For nodes that are none of these, empty or bent.
    OutputError
        When the disk refuses.
    """
    models = {jaw: node for jaw, node in zip(PAIR, (upper, lower), strict=True) if node is not None}
    volume = require(volume, "The CBCT")
    if not models:
        raise SceneError("Choose the scan of one jaw, or of both.")
    for node in models.values():
        require(node, "The scan")
    if len(models) == 2 and upper is lower:
        raise SceneError(
            "'{name}' is chosen for both jaws: choose the model of the other jaw too.", name=upper.GetName()
        )
    if teeth is not None and not holds_teeth(require(teeth, "The segmentation")):
        raise SceneError("'{name}' holds no teeth that can be told apart: segment a scan first.", name=teeth.GetName())
    array = scan_array(volume)
    sources = (volume, *models.values())
    transforms = tuple(to_world(node, "The scan") for node in sources)
    arrays = [model_arrays(node) for node in models.values()]
    numbered = tuple(is_coloured_jaw(node) for node in models.values())
    target = new_folder(folder)
    made = FusionJob({}, target, sources, transforms, teeth=teeth, jaws=tuple(models), numbered=numbered)
    try:
        cbct = write_scan(volume, array, made)
        labels = None if teeth is None else _write_teeth(made, target / f"{NAME}_labels.seg.nrrd")
        meshes, known = [], []
        for jaw, node, mesh, matrix, has in zip(models, made.models, arrays, transforms[1:], numbered, strict=True):
            write = _write_jaw if has else _write_bare
            meshes.append(write(node, mesh, matrix, target / f"{NAME}_{jaw}.vtp"))
            known.append(known_about(node) if has else None)
        _write(made, [cbct, *meshes], labels, known, options)
    except BaseException as error:
        shutil.rmtree(target, ignore_errors=True)
        if isinstance(error, OSError):
            raise OutputError(cannot_write(target, error)) from error
        raise
    return made


def _write(
    made: FusionJob, inputs: list[Path], labels: Path | None, known: list[Known | None], options: RunOptions
) -> None:
    jaws = made.jaws if len(made.jaws) == 1 else None
    job = Job(inputs, made.folder / "output", "fusion", jaws, name=NAME, labels=labels, known=known)
    made.job = JobFile(job, options, str(made.cancel_file)).to_dict()
    made.path.write_text(json.dumps(made.job), encoding="utf-8")


def _write_teeth(made: FusionJob, path: Path) -> Path:
    """The segmentation's numbers on the grid of the scan that was written."""
    import SimpleITK as sitk

    segments = ToothSegments(made.teeth)
    assert made.grid is not None  # the scan was written
    frame = made.grid.volume(np.zeros(made.grid.shape, np.uint8))
    labels = segments.labels
    if not labels.same_grid(frame):
        image = sitk.Resample(labels.to_sitk(), frame.to_sitk(), sitk.Transform(), sitk.sitkNearestNeighbor, 0)
        labels = frame.with_array(sitk.GetArrayFromImage(image))
    if not labels.array.any():
        raise SceneError("'{name}' lies outside the CBCT: choose its own teeth.", name=made.teeth.GetName())
    return write_seg_nrrd(labels, path, segments.confidences(), segments.known())


def _write_jaw(node: Any, mesh: tuple[np.ndarray, np.ndarray], matrix: np.ndarray, path: Path) -> Path:
    """A coloured jaw with its numbers."""
    from vtk.util.numpy_support import vtk_to_numpy

    vertices, faces = mesh
    fdi = vtk_to_numpy(node.GetPolyData().GetPointData().GetArray(FDI_ARRAY)).astype(np.uint8)
    return write_vtp(path, vertices @ matrix[:3, :3].T + matrix[:3, 3], faces, {FDI_ARRAY: fdi})


def _write_bare(node: Any, mesh: tuple[np.ndarray, np.ndarray], matrix: np.ndarray, path: Path) -> Path:
    return write_model(mesh, matrix, path)
