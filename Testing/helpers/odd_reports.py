"""Results of a run to be damaged: a small one of each kind, and changes anywhere in a report."""

from __future__ import annotations

import copy
import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BEFORE = Path(__file__).resolve().parents[1] / "data" / "before" / "files"
#: Files of the two results by the kinds of their reports.
FILES = {"volume": {"segmentation": "volume_teeth.seg.nrrd"}, "jaw": {"mesh": "jaw_teeth.vtp"}}
#: What stands where something else belongs.
WRONG: tuple[Any, ...] = (
    *(None, True, -1, 0, 16, 16.0, 99, 1e300, 10**18),
    *(
        "",
        "x",
        "-1",
        "../../escaped",
        "/nowhere/escaped",
        "a\\b",
        "nul",
        "x" * 5000,
        "\u202egnp.exe",
        "\ud800",
        "a\x00b",
    ),
    *("=1+1", "<script>", [], [[]], [1, 2, 3, 4], ["x"] * 300, {}, {"x": {}}, [None]),
)


def write_run(folder: Path, kind: str) -> Path:
    """The report of a run of now, with its labels beside it; kind "volume" or "jaw"."""
    from DentalTopoSegLib.runs.results import open_result

    (file,) = FILES[kind].values()
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(BEFORE / file, folder)
    report = open_result(folder / file).report
    report |= {"name": kind, "files": {**FILES[kind], "report": f"{kind}_report.json"}}
    report["provenance"] = {"models": [{"id": "border-2"}], "seconds": {"read": 0.5, "find the teeth": 1.2}}
    report["warnings"] = ["The voxels are coarse."]
    path = folder / f"{kind}_report.json"
    path.write_text(json.dumps(report), encoding="utf-8")
    return path


def places(values: Any, place: tuple = ()) -> Iterator[tuple]:
    """Every place in nested values, as the keys that lead there."""
    if isinstance(values, (dict, list)):
        keys = values if isinstance(values, dict) else range(len(values))
        for key in keys:
            yield (*place, key)
            yield from places(values[key], (*place, key))


def mutant(report: dict[str, Any], seed: int) -> dict[str, Any]:
    """A report with one to three places that are gone, wrong, doubled or taken from elsewhere in it."""
    chance = random.Random(seed)
    changed = copy.deepcopy(report)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        everywhere = list(places(changed))
        if not everywhere:
            break
        # the upper levels are few: half of the changes are there
        least = min(len(place) for place in chance.choices(everywhere, k=chance.choice((1, 8))))
        place = chance.choice([place for place in everywhere if len(place) >= least])
        *way, last = place
        holder = changed
        for key in way:
            holder = holder[key]
        kind = chance.random()
        if kind < 0.25:
            del holder[last]
        elif kind < 0.35 and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[last]))
        elif kind < 0.5:
            source = changed
            for key in chance.choice(everywhere):
                source = source[key]
            holder[last] = copy.deepcopy(source)
        else:
            holder[last] = copy.deepcopy(chance.choice(WRONG))
    return changed
