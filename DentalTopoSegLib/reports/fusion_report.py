"""The report on scans laid over a CBCT, <name>_fusion.json: written as a schema says, and read back as one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files.json_schema import require_schema
from ..files.json_text import place_text, read_json
from ..files.names import bare_name

#: What marks a JSON file as that of a fusion.
SCHEMA = "dentaltoposeg-fusion-1"
#: What such a file may hold, for every program that reads one.
SCHEMA_FILE = Path(__file__).with_name("fusion.schema.json")


def read_fusion_report(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a fusion's report.

    Parameters
    ----------
    path : path
        A <name>_fusion.json.

    Returns
    -------
    dict
        As `SCHEMA_FILE` says; names are bare file names.

    Raises
    ------
    InputError
        For what is none, and for the first place that is not as the schema says.
    """
    path = Path(path)
    content, said = read_json(path), f"'{path}'"
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise InputError(f"'{path}' is no report on a fusion: give a <name>_fusion.json.")
    require_schema(content, SCHEMA_FILE, said)
    names = {"name": content["name"]} | {f"files.{kind}": name for kind, name in content["files"].items()}
    for i, jaw in enumerate(content["jaws"]):
        names |= {f"jaws[{i}].{kind}": jaw[kind] for kind in ("transform", "mesh")}
    for place, name in names.items():
        bare_name(name, f"{said} is damaged: {place_text(place)}")
    return content
