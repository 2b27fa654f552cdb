"""Tables of scores in Markdown, as cards, evaluations and experiments print them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

TITLES = {
    "dice": "DSC",
    "iou": "IoU",
    "bf1": "BF1",
    "nsd": "NSD 0.5 mm",
    "tooth_dice": "DSC without numbers",
    "identification_accuracy": "identification",
    "detection_f1": "detection F1",
    "tca": "TCA",
    "count_error": "count error",
    "acs": "ACS",
    "cer": "CER",
    "cer_with_voids": "CER with voids",
    "seconds": "seconds",
    "scans": "scans",
}
"""What the scores of `checks.metrics.label_maps` are called at the head of a column."""


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[object]], right: bool = False) -> str:
    """A table in Markdown.

    Parameters
    ----------
    head : sequence of str
        Titles of the columns.
    rows : iterable of sequences
        Cells of each line, as many as titles.
    right : bool
        Whether all columns but the first are aligned to the right.

    Returns
    -------
    str
        Lines without an end of line after the last one.

    Examples
    --------
    >>> print(markdown_table(("scan", "DSC"), [("a", 0.9)]))
    | scan | DSC |
    |---|---|
    | a | 0.9 |
    """
    rule = "|---" + ("|---:" if right else "|---") * (len(head) - 1) + "|"
    return "\n".join([_line(head), rule, *(_line(row) for row in rows)])


def _line(cells: Sequence[object]) -> str:
    return "|" + "".join(f" {cell} |" if cell != "" else " |" for cell in cells)
