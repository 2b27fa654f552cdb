"""Files of many frames: each frame goes where it says that it lies, with the grey values that it says it has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_odd import (
    CRANIOFACIAL_3D,
    LEGACY_CONVERTED_CT,
    Enhanced,
    OneFrame,
    assert_same_in_space,
    enhanced,
    frames_of,
    in_plane,
    scrambled,
)
from pydicom.uid import EnhancedCTImageStorage
from scan_files import block, oblique_direction, write_multi_frame

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.volumes import Volume, read_volume

ORDERS = {
    "as they lie": list(range(14)),
    "from the other end": list(range(13, -1, -1)),
    "rotated": [*range(5, 14), *range(5)],
    "scrambled": scrambled(14),
    "even ones first": [*range(0, 14, 2), *range(1, 14, 2)],
}
SAGITTAL = (0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def refusal(path: Path, series: str | None = None) -> str:
    with pytest.raises(InputError) as caught:
        read_volume(path, series=series)
    message = str(caught.value)
    assert "\n" not in message and message.endswith(".")
    return message


@pytest.mark.parametrize("sop_class", [EnhancedCTImageStorage, LEGACY_CONVERTED_CT, CRANIOFACIAL_3D])
@pytest.mark.parametrize("direction", [None, oblique_direction(), SAGITTAL])
@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS.keys())
def test_frames_are_sorted_by_their_own_positions(tmp_path: Path, order, direction, sop_class: str) -> None:
    volume = block() if direction is None else replace(block(), direction=direction)
    read, warnings = read_volume(enhanced(volume, order, sop_class=sop_class).write(tmp_path / "x.dcm"))
    assert_same_in_space(read, volume)
    assert read.spacing == pytest.approx(volume.spacing)
    assert warnings == []


@pytest.mark.parametrize("per_frame", [("orientation",), ("measures",), ("orientation", "measures", "values")])
def test_what_is_stated_frame_by_frame_counts_as_what_is_shared(tmp_path: Path, per_frame) -> None:
    volume = replace(block(), direction=oblique_direction())
    path = enhanced(volume, scrambled(14), per_frame=frozenset(per_frame)).write(tmp_path / "x.dcm")
    assert_same_in_space(read_volume(path)[0], volume)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("sop_class", [EnhancedCTImageStorage, LEGACY_CONVERTED_CT, CRANIOFACIAL_3D])
def test_each_frame_has_its_own_rescale(tmp_path: Path, sop_class: str, compressed: bool) -> None:
    volume = block()
    frames = frames_of(volume)
    for k, frame in enumerate(frames):
        frame.slope, frame.intercept = (1.0, 2.0)[k % 2], float(-100 * k)
        frame.pixels = ((volume.array[k] - frame.intercept) / frame.slope).astype(np.int16)
    expected = np.stack([f.pixels * f.slope + f.intercept for f in frames]).astype(np.int16)
    order = scrambled(14)
    scan = Enhanced([frames[i] for i in order], in_plane(volume), (0.4, 0.3), sop_class, frozenset({"values"}))
    scan.compressed = compressed
    read, _ = read_volume(scan.write(tmp_path / "x.dcm"))
    assert_same_in_space(read, volume.with_array(expected))


@pytest.mark.parametrize("compressed", [False, True])
def test_a_shared_rescale_of_fractions(tmp_path: Path, compressed: bool) -> None:
    frames = frames_of(block())
    for frame in frames:
        frame.slope, frame.intercept = 0.5, -1000.25
    scan = Enhanced(frames, in_plane(block()), (0.4, 0.3), compressed=compressed)
    read, _ = read_volume(scan.write(tmp_path / "x.dcm"))
    np.testing.assert_allclose(read.array, block().array * 0.5 - 1000.25)


def test_bits_above_the_stored_ones_are_not_grey_values(tmp_path: Path) -> None:
    volume = block()
    overlaid = volume.with_array((volume.array.astype(np.uint16) | 0x4000).astype(np.uint16))
    scan = enhanced(overlaid, extra={"BitsStored": 12, "HighBit": 11})
    read, _ = read_volume(scan.write(tmp_path / "x.dcm"))
    np.testing.assert_array_equal(read.array, volume.array)


def test_the_pixel_size_is_that_of_the_pixel_measures(tmp_path: Path) -> None:
    scan = enhanced(block(), extra={"PixelSpacing": [1.0, 1.0], "SliceThickness": 3.0})
    assert read_volume(scan.write(tmp_path / "x.dcm"))[0].spacing == pytest.approx((0.3, 0.4, 0.5))
    frames = frames_of(block())
    frames[3].measures = (0.2, 0.2)
    scan = Enhanced(frames, in_plane(block()), (0.4, 0.3), per_frame=frozenset({"measures"}))
    assert "does not state one pixel size" in refusal(scan.write(tmp_path / "y.dcm"))


def test_a_missing_frame_is_found_whatever_the_order(tmp_path: Path) -> None:
    order = [i for i in scrambled(14) if i not in (6, 7)]
    assert "lacks 2 of its slices" in refusal(enhanced(block(), order).write(tmp_path / "x.dcm"))


def test_a_frame_without_position_is_refused(tmp_path: Path) -> None:
    path = enhanced(block()).write(tmp_path / "x.dcm")
    file = pydicom.dcmread(path)
    del file.PerFrameFunctionalGroupsSequence[4].PlanePositionSequence
    file.save_as(path)
    assert "where its frame 5 lies" in refusal(path)


# ---------------------------------------------------------------- several stacks in one file


def two(volume: Volume, **second) -> list[OneFrame]:
    """The frames of a volume and once more, darker, with something that sets them apart; taken turn by turn."""
    first, other = frames_of(volume), frames_of(volume.with_array(volume.array - 5000))
    for frame in other:
        for name, value in second.items():
            setattr(frame, name, value)
    return [frame for pair in zip(first, other, strict=True) for frame in pair]


@pytest.mark.parametrize("second", [{"stack": "2"}, {"time": 2}, {"indices": (2, 1)}, {"axes": SAGITTAL[:6]}])
def test_several_stacks_in_one_file_are_told_apart(tmp_path: Path, second: dict) -> None:
    """By StackID, TemporalPositionIndex, a dimension of the maker's own, or their orientation."""
    volume = block()
    frames = two(volume, **second)
    if "indices" in second:  # (0018,0081) EchoTime stands for any dimension that is no place
        for number, frame in enumerate(frames):
            frame.indices = (frame.indices[0] if frame.indices else 1, number // 2 + 1)
    if "axes" in second:
        for k, frame in enumerate(frames[1::2]):
            frame.position = (-3.0, 5.0 + 0.5 * k, 7.0)
            frame.axes = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
    dimensions = (0x00180081, 0x00200032) if "indices" in second else ()
    per_frame = frozenset({"orientation"})
    path = Enhanced(frames, in_plane(volume), (0.4, 0.3), per_frame=per_frame, dimensions=dimensions).write(
        tmp_path / "x.dcm"
    )
    message = refusal(path)
    assert "2 scans" in message and "series 1.1 (14 slices" in message and "series 1.2 (14 slices" in message
    assert_same_in_space(read_volume(path, series="1.1")[0], volume)
    assert (read_volume(path, series="1.2")[0].array < 0).all()
    assert "is not in" in refusal(path, series="1.3")


def test_a_small_stack_beside_the_scan_is_left_aside(tmp_path: Path) -> None:
    scout = frames_of(block((2, 12, 10)))
    for frame in scout:
        frame.stack = "scout"
    path = Enhanced([*frames_of(block()), *scout], in_plane(block()), (0.4, 0.3)).write(tmp_path / "x.dcm")
    read, warnings = read_volume(path)
    assert_same_in_space(read, block())
    assert "2 slices" in warnings[0]


def test_a_number_of_its_own_for_each_frame_is_no_stack(tmp_path: Path) -> None:
    frames = frames_of(block())
    for number, frame in enumerate(frames, start=1):
        frame.time = number
    path = Enhanced(frames, in_plane(block()), (0.4, 0.3)).write(tmp_path / "x.dcm")
    assert_same_in_space(read_volume(path)[0], block())


def test_two_frames_in_one_place_are_refused(tmp_path: Path) -> None:
    frames = frames_of(block())
    frames.append(replace(frames[4], pixels=frames[5].pixels))
    path = Enhanced(frames, in_plane(block()), (0.4, 0.3)).write(tmp_path / "x.dcm")
    assert "same place" in refusal(path)


def test_enhanced_files_of_one_frame_each_are_a_series(tmp_path: Path) -> None:
    volume = replace(block(), direction=oblique_direction())
    for k in scrambled(14):
        frame = frames_of(volume)[k]
        Enhanced([frame], in_plane(volume), (0.4, 0.3), extra={"SeriesInstanceUID": "1.2.3.4"}).write(
            tmp_path / f"{13 - k}.dcm"
        )
    assert_same_in_space(read_volume(tmp_path)[0], volume)


def test_a_part_of_a_concatenation_is_named(tmp_path: Path) -> None:
    path = enhanced(block(), extra={"ConcatenationUID": "1.2.3"}).write(tmp_path / "x.dcm")
    assert "one of several parts" in refusal(path)


# ---------------------------------------------------------------- classic files of many frames


def classic(path: Path, volume: Volume, **tags) -> Path:
    write_multi_frame(path, volume, enhanced=False)
    file = pydicom.dcmread(path)
    for keyword, value in tags.items():
        setattr(file, keyword, value)
    file.save_as(path)
    return path


def test_without_orientation_right_and_left_are_not_guessed(tmp_path: Path) -> None:
    path = classic(tmp_path / "plain.dcm", block(), SliceThickness=0.5)
    message = refusal(path)
    assert "where left and right are (its header has no Image Orientation)" in message and "--orientation" in message
    read, warnings = read_volume(path, orientation="RAS")
    np.testing.assert_array_equal(read.array, block().array)
    assert read.direction == (-1, 0, 0, 0, -1, 0, 0, 0, 1) and read.spacing == pytest.approx((0.3, 0.4, 0.5))
    assert "by your word (RAS)" in warnings[0] and "0.5 mm apart" in warnings[1]


def test_an_orientation_that_the_file_states_itself_holds(tmp_path: Path) -> None:
    read, warnings = read_volume(enhanced(block()).write(tmp_path / "x.dcm"), orientation="RAS")
    assert_same_in_space(read, block())
    assert "--orientation RAS was not used" in warnings[0]


@pytest.mark.parametrize("distances", [{"SliceThickness": 0.5}, {"SliceThickness": 1.0, "SpacingBetweenSlices": 0.5}])
def test_the_first_frames_position_places_the_others_with_a_note(tmp_path: Path, distances: dict) -> None:
    volume = replace(block(), direction=oblique_direction())
    places = {
        "ImagePositionPatient": list(volume.origin),
        "ImageOrientationPatient": [round(v, 9) for v in in_plane(volume)],
    }
    read, warnings = read_volume(classic(tmp_path / "top.dcm", volume, **places, **distances))
    assert_same_in_space(read, volume)
    assert "Only the first slice" in warnings[0] and "0.5 mm" in warnings[0]
