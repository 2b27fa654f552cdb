"""From a finished job to nodes: a segmentation with one segment per tooth, or surfaces coloured by tooth."""

from __future__ import annotations

from dataclasses import dataclass

from .jobs import SceneJob


@dataclass
class SceneResult:
    """nodes: the segmentation node, or one coloured model node per jaw; findings and table: the nodes that list what
    was found. report: the worker's JSON report. warnings: sentences for the user."""

    nodes: tuple[object, ...]
    points: object
    table: object
    report: dict
    warnings: tuple[str, ...]

    @property
    def node(self) -> object:
        """The segmentation node, or the first jaw's model node."""
        return self.nodes[0]


def add_result(job: SceneJob, *, numbering: str = "FDI", name: str | None = None) -> SceneResult:
    """Put the result of a finished worker into the scene, beside its source in the subject hierarchy.

    numbering: "FDI", "Universal" or "Palmer". name: of the result node, "<source> teeth" by default. All nodes or
    none. Raises NodeGoneError when the source was deleted meanwhile, SceneError when the output is incomplete.
    """
    raise NotImplementedError
