"""Repairs behind the findings: what can be done, what it would change, and the way back.

    for repair in proposed(finding): print(repair.title)
    edit = repaired(labels, repair)      # changes nothing yet; InputError tells why where it cannot be done
    edit.apply(labels.array); edit.undo(labels.array)

`repaired_jaw` is the same for a labelled surface. Without a finding, make a repair by its name: `renumber(16, 26)`.
"""

from .label_maps import Edit, repaired
from .proposals import (
    NumberTakenError,
    Repair,
    close_tunnels,
    delete,
    delete_piece,
    fill,
    join_pieces,
    merge,
    proposed,
    remove_pieces,
    remove_specks,
    renumber,
    renumber_piece,
    renumber_run,
    separate,
    split,
    swap,
    swap_jaws,
    swap_sides,
)
from .surfaces import JawEdit, repaired_jaw

__all__ = [
    "Edit",
    "JawEdit",
    "NumberTakenError",
    "Repair",
    "close_tunnels",
    "delete",
    "delete_piece",
    "fill",
    "join_pieces",
    "merge",
    "proposed",
    "remove_pieces",
    "remove_specks",
    "renumber",
    "renumber_piece",
    "renumber_run",
    "repaired",
    "repaired_jaw",
    "separate",
    "split",
    "swap",
    "swap_jaws",
    "swap_sides",
]
