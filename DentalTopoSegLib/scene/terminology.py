"""The teeth in Slicer's terminologies and colour tables."""

from __future__ import annotations


def register_terminology(logic: object) -> str:
    """Load the tooth terminology (52 types) into a vtkSlicerTerminologiesModuleLogic; returns its context name.

    In Slicer: ``register_terminology(slicer.modules.terminologies.logic())`` once the application is up. Safe to call
    twice. Raises SceneError when the file is absent or refused.
    """
    raise NotImplementedError


def tooth_color_node(scene: object) -> object:
    """The scene's own colour table "DentalTopoSeg teeth" (index = FDI number, 0 = gum), made when absent."""
    raise NotImplementedError
