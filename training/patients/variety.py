"""Which groups of nature's variety the phantoms show, so that each can be left out and its worth measured."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, fields, replace


@dataclass(frozen=True)
class Variety:
    """Groups of what differs between people and scanners; a group left out is drawn as its plainest case.

    Attributes
    ----------
    roots : bool
        Length, width, bends, trunk and resorption of roots (whose roots they are, the cache of dentitions says).
    restorations : bool
        Metal crowns, bridges, posts, inlays, retainers, plates and screws, bite blocks, implants of several makes.
    disease : bool
        Caries, lesions at the apex, calculus, bone loss, dehiscences.
    scanner : bool
        Motion, double contours, rings, cone-beam artefacts, multi-slice CT.
    fields : bool
        Small and truncated fields of view, matter outside of the field.
    extractions : bool
        Teeth taken out or never formed whose gaps have closed.
    """

    roots: bool = True
    restorations: bool = True
    disease: bool = True
    scanner: bool = True
    fields: bool = True
    extractions: bool = True

    def without(self, *groups: str) -> Variety:
        """The same without some groups, named as the attributes."""
        return replace(self, **dict.fromkeys(groups, False))


FULL = Variety()
GROUPS = tuple(field.name for field in fields(Variety))


def add_variety_argument(parser: argparse.ArgumentParser) -> None:
    """`--without GROUP ...` of a command that draws phantoms."""
    parser.add_argument("--without", nargs="+", choices=GROUPS, default=(), help="groups of variety to leave out")
