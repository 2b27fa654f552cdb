"""Repairs of labelled teeth, in label maps and on surfaces: every kind there is, the edit it makes, and the way back.

    edit = make_edit(labels, renumber(16, 26))   # changes nothing yet; RepairRefusedError tells why where it cannot be
    edit.apply(labels.array); edit.undo(labels.array)

May import `dentition`, `files`, `cbct`, `ios`, `checks.topology` and `checks.measures`.
"""

from .canals import make_structure_edit
from .edit import Edit, JawEdit, LabelMapEdit
from .kinds import (
    KINDS,
    close_tunnels,
    delete,
    delete_piece,
    fill,
    join_canal,
    join_pieces,
    merge,
    number_again,
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
    take_numbers,
)
from .making import make_edit
from .repair import NumberTakenError, Repair, RepairRefusedError
from .sides import make_sides_edit, sides_to_exchange

__all__ = [
    "KINDS",
    "Edit",
    "JawEdit",
    "LabelMapEdit",
    "NumberTakenError",
    "Repair",
    "RepairRefusedError",
    "close_tunnels",
    "delete",
    "delete_piece",
    "fill",
    "join_canal",
    "join_pieces",
    "make_edit",
    "make_sides_edit",
    "make_structure_edit",
    "merge",
    "number_again",
    "remove_pieces",
    "remove_specks",
    "renumber",
    "renumber_piece",
    "renumber_run",
    "separate",
    "sides_to_exchange",
    "split",
    "swap",
    "swap_jaws",
    "swap_sides",
    "take_numbers",
]
