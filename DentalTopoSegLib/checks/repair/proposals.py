"""What a repair is, every repair there is, and which of them a finding calls for. Tables and words only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ...dentition import arch_order, flipped_jaw, is_deciduous, is_tooth, is_upper, jaw, mirrored
from ...errors import InputError
from ..findings import Finding
from ..findings.finding import teeth_text

Place = tuple[float, float, float]


@dataclass(frozen=True)
class Repair:
    """One change of the labels, not yet made.

    kind: what is done, the name of the function here that makes it. teeth: the FDI numbers it touches, () for all.
    title: what it does, in plain words. arguments: what it needs to know. safe: it mends a shape and changes no
    number, so that it may be done without looking (`remove_pieces`, `fill`, `close_tunnels` as findings propose them).
    """

    kind: str
    teeth: tuple[int, ...]
    title: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    safe: bool = False

    @property
    def needs_number(self) -> bool:
        """True when the user has to choose a number first; see `with_number`."""
        return "to" in self.arguments and self.arguments["to"] is None

    def with_number(self, fdi: int) -> Repair:
        """The repair with the number chosen. Raises InputError for what is no FDI tooth, or where none is needed."""
        if not self.needs_number:
            raise InputError(f"No number is needed to do this: {self.title.lower()}.")
        arguments = {**self.arguments, "to": _tooth(fdi)}
        if self.kind == "renumber":
            return renumber(self.teeth[0], fdi)
        return replace(self, title=f"{self.title.removesuffix(' a number of its own')} the number {fdi}",
                       arguments=arguments)  # fmt: skip


class NumberTakenError(InputError):
    """The number is another tooth's. swap: the repair that exchanges the two, or None where it makes no sense."""

    def __init__(self, message: str, swap: Repair | None) -> None:
        super().__init__(message)
        self.swap = swap


def _tooth(fdi: int) -> int:
    if not is_tooth(fdi):
        raise InputError(f"{fdi} is not an FDI tooth number: use 11-48, or 51-85 for milk teeth.")
    return int(fdi)


# ---------------------------------------------------------------- every repair there is: shapes


def remove_pieces(fdi: int, places: Iterable[Place] | None = None) -> Repair:
    """Keep the largest piece of the tooth. places: only the pieces whose centres these are (RAS mm) go."""
    arguments = {} if places is None else {"places": [tuple(map(float, place)) for place in places]}
    return Repair("remove_pieces", (_tooth(fdi),), f"Remove the small pieces of tooth {fdi}", arguments)


def remove_specks(teeth: Iterable[int]) -> Repair:
    """Surfaces: take away all specks of tooth numbers that lie loose."""
    numbers = tuple(map(_tooth, teeth))
    return Repair("remove_specks", numbers, f"Remove the loose specks of {teeth_text(numbers).lower()}")


def join_pieces(fdi: int) -> Repair:
    """Draw what lies between the pieces of the tooth."""
    return Repair("join_pieces", (_tooth(fdi),), f"Join the pieces of tooth {fdi}")


def fill(fdi: int) -> Repair:
    """Fill the hollows inside a tooth; on surfaces the patches of gum."""
    return Repair("fill", (_tooth(fdi),), f"Fill what is hollow in tooth {fdi}")


def close_tunnels(fdi: int) -> Repair:
    """Close the holes that run through a tooth."""
    return Repair("close_tunnels", (_tooth(fdi),), f"Close the hole through tooth {fdi}")


def split(fdi: int, other: int) -> Repair:
    """Cut a tooth in two at its narrowest place; the half on that side becomes `other`."""
    return Repair("split", (_tooth(fdi), _tooth(other)), f"Split tooth {fdi} into {fdi} and {other}")


def separate(a: int, b: int) -> Repair:
    """Leave one voxel free between two teeth wherever they touch."""
    return Repair("separate", (_tooth(a), _tooth(b)), f"Leave a gap between teeth {a} and {b}")


def merge(part: int, whole: int) -> Repair:
    """Give the pieces of `part` that touch tooth `whole` to it."""
    title = f"Add what touches tooth {whole} under the number {part} to tooth {whole}"
    return Repair("merge", (_tooth(part), _tooth(whole)), title)


def delete(fdi: int) -> Repair:
    """Take a tooth out, as one that is none."""
    return Repair("delete", (_tooth(fdi),), f"Remove tooth {fdi}: it is no tooth")


def delete_piece(fdi: int | None, place: Place) -> Repair:
    """Take out the one piece of a tooth whose centre is at `place`; None: an object without a number (surfaces)."""
    title = f"Remove the second tooth {fdi}: it is no tooth" if fdi else "Remove what has no number: it is no tooth"
    return Repair("delete_piece", (_tooth(fdi),) if fdi else (), title, {"place": tuple(map(float, place))})


# ---------------------------------------------------------------- every repair there is: numbers


def renumber(fdi: int, to: int | None = None) -> Repair:
    """Give a tooth another number; None: the user will choose it."""
    if to is None:
        return Repair("renumber", (_tooth(fdi),), f"Give tooth {fdi} another number", {"to": None})
    return Repair("renumber", (_tooth(fdi),), f"Give tooth {fdi} the number {_tooth(to)}", {"to": int(to)})


def renumber_piece(fdi: int | None, place: Place, to: int | None = None) -> Repair:
    """Give the piece of a tooth whose centre is at `place` a number of its own; fdi None: an object without one."""
    what = f"the second tooth {fdi}" if fdi else "what has no number"
    title = f"Give {what} {'a number of its own' if to is None else f'the number {_tooth(to)}'}"
    return Repair("renumber_piece", (_tooth(fdi),) if fdi else (), title, {"place": tuple(map(float, place)), "to": to})


def swap(a: int, b: int) -> Repair:
    """Exchange two numbers."""
    return Repair("swap", (_tooth(a), _tooth(b)), f"Exchange the numbers {a} and {b}")


def renumber_run(numbers: Mapping[int, int]) -> Repair:
    """Give several teeth other numbers at once, {number: new number}; the new ones must be free or given away."""
    changed = {_tooth(old): _tooth(new) for old, new in numbers.items() if old != new}
    if not changed or len(set(changed.values())) < len(changed):
        raise InputError("Give every tooth a number of its own, and at least one of them another than it has.")
    words = ", ".join(f"{old} becomes {new}" for old, new in sorted(changed.items()))
    return Repair("renumber_run", tuple(sorted(changed)), f"Renumber as they stand: {words}", {"numbers": changed})


def swap_sides(which: str | None = None) -> Repair:
    """Exchange left and right of all teeth, or of the "upper" or "lower" ones."""
    title = f"Exchange left and right for all {which + ' ' if which else ''}teeth"
    return Repair("swap_sides", (), title, {"jaw": which})


def swap_jaws() -> Repair:
    """Exchange upper and lower for all teeth."""
    return Repair("swap_jaws", (), "Exchange upper and lower for all teeth")


# ---------------------------------------------------------------- what a finding calls for


def proposed(finding: Finding, others: Iterable[Finding] = ()) -> list[Repair]:
    """The repairs that would settle a finding, the most likely first; none where only a person can.

    others: the findings of the same check, which sometimes tell one repair from another. Repairs that need a number
    (`Repair.needs_number`) come last.
    """
    make = _PROPOSALS.get(finding.repair or "")
    return make(finding, list(others)) if make else []


def _safe(repair: Repair) -> Repair:
    return replace(repair, safe=True)


def _pieces(finding: Finding, others: list[Finding]) -> list[Repair]:
    if finding.code == "speckles":
        return [_safe(remove_specks(finding.teeth))]
    if finding.code == "extra_tooth":
        fdi = finding.teeth[0] if finding.teeth else None
        return [delete_piece(fdi, finding.position_ras), renumber_piece(fdi, finding.position_ras)]
    (fdi,) = finding.teeth
    places = finding.detail.get("positions_ras")
    if finding.repair == "join_pieces":
        return [join_pieces(fdi), remove_pieces(fdi, places)]
    return [_safe(remove_pieces(fdi, places))]


def _fill(finding: Finding, others: list[Finding]) -> list[Repair]:
    return [_safe(fill(finding.teeth[0]))]


def _tunnel(finding: Finding, others: list[Finding]) -> list[Repair]:
    return [_safe(close_tunnels(finding.teeth[0]))]


def _split(finding: Finding, others: list[Finding]) -> list[Repair]:
    a, b = finding.teeth
    if finding.detail.get("suggested"):
        return [split(a, b)]
    return _too_close(a, b)


def _too_close(a: int, b: int) -> list[Repair]:
    return [separate(a, b), merge(a, b), merge(b, a)]


def _swap_sides(finding: Finding, others: list[Finding]) -> list[Repair]:
    jaws = {jaw(fdi) for fdi in finding.teeth}
    whole = "jaw" not in finding.detail or len(jaws) > 1
    return [swap_sides(None if whole else finding.detail["jaw"])]


def _swap_jaws(finding: Finding, others: list[Finding]) -> list[Repair]:
    return [swap_jaws()]


def _renumber(finding: Finding, others: list[Finding]) -> list[Repair]:
    suggested = finding.detail.get("suggested")
    if finding.code == "doubled_number":
        (fdi,) = finding.teeth
        chosen = [renumber_piece(fdi, finding.position_ras, suggested)] if suggested else []
        return [*chosen, delete_piece(fdi, finding.position_ras), renumber_piece(fdi, finding.position_ras)]
    if finding.code == "extra_tooth":
        return [delete_piece(None, finding.position_ras), renumber_piece(None, finding.position_ras)]
    if finding.code == "merged_neighbours":
        return _too_close(*finding.teeth)
    if finding.code == "order_broken":
        return [renumber_run(_in_order(finding))]
    (fdi,) = finding.teeth
    if finding.code == "low_confidence":
        return [renumber(fdi)]
    if suggested:
        return [renumber(fdi, suggested), renumber(fdi)]
    if "suggested" not in finding.detail:  # a number of the other jaw on a surface
        return [renumber(fdi, flipped_jaw(fdi)), renumber(fdi)]
    # its place's own number is taken: by a tooth that stands wrong in the same way, or by one that is right
    twin = mirrored(fdi) if finding.code == "left_right_mirrored" else flipped_jaw(fdi)
    both = any(other.code == finding.code and other.teeth == (twin,) for other in others)
    return [*([swap(fdi, twin)] if both else []), delete(fdi), renumber(fdi)]


def _in_order(finding: Finding) -> dict[int, int]:
    """The numbers of a group in the order in which its teeth stand, from the patient's right to left."""
    along = {int(fdi): place for fdi, place in finding.detail["along_arch_mm"].items()}
    first = finding.teeth[0]
    order = arch_order("upper" if is_upper(first) else "lower", is_deciduous(first))
    standing = sorted(finding.teeth, key=lambda fdi: (along[fdi], order.index(fdi)))
    return {old: new for old, new in zip(standing, sorted(finding.teeth, key=order.index), strict=True) if old != new}


_PROPOSALS = {
    "remove_fragment": _pieces, "join_pieces": _pieces, "fill_void": _fill, "fill_hole": _fill,
    "close_tunnel": _tunnel, "split_teeth": _split, "swap_left_right": _swap_sides, "swap_upper_lower": _swap_jaws,
    "renumber": _renumber,
}  # fmt: skip
