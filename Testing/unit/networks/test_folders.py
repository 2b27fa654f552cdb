"""Networks of another folder in place of the installed ones."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from DentalTopoSegLib.errors import ModelError
from DentalTopoSegLib.networks.folders import load_kind, tasks_in
from DentalTopoSegLib.networks.models import describe_model, list_models
from DentalTopoSegLib.networks.resources import resources_dir
from DentalTopoSegLib.options import RunOptions
from DentalTopoSegLib.runs.rows import _is_of_others, own_checksums

ONE = RunOptions(threads=1)


def folder_with(folder: Path, *tasks: str) -> Path:
    """The installed networks of some tasks under other ids."""
    entries = [{**entry, "id": f"{entry['task']}-clinic"} for entry in list_models() if entry["task"] in tasks]
    for entry in entries:
        shutil.copy(resources_dir() / "Models" / entry["file"], folder / entry["file"])
    (folder / "models.json").write_text(json.dumps({"models": entries}), encoding="utf-8")
    return folder


def test_a_folders_networks_come_first_and_the_installed_ones_fill_up(tmp_path: Path) -> None:
    models = load_kind("volume", folder_with(tmp_path, "border"), ONE)
    assert models["border"].id == "border-clinic"
    assert models["numbering"].id != "numbering-clinic"
    assert describe_model(models["border"], "border")["installed"] is False
    assert "installed" not in describe_model(models["numbering"], "numbering")


def test_a_folder_for_another_kind_of_scan_or_without_networks_is_refused(tmp_path: Path) -> None:
    folder_with(tmp_path, "border")
    assert tasks_in(tmp_path) == {"border"}
    with pytest.raises(ModelError, match=r"no network for intraoral scans \(it has: border\)"):
        load_kind("surface", tmp_path, ONE)
    with pytest.raises(ModelError, match=r"no models\.json"):
        load_kind("volume", tmp_path / "absent", ONE)


def test_results_of_other_networks_are_no_results_of_these(tmp_path: Path) -> None:
    entries = json.loads((folder_with(tmp_path, "border") / "models.json").read_text())["models"]
    own = own_checksums(entries, mesh=False)
    report = {"provenance": {"models": [{"task": "border", "sha256": entries[0]["sha256"], "installed": False}]}}
    assert not _is_of_others(report, own)
    assert _is_of_others(report, frozenset())
    assert _is_of_others({"provenance": {"models": [{"task": "border", "sha256": "0"}]}}, own)
    assert own_checksums(entries, mesh=True) == own_checksums(None, mesh=False) == frozenset()
