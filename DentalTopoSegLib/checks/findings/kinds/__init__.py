"""Every kind of finding there is, one file each; may import `dentition`, `checks.measures` and `checks.repair`.

A new kind is a new file, called like its code, that makes a `KIND`, and a line here.
"""

from importlib import import_module

from ..finding import register

#: In order of gravity: findings of one severity are listed so.
CODES = (
    "wrong_jaw",
    "same_jaw",
    "jaw_uncertain",
    "frame_uncertain",
    "inside_out",
    "left_right_mirrored",
    "structure_wrong_side",
    "upper_lower_swapped",
    "not_in_bite",
    "doubled_number",
    "merged_neighbours",
    "order_broken",
    "two_numbers",
    "extra_tooth",
    "implant_as_tooth",
    "tooth_outside_jaw",
    "missing_tooth",
    "fragment",
    "speckles",
    "tunnel",
    "void",
    "hole",
    "implausible_volume",
    "implausible_size",
    "canal_in_pieces",
    "canal_branched",
    "near_canal",
    "near_sinus",
    "low_confidence",
    "cut_by_field_of_view",
    "cut_by_scan_border",
)
KINDS = register(*(import_module(f".{code}", __name__).KIND for code in CODES))
