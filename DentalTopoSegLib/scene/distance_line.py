"""The lines of what is looked at: those of a tooth to the nerve canal or sinus, or that of a finding."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks.findings import Finding
from ..checks.findings.nearness import ROOT, shown_uncertainty
from ..checks.measures.surroundings import SINUSES, Clearance
from ..dentition.words import Sentence, Template
from ..reports.around import UNSEEN
from .nodes import nodes_of, place_beside, remove_node
from .views import PANORAMIC_TAG

_RGB = (1.0, 0.1, 0.1)
#: Ends of two lines that are nearer than this are those of one line: reports and findings keep hundredths, mm.
_SAME_MM = 0.03
#: In slices so far from a line it is drawn in full, and from the second length on not at all, mm.
_FADES_MM = (2.0, 12.0)
#: Views go to where a tooth is nearest; of a longer line they would leave the tooth, mm.
_NEAR_MM = 6.0

TO_CANAL = Template("{mm:.1f} mm ± {unsure:.1f} mm to the nerve canal")
TO_SINUS = Template("{mm:.1f} mm ± {unsure:.1f} mm to the maxillary sinus")
ROOT_TO_CANAL = Template("{root:words} root: {mm:.1f} mm ± {unsure:.1f} mm to the nerve canal")
ROOT_TO_SINUS = Template("{root:words} root: {mm:.1f} mm ± {unsure:.1f} mm to the maxillary sinus")
LENGTH = Template("{mm:.1f} mm")
NO_DISTANCE = Template("no distance, because {why:words}")
ROOT_NO_DISTANCE = Template("{root:words} root: no distance, because {why:words}")


@dataclass(frozen=True)
class Distance:
    """A line in the world and what it is called.

    Parameters
    ----------
    sentence : Sentence
        The distance with its uncertainty; of what was not seen, why there is none.
    ends : pair of (x, y, z), or None
        RAS mm, from the tooth on; None where no distance was measured.
    """

    sentence: Sentence
    ends: tuple[tuple[float, float, float], tuple[float, float, float]] | None

    def is_line_of(self, other: Distance) -> bool:
        """Whether both are one line."""
        if self.ends is None or other.ends is None:
            return False
        return all(math.dist(*pair) <= _SAME_MM for pair in zip(self.ends, other.ends, strict=True))


def distances_of_tooth(clearances: Sequence[Clearance]) -> list[Distance]:
    """What is told of a tooth: the distance of each root, the nearest first; of its crown only where nothing of the
    tooth is nearer."""
    return [_distance(one) for i, one in enumerate(clearances) if i == 0 or one.root]


def _distance(near: Clearance) -> Distance:
    root = ROOT.get(near.root)
    if near.unseen:
        why = UNSEEN[near.unseen]()
        return Distance(NO_DISTANCE(why=why) if root is None else ROOT_NO_DISTANCE(why=why, root=root()), None)
    ends = _point(near.line.start), _point(near.line.end)
    return Distance(_words(near.key, near.line.length_mm, near.uncertainty_mm, near.root), ends)


def nearest_place(distances: Sequence[Distance]) -> tuple[float, float, float] | None:
    """The middle of a tooth's shortest measured distance, world RAS mm; None where nothing is near, or was measured."""
    ends = next((one.ends for one in distances if one.ends is not None), None)
    if ends is None or math.dist(*ends) > _NEAR_MM:
        return None
    return _point(np.mean(ends, axis=0))


def distance_of_finding(finding: Finding) -> Distance | None:
    """The line that a finding measured; None of one that measured none."""
    detail = finding.detail
    if not detail.get("line_ras"):
        return None
    start, end = (_point(one) for one in detail["line_ras"])
    if "uncertainty_mm" in detail:
        words = _words(detail["structure"], detail["mm"], detail["uncertainty_mm"], detail.get("root", ""))
    else:
        words = LENGTH(mm=math.dist(start, end))
    return Distance(words, (start, end))


def _words(key: str, mm: float, uncertainty_mm: float, root: str) -> Sentence:
    of_tooth, of_root = (TO_SINUS, ROOT_TO_SINUS) if key in SINUSES else (TO_CANAL, ROOT_TO_CANAL)
    unsure = shown_uncertainty(uncertainty_mm)
    if root in ROOT:
        return of_root(mm=mm, unsure=unsure, root=ROOT[root]())
    return of_tooth(mm=mm, unsure=unsure)


def _point(place: Iterable[float]) -> tuple[float, float, float]:
    x, y, z = (float(c) for c in np.asarray(place, float))
    return x, y, z


class DistanceLines:
    """The lines that are shown. They are in the scene only as long as they are shown, and are not saved with it."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []

    def show(self, owner: Any, lines: Sequence[tuple[tuple[tuple[float, ...], ...], str]]) -> list[Any]:
        """Show these lines (ends, words) beside a node in place of those shown before.

        Parameters
        ----------
        owner : vtkMRMLNode
            What they were measured on.
        lines : sequence of (ends, str)
            The two ends, world RAS mm, and the label. Lines of one tooth lie so close that their labels would lie upon
            one another: the first line has the words of all, each in a row.

        Returns
        -------
        list of vtkMRMLMarkupsLineNode
            A node for each line.
        """
        self.clear()
        if not lines:
            return []
        label = "\n".join(words for _, words in lines)
        for ends, words in lines:
            self.nodes.append(_new_line(owner, ends, label, words))
            label = ""
        return list(self.nodes)

    def clear(self) -> None:
        """Take all of them out of the scene; what is gone already, is."""
        nodes, self.nodes = self.nodes, []
        for node in nodes:
            if node.GetScene() is not None:
                remove_node(node)


def _new_line(owner: Any, ends: Sequence[Sequence[float]], label: str, words: str) -> Any:
    import slicer

    scene = owner.GetScene()
    line = slicer.vtkMRMLMarkupsLineNode()
    line.SetName(words)
    line.SetSaveWithScene(False)
    scene.AddNode(line)
    line.CreateDefaultDisplayNodes()
    place_beside(line, owner)
    shown = line.GetDisplayNode()
    shown.SetSaveWithScene(False)
    shown.SetSelectedColor(*_RGB)
    shown.SetColor(*_RGB)
    shown.SetUseGlyphScale(False)
    shown.SetGlyphSize(0.6)
    shown.SetTextScale(2.2)
    shown.SetOccludedVisibility(True)
    shown.SetOccludedOpacity(0.6)
    shown.SetPropertiesLabelVisibility(False)  # it is the bare length
    shown.SetPointLabelsVisibility(True)
    shown.SetSliceProjection(True)  # a slice seldom holds both ends
    shown.SetSliceProjectionUseFiducialColor(True)
    shown.SetSliceProjectionOpacity(1.0)
    shown.SetLineColorFadingStart(_FADES_MM[0])
    shown.SetLineColorFadingEnd(_FADES_MM[1])
    # the panoramic view shows another place, on which the line would only seem to lie
    views = [view for kind in ("vtkMRMLSliceNode", "vtkMRMLViewNode") for view in nodes_of(scene, kind)]
    if any(view.GetLayoutName() == PANORAMIC_TAG for view in views):
        shown.SetViewNodeIDs([view.GetID() for view in views if view.GetLayoutName() != PANORAMIC_TAG])
    for i, (end, said) in enumerate(zip(ends, ("", label), strict=True)):
        line.AddControlPointWorld(*end)
        line.SetNthControlPointLabel(i, said)
        line.SetNthControlPointDescription(i, words)
    line.SetLocked(True)
    return line
