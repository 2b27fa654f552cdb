"""A sample of the damaged files of `Testing/fuzz/fuzz_table.py`: read or refused, and nothing else."""

from __future__ import annotations

import os

import pytest

if not hasattr(os, "fork"):
    pytest.skip("damaged files are tried in forked children, and this system cannot fork", allow_module_level=True)

from fuzz_formats import FORMATS
from fuzz_running import Fuzzer
from fuzz_trials import CRASHED, HUNG, RAISED, READ, REFUSED, TOO_LARGE, try_one

from DentalTopoSegLib.errors import InputError

SECONDS = 2.5  # of each format; all together stay below three minutes


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_damaged_files_are_read_or_refused(form, tmp_path):
    (row,) = Fuzzer(tmp_path).run([form], 40, SECONDS)
    assert row.count.total() and not row.faults


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
