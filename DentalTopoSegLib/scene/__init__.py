"""The MRML side: volume or model nodes in, numbered teeth and their findings in the scene out. No Qt.

Runs identically in Slicer 5.10 or later and on the slicer-core wheel; the only part of the library that imports slicer.
Every function works on the scene of the nodes it is given, never on a global one. In one run::

    job = prepare_job([volume_node], threads=2)          # the scene is not touched
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

_HOME = {
    "NodeGoneError": "nodes",
    "SceneError": "nodes",
    "SceneJob": "jobs",
    "add_surface": "loading",
    "add_volume": "loading",
    "prepare_job": "jobs",
    "SceneResult": "results",
    "add_result": "results",
    "add_segmentation": "results",
    "NUMBERINGS": "..dentition.naming",
    "sentence": "..dentition.naming",
    "tooth_text": "..dentition.naming",
    "tooth_title": "..dentition.naming",
    "register_terminology": "terminology",
    "tooth_color_node": "terminology",
    "Look": "views",
    "look_at": "views",
    "Rechecked": "review",
    "Review": "review",
    "ReviewedFinding": "review",
    "ToothState": "review",
    "review_of": "review",
    "is_reviewable": "review",
}

__all__ = sorted(_HOME)


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOME[name]}".replace("...", ".."), __name__), name)
