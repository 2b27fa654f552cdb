"""What people type first, shown at the end of each command's help."""

from __future__ import annotations

#: By command; each is checked by a test to be understood.
EXAMPLES: dict[str, tuple[str, ...]] = {
    "segment": (
        "dentaltoposeg segment scan.nii.gz -o results --picture",
        "dentaltoposeg segment scan.nii.gz -o results --structures teeth,canals",
        "dentaltoposeg segment dicom_folder -o results --series 5 --anonymous-names",
        "dentaltoposeg segment upper.stl lower.stl -o results --absent 18,28,38,48",
    ),
    "check": (
        "dentaltoposeg check results/scan_teeth.seg.nrrd",
        "dentaltoposeg check totalseg.nii.gz --numbering totalsegmentator",
        "dentaltoposeg check labels.nii.gz --reference truth.nii.gz",
    ),
    "fuse": (
        "dentaltoposeg fuse cbct.nii.gz upper.stl lower.stl -o fused",
        "dentaltoposeg fuse cbct.nii.gz scan.stl -o fused --jaw lower --format glb",
    ),
    "networks": (
        "dentaltoposeg networks list",
        "dentaltoposeg networks add network.zip --accept-licence",
        "dentaltoposeg networks show DentalSegmentator",
    ),
    "evaluate": (
        "dentaltoposeg evaluate labels.nii.gz truth.nii.gz",
        "dentaltoposeg evaluate predictions labelsTs --challenge toothfairy2",
    ),
    "demo": ("dentaltoposeg demo -o demo",),
    "picture": ("dentaltoposeg picture scan.nii.gz labels.nii.gz -o teeth.png",),
    "repair": (
        "dentaltoposeg repair results/scan_report.json",
        "dentaltoposeg repair results/scan_report.json --all-safe -o mended.seg.nrrd",
    ),
    "export": (
        "dentaltoposeg export results/scan_report.json -o surfaces --format stl",
        "dentaltoposeg export results/scan_report.json -o results --format dicom-seg --scan dicom_folder",
        "dentaltoposeg export labels.nii.gz -o out --format nifti --to-numbering totalsegmentator",
    ),
    "batch": (
        "dentaltoposeg batch scans -o results --anonymous-names",
        "dentaltoposeg batch scans -o results --structures all",
    ),
    "dicomweb": (
        "dentaltoposeg dicomweb https://pacs.example.org/dicom-web --study 1.2.840.1 -o results",
        "dentaltoposeg dicomweb https://pacs.example.org/dicom-web --study 1.2.840.1 -o results --store --surfaces",
    ),
    "watch": ("dentaltoposeg watch incoming -o results --anonymous-names",),
}
#: Those of the help without a command.
FIRST = ("demo", "segment", "check")


def examples_text(command: str) -> str:
    """The examples of a command as a part of its help; empty where there is none."""
    shown = EXAMPLES.get(command, ())
    return "\n".join(("examples:", *(f"  {line}" for line in shown), "", "")) if shown else ""


def first_examples_text() -> str:
    """An example of each of the first commands."""
    return "\n".join(("examples:", *(f"  {EXAMPLES[name][0]}" for name in FIRST), "", ""))
