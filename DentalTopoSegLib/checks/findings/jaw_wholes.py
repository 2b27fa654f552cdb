"""Findings about a scanned jaw as a whole: which jaw it is, how it lies, whether it was mirrored."""

from __future__ import annotations

from collections.abc import Iterator

from ...dentition import jaw
from ..measures.jaw import JawCase
from .finding import Finding

#: From this confidence on a jaw that contradicts the stated one is an error, not a doubt.
JAW_SURE = 0.8
#: An inferred jaw below this confidence should be stated by the user.
JAW_DOUBTFUL = 0.8
#: A pose found with less than this confidence should be looked at.
FRAME_DOUBTFUL = 0.5


def jaw_doubts(case: JawCase, stated: str | None) -> Iterator[Finding]:
    """wrong_jaw: the shape contradicts the jaw in use; jaw_uncertain: it was inferred from little evidence."""
    looks, sure = case.segmentation.jaw_inferred, float(case.segmentation.jaw_confidence)
    detail = {"inferred": looks, "confidence": round(sure, 3), "stated": stated}
    teeth = tuple(sorted(case.crowns))
    an = {"upper": "an upper", "lower": "a lower"}
    if looks != case.which:
        said = f"{case.which} was stated" if stated else f"it was taken for {an[case.which]} jaw"
        yield Finding(
            "wrong_jaw", teeth, None, "error" if sure >= JAW_SURE else "warning",
            f"This looks like {an[looks]} jaw, but {said} ('{case.name}', confidence {100 * sure:.0f} %).",
            "swap_upper_lower",
            detail,
        )  # fmt: skip
    elif stated is None and sure < JAW_DOUBTFUL:
        yield Finding(
            "jaw_uncertain", teeth, None, "warning",
            f"It is not certain that '{case.name}' is {an[looks]} jaw (confidence {100 * sure:.0f} %): "
            "state the jaw if you know it.",
            None,
            detail,
        )  # fmt: skip


def uncertain_frame(case: JawCase) -> Iterator[Finding]:
    """frame_uncertain: it is not clear which way the jaw lies in its file."""
    sure = float(case.segmentation.frame_confidence)
    if sure < FRAME_DOUBTFUL:
        yield Finding(
            "frame_uncertain", tuple(sorted(case.crowns)), None, "warning",
            f"It is not certain how the jaw lies in '{case.name}' (confidence {100 * sure:.0f} %): "
            "check front and back, and the numbers.",
            None,
            {"confidence": round(sure, 3)},
        )  # fmt: skip


def inside_out(case: JawCase) -> Iterator[Finding]:
    """inside_out: the faces look into the tissue, as after a mirroring that forgot to turn them."""
    if case.segmentation.inside_out:
        yield Finding(
            "inside_out", tuple(sorted(case.crowns)), None, "warning",
            f"The surface of '{case.name}' is inside out: the exporter may have mirrored it; check left and right.",
            None,
        )  # fmt: skip


def mirrored_as_a_whole(case: JawCase) -> Iterator[Finding]:
    """left_right_mirrored for all numbers: they run the wrong way round the arch, seen from outside the surface."""
    if case.relabelling is None or case.relabelling[0] not in ("mirrored", "both", f"{case.which} mirrored"):
        return
    teeth = tuple(sorted(case.crowns))
    yield Finding(
        "left_right_mirrored", teeth, case.mean_place(teeth), "error",
        f"Left and right are exchanged in the {case.which} jaw: "
        "its teeth fit their places only when every number changes sides.",
        "swap_left_right",
        {"residual_mm": round(case.relabelling[1].residual_mm, 2)},
    )  # fmt: skip


def numbers_of_the_other_jaw(case: JawCase) -> Iterator[Finding]:
    """upper_lower_swapped for single numbers that cannot be on this jaw."""
    for fdi in sorted(case.crowns):
        if jaw(fdi) != case.which:
            yield Finding(
                "upper_lower_swapped", (fdi,), case.in_file(case.crowns[fdi].centre), "error",
                f"Tooth {fdi} belongs to the {jaw(fdi)} jaw but stands among {case.which} teeth.",
                "renumber",
            )  # fmt: skip
