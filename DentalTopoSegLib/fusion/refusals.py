"""What is no scan of this patient's jaw."""

from __future__ import annotations

from ..errors import InputError
from .pose import Pose

#: Shares of places that fit (`pose.FITS_MM`), and medians of the distances, between the scans of the same phantom and
#: those of others whose teeth were put into the very same arch: docs/fusion.md.
LEAST_INLIERS = 0.75
MOST_MEDIAN_MM = 0.15


def refuse_pose(pose: Pose, name: str, jaw: str) -> None:
    """Refuse a scan that does not fit the CBCT.

    Parameters
    ----------
    pose : Pose
        The best that was found.
    name, jaw : str
        The scan, and which jaw it is.

    Raises
    ------
    InputError
        Where its crowns are not those of the CBCT.
    """
    if pose.inliers >= LEAST_INLIERS and pose.median_mm <= MOST_MEDIAN_MM:
        return
    raise InputError(
        f"'{name}' does not fit the {jaw} jaw of the CBCT: at best {pose.inliers:.0%} of its crowns' surface lies on "
        f"the CBCT's teeth ({LEAST_INLIERS:.0%} is the least), half of it nearer than {pose.median_mm:.2f} mm "
        f"({MOST_MEDIAN_MM:g} mm is the most). Is it the same patient, at about the same time?"
    )
