"""The shipped networks on scans made by code: what a user gets from the first command, and what she is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from DentalTopoSegLib.cbct import segment_volume
from DentalTopoSegLib.checks.findings import check_dentition
from DentalTopoSegLib.checks.metrics.label_maps import evaluate_pair
from DentalTopoSegLib.errors import NoTeethError
from DentalTopoSegLib.files.volumes import Volume
from DentalTopoSegLib.options import RunOptions
from DentalTopoSegLib.phantom import make_phantom

LPS = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
#: Axes of a scan stored with other handedness and order than the phantom: x to the front, y up, z to the left.
SIDEWAYS = (0.0, 0.0, 1.0, -1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def scan_of(array: np.ndarray, spacing: float, name: str) -> Volume:
    return Volume(array.astype(np.int16), (spacing,) * 3, (0.0, 0.0, 0.0), LPS, name)


@pytest.fixture(scope="module")
def phantom():
    return make_phantom(seed=0, spacing_mm=0.6)


@pytest.fixture(scope="module")
def result(phantom):
    return segment_volume(phantom.image, RunOptions(threads=2))


def test_the_phantom_of_the_demo_is_segmented_and_numbered(phantom, result):
    scores = evaluate_pair(result.labels, phantom.labels)
    assert scores["count_ref"] == 32
    assert scores["dice"] >= 0.75
    assert scores["identification_accuracy"] >= 0.95
    assert scores["detection_recall"] >= 0.85


def test_two_threads_and_one_give_the_same_labels(phantom, result):
    again = segment_volume(phantom.image, RunOptions(threads=1))
    np.testing.assert_array_equal(again.labels.array, result.labels.array)
    assert again.confidence == result.confidence


def test_a_sideways_scan_gets_the_same_teeth(phantom, result):
    """Stored axes are bookkeeping: teeth, sides and jaws must not depend on them."""
    image = phantom.image
    lps_index = np.diag(np.array(image.direction).reshape(3, 3))
    upright = image.array[tuple(slice(None, None, int(s)) for s in lps_index[::-1])]  # now x left, y back, z up
    # direction columns: where the stored x, y, z axes point in LPS
    stored = np.transpose(upright, (2, 0, 1))[:, :, ::-1]  # z <- left, y <- up, x <- front
    turned = Volume(np.ascontiguousarray(stored), image.spacing, (0.0, 0.0, 0.0), SIDEWAYS, "sideways")
    found = set(segment_volume(turned, RunOptions(threads=2)).confidence)
    assert len(found ^ set(result.confidence)) <= 1


def test_findings_of_a_good_result_accuse_few_teeth(result):
    findings = check_dentition(result.labels, result.confidence)
    assert not [f for f in findings if f.code in ("left_right_mirrored", "upper_lower_swapped", "doubled_number")]


def test_one_jaw_gets_no_teeth_in_the_other():
    lower = make_phantom(seed=4, spacing_mm=0.8, jaws="lower", fov_mm=(100.0, 90.0, 56.0))
    found = segment_volume(lower.image, RunOptions(threads=2))
    fdi = np.array(list(found.confidence))
    assert (fdi >= 31).mean() >= 0.9
    assert len(fdi) >= 11


@pytest.mark.parametrize("kind", ["noise", "abdomen"])
def test_a_scan_without_teeth_is_refused_in_one_sentence(kind):
    rng = np.random.default_rng(1)
    shape = (90, 110, 130)
    noise = ndimage.gaussian_filter(rng.normal(0, 1, shape), 0.7)
    if kind == "noise":
        array = 300 * noise
    else:
        z, y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
        array = np.where((x / 0.9) ** 2 + (y / 0.75) ** 2 < 1, 40.0, -1000.0)
        array[(x / 0.3) ** 2 + ((y - 0.1) / 0.3) ** 2 < 1] = 90.0  # an organ
        spine = (x / 0.13) ** 2 + ((y + 0.5) / 0.14) ** 2 < 1
        array[spine & (np.abs((z * 4) % 1 - 0.5) < 0.4)] = 600.0
        array[(np.abs((x / 0.86) ** 2 + (y / 0.7) ** 2 - 1) < 0.06) & (np.abs((z * 3) % 1 - 0.5) < 0.2)] = 900.0  # ribs
        array = array + 40 * noise
    with pytest.raises(NoTeethError) as refused:
        segment_volume(scan_of(array, 1.5, kind), RunOptions(threads=2))
    assert kind in str(refused.value)
    assert "No teeth were found" in str(refused.value)
