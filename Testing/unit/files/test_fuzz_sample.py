"""A sample of the damaged files of `Testing/fuzz/fuzz_table.py`: read or refused, and nothing else."""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

if not hasattr(os, "fork"):
    pytest.skip("damaged files are tried in forked children, and this system cannot fork", allow_module_level=True)

import fuzz_trials
from fuzz_broken import broken_formats
from fuzz_formats import FORMATS
from fuzz_mutations import AWARE, _bomb, mutate
from fuzz_running import Fuzzer, odd_words
from fuzz_trials import CRASHED, HUNG, RAISED, READ, REFUSED, TOO_LARGE, try_one

from DentalTopoSegLib.errors import InputError

SECONDS = 2.5  # of each format; all together stay below three minutes


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_damaged_files_are_read_or_refused(form, tmp_path):
    (row,) = Fuzzer(tmp_path).run([form], 40, SECONDS)
    assert row.count.total() and not row.faults and not row.odd


def test_damaged_files_are_tried_in_several_processes_as_in_one(tmp_path):
    formats = [form for form in FORMATS if form.name in ("STL, binary", "job")]
    rows = Fuzzer(tmp_path).run(formats, 4, processes=2)
    assert [row.name for row in rows] == [form.name for form in formats]
    assert [row.count for row in rows] == [row.count for row in Fuzzer(tmp_path).run(formats, 4)]


def test_files_that_once_failed_are_damaged_once_more_in_one_row(tmp_path):
    for name in ("a", "b"):
        (tmp_path / "broken" / name).mkdir(parents=True)
        (tmp_path / "broken" / name / "x.mha").write_bytes(b"ObjectType = Image\nNDims = -3\n")
    formats = list(broken_formats(tmp_path / "broken"))
    (row,) = Fuzzer(tmp_path / "kept").run(formats, 2 * len(formats))
    assert len(formats) == 4 and row.count[REFUSED] == 8 and not row.faults and not row.odd


@pytest.mark.parametrize("way", AWARE)
@pytest.mark.parametrize("content", [b"", b"\0", b"<", b"DICM", b"\x1f\x8b", b"{"])
def test_what_is_damaged_beyond_knowing_is_damaged_on(way, content):
    for seed in range(60):
        assert isinstance(mutate(random.Random(seed), content, way, [content]), bytes)


@pytest.mark.parametrize("way", ["gzip", "text", "json"])
def test_what_expands_is_not_expanded_to_damage_it(way):
    """The parent of all trials must stay small."""
    tree = {"a": [1, [2, {"b": [3]}]]}
    content = {"gzip": gzip.compress(b"1") + _bomb("gzip"), "text": b"NRRD\nencoding: gz\n\n" + _bomb("gzip")}
    content["json"] = json.dumps(tree).encode()
    tracemalloc.start()
    try:
        for seed in range(10):
            damaged = content[way]
            for _ in range(2):
                damaged = mutate(random.Random(seed), damaged, way, [damaged])
        assert tracemalloc.get_traced_memory()[1] < 150_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        ("'a/x.nii' is damaged: its header is cut short.", False),
        ("--series is only for CBCT: leave it out here.", False),
        ("The file is damaged.", True),
        ("'x.nii' is\ndamaged.", True),
        ("'x.nii' is damaged (ValueError).", True),
        ("'x.nii' cannot be read (ITK ERROR).", True),
        ("'a/.dentaltoposeg-1a2b/x.nii' cannot be written.", True),
        ("'x.nii' has a field 'versions.numpy' that is no text.", False),
    ],
)
def test_words_that_are_not_for_clinicians_are_found(text, odd):
    assert odd_words(text, ["x.nii"]) == odd


def refuse():
    raise InputError("'x' is damaged.")


def fill():
    return bytearray(2_200_000_000)


def spin():
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (1, 2))
    while True:
        pass


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        (lambda: None, READ),
        (refuse, REFUSED),
        (lambda: {}["x"], RAISED),
        (os.abort, CRASHED),
        (lambda: os._exit(3), CRASHED),
        (lambda: bytearray(1 << 40), TOO_LARGE),
        (fill, TOO_LARGE),
        (spin, HUNG),
    ],
    ids=["reads", "refuses", "raises", "aborts", "exits", "asks for too much", "takes too much", "spins"],
)
def test_a_trial_tells_what_became_of_it(action, kind):
    assert try_one(action, InputError).kind == kind


@pytest.mark.parametrize(("megabytes", "kind"), [(1, READ), (400, TOO_LARGE)])
def test_what_the_parent_holds_is_not_the_child_s(monkeypatch, megabytes: int, kind: str) -> None:
    """The whole suite in one process holds more than any file may take."""
    monkeypatch.setattr(fuzz_trials, "MAX_BYTES", 200_000_000)
    ballast = np.ones(300_000_000, np.uint8)
    outcome = try_one(lambda: np.ones(megabytes * 1_000_000, np.uint8), InputError)
    assert outcome.kind == kind, outcome.text
    assert abs(outcome.bytes - megabytes * 1_000_000) < 50_000_000
    assert ballast.all()


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="only Linux tells a program's own peak")
def test_a_program_does_not_have_the_peak_of_who_starts_it() -> None:
    ballast = np.ones(300_000_000, np.uint8)
    code = "import sys; sys.path.insert(0, 'Testing/helpers'); import peak_memory; print(peak_memory.peak_bytes())"
    root = Path(__file__).resolve().parents[3]
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert 1_000_000 < int(run.stdout) < 100_000_000 < ballast.nbytes
