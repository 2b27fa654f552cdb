"""What an edit of a review is: it can be taken back and done again."""

from __future__ import annotations

import weakref
from abc import ABC, abstractmethod
from typing import Any

from ..dentition.words import Sentence


class Step(ABC):
    """An edit that was made.

    Parameters
    ----------
    review : Review
        Whose edit it is; not kept alive by its steps.
    sentence : Sentence
        What it did.

    Attributes
    ----------
    key : str or None
        Of the finding it was made for.
    row_state : str
        That finding's state before.
    """

    def __init__(self, review: Any, sentence: Sentence) -> None:
        self.review, self.sentence = weakref.proxy(review), sentence
        self.key: str | None = None
        self.row_state = "open"

    @abstractmethod
    def undo(self) -> None:
        """Take it back. Raises SceneError when somebody changed the same place since."""

    @abstractmethod
    def redo(self) -> None:
        """Do it again; raises as `undo`."""
