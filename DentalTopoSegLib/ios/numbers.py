"""From what both networks say of a jaw's crowns to their numbers."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

import numpy as np

from ..dentition import ToothEvidence
from ..dentition.counterparts import weighed_classes
from ..dentition.numbering import Numbering, number_teeth
from .crowns import PERMANENT, CrownAnswer
from .head import jaw_probabilities, to_head
from .instances import Instances

#: Share of the crown network in both_opinions, and the least probability either is believed.
CROWNS_WEIGHT = 0.9
_LEAST = 1e-3
#: That it is no tooth (logit): constant, weight of the crown network's logit, of the surface network's. Fitted with
#: `python -m training evaluate-changed`, the constant raised by 1: segmentations of other scanners have more bumps.
NO_TOOTH = (4.46, 0.38, 1.87)
#: Fewer crowns than this are no row to ask about again.
_FEWEST_CROWNS = 3
#: numbering.number_teeth weighs small instances less; a crown found on a scan counts as a whole tooth.
_CROWN_MM3 = 400.0


def number_crowns(
    instances: Instances, answer: CrownAnswer, *, absent: Collection[int] = (), milk: bool | None = None
) -> Numbering:
    """Give the crowns of a jaw their numbers.

    Parameters
    ----------
    instances : Instances
        The crowns, canonical mm, with the surface network's classes.
    answer : CrownAnswer
        The crown network's, which says of which jaw.
    absent : collection of int, optional
        FDI numbers of teeth known not to be there.
    milk : bool, optional
        False: permanent teeth only; True: a child's; None: as the crowns look.

    Returns
    -------
    Numbering
    """
    return number_teeth(
        *_basis(instances, answer),
        absent=absent,
        milk=milk,
        no_tooth=no_tooth(instances.classes, answer),
        unlike=answer.unlike,
    )


def number_row(
    instances: Instances,
    answer: CrownAnswer,
    again: Callable[[np.ndarray], CrownAnswer],
    *,
    absent: Collection[int] = (),
    milk: bool | None = None,
) -> tuple[Numbering, CrownAnswer]:
    """Give the crowns of a jaw their numbers, asking the crown network a second time where some pieces are none.

    Pieces of lip, cheek or tongue stand in the row like crowns and lead the network astray about their neighbours. So
    those that got no number are left out, and the rest is asked about again.

    Parameters
    ----------
    instances, absent, milk
        As for `number_crowns`.
    answer : CrownAnswer
        About all pieces.
    again : callable
        From which (K,) pieces are crowns to the crown network's answer about them alone.

    Returns
    -------
    Numbering
    CrownAnswer
        What they were numbered from: of pieces that were left out, the first answer.
    """
    numbering = number_crowns(instances, answer, absent=absent, milk=milk)
    crowns = numbering.fdi > 0
    if crowns.all() or crowns.sum() < _FEWEST_CROWNS:
        return numbering, answer
    alone = again(crowns)
    answer = replace(
        answer,
        teeth=np.where(crowns[:, None], alone.teeth, answer.teeth),
        milk=np.where(crowns[:, None], alone.milk, answer.milk),
        none=np.where(crowns, alone.none, answer.none),
        unlike=np.where(crowns[:, None] & crowns, alone.unlike, answer.unlike),
    )
    return number_crowns(instances, answer, absent=absent, milk=milk), answer


def evidence_of(numbering: Numbering, instances: Instances, answer: CrownAnswer) -> dict[int, ToothEvidence]:
    """What each number was found from, by FDI number, of instances that were numbered by `number_crowns`: the class
    probabilities as they are where its counterpart on the other side stands."""
    nothing = no_tooth(instances.classes, answer)
    classes, *others = _basis(instances, answer)
    classes = weighed_classes(classes, numbering.fdi, numbering.sides)
    rows = zip(numbering.fdi, classes, *others, nothing, strict=True)
    return {int(fdi): ToothEvidence.of(*basis) for fdi, *basis in rows if fdi}


def _basis(instances: Instances, answer: CrownAnswer) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Class probabilities (K, 53), centres (K, 3) in the axes of the head and sizes (K,).

    Of a crown network that knows no milk teeth (K, 33): else one would be invented where the permanent tooth is stated
    absent.
    """
    classes = both_opinions(instances.classes, answer)
    return (
        jaw_probabilities(classes if answer.milk.any() else classes[:, : 1 + PERMANENT], answer.jaw),
        to_head(instances.centres, answer.jaw),
        np.full(len(instances), _CROWN_MM3),
    )


def both_opinions(surface: np.ndarray, answer: CrownAnswer) -> np.ndarray:
    """(K, 27) class probabilities, milk teeth last, from the surface network's (K, 17) and the crown network's.

    Weighted geometric mean over the teeth: what both think possible wins over what one is sure of. The surface network
    numbers by place, so that its opinion of a permanent tooth is one of the milk tooth in this place too.
    """
    teeth = surface[:, 1:] / np.maximum(surface[:, 1:].sum(1, keepdims=True), 1e-9)
    teeth = np.concatenate([teeth, teeth[:, :5], teeth[:, 8:13]], 1)
    crowns = np.concatenate([answer.teeth, answer.milk], 1)
    crowns = crowns / np.maximum(crowns.sum(1, keepdims=True), 1e-9)
    log = (1 - CROWNS_WEIGHT) * np.log(np.maximum(teeth, _LEAST)) + CROWNS_WEIGHT * np.log(np.maximum(crowns, _LEAST))
    joint = np.exp(log - log.max(1, keepdims=True))
    joint /= joint.sum(1, keepdims=True)
    return np.concatenate([surface[:, :1], joint * (1 - surface[:, :1])], 1)


def no_tooth(surface: np.ndarray, answer: CrownAnswer) -> np.ndarray:
    """(K,) probability that a crown is none, from the surface network's (K, 17) and the crown network's.

    A crown cut by the scan's border looks like a bump of gingiva to the crown network, which sees its form alone, and
    not to the surface network, which sees what it is made of. Where the crown network cannot say (crowns it could not
    describe, or one that knows teeth only), nothing is doubted.
    """
    constant, by_crowns, by_surface = NO_TOOTH
    said = constant + by_crowns * logit(answer.none) + by_surface * logit(surface[:, 0])
    return np.where(answer.none > 0, 1 / (1 + np.exp(-said)), 0.0)


def logit(probability: np.ndarray) -> np.ndarray:
    """Logarithm of the odds of probabilities, none believed beyond 0.1 %."""
    kept = np.clip(probability, _LEAST, 1 - _LEAST)
    return np.log(kept) - np.log1p(-kept)
