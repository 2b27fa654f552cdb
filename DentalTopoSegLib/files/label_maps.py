"""Label maps in FDI numbers: other programs' by a stated numbering or the codes a Slicer file carries; ours out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .. import dentition
from ..dentition import Layout
from ..dentition.label_layouts import FDI as FDI_LAYOUT
from ..dentition.label_names import layout_of_names, structure_of
from ..dentition.structures import BY_VALUE, structure
from ..errors import InputError
from .dicom_seg import is_dicom_seg, read_dicom_seg
from .label_content import LabelMap
from .label_tables import add_names_to_nifti, names_beside, names_in_nifti
from .seg_nrrd import segment_names, segment_numbers
from .structures import with_origin
from .transactions import atomic_path
from .volumes import Volume, read_label_file
from .volumes.writing import write_image


def to_fdi(labels: Volume, mapping: dict[int, int]) -> tuple[Volume, list[int]]:
    """The same grid with FDI numbers (uint8), and the stored values that are no teeth (now background).

    labels: whole numbers 0..65535. mapping: {stored value: FDI number}; several values may mean one tooth.
    """
    present = present_values(labels.array)
    table = np.zeros(int(present.max()) + 1, np.uint8)
    for value, fdi in mapping.items():
        if value < len(table):
            table[value] = fdi
    ignored = [int(v) for v in present if v != 0 and v not in mapping]
    return labels.with_array(table[labels.array]), ignored


def present_values(array: np.ndarray) -> np.ndarray:
    """Sorted values (whole numbers 0..65535) of a label array; slice by slice, as numpy counts in 64-bit copies."""
    seen = np.zeros(65536, bool)
    for part in array:
        seen[part.ravel()] = True
    return np.flatnonzero(seen)


def read_fdi_labels(
    path: str | os.PathLike[str], numbering: str | None = None, orientation: str | None = None
) -> tuple[Volume, list[str]]:
    """Read any label map as FDI numbers.

    Parameters
    ----------
    path : path
        NIfTI, NRRD, MetaImage, .seg.nrrd or DICOM SEG.
    numbering : str, optional
        One of `dentition.LABEL_NUMBERINGS`; None takes what the file says (the tooth codes of a .seg.nrrd or DICOM SEG,
        the names in a NIfTI file or in the dataset.json beside it), else "fdi" where that is no guess.
    orientation : str, optional
        Of a file that does not say where left and right are; as in `volumes.read_volume`.

    Returns
    -------
    labels : Volume
        uint8 FDI numbers (z, y, x), 0 for background.
    warnings : list of str
        About where it lies, what told the meaning of its values, and values that are no teeth.

    Raises
    ------
    InputError
        When no value is a tooth under that numbering, and where the values may mean different teeth; it says which
        numberings would fit.
    """
    read = read_label_map(path, numbering, orientation)
    return read.teeth, [*read.warnings, *left_aside(read.beside)]


def left_aside(names: Sequence[str], why: str = "being no teeth") -> list[str]:
    """What is said of labels of these names that are not kept; nothing of none."""
    return [f"Left aside, {why}: {', '.join(names)}."] if names else []


def read_label_map(
    path: str | os.PathLike[str], numbering: str | None = None, orientation: str | None = None
) -> LabelMap:
    """Read any label map as FDI numbers and structures; parameters and refusals are those of `read_fdi_labels`."""
    if _is_dicom_seg(path):
        if numbering is not None:
            raise InputError(f"'{path}' says itself which teeth it holds: leave out --numbering.")
        return read_dicom_seg(Path(path))
    labels, warnings = read_label_file(path, orientation=orientation)
    layout, used = _layout_of(labels, Path(path), numbering, warnings)
    if layout.groups and not layout.teeth:
        raise GroupedLabelsError(
            f"'{path}' ({used}) has the teeth of a jaw in one label, without numbers: only `check` can say something "
            "of it."
        )
    fdi, ignored = to_fdi(labels, dict(layout.teeth))
    if not fdi.array.any():
        if not ignored:
            return LabelMap(fdi, None, warnings)
        if all(value in layout.others for value in ignored):
            names = ", ".join(layout.others[value] for value in ignored)
            raise InputError(
                f"'{path}' holds no tooth, only what lies around teeth ({names}): give the label map that has the "
                "teeth too."
            )
        shown = _list_text(ignored)
        raise InputError(f"'{path}' holds the values {shown}, no tooth by {used}.{_others_that_fit(ignored, layout)}")
    unknown = [value for value in ignored if value not in layout.others]
    if unknown:
        warnings.append(f"Taken as background, being no teeth by {used}: {_list_text(unknown)}.")
    known = [value for value in ignored if value in layout.others]
    strangers = [layout.others[value] for value in known if value not in layout.structures]
    structures = with_origin(labels).with_array(_structures_in(labels.array, layout))
    beside = [layout.others[value] for value in known]
    return LabelMap(fdi, structures if structures.array.any() else None, warnings, beside, strangers)


def _structures_in(array: np.ndarray, layout: Layout) -> np.ndarray:
    table = np.zeros(65536, np.uint8)
    for value, key in layout.structures.items():
        table[value] = structure(key).value
    return table[: int(array.max()) + 1][array]


def structure_names(structures: Volume) -> list[str]:
    """The names of the structures in a map of them, as clinicians say them."""
    return [BY_VALUE[int(value)].name for value in present_values(structures.array) if value]


class GroupedLabelsError(InputError):
    """A label map whose teeth have no numbers."""


def read_grouped_labels(
    path: str | os.PathLike[str], numbering: str | None = None, orientation: str | None = None
) -> tuple[Volume, Layout, list[str]]:
    """The label map of a program that gives all teeth of a jaw one label, as it is, with what its values mean.

    Parameters
    ----------
    path, numbering, orientation
        As of `read_fdi_labels`; numbering one of `dentition.GROUPED_LAYOUTS`.

    Raises
    ------
    InputError
        As `read_fdi_labels`.
    """
    labels, warnings = read_label_file(path, orientation=orientation)
    layout, _ = _layout_of(labels, Path(path), numbering, warnings)
    return labels, layout, warnings


def _layout_of(labels: Volume, path: Path, numbering: str | None, warnings: list[str]) -> tuple[Layout, str]:
    """What the values mean, and how messages call that; adds a warning where a file's names told it."""
    if numbering is not None:
        return dentition.label_layout(numbering), f"{numbering} numbering"
    codes = segment_numbers(labels.metadata, path)
    if codes:
        others = {value: name for value, name in segment_names(labels.metadata, path).items() if value not in codes}
        meant = {value: key for value, name in others.items() if (key := structure_of(name))}
        return Layout("codes", codes, {value: others[value] for value in meant}, structures=meant), (
            "its segments' tooth codes"
        )
    named, where = _names_of(labels, path)
    if named:
        told = layout_of_names(named)
        if told.teeth or told.groups:
            warnings.append(f"What its values mean was taken from {where}.")
            return told, f"the names in {where}"
    values = [int(value) for value in present_values(labels.array) if value]
    if not FDI_LAYOUT.covers(values):
        _refuse_doubt(path, values)
    return FDI_LAYOUT, "fdi numbering"


def _names_of(labels: Volume, path: Path) -> tuple[dict[int, str], str]:
    """The names of values that come with a label map, and where they stand."""
    own = segment_names(labels.metadata, path)
    if own:
        return own, "its segments' names"
    if path.name.lower().endswith((".nii", ".nii.gz")):
        own = names_in_nifti(path)
        if own:
            return own, "the names in the file"
    beside, file = names_beside(path)
    return beside, f"'{file.name}' beside it" if file else ""


def _refuse_doubt(path: Path, values: list[int]) -> None:
    """Raise InputError where layouts that know all values disagree with FDI numbers about a tooth, or know what lies
    around the teeth where FDI numbers know nothing: nobody guesses."""
    fitting = dentition.layouts_of(values)
    as_fdi = {value: FDI_LAYOUT.teeth.get(value) for value in values}
    if not any(as_fdi.values()) or not fitting:
        return  # refused with a hint, or told as background
    unknown = [value for value in values if value not in FDI_LAYOUT.teeth and value not in FDI_LAYOUT.structures]
    same = all({value: layout.teeth.get(value) for value in values} == as_fdi for layout in fitting)
    if same and not any(value in layout.structures for layout in fitting for value in unknown):
        return
    names = " or ".join(f"--numbering {layout.name}" for layout in fitting)
    raise InputError(
        f"'{path}' holds the values {_list_text(values)}, which are not FDI numbers alone: say what they mean with "
        f"{names}, or --numbering fdi to leave the others out."
    )


def _others_that_fit(values: list[int], used: Layout) -> str:
    fitting = [layout for layout in dentition.layouts_of(values) if layout is not used]
    grouped = dentition.GROUPED_LAYOUTS
    teeth = [f.name for f in fitting if f.name in grouped or any(value in f.teeth for value in values)]
    around = [layout for layout in fitting if layout.name not in teeth]
    said = f" They may be --numbering {' or '.join(teeth)}." if teeth else ""
    for layout in around[:1]:
        said += f" By {layout.name} they are no teeth: {', '.join(layout.others[value] for value in values)}."
    return said


def _is_dicom_seg(path: str | os.PathLike[str]) -> bool:
    return os.path.isfile(path) and is_dicom_seg(Path(path))


def _list_text(values: list[int]) -> str:
    return ", ".join(str(v) for v in values[:8]) + (f" and {len(values) - 8} more" if len(values) > 8 else "")


def structures_without_value(labels: Volume, structures: Volume, numbering: str) -> list[str]:
    """The names of those structures that one map of a numbering cannot hold beside the teeth, or not all of them: those
    it has no value for, and in teeth all but pulps."""
    layout = dentition.label_layout(numbering)
    without = []
    for value in (int(v) for v in present_values(structures.array) if v):
        one, own = BY_VALUE[value], structures.array == value
        teeth = [int(fdi) for fdi in np.unique(labels.array[own])]
        if any(_value_in(layout, one.key, fdi) is None for fdi in teeth):
            without.append(one.name)
    return without


def _value_in(layout: Layout, key: str, fdi: int) -> int | None:
    """The value of a structure in a tooth (0: beside teeth) that does not take the voxel from the tooth."""
    put = layout.value_of_structure(key, fdi)
    return put if put is not None and layout.teeth.get(put, 0) == fdi else None


def write_labelmap(
    labels: Volume, path: str | os.PathLike[str], numbering: str = "fdi", structures: Volume | None = None
) -> Path:
    """Write labels as uint8 on their own grid.

    Parameters
    ----------
    labels : Volume
        FDI numbers (z, y, x).
    path : path
        .nii.gz, or any format by its suffix.
    numbering : str
        One of `dentition.LABEL_NUMBERINGS`: in which values the teeth are written. Other than "fdi" a .nii.gz also
        gets the names of its values, as TotalSegmentator writes them.
    structures : Volume, optional
        What lies around and in the teeth, values of `dentition.structures` on the same grid: written too where the
        numbering has values for them; in teeth pulps alone, for another value would take the voxels from the tooth
        (`structures_without_value` names what is not written).

    Raises
    ------
    InputError
        For a tooth that has no value in that numbering.
    OutputError
        For everything the disk refuses.
    """
    path, layout = Path(path), dentition.label_layout(numbering)
    array = labels.array.astype(np.uint8, copy=False)
    if layout is FDI_LAYOUT and structures is None:
        return write_image(labels.with_array(array).to_sitk(), path)
    teeth = [int(value) for value in present_values(array) if value]
    values = {fdi: value for fdi in teeth if (value := layout.value_of(fdi)) is not None}
    without = [fdi for fdi in teeth if fdi not in values]
    if without:
        raise InputError(f"Tooth {without[0]} has no value in the numbering '{numbering}': choose another.")
    table = np.zeros(256, np.uint8)
    for fdi, value in values.items():
        table[fdi] = value
    written = table[array]
    names = {value: f"{dentition.plain_name(fdi).replace(' ', '_')}_fdi{fdi}" for fdi, value in values.items()}
    if structures is not None:
        names |= _put_structures(written, array, structures.array, layout)
    if layout is FDI_LAYOUT:
        return write_image(labels.with_array(written).to_sitk(), path)
    with atomic_path(path) as temporary:
        write_image(labels.with_array(written).to_sitk(), temporary)
        if path.name.lower().endswith(".nii.gz"):
            add_names_to_nifti(temporary, names)
    return path


def _put_structures(written: np.ndarray, teeth: np.ndarray, structures: np.ndarray, layout: Layout) -> dict[int, str]:
    """Put structures into values that are to be written; returns the names of the values they got."""
    names: dict[int, str] = {}
    for value in (int(v) for v in present_values(structures) if v):
        one, own = BY_VALUE[value], structures == value
        for fdi in (int(v) for v in np.unique(teeth[own])):
            put = _value_in(layout, one.key, fdi)
            if put is not None:
                written[own & (teeth == fdi)] = put
                of = f"{dentition.plain_name(fdi)} {one.key}_fdi{100 + fdi}" if fdi else one.name
                names[put] = of.replace(" ", "_")
    return names
