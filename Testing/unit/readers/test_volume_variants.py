"""One volume in every form: read at its place with its voxels, or refused with the true reason; labels alike."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from volume_variants import ASKED, NOTED, READ, REFUSED, TOY, Variant, expected, nifti, same_place, turned, variants

from DentalTopoSegLib.errors import InputError, UsageError
from DentalTopoSegLib.files.volumes import Volume, read_label_file, read_volume, write_volume
from DentalTopoSegLib.files.volumes.orientation import directions_of, orientation_of

VARIANTS = variants()
#: As a scan and as a label map, by the same rules.
READERS: dict[str, Callable[..., tuple[Volume, list[str]]]] = {"scan": read_volume, "labels": read_label_file}

every = pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: f"{v.format}, {v.name}")
either = pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())


def refusal(path: Path, reader: Callable[..., tuple[Volume, list[str]]]) -> str:
    with pytest.raises(InputError) as caught:
        reader(path)
    message = str(caught.value)
    assert path.name in message
    assert "\n" not in message and message.endswith(".")
    return message


def _nibabel_opens(variant: Variant) -> bool:
    """It goes by names, and wants nothing behind the packed part."""
    odd = ("behind the gzip", "called", "name of a volume")
    return variant.format == "NIfTI" and not any(words in variant.name for words in odd)


@either
@every
def test_it_becomes_what_it_must(variant: Variant, reader, tmp_path: Path) -> None:
    path = variant.make(tmp_path)
    values, affine = expected(variant)
    if variant.outcome in (REFUSED, ASKED):
        assert re.search(variant.words, refusal(path, reader))
    if variant.outcome in (READ, NOTED):
        read, told = reader(path)
        np.testing.assert_array_equal(read.array, values)
        assert same_place(read, affine)
        assert told == [] if variant.outcome == READ else re.search(variant.words, " ".join(told))
    for word, answered in (variant.answers or {}).items():
        read, told = reader(path, orientation=word)
        np.testing.assert_array_equal(read.array, values)
        assert same_place(read, answered)
        assert len(told) == 1 and word in told[0]


@pytest.mark.parametrize(
    "variant", [v for v in VARIANTS if v.outcome in (READ, NOTED) and _nibabel_opens(v)], ids=lambda v: v.name
)
def test_nibabel_places_it_there_too(variant: Variant, tmp_path: Path) -> None:
    path = variant.make(tmp_path)
    image = nib.load(path)
    factor = {"meter": 1e3, "micron": 1e-3}.get(image.header.get_xyzt_units()[0], 1.0)  # nibabel leaves it to others
    affine = image.affine.copy()
    affine[:3] *= factor
    assert same_place(read_volume(path)[0], affine)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii"])
@pytest.mark.parametrize(
    "variant", [v for v in VARIANTS if v.outcome == NOTED and v.format == "NIfTI"], ids=lambda v: v.name
)
def test_what_is_written_has_one_place(variant: Variant, suffix: str, tmp_path: Path) -> None:
    read, _ = read_volume(variant.make(tmp_path))
    written = nib.load(write_volume(read, tmp_path / f"written{suffix}"))
    assert written.header["sform_code"] > 0 and written.header["qform_code"] > 0
    np.testing.assert_allclose(written.get_sform(), read.index_to_ras_matrix(), atol=1e-4)
    np.testing.assert_allclose(written.get_qform(), written.get_sform(), atol=1e-4)


@either
def test_a_file_that_says_where_left_and_right_are_is_believed(reader, tmp_path: Path) -> None:
    path = nifti()(tmp_path)
    own = orientation_of(TOY.direction)
    assert reader(path, orientation=own)[1] == []
    read, told = reader(path, orientation="LAS")
    assert same_place(read, TOY.index_to_ras_matrix())
    assert f"{own}" in told[0] and "LAS was not used" in told[0]


def test_letters_choose_between_the_two_forms(tmp_path: Path) -> None:
    affine = TOY.index_to_ras_matrix()
    other = turned(affine, mirror=(-1, 1, 1))
    path = nifti(affine, other)(tmp_path)
    letters = orientation_of(np.diag([-1, -1, 1]) @ other[:3, :3] / TOY.spacing)
    read, told = read_volume(path, orientation=letters)
    assert same_place(read, other) and "qform" in told[0]
    with pytest.raises(InputError, match="depend on which"):
        read_volume(path, orientation="SAR")


@pytest.mark.parametrize("word", ["LPP", "LP", "lps", "LPSA", "", "affine"])
def test_what_is_no_orientation_is_wrong_usage(word: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="three letters"):
        read_volume(nifti()(tmp_path), orientation=word)


def test_letters_and_directions_are_one() -> None:
    words = [a + b + c for a in "LRPASI" for b in "LRPASI" for c in "LRPASI"]
    words = [word for word in words if len({"LRPASI".index(c) // 2 for c in word}) == 3]
    assert len(words) == 48
    assert [orientation_of(directions_of(word)) for word in words] == words
    np.testing.assert_array_equal(directions_of("LPS"), np.eye(3))
    assert nib.aff2axcodes(np.diag([-1, -1, 1, 1]) @ np.eye(4)) == tuple("LPS")
