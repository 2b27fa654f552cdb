"""Numbers in text files: fast where all is well, exact about what is wrong where it is not."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from .mesh import Problem

_DECIMAL_COMMA = re.compile(rb"[-+]?\d*,\d+([eE][-+]?\d+)?")
_LONG_LINE = re.compile(rb"[^\n]{1048576}")
_NOT_A_NUMBER = re.compile(rb"[-+]?(\d*\.?#?\d*)?(nan|ind|inf|qnan|snan).*", re.IGNORECASE)


def is_text(head: bytes) -> bool:
    """Whether a file that begins so is text; UTF-16 is none here."""
    return b"\0" not in head


def start_of(head: bytes) -> bytes:
    """The beginning of a text without a byte order mark and empty lines."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()


def require_short_lines(text: bytes) -> None:
    """Refuse a line that no mesh has, as each is split into its words. Raises Problem."""
    if found := _LONG_LINE.search(text):
        number = text.count(b"\n", 0, found.start()) + 1
        raise Problem(f"is damaged: line {number:,} has more than {1 << 20:,} characters. Copy or export it again.")


class BadNumber(Problem):
    """A word of the text that should be a number; `word` is it."""

    def __init__(self, word: bytes) -> None:
        self.word = word
        super().__init__(describe(word))


def describe(word: bytes, line: int | None = None) -> str:
    """The rest of a sentence about a word that is no number."""
    place = f" in line {line:,}" if line else ""
    shown = word[:24].decode("utf-8", "replace")
    if _DECIMAL_COMMA.fullmatch(word):
        return f"has a decimal comma{place} ('{shown}'): export it with decimal points (English number format)."
    return f"has '{shown}'{place} where a number should be: it is damaged, export it again."


def floats(words: Sequence[bytes]) -> np.ndarray:
    """(N,) float64. What Windows programs write for NaN and infinity is understood. Raises BadNumber."""
    try:
        return np.fromiter(map(float, words), np.float64, len(words))
    except ValueError:
        return np.fromiter(map(_float, words), np.float64, len(words))


def integers(words: Sequence[bytes]) -> np.ndarray:
    """(N,) int64. Raises BadNumber, also for numbers that no index can be."""
    try:
        return np.fromiter(map(int, words), np.int64, len(words))
    except (ValueError, OverflowError):
        return np.fromiter(map(_int, words), np.int64, len(words))


def _float(word: bytes) -> float:
    try:
        return float(word)
    except ValueError:
        if _NOT_A_NUMBER.fullmatch(word):  # "-nan(ind)", "1.#QNAN"
            return float("nan")
        raise BadNumber(word) from None


def _int(word: bytes) -> int:
    try:
        value = int(word)
    except ValueError:
        raise BadNumber(word) from None
    if abs(value) >= 1 << 62:
        raise BadNumber(word)
    return value
