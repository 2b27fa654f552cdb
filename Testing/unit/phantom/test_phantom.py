"""The parametric phantom: exact labels, repeatable, anatomically ordered, refuses nonsense."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.volumes import read_volume
from DentalTopoSegLib.phantom import make_phantom
from DentalTopoSegLib.phantom.__main__ import main

COARSE = {"spacing_mm": 1.0, "fov_mm": (90, 80, 70)}


@pytest.fixture(scope="module")
def phantom():
    return make_phantom(3, **COARSE, gap_mm=3.0)


def centroids_ras(volume) -> dict[int, np.ndarray]:
    found = [int(v) for v in np.unique(volume.array) if v]
    return {f: volume.index_to_ras(np.argwhere(volume.array == f).mean(0)) for f in found}


def test_all_teeth_are_there_and_in_one_piece(phantom):
    labels = phantom.labels.array
    assert sorted(set(np.unique(labels)) - {0}) == sorted(phantom.teeth) and len(phantom.teeth) == 32
    for fdi in phantom.teeth:
        _, pieces = ndimage.label(labels == fdi, np.ones((3, 3, 3)))
        assert pieces == 1, f"tooth {fdi} has {pieces} pieces"


def test_sides_jaws_and_arch_order(phantom):
    centre = centroids_ras(phantom.labels)
    for fdi, (right, _, up) in centre.items():
        assert (right > 0) == (fdi // 10 in (1, 4)), fdi
        twin = {1: 4, 4: 1, 2: 3, 3: 2}[fdi // 10] * 10 + fdi % 10
        assert (up > centre[twin][2]) == (fdi < 30), fdi
    for quadrant in (1, 2, 3, 4):
        backwards = [centre[quadrant * 10 + p][1] for p in range(1, 9)]
        assert np.all(np.diff(backwards) < 0), f"quadrant {quadrant} does not run from front to back"


def test_array_axes_run_right_front_up(phantom):
    step = phantom.labels.index_to_ras(np.array([[0, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]]))
    assert np.allclose(step[1:] - step[0], np.eye(3) * 1.0)


def test_volumes_are_those_of_teeth():
    """Published whole-tooth volumes run from about 200 (lower incisor) to 1400 mm^3 (upper first molar)."""
    p = make_phantom(1, 0.6, fov_mm=(80, 75, 65), fillings=0)
    volume = {f: float((p.labels.array == f).sum()) * p.labels.voxel_volume_mm3 for f in p.teeth}
    assert 130 < volume[31] < 400 and 700 < volume[16] < 1700 and 350 < volume[13] < 900, volume
    assert volume[36] > volume[35] > volume[31]


def test_grey_values_tell_the_tissues_apart(phantom):
    image, labels = phantom.image.array.astype(float), phantom.labels.array
    inside = ndimage.binary_erosion(labels > 0)
    assert image[inside].mean() > 1000
    assert np.percentile(image, 1) < -800  # air
    ring = ndimage.binary_dilation(labels > 0, iterations=3) & ~ndimage.binary_dilation(labels > 0)
    assert image[ring].mean() < image[inside].mean() - 500


def test_enamel_is_the_brightest_and_covers_crowns_only():
    p = make_phantom(1, 0.5, fov_mm=(70, 60, 50), fillings=0, noise=0.0, blur_mm=0.15)
    image, labels = p.image.array, p.labels.array
    for fdi in (11, 16, 33, 46):
        where = np.argwhere(labels == fdi)
        _, _, height = p.teeth[fdi].frame(p.labels.index_to_ras(where).astype(np.float32))
        grey = image[tuple(where.T)]
        crown, root = grey[height > 2], grey[height < -2]
        assert np.percentile(crown, 95) > 2250, fdi
        assert np.percentile(root, 95) < 1800 and 1200 < np.median(root) < 1700, fdi


def test_same_seed_same_bits_other_seed_other_head():
    a, b, c = (make_phantom(s, **COARSE) for s in (5, 5, 6))
    assert np.array_equal(a.image.array, b.image.array) and np.array_equal(a.labels.array, b.labels.array)
    assert (a.labels.array != c.labels.array).mean() > 0.005


def test_missing_one_jaw_and_fillings():
    p = make_phantom(2, **COARSE, missing=(18, 36), fillings=3)
    assert 18 not in p.teeth and 36 not in p.teeth and len(p.teeth) == 30
    assert len(p.metal) == 3 and p.image.array.max() > 3500
    upper = make_phantom(2, **COARSE, jaws="upper", fillings=0)
    assert sorted(upper.teeth) == [*range(11, 19), *range(21, 29)] and upper.metal == ()


def test_rescale_changes_the_grey_scale_only():
    a = make_phantom(4, **COARSE, fillings=0, noise=0.0)
    b = make_phantom(4, **COARSE, fillings=0, noise=0.0, rescale=(0.5, 600.0))
    assert np.array_equal(a.labels.array, b.labels.array)
    assert np.abs(b.image.array - (a.image.array * 0.5 + 600)).max() <= 1


@pytest.mark.parametrize(
    "bad", [{"spacing_mm": 0}, {"fov_mm": (100, 100)}, {"jaws": "left"}, {"missing": (19,)}, {"fov_mm": (1, 1, 1)}]
)
def test_nonsense_is_refused(bad):
    with pytest.raises(InputError):
        make_phantom(0, **bad)


def test_the_program_writes_the_same_phantom(tmp_path):
    path = tmp_path / "phantom.nrrd"
    assert main([str(path), "--seed", "3", "--spacing-mm", "2.0"]) == 0
    written, _ = read_volume(path)
    assert (written.array == make_phantom(3, 2.0).image.array).all()


def test_the_program_tells_what_is_wrong(tmp_path, capsys):
    path = tmp_path / "phantom.nrrd"
    assert main([str(path), "--spacing-mm", "9"]) == InputError.exit_code
    assert "between 0.1 and 3 mm" in capsys.readouterr().err
    assert not path.exists()
