"""JSON is read within bounds, or refused with the file, the place and the bound."""

import json
import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from DentalTopoSegLib.errors import InputError, UsageError
from DentalTopoSegLib.files.json_text import MAX_DEPTH, parse_json, read_json

DAMAGED = {
    b'{"a": NaN}': "it holds NaN, which is no number of JSON.",
    b'{"a": [-Infinity]}': "it holds -Infinity, which is no number of JSON.",
    b'{"a": [0.5, 1e400]}': "a[1] is a number beyond 9,007,199,254,740,992.",
    b'{"a": [1, 2, 9007199254740993]}': "a[2] is a number beyond 9,007,199,254,740,992.",
    b"9" * 5000: "it holds a number beyond 9,007,199,254,740,992.",
    b'{"a": 1, "a": 2}': "it says 'a' twice.",
    b'{"a": [{"b": "\\ud800"}]}': "a[0].b holds the character U+D800, which is no text.",
    b'{"a": "\\u001b[2J"}': "a holds the character U+001B, which is no text.",
    b'{"a\\u0000": 1}': "a\N{REPLACEMENT CHARACTER} holds the character U+0000, which is no text.",
    b'{"a": "\xff"}': "it is no JSON text (byte 7 is no UTF-8).",
    b'{"a": ': "it is no JSON text (line 1, column 7).",
    b"": "it is no JSON text (line 1, column 1).",
    b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1): "it is nested more than 32 levels deep.",
    b"[" * 200_000 + b"]" * 200_000: "it is nested more than 32 levels deep.",
    b'{"a":' * 5000 + b"1" + b"}" * 5000: "it is nested more than 32 levels deep.",
}


@pytest.mark.parametrize(("content", "problem"), DAMAGED.items(), ids=range(len(DAMAGED)))
def test_what_no_program_writes_is_refused_with_its_place(tmp_path, content, problem):
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(InputError) as refused:
        read_json(path)
    assert str(refused.value) == f"'{path}' is damaged: {problem}"


def test_the_deepest_that_is_read():
    assert parse_json("[" * MAX_DEPTH + "]" * MAX_DEPTH, "it")


def test_what_is_read_is_what_json_reads(tmp_path):
    values = {"a": [1, 2.5, -3, True, None, "Zähne\tund\nmehr"], "b": {"c": [11] * 1000}, "": []}
    path = tmp_path / "x.json"
    path.write_text("\ufeff" + json.dumps(values), encoding="utf-8")
    assert read_json(path) == values


def test_a_large_file_is_not_read(tmp_path):
    path = tmp_path / "x.json"
    with path.open("wb") as stream:
        stream.truncate(3 << 30)  # a hole, no disk
    with pytest.raises(InputError, match=r"has 3,221,225,472 bytes, more than the 1,000 that are read"):
        read_json(path, max_bytes=1000)


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes of POSIX")
def test_a_pipe_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "x.json")
    with pytest.raises(InputError, match="is no file"):
        read_json(tmp_path / "x.json")


def test_refusals_are_those_of_the_caller(tmp_path):
    with pytest.raises(UsageError, match=r"^The job file '.*none.json' cannot be read \(No such file or directory\).$"):
        read_json(tmp_path / "none.json", "The job file", refusal=UsageError)
    with pytest.raises(UsageError, match="is no file"):
        read_json(tmp_path, "The job file", refusal=UsageError)
    with pytest.raises(UsageError, match="cannot be read"):
        read_json(f"{tmp_path}/\0", refusal=UsageError)


@given(st.binary(max_size=60) | st.text(alphabet='{}[]":,.0123456789eE+-\\un NaIfity', max_size=60))
def test_anything_is_read_or_refused(content):
    try:
        parse_json(content, "it")
    except InputError as refused:
        said = str(refused)
    else:
        said = "it is damaged: not at all"
    assert said.startswith("it is damaged: ")
