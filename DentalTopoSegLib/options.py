"""How a run is carried out, and what is known of the teeth beforehand: one type for everything that computes, from the
library's functions to the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .errors import Cancelled, UsageError

#: `progress(stage, done, total)`, called from the thread that works.
Progress = Callable[[str, float, float], None]

#: Arithmetic of the networks.
PRECISIONS = ("int8", "fp32")
#: What may be asked for to run the networks. "auto": what suits this kind of processor best of what is installed, by
#: Resources/Models/processors.json.
PROVIDERS = ("onnxruntime", "openvino", "auto")
DEFAULT_PROVIDER = "onnxruntime"
#: What may be asked for beside the teeth: upper jaw, lower jaw and airway; nerve canals and
#: maxillary sinuses; pulp, enamel and what dentists put in.
STRUCTURE_GROUPS = ("jaws", "canals", "tissues")


def silent(stage: str, done: float, total: float) -> None:
    """Progress for callers who do not want any."""


def never() -> bool:
    """The answer of a user who does not want to stop."""
    return False


@dataclass(frozen=True)
class RunOptions:
    """How to compute, and what the clinician knows of the teeth; not what to compute.

    Parameters
    ----------
    threads : int, optional
        CPU threads; None for one per core.
    precision : str
        One of `PRECISIONS`.
    provider : str
        One of `PROVIDERS`.
    progress : callable
        `progress(stage, done, total)`, called from the thread that works.
    cancelled : callable
        Asked several times a second; `errors.Cancelled` is raised soon after it answers True.
    absent : collection of int
        FDI numbers of teeth that are not there, extracted or never formed: none is given, and the others follow. Runs
        refuse what is no tooth (`dentition.known.Stated`).
    milk : bool, optional
        True: a child's dentition, in which milk teeth may stand; False: permanent teeth only; None: found out.
    tta : bool
        Test-time augmentation, of a CBCT only: the networks look twice, also at its mirror image, and the mean counts.
    models : str, optional
        A folder whose networks are run instead of the installed ones: a converted nnU-Net, or networks of our tasks.
    structures : tuple of str
        What is found besides the teeth, of a CBCT only: any of `STRUCTURE_GROUPS`.

    Raises
    ------
    UsageError
        For a precision, provider or structure that does not exist, or less than one thread.
    """

    threads: int | None = None
    precision: str = "int8"
    provider: str = DEFAULT_PROVIDER
    progress: Progress = silent
    cancelled: Callable[[], bool] = never
    absent: frozenset[int] = frozenset()
    milk: bool | None = None
    tta: bool = False
    models: str | None = None
    structures: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, value, known in (
            ("precision", self.precision, PRECISIONS),
            ("provider", self.provider, PROVIDERS),
        ):
            if value not in known:
                raise UsageError(f"The {name} '{value}' is unknown: use {', '.join(known)}.")
        if self.threads is not None and self.threads < 1:
            raise UsageError(f"The number of threads must be 1 or more, not {self.threads}.")
        for group in self.structures:
            if group not in STRUCTURE_GROUPS:
                raise UsageError(f"The structures '{group}' are unknown: use {', '.join(STRUCTURE_GROUPS)}.")
        object.__setattr__(self, "absent", frozenset(self.absent))
        # In one order, so that what was asked for in another is the same.
        object.__setattr__(self, "structures", tuple(g for g in STRUCTURE_GROUPS if g in self.structures))

    def stop_if_cancelled(self) -> None:
        """Raise `errors.Cancelled` where the user wants to stop."""
        if self.cancelled():
            raise Cancelled()


#: What a run does that was told nothing.
DEFAULTS = RunOptions()
