"""The report on a fusion against its schema: what is damaged is refused with its place, by us and by another reader."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fusion_reports import SOUND

from DentalTopoSegLib.dentition import FDI_DECIDUOUS, FDI_PERMANENT
from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.json_text import read_json
from DentalTopoSegLib.reports.fusion_report import SCHEMA, SCHEMA_FILE, read_fusion_report


def places(value: Any, place: tuple = ()) -> Iterator[tuple]:
    """Every place in a JSON value."""
    yield place
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*place, key))


def changed(place: tuple, new: Any) -> dict[str, Any]:
    """The sound report with another value in a place."""
    report = copy.deepcopy(SOUND)
    inside: Any = report
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = new
    return report


def write(report: Any, folder: Path) -> Path:
    path = folder / "case_fusion.json"
    path.write_text(json.dumps(report), encoding="utf-8")
    return path


def test_a_sound_report_is_read(tmp_path: Path) -> None:
    assert read_fusion_report(write(SOUND, tmp_path)) == SOUND
    more = {**SOUND, "later": {"anything": 1}}
    assert read_fusion_report(write(more, tmp_path)) == more


def test_every_value_of_another_kind_is_refused_by_us_and_by_another_reader(tmp_path: Path) -> None:
    fastjsonschema = pytest.importorskip("fastjsonschema")
    other = fastjsonschema.compile(read_json(SCHEMA_FILE), handlers={"https": None, "http": None})
    other(SOUND)
    tried = 0
    for place in places(SOUND):
        for wrong in ({"a": {}}, [[[]]], -7.5):
            if not place:
                continue
            report = changed(place, wrong)
            try:
                other(report)
            except fastjsonschema.JsonSchemaValueException:
                with pytest.raises(InputError, match=r"is damaged: |is no report on a fusion"):
                    read_fusion_report(write(report, tmp_path))
                tried += 1
            else:
                read_fusion_report(write(report, tmp_path))
    assert tried > 150


@pytest.mark.parametrize(
    ("place", "wrong", "said"),
    [
        (("jaws", 0, "teeth", 0, "fdi"), 19, "jaws[0].teeth[0].fdi is 19, not a tooth number (FDI)"),
        (("jaws", 0, "share_that_fits"), 1.2, "share_that_fits"),
        (("jaws", 0, "numbers", "changed_in_scan"), {"14": 99}, "not a tooth number"),
        (("jaws", 0, "numbers", "changed_in_scan"), {"x": 14}, "x"),
        (("jaws",), [], "jaws"),
        (("files", "tooth_13"), "../../13.stl", "files.tooth_13"),
        (("name",), "a/b", "name"),
        (("jaws", 0, "mesh"), "/etc/passwd", "jaws[0].mesh"),
        (("findings", 0, "teeth"), [13, 14], "findings[0].teeth"),
    ],
)
def test_what_is_damaged_is_told_with_its_place(place: tuple, wrong: Any, said: str, tmp_path: Path) -> None:
    path = write(changed(place, wrong), tmp_path)
    with pytest.raises(InputError) as refused:
        read_fusion_report(path)
    assert said in str(refused.value) and str(path) in str(refused.value)


@pytest.mark.parametrize("key", ["jaws", "findings", "files", "name", "checksums"])
def test_what_is_missing_is_told(key: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=key):
        read_fusion_report(write({k: v for k, v in SOUND.items() if k != key}, tmp_path))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "dentaltoposeg-report-1"}', "\x00"])
def test_what_is_no_such_report_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x_fusion.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"x_fusion\.json"):
        read_fusion_report(path)


def test_the_schema_knows_what_the_library_knows() -> None:
    schema = read_json(SCHEMA_FILE)
    assert schema["properties"]["schema"]["const"] == SCHEMA
    assert schema["definitions"]["fdi"]["enum"] == [*FDI_PERMANENT, *FDI_DECIDUOUS]
    every = [str(fdi) for fdi in (*FDI_PERMANENT, *FDI_DECIDUOUS)]
    assert sorted(schema["definitions"]["changes"]["propertyNames"]["enum"]) == sorted(every)
