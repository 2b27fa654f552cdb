"""The text of a volume network's model card."""

from __future__ import annotations

from training.export.score_tables import TITLES, markdown_table
from training.patients.targets import TISSUE_CLASSES
from training.volumes.losses import STRUCTURE_GROUPS

PURPOSE = {
    "numbering": "Finds the dental arches on a CBCT and says which FDI number each place has. Input 1 mm voxels, "
    "output 33 probabilities (background, 32 permanent teeth) on a 2 mm grid.",
    "border": "Says where tooth is and where the inner core of a tooth is, so that neighbours that touch can be told "
    "apart. Input 0.5 mm voxels, output two probabilities (tooth, core) as 0..255 on the same grid.",
    "structures": "Says where the upper jaw with the skull base, the lower jaw, its nerve canals, the maxillary "
    "sinuses and the airway are; left and right are told by where they lie, not by the network. Roots count as the jaw "
    "that they stand in: the teeth come from the other networks. Input 1 mm voxels, output six probabilities as 0..255 "
    "on the same grid.",
    "canals": "Says where the mandibular canals run: their lumen, and what lies within 1.8 mm of it. It looks at one "
    "side of the lower jaw at a time, where the structures network has found it, and its answer replaces that "
    "network's canals. Input 0.6 mm voxels, output two probabilities (the lumen or near it, near it) as 0..255 on the "
    "same grid.",
    "tissues": "Says where pulp, enamel and what dentists put in (filling, crown, implant, bracket) are. A post counts "
    "as filling, a bridge as crown. Input: what the border network of the same number gives as `features`; output "
    "seven probabilities as 0..255 on the border network's grid of 0.5 mm.",
}


SCORES = ("dice", "nsd", "tooth_dice", "detection_f1", "tca", "acs", "cer", "scans")


def architecture(plan: dict) -> str:
    """The network's widths in words."""
    text = f"channels {', '.join(str(width) for width in plan['widths'])} from half the input's resolution downwards"
    if not plan.get("layers"):
        return text
    layers = ", ".join(f"{name} {width}" for name, width in plan["layers"].items())
    return f"{text} before pruning; left of them: {layers}"


def history(training: dict) -> str:
    """How the weights came about, one sentence per idea."""
    parts = [f"{training['steps']} steps, {training['minutes']} minutes on one CPU core, bf16, seed {training['seed']}"]
    if "start" in training:
        parts.append(f"started from `{training['start']}` (see training/README.md for the runs before)")
    if "distillation" in training:
        parts.append(f"taught by `{training['distillation']['teacher']}` (masked distillation)")
    if "quantization" in training:
        parts.append("trained with quantization")
    if "topology" in training:
        variant, weight = training["topology"].get("variant", "paper"), training["topology"].get("weight", 0.1)
        parts.append(f"topology loss, variant {variant}, weight {weight}")
    return "; ".join(parts) + f"; {training['date']}."


def score_section(tables: dict[str, dict]) -> str:
    """Table of `evaluation.volumes` means per set of scans, int8; empty without tables."""
    if not tables:
        return ""

    def cell(means: dict, key: str) -> str:
        return str(means[key]) if key == "scans" else f"{means[key]:.3f}"

    head = ("held-out patients, whole path", *(TITLES[key] for key in SCORES))
    rows = [(title, *(cell(means["int8"], key) for key in SCORES)) for title, means in tables.items()]
    return f"\n## Measured with the whole path\n{markdown_table(head, rows)}\n"


def model_card(metadata: dict, measured: dict, tables: dict[str, dict] | None = None) -> str:
    """The card in Markdown.

    Parameters
    ----------
    metadata : dict
        What the model says of itself.
    measured : dict
        What the export measured.
    tables : dict, optional
        Means of `evaluation.volumes` by title.
    """
    training = metadata["training"]
    plan = training["plan"]
    numbers = {
        "Tooth Dice on held-out phantoms, fp32": measured.get("dice_fp32"),
        "Tooth Dice on held-out phantoms, int8": measured.get("dice_int8"),
        **{
            f"Dice of the {group} on held-out phantoms, {precision}": measured.get(f"{group}_{precision}")
            for group in (*STRUCTURE_GROUPS, *TISSUE_CLASSES[1:])
            for precision in ("fp32", "int8")
        },
        "Right number on tooth voxels, fp32": measured.get("number_fp32"),
        "Right number on tooth voxels, int8": measured.get("number_int8"),
        "Same label, int8 and fp32, all voxels": measured.get("int8_agreement"),
        "Same label, int8 and fp32, tooth voxels": measured.get("int8_tooth_agreement"),
    }
    precision = metadata["precision"]
    rows = "\n".join(f"| {name} | {value:.4f} |" for name, value in numbers.items() if value is not None)
    return f"""# {metadata["id"]}

{PURPOSE[metadata["task"]]}

**Research use only. Not a medical device; not for diagnosis or treatment planning without a qualified reader.**

## Model
Plain U-Net (convolution, BatchNorm folded, ReLU), {architecture(plan)};
{precision} weights ({measured["size_bytes"] / 1e6:.1f} MB), {measured["int8_convolutions"]} convolutions in int8.
Preprocessing: RAS axes, {metadata["spacing_mm"]} mm, clip to the 0.5 and 99.5 percentiles, z-score. Everything a reader
needs is in the file's own metadata (key `dentaltoposeg`).

## Training
{history(training)}
Synthetic CBCT phantoms only: no real CBCT was used for training. The two real scans that the README shows were looked
at while the phantoms were designed, so they are no unseen test. Sources of the phantoms' anatomy:
- 3D-IOSSeg: real patients' intraoral scans with every crown labelled (no licence stated by its authors);
- Open-Full-Jaw, patient 26: jaws and rooted teeth (MIT at the commit used, CC BY-NC-SA 4.0 since July 2022);
- OpenJaw, rooted lower teeth of two patients (MIT; from the scans of Open-Full-Jaw: name both);
- AutoJaw, nine automatically labelled dentitions with roots in their bone (MIT; from the same scans);
- OpenMandible: a real patient's teeth and mandible (no licence stated by its authors);
- "Permanent Dentition" of the University of Dundee, sculpted teeth with roots (CC BY 4.0);
- parametric phantoms made by this library's own code.

No scan or mesh of these sources is contained in the model file.

## Terms
The weights are offered for research and evaluation. Two of the sources state no licence, and one has become
non-commercial since: whoever wants to use the weights for anything else must settle that with the sources'
authors. The code that made them is Apache-2.0.

## Measured at export ({training["calibration_samples"]} calibration samples)
| | |
|---|---|
{rows}

These are patches of phantoms; the repository's README says how it does on real scans.
{score_section(tables or {})}
## Known limits
Trained without real scans: metal streaks, unusual grey values, deciduous teeth, implants and anatomy outside the
phantoms' range can be wrong. Deciduous and supernumerary teeth have no class. Always look at the result.
"""
