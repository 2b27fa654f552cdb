"""The MRML side: volume or model nodes in, numbered teeth and their findings in the scene out; may import every room.

No Qt, and the only part of the library that imports slicer: 5.10 or later, or its slicer-core wheel alone.
Every function works on the scene of the nodes it is given, never on a global one. In one run::

    job = prepare_job([volume_node], RunOptions(threads=2))  # the scene is not touched
    ... run the worker on job.path; job.cancel_file stops it ...
    result = add_result(job, numbering="FDI")            # all nodes or none
    job.discard()                                        # always, also after a cancelled or failed run

    review = review_of(result.node)                      # teeth, findings, edits of one result
    for item in review.findings():
        print(item.severity, item.sentence, item.state)
    look_at(review.look(item.key), scene)                # slices and cameras go there
    review.emphasise(item.teeth)                         # the other teeth fade; review.restore()
    review.repair(item.key); review.undo()
    review.recheck()                                     # after edits: only the teeth that changed

A node that is gone (scene cleared, node deleted) raises `NodeGoneError`; nothing is left dangling.
"""

from __future__ import annotations

import importlib
from typing import Any

from ..dentition.naming import NUMBERINGS, tooth_text, tooth_title

#: Where each name lives; read when it is first asked for, so that Slicer starts without what a session may never need.
_HOME = {
    "NodeGoneError": "nodes",
    "SceneError": "nodes",
    "SceneJob": "jobs",
    "add_surface": "loading",
    "add_volume": "loading",
    "prepare_job": "jobs",
    "SceneResult": "results",
    "FusionJob": "fusion_jobs",
    "prepare_fusion": "fusion_jobs",
    "SceneFusion": "fusions",
    "add_fusion": "fusions",
    "fused_rows": "fusions",
    "add_result": "results",
    "add_segmentation": "results",
    "register_color_table": "terminology",
    "register_terminology": "terminology",
    "tooth_color_node": "terminology",
    "Look": "views",
    "look_at": "views",
    "Rechecked": "review_items",
    "Review": "review",
    "ReviewedFinding": "review_items",
    "ToothState": "review_items",
    "review_of": "reviews",
    "is_reviewable": "reviews",
}

__all__ = ["NUMBERINGS", *_HOME, "tooth_text", "tooth_title"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
