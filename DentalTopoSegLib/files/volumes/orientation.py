"""Where left and right are: said by the file, chosen between two statements of it, or told by whoever knows.

A voxel axis is named by the side of the patient to which it runs: "LPS" are columns to the left, rows to the back
(posterior), slices to the top (superior), as scanners export DICOM; "RAS" is what NIfTI calls canonical.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...errors import InputError, UsageError
from .grid import Volume
from .header import Place, VolumeHeader

#: The two statements of a NIfTI header, as choices.
FORMS = ("sform", "qform")
_SIDES = {"L": (0, 1.0), "R": (0, -1.0), "P": (1, 1.0), "A": (1, -1.0), "S": (2, 1.0), "I": (2, -1.0)}
_TOWARDS = {"L": "left", "R": "right", "P": "back", "A": "front", "S": "top", "I": "bottom"}
# Rounding of a place in a file's single precision stays below.
_SAME_PLACE_MM = 0.05
_OPTION = "--orientation"
_HOW = (
    f"say it with {_OPTION} and three letters for the sides of the patient to which columns, rows and slices run, such "
    f"as {_OPTION} LPS (left, back, top), if you know it from the program that made it"
)


def require_orientation(word: str | None) -> None:
    """UsageError for what is neither None, three letters for three axes, nor one of `FORMS`."""
    if word is None or word in FORMS:
        return
    if len(word) != 3 or {_SIDES[c][0] for c in word if c in _SIDES} != {0, 1, 2}:
        raise UsageError(
            f"The orientation ({_OPTION}) '{word}' is unknown: give three letters, one each of L or R, P or A, S or I, "
            "such as LPS or RAS, or sform or qform."
        )


def directions_of(word: str) -> np.ndarray:
    """(3, 3) matrix whose columns are the LPS directions of the x, y, z index axes; word: "LPS", "RAS", ..."""
    matrix = np.zeros((3, 3))
    for axis, letter in enumerate(word):
        side, sign = _SIDES[letter]
        matrix[side, axis] = sign
    return matrix


def orientation_of(direction: tuple[float, ...] | np.ndarray) -> str:
    """The letters of the sides to which the axes of a direction matrix (LPS, row-major) run most nearly."""
    matrix = np.reshape(direction, (3, 3)).copy()
    letters = ["", "", ""]
    for _ in range(3):  # the surest first, so that no side is named twice
        side, axis = np.unravel_index(np.abs(matrix).argmax(), matrix.shape)
        letters[axis] = next(
            c for c, (s, sign) in _SIDES.items() if s == side and (matrix[side, axis] < 0) != (sign > 0)
        )
        matrix[side, :], matrix[:, axis] = 0.0, 0.0
    return "".join(letters)


def same_sides(one: Place, other: Place) -> bool:
    """Whether both tell the same left and right, front and back, top and bottom."""
    turn = np.reshape(one.direction, (3, 3)) @ np.linalg.inv(np.reshape(other.direction, (3, 3)))
    return bool(np.linalg.det(turn) > 0 and turn.diagonal().min() > np.cos(np.pi / 4))


def resolve(header: VolumeHeader, orientation: str | None) -> tuple[VolumeHeader, list[str]]:
    """The header with the place that holds, and what to tell of it.

    Parameters
    ----------
    header : VolumeHeader
        What the file says.
    orientation : str, optional
        What the user says: three letters, "sform" or "qform".

    Returns
    -------
    header : VolumeHeader
        With a place that the file or the user states.
    notes : list of str
        In plain words.

    Raises
    ------
    InputError
        Where nobody says where left and right are, and where a file says it twice and differently.
    """
    require_orientation(orientation)
    if header.unplaced:
        return _by_letters(header, None if orientation in FORMS else orientation)
    if not header.forms:
        own = orientation_of(header.direction)
        return header, [*header.notes, *not_used(orientation, own)]
    if orientation in header.forms:
        return _by_form(header, orientation or "")
    fitting = [word for word, place in header.forms.items() if orientation_of(place.direction) == orientation]
    if len(fitting) == 1 and header.doubt:
        return _by_form(header, fitting[0])
    if header.doubt:
        raise InputError(f"'{header.path}' {header.doubt}")
    return header, [*header.notes, *not_used(orientation, orientation_of(header.direction))]


def not_used(orientation: str | None, own: str) -> list[str]:
    """The note where the user's word is not what the file says itself, which holds."""
    if orientation in (None, own) or orientation in FORMS:
        return []
    return [f"The file says itself how its voxels run ({own}): {_OPTION} {orientation} was not used."]


def notes_on_places(scan: Volume, labels: Volume) -> list[str]:
    """What to tell of a label map that has its scan's voxels at another place, in plain words."""
    if labels.shape != scan.shape or labels.same_grid(scan, _SAME_PLACE_MM):
        return []
    corners = np.array([[0, 0, 0], np.asarray(scan.shape) - 1])
    apart = np.linalg.norm(scan.index_to_ras(corners) - labels.index_to_ras(corners), axis=1).max()
    return [
        f"The label map has the scan's numbers of voxels but lies up to {apart:.3g} mm from it: one of the two was "
        "written by a program that takes another statement of its place."
    ]


def _by_form(header: VolumeHeader, form: str) -> tuple[VolumeHeader, list[str]]:
    place = header.forms[form]
    placed = replace(
        header,
        spacing=place.spacing,
        origin=place.origin,
        direction=place.direction,
        orientation_stated=form,
    )
    return placed, [f"Where the scan lies was taken from the file's {form}, as you said."]


def _by_letters(header: VolumeHeader, orientation: str | None) -> tuple[VolumeHeader, list[str]]:
    if orientation is None:
        raise InputError(f"'{header.path}' does not say where left and right are ({header.unplaced}): {_HOW}.")
    directions = directions_of(orientation)
    own = np.reshape(header.direction, (3, 3))
    origin = directions @ np.linalg.solve(own, header.origin) if abs(np.linalg.det(own)) > 0.5 else np.zeros(3)
    x, y, z = (float(v) + 0.0 for v in origin)
    words = ", ".join(_TOWARDS[letter] for letter in orientation)
    note = (
        f"The file does not say where left and right are ({header.unplaced}); by your word ({orientation}) columns, "
        f"rows and slices run to the {words}."
    )
    direction = tuple((directions + 0.0).ravel().tolist())
    placed = replace(header, origin=(x, y, z), direction=direction, orientation_stated=orientation)
    return placed, [*header.notes, note]
