"""The table of formats is made by a program, and the page of the documentation is what it says now."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from bounded import ROOT

sys.path.append(str(ROOT / "Testing" / "formats"))
import format_table


@pytest.fixture(scope="module")
def rows() -> list[format_table.Row]:
    return list(format_table.of_variants())


def test_every_file_becomes_what_it_must(rows: list[format_table.Row]) -> None:
    assert len(rows) > 150
    assert [row for row in rows if not row.right] == []
    assert {row.outcome for row in rows} == {"read", "read, with a note", "asks for --orientation", "refused"}


def test_no_folder_of_this_computer_is_in_the_table(rows: list[format_table.Row], tmp_path: Path) -> None:
    text = format_table.page(rows)
    assert str(tmp_path.parent.parent) not in text and "format-table-" not in text


def test_the_page_has_these_rows(rows: list[format_table.Row]) -> None:
    """What it says of each is brought up to date by the program; that it speaks of all of them is asked here."""
    told = [
        line.split(" | ")[:2] for line in format_table.PAGE.read_text("utf-8").splitlines() if line.startswith("| ")
    ]
    now = [line.split(" | ")[:2] for line in format_table.page(rows).splitlines() if line.startswith("| ")]
    assert told == now, "python Testing/formats/format_table.py --markdown docs/formats.md writes it anew"


def test_a_folder_of_files_can_be_asked(tmp_path: Path, capsys) -> None:
    (tmp_path / "x.inv").write_bytes(b"<INVFile></INVFile>")
    assert format_table.main(["--files", str(tmp_path)]) == 0
    assert "| x.inv | refused | 'x.inv' is an Invivo file" in capsys.readouterr().out
