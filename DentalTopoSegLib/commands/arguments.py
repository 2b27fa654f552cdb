"""Arguments that several commands take."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..dentition import DENTITIONS, GROUPED_LAYOUTS, LABEL_NUMBERINGS, teeth_of_text
from ..errors import UsageError
from ..options import DEFAULT_PROVIDER, PRECISIONS, PROVIDERS, STRUCTURE_GROUPS


def add_output(command: argparse.ArgumentParser) -> None:
    """The folder for the results."""
    command.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="DIR",
        type=Path,
        help="folder for the results; made when absent, results of the same name are replaced",
    )


def add_anonymous_names(command: argparse.ArgumentParser) -> None:
    """Whether names of files may be those of the scans."""
    command.add_argument(
        "--anonymous-names",
        action="store_true",
        help="call the results by a code of the scan's content instead of its file's or folder's name (a patient's?)",
    )


def add_network(command: argparse.ArgumentParser) -> None:
    """How the networks run; see `Call.options`."""
    command.add_argument("--threads", type=positive, help="CPU threads (default: all cores)")
    command.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="int8",
        help="arithmetic of the networks (default int8)",
    )
    command.add_argument(
        "--provider",
        choices=PROVIDERS,
        default=DEFAULT_PROVIDER,
        help="what runs the networks; auto: for CBCT what suits this processor best of what is "
        "installed (default onnxruntime)",
    )


def add_tta(command: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Whether the networks look more than once at a CBCT."""
    command.add_argument(
        "--tta",
        action="store_true",
        help="test-time augmentation of CBCT: the networks look twice, also at the mirror image, and the mean "
        "counts; takes about 1.4 times as long",
    )


def add_structures(command: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """What of the surroundings of the teeth is found too; see `structures_of`."""
    command.add_argument(
        "--structures",
        metavar="LIST",
        default="teeth",
        help=f"what to find in a CBCT, with commas: teeth (always), {', '.join(STRUCTURE_GROUPS)}, or all; what lies "
        "around the teeth goes to <name>_structures.seg.nrrd (default teeth)",
    )


def structures_of(given: argparse.Namespace) -> tuple[str, ...]:
    """The groups of `options.STRUCTURE_GROUPS` that --structures names. UsageError for another word, or none."""
    words = [word.strip() for word in given.structures.split(",") if word.strip()]
    known = ", ".join(("teeth", *STRUCTURE_GROUPS))
    if not words:
        raise UsageError(f"--structures names nothing: name any of {known}, with commas, or all.")
    if unknown := [word for word in words if word not in ("teeth", "all", *STRUCTURE_GROUPS)]:
        raise UsageError(f"--structures does not know '{unknown[0]}': name any of {known}, with commas, or all.")
    if "all" in words:
        return STRUCTURE_GROUPS
    return tuple(word for word in words if word != "teeth")


def add_models(command: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Other networks instead of the installed ones; see `Call.options`."""
    command.add_argument(
        "--models",
        metavar="NAME|FOLDER",
        help="run these networks instead of the installed ones: a nnU-Net for CBCT, by the name under which it was "
        "added ('networks list') or as a converted folder (docs/nnunet.md), or a folder of networks trained on your "
        "own scans (docs/own-data.md)",
    )


def add_known(command: argparse.ArgumentParser) -> None:
    """What the clinician knows of the teeth; see `Call.options`."""
    add_absent(command, "teeth that are not there, extracted or never formed")
    command.add_argument(
        "--dentition",
        choices=tuple(DENTITIONS.values()),
        help="permanent: no milk teeth; mixed: a child, milk teeth may stand (default: found out)",
    )


def add_absent(command: argparse.ArgumentParser, purpose: str) -> None:
    """Teeth that are not there; see `absent_of`."""
    command.add_argument("--absent", metavar="FDI,FDI", help=f"{purpose}, such as 14,24")


def absent_of(given: argparse.Namespace) -> frozenset[int]:
    """The teeth of --absent. Raises UsageError for what is none."""
    return teeth_of_text(given.absent) if given.absent is not None else frozenset()


def milk_of(given: argparse.Namespace) -> bool | None:
    """What --dentition says of milk teeth."""
    return next((milk for milk, name in DENTITIONS.items() if name == given.dentition), None)


def add_mesh(command: argparse._ArgumentGroup, jaw: bool = True) -> None:
    """What a mesh's file does not say."""
    if jaw:
        command.add_argument("--jaw", choices=("upper", "lower"), help="which jaw the mesh is (default: by its shape)")
    command.add_argument(
        "--unit", choices=("mm", "cm", "m", "inch"), help="unit of the file's coordinates (default: by its size)"
    )


def add_orientation(command: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Where left and right are, for files that do not say it."""
    command.add_argument(
        "--orientation",
        metavar="LPS|RAS|...",
        help="of a file that does not say where left and right are: the sides of the patient to which its columns, "
        "rows and slices run; of a NIfTI file that says it twice and differently: sform or qform",
    )


def add_numbering(command: argparse.ArgumentParser, reference: bool = True, grouped: bool = False) -> None:
    """What label values mean; grouped: also where the teeth of a jaw are one label."""
    more = "; dentalsegmentator, craniofacial (TotalSegmentator): the teeth of a jaw in one label" if grouped else ""
    command.add_argument(
        "--numbering",
        choices=(*LABEL_NUMBERINGS, *(GROUPED_LAYOUTS if grouped else ())),
        help="what the label values mean: fdi; universal 1-32; totalsegmentator (task teeth); sequential "
        f"1-32 in FDI order; toothfairy2, toothfairy3{more} (default: what the file or a dataset.json beside it says, "
        "else fdi; where values may mean several teeth it is asked for)",
    )
    if reference:
        command.add_argument("--reference-numbering", choices=LABEL_NUMBERINGS, help="the same for the reference")


def natural(text: str) -> int:
    """A whole number from 0."""
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("must be 0 or more")
    return value


def positive(text: str) -> int:
    """A whole number from 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value
