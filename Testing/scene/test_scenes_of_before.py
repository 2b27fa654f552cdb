"""Scenes saved by the first version (commit a2724ae) open with their findings, states, numbering and repairs."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest

from DentalTopoSegLib.scene import is_reviewable, review_of

DATA = Path(__file__).resolve().parents[1] / "data" / "before" / "scenes"


@pytest.mark.parametrize(("name", "node_name"), [("volume", "CBCT teeth"), ("jaw", "lower scan teeth")])
def test_a_scene_of_the_first_version_is_reviewed_as_it_was(slicer, tmp_path: Path, name: str, node_name: str) -> None:
    with zipfile.ZipFile(DATA / f"{name}.mrb") as bundle:
        bundle.extractall(tmp_path)
    scene = slicer.vtkMRMLScene()
    scene.SetURL(str(next(tmp_path.rglob("*.mrml"))))
    assert scene.Connect()
    node = scene.GetFirstNodeByName(node_name)
    assert is_reviewable(node)
    review = review_of(node)
    told = [[f.key, f.code, f.state, f.sentence, list(f.teeth), f.severity, list(f.repairs)] for f in review.findings()]
    before = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    for finding in before:  # those scenes do not say what a confidence is, so it is no longer told as a probability
        if finding[1] == "low_confidence":
            fdi, percent = re.search(r"tooth (\d+)", finding[3]), re.search(r"confidence (\d+) %", finding[3])
            finding[3] = f"Please check tooth {fdi[1]} and its number: its score is low ({percent[1]} %)."
    assert told == before
    review.close()
    scene.Clear(1)
