"""Work shared between processes: part k of n, on a command line "2/4"."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

Item = TypeVar("Item")


class Part(NamedTuple):
    """Which part, from 1, of how many."""

    number: int
    count: int

    def of(self, items: Sequence[Item]) -> Sequence[Item]:
        """Every `count`-th item, from the `number`-th; all parts together are all items, once each."""
        return items[self.number - 1 :: self.count]


WHOLE = Part(1, 1)


def parse_part(text: str) -> Part:
    """The part that `text` names.

    Raises
    ------
    argparse.ArgumentTypeError
        It is not k/n with 1 <= k <= n.

    Examples
    --------
    >>> parse_part("2/4").of("abcdef")
    'bf'
    """
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise argparse.ArgumentTypeError(f"a part is written k/n with 1 <= k <= n, as 2/4; this is '{text}'")
    return Part(int(found[1]), int(found[2]))
