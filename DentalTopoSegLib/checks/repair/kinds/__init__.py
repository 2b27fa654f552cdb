"""Every kind of repair, one idea a file: its name, its words, and what it does on a bench.

May import `repair.repair`, `repair.bench` and `repair.shapes`. A new kind is a file here and a line below.
"""
# ruff: noqa: F401 - a kind is known once its file is imported

from ..repair import Repair
from .deleting import delete, delete_piece
from .exchanging import swap_jaws, swap_sides
from .filling import fill
from .joining import join_pieces
from .joining_canals import join_canal
from .loose_pieces import remove_pieces, remove_specks
from .merging import merge
from .numbering_again import number_again
from .renumbering import renumber, renumber_piece, renumber_run, swap
from .separating import separate
from .splitting import split
from .taking_numbers import take_numbers
from .tunnels import close_tunnels

#: Every kind there is.
KINDS: tuple[type[Repair], ...] = tuple(Repair.__subclasses__())
