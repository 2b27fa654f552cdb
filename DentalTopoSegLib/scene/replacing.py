"""What a run put in place of the teeth of a segmentation that was there already, so that one undo takes it back."""

from __future__ import annotations

from typing import Any

from ..dentition.words import Sentence

#: (segmentation node, its vtkSegmentation before); the review of that node takes it over.
_REPLACED: list[tuple[Any, Any]] = []
SENTENCE = Sentence("Put the teeth of the new segmentation in place of those before")


def remember_undo(node: Any, before: Any) -> None:
    """Keep what a segmentation was; what nodes that are gone were is forgotten."""
    _REPLACED[:] = [(one, kept) for one, kept in _REPLACED if one.GetScene() is not None]
    _REPLACED.append((node, before))


def take_undo(node: Any) -> list[Any]:
    """What a segmentation was before each replacement since the last call, the oldest first."""
    mine = [kept for one, kept in _REPLACED if one is node]
    _REPLACED[:] = [(one, kept) for one, kept in _REPLACED if one is not node]
    return mine
