"""What an earlier fusion of the same name has left in the folder, and a later one does not write again."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from ..errors import InputError
from ..files.journal import take_away
from ..files.transactions import destination
from ..reports.checksums import compare_files
from ..reports.fusion_report import read_fusion_report


def take_earlier_away(stage: Path, report_name: str, files: Collection[str]) -> list[str]:
    """Let the files of the earlier fusion go with the move of a stage; those that somebody has changed stay.

    Parameters
    ----------
    stage : Path
        Of `transactions.all_or_nothing`.
    report_name : str
        The file name of both fusions' report.
    files : collection of str
        The names that the later fusion writes.

    Returns
    -------
    list of str
        What to tell, in plain words.
    """
    folder = destination(stage)
    report = folder / report_name
    if not report.is_file():
        return []
    try:
        earlier = read_fusion_report(report)
    except InputError:
        return [f"'{report}' was damaged: other files of that earlier fusion may be left in the folder."]
    beside = compare_files(earlier, folder)
    old = sorted(set(earlier["files"].values()) - set(files) - set(beside.missing))
    unknown = {name for kind, name in earlier["files"].items() if kind not in earlier.get("checksums", {})}
    kept = [name for name in old if name in beside.changed or name in unknown]
    gone = [name for name in old if name not in kept]
    for name in gone:
        take_away(stage, name)
    told = []
    if gone:
        told.append(f"Taken away, being of an earlier fusion and not of this one: {_shown(gone)}.")
    if kept:
        told.append(f"Of an earlier fusion, changed since and therefore left in the folder: {_shown(kept)}.")
    return told


def _shown(names: Collection[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
