"""One volume in every form of DICOM: read at its place with its voxels, or refused with the true reason."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from dicom_odd import assert_same_in_space
from dicom_variants import dicom_variants
from volume_variants import ASKED, READ, REFUSED, TOY, Variant, expected, same_place

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.volumes import read_volume


@pytest.mark.parametrize("variant", dicom_variants(), ids=lambda v: v.name)
def test_it_becomes_what_it_must(variant: Variant, tmp_path: Path, capfd) -> None:
    path = variant.make(tmp_path)
    if variant.outcome in (REFUSED, ASKED):
        with pytest.raises(InputError) as caught:
            read_volume(path)
        message = str(caught.value)
        assert re.search(variant.words, message) and "\n" not in message and message.endswith(".")
    else:
        read, told = read_volume(path)
        assert_same_in_space(read, TOY)
        assert told == [] if variant.outcome == READ else re.search(variant.words, " ".join(told))
    for word, affine in (variant.answers or {}).items():
        read, told = read_volume(path, orientation=word)
        np.testing.assert_array_equal(read.array, expected(variant)[0])
        assert same_place(read, affine) and word in told[0]
    assert capfd.readouterr().err == ""
