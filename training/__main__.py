"""The commands that make the networks: `python -m training` lists them, `python -m training COMMAND ...` runs one."""

from __future__ import annotations

import importlib
import sys
from typing import NamedTuple

PROGRAM = "python -m training"


class Command(NamedTuple):
    """A command: the module whose `main` runs it, imported only then, and what it does in one line."""

    module: str
    summary: str


COMMANDS = {
    "root-teeth": Command("patients.rooted_teeth", "Put roots under the crowns of the 60 labelled dentitions, once"),
    "pack-dentitions": Command("patients.packs", "Put rooted dentitions into one small file, for another machine"),
    "sample-patients": Command("patients.sampler", "Draw random patients as training samples of a task"),
    "show-samples": Command("patients.contact_sheet", "Draw samples beside real scans into one picture"),
    "make-evaluation-set": Command("patients.evaluation_sets", "Draw held-out patients as labelled scans or materials"),
    "make-bone-set": Command("patients.real_bone", "Draw held-out real bone (AutoJaw) as labelled scans"),
    "reconstruct": Command("patients.reconstruction", "Scan materials by physics and reconstruct them (needs itk-rtk)"),
    "train-volumes": Command("volumes.train", "Train the numbering or the border network"),
    "train-cbct": Command("volumes.train_cbct", "Train both CBCT networks in rounds while samples are drawn"),
    "join-weights": Command("volumes.weights", "Put weights that came in parts together as runs"),
    "time-topology-loss": Command("volumes.topology_loss.cost", "Print what the topology loss costs per step"),
    "sample-jaws": Command("surfaces.jaws", "Write random clouds of the labelled jaws"),
    "train-surface": Command("surfaces.train_labels", "Train the network that labels a jaw's points"),
    "train-crowns": Command("surfaces.train_crowns", "Train the network that numbers a row of crowns"),
    "pack-orientation": Command("surfaces.poses", "Disturb and thin the jaws for the network that finds the frame"),
    "train-orientation": Command("surfaces.train_orientation", "Train the network that finds a jaw's frame"),
    "export-volume": Command("export.volumes", "Export, quantize and describe a numbering or border network"),
    "export-surface": Command("export.surface", "Export the network that labels a jaw's points"),
    "export-crowns": Command("export.crowns", "Export the network that numbers a row of crowns"),
    "export-orientation": Command("export.orientation", "Export the network that finds the frame, with its confidence"),
    "quantize-nnunet": Command("nnunet.command", "Convert a model folder of nnU-Net v2, also to int8"),
    "tune": Command("compression.tune", "Go on from a network: quantization, topology loss, distillation, gates"),
    "restore-network": Command("compression.restore", "Turn a model file into a run to train on from"),
    "cut-dead-levels": Command("compression.dead_levels", "Cut levels of a network that no longer answer"),
    "evaluate-volumes": Command("evaluation.volumes", "Score the CBCT path on labelled scans"),
    "evaluate-structures": Command("evaluation.structures", "Score what is found around and in the teeth"),
    "check-structures": Command("evaluation.label_free", "Say without labels whether structures look as they must"),
    "evaluate-jaws": Command("evaluation.jaws", "Score the intraoral path on labelled scans"),
    "disturb-jaws": Command("surfaces.disturbances", "Write labelled jaws as other scanners might leave them"),
    "fit-jaw": Command("evaluation.jaw_decision", "Fit how surface and crowns are weighed when the jaw is decided"),
    "evaluate-numbers": Command("evaluation.numbers", "Score the crown network on made dentitions, by kind"),
    "evaluate-changed": Command("evaluation.changed_jaws", "Weigh both intraoral networks on changed unseen jaws"),
    "evaluate-orientation": Command("evaluation.orientation", "Measure the frame on unseen scans, fit its confidence"),
    "cross-validate": Command("evaluation.cross_validate", "Train and score the intraoral networks, five folds"),
    "calibrate": Command("evaluation.calibrate", "Fit the confidence of CBCT teeth"),
    "contrastive": Command("contrastive.command", "Let CBCT and intraoral scans teach each other (ToothMCL)"),
    "own-data": Command("own_data.command", "Train on labelled scans of your own: check, split, train, export"),
    "pseudo-labels": Command("pseudo_labels.command", "Learn from unlabelled scans too: pseudo labels, coarse to fine"),
    "experiments": Command("experiments.command", "Train, score and tabulate the rows of one table"),
}
"""Every command by its name, in the order in which the networks are made."""


def overview() -> str:
    """What `python -m training` prints: every command with its line."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {command.summary}" for name, command in COMMANDS.items()]
    return "\n".join([f"usage: {PROGRAM} COMMAND ...", "", *lines, "", f"{PROGRAM} COMMAND --help says more."])


def main(argv: list[str] | None = None) -> int:
    """List the commands, or run one.

    Parameters
    ----------
    argv : list of str, optional
        The command's name and its arguments; those of the process by default.

    Returns
    -------
    int
        Exit code: what the command returns, 0 for the list, 1 where a training's loss is not finite, 2 for an unknown
        command.
    """
    name, *rest = (sys.argv[1:] if argv is None else argv) or ["--help"]
    if name in ("-h", "--help"):
        print(overview())
        return 0
    if name not in COMMANDS:
        print(f"{PROGRAM}: there is no command '{name}'.\n\n{overview()}", file=sys.stderr)
        return 2
    sys.argv[0] = f"{PROGRAM} {name}"  # the name that the command's own help and messages show
    try:
        return importlib.import_module(f"training.{COMMANDS[name].module}").main(rest) or 0
    except FloatingPointError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
