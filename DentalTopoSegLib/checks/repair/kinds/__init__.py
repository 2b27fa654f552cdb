"""Every kind of repair, one idea a file: its name, its words, and what it does on a bench.

May import `repair.repair`, `repair.bench` and `repair.shapes`. A new kind is a file here and a line below.
"""

from .deleting import Delete, DeletePiece, delete, delete_piece
from .exchanging import SwapJaws, SwapSides, swap_jaws, swap_sides
from .filling import Fill, fill
from .joining import JoinPieces, join_pieces
from .loose_pieces import RemovePieces, RemoveSpecks, remove_pieces, remove_specks
from .merging import Merge, merge
from .renumbering import Renumber, RenumberPiece, RenumberRun, Swap, renumber, renumber_piece, renumber_run, swap
from .separating import Separate, separate
from .splitting import Split, split
from .tunnels import CloseTunnels, close_tunnels

#: Every kind there is.
KINDS = (
    RemovePieces,
    RemoveSpecks,
    JoinPieces,
    Fill,
    CloseTunnels,
    Split,
    Separate,
    Merge,
    Delete,
    DeletePiece,
    Renumber,
    RenumberPiece,
    Swap,
    RenumberRun,
    SwapSides,
    SwapJaws,
)

__all__ = [
    "KINDS",
    "close_tunnels",
    "delete",
    "delete_piece",
    "fill",
    "join_pieces",
    "merge",
    "remove_pieces",
    "remove_specks",
    "renumber",
    "renumber_piece",
    "renumber_run",
    "separate",
    "split",
    "swap",
    "swap_jaws",
    "swap_sides",
]
