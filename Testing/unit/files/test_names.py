"""Names in files are bare or refused; names of results are made here and are bare by themselves."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.names import MAX_NAME_BYTES, bare_name, safe_name, why_not_bare
from DentalTopoSegLib.files.volumes import safe_stem

NOT_BARE = {
    "../escaped": "it holds '/'",
    "..\\escaped": "it holds '\\'",
    "/etc/passwd": "it holds '/'",
    "C:escaped": "it holds ':'",
    "scan.nii.gz:stream": "it holds ':'",
    "..": "it means a folder",
    ".": "it means a folder",
    "": "it is empty",
    "  ": "it is empty",
    "scan.": "it ends in a dot or a space",
    "scan ": "it ends in a dot or a space",
    "scan\0.raw": "it holds a character that does not show",
    "scan\n.raw": "it holds a character that does not show",
    "scan\u202ewar.exe": "it holds a character that does not show",
    "scan\udcff": "it holds a character that does not show",
    "CON": "it means a device of Windows",
    "nul.raw": "it means a device of Windows",
    ".dentaltoposeg-x": "it begins with '.dentaltoposeg-', as what is unfinished does",
    "com1.nii.gz": "it means a device of Windows",
    "ü" * 128: "it is longer than 255 bytes",
}


@pytest.mark.parametrize(("name", "reason"), NOT_BARE.items(), ids=map(ascii, NOT_BARE))
def test_a_name_that_leads_elsewhere_is_refused_and_told(name, reason):
    with pytest.raises(InputError) as refused:
        bare_name(name, "'x_report.json' is damaged: files.mesh")
    said = str(refused.value)
    assert said.startswith("'x_report.json' is damaged: files.mesh is '") and said.endswith(f" ({reason}).")
    assert all(c.isprintable() for c in said) and len(said) < 250


@pytest.mark.parametrize("name", ["scan.raw", ".hidden", "München (2).raw", "com10.raw", "console", "a..b", "-o"])
def test_a_bare_name_stays_as_it_is(name):
    assert bare_name(name, "it") == name


@pytest.mark.parametrize("value", [None, 3, ["a"], {}])
def test_what_is_no_text_is_no_name(value):
    with pytest.raises(InputError, match="it is no text"):
        bare_name(value, "it")


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("/\\:.\0 CONnul\u202e\udcff")), max_size=300))
def test_every_name_that_is_made_is_bare_and_leaves_room(text):
    name = safe_name(text)
    assert why_not_bare(name) is None and len(name.encode()) <= MAX_NAME_BYTES
    assert safe_name(name) == name, "made again, it stays"


def test_long_names_stay_different():
    assert safe_name("x" * 300) != safe_name("x" * 301)


def test_results_are_called_after_a_folder_whose_name_is_no_text(tmp_path):
    assert safe_stem(os.fsdecode(os.fsencode(tmp_path / "scan") + b"\xff.nii.gz")) == "scan_"


def test_files_of_the_longest_name_made_here_are_bare() -> None:
    """Else a run's own report is refused."""
    assert why_not_bare(safe_name("x" * 300) + "_teeth.seg.nrrd") is None


@pytest.mark.parametrize("character", ["\n", "\r", "\x0b", "\x1b", "\x9b", "\u2028", "\u202e"])
def test_a_refusal_stays_on_one_line_and_commands_no_terminal(character):
    """Whatever a file, or its name, puts into the sentence."""
    assert str(InputError(f"'a{character}b.stl' is damaged.")) == "'a\N{REPLACEMENT CHARACTER}b.stl' is damaged."
    assert str(InputError("'caf\udce9 é.stl' is damaged.")) == "'caf\udce9 é.stl' is damaged."
