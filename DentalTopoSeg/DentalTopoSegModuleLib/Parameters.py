"""What the user chooses from lists; every value knows what it is called on the screen."""

import enum

from slicer.i18n import tr as _


class Jaw(enum.Enum):
    """Which jaw the first intraoral scan shows."""

    AUTOMATIC = None
    UPPER = "upper"
    LOWER = "lower"

    def label(self) -> str:
        return {
            Jaw.AUTOMATIC: _("Find out from its shape"),
            Jaw.UPPER: _("Upper jaw"),
            Jaw.LOWER: _("Lower jaw"),
        }[self]


class Dentition(enum.Enum):
    """What is known of milk teeth; the values are those of RunOptions.milk."""

    AUTOMATIC = None
    PERMANENT = False
    MIXED = True

    def label(self) -> str:
        return {
            Dentition.AUTOMATIC: _("Find out"),
            Dentition.PERMANENT: _("Permanent teeth only"),
            Dentition.MIXED: _("A child: milk teeth may stand"),
        }[self]


#: What else of a CBCT is segmented: the words of RunOptions.structures, and the parameters that ask for it.
STRUCTURES = {"jaws": "alsoJaws", "canals": "alsoCanals", "tissues": "alsoTissues"}


class Numbering(enum.Enum):
    """How teeth are called; the values are the library's names."""

    FDI = "FDI"
    UNIVERSAL = "Universal"
    PALMER = "Palmer"

    def label(self) -> str:
        return {
            Numbering.FDI: _("FDI (11 to 48)"),
            Numbering.UNIVERSAL: _("Universal (1 to 32)"),
            Numbering.PALMER: _("Palmer (UR1 to LR8)"),
        }[self]


class Precision(enum.Enum):
    """Arithmetic of the networks."""

    INT8 = "int8"
    FP32 = "fp32"

    def label(self) -> str:
        return {Precision.INT8: _("Quick"), Precision.FP32: _("Exact")}[self]


class Provider(enum.Enum):
    """What runs the networks; the values are the library's names."""

    ONNXRUNTIME = "onnxruntime"
    OPENVINO = "openvino"
    AUTO = "auto"

    def label(self) -> str:
        return {
            Provider.ONNXRUNTIME: _("ONNX Runtime"),
            Provider.OPENVINO: _("OpenVINO (Intel, AMD)"),
            Provider.AUTO: _("OpenVINO where it is installed"),
        }[self]


def jawsOf(jaw: Jaw, count: int) -> list:
    """The jaw of each of `count` scans, given that of the first; two scans are always one of each."""
    if count == 1 or jaw is Jaw.AUTOMATIC:
        return [jaw.value] * count
    return [jaw.value, (Jaw.LOWER if jaw is Jaw.UPPER else Jaw.UPPER).value]
