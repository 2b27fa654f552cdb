"""The commands there are: a new one is a file of this room, its import and its line here."""

from __future__ import annotations

from .batch import BATCH
from .check import CHECK
from .command import Command
from .demo import DEMO
from .dicomweb import DICOMWEB
from .evaluate import EVALUATE
from .export import EXPORT
from .fuse import FUSE
from .networks import NETWORKS
from .picture import PICTURE
from .repair import REPAIR
from .segment import SEGMENT
from .watch import WATCH

#: In the order of the help.
COMMANDS: tuple[Command, ...] = (
    SEGMENT,
    CHECK,
    EVALUATE,
    DEMO,
    PICTURE,
    REPAIR,
    EXPORT,
    FUSE,
    BATCH,
    NETWORKS,
    DICOMWEB,
    WATCH,
)
