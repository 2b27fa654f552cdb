"""The line of the finding that is looked at, such as that from a root to the nerve canal."""

from __future__ import annotations

from typing import Any

from ..checks.findings import Finding
from .nodes import place_beside

LINE_ROLE = "DentalTopoSeg.line"
_RGB = (1.0, 0.1, 0.1)


def ends_of(finding: Finding) -> tuple[tuple[float, float, float], tuple[float, float, float]] | None:
    """The two ends (world RAS mm) of the line that a finding measured; None of one that measured none."""
    ends = finding.detail.get("line_ras")
    if not ends:
        return None
    (a, b, c), (d, e, f) = ends
    return (float(a), float(b), float(c)), (float(d), float(e), float(f))


def show_line(owner: Any, finding: Finding | None, words: str = "") -> Any:
    """Show a finding's line beside the node that is reviewed, in all views with its length, or hide the one shown.

    Parameters
    ----------
    owner : vtkMRMLSegmentationNode or vtkMRMLModelNode
        It refers to the line, which is made when first needed.
    finding : Finding or None
        None, or one that measured no line, hides it.
    words : str
        What the finding says, as its points' description.

    Returns
    -------
    vtkMRMLMarkupsLineNode or None
        None where there never was one.
    """
    line = owner.GetNodeReference(LINE_ROLE)
    ends = None if finding is None else ends_of(finding)
    if ends is None:
        if line is not None:
            line.SetDisplayVisibility(False)
        return line
    if line is None:
        line = owner.GetScene().AddNewNodeByClass("vtkMRMLMarkupsLineNode", f"{owner.GetName()} distance")
        line.CreateDefaultDisplayNodes()
        place_beside(line, owner)
        shown = line.GetDisplayNode()
        shown.SetSelectedColor(*_RGB)
        shown.SetColor(*_RGB)
        shown.SetUseGlyphScale(False)
        shown.SetGlyphSize(0.6)
        shown.SetTextScale(2.2)
        shown.SetOccludedVisibility(True)
        shown.SetOccludedOpacity(0.6)
        shown.SetPropertiesLabelVisibility(True)
        owner.SetNodeReferenceID(LINE_ROLE, line.GetID())
    modifying = line.StartModify()
    try:
        line.RemoveAllControlPoints()
        for i, end in enumerate(ends):
            line.AddControlPointWorld(*end)
            line.SetNthControlPointLabel(i, "")
            line.SetNthControlPointDescription(i, words)  # the node's own is Slicer's: the length
        line.SetLocked(True)
        line.SetDisplayVisibility(True)
    finally:
        line.EndModify(modifying)
    return line
