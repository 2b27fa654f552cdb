"""From nodes to a job for the worker: input files in a temporary folder, the scene untouched."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np

from ..errors import OutputError
from ..files.transactions import cannot_write
from ..files.volumes import Volume
from ..options import DEFAULTS, RunOptions
from ..runs.job import PAIR, Job, JobFile
from .nodes import Grid, SceneError, require, to_array, to_world

#: What inputs and results are called in the temporary folder: never after a node, which may bear a patient's name.
NAME = "scan"


@dataclass
class SceneJob:
    """A job for the worker, and what is needed to bring its result back to the scene.

    Parameters
    ----------
    job : dict
        That of `runs.job.JobFile`.
    folder : Path
        Temporary, holds input, output and job.json.
    sources : tuple
        The nodes, in the order of the job's inputs.
    to_world : tuple of (4, 4) arrays
        Per node, its transforms when the job was made.
    grid : Grid, optional
        Of a volume: the grid that was written, in the world.
    straightened : bool
        That grid is not the node's own, whose axes are sheared.
    """

    job: dict[str, Any]
    folder: Path
    sources: tuple[Any, ...]
    to_world: tuple[np.ndarray, ...]
    grid: Grid | None = None
    straightened: bool = False
    _made: bool = field(default=True, repr=False)

    @property
    def path(self) -> Path:
        """job.json, the worker's argument."""
        return self.folder / "job.json"

    @property
    def cancel_file(self) -> Path:
        """Create this file and the worker stops within a second."""
        return self.folder / "cancel"

    @property
    def output(self) -> Path:
        """The folder the worker writes into."""
        return Path(self.job["output"])

    def discard(self) -> None:
        """Delete the temporary folder; safe to call twice. Raises OutputError when a program still holds a file."""
        if not self._made:
            return
        try:
            shutil.rmtree(self.folder)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise OutputError(f"'{self.folder}' cannot be deleted ({error.strerror or error}).") from error
        self._made = False


def prepare_job(
    nodes: Sequence[Any],
    options: RunOptions = DEFAULTS,
    *,
    jaws: Sequence[str | None] | None = None,
    name: str | None = None,
    per_tooth: bool = False,
    picture: bool = True,
    folder: str | os.PathLike[str] | None = None,
) -> SceneJob:
    """Write one volume node, or one or two model nodes, into a new temporary folder, as the worker reads them.

    Positions are the world's (RAS, mm), with the nodes' linear transforms applied. The scene is not changed.

    Parameters
    ----------
    nodes : sequence
        What is to be segmented.
    options : RunOptions
        Threads, precision and provider of the worker.
    jaws : sequence of str or None, optional
        Per model "upper", "lower" or None: of one model its shape decides; of two, the first is the upper.
    name : str, optional
        Of the results in the report and its files, "scan" by default, so that no patient's name gets there.
    per_tooth : bool
        Of models: write a file per tooth as well.
    picture : bool
        Write a picture as well.
    folder : path, optional
        Where the temporary folder is made, the system's by default.

    Raises
    ------
    SceneError
        For empty nodes, non-linear transforms, colour images and other things that are no scan.
    OutputError
        When the disk refuses.
    """
    nodes = [require(node, "The scan") for node in nodes]
    is_mesh = _kind(nodes) == "mesh"
    if is_mesh:
        nodes, jaws = _upper_first(nodes, jaws)
    meshes = [model_arrays(node) for node in nodes] if is_mesh else []
    arrays = [] if is_mesh else [scan_array(node) for node in nodes]
    transforms = tuple(to_world(node, "The scan") for node in nodes)
    target = new_folder(folder)
    made = SceneJob({}, target, tuple(nodes), transforms)
    try:
        if is_mesh:
            inputs = [
                write_model(mesh, matrix, target / f"{NAME}_{i}.vtp")
                for i, (mesh, matrix) in enumerate(zip(meshes, transforms, strict=True), start=1)
            ]
        else:
            inputs = [write_scan(node, array, made) for node, array in zip(nodes, arrays, strict=True)]
        job = Job(
            inputs,
            target / "output",
            kind="mesh" if is_mesh else "volume",
            jaws=jaws,
            name=name or NAME,
            picture=picture and not is_mesh,
            per_tooth=per_tooth and is_mesh,
        )
        made.job = JobFile(job, options, str(made.cancel_file)).to_dict()
        made.path.write_text(json.dumps(made.job), encoding="utf-8")
    except BaseException as error:
        shutil.rmtree(target, ignore_errors=True)
        if isinstance(error, OSError):
            raise OutputError(cannot_write(target, error)) from error
        raise
    return made


def new_folder(folder: str | os.PathLike[str] | None) -> Path:
    """A new temporary folder, in another one or in the system's. Raises OutputError."""
    base = None if folder is None else os.fspath(folder)
    try:
        return Path(mkdtemp(prefix="dentaltoposeg-", dir=base))
    except OSError as error:
        raise OutputError(cannot_write(Path(base or "."), error)) from error


def _kind(nodes: Sequence[Any]) -> str:
    if not nodes:
        raise SceneError("Choose a scan first: a CBCT volume, or the model of one jaw or of both.")
    volumes = [node.IsA("vtkMRMLVolumeNode") for node in nodes]
    models = [node.IsA("vtkMRMLModelNode") for node in nodes]
    if all(models) and len(nodes) <= 2:
        if len(nodes) == 2 and nodes[0] is nodes[1]:
            raise SceneError(
                "'{name}' is chosen for both jaws: choose the model of the other jaw too.", name=nodes[0].GetName()
            )
        return "mesh"
    if all(models):
        raise SceneError("Choose one model, or two: the upper and the lower jaw.")
    if all(volumes) and len(nodes) == 1:
        return "volume"
    if all(volumes):
        raise SceneError("Choose one volume at a time.")
    if any(volumes) and any(models):
        raise SceneError("A volume and a model cannot be segmented together: choose one after the other.")
    other = next(node for node, a, b in zip(nodes, volumes, models, strict=True) if not (a or b))
    raise SceneError("'{name}' is neither a volume nor a model: choose a scan.", name=other.GetName())


def _upper_first(nodes: list[Any], jaws: Sequence[str | None] | None) -> tuple[list[Any], list[str | None] | None]:
    said = list(jaws or [])
    if len(said) > len(nodes) or any(jaw not in (None, *PAIR) for jaw in said):
        raise SceneError('Say "upper" or "lower" for each model, or leave the jaw open.')
    said += [None] * (len(nodes) - len(said))
    if len(nodes) == 1:
        return nodes, (said if said[0] else None)
    if said[0] == said[1] is not None:
        raise SceneError(
            "Both models are said to be the {jaw:words} jaw: choose one upper and one lower jaw.", jaw=said[0]
        )
    if said[0] == "lower" or said[1] == "upper":
        nodes = nodes[::-1]
    return nodes, list(PAIR)


# ---------------------------------------------------------------- volumes


def scan_array(node: Any) -> np.ndarray:
    """The voxels (z, y, x), a view into the node."""
    from vtk.util.numpy_support import vtk_to_numpy

    image = node.GetImageData()
    if image is None or image.GetPointData().GetScalars() is None or not image.GetNumberOfPoints():
        raise SceneError(
            "'{name}' holds no image yet: load the scan again, or choose another volume.", name=node.GetName()
        )
    if node.IsA("vtkMRMLLabelMapVolumeNode"):
        raise SceneError("'{name}' is a label map, no scan: choose the CBCT volume.", name=node.GetName())
    if image.GetNumberOfScalarComponents() != 1:
        raise SceneError("'{name}' is a colour image, no CBCT: choose the CBCT volume.", name=node.GetName())
    shape = image.GetDimensions()[::-1]
    if min(shape) < 2:
        raise SceneError("'{name}' is a single slice, no CBCT: choose the whole volume.", name=node.GetName())
    return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(shape)


def volume_grid(node: Any) -> Grid:
    """The volume node's grid in the world. Raises SceneError as `prepare_job`."""
    import vtk

    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    shape = node.GetImageData().GetDimensions()[::-1]
    grid = Grid(shape, to_world(node, "The scan") @ to_array(matrix))
    if abs(np.linalg.det(grid.matrix[:3, :3])) < 1e-9:
        raise SceneError(
            "'{name}' has no thickness in one direction: check its spacing in Volumes.", name=node.GetName()
        )
    return grid


def volume_of(node: Any) -> Volume:
    """A volume node's voxels, not copied, at their place in the world. Raises SceneError as `prepare_job`, and for axes
    that are not perpendicular."""
    array, grid = scan_array(require(node, "The scan")), volume_grid(node)
    if grid.is_sheared:
        raise SceneError(
            "The axes of '{name}' are not perpendicular: resample it, for example with Crop Volume.",
            name=node.GetName(),
        )
    return grid.volume(array)


def write_scan(node: Any, array: np.ndarray, made: SceneJob) -> Path:
    """Write a volume node's voxels, straightened where its axes are sheared; the job remembers the grid."""
    import SimpleITK as sitk

    grid = volume_grid(node)
    if array.dtype in (np.int64, np.uint64):  # NRRD readers differ on 64-bit integers
        array = array.astype(np.float32)
    image = grid.volume(array).to_sitk()
    made.straightened = grid.is_sheared
    if made.straightened:
        grid = grid.straighten()
        image = _resample(image, grid, float(array.min()))
    made.grid = grid
    path = made.folder / f"{NAME}.nrrd"
    try:
        sitk.WriteImage(image, str(path), useCompression=False)
    except RuntimeError as error:
        raise OutputError(f"'{path}' cannot be written: free some space on the disk.") from error
    return path


def _resample(image: Any, grid: Grid, outside: float) -> Any:
    import SimpleITK as sitk

    frame: Volume = grid.volume(np.zeros((1, 1, 1), np.uint8))
    return sitk.Resample(
        image,
        tuple(int(n) for n in grid.shape[::-1]),
        sitk.Transform(),
        sitk.sitkLinear,
        frame.origin,
        frame.spacing,
        frame.direction,
        outside,
    )


# ---------------------------------------------------------------- models


def model_arrays(node: Any) -> tuple[np.ndarray, np.ndarray]:
    """(vertices (V, 3) in the node's own coordinates, triangles (F, 3)) of a model; its point order is kept."""
    import vtk
    from vtk.util.numpy_support import vtk_to_numpy

    surface = node.GetPolyData() if node.GetMesh() is not None else None
    if surface is None or not surface.GetNumberOfPoints():
        raise SceneError(
            "'{name}' holds no surface yet: load the scan again, or choose another model.", name=node.GetName()
        )
    triangles = vtk.vtkTriangleFilter()
    triangles.PassVertsOff()
    triangles.PassLinesOff()
    triangles.SetInputData(surface)
    triangles.Update()
    surface = triangles.GetOutput()
    if not surface.GetNumberOfPolys():
        raise SceneError("'{name}' has no triangles, only points: export the scan as a surface.", name=node.GetName())
    faces = vtk_to_numpy(surface.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    return vtk_to_numpy(surface.GetPoints().GetData()).astype(float), faces.astype(np.int32)


def write_model(mesh: tuple[np.ndarray, np.ndarray], matrix: np.ndarray, path: Path) -> Path:
    """Write a model's vertices and triangles, moved into the world by a (4, 4) matrix."""
    from ..files.meshes import write_vtp

    vertices, faces = mesh
    if not np.array_equal(matrix, np.eye(4)):
        vertices = vertices @ matrix[:3, :3].T + matrix[:3, 3]
    write_vtp(path, vertices, faces, {}, {})
    return path
