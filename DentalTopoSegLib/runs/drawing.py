"""Runs that draw: the picture of a label map on its scan."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ..errors import InputError, UsageError
from ..files.label_maps import read_fdi_labels
from ..files.transactions import all_or_nothing, keep_inputs, require_file_name, require_writable
from ..files.volumes import notes_on_places, read_volume


def draw_picture(
    image: str | os.PathLike[str],
    labels: str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    numbering: str | None = None,
    series: str | None = None,
    orientation: str | None = None,
) -> list[str]:
    """Write the picture of a label map on its scan, a PNG with slices and views.

    Parameters
    ----------
    image : path
        The scan: a file or a DICOM folder.
    labels : path
        The label map.
    path : path
        The picture, which must end in ".png".
    numbering : str, optional
        What the label values mean, one of `dentition.LABEL_NUMBERINGS`; None: the tooth codes of a .seg.nrrd, else FDI.
    series : str, optional
        The DICOM series to take: its number or the end of its id.
    orientation : str, optional
        Of files that do not say where left and right are; as in `files.volumes.read_volume`.

    Returns
    -------
    list of str
        Warnings about the files.

    Raises
    ------
    InputError
        Where the labels lie elsewhere than the scan, where the picture would replace one of the two, and for what can
        be drawn with no other.
    OutputError
        For everything the disk refuses.
    UsageError
        For another ending.
    """
    from ..pictures.volumes import overlay_png

    if Path(path).suffix.lower() != ".png":
        raise UsageError(f"'{path}' cannot be written: its name must end in .png.")
    require_file_name(path)
    path = Path(path).absolute()
    keep_inputs((image, labels), path.parent, [path.name])
    require_writable(path.parent)
    volume, warnings = read_volume(image, series=series, orientation=orientation)
    fdi, more = read_fdi_labels(labels, numbering, orientation)
    lower, upper = volume.ras_bounds()
    other_lower, other_upper = fdi.ras_bounds()
    if np.any(other_upper < lower) or np.any(other_lower > upper):
        raise InputError(f"'{labels}' and '{image}' do not overlap in space: they belong to different scans.")
    warnings += more + notes_on_places(volume, fdi)
    with all_or_nothing(path.parent, (image, labels)) as stage:
        overlay_png(volume, fdi, stage / path.name, title=volume.name)
    return warnings
