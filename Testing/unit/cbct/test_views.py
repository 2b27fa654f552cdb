"""Looking several times: sides stay the patient's, views lie on each other, and a run can be stopped between them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import ndimage

from DentalTopoSegLib.cbct.inference import CoarseMap, run_border, run_numbering
from DentalTopoSegLib.cbct.views import AGAIN, ONCE, TURNED, Average, View, twin_channels
from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.dentition import CLASS_FDI
from DentalTopoSegLib.errors import Cancelled, UsageError
from DentalTopoSegLib.files.volumes import Volume
from DentalTopoSegLib.options import RunOptions
from DentalTopoSegLib.runs.job import Job, JobFile
from DentalTopoSegLib.runs.timeline import Timeline
from DentalTopoSegLib.stages import DRAW_BORDERS, PREPARE_SCAN

UPRIGHT = (-1, 0, 0, 0, -1, 0, 0, 0, 1)
SHAPE = (32, 32, 64)


def quiet(*_told) -> None:
    """Progress of whom nobody listens to."""


def network(answer, stride: int, **metadata) -> SimpleNamespace:
    """A stand-in that answers an array by answer(array)."""
    told = {"divisor": 16, "output_stride": stride, "clip_percentiles": [0, 100], "receptive_margin_vox": 16}
    return SimpleNamespace(
        run=lambda array, cancelled=None: answer(array), output_scale=1.0, metadata={**told, **metadata}
    )


def two_teeth() -> Volume:
    """A bright block on each side of the middle, of different heights."""
    image = np.zeros(SHAPE, np.float32)
    image[8:24, 8:24, 8:24] = image[8:16, 8:24, 40:56] = 1.0
    return Volume(array=image, direction=UPRIGHT)


def by_side(array: np.ndarray) -> np.ndarray:
    """A numbering network that calls what is in the array's first half 11, and in the other 21."""
    coarse = array.reshape(array.shape[0] // 2, 2, array.shape[1] // 2, 2, array.shape[2] // 2, 2).mean((1, 3, 5))
    tooth = (coarse > coarse.mean()).astype(np.float32)
    out = np.zeros((33, *coarse.shape), np.float32)
    half = coarse.shape[2] // 2
    out[CLASS_FDI.index(11), :, :, :half] = tooth[:, :, :half]
    out[CLASS_FDI.index(21), :, :, half:] = tooth[:, :, half:]
    out[0] = 1 - tooth
    return out


def test_every_class_has_its_twin_on_the_other_side():
    twins = twin_channels(CLASS_FDI)
    assert twins[0] == 0 and np.array_equal(twins[twins], np.arange(33))
    pairs = {CLASS_FDI[i]: CLASS_FDI[int(k)] for i, k in enumerate(twins)}
    assert pairs[11] == 21 and pairs[36] == 46 and pairs[48] == 38


@pytest.mark.parametrize("views", [ONCE, AGAIN, TURNED])
def test_numbers_stay_on_the_patients_side_however_often_the_network_looks(views):
    grid = two_teeth()
    found = run_numbering(network(by_side, 2, labels=list(CLASS_FDI)), grid, grid, quiet, None, views=views)
    first, other = (found.probabilities[CLASS_FDI.index(fdi)] for fdi in (11, 21))
    assert (first[6:10, 6:10, 6:10] == 255).all() and (other[5:7, 6:10, 22:26] == 255).all()
    assert not first[:, :, 16:].any() and not other[:, :, :16].any()


@pytest.mark.parametrize("view", TURNED)
def test_what_a_view_shows_comes_back_to_its_place(view):
    image = ndimage.gaussian_filter(np.random.default_rng(2).random((40, 48, 32)).astype(np.float32), 4)
    image = 255 * (image - image.min()) / (image.max() - image.min())
    back, seen = view.bring_back(view.show(image)[None])
    seen = np.ones((40, 48, 1), bool) if seen is None else seen
    assert seen.mean() > 0.8 and back.shape == (1, *image.shape) and back.dtype == np.float32
    assert np.abs(back[0] - image)[np.broadcast_to(seen, image.shape)].max() < 12
    assert (view == View()) == np.array_equal(view.show(image), image)


def test_a_nod_turns_about_the_left_right_axis_only():
    image = np.zeros((41, 41, 5), np.float32)
    image[20, 36, 1] = 1.0
    shown = View(nod=30.0).show(image)
    assert not shown[:, :, [0, 2, 3, 4]].any()
    z, y = (float((shown[:, :, 1] * places).sum() / shown.sum()) for places in np.indices((41, 41)))
    assert np.hypot(z - 20, y - 20) == pytest.approx(16, abs=0.5) and abs(z - 20) == pytest.approx(8, abs=0.5)


def test_a_voxel_is_the_mean_of_the_views_that_saw_it():
    average = Average((2, 1, 1, 2))
    average.add(np.full((2, 1, 1, 2), 200, np.uint8))
    average.add(np.full((2, 1, 1, 2), 101, np.uint8), np.array([[[True, False]]]))
    assert average.mean().tolist() == [[[[151, 200]]], [[[151, 200]]]]


def test_the_border_network_looks_at_every_tile_in_every_view():
    rng = np.random.default_rng(0)
    image = ndimage.gaussian_filter(rng.standard_normal((64, 64, 64)), 3).astype(np.float32)
    grid = Volume(array=image, spacing=(0.5,) * 3, direction=UPRIGHT)
    answer = np.zeros((33, 16, 16, 16), np.uint8)
    coarse = CoarseMap(answer, grid.index_to_ras(np.zeros(3)), 2.0)
    model = network(lambda a: np.stack([1 / (1 + np.exp(-a))] * 2), 1)
    told = []
    once, _ = run_border(model, grid, grid, coarse, quiet, None)
    often, core = run_border(model, grid, grid, coarse, lambda *step: told.append(step), None, views=TURNED)
    assert np.abs(often.astype(int) - once).mean() < 2 and np.array_equal(often, core)
    assert told == [(DRAW_BORDERS, i, 4) for i in range(4)] + [(DRAW_BORDERS, 1, 1)]


def test_it_can_be_stopped_between_two_views():
    grid, looked = two_teeth(), []
    model = network(lambda a: looked.append(1) or by_side(a), 2, labels=list(CLASS_FDI))
    with pytest.raises(Cancelled):
        run_numbering(model, grid, grid, quiet, lambda: len(looked) == 2, views=TURNED)
    assert len(looked) == 2


# ---------------------------------------------------------------- what shows no tooth is not looked at


def seen_by(scan: np.ndarray) -> tuple[np.ndarray, int]:
    """The coarse map of a network that takes what is bright for tooth 11, and the voxels that it was shown."""
    voxels = []

    def bright(array: np.ndarray) -> np.ndarray:
        voxels.append(array.size)
        d, h, w = (n // 2 for n in array.shape)
        tooth = (array.reshape(d, 2, h, 2, w, 2).mean((1, 3, 5)) > 1).astype(np.float32)
        return np.stack([1 - tooth, tooth, *np.zeros((31, d, h, w), np.float32)])

    grid = Volume(array=scan, direction=UPRIGHT)
    found = run_numbering(network(bright, 2, labels=list(CLASS_FDI)), grid, grid, quiet, None)
    return found.probabilities, sum(voxels)


def scan_in_air(shape: tuple[int, int, int] = (90, 110, 130)) -> np.ndarray:
    scan = np.random.default_rng(4).normal(-1000, 20, shape).astype(np.float32)
    scan[42:58, 50:70, 48:66] = 1000
    return scan


def test_air_around_the_head_is_not_looked_at_and_nothing_is_lost(monkeypatch):
    scan = scan_in_air()
    found, voxels = seen_by(scan)
    whole = tuple(slice(0, n) for n in scan.shape)
    monkeypatch.setattr("DentalTopoSegLib.cbct.inference.box_to_see", lambda *_given: whole)
    all_of_it, all_voxels = seen_by(scan)
    assert np.array_equal(found, all_of_it) and found[1].any()
    assert voxels <= 32 * 32 * 32 and all_voxels == 96 * 112 * 144


def test_tiles_of_a_huge_scan_without_bone_are_left_out(monkeypatch):
    monkeypatch.setattr("DentalTopoSegLib.cbct.inference.WHOLE_SCAN_VOXELS", 64**3)
    scan = scan_in_air((90, 110, 330))
    scan[30:40, 30:40, 310:320] = 1000
    found, voxels = seen_by(scan)
    assert found[1, 21:29, 25:35, 24:33].all() and found[1, 15:20, 15:20, 155:160].all()
    assert np.count_nonzero(found[1]) == 8 * 10 * 9 + 5**3 and (found[0] == 255 - found[1]).all()
    assert voxels < 0.25 * scan.size


def test_a_scan_that_is_all_alike_is_looked_at_as_a_whole():
    _, voxels = seen_by(np.random.default_rng(1).normal(0, 1, (32, 48, 64)).astype(np.float32))
    assert voxels == 32 * 48 * 64


# ---------------------------------------------------------------- the option


def test_the_worker_is_told(tmp_path):
    given = JobFile(Job(["scan.nii.gz"], str(tmp_path)), RunOptions(tta=True))
    assert JobFile.from_dict(given.to_dict()).options.tta is True
    assert JobFile.from_dict({"inputs": ["a"], "output": "b"}).options.tta is False


def test_the_share_of_the_run_knows_that_it_takes_longer():
    once, often = (Timeline(tta=tta).at(PREPARE_SCAN, 1, 1) for tta in (False, True))
    assert once > 1.4 * often > 0


def test_a_mesh_is_refused(tmp_path, capsys):
    code = cli.main(["segment", str(tmp_path / "jaw.stl"), "-o", str(tmp_path / "out"), "--tta"])
    assert code == UsageError.exit_code
    assert "--tta is only for CBCT: leave it out here." in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
