"""missing_tooth: gaps in the numbers, closed spaces, the end of a row, jaws without teeth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any

from ....dentition import arch_order, crown_width_mm, is_deciduous, jaw, position
from ....dentition.words import Sentence, Template
from ...measures.case import DentitionCase
from ...measures.jaw import JawCase
from ...measures.label_map import Case
from ..finding import Finding, Kind
from ..words import JAW

#: A missing tooth's space is closed when less than this share of its crown width is left.
CLOSED_SHARE = 0.4


class MissingTooth(Kind):
    code = "missing_tooth"
    label = Template("missing")
    needs_teeth = False
    plain = Template("{teeth:Teeth} was not found.", "{teeth:Teeth} were not found.")
    gap = Template(
        "{teeth:Teeth} was not found; there is a gap of {gap} mm between {left:tooth} and {right:tooth}.",
        "{teeth:Teeth} were not found; there is a gap of {gap} mm between {left:tooth} and {right:tooth}.",
    )
    closed = Template(
        "{teeth:Teeth} was not found; the space between {left:tooth} and {right:tooth} is closed.",
        "{teeth:Teeth} were not found; the space between {left:tooth} and {right:tooth} is closed.",
    )
    behind = Template(
        "{teeth:Teeth} was not found; {last:tooth} is the last tooth on that side.",
        "{teeth:Teeth} were not found; {last:tooth} is the last tooth on that side.",
    )
    outside = Template(
        "{teeth:Teeth} was not found; the place lies outside the scan.",
        "{teeth:Teeth} were not found; the place lies outside the scan.",
    )
    absent_jaw = Template("No {jaw:words} tooth was found: the {jaw:words} jaw lies outside the scan or has no teeth.")
    bare_scan = Template("No tooth was found on '{name}'.")

    def sentence(self, finding: Finding) -> Sentence:
        detail = finding.detail
        if not finding.teeth:
            if "name" in detail:
                return self.bare_scan(name=detail["name"])
            return self.absent_jaw(jaw=JAW[detail["jaw"]]())
        missed: dict[str, Any] = {"teeth": finding.teeth, "count": len(finding.teeth)}
        if "between" in detail:
            left, right = detail["between"]
            if finding.repair is None:
                return self.closed(**missed, left=left, right=right)
            return self.gap(**missed, left=left, right=right, gap=detail["about_mm"])
        if "behind" in detail:
            return self.behind(**missed, last=detail["behind"])
        return (self.outside if detail.get("outside_scan") else self.plain)(**missed)

    # ------------------------------------------------------------ rule

    def find_after(self, case: DentitionCase, found: Sequence[Finding]) -> Iterator[Finding]:
        """One finding per gap in the numbers of a jaw, or one for a jaw without teeth.

        Absent numbers that another finding suggests for a tooth are not missed, third molars are not expected, nor
        teeth that are stated absent, and where a milk tooth stands its successor is not missed.
        """
        claimed = {finding.detail.get("suggested") for finding in found} - {None}
        for which in case.jaws:
            here = case.teeth_in(which)
            if not here and not case.absent.issuperset(arch_order(which)):
                yield self._none_in(case, which)
            elif here and not all(is_deciduous(fdi) for fdi in here):
                yield from self._gaps(case, which, claimed)

    @staticmethod
    def _counts(case: DentitionCase, fdi: int) -> bool:
        """False for a place that is known to be empty: its neighbours stand side by side."""
        return fdi not in case.absent or not case.measures.keys().isdisjoint((fdi, fdi + 40))

    def _none_in(self, case: DentitionCase, which: str) -> Finding:
        if isinstance(case, JawCase):
            return Finding(self.code, (), None, "warning", None, {"name": case.name})
        return Finding(self.code, (), None, "info", None, {"jaw": which})

    def _gaps(self, case: DentitionCase, which: str, claimed: set[int | None]) -> Iterator[Finding]:
        order = [fdi for fdi in arch_order(which) if self._counts(case, fdi)]
        #: the number under which a place is taken: the tooth itself or its milk tooth
        standing = {place: fdi for place in order for fdi in (place + 40, place) if fdi in case.measures}
        run: list[int] = []
        before: int | None = None
        for place in (*order, None):
            if place is not None and place not in standing:
                run.append(place)
                continue
            gap = tuple(fdi for fdi in run if position(fdi) != 8 and fdi not in claimed)
            after = None if place is None else standing[place]
            if gap and (before or after):
                if any(fdi in claimed for fdi in run):  # another tooth fills a part of the gap: its width would mislead
                    yield Finding(self.code, gap, None, "warning", "add_tooth")
                elif before and after:
                    yield self._between(case, gap, before, after)
                elif before:
                    yield from self._at_the_end(case, gap, before)
                elif after:
                    yield from self._at_the_end(case, gap[::-1], after)
            run, before = [], after

    def _between(self, case: DentitionCase, gap: tuple[int, ...], before: int, after: int) -> Finding:
        space = case.distance_mm(before, after)
        place = case.in_file((case.middle(before) + case.middle(after)) / 2)
        detail = {"space_mm": round(space, 1), "between": sorted((before, after)), "about_mm": round(space)}
        if space < CLOSED_SHARE * min(crown_width_mm(fdi) for fdi in gap):
            return Finding(self.code, gap, place, "info", None, detail)
        return Finding(self.code, gap, place, "warning", "add_tooth", detail)

    def _at_the_end(self, case: DentitionCase, gap: tuple[int, ...], last: int) -> Iterator[Finding]:
        """gap: from the last tooth on. Only what the scan would show is missed."""
        order = arch_order(jaw(last)).index
        if not isinstance(case, Case):  # a scan of a surface simply ends somewhere
            yield Finding(self.code, tuple(sorted(gap, key=order)), None, "info", None, {"behind": last})
            return
        shown = list(takewhile(lambda fdi: case.would_show(last, fdi), gap))
        missed, outside = (tuple(sorted(part, key=order)) for part in (shown, gap[len(shown) :]))
        if missed:
            place = case.place_beside(last, gap[0])
            yield Finding(self.code, missed, place, "warning", "add_tooth", {"behind": last})
        if outside:
            yield Finding(self.code, outside, None, "info", None, {"outside_scan": True})


KIND = MissingTooth()
